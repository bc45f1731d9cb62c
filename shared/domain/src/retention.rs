//! How long things are valid and kept. One place for each period; the template repeats those that AWS must know, and a
//! test compares them.

use crate::time::{Moment, Span};

/// A code number is valid 14 x 24 hours from its issue; delays and repeated sending never move it.
pub const CODE_VALID: Span = Span::days(14);
/// Photos that were associated once are kept, and their code is valid, 365 x 24 hours from the first association.
pub const ASSOCIATION_VALID: Span = Span::days(365);
/// An upload that never became a code.
pub const UPLOAD_RETENTION: Span = Span::days(1);
/// A presigned upload address works this long.
pub const UPLOAD_URL_VALID: Span = Span::minutes(15);
/// A message that holds a code, sealed, so that it can be sent again.
pub const MESSAGE_RETENTION: Span = Span::hours(24);
/// An address for a reminder, where nothing has removed it: so long from the day on which the reminder is due. As a rule it goes with the
/// reminder.
pub const REMINDER_RETENTION: Span = Span::days(7);
/// The photographer's history.
pub const ISSUANCE_RETENTION: Span = Span::days(365);
/// Records of authorizations, pulls and consents: this much longer than the photos that they are about.
pub const RECORD_RETENTION_AFTER_PHOTOS: Span = Span::days(365);

/// S3 lifecycle, the backstop that needs no code of ours to run: key prefix and days.
pub const LIFECYCLE: [(&str, i64); 3] = [("incoming/", 1), ("pending/", 14), ("associated/", 365)];

pub const fn code_expiry(issued_at: Moment) -> Moment {
    issued_at.plus(CODE_VALID)
}

pub const fn association_expiry(first_associated_at: Moment) -> Moment {
    first_associated_at.plus(ASSOCIATION_VALID)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_lives_exactly_fourteen_times_twenty_four_hours() {
        let issued = Moment::from_epoch_seconds(1_761_300_000); // the clocks go back two days later
        let expires = code_expiry(issued);
        assert_eq!(expires.epoch_seconds() - issued.epoch_seconds(), 14 * 24 * 3600);
        assert!(!Moment::from_epoch_seconds(expires.epoch_seconds() - 1).has_reached(expires));
        assert!(expires.has_reached(expires));
    }

    #[test]
    fn a_year_is_365_days_also_over_a_29_february() {
        let associated = Moment::from_epoch_seconds(1_835_000_000); // February 2028 is a leap month
        assert_eq!(association_expiry(associated).epoch_seconds() - associated.epoch_seconds(), 365 * 24 * 3600);
        // Begun on one, it ends on the 28th.
        let leap_day = Moment::from_epoch_seconds(1_835_431_200); // 2028-02-29T10:00:00Z
        assert_eq!(association_expiry(leap_day).rfc3339(), "2029-02-28T10:00:00Z");
    }

    #[test]
    fn the_buckets_rules_are_the_retention_periods() {
        let days: Vec<i64> = [UPLOAD_RETENTION, CODE_VALID, ASSOCIATION_VALID].iter().map(|span| span.as_seconds() / 86_400).collect();
        assert_eq!(LIFECYCLE.map(|(_, days)| days).to_vec(), days);
    }
}
