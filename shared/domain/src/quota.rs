//! What one person may do in one Athens day.

use crate::time::{AthensDay, Moment, Span};

/// Different code numbers submitted; the same one again that day is free.
pub const SUBMISSIONS_A_DAY: u32 = 5;
/// Wrong one-time passwords, over all sign-ins.
pub const WRONG_OTPS_A_DAY: u32 = 20;
/// Messages with a one-time password, over all sign-ins.
pub const OTP_MESSAGES_A_DAY: u32 = 15;

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
            Self::Submissions => SUBMISSIONS_A_DAY,
            Self::WrongOtps => WRONG_OTPS_A_DAY,
            Self::OtpMessages => OTP_MESSAGES_A_DAY,
        }
    }

    pub fn left(self, used: usize) -> u32 {
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
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    /// The rule as storage applies it: a set per person and day, let in while it has room or holds the id already.
    #[derive(Default)]
    struct Counter(std::collections::HashMap<String, HashSet<u8>>);

    impl Counter {
        fn submit(&mut self, now: Moment, code: u8) -> bool {
            let tries = self.0.entry(AthensDay::of(now).to_string()).or_default();
            if Quota::Submissions.left(tries.len()) == 0 && !tries.contains(&code) {
                return false;
            }
            tries.insert(code);
            true
        }
    }

    fn at(rfc3339: &str) -> Moment {
        Moment::from_epoch_seconds(rfc3339.parse::<jiff::Timestamp>().unwrap().as_second())
    }

    #[test]
    fn the_sixth_code_of_the_day_is_refused_and_at_midnight_in_athens_five_are_free_again() {
        // An ordinary night, and the nights on which the clocks go forward and back: the last second of the day, in UTC.
        for last_second in
            ["2026-11-20T21:59:59Z", "2026-03-28T21:59:59Z", "2026-03-29T20:59:59Z", "2026-10-24T20:59:59Z", "2026-10-25T21:59:59Z"]
        {
            let last = at(last_second);
            let mut counter = Counter::default();
            for code in 0..5 {
                assert!(counter.submit(last, code));
            }
            assert!(!counter.submit(last, 5), "{last_second}");
            assert!(counter.submit(last, 3), "the same code again is free");
            let midnight = last.plus(Span::seconds(1));
            assert_eq!(renews_at(last), midnight);
            for code in 5..10 {
                assert!(counter.submit(midnight, code), "{last_second}");
            }
            assert!(!counter.submit(midnight, 10));
        }
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
        fn never_more_than_five_different_codes_in_one_day(start in 0_i64..4_000_000_000, steps in proptest::collection::vec((0_i64..40_000, 0_u8..12), 1..60)) {
            let mut counter = Counter::default();
            let mut now = Moment::from_epoch_seconds(start);
            for (pause, code) in steps {
                now = now.plus(Span::seconds(pause));
                let before = counter.0.get(&AthensDay::of(now).to_string()).map_or(0, HashSet::len);
                let let_in = counter.submit(now, code);
                let after = &counter.0[&AthensDay::of(now).to_string()];
                prop_assert!(after.len() <= 5);
                prop_assert!(let_in || before == 5);
            }
        }

        #[test]
        fn renewal_is_in_the_future_and_within_25_hours(seconds in 0_i64..4_000_000_000) {
            let wait = until_renewal(Moment::from_epoch_seconds(seconds)).as_seconds();
            prop_assert!((1..=25 * 3600).contains(&wait));
        }
    }
}
