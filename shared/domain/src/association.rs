//! Expiry of photos that are associated with a subject.

use crate::{retention, submission::CodeState, time::Moment};

/// Returns when the photos of a code expire if the code is associated at `now`.
///
/// They expire 365 days after the first association. Associating the code again does not change that.
pub const fn expiry(state: CodeState, code_expires_at: Moment, now: Moment) -> Moment {
    match state {
        CodeState::Issued => retention::association_expiry(now),
        CodeState::Associated | CodeState::Dissociated => code_expires_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    #[test]
    fn the_year_counts_from_the_first_association() {
        let now = Moment::from_epoch_seconds(1_800_000_000);
        assert_eq!(expiry(CodeState::Issued, now.plus(Span::days(3)), now), now.plus(Span::days(365)));
        assert_eq!(expiry(CodeState::Dissociated, now.plus(Span::days(3)), now), now.plus(Span::days(3)));
    }
}
