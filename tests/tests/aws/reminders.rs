//! Accesses reminders with the credentials of the account's owner. A reminder is due many days after it was stored. So tests move the
//! reminder to an earlier day.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{AthensDay, CodeNumber};
use journeys::stack;
use storage::{reminders::slots, sealing::code_id};

use crate::{aws, items::items_where};

pub(crate) type Item = HashMap<String, AttributeValue>;

/// Returns the id of the photo set of a code number.
pub(crate) async fn set_of(code: &str) -> String {
    let code = CodeNumber::parse(code).expect("a code number");
    let codes = aws::dynamodb(&aws::config().await).get_item().table_name(stack::variable("CODES_TABLE"));
    let item = codes.key("code_id", AttributeValue::S(code_id(&code))).send().await.expect("a response").item.expect("a code");
    item["set_id"].as_s().expect("a set").clone()
}

/// Returns all reminders of a photo set.
pub(crate) async fn reminders_of(set_id: &str) -> Vec<Item> {
    items_where("REMINDERS_TABLE", "set_id = :value", set_id).await
}

/// Returns the only reminder of a photo set.
pub(crate) async fn reminder_of(set_id: &str) -> Item {
    let mut found = reminders_of(set_id).await;
    assert_eq!(found.len(), 1);
    found.remove(0)
}

/// Moves a reminder to another day: stores a copy of it under the key of that day, with `changes` made to its attributes, and then deletes
/// the original.
pub(crate) async fn move_to(item: &Item, day: AthensDay, changes: &[(&str, AttributeValue)]) {
    let client = aws::dynamodb(&aws::config().await);
    let mut moved = item.clone();
    moved.insert("slot".to_owned(), AttributeValue::S(slots(day)[0].clone()));
    moved.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    client.put_item().table_name(stack::variable("REMINDERS_TABLE")).set_item(Some(moved)).send().await.expect("a copy");
    let delete = client.delete_item().table_name(stack::variable("REMINDERS_TABLE"));
    delete.key("slot", item["slot"].clone()).key("about", item["about"].clone()).send().await.expect("the original is deleted");
}
