//! Outbox: messages with a code, sealed by a KMS key of their own, until they are sent and 24 hours are over.
//!
//! Issuing writes the message in its own transaction; the table's stream wakes the sender. What fails comes due again
//! (sparse index `due`); the sweep wakes the sender by a small record whose key names the message.

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, Delete, Update},
};
use domain::{
    CodeNumber, Language, Moment, Recipient, Secret,
    business::BusinessId,
    delivery::{CLAIM, DeliveryState, MessageFacts},
    retention::MESSAGE_RETENTION,
    time::Span,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    error::{StorageError, failed},
    kms::KmsKey,
    sealing::RecipientHasher,
    table::{TTL_ATTRIBUTE, Table, from_item, condition_held, key, moment, number, text, to_item},
    transaction::TransactWrite,
};

const KEY: &str = "message_id";
/// Index of all messages by when to look at them next: to try again, or, once settled, to end them with their day.
const DUE_INDEX: &str = "due";
const DUE: &str = "due";
const WAKE: &str = "wake#";
/// A wake record has done its work once the stream has shown it.
const WAKE_RETENTION: Span = Span::minutes(10);
/// How long the sweep has to end a message before TTL does.
const SWEEP_FIRST: Span = Span::hours(1);
/// Where the stream failed to wake the sender, the sweep does, after so long.
const FIRST_SWEEP_AFTER: Span = Span::minutes(2);

/// A message as it was read: every claim counts an attempt, and the end of one changes the state or when it comes due.
const UNCHANGED: &str = "#state = :state AND #attempts = :read AND #next = :next";

/// What is sent, to whom. Sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Message {
    pub recipient: Recipient,
    code: Secret,
    pub language: Language,
    pub code_expires_at: Moment,
}

impl Message {
    pub fn new(recipient: Recipient, code: &CodeNumber, language: Language, code_expires_at: Moment) -> Self {
        Self { recipient, code: Secret::new(code.expose()), language, code_expires_at }
    }

    /// # Errors
    /// [`StorageError::Corrupt`] where it is none.
    pub fn code(&self) -> Result<CodeNumber, StorageError> {
        CodeNumber::parse(self.code.expose()).map_err(|_| StorageError::Corrupt("a message's code"))
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OutboxItem {
    pub message_id: String,
    #[serde(with = "serde_bytes")]
    sealed: Vec<u8>,
    /// Whose it is, for who may not open it. Empty in messages of before there was one.
    #[serde(default, with = "serde_bytes")]
    recipient_hash: Vec<u8>,
    pub state: DeliveryState,
    pub attempts: u32,
    /// The same for all messages: the index's hash key. Wake records have none.
    due: String,
    pub next_at: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed_until: Option<Moment>,
    pub business: BusinessId,
    pub upload_id: String,
    /// Until then it may be sent; then the sweep ends it, and notes where it was never sent.
    pub kept_until: Moment,
    /// TTL, a little later: were it first, nobody would note.
    expires_at: Moment,
}

impl OutboxItem {
    /// Seals a message that is to be sent at once.
    ///
    /// # Errors
    /// Storage errors of KMS.
    pub async fn seal(
        kms: &KmsKey,
        hasher: &RecipientHasher,
        message_id: String,
        message: &Message,
        business: &BusinessId,
        upload_id: &str,
        now: Moment,
    ) -> Result<Self, StorageError> {
        let plain = Zeroizing::new(serde_json::to_vec(message).map_err(|_| StorageError::Corrupt("a message cannot be written"))?);
        let sealed = kms.seal(&[("message_id", &message_id)], &plain).await?;
        Ok(Self {
            recipient_hash: hasher.hash(&message_id, &message.recipient),
            message_id,
            sealed,
            state: DeliveryState::Queued,
            attempts: 0,
            due: DUE.to_owned(),
            next_at: now.plus(FIRST_SWEEP_AFTER),
            claimed_until: None,
            business: business.clone(),
            upload_id: upload_id.to_owned(),
            kept_until: now.plus(MESSAGE_RETENTION),
            expires_at: now.plus(MESSAGE_RETENTION).plus(SWEEP_FIRST),
        })
    }

    /// # Errors
    /// Storage errors of KMS.
    pub async fn open(&self, kms: &KmsKey) -> Result<Message, StorageError> {
        let plain = kms.open(&[("message_id", &self.message_id)], &self.sealed).await?;
        serde_json::from_slice(&plain).map_err(|_| StorageError::Corrupt("a message has another shape"))
    }

    /// Whether it goes to this address, or may. It need not be opened for that.
    pub fn is_for(&self, hasher: &RecipientHasher, recipient: &Recipient) -> bool {
        self.recipient_hash.is_empty() || hasher.is_of(&self.recipient_hash, &self.message_id, recipient)
    }

    pub const fn facts(&self) -> MessageFacts {
        MessageFacts { state: self.state, attempts: self.attempts, claimed_until: self.claimed_until, kept_until: self.kept_until }
    }
}

/// The message that a record of the stream is about, and whether the record is a wake record.
pub fn woken(record_key: &str) -> (&str, bool) {
    match record_key.strip_prefix(WAKE) {
        Some(rest) => (rest.split('#').next().unwrap_or(rest), true),
        None => (record_key, false),
    }
}

fn state_value(state: DeliveryState) -> Result<AttributeValue, StorageError> {
    serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(state).map_err(|_| StorageError::Corrupt("a state"))
}

/// A message that is due, as the index shows it.
#[derive(Debug, Clone, Deserialize)]
pub struct Due {
    pub message_id: String,
    pub next_at: Moment,
}

#[derive(Debug, Clone)]
pub struct Outbox(Table);

impl Outbox {
    pub const fn new(client: Client, table: String) -> Self {
        Self(Table::new(client, table))
    }

    /// For a transaction: beside the code that the message brings.
    ///
    /// # Errors
    /// Where the item cannot be written.
    pub fn put_write(&self, item: &OutboxItem) -> Result<TransactWrite, StorageError> {
        self.0.put_new_write(to_item(item)?, KEY)
    }

    /// Claims a message for one attempt, so that no second copy is sent beside it. None where it is gone, sent, given
    /// up, or claimed by another attempt.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn claim(&self, message_id: &str, now: Moment) -> Result<Option<OutboxItem>, StorageError> {
        let result = self
            .0
            .client
            .update_item()
            .table_name(&self.0.name)
            .set_key(Some(key(KEY, message_id)))
            .update_expression("SET #claim = :until, #attempts = #attempts + :one, #next = :until")
            // An SDK retry of this very write finds its own claim in the way and gives up: the claim then runs out and
            // the sweep tries again. Late, never twice.
            .condition_expression(
                "#state = :queued AND #end > :now AND (attribute_not_exists(#claim) OR #claim <= :now) AND (#attempts = :zero OR #next <= :now)",
            )
            .expression_attribute_names("#claim", "claimed_until")
            .expression_attribute_names("#attempts", "attempts")
            .expression_attribute_names("#next", "next_at")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#end", "kept_until")
            .expression_attribute_values(":queued", state_value(DeliveryState::Queued)?)
            .expression_attribute_values(":until", moment(now.plus(CLAIM)))
            .expression_attribute_values(":now", moment(now))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":zero", number(0))
            .return_values(aws_sdk_dynamodb::types::ReturnValue::AllNew)
            .send()
            .await;
        match result {
            Ok(output) => output.attributes.map(from_item).transpose(),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => Ok(None),
            Err(error) => Err(failed("UpdateItem")(error)),
        }
    }

    /// For a transaction: the attempt is over; the message is sent or given up, and looked at again when its day is over.
    ///
    /// # Errors
    /// Where the update cannot be written.
    pub fn settle_write(&self, item: &OutboxItem, state: DeliveryState) -> Result<TransactWrite, StorageError> {
        let update = Update::builder()
            .set_key(Some(key(KEY, &item.message_id)))
            .update_expression("SET #state = :state, #next = :day_over REMOVE #claim")
            .condition_expression("#state = :queued")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#next", "next_at")
            .expression_attribute_names("#claim", "claimed_until")
            .expression_attribute_values(":queued", state_value(DeliveryState::Queued)?)
            .expression_attribute_values(":state", state_value(state)?)
            .expression_attribute_values(":day_over", moment(item.kept_until));
        self.0.update_write(update)
    }

    /// For a transaction: the attempt failed; the message comes due again.
    ///
    /// # Errors
    /// Where the update cannot be written.
    pub fn retry_write(&self, item: &OutboxItem, next_at: Moment) -> Result<TransactWrite, StorageError> {
        let update = Update::builder()
            .set_key(Some(key(KEY, &item.message_id)))
            .update_expression("SET #next = :next REMOVE #claim")
            .condition_expression("#state = :queued")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#next", "next_at")
            .expression_attribute_names("#claim", "claimed_until")
            .expression_attribute_values(":queued", state_value(DeliveryState::Queued)?)
            .expression_attribute_values(":next", moment(next_at));
        self.0.update_write(update)
    }

    /// For a transaction: the message goes, unless it is claimed or settled meanwhile.
    ///
    /// # Errors
    /// Where the delete cannot be written.
    pub fn delete_write(&self, item: &OutboxItem) -> Result<TransactWrite, StorageError> {
        let delete = Delete::builder()
            .set_key(Some(key(KEY, &item.message_id)))
            .condition_expression("#next = :next")
            .expression_attribute_names("#next", "next_at")
            .expression_attribute_values(":next", moment(item.next_at));
        self.0.delete_write(delete)
    }

    /// For a transaction: the code has arrived and is used; nothing that opens its photos is to stay behind.
    ///
    /// # Errors
    /// Where the delete cannot be written.
    pub fn used_write(&self, message_id: &str) -> Result<TransactWrite, StorageError> {
        self.0.delete_write(Delete::builder().set_key(Some(key(KEY, message_id))))
    }

    /// For a transaction: the message, as it was read, goes out again, as if it had never been tried. The sender is woken by
    /// [`Self::wake_again_write`].
    ///
    /// # Errors
    /// Where the update cannot be written.
    pub fn requeue_write(&self, read: &OutboxItem, now: Moment) -> Result<TransactWrite, StorageError> {
        let update = Update::builder()
            .set_key(Some(key(KEY, &read.message_id)))
            .update_expression("SET #state = :queued, #attempts = :zero, #next = :sweep REMOVE #claim")
            .condition_expression(UNCHANGED)
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#attempts", "attempts")
            .expression_attribute_names("#next", "next_at")
            .expression_attribute_names("#claim", "claimed_until")
            .expression_attribute_values(":queued", state_value(DeliveryState::Queued)?)
            .expression_attribute_values(":zero", number(0))
            .expression_attribute_values(":sweep", moment(now.plus(FIRST_SWEEP_AFTER)))
            .expression_attribute_values(":state", state_value(read.state)?)
            .expression_attribute_values(":read", number(read.attempts))
            .expression_attribute_values(":next", moment(read.next_at));
        self.0.update_write(update)
    }

    /// For a transaction: a new record, which the stream shows, wakes the sender for the `time`-th sending again.
    ///
    /// # Errors
    /// Where the item cannot be written.
    pub fn wake_again_write(&self, message_id: &str, time: usize, now: Moment) -> Result<TransactWrite, StorageError> {
        let mut item = key(KEY, &format!("{WAKE}{message_id}#again-{time}"));
        item.insert(TTL_ATTRIBUTE.to_owned(), moment(now.plus(WAKE_RETENTION)));
        self.0.put_new_write(item, KEY)
    }

    /// For a transaction: the message, as it was read, is not to be sent (again); another takes its place.
    ///
    /// # Errors
    /// Where the delete cannot be written.
    pub fn withdraw_write(&self, read: &OutboxItem) -> Result<TransactWrite, StorageError> {
        let delete = Delete::builder()
            .set_key(Some(key(KEY, &read.message_id)))
            .condition_expression(UNCHANGED)
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#attempts", "attempts")
            .expression_attribute_names("#next", "next_at")
            .expression_attribute_values(":state", state_value(read.state)?)
            .expression_attribute_values(":read", number(read.attempts))
            .expression_attribute_values(":next", moment(read.next_at));
        self.0.delete_write(delete)
    }

    /// Messages that are to be looked at, the longest overdue first.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn due(&self, now: Moment, limit: i32) -> Result<Vec<Due>, StorageError> {
        let output = self
            .0
            .client
            .query()
            .table_name(&self.0.name)
            .index_name(DUE_INDEX)
            .key_condition_expression("#due = :due AND #next <= :now")
            .expression_attribute_names("#due", DUE)
            .expression_attribute_names("#next", "next_at")
            .expression_attribute_values(":due", text(DUE))
            .expression_attribute_values(":now", moment(now))
            .limit(limit)
            .send()
            .await
            .map_err(failed("Query"))?;
        output.items.unwrap_or_default().into_iter().map(from_item).collect()
    }

    /// Wakes the sender for a due message: a new record, which the stream shows. Once for each time it comes due.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn wake(&self, due: &Due, now: Moment) -> Result<bool, StorageError> {
        let mut item = key(KEY, &format!("{WAKE}{}#{}", due.message_id, due.next_at.epoch_seconds()));
        item.insert(TTL_ATTRIBUTE.to_owned(), moment(now.plus(WAKE_RETENTION)));
        self.0.put_new(item, KEY, now).await
    }

    /// A message that nobody can read comes due later, as it was: it would stand before all others. TTL ends it.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn postpone(&self, due: &Due, until: Moment) -> Result<(), StorageError> {
        let result = self
            .0
            .client
            .update_item()
            .table_name(&self.0.name)
            .set_key(Some(key(KEY, &due.message_id)))
            .update_expression("SET #next = :until")
            .condition_expression("#next = :next")
            .expression_attribute_names("#next", "next_at")
            .expression_attribute_values(":until", moment(until))
            .expression_attribute_values(":next", moment(due.next_at))
            .send()
            .await;
        // Where it does not hold another run was quicker.
        condition_held(result).map(drop)
    }

    /// # Errors
    /// Storage errors. Deleting what is gone is no error.
    pub async fn delete(&self, message_id: &str) -> Result<(), StorageError> {
        self.0
            .client
            .delete_item()
            .table_name(&self.0.name)
            .set_key(Some(key(KEY, message_id)))
            .send()
            .await
            .map(|_| ())
            .map_err(failed("DeleteItem"))
    }

    /// Reads a message, also one whose 24 hours are over (the sweep looks at those).
    ///
    /// # Errors
    /// Storage errors.
    pub async fn find(&self, message_id: &str) -> Result<Option<OutboxItem>, StorageError> {
        self.0.get(key(KEY, message_id), Moment::from_epoch_seconds(0)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_does_not_print_its_code_or_its_recipient() {
        let code = CodeNumber::from_bytes([9; 16]);
        let to = Recipient::Mobile(domain::GreekMobile::parse("6912345678").unwrap());
        let printed = format!("{:?}", Message::new(to, &code, Language::El, Moment::from_epoch_seconds(0)));
        assert!(!printed.contains(&code.expose()) && !printed.contains("6912345678"), "{printed}");
    }
}
