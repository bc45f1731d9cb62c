//! DynamoDB tables (a module a table), the S3 vault, and the sealing of everything secret in them.
//!
//! Names of tables' attributes stand in their modules only. A reader treats an item past `expires_at` as absent.
//! Conditional failures become typed outcomes here; a rule is never decided here (see `domain`).

pub mod applications;
pub mod associations;
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

/// The DynamoDB client that a function's tables share.
pub fn dynamodb(config: &SdkConfig) -> aws_sdk_dynamodb::Client {
    aws_sdk_dynamodb::Client::from_conf(
        aws_sdk_dynamodb::config::Builder::from(config).interceptor(aws::CallCounter).retry_classifier(error::MetATransaction).build(),
    )
}

/// A UUIDv7: unique, and sorted by the time at which it was made.
pub fn time_ordered_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// What ids of that instant begin with: before all of them in their order, and behind all earlier ones.
pub(crate) fn id_bound(moment: domain::Moment) -> String {
    let millis = moment.epoch_seconds().max(0).saturating_mul(1000);
    format!("{:08x}-{:04x}", millis >> 16, millis & 0xffff)
}

/// Whether a caller's text can be such an id.
pub fn is_time_ordered_id(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// 128 random bits in hexadecimal: says nothing, not even when.
///
/// # Errors
/// Where there is no randomness.
pub fn random_id() -> Result<String, StorageError> {
    Ok(aws::random_bytes::<16>()?.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_of_their_length_and_characters() {
        let id = time_ordered_id();
        assert!(is_time_ordered_id(&id));
        for other in [String::new(), id[1..].to_owned(), format!("{id}0"), id.replace('-', "#"), format!("{}g", &id[1..])] {
            assert!(!is_time_ordered_id(&other), "{other}");
        }
    }
}
