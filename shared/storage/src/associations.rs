//! Associations: the one photo set that a subject has now.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::{Client, types::Put};
use domain::{FileProfile, Moment, SubjectId};
use serde::{Deserialize, Serialize};

use crate::{
    codes::ImageFacts,
    error::StorageError,
    table::{TTL_ATTRIBUTE, Table, key, moment, to_item},
    transaction::Part,
};

const KEY: &str = "subject_id";

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
    /// Active authorizations: application -> since. In one item, so that one write ends them all.
    pub applications: BTreeMap<String, Moment>,
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
    pub fn put_part(&self, association: &Association) -> Result<Part, StorageError> {
        let put = Put::builder()
            .set_item(Some(to_item(association)?))
            .condition_expression("attribute_not_exists(#key) OR #end <= :now")
            .expression_attribute_names("#key", KEY)
            .expression_attribute_names("#end", TTL_ATTRIBUTE)
            .expression_attribute_values(":now", moment(association.associated_at));
        self.0.part(put)
    }
}
