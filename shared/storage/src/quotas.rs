//! The table `Quotas`: each person's uses of the daily quotas, by day in Athens. Uses are stored as sets of IDs, so that a repeated write
//! is counted once. The table also has an item for each KEP clerk who has a case open, so that a clerk can have only one open case in all
//! sessions together. The module [`crate::code_limits`] stores the daily counts of codes in the same table.

use std::collections::HashSet;

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, Delete, Put, ReturnValue},
};
use domain::{
    AthensDay, Moment, SubjectId,
    quota::{Quota, counter_expiry},
};
use serde::{Deserialize, Serialize};

use crate::{
    error::{StorageError, failed},
    sealing::sha256_base64url,
    sessions::CaseHandle,
    table::{TTL_ATTRIBUTE, Table, key, moment, number, text, to_item},
    transaction::TransactWrite,
};

pub(crate) const KEY: &str = "subject_day";

const fn attribute(quota: Quota) -> &'static str {
    match quota {
        Quota::Submissions => "submissions",
        Quota::WrongOtps => "wrong_otps",
        Quota::OtpMessages => "otp_messages",
        Quota::Cases => "cases",
    }
}

#[derive(Debug, Default, Deserialize)]
struct QuotaItem {
    submissions: Option<HashSet<String>>,
}

/// Marks that a clerk has an open case. Expires with the case. Contains nothing about the person at the counter.
#[derive(Debug, Serialize, Deserialize)]
struct OpenCaseItem {
    subject_day: String,
    /// Hash of the clerk's ID and the case handle. The handle is not stored in clear, because anyone with the clerk's session and the
    /// handle can use the case.
    case: String,
    expires_at: Moment,
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

    /// Removes a use from the count. An attempt to enter a one-time password is counted before the password is compared, and removed if the
    /// password is correct.
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

    /// Returns whether the clerk has an open case, in any session.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn has_open_case(&self, clerk: &SubjectId, now: Moment) -> Result<bool, StorageError> {
        Ok(self.0.get::<OpenCaseItem>(key(KEY, &case_key(clerk)), now).await?.is_some())
    }

    /// Builds the write that marks that a clerk has an open case, until the case expires. The transaction fails if the clerk already has an
    /// unexpired case in any session.
    ///
    /// # Errors
    /// If the item cannot be serialized.
    pub fn open_case_write(
        &self,
        clerk: &SubjectId,
        case: &CaseHandle,
        expires_at: Moment,
        now: Moment,
    ) -> Result<TransactWrite, StorageError> {
        let item = OpenCaseItem { subject_day: case_key(clerk), case: hash_of_case(clerk, case), expires_at };
        let put = Put::builder()
            .set_item(Some(to_item(&item)?))
            .condition_expression("attribute_not_exists(#key) OR #end <= :now")
            .expression_attribute_names("#key", KEY)
            .expression_attribute_names("#end", TTL_ATTRIBUTE)
            .expression_attribute_values(":now", moment(now));
        self.0.put_builder_write(put)
    }

    /// Builds the write that deletes the item of a clerk's open case, so that the clerk can open another case. The transaction fails if the
    /// item belongs to another case. It is not an error if the clerk has no open case.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn close_case_write(&self, clerk: &SubjectId, case: &CaseHandle) -> Result<TransactWrite, StorageError> {
        let delete = Delete::builder()
            .set_key(Some(key(KEY, &case_key(clerk))))
            .condition_expression("attribute_not_exists(#key) OR #case = :case")
            .expression_attribute_names("#key", KEY)
            .expression_attribute_names("#case", "case")
            .expression_attribute_values(":case", text(hash_of_case(clerk, case)));
        self.0.delete_write(delete)
    }
}

fn hash_of_case(clerk: &SubjectId, case: &CaseHandle) -> String {
    sha256_base64url(&format!("{}#{}", clerk.as_str(), case.as_str()))
}

/// Returns the key of the item that marks a clerk's open case. IAM allows `PutItem` and `DeleteItem` only for such keys (template.yaml).
fn case_key(clerk: &SubjectId) -> String {
    format!("{}#case", clerk.as_str())
}

fn day_key(person: &SubjectId, day: AthensDay) -> String {
    format!("{}#{day}", person.as_str())
}
