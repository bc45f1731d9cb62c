//! The table `Keys`: an item for each association in force. The item contains the data key of the photos and their code number, sealed
//! together by KMS.
//!
//! An item is deleted together with its association. From then on only the code number opens the photos.

use std::ops::ControlFlow;

use aws_sdk_dynamodb::{Client, types::Delete};
use domain::{CodeNumber, Moment, SubjectId};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    associations::{Association, Associations},
    error::StorageError,
    kms::KmsKey,
    sealing::SealingKey,
    table::{Table, key, to_item},
    transaction::TransactWrite,
};

const KEY: &str = "subject_id";

/// The sealed data key and code number of one association.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeyItem {
    subject_id: SubjectId,
    set_id: String,
    #[serde(with = "serde_bytes")]
    sealed: Vec<u8>,
    expires_at: Moment,
}

/// The data key that opens the photos of an association, and their code number.
#[derive(Debug, Clone)]
pub struct OpenedKey {
    pub data_key: SealingKey,
    pub code: CodeNumber,
}

impl KeyItem {
    /// Seals the data key and the code number for a subject.
    ///
    /// # Errors
    /// Errors of KMS.
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

    /// Opens the data key and the code number.
    ///
    /// # Errors
    /// Errors of KMS. [`StorageError::Corrupt`] if the content does not have the expected length.
    pub async fn open(&self, kms: &KmsKey) -> Result<OpenedKey, StorageError> {
        let plain = kms.open(&context(&self.subject_id, &self.set_id), &self.sealed).await?;
        let (data_key, code) = plain.split_at_checked(32).ok_or(StorageError::Corrupt("a key blob"))?;
        Ok(OpenedKey {
            data_key: SealingKey::from_bytes(data_key.try_into().map_err(|_| StorageError::Corrupt("a key blob"))?),
            code: CodeNumber::from_bytes(code.try_into().map_err(|_| StorageError::Corrupt("a key blob"))?),
        })
    }
}

/// Returns the KMS encryption context. CloudTrail records it with every use, so it contains only random IDs.
fn context<'a>(subject_id: &'a SubjectId, set_id: &'a str) -> [(&'static str, &'a str); 2] {
    [("subject_id", subject_id.as_str()), ("set", set_id)]
}

/// Reads a subject's association in force and the key that belongs to it.
///
/// # Errors
/// Storage errors. [`StorageError::Corrupt`] if an association has no matching key, even after association and key were read again.
pub async fn in_force(
    associations: &Associations,
    keys: &Keys,
    subject: &SubjectId,
    now: Moment,
) -> Result<Option<(Association, KeyItem)>, StorageError> {
    let mut found = tokio::try_join!(associations.of(subject, now), keys.of(subject, now))?;
    let mut unmatched_revision = None;
    // This loop always ends, because it continues only if the association has changed since the previous round.
    loop {
        match match_key(unmatched_revision, found)? {
            ControlFlow::Break(found) => return Ok(found),
            ControlFlow::Continue(revision) => unmatched_revision = Some(revision),
        }
        // The key is read before the association, so that `match_key` can compare the association's revisions before and after the read of
        // the key.
        let key = keys.of(subject, now).await?;
        found = (associations.of(subject, now).await?, key);
    }
}

/// Decides whether an association and a key belong together although they were read by separate calls.
///
/// An association and its key are always written or deleted together, in one transaction. If such a transaction took place between the two
/// reads, the key does not match. The result is then `Continue` with the association's revision, and the caller reads both again.
/// `unmatched_revision` is the revision in the previous `Continue`. If the association still has that revision, no transaction took place
/// in the meantime, so the key is missing and the result is an error.
fn match_key(
    unmatched_revision: Option<String>,
    found: (Option<Association>, Option<KeyItem>),
) -> Result<ControlFlow<Option<(Association, KeyItem)>, String>, StorageError> {
    let (Some(association), key) = found else { return Ok(ControlFlow::Break(None)) };
    match key.filter(|key| key.set_id == association.set_id) {
        Some(key) => Ok(ControlFlow::Break(Some((association, key)))),
        None if unmatched_revision.is_some_and(|revision| revision == association.revision) => {
            Err(StorageError::Corrupt("an association without key"))
        }
        None => Ok(ControlFlow::Continue(association.revision)),
    }
}

#[derive(Debug, Clone)]
pub struct Keys(Table);

impl Keys {
    pub const fn new(client: Client, table: String) -> Self {
        Self(Table::new(client, table))
    }

    /// Reads the sealed key of a subject's association.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn of(&self, subject: &SubjectId, now: Moment) -> Result<Option<KeyItem>, StorageError> {
        self.0.get(key(KEY, subject.as_str()), now).await
    }

    /// Builds the write that stores a key, for the transaction that stores its association.
    ///
    /// # Errors
    /// If the item cannot be serialized.
    pub fn put_write(&self, item: &KeyItem) -> Result<TransactWrite, StorageError> {
        self.0.put_write(to_item(item)?)
    }

    /// Builds the write that deletes a subject's key. From then on the photos can be opened only with their code number.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn delete_write(&self, subject: &SubjectId) -> Result<TransactWrite, StorageError> {
        self.0.delete_write(Delete::builder().set_key(Some(key(KEY, subject.as_str()))))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use domain::{FileProfile, business::BusinessId};

    use super::*;

    fn association(set_id: &str, revision: &str) -> Option<Association> {
        let at = Moment::from_epoch_seconds(1);
        Some(Association {
            subject_id: SubjectId::from_random([1; 16]),
            code_id: String::new(),
            set_id: set_id.to_owned(),
            profile: FileProfile::Standard,
            images: Vec::new(),
            associated_at: at,
            expires_at: at,
            business: BusinessId::from_hash(String::new()),
            upload_id: String::new(),
            revision: revision.to_owned(),
            applications: BTreeMap::new(),
            reminder: None,
        })
    }

    fn key(set_id: &str) -> Option<KeyItem> {
        let (subject_id, expires_at) = (SubjectId::from_random([1; 16]), Moment::from_epoch_seconds(1));
        Some(KeyItem { subject_id, set_id: set_id.to_owned(), sealed: Vec::new(), expires_at })
    }

    type Found = (Option<Association>, Option<KeyItem>);

    /// Passes the reads to `match_key` until it returns `Break` or an error. Returns the set ID and revision that were found, and the
    /// number of reads that were needed.
    fn decide(reads: Vec<Found>) -> (Result<Option<(String, String)>, StorageError>, usize) {
        let mut unmatched_revision = None;
        for (at, found) in reads.into_iter().enumerate() {
            match match_key(unmatched_revision, found) {
                Ok(ControlFlow::Break(found)) => return (Ok(found.map(|(association, key)| (key.set_id, association.revision))), at + 1),
                Ok(ControlFlow::Continue(revision)) => unmatched_revision = Some(revision),
                Err(error) => return (Err(error), at + 1),
            }
        }
        panic!("needs more reads than these");
    }

    #[test]
    fn an_association_that_ends_or_begins_between_the_two_reads_is_read_again() {
        let pair = |set_id: &str, revision: &str| Ok::<_, StorageError>(Some((set_id.to_owned(), revision.to_owned())));
        for (reads, expected) in [
            (vec![(association("a", "1"), key("a"))], pair("a", "1")),
            (vec![(None, None)], Ok(None)),
            // The association ends or begins between the reads.
            (vec![(association("a", "1"), None), (None, None)], Ok(None)),
            (vec![(None, key("a"))], Ok(None)),
            (vec![(association("a", "1"), None), (association("a", "1"), key("a"))], pair("a", "1")),
            // Another association, with another photo set, replaces the first one.
            (vec![(association("a", "1"), key("b")), (association("b", "2"), key("b"))], pair("b", "2")),
            (vec![(association("b", "2"), key("a")), (association("b", "2"), key("b"))], pair("b", "2")),
            // The association ends, begins again, and ends again.
            (vec![(association("a", "1"), None), (association("a", "2"), None), (None, None)], Ok(None)),
        ] {
            let needed = reads.len();
            let (found, count) = decide(reads);
            assert_eq!((found.unwrap(), count), (expected.unwrap(), needed));
        }
    }

    #[test]
    fn an_association_without_a_key_in_two_reads_is_an_error() {
        for found in [None, key("b")] {
            let (result, count) = decide(vec![(association("a", "1"), found.clone()), (association("a", "1"), found)]);
            assert!(matches!(result, Err(StorageError::Corrupt(_))) && count == 2, "{result:?}");
        }
    }
}
