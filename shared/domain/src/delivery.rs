//! Sending a code: attempts, and when to give up.

use serde::{Deserialize, Serialize};

use crate::{
    retention::MESSAGE_RETENTION,
    time::{Moment, Span},
};

/// Seconds to wait after the first, second, ... failed attempt. After the last one the message has failed for good;
/// together they stay well inside the 24 hours that a message is kept.
const WAITS: [i64; 7] = [15, 60, 300, 900, 3_600, 4 * 3_600, 8 * 3_600];

/// More often a message is not tried, also where nothing could be noted of the attempts so far.
pub const ATTEMPTS: usize = WAITS.len() + 1;

/// While one attempt holds its claim, no other begins. Longer than the sender may run (its Timeout in template.yaml).
pub const CLAIM: Span = Span::minutes(2);

/// How many due messages one run of the sweep looks at. A longer backlog takes several runs, a minute apart.
pub const SWEEP_MESSAGES_MAX: usize = 200;

/// How many of them it looks at at the same time.
pub const SWEEP_CONCURRENCY: usize = 8;

/// After so long a run of the sweep looks at no further messages, so that it ends within its time limit (template.yaml).
pub const SWEEP_RUN: Span = Span::seconds(20);

/// A message that nobody can read is looked at again after so long: the longest overdue come first, and it would always be among them.
pub const UNREADABLE_AGAIN: Span = Span::hours(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    Queued,
    Sent,
    Failed,
}

/// From the code's issue on, the photographer can have it sent again for so long: as long as we have its message.
pub const RESEND_WITHIN: Span = MESSAGE_RETENTION;
/// So many times.
pub const RESENDS: usize = 3;

/// An issuance as its photographer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IssuanceState {
    Queued,
    Sent,
    Failed,
    Associated,
    /// Its 14 days are over, and nobody associated it.
    Expired,
}

impl IssuanceState {
    /// Associated wins, then expired; before either it is what became of the message.
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

/// What is known of an issuance whose code is to be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResendFacts {
    pub issued_at: Moment,
    /// Now or ever.
    pub associated: bool,
    /// How often it was sent again so far.
    pub resent: usize,
}

/// What is known of its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageFacts {
    pub state: DeliveryState,
    pub attempts: u32,
    pub claimed_until: Option<Moment>,
    pub kept_until: Moment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resend {
    Allowed,
    Associated,
    TooLate,
    Exhausted,
    /// The message is in the sender's hands, or about to be for the first time: another copy would be one too many.
    BeingSent,
}

/// Whether a code may be sent again at all.
pub const fn resend(facts: &ResendFacts, now: Moment) -> Resend {
    if facts.associated {
        Resend::Associated
    } else if now.has_reached(facts.issued_at.plus(RESEND_WITHIN)) {
        Resend::TooLate
    } else if facts.resent >= RESENDS {
        Resend::Exhausted
    } else {
        Resend::Allowed
    }
}

/// Whether its message allows it now. A corrected one takes the place of a message that was never tried; the same one again
/// would only be a second copy of it.
pub fn resend_message(message: Option<&MessageFacts>, corrected: bool, now: Moment) -> Resend {
    let Some(message) = message.filter(|message| !now.has_reached(message.kept_until)) else { return Resend::TooLate };
    let claimed = message.claimed_until.is_some_and(|until| !now.has_reached(until));
    let untried = message.attempts == 0;
    if claimed || (untried && !corrected) { Resend::BeingSent } else { Resend::Allowed }
}

/// How often it may still be sent again.
pub const fn resends_left(facts: &ResendFacts, now: Moment) -> usize {
    match resend(facts, now) {
        Resend::Allowed => RESENDS - facts.resent,
        Resend::Associated | Resend::TooLate | Resend::Exhausted | Resend::BeingSent => 0,
    }
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

    #[test]
    fn a_message_is_tried_again_ever_later_and_given_up_within_its_day() {
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
    fn nothing_is_tried_after_the_message_is_gone() {
        let now = Moment::from_epoch_seconds(1_000_000);
        assert_eq!(after_failure(1, now, now.plus(Span::seconds(10))), AfterFailure::GiveUp);
    }

    const ISSUED: Moment = Moment::from_epoch_seconds(1_000_000);

    fn after(seconds: i64) -> Moment {
        ISSUED.plus(Span::seconds(seconds))
    }

    #[test]
    fn a_code_is_sent_again_three_times_within_24_hours_and_never_once_associated() {
        let facts = |associated, resent| ResendFacts { issued_at: ISSUED, associated, resent };
        let day = RESEND_WITHIN.as_seconds();
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
    fn a_message_goes_again_only_once_it_is_out_of_the_senders_hands() {
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
            // Failed once and waiting: both bring it forward.
            (message(S::Queued, 1, None), Resend::Allowed, Resend::Allowed),
            // Never tried yet: there is nothing to send again, but a wrong address can still be kept from it.
            (message(S::Queued, 0, None), Resend::BeingSent, Resend::Allowed),
            (message(S::Queued, 1, Some(51)), Resend::BeingSent, Resend::BeingSent),
            // A claim that ran out: the attempt died.
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
    fn associated_wins_then_expired_then_what_became_of_the_message() {
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
