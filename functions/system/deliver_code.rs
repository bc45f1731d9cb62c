//! Sends codes: woken by the outbox's stream, one record for each new message or wake record.
//!
//! A failed attempt is a success of its own: it is written down, the message comes due again, and no other waits for
//! it. Only storage that cannot be reached is the stream's to repeat.

use domain::{
    Moment, Recipient,
    delivery::{self, AfterFailure, DeliveryState},
};
use edge::{
    Failure, Setup,
    log::{self, LogCode},
};
use messages::{
    email::{self, Envelope},
    link, sms,
};
use sending::{Email, Sms};
use serde::Deserialize;
use serde_json::{Value, json};
use storage::{
    StorageError, Transaction, TransactionError,
    issuances::Issuances,
    kms::KmsKey,
    outbox::{self, Message, Outbox, OutboxItem},
    transaction::TransactWrite,
};

struct Deps {
    outbox: Outbox,
    issuances: Issuances,
    key: KmsKey,
    sms: Sms,
    email: Email,
    public_origin: String,
    transaction: Transaction,
}

/// The part of a DynamoDB stream event that is used: keys only are in it.
#[derive(Deserialize)]
struct StreamEvent {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    dynamodb: StreamRecord,
}

#[derive(Deserialize)]
struct StreamRecord {
    #[serde(rename = "SequenceNumber")]
    sequence_number: String,
    #[serde(rename = "Keys")]
    keys: Keys,
}

#[derive(Deserialize)]
struct Keys {
    message_id: StringAttribute,
}

#[derive(Deserialize)]
struct StringAttribute {
    #[serde(rename = "S")]
    text: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps {
        outbox: setup.outbox(),
        issuances: setup.issuances(),
        key: setup.outbox_key(),
        sms: setup.sms(),
        email: setup.email(),
        public_origin: setup.text("PUBLIC_ORIGIN"),
        transaction: setup.transaction(),
    };
    edge::serve_event(env!("CARGO_BIN_NAME"), setup, deps, |deps, event| Box::pin(handle(deps, event))).await
}

/// Answers which records Lambda is to repeat (`ReportBatchItemFailures`): from the first whose storage failed.
async fn handle(deps: &Deps, event: StreamEvent) -> Result<Value, Failure> {
    for record in event.records {
        let (message_id, is_wake) = outbox::woken(&record.dynamodb.keys.message_id.text);
        let done = deliver(deps, message_id, edge::now()).await;
        if let Err(failure) = done {
            say(LogCode::SideCallFailed, &[("cause", json!(failure.cause()))]);
            return Ok(json!({"batchItemFailures": [{"itemIdentifier": record.dynamodb.sequence_number}]}));
        }
        if is_wake {
            // It has done its work; where this fails, TTL removes it.
            let _ = deps.outbox.delete(&record.dynamodb.keys.message_id.text).await;
        }
    }
    Ok(json!({"batchItemFailures": []}))
}

async fn deliver(deps: &Deps, message_id: &str, now: Moment) -> Result<(), Failure> {
    let item = match deps.outbox.claim(message_id, now).await {
        Ok(Some(item)) => item,
        Ok(None) => {
            say(LogCode::DeliverySkipped, &[]);
            return Ok(());
        }
        // Reading it again would find the same: passed over, so that the shard goes on.
        Err(StorageError::Corrupt(what)) => {
            say(LogCode::DeliverySkipped, &[("cause", json!(what))]);
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    // Of the last one nothing was noted: it may have gone out each time.
    if usize::try_from(item.attempts).is_ok_and(|attempts| attempts > delivery::ATTEMPTS) {
        settle(deps, &item, DeliveryState::Failed, None).await?;
        say(LogCode::DeliveryGivenUp, &[("cause", json!("nothing could be noted of its attempts")), ("attempts", json!(item.attempts))]);
        return Ok(());
    }
    let sent = match item.open(&deps.key).await {
        Ok(message) => send(deps, &item, &message, now).await,
        Err(error) => Err(error.to_string()),
    };
    match sent {
        Ok(()) => {
            say(LogCode::CodeSent, &[("attempts", json!(item.attempts))]);
            settle(deps, &item, DeliveryState::Sent, Some(now)).await
        }
        Err(cause) => match delivery::after_failure(item.attempts, now, item.kept_until) {
            AfterFailure::RetryAt(next_at) => {
                say(LogCode::DeliveryFailed, &[("cause", json!(cause)), ("attempts", json!(item.attempts))]);
                let queued = deps.issuances.delivery_write(&item.business, &item.upload_id, DeliveryState::Queued, item.attempts, None)?;
                write(deps, deps.outbox.retry_write(&item, next_at)?, queued).await
            }
            AfterFailure::GiveUp => {
                say(LogCode::DeliveryGivenUp, &[("cause", json!(cause)), ("attempts", json!(item.attempts))]);
                settle(deps, &item, DeliveryState::Failed, None).await
            }
        },
    }
}

async fn send(deps: &Deps, item: &OutboxItem, message: &Message, now: Moment) -> Result<(), String> {
    let code = message.code().map_err(|error| error.to_string())?;
    let (expires_at, language) = (message.code_expires_at, message.language);
    match &message.recipient {
        Recipient::Mobile(mobile) => {
            let text = sms::code(&code, expires_at, &link::code_link(&deps.public_origin, &code), language);
            deps.sms.send(mobile, &text).await.map_err(|error| error.to_string())
        }
        Recipient::Email(address) => {
            let envelope = Envelope { from: deps.email.sender(), to: address, language, message_id: &item.message_id, date: now };
            let mime = email::code(&envelope, &code, expires_at, &deps.public_origin).map_err(|error| error.to_string())?;
            deps.email.send(address, mime).await.map_err(|error| error.to_string())
        }
    }
}

async fn settle(deps: &Deps, item: &OutboxItem, state: DeliveryState, sent_at: Option<Moment>) -> Result<(), Failure> {
    let settled = deps.outbox.settle_write(item, state)?;
    let shown = deps.issuances.delivery_write(&item.business, &item.upload_id, state, item.attempts, sent_at)?;
    write(deps, settled, shown).await
}

/// Notes in message and history what became of the attempt. Where the message is gone nothing is left to note; where the history is, the
/// message alone is to know, or it would be sent again.
async fn write(deps: &Deps, message: TransactWrite, history: TransactWrite) -> Result<(), Failure> {
    match deps.transaction.clone().with(message.clone()).with(history).commit().await {
        Err(TransactionError::Refused(parts)) if !parts.contains(&0) => match deps.transaction.clone().with(message).commit().await {
            Ok(()) | Err(TransactionError::Refused(_)) => Ok(()),
            Err(error) => Err(error.into()),
        },
        Ok(()) | Err(TransactionError::Refused(_)) => Ok(()),
        Err(error @ (TransactionError::Conflict | TransactionError::Storage(_))) => Err(error.into()),
    }
}

fn say(code: LogCode, fields: &[(&str, Value)]) {
    log::line(env!("CARGO_BIN_NAME"), code, fields);
}
