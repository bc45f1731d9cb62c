//! POST /v1/photographer/uploads/{upload}/check: reports which rules the uploaded pictures break, and gives advice on taking better
//! pictures.
//!
//! The originals remain, so the request can be repeated. If the only error of the face photo is that no face is found, the session records
//! the upload, because after two such uploads a code may be issued without a recognised face.

use domain::{
    FileProfile, ImageKind, Language,
    picture_report::{Finding, Marks, Place, Report, Zone},
    without_face::is_no_face,
};
use edge::{Call, Failure, Reply, Setup, guard::Photographer};
use messages::{picture_report, problem::Problem};
use photographer_functions::{note_no_face, originals};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use storage::{
    issuances::{Issuances, UploadState},
    sessions::Sessions,
    staff::Staff,
    vault::Vault,
};

struct Deps {
    sessions: Sessions,
    staff: Staff,
    issuances: Issuances,
    vault: Vault,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {}

#[derive(Serialize)]
struct ResponseBody {
    upload_id: String,
    profile: FileProfile,
    /// True if no image has an error, so that a code can be issued.
    ok: bool,
    images: Vec<ImageReport>,
    /// True if enough uploads were rejected because no face was found, so that `issue_code` accepts `without_face`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    may_issue_without_face: bool,
}

#[derive(Serialize)]
struct ImageReport {
    kind: ImageKind,
    ok: bool,
    findings: Vec<FindingView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    marks: Option<MarksView>,
}

/// Points of the face, in fractions of the picture's width and height.
#[derive(Serialize)]
struct MarksView {
    left_eye: PlaceView,
    right_eye: PlaceView,
    chin: PlaceView,
    crown: PlaceView,
    zones: Vec<ZoneView>,
}

#[derive(Serialize)]
struct ZoneView {
    rule: &'static str,
    points: Vec<PlaceView>,
}

#[derive(Serialize)]
struct PlaceView {
    x: Value,
    y: Value,
}

#[derive(Serialize)]
struct FindingView {
    rule: &'static str,
    severity: &'static str,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    measured: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<LimitView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'static str>,
    /// Text that explains the problem and how to solve it.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// The allowed range, with both ends included.
#[derive(Serialize)]
struct LimitView {
    #[serde(skip_serializing_if = "Option::is_none")]
    least: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    most: Option<Value>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps { sessions: setup.sessions(), staff: setup.staff(), issuances: setup.issuances(), vault: setup.vault() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let Photographer { session, business, .. } = Photographer::from(call, &deps.sessions, &deps.staff).await?;
    let Body {} = call.json()?;
    let upload_id = call.path("upload").filter(|id| storage::is_time_ordered_id(id)).ok_or(Problem::UploadUnknown)?;
    let upload = deps.issuances.find(&business, upload_id, call.now).await?.ok_or(Problem::UploadUnknown)?;
    match upload.state {
        UploadState::Uploading => {}
        UploadState::Issued => return Err(Problem::UploadIssued.into()),
        UploadState::Refused => return Err(Problem::UploadRefused.into()),
    }
    let (mut images, mut face_is_missing) = (Vec::new(), false);
    for (kind, original) in originals(&deps.vault, &upload).await? {
        let report = pictures::inspect(upload.profile, kind, &original);
        face_is_missing |= lacks_only_a_face(&report);
        let findings = report.findings.iter().map(|finding| FindingView::of(kind, finding, call.language)).collect();
        let ok = report.ok();
        images.push(ImageReport { kind, ok, findings, marks: report.marks.map(MarksView::of) });
    }
    let ok = images.iter().all(|image| image.ok);
    let may_issue_without_face =
        face_is_missing && note_no_face(&deps.sessions, &session, &upload, call.now).await?.permit(&business, call.now);
    let body = ResponseBody { upload_id: upload.upload_id, profile: upload.profile, ok, images, may_issue_without_face };
    Reply::json(200, &body)
}

/// Returns whether the only error is that no face was found.
fn lacks_only_a_face(report: &Report) -> bool {
    let mut errors = report.findings.iter().filter(|finding| finding.blocks());
    errors.next().is_some_and(is_no_face) && errors.next().is_none()
}

impl MarksView {
    fn of(marks: Marks) -> Self {
        let place = |place: Place| PlaceView { x: picture_report::fraction(place.x), y: picture_report::fraction(place.y) };
        let zone = |zone: Zone| ZoneView { rule: zone.rule.name(), points: zone.points.into_iter().map(place).collect() };
        Self {
            left_eye: place(marks.left_eye),
            right_eye: place(marks.right_eye),
            chin: place(marks.chin),
            crown: place(marks.crown),
            zones: marks.zones.into_iter().map(zone).collect(),
        }
    }
}

impl FindingView {
    fn of(kind: ImageKind, finding: &Finding, language: Language) -> Self {
        let number = |value: Option<f64>| value.map(|value| picture_report::number(finding, value));
        Self {
            rule: finding.rule.name(),
            severity: finding.severity.name(),
            ok: finding.ok,
            measured: number(finding.measured),
            limit: finding.measured.map(|_| LimitView { least: number(finding.limit.least), most: number(finding.limit.most) }),
            unit: finding.rule.unit(),
            text: picture_report::text(kind, finding, language),
        }
    }
}
