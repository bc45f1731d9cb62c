//! POST /v1/photographer/uploads: returns presigned URLs for uploading the declared pictures directly to S3.

use std::collections::BTreeMap;

use domain::{FileProfile, ImageKind, photo, retention::UPLOAD_URL_VALID, staff::Capacity};
use edge::{Call, Failure, Reply, Setup, guard::Photographer};
use messages::problem::{FieldReason, Problem};
use serde::{Deserialize, Serialize};
use storage::{
    issuances::{Declared, Issuance, Issuances},
    sessions::Sessions,
    staff::Staff,
    vault::{UploadUrl, Vault},
};

struct Deps {
    sessions: Sessions,
    staff: Staff,
    issuances: Issuances,
    vault: Vault,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    profile: FileProfile,
    face: Option<DeclaredBody>,
    signature: Option<DeclaredBody>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeclaredBody {
    bytes: u64,
    /// The picture's SHA-256 hash as 64 hexadecimal digits.
    sha256: String,
}

#[derive(Serialize)]
struct ResponseBody {
    upload_id: String,
    expires_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    face: Option<UploadView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<UploadView>,
}

#[derive(Serialize)]
struct UploadView {
    method: &'static str,
    url: String,
    /// Headers that the upload must send unchanged, because the URL's signature covers them.
    headers: BTreeMap<String, String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps { sessions: setup.sessions(), staff: setup.staff(), issuances: setup.issuances(), vault: setup.vault() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let Photographer { business, member, employee, .. } = Photographer::from(call, &deps.sessions, &deps.staff).await?;
    let body: Body = call.json()?;
    let mut declared = BTreeMap::new();
    for (kind, picture) in [(ImageKind::Face, body.face), (ImageKind::Signature, body.signature)] {
        if let Some(picture) = picture {
            declared.insert(kind, parse(kind, picture)?);
        }
    }
    if declared.is_empty() {
        return Err(Problem::PicturesMissing.into());
    }
    let upload_id = storage::time_ordered_id();
    let mut uploads = BTreeMap::new();
    for (&kind, declared) in &declared {
        uploads.insert(kind, view(deps.vault.presign(&business, &upload_id, kind, declared).await?));
    }
    let made_by = (member, Capacity::of(employee.as_ref()));
    let issuance = Issuance::begin(business, upload_id.clone(), made_by, body.profile, declared, call.now);
    if !deps.issuances.begin(&issuance, call.now).await? {
        return Err(Problem::Conflict.into());
    }
    let body = ResponseBody {
        upload_id,
        expires_at: call.now.plus(UPLOAD_URL_VALID).rfc3339(),
        face: uploads.remove(&ImageKind::Face),
        signature: uploads.remove(&ImageKind::Signature),
    };
    Reply::json(201, &body)
}

fn parse(kind: ImageKind, picture: DeclaredBody) -> Result<Declared, Problem> {
    photo::check_bytes(picture.bytes).map_err(|fault| Problem::BadPicture { kind, fault })?;
    let invalid = |field: &str, reason| Problem::InvalidField { field: format!("{}.{field}", kind.name()), reason };
    if picture.bytes == 0 {
        return Err(invalid("bytes", FieldReason::InvalidNumber));
    }
    let sha256 = picture.sha256.to_ascii_lowercase();
    if sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(invalid("sha256", FieldReason::NotAllowed));
    }
    Ok(Declared { bytes: picture.bytes, sha256 })
}

fn view(upload: UploadUrl) -> UploadView {
    UploadView { method: "PUT", url: upload.url, headers: upload.headers.into_iter().collect() }
}
