//! What a code number that somebody enters leads to.

use serde::{Deserialize, Serialize};

use crate::{
    identity::SubjectId,
    time::{Moment, Span},
};

/// After the first association of a set, a mistake in the choice of the subject can be corrected for this time.
pub const CORRECTION: Span = Span::hours(24);

/// Where a code stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CodeState {
    /// Sent to somebody, associated with nobody yet.
    Issued,
    Associated,
    /// Associated once. [`may_associate_again`] says for whom it may be associated until its year is over.
    Dissociated,
}

/// What is known of a code when it is entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeFacts<'a> {
    pub state: CodeState,
    pub expires_at: Moment,
    pub first: Option<FirstAssociation<'a>>,
    /// The subject for whom it is associated now.
    pub subject: Option<&'a SubjectId>,
}

/// The first association of a code. It stays the same when the code is associated again, also for another subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstAssociation<'a> {
    pub subject: &'a SubjectId,
    pub at: Moment,
}

/// Whether a person who manages `managed` may associate a dissociated code for `subject`.
///
/// They may associate it for the first subject until the code expires, and for another subject only within [`CORRECTION`]. So a mistake can be
/// corrected, such as a child's photos that were associated with the parent, and later nobody can move a child's photos out of the child's reach.
pub fn may_associate_again(first: FirstAssociation<'_>, subject: &SubjectId, managed: &[SubjectId], now: Moment) -> bool {
    let corrects = !now.has_reached(first.at.plus(CORRECTION));
    managed.contains(first.subject) && (first.subject == subject || corrects)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Submission {
    Accepted,
    /// Unknown, expired: one answer for both, so that nothing is learnt from guessing.
    NotActive,
    /// Somebody else's.
    Taken,
    /// Associated with this very subject already.
    AlreadyYours,
}

/// Decides on a code entered for `subject` by a person who manages `managed` (the person and the minors in custody).
pub fn decide(code: Option<&CodeFacts<'_>>, subject: &SubjectId, managed: &[SubjectId], now: Moment) -> Submission {
    let Some(code) = code.filter(|code| !now.has_reached(code.expires_at)) else {
        return Submission::NotActive;
    };
    match code.state {
        CodeState::Issued => Submission::Accepted,
        CodeState::Associated if code.subject == Some(subject) => Submission::AlreadyYours,
        CodeState::Associated => Submission::Taken,
        CodeState::Dissociated if code.first.is_some_and(|first| may_associate_again(first, subject, managed, now)) => Submission::Accepted,
        CodeState::Dissociated => Submission::Taken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    fn subject(n: u8) -> SubjectId {
        SubjectId::from_random([n; 16])
    }

    #[test]
    fn who_may_use_which_code() {
        let now = Moment::from_epoch_seconds(1_000_000);
        let (mine, child, other) = (subject(1), subject(2), subject(3));
        let managed = [mine.clone(), child.clone()];
        let code = |state, first: Option<_>, subject| CodeFacts {
            state,
            expires_at: now.plus(Span::seconds(1)),
            first: first.map(|subject| FirstAssociation { subject, at: now }),
            subject,
        };
        let cases = [
            (None, Submission::NotActive),
            (Some(code(CodeState::Issued, None, None)), Submission::Accepted),
            (Some(code(CodeState::Associated, Some(&mine), Some(&mine))), Submission::AlreadyYours),
            (Some(code(CodeState::Associated, Some(&child), Some(&child))), Submission::Taken),
            (Some(code(CodeState::Associated, Some(&other), Some(&other))), Submission::Taken),
            (Some(code(CodeState::Dissociated, Some(&mine), None)), Submission::Accepted),
            (Some(code(CodeState::Dissociated, Some(&child), None)), Submission::Accepted),
            (Some(code(CodeState::Dissociated, Some(&other), None)), Submission::Taken),
        ];
        for (facts, expected) in cases {
            assert_eq!(decide(facts.as_ref(), &mine, &managed, now), expected, "{facts:?}");
        }
    }

    #[test]
    fn an_expired_code_is_answered_like_an_unknown_one_whoever_had_it() {
        let now = Moment::from_epoch_seconds(1_000_000);
        let mine = subject(1);
        for state in [CodeState::Issued, CodeState::Associated, CodeState::Dissociated] {
            let first = Some(FirstAssociation { subject: &mine, at: now });
            let facts = CodeFacts { state, expires_at: now, first, subject: Some(&mine) };
            assert_eq!(decide(Some(&facts), &mine, std::slice::from_ref(&mine), now), Submission::NotActive);
        }
    }

    #[test]
    fn another_subject_may_have_the_photos_for_24_hours_and_the_first_one_always() {
        let first_at = Moment::from_epoch_seconds(1_000_000);
        let (parent, child, stranger) = (subject(1), subject(2), subject(3));
        let family = [parent.clone(), child.clone()];
        let first = FirstAssociation { subject: &child, at: first_at };
        let may =
            |subject, managed: &[SubjectId], seconds| may_associate_again(first, subject, managed, first_at.plus(Span::seconds(seconds)));
        assert_eq!([0, 86_399, 86_400, 31_000_000].map(|seconds| may(&parent, &family, seconds)), [true, true, false, false]);
        assert_eq!([0, 86_400, 31_000_000].map(|seconds| may(&child, &family, seconds)), [true; 3]);
        // Of age, the child no longer is among those whom the parent manages.
        assert!(!may(&parent, std::slice::from_ref(&parent), 0) && !may(&stranger, std::slice::from_ref(&stranger), 0));
    }
}
