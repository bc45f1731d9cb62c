//! An issued code, as shown to the photographer's business.

use domain::{
    FileProfile, ImageKind, Language, Moment,
    delivery::{self, DeliveryState, IssuanceState},
    delivery_failure::{DeliveryFailure, FailureReason},
    recipient::{Recipient, RecipientKind},
    staff::{Capacity, MemberId},
    verdict::Verdict,
    without_face::{Reason, WithoutFace},
};
use serde::Serialize;
use storage::{
    issuances::{Issuance, Issued, SealedReference, SealedWithoutFace},
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
    /// Present if a failure was reported after the message was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureView>,
    pub associated: bool,
    /// True if the citizen agreed to receive a reminder before the code expires.
    pub reminder: bool,
    pub resends: ResendsView,
    /// The verdicts of public bodies. A verdict does not show which body gave it, for which image or when.
    pub verdicts: Vec<VerdictView>,
    /// True if the caller made the upload, false if another member of the business did.
    pub issued_by_you: bool,
    pub issued_by: IssuerView,
    /// Present if the code was issued although no face was found in the face photo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without_face: Option<WithoutFaceView>,
    /// The photographer's own reference, such as an order number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct RecipientView {
    pub kind: RecipientKind,
    pub masked: String,
    /// The email address that the photographer probably meant. Present if the domain of the given address looks misspelt.
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

/// A failure of an email that was reported after sending.
#[derive(Debug, Serialize)]
pub struct FailureView {
    pub reason: FailureReason,
    /// Text that explains `reason`.
    pub message: &'static str,
    /// True if the service no longer sends the code to this recipient.
    pub permanent: bool,
}

impl FailureView {
    const fn of(failure: DeliveryFailure, language: Language) -> Self {
        let DeliveryFailure { reason, permanent } = failure;
        Self { reason, message: messages::delivery::failure(reason, language), permanent }
    }
}

#[derive(Debug, Serialize)]
pub struct ResendsView {
    /// Number of times that the code may still be sent again.
    pub left: usize,
    pub list: Vec<ResendView>,
}

#[derive(Debug, Serialize)]
pub struct ResendView {
    pub at: String,
    /// True if a new code was sent, because the recipient or the language was changed.
    pub corrected: bool,
}

#[derive(Debug, Serialize)]
pub struct VerdictView {
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Text that explains the reason in `verdict`.
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

/// The reason for issuing a code without a recognised face.
#[derive(Debug, Serialize)]
pub struct WithoutFaceView {
    pub reason: Reason,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl WithoutFaceView {
    /// Opens the sealed reason. Returns `None` if the reason cannot be opened, for example because `ISSUANCE_SECRET` was changed. The rest
    /// of the history can still be shown.
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

/// Opens the sealed reference. Returns `None` if the reference cannot be opened, for the reason that [`WithoutFaceView::open`] explains.
fn open_reference(sealed: &SealedReference, issuance: &Issuance, key: &SealingKey) -> Option<String> {
    match sealed.open(key, &issuance.business, &issuance.upload_id) {
        Ok(reference) => Some(reference.expose().to_owned()),
        Err(error) => {
            log::side_call("reference", Err(error));
            None
        }
    }
}

impl IssuanceView {
    /// Creates the view of an issuance for the caller. `member` is the caller's ID in the records of the business. `key` opens the texts
    /// that photographers of the business wrote about customers.
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
            failure: issued.failure.map(|failure| FailureView::of(failure, language)),
            associated: issued.associated,
            reminder: issued.reminder,
            resends: ResendsView { left: delivery::resends_left(&issued.resend_facts(), now), list: resends.collect() },
            verdicts: verdicts.collect(),
            issued_by_you: issuance.was_made_by(member, &caller.subject_id),
            issued_by: IssuerView { capacity: issuance.capacity(), employee: issuance.employee.clone(), label: None },
            without_face: issued.without_face.as_ref().and_then(|sealed| WithoutFaceView::open(sealed, issuance, key)),
            reference: issued.reference.as_ref().and_then(|sealed| open_reference(sealed, issuance, key)),
        }
    }

    /// Adds a suggestion if the email address of `recipient` looks misspelt. Only the responses of `issue_code` and `resend_code` contain a
    /// suggestion.
    #[must_use]
    pub fn suggesting_for(mut self, recipient: &Recipient) -> Self {
        self.recipient.suggestion = match recipient {
            Recipient::Email(email) => domain::typed::suggestion(email.expose()),
            Recipient::Mobile(_) => None,
        };
        self
    }
}
