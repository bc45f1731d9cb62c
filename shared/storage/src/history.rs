//! History: what happened to a subject's photos, for the subject to read.

use aws_sdk_dynamodb::Client;
use domain::{Moment, SubjectId, retention::RECORD_KEPT_AFTER_PHOTOS};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    error::StorageError,
    table::{Table, to_item},
    transaction::Part,
};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Event {
    Associated {
        set_id: String,
        /// Who did it: the subject, or who has custody.
        by: SubjectId,
    },
}

impl Event {
    const fn prefix(&self) -> &'static str {
        match self {
            Self::Associated { .. } => "association",
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct HistoryItem {
    subject_id: SubjectId,
    /// Kind, then a UUIDv7: sorted by time within a kind.
    event: String,
    at: Moment,
    expires_at: Moment,
    #[serde(flatten)]
    what: Event,
}

#[derive(Debug, Clone)]
pub struct History {
    table: Table,
}

impl History {
    pub const fn new(client: Client, table: String) -> Self {
        Self { table: Table::new(client, table) }
    }

    /// For a transaction: kept as long as the photos and a year more.
    ///
    /// # Errors
    /// Where the item cannot be written.
    pub fn put_part(&self, subject: &SubjectId, what: Event, at: Moment, photos_expire_at: Moment) -> Result<Part, StorageError> {
        let item = HistoryItem {
            subject_id: subject.clone(),
            event: format!("{}#{}", what.prefix(), Uuid::now_v7()),
            at,
            expires_at: photos_expire_at.plus(RECORD_KEPT_AFTER_PHOTOS),
            what,
        };
        self.table.put_part(to_item(&item)?)
    }
}
