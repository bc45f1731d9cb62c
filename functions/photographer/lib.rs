//! Code that the photographer's functions share. It parses the recipient and the reference of a code, reports daily limits, counts uploads
//! that were rejected because no face was found, and reads, checks and deletes the originals of an upload.

use domain::{
    ImageKind, Moment, Recipient, Secret,
    code_limit::{CodeLimit, Share},
    delivery::{RESENDS_MAX, Resend},
    photo::PictureFault,
    picture_rule::Finding,
    quota,
    recipient::RecipientKind,
    reference::{InvalidReference, REFERENCE_CHARACTERS_MAX, Reference},
    typed,
    without_face::{InvalidWithoutFace, Reason, Rejections, TEXT_CHARACTERS_MAX, WithoutFace, is_no_face},
};
use edge::{
    Failure,
    log::{self, LogCode},
};
use futures_util::future::join_all;
use messages::problem::{FieldReason, Problem};
use pictures::Accepted;
use serde::Deserialize;
use serde_json::json;
use storage::{
    code_limits::Counters,
    codes::ImageFacts,
    issuances::{Issuance, Issued},
    sealing::{SealingKey, equal, sha256_hex},
    sessions::{Session, Sessions},
    vault::Vault,
};
use zeroize::Zeroizing;

/// The field `recipient` of a request: the person to whom a code is sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipientBody {
    kind: RecipientKind,
    value: String,
}

impl RecipientBody {
    /// Finds the mobile number or email address in the typed text.
    ///
    /// # Errors
    /// [`Problem::InvalidField`].
    pub fn parse(&self) -> Result<Recipient, Problem> {
        let (typed, reason) = match self.kind {
            RecipientKind::Mobile => (typed::mobile(&self.value).map(|typed| Recipient::Mobile(typed.value)), FieldReason::InvalidMobile),
            RecipientKind::Email => (typed::email(&self.value).map(|typed| Recipient::Email(typed.value)), FieldReason::InvalidEmail),
        };
        typed.map_err(|error| Problem::InvalidField { field: "recipient.value".to_owned(), reason: reason.unless_several(error) })
    }
}

/// The field `without_face` of a request: the reason for issuing a code without a recognised face.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithoutFaceBody {
    reason: Reason,
    text: Option<Secret>,
}

impl WithoutFaceBody {
    /// Parses the reason and its text.
    ///
    /// # Errors
    /// [`Problem::InvalidField`].
    pub fn parse(&self) -> Result<WithoutFace, Problem> {
        let invalid = |reason| Problem::InvalidField { field: "without_face.text".to_owned(), reason };
        WithoutFace::parse(self.reason, self.text.as_ref().map(Secret::expose)).map_err(|error| match error {
            InvalidWithoutFace::TextMissing => invalid(FieldReason::Missing),
            InvalidWithoutFace::Text(_) => invalid(FieldReason::InvalidText { limit: TEXT_CHARACTERS_MAX }),
        })
    }
}

/// Parses the photographer's own reference, from the field or the query parameter `reference`. A blank text is no reference.
///
/// # Errors
/// [`Problem::InvalidField`].
pub fn parse_reference(text: &str) -> Result<Option<Reference>, Problem> {
    match Reference::parse(text) {
        Ok(reference) => Ok(Some(reference)),
        Err(InvalidReference::Blank) => Ok(None),
        Err(InvalidReference::TooLong) => {
            let reason = FieldReason::TooLong { limit: REFERENCE_CHARACTERS_MAX };
            Err(Problem::InvalidField { field: "reference".to_owned(), reason })
        }
    }
}

/// Returns whether a repeated request has the same `without_face` and the same reference as the request that issued the code. A stored text
/// that can no longer be opened, because the secret was changed, counts as equal.
pub fn has_same_texts(
    upload: &Issuance,
    issued: &Issued,
    key: &SealingKey,
    without_face: Option<&WithoutFace>,
    reference: Option<&Reference>,
) -> bool {
    // If a face was found, no reason was stored, even if the request that issued the code contained one.
    let stored = issued.without_face.as_ref().and_then(|sealed| sealed.open(key, &upload.business, &upload.upload_id).ok());
    if stored.is_some() && stored.as_ref() != without_face {
        return false;
    }
    match issued.reference.as_ref().map(|sealed| sealed.open(key, &upload.business, &upload.upload_id)) {
        Some(Ok(stored)) => reference == Some(&stored),
        Some(Err(_)) => true,
        None => reference.is_none(),
    }
}

/// Logs that a daily limit is reached, so that the alarm goes off, and returns the problem for the photographer.
pub fn limit_reached(operation: &str, limit: CodeLimit, now: Moment) -> Problem {
    log_limit(operation, limit, Share::Whole);
    Problem::CodeLimitReached { limit, renews_at: quota::renews_at(now) }
}

/// Logs each limit of which at least half is used. Called after a code or message was counted.
pub fn log_limits(operation: &str, counters: &Counters) {
    for (limit, share) in counters.reached() {
        log_limit(operation, limit, share);
    }
}

fn log_limit(operation: &str, limit: CodeLimit, share: Share) {
    log::line(operation, LogCode::CodeLimit, &[("limit", json!(limit.name())), ("share", json!(share.name()))]);
}

/// Checks that a code may be resent.
///
/// # Errors
/// The problem for the decision, unless it is [`Resend::Allowed`].
pub const fn refuse_resend(decision: Resend) -> Result<(), Problem> {
    match decision {
        Resend::Allowed => Ok(()),
        Resend::Associated => Err(Problem::ResendAssociated),
        Resend::TooLate => Err(Problem::ResendTooLate),
        Resend::Exhausted => Err(Problem::ResendExhausted { limit: RESENDS_MAX }),
        Resend::BeingSent => Err(Problem::ResendInProgress),
    }
}

/// Returns whether a picture was rejected because no face was found.
pub fn is_without_face(failure: &Failure) -> bool {
    matches!(failure.problem(), Problem::BadPicture { fault: PictureFault::Shown(finding), .. } if is_no_face(finding))
}

/// Stores in the session that an upload was rejected because no face was found. Returns the session's rejections, which include this one.
///
/// If another request changes the rejections at the same time, reads the session again and repeats the update.
///
/// # Errors
/// Storage errors; [`Problem::SessionExpired`] if the session has ended; [`Problem::Conflict`] if other requests change the session at each
/// attempt.
pub async fn note_no_face(sessions: &Sessions, session: &Session, upload: &Issuance, now: Moment) -> Result<Rejections, Failure> {
    const TRIES: usize = 3;
    let mut session = session.clone();
    for _ in 0..TRIES {
        let Some(rejections) = session.rejections.with(&upload.business, &upload.upload_id, now) else { return Ok(session.rejections) };
        if sessions.set_rejections(&session, &rejections).await? {
            return Ok(rejections);
        }
        session = sessions.load(&session.token, now).await?.filter(|session| session.successor.is_none()).ok_or(Problem::SessionExpired)?;
    }
    Err(Problem::Conflict.into())
}

/// A picture that passed the check: it breaks no rule, unless the rule that a face must be found was waived.
pub struct CheckedPicture {
    pub kind: ImageKind,
    pub picture: Accepted,
}

impl CheckedPicture {
    /// Returns the data about the picture that is stored in the item of the code.
    pub fn facts(&self) -> ImageFacts {
        ImageFacts {
            kind: self.kind,
            width: self.picture.width,
            height: self.picture.height,
            bytes: u64::try_from(self.picture.jpeg.len()).unwrap_or_default(),
        }
    }
}

/// An uploaded original. Its memory is overwritten when it is dropped.
pub type Original = Zeroizing<Vec<u8>>;

/// Reads the originals concurrently and compares their hashes with the declared hashes.
///
/// # Errors
/// [`Problem::UploadIncomplete`], [`Problem::UploadAltered`]. If both originals have a fault, the error is that of the face photo.
pub async fn originals(vault: &Vault, upload: &Issuance) -> Result<Vec<(ImageKind, Original)>, Failure> {
    let reading = upload.declared.iter().map(async |(&kind, declared)| {
        let original = vault.incoming(&upload.business, &upload.upload_id, kind).await?;
        let original = original.ok_or(Problem::UploadIncomplete { kind })?;
        if !equal(sha256_hex(&original).as_bytes(), declared.sha256.as_bytes()) {
            return Err(Failure::from(Problem::UploadAltered { kind }));
        }
        Ok((kind, original))
    });
    join_all(reading).await.into_iter().collect()
}

/// Reads the originals and checks them against their declaration and the rules of the profile. With `waives_no_face`, a face photo in which
/// no face is found is accepted.
///
/// # Errors
/// [`Problem::BadPicture`] with the first rule that a picture breaks, and the errors of [`originals`].
pub async fn check(vault: &Vault, upload: &Issuance, waives_no_face: bool) -> Result<Vec<CheckedPicture>, Failure> {
    let mut checked = Vec::new();
    for (kind, original) in originals(vault, upload).await? {
        let bad_picture = |fault: PictureFault| Problem::BadPicture { kind, fault };
        let is_waived = |finding: &Finding| waives_no_face && is_no_face(finding);
        let picture = pictures::accept_waiving(upload.profile, kind, &original, is_waived).map_err(bad_picture)?;
        checked.push(CheckedPicture { kind, picture });
    }
    Ok(checked)
}

/// Deletes the originals of an upload, because its code was issued or the upload was refused. If the deletion fails, the bucket's lifecycle
/// rule deletes the originals within two days.
pub async fn delete_originals(vault: &Vault, upload: &Issuance) {
    let deleting = upload.declared.keys().map(async |&kind| {
        log::side_call("delete_originals", vault.delete_incoming(&upload.business, &upload.upload_id, kind).await);
    });
    join_all(deleting).await;
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::Duration};

    use domain::{
        EmailAddress, FileProfile, Language, Moment,
        business::BusinessId,
        staff::{Capacity, MemberId},
    };
    use lambda::{Endpoint, Response};
    use storage::{
        issuances::{Declared, SealedReference},
        sealing::issuance_key,
    };

    use super::*;

    const PICTURE: &str = "as declared";

    fn upload() -> Issuance {
        let declared = Declared { bytes: PICTURE.len() as u64, sha256: sha256_hex(PICTURE.as_bytes()) };
        let now = Moment::from_epoch_seconds(1_800_000_000);
        let declared = BTreeMap::from(ImageKind::ALL.map(|kind| (kind, declared.clone())));
        let made_by = (MemberId::from_hash("m".to_owned()), Capacity::Owner);
        Issuance::begin(BusinessId::from_hash("b".into()), "u".to_owned(), made_by, FileProfile::IdentityCard, declared, now)
    }

    /// Reads the originals from a simulated bucket, where `None` is an object that was not uploaded. The response for `slow` arrives last.
    /// Returns the number of originals, or the problem.
    async fn read_originals(face: Option<&'static str>, signature: Option<&'static str>, slow: ImageKind) -> Result<usize, Problem> {
        let s3 = Endpoint::start(move |request| {
            let is = |kind: ImageKind| request.target.contains(&format!("/{}?", kind.name()));
            let object = if is(ImageKind::Face) { face } else { signature };
            let response = match object {
                Some(object) => Response::ok("image/jpeg", object),
                None => Response { status: 404, ..Response::ok("application/xml", "<Error><Code>NoSuchKey</Code></Error>") },
            };
            Response { delay: if is(slow) { Duration::from_millis(200) } else { Duration::ZERO }, ..response }
        })
        .await;
        let vault = Vault::new(&lambda::sdk_config(&s3.url), "photos".to_owned());
        let result = originals(&vault, &upload()).await;
        assert_eq!(s3.take().len(), 2);
        result.map(|originals| originals.len()).map_err(|failure| failure.problem().clone())
    }

    #[test]
    fn a_repeated_request_must_have_the_same_reference() {
        let (upload, key) = (upload(), issuance_key("secret"));
        let [reference, other] = ["Άννα", "Αννα"].map(|text| Reference::parse(text).unwrap());
        let issued = |reference: Option<&Reference>, key: &SealingKey| {
            let seal = |reference| SealedReference::seal(key, &upload.business, &upload.upload_id, reference).unwrap();
            let to = Recipient::Email(EmailAddress::parse("a@example.gr").unwrap());
            Issued {
                reference: reference.map(seal),
                ..Issued::queued(&to, Language::El, "m".to_owned(), upload.requested_at, upload.expires_at)
            }
        };
        for (stored, given, is_same) in [
            (Some(&reference), Some(&reference), true),
            (Some(&reference), Some(&other), false),
            (Some(&reference), None, false),
            (None, Some(&reference), false),
            (None, None, true),
        ] {
            assert_eq!(has_same_texts(&upload, &issued(stored, &key), &key, None, given), is_same, "{stored:?} {given:?}");
        }
        let earlier_secret = issued(Some(&reference), &issuance_key("earlier"));
        assert!(has_same_texts(&upload, &earlier_secret, &key, None, Some(&reference)));
    }

    #[test]
    fn a_blank_reference_is_none_and_a_long_one_is_invalid() {
        assert_eq!(parse_reference(" \u{200b}"), Ok(None));
        assert_eq!(parse_reference(" 17 "), Ok(Reference::parse("17").ok()));
        let reason = FieldReason::TooLong { limit: 40 };
        assert_eq!(parse_reference(&"ώ".repeat(41)), Err(Problem::InvalidField { field: "reference".to_owned(), reason }));
    }

    #[tokio::test]
    async fn of_two_faults_the_fault_of_the_face_is_reported() {
        for slow in ImageKind::ALL {
            assert_eq!(read_originals(None, None, slow).await, Err(Problem::UploadIncomplete { kind: ImageKind::Face }));
            assert_eq!(read_originals(Some("altered"), None, slow).await, Err(Problem::UploadAltered { kind: ImageKind::Face }));
            assert_eq!(read_originals(None, Some("altered"), slow).await, Err(Problem::UploadIncomplete { kind: ImageKind::Face }));
            assert_eq!(read_originals(Some(PICTURE), None, slow).await, Err(Problem::UploadIncomplete { kind: ImageKind::Signature }));
            assert_eq!(read_originals(Some(PICTURE), Some(PICTURE), slow).await, Ok(2));
        }
    }
}
