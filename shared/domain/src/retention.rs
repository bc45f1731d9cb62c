//! Validity and retention periods. Each is defined once, in this module. template.yaml repeats the periods that AWS needs, and a test
//! compares it with this module.

use crate::time::{Moment, Span};

/// Validity of a code number: 14 x 24 hours from its issue. Delayed delivery and resending do not extend it.
pub const CODE_VALID: Span = Span::days(14);
/// Retention of associated photos and validity of their code: 365 x 24 hours from the first association.
pub const ASSOCIATION_VALID: Span = Span::days(365);
/// Retention of an upload for which no code was issued.
pub const UPLOAD_RETENTION: Span = Span::days(1);
/// Validity of a presigned upload URL.
pub const UPLOAD_URL_VALID: Span = Span::minutes(15);
/// Retention of a message with a code. The message is stored, in sealed form, so that it can be resent.
pub const MESSAGE_RETENTION: Span = Span::hours(24);
/// Maximum retention of the address for a reminder, counted from the start of the day on which the reminder is due. Normally the address is
/// deleted earlier, together with the reminder.
pub const REMINDER_RETENTION: Span = Span::days(7);
/// Maximum retention of a message about a case at a KEP, counted from the time at which the message is due. Normally the message is deleted
/// when it is sent.
pub const CASE_MESSAGE_RETENTION: Span = Span::hours(24);
/// Retention of an entry in a photographer's history.
pub const ISSUANCE_RETENTION: Span = Span::days(365);
/// Retention of records of authorizations, pulls and consents, counted from the expiry of the photos that they refer to.
pub const RECORD_RETENTION_AFTER_PHOTOS: Span = Span::days(365);

/// S3 lifecycle rules, as key prefix and days. They delete objects even if no function of the service runs.
pub const LIFECYCLE: [(&str, i64); 3] = [("incoming/", 1), ("pending/", 14), ("associated/", 365)];

/// Returns when a code expires if it is not associated.
pub const fn code_expiry(issued_at: Moment) -> Moment {
    issued_at.plus(CODE_VALID)
}

/// Returns when photos and their code expire after the first association.
pub const fn association_expiry(first_associated_at: Moment) -> Moment {
    first_associated_at.plus(ASSOCIATION_VALID)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_valid_for_exactly_14_times_24_hours() {
        let issued = Moment::from_epoch_seconds(1_761_300_000); // two days before the clocks go back
        let expires = code_expiry(issued);
        assert_eq!(expires.epoch_seconds() - issued.epoch_seconds(), 14 * 24 * 3600);
        assert!(!Moment::from_epoch_seconds(expires.epoch_seconds() - 1).has_reached(expires));
        assert!(expires.has_reached(expires));
    }

    #[test]
    fn photos_expire_after_365_days_also_across_a_29_february() {
        let associated = Moment::from_epoch_seconds(1_835_000_000); // 2028 is a leap year
        assert_eq!(association_expiry(associated).epoch_seconds() - associated.epoch_seconds(), 365 * 24 * 3600);
        // Photos that are associated on 29 February expire on 28 February of the next year.
        let leap_day = Moment::from_epoch_seconds(1_835_431_200); // 2028-02-29T10:00:00Z
        assert_eq!(association_expiry(leap_day).rfc3339(), "2029-02-28T10:00:00Z");
    }

    #[test]
    fn the_lifecycle_rules_match_the_retention_periods() {
        let days: Vec<i64> = [UPLOAD_RETENTION, CODE_VALID, ASSOCIATION_VALID].iter().map(|span| span.as_seconds() / 86_400).collect();
        assert_eq!(LIFECYCLE.map(|(_, days)| days).to_vec(), days);
    }
}
