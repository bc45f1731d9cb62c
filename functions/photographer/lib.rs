//! What the photographer's functions share: to whom a code goes; an upload's originals, read, checked, deleted.

use domain::{EmailAddress, GreekMobile, ImageKind, Recipient, photo::PictureFault, recipient::RecipientKind};
use edge::{Failure, log};
use futures_util::future::{join_all, try_join_all};
use messages::problem::{FieldReason, Problem};
use pictures::Accepted;
use serde::Deserialize;
use storage::{
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

/// A picture that keeps every rule.
pub struct Checked {
    pub kind: ImageKind,
    pub picture: Accepted,
}

/// An uploaded original. Wiped when it goes.
pub type Original = Zeroizing<Vec<u8>>;

/// Reads the originals and compares them with what was declared.
///
/// # Errors
/// [`Problem::UploadIncomplete`], [`Problem::UploadAltered`].
pub async fn originals(vault: &Vault, upload: &Issuance) -> Result<Vec<(ImageKind, Original)>, Failure> {
    let reading = upload.declared.iter().map(async |(&kind, declared)| {
        let original = vault.incoming(&upload.business, &upload.upload_id, kind).await?;
        let original = original.ok_or(Problem::UploadIncomplete { kind })?;
        if !equal(sha256_hex(&original).as_bytes(), declared.sha256.as_bytes()) {
            return Err(Failure::from(Problem::UploadAltered { kind }));
        }
        Ok((kind, original))
    });
    try_join_all(reading).await
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
