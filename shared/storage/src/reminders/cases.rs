//! Messages about cases at a KEP, in the table `Reminders`: when a case ends, the person gets an SMS that says what was done.
//!
//! The message is stored when the person's presence is proven, and is due soon after the case expires, so that it is sent even if the clerk
//! does nothing. Closing the case makes the message due at once. All messages have one partition key, and their sort key begins with the
//! second in which they are due, so that one query finds all messages that are due.

use aws_sdk_dynamodb::types::{Delete, Put, ReturnValue};
use domain::{
    GreekMobile, Language, Moment, SubjectId,
    kep::{ApplicationNumber, OfficeName, message_retry_after},
    reminder::CLAIM,
    retention::CASE_MESSAGE_RETENTION,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{ATTEMPTS, CLAIM_ID, CLAIMED_UNTIL, KEY, PAGE_SIZE, RANGE, Reminders};
use crate::{
    error::{StorageError, failed},
    kms::KmsKey,
    table::{Item, condition_is_met, from_item, key2, moment, number, text, to_item},
    transaction::TransactWrite,
};

/// Partition key of all messages about cases. No reminder has this key, because the keys of reminders begin with a day.
const SLOT: &str = "case";
/// Name in the KMS encryption context. The value under this name is the sort key of the case's record.
const CONTEXT: &str = "case";

/// The recipient and the content of a message about a case. Stored sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CaseMessage {
    pub mobile: GreekMobile,
    pub office: OfficeName,
    pub application_number: ApplicationNumber,
    /// A message that was stored without a language is Greek.
    #[serde(default)]
    pub language: Language,
}

/// A message about a case as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CaseMessageItem {
    slot: String,
    about: String,
    #[serde(with = "serde_bytes")]
    sealed: Vec<u8>,
    /// The person whose history has the record of the case.
    pub subject_id: SubjectId,
    /// Sort key of the case's record.
    pub record: String,
    pub attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    claim: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    claimed_until: Option<Moment>,
    expires_at: Moment,
}

/// What a run of `send_reminders` does with a message that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Send,
    /// Delete the message without sending it, because it has expired or may already have been sent.
    GiveUp,
    /// Do nothing yet. Either another run is sending the message, or an attempt has failed and the next attempt is not due yet.
    Wait,
}

/// A page of the messages that are due. An item that cannot be read is an `Err` in the list, so the other items are still returned.
#[derive(Debug)]
pub struct CaseMessagePage {
    pub messages: Vec<Result<CaseMessageItem, StorageError>>,
    next: Option<Item>,
}

/// A sealed [`CaseMessage`]. The open case contains the sealed message, so that closing the case can store the message again without
/// opening it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SealedCaseMessage(#[serde(with = "serde_bytes")] Vec<u8>);

impl SealedCaseMessage {
    /// Seals a message about a case. `record` is the sort key of the case's record.
    ///
    /// # Errors
    /// Errors of KMS.
    pub async fn seal(kms: &KmsKey, record: &str, message: &CaseMessage) -> Result<Self, StorageError> {
        let plain = Zeroizing::new(serde_json::to_vec(message).map_err(|_| StorageError::Corrupt("a message cannot be serialized"))?);
        Ok(Self(kms.seal(&[(CONTEXT, record)], &plain).await?))
    }
}

impl CaseMessageItem {
    /// Creates the item of a message that is due at `due_at`.
    pub fn new(sealed: &SealedCaseMessage, subject: &SubjectId, record: &str, due_at: Moment) -> Self {
        Self {
            slot: SLOT.to_owned(),
            about: sort_key(due_at, record),
            sealed: sealed.0.clone(),
            subject_id: subject.clone(),
            record: record.to_owned(),
            attempts: 0,
            claim: None,
            claimed_until: None,
            expires_at: due_at.plus(CASE_MESSAGE_RETENTION),
        }
    }

    /// Opens the message.
    ///
    /// # Errors
    /// Errors of KMS.
    pub async fn open(&self, kms: &KmsKey) -> Result<CaseMessage, StorageError> {
        let plain = kms.open(&[(CONTEXT, &self.record)], &self.sealed).await?;
        serde_json::from_slice(&plain).map_err(|_| StorageError::Corrupt("a message has another shape"))
    }

    /// Returns what a run does with the message now.
    pub fn turn(&self, now: Moment) -> Turn {
        if self.is_claimed(now) {
            Turn::Wait
        } else if self.may_have_been_sent(now) || now.has_reached(self.expires_at) {
            Turn::GiveUp
        } else if self.is_to_be_sent(now) {
            Turn::Send
        } else {
            Turn::Wait
        }
    }

    /// Returns whether an attempt to send the message is due now. After a failed attempt the next one is due some time later.
    fn is_to_be_sent(&self, now: Moment) -> bool {
        let due_at = self.about.split('#').next().and_then(|seconds| seconds.parse().ok()).map(Moment::from_epoch_seconds);
        due_at.is_none_or(|due_at| now.has_reached(due_at.plus(message_retry_after(self.attempts))))
    }

    /// Returns whether another run has claimed the message and may still be sending it.
    fn is_claimed(&self, now: Moment) -> bool {
        self.claimed_until.is_some_and(|until| !now.has_reached(until))
    }

    /// Returns whether a claim has expired without a result, so that the message may have been sent.
    fn may_have_been_sent(&self, now: Moment) -> bool {
        self.claimed_until.is_some_and(|until| now.has_reached(until))
    }
}

/// Returns the sort key of a message. The seconds have ten digits until the year 2286, so that the keys sort by time.
fn sort_key(due_at: Moment, record: &str) -> String {
    format!("{:010}#{record}", due_at.epoch_seconds())
}

impl Reminders {
    /// Builds the write that stores a message about a case, for the transaction that proves the person's presence.
    ///
    /// # Errors
    /// If the item cannot be serialized.
    pub fn put_case_message_write(&self, item: &CaseMessageItem) -> Result<TransactWrite, StorageError> {
        let put = Put::builder()
            .set_item(Some(to_item(item)?))
            .condition_expression("attribute_not_exists(#slot)")
            .expression_attribute_names("#slot", KEY);
        self.0.put_builder_write(put)
    }

    /// Builds the write that deletes the message that was due at `due_at`, for the transaction that stores the message again with an
    /// earlier time. The transaction fails if the message is missing or is being sent.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn delete_case_message_write(&self, record: &str, due_at: Moment) -> Result<TransactWrite, StorageError> {
        let delete = Delete::builder()
            .set_key(Some(key2(KEY, SLOT, RANGE, &sort_key(due_at, record))))
            .condition_expression("attribute_exists(#slot) AND attribute_not_exists(#claim)")
            .expression_attribute_names("#slot", KEY)
            .expression_attribute_names("#claim", CLAIM_ID);
        self.0.delete_write(delete)
    }

    /// Reads the next page of the messages that are due at `now`, the oldest first. `before` is the previous page, or `None` to read the
    /// first page. Returns `None` after the last page. The pages also contain messages that have expired or wait for their next attempt.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn due_case_messages(&self, now: Moment, before: Option<CaseMessagePage>) -> Result<Option<CaseMessagePage>, StorageError> {
        let start = match before {
            None => None,
            Some(CaseMessagePage { next: Some(next), .. }) => Some(next),
            Some(CaseMessagePage { next: None, .. }) => return Ok(None),
        };
        let output = self
            .0
            .client
            .query()
            .table_name(&self.0.name)
            .consistent_read(true)
            .key_condition_expression("#slot = :slot AND #about < :bound")
            .expression_attribute_names("#slot", KEY)
            .expression_attribute_names("#about", RANGE)
            .expression_attribute_values(":slot", text(SLOT))
            // A sort key is the second in which the message is due, then `#` and the key of the record. `$` sorts just after `#`, so
            // messages of this second are included.
            .expression_attribute_values(":bound", text(format!("{:010}$", now.epoch_seconds())))
            .limit(PAGE_SIZE)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(failed("Query"))?;
        let next = output.last_evaluated_key.filter(|key| !key.is_empty());
        Ok(Some(CaseMessagePage { messages: output.items.unwrap_or_default().into_iter().map(from_item).collect(), next }))
    }

    /// Claims a message for one attempt to send it, so that no other run sends it at the same time. Returns `None` if the message is absent
    /// or claimed.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn claim_case_message(&self, listed: &CaseMessageItem, now: Moment) -> Result<Option<CaseMessageItem>, StorageError> {
        let result = self
            .0
            .client
            .update_item()
            .table_name(&self.0.name)
            .set_key(Some(key2(KEY, SLOT, RANGE, &listed.about)))
            .update_expression("SET #claim = :claim, #until = :until, #attempts = :attempts")
            // `OR #claim = :claim` makes a retry by the SDK succeed if an earlier try has already stored this claim.
            .condition_expression("(attribute_exists(#slot) AND attribute_not_exists(#claim) AND #attempts = :read) OR #claim = :claim")
            .expression_attribute_names("#slot", KEY)
            .expression_attribute_names("#claim", CLAIM_ID)
            .expression_attribute_names("#until", CLAIMED_UNTIL)
            .expression_attribute_names("#attempts", ATTEMPTS)
            .expression_attribute_values(":claim", text(crate::time_ordered_id()))
            .expression_attribute_values(":until", moment(now.plus(CLAIM)))
            .expression_attribute_values(":attempts", number(listed.attempts.saturating_add(1)))
            .expression_attribute_values(":read", number(listed.attempts))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        match result {
            Ok(output) => output.attributes.map(from_item).transpose(),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => Ok(None),
            Err(error) => Err(failed("UpdateItem")(error)),
        }
    }

    /// Releases the claim after a failed attempt, so that the next run can try again.
    ///
    /// # Errors
    /// Storage errors. It is not an error if the message has been deleted.
    pub async fn release_case_message(&self, claimed: &CaseMessageItem) -> Result<(), StorageError> {
        let result = self
            .0
            .client
            .update_item()
            .table_name(&self.0.name)
            .set_key(Some(key2(KEY, SLOT, RANGE, &claimed.about)))
            .update_expression("REMOVE #claim, #until")
            .condition_expression("#claim = :claim")
            .expression_attribute_names("#claim", CLAIM_ID)
            .expression_attribute_names("#until", CLAIMED_UNTIL)
            .expression_attribute_values(":claim", text(claimed.claim.as_deref().unwrap_or_default()))
            .send()
            .await;
        condition_is_met(result).map(drop)
    }

    /// Deletes a message that was sent or is given up. The delete has no condition, because no other run changes a claimed message.
    ///
    /// # Errors
    /// Storage errors. It is not an error if the message has been deleted.
    pub async fn delete_case_message(&self, message: &CaseMessageItem) -> Result<(), StorageError> {
        let delete = self.0.client.delete_item().table_name(&self.0.name).set_key(Some(key2(KEY, SLOT, RANGE, &message.about)));
        delete.send().await.map(|_| ()).map_err(failed("DeleteItem"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_sort_by_the_second_in_which_they_are_due() {
        let at = Moment::from_epoch_seconds;
        assert!(sort_key(at(999_999_999), "case#2") < sort_key(at(1_800_000_000), "case#1"));
        // The query also returns messages that are due in the current second.
        assert!(sort_key(at(1_800_000_000), "case#1").as_str() < "1800000000$");
        assert!(sort_key(at(1_800_000_001), "case#1").as_str() > "1800000000$");
    }

    #[test]
    fn a_message_that_was_stored_without_a_language_is_greek() {
        let mut stored = serde_json::json!({ "mobile": "+306912345678", "office": "ΚΕΠ", "application_number": "1" });
        assert_eq!(serde_json::from_value::<CaseMessage>(stored.clone()).unwrap().language, Language::El);
        stored["language"] = serde_json::json!("en");
        let message: CaseMessage = serde_json::from_value(stored.clone()).unwrap();
        assert_eq!((message.language, serde_json::to_value(&message).unwrap()), (Language::En, stored));
    }

    #[test]
    fn a_message_waits_after_a_failed_attempt_and_is_given_up_if_it_may_have_been_sent_or_has_expired() {
        let at = Moment::from_epoch_seconds;
        let sealed = SealedCaseMessage(vec![1]);
        let mut item = CaseMessageItem::new(&sealed, &SubjectId::from_random([1; 16]), "case#1", at(100));
        assert_eq!(item.turn(at(100)), Turn::Send);
        item.attempts = 1;
        assert_eq!(item.turn(at(159)), Turn::Wait);
        assert_eq!(item.turn(at(160)), Turn::Send, "a minute after the first attempt");
        item.claimed_until = Some(at(200));
        assert_eq!(item.turn(at(199)), Turn::Wait, "another run is sending it");
        assert_eq!(item.turn(at(200)), Turn::GiveUp, "it may have been sent");
        item.claimed_until = None;
        // With 20 attempts, the next one would be due after the message expires.
        item.attempts = 20;
        let end = at(100).plus(CASE_MESSAGE_RETENTION);
        assert_eq!(item.turn(end.plus(domain::time::Span::seconds(-1))), Turn::Wait);
        assert_eq!(item.turn(end), Turn::GiveUp, "it has expired");
    }
}
