//! Records that an email with a code failed after SES had accepted it, so that the photographer can correct the recipient. Invoked by
//! EventBridge with each bounce, complaint and rejection of such an email.
//!
//! Events may arrive more than once and in any order. A failure is stored only for the message that the event names. After a correction or
//! an association this message no longer exists, so the event changes nothing.

use domain::delivery_failure::{DeliveryFailure, replaces};
use edge::{
    Failure, Setup,
    log::{self, LogCode},
};
use sending::Report;
use serde_json::{Value, json};
use storage::{
    Transaction, TransactionError,
    issuances::Issuances,
    outbox::{Outbox, OutboxItem},
    transaction::TransactWrite,
};

/// Maximum number of attempts to record one report. An attempt fails if the sender or a resend changes the message at the same time.
const TRIES: usize = 3;

struct Deps {
    outbox: Outbox,
    issuances: Issuances,
    transaction: Transaction,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps { outbox: setup.outbox(), issuances: setup.issuances(), transaction: setup.transaction() };
    edge::serve_event(env!("CARGO_BIN_NAME"), setup, deps, |deps, event| Box::pin(handle(deps, event))).await
}

/// If an invocation fails, Lambda repeats the event twice and then stores it in a queue (template.yaml).
async fn handle(deps: &Deps, event: Value) -> Result<Value, Failure> {
    // The parser's error is not logged, because it may quote the event.
    let report: Report = serde_json::from_value(event).map_err(|_| Failure::internal("the event has another shape"))?;
    let Some(failure) = report.failure() else { return Ok(ignore("no failure")) };
    for _ in 0..TRIES {
        let Some(item) = find(deps, &report).await? else { return Ok(ignore("no message")) };
        let about_last_sending = item.sending_id.as_deref() == Some(report.sending_id());
        if !replaces(failure, item.failure, about_last_sending) {
            return Ok(ignore(if item.failure.is_some() { "recorded before" } else { "sent again since" }));
        }
        if record(deps, &item, failure).await? {
            let fields = [("reason", json!(failure.reason.name())), ("permanent", json!(failure.permanent))];
            log::line(env!("CARGO_BIN_NAME"), LogCode::BounceRecorded, &fields);
            return Ok(json!({}));
        }
    }
    Err(Failure::internal("the message changed each time"))
}

/// Reads the message that the report names. Checks the format of the ID first, because the table also has items that are not messages, and
/// because DynamoDB rejects an empty key.
async fn find(deps: &Deps, report: &Report) -> Result<Option<OutboxItem>, Failure> {
    if !storage::is_time_ordered_id(report.message_id()) {
        return Ok(None);
    }
    Ok(deps.outbox.find(report.message_id()).await?)
}

fn ignore(cause: &'static str) -> Value {
    log::line(env!("CARGO_BIN_NAME"), LogCode::BounceIgnored, &[("cause", json!(cause))]);
    json!({})
}

/// Stores the failure in the message and in the history, so that no further attempt is made. Returns `false` if the message has changed
/// since it was read. If the history no longer names the message, the failure is stored in the message alone.
async fn record(deps: &Deps, item: &OutboxItem, failure: DeliveryFailure) -> Result<bool, Failure> {
    let message = deps.outbox.failure_write(item, failure)?;
    let history = deps.issuances.failure_write(&item.business, &item.upload_id, &item.message_id, failure)?;
    match commit(deps, &[message.clone(), history]).await {
        Err(TransactionError::Refused(parts)) if !parts.contains(&0) => written(commit(deps, &[message]).await),
        result @ (Ok(()) | Err(_)) => written(result),
    }
}

async fn commit(deps: &Deps, writes: &[TransactWrite]) -> Result<(), TransactionError> {
    writes.iter().cloned().fold(deps.transaction.clone(), Transaction::with).commit().await
}

fn written(result: Result<(), TransactionError>) -> Result<bool, Failure> {
    match result {
        Ok(()) => Ok(true),
        Err(TransactionError::Refused(_)) => Ok(false),
        Err(error @ (TransactionError::Conflict | TransactionError::Storage(_))) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use lambda::{Endpoint, Received, Response};

    use super::*;

    const MESSAGE: &str = "019aa8f2-4b6a-7c1d-9e2f-3a4b5c6d7e8f";
    const SENDING: &str = "019aa8f2-5c7b-7d2e-8f30-4b5c6d7e8f90";
    const OTHER: &str = "019aa8f2-0000-7000-8000-000000000000";

    /// Returns the message in the simulated table. The message was sent once, under the ID [`SENDING`].
    fn message(failure: Option<(&str, bool)>) -> Value {
        let mut item = json!({
            "message_id": { "S": MESSAGE }, "sealed": { "B": "AA==" }, "recipient_hash": { "B": "AA==" }, "state": { "S": "sent" },
            "attempts": { "N": "1" }, "due": { "S": "due" }, "next_at": { "N": "9000000000" }, "business": { "S": "business" },
            "upload_id": { "S": "upload" }, "kept_until": { "N": "9000000000" }, "expires_at": { "N": "9000003600" },
            "sending_id": { "S": SENDING },
        });
        if let Some((reason, permanent)) = failure {
            item["failure"] = json!({ "M": { "reason": { "S": reason }, "permanent": { "BOOL": permanent } } });
        }
        item
    }

    fn report(kind: &str, message: &str, sending: &str) -> Value {
        let (bounce_type, bounce_subtype) = kind.split_once(' ').unwrap_or_default();
        json!({
            "type": "Bounce", "bounce_type": bounce_type, "bounce_subtype": bounce_subtype, "bounce_status": "", "complaint_subtype": "",
            "complaint_feedback": "", "message": [message], "sending": [sending],
        })
    }

    fn ok(body: &Value) -> Response {
        Response::ok("application/x-amz-json-1.0", body.to_string())
    }

    /// Returns DynamoDB's response to a transaction in which the conditions at these positions failed.
    fn refused(positions: &[usize]) -> Response {
        let reason = |position| json!({ "Code": if positions.contains(&position) { "ConditionalCheckFailed" } else { "None" } });
        let body = json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "CancellationReasons": [reason(0), reason(1)],
        });
        Response { status: 400, ..ok(&body) }
    }

    /// Processes an event with a simulated table. Calls `answer` for each transaction, with the transaction's number (from 0), to get the
    /// table's response. Returns the result, the number of reads, and the transactions.
    async fn run(
        event: Value,
        item: Option<Value>,
        answer: impl Fn(usize) -> Response + Send + Sync + 'static,
    ) -> (Result<Value, Failure>, usize, Vec<String>) {
        let transactions = AtomicUsize::new(0);
        let endpoint = Endpoint::start(move |request| match (request.header("x-amz-target"), &item) {
            ("DynamoDB_20120810.GetItem", Some(item)) => ok(&json!({ "Item": item })),
            ("DynamoDB_20120810.TransactWriteItems", _) => answer(transactions.fetch_add(1, Ordering::SeqCst)),
            _ => ok(&json!({})),
        })
        .await;
        let client = storage::dynamodb(&lambda::sdk_config(&endpoint.url));
        let deps = Deps {
            outbox: Outbox::new(client.clone(), "Outbox".to_owned()),
            issuances: Issuances::new(client.clone(), "Issuances".to_owned()),
            transaction: Transaction::new(client),
        };
        let result = handle(&deps, event).await;
        let is_read = |request: &Received| request.header("x-amz-target").ends_with("GetItem");
        let (reads, writes): (Vec<_>, Vec<_>) = endpoint.take().into_iter().partition(is_read);
        (result, reads.len(), writes.into_iter().map(|request| request.body).collect())
    }

    #[tokio::test]
    async fn a_bounce_is_stored_in_the_message_and_in_the_history_together() {
        let (result, reads, writes) = run(report("Permanent General", MESSAGE, SENDING), Some(message(None)), |_| ok(&json!({}))).await;
        result.unwrap();
        assert_eq!((reads, writes.len()), (1, 1));
        let items = serde_json::from_str::<Value>(&writes[0]).unwrap()["TransactItems"].clone();
        let tables: Vec<_> = items.as_array().unwrap().iter().map(|item| item["Update"]["TableName"].clone()).collect();
        assert_eq!(tables, ["Outbox", "Issuances"]);
        for item in items.as_array().unwrap() {
            let values = &item["Update"]["ExpressionAttributeValues"];
            assert_eq!(values[":failure"]["M"]["reason"]["S"], "address_unknown");
            assert_eq!(values[":failed"]["S"], "failed");
        }
        assert_eq!(items[1]["Update"]["ExpressionAttributeValues"][":message"]["S"], MESSAGE);
    }

    #[tokio::test]
    async fn reports_that_change_nothing_write_nothing() {
        let unknown = Some(("address_unknown", true));
        let full = Some(("mailbox_full", false));
        let mut requeued = message(None);
        requeued["state"]["S"] = json!("queued");
        requeued.as_object_mut().unwrap().remove("sending_id");
        for (event, item, reads, why) in [
            (report("Permanent General", OTHER, SENDING), None, 1, "the message does not exist"),
            (report("Permanent General", "wake#x", SENDING), None, 0, "it is no ID of a message"),
            (report("Permanent General", "", SENDING), None, 0, "it is no ID of a message"),
            (report("Transient MailboxFull", MESSAGE, OTHER), Some(message(None)), 1, "the message was sent again since"),
            (report("Transient MailboxFull", MESSAGE, SENDING), Some(requeued), 1, "the photographer asked to send the message again"),
            (report("Permanent General", MESSAGE, SENDING), Some(message(unknown)), 1, "the failure is recorded"),
            (report("Transient MailboxFull", MESSAGE, SENDING), Some(message(unknown)), 1, "a permanent failure is recorded"),
            (report("Transient General", MESSAGE, SENDING), Some(message(full)), 1, "a temporary failure is recorded"),
            (json!({ "type": "DeliveryDelay", "message": [MESSAGE], "sending": [SENDING] }), Some(message(None)), 0, "it is no failure"),
        ] {
            let (result, found, writes) = run(event, item, |_| ok(&json!({}))).await;
            result.unwrap();
            assert_eq!((found, writes.len()), (reads, 0), "{why}");
        }
    }

    #[tokio::test]
    async fn a_permanent_failure_of_an_earlier_sending_or_after_a_temporary_one_is_stored() {
        for (sending, failure) in [(OTHER, None), (SENDING, Some(("mailbox_full", false))), (OTHER, Some(("mailbox_full", false)))] {
            let event = report("Permanent General", MESSAGE, sending);
            let (result, _, writes) = run(event, Some(message(failure)), |_| ok(&json!({}))).await;
            result.unwrap();
            assert_eq!(writes.len(), 1);
        }
    }

    #[tokio::test]
    async fn without_a_history_row_of_the_message_the_failure_is_stored_in_the_message() {
        let event = report("Permanent General", MESSAGE, SENDING);
        let answer = |number| if number == 0 { refused(&[1]) } else { ok(&json!({})) };
        let (result, reads, writes) = run(event, Some(message(None)), answer).await;
        result.unwrap();
        assert_eq!((reads, writes.len()), (1, 2));
        assert!(writes[1].contains("Outbox") && !writes[1].contains("Issuances"), "{}", writes[1]);
    }

    #[tokio::test]
    async fn a_message_that_changed_is_read_again_and_the_event_fails_if_it_changes_each_time() {
        let event = report("Permanent General", MESSAGE, SENDING);
        let answer = |number| if number == 0 { refused(&[0, 1]) } else { ok(&json!({})) };
        let (result, reads, writes) = run(event.clone(), Some(message(None)), answer).await;
        result.unwrap();
        assert_eq!((reads, writes.len()), (2, 2));
        let (result, reads, writes) = run(event, Some(message(None)), |_| refused(&[0])).await;
        assert!(result.is_err());
        assert_eq!((reads, writes.len()), (TRIES, TRIES));
    }

    #[tokio::test]
    async fn a_malformed_event_fails_without_being_quoted() {
        let address = "maria@example.gr";
        for event in [
            json!(null),
            json!({}),
            json!({ "type": address, "message": address, "sending": [SENDING] }),
            json!({ "type": "Bounce", "message": [MESSAGE], "sending": [SENDING], address: address }),
            json!({ "source": "aws.ses", "detail": { "eventType": "Bounce", "mail": { "destination": [address] } } }),
        ] {
            let (result, reads, writes) = run(event.clone(), Some(message(None)), |_| ok(&json!({}))).await;
            let failure = result.unwrap_err();
            assert!(!failure.cause().contains(address), "{event}");
            assert_eq!((reads, writes.len()), (0, 0), "{event}");
        }
    }
}
