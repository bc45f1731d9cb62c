//! Consents: every agreement as a record of its own: person, kind, text version, time.

use aws_sdk_dynamodb::{Client, types::Update};
use domain::{
    Moment, SubjectId,
    consent::ConsentKind,
    retention::{ASSOCIATION_VALID, RECORD_RETENTION_AFTER_PHOTOS},
};
use serde::{Deserialize, Serialize};

use crate::{
    error::{StorageError, failed},
    table::{TTL_ATTRIBUTE, Table, from_item, is_live, key2, moment, text, to_item},
    transaction::TransactWrite,
};

const KEY: &str = "subject_id";
const RANGE: &str = "agreement";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Consent {
    /// Who agreed.
    pub subject_id: SubjectId,
    agreement: String,
    pub kind: ConsentKind,
    pub version: String,
    pub given_at: Moment,
    pub expires_at: Moment,
}

#[derive(Debug, Clone)]
pub struct Consents(Table);

impl Consents {
    pub const fn new(client: Client, table: String) -> Self {
        Self(Table::new(client, table))
    }

    /// Whether the person has agreed to the current text on personal data.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn has_personal_data(&self, person: &SubjectId, now: Moment) -> Result<bool, StorageError> {
        let kind = ConsentKind::PersonalData;
        let range = agreement(kind, kind.current_version());
        Ok(self.0.get::<Consent>(key2(KEY, person.as_str(), RANGE, &range), now).await?.is_some())
    }

    /// All agreements of a person, the oldest of each kind first.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn of(&self, person: &SubjectId, now: Moment) -> Result<Vec<Consent>, StorageError> {
        let mut consents = Vec::new();
        let mut start = None;
        loop {
            let output = self
                .0
                .client
                .query()
                .table_name(&self.0.name)
                .key_condition_expression("#key = :key")
                .expression_attribute_names("#key", KEY)
                .expression_attribute_values(":key", text(person.as_str()))
                .consistent_read(true)
                .set_exclusive_start_key(start.take())
                .send()
                .await
                .map_err(failed("Query"))?;
            for item in output.items.unwrap_or_default().into_iter().filter(|item| is_live(item, now)) {
                consents.push(from_item(item)?);
            }
            start = output.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                return Ok(consents);
            }
        }
    }

    /// Records the agreement to the current text on personal data. Repeated, the first one's time stands.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn agree_personal_data(&self, person: &SubjectId, now: Moment) -> Result<(), StorageError> {
        let kind = ConsentKind::PersonalData;
        let consent = Consent {
            subject_id: person.clone(),
            agreement: agreement(kind, kind.current_version()),
            kind,
            version: kind.current_version().to_owned(),
            given_at: now,
            // As long as photos that are associated meanwhile can live, and a year more; association moves it on.
            expires_at: now.plus(ASSOCIATION_VALID).plus(RECORD_RETENTION_AFTER_PHOTOS),
        };
        self.0.put_new(to_item(&consent)?, KEY, now).await.map(|_| ())
    }

    /// For a transaction: the agreement to storage and use, one record for each association.
    ///
    /// # Errors
    /// Where the item cannot be written.
    pub fn associate_write(&self, person: &SubjectId, set_id: &str, now: Moment, photos_expire_at: Moment) -> Result<TransactWrite, StorageError> {
        let kind = ConsentKind::Association;
        let consent = Consent {
            subject_id: person.clone(),
            agreement: format!("{}#{set_id}#{}", agreement(kind, kind.current_version()), now.epoch_seconds()),
            kind,
            version: kind.current_version().to_owned(),
            given_at: now,
            expires_at: photos_expire_at.plus(RECORD_RETENTION_AFTER_PHOTOS),
        };
        self.0.put_write(to_item(&consent)?)
    }

    /// For a transaction: the agreement to the text on personal data is kept at least as long as these photos' records.
    ///
    /// # Errors
    /// Where the update cannot be written.
    pub fn extend_personal_data_write(&self, person: &SubjectId, version: &str, photos_expire_at: Moment) -> Result<TransactWrite, StorageError> {
        let update = Update::builder()
            .set_key(Some(key2(KEY, person.as_str(), RANGE, &agreement(ConsentKind::PersonalData, version))))
            .update_expression("SET #end = :end")
            .condition_expression("attribute_exists(#range)")
            .expression_attribute_names("#range", RANGE)
            .expression_attribute_names("#end", TTL_ATTRIBUTE)
            .expression_attribute_values(":end", moment(photos_expire_at.plus(RECORD_RETENTION_AFTER_PHOTOS)));
        self.0.update_write(update)
    }
}

fn agreement(kind: ConsentKind, version: &str) -> String {
    format!("{}#{version}", kind.name())
}
