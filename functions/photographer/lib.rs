//! What the photographer's functions share: to whom a code goes; an upload's originals, read, checked, deleted.

use domain::{
    EmailAddress, GreekMobile, ImageKind, Moment, Recipient,
    code_limit::{CodeLimit, Share},
    photo::PictureFault,
    quota,
    recipient::RecipientKind,
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

/// Where a code is to go, as the photographer writes it: the field `recipient`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipientBody {
    kind: RecipientKind,
    value: String,
}

impl RecipientBody {
    /// # Errors
    /// [`Problem::InvalidField`].
    pub fn parse(&self) -> Result<Recipient, Problem> {
        let invalid = |reason| Problem::InvalidField { field: "recipient.value".to_owned(), reason };
        match self.kind {
            RecipientKind::Mobile => {
                GreekMobile::parse(&self.value).map(Recipient::Mobile).map_err(|_| invalid(FieldReason::InvalidMobile))
            }
            RecipientKind::Email => EmailAddress::parse(&self.value).map(Recipient::Email).map_err(|_| invalid(FieldReason::InvalidEmail)),
        }
    }
}

/// Logs that a day's limit is reached, for its alarm, and returns the photographer's problem.
pub fn limit_reached(operation: &str, limit: CodeLimit, now: Moment) -> Problem {
    log_limit(operation, limit, Share::Whole);
    Problem::CodeLimitReached { limit, renews_at: quota::renews_at(now) }
}

/// Logs the limits of which half or all is used, once a code or message is counted.
pub fn log_limits(operation: &str, counters: &Counters) {
    for (limit, share) in counters.reached() {
        log_limit(operation, limit, share);
    }
}

fn log_limit(operation: &str, limit: CodeLimit, share: Share) {
    log::line(operation, LogCode::CodeLimit, &[("limit", json!(limit.name())), ("share", json!(share.name()))]);
}

/// A picture that keeps every rule.
pub struct Checked {
    pub kind: ImageKind,
    pub picture: Accepted,
}

/// An uploaded original. Wiped when it goes.
pub type Original = Zeroizing<Vec<u8>>;

/// Reads the originals at the same time and compares them with what was declared.
///
/// # Errors
/// [`Problem::UploadIncomplete`], [`Problem::UploadAltered`]. Of several faults that of the face is returned, whichever is found first.
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

/// Reads the originals and checks them against what was declared and against the profile.
///
/// # Errors
/// The first rule that a picture breaks; [`Problem::UploadIncomplete`], [`Problem::UploadAltered`].
pub async fn check(vault: &Vault, upload: &Issuance) -> Result<Vec<Checked>, Failure> {
    let mut checked = Vec::new();
    for (kind, original) in originals(vault, upload).await? {
        let refuse = |fault: PictureFault| Problem::BadPicture { kind, fault };
        checked.push(Checked { kind, picture: pictures::accept(upload.profile, kind, &original).map_err(refuse)? });
    }
    Ok(checked)
}

/// On every outcome. Where it fails, the bucket's rule does it within a day or two.
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

    /// What [`originals`] says of objects, `None` for one that was not uploaded. The response for `late` comes last.
    async fn said(face: Option<&'static str>, signature: Option<&'static str>, late: ImageKind) -> Result<usize, Problem> {
        let s3 = Endpoint::start(move |request| {
            let is = |kind: ImageKind| request.target.contains(&format!("/{}?", kind.name()));
            let object = if is(ImageKind::Face) { face } else { signature };
            let response = match object {
                Some(object) => Response::ok("image/jpeg", object),
                None => Response { status: 404, ..Response::ok("application/xml", "<Error><Code>NoSuchKey</Code></Error>") },
            };
            Response { delay: if is(late) { Duration::from_millis(200) } else { Duration::ZERO }, ..response }
        })
        .await;
        let vault = Vault::new(&lambda::sdk_config(&s3.url), "photos".to_owned());
        let said = originals(&vault, &upload()).await;
        assert_eq!(s3.take().len(), 2);
        said.map(|originals| originals.len()).map_err(|failure| failure.problem().clone())
    }

    #[tokio::test]
    async fn of_two_faults_the_faces_is_reported_whichever_is_found_first() {
        for late in ImageKind::ALL {
            assert_eq!(said(None, None, late).await, Err(Problem::UploadIncomplete { kind: ImageKind::Face }));
            assert_eq!(said(Some("altered"), None, late).await, Err(Problem::UploadAltered { kind: ImageKind::Face }));
            assert_eq!(said(None, Some("altered"), late).await, Err(Problem::UploadIncomplete { kind: ImageKind::Face }));
            assert_eq!(said(Some(PICTURE), None, late).await, Err(Problem::UploadIncomplete { kind: ImageKind::Signature }));
            assert_eq!(said(Some(PICTURE), Some(PICTURE), late).await, Ok(2));
        }
    }
}
