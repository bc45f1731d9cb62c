//! Changes that belong together, written together or not at all.

use std::time::Duration;

use aws_sdk_dynamodb::{
    Client,
    operation::transact_write_items::TransactWriteItemsError,
    types::{Delete, Put, TransactWriteItem, Update},
};
use uuid::Uuid;

use crate::error::{StorageError, failed};

/// How often a transaction that met another one is tried again, with growing pauses.
const CONFLICT_RETRIES: u32 = 5;
const IN_PROGRESS: &str = "TransactionInProgress";

#[derive(Debug, thiserror::Error)]
pub enum TransactionError {
    /// The conditions of these parts (by position) did not hold; nothing was written.
    #[error("conditions of parts {0:?} did not hold")]
    Refused(Vec<usize>),
    /// It met another transaction on the same items, again and again; nothing was written.
    #[error("met another transaction")]
    Conflict,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// One TransactWriteItems call. The parts are made by the tables' modules.
#[derive(Debug, Clone)]
#[must_use]
pub struct Transaction {
    client: Client,
    parts: Vec<TransactWrite>,
}

/// One write within a transaction.
#[derive(Debug, Clone)]
pub struct TransactWrite(TransactWriteItem);

impl From<Put> for TransactWrite {
    fn from(put: Put) -> Self {
        Self(TransactWriteItem::builder().put(put).build())
    }
}

impl From<Update> for TransactWrite {
    fn from(update: Update) -> Self {
        Self(TransactWriteItem::builder().update(update).build())
    }
}

impl From<Delete> for TransactWrite {
    fn from(delete: Delete) -> Self {
        Self(TransactWriteItem::builder().delete(delete).build())
    }
}

impl Transaction {
    pub const fn new(client: Client) -> Self {
        Self { client, parts: Vec::new() }
    }

    pub fn with(mut self, part: TransactWrite) -> Self {
        self.parts.push(part);
        self
    }

    pub fn with_some(mut self, part: Option<TransactWrite>) -> Self {
        self.parts.extend(part);
        self
    }

    /// # Errors
    /// [`TransactionError::Refused`] with the positions of the conditions that failed; nothing is ever half written.
    pub async fn commit(self) -> Result<(), TransactionError> {
        // The same token for every retry, the SDK's included: a write whose answer was lost is not done twice.
        let token = Uuid::now_v7().to_string();
        for attempt in 0.. {
            let items = self.parts.iter().map(|part| part.0.clone()).collect();
            let result = self.client.transact_write_items().set_transact_items(Some(items)).client_request_token(&token).send().await;
            let Err(error) = result else { return Ok(()) };
            let reasons: Vec<String> = match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    cancelled.cancellation_reasons().iter().map(|reason| reason.code().unwrap_or_default().to_owned()).collect()
                }
                // An earlier request of this very transaction is still at work: what becomes of it the next one hears.
                Some(TransactWriteItemsError::TransactionInProgressException(_)) => vec![IN_PROGRESS.to_owned()],
                _ => return Err(failed("TransactWriteItems")(error).into()),
            };
            let refused: Vec<usize> =
                reasons.iter().enumerate().filter(|(_, code)| *code == "ConditionalCheckFailed").map(|(at, _)| at).collect();
            if !refused.is_empty() {
                return Err(TransactionError::Refused(refused));
            }
            let conflict = reasons.iter().any(|code| code == "TransactionConflict");
            let throttled = reasons.iter().any(|code| code == "ThrottlingError" || code == "ProvisionedThroughputExceeded");
            let in_progress = reasons.iter().any(|code| code == IN_PROGRESS);
            if !conflict && !throttled && !in_progress {
                return Err(failed("TransactWriteItems")(error).into());
            }
            if attempt == CONFLICT_RETRIES {
                return Err(match (conflict, throttled) {
                    (true, _) => TransactionError::Conflict,
                    (false, true) => StorageError::Throttled("TransactWriteItems".to_owned()).into(),
                    // Nobody may take it for not written: it may be, a moment later.
                    (false, false) => StorageError::Unavailable("TransactWriteItems: still in progress".to_owned()).into(),
                });
            }
            tokio::time::sleep(pause(attempt)?).await;
        }
        Err(TransactionError::Conflict)
    }
}

/// 20, 40, 80, 160, 320 ms and up to as much again, at random, so that two that met do not meet again.
fn pause(attempt: u32) -> Result<Duration, StorageError> {
    let base = 20_u64 << attempt;
    let [random] = aws::random_bytes::<1>()?;
    Ok(Duration::from_millis(base + base * u64::from(random) / 255))
}
