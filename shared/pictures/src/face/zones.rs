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

/// The square in which sharpness is measured reaches from the eyebrows to the chin. `FACE_SIDE` is its side, and `FACE_TOP` is the distance
/// of its upper side from the eyes. Both are relative to the distance between eyes and chin.
const FACE_SIDE: f64 = 1.59;
const FACE_TOP: f64 = 0.59;
/// Half of the side of the square on the forehead, relative to the distance between the eyes.
const FOREHEAD_RADIUS: f64 = 0.2;
/// Each square of skin is sampled at `POINTS` x `POINTS` points.
const POINTS: usize = 40;

/// Areas in which the background is measured: strips down the sides, and strips along the upper edge.
struct Strips {
    /// Left, top, right and bottom, as fractions of the picture's width and height.
    boxes: [(f64, f64, f64, f64); 4],
}

impl Strips {
    /// Width of the strips down the sides, as a fraction of the picture's width.
    const SIDE: f64 = 0.06;
    /// Length of the strips down the sides, as a fraction of the distance from the picture's upper edge to the eyebrows. Further down, hair
    /// and shoulders begin.
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

/// The half ellipse above the eyes that contains a head with much hair: half of its width, and its height. Both are relative to the
/// distance between eyes and chin.
const HAIR: (f64, f64) = (1.05, 1.4);

/// Returns whether a point lies on the head or its hair: in the half ellipse `HAIR` above the eyes, or in the strip of the same width below
/// the eyes.
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

/// Measures the background beside and above the head. Uses the means of blocks of pixels, so that grain has no effect. The spread is the
/// range of brightness of all blocks except the darkest and the lightest twentieth.
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

/// Returns the ratio of the face's fine detail to its contrast. The face is scaled to a fixed size first, so that the result depends
/// neither on the resolution nor on the light.
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
    let rows: Vec<&[u8]> = face.as_raw().chunks_exact(SIDE as usize).collect();
    let (mut detail, mut contrast) = (Deviation::default(), Deviation::default());
    for [above, row, below] in rows.array_windows() {
        for (&[left, level, right], (&above, &below)) in row.array_windows().zip(above[1..].iter().zip(&below[1..])) {
            let [left, level, right, above, below] = [left, level, right, above, below].map(i64::from);
            detail.add(4 * level - left - right - above - below);
            contrast.add(level);
        }
    }
    let (detail, contrast) = (detail.value(), contrast.value());
    if contrast > 0.0 { detail / contrast } else { 0.0 }
}

/// Calculates the standard deviation of whole numbers.
#[derive(Default)]
struct Deviation {
    count: i64,
    sum: i64,
    squares: i64,
}

impl Deviation {
    fn add(&mut self, value: i64) {
        self.count += 1;
        self.sum += value;
        self.squares += value * value;
    }

    fn value(&self) -> f64 {
        let (count, sum, squares) = (self.count as f64, self.sum as f64, self.squares as f64);
        if self.count == 0 { 0.0 } else { (squares / count - (sum / count).powi(2)).max(0.0).sqrt() }
    }
}

/// Returns squares of skin: on the forehead and both cheeks.
fn skin_squares(face: &Landmarks) -> [Square; 3] {
    let [left, right] = features::cheeks(face);
    // This point, at 62% of the way from the eyes to the hairline, is above the eyebrows and below most hair.
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

/// Returns the areas in which this module measures.
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
