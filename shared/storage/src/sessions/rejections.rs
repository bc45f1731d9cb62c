//! The uploads of a session that were rejected because no face was found.

use aws_sdk_dynamodb::{
    primitives::Blob,
    types::{AttributeValue, Update},
};
use domain::without_face::Rejections;

use super::{
    KEY, Session, Sessions,
    sealed_fields::{REJECTIONS, seal},
};
use crate::{
    error::StorageError,
    table::{condition_is_met, key},
    transaction::TransactWrite,
};

impl Sessions {
    /// Replaces the rejections of the session. Returns `false` if they have changed since the session was read, or if the session has ended
    /// or was rotated.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn set_rejections(&self, session: &Session, rejections: &Rejections) -> Result<bool, StorageError> {
        let update = self
            .update(session)
            .update_expression("SET #rejections = :rejections")
            .expression_attribute_names("#rejections", "rejections")
            .expression_attribute_names("#successor", "successor")
            .expression_attribute_values(":rejections", AttributeValue::B(Blob::new(seal(&session.token.key(), REJECTIONS, rejections)?)));
        // `OR #rejections = :rejections` makes a retry by the SDK succeed if an earlier try has already stored these rejections.
        let update = match &session.sealed_rejections {
            Some(read) => update
                .condition_expression(
                    "attribute_exists(#key) AND attribute_not_exists(#successor) AND (#rejections = :read OR #rejections = :rejections)",
                )
                .expression_attribute_values(":read", AttributeValue::B(Blob::new(read.as_slice()))),
            None => update.condition_expression(
                "attribute_exists(#key) AND attribute_not_exists(#successor) AND (attribute_not_exists(#rejections) OR #rejections = :rejections)",
            ),
        };
        condition_is_met(update.send().await)
    }

    /// Builds the write that removes the rejections of the session, for the transaction that issues a code although no face was found. The
    /// transaction fails if the rejections have changed since the session was read, so that two codes cannot use the same rejections.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn remove_rejections_write(&self, session: &Session) -> Result<TransactWrite, StorageError> {
        // If the session has no rejections, the transaction must fail. The condition therefore compares with `[0]`, which differs from all
        // sealed data.
        let read = session.sealed_rejections.as_deref().unwrap_or(&[0]);
        let update = Update::builder()
            .set_key(Some(key(KEY, &session.token.session_id())))
            .update_expression("REMOVE #rejections")
            .condition_expression("attribute_exists(#key) AND attribute_not_exists(#successor) AND #rejections = :read")
            .expression_attribute_names("#key", KEY)
            .expression_attribute_names("#successor", "successor")
            .expression_attribute_names("#rejections", "rejections")
            .expression_attribute_values(":read", AttributeValue::B(Blob::new(read)));
        self.0.update_write(update)
    }
}
