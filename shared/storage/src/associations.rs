//! Associations: the one photo set that a subject has now.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::{
    Client,
    types::{Delete, Put, Update},
};
use domain::{
    FileProfile, Language, Moment, SubjectId, application::ApplicationId, authorization::Authorization, business::BusinessId,
    reminder::ReminderKind,
};
use serde::{Deserialize, Serialize};

use crate::{
    codes::ImageFacts,
    error::StorageError,
    table::{TTL_ATTRIBUTE, Table, key, moment, text, to_item},
    transaction::TransactWrite,
};

const KEY: &str = "subject_id";
const REVISION: &str = "revision";
const REMINDER: &str = "reminder";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Association {
    pub subject_id: SubjectId,
    pub code_id: String,
    pub set_id: String,
    pub profile: FileProfile,
    pub images: Vec<ImageFacts>,
    /// Of this association; the year counts from the code's first.
    pub associated_at: Moment,
    pub expires_at: Moment,
    /// The upload that the photos came from, so that its photographer learns of verdicts.
    pub business: BusinessId,
    pub upload_id: String,
    /// Another one with every change: what was decided on an older one is not written.
    pub revision: String,
    /// Authorizations, of which a guardian's may have ended. In one item, so that one write ends them all.
    pub applications: BTreeMap<ApplicationId, Authorization>,
    /// A reminder that was asked for and has not gone out. Its address lies sealed in [`crate::reminders`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminder: Option<RequestedReminder>,
}

/// What the person is shown of a reminder: where it goes, not quite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestedReminder {
    pub masked: String,
    pub language: Language,
    /// Where a guardian asked for it: the minor's 18th birthday.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
}

impl Association {
    /// The reminder that may still go out. The note of one whose address went by TTL stays behind, and is none.
    pub fn reminder_ahead(&self, now: Moment) -> Option<&RequestedReminder> {
        let kept = |asked: &&RequestedReminder| !now.has_reached(ReminderKind::Association.kept_until(self.expires_at, asked.until));
        self.reminder.as_ref().filter(kept)
    }
}

#[derive(Debug, Clone)]
pub struct Associations(Table);

impl Associations {
    pub const fn new(client: Client, table: String) -> Self {
        Self(Table::new(client, table))
    }

    /// # Errors
    /// Storage errors.
    pub async fn of(&self, subject: &SubjectId, now: Moment) -> Result<Option<Association>, StorageError> {
        self.0.get(key(KEY, subject.as_str()), now).await
    }

    /// For a transaction: refused while another one is in force.
    ///
    /// # Errors
    /// Where the item cannot be written.
    pub fn put_write(&self, association: &Association) -> Result<TransactWrite, StorageError> {
        let put = Put::builder()
            .set_item(Some(to_item(association)?))
            .condition_expression("attribute_not_exists(#key) OR #end <= :now")
            .expression_attribute_names("#key", KEY)
            .expression_attribute_names("#end", TTL_ATTRIBUTE)
            .expression_attribute_values(":now", moment(association.associated_at));
        self.0.part(put)
    }

    /// For a transaction: other authorizations, in the association as it was read.
    ///
    /// # Errors
    /// Where the update cannot be written.
    pub fn applications_write(
        &self,
        read: &Association,
        applications: &BTreeMap<ApplicationId, Authorization>,
    ) -> Result<TransactWrite, StorageError> {
        let value =
            serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(applications).map_err(|_| StorageError::Corrupt("authorizations"))?;
        let update = Update::builder()
            .set_key(Some(key(KEY, read.subject_id.as_str())))
            .update_expression("SET #applications = :applications, #revision = :new")
            .condition_expression("#revision = :read")
            .expression_attribute_names("#applications", "applications")
            .expression_attribute_names("#revision", REVISION)
            .expression_attribute_values(":applications", value)
            .expression_attribute_values(":new", text(crate::time_ordered_id()))
            .expression_attribute_values(":read", text(&read.revision));
        self.0.update_write(update)
    }

    /// For a transaction: another reminder, or none, in the association as it was read.
    ///
    /// # Errors
    /// Where the update cannot be written.
    pub fn reminder_write(&self, read: &Association, reminder: Option<&RequestedReminder>) -> Result<TransactWrite, StorageError> {
        let update = Update::builder()
            .set_key(Some(key(KEY, read.subject_id.as_str())))
            .condition_expression("#revision = :read")
            .expression_attribute_names("#reminder", REMINDER)
            .expression_attribute_names("#revision", REVISION)
            .expression_attribute_values(":new", text(crate::time_ordered_id()))
            .expression_attribute_values(":read", text(&read.revision));
        let update = match reminder {
            Some(reminder) => {
                let value =
                    serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(reminder).map_err(|_| StorageError::Corrupt("a reminder"))?;
                update.update_expression("SET #reminder = :reminder, #revision = :new").expression_attribute_values(":reminder", value)
            }
            None => update.update_expression("SET #revision = :new REMOVE #reminder"),
        };
        self.0.update_write(update)
    }

    /// For a transaction: the reminder for this set has gone out, and its address with it.
    ///
    /// # Errors
    /// Where the update cannot be written.
    pub fn reminded_write(&self, subject: &SubjectId, set_id: &str) -> Result<TransactWrite, StorageError> {
        let update = Update::builder()
            .set_key(Some(key(KEY, subject.as_str())))
            .update_expression("SET #revision = :new REMOVE #reminder")
            .condition_expression("#set = :set")
            .expression_attribute_names("#reminder", REMINDER)
            .expression_attribute_names("#revision", REVISION)
            .expression_attribute_names("#set", "set_id")
            .expression_attribute_values(":new", text(crate::time_ordered_id()))
            .expression_attribute_values(":set", text(set_id));
        self.0.update_write(update)
    }

    /// For a transaction: the association as it was read ends, and all authorizations with it.
    ///
    /// # Errors
    /// Where the delete cannot be written.
    pub fn end_write(&self, read: &Association) -> Result<TransactWrite, StorageError> {
        let delete = Delete::builder()
            .set_key(Some(key(KEY, read.subject_id.as_str())))
            .condition_expression("#revision = :read")
            .expression_attribute_names("#revision", REVISION)
            .expression_attribute_values(":read", text(&read.revision));
        self.0.delete_write(delete)
    }
}
