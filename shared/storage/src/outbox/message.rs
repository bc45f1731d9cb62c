//! Messages with a code number, and the items in which they are stored sealed.

use domain::{
    CodeNumber, Language, Moment, Recipient, Secret,
    business::BusinessId,
    delivery::{DeliveryState, MessageFacts},
    delivery_failure::{DeliveryFailure, FailureReason},
    retention::MESSAGE_RETENTION,
    time::Span,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{DUE, FIRST_SWEEP_AFTER};
use crate::{error::StorageError, kms::KmsKey, sealing::RecipientHasher};

/// Time between the end of a message's retention and its TTL. During this time the sweep deletes the message. If the message was never
/// sent, the sweep also marks the issuance as failed, which it could not do if TTL had already deleted the message.
const TTL_DELAY: Span = Span::hours(1);

/// The recipient and the content of a message. Stored sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Message {
    pub recipient: Recipient,
    code: Secret,
    pub language: Language,
    pub code_expires_at: Moment,
    /// The recipients to whom an earlier message of the same issuance has failed permanently. Empty in messages written by an older
    /// version.
    #[serde(default)]
    undeliverable: Vec<Undeliverable>,
}

/// A recipient to whom a message has failed permanently, and the reason.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Undeliverable {
    recipient: Recipient,
    reason: FailureReason,
}

impl Message {
    pub fn new(recipient: Recipient, code: &CodeNumber, language: Language, code_expires_at: Moment) -> Self {
        Self { recipient, code: Secret::new(code.expose()), language, code_expires_at, undeliverable: Vec::new() }
    }

    /// Takes over the list of undeliverable recipients from `previous`, which is the message that this one replaces. `failure` is the
    /// failure of `previous`. If it is permanent, the recipient of `previous` is added to the list.
    #[must_use]
    pub fn replacing(mut self, previous: &Self, failure: Option<DeliveryFailure>) -> Self {
        self.undeliverable.clone_from(&previous.undeliverable);
        if let Some(DeliveryFailure { reason, permanent: true }) = failure {
            self.undeliverable.push(Undeliverable { recipient: previous.recipient.clone(), reason });
        }
        self
    }

    /// Returns the reason if this message, or an earlier message of the same issuance, was sent to `recipient` and has failed permanently.
    /// No further message of the issuance may then be sent to this recipient. Returns `None` if there was no such failure. `failure` is the
    /// failure of this message.
    pub fn undeliverable_to(&self, recipient: &Recipient, failure: Option<DeliveryFailure>) -> Option<FailureReason> {
        let own = failure.filter(|failure| failure.permanent && self.recipient.is_same_as(recipient)).map(|failure| failure.reason);
        own.or_else(|| self.undeliverable.iter().find(|one| one.recipient.is_same_as(recipient)).map(|one| one.reason))
    }

    /// Returns the code number.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`] if the stored text is not a code number.
    pub fn code(&self) -> Result<CodeNumber, StorageError> {
        CodeNumber::parse(self.code.expose()).map_err(|_| StorageError::Corrupt("a message's code"))
    }
}

/// A message as it is stored, with the state of its delivery.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OutboxItem {
    pub message_id: String,
    #[serde(with = "serde_bytes")]
    sealed: Vec<u8>,
    /// Keyed hash of the recipient, for functions that may not open the message. Empty in messages written before the hash existed.
    #[serde(default, with = "serde_bytes")]
    recipient_hash: Vec<u8>,
    pub state: DeliveryState,
    pub attempts: u32,
    /// Partition key of the index `due`. It is the same for all messages. Wake records do not have this attribute, so the index does not
    /// contain them.
    due: String,
    /// When the sweep handles the message next.
    pub next_at: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed_until: Option<Moment>,
    /// Random ID of the last attempt. A report about the email contains this ID. Absent before the first attempt, and in messages written
    /// by an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sending_id: Option<String>,
    /// The failure that was reported after the message was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<DeliveryFailure>,
    pub business: BusinessId,
    pub upload_id: String,
    /// End of the time in which the message may be sent. Then the sweep deletes the message and, if it was never sent, marks the issuance
    /// as failed.
    pub kept_until: Moment,
    /// Time after which TTL deletes the item: [`TTL_DELAY`] after `kept_until`.
    expires_at: Moment,
}

impl OutboxItem {
    /// Seals a new message. It may be sent at once. The sweep handles it only after `FIRST_SWEEP_AFTER`.
    ///
    /// # Errors
    /// Errors of KMS.
    pub async fn seal(
        kms: &KmsKey,
        hasher: &RecipientHasher,
        message_id: String,
        message: &Message,
        business: &BusinessId,
        upload_id: &str,
        now: Moment,
    ) -> Result<Self, StorageError> {
        let plain = Zeroizing::new(serde_json::to_vec(message).map_err(|_| StorageError::Corrupt("a message cannot be serialized"))?);
        let sealed = kms.seal(&[("message_id", &message_id)], &plain).await?;
        Ok(Self {
            recipient_hash: hasher.hash(&message_id, &message.recipient),
            message_id,
            sealed,
            state: DeliveryState::Queued,
            attempts: 0,
            due: DUE.to_owned(),
            next_at: now.plus(FIRST_SWEEP_AFTER),
            claimed_until: None,
            sending_id: None,
            failure: None,
            business: business.clone(),
            upload_id: upload_id.to_owned(),
            kept_until: now.plus(MESSAGE_RETENTION),
            expires_at: now.plus(MESSAGE_RETENTION).plus(TTL_DELAY),
        })
    }

    /// Opens the message.
    ///
    /// # Errors
    /// Errors of KMS.
    pub async fn open(&self, kms: &KmsKey) -> Result<Message, StorageError> {
        let plain = kms.open(&[("message_id", &self.message_id)], &self.sealed).await?;
        serde_json::from_slice(&plain).map_err(|_| StorageError::Corrupt("a message has another shape"))
    }

    /// Returns whether the message goes to this recipient, without opening it. Also returns `true` for messages without a hash, whose
    /// recipient is unknown.
    pub fn is_for(&self, hasher: &RecipientHasher, recipient: &Recipient) -> bool {
        self.recipient_hash.is_empty() || hasher.is_of(&self.recipient_hash, &self.message_id, recipient)
    }

    /// Returns the facts from which the next step of the delivery is decided.
    pub const fn facts(&self) -> MessageFacts {
        MessageFacts { state: self.state, attempts: self.attempts, claimed_until: self.claimed_until, kept_until: self.kept_until }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(email: &str) -> Message {
        let recipient = Recipient::Email(domain::EmailAddress::parse(email).unwrap());
        Message::new(recipient, &CodeNumber::from_bytes([9; 16]), Language::El, Moment::from_epoch_seconds(0))
    }

    #[test]
    fn a_recipient_who_cannot_receive_email_is_known_to_all_later_messages() {
        use FailureReason::{AddressUnknown, Complaint, MailboxFull};
        let unknown = Some(DeliveryFailure::permanent(AddressUnknown));
        let (first, full) = (message("a@example.gr"), Some(DeliveryFailure::temporary(MailboxFull)));
        let to = |email: &str| message(email).recipient;
        assert_eq!(first.undeliverable_to(&to("A@example.gr"), unknown), Some(AddressUnknown));
        assert_eq!(first.undeliverable_to(&to("b@example.gr"), unknown), None);
        assert_eq!(first.undeliverable_to(&to("a@example.gr"), full), None);
        assert_eq!(first.undeliverable_to(&to("a@example.gr"), None), None);

        let second = message("b@example.gr").replacing(&first, unknown);
        let third = message("c@example.gr").replacing(&second, Some(DeliveryFailure::permanent(Complaint)));
        assert_eq!(third.undeliverable_to(&to("a@example.gr"), None), Some(AddressUnknown));
        assert_eq!(third.undeliverable_to(&to("b@example.gr"), None), Some(Complaint));
        assert_eq!(third.undeliverable_to(&to("c@example.gr"), None), None);
        assert_eq!(message("b@example.gr").replacing(&first, full).undeliverable_to(&to("a@example.gr"), None), None);
    }

    #[test]
    fn the_debug_output_of_a_message_contains_neither_code_nor_recipient() {
        let code = CodeNumber::from_bytes([9; 16]);
        let recipient = Recipient::Mobile(domain::GreekMobile::parse("6912345678").unwrap());
        let printed = format!("{:?}", Message::new(recipient, &code, Language::El, Moment::from_epoch_seconds(0)));
        assert!(!printed.contains(&code.expose()) && !printed.contains("6912345678"), "{printed}");
    }
}
