//! Decisions about a code number that a citizen submits.

use serde::{Deserialize, Serialize};

use crate::{
    identity::SubjectId,
    time::{Moment, Span},
};

/// Correction period, counted from the first association of a photo set. Within this period, the set can still be associated for another
/// subject.
pub const CORRECTION_PERIOD: Span = Span::hours(24);

/// State of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CodeState {
    /// Issued and never associated.
    Issued,
    Associated,
    /// Associated earlier, and dissociated now. Until the code expires, [`may_associate_again`] decides for whom it may be associated.
    Dissociated,
}

/// Facts about a code that decide whether it may be submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeFacts<'a> {
    pub state: CodeState,
    pub expires_at: Moment,
    pub first: Option<FirstAssociation<'a>>,
    /// The subject for whom the code is associated now.
    pub subject: Option<&'a SubjectId>,
}

/// The first association of a code. It does not change when the code is associated again, even for another subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstAssociation<'a> {
    pub subject: &'a SubjectId,
    pub at: Moment,
}

/// Returns whether a person who manages the subjects `managed` may associate a dissociated code for `subject`.
///
/// The code may be associated for its first subject until it expires, and for another subject only within [`CORRECTION_PERIOD`]. This
/// allows a mistake to be corrected, such as associating a child's photos with the parent, but later nobody can take photos away from the
/// child.
pub fn may_associate_again(first: FirstAssociation<'_>, subject: &SubjectId, managed: &[SubjectId], now: Moment) -> bool {
    let is_correction = !now.has_reached(first.at.plus(CORRECTION_PERIOD));
    managed.contains(first.subject) && (first.subject == subject || is_correction)
}

/// Decision about a submitted code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Submission {
    Accepted,
    /// The code is unknown or expired. Both cases give the same result, so that guessing codes reveals nothing.
    NotActive,
    /// The code belongs to another subject.
    Taken,
    /// The code is already associated with the same subject.
    AlreadyYours,
}

/// Decides about a code that is submitted for `subject` by a person who manages the subjects `managed` (the person and the minors in their
/// custody).
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
    fn a_code_is_accepted_unless_it_belongs_to_another_subject() {
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
    fn an_expired_code_is_treated_like_an_unknown_one_in_every_state() {
        let now = Moment::from_epoch_seconds(1_000_000);
        let mine = subject(1);
        for state in [CodeState::Issued, CodeState::Associated, CodeState::Dissociated] {
            let first = Some(FirstAssociation { subject: &mine, at: now });
            let facts = CodeFacts { state, expires_at: now, first, subject: Some(&mine) };
            assert_eq!(decide(Some(&facts), &mine, std::slice::from_ref(&mine), now), Submission::NotActive);
        }
    }

    #[test]
    fn photos_can_be_associated_for_another_subject_within_24_hours_and_for_the_first_one_always() {
        let first_at = Moment::from_epoch_seconds(1_000_000);
        let (parent, child, stranger) = (subject(1), subject(2), subject(3));
        let family = [parent.clone(), child.clone()];
        let first = FirstAssociation { subject: &child, at: first_at };
        let may =
            |subject, managed: &[SubjectId], seconds| may_associate_again(first, subject, managed, first_at.plus(Span::seconds(seconds)));
        assert_eq!([0, 86_399, 86_400, 31_000_000].map(|seconds| may(&parent, &family, seconds)), [true, true, false, false]);
        assert_eq!([0, 86_400, 31_000_000].map(|seconds| may(&child, &family, seconds)), [true; 3]);
        // A child who has come of age is no longer among the subjects whom the parent manages.
        assert!(!may(&parent, std::slice::from_ref(&parent), 0) && !may(&stranger, std::slice::from_ref(&stranger), 0));
    }
}
