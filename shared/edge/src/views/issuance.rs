//! An issued code, as shown to the photographer's business.

use domain::{
    FileProfile, ImageKind, Language, Moment,
    delivery::{self, DeliveryState, IssuanceState},
    recipient::{Recipient, RecipientKind},
    staff::{Capacity, MemberId},
    verdict::Verdict,
    without_face::{Reason, WithoutFace},
};
use serde::Serialize;
use storage::{
    issuances::{Issuance, Issued, SealedWithoutFace},
    sealing::SealingKey,
    sessions::Session,
};

use crate::{log, records};

#[derive(Debug, Serialize)]
pub struct IssuanceView {
    pub upload_id: String,
    pub profile: FileProfile,
    pub images: Vec<ImageKind>,
    pub recipient: RecipientView,
    pub language: Language,
    pub issued_at: String,
    pub expires_at: String,
    pub state: IssuanceState,
    pub delivery: DeliveryView,
    pub associated: bool,
    /// True if the citizen agreed to a reminder before the code expires.
    pub reminder: bool,
    pub resends: ResendsView,
    /// The verdicts of public bodies, without the body, the image and the time.
    pub verdicts: Vec<VerdictView>,
    /// True if the caller made the upload, false if another member of the business did.
    pub issued_by_you: bool,
    pub issued_by: IssuerView,
    /// Present if no face was found in the face photo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without_face: Option<WithoutFaceView>,
}

#[derive(Debug, Serialize)]
pub struct RecipientView {
    pub kind: RecipientKind,
    pub masked: String,
    /// The email address that was probably meant, if the domain of the given one looks misspelt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct DeliveryView {
    pub state: DeliveryState,
    pub attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct ResendsView {
    /// How many more times the code may be sent again.
    pub left: usize,
    pub list: Vec<ResendView>,
}

#[derive(Debug, Serialize)]
pub struct ResendView {
    pub at: String,
    /// True if a new code was sent, to another recipient or in another language.
    pub corrected: bool,
}

#[derive(Debug, Serialize)]
pub struct VerdictView {
    #[serde(flatten)]
    pub verdict: Verdict,
    /// The text of `reason`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_text: Option<&'static str>,
}

/// The member of the business who made an upload.
#[derive(Debug, Serialize)]
pub struct IssuerView {
    pub capacity: Capacity,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub employee: Option<MemberId>,
    /// The owner's label for the employee. Shown to the owner only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// The reason for which a code was issued without a recognised face.
#[derive(Debug, Serialize)]
pub struct WithoutFaceView {
    pub reason: Reason,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl WithoutFaceView {
    /// Opens the sealed reason. Returns `None` if it does not open, which happens after the secret was changed, so that the rest of the history
    /// can still be shown.
    fn open(sealed: &SealedWithoutFace, issuance: &Issuance, key: &SealingKey) -> Option<Self> {
        match sealed.open(key, &issuance.business, &issuance.upload_id) {
            Ok(WithoutFace { reason, text }) => Some(Self { reason, text: text.map(|text| text.expose().to_owned()) }),
            Err(error) => {
                log::side_call("without_face", Err(error));
                None
            }
        }
    }
}

impl IssuanceView {
    /// Creates the view of an issuance for the caller. `member` is the caller's ID in the records of the business. `key` opens what its
    /// photographers wrote about customers.
    pub fn of(
        issuance: &Issuance,
        issued: &Issued,
        (caller, member): (&Session, &MemberId),
        key: &SealingKey,
        language: Language,
        now: Moment,
    ) -> Self {
        let resends = issued.resent.iter().map(|resent| ResendView { at: resent.at.rfc3339(), corrected: resent.corrected });
        let verdicts = issued
            .verdicts
            .visible()
            .into_iter()
            .map(|verdict| VerdictView { verdict, reason_text: records::reason_text(verdict, language) });
        Self {
            upload_id: issuance.upload_id.clone(),
            profile: issuance.profile,
            images: issuance.declared.keys().copied().collect(),
            recipient: RecipientView { kind: issued.recipient_kind, masked: issued.recipient_masked.clone(), suggestion: None },
            language: issued.language,
            issued_at: issued.issued_at.rfc3339(),
            expires_at: issued.code_expires_at.rfc3339(),
            state: issued.state(now),
            delivery: DeliveryView { state: issued.delivery, attempts: issued.attempts, sent_at: issued.sent_at.map(Moment::rfc3339) },
            associated: issued.associated,
            reminder: issued.reminder,
            resends: ResendsView { left: delivery::resends_left(&issued.resend_facts(), now), list: resends.collect() },
            verdicts: verdicts.collect(),
            issued_by_you: issuance.was_made_by(member, &caller.subject_id),
            issued_by: IssuerView { capacity: issuance.capacity(), employee: issuance.employee.clone(), label: None },
            without_face: issued.without_face.as_ref().and_then(|sealed| WithoutFaceView::open(sealed, issuance, key)),
        }
    }

    /// Adds a suggestion for the recipient of this request. Only the response to the photographer who has just given the address contains it.
    #[must_use]
    pub fn suggesting_for(mut self, recipient: &Recipient) -> Self {
        self.recipient.suggestion = match recipient {
            Recipient::Email(email) => domain::typed::suggestion(email.expose()),
            Recipient::Mobile(_) => None,
        };
        self
    }
}
