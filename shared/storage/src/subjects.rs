//! Subjects: keyed hash of an identifier -> random [`SubjectId`]. All identifiers of a person point to one.

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
/// A person has three identifiers at most: each round lost means that another call wrote at least one of them.
const ROUNDS: usize = 4;

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

    /// The subject to whom `identifier` leads. None is made.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn find(&self, identifier: &Identifier, now: Moment) -> Result<Option<SubjectId>, StorageError> {
        let item = self.table.get::<SubjectItem>(key(KEY, &self.hasher.identifier(identifier)), now).await?;
        Ok(item.map(|item| item.subject_id))
    }

    /// The subject to whom all of `identifiers` belong (the registers say so), made now if none is known yet.
    ///
    /// One that is known decides, so that a minor who gets an AFM later stays the same subject; the others are made to point there, all
    /// or none. Of several calls at once one writes, and the others find what it wrote.
    ///
    /// # Errors
    /// Storage errors; [`StorageError::Corrupt`] where some lead to one subject and some to another: which of them the person is, nobody
    /// can tell here.
    pub async fn resolve(&self, identifiers: &[Identifier], now: Moment) -> Result<SubjectId, StorageError> {
        for _ in 0..ROUNDS {
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
                // Somebody was quicker with one of them: theirs stands.
                Err(TransactionError::Refused(_) | TransactionError::Conflict) => {}
                Err(TransactionError::Storage(error)) => return Err(error),
            }
        }
        Err(StorageError::Conflict("a person's identifiers are written by others again and again".to_owned()))
    }

    /// The subject to whom those that are known lead, and the hashes of the others.
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
