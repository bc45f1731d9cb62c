//! Issuances: a photographer's uploads and what became of them. Never the code, never by whom it was associated.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, Update},
};
use domain::{
    AthensDay, FileProfile, ImageKind, Language, Moment, SubjectId,
    business::BusinessId,
    delivery::{DeliveryState, IssuanceState, ResendFacts},
    recipient::RecipientKind,
    retention::{ISSUANCE_RETENTION, UPLOAD_RETENTION},
    staff::{Capacity, MemberId},
    time::Span,
    verdict::Verdict,
};
use serde::{Deserialize, Serialize};

use crate::{
    error::{StorageError, failed},
    id_bound,
    sealing::VerdictSlot,
    table::{Item, TTL_ATTRIBUTE, Table, from_item, condition_held, is_live, key2, moment, number, text, to_item},
    transaction::TransactWrite,
};

const KEY: &str = "business";
const RANGE: &str = "upload_id";

/// A picture as its uploader declared it: the presigned address takes no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    pub bytes: u64,
    /// Hexadecimal.
    pub sha256: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Issuance {
    pub business: BusinessId,
    /// UUIDv7: sorted by time.
    pub upload_id: String,
    /// Who made it. A row of an older version has the citizen's ID here, and the last of these rows expires a year after the update.
    pub uploader: MemberId,
    /// The same if an employee made it; absent for the owner. A row of an older version has the employee's hash here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub employee: Option<MemberId>,
    pub profile: FileProfile,
    pub declared: BTreeMap<ImageKind, Declared>,
    pub requested_at: Moment,
    pub expires_at: Moment,
    pub state: UploadState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued: Option<Issued>,
}

impl Issuance {
    /// Returns an upload that was requested just now.
    pub fn begin(
        business: BusinessId,
        upload_id: String,
        (uploader, capacity): (MemberId, Capacity),
        profile: FileProfile,
        declared: BTreeMap<ImageKind, Declared>,
        now: Moment,
    ) -> Self {
        Self {
            business,
            upload_id,
            employee: (capacity == Capacity::Staff).then(|| uploader.clone()),
            uploader,
            profile,
            declared,
            requested_at: now,
            expires_at: Issuances::upload_expiry(now),
            state: UploadState::Uploading,
            issued: None,
        }
    }

    pub const fn capacity(&self) -> Capacity {
        if self.employee.is_some() { Capacity::Staff } else { Capacity::Owner }
    }

    /// Returns whether this person made it, who is this member of the business.
    pub fn is_by(&self, member: &MemberId, person: &SubjectId) -> bool {
        self.uploader == *member || self.uploader.as_str() == person.as_str()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UploadState {
    /// Addresses given; nothing checked yet.
    Uploading,
    /// A code was made of it.
    Issued,
    /// Its pictures broke a rule; they are deleted.
    Refused,
}

impl UploadState {
    const fn name(self) -> &'static str {
        match self {
            Self::Uploading => "uploading",
            Self::Issued => "issued",
            Self::Refused => "refused",
        }
    }
}

/// From the code's issue on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Issued {
    pub recipient_kind: RecipientKind,
    pub recipient_masked: String,
    pub language: Language,
    pub issued_at: Moment,
    pub code_expires_at: Moment,
    pub delivery: DeliveryState,
    pub attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Moment>,
    pub associated: bool,
    /// The message that brings the code, in the outbox for a day.
    #[serde(default)]
    pub message_id: String,
    /// A reminder before the code expires was agreed to.
    #[serde(default)]
    pub reminder: bool,
    /// When it was sent again, by whom, and whether to a corrected address.
    #[serde(default)]
    pub resent: Vec<Resent>,
    #[serde(default)]
    pub verdicts: Verdicts,
}

impl Issued {
    pub const fn state(&self, now: Moment) -> IssuanceState {
        IssuanceState::of(self.delivery, self.associated, self.code_expires_at, now)
    }

    pub const fn resend_facts(&self) -> ResendFacts {
        ResendFacts { issued_at: self.issued_at, associated: self.associated, resent: self.resent.len() }
    }
}

/// The last verdict of each application on each image, by [`VerdictSlot`]. Holds neither the application, the image, the time nor the clerk's
/// text. Rows written before slots existed have keys of the form `application:image`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Verdicts(BTreeMap<String, Verdict>);

impl Verdicts {
    /// Returns the verdicts that the business may see: each different one once, in a fixed order. Their number would tell a driving licence,
    /// the one purpose that pulls two images, and the order of arrival may tell the application. Verdicts whose key names their
    /// application are left out.
    pub fn visible(&self) -> BTreeSet<Verdict> {
        self.0.iter().filter(|(slot, _)| !slot.contains(':')).map(|(_, verdict)| *verdict).collect()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resent {
    pub at: Moment,
    /// A row of an older version has the citizen's ID here.
    pub by: MemberId,
    /// To another address, with a new code.
    pub corrected: bool,
}

/// A page of the history, newest first.
#[derive(Debug, Clone)]
pub struct Page {
    pub issuances: Vec<Issuance>,
    /// The upload id behind which the next page begins.
    pub next: Option<String>,
}

/// What of the history is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Issued on this day.
    pub day: Option<AthensDay>,
    pub state: Option<IssuanceState>,
}

impl Wanted {
    fn includes(self, issuance: &Issuance, now: Moment) -> bool {
        let Some(issued) = &issuance.issued else { return false };
        self.day.is_none_or(|day| AthensDay::of(issued.issued_at) == day) && self.state.is_none_or(|state| issued.state(now) == state)
    }

    /// The upload ids among which they are, both ends included. An upload is issued within the day after it was begun.
    fn ids(self) -> (String, String) {
        match self.day {
            Some(day) => {
                let earliest = day.start().epoch_seconds() - UPLOAD_RETENTION.as_seconds() - CLOCKS_APART.as_seconds();
                (id_bound(Moment::from_epoch_seconds(earliest)), id_bound(day.next().start().plus(CLOCKS_APART)))
            }
            None => (FIRST_ID.to_owned(), LAST_ID.to_owned()),
        }
    }
}

/// Before and behind all ids, which are of hexadecimal digits.
const FIRST_ID: &str = "0";
const LAST_ID: &str = "g";
/// An id and the instant of its issue may have been taken by two machines.
const CLOCKS_APART: Span = Span::minutes(1);
/// Items read per query while a page fills.
const CHUNK: i32 = 100;
/// Queries made for one page: one of which little is wanted ends there, and its `next` goes on.
const CHUNKS_MAX: usize = 10;

#[derive(Debug, Clone)]
pub struct Issuances(Table);

impl Issuances {
    pub const fn new(client: Client, table: String) -> Self {
        Self(Table::new(client, table))
    }

    /// Writes down an upload whose addresses are given out now.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn begin(&self, issuance: &Issuance, now: Moment) -> Result<bool, StorageError> {
        self.0.put_new(to_item(issuance)?, RANGE, now).await
    }

    /// When an upload that is requested now is forgotten if no code is made of it.
    pub const fn upload_expiry(now: Moment) -> Moment {
        now.plus(UPLOAD_RETENTION)
    }

    /// # Errors
    /// Storage errors; absent, expired and another business's are all None.
    pub async fn find(&self, business: &BusinessId, upload_id: &str, now: Moment) -> Result<Option<Issuance>, StorageError> {
        self.0.get(key2(KEY, business.as_str(), RANGE, upload_id), now).await
    }

    /// Notes that the upload's pictures broke a rule. False where it has meanwhile become a code.
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
        condition_held(result)
    }

    /// For a transaction: a code is made of the upload, once.
    ///
    /// # Errors
    /// Where the update cannot be written.
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

    /// For a transaction: the code was associated. By whom is not said.
    ///
    /// # Errors
    /// Where the update cannot be written.
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

    /// For a transaction: the verdict of an application on an image. A later verdict of the same slot replaces the earlier one.
    ///
    /// # Errors
    /// Where the update cannot be written.
    pub fn verdict_write(&self, business: &BusinessId, upload_id: &str, slot: &VerdictSlot, verdict: Verdict) -> Result<TransactWrite, StorageError> {
        let value = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(verdict).map_err(|_| StorageError::Corrupt("a verdict"))?;
        let update = Update::builder()
            .set_key(Some(key2(KEY, business.as_str(), RANGE, upload_id)))
            .update_expression("SET #issued.#verdicts.#whose = :verdict")
            .condition_expression("attribute_exists(#issued.#verdicts)")
            .expression_attribute_names("#issued", "issued")
            .expression_attribute_names("#verdicts", "verdicts")
            .expression_attribute_names("#whose", slot.as_str())
            .expression_attribute_values(":verdict", value);
        self.0.update_write(update)
    }

    /// For a transaction: what became of an attempt to send the code.
    ///
    /// # Errors
    /// Where the update cannot be written.
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

    /// For a transaction: the code goes out again, as `new` has it, where nothing was sent again and nobody associated it since
    /// `read`.
    ///
    /// # Errors
    /// Where the update cannot be written.
    pub fn resend_write(&self, business: &BusinessId, upload_id: &str, read: &Issued, new: &Issued) -> Result<TransactWrite, StorageError> {
        let mut new: Item = to_item(new)?;
        // An empty list, or none in items from before there was one.
        let unmoved = if read.resent.is_empty() {
            "(attribute_not_exists(#issued.#resent) OR size(#issued.#resent) = :before)"
        } else {
            "size(#issued.#resent) = :before"
        };
        let mut update = Update::builder()
            .set_key(Some(key2(KEY, business.as_str(), RANGE, upload_id)))
            .condition_expression(format!("#issued.#message_id = :read AND #issued.#associated = :false AND {unmoved}"))
            .expression_attribute_names("#issued", "issued")
            .expression_attribute_names("#associated", "associated")
            .expression_attribute_names("#sent_at", "sent_at")
            .expression_attribute_values(":read", text(&read.message_id))
            .expression_attribute_values(":false", AttributeValue::Bool(false))
            .expression_attribute_values(":before", number(read.resent.len()));
        // What happens to the others meanwhile (a verdict, a reminder) stays as it is.
        let mut sets = Vec::new();
        for name in RESENT {
            let value = new.remove(name).ok_or(StorageError::Corrupt("an issuance lacks a field"))?;
            sets.push(format!("#issued.#{name} = :{name}"));
            update = update.expression_attribute_names(format!("#{name}"), name).expression_attribute_values(format!(":{name}"), value);
        }
        self.0.update_write(update.update_expression(format!("SET {} REMOVE #issued.#sent_at", sets.join(", "))))
    }

    /// Uploads that became a code and are wanted, newest first, from behind `after`.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn list(
        &self,
        business: &BusinessId,
        wanted: Wanted,
        after: Option<&str>,
        limit: usize,
        now: Moment,
    ) -> Result<Page, StorageError> {
        let (first, mut last) = wanted.ids();
        // Not as the query's start key, which has to lie within the range.
        if let Some(after) = after.map(str::to_ascii_lowercase).filter(|after| *after < last) {
            last = after;
        }
        let mut page = Page { issuances: Vec::new(), next: None };
        let mut start = None;
        for _ in 0..CHUNKS_MAX {
            if last < first {
                return Ok(page);
            }
            let output = self
                .0
                .client
                .query()
                .table_name(&self.0.name)
                .key_condition_expression("#key = :key AND #range BETWEEN :first AND :last")
                .filter_expression("#state = :issued")
                .expression_attribute_names("#key", KEY)
                .expression_attribute_names("#range", RANGE)
                .expression_attribute_names("#state", "state")
                .expression_attribute_values(":key", text(business.as_str()))
                .expression_attribute_values(":first", text(&first))
                .expression_attribute_values(":last", text(&last))
                .expression_attribute_values(":issued", text(UploadState::Issued.name()))
                .scan_index_forward(false)
                .limit(CHUNK)
                .set_exclusive_start_key(start.take())
                .send()
                .await
                .map_err(failed("Query"))?;
            for item in output.items.unwrap_or_default().into_iter().filter(|item| is_live(item, now)) {
                let issuance: Issuance = from_item(item)?;
                if after != Some(issuance.upload_id.as_str()) && wanted.includes(&issuance, now) {
                    page.issuances.push(issuance);
                }
            }
            start = output.last_evaluated_key.filter(|key| !key.is_empty());
            if page.issuances.len() > limit {
                page.issuances.truncate(limit);
                page.next = page.issuances.last().map(|last| last.upload_id.clone());
                return Ok(page);
            }
            if start.is_none() {
                return Ok(page);
            }
        }
        page.next = start.as_ref().and_then(|key| key.get(RANGE)).and_then(|id| id.as_s().ok()).cloned();
        Ok(page)
    }
}

/// What sending again changes of an issuance.
const RESENT: [&str; 7] = ["recipient_kind", "recipient_masked", "language", "message_id", "delivery", "attempts", "resent"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_stored_under_the_names_that_conditions_use() {
        for state in [UploadState::Uploading, UploadState::Issued, UploadState::Refused] {
            let stored: AttributeValue = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(state).unwrap();
            assert_eq!(stored, text(state.name()));
        }
    }

    #[test]
    fn a_verdict_that_names_its_application_is_read_but_not_shown() {
        let row = serde_json::json!({
            "driving-licence:face": { "verdict": "refused", "reason": "glasses", "at": 1_800_000_000 },
            "slot-1": { "verdict": "refused", "reason": "light" },
            "slot-2": { "verdict": "accepted" },
            "slot-3": { "verdict": "accepted" },
        });
        let verdicts: Verdicts = from_item(to_item(&row).unwrap()).unwrap();
        assert_eq!(Vec::from_iter(verdicts.visible()), [Verdict::Accepted, Verdict::Refused(domain::verdict::RefusalReason::Light)]);
    }

    #[test]
    fn the_ids_of_a_day_are_those_of_uploads_that_may_have_been_issued_in_it() {
        let id = |millis: i64| format!("{:08x}-{:04x}-7abc-8def-0123456789ab", millis >> 16, millis & 0xffff);
        // The days on which the clocks change in Athens.
        for (day, hours) in [("2026-10-25", 25), ("2026-03-29", 23)] {
            let day = AthensDay::parse(day).unwrap();
            let (first, last) = Wanted { day: Some(day), state: None }.ids();
            let start = day.start().epoch_seconds() * 1000;
            for (millis, within) in [
                (start - 86_400_000, true),
                (start - 86_400_000 - 61_000, false),
                (start, true),
                (start + hours * 3_600_000, true),
                (start + hours * 3_600_000 + 60_000, false),
            ] {
                let id = id(millis);
                assert_eq!(first <= id && id <= last, within, "{id} in {first} to {last}");
            }
        }
        let (first, last) = Wanted::default().ids();
        assert!([0, 1_792_875_600_000, 0xffff_ffff_ffff].map(id).iter().all(|id| first <= *id && *id <= last));
        // A day long ago has no ids, and is no error.
        let (first, last) = Wanted { day: AthensDay::parse("0001-01-01"), state: None }.ids();
        assert!(first <= last && last < id(1));
    }

    /// Rows of before member IDs: the uploader is a citizen's ID there, and the employee a hash that is the same for all businesses.
    #[test]
    fn a_row_of_before_is_read() {
        let before = |employee: Option<&str>| {
            let mut row = serde_json::json!({
                "business": "b", "upload_id": "u", "uploader": "citizen", "profile": "standard", "declared": {}, "requested_at": 1,
                "expires_at": 2, "state": "uploading",
            });
            if let Some(employee) = employee {
                row["employee"] = employee.into();
            }
            serde_json::from_value::<Issuance>(row).unwrap()
        };
        let person = |id: &str| serde_json::from_value::<SubjectId>(serde_json::json!(id)).unwrap();
        let member = MemberId::from_hash("member".to_owned());
        let (of_owner, of_staff) = (before(None), before(Some("hash")));
        assert_eq!([of_owner.capacity(), of_staff.capacity()], [Capacity::Owner, Capacity::Staff]);
        assert!(of_owner.is_by(&member, &person("citizen")) && !of_owner.is_by(&member, &person("other")));
        // And a new one.
        let made_by = (member.clone(), Capacity::Staff);
        let business = BusinessId::from_hash("b".to_owned());
        let now = Moment::from_epoch_seconds(1);
        let new = Issuance::begin(business, "u".to_owned(), made_by, FileProfile::Standard, BTreeMap::new(), now);
        assert_eq!((new.capacity(), new.employee.as_ref()), (Capacity::Staff, Some(&member)));
        assert!(new.is_by(&member, &person("other")) && !new.is_by(&MemberId::from_hash("m".to_owned()), &person("citizen")));
        assert!(serde_json::to_value(&new).unwrap().get("uploader").is_some(), "the version before reads it");
    }
}
