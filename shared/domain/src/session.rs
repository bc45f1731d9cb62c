//! A visit: how long it lasts and which steps come before which.

use serde::{Deserialize, Serialize};

use crate::{
    business::BusinessId,
    time::{Moment, Span},
};

/// A session ends by itself after so much idle time, and after [`DURATION_MAX`] in any case.
pub const IDLE: Span = Span::minutes(30);
pub const DURATION_MAX: Span = Span::hours(8);
/// From the sign-in page of TAXISnet back to us.
pub const SIGN_IN_VALID: Span = Span::minutes(15);
/// From the redirect to an app until the app has taken its session.
pub const EXCHANGE_VALID: Span = Span::minutes(2);
/// Use is noted at most so often.
pub const TOUCH_EVERY: Span = Span::minutes(1);

/// When a session that is used now ends if it is not used again.
pub fn ends_at(used_at: Moment, hard_end: Moment) -> Moment {
    used_at.plus(IDLE).min(hard_end)
}

/// As whom a person acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Role {
    Citizen,
    Photographer { business: BusinessId },
}

/// The step at which a visit stands: each needs the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Signed in with TAXISnet; the one-time password is awaited.
    Otp,
    /// More than one role is open to the person, and none is chosen.
    Role,
    /// The text on personal data is not agreed to.
    Consent,
    Ready,
}

/// The stage after the one-time password. The text on personal data speaks to citizens: photographers work without it.
pub const fn stage(role: Option<&Role>, agreed_to_current_text: bool) -> Stage {
    match (role, agreed_to_current_text) {
        (None, _) => Stage::Role,
        (Some(Role::Citizen), false) => Stage::Consent,
        (Some(Role::Citizen), true) | (Some(Role::Photographer { .. }), _) => Stage::Ready,
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
    fn role_comes_before_consent_and_consent_before_everything_else() {
        assert_eq!(stage(None, true), Stage::Role);
        assert_eq!(stage(Some(&Role::Citizen), false), Stage::Consent);
        assert_eq!(stage(Some(&Role::Citizen), true), Stage::Ready);
        let photographer = Role::Photographer { business: BusinessId::from_hash("b".into()) };
        assert_eq!(stage(Some(&photographer), false), Stage::Ready);
    }
}
