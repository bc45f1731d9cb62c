//! Finding faces, and measuring the largest one.
//!
//! The detector is SeetaFace's (crate `rustface`), with its model beside this folder: it gives a box from the brows' top to the chin.

use std::{io::Cursor, sync::OnceLock};

use domain::picture_report::{Background, Face, FaceMeasures, Faces};
use image::{
    GrayImage, RgbImage,
    imageops::{self, FilterType},
};
use rustface::{ImageData, Model};

use crate::levels::Levels;

static MODEL: &[u8] = include_bytes!("../model/seeta_fd_frontal_v1.0.bin");

/// Width of the copy in which faces are looked for.
const WIDTH: u32 = 400;
/// Scores of the detector. Frontal faces reach 10 to 35 in the pictures that we tried, patterns and half faces 2 to 7.
const CLEAR: f64 = 10.0;
const DOUBTFUL: f64 = 4.0;
const USUAL: f64 = 2.0;
const LOW: f64 = 0.8;
/// A face beside the largest one counts from this part of its width: a face on a badge or a T-shirt is smaller.
const SECOND_FACE_WIDTH_MIN: f64 = 0.4;

/// Chin to crown, in heights of the box: 1.28 to 1.43 in the pictures that we measured.
const HEAD: f64 = 1.35;
/// The eyes, from the box's top, in its heights.
const EYES: f64 = 0.37;

/// In parts of the picture's width and height.
#[derive(Debug, Clone, Copy)]
struct Found {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
    score: f64,
}

pub(crate) fn measure(picture: &RgbImage) -> FaceMeasures {
    let gray = imageops::grayscale(picture);
    let levels = Levels::of_picture(&gray);
    let found = look_hard(&gray);
    let largest = found.iter().copied().reduce(|one, other| if other.width > one.width { other } else { one });
    let faces = largest.map_or_else(Faces::default, |largest| count(&found, &largest));
    FaceMeasures {
        tones: levels.at(0.99) - levels.at(0.01),
        colour: colour(picture, &levels),
        faces,
        face: largest.map(|face| measure_face(&gray, &face)),
        background: largest.and_then(|face| background(&gray, &face)),
    }
}

fn count(found: &[Found], largest: &Found) -> Faces {
    let is_second_face = |face: &&Found| face.width >= largest.width * SECOND_FACE_WIDTH_MIN;
    let clear = found.iter().filter(is_second_face).filter(|face| face.score >= CLEAR).count();
    let doubtful = found.iter().filter(is_second_face).filter(|face| face.score >= DOUBTFUL && face.score < CLEAR).count();
    let (clear, doubtful) = (u32::try_from(clear).unwrap_or(u32::MAX), u32::try_from(doubtful).unwrap_or(u32::MAX));
    // Whatever its score, the largest is the one: it was looked for.
    match clear {
        0 => Faces { clear: 1, doubtful: doubtful.saturating_sub(u32::from(largest.score >= DOUBTFUL)) },
        clear => Faces { clear, doubtful: doubtful.saturating_sub(u32::from(largest.score >= DOUBTFUL && largest.score < CLEAR)) },
    }
}

/// As it is; then whatever may help: even light, other scales, mirrored, and content with less. Only where all of that finds nothing
/// there is no face.
fn look_hard(gray: &GrayImage) -> Vec<Found> {
    let copy = scaled(gray, WIDTH);
    let first = look(&copy, USUAL);
    if !first.is_empty() {
        return first;
    }
    let table = Levels::of_picture(&copy).equalised();
    let mut even = copy.clone();
    for pixel in even.iter_mut() {
        *pixel = table[usize::from(*pixel)];
    }
    for (copy, mirrored) in [(&even, false), (&copy, false), (&even, true), (&scaled(gray, 240), false), (&scaled(gray, 560), false)] {
        let found = if mirrored { look(&imageops::flip_horizontal(copy), LOW) } else { look(copy, LOW) };
        if !found.is_empty() {
            return found
                .into_iter()
                .map(|face| if mirrored { Found { left: 1.0 - face.left - face.width, ..face } } else { face })
                .collect();
        }
    }
    Vec::new()
}

fn scaled(gray: &GrayImage, width: u32) -> GrayImage {
    let height = (u64::from(gray.height()) * u64::from(width) / u64::from(gray.width().max(1))).clamp(1, 2_000);
    imageops::resize(gray, width, u32::try_from(height).unwrap_or(1), FilterType::Triangle)
}

/// None below a tenth of the picture's width: nobody's portrait.
fn look(copy: &GrayImage, threshold: f64) -> Vec<Found> {
    let (width, height) = copy.dimensions();
    let model = MODEL_READ.get_or_init(|| rustface::read_model(Cursor::new(MODEL)).ok());
    let Some(model) = model.as_ref() else { return Vec::new() };
    let mut detector = rustface::create_detector_with_model(model.clone());
    detector.set_min_face_size((width / 10).max(20));
    detector.set_score_thresh(threshold);
    detector.set_pyramid_scale_factor(0.8);
    detector.set_slide_window_step(4, 4);
    let (across, down) = (f64::from(width), f64::from(height));
    let faces = detector.detect(&ImageData::new(copy.as_raw(), width, height)).into_iter().map(|face| {
        let bounds = face.bbox();
        Found {
            left: f64::from(bounds.x()) / across,
            top: f64::from(bounds.y()) / down,
            width: f64::from(bounds.width()) / across,
            height: f64::from(bounds.height()) / down,
            score: face.score(),
        }
    });
    faces.collect()
}

static MODEL_READ: OnceLock<Option<Model>> = OnceLock::new();

/// A part of the picture, given in parts of its width and height, as far as it lies inside.
fn part(gray: &GrayImage, left: f64, top: f64, right: f64, bottom: f64) -> GrayImage {
    let pixel = |part: f64, whole: u32| (part.clamp(0.0, 1.0) * f64::from(whole)) as u32;
    let (x, y) = (pixel(left, gray.width()), pixel(top, gray.height()));
    let (width, height) = (pixel(right, gray.width()).saturating_sub(x), pixel(bottom, gray.height()).saturating_sub(y));
    imageops::crop_imm(gray, x, y, width, height).to_image()
}

fn measure_face(gray: &GrayImage, face: &Found) -> Face {
    let (right, bottom) = (face.left + face.width, face.top + face.height);
    let whole = part(gray, face.left, face.top, right, bottom);
    // Without what may be hair and background at the sides.
    let skin =
        part(gray, face.left + face.width * 0.2, face.top + face.height * 0.15, right - face.width * 0.2, bottom - face.height * 0.1);
    let levels = Levels::of_picture(&skin);
    Face {
        head_height: face.height * HEAD,
        eye_line: face.top + face.height * EYES,
        centre: face.left + face.width / 2.0,
        sharpness: sharpness(&whole),
        brightness: levels.at(0.5),
        blank: levels.share_from(250),
    }
}

/// Fine detail of the face at a size of its own, so that pixels do not matter; of all its contrast, so that light does not.
fn sharpness(face: &GrayImage) -> f64 {
    const SIDE: u32 = 160;
    if face.width() == 0 || face.height() == 0 {
        return 0.0;
    }
    let face = imageops::resize(face, SIDE, SIDE, FilterType::Triangle);
    let at = |x: u32, y: u32| f64::from(face.get_pixel(x, y).0[0]);
    let inner = || (1..SIDE - 1).flat_map(|y| (1..SIDE - 1).map(move |x| (x, y)));
    let detail = deviation(inner().map(|(x, y)| 4.0 * at(x, y) - at(x - 1, y) - at(x + 1, y) - at(x, y - 1) - at(x, y + 1)));
    let contrast = deviation(inner().map(|(x, y)| at(x, y)));
    if contrast > 0.0 { detail / contrast } else { 0.0 }
}

/// Standard deviation.
fn deviation(values: impl Iterator<Item = f64>) -> f64 {
    let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for value in values {
        count += 1.0;
        sum += value;
        squares += value * value;
    }
    if count == 0.0 { 0.0 } else { (squares / count - (sum / count).powi(2)).max(0.0).sqrt() }
}

/// The distance of red, green and blue from each other that a hundredth of the pixels has, as in full light: a dark picture is not gray.
fn colour(picture: &RgbImage, levels: &Levels) -> f64 {
    let distance = |pixel: &image::Rgb<u8>| {
        let [red, green, blue] = pixel.0;
        red.max(green).max(blue) - red.min(green).min(blue)
    };
    Levels::of(picture.pixels().map(distance)).at(0.99) * 255.0 / levels.at(0.99).max(16.0)
}

/// The two upper corners: along the sides towards the brows, and along the upper edge towards the head. Hair leaves these free, if
/// anything. Means of blocks of pixels, so that grain does not count; nor does a twentieth of them at either end.
fn background(gray: &GrayImage, face: &Found) -> Option<Background> {
    const SIDE: f64 = 0.06;
    const DOWN: f64 = 0.7;
    const ABOVE: f64 = 0.04;
    const TOWARDS: f64 = 0.25;
    const BLOCK: usize = 8;
    let strips = [
        part(gray, 0.0, 0.0, SIDE, face.top * DOWN),
        part(gray, 1.0 - SIDE, 0.0, 1.0, face.top * DOWN),
        part(gray, SIDE, 0.0, TOWARDS, ABOVE),
        part(gray, 1.0 - TOWARDS, 0.0, 1.0 - SIDE, ABOVE),
    ];
    let blocks = strips.iter().flat_map(|strip| {
        let width = strip.width().max(1) as usize;
        let rows: Vec<&[u8]> = strip.as_raw().chunks_exact(width).collect();
        let mut means = Vec::new();
        for band in rows.chunks_exact(BLOCK) {
            for left in (0..width.saturating_sub(BLOCK - 1)).step_by(BLOCK) {
                let sum: u32 = band.iter().flat_map(|row| row[left..left + BLOCK].iter()).map(|&level| u32::from(level)).sum();
                means.push(u8::try_from(sum as usize / (BLOCK * BLOCK)).unwrap_or(u8::MAX));
            }
        }
        means
    });
    let levels = Levels::of(blocks);
    (levels.total() >= 40).then(|| Background { spread: levels.at(0.95) - levels.at(0.05), brightness: levels.at(0.5) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_face_that_may_be_none_is_told_from_one_that_is() {
        let found = |score| Found { left: 0.3, top: 0.3, width: 0.3, height: 0.3, score };
        let counted = |scores: &[f64]| {
            let all: Vec<Found> = scores.iter().copied().map(found).collect();
            let Faces { clear, doubtful } = count(&all, &all[0]);
            (clear, doubtful)
        };
        assert_eq!(counted(&[CLEAR]), (1, 0));
        assert_eq!(counted(&[20.0, CLEAR]), (2, 0));
        assert_eq!(counted(&[20.0, 9.9]), (1, 1));
        assert_eq!(counted(&[20.0, 3.9]), (1, 0));
        assert_eq!(counted(&[3.0, 5.0]), (1, 1), "the largest is the one, whatever its score");
        assert_eq!(counted(&[5.0, 5.0]), (1, 1));
    }

    #[test]
    fn strips_of_any_size_are_borne() {
        let noise = |x: u32, y: u32| image::Rgb([(x * 7_919 + y * 104_729) as u8; 3]);
        for (width, height) in [1, 2, 19, 20, 39, 41].into_iter().flat_map(|side| [(400, side), (side, 400)]) {
            let picture = RgbImage::from_fn(width, height, noise);
            assert!(measure(&picture).faces.clear <= 1, "{width} x {height}");
        }
    }
}
