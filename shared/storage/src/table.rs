//! Code shared by all tables: reads that ignore expired items, writes, and the outcome of conditions.

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

/// The TTL attribute of every table. Its value is in epoch seconds.
pub const TTL_ATTRIBUTE: &str = "expires_at";

pub(crate) type Item = HashMap<String, AttributeValue>;

/// A DynamoDB table: its name and the client.
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
    serde_dynamo::aws_sdk_dynamodb_1::to_item(value).map_err(|_| StorageError::Corrupt("an item cannot be serialized"))
}

pub(crate) fn from_item<T: DeserializeOwned>(item: Item) -> Result<T, StorageError> {
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(|_| StorageError::Corrupt("an item has another shape"))
}

/// Returns when the item expires, from its TTL attribute.
fn expires_at(item: &Item) -> Option<Moment> {
    item.get(TTL_ATTRIBUTE)?.as_n().ok()?.parse().ok().map(Moment::from_epoch_seconds)
}

/// Returns whether the item has not expired. This is checked here because DynamoDB deletes expired items late, on AWS up to days later.
pub(crate) fn is_live(item: &Item, now: Moment) -> bool {
    expires_at(item).is_none_or(|end| !now.has_reached(end))
}

type UpdateResult = Result<
    aws_sdk_dynamodb::operation::update_item::UpdateItemOutput,
    aws_sdk_dynamodb::error::SdkError<aws_sdk_dynamodb::operation::update_item::UpdateItemError>,
>;

/// Returns whether the condition of an update was met, that is whether the item was written.
pub(crate) fn condition_is_met(result: UpdateResult) -> Result<bool, StorageError> {
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

    /// Reads an item with strong consistency. Returns `None` if the item is absent or has expired.
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

    /// Writes an item whose key is random. The write has no condition, because no other item can have this key. The SDK may repeat the
    /// write if it received no response.
    pub(crate) async fn put(&self, item: Item) -> Result<(), StorageError> {
        self.client.put_item().table_name(&self.name).set_item(Some(item)).send().await.map(|_| ()).map_err(failed("PutItem"))
    }

    /// Writes an item unless an unexpired item with its key exists. Returns `false` if one exists.
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
    /// Builds an unconditional put for a transaction.
    pub(crate) fn put_write(&self, item: Item) -> Result<TransactWrite, StorageError> {
        self.put_builder_write(Put::builder().set_item(Some(item)))
    }

    /// Builds a put for a transaction that fails if an item with this key exists.
    pub(crate) fn put_new_write(&self, item: Item, key_name: &str) -> Result<TransactWrite, StorageError> {
        let put = Put::builder().set_item(Some(item));
        self.put_builder_write(put.condition_expression("attribute_not_exists(#key)").expression_attribute_names("#key", key_name))
    }

    /// Builds a put for a transaction, with the item and condition that the caller has set.
    pub(crate) fn put_builder_write(&self, put: PutBuilder) -> Result<TransactWrite, StorageError> {
        put.table_name(&self.name).build().map(TransactWrite::from).map_err(|_| StorageError::Corrupt("a put lacks a field"))
    }

    /// Builds an update for a transaction, with the key, expression and condition that the caller has set.
    pub(crate) fn update_write(&self, update: UpdateBuilder) -> Result<TransactWrite, StorageError> {
        update.table_name(&self.name).build().map(TransactWrite::from).map_err(|_| StorageError::Corrupt("an update lacks a field"))
    }

    /// Builds a delete for a transaction, with the key and condition that the caller has set.
    pub(crate) fn delete_write(&self, delete: DeleteBuilder) -> Result<TransactWrite, StorageError> {
        delete.table_name(&self.name).build().map(TransactWrite::from).map_err(|_| StorageError::Corrupt("a delete lacks a field"))
    }
}

/// Returns the key of an item in a table without a sort key.
pub(crate) fn key(name: &str, value: &str) -> Item {
    HashMap::from([(name.to_owned(), text(value))])
}

/// Returns the key of an item in a table with a sort key.
pub(crate) fn key2(name: &str, value: &str, range_name: &str, range: &str) -> Item {
    HashMap::from([(name.to_owned(), text(value)), (range_name.to_owned(), text(range))])
}
