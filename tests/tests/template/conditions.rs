//! Compares the conditions `dynamodb:LeadingKeys` and `dynamodb:Attributes` of the roles with real requests, because the emulators do not
//! evaluate them. `session_attributes` does the same for the attributes of sessions.

use std::collections::BTreeSet;

use domain::{
    GreekMobile, Moment, Recipient, SubjectId,
    delivery_failure::{DeliveryFailure, FailureReason},
};
use lambda::{Endpoint, Received, Response};
use serde_json::{Value, json};
use storage::{
    code_limits::{CodeLimits, Limits, Wanted},
    outbox::{Outbox, OutboxItem},
    quotas::Quotas,
    sealing::RecipientHasher,
    transaction::{TransactWrite, Transaction},
};

use crate::support::{lambda, lambdas, list, statements};

const NOW: Moment = Moment::from_epoch_seconds(1_800_000_000);

/// Returns the bodies of requests to DynamoDB.
fn bodies(requests: &[Received]) -> Vec<Value> {
    requests.iter().map(|request| serde_json::from_str(&request.body).expect("JSON")).collect()
}

/// Sends a transaction with these writes, and returns them as DynamoDB receives them.
async fn received(endpoint: &Endpoint, writes: Vec<TransactWrite>) -> Vec<Value> {
    let client = storage::dynamodb(&lambda::sdk_config(&endpoint.url));
    let transaction = writes.into_iter().fold(Transaction::new(client), Transaction::with);
    transaction.commit().await.expect("a transaction");
    bodies(&endpoint.take()).iter().flat_map(|body| list(&body["TransactItems"]).into_iter().cloned().collect::<Vec<_>>()).collect()
}

/// Returns the top-level attributes that an update names, the key included.
fn attributes(update: &Value) -> BTreeSet<&str> {
    let names = update["ExpressionAttributeNames"].as_object().expect("names").values().filter_map(Value::as_str);
    names.chain(update["Key"].as_object().expect("a key").keys().map(String::as_str)).collect()
}

/// Returns the value of the partition key `subject_day` of a key or an item of the table `Quotas`.
fn counted(key: &Value) -> &str {
    key["subject_day"]["S"].as_str().expect("a key")
}

/// Returns whether IAM's `StringLike` accepts the key. The patterns of the template have one asterisk, at the beginning or at the end.
fn matches(key: &str, pattern: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), None) => key.ends_with(end),
        (None, Some(beginning)) => key.starts_with(beginning),
        (None, None) | (Some(_), Some(_)) => panic!("{pattern}"),
    }
}

/// Returns the statements of a function about a table that have the condition key `key`.
fn restricted(function: &Value, table: &str, key: &str) -> Vec<Value> {
    let arn = json!({ "Fn::GetAtt": [table, "Arn"] });
    let of_table = statements(function).into_iter().filter(|statement| list(&statement["Resource"]).contains(&&arn));
    of_table.filter(|statement| statement["Condition"].to_string().contains(key)).collect()
}

#[tokio::test]
async fn functions_that_count_codes_may_use_exactly_the_keys_and_attributes_of_the_counts() {
    let endpoint = Endpoint::start(|_| Response::ok("application/x-amz-json-1.0", "{}")).await;
    let client = storage::dynamodb(&lambda::sdk_config(&endpoint.url));
    let limits = Limits { codes_per_business: 300, sms: 30_000 };
    let limits = CodeLimits::new(client.clone(), "Quotas".to_owned(), limits, RecipientHasher::new("secret"));
    let business = serde_json::from_value(json!("business")).expect("an ID");
    let recipient = Recipient::Mobile(GreekMobile::parse("6912345678").expect("a number"));
    let wanted = Wanted { issuing_business: Some(&business), recipient: &recipient };
    let counters = limits.read(wanted, NOW).await.expect("counts").expect("nothing is used yet");
    let _counted = limits.commit(&Transaction::new(client), counters, &[], wanted, NOW).await.expect("a transaction");
    let [read, written] = bodies(&endpoint.take()).try_into().expect("a read and a transaction");
    let keys = list(&read["RequestItems"]["Quotas"]["Keys"]).into_iter().map(counted);
    let updates: Vec<&Value> = list(&written["TransactItems"]).into_iter().map(|item| &item["Update"]).collect();
    let keys: BTreeSet<&str> = keys.chain(updates.iter().map(|update| counted(&update["Key"]))).collect();

    let lambdas = lambdas();
    for operation in ["issue_code", "resend_code"] {
        let [reading, writing] = restricted(lambda(&lambdas, operation), "Quotas", "dynamodb:LeadingKeys").try_into().expect(operation);
        assert_eq!((&reading["Action"], &writing["Action"]), (&json!(["dynamodb:BatchGetItem"]), &json!(["dynamodb:UpdateItem"])));
        for statement in [&reading, &writing] {
            let patterns = list(&statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]);
            let patterns: Vec<&str> = patterns.into_iter().map(|pattern| pattern.as_str().expect("a pattern")).collect();
            for key in &keys {
                assert!(patterns.iter().any(|pattern| matches(key, pattern)), "{operation} uses the key {key}: {patterns:?}");
            }
            for pattern in &patterns {
                assert!(keys.iter().any(|key| matches(key, pattern)), "{operation} uses no key {pattern}");
            }
        }
        let named = &writing["Condition"]["ForAllValues:StringEquals"]["dynamodb:Attributes"];
        for update in &updates {
            assert_eq!(json!(attributes(update)), *named, "{operation}");
        }
    }
}

#[tokio::test]
async fn functions_that_open_or_close_a_case_may_use_the_key_of_an_open_case_only() {
    let endpoint = Endpoint::start(|_| Response::ok("application/x-amz-json-1.0", "{}")).await;
    let quotas = Quotas::new(storage::dynamodb(&lambda::sdk_config(&endpoint.url)), "Quotas".to_owned());
    let clerk: SubjectId = serde_json::from_value(json!("clerk")).expect("an ID");
    let case = serde_json::from_value(json!("handle")).expect("a handle");
    quotas.has_open_case(&clerk, NOW).await.expect("a read");
    let [read] = bodies(&endpoint.take()).try_into().expect("a read");
    let opening = quotas.open_case_write(&clerk, &case, NOW, NOW).expect("a write");
    let closing = quotas.close_case_write(&clerk, &case).expect("a write");
    let [opened, closed] = received(&endpoint, vec![opening, closing]).await.try_into().expect("two writes");
    let keys = [counted(&read["Key"]), counted(&opened["Put"]["Item"]), counted(&closed["Delete"]["Key"])];

    let mut functions = 0;
    for (id, function) in lambdas() {
        for statement in restricted(&function, "Quotas", "#case") {
            let patterns = list(&statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]);
            let [pattern] = patterns.as_slice() else { panic!("{id}: {patterns:?}") };
            for key in keys {
                assert!(matches(key, pattern.as_str().expect("a pattern")), "{id}: {key}");
            }
            functions += 1;
        }
    }
    assert!(functions >= 4, "{functions}");
}

#[tokio::test]
async fn record_bounce_may_write_exactly_the_attributes_of_a_reported_failure() {
    let endpoint = Endpoint::start(|_| Response::ok("application/x-amz-json-1.0", "{}")).await;
    let outbox = Outbox::new(storage::dynamodb(&lambda::sdk_config(&endpoint.url)), "Outbox".to_owned());
    let message: OutboxItem = serde_json::from_value(json!({
        "message_id": "m", "sealed": [1], "recipient_hash": [1], "state": "sent", "attempts": 1, "due": "due", "next_at": 1,
        "sending_id": "s", "failure": { "reason": "unreachable", "permanent": false }, "business": "b", "upload_id": "u", "kept_until": 2, "expires_at": 3,
    }))
    .expect("a message");
    let write = outbox.failure_write(&message, DeliveryFailure::permanent(FailureReason::MailboxFull)).expect("a write");
    let [written] = received(&endpoint, vec![write]).await.try_into().expect("one write");
    let lambdas = lambdas();
    let [statement] = restricted(lambda(&lambdas, "record_bounce"), "Outbox", "dynamodb:Attributes").try_into().expect("one statement");
    let named = &statement["Condition"]["ForAllValues:StringEquals"]["dynamodb:Attributes"];
    assert_eq!(json!(attributes(&written["Update"])), *named);
}
