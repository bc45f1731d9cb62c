//! The table `Outbox`: messages with a code number, sealed by a KMS key that is used for nothing else. A message is stored for 24 hours,
//! even if it was sent, so that it can be sent again.
//!
//! The transaction that issues a code also writes its message. The stream of the table then invokes the sender (`deliver_code`). A message
//! whose sending failed becomes due again. The sweep (`sweep_outbox`) finds due messages in the sparse index `due`, and writes a wake
//! record for each. The key of a wake record contains the ID of the message. The stream delivers the wake record to the sender, which tries
//! again.

mod message;

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, Delete, Update},
};
use domain::{
    Moment,
    delivery::{CLAIM, DeliveryState},
    delivery_failure::DeliveryFailure,
    time::Span,
};
use serde::Deserialize;

pub use self::message::{Message, OutboxItem};
use crate::{
    error::{StorageError, failed},
    table::{TTL_ATTRIBUTE, Table, condition_is_met, from_item, key, moment, number, text, to_item},
    transaction::TransactWrite,
};

const KEY: &str = "message_id";
/// Index of all messages by the time at which the sweep handles them next, either to retry them or to delete them at the end of their
/// retention.
const DUE_INDEX: &str = "due";
/// Name of the index's partition key, and the only value of this key.
const DUE: &str = "due";
/// Prefix of the keys of wake records.
const WAKE: &str = "wake#";
/// Retention of wake records. They have no use once the table's stream has delivered them to the sender.
const WAKE_RETENTION: Span = Span::minutes(10);
/// Time after which the sweep handles a new message, in case the stream has not invoked the sender.
const FIRST_SWEEP_AFTER: Span = Span::minutes(2);

/// Condition that no attempt to send a message has begun or ended since the message was read. A claim changes the number of attempts, and
/// the end of an attempt changes the state or the time at which the message is due.
const UNCHANGED: &str = "#state = :state AND #attempts = :read AND #next = :next";

const SENDING: &str = "sending_id";
const FAILURE: &str = "failure";

/// Returns the ID of the message that a stream record is about, and whether the record is a wake record.
pub fn woken(record_key: &str) -> (&str, bool) {
    match record_key.strip_prefix(WAKE) {
        Some(rest) => (rest.split('#').next().unwrap_or(rest), true),
        None => (record_key, false),
    }
}

fn state_value(state: DeliveryState) -> Result<AttributeValue, StorageError> {
    serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(state).map_err(|_| StorageError::Corrupt("a state"))
}

fn failure_value(failure: DeliveryFailure) -> Result<AttributeValue, StorageError> {
    serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(failure).map_err(|_| StorageError::Corrupt("a failure"))
}

/// Attribute names and values that the condition [`unchanged`] uses.
type Operands = (HashMap<String, String>, HashMap<String, AttributeValue>);

/// Returns the condition that a message has not changed since it was read, and the attribute names and values that the condition uses. In
/// addition to [`UNCHANGED`], the condition compares `sending_id` and `failure`, because a completed resend may change only `sending_id`,
/// and another reported failure may change only `failure`.
fn unchanged(message: &OutboxItem) -> Result<(String, Operands), StorageError> {
    let names = [("#state", "state"), ("#attempts", "attempts"), ("#next", "next_at"), ("#sending", SENDING), ("#failure", FAILURE)];
    let names = HashMap::from(names.map(|(placeholder, name)| (placeholder.to_owned(), name.to_owned())));
    let mut values = HashMap::from([
        (":state".to_owned(), state_value(message.state)?),
        (":read".to_owned(), number(message.attempts)),
        (":next".to_owned(), moment(message.next_at)),
    ]);
    let mut condition = UNCHANGED.to_owned();
    match &message.sending_id {
        Some(sending_id) => {
            values.insert(":sending".to_owned(), text(sending_id));
            condition.push_str(" AND #sending = :sending");
        }
        None => condition.push_str(" AND attribute_not_exists(#sending)"),
    }
    match message.failure {
        Some(failure) => {
            values.insert(":known".to_owned(), failure_value(failure)?);
            condition.push_str(" AND #failure = :known");
        }
        None => condition.push_str(" AND attribute_not_exists(#failure)"),
    }
    Ok((condition, (names, values)))
}

/// A due message, with the attributes that the index `due` contains.
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

    /// Builds the write that stores a message, for the transaction that stores its code.
    ///
    /// # Errors
    /// If the item cannot be serialized.
    pub fn put_write(&self, item: &OutboxItem) -> Result<TransactWrite, StorageError> {
        self.0.put_new_write(to_item(item)?, KEY)
    }

    /// Claims a message for one attempt to send it, so that it is not sent twice at the same time. Returns `None` if the message is absent,
    /// sent, given up, not due or claimed by another attempt, or if a failure was reported. `sending_id` is the random ID of the attempt.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn claim(&self, message_id: &str, sending_id: &str, now: Moment) -> Result<Option<OutboxItem>, StorageError> {
        let result = self
            .0
            .client
            .update_item()
            .table_name(&self.0.name)
            .set_key(Some(key(KEY, message_id)))
            .update_expression("SET #claim = :until, #attempts = #attempts + :one, #next = :until, #sending = :sending")
            // If the response to this write is lost, the SDK retries the write. The condition then fails, because the first try has already
            // stored the claim. The message is not sent now, but after the claim has expired, when the sweep handles it. So the message is
            // sent late, but not twice.
            .condition_expression(
                "#state = :queued AND #end > :now AND (attribute_not_exists(#claim) OR #claim <= :now) AND (#attempts = :zero OR #next <= :now) \
                 AND attribute_not_exists(#failure)",
            )
            .expression_attribute_names("#claim", "claimed_until")
            .expression_attribute_names("#attempts", "attempts")
            .expression_attribute_names("#next", "next_at")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#end", "kept_until")
            .expression_attribute_names("#sending", SENDING)
            .expression_attribute_names("#failure", FAILURE)
            .expression_attribute_values(":sending", text(sending_id))
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

    /// Builds the write that ends the attempt because the message was sent or given up. The sweep deletes the message at the end of its
    /// retention.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn settle_write(&self, item: &OutboxItem, state: DeliveryState) -> Result<TransactWrite, StorageError> {
        let update = Update::builder()
            .set_key(Some(key(KEY, &item.message_id)))
            .update_expression("SET #state = :state, #next = :retention_end REMOVE #claim")
            .condition_expression("#state = :queued")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#next", "next_at")
            .expression_attribute_names("#claim", "claimed_until")
            .expression_attribute_values(":queued", state_value(DeliveryState::Queued)?)
            .expression_attribute_values(":state", state_value(state)?)
            .expression_attribute_values(":retention_end", moment(item.kept_until));
        self.0.update_write(update)
    }

    /// Builds the write that ends a failed attempt. The message is due again at `next_at`.
    ///
    /// # Errors
    /// If the request cannot be built.
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

    /// Builds the write that deletes a message. The transaction fails if an attempt to send the message has begun or ended since the
    /// message was read.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn delete_write(&self, item: &OutboxItem) -> Result<TransactWrite, StorageError> {
        let delete = Delete::builder()
            .set_key(Some(key(KEY, &item.message_id)))
            .condition_expression("#next = :next")
            .expression_attribute_names("#next", "next_at")
            .expression_attribute_values(":next", moment(item.next_at));
        self.0.delete_write(delete)
    }

    /// Builds the write that deletes the message of a code that has been associated. The stored message can then no longer be used to open
    /// the photos.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn delete_used_write(&self, message_id: &str) -> Result<TransactWrite, StorageError> {
        self.0.delete_write(Delete::builder().set_key(Some(key(KEY, message_id))))
    }

    /// Builds the write that stores a failure that was reported after the message was sent. No further attempt is made. The transaction
    /// fails if the message has changed since it was read.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn failure_write(&self, message: &OutboxItem, failure: DeliveryFailure) -> Result<TransactWrite, StorageError> {
        let (condition, (names, values)) = unchanged(message)?;
        let update = Update::builder()
            .set_key(Some(key(KEY, &message.message_id)))
            .update_expression("SET #state = :failed, #failure = :failure, #next = :retention_end REMOVE #claim")
            .condition_expression(condition)
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values))
            .expression_attribute_names("#claim", "claimed_until")
            .expression_attribute_values(":failed", state_value(DeliveryState::Failed)?)
            .expression_attribute_values(":failure", failure_value(failure)?)
            .expression_attribute_values(":retention_end", moment(message.kept_until));
        self.0.update_write(update)
    }

    /// Builds the write that queues a message to be sent again, with its attempts reset and its failure removed. The transaction fails if
    /// the message has changed since it was read. [`Self::wake_again_write`] wakes the sender.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn requeue_write(&self, message: &OutboxItem, now: Moment) -> Result<TransactWrite, StorageError> {
        let (condition, (names, values)) = unchanged(message)?;
        let update = Update::builder()
            .set_key(Some(key(KEY, &message.message_id)))
            // The ID of the last attempt is removed, so that a late report of that attempt's temporary failure cannot stop the new attempt.
            .update_expression("SET #state = :queued, #attempts = :zero, #next = :sweep REMOVE #claim, #failure, #sending")
            .condition_expression(condition)
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values))
            .expression_attribute_names("#claim", "claimed_until")
            .expression_attribute_values(":queued", state_value(DeliveryState::Queued)?)
            .expression_attribute_values(":zero", number(0))
            .expression_attribute_values(":sweep", moment(now.plus(FIRST_SWEEP_AFTER)));
        self.0.update_write(update)
    }

    /// Builds the write of a wake record for a message that is sent again. `time` counts how often the message has been sent again.
    ///
    /// # Errors
    /// If the item cannot be serialized.
    pub fn wake_again_write(&self, message_id: &str, time: usize, now: Moment) -> Result<TransactWrite, StorageError> {
        let mut item = key(KEY, &format!("{WAKE}{message_id}#again-{time}"));
        item.insert(TTL_ATTRIBUTE.to_owned(), moment(now.plus(WAKE_RETENTION)));
        self.0.put_new_write(item, KEY)
    }

    /// Builds the write that deletes a message that another message replaces. The transaction fails if the message to delete has changed
    /// since it was read.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn withdraw_write(&self, message: &OutboxItem) -> Result<TransactWrite, StorageError> {
        let (condition, (names, values)) = unchanged(message)?;
        let delete = Delete::builder()
            .set_key(Some(key(KEY, &message.message_id)))
            .condition_expression(condition)
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values));
        self.0.delete_write(delete)
    }

    /// Returns up to `limit` due messages. The one that has been due longest comes first.
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

    /// Writes a wake record for a due message. Returns `false` if a wake record was already written for the same due time.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn wake(&self, due: &Due, now: Moment) -> Result<bool, StorageError> {
        let mut item = key(KEY, &format!("{WAKE}{}#{}", due.message_id, due.next_at.epoch_seconds()));
        item.insert(TTL_ATTRIBUTE.to_owned(), moment(now.plus(WAKE_RETENTION)));
        self.0.put_new(item, KEY, now).await
    }

    /// Postpones a message that cannot be read, so that it does not delay messages that are due later. TTL deletes it after the end of its
    /// retention.
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
        // If the condition fails, another call has already changed the message.
        condition_is_met(result).map(drop)
    }

    /// Deletes a message. Deleting an absent message is not an error.
    ///
    /// # Errors
    /// Storage errors.
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

    /// Reads a message. Also returns a message whose retention has ended, because the sweep still has to process it.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn find(&self, message_id: &str) -> Result<Option<OutboxItem>, StorageError> {
        self.0.get(key(KEY, message_id), Moment::from_epoch_seconds(0)).await
    }
}
