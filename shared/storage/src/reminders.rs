//! Reminders: addresses that were left for one message each, sealed by a KMS key of their own until that message is sent.
//!
//! An item stands under the Athens day on which it is due. Whoever ends what it is about deletes it in the same transaction: its key
//! follows from what it is about and from when that expires.

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
    table::{Item, Table, from_item, condition_held, key2, moment, number, text, to_item},
    transaction::TransactWrite,
};

const KEY: &str = "slot";
const RANGE: &str = "about";
const ATTEMPTS: &str = "attempts";
const CLAIM_ID: &str = "claim";
const CLAIMED_UNTIL: &str = "claimed_until";
/// A day's reminders lie under so many keys: one key takes a thousand writes a second.
const SHARDS: usize = 4;
/// Reminders listed by one call.
const PAGE: i32 = 100;

/// What a reminder is about.
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

    /// The key's first part, where what it is about expires at `expires_at`.
    fn slot(&self, expires_at: Moment) -> String {
        let hash = digest::digest(&digest::SHA256, self.name().as_bytes());
        let shard = hash.as_ref().first().map_or(0, |byte| usize::from(*byte) % SHARDS);
        slot(self.kind().due_on(expires_at), shard)
    }
}

fn slot(day: AthensDay, shard: usize) -> String {
    format!("{day}#{shard}")
}

/// All keys under which a day's reminders lie.
pub fn slots(day: AthensDay) -> [String; SHARDS] {
    std::array::from_fn(|shard| slot(day, shard))
}

/// Where a reminder goes, and how. Sealed.
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
    /// The photo set that it was asked for: not for another that took its place.
    pub set_id: String,
    pub attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    claim: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    claimed_until: Option<Moment>,
    expires_at: Moment,
}

impl ReminderItem {
    /// Seals an address for a reminder of the set that expires at `expires_at`; where a guardian leaves it, until the minor turns 18.
    ///
    /// # Errors
    /// Storage errors of KMS.
    pub async fn seal(
        kms: &KmsKey,
        about: &About,
        address: &Address,
        set_id: &str,
        expires_at: Moment,
        until: Option<Moment>,
    ) -> Result<Self, StorageError> {
        let plain = Zeroizing::new(serde_json::to_vec(address).map_err(|_| StorageError::Corrupt("an address cannot be written"))?);
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

    /// # Errors
    /// Storage errors of KMS.
    pub async fn open(&self, kms: &KmsKey) -> Result<Address, StorageError> {
        let plain = kms.open(&[(RANGE, &self.about)], &self.sealed).await?;
        serde_json::from_slice(&plain).map_err(|_| StorageError::Corrupt("an address has another shape"))
    }

    /// # Errors
    /// [`StorageError::Corrupt`] where it is about nothing that there is.
    pub fn about(&self) -> Result<About, StorageError> {
        About::parse(&self.about)
    }
}

/// A reminder as a day's list shows it.
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
    /// # Errors
    /// [`StorageError::Corrupt`] where it is about nothing that there is.
    pub fn about(&self) -> Result<About, StorageError> {
        About::parse(&self.about)
    }

    /// Another run has it in hand.
    pub fn is_claimed(&self, now: Moment) -> bool {
        self.claimed_until.is_some_and(|until| !now.has_reached(until))
    }

    /// A run had it in hand and never said what became of it: it may have gone out.
    pub fn may_have_gone(&self, now: Moment) -> bool {
        self.claimed_until.is_some_and(|until| now.has_reached(until))
    }

    pub fn is_over(&self, now: Moment) -> bool {
        now.has_reached(self.expires_at)
    }
}

/// A page of a slot's reminders. One that cannot be read does not hide the others.
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

    /// For a transaction, beside what it is about; takes the place of an earlier address.
    ///
    /// # Errors
    /// Where the item cannot be written.
    pub fn put_write(&self, item: &ReminderItem) -> Result<TransactWrite, StorageError> {
        self.0.put_write(to_item(item)?)
    }

    /// For a transaction: it is no longer needed. `expires_at` is that of what it is about; deleting what is not there is no error.
    ///
    /// # Errors
    /// Where the delete cannot be written.
    pub fn delete_write(&self, about: &About, expires_at: Moment) -> Result<TransactWrite, StorageError> {
        self.0.delete_write(Delete::builder().set_key(Some(key2(KEY, &about.slot(expires_at), RANGE, &about.name()))))
    }

    /// The reminders under a key, page by page: None after the last.
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
            .limit(PAGE)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(failed("Query"))?;
        let next = output.last_evaluated_key.filter(|key| !key.is_empty());
        Ok(Some(Page { reminders: output.items.unwrap_or_default().into_iter().map(from_item).collect(), next }))
    }

    /// Takes a reminder in hand for one attempt, so that no second copy is sent beside it. None where it is gone, or in another's hand.
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
            // The SDK's own retry finds its claim there, and does not count twice.
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

    /// The attempt failed and is over: the next run may try again.
    ///
    /// # Errors
    /// Storage errors. That it is gone meanwhile is none.
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
        condition_held(result).map(drop)
    }

    /// For a transaction: a reminder that this run has in hand is sent, or no longer needed.
    ///
    /// # Errors
    /// Where the delete cannot be written.
    pub fn end_write(&self, claimed: &ReminderItem) -> Result<TransactWrite, StorageError> {
        let delete = Delete::builder()
            .set_key(Some(key2(KEY, &claimed.slot, RANGE, &claimed.about)))
            .condition_expression("#claim = :claim")
            .expression_attribute_names("#claim", CLAIM_ID)
            .expression_attribute_values(":claim", text(claimed.claim.as_deref().unwrap_or_default()));
        self.0.delete_write(delete)
    }

    /// For a transaction: a reminder is given up, as it was listed.
    ///
    /// # Errors
    /// Where the delete cannot be written.
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
mod tests {
    use super::*;

    fn subject() -> SubjectId {
        SubjectId::from_random([7; 16])
    }

    #[test]
    fn what_a_reminder_is_about_is_read_as_it_was_written() {
        for about in [About::Code { code_id: "a-b_c".to_owned() }, About::Association { subject: subject() }] {
            assert_eq!(About::parse(&about.name()).unwrap(), about);
        }
        for name in ["", "code", "person#1"] {
            assert!(About::parse(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_reminder_lies_under_one_of_its_days_keys() {
        let expires_at = Moment::from_epoch_seconds(1_800_000_000);
        let mut used = std::collections::BTreeSet::new();
        for byte in 0..100 {
            let about = About::Association { subject: SubjectId::from_random([byte; 16]) };
            let slot = about.slot(expires_at);
            assert!(slots(ReminderKind::Association.due_on(expires_at)).contains(&slot), "{slot}");
            used.insert(slot);
        }
        assert_eq!(used.len(), SHARDS, "they spread");
    }

    #[test]
    fn a_claim_that_ran_out_leaves_open_whether_the_reminder_went() {
        let at = Moment::from_epoch_seconds(1_000);
        let listed = |claimed_until| Listed {
            slot: String::new(),
            about: String::new(),
            set_id: String::new(),
            attempts: 0,
            claimed_until,
            expires_at: at,
        };
        let now = |seconds| Moment::from_epoch_seconds(seconds);
        for (claimed, seconds, is_claimed, may_have_gone) in
            [(None, 500, false, false), (Some(at), 999, true, false), (Some(at), 1_000, false, true)]
        {
            let one = listed(claimed);
            assert_eq!((one.is_claimed(now(seconds)), one.may_have_gone(now(seconds))), (is_claimed, may_have_gone));
        }
        assert!(!listed(None).is_over(now(999)) && listed(None).is_over(at));
    }
}
