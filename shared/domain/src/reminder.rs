//! Reminders that photos or a code will expire: when they are due, how long sending is attempted, and how long the address is stored.

use std::ops::Range;

use crate::{
    retention::REMINDER_RETENTION,
    time::{AthensDay, Moment, Span},
};

/// The item whose expiry a reminder announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReminderKind {
    /// The expiry of a code number that nobody has associated yet.
    Code,
    /// The expiry of associated photos.
    Association,
}

/// Number of days on which the service tries to send a reminder: the due day and the two days after it.
pub const SENDING_DAYS: usize = 3;
/// Hours of the day in Athens in which reminders are sent, so that none arrives at night.
pub const HOURS: Range<i8> = 9..21;
/// Time for which a run of `send_reminders` claims a reminder or a message about a case. During this time, no other run sends the same
/// reminder or message. The claim lasts longer than a run, because it is longer than the `Timeout` of the function in template.yaml.
pub const CLAIM: Span = Span::minutes(16);
/// Time after which a run starts no further attempt to send. The next run sends the remaining reminders.
pub const REMINDER_RUN_TIME_MAX: Span = Span::minutes(10);

impl ReminderKind {
    /// Returns how many days before the expiry the reminder is due.
    pub const fn days_before(self) -> i64 {
        match self {
            Self::Code => 3,
            Self::Association => 30,
        }
    }

    /// Returns the day in Athens on which the reminder is due, given the expiry.
    pub fn due_on(self, expires_at: Moment) -> AthensDay {
        AthensDay::of(expires_at).minus(self.days_before())
    }

    /// Returns whether the reminder can still be requested, which is possible until the day before it is due.
    pub fn is_ahead(self, expires_at: Moment, now: Moment) -> bool {
        AthensDay::of(now) < self.due_on(expires_at)
    }

    /// Returns whether the reminder is due before `end`. If a guardian requests the reminder, `end` is the time at which the guardian stops
    /// acting for the minor.
    pub fn is_due_before(self, end: Moment, expires_at: Moment) -> bool {
        self.due_on(expires_at).start() < end
    }

    /// Returns the time at which the address is deleted at the latest. No reminder is sent after this time. Normally a run of
    /// `send_reminders` deletes the address earlier.
    ///
    /// If a guardian gave the address, `until` is the minor's 18th birthday. The address is not stored beyond this day.
    pub fn kept_until(self, expires_at: Moment, until: Option<Moment>) -> Moment {
        let latest = expires_at.min(self.due_on(expires_at).start().plus(REMINDER_RETENTION));
        until.map_or(latest, |until| until.min(latest))
    }
}

/// The way in which a run of `send_reminders` processes the reminders that are due on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Send,
    /// Deletes the reminders without another attempt, because sending has already been attempted on [`SENDING_DAYS`] days.
    GiveUp,
}

/// Returns the due days whose reminders a run processes, the oldest first, and how the run processes them.
pub fn days(now: Moment) -> [(AthensDay, Turn); SENDING_DAYS + 1] {
    let today = AthensDay::of(now);
    [(today.minus(3), Turn::GiveUp), (today.minus(2), Turn::Send), (today.minus(1), Turn::Send), (today, Turn::Send)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::retention::{ASSOCIATION_VALID, CODE_VALID};

    fn at(rfc3339: &str) -> Moment {
        Moment::from_epoch_seconds(rfc3339.parse::<jiff::Timestamp>().unwrap().as_second())
    }

    #[test]
    fn a_reminder_is_due_3_days_before_a_code_expires_and_30_days_before_photos_expire_in_athens_days() {
        for (expires, code_due, association_due) in [
            ("2026-12-05T12:30:00Z", "2026-12-02", "2026-11-05"),
            // Moments just before and just after midnight in Athens.
            ("2026-12-04T21:59:59Z", "2026-12-01", "2026-11-04"),
            ("2026-12-04T22:00:00Z", "2026-12-02", "2026-11-05"),
            // Clock changes between the due day and the expiry.
            ("2026-10-27T22:30:00Z", "2026-10-25", "2026-09-28"),
            ("2026-03-29T20:59:59Z", "2026-03-26", "2026-02-27"),
            ("2026-03-29T21:00:00Z", "2026-03-27", "2026-02-28"),
        ] {
            assert_eq!(ReminderKind::Code.due_on(at(expires)).to_string(), code_due);
            assert_eq!(ReminderKind::Association.due_on(at(expires)).to_string(), association_due);
        }
    }

    #[test]
    fn a_reminder_can_be_requested_until_the_midnight_before_its_due_day() {
        let expires = at("2026-12-05T12:30:00Z");
        let midnight = at("2026-11-04T22:00:00Z");
        assert!(ReminderKind::Association.is_ahead(expires, midnight.plus(Span::seconds(-1))));
        assert!(!ReminderKind::Association.is_ahead(expires, midnight));
    }

    #[test]
    fn a_reminder_is_sent_on_three_days_and_then_removed() {
        let days = days(at("2026-12-05T12:30:00Z")).map(|(day, turn)| (day.to_string(), turn));
        let expected = [("2026-12-02", Turn::GiveUp), ("2026-12-03", Turn::Send), ("2026-12-04", Turn::Send), ("2026-12-05", Turn::Send)];
        assert_eq!(days, expected.map(|(day, turn)| (day.to_owned(), turn)));
        assert_eq!(days.iter().filter(|(_, turn)| *turn == Turn::Send).count(), SENDING_DAYS);
    }

    #[test]
    fn the_address_from_a_guardian_is_stored_no_longer_than_the_18th_birthday() {
        let expires = at("2026-12-05T12:30:00Z");
        let due = at("2026-11-04T22:00:00Z");
        let without_birthday = ReminderKind::Association.kept_until(expires, None);
        for (birthday, is_due_before, until) in [
            (due.plus(Span::days(-40)), false, due.plus(Span::days(-40))),
            // The minor turns 18 on the due day.
            (due, false, due),
            (due.plus(Span::days(1)), true, due.plus(Span::days(1))),
            (due.plus(Span::days(400)), true, without_birthday),
        ] {
            assert_eq!(ReminderKind::Association.is_due_before(birthday, expires), is_due_before, "{birthday:?}");
            assert_eq!(ReminderKind::Association.kept_until(expires, Some(birthday)), until, "{birthday:?}");
        }
    }

    proptest! {
        #[test]
        fn a_reminder_can_be_requested_at_the_start_and_its_address_is_deleted_by_the_expiry(seconds in 0_i64..4_000_000_000) {
            let now = Moment::from_epoch_seconds(seconds);
            for (kind, valid) in [(ReminderKind::Code, CODE_VALID), (ReminderKind::Association, ASSOCIATION_VALID)] {
                let expires = now.plus(valid);
                prop_assert!(kind.is_ahead(expires, now));
                let sending_ends = kind.due_on(expires).next().next().next().start();
                let kept_until = kind.kept_until(expires, None);
                prop_assert!(kept_until <= expires && kept_until >= sending_ends.min(expires));
            }
        }
    }
}
