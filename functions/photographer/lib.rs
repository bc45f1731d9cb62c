//! Code that the photographer's functions share: the recipient of a code, daily limits, and reading, checking and deleting the originals of
//! an upload.

use domain::{
    ImageKind, Moment, Recipient,
    code_limit::{CodeLimit, Share},
    photo::PictureFault,
    quota,
    recipient::RecipientKind,
    typed,
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
    issuances::Issuance,
    sealing::{equal, sha256_hex},
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

/// A picture that satisfies every rule.
pub struct CheckedPicture {
    pub kind: ImageKind,
    pub picture: Accepted,
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

/// Reads the originals and checks them against their declaration and the rules of the profile.
///
/// # Errors
/// [`Problem::BadPicture`] with the first rule that a picture breaks, and the errors of [`originals`].
pub async fn check(vault: &Vault, upload: &Issuance) -> Result<Vec<CheckedPicture>, Failure> {
    let mut checked = Vec::new();
    for (kind, original) in originals(vault, upload).await? {
        let bad_picture = |fault: PictureFault| Problem::BadPicture { kind, fault };
        checked.push(CheckedPicture { kind, picture: pictures::accept(upload.profile, kind, &original).map_err(bad_picture)? });
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
