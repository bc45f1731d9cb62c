//! Each minute: wakes the sender for messages that are due again, and ends those whose 24 hours are over.

use domain::{
    Moment,
    delivery::{DeliveryState, UNREADABLE_AGAIN},
};
use edge::{
    Failure, Setup,
    log::{self, LogCode},
};
use serde::Deserialize;
use serde_json::{Value, json};
use storage::{
    StorageError, Transaction, TransactionError,
    issuances::Issuances,
    outbox::{Due, Outbox},
};

/// Messages looked at in one run: a backlog is worked off over several.
const AT_ONCE: i32 = 200;

struct Deps {
    outbox: Outbox,
    issuances: Issuances,
    transaction: Transaction,
}

/// The schedule's tick; what it holds does not matter.
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
    let all_due = deps.outbox.due(now, AT_ONCE).await?;
    // The longest overdue comes first: how far the sender is behind.
    let oldest = all_due.first().map_or(0, |due| now.epoch_seconds() - due.next_at.epoch_seconds());
    for due in all_due {
        match look_at(deps, &due, now).await {
            Ok(Seen::Woken) => woken += 1,
            Ok(Seen::Ended) => ended += 1,
            Ok(Seen::EndedUnsent) => unsent += 1,
            Ok(Seen::Left) => {}
            // One that cannot be read or written holds up none of the others.
            Err(failure) => {
                failed += 1;
                log::line(env!("CARGO_BIN_NAME"), LogCode::SideCallFailed, &[("cause", json!(failure.cause()))]);
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

enum Seen {
    Woken,
    Ended,
    /// Its day is over, and it was never sent.
    EndedUnsent,
    /// Gone, woken already, or in somebody's hands: for the next run, if at all.
    Left,
}

async fn look_at(deps: &Deps, due: &Due, now: Moment) -> Result<Seen, Failure> {
    let item = match deps.outbox.find(&due.message_id).await {
        Ok(Some(item)) => item,
        Ok(None) => return Ok(Seen::Left),
        Err(error @ StorageError::Corrupt(_)) => {
            deps.outbox.postpone(due, now.plus(UNREADABLE_AGAIN)).await?;
            return Err(error.into());
        }
        Err(error) => return Err(error.into()),
    };
    if !now.has_reached(item.kept_until) {
        return Ok(if deps.outbox.wake(due, now).await? { Seen::Woken } else { Seen::Left });
    }
    // TTL may lag by days: a message's day ends here.
    if item.state != DeliveryState::Queued {
        deps.outbox.delete(&item.message_id).await?;
        return Ok(Seen::Ended);
    }
    // Never sent, and not to be sent any more: the photographer's list says so.
    let unsent = deps.issuances.delivery_part(&item.business, &item.upload_id, DeliveryState::Failed, item.attempts, None)?;
    match deps.transaction.clone().with(deps.outbox.delete_part(&item)?).with(unsent).commit().await {
        Ok(()) => Ok(Seen::EndedUnsent),
        // Claimed or settled this very moment.
        Err(TransactionError::Refused(parts)) if parts.contains(&0) => Ok(Seen::Left),
        // The history that it would be noted in is gone.
        Err(TransactionError::Refused(_)) => {
            deps.outbox.delete(&item.message_id).await?;
            Ok(Seen::Ended)
        }
        Err(error @ (TransactionError::Conflict | TransactionError::Storage(_))) => Err(error.into()),
    }
}
