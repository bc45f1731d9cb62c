//! Subjects: keyed hash of an identifier -> random [`SubjectId`]. All identifiers of a person point to one.

use aws_sdk_dynamodb::Client;
use domain::{Identifier, Moment, SubjectId};
use serde::{Deserialize, Serialize};

use crate::{
    error::StorageError,
    sealing::IdentifierHasher,
    table::{Table, key, to_item},
};

const KEY: &str = "identifier";

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
    /// The first identifier that is known decides, so that a minor who gets an AFM later stays the same subject; the
    /// others are made to point there. Two calls at once end with the same subject: the first write wins.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn resolve(&self, identifiers: &[Identifier], now: Moment) -> Result<SubjectId, StorageError> {
        let mut unknown = Vec::new();
        let mut subject = None;
        for identifier in identifiers {
            let hash = self.hasher.identifier(identifier);
            match self.table.get::<SubjectItem>(key(KEY, &hash), now).await? {
                Some(item) => subject = subject.or(Some(item.subject_id)),
                None => unknown.push(hash),
            }
        }
        let mut subject = match subject {
            Some(subject) => subject,
            None => SubjectId::from_random(aws::random_bytes()?),
        };
        for (at, hash) in unknown.into_iter().enumerate() {
            let item = to_item(&SubjectItem { identifier: hash.clone(), subject_id: subject.clone() })?;
            let stored = self.table.put_new(item, KEY, now).await?;
            if at == 0 && !stored {
                // Somebody was quicker with the deciding identifier: theirs stands.
                if let Some(item) = self.table.get::<SubjectItem>(key(KEY, &hash), now).await? {
                    subject = item.subject_id;
                }
            }
        }
        Ok(subject)
    }
}
