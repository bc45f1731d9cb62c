//! Keys: for the association in force, data key and code as one KMS blob. Gone with it, and then only the code opens.

use aws_sdk_dynamodb::{Client, types::Delete};
use domain::{CodeNumber, Moment, SubjectId};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    error::StorageError,
    kms::KmsKey,
    sealing::SealingKey,
    table::{Table, key, to_item},
    transaction::Part,
};

const KEY: &str = "subject_id";

/// A sealed pair of data key and code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeyItem {
    subject_id: SubjectId,
    set_id: String,
    #[serde(with = "serde_bytes")]
    sealed: Vec<u8>,
    expires_at: Moment,
}

/// Opens the photos of one association, and names their code.
#[derive(Debug, Clone)]
pub struct OpenedKey {
    pub data_key: SealingKey,
    pub code: CodeNumber,
}

impl KeyItem {
    /// Seals the pair for a subject.
    ///
    /// # Errors
    /// Storage errors of KMS.
    pub async fn seal(
        kms: &KmsKey,
        subject_id: &SubjectId,
        set_id: &str,
        opened: &OpenedKey,
        expires_at: Moment,
    ) -> Result<Self, StorageError> {
        let mut plain = Zeroizing::new(Vec::with_capacity(48));
        plain.extend_from_slice(opened.data_key.bytes());
        plain.extend_from_slice(opened.code.bytes());
        let sealed = kms.seal(&context(subject_id, set_id), &plain).await?;
        Ok(Self { subject_id: subject_id.clone(), set_id: set_id.to_owned(), sealed, expires_at })
    }

    /// # Errors
    /// Storage errors of KMS; [`StorageError::Corrupt`] where the blob is not what we seal.
    pub async fn open(&self, kms: &KmsKey) -> Result<OpenedKey, StorageError> {
        let plain = kms.open(&context(&self.subject_id, &self.set_id), &self.sealed).await?;
        let (data_key, code) = plain.split_at_checked(32).ok_or(StorageError::Corrupt("a key blob"))?;
        Ok(OpenedKey {
            data_key: SealingKey::from_bytes(data_key.try_into().map_err(|_| StorageError::Corrupt("a key blob"))?),
            code: CodeNumber::from_bytes(code.try_into().map_err(|_| StorageError::Corrupt("a key blob"))?),
        })
    }

    /// The set that this key opens: must be the association's own.
    pub fn set_id(&self) -> &str {
        &self.set_id
    }
}

/// Seen in CloudTrail with each use; names nobody.
fn context<'a>(subject_id: &'a SubjectId, set_id: &'a str) -> [(&'static str, &'a str); 2] {
    [("subject_id", subject_id.as_str()), ("set", set_id)]
}

#[derive(Debug, Clone)]
pub struct Keys(Table);

impl Keys {
    pub const fn new(client: Client, table: String) -> Self {
        Self(Table::new(client, table))
    }

    /// # Errors
    /// Storage errors.
    pub async fn of(&self, subject: &SubjectId, now: Moment) -> Result<Option<KeyItem>, StorageError> {
        self.0.get(key(KEY, subject.as_str()), now).await
    }

    /// For a transaction, beside the association that it belongs to.
    ///
    /// # Errors
    /// Where the item cannot be written.
    pub fn put_part(&self, item: &KeyItem) -> Result<Part, StorageError> {
        self.0.put_part(to_item(item)?)
    }

    /// For a transaction: from that moment on nobody opens the photos without the code.
    ///
    /// # Errors
    /// Where the delete cannot be written.
    pub fn delete_part(&self, subject: &SubjectId) -> Result<Part, StorageError> {
        self.0.delete_part(Delete::builder().set_key(Some(key(KEY, subject.as_str()))))
    }
}
