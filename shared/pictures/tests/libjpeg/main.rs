//! Compares our decoder with libjpeg-turbo, which browsers and most programs use, on the test data, the corpus of the fuzz tests, and
//! generated variants of JPEG files. A file that we accept must look the same with both decoders. libjpeg-turbo must decode the cleaned
//! file without a warning.
//!
//! `JPEG_VARIANTS` is the number of generated variants, and `JPEG_SEED` the first seed. The test needs djpeg and cjpeg.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a failure fails the test, and the counts are printed")]

mod programs;
mod surgery;
mod variants;

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use domain::photo::PictureFault;
use image::{
    RgbImage,
    imageops::{self, FilterType},
};

use crate::{programs::djpeg, variants::Random};

/// Maximum of the mean difference between the samples of two pictures, in levels.
const DIFFERENCE_MAX: f64 = 3.0;

/// Results of the comparison. `counts` has the number of files for each kind of variant and outcome.
#[derive(Default)]
struct Results {
    counts: BTreeMap<(String, String), u32>,
    /// The largest mean difference between our copy of a file and libjpeg-turbo's picture, and the file's name.
    largest_copy: (f64, String),
    largest_preview: (f64, String),
    faults: Vec<String>,
    /// Whether the files are photos. The previews of photos are compared with libjpeg-turbo's picture itself, scaled to the same size.
    /// Other previews are compared with a preview of libjpeg-turbo's picture.
    are_photos: bool,
}

/// Returns the mean of the absolute differences between the samples of two pictures of the same size.
fn difference(one: &RgbImage, other: &RgbImage) -> f64 {
    assert_eq!(one.dimensions(), other.dimensions());
    let sum: u64 = one.as_raw().iter().zip(other.as_raw()).map(|(one, other)| u64::from(one.abs_diff(*other))).sum();
    sum as f64 / one.as_raw().len() as f64
}

impl Results {
    /// Compares one file. Files with a colour profile are compared in other tests, because djpeg ignores profiles.
    fn compare(&mut self, kind: &str, name: &str, file: &[u8]) {
        let outcome = match pictures::decode(file) {
            Ok((clean, copy)) => {
                self.compare_accepted(name, file, &clean, &copy);
                "accepted".to_owned()
            }
            Err(PictureFault::Unsupported(reason)) => format!("unsupported: {}", reason.name()),
            Err(fault) => fault.rule().name().to_owned(),
        };
        *self.counts.entry((kind.to_owned(), outcome)).or_default() += 1;
    }

    fn compare_accepted(&mut self, name: &str, file: &[u8], clean: &[u8], copy: &RgbImage) {
        let of_clean = match djpeg(clean) {
            Ok((picture, warnings)) if warnings.is_empty() => {
                self.compare_pixels(name, &picture, copy);
                picture
            }
            Ok((_, warnings)) => return self.faults.push(format!("{name}: djpeg warns of the cleaned file: {warnings}")),
            Err(error) => return self.faults.push(format!("{name}: djpeg rejects the cleaned file: {error}")),
        };
        // Also decodes the original file, because viewers show it without cleaning. libjpeg-turbo may reject the original because of
        // reserved markers, which cleaning removes.
        match djpeg(file) {
            Ok((picture, _)) if of_clean == picture => {}
            Ok((picture, _)) => self.compare_pixels(name, &picture, copy),
            Err(error) if error.contains("Unsupported marker type") => {}
            Err(error) => self.faults.push(format!("{name}: djpeg rejects the original file: {error}")),
        }
    }

    fn compare_pixels(&mut self, name: &str, picture: &RgbImage, copy: &RgbImage) {
        let expected = pictures::scaled_down(picture);
        let of_copy = difference(&expected, copy);
        let preview = image::load_from_memory(&pictures::preview(copy).unwrap()).unwrap().into_rgb8();
        // The generated variants are small and full of noise, so the compression of a preview changes them visibly. Therefore the expected
        // picture of a variant is compressed in the same way.
        let expected = match self.are_photos {
            true => imageops::resize(&expected, preview.width(), preview.height(), FilterType::Triangle),
            false => image::load_from_memory(&pictures::preview(&expected).unwrap()).unwrap().into_rgb8(),
        };
        let of_preview = difference(&expected, &preview);
        for (largest, value) in [(&mut self.largest_copy, of_copy), (&mut self.largest_preview, of_preview)] {
            if value > largest.0 {
                *largest = (value, name.to_owned());
            }
        }
        if of_copy > DIFFERENCE_MAX || of_preview > DIFFERENCE_MAX {
            self.faults.push(format!("{name}: the copy differs by {of_copy:.2} levels, the preview by {of_preview:.2}"));
        }
    }

    fn report(self) {
        for ((kind, outcome), count) in &self.counts {
            println!("{kind:24} {outcome:32} {count:6}");
        }
        println!("largest difference of a copy: {:.2} levels ({})", self.largest_copy.0, self.largest_copy.1);
        println!("largest difference of a preview: {:.2} levels ({})", self.largest_preview.0, self.largest_preview.1);
        assert!(self.faults.is_empty(), "{} faults:\n{}", self.faults.len(), self.faults.join("\n"));
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|extension| extension == "jpg"));
    found.sort();
    found
}

#[test]
fn files_of_the_repository_look_as_in_libjpeg_turbo() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let mut results = Results { are_photos: true, ..Results::default() };
    for folder in
        ["shared/pictures/tests/data", "shared/pictures/tests/data/unusual", "fuzz/corpus/jpeg", "fuzz/corpus/picture", "tests/fixtures"]
    {
        for path in files(&root.join(folder)) {
            let file = fs::read(&path).unwrap();
            if !file.windows(12).any(|bytes| bytes == b"ICC_PROFILE\0") {
                results.compare(folder, &path.display().to_string(), &file);
            }
        }
    }
    results.report();
}

/// Large pictures are reduced by the factor 2, 4 or 8 while they are decoded.
#[test]
fn large_pictures_look_as_in_libjpeg_turbo() {
    let portrait = image::load_from_memory(include_bytes!("../../../../tests/fixtures/portrait.jpg")).unwrap().into_rgb8();
    let mut results = Results { are_photos: true, ..Results::default() };
    for (width, height, settings) in [
        (2_601, 3_899, "-sample 2x2"),
        (2_601, 3_899, "-sample 1x1 -progressive"),
        (2_601, 3_899, "-sample 2x1 -restart 1"),
        (2_601, 3_899, "-sample 4x2"),
        (5_123, 7_685, "-sample 2x2"),
        (1_201, 15_361, "-sample 1x2 -progressive"),
    ] {
        let picture = imageops::resize(&portrait, width, height, FilterType::Triangle);
        let settings: Vec<String> = settings.split(' ').map(str::to_owned).collect();
        let file = variants::cjpeg(&picture, &settings);
        results.compare("large", &format!("{width} x {height} {settings:?}"), &file);
    }
    assert_eq!(results.counts.values().sum::<u32>(), 6);
    assert!(results.counts.keys().all(|(_, outcome)| outcome == "accepted"));
    results.report();
}

#[test]
fn variants_look_as_in_libjpeg_turbo() {
    let number = |name, default| env::var(name).map_or(default, |text: String| text.parse().expect("a number"));
    let (first, count) = (number("JPEG_SEED", 0), number("JPEG_VARIANTS", 200));
    let mut results = Results::default();
    for seed in first..first + count {
        let variant = variants::make(&mut Random::new(seed));
        let name = format!("{}, seed {seed}", variant.description);
        let before = results.faults.len();
        results.compare(variant.kind, &name, &variant.file);
        if let Some(folder) = env::var_os("JPEG_FAULTS").filter(|_| results.faults.len() > before) {
            fs::write(Path::new(&folder).join(format!("{seed}.jpg")), &variant.file).unwrap();
        }
    }
    results.report();
}
