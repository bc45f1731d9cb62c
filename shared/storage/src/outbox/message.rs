//! Messages with a code, and their sealed items.

use domain::{
    CodeNumber, Language, Moment, Recipient, Secret,
    business::BusinessId,
    delivery::{DeliveryState, MessageFacts},
    retention::MESSAGE_RETENTION,
    time::Span,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{DUE, FIRST_SWEEP_AFTER};
use crate::{error::StorageError, kms::KmsKey, sealing::RecipientHasher};

/// Time between the end of a message's retention and its TTL. In this time the sweep deletes the message and records if it was never sent.
/// It could not do so after TTL has deleted the message.
const TTL_DELAY: Span = Span::hours(1);

/// The recipient and the content of a message. Stored sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Message {
    pub recipient: Recipient,
    code: Secret,
    pub language: Language,
    pub code_expires_at: Moment,
}

impl Message {
    pub fn new(recipient: Recipient, code: &CodeNumber, language: Language, code_expires_at: Moment) -> Self {
        Self { recipient, code: Secret::new(code.expose()), language, code_expires_at }
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
    /// Partition key of the index `due`. It is the same for all messages. Wake records have none, so the index does not contain them.
    due: String,
    /// When the sweep handles the message next.
    pub next_at: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed_until: Option<Moment>,
    pub business: BusinessId,
    pub upload_id: String,
    /// End of the time in which the message may be sent. Afterwards the sweep deletes it, and records if it was never sent.
    pub kept_until: Moment,
    /// TTL. [`TTL_DELAY`] later than `kept_until`.
    expires_at: Moment,
}

impl OutboxItem {
    /// Seals a new message, which is due immediately.
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

    /// Returns whether the message goes to this recipient, without opening it. Also returns `true` for messages without a hash, for which
    /// this is unknown.
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

    #[test]
    fn the_debug_output_of_a_message_contains_neither_code_nor_recipient() {
        let code = CodeNumber::from_bytes([9; 16]);
        let recipient = Recipient::Mobile(domain::GreekMobile::parse("6912345678").unwrap());
        let printed = format!("{:?}", Message::new(recipient, &code, Language::El, Moment::from_epoch_seconds(0)));
        assert!(!printed.contains(&code.expose()) && !printed.contains("6912345678"), "{printed}");
    }
}
