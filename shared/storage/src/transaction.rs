//! Transactions: several writes that DynamoDB makes together or not at all.

use std::time::Duration;

use aws_sdk_dynamodb::{
    Client,
    operation::transact_write_items::TransactWriteItemsError,
    types::{Delete, Put, TransactWriteItem, Update},
};
use uuid::Uuid;

use crate::error::{StorageError, failed};

/// Number of retries after a conflict with another transaction. The pause before each retry grows ([`pause`]).
const CONFLICT_RETRIES: u32 = 5;
const IN_PROGRESS: &str = "TransactionInProgress";

#[derive(Debug, thiserror::Error)]
pub enum TransactionError {
    /// The conditions of the writes at these positions were not met. Nothing was written.
    #[error("conditions of writes {0:?} were not met")]
    Refused(Vec<usize>),
    /// The transaction and all its retries conflicted with other transactions on the same items. Nothing was written.
    #[error("conflict with another transaction")]
    Conflict,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A call of TransactWriteItems. The modules of the tables build its writes.
#[derive(Debug, Clone)]
#[must_use]
pub struct Transaction {
    client: Client,
    writes: Vec<TransactWrite>,
}

/// One write of a transaction.
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
        Self { client, writes: Vec::new() }
    }

    pub fn with(mut self, write: TransactWrite) -> Self {
        self.writes.push(write);
        self
    }

    pub fn with_some(mut self, write: Option<TransactWrite>) -> Self {
        self.writes.extend(write);
        self
    }

    /// Sends the transaction, and retries it after conflicts and throttling.
    ///
    /// # Errors
    /// [`TransactionError::Refused`] with the positions of the writes whose conditions failed. After any error, either all writes were made
    /// or none.
    pub async fn commit(self) -> Result<(), TransactionError> {
        // All retries, including those of the SDK, use this token, so that DynamoDB does not repeat a transaction whose response was lost.
        let token = Uuid::now_v7().to_string();
        for attempt in 0.. {
            let items = self.writes.iter().map(|write| write.0.clone()).collect();
            let result = self.client.transact_write_items().set_transact_items(Some(items)).client_request_token(&token).send().await;
            let Err(error) = result else { return Ok(()) };
            let reasons: Vec<String> = match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    cancelled.cancellation_reasons().iter().map(|reason| reason.code().unwrap_or_default().to_owned()).collect()
                }
                // DynamoDB is still processing an earlier request of this transaction. The next retry receives the outcome of that request.
                Some(TransactWriteItemsError::TransactionInProgressException(_)) => vec![IN_PROGRESS.to_owned()],
                _ => return Err(failed("TransactWriteItems")(error).into()),
            };
            let failed_conditions: Vec<usize> =
                reasons.iter().enumerate().filter(|(_, code)| *code == "ConditionalCheckFailed").map(|(position, _)| position).collect();
            if !failed_conditions.is_empty() {
                return Err(TransactionError::Refused(failed_conditions));
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
                    // The result is not `Conflict`, because `Conflict` means that nothing was written. Here the earlier request may still
                    // succeed.
                    (false, false) => StorageError::Unavailable("TransactWriteItems: still in progress".to_owned()).into(),
                });
            }
            tokio::time::sleep(pause(attempt)?).await;
        }
        Err(TransactionError::Conflict)
    }
}

/// Returns the pause before a retry: 20, 40, 80, 160, 320 ms, plus a random time of up to the same length. Because of the random time, two
/// transactions that have conflicted are unlikely to conflict again.
fn pause(attempt: u32) -> Result<Duration, StorageError> {
    let base = 20_u64 << attempt;
    let [random] = aws::random_bytes::<1>()?;
    Ok(Duration::from_millis(base + base * u64::from(random) / 255))
}
