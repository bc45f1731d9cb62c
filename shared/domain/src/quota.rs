//! What one person may do in one Athens day.

use crate::time::{AthensDay, Moment, Span};

/// Different code numbers submitted; the same one again that day is free.
pub const SUBMISSIONS_PER_DAY: u32 = 5;
/// Wrong one-time passwords, over all sign-ins.
pub const WRONG_OTPS_PER_DAY: u32 = 20;
/// Messages with a one-time password, over all sign-ins.
pub const OTP_MESSAGES_PER_DAY: u32 = 15;

/// What is counted. Each is a set of ids, not a number: repeating a write counts nothing twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quota {
    Submissions,
    WrongOtps,
    OtpMessages,
}

impl Quota {
    pub const fn limit(self) -> u32 {
        match self {
            Self::Submissions => SUBMISSIONS_PER_DAY,
            Self::WrongOtps => WRONG_OTPS_PER_DAY,
            Self::OtpMessages => OTP_MESSAGES_PER_DAY,
        }
    }

    pub fn remaining(self, used: usize) -> u32 {
        self.limit().saturating_sub(u32::try_from(used).unwrap_or(u32::MAX))
    }
}

/// Counters are kept for their day and one more.
pub fn counter_expiry(day: AthensDay) -> Moment {
    day.next().next().start()
}

/// When the next attempts are free: the coming midnight in Athens.
pub fn renews_at(now: Moment) -> Moment {
    AthensDay::of(now).next().start()
}

/// How long until then, for `Retry-After`.
pub fn until_renewal(now: Moment) -> Span {
    Span::seconds(renews_at(now).epoch_seconds() - now.epoch_seconds())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(rfc3339: &str) -> Moment {
        Moment::from_epoch_seconds(rfc3339.parse::<jiff::Timestamp>().unwrap().as_second())
    }

    // That five are let in and the sixth is not is storage's condition: tests/tests/services/storage.rs holds it to these days.

    #[test]
    fn the_count_begins_anew_at_midnight_in_athens_also_on_the_days_on_which_the_clocks_change() {
        // An ordinary night, and the nights around both clock changes: the last second of the day, in UTC.
        for last_second in
            ["2026-11-20T21:59:59Z", "2026-03-28T21:59:59Z", "2026-03-29T20:59:59Z", "2026-10-24T20:59:59Z", "2026-10-25T21:59:59Z"]
        {
            let last = at(last_second);
            let midnight = last.plus(Span::seconds(1));
            assert_eq!(renews_at(last), midnight, "{last_second}");
            assert_ne!(AthensDay::of(last), AthensDay::of(midnight), "{last_second}");
            assert_eq!(AthensDay::of(midnight), AthensDay::of(last).next(), "{last_second}");
        }
    }

    #[test]
    fn what_is_left_never_goes_below_nothing() {
        assert_eq!([0, 4, 5, 6].map(|used| Quota::Submissions.remaining(used)), [5, 1, 0, 0]);
        assert_eq!((Quota::WrongOtps.limit(), Quota::OtpMessages.limit()), (20, 15));
    }

    #[test]
    fn the_hour_that_comes_twice_belongs_to_one_day() {
        // On 25 October 2026 the clock shows 03:30 twice.
        assert_eq!(AthensDay::of(at("2026-10-25T00:30:00Z")), AthensDay::of(at("2026-10-25T01:30:00Z")));
    }

    #[test]
    fn counters_outlive_their_day_by_one() {
        let now = at("2026-11-21T10:00:00Z");
        assert_eq!(counter_expiry(AthensDay::of(now)), at("2026-11-22T22:00:00Z"));
    }

    proptest! {
        #[test]
        fn renewal_is_in_the_future_and_within_25_hours(seconds in 0_i64..4_000_000_000) {
            let wait = until_renewal(Moment::from_epoch_seconds(seconds)).as_seconds();
            prop_assert!((1..=25 * 3600).contains(&wait));
        }
    }
}
