//! The table `Codes`: everything about a photo set except the code number itself. The set's data key is wrapped (encrypted) with a key
//! derived from the code number.

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
    issuances::{Issuance, Issued},
    sealing::{SealingKey, code_id, code_key},
    table::{TTL_ATTRIBUTE, Table, key, moment, number, text, to_item},
    transaction::TransactWrite,
};

const KEY: &str = "code_id";
const DISSOCIATIONS: &str = "dissociations";

/// Properties of an image that are stored in clear.
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
    /// A random ID, which is the second component of the photos' object keys.
    pub set_id: String,
    pub profile: FileProfile,
    pub images: Vec<ImageFacts>,
    pub business: BusinessId,
    pub upload_id: String,
    /// The ID of the message with the code number. The message is in the outbox for 24 hours.
    pub message_id: String,
    pub issued_at: Moment,
    pub expires_at: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_subject: Option<SubjectId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_associated_at: Option<Moment>,
    /// The subject with whom the code is associated now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectId>,
    /// Number of dissociations. A dissociation invalidates earlier submissions of the code, so the code must be submitted again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dissociations: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl CodeItem {
    /// Creates the item of the code that is issued now for `upload`. Its list of images is empty.
    pub fn issued(code_id: String, wrapped_key: Vec<u8>, set_id: String, upload: &Issuance, issued: &Issued) -> Self {
        Self {
            code_id,
            state: CodeState::Issued,
            wrapped_key,
            set_id,
            profile: upload.profile,
            images: Vec::new(),
            business: upload.business.clone(),
            upload_id: upload.upload_id.clone(),
            message_id: issued.message_id.clone(),
            issued_at: issued.issued_at,
            expires_at: issued.code_expires_at,
            first_subject: None,
            first_associated_at: None,
            subject: None,
            dissociations: 0,
        }
    }

    /// Returns the first association of the code, or `None` if it was never associated.
    pub fn first_association(&self) -> Option<FirstAssociation<'_>> {
        Some(FirstAssociation { subject: self.first_subject.as_ref()?, at: self.first_associated_at? })
    }

    /// Returns whether the code still belongs to this photo set and was never associated.
    pub fn awaits(&self, set_id: &str) -> bool {
        self.state == CodeState::Issued && self.set_id == set_id
    }
}

/// Encrypts the data key of a photo set with a key derived from its code number.
///
/// # Errors
/// If the operating system provides no random bytes.
pub fn wrap_key(data_key: &SealingKey, code: &CodeNumber, set_id: &str) -> Result<Vec<u8>, StorageError> {
    code_key(code).seal(&wrapping_context(set_id), data_key.bytes())
}

/// Decrypts the data key of a photo set with its code number.
///
/// # Errors
/// [`StorageError::Corrupt`] if the key was encrypted for another code number or photo set.
pub fn unwrap_key(wrapped: &[u8], code: &CodeNumber, set_id: &str) -> Result<SealingKey, StorageError> {
    let plain = zeroize::Zeroizing::new(code_key(code).open(&wrapping_context(set_id), wrapped)?);
    plain.as_slice().try_into().map(SealingKey::from_bytes).map_err(|_| StorageError::Corrupt("a data key"))
}

fn wrapping_context(set_id: &str) -> String {
    format!("data key of {set_id}")
}

/// A new association, as it is written to the item of the associated code.
#[derive(Debug, Clone)]
pub struct NewOwner<'a> {
    pub subject: &'a SubjectId,
    pub associated_at: Moment,
    pub expires_at: Moment,
    /// The state of the code when the caller read it. The write fails if the state or the number of dissociations has changed since.
    pub from: CodeState,
    pub dissociations: u32,
}

#[derive(Debug, Clone)]
pub struct Codes(Table);

impl Codes {
    pub const fn new(client: Client, table: String) -> Self {
        Self(Table::new(client, table))
    }

    /// Reads a code by its number. Returns `None` if it is unknown or has expired.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn find(&self, code: &CodeNumber, now: Moment) -> Result<Option<CodeItem>, StorageError> {
        self.0.get(key(KEY, &code_id(code)), now).await
    }

    /// Builds the write that stores a new code.
    ///
    /// # Errors
    /// If the item cannot be serialized.
    pub fn put_write(&self, item: &CodeItem) -> Result<TransactWrite, StorageError> {
        self.0.put_new_write(to_item(item)?, KEY)
    }

    /// Builds the write that associates the code with a subject. The transaction fails if the code has expired, or if its state or number
    /// of dissociations differs from that in `owner`.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn associate_write(&self, code: &CodeNumber, owner: &NewOwner<'_>) -> Result<TransactWrite, StorageError> {
        let never_dissociated = owner.dissociations == 0;
        let update = Update::builder()
            .set_key(Some(key(KEY, &code_id(code))))
            .update_expression(
                "SET #state = :associated, #subject = :subject, #first = if_not_exists(#first, :subject), \
                 #first_at = if_not_exists(#first_at, :at), #end = :end",
            )
            .condition_expression(format!(
                "#state = :from AND #end > :at AND {}",
                if never_dissociated { "attribute_not_exists(#times)" } else { "#times = :times" }
            ))
            .set_expression_attribute_values((!never_dissociated).then(|| [(":times".to_owned(), number(owner.dissociations))].into()))
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

    /// Builds the write that ends the subject's association with the code. From then on the photos can be opened only with the code number.
    ///
    /// # Errors
    /// If the request cannot be built.
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

    /// Reads a code by its ID. The caller must have the ID from an item that belongs to the person, such as the association.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn by_id(&self, code_id: &str, now: Moment) -> Result<Option<CodeItem>, StorageError> {
        self.0.get(key(KEY, code_id), now).await
    }

    /// Builds the write that deletes a code. The transaction fails if the code's state has changed since it was read.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn delete_write(&self, code: &CodeItem) -> Result<TransactWrite, StorageError> {
        let delete = Delete::builder()
            .set_key(Some(key(KEY, &code.code_id)))
            .condition_expression("#state = :state")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":state", text(state_name(code.state)));
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
    fn a_code_awaits_association_until_it_is_associated_and_for_its_own_set_only() {
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

    #[test]
    fn an_item_written_before_dissociations_were_counted_is_read_as_never_dissociated() {
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
    fn a_data_key_opens_only_with_its_own_code_and_set() {
        let key = SealingKey::random().unwrap();
        let code = CodeNumber::from_bytes([3; 16]);
        let wrapped = wrap_key(&key, &code, "set").unwrap();
        assert_eq!(unwrap_key(&wrapped, &code, "set").unwrap().bytes(), key.bytes());
        assert!(unwrap_key(&wrapped, &CodeNumber::from_bytes([4; 16]), "set").is_err());
        assert!(unwrap_key(&wrapped, &code, "other").is_err());
    }
}
