//! Measures sharpness and light of the face, and the background.

use domain::{
    face_position::Point,
    picture_report::{Background, Place, Rule, Zone},
};
use image::{
    GrayImage, RgbImage,
    imageops::{self, FilterType},
};

use super::{features, landmarks::Landmarks, sampling::Square};
use crate::levels::Levels;

/// The square in which sharpness is measured reaches from the eyebrows to the chin. Its side, and the distance of its upper side from the eyes,
/// relative to the distance between eyes and chin.
const FACE_SIDE: f64 = 1.59;
const FACE_TOP: f64 = 0.59;
/// Half of the side of the square on the forehead, relative to the distance between the eyes.
const FOREHEAD_RADIUS: f64 = 0.2;
/// Rows and columns of the points that are read in a square of skin.
const POINTS: usize = 40;

/// Places where the background is measured: strips down the sides, and strips along the upper edge.
struct Strips {
    /// Left, top, right and bottom, as fractions of the picture's width and height.
    boxes: [(f64, f64, f64, f64); 4],
}

impl Strips {
    /// Width of the strips down the sides, as a fraction of the picture's width.
    const SIDE: f64 = 0.06;
    /// Length of the strips down the sides, as a fraction of the distance from the picture's upper edge to the eyebrows. Further down, hair and
    /// shoulders begin.
    const DOWN: f64 = 0.7;
    /// Height of the strips along the upper edge, as a fraction of the picture's height.
    const ABOVE: f64 = 0.04;
    /// Distance from the side of the picture to the inner end of the strip along the upper edge, as a fraction of the picture's width.
    const TOWARDS: f64 = 0.25;

    fn beside(face: &Landmarks, height: u32) -> Self {
        let brows = (face.eyes().y - FACE_TOP * face.eyes_to_chin()) / f64::from(height.max(1));
        let down = (brows * Self::DOWN).clamp(0.0, 1.0);
        Self {
            boxes: [
                (0.0, 0.0, Self::SIDE, down),
                (1.0 - Self::SIDE, 0.0, 1.0, down),
                (Self::SIDE, 0.0, Self::TOWARDS, Self::ABOVE),
                (1.0 - Self::TOWARDS, 0.0, 1.0 - Self::SIDE, Self::ABOVE),
            ],
        }
    }
}

/// The part of the picture above the head, with much hair, relative to the distance between eyes and chin: half of its width, and its height
/// above the eyes.
const HAIR: (f64, f64) = (1.05, 1.4);

/// Returns whether a point lies on the head or its hair: in the half ellipse above the eyes, or between its sides below them.
fn is_head(face: &Landmarks, point: Point) -> bool {
    let (right, down) = point.distances_from(face.eyes(), face.eye_angle());
    let (across, up) = (right / (HAIR.0 * face.eyes_to_chin()), down.min(0.0) / (HAIR.1 * face.eyes_to_chin()));
    across.hypot(up) < 1.0
}

/// Crops an area of the picture, clipped to the picture's edges. The coordinates are fractions of the picture's width and height.
fn crop(gray: &GrayImage, (left, top, right, bottom): (f64, f64, f64, f64)) -> (u32, u32, GrayImage) {
    let pixel = |fraction: f64, length: u32| (fraction.clamp(0.0, 1.0) * f64::from(length)) as u32;
    let (x, y) = (pixel(left, gray.width()), pixel(top, gray.height()));
    let (width, height) = (pixel(right, gray.width()).saturating_sub(x), pixel(bottom, gray.height()).saturating_sub(y));
    (x, y, imageops::crop_imm(gray, x, y, width, height).to_image())
}

/// Measures the background beside and above the head. Takes means of blocks of pixels, so that grain has no effect, and leaves out the darkest
/// and the lightest twentieth of the blocks.
pub(super) fn background(gray: &GrayImage, face: &Landmarks) -> Option<Background> {
    /// Width and height of the averaged blocks, in pixels.
    const BLOCK: usize = 8;
    /// The minimum number of blocks for a measurement.
    const BLOCKS_MIN: u32 = 40;
    let strips = Strips::beside(face, gray.height()).boxes.map(|area| crop(gray, area));
    let blocks = strips.iter().flat_map(|(x, y, strip)| {
        let width = strip.width().max(1) as usize;
        let rows: Vec<&[u8]> = strip.as_raw().chunks_exact(width).collect();
        let mut means = Vec::new();
        for (line, band) in rows.chunks_exact(BLOCK).enumerate() {
            for left in (0..width.saturating_sub(BLOCK - 1)).step_by(BLOCK) {
                let middle = |start: u32, at: usize| f64::from(start) + (at + BLOCK / 2) as f64;
                if !is_head(face, Point { x: middle(*x, left), y: middle(*y, line * BLOCK) }) {
                    let sum: u32 = band.iter().flat_map(|row| row[left..left + BLOCK].iter()).map(|&level| u32::from(level)).sum();
                    means.push(u8::try_from(sum as usize / (BLOCK * BLOCK)).unwrap_or(u8::MAX));
                }
            }
        }
        means
    });
    let levels = Levels::of(blocks);
    (levels.total() >= BLOCKS_MIN)
        .then(|| Background { spread: levels.quantile(0.95) - levels.quantile(0.05), brightness: levels.quantile(0.5) })
}

fn face_square(face: &Landmarks) -> Square {
    let side = FACE_SIDE * face.eyes_to_chin();
    let down = side / 2.0 - FACE_TOP * face.eyes_to_chin();
    Square { centre: face.eyes().offset(0.0, down, face.eye_angle()), side, degrees: face.eye_angle() }
}

/// Returns the ratio of the face's fine detail to its contrast. The face is scaled to a fixed size first, so that the result depends neither
/// on the resolution nor on the light.
pub(super) fn sharpness(gray: &GrayImage, face: &Landmarks) -> f64 {
    const SIDE: u32 = 160;
    let square = face_square(face);
    let half = square.side / 2.0;
    let (width, height) = (f64::from(gray.width().max(1)), f64::from(gray.height().max(1)));
    let Point { x, y } = square.centre;
    let (.., face) = crop(gray, ((x - half) / width, (y - half) / height, (x + half) / width, (y + half) / height));
    if face.width() == 0 || face.height() == 0 {
        return 0.0;
    }
    let face = imageops::resize(&face, SIDE, SIDE, FilterType::Triangle);
    let at = |x: u32, y: u32| f64::from(face.get_pixel(x, y).0[0]);
    let inner = || (1..SIDE - 1).flat_map(|y| (1..SIDE - 1).map(move |x| (x, y)));
    let detail = deviation(inner().map(|(x, y)| 4.0 * at(x, y) - at(x - 1, y) - at(x + 1, y) - at(x, y - 1) - at(x, y + 1)));
    let contrast = deviation(inner().map(|(x, y)| at(x, y)));
    if contrast > 0.0 { detail / contrast } else { 0.0 }
}

/// Returns the standard deviation.
fn deviation(values: impl Iterator<Item = f64>) -> f64 {
    let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for value in values {
        count += 1.0;
        sum += value;
        squares += value * value;
    }
    if count == 0.0 { 0.0 } else { (squares / count - (sum / count).powi(2)).max(0.0).sqrt() }
}

/// Returns squares of skin: on the forehead and both cheeks.
fn skin_squares(face: &Landmarks) -> [Square; 3] {
    let [left, right] = features::cheeks(face);
    // A third of the way from the eyes to the hairline is above the eyebrows, and below most hair.
    let (_, up) = face.forehead().distances_from(face.eyes(), face.eye_angle());
    let centre = face.eyes().offset(0.0, up * 0.62, face.eye_angle());
    [Square { centre, side: 2.0 * FOREHEAD_RADIUS * face.eye_distance(), degrees: face.eye_angle() }, left, right]
}

/// Returns the brightness of the skin.
pub(super) fn skin(picture: &RgbImage, face: &Landmarks) -> Levels {
    let level = |brightness: f32| brightness.round().clamp(0.0, 255.0) as u8;
    Levels::of(skin_squares(face).into_iter().flat_map(|square| square.brightness(picture, POINTS)).map(level))
}

/// Converts the corners of a zone from pixels to fractions of the picture.
pub(super) fn zone(picture: &RgbImage, rule: Rule, points: &[Point]) -> Zone {
    Zone { rule, points: points.iter().map(|&point| Place::of(point, picture.dimensions())).collect() }
}

/// Returns the places where this module measures.
pub(super) fn zones(picture: &RgbImage, face: &Landmarks, has_background: bool) -> Vec<Zone> {
    let mut zones = vec![zone(picture, Rule::Sharpness, &face_square(face).corners())];
    for rule in [Rule::Underexposure, Rule::Overexposure] {
        zones.extend(skin_squares(face).map(|square| zone(picture, rule, &square.corners())));
    }
    if has_background {
        for rule in [Rule::BackgroundEvenness, Rule::BackgroundBrightness] {
            let corners = |(left, top, right, bottom)| [(left, top), (right, top), (right, bottom), (left, bottom)];
            let places = Strips::beside(face, picture.height()).boxes.map(|area| corners(area).map(|(x, y)| Place { x, y }).to_vec());
            zones.extend(places.map(|points| Zone { rule, points }));
        }
    }
    zones
}
