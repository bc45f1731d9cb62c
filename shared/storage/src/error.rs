//! What can go wrong below: said once, mapped to an answer in `edge`.

use std::time::Duration;

use aws_sdk_dynamodb::{
    config::{
        interceptors::InterceptorContext,
        retry::{ClassifyRetry, RetryAction},
    },
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    operation::{delete_item::DeleteItemError, put_item::PutItemError, update_item::UpdateItemError},
};
use aws_smithy_types::retry::ErrorKind;

#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// AWS said that we are too quick, after the SDK's own retries.
    #[error("throttled: {0}")]
    Throttled(String),
    /// The item was in a transaction, after the retries of [`MetATransaction`]; nothing was written.
    #[error("met a transaction: {0}")]
    Conflict(String),
    /// Unreachable, refused, or broken on the other side.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// S3 denies an object: absent, or not ours to read; it does not say which.
    #[error("denied")]
    Denied,
    /// What is stored is not what we write: never shown to anyone, always logged.
    #[error("corrupt: {0}")]
    Corrupt(&'static str),
    #[error(transparent)]
    NoRandom(#[from] aws::NoRandom),
}

const CONFLICT: &str = "TransactionConflictException";
const THROTTLES: [&str; 7] = [
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "Throttling",
    "RequestLimitExceeded",
    "SlowDown",
    "LimitExceededException",
    "TooManyRequestsException",
];

/// Maps whatever an SDK call failed with. The text names the operation and AWS's message, which hold no personal data.
pub(crate) fn failed<E, R>(operation: &'static str) -> impl Fn(SdkError<E, R>) -> StorageError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    move |error| {
        let code = error.code().unwrap_or_default();
        let text = format!("{operation}: {code} {}", shortened(&DisplayErrorContext(&error).to_string()));
        match code {
            CONFLICT => StorageError::Conflict(text),
            code if THROTTLES.contains(&code) => StorageError::Throttled(text),
            _ => StorageError::Unavailable(text),
        }
    }
}

/// A transaction takes some milliseconds.
const PAUSE: Duration = Duration::from_millis(50);

/// DynamoDB refuses to write an item that is in a transaction at that moment. The SDK would not try again by itself.
#[derive(Debug)]
pub(crate) struct MetATransaction;

impl ClassifyRetry for MetATransaction {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let error = context.output_or_error().and_then(Result::err).and_then(|error| error.as_operation_error());
        let met = error.is_some_and(|error| {
            error.downcast_ref().is_some_and(UpdateItemError::is_transaction_conflict_exception)
                || error.downcast_ref().is_some_and(PutItemError::is_transaction_conflict_exception)
                || error.downcast_ref().is_some_and(DeleteItemError::is_transaction_conflict_exception)
        });
        // No transient error: the SDK would give up the connection.
        if met { RetryAction::retryable_error_with_explicit_delay(ErrorKind::ServerError, PAUSE) } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "MetATransaction"
    }
}

/// An error text can hold a whole response; its beginning says enough.
fn shortened(text: &str) -> String {
    text.chars().take(300).collect()
}
