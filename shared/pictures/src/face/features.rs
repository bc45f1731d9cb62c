//! Measures eyes, mouth and the light on the face.

use domain::{
    face_position::Point,
    picture_report::{Features, Rule, Zone},
};
use image::RgbImage;

use super::{
    landmarks::{LEFT_EYE_CORNERS, Landmarks, RIGHT_EYE_CORNERS},
    sampling::Square,
    zones,
};

// Each pair is a landmark on the upper lid or lip and the landmark below it on the lower lid or lip.
const LEFT_EYE_LIDS: [(usize, usize); 3] = [(159, 145), (158, 153), (160, 144)];
const RIGHT_EYE_LIDS: [(usize, usize); 3] = [(386, 374), (385, 380), (387, 373)];
const INNER_LIPS: [(usize, usize); 3] = [(13, 14), (312, 317), (82, 87)];
const MOUTH_CORNERS: (usize, usize) = (61, 291);
/// Two landmarks on each cheek. The middle of the cheek is halfway between them.
const CHEEKS: [(usize, usize); 2] = [(50, 205), (280, 425)];
/// The outer edges of eyes and mouth, clockwise.
const LEFT_EYE_EDGE: [usize; 8] = [33, 160, 159, 158, 133, 153, 145, 144];
const RIGHT_EYE_EDGE: [usize; 8] = [362, 385, 386, 387, 263, 373, 374, 380];
const MOUTH_EDGE: [usize; 8] = [61, 40, 0, 270, 291, 321, 17, 91];

/// Half of the side of the squares on the cheeks and around the eyes, relative to the distance between the eyes.
const CHEEK_RADIUS: f64 = 0.15;
const EYE_RADIUS: f64 = 0.2;
/// Each square is sampled at `POINTS` x `POINTS` points.
const POINTS: usize = 24;
/// A point near an eye counts as dark if its brightness is less than this fraction of the brightness of the cheeks.
const DARK: f32 = 0.45;
/// The minimum distance between the eyes at which the lids can be distinguished. It is in pixels of the copy in which the lids are measured
/// or, if the upload is smaller than the copy, in pixels of the upload.
const EYE_DISTANCE_MIN: f64 = 70.0;

/// Measures a face whose features are visible. `scale` is the width of the upload divided by the width of the copy in which the lids are
/// measured, but at most 1.
pub(super) fn measure(picture: &RgbImage, face: &Landmarks, scale: f64) -> Features {
    let height = face.eyes_to_chin().max(1.0);
    let has_enough_pixels = face.eye_distance() * scale >= EYE_DISTANCE_MIN;
    let [left_cheek, right_cheek] = cheeks(face).map(|cheek| sorted(cheek.brightness(picture, POINTS)));
    let (left, right) = (mean(&left_cheek), mean(&right_cheek));
    let cheeks = f32::midpoint(median(&left_cheek), median(&right_cheek));
    let dark = eye_squares(face).map(|eye| {
        let levels = eye.brightness(picture, POINTS);
        levels.iter().filter(|&&level| level < DARK * cheeks).count() as f64 / levels.len().max(1) as f64
    });
    Features {
        eye_opening: has_enough_pixels
            .then(|| opening(face, LEFT_EYE_LIDS, LEFT_EYE_CORNERS).min(opening(face, RIGHT_EYE_LIDS, RIGHT_EYE_CORNERS))),
        lip_gap: INNER_LIPS.map(|(upper, lower)| face.distance(upper, lower)).into_iter().fold(0.0, f64::max) / height,
        smile: smile(face),
        dark_around_eyes: f64::midpoint(dark[0], dark[1]),
        cheek_ratio: f64::from(left.max(right) / left.min(right).max(1.0)),
    }
}

/// Returns the mean distance between the lids, relative to the width of the eye.
fn opening(face: &Landmarks, lids: [(usize, usize); 3], (inner, outer): (usize, usize)) -> f64 {
    lids.map(|(upper, lower)| face.distance(upper, lower)).iter().sum::<f64>() / 3.0 / face.distance(inner, outer).max(1.0)
}

/// Returns the sum of two values. The first is the width of the mouth, relative to the distance between the eyes. The second is the height
/// of the corners of the mouth above the middle of the lips, relative to the distance between eyes and chin.
fn smile(face: &Landmarks) -> f64 {
    let (left, right) = MOUTH_CORNERS;
    let (upper, lower) = INNER_LIPS[0];
    let lips = face.point(upper).middle(face.point(lower));
    let (_, below) = lips.distances_from(face.point(left).middle(face.point(right)), face.eye_angle());
    face.distance(left, right) / face.eye_distance().max(1.0) + below / face.eyes_to_chin().max(1.0)
}

fn square(face: &Landmarks, centre: Point, radius: f64) -> Square {
    Square { centre, side: 2.0 * radius * face.eye_distance(), degrees: face.eye_angle() }
}

pub(super) fn cheeks(face: &Landmarks) -> [Square; 2] {
    CHEEKS.map(|(one, other)| square(face, face.point(one).middle(face.point(other)), CHEEK_RADIUS))
}

fn eye_squares(face: &Landmarks) -> [Square; 2] {
    [face.left_eye(), face.right_eye()].map(|eye| square(face, eye, EYE_RADIUS))
}

fn sorted(mut levels: Vec<f32>) -> Vec<f32> {
    levels.sort_by(f32::total_cmp);
    levels
}

fn median(sorted: &[f32]) -> f32 {
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn mean(levels: &[f32]) -> f32 {
    levels.iter().sum::<f32>() / levels.len().max(1) as f32
}

/// Returns the areas in which the features are measured.
pub(super) fn zones(picture: &RgbImage, face: &Landmarks) -> Vec<Zone> {
    let edge = |numbers: [usize; 8]| numbers.map(|number| face.point(number)).to_vec();
    let mut found = Vec::new();
    let mut add = |rule: Rule, points: Vec<Point>| found.push(zones::zone(picture, rule, &points));
    for eye in [LEFT_EYE_EDGE, RIGHT_EYE_EDGE] {
        add(Rule::EyesOpen, edge(eye));
    }
    add(Rule::MouthClosed, edge(MOUTH_EDGE));
    add(Rule::Expression, edge(MOUTH_EDGE));
    for eye in eye_squares(face) {
        add(Rule::DarkGlasses, eye.corners().to_vec());
    }
    for cheek in cheeks(face) {
        add(Rule::SideLight, cheek.corners().to_vec());
    }
    found
}
