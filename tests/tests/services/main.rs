//! Tests the crates `storage` and `sending` against DynamoDB, KMS, S3 and SNS. For each function, the tests first make a call that succeeds
//! and then one that is rejected.
//!
//! Tests that cannot pass on an emulator are listed in tests/not_on. Most times lie in the year 2096, so that no schedule of the stack
//! finds the items. The cases of `conditions` are not repeated in the other modules.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test that calls it")]

#[path = "../aws/mod.rs"]
mod aws;
#[path = "../aws/case_messages.rs"]
mod case_messages;
mod code_limits;
mod conditions;
mod lists;
mod messages;
#[path = "../aws/objects.rs"]
mod objects;
mod people;
mod photos;
mod references;
mod sealed;
mod staff;
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

/// Returns the id of an invented person who acts for a business.
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

async fn commit<const N: usize>(client: &DynamoDb, writes: [TransactWrite; N]) -> Result<(), TransactionError> {
    let transaction = Transaction::new(client.clone());
    writes.into_iter().fold(transaction, Transaction::with).commit().await
}

/// Returns the positions of the writes whose conditions failed. Panics unless the transaction was rejected because of conditions.
fn rejected_writes(result: Result<(), TransactionError>) -> Vec<usize> {
    match result {
        Err(TransactionError::Refused(positions)) => positions,
        other => panic!("{other:?}"),
    }
}
