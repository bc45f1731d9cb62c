//! A conditional write is rejected if the item has changed since it was read. Real requests rarely overlap at the right moment, so these
//! tests make the calls one after the other. They use items that belong to nobody, in the tables of the deployed stack.
//!
//! Each case violates exactly one term of a condition. All times lie in the year 2096, so that no schedule of the stack finds these items.

mod associations;
mod expiry;
mod issuances;
mod kep;
mod sessions;

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Afm, Moment};
use journeys::stack;
use storage::{DynamoDb, TransactionError, transaction::TransactWrite};

use crate::commit;

type Item = HashMap<String, AttributeValue>;

fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).unwrap();
    bytes
}

fn afm() -> Afm {
    Afm::parse("068933130").unwrap()
}

async fn write(client: &DynamoDb, write: TransactWrite) {
    commit(client, [write]).await.unwrap();
}

/// Returns the positions of the writes whose conditions failed. Empty if the transaction succeeded or failed for another reason.
fn rejected_by(result: &Result<(), TransactionError>) -> &[usize] {
    if let Err(TransactionError::Refused(positions)) = result { positions } else { &[] }
}

/// Asserts that a write is rejected by its condition, and for no other reason.
async fn assert_rejected(client: &DynamoDb, write: TransactWrite, why: &str) {
    let result = commit(client, [write]).await;
    assert_eq!(rejected_by(&result), [0], "{why}: {result:?}");
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn seconds(moment: Moment) -> AttributeValue {
    number(moment.epoch_seconds())
}

fn item<const N: usize>(attributes: [(&str, AttributeValue); N]) -> Item {
    attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

async fn put(client: &DynamoDb, table: &str, item: &Item) {
    client.put_item().table_name(stack::variable(table)).set_item(Some(item.clone())).send().await.unwrap();
}

fn read<T: serde::de::DeserializeOwned>(item: Item) -> T {
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).unwrap()
}
