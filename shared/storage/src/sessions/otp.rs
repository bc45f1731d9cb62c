//! The one-time password of a sign-in and the attempts to enter it.

use aws_sdk_dynamodb::{
    operation::update_item::UpdateItemError,
    types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use domain::Moment;
use serde::{Deserialize, Serialize};

use super::{KEY, Session, Sessions};
use crate::{
    error::{StorageError, failed},
    table::{condition_is_met, key, text},
};

/// The one-time password that the person is to enter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AwaitedOtp {
    #[serde(with = "serde_bytes")]
    pub hash: Vec<u8>,
    pub expires_at: Moment,
    /// Number of times a password was sent again.
    pub resends: u32,
}

/// Result of counting an attempt to enter the one-time password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Try {
    /// The attempt was counted. The value is the number of counted attempts, including this one. The password may now be compared.
    Noted(usize),
    /// No attempts are left.
    Exhausted,
    /// The session has ended.
    Gone,
}

impl Sessions {
    /// Counts an attempt, if fewer than `limit` were counted. Must be called before the password is compared, so that concurrent attempts
    /// cannot exceed the limit. An attempt with the same `try_id` is counted once.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn note_try(&self, session: &Session, try_id: &str, limit: u32) -> Result<Try, StorageError> {
        self.count_try(session, "tries", try_id, limit).await
    }

    /// Adds an attempt to the set `attribute` of a session.
    pub(super) async fn count_try(
        &self,
        session: &Session,
        attribute: &'static str,
        try_id: &str,
        limit: u32,
    ) -> Result<Try, StorageError> {
        let result = self
            .0
            .client
            .update_item()
            .table_name(&self.0.name)
            .set_key(Some(key(KEY, &session.token.session_id())))
            .update_expression("ADD #tries :try")
            .condition_expression(
                "attribute_exists(#key) AND (attribute_not_exists(#tries) OR size(#tries) < :limit OR contains(#tries, :id))",
            )
            .expression_attribute_names("#key", KEY)
            .expression_attribute_names("#tries", attribute)
            .expression_attribute_values(":try", AttributeValue::Ss(vec![try_id.to_owned()]))
            .expression_attribute_values(":id", text(try_id))
            .expression_attribute_values(":limit", AttributeValue::N(limit.to_string()))
            .return_values(ReturnValue::UpdatedNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match result {
            Ok(output) => {
                let tries = output.attributes.as_ref().and_then(|item| item.get(attribute)).and_then(|set| set.as_ss().ok());
                Ok(Try::Noted(tries.map_or(1, Vec::len)))
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failure)) => {
                    Ok(if failure.item().is_some() { Try::Exhausted } else { Try::Gone })
                }
                _ => Err(failed("UpdateItem")(error)),
            },
        }
    }

    /// Replaces the one-time password, if it has been resent exactly `resends_before` times. Returns `false` if another call has replaced
    /// it or the session has ended.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn replace_otp(&self, session: &Session, resends_before: u32, otp: &AwaitedOtp) -> Result<bool, StorageError> {
        let value = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(otp).map_err(|_| StorageError::Corrupt("an OTP"))?;
        let update = self
            .update(session)
            .update_expression("SET #otp = :otp")
            .condition_expression("attribute_exists(#key) AND #otp.#resends = :before")
            .expression_attribute_names("#otp", "otp")
            .expression_attribute_names("#resends", "resends")
            .expression_attribute_values(":otp", value)
            .expression_attribute_values(":before", AttributeValue::N(resends_before.to_string()));
        condition_is_met(update.send().await)
    }
}
