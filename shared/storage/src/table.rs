//! What all tables share: reading an item that has not expired, writing one, and conditions.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client,
    types::{
        AttributeValue, Put,
        builders::{DeleteBuilder, PutBuilder, UpdateBuilder},
    },
};
use domain::Moment;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    error::{StorageError, failed},
    transaction::TransactWrite,
};

/// The TTL attribute of every table: epoch seconds.
pub const TTL_ATTRIBUTE: &str = "expires_at";

pub(crate) type Item = HashMap<String, AttributeValue>;

/// A table and the client to reach it.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) client: Client,
    pub(crate) name: String,
}

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(crate) fn moment(value: Moment) -> AttributeValue {
    number(value.epoch_seconds())
}

pub(crate) fn to_item<T: Serialize>(value: &T) -> Result<Item, StorageError> {
    serde_dynamo::aws_sdk_dynamodb_1::to_item(value).map_err(|_| StorageError::Corrupt("an item cannot be written"))
}

pub(crate) fn from_item<T: DeserializeOwned>(item: Item) -> Result<T, StorageError> {
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(|_| StorageError::Corrupt("an item has another shape"))
}

/// When the item ends, by its TTL attribute.
fn expires_at(item: &Item) -> Option<Moment> {
    item.get(TTL_ATTRIBUTE)?.as_n().ok()?.parse().ok().map(Moment::from_epoch_seconds)
}

/// TTL deletes late (days, on AWS): what has expired is absent from that second on.
pub(crate) fn is_live(item: &Item, now: Moment) -> bool {
    expires_at(item).is_none_or(|end| !now.has_reached(end))
}

type UpdateResult = Result<
    aws_sdk_dynamodb::operation::update_item::UpdateItemOutput,
    aws_sdk_dynamodb::error::SdkError<aws_sdk_dynamodb::operation::update_item::UpdateItemError>,
>;

/// Whether the condition of an update held.
pub(crate) fn condition_held(result: UpdateResult) -> Result<bool, StorageError> {
    match result {
        Ok(_) => Ok(true),
        Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => Ok(false),
        Err(error) => Err(failed("UpdateItem")(error)),
    }
}

impl Table {
    pub(crate) const fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// A consistent read. None where the item is absent or has expired.
    pub(crate) async fn get<T: DeserializeOwned>(&self, key: Item, now: Moment) -> Result<Option<T>, StorageError> {
        let output = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key))
            .consistent_read(true)
            .send()
            .await
            .map_err(failed("GetItem"))?;
        output.item.filter(|item| is_live(item, now)).map(from_item).transpose()
    }

    /// Writes an item under a random key: no other has it, and a write that the SDK repeats as its answer was lost does no harm.
    pub(crate) async fn put(&self, item: Item) -> Result<(), StorageError> {
        self.client.put_item().table_name(&self.name).set_item(Some(item)).send().await.map(|_| ()).map_err(failed("PutItem"))
    }

    /// Writes an item whose key is not there yet (or has expired). False where it is.
    pub(crate) async fn put_new(&self, item: Item, key_name: &str, now: Moment) -> Result<bool, StorageError> {
        let result = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(#key) OR #end <= :now")
            .expression_attribute_names("#key", key_name)
            .expression_attribute_names("#end", TTL_ATTRIBUTE)
            .expression_attribute_values(":now", moment(now))
            .send()
            .await;
        match result {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => Ok(false),
            Err(error) => Err(failed("PutItem")(error)),
        }
    }
}

impl Table {
    /// For a transaction: writes an item, whatever was there.
    pub(crate) fn put_write(&self, item: Item) -> Result<TransactWrite, StorageError> {
        self.part(Put::builder().set_item(Some(item)))
    }

    /// For a transaction: writes an item whose key is not there yet.
    pub(crate) fn put_new_write(&self, item: Item, key_name: &str) -> Result<TransactWrite, StorageError> {
        let put = Put::builder().set_item(Some(item));
        self.part(put.condition_expression("attribute_not_exists(#key)").expression_attribute_names("#key", key_name))
    }

    pub(crate) fn part(&self, put: PutBuilder) -> Result<TransactWrite, StorageError> {
        put.table_name(&self.name).build().map(TransactWrite::from).map_err(|_| StorageError::Corrupt("a put lacks a field"))
    }

    /// For a transaction.
    pub(crate) fn update_write(&self, update: UpdateBuilder) -> Result<TransactWrite, StorageError> {
        update.table_name(&self.name).build().map(TransactWrite::from).map_err(|_| StorageError::Corrupt("an update lacks a field"))
    }

    /// For a transaction.
    pub(crate) fn delete_write(&self, delete: DeleteBuilder) -> Result<TransactWrite, StorageError> {
        delete.table_name(&self.name).build().map(TransactWrite::from).map_err(|_| StorageError::Corrupt("a delete lacks a field"))
    }
}

pub(crate) fn key(name: &str, value: &str) -> Item {
    HashMap::from([(name.to_owned(), text(value))])
}

pub(crate) fn key2(name: &str, value: &str, range_name: &str, range: &str) -> Item {
    HashMap::from([(name.to_owned(), text(value)), (range_name.to_owned(), text(range))])
}
