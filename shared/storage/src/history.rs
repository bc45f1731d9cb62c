//! The table `History`: the events of a subject's photos, which the subject can read.

mod cases;

use std::collections::BTreeSet;

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, Update},
};
use domain::{
    ImageKind, Moment, SubjectId,
    application::{ApplicationId, Purpose},
    authorization::PullRefusal,
    business::BusinessId,
    retention::RECORD_RETENTION_AFTER_PHOTOS,
    verdict::Verdict,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::cases::{AtKep, CaseRecord, KepFacts};
use crate::{
    error::{StorageError, failed},
    table::{Table, from_item, is_live, key2, moment, text, to_item},
    transaction::TransactWrite,
};

const KEY: &str = "subject_id";
const RANGE: &str = "event";

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Event {
    Associated {
        set_id: String,
        code_id: String,
        /// The person who acted: the subject, or a guardian of the subject.
        by: SubjectId,
    },
    Dissociated {
        set_id: String,
        by: SubjectId,
    },
    /// The photos were erased because a person requested it.
    Erased {
        set_id: String,
        by: SubjectId,
        /// Whether the first subject of the photos erased them while they were associated with another person, who is the subject of this
        /// record.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_first_subject: bool,
    },
    Authorized {
        application: ApplicationId,
        purpose: Purpose,
        by: SubjectId,
        /// Time at which the authorization ends unless it is ended earlier. This is the expiry of the photos, or the minor's 18th birthday
        /// if a guardian gave the authorization and the birthday is earlier.
        until: Moment,
        /// When the authorization was ended before `until`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ended_at: Option<Moment>,
        /// The case at a KEP in which the authorization was ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ended_at_kep: Option<AtKep>,
    },
    /// An application requested an image.
    Pulled {
        application: ApplicationId,
        purpose: Purpose,
        image: ImageKind,
        /// The application's own reference.
        case: String,
        /// Reason why the image was refused. `None` if the application received the image.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refusal: Option<PullRefusal>,
        /// The upload that the image came from. A verdict is also written to the photographer's record of this upload.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<Origin>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        verdict: Option<GivenVerdict>,
    },
    /// A clerk of a KEP opened a case for the person.
    Case(CaseRecord),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub business: BusinessId,
    pub upload_id: String,
}

/// The verdict of the public body on an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenVerdict {
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Explanation by the clerk of the public body. It is shown to the citizen only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    pub at: Moment,
}

/// The kinds of records in a subject's history. Each kind is listed separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Associations,
    Authorizations,
    Accesses,
    Cases,
}

impl Kind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Associations => "association#",
            Self::Authorizations => "authorization#",
            Self::Accesses => "access#",
            Self::Cases => "case#",
        }
    }
}

impl Event {
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Associated { .. } | Self::Dissociated { .. } | Self::Erased { .. } => Kind::Associations,
            Self::Authorized { .. } => Kind::Authorizations,
            Self::Pulled { .. } => Kind::Accesses,
            Self::Case(_) => Kind::Cases,
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    pub subject_id: SubjectId,
    /// Prefix of the kind, then a UUIDv7. Records of the same kind sort by time.
    pub event: String,
    pub at: Moment,
    pub expires_at: Moment,
    /// The case at a KEP in which the event was caused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_kep: Option<AtKep>,
    #[serde(flatten)]
    pub what: Event,
}

impl Record {
    /// Creates the record of an event. It is retained for 365 days after the photos expire.
    pub fn new(subject: &SubjectId, what: Event, at: Moment, photos_expire_at: Moment) -> Self {
        Self {
            subject_id: subject.clone(),
            event: format!("{}{}", what.kind().prefix(), Uuid::now_v7()),
            at,
            expires_at: photos_expire_at.plus(RECORD_RETENTION_AFTER_PHOTOS),
            at_kep: None,
            what,
        }
    }

    /// Returns the sort key without the prefix of the kind. This ID is used in URLs and as the cursor of pages.
    pub fn id(&self) -> &str {
        self.event.split_once('#').map_or(self.event.as_str(), |(_, id)| id)
    }
}

/// A page of records, newest first.
#[derive(Debug, Clone)]
pub struct Page {
    pub records: Vec<Record>,
    /// The ID of the page's last record, after which the next page begins. `None` on the last page.
    pub next: Option<String>,
}

#[derive(Debug, Clone)]
pub struct History {
    table: Table,
}

impl History {
    pub const fn new(client: Client, table: String) -> Self {
        Self { table: Table::new(client, table) }
    }

    /// Builds the write that stores a record.
    ///
    /// # Errors
    /// If the item cannot be serialized.
    pub fn put_write(&self, record: &Record) -> Result<TransactWrite, StorageError> {
        self.table.put_write(to_item(record)?)
    }

    /// Stores a record outside a transaction. This is used for pulls.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn put(&self, record: &Record) -> Result<(), StorageError> {
        let put = self.table.client.put_item().table_name(&self.table.name).set_item(Some(to_item(record)?));
        put.send().await.map(|_| ()).map_err(failed("PutItem"))
    }

    /// Reads a record by its sort key.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn find(&self, subject: &SubjectId, event: &str, now: Moment) -> Result<Option<Record>, StorageError> {
        self.table.get(key2(KEY, subject.as_str(), RANGE, event), now).await
    }

    /// Returns those of the sort keys `records` whose authorization cannot be ended, because its record is missing, unreadable or already
    /// ended. For an authorization in force this happens only if a table was restored from a backup.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn without_open_record<'a>(
        &self,
        subject: &SubjectId,
        records: impl Iterator<Item = &'a String>,
        now: Moment,
    ) -> Result<BTreeSet<String>, StorageError> {
        let mut without_open_record = BTreeSet::new();
        for record in records {
            match self.find(subject, record, now).await {
                Ok(Some(Record { what: Event::Authorized { ended_at: None, .. }, .. })) => {}
                Ok(_) | Err(StorageError::Corrupt(_)) => {
                    without_open_record.insert(record.clone());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(without_open_record)
    }

    /// Builds the write that ends an authorization. `at_kep` is the case at a KEP in which the authorization is ended. The transaction
    /// fails if the record of the authorization is missing or already ended.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn end_authorization_write(
        &self,
        subject: &SubjectId,
        event: &str,
        at: Moment,
        at_kep: Option<&AtKep>,
    ) -> Result<TransactWrite, StorageError> {
        let update = Update::builder()
            .set_key(Some(key2(KEY, subject.as_str(), RANGE, event)))
            .condition_expression("attribute_exists(#range) AND attribute_not_exists(#ended)")
            .expression_attribute_names("#range", RANGE)
            .expression_attribute_names("#ended", "ended_at")
            .expression_attribute_values(":at", moment(at));
        let update = match at_kep {
            None => update.update_expression("SET #ended = :at"),
            Some(at_kep) => update
                .update_expression("SET #ended = :at, #kep = :kep")
                .expression_attribute_names("#kep", "ended_at_kep")
                .expression_attribute_values(
                    ":kep",
                    serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(at_kep).map_err(|_| StorageError::Corrupt("a mark of a case"))?,
                ),
        };
        self.table.update_write(update)
    }

    /// Builds the write that stores the verdict on a pulled image, and replaces an earlier verdict. The transaction fails if the record is
    /// missing or the pull was refused.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn verdict_write(&self, subject: &SubjectId, event: &str, verdict: &GivenVerdict) -> Result<TransactWrite, StorageError> {
        let value = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(verdict).map_err(|_| StorageError::Corrupt("a verdict"))?;
        let update = Update::builder()
            .set_key(Some(key2(KEY, subject.as_str(), RANGE, event)))
            .update_expression("SET #verdict = :verdict")
            .condition_expression("attribute_exists(#range) AND attribute_not_exists(#refusal)")
            .expression_attribute_names("#range", RANGE)
            .expression_attribute_names("#refusal", "refusal")
            .expression_attribute_names("#verdict", "verdict")
            .expression_attribute_values(":verdict", value);
        self.table.update_write(update)
    }

    /// Reads the records of a kind, newest first. Begins after the record with the ID `after`, if it is given.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn list(
        &self,
        subject: &SubjectId,
        kind: Kind,
        after: Option<&str>,
        limit: usize,
        now: Moment,
    ) -> Result<Page, StorageError> {
        let mut records: Vec<Record> = Vec::new();
        let mut start = after.map(|id| key2(KEY, subject.as_str(), RANGE, &format!("{}{id}", kind.prefix())));
        loop {
            let output = self
                .table
                .client
                .query()
                .table_name(&self.table.name)
                .key_condition_expression("#key = :key AND begins_with(#range, :kind)")
                .expression_attribute_names("#key", KEY)
                .expression_attribute_names("#range", RANGE)
                .expression_attribute_values(":key", text(subject.as_str()))
                .expression_attribute_values(":kind", AttributeValue::S(kind.prefix().to_owned()))
                .consistent_read(true)
                .scan_index_forward(false)
                .limit(i32::try_from(limit + 1).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start.take())
                .send()
                .await
                .map_err(failed("Query"))?;
            for item in output.items.unwrap_or_default().into_iter().filter(|item| is_live(item, now)) {
                records.push(from_item(item)?);
            }
            start = output.last_evaluated_key.filter(|key| !key.is_empty());
            if records.len() > limit || start.is_none() {
                break;
            }
        }
        let more = records.len() > limit;
        records.truncate(limit);
        let next = if more { records.last().map(|last| last.id().to_owned()) } else { None };
        Ok(Page { records, next })
    }
}

#[cfg(test)]
mod tests {
    use domain::verdict::RefusalReason;

    use super::*;

    #[test]
    fn records_survive_conversion_to_items_and_back() {
        let now = Moment::from_epoch_seconds(1_800_000_000);
        let subject = SubjectId::from_random([1; 16]);
        let application = ApplicationId::parse("driving-licence").unwrap();
        let verdict = GivenVerdict { verdict: Verdict::Refused(RefusalReason::Glasses), text: Some("κείμενο".to_owned()), at: now };
        let pulled = Event::Pulled {
            application: application.clone(),
            purpose: Purpose::Passport,
            image: ImageKind::Face,
            case: "1".to_owned(),
            refusal: None,
            origin: Some(Origin { business: BusinessId::from_hash("b".to_owned()), upload_id: "u".to_owned() }),
            verdict: Some(verdict.clone()),
        };
        let authorized = Event::Authorized {
            application,
            purpose: Purpose::Passport,
            by: subject.clone(),
            until: now,
            ended_at: Some(now),
            ended_at_kep: None,
        };
        for (event, prefix) in [(pulled, "access#"), (authorized, "authorization#")] {
            let record = Record::new(&subject, event, now, now);
            assert!(record.event.starts_with(prefix) && !record.id().contains('#'));
            let read: Record = from_item(to_item(&record).unwrap()).unwrap();
            assert_eq!(format!("{read:?}"), format!("{record:?}"));
        }
        let accepted = GivenVerdict { verdict: Verdict::Accepted, text: None, at: now };
        let read: GivenVerdict = from_item(to_item(&accepted).unwrap()).unwrap();
        assert_eq!(read, accepted);
    }
}
