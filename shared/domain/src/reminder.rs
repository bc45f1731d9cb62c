//! Reminders, to an address that was left for one: when they are due, and for how long they are tried.

use std::ops::Range;

use crate::{
    retention::REMINDER_RETENTION,
    time::{AthensDay, Moment, Span},
};

/// What is about to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReminderKind {
    /// A code number that nobody has associated yet.
    Code,
    /// The year of associated photos.
    Association,
}

/// Days on which a reminder is tried: the one on which it is due, and the next two.
pub const DAYS_TRIED: usize = 3;
/// Hours of the clock in Athens at which reminders go out: nobody is woken by one.
pub const HOURS: Range<i8> = 9..21;
/// While one run has a reminder in hand, no other takes it. Longer than a run may take (its Timeout in template.yaml).
pub const CLAIM: Span = Span::minutes(16);
/// A run begins nothing new after this long; the next one goes on.
pub const RUN: Span = Span::minutes(10);

impl ReminderKind {
    /// Days in Athens between the reminder and the end.
    pub const fn days_before(self) -> i64 {
        match self {
            Self::Code => 3,
            Self::Association => 30,
        }
    }

    /// The day in Athens on which it is due, for what expires at `expires_at`.
    pub fn due_on(self, expires_at: Moment) -> AthensDay {
        AthensDay::of(expires_at).minus(self.days_before())
    }

    /// Whether it can still be asked for: until the day before it is due.
    pub fn is_ahead(self, expires_at: Moment, now: Moment) -> bool {
        AthensDay::of(now) < self.due_on(expires_at)
    }

    /// Whether it can go out before `end`: from then on whoever asks for it does not act for the person any more.
    pub fn is_due_before(self, end: Moment, expires_at: Moment) -> bool {
        self.due_on(expires_at).start() < end
    }

    /// Until when its address is kept where no run has removed it; where a guardian left it, no longer than `until`, the minor's 18th
    /// birthday. Nothing goes out afterwards.
    pub fn kept_until(self, expires_at: Moment, until: Option<Moment>) -> Moment {
        let kept = expires_at.min(self.due_on(expires_at).start().plus(REMINDER_RETENTION));
        until.map_or(kept, |until| until.min(kept))
    }
}

/// What a run does with the reminders of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Send,
    /// Tried for long enough: removed.
    GiveUp,
}

/// The days whose reminders a run looks at, the oldest first.
pub fn days(now: Moment) -> [(AthensDay, Turn); DAYS_TRIED + 1] {
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
    fn a_reminder_is_due_three_days_before_a_code_and_thirty_before_a_year_ends_by_the_days_of_athens() {
        for (expires, code, year) in [
            ("2026-12-05T12:30:00Z", "2026-12-02", "2026-11-05"),
            // Midnight in Athens.
            ("2026-12-04T21:59:59Z", "2026-12-01", "2026-11-04"),
            ("2026-12-04T22:00:00Z", "2026-12-02", "2026-11-05"),
            // Over a change of the clocks.
            ("2026-10-27T22:30:00Z", "2026-10-25", "2026-09-28"),
            ("2026-03-29T20:59:59Z", "2026-03-26", "2026-02-27"),
            ("2026-03-29T21:00:00Z", "2026-03-27", "2026-02-28"),
        ] {
            assert_eq!(ReminderKind::Code.due_on(at(expires)).to_string(), code);
            assert_eq!(ReminderKind::Association.due_on(at(expires)).to_string(), year);
        }
    }

    #[test]
    fn it_can_be_asked_for_until_midnight_before_its_day() {
        let expires = at("2026-12-05T12:30:00Z");
        let midnight = at("2026-11-04T22:00:00Z");
        assert!(ReminderKind::Association.is_ahead(expires, midnight.plus(Span::seconds(-1))));
        assert!(!ReminderKind::Association.is_ahead(expires, midnight));
    }

    #[test]
    fn a_run_tries_three_days_and_then_gives_up() {
        let days = days(at("2026-12-05T12:30:00Z")).map(|(day, turn)| (day.to_string(), turn));
        let wanted = [("2026-12-02", Turn::GiveUp), ("2026-12-03", Turn::Send), ("2026-12-04", Turn::Send), ("2026-12-05", Turn::Send)];
        assert_eq!(days, wanted.map(|(day, turn)| (day.to_owned(), turn)));
        assert_eq!(days.iter().filter(|(_, turn)| *turn == Turn::Send).count(), DAYS_TRIED);
    }

    #[test]
    fn what_a_guardian_asked_for_ends_with_the_18th_birthday() {
        let expires = at("2026-12-05T12:30:00Z");
        let due = at("2026-11-04T22:00:00Z");
        let kept = ReminderKind::Association.kept_until(expires, None);
        for (birthday, before, until) in [
            (due.plus(Span::days(-40)), false, due.plus(Span::days(-40))),
            // On the very day: from its midnight on.
            (due, false, due),
            (due.plus(Span::days(1)), true, due.plus(Span::days(1))),
            (due.plus(Span::days(400)), true, kept),
        ] {
            assert_eq!(ReminderKind::Association.is_due_before(birthday, expires), before, "{birthday:?}");
            assert_eq!(ReminderKind::Association.kept_until(expires, Some(birthday)), until, "{birthday:?}");
        }
    }

    proptest! {
        #[test]
        fn what_has_just_begun_can_be_reminded_of_and_no_address_outlives_what_it_is_kept_for(seconds in 0_i64..4_000_000_000) {
            let now = Moment::from_epoch_seconds(seconds);
            for (kind, valid) in [(ReminderKind::Code, CODE_VALID), (ReminderKind::Association, ASSOCIATION_VALID)] {
                let expires = now.plus(valid);
                prop_assert!(kind.is_ahead(expires, now));
                let tried_until = kind.due_on(expires).next().next().next().start();
                let kept = kind.kept_until(expires, None);
                prop_assert!(kept <= expires && kept >= tried_until.min(expires));
            }
        }
    }
}
