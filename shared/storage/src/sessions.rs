//! Sessions: the key is the SHA-256 of the token; all that is personal or secret is sealed under a key of the token.

use aws_sdk_dynamodb::{
    Client,
    primitives::Blob,
    types::{AttributeValue, Update},
};
use domain::{
    Afm, Amka, CodeNumber, FileProfile, GreekMobile, Moment, Paaypa, SubjectId,
    business::BusinessId,
    consent::PERSONAL_DATA_VERSION,
    minor::BirthDate,
    session::{self, Role, Stage},
    staff::{EmployeeId, MemberId},
    submission::{CodeState, FirstAssociation, may_associate_again},
    time::Span,
};
use serde::{Deserialize, Serialize};

use crate::{
    codes::ImageFacts,
    error::{StorageError, failed},
    sealing::{SealingKey, SessionToken},
    table::{TTL_ATTRIBUTE, Table, condition_held, key, moment, text, to_item},
    transaction::TransactWrite,
};

const KEY: &str = "session_id";

/// The attributes that each update of a session names in its key, condition or expression.
///
/// IAM allows each function the attributes of the updates it makes and no others (template.yaml), so that a function that was taken
/// over cannot, for example, add minors to its own session. IAM does not tell an attribute of a condition from one that is written.
pub const UPDATES: [(&str, &[&str]); 11] = [
    ("touch", &[KEY, TTL_ATTRIBUTE, "successor", "used_at"]),
    ("rotate_write", &[KEY, TTL_ATTRIBUTE, "successor", "tries"]),
    ("note_try", &[KEY, "tries"]),
    ("replace_otp", &[KEY, "otp"]),
    ("choose_role", &[KEY, TTL_ATTRIBUTE, "role", "submission", "successor", "used_at"]),
    ("agree", &[KEY, TTL_ATTRIBUTE, "consent", "successor", "used_at"]),
    ("hold", &[KEY, TTL_ATTRIBUTE, "submission", "successor", "used_at"]),
    ("confirm", &[KEY, TTL_ATTRIBUTE, "submission", "successor", "used_at"]),
    ("associated_write", &[KEY, "associated", "submission", "successor"]),
    ("forget_submission", &[KEY, "submission", "successor"]),
    ("set_minors", &[KEY, "minors", "successor"]),
];

/// The attributes of a new session. IAM allows no others when a session is put, so that none begins with minors.
pub const FRESH: [&str; 9] = ["consent", TTL_ATTRIBUTE, "hard_end", "otp", "person", "role", KEY, "subject_id", "used_at"];

/// Who is signed in. Sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Person {
    pub first_name: String,
    pub last_name: String,
    pub afm: Afm,
    /// YYYY-MM-DD, as the registers have it.
    pub birth_date: String,
    /// Confirmed in the National Communications Register.
    pub mobile: Option<GreekMobile>,
    pub businesses: Vec<Business>,
}

/// A photographer's business for which the person may act.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Business {
    pub id: BusinessId,
    pub name: String,
    /// Of a business that is the person's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub afm: Option<Afm>,
    /// As whom the owner has authorised the person, where it is not their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<EmployeeId>,
    /// As whom the business's records know the person. A session of an older version does not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<MemberId>,
}

/// A minor in the person's custody, as the registers confirmed in this session. Sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Minor {
    /// How callers name the minor as the subject: random, of this session only.
    pub handle: String,
    pub subject_id: SubjectId,
    pub first_name: String,
    pub last_name: String,
    pub birth_date: BirthDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub afm: Option<Afm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amka: Option<Amka>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paaypa: Option<Paaypa>,
}

/// A code that was entered and let in, with all that association needs. Sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PendingSubmission {
    /// As the caller names the subject: `self`, or a minor's handle.
    pub subject: String,
    pub subject_id: SubjectId,
    #[serde(with = "code_bytes")]
    pub code: CodeNumber,
    pub state: CodeState,
    /// Of the code, until it was entered.
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
    /// Of a code that was associated before: the subject of its first association.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_subject: Option<SubjectId>,
    /// When that association was made. A session of an older version does not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_associated_at: Option<Moment>,
    pub issued_at: Moment,
    pub code_expires_at: Moment,
    /// When it was entered, if the subject had no association then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nothing_associated_at: Option<Moment>,
    /// The person said that the photos are theirs.
    pub confirmed: bool,
}

/// For how long whoever associates need not look for an association again before they copy: a person has looked at the photos by then.
const LOOKED: Span = Span::minutes(10);

impl PendingSubmission {
    /// That the subject has no association was seen just now.
    pub fn nothing_was_associated(&self, now: Moment) -> bool {
        self.nothing_associated_at.is_some_and(|at| !now.has_reached(at.plus(LOOKED)))
    }

    /// Whether a person who manages `managed` may associate it now, if it was associated before. They might when it was entered; since
    /// then a minor may have turned 18, or the time for a correction may have ended.
    pub fn may_be_associated(&self, managed: &[SubjectId], now: Moment) -> bool {
        match (&self.first_subject, self.first_associated_at) {
            (None, _) => true,
            (Some(subject), Some(at)) => may_associate_again(FirstAssociation { subject, at }, &self.subject_id, managed, now),
            (Some(subject), None) => *subject == self.subject_id && managed.contains(subject),
        }
    }

    /// Nobody has associated the photos before: they lie where they were issued to.
    pub fn is_first(&self) -> bool {
        self.state == CodeState::Issued
    }
}

/// What was associated in this session: by it the call that did so is known when it comes again. The code is not in it. Sealed.
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

/// The one-time password that is awaited.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AwaitedOtp {
    #[serde(with = "serde_bytes")]
    pub hash: Vec<u8>,
    pub expires_at: Moment,
    pub resends: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct SessionItem {
    session_id: String,
    subject_id: SubjectId,
    hard_end: Moment,
    expires_at: Moment,
    used_at: Moment,
    /// Absent once the one-time password was right.
    #[serde(skip_serializing_if = "Option::is_none")]
    otp: Option<AwaitedOtp>,
    /// Ids of the tries so far: a set, so that a repeated write counts nothing twice.
    #[serde(skip_serializing_if = "Option::is_none")]
    tries: Option<std::collections::HashSet<String>>,
    /// After the step up: the token that follows, sealed, for a browser that missed the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    successor: Option<serde_bytes::ByteBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    /// Version of the text on personal data that the person agreed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    consent: Option<String>,
    #[serde(with = "serde_bytes")]
    person: Vec<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    submission: Option<serde_bytes::ByteBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    associated: Option<serde_bytes::ByteBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minors: Option<serde_bytes::ByteBuf>,
}

/// A session as read, opened with its token.
#[derive(Debug, Clone)]
pub struct Session {
    pub token: SessionToken,
    pub subject_id: SubjectId,
    pub hard_end: Moment,
    pub expires_at: Moment,
    pub used_at: Moment,
    pub otp: Option<AwaitedOtp>,
    pub tries: usize,
    /// The token that took this one's place a moment ago.
    pub successor: Option<SessionToken>,
    pub role: Option<Role>,
    pub consent: Option<String>,
    pub person: Person,
    pub submission: Option<PendingSubmission>,
    pub associated: Option<Associated>,
    pub minors: Vec<Minor>,
    /// As they were read, for the condition of the next write.
    sealed_submission: Option<Vec<u8>>,
    sealed_minors: Option<Vec<u8>>,
}

impl Session {
    /// A session that begins now, after TAXISnet.
    pub fn begin(token: SessionToken, subject_id: SubjectId, person: Person, now: Moment) -> Self {
        let hard_end = now.plus(session::DURATION_MAX);
        let role = person.businesses.is_empty().then_some(Role::Citizen);
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
            sealed_submission: None,
            sealed_minors: None,
        }
    }

    pub fn stage(&self) -> Stage {
        if self.otp.is_some() {
            return Stage::Otp;
        }
        session::stage(self.role.as_ref(), self.consent.as_deref() == Some(PERSONAL_DATA_VERSION))
    }

    /// One of the businesses for which the person may act.
    pub fn business(&self, id: &BusinessId) -> Option<&Business> {
        self.person.businesses.iter().find(|business| business.id == *id)
    }

    /// Use is noted at most once a minute.
    pub fn touch_is_due(&self, now: Moment) -> bool {
        now.has_reached(self.used_at.plus(session::TOUCH_EVERY))
    }
}

/// What became of a try to enter the one-time password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Try {
    /// Noted as the n-th; compare now.
    Noted(usize),
    /// All tries are used up.
    Exhausted,
    /// The session is gone or no longer waits.
    Gone,
}

#[derive(Debug, Clone)]
pub struct Sessions(Table);

impl Sessions {
    pub const fn new(client: Client, table: String) -> Self {
        Self(Table::new(client, table))
    }

    /// # Errors
    /// Storage errors; an absent or expired session is None.
    pub async fn load(&self, token: &SessionToken, now: Moment) -> Result<Option<Session>, StorageError> {
        let id = token.session_id();
        let Some(item) = self.0.get::<SessionItem>(key(KEY, &id), now).await? else {
            return Ok(None);
        };
        if now.has_reached(item.hard_end) {
            return Ok(None);
        }
        let sealing = token.key();
        Ok(Some(Session {
            subject_id: item.subject_id,
            hard_end: item.hard_end,
            expires_at: item.expires_at,
            used_at: item.used_at,
            otp: item.otp,
            tries: item.tries.map_or(0, |tries| tries.len()),
            successor: item.successor.map(|sealed| open_successor(&sealing, &sealed)).transpose()?,
            role: item.role,
            consent: item.consent,
            person: open(&sealing, PERSON, &item.person)?,
            submission: item.submission.as_ref().map(|sealed| open(&sealing, SUBMISSION, sealed)).transpose()?,
            associated: item.associated.map(|sealed| open(&sealing, ASSOCIATED, &sealed)).transpose()?,
            minors: item.minors.as_ref().map(|sealed| open(&sealing, MINORS, sealed)).transpose()?.unwrap_or_default(),
            sealed_submission: item.submission.map(serde_bytes::ByteBuf::into_vec),
            sealed_minors: item.minors.map(serde_bytes::ByteBuf::into_vec),
            token: token.clone(),
        }))
    }

    /// Writes a session that just began.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn start(&self, session: &Session, now: Moment) -> Result<(), StorageError> {
        self.0.put_new(to_item(&sealed(session)?)?, KEY, now).await.map(|_| ())
    }

    /// For a transaction: the session under its new token.
    ///
    /// # Errors
    /// Where sealing fails.
    pub fn put_write(&self, session: &Session) -> Result<TransactWrite, StorageError> {
        self.0.put_new_write(to_item(&sealed(session)?)?, KEY)
    }

    /// For a transaction: the old token's item becomes a pointer to its successor until `ends_at`, once only.
    ///
    /// # Errors
    /// Where sealing fails.
    pub fn rotate_write(&self, old: &Session, right_try: &str, successor: &SessionToken, ends_at: Moment) -> Result<TransactWrite, StorageError> {
        let pointer = old.token.key().seal(SUCCESSOR, successor.expose().as_bytes())?;
        let update = Update::builder()
            .set_key(Some(key(KEY, &old.token.session_id())))
            // The right try is no wrong one: repeated after a lost answer, it must find room.
            .update_expression("SET #successor = :successor, #end = :end DELETE #tries :right")
            .condition_expression("attribute_exists(#key) AND attribute_not_exists(#successor)")
            .expression_attribute_names("#key", KEY)
            .expression_attribute_names("#successor", "successor")
            .expression_attribute_names("#tries", "tries")
            .expression_attribute_names("#end", TTL_ATTRIBUTE)
            .expression_attribute_values(":right", AttributeValue::Ss(vec![right_try.to_owned()]))
            .expression_attribute_values(":successor", AttributeValue::B(Blob::new(pointer)))
            .expression_attribute_values(":end", moment(ends_at));
        self.0.update_write(update)
    }

    /// Notes a try before it is compared, so that tries made at once are all counted.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn note_try(&self, session: &Session, try_id: &str, limit: u32) -> Result<Try, StorageError> {
        let result = self
            .0
            .client
            .update_item()
            .table_name(&self.0.name)
            .set_key(Some(key(KEY, &session.token.session_id())))
            .update_expression("ADD #tries :try")
            .condition_expression(
                "attribute_exists(#key) AND (attribute_not_exists(#tries) OR size(#tries) < :limit OR contains(#tries, :id))",
            )
            .expression_attribute_names("#key", KEY)
            .expression_attribute_names("#tries", "tries")
            .expression_attribute_values(":try", AttributeValue::Ss(vec![try_id.to_owned()]))
            .expression_attribute_values(":id", text(try_id))
            .expression_attribute_values(":limit", AttributeValue::N(limit.to_string()))
            .return_values(aws_sdk_dynamodb::types::ReturnValue::UpdatedNew)
            .return_values_on_condition_check_failure(aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match result {
            Ok(output) => {
                let tries = output.attributes.as_ref().and_then(|item| item.get("tries")).and_then(|set| set.as_ss().ok());
                Ok(Try::Noted(tries.map_or(1, Vec::len)))
            }
            Err(error) => match error.as_service_error() {
                Some(aws_sdk_dynamodb::operation::update_item::UpdateItemError::ConditionalCheckFailedException(refusal)) => {
                    Ok(if refusal.item().is_some() { Try::Exhausted } else { Try::Gone })
                }
                _ => Err(failed("UpdateItem")(error)),
            },
        }
    }

    /// Another one-time password in place of the one after `resends_before` resends. False where the session is gone or
    /// another resend was first.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn replace_otp(&self, session: &Session, resends_before: u32, otp: &AwaitedOtp) -> Result<bool, StorageError> {
        let value = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(otp).map_err(|_| StorageError::Corrupt("an OTP"))?;
        let update = self
            .update(session)
            .update_expression("SET #otp = :otp")
            .condition_expression("attribute_exists(#key) AND #otp.#resends = :before")
            .expression_attribute_names("#otp", "otp")
            .expression_attribute_names("#resends", "resends")
            .expression_attribute_values(":otp", value)
            .expression_attribute_values(":before", AttributeValue::N(resends_before.to_string()));
        condition_held(update.send().await)
    }

    /// # Errors
    /// Storage errors. False where the session has ended meanwhile.
    pub async fn choose_role(&self, session: &Session, role: &Role, now: Moment) -> Result<bool, StorageError> {
        let value = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(role).map_err(|_| StorageError::Corrupt("a role"))?;
        let update = self
            .update(session)
            // The submission in hand belongs to the role that is left.
            .update_expression("SET #role = :role, #used = :now, #end = :end REMOVE #submission")
            .expression_attribute_names("#role", "role")
            .expression_attribute_names("#submission", "submission")
            .expression_attribute_values(":role", value);
        condition_held(used(update, session, now).send().await)
    }

    /// # Errors
    /// Storage errors. False where the session has ended meanwhile.
    pub async fn agree(&self, session: &Session, version: &str, now: Moment) -> Result<bool, StorageError> {
        let update = self
            .update(session)
            .update_expression("SET #consent = :version, #used = :now, #end = :end")
            .expression_attribute_names("#consent", "consent")
            .expression_attribute_values(":version", text(version));
        condition_held(used(update, session, now).send().await)
    }

    /// Puts a submission in hand, or takes it away.
    ///
    /// # Errors
    /// Storage errors. False where the session has ended meanwhile.
    pub async fn store_submission(&self, session: &Session, submission: Option<&PendingSubmission>, now: Moment) -> Result<bool, StorageError> {
        let update = self.update(session).expression_attribute_names("#submission", "submission");
        let update = match submission {
            Some(submission) => {
                update.update_expression("SET #submission = :submission, #used = :now, #end = :end").expression_attribute_values(
                    ":submission",
                    AttributeValue::B(Blob::new(seal(&session.token.key(), SUBMISSION, submission)?)),
                )
            }
            None => update.update_expression("SET #used = :now, #end = :end REMOVE #submission"),
        };
        condition_held(used(update, session, now).send().await)
    }

    /// The submission in hand, confirmed, in place of the one that was read. False where another one is in hand meanwhile, none, or
    /// the session has ended.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn confirm(&self, session: &Session, confirmed: &PendingSubmission, now: Moment) -> Result<bool, StorageError> {
        let update = self
            .update(session)
            .update_expression("SET #submission = :submission, #used = :now, #end = :end")
            .expression_attribute_names("#submission", "submission")
            .expression_attribute_values(":submission", AttributeValue::B(Blob::new(seal(&session.token.key(), SUBMISSION, confirmed)?)))
            .expression_attribute_values(":read", read_submission(session));
        // What the SDK repeats, as its answer was lost, finds its own.
        let update = used(update, session, now).condition_expression(
            "attribute_exists(#key) AND attribute_not_exists(#successor) AND (#submission = :read OR #submission = :submission)",
        );
        condition_held(update.send().await)
    }

    /// For a transaction: the submission in hand, as it was read, is associated. From now on its code opens nothing here that was not
    /// entered again.
    ///
    /// # Errors
    /// Where sealing fails.
    pub fn associated_write(&self, session: &Session, associated: &Associated) -> Result<TransactWrite, StorageError> {
        let update = Update::builder()
            .set_key(Some(key(KEY, &session.token.session_id())))
            .update_expression("SET #associated = :associated REMOVE #submission")
            .condition_expression("attribute_exists(#key) AND attribute_not_exists(#successor) AND #submission = :read")
            .expression_attribute_names("#key", KEY)
            .expression_attribute_names("#successor", "successor")
            .expression_attribute_names("#associated", "associated")
            .expression_attribute_names("#submission", "submission")
            .expression_attribute_values(":read", read_submission(session))
            .expression_attribute_values(":associated", AttributeValue::B(Blob::new(seal(&session.token.key(), ASSOCIATED, associated)?)));
        self.0.update_write(update)
    }

    /// The submission in hand, as it was read, is in hand no longer. False where another one is, or the session has ended.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn forget_submission(&self, session: &Session) -> Result<bool, StorageError> {
        let update = self
            .update(session)
            .update_expression("REMOVE #submission")
            // What the SDK repeats, as its answer was lost, finds none.
            .condition_expression(
                "attribute_exists(#key) AND attribute_not_exists(#successor) AND (#submission = :read OR attribute_not_exists(#submission))",
            )
            .expression_attribute_names("#successor", "successor")
            .expression_attribute_names("#submission", "submission")
            .expression_attribute_values(":read", read_submission(session));
        condition_held(update.send().await)
    }

    /// Other minors in place of those that the session held when it was read. False where it holds others meanwhile, or has
    /// ended.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn set_minors(&self, session: &Session, minors: &[Minor]) -> Result<bool, StorageError> {
        let update = self
            .update(session)
            .update_expression("SET #minors = :minors")
            .expression_attribute_names("#minors", "minors")
            .expression_attribute_names("#successor", "successor")
            .expression_attribute_values(":minors", AttributeValue::B(Blob::new(seal(&session.token.key(), MINORS, minors)?)));
        let update = match &session.sealed_minors {
            Some(read) => update
                .condition_expression("attribute_exists(#key) AND attribute_not_exists(#successor) AND #minors = :read")
                .expression_attribute_values(":read", AttributeValue::B(Blob::new(read.as_slice()))),
            None => {
                update.condition_expression("attribute_exists(#key) AND attribute_not_exists(#successor) AND attribute_not_exists(#minors)")
            }
        };
        condition_held(update.send().await)
    }

    /// Notes use. Never brings back a session that was signed out meanwhile.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn touch(&self, session: &Session, now: Moment) -> Result<bool, StorageError> {
        let update = self.update(session).update_expression("SET #used = :now, #end = :end");
        condition_held(used(update, session, now).send().await)
    }

    /// # Errors
    /// Storage errors. Ending a session that has ended is no error.
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

    fn update(&self, session: &Session) -> UpdateItem {
        self.0
            .client
            .update_item()
            .table_name(&self.0.name)
            .set_key(Some(key(KEY, &session.token.session_id())))
            .expression_attribute_names("#key", KEY)
    }
}

type UpdateItem = aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;

/// As it was read. Where there was none: what nothing sealed is, and not empty, which older DynamoDB Local refuses.
fn read_submission(session: &Session) -> AttributeValue {
    AttributeValue::B(Blob::new(session.sealed_submission.as_deref().unwrap_or(&[0])))
}

/// Notes use, on a session that is there and has not been succeeded meanwhile: neither is brought back.
fn used(update: UpdateItem, session: &Session, now: Moment) -> UpdateItem {
    update
        .condition_expression("attribute_exists(#key) AND attribute_not_exists(#successor)")
        .expression_attribute_names("#successor", "successor")
        .expression_attribute_names("#used", "used_at")
        .expression_attribute_names("#end", TTL_ATTRIBUTE)
        .expression_attribute_values(":now", moment(now))
        .expression_attribute_values(":end", moment(session::ends_at(now, session.hard_end)))
}

const PERSON: &str = "session person";
const SUBMISSION: &str = "session submission";
const ASSOCIATED: &str = "session associated";
const MINORS: &str = "session minors";
const SUCCESSOR: &str = "session successor";

fn seal<T: Serialize + ?Sized>(key: &SealingKey, context: &str, value: &T) -> Result<Vec<u8>, StorageError> {
    let plain = zeroize::Zeroizing::new(serde_json::to_vec(value).map_err(|_| StorageError::Corrupt("a value cannot be written"))?);
    key.seal(context, &plain)
}

fn open<T: serde::de::DeserializeOwned>(key: &SealingKey, context: &str, sealed: &[u8]) -> Result<T, StorageError> {
    let plain = zeroize::Zeroizing::new(key.open(context, sealed)?);
    serde_json::from_slice(&plain).map_err(|_| StorageError::Corrupt("a sealed value has another shape"))
}

fn open_successor(key: &SealingKey, sealed: &[u8]) -> Result<SessionToken, StorageError> {
    let plain = zeroize::Zeroizing::new(key.open(SUCCESSOR, sealed)?);
    std::str::from_utf8(&plain).ok().and_then(SessionToken::parse).ok_or(StorageError::Corrupt("a successor"))
}

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
        submission: session
            .submission
            .as_ref()
            .map(|submission| seal(&key, SUBMISSION, submission).map(serde_bytes::ByteBuf::from))
            .transpose()?,
        // Associated and added after the one-time password.
        associated: None,
        minors: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a session of before an update holds: nothing is known of the association then, so it is looked for.
    #[test]
    fn a_submission_of_before_is_read() {
        let before = serde_json::json!({
            "subject": "self", "subject_id": "s", "code": domain::CodeNumber::from_bytes([3; 16]).expose(), "state": "issued", "set_id": "s",
            "profile": "standard", "images": [], "wrapped_key": [1], "business": "b", "upload_id": "u", "message_id": "m", "issued_at": 1,
            "code_expires_at": 2, "confirmed": true,
        });
        let read: PendingSubmission = serde_json::from_value(before).unwrap();
        let moment = Moment::from_epoch_seconds;
        assert!(read.is_first() && read.confirmed && !read.nothing_was_associated(moment(1)));
        assert_eq!(read.dissociations, 0);
        // When the first association was is not known: for another subject it is too late, for the first one never.
        let subject = |name: &str| serde_json::from_value::<SubjectId>(serde_json::json!(name)).unwrap();
        let again = PendingSubmission { first_subject: Some(subject("child")), ..read.clone() };
        let managed = [subject("s"), subject("child")];
        assert!(read.may_be_associated(&managed, moment(1)) && !again.may_be_associated(&managed, moment(1)));
        let own = PendingSubmission { first_subject: Some(subject("s")), ..read.clone() };
        assert!(own.may_be_associated(&managed, moment(1)) && !own.may_be_associated(&managed[1..], moment(1)));
        let business: Business = serde_json::from_value(serde_json::json!({ "id": "b", "name": "Φως" })).unwrap();
        assert_eq!((business.member, business.staff), (None, None));
        let looked = PendingSubmission { nothing_associated_at: Some(moment(1_000)), ..read };
        assert_eq!([1_000, 1_599, 1_600].map(|at| looked.nothing_was_associated(moment(at))), [true, true, false]);
    }
}
