//! Daily quotas per person. A day is a calendar day in Athens.

use crate::{
    kep::CASES_PER_DAY,
    time::{AthensDay, Moment, Span},
};

/// Number of different code numbers that a person may submit per day. Submitting the same number again on the same day does not count.
pub const SUBMISSIONS_PER_DAY: u32 = 5;
/// Number of wrong one-time passwords that may be entered for a person per day, in all sign-ins and KEP cases together.
pub const WRONG_OTPS_PER_DAY: u32 = 20;
/// Number of messages with a one-time password that a person may get per day, in all sign-ins and KEP cases together.
pub const OTP_MESSAGES_PER_DAY: u32 = 15;

/// A quota. Its use is stored as a set of IDs and not as a number, so that a repeated write is counted once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quota {
    Submissions,
    WrongOtps,
    OtpMessages,
    /// Cases that a KEP clerk opens.
    Cases,
}

impl Quota {
    pub const fn limit(self) -> u32 {
        match self {
            Self::Submissions => SUBMISSIONS_PER_DAY,
            Self::WrongOtps => WRONG_OTPS_PER_DAY,
            Self::OtpMessages => OTP_MESSAGES_PER_DAY,
            Self::Cases => CASES_PER_DAY,
        }
    }

    /// Returns how many uses remain after `used` uses.
    pub fn remaining(self, used: usize) -> u32 {
        self.limit().saturating_sub(u32::try_from(used).unwrap_or(u32::MAX))
    }
}

/// Returns when the counter of a day expires: at the end of the following day.
pub fn counter_expiry(day: AthensDay) -> Moment {
    day.next().next().start()
}

/// Returns when the quotas renew: at the next midnight in Athens.
pub fn renews_at(now: Moment) -> Moment {
    AthensDay::of(now).next().start()
}

/// Returns the time until the quotas renew, for `Retry-After`.
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

    // A condition in the storage crate enforces the limits. tests/tests/services/storage.rs tests the condition.

    #[test]
    fn quotas_renew_at_midnight_in_athens_also_on_days_when_the_clocks_change() {
        // Each is the last second of a day in Athens, written in UTC. The days are an ordinary day and, for both clock changes, the day
        // before the change and the day of the change.
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
    fn remaining_uses_are_never_negative() {
        assert_eq!([0, 4, 5, 6].map(|used| Quota::Submissions.remaining(used)), [5, 1, 0, 0]);
        assert_eq!((Quota::WrongOtps.limit(), Quota::OtpMessages.limit()), (20, 15));
    }

    #[test]
    fn the_repeated_hour_of_a_clock_change_belongs_to_one_day() {
        // On 25 October 2026 the clock shows 03:30 twice.
        assert_eq!(AthensDay::of(at("2026-10-25T00:30:00Z")), AthensDay::of(at("2026-10-25T01:30:00Z")));
    }

    #[test]
    fn counters_expire_one_day_after_their_day() {
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
