//! Reads items of the tables with the credentials of the account's owner.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use journeys::stack;

use crate::aws;

/// Returns all items for which the filter expression `condition` holds. `table` is the environment variable with the table's name, and
/// `:value` in the condition stands for `value`.
pub(crate) async fn items_where(table: &str, condition: &str, value: &str) -> Vec<HashMap<String, AttributeValue>> {
    let scan = aws::dynamodb(&aws::config().await).scan().table_name(stack::variable(table)).consistent_read(true);
    let scan = scan.filter_expression(condition).expression_attribute_values(":value", AttributeValue::S(value.to_owned()));
    scan.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await.expect("the account's owner may scan")
}
