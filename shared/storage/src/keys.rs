//! Keys: for the association in force, data key and code as one KMS blob. Gone with it, and then only the code opens.

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
}

/// Seen in CloudTrail with each use; names nobody.
fn context<'a>(subject_id: &'a SubjectId, set_id: &'a str) -> [(&'static str, &'a str); 2] {
    [("subject_id", subject_id.as_str()), ("set", set_id)]
}

/// A subject's association in force with its key, as they were together.
///
/// # Errors
/// Storage errors; [`StorageError::Corrupt`] where an association stays without its key.
pub async fn in_force(
    associations: &Associations,
    keys: &Keys,
    subject: &SubjectId,
    now: Moment,
) -> Result<Option<(Association, KeyItem)>, StorageError> {
    let mut found = tokio::try_join!(associations.of(subject, now), keys.of(subject, now))?;
    let mut before = None;
    // Each further round takes another change of the association.
    loop {
        match together(before, found)? {
            ControlFlow::Break(found) => return Ok(found),
            ControlFlow::Continue(revision) => before = Some(revision),
        }
        // The key first: then it is read between two reads of the association.
        let key = keys.of(subject, now).await?;
        found = (associations.of(subject, now).await?, key);
    }
}

/// Association and key are written and removed in one transaction, and read by two calls: somebody may have come in between. Then both
/// are to be read again: `before` is the revision of an association that was read without its key last time.
fn together(
    before: Option<String>,
    found: (Option<Association>, Option<KeyItem>),
) -> Result<ControlFlow<Option<(Association, KeyItem)>, String>, StorageError> {
    let (Some(association), key) = found else { return Ok(ControlFlow::Break(None)) };
    match key.filter(|key| key.set_id == association.set_id) {
        Some(key) => Ok(ControlFlow::Break(Some((association, key)))),
        None if before.is_some_and(|revision| revision == association.revision) => Err(StorageError::Corrupt("an association without key")),
        None => Ok(ControlFlow::Continue(association.revision)),
    }
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
    pub fn put_write(&self, item: &KeyItem) -> Result<TransactWrite, StorageError> {
        self.0.put_write(to_item(item)?)
    }

    /// For a transaction: from that moment on nobody opens the photos without the code.
    ///
    /// # Errors
    /// Where the delete cannot be written.
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

    /// What comes of these reads, one after the other: the set and the revision of its association, and how many were needed.
    fn read(reads: Vec<Found>) -> (Result<Option<(String, String)>, StorageError>, usize) {
        let mut before = None;
        for (at, found) in reads.into_iter().enumerate() {
            match together(before, found) {
                Ok(ControlFlow::Break(found)) => return (Ok(found.map(|(association, key)| (key.set_id, association.revision))), at + 1),
                Ok(ControlFlow::Continue(revision)) => before = Some(revision),
                Err(error) => return (Err(error), at + 1),
            }
        }
        panic!("more reads are wanted than these");
    }

    #[test]
    fn an_association_that_ends_or_begins_between_the_two_reads_is_read_again() {
        let one = |set_id: &str, revision: &str| Ok::<_, StorageError>(Some((set_id.to_owned(), revision.to_owned())));
        for (reads, wanted) in [
            (vec![(association("a", "1"), key("a"))], one("a", "1")),
            (vec![(None, None)], Ok(None)),
            // Its end, and its beginning.
            (vec![(association("a", "1"), None), (None, None)], Ok(None)),
            (vec![(None, key("a"))], Ok(None)),
            (vec![(association("a", "1"), None), (association("a", "1"), key("a"))], one("a", "1")),
            // Another set takes its place.
            (vec![(association("a", "1"), key("b")), (association("b", "2"), key("b"))], one("b", "2")),
            (vec![(association("b", "2"), key("a")), (association("b", "2"), key("b"))], one("b", "2")),
            // It ends, comes back, and ends again.
            (vec![(association("a", "1"), None), (association("a", "2"), None), (None, None)], Ok(None)),
        ] {
            let needed = reads.len();
            let (found, count) = read(reads);
            assert_eq!((found.unwrap(), count), (wanted.unwrap(), needed));
        }
    }

    #[test]
    fn an_association_that_stays_without_its_key_is_an_error() {
        for found in [None, key("b")] {
            let (result, count) = read(vec![(association("a", "1"), found.clone()), (association("a", "1"), found)]);
            assert!(matches!(result, Err(StorageError::Corrupt(_))) && count == 2, "{result:?}");
        }
    }
}
