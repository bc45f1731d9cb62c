//! Each minute: wakes the sender for messages that are due again, and ends those whose 24 hours are over.

use domain::{Moment, delivery::DeliveryState};
use edge::{
    Failure, Setup,
    log::{self, LogCode},
};
use serde::Deserialize;
use serde_json::{Value, json};
use storage::{Transaction, TransactionError, issuances::Issuances, outbox::Outbox};

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
    let setup = Setup::new().await;
    let deps = Deps { outbox: setup.outbox(), issuances: setup.issuances(), transaction: setup.transaction() };
    edge::serve_event(env!("CARGO_BIN_NAME"), setup, deps, |deps, tick, now| Box::pin(handle(deps, tick, now))).await
}

async fn handle(deps: &Deps, _tick: Tick, now: Moment) -> Result<Value, Failure> {
    let (mut woken, mut ended) = (0, 0);
    for due in deps.outbox.due(now, AT_ONCE).await? {
        let Some(item) = deps.outbox.find(&due.message_id).await? else { continue };
        if !now.has_reached(item.expires_at) {
            woken += u32::from(deps.outbox.wake(&due, now).await?);
            continue;
        }
        // TTL may lag by days: a message's day ends here.
        if item.state != DeliveryState::Queued {
            deps.outbox.delete(&item.message_id).await?;
            ended += 1;
            continue;
        }
        // Never sent, and not to be sent any more: the photographer's list says so.
        let failed = deps.issuances.delivery_part(&item.business, &item.upload_id, DeliveryState::Failed, item.attempts, None)?;
        match deps.transaction.clone().with(deps.outbox.delete_part(&item)?).with(failed).commit().await {
            Ok(()) => ended += 1,
            Err(TransactionError::Refused(_)) => deps.outbox.delete(&item.message_id).await?,
            Err(error @ (TransactionError::Conflict | TransactionError::Storage(_))) => return Err(error.into()),
        }
    }
    log::line(env!("CARGO_BIN_NAME"), LogCode::OutboxSwept, &[("woken", json!(woken)), ("ended", json!(ended))]);
    Ok(json!({"woken": woken, "ended": ended}))
}
