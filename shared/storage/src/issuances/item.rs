//! The item of an upload and of the code issued for it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use domain::{
    FileProfile, ImageKind, Language, Moment, Recipient, SubjectId,
    business::BusinessId,
    delivery::{DeliveryState, IssuanceState, ResendFacts},
    delivery_failure::DeliveryFailure,
    recipient::RecipientKind,
    retention::UPLOAD_RETENTION,
    staff::{Capacity, MemberId},
    verdict::Verdict,
    without_face::WithoutFace,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::SealedReference;
use crate::{error::StorageError, sealing::SealingKey};

/// The size and hash of a picture that the photographer declares before uploading it. The presigned URL accepts no other file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    pub bytes: u64,
    /// In hexadecimal.
    pub sha256: String,
}

/// An upload and, once a code is issued for it, the data of this code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Issuance {
    pub business: BusinessId,
    /// A UUIDv7, so that uploads sort by time.
    pub upload_id: String,
    /// The member of the business who requested the upload. Items written by an older version have the person's citizen ID here. The last
    /// of these expire a year after the newer version is deployed.
    pub uploader: MemberId,
    /// Equal to `uploader` if the member is an employee. Absent for the owner. Items written by an older version have the employee's hash
    /// here.
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
    /// Creates the item of an upload that was requested just now.
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
            expires_at: now.plus(UPLOAD_RETENTION),
            state: UploadState::Uploading,
            issued: None,
        }
    }

    /// Returns whether the owner or an employee requested the upload.
    pub const fn capacity(&self) -> Capacity {
        if self.employee.is_some() { Capacity::Staff } else { Capacity::Owner }
    }

    /// Returns whether this person requested the upload. `member` is their ID within the business. `person` is their citizen ID, which is
    /// the `uploader` in items written by an older version.
    pub fn was_made_by(&self, member: &MemberId, person: &SubjectId) -> bool {
        self.uploader == *member || self.uploader.as_str() == person.as_str()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UploadState {
    /// The presigned URLs were returned. The pictures are not checked yet.
    Uploading,
    /// A code was issued.
    Issued,
    /// The pictures broke a rule and were deleted.
    Refused,
}

impl UploadState {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Uploading => "uploading",
            Self::Issued => "issued",
            Self::Refused => "refused",
        }
    }
}

/// The attributes of an issuance that exist only after its code is issued.
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
    /// The failure that was reported after the message was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<DeliveryFailure>,
    pub associated: bool,
    /// The ID of the message with the code number. The message is in the outbox for 24 hours.
    #[serde(default)]
    pub message_id: String,
    /// Whether the customer agreed to receive a reminder before the code expires.
    #[serde(default)]
    pub reminder: bool,
    /// One entry for each time the code was sent again.
    #[serde(default)]
    pub resent: Vec<Resent>,
    #[serde(default)]
    pub verdicts: Verdicts,
    /// The sealed reason for issuing the code although no face was found. Absent if a face was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_face: Option<SealedWithoutFace>,
    /// The photographer's own reference, sealed. Absent if none was given, and in items written by an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<SealedReference>,
}

impl Issued {
    /// Returns a code that is issued just now and whose message waits in the outbox.
    pub fn queued(recipient: &Recipient, language: Language, message_id: String, now: Moment, code_expires_at: Moment) -> Self {
        Self {
            recipient_kind: recipient.kind(),
            recipient_masked: recipient.masked(),
            language,
            issued_at: now,
            code_expires_at,
            delivery: DeliveryState::Queued,
            attempts: 0,
            sent_at: None,
            failure: None,
            associated: false,
            message_id,
            reminder: false,
            resent: Vec::new(),
            verdicts: Verdicts::default(),
            without_face: None,
            reference: None,
        }
    }

    pub const fn state(&self, now: Moment) -> IssuanceState {
        IssuanceState::of(self.delivery, self.associated, self.code_expires_at, now)
    }

    pub const fn resend_facts(&self) -> ResendFacts {
        ResendFacts { issued_at: self.issued_at, associated: self.associated, resent: self.resent.len() }
    }
}

/// A sealed [`WithoutFace`]. The IDs of the business and the upload are its associated data, so it cannot be opened for another upload.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedWithoutFace(#[serde(with = "serde_bytes")] Vec<u8>);

impl fmt::Debug for SealedWithoutFace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedWithoutFace([sealed])")
    }
}

impl SealedWithoutFace {
    /// Seals the reason and text of an upload.
    ///
    /// # Errors
    /// If the operating system provides no random bytes.
    pub fn seal(key: &SealingKey, business: &BusinessId, upload_id: &str, without_face: &WithoutFace) -> Result<Self, StorageError> {
        let plain = serde_json::to_vec(without_face).map(Zeroizing::new);
        let plain = plain.map_err(|_| StorageError::Corrupt("a reason without a face cannot be serialized"))?;
        key.seal(&context(business, upload_id), &plain).map(Self)
    }

    /// Opens the sealed reason and text.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`] if they were sealed with another key, or for another upload.
    pub fn open(&self, key: &SealingKey, business: &BusinessId, upload_id: &str) -> Result<WithoutFace, StorageError> {
        let plain = Zeroizing::new(key.open(&context(business, upload_id), &self.0)?);
        serde_json::from_slice(&plain).map_err(|_| StorageError::Corrupt("a reason without a face has another shape"))
    }
}

fn context(business: &BusinessId, upload_id: &str) -> String {
    format!("without face {} {upload_id}", business.as_str())
}

/// The last verdict of each application on each image. The map's keys are [`VerdictSlot`](crate::sealing::VerdictSlot)s. The map reveals
/// neither the application, the image, the time nor the clerk's text. Items written before slots existed have keys of the form
/// `application:image`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Verdicts(BTreeMap<String, Verdict>);

impl Verdicts {
    /// Returns the verdicts that the business may see. Equal verdicts are returned once. A verdict that appears twice would reveal that the
    /// photos are for a driving licence, because only driving licences need two images. The order is fixed, because the order in which
    /// verdicts arrive could reveal the application. Verdicts whose key contains the application's ID are omitted.
    pub fn visible(&self) -> BTreeSet<Verdict> {
        self.0.iter().filter(|(slot, _)| !slot.contains(':')).map(|(_, verdict)| *verdict).collect()
    }
}

/// One occasion on which a code was sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resent {
    pub at: Moment,
    /// The member of the business who sent the code again. Items written by an older version have the person's citizen ID here.
    pub by: MemberId,
    /// Whether a new code was sent, because the recipient or the language was changed.
    pub corrected: bool,
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;
    use domain::without_face::Reason;

    use super::*;
    use crate::table::{from_item, text, to_item};

    #[test]
    fn states_are_serialized_under_the_names_that_conditions_use() {
        for state in [UploadState::Uploading, UploadState::Issued, UploadState::Refused] {
            let stored: AttributeValue = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(state).unwrap();
            assert_eq!(stored, text(state.name()));
        }
    }

    #[test]
    fn a_sealed_reason_opens_only_for_its_own_upload_and_survives_storage() {
        let key = crate::sealing::issuance_key("secret");
        let business = |name: &str| BusinessId::from_hash(name.to_owned());
        let without_face = WithoutFace::parse(Reason::Other, Some("hush")).unwrap();
        let sealed = SealedWithoutFace::seal(&key, &business("b"), "u", &without_face).unwrap();
        let stored: AttributeValue = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(&sealed).unwrap();
        assert!(stored.as_b().is_ok_and(|bytes| !bytes.as_ref().windows(4).any(|window| window == b"hush")));
        let read: SealedWithoutFace = serde_dynamo::aws_sdk_dynamodb_1::from_attribute_value(stored).unwrap();
        assert_eq!(read.open(&key, &business("b"), "u").unwrap(), without_face);
        assert!(read.open(&key, &business("c"), "u").is_err() && read.open(&key, &business("b"), "v").is_err());
        assert!(read.open(&crate::sealing::issuance_key("other"), &business("b"), "u").is_err());
        assert!(!format!("{read:?}").contains("hush"));
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

    /// In items written before member IDs existed, the uploader is a citizen ID, and the employee is a hash that is the same at all
    /// businesses.
    #[test]
    fn an_item_written_before_member_ids_existed_is_read() {
        let old_item = |employee: Option<&str>| {
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
        let (of_owner, of_staff) = (old_item(None), old_item(Some("hash")));
        assert_eq!([of_owner.capacity(), of_staff.capacity()], [Capacity::Owner, Capacity::Staff]);
        assert!(of_owner.was_made_by(&member, &person("citizen")) && !of_owner.was_made_by(&member, &person("other")));
        let uploader = (member.clone(), Capacity::Staff);
        let business = BusinessId::from_hash("b".to_owned());
        let now = Moment::from_epoch_seconds(1);
        let new = Issuance::begin(business, "u".to_owned(), uploader, FileProfile::Standard, BTreeMap::new(), now);
        assert_eq!((new.capacity(), new.employee.as_ref()), (Capacity::Staff, Some(&member)));
        assert!(new.was_made_by(&member, &person("other")) && !new.was_made_by(&MemberId::from_hash("m".to_owned()), &person("citizen")));
        assert!(serde_json::to_value(&new).unwrap().get("uploader").is_some(), "the previous version cannot read the item");
    }
}
