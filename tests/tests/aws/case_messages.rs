//! Reads and stores messages about cases at a KEP. `put_many_waiting` stores more than one page of messages that wait for another attempt.
//! Later messages are then sent only if a run reads further pages.

use domain::{Moment, SubjectId, time::Span};
use serde_json::json;
use storage::{
    DynamoDb, Transaction,
    reminders::{
        Reminders,
        cases::{CaseMessageItem, SealedCaseMessage},
    },
};

/// More messages than one query returns.
const MANY: usize = 101;

/// Reads all messages that are due at `now`, in the order in which a run reads them.
pub(crate) async fn due_messages(reminders: &Reminders, now: Moment) -> Vec<CaseMessageItem> {
    let mut found = Vec::new();
    let mut page = reminders.due_case_messages(now, None).await.unwrap();
    while let Some(current) = page {
        found.extend(current.messages.iter().flatten().cloned());
        page = reminders.due_case_messages(now, Some(current)).await.unwrap();
    }
    found
}

/// Stores a message that has failed `attempts` times. Its sealed content is not valid.
pub(crate) async fn put_message(client: &DynamoDb, reminders: &Reminders, due_at: Moment, attempts: u32) -> CaseMessageItem {
    let sealed: SealedCaseMessage = serde_json::from_value(json!([1, 2, 3])).unwrap();
    let record = format!("case#{}", storage::time_ordered_id());
    let item = CaseMessageItem::new(&sealed, &SubjectId::from_random([7; 16]), &record, due_at);
    let mut item = serde_json::to_value(&item).unwrap();
    item["attempts"] = json!(attempts);
    let item: CaseMessageItem = serde_json::from_value(item).unwrap();
    let write = reminders.put_case_message_write(&item).unwrap();
    Transaction::new(client.clone()).with(write).commit().await.unwrap();
    item
}

/// Stores more messages than fit into a page. They were due an hour before `now`, but have failed so often that the next attempt is many
/// hours away.
pub(crate) async fn put_many_waiting(client: &DynamoDb, reminders: &Reminders, now: Moment) -> Vec<CaseMessageItem> {
    let mut stored = Vec::new();
    for _ in 0..MANY {
        stored.push(put_message(client, reminders, now.plus(Span::hours(-1)), 10).await);
    }
    stored
}

pub(crate) async fn delete_messages(reminders: &Reminders, messages: &[CaseMessageItem]) {
    for message in messages {
        reminders.delete_case_message(message).await.unwrap();
    }
}
