//! The error type of this crate. The crate `edge` maps it to HTTP responses.

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
    /// AWS throttled the call and all retries of the SDK.
    #[error("throttled: {0}")]
    Throttled(String),
    /// The item was part of another transaction during the call and all retries of [`RetryOnTransactionConflict`]. Nothing was written.
    #[error("transaction conflict: {0}")]
    Conflict(String),
    /// AWS was unreachable or responded with another error.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// S3 denied access, or the object is absent. S3 does not distinguish the two cases if the caller has no right to list the bucket.
    #[error("denied")]
    Denied,
    /// Stored data does not have the form in which this service writes it. This error is always logged. Its text is never part of a
    /// response.
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

/// Maps the error of an SDK call to a [`StorageError`] whose text contains the name of the operation and the error message of AWS. Neither
/// contains personal data.
pub(crate) fn failed<E, R>(operation: &'static str) -> impl Fn(SdkError<E, R>) -> StorageError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    move |error| {
        let code = error.code().unwrap_or_default();
        let text = format!("{operation}: {code} {}", truncated(&DisplayErrorContext(&error).to_string()));
        match code {
            CONFLICT => StorageError::Conflict(text),
            code if THROTTLES.contains(&code) => StorageError::Throttled(text),
            _ => StorageError::Unavailable(text),
        }
    }
}

/// Pause before a retry after a conflict. It is longer than a transaction, which takes some milliseconds.
const PAUSE: Duration = Duration::from_millis(50);

/// Makes the SDK retry a write that DynamoDB rejects because the item is part of a transaction at that moment. The SDK does not do so by
/// default.
#[derive(Debug)]
pub(crate) struct RetryOnTransactionConflict;

impl ClassifyRetry for RetryOnTransactionConflict {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let error = context.output_or_error().and_then(Result::err).and_then(|error| error.as_operation_error());
        let is_conflict = error.is_some_and(|error| {
            error.downcast_ref().is_some_and(UpdateItemError::is_transaction_conflict_exception)
                || error.downcast_ref().is_some_and(PutItemError::is_transaction_conflict_exception)
                || error.downcast_ref().is_some_and(DeleteItemError::is_transaction_conflict_exception)
        });
        // The kind is not `TransientError`, because the SDK closes the connection after an error of that kind.
        if is_conflict {
            RetryAction::retryable_error_with_explicit_delay(ErrorKind::ServerError, PAUSE)
        } else {
            RetryAction::NoActionIndicated
        }
    }

    fn name(&self) -> &'static str {
        "RetryOnTransactionConflict"
    }
}

/// Returns the first 300 characters. The text of an SDK error can contain a whole response.
fn truncated(text: &str) -> String {
    text.chars().take(300).collect()
}
