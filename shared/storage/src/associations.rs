//! The table `Associations`: the photo set that is associated with a subject now. A subject has at most one photo set.

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
    /// Start of this association. `expires_at` is 365 days after the first association of the code, which may have been earlier than this
    /// one.
    pub associated_at: Moment,
    pub expires_at: Moment,
    /// The business that uploaded the photos. `business` and `upload_id` are the key of the item in `Issuances` in which verdicts of public
    /// bodies are stored.
    pub business: BusinessId,
    pub upload_id: String,
    /// An ID that is replaced with every change, so that an update can fail if the association has changed since it was read.
    pub revision: String,
    /// Authorized applications. All are stored in this item, so that deleting the item ends every authorization. An authorization that a
    /// guardian gave is still listed after it has ended at the minor's 18th birthday.
    pub applications: BTreeMap<ApplicationId, Authorization>,
    /// A reminder that was requested and not sent yet. Its address is stored, sealed, in [`crate::reminders`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminder: Option<RequestedReminder>,
}

/// A requested reminder, as it is shown to the person. The address is masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestedReminder {
    pub masked: String,
    pub language: Language,
    /// The minor's 18th birthday, if a guardian requested the reminder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
}

impl Association {
    /// Returns the reminder if it can still be sent. Returns `None` if the reminder's address in the table `Reminders` has expired. TTL
    /// deletes the address there, but not the entry in this item.
    pub fn pending_reminder(&self, now: Moment) -> Option<&RequestedReminder> {
        let has_address =
            |reminder: &&RequestedReminder| !now.has_reached(ReminderKind::Association.kept_until(self.expires_at, reminder.until));
        self.reminder.as_ref().filter(has_address)
    }
}

#[derive(Debug, Clone)]
pub struct Associations(Table);

impl Associations {
    pub const fn new(client: Client, table: String) -> Self {
        Self(Table::new(client, table))
    }

    /// Reads the association of a subject.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn of(&self, subject: &SubjectId, now: Moment) -> Result<Option<Association>, StorageError> {
        self.0.get(key(KEY, subject.as_str()), now).await
    }

    /// Builds the write that stores an association. The transaction fails while another association of the subject is in force.
    ///
    /// # Errors
    /// If the item cannot be serialized.
    pub fn put_write(&self, association: &Association) -> Result<TransactWrite, StorageError> {
        let put = Put::builder()
            .set_item(Some(to_item(association)?))
            .condition_expression("attribute_not_exists(#key) OR #end <= :now")
            .expression_attribute_names("#key", KEY)
            .expression_attribute_names("#end", TTL_ATTRIBUTE)
            .expression_attribute_values(":now", moment(association.associated_at));
        self.0.put_builder_write(put)
    }

    /// Builds the write that replaces the authorizations. The transaction fails if the association has changed since it was read.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn applications_write(
        &self,
        association: &Association,
        applications: &BTreeMap<ApplicationId, Authorization>,
    ) -> Result<TransactWrite, StorageError> {
        let value =
            serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(applications).map_err(|_| StorageError::Corrupt("authorizations"))?;
        let update = Update::builder()
            .set_key(Some(key(KEY, association.subject_id.as_str())))
            .update_expression("SET #applications = :applications, #revision = :new")
            .condition_expression("#revision = :read")
            .expression_attribute_names("#applications", "applications")
            .expression_attribute_names("#revision", REVISION)
            .expression_attribute_values(":applications", value)
            .expression_attribute_values(":new", text(crate::time_ordered_id()))
            .expression_attribute_values(":read", text(&association.revision));
        self.0.update_write(update)
    }

    /// Builds the write that replaces the reminder, or removes it if `reminder` is `None`. The transaction fails if the association has
    /// changed since it was read.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn reminder_write(&self, association: &Association, reminder: Option<&RequestedReminder>) -> Result<TransactWrite, StorageError> {
        let update = Update::builder()
            .set_key(Some(key(KEY, association.subject_id.as_str())))
            .condition_expression("#revision = :read")
            .expression_attribute_names("#reminder", REMINDER)
            .expression_attribute_names("#revision", REVISION)
            .expression_attribute_values(":new", text(crate::time_ordered_id()))
            .expression_attribute_values(":read", text(&association.revision));
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

    /// Builds the write that removes the reminder after it was sent. The transaction fails if the subject's association now has another
    /// photo set.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn clear_reminder_write(&self, subject: &SubjectId, set_id: &str) -> Result<TransactWrite, StorageError> {
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

    /// Builds the write that ends the association and with it all authorizations. The transaction fails if the association has changed
    /// since it was read.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn end_write(&self, association: &Association) -> Result<TransactWrite, StorageError> {
        let delete = Delete::builder()
            .set_key(Some(key(KEY, association.subject_id.as_str())))
            .condition_expression("#revision = :read")
            .expression_attribute_names("#revision", REVISION)
            .expression_attribute_values(":read", text(&association.revision));
        self.0.delete_write(delete)
    }
}
