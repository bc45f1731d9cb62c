//! What can go wrong below: said once, mapped to an answer in `edge`.

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// AWS said that we are too quick, after the SDK's own retries.
    #[error("throttled: {0}")]
    Throttled(String),
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
        if THROTTLES.contains(&code) { StorageError::Throttled(text) } else { StorageError::Unavailable(text) }
    }
}

/// An error text can hold a whole response; its beginning says enough.
fn shortened(text: &str) -> String {
    text.chars().take(300).collect()
}
