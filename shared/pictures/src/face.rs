//! Finds faces and measures the largest one.
//!
//! There are two neural networks (networks.rs). The detector finds candidates in a square of 128 x 128 pixels. For each candidate, the
//! second network locates 478 landmarks, and its score decides whether the candidate is a face. All measurements are calculated from the
//! landmarks and from the pixels of the picture.

mod canonical;
mod detector;
mod features;
mod landmarks;
mod networks;
mod pose;
mod sampling;
mod zones;

use domain::{
    face_position::{FacePosition, Point},
    picture_report::{Face, FaceMeasures, Faces, Marks, Place},
};
use image::{GrayImage, Pixel, RgbImage};

use self::{detector::Candidate, landmarks::Landmarks, pose::Pose, sampling::Square};
use crate::levels::Levels;

/// A face other than the largest one counts if its width is at least this fraction of the largest one's width. A face on a badge or a
/// T-shirt is smaller.
const SECOND_FACE_WIDTH_MIN: f64 = 0.4;
/// Small faces are searched for in square tiles. The side of a tile is the longer edge of the picture, divided by one of these numbers. The
/// numbers are tried in this order.
const TILE_PARTS: [f64; 3] = [1.5, 2.0, 3.0];
/// Added to the detector's score of an upright face, because most pictures are upright.
const UPRIGHT_BONUS: f64 = 0.05;
/// Beyond this yaw, in degrees, half of the face is hidden.
const YAW_MEASURABLE: f64 = 45.0;

/// The largest face, and the number of faces.
struct Found {
    face: Landmarks,
    /// The detector's score of the largest face.
    score: f64,
    faces: Faces,
}

pub(crate) struct Measured {
    pub(crate) measures: FaceMeasures,
    pub(crate) marks: Option<Marks>,
}

/// Measures `picture`, which is a scaled copy of the uploaded picture. `size` is the size of the uploaded picture.
pub(crate) fn measure(picture: &RgbImage, size: (u32, u32)) -> Measured {
    let gray = grayscale(picture);
    let levels = Levels::of_picture(&gray);
    let found = portrait_searches(picture).into_iter().find_map(|square| search(picture, square));
    let background = found.as_ref().and_then(|found| zones::background(&gray, &found.face));
    let measures = FaceMeasures {
        tones: levels.quantile(0.99) - levels.quantile(0.01),
        colour: colour(picture, &levels),
        faces: found.as_ref().map(|found| found.faces).unwrap_or_default(),
        face: found.as_ref().map(|found| measure_face(picture, &gray, &found.face, size)),
        background,
    };
    Measured { marks: found.map(|found| marks(picture, &found.face, &measures)), measures }
}

/// Finds the largest face. The head may be much smaller than in a portrait. Searches the whole picture in all quarter turns. If no face is
/// found, searches the picture with a margin, then tilted to either side, and then upright in tiles. `copy` is a scaled copy of the
/// picture, and `size` is the size of the picture itself.
pub(crate) fn locate(copy: &RgbImage, size: (u32, u32)) -> Option<FacePosition> {
    let largest = |group: Vec<Square>| {
        let found = group.into_iter().filter_map(|square| search(copy, square)).map(|found| found.face);
        found.max_by(|one, other| one.eyes_to_chin().total_cmp(&other.eyes_to_chin()))
    };
    let smaller = || other_searches(copy).into_iter().map(|square| vec![square]).chain(TILE_PARTS.map(|parts| tiles(copy, parts)));
    let face = in_any_quarter_turn(copy).or_else(|| smaller().find_map(largest))?.refined(copy);
    let across = f64::from(size.0) / f64::from(copy.width().max(1));
    let down = f64::from(size.1) / f64::from(copy.height().max(1));
    let full = |point: Point| Point { x: point.x * across, y: point.y * down };
    let (left, top, right, bottom) = face.bounds();
    Some(FacePosition {
        picture: size,
        left: left * across,
        top: top * down,
        width: (right - left) * across,
        height: (bottom - top) * down,
        left_eye: full(face.left_eye()),
        right_eye: full(face.right_eye()),
        chin: full(face.chin()),
        crown: full(face.crown()),
        roll: face.eye_angle(),
    })
}

fn middle(picture: &RgbImage) -> Point {
    Point { x: f64::from(picture.width()) / 2.0, y: f64::from(picture.height()) / 2.0 }
}

fn longer_edge(picture: &RgbImage) -> f64 {
    f64::from(picture.width().max(picture.height()).max(1))
}

/// Returns the squares in which the detector looks for the face of a portrait, in this order, until it finds a face: the whole picture, and
/// the whole picture with a margin, in case the face fills the picture.
///
/// Smaller squares would find only faces that are too small for a portrait, and would more often mistake patterns and animals for faces.
fn portrait_searches(picture: &RgbImage) -> Vec<Square> {
    [1.0, 1.5].map(|scale| Square { centre: middle(picture), side: longer_edge(picture) * scale, degrees: 0.0 }).to_vec()
}

/// Searches the whole picture upright, turned by 90 degrees to either side, and upside down. The detector can find a face that is upside
/// down, but gives it a lower score. The direction with the highest score is therefore the right one.
fn in_any_quarter_turn(picture: &RgbImage) -> Option<Landmarks> {
    let square = |degrees| Square { centre: middle(picture), side: longer_edge(picture), degrees };
    let upright = search(picture, square(0.0)).map(|found| Found { score: found.score + UPRIGHT_BONUS, ..found });
    let turned = [90.0, -90.0, 180.0].into_iter().filter_map(|degrees| search(picture, square(degrees)));
    upright.into_iter().chain(turned).max_by(|one, other| one.score.total_cmp(&other.score)).map(|found| found.face)
}

/// Returns three squares: one with a margin around the whole picture, and two without a margin, tilted to either side.
fn other_searches(picture: &RgbImage) -> Vec<Square> {
    let square = |scale, degrees| Square { centre: middle(picture), side: longer_edge(picture) * scale, degrees };
    vec![square(1.5, 0.0), square(1.0, 40.0), square(1.0, -40.0)]
}

/// Returns overlapping squares that together cover the picture. Their side is the longer edge divided by `parts`.
fn tiles(picture: &RgbImage, parts: f64) -> Vec<Square> {
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    let side = longer_edge(picture) / parts;
    let centres = |length: f64| {
        let steps = ((length - side) / (side / 2.0)).ceil().max(0.0) as u32;
        let centre =
            move |step: u32| if steps == 0 { length / 2.0 } else { side / 2.0 + (length - side) * f64::from(step) / f64::from(steps) };
        (0..=steps).map(centre)
    };
    centres(height).flat_map(|y| centres(width).map(move |x| Square { centre: Point { x, y }, side, degrees: 0.0 })).collect()
}

/// Searches one square. The candidates are sorted by width, so the first one with landmarks is the largest face.
fn search(picture: &RgbImage, square: Square) -> Option<Found> {
    let candidates = detector::detect(picture, square);
    let (at, face) = candidates.iter().enumerate().find_map(|(at, candidate)| Some((at, Landmarks::find(picture, candidate)?)))?;
    // A candidate close to the largest face can be the same face. Candidates before `at` are wider but have no landmarks, so they are
    // patterns and not faces.
    let is_second_face = |other: &&Candidate| {
        other.width >= candidates[at].width * SECOND_FACE_WIDTH_MIN && other.square.centre.distance(face.eyes()) > face.eyes_to_chin()
    };
    let others: Vec<&Candidate> = candidates[at + 1..].iter().filter(is_second_face).collect();
    let is_clear =
        |other: &&&Candidate| Landmarks::find(picture, other).is_some_and(|other| other.eyes().distance(face.eyes()) > face.eyes_to_chin());
    let clear = others.iter().filter(is_clear).count();
    let doubtful = others.len() - clear;
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Some(Found { score: candidates[at].score, face, faces: Faces { clear: number(clear + 1), doubtful: number(doubtful) } })
}

fn measure_face(picture: &RgbImage, gray: &GrayImage, face: &Landmarks, size: (u32, u32)) -> Face {
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    let eyes = face.eyes();
    let pose = Pose::of(face);
    let skin = zones::skin(picture, face);
    // `scale` is below 1 only if the upload was so small that its copy was enlarged. Enlarging adds no detail, so `features::measure` then
    // counts the distance between the eyes in pixels of the upload.
    let scale = (f64::from(size.0) / width).min(1.0);
    Face {
        head_height: face.crown().distance(face.chin()) / height,
        eye_line: eyes.y / height,
        centre: eyes.x / width,
        yaw: pose.yaw,
        pitch: pose.pitch,
        roll: pose.roll,
        features: is_measurable(picture, face, &pose).then(|| features::measure(picture, face, scale)),
        sharpness: zones::sharpness(gray, face),
        brightness: skin.quantile(0.5),
        blank: skin.share_from(250),
    }
}

/// Returns whether eyes, mouth and cheeks can be measured: they are within the picture, and the head is not turned so far that half of the
/// face is hidden.
fn is_measurable(picture: &RgbImage, face: &Landmarks, pose: &Pose) -> bool {
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    let is_inside = |point: Point| (0.0..=width).contains(&point.x) && (0.0..=height).contains(&point.y);
    face.features().into_iter().all(is_inside) && pose.yaw.abs() <= YAW_MEASURABLE
}

fn marks(picture: &RgbImage, face: &Landmarks, measures: &FaceMeasures) -> Marks {
    let place = |point: Point| Place::of(point, picture.dimensions());
    let mut eyes = [place(face.left_eye()), place(face.right_eye())];
    eyes.sort_by(|one, other| one.x.total_cmp(&other.x));
    let [left_eye, right_eye] = eyes;
    let mut zones = zones::zones(picture, face, measures.background.is_some());
    if measures.face.is_some_and(|face| face.features.is_some()) {
        zones.extend(features::zones(picture, face));
    }
    Marks { left_eye, right_eye, chin: place(face.chin()), crown: place(face.crown()), zones }
}

/// Converts a picture to gray as `imageops::grayscale` of the crate `image` does, but that function takes three times as long.
fn grayscale(picture: &RgbImage) -> GrayImage {
    let levels = picture.as_raw().as_chunks().0.iter().map(|pixel| image::Rgb(*pixel).to_luma().0[0]);
    GrayImage::from_raw(picture.width(), picture.height(), levels.collect()).unwrap_or_default()
}

/// Returns the 99% quantile of the difference between a pixel's strongest and weakest colour channel. The result is scaled up to full
/// brightness, so that a dark picture does not count as gray.
fn colour(picture: &RgbImage, levels: &Levels) -> f64 {
    let distance = |pixel: &image::Rgb<u8>| {
        let [red, green, blue] = pixel.0;
        red.max(green).max(blue) - red.min(green).min(blue)
    };
    Levels::of(picture.pixels().map(distance)).quantile(0.99) * 255.0 / levels.quantile(0.99).max(16.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_of_any_size_can_be_measured() {
        let noise = |x: u32, y: u32| image::Rgb([(x * 7_919 + y * 104_729) as u8; 3]);
        for (width, height) in [1, 2, 19, 41].into_iter().flat_map(|side| [(400, side), (side, 400)]) {
            let picture = RgbImage::from_fn(width, height, noise);
            assert_eq!(measure(&picture, (width, height)).measures.faces.clear, 0, "{width} x {height}");
            assert_eq!(locate(&picture, (width, height)), None, "{width} x {height}");
        }
    }

    #[test]
    fn brightness_is_that_of_the_crate_image() {
        let picture = RgbImage::from_fn(256, 256, |x, y| image::Rgb([x as u8, y as u8, (x * y) as u8]));
        assert_eq!(grayscale(&picture), image::imageops::grayscale(&picture));
    }

    #[test]
    fn tiles_cover_the_picture() {
        for (width, height) in [(960, 640), (640, 960), (960, 960), (960, 100)] {
            let picture = RgbImage::new(width, height);
            let points = [(1, 1), (width - 1, 1), (1, height - 1), (width / 2, height / 2), (width - 1, height - 1)];
            for (parts, (x, y)) in TILE_PARTS.into_iter().flat_map(|parts| points.map(|point| (parts, point))) {
                let (x, y) = (f64::from(x), f64::from(y));
                let covers =
                    |square: &Square| (square.centre.x - x).abs() <= square.side / 2.0 && (square.centre.y - y).abs() <= square.side / 2.0;
                assert!(tiles(&picture, parts).iter().any(covers), "{width} x {height} in {parts}: {x}, {y}");
            }
        }
    }
}
