//! The table `Consents`: one record for each agreement, with the person, the kind of consent, the version of the text and the time.

use aws_sdk_dynamodb::{
    Client,
    types::{Put, Update},
};
use domain::{
    Moment, SubjectId,
    consent::ConsentKind,
    retention::{ASSOCIATION_VALID, RECORD_RETENTION_AFTER_PHOTOS},
};
use serde::{Deserialize, Serialize};

use crate::{
    associations::Association,
    error::{StorageError, failed},
    history::AtKep,
    table::{TTL_ATTRIBUTE, Table, from_item, is_live, key2, moment, text, to_item},
    transaction::TransactWrite,
};

const KEY: &str = "subject_id";
const RANGE: &str = "agreement";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Consent {
    /// The person who agreed.
    pub subject_id: SubjectId,
    agreement: String,
    pub kind: ConsentKind,
    pub version: String,
    pub given_at: Moment,
    pub expires_at: Moment,
    /// The case at a KEP in which the person agreed on paper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_kep: Option<AtKep>,
}

#[derive(Debug, Clone)]
pub struct Consents(Table);

impl Consents {
    pub const fn new(client: Client, table: String) -> Self {
        Self(Table::new(client, table))
    }

    /// Returns whether the person has agreed to the current text on personal data.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn has_agreed_to_personal_data(&self, person: &SubjectId, now: Moment) -> Result<bool, StorageError> {
        let kind = ConsentKind::PersonalData;
        let range = agreement(kind, kind.current_version());
        Ok(self.0.get::<Consent>(key2(KEY, person.as_str(), RANGE, &range), now).await?.is_some())
    }

    /// Reads all agreements of a person, sorted by kind and version of the text.
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

    /// Records the agreement to the current text on personal data. If the person has already agreed to it, the time of the first agreement
    /// is not changed.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn agree_personal_data(&self, person: &SubjectId, now: Moment) -> Result<(), StorageError> {
        self.0.put_new(to_item(&personal_data(person, None, now))?, KEY, now).await.map(|_| ())
    }

    /// Builds the write that records the agreement to the current text on personal data, given on paper in a case at a KEP. The transaction
    /// fails if the person has already agreed to it.
    ///
    /// # Errors
    /// If the item cannot be serialized.
    pub fn agree_personal_data_at_kep_write(&self, person: &SubjectId, at_kep: &AtKep, now: Moment) -> Result<TransactWrite, StorageError> {
        self.put_new_write(&personal_data(person, Some(at_kep), now), now)
    }

    /// Builds the write that records the agreement to the storage and use of photos. Each association has its own record. `at_kep` is the
    /// case at a KEP in which the person agreed.
    ///
    /// # Errors
    /// If the item cannot be serialized.
    pub fn associate_write(
        &self,
        person: &SubjectId,
        set_id: &str,
        now: Moment,
        photos_expire_at: Moment,
        at_kep: Option<&AtKep>,
    ) -> Result<TransactWrite, StorageError> {
        self.0.put_write(to_item(&association(person, (set_id, now), now, photos_expire_at, at_kep))?)
    }

    /// Builds the write that records the agreement of a person to an association that already exists, for example because the other
    /// guardian of a minor has created it. The transaction fails if the person's agreement to this association is already recorded.
    ///
    /// # Errors
    /// If the item cannot be serialized.
    pub fn agree_existing_write(
        &self,
        person: &SubjectId,
        existing: &Association,
        now: Moment,
        at_kep: Option<&AtKep>,
    ) -> Result<TransactWrite, StorageError> {
        let agreed_to = (existing.set_id.as_str(), existing.associated_at);
        self.put_new_write(&association(person, agreed_to, now, existing.expires_at, at_kep), now)
    }

    fn put_new_write(&self, consent: &Consent, now: Moment) -> Result<TransactWrite, StorageError> {
        let put = Put::builder()
            .set_item(Some(to_item(consent)?))
            .condition_expression("attribute_not_exists(#key) OR #end <= :now")
            .expression_attribute_names("#key", KEY)
            .expression_attribute_names("#end", TTL_ATTRIBUTE)
            .expression_attribute_values(":now", moment(now));
        self.0.put_builder_write(put)
    }

    /// Builds the write that extends the retention of the agreement to the text on personal data. The agreement is then retained as long as
    /// the records of photos that expire at `photos_expire_at`. The transaction fails if the person has not agreed to this version of the
    /// text.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn extend_personal_data_write(
        &self,
        person: &SubjectId,
        version: &str,
        photos_expire_at: Moment,
    ) -> Result<TransactWrite, StorageError> {
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

/// Returns the record of an agreement to the current text on personal data.
fn personal_data(person: &SubjectId, at_kep: Option<&AtKep>, now: Moment) -> Consent {
    let kind = ConsentKind::PersonalData;
    Consent {
        subject_id: person.clone(),
        agreement: agreement(kind, kind.current_version()),
        kind,
        version: kind.current_version().to_owned(),
        given_at: now,
        // Photos associated now are stored for at most `ASSOCIATION_VALID`, and their records a year longer. A later association extends
        // the retention ([`Consents::extend_personal_data_write`]).
        expires_at: now.plus(ASSOCIATION_VALID).plus(RECORD_RETENTION_AFTER_PHOTOS),
        at_kep: at_kep.cloned(),
    }
}

/// Returns the record of an agreement to the storage and use of photos. The ID of the photo set and the time of the association identify the
/// association.
fn association(
    person: &SubjectId,
    (set_id, associated_at): (&str, Moment),
    given_at: Moment,
    photos_expire_at: Moment,
    at_kep: Option<&AtKep>,
) -> Consent {
    let kind = ConsentKind::Association;
    Consent {
        subject_id: person.clone(),
        agreement: format!("{}#{set_id}#{}", agreement(kind, kind.current_version()), associated_at.epoch_seconds()),
        kind,
        version: kind.current_version().to_owned(),
        given_at,
        expires_at: photos_expire_at.plus(RECORD_RETENTION_AFTER_PHOTOS),
        at_kep: at_kep.cloned(),
    }
}

/// Returns the first two components of the sort key: kind and version.
fn agreement(kind: ConsentKind, version: &str) -> String {
    format!("{}#{version}", kind.name())
}
