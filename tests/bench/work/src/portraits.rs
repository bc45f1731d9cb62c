//! Provides the two pictures of the benchmark: the fixture, which has 800 x 1200 pixels, and a copy of it that is enlarged to 12 megapixels
//! and has noise like a picture from a camera.

use std::{
    fs,
    path::{Path, PathBuf},
};

use image::{RgbImage, codecs::jpeg::JpegEncoder, imageops::FilterType};

const WIDTH: u32 = 2_830;
const HEIGHT: u32 = 4_245;
/// JPEG quality that photographers usually deliver.
const QUALITY: u8 = 92;
/// Amplitude of the simulated sensor noise, in levels of 0 to 255. The noise makes the file about 3 MB large.
const NOISE: u32 = 6;

pub(crate) struct Portrait {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

pub(crate) fn make(folder: &Path) -> Vec<Portrait> {
    let small = PathBuf::from("tests/fixtures/portrait.jpg");
    let large = folder.join("portrait_12mp.jpg");
    let picture = image::open(&small).expect("the fixture").resize_exact(WIDTH, HEIGHT, FilterType::CatmullRom).into_rgb8();
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, QUALITY).encode_image(&noisy(picture)).expect("a JPEG");
    fs::write(&large, file).expect("a file");
    [small, large].into_iter().map(named).collect()
}

fn named(path: PathBuf) -> Portrait {
    let (width, height) = image::image_dimensions(&path).expect("a picture");
    let bytes = fs::metadata(&path).expect("a file").len();
    Portrait { name: format!("{width} x {height}, {:.1} MB", bytes as f64 / 1e6), path }
}

/// Adds noise that is the same in each run.
fn noisy(mut picture: RgbImage) -> RgbImage {
    let mut state = 1_u32;
    for pixel in picture.pixels_mut() {
        // The linear congruential generator of "Numerical Recipes", which is good enough for noise.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = i16::try_from((state >> 16) % (2 * NOISE + 1)).expect("small") - i16::try_from(NOISE).expect("small");
        for channel in &mut pixel.0 {
            *channel = u8::try_from((i16::from(*channel) + noise).clamp(0, 255)).expect("clamped");
        }
    }
    picture
}
