//! The table `Issuances`: the uploads of photographers, and the codes issued for them. It contains neither the code number nor the person
//! with whom the photos are associated.

mod item;
mod list;
mod reference;

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, Update},
};
use domain::{
    Moment, business::BusinessId, delivery::DeliveryState, delivery_failure::DeliveryFailure, retention::ISSUANCE_RETENTION,
    verdict::Verdict,
};

pub use self::{
    item::{Declared, Issuance, Issued, Resent, SealedWithoutFace, UploadState, Verdicts},
    list::{Page, Wanted, WantedReference},
    reference::SealedReference,
};
use crate::{
    error::StorageError,
    sealing::VerdictSlot,
    table::{Item, TTL_ATTRIBUTE, Table, condition_is_met, key2, moment, number, text, to_item},
    transaction::TransactWrite,
};

const KEY: &str = "business";
const RANGE: &str = "upload_id";

/// The attributes of [`Issued`] that change when a code is sent again.
const RESEND_ATTRIBUTES: [&str; 7] = ["recipient_kind", "recipient_masked", "language", "message_id", "delivery", "attempts", "resent"];

#[derive(Debug, Clone)]
pub struct Issuances(Table);

impl Issuances {
    pub const fn new(client: Client, table: String) -> Self {
        Self(Table::new(client, table))
    }

    /// Stores an upload whose presigned URLs are returned now. Returns `false` if an upload with this ID exists.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn begin(&self, issuance: &Issuance, now: Moment) -> Result<bool, StorageError> {
        self.0.put_new(to_item(issuance)?, RANGE, now).await
    }

    /// Reads an upload of a business. Returns `None` if it is absent, has expired or belongs to another business.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn find(&self, business: &BusinessId, upload_id: &str, now: Moment) -> Result<Option<Issuance>, StorageError> {
        self.0.get(key2(KEY, business.as_str(), RANGE, upload_id), now).await
    }

    /// Marks an upload as refused because its pictures break a rule. Returns `false` if a code has been issued for it in the meantime.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn refuse(&self, business: &BusinessId, upload_id: &str) -> Result<bool, StorageError> {
        let result = self
            .0
            .client
            .update_item()
            .table_name(&self.0.name)
            .set_key(Some(key2(KEY, business.as_str(), RANGE, upload_id)))
            .update_expression("SET #state = :refused")
            .condition_expression("#state = :uploading")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":refused", text(UploadState::Refused.name()))
            .expression_attribute_values(":uploading", text(UploadState::Uploading.name()))
            .send()
            .await;
        condition_is_met(result)
    }

    /// Builds the write that marks an upload as issued. The transaction fails unless its state is [`UploadState::Uploading`], so that only
    /// one code is issued for it.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn issue_write(&self, business: &BusinessId, upload_id: &str, issued: &Issued) -> Result<TransactWrite, StorageError> {
        let value = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(issued).map_err(|_| StorageError::Corrupt("an issuance"))?;
        let update = Update::builder()
            .set_key(Some(key2(KEY, business.as_str(), RANGE, upload_id)))
            .update_expression("SET #state = :issued_state, #issued = :issued, #end = :end")
            .condition_expression("#state = :uploading")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#issued", "issued")
            .expression_attribute_names("#end", TTL_ATTRIBUTE)
            .expression_attribute_values(":issued_state", text(UploadState::Issued.name()))
            .expression_attribute_values(":uploading", text(UploadState::Uploading.name()))
            .expression_attribute_values(":issued", value)
            .expression_attribute_values(":end", moment(issued.issued_at.plus(ISSUANCE_RETENTION)));
        self.0.update_write(update)
    }

    /// Builds the write that marks the code as associated. It does not store the subject.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn associated_write(&self, business: &BusinessId, upload_id: &str) -> Result<TransactWrite, StorageError> {
        let update = Update::builder()
            .set_key(Some(key2(KEY, business.as_str(), RANGE, upload_id)))
            .update_expression("SET #issued.#associated = :true")
            .condition_expression("attribute_exists(#issued)")
            .expression_attribute_names("#issued", "issued")
            .expression_attribute_names("#associated", "associated")
            .expression_attribute_values(":true", AttributeValue::Bool(true));
        self.0.update_write(update)
    }

    /// Builds the write that stores the verdict of an application on an image. `slot` is derived from the application, the image and the
    /// upload, so a later verdict of the same application on the same image replaces the earlier one.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn verdict_write(
        &self,
        business: &BusinessId,
        upload_id: &str,
        slot: &VerdictSlot,
        verdict: Verdict,
    ) -> Result<TransactWrite, StorageError> {
        let value = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(verdict).map_err(|_| StorageError::Corrupt("a verdict"))?;
        let update = Update::builder()
            .set_key(Some(key2(KEY, business.as_str(), RANGE, upload_id)))
            .update_expression("SET #issued.#verdicts.#slot = :verdict")
            .condition_expression("attribute_exists(#issued.#verdicts)")
            .expression_attribute_names("#issued", "issued")
            .expression_attribute_names("#verdicts", "verdicts")
            .expression_attribute_names("#slot", slot.as_str())
            .expression_attribute_values(":verdict", value);
        self.0.update_write(update)
    }

    /// Builds the write that stores the result of an attempt to send the code.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn delivery_write(
        &self,
        business: &BusinessId,
        upload_id: &str,
        state: DeliveryState,
        attempts: u32,
        sent_at: Option<Moment>,
    ) -> Result<TransactWrite, StorageError> {
        let state = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(state).map_err(|_| StorageError::Corrupt("a state"))?;
        let mut update = Update::builder()
            .set_key(Some(key2(KEY, business.as_str(), RANGE, upload_id)))
            .condition_expression("attribute_exists(#issued)")
            .expression_attribute_names("#issued", "issued")
            .expression_attribute_names("#delivery", "delivery")
            .expression_attribute_names("#attempts", "attempts")
            .expression_attribute_values(":delivery", state)
            .expression_attribute_values(":attempts", number(attempts));
        update = match sent_at {
            Some(at) => update
                .update_expression("SET #issued.#delivery = :delivery, #issued.#attempts = :attempts, #issued.#sent_at = :at")
                .expression_attribute_names("#sent_at", "sent_at")
                .expression_attribute_values(":at", moment(at)),
            None => update.update_expression("SET #issued.#delivery = :delivery, #issued.#attempts = :attempts"),
        };
        self.0.update_write(update)
    }

    /// Builds the write that stores a failure that was reported after the message was sent. The transaction fails if the code is
    /// associated, or if the issuance names another message because the recipient or the language was changed.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn failure_write(
        &self,
        business: &BusinessId,
        upload_id: &str,
        message_id: &str,
        failure: DeliveryFailure,
    ) -> Result<TransactWrite, StorageError> {
        let value = |value: Result<AttributeValue, _>| value.map_err(|_: serde_dynamo::Error| StorageError::Corrupt("a failure"));
        let update = Update::builder()
            .set_key(Some(key2(KEY, business.as_str(), RANGE, upload_id)))
            .update_expression("SET #issued.#delivery = :failed, #issued.#failure = :failure")
            .condition_expression("#issued.#message_id = :message AND #issued.#associated = :false")
            .expression_attribute_names("#issued", "issued")
            .expression_attribute_names("#delivery", "delivery")
            .expression_attribute_names("#failure", "failure")
            .expression_attribute_names("#message_id", "message_id")
            .expression_attribute_names("#associated", "associated")
            .expression_attribute_values(":failed", value(serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(DeliveryState::Failed))?)
            .expression_attribute_values(":failure", value(serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(failure))?)
            .expression_attribute_values(":message", text(message_id))
            .expression_attribute_values(":false", AttributeValue::Bool(false));
        self.0.update_write(update)
    }

    /// Builds the write that changes the issuance to `new` because the code is sent again. The transaction fails if the code was sent again
    /// or associated since `previous` was read.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn resend_write(
        &self,
        business: &BusinessId,
        upload_id: &str,
        previous: &Issued,
        new: &Issued,
    ) -> Result<TransactWrite, StorageError> {
        let mut new: Item = to_item(new)?;
        // Items written before codes could be sent again have no list. A missing list is read as an empty one.
        let resent_unchanged = if previous.resent.is_empty() {
            "(attribute_not_exists(#issued.#resent) OR size(#issued.#resent) = :before)"
        } else {
            "size(#issued.#resent) = :before"
        };
        let mut update = Update::builder()
            .set_key(Some(key2(KEY, business.as_str(), RANGE, upload_id)))
            .condition_expression(format!("#issued.#message_id = :read AND #issued.#associated = :false AND {resent_unchanged}"))
            .expression_attribute_names("#issued", "issued")
            .expression_attribute_names("#associated", "associated")
            .expression_attribute_names("#sent_at", "sent_at")
            .expression_attribute_names("#failure", "failure")
            .expression_attribute_values(":read", text(&previous.message_id))
            .expression_attribute_values(":false", AttributeValue::Bool(false))
            .expression_attribute_values(":before", number(previous.resent.len()));
        // Other attributes, such as verdicts, are not written, because they may have changed since `previous` was read.
        let mut sets = Vec::new();
        for name in RESEND_ATTRIBUTES {
            let value = new.remove(name).ok_or(StorageError::Corrupt("an issuance lacks a field"))?;
            sets.push(format!("#issued.#{name} = :{name}"));
            update = update.expression_attribute_names(format!("#{name}"), name).expression_attribute_values(format!(":{name}"), value);
        }
        self.0.update_write(update.update_expression(format!("SET {} REMOVE #issued.#sent_at, #issued.#failure", sets.join(", "))))
    }
}
