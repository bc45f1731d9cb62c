//! The table `Quotas`: each person's uses of the daily quotas, by day in Athens. Uses are stored as sets of IDs, so that a repeated write
//! is counted once.

use std::collections::HashSet;

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, ReturnValue},
};
use domain::{
    AthensDay, Moment, SubjectId,
    quota::{Quota, counter_expiry},
};
use serde::Deserialize;

use crate::{
    error::{StorageError, failed},
    table::{TTL_ATTRIBUTE, Table, key, moment, number, text},
};

pub(crate) const KEY: &str = "subject_day";

const fn attribute(quota: Quota) -> &'static str {
    match quota {
        Quota::Submissions => "submissions",
        Quota::WrongOtps => "wrong_otps",
        Quota::OtpMessages => "otp_messages",
    }
}

#[derive(Debug, Default, Deserialize)]
struct QuotaItem {
    submissions: Option<HashSet<String>>,
}

/// Result of using a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// The use is within the limit. `used` includes it.
    WithinLimit { used: usize },
    /// The limit of the day was already reached.
    Exhausted,
}

#[derive(Debug, Clone)]
pub struct Quotas(Table);

impl Quotas {
    pub const fn new(client: Client, table: String) -> Self {
        Self(Table::new(client, table))
    }

    /// Counts one use of a daily quota. An `id` that was counted before is not counted again. The limit is enforced by a condition of the
    /// write, so concurrent calls cannot exceed it.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn use_one(&self, quota: Quota, person: &SubjectId, id: &str, now: Moment) -> Result<Use, StorageError> {
        let day = AthensDay::of(now);
        let name = attribute(quota);
        let result = self
            .0
            .client
            .update_item()
            .table_name(&self.0.name)
            .set_key(Some(key(KEY, &day_key(person, day))))
            .update_expression("ADD #set :ids SET #end = :end")
            .condition_expression("attribute_not_exists(#set) OR size(#set) < :limit OR contains(#set, :id)")
            .expression_attribute_names("#set", name)
            .expression_attribute_names("#end", TTL_ATTRIBUTE)
            .expression_attribute_values(":ids", AttributeValue::Ss(vec![id.to_owned()]))
            .expression_attribute_values(":id", text(id))
            .expression_attribute_values(":limit", number(quota.limit()))
            .expression_attribute_values(":end", moment(counter_expiry(day)))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        match result {
            Ok(output) => {
                let set = output.attributes.as_ref().and_then(|item| item.get(name)).and_then(|set| set.as_ss().ok());
                Ok(Use::WithinLimit { used: set.map_or(1, Vec::len) })
            }
            Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => Ok(Use::Exhausted),
            Err(error) => Err(failed("UpdateItem")(error)),
        }
    }

    /// Removes a use from the count. One-time passwords are counted as wrong before they are compared, and the correct one is removed
    /// again.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn give_back(&self, quota: Quota, person: &SubjectId, id: &str, now: Moment) -> Result<(), StorageError> {
        self.0
            .client
            .update_item()
            .table_name(&self.0.name)
            .set_key(Some(key(KEY, &day_key(person, AthensDay::of(now)))))
            .update_expression("DELETE #set :ids")
            .expression_attribute_names("#set", attribute(quota))
            .expression_attribute_values(":ids", AttributeValue::Ss(vec![id.to_owned()]))
            .send()
            .await
            .map(|_| ())
            .map_err(failed("UpdateItem"))
    }

    /// Returns how many codes the person may still submit today.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn submissions_left(&self, person: &SubjectId, now: Moment) -> Result<u32, StorageError> {
        let item: Option<QuotaItem> = self.0.get(key(KEY, &day_key(person, AthensDay::of(now))), now).await?;
        let used = item.unwrap_or_default().submissions.map_or(0, |set| set.len());
        Ok(Quota::Submissions.remaining(used))
    }
}

fn day_key(person: &SubjectId, day: AthensDay) -> String {
    format!("{}#{day}", person.as_str())
}
