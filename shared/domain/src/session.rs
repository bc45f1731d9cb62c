//! Sessions: how long they last, and the order of their stages.

use serde::{Deserialize, Serialize};

use crate::{
    business::BusinessId,
    kep::OfficeId,
    time::{Moment, Span},
};

/// Idle time after which a session ends.
pub const IDLE: Span = Span::minutes(30);
/// Maximum duration of a session. The session ends after this time even if the person is still using it.
pub const DURATION_MAX: Span = Span::hours(8);
/// Time within which a browser must return from the sign-in page of TAXISnet.
pub const SIGN_IN_VALID: Span = Span::minutes(15);
/// Time within which an app must exchange the code that it received with the redirect. The app gets its session in return.
pub const EXCHANGE_VALID: Span = Span::minutes(2);
/// Minimum time between two writes of the time at which a session was last used.
pub const TOUCH_INTERVAL: Span = Span::minutes(1);

/// Returns when a session that was last used at `used_at` ends if it is not used again. `hard_end` is the end that [`DURATION_MAX`] sets.
pub fn ends_at(used_at: Moment, hard_end: Moment) -> Moment {
    used_at.plus(IDLE).min(hard_end)
}

/// Role in which a person acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Role {
    Citizen,
    Photographer {
        business: BusinessId,
    },
    /// A clerk of a KEP, who opens cases at the counter of the office `office`. In a case, the clerk acts for the person at the counter.
    KepClerk {
        office: OfficeId,
    },
}

/// Stage of a session. The stages are in order, and each requires the earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// The person has signed in with TAXISnet, and the one-time password is awaited.
    Otp,
    /// The person has more than one role available and has not chosen one yet.
    Role,
    /// The person has not agreed to the text on personal data yet.
    Consent,
    Ready,
}

/// Returns the stage of a session that is past [`Stage::Otp`]. Photographers and clerks need no consent, because the text on personal data
/// is for citizens. In a case at a KEP, the citizen at the counter agrees to the text.
pub const fn stage(role: Option<&Role>, agreed_to_current_text: bool) -> Stage {
    match (role, agreed_to_current_text) {
        (None, _) => Stage::Role,
        (Some(Role::Citizen), false) => Stage::Consent,
        (Some(Role::Citizen), true) | (Some(Role::Photographer { .. } | Role::KepClerk { .. }), _) => Stage::Ready,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_after_thirty_idle_minutes_and_after_eight_hours_in_any_case() {
        let start = Moment::from_epoch_seconds(1_000_000);
        let hard_end = start.plus(DURATION_MAX);
        assert_eq!(ends_at(start, hard_end), start.plus(Span::minutes(30)));
        assert_eq!(ends_at(start.plus(Span::minutes(7 * 60 + 50)), hard_end), hard_end);
    }

    #[test]
    fn a_role_is_chosen_before_consent_and_consent_is_required_of_citizens() {
        assert_eq!(stage(None, true), Stage::Role);
        assert_eq!(stage(Some(&Role::Citizen), false), Stage::Consent);
        assert_eq!(stage(Some(&Role::Citizen), true), Stage::Ready);
        let photographer = Role::Photographer { business: BusinessId::from_hash("b".into()) };
        assert_eq!(stage(Some(&photographer), false), Stage::Ready);
        let clerk = Role::KepClerk { office: OfficeId::parse("k1").unwrap() };
        assert_eq!(stage(Some(&clerk), false), Stage::Ready);
    }
}
