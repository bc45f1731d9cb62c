//! What a code number that somebody enters leads to.

use serde::{Deserialize, Serialize};

use crate::{identity::SubjectId, time::Moment};

/// Where a code stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CodeState {
    /// Sent to somebody, associated with nobody yet.
    Issued,
    Associated,
    /// Associated once; may be associated again by whoever manages the first subject, until its year is over.
    Dissociated,
}

/// What is known of a code when it is entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeFacts<'a> {
    pub state: CodeState,
    pub expires_at: Moment,
    /// The subject of the first association.
    pub first_subject: Option<&'a SubjectId>,
    /// The subject for whom it is associated now.
    pub subject: Option<&'a SubjectId>,
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
        CodeState::Dissociated if code.first_subject.is_some_and(|first| managed.contains(first)) => Submission::Accepted,
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
        let code = |state, first, subject| CodeFacts { state, expires_at: now.plus(Span::seconds(1)), first_subject: first, subject };
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
            let facts = CodeFacts { state, expires_at: now, first_subject: Some(&mine), subject: Some(&mine) };
            assert_eq!(decide(Some(&facts), &mine, std::slice::from_ref(&mine), now), Submission::NotActive);
        }
    }
}
