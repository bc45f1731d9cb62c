//! Records of cases at a KEP, and the sealed facts that every record written in a case contains.
//!
//! The record of a case is written when the case is opened, so that an unfinished case is visible too. Each act in the case is added to the
//! record, on the condition that the case has not ended. If an act needs a transaction, the same transaction adds it to the record.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::{
    operation::update_item::builders::UpdateItemFluentBuilder,
    types::{Update, builders::UpdateBuilder},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    Moment, SubjectId,
    kep::{ACTS_PER_CASE_MAX, Act, ApplicationNumber, ClerkId, Document, Office, Presence},
    retention::ASSOCIATION_VALID,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Event, History, KEY, RANGE, Record};
use crate::{
    error::StorageError,
    sealing::SealingKey,
    table::{condition_is_met, key2, moment, number},
    transaction::TransactWrite,
};

/// The office, application number and clerk of a case at a KEP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KepFacts {
    pub office: Office,
    pub application_number: ApplicationNumber,
    /// The clerk's ID in the records of the office. It is never shown to the person.
    pub clerk: ClerkId,
}

/// [`KepFacts`] as they are stored in each record of a case: sealed, because they reveal where a person was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtKep {
    /// A random ID that all records of the case have in common. It is the associated data of the seal.
    seal: String,
    sealed: String,
}

impl AtKep {
    /// Seals the facts once for all records of a case.
    ///
    /// # Errors
    /// If the operating system provides no random bytes.
    pub fn seal(key: &SealingKey, facts: &KepFacts) -> Result<Self, StorageError> {
        let seal = crate::random_id()?;
        let sealed = sealed(key, &format!("at kep {seal}"), facts)?;
        Ok(Self { seal, sealed })
    }

    /// Opens the facts.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`] if they were sealed with another key.
    pub fn open(&self, key: &SealingKey) -> Result<KepFacts, StorageError> {
        open(key, &format!("at kep {}", self.seal), &self.sealed)
    }

    /// Seals the document that the person showed. Only the record of the case contains it.
    ///
    /// # Errors
    /// If the operating system provides no random bytes.
    pub fn seal_document(&self, key: &SealingKey, document: &Document) -> Result<String, StorageError> {
        sealed(key, &format!("kep document {}", self.seal), document)
    }

    /// Opens the document of the record of a case.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`] if it was sealed with another key, or in another case.
    pub fn open_document(&self, key: &SealingKey, document: &str) -> Result<Document, StorageError> {
        open(key, &format!("kep document {}", self.seal), document)
    }
}

fn sealed(key: &SealingKey, context: &str, value: &impl Serialize) -> Result<String, StorageError> {
    let plain = Zeroizing::new(serde_json::to_vec(value).map_err(|_| StorageError::Corrupt("a case cannot be serialized"))?);
    Ok(URL_SAFE_NO_PAD.encode(key.seal(context, &plain)?))
}

fn open<T: serde::de::DeserializeOwned>(key: &SealingKey, context: &str, sealed: &str) -> Result<T, StorageError> {
    let sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| StorageError::Corrupt("a case is not base64"))?;
    let plain = Zeroizing::new(key.open(context, &sealed)?);
    serde_json::from_slice(&plain).map_err(|_| StorageError::Corrupt("a case has another shape"))
}

/// The record of a case ([`Event::Case`]).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CaseRecord {
    pub presence: Presence,
    /// The sealed document ([`AtKep::open_document`]).
    pub document: String,
    /// When the case ends unless the clerk closes it earlier.
    pub ends_at: Moment,
    /// When the clerk closed the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Moment>,
    /// The acts by their ID. A repeated write of an act has the same ID, so the act is stored once.
    #[serde(default)]
    pub done: BTreeMap<String, Act>,
}

impl CaseRecord {
    /// Returns the acts in the order in which they were made. Acts of the same second are in the order of their IDs, so that every response
    /// has the same order.
    pub fn acts(&self) -> Vec<&Act> {
        let mut acts: Vec<&Act> = self.done.values().collect();
        // The sort is stable, and the map is in the order of the IDs.
        acts.sort_by_key(|act| act.at);
        acts
    }

    /// Returns when the case ended. `None` while it is open.
    pub fn ended_at(&self, now: Moment) -> Option<Moment> {
        self.closed_at.or_else(|| now.has_reached(self.ends_at).then_some(self.ends_at))
    }
}

impl Record {
    /// Creates the record of a case that is opened now. The record is retained as long as the records of photos that are associated in the
    /// case.
    pub fn of_case(subject: &SubjectId, at_kep: &AtKep, document: String, at: Moment, ends_at: Moment) -> Self {
        let case = CaseRecord { presence: Presence::NotProven, document, ends_at, closed_at: None, done: BTreeMap::new() };
        Self::new(subject, Event::Case(case), at, at.plus(ASSOCIATION_VALID)).at_kep(Some(at_kep))
    }

    /// Adds to the record the facts about the case in which the event was caused.
    #[must_use]
    pub fn at_kep(self, at_kep: Option<&AtKep>) -> Self {
        Self { at_kep: at_kep.cloned(), ..self }
    }
}

/// Condition that a case has not ended.
const IS_OPEN: &str = "attribute_exists(#range) AND attribute_not_exists(#closed) AND #ends > :now";

impl History {
    /// Builds the write that adds acts, all made at `now`, to the record of their case. One write adds all acts, because a transaction
    /// cannot write an item twice. The transaction fails if the case has ended, or would have more than the maximum number of acts.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn acts_write(&self, person: &SubjectId, case: &str, acts: &[Act], now: Moment) -> Result<TransactWrite, StorageError> {
        let mut update = case_update(person, case, now).expression_attribute_names("#done", "done");
        let mut assignments = Vec::new();
        for (position, act) in acts.iter().enumerate() {
            assignments.push(format!("#done.#act{position} = :act{position}"));
            update = update
                .expression_attribute_names(format!("#act{position}"), crate::time_ordered_id())
                .expression_attribute_values(format!(":act{position}"), act_value(act)?);
        }
        let update = update
            .update_expression(format!("SET {}", assignments.join(", ")))
            .condition_expression(format!("{IS_OPEN} AND size(#done) <= :max"))
            .expression_attribute_values(":max", number(ACTS_PER_CASE_MAX.saturating_sub(acts.len())));
        self.table.update_write(update)
    }

    /// Adds an act to the record of its case, for acts that need no transaction. An act with the ID of an earlier act is not added again.
    /// Returns `false` if the case has ended, or has the maximum number of acts.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn add_act(&self, person: &SubjectId, case: &str, act_id: &str, act: &Act) -> Result<bool, StorageError> {
        let update = self
            .case_update_item(person, case)
            .update_expression("SET #done.#act = if_not_exists(#done.#act, :act)")
            .condition_expression(format!("{IS_OPEN} AND (size(#done) < :max OR attribute_exists(#done.#act))"))
            .expression_attribute_names("#ends", "ends_at")
            .expression_attribute_names("#done", "done")
            .expression_attribute_names("#act", act_id)
            .expression_attribute_values(":now", moment(act.at))
            .expression_attribute_values(":act", act_value(act)?)
            .expression_attribute_values(":max", number(ACTS_PER_CASE_MAX));
        condition_is_met(update.send().await)
    }

    /// Adds to the record of a case that a submitted code was not accepted. Unlike [`Self::add_act`], adds the act even if the case has
    /// ended or has the maximum number of acts, because the code has already been counted for the person. The daily limit of submissions
    /// bounds the number of these acts, because each code has one `act_id`.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn add_code_not_accepted(&self, person: &SubjectId, case: &str, act_id: &str, act: &Act) -> Result<(), StorageError> {
        let update = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .set_key(Some(key2(KEY, person.as_str(), RANGE, case)))
            .update_expression("SET #done.#act = if_not_exists(#done.#act, :act)")
            .condition_expression("attribute_exists(#range)")
            .expression_attribute_names("#range", RANGE)
            .expression_attribute_names("#done", "done")
            .expression_attribute_names("#act", act_id)
            .expression_attribute_values(":act", act_value(act)?);
        if condition_is_met(update.send().await)? { Ok(()) } else { Err(StorageError::Corrupt("a case has no record")) }
    }

    /// Builds the write that records how the person's presence was proven. The transaction fails if the case has ended, or if the presence
    /// was proven before.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn prove_presence_write(
        &self,
        person: &SubjectId,
        case: &str,
        presence: Presence,
        now: Moment,
    ) -> Result<TransactWrite, StorageError> {
        let update = case_update(person, case, now)
            .update_expression("SET #presence = :presence")
            .condition_expression(format!("{IS_OPEN} AND #presence = :not_proven"))
            .expression_attribute_names("#presence", "presence")
            .expression_attribute_values(":presence", presence_value(presence)?)
            .expression_attribute_values(":not_proven", presence_value(Presence::NotProven)?);
        self.table.update_write(update)
    }

    /// Builds the write that records that the clerk closed the case. The transaction fails if the case has ended.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn close_case_write(&self, person: &SubjectId, case: &str, now: Moment) -> Result<TransactWrite, StorageError> {
        let update = case_update(person, case, now).update_expression("SET #closed = :now").condition_expression(IS_OPEN);
        self.table.update_write(update)
    }

    fn case_update_item(&self, person: &SubjectId, case: &str) -> UpdateItemFluentBuilder {
        self.table
            .client
            .update_item()
            .table_name(&self.table.name)
            .set_key(Some(key2(KEY, person.as_str(), RANGE, case)))
            .expression_attribute_names("#range", RANGE)
            .expression_attribute_names("#closed", "closed_at")
    }
}

/// Begins an update of the record of a case. Defines the attribute names and values that the condition [`IS_OPEN`] uses.
fn case_update(person: &SubjectId, case: &str, now: Moment) -> UpdateBuilder {
    Update::builder()
        .set_key(Some(key2(KEY, person.as_str(), RANGE, case)))
        .expression_attribute_names("#range", RANGE)
        .expression_attribute_names("#closed", "closed_at")
        .expression_attribute_names("#ends", "ends_at")
        .expression_attribute_values(":now", moment(now))
}

fn act_value(act: &Act) -> Result<aws_sdk_dynamodb::types::AttributeValue, StorageError> {
    serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(act).map_err(|_| StorageError::Corrupt("an act"))
}

fn presence_value(presence: Presence) -> Result<aws_sdk_dynamodb::types::AttributeValue, StorageError> {
    serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(presence).map_err(|_| StorageError::Corrupt("a presence"))
}

#[cfg(test)]
mod tests {
    use domain::kep::{ActKind, DocumentKind, LastFour, OfficeId, OfficeName};

    use super::*;
    use crate::{
        sealing::kep_key,
        table::{from_item, to_item},
    };

    fn facts() -> KepFacts {
        KepFacts {
            office: Office { id: OfficeId::parse("k1").unwrap(), name: OfficeName::parse("ΚΕΠ Δήμου Χανίων").unwrap() },
            application_number: ApplicationNumber::parse("777/2026").unwrap(),
            clerk: ClerkId::from_hash("c".to_owned()),
        }
    }

    #[test]
    fn the_facts_of_a_case_open_only_with_its_key_and_the_document_only_in_its_case() {
        let key = kep_key("secret");
        let (one, other) = (AtKep::seal(&key, &facts()).unwrap(), AtKep::seal(&key, &facts()).unwrap());
        assert_eq!(one.open(&key).unwrap(), facts());
        assert!(one.open(&kep_key("other")).is_err());
        let document = Document { kind: DocumentKind::Passport, last_four: LastFour::parse("3456").unwrap() };
        let sealed = one.seal_document(&key, &document).unwrap();
        assert_eq!(one.open_document(&key, &sealed).unwrap(), document);
        assert!(other.open_document(&key, &sealed).is_err());
    }

    #[test]
    fn the_record_of_a_case_survives_conversion_to_an_item_and_shows_no_facts() {
        let (now, subject) = (Moment::from_epoch_seconds(1_800_000_000), SubjectId::from_random([1; 16]));
        let at_kep = AtKep::seal(&kep_key("secret"), &facts()).unwrap();
        let mut record = Record::of_case(&subject, &at_kep, "sealed".to_owned(), now, now);
        let Event::Case(case) = &mut record.what else { panic!("another event") };
        case.done.insert("a".to_owned(), Act { what: ActKind::Associated, at: now, application: None, minor: Some(subject.clone()) });
        let item = to_item(&record).unwrap();
        let printed = format!("{item:?}");
        assert!(!printed.contains("777/2026") && !printed.contains("Χανίων"), "{printed}");
        let read: Record = from_item(item).unwrap();
        assert_eq!(format!("{read:?}"), format!("{record:?}"));
        assert!(record.event.starts_with("case#"));
    }

    #[test]
    fn acts_are_in_the_order_of_their_time_and_within_a_second_of_their_ids() {
        let moment = Moment::from_epoch_seconds;
        let act = |what, at| Act { what, at: moment(at), application: None, minor: None };
        let mut case =
            CaseRecord { presence: Presence::Otp, document: String::new(), ends_at: moment(20), closed_at: None, done: BTreeMap::new() };
        // The ID of a download begins with `d`, so it sorts after the IDs of the two acts that were made later.
        case.done.insert("downloaded set".to_owned(), act(ActKind::Downloaded, 1));
        case.done.insert("019b".to_owned(), act(ActKind::Withdrawn, 2));
        case.done.insert("019a".to_owned(), act(ActKind::Authorized, 2));
        let order: Vec<ActKind> = case.acts().iter().map(|act| act.what).collect();
        assert_eq!(order, [ActKind::Downloaded, ActKind::Authorized, ActKind::Withdrawn]);
    }

    #[test]
    fn a_case_ended_when_it_was_closed_or_when_its_time_was_over() {
        let moment = Moment::from_epoch_seconds;
        let case = |closed_at| CaseRecord {
            presence: Presence::Otp,
            document: String::new(),
            ends_at: moment(20),
            closed_at,
            done: BTreeMap::new(),
        };
        assert_eq!(case(None).ended_at(moment(19)), None);
        assert_eq!(case(None).ended_at(moment(20)), Some(moment(20)));
        assert_eq!(case(Some(moment(5))).ended_at(moment(19)), Some(moment(5)));
    }
}
