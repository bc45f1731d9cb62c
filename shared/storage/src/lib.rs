//! DynamoDB tables (one module per table), the S3 vault, and the encryption ("sealing") of all secrets stored in them.
//!
//! The names of a table's attributes appear only in the module of that table. Reads treat an item past its `expires_at` as absent.
//! This crate turns failed DynamoDB conditions into typed outcomes. It contains no business rules, which are in `domain`.

pub mod applications;
pub mod associations;
pub mod case_closing;
pub mod code_limits;
pub mod codes;
pub mod consents;
pub mod error;
pub mod history;
pub mod issuances;
pub mod keys;
pub mod kms;
pub mod nonces;
pub mod outbox;
pub mod quotas;
pub mod reminders;
pub mod sealing;
pub mod sessions;
pub mod staff;
pub mod subjects;
mod table;
pub mod transaction;
pub mod vault;

pub use error::StorageError;
pub use table::TTL_ATTRIBUTE;
pub use transaction::{Transaction, TransactionError};

use aws_config::SdkConfig;
pub use aws_sdk_dynamodb::Client as DynamoDb;

/// Creates the DynamoDB client that all tables of a function share.
pub fn dynamodb(config: &SdkConfig) -> aws_sdk_dynamodb::Client {
    aws_sdk_dynamodb::Client::from_conf(
        aws_sdk_dynamodb::config::Builder::from(config)
            .interceptor(aws::CallCounter)
            .retry_classifier(error::RetryOnTransactionConflict)
            .build(),
    )
}

/// Generates a UUIDv7: a unique ID that sorts by the time of its creation.
pub fn time_ordered_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// Returns the beginning of an ID from [`time_ordered_id`] that is created at `moment`, as a bound for queries. The text sorts after all
/// IDs that were created before `moment`, and before all other IDs.
pub(crate) fn id_bound(moment: domain::Moment) -> String {
    let millis = moment.epoch_seconds().max(0).saturating_mul(1000);
    format!("{:08x}-{:04x}", millis >> 16, millis & 0xffff)
}

/// Returns whether the text has the length and the characters of an ID from [`time_ordered_id`].
pub fn is_time_ordered_id(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// Generates a random 128-bit ID in hexadecimal. Unlike [`time_ordered_id`], it does not reveal when it was created.
///
/// # Errors
/// If the operating system provides no random bytes.
pub fn random_id() -> Result<String, StorageError> {
    Ok(aws::random_bytes::<16>()?.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_another_length_or_with_other_characters_are_rejected() {
        let id = time_ordered_id();
        assert!(is_time_ordered_id(&id));
        for invalid in [String::new(), id[1..].to_owned(), format!("{id}0"), id.replace('-', "#"), format!("{}g", &id[1..])] {
            assert!(!is_time_ordered_id(&invalid), "{invalid}");
        }
    }
}
