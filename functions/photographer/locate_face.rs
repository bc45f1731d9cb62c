//! POST /v1/photographer/face: finds the face in a small copy of a photo, and returns the crop for each profile.
//!
//! The photo itself is not needed for this. Neither the copy nor the position is stored or logged.

use domain::{
    FileProfile, ImageKind,
    face_position::{Crop, FacePosition, Point, Side},
    small_copy::COPY_BYTES_MAX,
};
use edge::{AcceptedBody, Call, Failure, Reply, Setup, guard::Photographer};
use messages::problem::Problem;
use serde::Serialize;
use storage::{sessions::Sessions, staff::Staff};

struct Deps {
    sessions: Sessions,
    staff: Staff,
}

#[derive(Debug, PartialEq, Serialize)]
struct ResponseBody {
    /// Absent if no face was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    face: Option<FaceView>,
    /// One crop for each profile. Empty if no face was found.
    crops: Vec<CropView>,
}

/// The position of a face. Lengths and points are fractions of the picture's width and height.
#[derive(Debug, PartialEq, Serialize)]
struct FaceView {
    #[serde(rename = "box")]
    bounds: BoundsView,
    left_eye: PointView,
    right_eye: PointView,
    chin: PointView,
    crown: PointView,
    /// In degrees.
    roll: f64,
}

#[derive(Debug, PartialEq, Serialize)]
struct BoundsView {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

#[derive(Debug, PartialEq, Serialize)]
struct PointView {
    x: f64,
    y: f64,
}

/// The area of the picture to use as a face photo. Lengths and points are fractions as in [`FaceView`]. The area may extend beyond the
/// picture.
#[derive(Debug, PartialEq, Serialize)]
struct CropView {
    profile: FileProfile,
    centre: PointView,
    width: f64,
    height: f64,
    /// In degrees.
    rotation: f64,
    outside: Vec<&'static str>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps { sessions: setup.sessions(), staff: setup.staff() };
    let body = AcceptedBody::jpeg(COPY_BYTES_MAX);
    edge::serve_with_body(env!("CARGO_BIN_NAME"), setup, deps, body, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    Photographer::from(call, &deps.sessions, &deps.staff).await?;
    let bad_picture = |fault| Problem::BadPicture { kind: ImageKind::Face, fault };
    pictures::check_small_copy(call.bytes()).map_err(bad_picture)?;
    let position = pictures::locate(call.bytes()).map_err(bad_picture)?;
    Reply::json(200, &ResponseBody::of(position.as_ref()))
}

impl ResponseBody {
    fn of(position: Option<&FacePosition>) -> Self {
        let crop = |position: &FacePosition, profile| CropView::of(position, profile, &position.crop(profile));
        Self {
            face: position.map(FaceView::of),
            crops: position.map(|position| FileProfile::ALL.map(|profile| crop(position, profile)).into()).unwrap_or_default(),
        }
    }
}

impl FaceView {
    fn of(position: &FacePosition) -> Self {
        let (across, down) = size(position);
        let point = |point: Point| PointView::of(point, position);
        Self {
            bounds: BoundsView {
                left: fraction(position.left, across),
                top: fraction(position.top, down),
                width: fraction(position.width, across),
                height: fraction(position.height, down),
            },
            left_eye: point(position.left_eye),
            right_eye: point(position.right_eye),
            chin: point(position.chin),
            crown: point(position.crown),
            roll: degrees(position.roll),
        }
    }
}

impl CropView {
    fn of(position: &FacePosition, profile: FileProfile, crop: &Crop) -> Self {
        let (across, down) = size(position);
        Self {
            profile,
            centre: PointView::of(crop.centre, position),
            width: fraction(crop.width, across),
            height: fraction(crop.height, down),
            rotation: degrees(crop.rotation),
            outside: crop.outside.iter().copied().map(side_name).collect(),
        }
    }
}

impl PointView {
    fn of(point: Point, position: &FacePosition) -> Self {
        let (across, down) = size(position);
        Self { x: fraction(point.x, across), y: fraction(point.y, down) }
    }
}

/// Returns the width and height of the picture.
fn size(position: &FacePosition) -> (f64, f64) {
    (f64::from(position.picture.0), f64::from(position.picture.1))
}

/// Returns a length as a fraction of the picture's width or height, rounded to four decimals. The rounding error is less than a tenth of a
/// pixel.
fn fraction(pixels: f64, of: f64) -> f64 {
    rounded(pixels / of, 10_000.0)
}

/// Rounds an angle to hundredths of a degree.
fn degrees(angle: f64) -> f64 {
    rounded(angle, 100.0)
}

/// Rounds to a multiple of `1 / parts`. Returns 0 instead of -0.
fn rounded(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts + 0.0
}

const fn side_name(side: Side) -> &'static str {
    match side {
        Side::Above => "above",
        Side::Below => "below",
        Side::Left => "left",
        Side::Right => "right",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn position(roll: f64) -> FacePosition {
        let point = |x, y| Point { x, y };
        FacePosition {
            picture: (640, 480),
            left: 200.0,
            top: 100.0,
            width: 120.0,
            height: 160.0,
            left_eye: point(230.0, 140.0),
            right_eye: point(290.0, 140.0),
            chin: point(260.0, 255.5),
            crown: point(260.0, -0.004),
            roll,
        }
    }

    #[test]
    fn without_a_face_the_response_has_no_crops() {
        assert_eq!(serde_json::to_value(ResponseBody::of(None)).unwrap(), json!({ "crops": [] }));
    }

    #[test]
    fn positions_are_fractions_of_the_picture_with_four_decimals() {
        let body = serde_json::to_value(ResponseBody::of(Some(&position(-0.001)))).unwrap();
        let face = json!({
            "box": { "left": 0.3125, "top": 0.2083, "width": 0.1875, "height": 0.3333 },
            "left_eye": { "x": 0.3594, "y": 0.2917 },
            "right_eye": { "x": 0.4531, "y": 0.2917 },
            "chin": { "x": 0.4063, "y": 0.5323 },
            "crown": { "x": 0.4063, "y": 0.0 },
            "roll": 0.0,
        });
        assert_eq!(body["face"], face);
        assert!(!body.to_string().contains("-0.0,"), "zero has no sign: {body}");
    }

    #[test]
    fn each_profile_has_a_crop_in_its_proportion_that_names_the_sides_outside_the_picture() {
        let body = ResponseBody::of(Some(&position(10.0)));
        let profiles: Vec<_> = body.crops.iter().map(|crop| crop.profile).collect();
        assert_eq!(profiles, FileProfile::ALL);
        for crop in &body.crops {
            let (width, height) = crop.profile.frame(ImageKind::Face).proportion;
            let proportion = crop.width * 640.0 / (crop.height * 480.0);
            assert!((proportion - f64::from(width) / f64::from(height)).abs() < 0.001, "{proportion}");
            assert_eq!(crop.rotation, -10.0);
            assert!(crop.outside.contains(&"above"), "{:?}", crop.outside);
        }
    }
}
