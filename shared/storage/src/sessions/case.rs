//! The case of a KEP clerk: the person at the counter, for whom the clerk acts.
//!
//! A session has one case at a time. In URLs the case is named by its handle. Minors and the pending submission are stored in separate
//! attributes, which contain the handle of the case in which they were written. They are ignored in all other cases.

use aws_sdk_dynamodb::{
    primitives::Blob,
    types::{AttributeValue, Delete, Update},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    Afm, GreekMobile, Language, Moment, SubjectId,
    consent::PERSONAL_DATA_VERSION,
    kep::{self, ApplicationNumber, CaseStage, Document, Office, PresenceProof},
    session::{self, Role},
};
use serde::{Deserialize, Serialize};

use super::{
    AwaitedOtp, KEY, Session, Sessions, Try,
    sealed_fields::{CASE, seal},
    with_use,
};
use crate::{
    error::StorageError,
    history::AtKep,
    reminders::cases::SealedCaseMessage,
    table::{TTL_ATTRIBUTE, condition_is_met, key, moment},
    transaction::TransactWrite,
};

/// The random name of a case in URLs: 128 bits in unpadded URL-safe base64. In URLs with `{subject}`, this name stands for the person at
/// the counter. A browser tab that still shows an earlier case sends the name of that case, so it cannot act for the next person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CaseHandle(String);

impl CaseHandle {
    /// Generates a random value.
    ///
    /// # Errors
    /// If the operating system provides no random bytes.
    pub fn random() -> Result<Self, StorageError> {
        Ok(Self(URL_SAFE_NO_PAD.encode(aws::random_bytes::<16>()?)))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The open case of a clerk or, if none is open, the last one. Stored sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LastCase {
    /// The clerk has not closed the case. It may have expired.
    Open(Box<Case>),
    /// The clerk has closed the case. Nothing about the person remains.
    Closed(CaseHandle),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Case {
    pub handle: CaseHandle,
    /// Sort key of the case's record in the history of the person.
    pub record: String,
    pub office: Office,
    pub application_number: ApplicationNumber,
    pub document: Document,
    /// The language of the SMS to the person. It is Greek if the case was stored without a language.
    #[serde(default)]
    pub language: Language,
    pub person: CasePerson,
    pub proof: PresenceProof,
    /// When the person's presence was proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven_at: Option<Moment>,
    /// The one-time password that the person is to enter. Absent after the correct password was entered, and if the clerk declares the
    /// person's presence instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otp: Option<AwaitedOtp>,
    /// Version of the text on personal data to which the person agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<String>,
    /// Office, application number and clerk, sealed. All records that are written in the case contain this value.
    pub at_kep: AtKep,
    /// The message that the person gets when the case ends. Absent until the person's presence is proven, and absent for a person without a
    /// mobile number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<SealedCaseMessage>,
    pub opened_at: Moment,
    pub expires_at: Moment,
}

/// The person at the counter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CasePerson {
    pub subject_id: SubjectId,
    pub first_name: String,
    pub last_name: String,
    /// The birth date in the registers, as `YYYY-MM-DD`.
    pub birth_date: String,
    /// Absent if the person has no AFM. The registers cannot confirm custody for such a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub afm: Option<Afm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile: Option<GreekMobile>,
}

impl Case {
    pub fn stage(&self) -> CaseStage {
        kep::stage(self.proven_at.is_some(), self.consent.as_deref() == Some(PERSONAL_DATA_VERSION))
    }
}

impl LastCase {
    pub const fn handle(&self) -> &CaseHandle {
        match self {
            Self::Open(case) => &case.handle,
            Self::Closed(handle) => handle,
        }
    }
}

impl Session {
    /// Returns the case in which the clerk acts now. Returns `None` if the case has ended, or if the person does not act as a clerk of the
    /// case's office now.
    pub fn open_case(&self, now: Moment) -> Option<&Case> {
        match (&self.role, &self.case) {
            (Some(Role::KepClerk { office }), Some(LastCase::Open(case))) => {
                Some(&**case).filter(|case| case.office.id == *office && !now.has_reached(case.expires_at))
            }
            (Some(Role::Citizen | Role::Photographer { .. } | Role::KepClerk { .. }) | None, _) => None,
        }
    }
}

/// Returns whether a minor or submission is visible to a person with this role and case. `written_in` is the case in which the minor or
/// submission was written. It is `None` if the minor or submission was written outside of cases.
pub(super) fn belongs(role: Option<&Role>, last: Option<&LastCase>, written_in: Option<&CaseHandle>) -> bool {
    match (role, last) {
        (Some(Role::KepClerk { .. }), Some(LastCase::Open(case))) => written_in == Some(&case.handle),
        (Some(Role::KepClerk { .. }), Some(LastCase::Closed(_)) | None) => false,
        (Some(Role::Citizen | Role::Photographer { .. }) | None, _) => written_in.is_none(),
    }
}

impl Sessions {
    /// Builds the write that stores a new case and removes all data of the previous case. The transaction fails if the session has ended or
    /// was rotated, or if its case or role has changed since it was read. Therefore only one of two concurrent requests can open a case,
    /// and no case is opened if another request has changed the role in the meantime.
    ///
    /// # Errors
    /// If sealing fails, or if the session has no role.
    pub fn open_case_write(&self, session: &Session, case: Case, now: Moment) -> Result<TransactWrite, StorageError> {
        let role = session.role.as_ref().ok_or(StorageError::Corrupt("a case in a session without a role"))?;
        let update = self
            .case_update(session)
            .condition_expression(format!("{} AND #role = :role", case_is_as_read(session)))
            .expression_attribute_names("#role", "role")
            .expression_attribute_values(":role", role_value(role)?)
            .update_expression("SET #case = :case, #used = :now, #end = :end REMOVE #tries, #minors, #submission, #associated")
            .expression_attribute_names("#tries", "case_tries")
            .expression_attribute_names("#minors", "minors")
            .expression_attribute_names("#submission", "submission")
            .expression_attribute_names("#associated", "associated")
            .expression_attribute_names("#used", "used_at")
            .expression_attribute_names("#end", TTL_ATTRIBUTE)
            .expression_attribute_values(":case", sealed_case(session, &LastCase::Open(Box::new(case)))?)
            .expression_attribute_values(":now", moment(now))
            .expression_attribute_values(":end", moment(session::ends_at(now, session.hard_end)));
        self.0.update_write(update)
    }

    /// Stores the role that the person has chosen. Returns `false` if the session has ended or was rotated. Also returns `false` if its
    /// case has changed since it was read, because a case must not remain open in another role.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn choose_role(&self, session: &Session, role: &Role, now: Moment) -> Result<bool, StorageError> {
        let update = self
            .update(session)
            // The pending submission is removed, because it belongs to the previous role.
            .update_expression("SET #role = :role, #used = :now, #end = :end REMOVE #submission")
            .expression_attribute_names("#role", "role")
            .expression_attribute_names("#case", "case")
            .expression_attribute_names("#submission", "submission")
            .expression_attribute_values(":role", role_value(role)?);
        let update = with_use(update, session, now).condition_expression(case_is_as_read(session));
        let update = match &session.sealed_case {
            Some(_) => update.expression_attribute_values(":read", case_as_read(session)),
            None => update,
        };
        condition_is_met(update.send().await)
    }

    /// Counts an attempt to enter the one-time password of the case, as [`Self::note_try`] does for the one-time password of the sign-in.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn note_case_try(&self, session: &Session, try_id: &str, limit: u32) -> Result<Try, StorageError> {
        self.count_try(session, "case_tries", try_id, limit).await
    }

    /// Stores a new state of the open case. Returns `false` if the case has changed since the session was read, or if the session has ended
    /// or was rotated.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn replace_case(&self, session: &Session, case: Case) -> Result<bool, StorageError> {
        let update = self
            .update(session)
            .update_expression("SET #case = :case")
            // `OR #case = :case` makes a retry by the SDK succeed if an earlier try has already stored this case.
            .condition_expression("attribute_exists(#key) AND attribute_not_exists(#successor) AND (#case = :read OR #case = :case)")
            .expression_attribute_names("#successor", "successor")
            .expression_attribute_names("#case", "case")
            .expression_attribute_values(":case", sealed_case(session, &LastCase::Open(Box::new(case)))?)
            .expression_attribute_values(":read", case_as_read(session));
        condition_is_met(update.send().await)
    }

    /// Builds the write that stores a new state of the open case. The transaction fails if the case has changed since the session was read,
    /// or if the session has ended or was rotated.
    ///
    /// # Errors
    /// If sealing fails.
    pub fn replace_case_write(&self, session: &Session, case: Case) -> Result<TransactWrite, StorageError> {
        let update = self
            .case_update(session)
            .update_expression("SET #case = :case")
            .expression_attribute_values(":case", sealed_case(session, &LastCase::Open(Box::new(case)))?);
        self.0.update_write(update)
    }

    /// Builds the write that removes everything about the person at the counter. Only the handle of the case remains, for repeated
    /// requests. The transaction fails if the case has changed since the session was read, or if the session has ended or was rotated.
    ///
    /// # Errors
    /// If sealing fails.
    pub fn close_case_write(&self, session: &Session, handle: &CaseHandle) -> Result<TransactWrite, StorageError> {
        let update = self
            .case_update(session)
            .update_expression("SET #case = :case REMOVE #tries, #minors, #submission, #associated")
            .expression_attribute_names("#tries", "case_tries")
            .expression_attribute_names("#minors", "minors")
            .expression_attribute_names("#submission", "submission")
            .expression_attribute_names("#associated", "associated")
            .expression_attribute_values(":case", sealed_case(session, &LastCase::Closed(handle.clone()))?);
        self.0.update_write(update)
    }

    /// Builds the write that deletes a session with its case. The transaction fails if the case has changed since the session was read, or
    /// if the session has ended.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn end_with_case_write(&self, session: &Session) -> Result<TransactWrite, StorageError> {
        let delete = Delete::builder()
            .set_key(Some(key(KEY, &session.token.session_id())))
            .condition_expression("#case = :read")
            .expression_attribute_names("#case", "case")
            .expression_attribute_values(":read", case_as_read(session));
        self.0.delete_write(delete)
    }

    /// Begins an update of the case for a transaction, with the condition that the case has not changed since the session was read.
    fn case_update(&self, session: &Session) -> aws_sdk_dynamodb::types::builders::UpdateBuilder {
        let update = Update::builder()
            .set_key(Some(key(KEY, &session.token.session_id())))
            .expression_attribute_names("#key", KEY)
            .expression_attribute_names("#successor", "successor")
            .expression_attribute_names("#case", "case");
        let update = update.condition_expression(case_is_as_read(session));
        match &session.sealed_case {
            Some(_) => update.expression_attribute_values(":read", case_as_read(session)),
            None => update,
        }
    }
}

/// Returns the condition that the case has not changed since the session was read, and that the session has neither ended nor been rotated.
const fn case_is_as_read(session: &Session) -> &'static str {
    match &session.sealed_case {
        Some(_) => "attribute_exists(#key) AND attribute_not_exists(#successor) AND #case = :read",
        None => "attribute_exists(#key) AND attribute_not_exists(#successor) AND attribute_not_exists(#case)",
    }
}

fn role_value(role: &Role) -> Result<AttributeValue, StorageError> {
    serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(role).map_err(|_| StorageError::Corrupt("a role"))
}

/// Returns the value with which a condition compares the sealed case. This is the sealed case as it was read. If the session had no case,
/// the value differs from all sealed data, so that the comparison fails.
fn case_as_read(session: &Session) -> AttributeValue {
    AttributeValue::B(Blob::new(session.sealed_case.as_deref().unwrap_or(&[0])))
}

fn sealed_case(session: &Session, case: &LastCase) -> Result<AttributeValue, StorageError> {
    Ok(AttributeValue::B(Blob::new(seal(&session.token.key(), CASE, case)?)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_case_that_was_stored_without_a_language_is_greek() {
        let mut stored = json!({
            "handle": "h", "record": "case#1", "office": { "id": "k1", "name": "ΚΕΠ" }, "application_number": "1", "proof": "otp",
            "document": { "kind": "passport", "last_four": "1234" }, "at_kep": { "seal": "s", "sealed": "s" }, "opened_at": 1, "expires_at": 2,
            "person": { "subject_id": "s", "first_name": "Άννα", "last_name": "Παπαδοπούλου", "birth_date": "1990-05-17" },
        });
        assert_eq!(serde_json::from_value::<Case>(stored.clone()).unwrap().language, Language::El);
        stored["language"] = json!("en");
        let case: Case = serde_json::from_value(stored).unwrap();
        assert_eq!((case.language, &serde_json::to_value(&case).unwrap()["language"]), (Language::En, &json!("en")));
    }
}
