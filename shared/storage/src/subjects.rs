//! The table `Subjects`: maps the keyed hash of an identifier to a random [`SubjectId`]. All identifiers of a person map to the same
//! `SubjectId`.

use aws_sdk_dynamodb::Client;
use domain::{Identifier, Moment, SubjectId};
use serde::{Deserialize, Serialize};

use crate::{
    error::StorageError,
    sealing::IdentifierHasher,
    table::{Table, key, to_item},
    transaction::{Transaction, TransactionError},
};

const KEY: &str = "identifier";
/// Maximum number of attempts to write identifiers while other calls write the same identifiers. A person has at most three identifiers,
/// and an attempt fails if another call has written at least one of them. After three failed attempts, no identifier is left to write.
const ATTEMPTS_MAX: usize = 4;

#[derive(Debug, Serialize, Deserialize)]
struct SubjectItem {
    identifier: String,
    subject_id: SubjectId,
}

#[derive(Debug, Clone)]
pub struct Subjects {
    table: Table,
    hasher: IdentifierHasher,
}

impl Subjects {
    pub const fn new(client: Client, table: String, hasher: IdentifierHasher) -> Self {
        Self { table: Table::new(client, table), hasher }
    }

    /// Returns the subject that `identifier` maps to. Does not create a subject.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn find(&self, identifier: &Identifier, now: Moment) -> Result<Option<SubjectId>, StorageError> {
        let item = self.table.get::<SubjectItem>(key(KEY, &self.hasher.identifier(identifier)), now).await?;
        Ok(item.map(|item| item.subject_id))
    }

    /// Returns the subject to whom all of `identifiers` belong according to the registers. Creates one if none of them is stored yet.
    ///
    /// If one identifier is stored, its subject is used, so that a minor who later receives an AFM remains the same subject. The other
    /// identifiers are stored with the same subject in one transaction. Of several concurrent calls only one writes. The other calls use
    /// the subject that the writing call stored.
    ///
    /// # Errors
    /// Storage errors. [`StorageError::Corrupt`] if the identifiers map to different subjects, because it cannot be decided here which of
    /// them is the person.
    pub async fn resolve(&self, identifiers: &[Identifier], now: Moment) -> Result<SubjectId, StorageError> {
        for _ in 0..ATTEMPTS_MAX {
            let (known, unknown) = self.look_up(identifiers, now).await?;
            let subject = match known {
                Some(subject) => subject,
                None => SubjectId::from_random(aws::random_bytes()?),
            };
            if unknown.is_empty() {
                return Ok(subject);
            }
            let mut transaction = Transaction::new(self.table.client.clone());
            for identifier in unknown {
                let item = to_item(&SubjectItem { identifier, subject_id: subject.clone() })?;
                transaction = transaction.with(self.table.put_new_write(item, KEY)?);
            }
            match transaction.commit().await {
                Ok(()) => return Ok(subject),
                // Another call has just stored one of the identifiers. The next attempt of this call uses the subject that the other call
                // stored.
                Err(TransactionError::Refused(_) | TransactionError::Conflict) => {}
                Err(TransactionError::Storage(error)) => return Err(error),
            }
        }
        Err(StorageError::Conflict("other calls keep writing the identifiers of a person".to_owned()))
    }

    /// Returns the subject that the stored identifiers map to, and the hashes of the identifiers that are not stored.
    async fn look_up(&self, identifiers: &[Identifier], now: Moment) -> Result<(Option<SubjectId>, Vec<String>), StorageError> {
        let mut unknown = Vec::new();
        let mut known: Option<SubjectId> = None;
        for identifier in identifiers {
            let hash = self.hasher.identifier(identifier);
            match self.table.get::<SubjectItem>(key(KEY, &hash), now).await? {
                Some(item) if known.as_ref().is_some_and(|subject| *subject != item.subject_id) => {
                    return Err(StorageError::Corrupt("identifiers of one person lead to two subjects"));
                }
                Some(item) => known = Some(item.subject_id),
                None if unknown.contains(&hash) => {}
                None => unknown.push(hash),
            }
        }
        Ok((known, unknown))
    }
}
