//! Codes: everything about a photo set but the code itself. Its data key is wrapped by a key of the code.

use aws_sdk_dynamodb::{
    Client,
    types::{Delete, Update},
};
use domain::{
    CodeNumber, FileProfile, ImageKind, Moment, SubjectId,
    business::BusinessId,
    submission::{CodeState, FirstAssociation},
};
use serde::{Deserialize, Serialize};

use crate::{
    error::StorageError,
    sealing::{SealingKey, code_id, code_key},
    table::{TTL_ATTRIBUTE, Table, key, moment, number, text, to_item},
    transaction::TransactWrite,
};

const KEY: &str = "code_id";
const DISSOCIATIONS: &str = "dissociations";

/// What is known of one picture without opening it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageFacts {
    pub kind: ImageKind,
    pub width: u32,
    pub height: u32,
    pub bytes: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CodeItem {
    pub code_id: String,
    pub state: CodeState,
    #[serde(with = "serde_bytes")]
    pub wrapped_key: Vec<u8>,
    /// Random; the object keys' second part.
    pub set_id: String,
    pub profile: FileProfile,
    pub images: Vec<ImageFacts>,
    pub business: BusinessId,
    pub upload_id: String,
    /// The message that brings the code, in the outbox for a day.
    pub message_id: String,
    pub issued_at: Moment,
    pub expires_at: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_subject: Option<SubjectId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_associated_at: Option<Moment>,
    /// For whom it is associated now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectId>,
    /// How often it was dissociated. Who entered it before the last time has to enter it again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dissociations: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl CodeItem {
    pub fn first_association(&self) -> Option<FirstAssociation<'_>> {
        Some(FirstAssociation { subject: self.first_subject.as_ref()?, at: self.first_associated_at? })
    }

    /// Whether it still stands for this set, and nobody has associated it.
    pub fn awaits(&self, set_id: &str) -> bool {
        self.state == CodeState::Issued && self.set_id == set_id
    }
}

/// Wraps the data key of a set: only the code opens it again.
///
/// # Errors
/// Where there is no randomness.
pub fn wrap_key(data_key: &SealingKey, code: &CodeNumber, set_id: &str) -> Result<Vec<u8>, StorageError> {
    code_key(code).seal(&wrapping_context(set_id), data_key.bytes())
}

/// # Errors
/// [`StorageError::Corrupt`] with any other code.
pub fn unwrap_key(wrapped: &[u8], code: &CodeNumber, set_id: &str) -> Result<SealingKey, StorageError> {
    let plain = zeroize::Zeroizing::new(code_key(code).open(&wrapping_context(set_id), wrapped)?);
    plain.as_slice().try_into().map(SealingKey::from_bytes).map_err(|_| StorageError::Corrupt("a data key"))
}

fn wrapping_context(set_id: &str) -> String {
    format!("data key of {set_id}")
}

/// The association that a code's item is to show.
#[derive(Debug, Clone)]
pub struct NewOwner<'a> {
    pub subject: &'a SubjectId,
    pub associated_at: Moment,
    pub expires_at: Moment,
    /// The state that the caller decided on, after so many dissociations; another one meanwhile refuses the transaction.
    pub from: CodeState,
    pub dissociations: u32,
}

#[derive(Debug, Clone)]
pub struct Codes(Table);

impl Codes {
    pub const fn new(client: Client, table: String) -> Self {
        Self(Table::new(client, table))
    }

    /// # Errors
    /// Storage errors; unknown and expired are both None.
    pub async fn find(&self, code: &CodeNumber, now: Moment) -> Result<Option<CodeItem>, StorageError> {
        self.0.get(key(KEY, &code_id(code)), now).await
    }

    /// For a transaction: a new code.
    ///
    /// # Errors
    /// Where the item cannot be written.
    pub fn put_write(&self, item: &CodeItem) -> Result<TransactWrite, StorageError> {
        self.0.put_new_write(to_item(item)?, KEY)
    }

    /// For a transaction: the code becomes the subject's, from exactly the state that was decided on.
    ///
    /// # Errors
    /// Where the update cannot be written.
    pub fn associate_write(&self, code: &CodeNumber, owner: &NewOwner<'_>) -> Result<TransactWrite, StorageError> {
        let never = owner.dissociations == 0;
        let update = Update::builder()
            .set_key(Some(key(KEY, &code_id(code))))
            .update_expression(
                "SET #state = :associated, #subject = :subject, #first = if_not_exists(#first, :subject), \
                 #first_at = if_not_exists(#first_at, :at), #end = :end",
            )
            .condition_expression(format!(
                "#state = :from AND #end > :at AND {}",
                if never { "attribute_not_exists(#times)" } else { "#times = :times" }
            ))
            .set_expression_attribute_values((!never).then(|| [(":times".to_owned(), number(owner.dissociations))].into()))
            .expression_attribute_names("#times", DISSOCIATIONS)
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#subject", "subject")
            .expression_attribute_names("#first", "first_subject")
            .expression_attribute_names("#first_at", "first_associated_at")
            .expression_attribute_names("#end", TTL_ATTRIBUTE)
            .expression_attribute_values(":associated", text(state_name(CodeState::Associated)))
            .expression_attribute_values(":from", text(state_name(owner.from)))
            .expression_attribute_values(":subject", text(owner.subject.as_str()))
            .expression_attribute_values(":at", moment(owner.associated_at))
            .expression_attribute_values(":end", moment(owner.expires_at));
        self.0.update_write(update)
    }

    /// For a transaction: the subject's association with the code ends. The photos then open with the code alone.
    ///
    /// # Errors
    /// Where the update cannot be written.
    pub fn dissociate_write(&self, code_id: &str, subject: &SubjectId) -> Result<TransactWrite, StorageError> {
        let update = Update::builder()
            .set_key(Some(key(KEY, code_id)))
            .update_expression("SET #state = :dissociated REMOVE #subject ADD #times :one")
            .expression_attribute_names("#times", DISSOCIATIONS)
            .expression_attribute_values(":one", number(1_u32))
            .condition_expression("#state = :associated AND #subject = :subject")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#subject", "subject")
            .expression_attribute_values(":dissociated", text(state_name(CodeState::Dissociated)))
            .expression_attribute_values(":associated", text(state_name(CodeState::Associated)))
            .expression_attribute_values(":subject", text(subject.as_str()));
        self.0.update_write(update)
    }

    /// Reads a code by its id, for those to whom it belongs.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn by_id(&self, code_id: &str, now: Moment) -> Result<Option<CodeItem>, StorageError> {
        self.0.get(key(KEY, code_id), now).await
    }

    /// For a transaction: the code goes, in the state in which it was read.
    ///
    /// # Errors
    /// Where the delete cannot be written.
    pub fn delete_write(&self, read: &CodeItem) -> Result<TransactWrite, StorageError> {
        let delete = Delete::builder()
            .set_key(Some(key(KEY, &read.code_id)))
            .condition_expression("#state = :state")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":state", text(state_name(read.state)));
        self.0.delete_write(delete)
    }
}

const fn state_name(state: CodeState) -> &'static str {
    match state {
        CodeState::Issued => "issued",
        CodeState::Associated => "associated",
        CodeState::Dissociated => "dissociated",
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};

    use super::*;
    use crate::table::{Item, from_item};

    #[test]
    fn a_code_awaits_for_its_set_until_somebody_has_associated_it() {
        let item = |state, set_id: &str| CodeItem {
            code_id: String::new(),
            state,
            wrapped_key: Vec::new(),
            set_id: set_id.to_owned(),
            profile: FileProfile::Standard,
            images: Vec::new(),
            business: BusinessId::from_hash(String::new()),
            upload_id: String::new(),
            message_id: String::new(),
            issued_at: Moment::from_epoch_seconds(0),
            expires_at: Moment::from_epoch_seconds(0),
            first_subject: None,
            first_associated_at: None,
            subject: None,
            dissociations: 0,
        };
        assert!(item(CodeState::Issued, "a").awaits("a"));
        assert!(!item(CodeState::Issued, "b").awaits("a"));
        assert!(![CodeState::Associated, CodeState::Dissociated].into_iter().any(|state| item(state, "a").awaits("a")));
    }

    /// What was written before the count of dissociations was: it is read as never.
    #[test]
    fn an_item_of_before_is_read() {
        let number = |value: &str| AttributeValue::N(value.to_owned());
        let item: Item = [
            ("code_id", text("c")),
            ("state", text("dissociated")),
            ("wrapped_key", AttributeValue::B(Blob::new([1]))),
            ("set_id", text("s")),
            ("profile", text("standard")),
            ("images", AttributeValue::L(Vec::new())),
            ("business", text("b")),
            ("upload_id", text("u")),
            ("message_id", text("m")),
            ("issued_at", number("1")),
            ("expires_at", number("2")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        let read: CodeItem = from_item(item).unwrap();
        assert_eq!((read.state, read.dissociations), (CodeState::Dissociated, 0));
    }

    #[test]
    fn a_data_key_opens_with_its_code_and_set_only() {
        let key = SealingKey::random().unwrap();
        let code = CodeNumber::from_bytes([3; 16]);
        let wrapped = wrap_key(&key, &code, "set").unwrap();
        assert_eq!(unwrap_key(&wrapped, &code, "set").unwrap().bytes(), key.bytes());
        assert!(unwrap_key(&wrapped, &CodeNumber::from_bytes([4; 16]), "set").is_err());
        assert!(unwrap_key(&wrapped, &code, "other").is_err());
    }
}
