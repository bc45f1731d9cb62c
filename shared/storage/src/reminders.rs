//! The table `Reminders`: addresses to which one reminder, or one message about a case at a KEP, is to be sent. They are sealed by a KMS
//! key that is used for nothing else, and deleted when the message is sent.
//!
//! The partition key of a reminder begins with the day in Athens on which the reminder is due. A reminder is about a code or an
//! association. The reminder's key can be computed from the ID of the code or of the associated person, and from the expiry. A transaction
//! that ends the code or association can therefore delete the reminder without searching for it.

pub mod cases;

use aws_lc_rs::digest;
use aws_sdk_dynamodb::{
    Client,
    types::{Delete, ReturnValue},
};
use domain::{
    AthensDay, Language, Moment, Recipient, SubjectId,
    reminder::{CLAIM, ReminderKind},
};
use serde::{
    Deserialize, Serialize,
    de::{IntoDeserializer, value::Error as ValueError},
};
use zeroize::Zeroizing;

use crate::{
    error::{StorageError, failed},
    kms::KmsKey,
    table::{Item, Table, condition_is_met, from_item, key2, moment, number, text, to_item},
    transaction::TransactWrite,
};

const KEY: &str = "slot";
const RANGE: &str = "about";
const ATTEMPTS: &str = "attempts";
const CLAIM_ID: &str = "claim";
const CLAIMED_UNTIL: &str = "claimed_until";
/// Number of partition keys for the reminders of a day. There are several, because DynamoDB accepts only a thousand writes per second for
/// each partition key.
const SHARDS: usize = 4;
/// Number of reminders read by one query.
const PAGE_SIZE: i32 = 100;

/// The code or association whose expiry a reminder is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    Code { code_id: String },
    Association { subject: SubjectId },
}

impl About {
    pub const fn kind(&self) -> ReminderKind {
        match self {
            Self::Code { .. } => ReminderKind::Code,
            Self::Association { .. } => ReminderKind::Association,
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Code { code_id } => format!("code#{code_id}"),
            Self::Association { subject } => format!("association#{}", subject.as_str()),
        }
    }

    fn parse(name: &str) -> Result<Self, StorageError> {
        match name.split_once('#') {
            Some(("code", code_id)) => Ok(Self::Code { code_id: code_id.to_owned() }),
            Some(("association", subject)) => SubjectId::deserialize(IntoDeserializer::<ValueError>::into_deserializer(subject))
                .map(|subject| Self::Association { subject })
                .map_err(|_| StorageError::Corrupt("a person's id")),
            Some(_) | None => Err(StorageError::Corrupt("what a reminder is about")),
        }
    }

    /// Returns the partition key of a reminder about a code or association that expires at `expires_at`.
    fn slot(&self, expires_at: Moment) -> String {
        let hash = digest::digest(&digest::SHA256, self.name().as_bytes());
        let shard = hash.as_ref().first().map_or(0, |byte| usize::from(*byte) % SHARDS);
        slot(self.kind().due_on(expires_at), shard)
    }
}

fn slot(day: AthensDay, shard: usize) -> String {
    format!("{day}#{shard}")
}

/// Returns all partition keys of the reminders of a day.
pub fn slots(day: AthensDay) -> [String; SHARDS] {
    std::array::from_fn(|shard| slot(day, shard))
}

/// The address and language of a reminder. Stored sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Address {
    pub recipient: Recipient,
    pub language: Language,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReminderItem {
    slot: String,
    about: String,
    #[serde(with = "serde_bytes")]
    sealed: Vec<u8>,
    /// The photo set for which the reminder was requested. If another set has replaced it, the reminder is not sent.
    pub set_id: String,
    pub attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    claim: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    claimed_until: Option<Moment>,
    expires_at: Moment,
}

impl ReminderItem {
    /// Seals the address of a reminder about a photo set that expires at `expires_at`. If a guardian requested the reminder, `until` is the
    /// minor's 18th birthday. The reminder expires on that day at the latest.
    ///
    /// # Errors
    /// Errors of KMS.
    pub async fn seal(
        kms: &KmsKey,
        about: &About,
        address: &Address,
        set_id: &str,
        expires_at: Moment,
        until: Option<Moment>,
    ) -> Result<Self, StorageError> {
        let plain = Zeroizing::new(serde_json::to_vec(address).map_err(|_| StorageError::Corrupt("an address cannot be serialized"))?);
        let name = about.name();
        let sealed = kms.seal(&[(RANGE, &name)], &plain).await?;
        Ok(Self {
            slot: about.slot(expires_at),
            about: name,
            sealed,
            set_id: set_id.to_owned(),
            attempts: 0,
            claim: None,
            claimed_until: None,
            expires_at: about.kind().kept_until(expires_at, until),
        })
    }

    /// Opens the address.
    ///
    /// # Errors
    /// Errors of KMS.
    pub async fn open(&self, kms: &KmsKey) -> Result<Address, StorageError> {
        let plain = kms.open(&[(RANGE, &self.about)], &self.sealed).await?;
        serde_json::from_slice(&plain).map_err(|_| StorageError::Corrupt("an address has another shape"))
    }

    /// Returns the code or association that the reminder is about.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`] if the sort key names neither.
    pub fn about(&self) -> Result<About, StorageError> {
        About::parse(&self.about)
    }
}

/// A reminder as it is listed, without its sealed address.
#[derive(Debug, Clone, Deserialize)]
pub struct Listed {
    slot: String,
    about: String,
    pub set_id: String,
    attempts: u32,
    #[serde(default)]
    claimed_until: Option<Moment>,
    expires_at: Moment,
}

impl Listed {
    /// Returns the code or association that the reminder is about.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`] if the sort key names neither.
    pub fn about(&self) -> Result<About, StorageError> {
        About::parse(&self.about)
    }

    /// Returns whether another run has claimed the reminder and may still be sending it.
    pub fn is_claimed(&self, now: Moment) -> bool {
        self.claimed_until.is_some_and(|until| !now.has_reached(until))
    }

    /// Returns whether a claim has expired without a result, so that the reminder may have been sent.
    pub fn may_have_been_sent(&self, now: Moment) -> bool {
        self.claimed_until.is_some_and(|until| now.has_reached(until))
    }

    /// Returns whether the reminder has expired.
    pub fn is_over(&self, now: Moment) -> bool {
        now.has_reached(self.expires_at)
    }
}

/// A page of the reminders under one partition key. An unreadable item is an `Err` in the list, so the other items are still returned.
#[derive(Debug)]
pub struct Page {
    pub reminders: Vec<Result<Listed, StorageError>>,
    next: Option<Item>,
}

#[derive(Debug, Clone)]
pub struct Reminders(Table);

impl Reminders {
    pub const fn new(client: Client, table: String) -> Self {
        Self(Table::new(client, table))
    }

    /// Builds the write that stores a reminder, for the transaction that writes the code or association that the reminder is about.
    /// Replaces an earlier reminder.
    ///
    /// # Errors
    /// If the item cannot be serialized.
    pub fn put_write(&self, item: &ReminderItem) -> Result<TransactWrite, StorageError> {
        self.0.put_write(to_item(item)?)
    }

    /// Builds the write that deletes a reminder that is no longer needed. `expires_at` is the expiry of the code or association that the
    /// reminder is about. Deleting an absent reminder is not an error.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn delete_write(&self, about: &About, expires_at: Moment) -> Result<TransactWrite, StorageError> {
        self.0.delete_write(Delete::builder().set_key(Some(key2(KEY, &about.slot(expires_at), RANGE, &about.name()))))
    }

    /// Reads the next page of reminders. `before` is the previous page, or `None` to read the first page. Returns `None` after the last
    /// page.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn page(&self, slot: &str, before: Option<Page>) -> Result<Option<Page>, StorageError> {
        let start = match before {
            None => None,
            Some(Page { next: Some(next), .. }) => Some(next),
            Some(Page { next: None, .. }) => return Ok(None),
        };
        let output = self
            .0
            .client
            .query()
            .table_name(&self.0.name)
            .consistent_read(true)
            .key_condition_expression("#slot = :slot")
            .projection_expression("#slot, #about, #set, #attempts, #until, #end")
            .expression_attribute_names("#slot", KEY)
            .expression_attribute_names("#about", RANGE)
            .expression_attribute_names("#set", "set_id")
            .expression_attribute_names("#attempts", ATTEMPTS)
            .expression_attribute_names("#until", CLAIMED_UNTIL)
            .expression_attribute_names("#end", crate::TTL_ATTRIBUTE)
            .expression_attribute_values(":slot", text(slot))
            .limit(PAGE_SIZE)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(failed("Query"))?;
        let next = output.last_evaluated_key.filter(|key| !key.is_empty());
        Ok(Some(Page { reminders: output.items.unwrap_or_default().into_iter().map(from_item).collect(), next }))
    }

    /// Claims a reminder for one attempt to send it, so that no other run sends it at the same time. Returns `None` if the reminder is
    /// absent, has expired or is claimed.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn claim(&self, listed: &Listed, now: Moment) -> Result<Option<ReminderItem>, StorageError> {
        let result = self
            .0
            .client
            .update_item()
            .table_name(&self.0.name)
            .set_key(Some(key2(KEY, &listed.slot, RANGE, &listed.about)))
            .update_expression("SET #claim = :claim, #until = :until, #attempts = :attempts")
            // `OR #claim = :claim` makes a retry by the SDK succeed if an earlier try has already stored this claim. The retry writes the
            // same `#attempts`, so the attempt counts once.
            .condition_expression("(attribute_not_exists(#claim) AND #attempts = :read AND #end > :now) OR #claim = :claim")
            .expression_attribute_names("#claim", CLAIM_ID)
            .expression_attribute_names("#until", CLAIMED_UNTIL)
            .expression_attribute_names("#attempts", ATTEMPTS)
            .expression_attribute_names("#end", crate::TTL_ATTRIBUTE)
            .expression_attribute_values(":claim", text(crate::time_ordered_id()))
            .expression_attribute_values(":until", moment(now.plus(CLAIM)))
            .expression_attribute_values(":attempts", number(listed.attempts.saturating_add(1)))
            .expression_attribute_values(":read", number(listed.attempts))
            .expression_attribute_values(":now", moment(now))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        match result {
            Ok(output) => output.attributes.map(from_item).transpose(),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => Ok(None),
            Err(error) => Err(failed("UpdateItem")(error)),
        }
    }

    /// Releases the claim after a failed attempt, so that the next run can try again.
    ///
    /// # Errors
    /// Storage errors. It is not an error if the reminder has been deleted.
    pub async fn release(&self, claimed: &ReminderItem) -> Result<(), StorageError> {
        let result = self
            .0
            .client
            .update_item()
            .table_name(&self.0.name)
            .set_key(Some(key2(KEY, &claimed.slot, RANGE, &claimed.about)))
            .update_expression("REMOVE #claim, #until")
            .condition_expression("#claim = :claim")
            .expression_attribute_names("#claim", CLAIM_ID)
            .expression_attribute_names("#until", CLAIMED_UNTIL)
            .expression_attribute_values(":claim", text(claimed.claim.as_deref().unwrap_or_default()))
            .send()
            .await;
        condition_is_met(result).map(drop)
    }

    /// Builds the write that deletes a reminder that this run has claimed, because it was sent or is no longer needed. The transaction
    /// fails if the reminder no longer has this run's claim.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn end_write(&self, claimed: &ReminderItem) -> Result<TransactWrite, StorageError> {
        let delete = Delete::builder()
            .set_key(Some(key2(KEY, &claimed.slot, RANGE, &claimed.about)))
            .condition_expression("#claim = :claim")
            .expression_attribute_names("#claim", CLAIM_ID)
            .expression_attribute_values(":claim", text(claimed.claim.as_deref().unwrap_or_default()));
        self.0.delete_write(delete)
    }

    /// Builds the write that deletes a reminder that could not be sent. The transaction fails if another run has claimed it since it was
    /// listed.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn give_up_write(&self, listed: &Listed) -> Result<TransactWrite, StorageError> {
        let delete = Delete::builder()
            .set_key(Some(key2(KEY, &listed.slot, RANGE, &listed.about)))
            .condition_expression("#attempts = :read")
            .expression_attribute_names("#attempts", ATTEMPTS)
            .expression_attribute_values(":read", number(listed.attempts));
        self.0.delete_write(delete)
    }
}

#[cfg(test)]
mod tests;
