//! Delivery of messages with codes: attempts, retries and resends.

use serde::{Deserialize, Serialize};

use crate::{
    retention::MESSAGE_RETENTION,
    time::{Moment, Span},
};

/// Seconds to wait after the first, second, ... failed attempt. An attempt after the last delay is the final one. The delays add up to
/// about 13 hours, well below the 24 hours for which a message is stored.
const RETRY_DELAYS_SECONDS: [i64; 7] = [15, 60, 300, 900, 3_600, 4 * 3_600, 8 * 3_600];

/// Maximum number of attempts to send a message, including attempts whose outcome could not be stored.
pub const ATTEMPTS: usize = RETRY_DELAYS_SECONDS.len() + 1;

/// Duration of an attempt's claim on a message. No other attempt begins while the claim is valid. The claim is longer than the `Timeout` of
/// the sending function (template.yaml).
pub const CLAIM: Span = Span::minutes(2);

/// Maximum number of due messages that one run of `sweep_outbox` processes. A longer backlog takes several runs, one a minute.
pub const SWEEP_MESSAGES_MAX: usize = 200;

/// Number of messages that `sweep_outbox` processes concurrently.
pub const SWEEP_CONCURRENCY: usize = 8;

/// Time after which a run of `sweep_outbox` does not begin to process another message, so that the run ends within the function's
/// `Timeout` (template.yaml).
pub const SWEEP_RUN_TIME_MAX: Span = Span::seconds(20);

/// Time for which `sweep_outbox` postpones a message that it cannot read. It processes the longest overdue messages first, so unreadable
/// messages would otherwise fill every run.
pub const UNREADABLE_RETRY_DELAY: Span = Span::hours(1);

/// State of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    Queued,
    Sent,
    Failed,
}

/// Time after the issue of a code during which it can be resent. Equals the retention of the message, because resending needs the message.
pub const RESEND_PERIOD: Span = MESSAGE_RETENTION;
/// Maximum number of times that a code can be resent.
pub const RESENDS_MAX: usize = 3;

/// State of an issuance as shown to the photographer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IssuanceState {
    Queued,
    Sent,
    Failed,
    Associated,
    /// The code was not associated within 14 days of its issue.
    Expired,
}

impl IssuanceState {
    /// Returns the state of an issuance. `Associated` takes precedence over `Expired`, and both take precedence over the state of the
    /// message.
    pub const fn of(delivery: DeliveryState, associated: bool, code_expires_at: Moment, now: Moment) -> Self {
        if associated {
            return Self::Associated;
        }
        if now.has_reached(code_expires_at) {
            return Self::Expired;
        }
        match delivery {
            DeliveryState::Queued => Self::Queued,
            DeliveryState::Sent => Self::Sent,
            DeliveryState::Failed => Self::Failed,
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "queued" => Some(Self::Queued),
            "sent" => Some(Self::Sent),
            "failed" => Some(Self::Failed),
            "associated" => Some(Self::Associated),
            "expired" => Some(Self::Expired),
            _ => None,
        }
    }
}

/// Facts about an issuance that decide whether its code may be resent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResendFacts {
    pub issued_at: Moment,
    /// True if the code is associated now or was associated earlier.
    pub associated: bool,
    /// Number of times that the code has been resent.
    pub resent: usize,
}

/// Facts about the message of an issuance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageFacts {
    pub state: DeliveryState,
    pub attempts: u32,
    pub claimed_until: Option<Moment>,
    pub kept_until: Moment,
}

/// Decision about a request to resend a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resend {
    Allowed,
    Associated,
    TooLate,
    Exhausted,
    /// The message is being sent, or is queued for its first attempt. Resending would create a second copy.
    BeingSent,
}

/// Decides from the facts about an issuance whether its code may be resent. [`resend_message`] decides about the message.
pub const fn resend(facts: &ResendFacts, now: Moment) -> Resend {
    if facts.associated {
        Resend::Associated
    } else if now.has_reached(facts.issued_at.plus(RESEND_PERIOD)) {
        Resend::TooLate
    } else if facts.resent >= RESENDS_MAX {
        Resend::Exhausted
    } else {
        Resend::Allowed
    }
}

/// Decides whether a message may be resent now. A message whose recipient or language is corrected (`corrected`) may also be resent before
/// its first attempt, because the corrected message replaces it. Without a correction, resending would only create a second copy.
pub fn resend_message(message: Option<&MessageFacts>, corrected: bool, now: Moment) -> Resend {
    let Some(message) = message.filter(|message| !now.has_reached(message.kept_until)) else { return Resend::TooLate };
    let claimed = message.claimed_until.is_some_and(|until| !now.has_reached(until));
    let untried = message.attempts == 0;
    if claimed || (untried && !corrected) { Resend::BeingSent } else { Resend::Allowed }
}

/// Returns how many more times a code may be resent.
pub const fn resends_left(facts: &ResendFacts, now: Moment) -> usize {
    match resend(facts, now) {
        Resend::Allowed => RESENDS_MAX - facts.resent,
        Resend::Associated | Resend::TooLate | Resend::Exhausted | Resend::BeingSent => 0,
    }
}

/// The action that follows a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterFailure {
    RetryAt(Moment),
    GiveUp,
}

/// Decides what follows after attempt number `attempts` (counted from 1) has failed. The message is stored until `kept_until`.
pub fn after_failure(attempts: u32, now: Moment, kept_until: Moment) -> AfterFailure {
    let delay = usize::try_from(attempts).ok().and_then(|n| RETRY_DELAYS_SECONDS.get(n.saturating_sub(1)));
    match delay {
        Some(&seconds) if now.plus(Span::seconds(seconds)) < kept_until => AfterFailure::RetryAt(now.plus(Span::seconds(seconds))),
        Some(_) | None => AfterFailure::GiveUp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_come_at_growing_intervals_and_end_before_the_message_is_deleted() {
        let queued = Moment::from_epoch_seconds(1_000_000);
        let kept_until = queued.plus(MESSAGE_RETENTION);
        let (mut now, mut attempts) = (queued, 1);
        while let AfterFailure::RetryAt(next) = after_failure(attempts, now, kept_until) {
            assert!(next > now);
            (now, attempts) = (next, attempts + 1);
            assert!(attempts < 20, "attempts are bounded");
        }
        assert_eq!(attempts, 8);
        assert_eq!(ATTEMPTS, 8);
        assert!(now < kept_until);
    }

    #[test]
    fn no_retry_is_scheduled_after_the_message_is_deleted() {
        let now = Moment::from_epoch_seconds(1_000_000);
        assert_eq!(after_failure(1, now, now.plus(Span::seconds(10))), AfterFailure::GiveUp);
    }

    const ISSUED: Moment = Moment::from_epoch_seconds(1_000_000);

    /// Returns the moment `seconds` after the issue.
    fn after(seconds: i64) -> Moment {
        ISSUED.plus(Span::seconds(seconds))
    }

    #[test]
    fn a_code_is_resent_at_most_three_times_within_24_hours_and_not_after_an_association() {
        let facts = |associated, resent| ResendFacts { issued_at: ISSUED, associated, resent };
        let day = RESEND_PERIOD.as_seconds();
        for (facts, now, expected, left) in [
            (facts(false, 0), after(0), Resend::Allowed, 3),
            (facts(false, 2), after(day - 1), Resend::Allowed, 1),
            (facts(false, 3), after(10), Resend::Exhausted, 0),
            (facts(false, 0), after(day), Resend::TooLate, 0),
            (facts(false, 3), after(day), Resend::TooLate, 0),
            (facts(true, 0), after(10), Resend::Associated, 0),
            (facts(true, 3), after(day), Resend::Associated, 0),
        ] {
            assert_eq!((resend(&facts, now), resends_left(&facts, now)), (expected, left), "{facts:?} {now:?}");
        }
    }

    #[test]
    fn a_message_is_not_resent_while_it_is_being_sent() {
        use DeliveryState as S;
        let message = |state, attempts, claimed: Option<i64>| MessageFacts {
            state,
            attempts,
            claimed_until: claimed.map(after),
            kept_until: after(100),
        };
        for (facts, same, corrected) in [
            (message(S::Sent, 1, None), Resend::Allowed, Resend::Allowed),
            (message(S::Failed, 8, None), Resend::Allowed, Resend::Allowed),
            // The message failed once and waits for its retry. Resending brings the retry forward.
            (message(S::Queued, 1, None), Resend::Allowed, Resend::Allowed),
            // The message has not been attempted yet. There is nothing to resend, but a correction can still replace the wrong recipient.
            (message(S::Queued, 0, None), Resend::BeingSent, Resend::Allowed),
            (message(S::Queued, 1, Some(51)), Resend::BeingSent, Resend::BeingSent),
            // The attempt ended without releasing its claim, and the claim has expired.
            (message(S::Queued, 1, Some(50)), Resend::Allowed, Resend::Allowed),
        ] {
            assert_eq!(
                (resend_message(Some(&facts), false, after(50)), resend_message(Some(&facts), true, after(50))),
                (same, corrected),
                "{facts:?}"
            );
            assert_eq!(resend_message(Some(&facts), true, after(100)), Resend::TooLate);
        }
        assert_eq!(resend_message(None, false, after(1)), Resend::TooLate);
    }

    #[test]
    fn an_association_takes_precedence_over_expiry_and_expiry_over_the_message() {
        use DeliveryState as S;
        let of = |delivery, associated, now| IssuanceState::of(delivery, associated, after(100), after(now));
        for delivery in [S::Queued, S::Sent, S::Failed] {
            assert_eq!(of(delivery, true, 1), IssuanceState::Associated);
            assert_eq!(of(delivery, true, 100), IssuanceState::Associated);
            assert_eq!(of(delivery, false, 100), IssuanceState::Expired);
        }
        assert_eq!(
            [S::Queued, S::Sent, S::Failed].map(|s| of(s, false, 99)),
            [IssuanceState::Queued, IssuanceState::Sent, IssuanceState::Failed]
        );
        for name in ["queued", "sent", "failed", "associated", "expired"] {
            use serde::{Deserialize, de::value::StrDeserializer};
            let stored = IssuanceState::deserialize(StrDeserializer::<serde::de::value::Error>::new(name)).unwrap();
            assert_eq!(IssuanceState::parse(name), Some(stored));
        }
        assert_eq!(IssuanceState::parse("lost"), None);
    }
}
