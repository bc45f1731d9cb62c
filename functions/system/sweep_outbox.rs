//! Runs each minute. Wakes `deliver_code` for messages that are due again, and deletes messages whose 24 hours are over.

use domain::{
    Moment,
    delivery::{DeliveryState, SWEEP_CONCURRENCY, SWEEP_MESSAGES_MAX, SWEEP_RUN_TIME_MAX, UNREADABLE_RETRY_DELAY},
};
use edge::{
    Failure, Setup,
    log::{self, LogCode},
};
use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::{Value, json};
use storage::{
    StorageError, Transaction, TransactionError,
    issuances::Issuances,
    outbox::{Due, Outbox},
};

struct Deps {
    outbox: Outbox,
    issuances: Issuances,
    transaction: Transaction,
}

/// The event of the schedule. Its content is not used.
#[derive(Deserialize)]
struct Tick {}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps { outbox: setup.outbox(), issuances: setup.issuances(), transaction: setup.transaction() };
    edge::serve_event(env!("CARGO_BIN_NAME"), setup, deps, |deps, Tick {}| Box::pin(handle(deps, edge::now()))).await
}

async fn handle(deps: &Deps, now: Moment) -> Result<Value, Failure> {
    let (mut woken, mut ended, mut unsent, mut failed) = (0, 0, 0, 0);
    let all_due = deps.outbox.due(now, i32::try_from(SWEEP_MESSAGES_MAX).unwrap_or(i32::MAX)).await?;
    // Messages are sorted by the time at which they came due, so the first one shows how late the sender is.
    let oldest = all_due.first().map_or(0, |due| now.epoch_seconds() - due.next_at.epoch_seconds());
    for batch in all_due.chunks(SWEEP_CONCURRENCY) {
        if edge::now().has_reached(now.plus(SWEEP_RUN_TIME_MAX)) {
            // The remaining messages are still due in the next run.
            break;
        }
        for seen in join_all(batch.iter().map(|due| process(deps, due, now))).await {
            match seen {
                Ok(Seen::Woken) => woken += 1,
                Ok(Seen::Ended) => ended += 1,
                Ok(Seen::EndedUnsent) => unsent += 1,
                Ok(Seen::Left) => {}
                // A message that cannot be read or written does not delay the others.
                Err(failure) => {
                    failed += 1;
                    log::line(env!("CARGO_BIN_NAME"), LogCode::SideCallFailed, &[("cause", json!(failure.cause()))]);
                }
            }
        }
    }
    let counts = [
        ("oldest_seconds", json!(oldest)),
        ("woken", json!(woken)),
        ("ended", json!(ended)),
        ("unsent", json!(unsent)),
        ("failed", json!(failed)),
    ];
    log::line(env!("CARGO_BIN_NAME"), LogCode::OutboxSwept, &counts);
    if failed > 0 { Err(Failure::internal(format!("{failed} messages could not be looked at"))) } else { Ok(json!({})) }
}

/// Result of processing one due message.
enum Seen {
    /// A wake record was written, so that the sender tries again.
    Woken,
    /// The 24 hours are over. The message was sent or given up before, and is deleted now.
    Ended,
    /// The 24 hours are over. The message was never sent, and is deleted now.
    EndedUnsent,
    /// Nothing was done, because the message was deleted, woken or claimed in the meantime.
    Left,
}

async fn process(deps: &Deps, due: &Due, now: Moment) -> Result<Seen, Failure> {
    let item = match deps.outbox.find(&due.message_id).await {
        Ok(Some(item)) => item,
        Ok(None) => return Ok(Seen::Left),
        Err(error @ StorageError::Corrupt(_)) => {
            deps.outbox.postpone(due, now.plus(UNREADABLE_RETRY_DELAY)).await?;
            return Err(error.into());
        }
        Err(error) => return Err(error.into()),
    };
    if !now.has_reached(item.kept_until) {
        return Ok(if deps.outbox.wake(due, now).await? { Seen::Woken } else { Seen::Left });
    }
    // The message is deleted here, because TTL may delete it days later.
    if item.state != DeliveryState::Queued {
        deps.outbox.delete(&item.message_id).await?;
        return Ok(Seen::Ended);
    }
    // The message was never sent, and it is too late to send it now. The photographer's list shows it as failed.
    let unsent = deps.issuances.delivery_write(&item.business, &item.upload_id, DeliveryState::Failed, item.attempts, None)?;
    match deps.transaction.clone().with(deps.outbox.delete_write(&item)?).with(unsent).commit().await {
        Ok(()) => Ok(Seen::EndedUnsent),
        // The sender claimed or settled the message at the same time.
        Err(TransactionError::Refused(parts)) if parts.contains(&0) => Ok(Seen::Left),
        // The history row does not exist any more, so only the message is deleted.
        Err(TransactionError::Refused(_)) => {
            deps.outbox.delete(&item.message_id).await?;
            Ok(Seen::Ended)
        }
        Err(error @ (TransactionError::Conflict | TransactionError::Storage(_))) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::time::Span;
    use lambda::{Endpoint, Received, Response};

    use super::*;

    /// Simulates a table with as many due messages as a run processes, and with a delay at each call.
    fn dynamodb(request: &Received) -> Response {
        let body = match request.header("x-amz-target") {
            "DynamoDB_20120810.Query" => {
                let due = |number| json!({ "message_id": { "S": format!("message-{number}") }, "next_at": { "N": "1800000000" } });
                json!({ "Items": (0..SWEEP_MESSAGES_MAX).map(due).collect::<Vec<_>>() })
            }
            "DynamoDB_20120810.GetItem" => json!({ "Item": {
                "message_id": { "S": "message" }, "sealed": { "B": "AA==" }, "recipient_hash": { "B": "AA==" }, "state": { "S": "queued" },
                "attempts": { "N": "1" }, "due": { "S": "due" }, "next_at": { "N": "1800000000" }, "business": { "S": "business" },
                "upload_id": { "S": "upload" }, "kept_until": { "N": "9000000000" }, "expires_at": { "N": "9000003600" } } }),
            _ => json!({}),
        };
        Response { delay: Duration::from_millis(20), ..Response::ok("application/x-amz-json-1.0", body.to_string()) }
    }

    fn deps(endpoint: &Endpoint) -> Deps {
        let client = storage::dynamodb(&lambda::sdk_config(&endpoint.url));
        Deps {
            outbox: Outbox::new(client.clone(), "Outbox".to_owned()),
            issuances: Issuances::new(client.clone(), "Issuances".to_owned()),
            transaction: Transaction::new(client),
        }
    }

    #[tokio::test]
    async fn a_run_wakes_all_messages_several_at_the_same_time() {
        let endpoint = Endpoint::start(dynamodb).await;
        handle(&deps(&endpoint), edge::now()).await.unwrap();
        let calls =
            |action: &str, made: &[Received]| made.iter().filter(|request| request.header("x-amz-target").ends_with(action)).count();
        let made = endpoint.take();
        assert_eq!((calls("Query", &made), calls("GetItem", &made), calls("PutItem", &made)), (1, SWEEP_MESSAGES_MAX, SWEEP_MESSAGES_MAX));
        assert_eq!(endpoint.concurrent_requests_max(), SWEEP_CONCURRENCY);
    }

    #[tokio::test]
    async fn a_run_that_takes_too_long_leaves_the_remaining_messages_to_the_next() {
        let endpoint = Endpoint::start(dynamodb).await;
        let began = edge::now().plus(Span::seconds(-SWEEP_RUN_TIME_MAX.as_seconds()));
        handle(&deps(&endpoint), began).await.unwrap();
        assert_eq!(endpoint.take().len(), 1, "only the query");
    }
}
