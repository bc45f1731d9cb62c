//! The minors in the person's custody.

use aws_sdk_dynamodb::{
    primitives::Blob,
    types::{AttributeValue, Update},
};
use domain::{Afm, Amka, Paaypa, SubjectId, minor::BirthDate};
use serde::{Deserialize, Serialize};

use super::{
    CaseHandle, KEY, Session, Sessions,
    sealed_fields::{MINORS, seal},
};
use crate::{
    error::StorageError,
    table::{condition_is_met, key},
    transaction::TransactWrite,
};

/// A minor in the person's custody. The registers have confirmed the custody during this session. Stored sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Minor {
    /// A random ID by which requests in this session refer to the minor.
    pub handle: String,
    pub subject_id: SubjectId,
    pub first_name: String,
    pub last_name: String,
    pub birth_date: BirthDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub afm: Option<Afm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amka: Option<Amka>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paaypa: Option<Paaypa>,
    /// The case at a KEP in which the minor was added. The minor is not visible in other cases, or when the clerk acts as a citizen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseHandle>,
}

/// Condition that the session has neither ended nor been rotated, and that its minors have not changed since they were read.
const UNCHANGED: &str = "attribute_exists(#key) AND attribute_not_exists(#successor) AND #minors = :read";
/// Condition that the session has neither ended nor been rotated, and still has no minors.
const STILL_ABSENT: &str = "attribute_exists(#key) AND attribute_not_exists(#successor) AND attribute_not_exists(#minors)";

impl Sessions {
    /// Replaces the minors of the session. Returns `false` if they have changed since the session was read, or if the session has ended or
    /// was rotated.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn set_minors(&self, session: &Session, minors: &[Minor]) -> Result<bool, StorageError> {
        let update = self
            .update(session)
            .update_expression("SET #minors = :minors")
            .expression_attribute_names("#minors", "minors")
            .expression_attribute_names("#successor", "successor")
            .expression_attribute_values(":minors", AttributeValue::B(Blob::new(seal(&session.token.key(), MINORS, minors)?)));
        let update = match &session.sealed_minors {
            Some(read) => {
                update.condition_expression(UNCHANGED).expression_attribute_values(":read", AttributeValue::B(Blob::new(read.as_slice())))
            }
            None => update.condition_expression(STILL_ABSENT),
        };
        condition_is_met(update.send().await)
    }

    /// Builds the same write as [`Self::set_minors`] for a transaction. The transaction fails if the minors have changed since the session
    /// was read, or if the session has ended or was rotated.
    ///
    /// # Errors
    /// If sealing fails.
    pub fn set_minors_write(&self, session: &Session, minors: &[Minor]) -> Result<TransactWrite, StorageError> {
        let update = Update::builder()
            .set_key(Some(key(KEY, &session.token.session_id())))
            .update_expression("SET #minors = :minors")
            .expression_attribute_names("#key", KEY)
            .expression_attribute_names("#minors", "minors")
            .expression_attribute_names("#successor", "successor")
            .expression_attribute_values(":minors", AttributeValue::B(Blob::new(seal(&session.token.key(), MINORS, minors)?)));
        let update = match &session.sealed_minors {
            Some(read) => {
                update.condition_expression(UNCHANGED).expression_attribute_values(":read", AttributeValue::B(Blob::new(read.as_slice())))
            }
            None => update.condition_expression(STILL_ABSENT),
        };
        self.0.update_write(update)
    }
}
