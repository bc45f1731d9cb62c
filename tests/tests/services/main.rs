//! What `storage` and `sending` ask of DynamoDB, KMS, S3 and SNS, function by function: where it holds, and where it is rejected.
//!
//! Those that do not hold on an emulator are in tests/not_on. Times lie in another century, as in `conditions`, whose cases are
//! not repeated here.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test that calls it")]

#[path = "../aws/mod.rs"]
mod aws;
mod conditions;
mod lists;
mod messages;
#[path = "../aws/objects.rs"]
mod objects;
mod people;
mod photos;
mod sealed;
mod storage;

use ::storage::{DynamoDb, Transaction, TransactionError, kms::KmsKey, transaction::TransactWrite};
use domain::{Moment, SubjectId, business::BusinessId, staff::MemberId};
use journeys::stack;

const NOW: Moment = Moment::from_epoch_seconds(4_000_000_000);
const LATER: Moment = Moment::from_epoch_seconds(4_000_086_400);

async fn dynamodb() -> DynamoDb {
    aws::dynamodb(&aws::config().await)
}

async fn kms(variable: &str) -> KmsKey {
    KmsKey::new(&aws::config().await, stack::variable(variable))
}

fn id() -> String {
    ::storage::random_id().unwrap()
}

/// Somebody who acts for a business.
fn member() -> MemberId {
    MemberId::from_hash(id())
}

fn someone() -> SubjectId {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).unwrap();
    SubjectId::from_random(bytes)
}

fn business() -> BusinessId {
    BusinessId::from_hash(id())
}

async fn commit<const N: usize>(client: &DynamoDb, parts: [TransactWrite; N]) -> Result<(), TransactionError> {
    let transaction = Transaction::new(client.clone());
    parts.into_iter().fold(transaction, Transaction::with).commit().await
}

/// The positions of the parts whose conditions did not hold, where it was they that refused.
fn refused(result: Result<(), TransactionError>) -> Vec<usize> {
    match result {
        Err(TransactionError::Refused(parts)) => parts,
        other => panic!("{other:?}"),
    }
}
