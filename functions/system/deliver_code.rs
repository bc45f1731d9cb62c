//! Sends codes. The outbox's stream invokes this function for each new message, and for each wake record, which requests another attempt.
//!
//! If sending fails, the function records the failure and reports success to Lambda, so that the other messages need not wait. The message
//! becomes due again later. If storage fails, the function reports a failure to Lambda, which then repeats the stream record.

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
use sending::{ReportedEmail, Sms};
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
    email: ReportedEmail,
    public_origin: String,
    transaction: Transaction,
}

/// The fields of a DynamoDB stream event that are used. The stream contains keys only.
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
        email: setup.reported_email(),
        public_origin: setup.text("PUBLIC_ORIGIN"),
        transaction: setup.transaction(),
    };
    edge::serve_event(env!("CARGO_BIN_NAME"), setup, deps, |deps, event| Box::pin(handle(deps, event))).await
}

/// Delivers the messages of a batch. After a storage failure the response names the record from which Lambda repeats the batch
/// (`ReportBatchItemFailures`).
async fn handle(deps: &Deps, event: StreamEvent) -> Result<Value, Failure> {
    for record in event.records {
        let (message_id, is_wake) = outbox::woken(&record.dynamodb.keys.message_id.text);
        let result = deliver(deps, message_id, edge::now()).await;
        if let Err(failure) = result {
            log_line(LogCode::SideCallFailed, &[("cause", json!(failure.cause()))]);
            return Ok(json!({"batchItemFailures": [{"itemIdentifier": record.dynamodb.sequence_number}]}));
        }
        if is_wake {
            // The wake record is no longer needed. If the deletion fails, TTL removes the record.
            let _ = deps.outbox.delete(&record.dynamodb.keys.message_id.text).await;
        }
    }
    Ok(json!({"batchItemFailures": []}))
}

/// Makes one attempt to send a message and records its result. Fails only if storage fails.
async fn deliver(deps: &Deps, message_id: &str, now: Moment) -> Result<(), Failure> {
    let sending_id = storage::time_ordered_id();
    let item = match deps.outbox.claim(message_id, &sending_id, now).await {
        Ok(Some(item)) => item,
        Ok(None) => {
            log_line(LogCode::DeliverySkipped, &[]);
            return Ok(());
        }
        // Reading a corrupt item again would fail again, and would block the stream's shard. The item is skipped.
        Err(StorageError::Corrupt(what)) => {
            log_line(LogCode::DeliverySkipped, &[("cause", json!(what))]);
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    // The message has more attempts than allowed, because the results of the earlier attempts could not be recorded. Each of them may have
    // sent the message, so no further attempt is made.
    if usize::try_from(item.attempts).is_ok_and(|attempts| attempts > delivery::ATTEMPTS) {
        settle(deps, &item, DeliveryState::Failed, None).await?;
        log_line(
            LogCode::DeliveryGivenUp,
            &[("cause", json!("nothing could be noted of its attempts")), ("attempts", json!(item.attempts))],
        );
        return Ok(());
    }
    let sent = match item.open(&deps.key).await {
        Ok(message) => send(deps, &item, &message, &sending_id, now).await,
        Err(error) => Err(error.to_string()),
    };
    match sent {
        Ok(()) => {
            log_line(LogCode::CodeSent, &[("attempts", json!(item.attempts))]);
            settle(deps, &item, DeliveryState::Sent, Some(now)).await
        }
        Err(cause) => match delivery::after_failure(item.attempts, now, item.kept_until) {
            AfterFailure::RetryAt(next_at) => {
                log_line(LogCode::DeliveryFailed, &[("cause", json!(cause)), ("attempts", json!(item.attempts))]);
                let queued = deps.issuances.delivery_write(&item.business, &item.upload_id, DeliveryState::Queued, item.attempts, None)?;
                write(deps, deps.outbox.retry_write(&item, next_at)?, queued).await
            }
            AfterFailure::GiveUp => {
                log_line(LogCode::DeliveryGivenUp, &[("cause", json!(cause)), ("attempts", json!(item.attempts))]);
                settle(deps, &item, DeliveryState::Failed, None).await
            }
        },
    }
}

async fn send(deps: &Deps, item: &OutboxItem, message: &Message, sending_id: &str, now: Moment) -> Result<(), String> {
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
            deps.email.send(address, mime, &item.message_id, sending_id).await.map_err(|error| error.to_string())
        }
    }
}

/// Records the final state of a message in the outbox and in the history.
async fn settle(deps: &Deps, item: &OutboxItem, state: DeliveryState, sent_at: Option<Moment>) -> Result<(), Failure> {
    let message = deps.outbox.settle_write(item, state)?;
    let history = deps.issuances.delivery_write(&item.business, &item.upload_id, state, item.attempts, sent_at)?;
    write(deps, message, history).await
}

/// Records the result of an attempt in the message and in the history. If the message was deleted, nothing is recorded. If the history was
/// deleted, the result is recorded in the message alone, so that the message is not sent again.
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

fn log_line(code: LogCode, fields: &[(&str, Value)]) {
    log::line(env!("CARGO_BIN_NAME"), code, fields);
}
