//! Code that the photographer's functions share: the recipient of a code, daily limits, rejections because no face was found, and reading,
//! checking and deleting the originals of an upload.

use domain::{
    ImageKind, Moment, Recipient, Secret,
    code_limit::{CodeLimit, Share},
    photo::PictureFault,
    picture_rule::Finding,
    quota,
    recipient::RecipientKind,
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
    issuances::Issuance,
    sealing::{equal, sha256_hex},
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

/// The field `without_face` of a request: why a code is issued without a recognised face.
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

/// Logs that a daily limit is reached, for its alarm, and returns the problem for the photographer.
pub fn limit_reached(operation: &str, limit: CodeLimit, now: Moment) -> Problem {
    log_limit(operation, limit, Share::Whole);
    Problem::CodeLimitReached { limit, renews_at: quota::renews_at(now) }
}

/// Logs each limit of which half or all is used. Called after a code or message was counted.
pub fn log_limits(operation: &str, counters: &Counters) {
    for (limit, share) in counters.reached() {
        log_limit(operation, limit, share);
    }
}

fn log_limit(operation: &str, limit: CodeLimit, share: Share) {
    log::line(operation, LogCode::CodeLimit, &[("limit", json!(limit.name())), ("share", json!(share.name()))]);
}

/// Returns whether a picture was rejected because no face was found.
pub fn is_without_face(failure: &Failure) -> bool {
    matches!(failure.problem(), Problem::BadPicture { fault: PictureFault::Shown(finding), .. } if is_no_face(finding))
}

/// Stores in the session that an upload was rejected because no face was found. Returns the session's rejections, which include this one.
///
/// If another request changes them at the same time, reads the session again and repeats the update.
///
/// # Errors
/// Storage errors; [`Problem::SessionExpired`] if the session has ended; [`Problem::Conflict`] if other requests win every time.
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

/// A picture that satisfies every rule, except one that was waived.
pub struct CheckedPicture {
    pub kind: ImageKind,
    pub picture: Accepted,
}

impl CheckedPicture {
    /// Returns what the item of the code stores about the picture.
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

/// Reads the originals concurrently and compares their hashes with the declared ones.
///
/// # Errors
/// [`Problem::UploadIncomplete`], [`Problem::UploadAltered`]. If both originals have a fault, the fault of the face is returned.
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

/// Reads the originals and checks them against their declaration and the rules of the profile. With `waives_no_face`, a face photo in which no
/// face is found is accepted.
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

/// Deletes the originals of an upload that was issued or refused. If that fails, the bucket's lifecycle rule deletes them within two days.
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
        FileProfile, Moment,
        business::BusinessId,
        staff::{Capacity, MemberId},
    };
    use lambda::{Endpoint, Response};
    use storage::issuances::Declared;

    use super::*;

    const PICTURE: &str = "as declared";

    fn upload() -> Issuance {
        let declared = Declared { bytes: PICTURE.len() as u64, sha256: sha256_hex(PICTURE.as_bytes()) };
        let now = Moment::from_epoch_seconds(1_800_000_000);
        let declared = BTreeMap::from(ImageKind::ALL.map(|kind| (kind, declared.clone())));
        let made_by = (MemberId::from_hash("m".to_owned()), Capacity::Owner);
        Issuance::begin(BusinessId::from_hash("b".into()), "u".to_owned(), made_by, FileProfile::IdentityCard, declared, now)
    }

    /// Returns the number of originals read, or the problem. `None` is an object that was not uploaded. The response for `slow` arrives
    /// last.
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
