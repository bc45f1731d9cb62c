//! Sending a code: attempts, and when to give up.

use serde::{Deserialize, Serialize};

use crate::time::{Moment, Span};

/// Seconds to wait after the first, second, ... failed attempt. After the last one the message has failed for good;
/// together they stay well inside the 24 hours that a message is kept.
const WAITS: [i64; 7] = [15, 60, 300, 900, 3_600, 4 * 3_600, 8 * 3_600];

/// While one attempt holds its claim, no other begins. Longer than the sender may run (its Timeout in template.yaml).
pub const CLAIM: Span = Span::minutes(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    Queued,
    Sent,
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterFailure {
    RetryAt(Moment),
    GiveUp,
}

/// What follows the failed attempt number `attempts` (from 1) of a message kept until `kept_until`.
pub fn after_failure(attempts: u32, now: Moment, kept_until: Moment) -> AfterFailure {
    let wait = usize::try_from(attempts).ok().and_then(|n| WAITS.get(n.saturating_sub(1)));
    match wait {
        Some(&seconds) if now.plus(Span::seconds(seconds)) < kept_until => AfterFailure::RetryAt(now.plus(Span::seconds(seconds))),
        Some(_) | None => AfterFailure::GiveUp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retention::MESSAGE_KEPT;

    #[test]
    fn a_message_is_tried_again_ever_later_and_given_up_within_its_day() {
        let queued = Moment::from_epoch_seconds(1_000_000);
        let kept_until = queued.plus(MESSAGE_KEPT);
        let (mut now, mut attempts) = (queued, 1);
        while let AfterFailure::RetryAt(next) = after_failure(attempts, now, kept_until) {
            assert!(next > now);
            (now, attempts) = (next, attempts + 1);
            assert!(attempts < 20, "attempts are bounded");
        }
        assert_eq!(attempts, 8);
        assert!(now < kept_until);
    }

    #[test]
    fn nothing_is_tried_after_the_message_is_gone() {
        let now = Moment::from_epoch_seconds(1_000_000);
        assert_eq!(after_failure(1, now, now.plus(Span::seconds(10))), AfterFailure::GiveUp);
    }
}
