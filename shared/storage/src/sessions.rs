//! The table `Sessions`. The key of a session is the SHA-256 of its token. Personal and secret attributes are sealed with a key derived
//! from the token, so that a copy of the table does not reveal them.

mod case;
mod minors;
mod otp;
mod person;
mod rejections;
mod sealed_fields;
mod submission;

use std::collections::HashSet;

use aws_sdk_dynamodb::{
    Client,
    operation::update_item::builders::UpdateItemFluentBuilder,
    primitives::Blob,
    types::{AttributeValue, Update},
};
use domain::{
    Moment, SubjectId,
    business::BusinessId,
    consent::PERSONAL_DATA_VERSION,
    kep::OfficeId,
    session::{self, Role, Stage},
    without_face::Rejections,
};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use self::sealed_fields::{ASSOCIATED, CASE, MINORS, PERSON, REJECTIONS, SUBMISSION, SUCCESSOR, open, open_successor, seal};
pub use self::{
    case::{Case, CaseHandle, CasePerson, LastCase},
    minors::Minor,
    otp::{AwaitedOtp, Try},
    person::{Business, ClerkOffice, Person},
    submission::{Associated, PendingSubmission},
};
use crate::{
    error::{StorageError, failed},
    sealing::SessionToken,
    table::{TTL_ATTRIBUTE, Table, condition_is_met, key, moment, text, to_item},
    transaction::TransactWrite,
};

const KEY: &str = "session_id";

/// Lists the functions that update a session. For each function, lists the attributes in the key, the condition and the update expression.
///
/// IAM allows each function only the attributes of the updates that it makes (template.yaml), so that a compromised function cannot, for
/// example, add minors to a session. Attributes in conditions are listed too, because IAM does not distinguish them from attributes that
/// are written.
pub const UPDATE_ATTRIBUTES: [(&str, &[&str]); 21] = [
    ("touch", &[KEY, TTL_ATTRIBUTE, "successor", "used_at"]),
    ("rotate_write", &[KEY, TTL_ATTRIBUTE, "successor", "tries"]),
    ("note_try", &[KEY, "tries"]),
    ("replace_otp", &[KEY, "otp"]),
    ("choose_role", &[KEY, TTL_ATTRIBUTE, "case", "role", "submission", "successor", "used_at"]),
    ("agree", &[KEY, TTL_ATTRIBUTE, "consent", "successor", "used_at"]),
    ("store_submission", &[KEY, TTL_ATTRIBUTE, "submission", "successor", "used_at"]),
    ("confirm", &[KEY, TTL_ATTRIBUTE, "submission", "successor", "used_at"]),
    ("store_submission_write", &[KEY, TTL_ATTRIBUTE, "submission", "successor", "used_at"]),
    ("confirm_write", &[KEY, TTL_ATTRIBUTE, "submission", "successor", "used_at"]),
    ("associated_write", &[KEY, "associated", "submission", "successor"]),
    ("remove_submission", &[KEY, "submission", "successor"]),
    ("open_case_write", &[KEY, TTL_ATTRIBUTE, "associated", "case", "case_tries", "minors", "role", "submission", "successor", "used_at"]),
    ("note_case_try", &[KEY, "case_tries"]),
    ("replace_case", &[KEY, "case", "successor"]),
    ("replace_case_write", &[KEY, "case", "successor"]),
    ("close_case_write", &[KEY, "associated", "case", "case_tries", "minors", "submission", "successor"]),
    ("set_minors", &[KEY, "minors", "successor"]),
    ("set_minors_write", &[KEY, "minors", "successor"]),
    ("set_rejections", &[KEY, "rejections", "successor"]),
    ("remove_rejections_write", &[KEY, "rejections", "successor"]),
];

/// The attributes of a new session. IAM allows no other attributes in `PutItem`, so that nobody can create a session that already contains
/// minors.
pub const NEW_SESSION_ATTRIBUTES: [&str; 9] = ["consent", TTL_ATTRIBUTE, "hard_end", "otp", "person", "role", KEY, "subject_id", "used_at"];

#[derive(Debug, Clone, Serialize, Deserialize)]
struct SessionItem {
    session_id: String,
    subject_id: SubjectId,
    hard_end: Moment,
    expires_at: Moment,
    used_at: Moment,
    /// Absent once the correct one-time password was entered.
    #[serde(skip_serializing_if = "Option::is_none")]
    otp: Option<AwaitedOtp>,
    /// IDs of the attempts to enter the one-time password. They are a set, so that a repeated write is counted once.
    #[serde(skip_serializing_if = "Option::is_none")]
    tries: Option<HashSet<String>>,
    /// The session's new token, sealed. Absent if the session was not rotated. It is stored for a browser that did not receive the response
    /// with the new token.
    #[serde(skip_serializing_if = "Option::is_none")]
    successor: Option<ByteBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    /// Version of the text on personal data to which the person agreed.
    #[serde(skip_serializing_if = "Option::is_none")]
    consent: Option<String>,
    #[serde(with = "serde_bytes")]
    person: Vec<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    submission: Option<ByteBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    associated: Option<ByteBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minors: Option<ByteBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejections: Option<ByteBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<ByteBuf>,
    /// IDs of the attempts to enter the one-time password of the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    case_tries: Option<HashSet<String>>,
}

/// A session as it was read, with the sealed attributes opened.
#[derive(Debug, Clone)]
pub struct Session {
    pub token: SessionToken,
    pub subject_id: SubjectId,
    pub hard_end: Moment,
    pub expires_at: Moment,
    pub used_at: Moment,
    pub otp: Option<AwaitedOtp>,
    pub tries: usize,
    /// The token that has replaced this one, if the session was rotated.
    pub successor: Option<SessionToken>,
    pub role: Option<Role>,
    pub consent: Option<String>,
    pub person: Person,
    pub submission: Option<PendingSubmission>,
    pub associated: Option<Associated>,
    pub minors: Vec<Minor>,
    /// The uploads that were rejected in this session because no face was found.
    pub rejections: Rejections,
    /// The open case of a KEP clerk or, if none is open, the last one.
    pub case: Option<LastCase>,
    /// Number of attempts to enter the one-time password of the case.
    pub case_tries: usize,
    /// The sealed attributes as they were read, for the conditions of updates.
    sealed_submission: Option<Vec<u8>>,
    sealed_minors: Option<Vec<u8>>,
    sealed_rejections: Option<Vec<u8>>,
    sealed_case: Option<Vec<u8>>,
}

impl Session {
    /// Creates the session of a person who has just signed in with TAXISnet.
    pub fn begin(token: SessionToken, subject_id: SubjectId, person: Person, now: Moment) -> Self {
        let hard_end = now.plus(session::DURATION_MAX);
        let role = (person.businesses.is_empty() && person.offices.is_empty()).then_some(Role::Citizen);
        Self {
            token,
            subject_id,
            hard_end,
            expires_at: session::ends_at(now, hard_end),
            used_at: now,
            otp: None,
            tries: 0,
            successor: None,
            role,
            consent: None,
            person,
            submission: None,
            associated: None,
            minors: Vec::new(),
            rejections: Rejections::default(),
            case: None,
            case_tries: 0,
            sealed_submission: None,
            sealed_minors: None,
            sealed_rejections: None,
            sealed_case: None,
        }
    }

    /// Returns the step that the person must complete next.
    pub fn stage(&self) -> Stage {
        if self.otp.is_some() {
            return Stage::Otp;
        }
        session::stage(self.role.as_ref(), self.consent.as_deref() == Some(PERSONAL_DATA_VERSION))
    }

    /// Returns the business with this ID, if the person may act for it.
    pub fn business(&self, id: &BusinessId) -> Option<&Business> {
        self.person.businesses.iter().find(|business| business.id == *id)
    }

    /// Returns the office with this ID, if the person is an authorised clerk there.
    pub fn office(&self, id: &OfficeId) -> Option<&ClerkOffice> {
        self.person.offices.iter().find(|own| own.office.id == *id)
    }

    /// Returns whether the time of the last use must be updated. It is updated at most once a minute.
    pub fn touch_is_due(&self, now: Moment) -> bool {
        now.has_reached(self.used_at.plus(session::TOUCH_INTERVAL))
    }
}

#[derive(Debug, Clone)]
pub struct Sessions(Table);

impl Sessions {
    pub const fn new(client: Client, table: String) -> Self {
        Self(Table::new(client, table))
    }

    /// Reads the session of a token. Returns `None` if it is absent or has expired.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn load(&self, token: &SessionToken, now: Moment) -> Result<Option<Session>, StorageError> {
        let id = token.session_id();
        let Some(item) = self.0.get::<SessionItem>(key(KEY, &id), now).await? else {
            return Ok(None);
        };
        if now.has_reached(item.hard_end) {
            return Ok(None);
        }
        let sealing = token.key();
        let case = item.case.as_ref().map(|sealed| open(&sealing, CASE, sealed)).transpose()?;
        // Omits minors and a submission that belong to an earlier case, so that the clerk does not see them in the case of the next person.
        // The item can still contain them, because they were not removed, or because a slow request of the earlier case wrote them after
        // that case had ended.
        let belongs = |written_in: Option<&CaseHandle>| case::belongs(item.role.as_ref(), case.as_ref(), written_in);
        let submission: Option<PendingSubmission> =
            item.submission.as_ref().map(|sealed| open(&sealing, SUBMISSION, sealed)).transpose()?;
        let minors: Option<Vec<Minor>> = item.minors.as_ref().map(|sealed| open(&sealing, MINORS, sealed)).transpose()?;
        Ok(Some(Session {
            subject_id: item.subject_id,
            hard_end: item.hard_end,
            expires_at: item.expires_at,
            used_at: item.used_at,
            otp: item.otp,
            tries: item.tries.map_or(0, |tries| tries.len()),
            successor: item.successor.map(|sealed| open_successor(&sealing, &sealed)).transpose()?,
            consent: item.consent,
            person: open(&sealing, PERSON, &item.person)?,
            submission: submission.filter(|submission| belongs(submission.case.as_ref())),
            associated: item.associated.map(|sealed| open(&sealing, ASSOCIATED, &sealed)).transpose()?,
            minors: minors.unwrap_or_default().into_iter().filter(|minor| belongs(minor.case.as_ref())).collect(),
            rejections: item.rejections.as_ref().map(|sealed| open(&sealing, REJECTIONS, sealed)).transpose()?.unwrap_or_default(),
            sealed_submission: item.submission.map(ByteBuf::into_vec),
            sealed_minors: item.minors.map(ByteBuf::into_vec),
            sealed_rejections: item.rejections.map(ByteBuf::into_vec),
            sealed_case: item.case.map(ByteBuf::into_vec),
            case_tries: item.case_tries.map_or(0, |tries| tries.len()),
            role: item.role,
            case,
            token: token.clone(),
        }))
    }

    /// Stores a new session.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn start(&self, session: &Session, now: Moment) -> Result<(), StorageError> {
        self.0.put_new(to_item(&sealed(session)?)?, KEY, now).await.map(|_| ())
    }

    /// Builds the write that stores a session under its new token.
    ///
    /// # Errors
    /// If sealing fails.
    pub fn put_write(&self, session: &Session) -> Result<TransactWrite, StorageError> {
        self.0.put_new_write(to_item(&sealed(session)?)?, KEY)
    }

    /// Builds the write that marks the old session as rotated. Until `ends_at`, the item of the old session then contains the new token.
    /// The transaction fails if the session has ended or was already rotated. `correct_try` is the ID of the attempt with the correct
    /// one-time password.
    ///
    /// # Errors
    /// If sealing fails.
    pub fn rotate_write(
        &self,
        old: &Session,
        correct_try: &str,
        successor: &SessionToken,
        ends_at: Moment,
    ) -> Result<TransactWrite, StorageError> {
        let pointer = old.token.key().seal(SUCCESSOR, successor.expose().as_bytes())?;
        let update = Update::builder()
            .set_key(Some(key(KEY, &old.token.session_id())))
            // The attempt with the correct password is removed from the count. If its response is lost, the caller can then repeat the
            // attempt.
            .update_expression("SET #successor = :successor, #end = :end DELETE #tries :correct")
            .condition_expression("attribute_exists(#key) AND attribute_not_exists(#successor)")
            .expression_attribute_names("#key", KEY)
            .expression_attribute_names("#successor", "successor")
            .expression_attribute_names("#tries", "tries")
            .expression_attribute_names("#end", TTL_ATTRIBUTE)
            .expression_attribute_values(":correct", AttributeValue::Ss(vec![correct_try.to_owned()]))
            .expression_attribute_values(":successor", AttributeValue::B(Blob::new(pointer)))
            .expression_attribute_values(":end", moment(ends_at));
        self.0.update_write(update)
    }

    /// Stores the version of the text on personal data to which the person agreed. Returns `false` if the session has ended or was rotated.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn agree(&self, session: &Session, version: &str, now: Moment) -> Result<bool, StorageError> {
        let update = self
            .update(session)
            .update_expression("SET #consent = :version, #used = :now, #end = :end")
            .expression_attribute_names("#consent", "consent")
            .expression_attribute_values(":version", text(version));
        condition_is_met(with_use(update, session, now).send().await)
    }

    /// Updates the time of the last use and the expiry. Returns `false` if the session has ended or was rotated.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn touch(&self, session: &Session, now: Moment) -> Result<bool, StorageError> {
        let update = self.update(session).update_expression("SET #used = :now, #end = :end");
        condition_is_met(with_use(update, session, now).send().await)
    }

    /// Deletes the session. It is not an error if it has already ended.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn end(&self, token: &SessionToken) -> Result<(), StorageError> {
        self.0
            .client
            .delete_item()
            .table_name(&self.0.name)
            .set_key(Some(key(KEY, &token.session_id())))
            .send()
            .await
            .map(|_| ())
            .map_err(failed("DeleteItem"))
    }

    fn update(&self, session: &Session) -> UpdateItemFluentBuilder {
        self.0
            .client
            .update_item()
            .table_name(&self.0.name)
            .set_key(Some(key(KEY, &session.token.session_id())))
            .expression_attribute_names("#key", KEY)
    }
}

/// Adds the values of the last use and of the expiry to an update, and the condition that the session has neither ended nor been rotated.
/// The condition prevents the update from creating a deleted session again.
fn with_use(update: UpdateItemFluentBuilder, session: &Session, now: Moment) -> UpdateItemFluentBuilder {
    update
        .condition_expression("attribute_exists(#key) AND attribute_not_exists(#successor)")
        .expression_attribute_names("#successor", "successor")
        .expression_attribute_names("#used", "used_at")
        .expression_attribute_names("#end", TTL_ATTRIBUTE)
        .expression_attribute_values(":now", moment(now))
        .expression_attribute_values(":end", moment(session::ends_at(now, session.hard_end)))
}

/// Builds the item that is stored for a new session or for a session's new token. The person and the pending submission are sealed under a
/// key derived from the token.
fn sealed(session: &Session) -> Result<SessionItem, StorageError> {
    let key = session.token.key();
    Ok(SessionItem {
        session_id: session.token.session_id(),
        subject_id: session.subject_id.clone(),
        hard_end: session.hard_end,
        expires_at: session.expires_at,
        used_at: session.used_at,
        otp: session.otp.clone(),
        tries: None,
        successor: None,
        role: session.role.clone(),
        consent: session.consent.clone(),
        person: seal(&key, PERSON, &session.person)?,
        submission: session.submission.as_ref().map(|submission| seal(&key, SUBMISSION, submission).map(ByteBuf::from)).transpose()?,
        // These fields are set only after the one-time password was verified.
        associated: None,
        minors: None,
        rejections: None,
        case: None,
        case_tries: None,
    })
}
