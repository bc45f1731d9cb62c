//! Finds faces and measures the largest one.
//!
//! The detector is SeetaFace (crate `rustface`), with the model in `shared/pictures/model`. Its boxes reach from the top of the eyebrows
//! to the chin.

use std::{io::Cursor, sync::OnceLock};

use domain::{
    face_position::{FacePosition, Point},
    picture_report::{Background, Face, FaceMeasures, Faces},
};
use image::{
    GrayImage, RgbImage,
    imageops::{self, FilterType},
};
use rustface::{ImageData, Model};

use crate::levels::Levels;

static MODEL_FILE: &[u8] = include_bytes!("../model/seeta_fd_frontal_v1.0.bin");

/// Width of the copy in which faces are searched, in pixels.
const WIDTH: u32 = 400;
// Scores that the detector gives. In our test pictures, frontal faces scored 10 to 35, and patterns and half faces 2 to 7.
/// The minimum score of a clear face.
const CLEAR_SCORE_MIN: f64 = 10.0;
/// The minimum score of a doubtful face.
const DOUBTFUL_SCORE_MIN: f64 = 4.0;
/// The detection threshold of the first attempt.
const THRESHOLD: f64 = 2.0;
/// The detection threshold of the retries.
const LOW_THRESHOLD: f64 = 0.8;
/// A face other than the largest one counts if its width is at least this fraction of the largest one's width. A face on a badge or a
/// T-shirt is smaller.
const SECOND_FACE_WIDTH_MIN: f64 = 0.4;

/// Height of the head from chin to crown, in heights of the box. It was 1.28 to 1.43 in the pictures that we measured.
const HEAD_HEIGHT: f64 = 1.35;
/// Distance of the eyes from the top of the box, in heights of the box.
const EYE_LINE: f64 = 0.37;

/// The box of a detected face, in fractions of the picture's width and height.
#[derive(Debug, Clone, Copy)]
struct Detection {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
    score: f64,
}

pub(crate) fn measure(picture: &RgbImage) -> FaceMeasures {
    let gray = imageops::grayscale(picture);
    let levels = Levels::of_picture(&gray);
    let found = detect_with_retries(&gray);
    let largest = found.iter().copied().reduce(|one, other| if other.width > one.width { other } else { one });
    let faces = largest.map_or_else(Faces::default, |largest| count(&found, &largest));
    FaceMeasures {
        tones: levels.quantile(0.99) - levels.quantile(0.01),
        colour: colour(picture, &levels),
        faces,
        face: largest.map(|face| measure_face(&gray, &face)),
        background: largest.and_then(|face| background(&gray, &face)),
    }
}

/// Finds the largest face. `size` is the size of the picture of which `copy` is a copy.
pub(crate) fn locate(copy: &RgbImage, size: (u32, u32)) -> Option<FacePosition> {
    let found = detect_with_retries(&imageops::grayscale(copy));
    let face = found.into_iter().reduce(|one, other| if other.width > one.width { other } else { one })?;
    let (width, height) = (f64::from(size.0), f64::from(size.1));
    let at = |x: f64, y: f64| Point { x: (face.left + face.width * x) * width, y: (face.top + face.height * y) * height };
    Some(FacePosition {
        picture: size,
        left: face.left * width,
        top: face.top * height,
        width: face.width * width,
        height: face.height * height,
        left_eye: at(0.3, EYE_LINE),
        right_eye: at(0.7, EYE_LINE),
        chin: at(0.5, 1.0),
        crown: at(0.5, 1.0 - HEAD_HEIGHT),
        roll: 0.0,
    })
}

fn count(found: &[Detection], largest: &Detection) -> Faces {
    let is_second_face = |face: &&Detection| face.width >= largest.width * SECOND_FACE_WIDTH_MIN;
    let clear = found.iter().filter(is_second_face).filter(|face| face.score >= CLEAR_SCORE_MIN).count();
    let doubtful =
        found.iter().filter(is_second_face).filter(|face| face.score >= DOUBTFUL_SCORE_MIN && face.score < CLEAR_SCORE_MIN).count();
    let (clear, doubtful) = (u32::try_from(clear).unwrap_or(u32::MAX), u32::try_from(doubtful).unwrap_or(u32::MAX));
    // A portrait is expected, so the largest detection counts as a face whatever its score.
    match clear {
        0 => Faces { clear: 1, doubtful: doubtful.saturating_sub(u32::from(largest.score >= DOUBTFUL_SCORE_MIN)) },
        clear => Faces {
            clear,
            doubtful: doubtful.saturating_sub(u32::from(largest.score >= DOUBTFUL_SCORE_MIN && largest.score < CLEAR_SCORE_MIN)),
        },
    }
}

/// Detects faces in an unchanged small copy of the picture. If it finds none, retries with a lower threshold on the same copy, and on
/// equalised, mirrored and differently scaled copies. Returns no face only if every attempt finds none.
fn detect_with_retries(gray: &GrayImage) -> Vec<Detection> {
    let copy = scaled(gray, WIDTH);
    let first = detect(&copy, THRESHOLD);
    if !first.is_empty() {
        return first;
    }
    let table = Levels::of_picture(&copy).equalisation();
    let mut equalised = copy.clone();
    for pixel in equalised.iter_mut() {
        *pixel = table[usize::from(*pixel)];
    }
    for (copy, mirrored) in
        [(&equalised, false), (&copy, false), (&equalised, true), (&scaled(gray, 240), false), (&scaled(gray, 560), false)]
    {
        let found = if mirrored { detect(&imageops::flip_horizontal(copy), LOW_THRESHOLD) } else { detect(copy, LOW_THRESHOLD) };
        if !found.is_empty() {
            return found
                .into_iter()
                .map(|face| if mirrored { Detection { left: 1.0 - face.left - face.width, ..face } } else { face })
                .collect();
        }
    }
    Vec::new()
}

fn scaled(gray: &GrayImage, width: u32) -> GrayImage {
    let height = (u64::from(gray.height()) * u64::from(width) / u64::from(gray.width().max(1))).clamp(1, 2_000);
    imageops::resize(gray, width, u32::try_from(height).unwrap_or(1), FilterType::Triangle)
}

/// Detects faces that are at least a tenth of the picture's width. A smaller face is not a portrait.
fn detect(copy: &GrayImage, threshold: f64) -> Vec<Detection> {
    let (width, height) = copy.dimensions();
    let model = MODEL.get_or_init(|| rustface::read_model(Cursor::new(MODEL_FILE)).ok());
    let Some(model) = model.as_ref() else { return Vec::new() };
    let mut detector = rustface::create_detector_with_model(model.clone());
    detector.set_min_face_size((width / 10).max(20));
    detector.set_score_thresh(threshold);
    detector.set_pyramid_scale_factor(0.8);
    detector.set_slide_window_step(4, 4);
    let (across, down) = (f64::from(width), f64::from(height));
    let faces = detector.detect(&ImageData::new(copy.as_raw(), width, height)).into_iter().map(|face| {
        let bounds = face.bbox();
        Detection {
            left: f64::from(bounds.x()) / across,
            top: f64::from(bounds.y()) / down,
            width: f64::from(bounds.width()) / across,
            height: f64::from(bounds.height()) / down,
            score: face.score(),
        }
    });
    faces.collect()
}

static MODEL: OnceLock<Option<Model>> = OnceLock::new();

/// Crops an area of the picture, clipped to the picture's edges. The coordinates are fractions of the picture's width and height.
fn crop(gray: &GrayImage, left: f64, top: f64, right: f64, bottom: f64) -> GrayImage {
    let pixel = |fraction: f64, length: u32| (fraction.clamp(0.0, 1.0) * f64::from(length)) as u32;
    let (x, y) = (pixel(left, gray.width()), pixel(top, gray.height()));
    let (width, height) = (pixel(right, gray.width()).saturating_sub(x), pixel(bottom, gray.height()).saturating_sub(y));
    imageops::crop_imm(gray, x, y, width, height).to_image()
}

fn measure_face(gray: &GrayImage, face: &Detection) -> Face {
    let (right, bottom) = (face.left + face.width, face.top + face.height);
    let whole = crop(gray, face.left, face.top, right, bottom);
    // Leaves out the sides of the face, which may be hair and background.
    let skin =
        crop(gray, face.left + face.width * 0.2, face.top + face.height * 0.15, right - face.width * 0.2, bottom - face.height * 0.1);
    let levels = Levels::of_picture(&skin);
    Face {
        head_height: face.height * HEAD_HEIGHT,
        eye_line: face.top + face.height * EYE_LINE,
        centre: face.left + face.width / 2.0,
        sharpness: sharpness(&whole),
        brightness: levels.quantile(0.5),
        blank: levels.share_from(250),
    }
}

/// Returns the ratio of the face's fine detail to its contrast. The face is scaled to a fixed size first, so that the result depends neither
/// on the resolution nor on the light.
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

/// Returns the 99% quantile of the pixels' distance between their strongest and weakest colour channel. The distance of each pixel is scaled
/// up to full brightness, so that a dark picture does not count as gray.
fn colour(picture: &RgbImage, levels: &Levels) -> f64 {
    let distance = |pixel: &image::Rgb<u8>| {
        let [red, green, blue] = pixel.0;
        red.max(green).max(blue) - red.min(green).min(blue)
    };
    Levels::of(picture.pixels().map(distance)).quantile(0.99) * 255.0 / levels.quantile(0.99).max(16.0)
}

/// Measures the background in the two upper corners, in strips along the sides that end above the eyebrows, and in strips along the upper
/// edge that end before the head. Hair covers these places least. Takes means of blocks of pixels, so that grain has no effect, and leaves
/// out the darkest and the lightest twentieth of the blocks.
fn background(gray: &GrayImage, face: &Detection) -> Option<Background> {
    /// Width of the strips down the sides, as a fraction of the picture's width.
    const SIDE: f64 = 0.06;
    /// Length of the strips down the sides, as a fraction of the distance from the picture's upper edge to the top of the face's box.
    const DOWN: f64 = 0.7;
    /// Height of the strips along the upper edge, as a fraction of the picture's height.
    const ABOVE: f64 = 0.04;
    /// Distance from the side of the picture to the inner end of the strip along the upper edge, as a fraction of the picture's width.
    const TOWARDS: f64 = 0.25;
    /// Width and height of the averaged blocks, in pixels.
    const BLOCK: usize = 8;
    let strips = [
        crop(gray, 0.0, 0.0, SIDE, face.top * DOWN),
        crop(gray, 1.0 - SIDE, 0.0, 1.0, face.top * DOWN),
        crop(gray, SIDE, 0.0, TOWARDS, ABOVE),
        crop(gray, 1.0 - TOWARDS, 0.0, 1.0 - SIDE, ABOVE),
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
    (levels.total() >= 40).then(|| Background { spread: levels.quantile(0.95) - levels.quantile(0.05), brightness: levels.quantile(0.5) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubtful_faces_are_counted_apart_from_clear_ones() {
        let found = |score| Detection { left: 0.3, top: 0.3, width: 0.3, height: 0.3, score };
        let counted = |scores: &[f64]| {
            let all: Vec<Detection> = scores.iter().copied().map(found).collect();
            let Faces { clear, doubtful } = count(&all, &all[0]);
            (clear, doubtful)
        };
        assert_eq!(counted(&[CLEAR_SCORE_MIN]), (1, 0));
        assert_eq!(counted(&[20.0, CLEAR_SCORE_MIN]), (2, 0));
        assert_eq!(counted(&[20.0, 9.9]), (1, 1));
        assert_eq!(counted(&[20.0, 3.9]), (1, 0));
        assert_eq!(counted(&[3.0, 5.0]), (1, 1), "the largest counts, whatever its score");
        assert_eq!(counted(&[5.0, 5.0]), (1, 1));
    }

    #[test]
    fn pictures_of_any_size_can_be_measured() {
        let noise = |x: u32, y: u32| image::Rgb([(x * 7_919 + y * 104_729) as u8; 3]);
        for (width, height) in [1, 2, 19, 20, 39, 41].into_iter().flat_map(|side| [(400, side), (side, 400)]) {
            let picture = RgbImage::from_fn(width, height, noise);
            assert!(measure(&picture).faces.clear <= 1, "{width} x {height}");
        }
    }
}
