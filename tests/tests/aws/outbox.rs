//! Accesses the outbox with the credentials of the account's owner.

use aws_sdk_dynamodb::types::AttributeValue;
use journeys::stack;

use crate::{aws, items::items_where};

/// Returns the ids of the messages of an upload.
pub(crate) async fn messages_of(upload_id: &str) -> Vec<String> {
    let found = items_where("OUTBOX_TABLE", "upload_id = :value", upload_id).await;
    found.iter().map(|item| item["message_id"].as_s().expect("an id").clone()).collect()
}

/// Overwrites numeric attributes of a message, usually times, so that a test need not wait.
pub(crate) async fn set(message_id: &str, values: &[(&str, i64)]) {
    let sets: Vec<String> = (0..values.len()).map(|at| format!("#{at} = :{at}")).collect();
    let mut update = aws::dynamodb(&aws::config().await).update_item().table_name(stack::variable("OUTBOX_TABLE"));
    for (at, (name, value)) in values.iter().enumerate() {
        update = update
            .expression_attribute_names(format!("#{at}"), *name)
            .expression_attribute_values(format!(":{at}"), AttributeValue::N(value.to_string()));
    }
    update = update.key("message_id", AttributeValue::S(message_id.to_owned())).update_expression(format!("SET {}", sets.join(", ")));
    update.send().await.expect("a message");
}
