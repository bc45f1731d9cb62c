//! The pending submission of a session, and the last association that was made in the session.

use aws_sdk_dynamodb::{
    primitives::Blob,
    types::{AttributeValue, Update, builders::UpdateBuilder},
};
use domain::{
    CodeNumber, FileProfile, Moment, SubjectId,
    business::BusinessId,
    session,
    submission::{CodeState, FirstAssociation, may_associate_again},
    time::Span,
};
use serde::{Deserialize, Serialize};

use super::{
    CaseHandle, KEY, Session, Sessions,
    sealed_fields::{ASSOCIATED, SUBMISSION, seal},
    with_use,
};
use crate::{
    codes::ImageFacts,
    error::StorageError,
    table::{TTL_ATTRIBUTE, condition_is_met, key, moment},
    transaction::TransactWrite,
};

/// A code that was submitted and accepted but is not associated yet, with all data that is needed to associate it. Stored sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PendingSubmission {
    /// The subject as named in the request: `self`, or the handle of a minor.
    pub subject: String,
    pub subject_id: SubjectId,
    #[serde(with = "code_bytes")]
    pub code: CodeNumber,
    /// State of the code when it was submitted.
    pub state: CodeState,
    /// Number of dissociations of the code before it was submitted.
    #[serde(default)]
    pub dissociations: u32,
    pub set_id: String,
    pub profile: FileProfile,
    pub images: Vec<ImageFacts>,
    #[serde(with = "serde_bytes")]
    pub wrapped_key: Vec<u8>,
    pub business: BusinessId,
    pub upload_id: String,
    pub message_id: String,
    /// The subject of the code's first association. Absent if the code was never associated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_subject: Option<SubjectId>,
    /// When the first association was made. Absent in sessions written by an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_associated_at: Option<Moment>,
    pub issued_at: Moment,
    pub code_expires_at: Moment,
    /// Time of the submission. Absent if the subject had an association at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nothing_associated_at: Option<Moment>,
    /// Whether the person has confirmed that the photos are theirs.
    pub confirmed: bool,
    /// The case at a KEP in which the code was submitted. The submission is not visible in other cases, or when the clerk acts as a
    /// citizen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseHandle>,
}

/// Time for which `associate` relies on the finding of `submit_code` that the subject has no association. After this time, `associate`
/// looks up the association again before it copies the photos. The time is long enough for a person to look at the photos.
const ABSENCE_CHECK_VALID: Span = Span::minutes(10);

impl PendingSubmission {
    /// Returns whether `submit_code` found less than ten minutes ago that the subject has no association.
    pub fn subject_was_recently_unassociated(&self, now: Moment) -> bool {
        self.nothing_associated_at.is_some_and(|at| !now.has_reached(at.plus(ABSENCE_CHECK_VALID)))
    }

    /// Returns whether a person who acts for the subjects `managed` may associate the code now. If the code was associated before, the
    /// rules are checked again, because the result may have changed since the submission: a minor may have turned 18, or the period may
    /// have ended in which photos can be associated with another subject.
    pub fn may_be_associated(&self, managed: &[SubjectId], now: Moment) -> bool {
        match (&self.first_subject, self.first_associated_at) {
            (None, _) => true,
            (Some(subject), Some(at)) => may_associate_again(FirstAssociation { subject, at }, &self.subject_id, managed, now),
            (Some(subject), None) => *subject == self.subject_id && managed.contains(subject),
        }
    }

    /// Returns whether the photos were never associated, so that they are still stored under the pending prefix.
    pub fn is_first(&self) -> bool {
        self.state == CodeState::Issued
    }
}

/// The last association that was made in this session. It is used to recognise a repeated request for the same association. Does not
/// contain the code number. Stored sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Associated {
    pub subject_id: SubjectId,
    pub code_id: String,
}

mod code_bytes {
    use domain::CodeNumber;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(code: &CodeNumber, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&code.expose())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CodeNumber, D::Error> {
        CodeNumber::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl Sessions {
    /// Stores the pending submission, or removes it if `submission` is `None`. Returns `false` if the session has ended or was rotated.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn store_submission(
        &self,
        session: &Session,
        submission: Option<&PendingSubmission>,
        now: Moment,
    ) -> Result<bool, StorageError> {
        let update = self.update(session).expression_attribute_names("#submission", "submission");
        let update = match submission {
            Some(submission) => update
                .update_expression("SET #submission = :submission, #used = :now, #end = :end")
                .expression_attribute_values(":submission", sealed_submission(session, submission)?),
            None => update.update_expression("SET #used = :now, #end = :end REMOVE #submission"),
        };
        condition_is_met(with_use(update, session, now).send().await)
    }

    /// Builds the same write as [`Self::store_submission`] for a transaction. The transaction fails if the session has ended or was
    /// rotated.
    ///
    /// # Errors
    /// If sealing fails.
    pub fn store_submission_write(
        &self,
        session: &Session,
        submission: Option<&PendingSubmission>,
        now: Moment,
    ) -> Result<TransactWrite, StorageError> {
        let update = used_write(session, now).expression_attribute_names("#submission", "submission");
        let update = match submission {
            Some(submission) => update
                .update_expression("SET #submission = :submission, #used = :now, #end = :end")
                .expression_attribute_values(":submission", sealed_submission(session, submission)?),
            None => update.update_expression("SET #used = :now, #end = :end REMOVE #submission"),
        };
        self.0.update_write(update)
    }

    /// Builds the same write as [`Self::confirm`] for a transaction. The transaction fails if the submission has changed since the session
    /// was read, or if the session has ended or was rotated.
    ///
    /// # Errors
    /// If sealing fails.
    pub fn confirm_write(&self, session: &Session, confirmed: &PendingSubmission, now: Moment) -> Result<TransactWrite, StorageError> {
        let update = used_write(session, now)
            .update_expression("SET #submission = :submission, #used = :now, #end = :end")
            .condition_expression("attribute_exists(#key) AND attribute_not_exists(#successor) AND #submission = :read")
            .expression_attribute_names("#submission", "submission")
            .expression_attribute_values(":submission", sealed_submission(session, confirmed)?)
            .expression_attribute_values(":read", submission_as_read(session));
        self.0.update_write(update)
    }

    /// Replaces the pending submission by the confirmed one. Returns `false` if the submission has changed since the session was read, or
    /// if the session has ended or was rotated.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn confirm(&self, session: &Session, confirmed: &PendingSubmission, now: Moment) -> Result<bool, StorageError> {
        let update = self
            .update(session)
            .update_expression("SET #submission = :submission, #used = :now, #end = :end")
            .expression_attribute_names("#submission", "submission")
            .expression_attribute_values(":submission", sealed_submission(session, confirmed)?)
            .expression_attribute_values(":read", submission_as_read(session));
        // `OR #submission = :submission` makes a retry by the SDK succeed if an earlier try has already stored this submission.
        let update = with_use(update, session, now).condition_expression(
            "attribute_exists(#key) AND attribute_not_exists(#successor) AND (#submission = :read OR #submission = :submission)",
        );
        condition_is_met(update.send().await)
    }

    /// Builds the write that replaces the pending submission by its association. The session then no longer contains the code number. To
    /// use the code again, the person must submit it again. The transaction fails if the submission has changed since the session was read.
    ///
    /// # Errors
    /// If sealing fails.
    pub fn associated_write(&self, session: &Session, associated: &Associated) -> Result<TransactWrite, StorageError> {
        let update = Update::builder()
            .set_key(Some(key(KEY, &session.token.session_id())))
            .update_expression("SET #associated = :associated REMOVE #submission")
            .condition_expression("attribute_exists(#key) AND attribute_not_exists(#successor) AND #submission = :read")
            .expression_attribute_names("#key", KEY)
            .expression_attribute_names("#successor", "successor")
            .expression_attribute_names("#associated", "associated")
            .expression_attribute_names("#submission", "submission")
            .expression_attribute_values(":read", submission_as_read(session))
            .expression_attribute_values(":associated", AttributeValue::B(Blob::new(seal(&session.token.key(), ASSOCIATED, associated)?)));
        self.0.update_write(update)
    }

    /// Removes the pending submission. Returns `false` if another submission has replaced it since the session was read, or if the session
    /// has ended or was rotated.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn remove_submission(&self, session: &Session) -> Result<bool, StorageError> {
        let update = self
            .update(session)
            .update_expression("REMOVE #submission")
            // `OR attribute_not_exists(#submission)` makes a retry by the SDK succeed if an earlier try has already removed the submission.
            .condition_expression(
                "attribute_exists(#key) AND attribute_not_exists(#successor) AND (#submission = :read OR attribute_not_exists(#submission))",
            )
            .expression_attribute_names("#successor", "successor")
            .expression_attribute_names("#submission", "submission")
            .expression_attribute_values(":read", submission_as_read(session));
        condition_is_met(update.send().await)
    }
}

/// Begins an update for a transaction, with the values and the condition of [`with_use`].
fn used_write(session: &Session, now: Moment) -> UpdateBuilder {
    Update::builder()
        .set_key(Some(key(KEY, &session.token.session_id())))
        .condition_expression("attribute_exists(#key) AND attribute_not_exists(#successor)")
        .expression_attribute_names("#key", KEY)
        .expression_attribute_names("#successor", "successor")
        .expression_attribute_names("#used", "used_at")
        .expression_attribute_names("#end", TTL_ATTRIBUTE)
        .expression_attribute_values(":now", moment(now))
        .expression_attribute_values(":end", moment(session::ends_at(now, session.hard_end)))
}

fn sealed_submission(session: &Session, submission: &PendingSubmission) -> Result<AttributeValue, StorageError> {
    Ok(AttributeValue::B(Blob::new(seal(&session.token.key(), SUBMISSION, submission)?)))
}

/// Returns the value with which a condition compares the sealed submission. This is the sealed submission as it was read. If there was
/// none, the value differs from all sealed data, so that the comparison fails. It is not empty, because older versions of DynamoDB Local
/// reject empty values.
fn submission_as_read(session: &Session) -> AttributeValue {
    AttributeValue::B(Blob::new(session.sealed_submission.as_deref().unwrap_or(&[0])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sessions::Business;

    /// A submission that an older version stored lacks both the time of the first association and the time at which the subject had no
    /// association.
    #[test]
    fn a_submission_written_by_an_older_version_is_read() {
        let old_submission = serde_json::json!({
            "subject": "self", "subject_id": "s", "code": domain::CodeNumber::from_bytes([3; 16]).expose(), "state": "issued", "set_id": "s",
            "profile": "standard", "images": [], "wrapped_key": [1], "business": "b", "upload_id": "u", "message_id": "m", "issued_at": 1,
            "code_expires_at": 2, "confirmed": true,
        });
        let read: PendingSubmission = serde_json::from_value(old_submission).unwrap();
        let moment = Moment::from_epoch_seconds;
        assert!(read.is_first() && read.confirmed && !read.subject_was_recently_unassociated(moment(1)));
        assert_eq!(read.dissociations, 0);
        // If the time of the first association is unknown, only the first subject may associate the code again, but without a time limit.
        let subject = |name: &str| serde_json::from_value::<SubjectId>(serde_json::json!(name)).unwrap();
        let again = PendingSubmission { first_subject: Some(subject("child")), ..read.clone() };
        let managed = [subject("s"), subject("child")];
        assert!(read.may_be_associated(&managed, moment(1)) && !again.may_be_associated(&managed, moment(1)));
        let own = PendingSubmission { first_subject: Some(subject("s")), ..read.clone() };
        assert!(own.may_be_associated(&managed, moment(1)) && !own.may_be_associated(&managed[1..], moment(1)));
        let business: Business = serde_json::from_value(serde_json::json!({ "id": "b", "name": "Φως" })).unwrap();
        assert_eq!((business.member, business.staff), (None, None));
        let checked = PendingSubmission { nothing_associated_at: Some(moment(1_000)), ..read };
        assert_eq!([1_000, 1_599, 1_600].map(|at| checked.subject_was_recently_unassociated(moment(at))), [true, true, false]);
    }
}
