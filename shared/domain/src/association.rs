//! Binding a code number to a subject.

use crate::{retention, submission::CodeState, time::Moment};

/// When the photos of a code expire once it is associated at `now`.
///
/// The year counts from the first association, also when the code is associated again.
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
