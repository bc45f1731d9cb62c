//! Items of the tables, from their owner's side.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use journeys::stack;

use crate::aws;

/// All items of the table that this variable names for which the condition on `:value` holds.
pub(crate) async fn items_where(table: &str, condition: &str, value: &str) -> Vec<HashMap<String, AttributeValue>> {
    let scan = aws::dynamodb(&aws::config().await).scan().table_name(stack::variable(table)).consistent_read(true);
    let scan = scan.filter_expression(condition).expression_attribute_values(":value", AttributeValue::S(value.to_owned()));
    scan.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await.expect("the account's owner may")
}
