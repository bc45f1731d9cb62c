//! Counts how often the good portraits in a folder violate each rule. Measures each portrait unchanged, and with mild variations that are
//! common among the pictures of a studio:
//!
//! `cargo run -p pictures --example rates -- FOLDER...`
//!
//! Each picture is first turned, cropped and scaled so that its head fits the profile, as a photographer would do. Violations of
//! `head_height`, `eye_line` and `face_centre` therefore come from the variations, and not from the original framing. A picture with too
//! little space around the head is extended with the pixels at its edge, so the results of the rules about the background have no meaning
//! for this picture.

#![expect(clippy::print_stdout, reason = "a command-line program")]

use std::{collections::BTreeMap, env, fs, io::Cursor, path::PathBuf};

use domain::{FileProfile, ImageKind, face_position::Side, picture_report::Report};
use image::{
    Rgb, RgbImage,
    codecs::jpeg::JpegEncoder,
    imageops::{self, FilterType},
};

const PROFILES: [FileProfile; 2] = [FileProfile::Standard, FileProfile::IdentityCard];

/// The number of violations by rule and severity.
type Counts = BTreeMap<(&'static str, &'static str), u32>;

fn main() {
    let folders: Vec<PathBuf> = env::args().skip(1).map(PathBuf::from).collect();
    let mut files: Vec<PathBuf> =
        folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    let mut missed = 0;
    let (mut plain, mut varied) = ((0, Counts::new()), (0, Counts::new()));
    for file in files {
        let Some(picture) = fs::read(&file).ok().and_then(|bytes| image::load_from_memory(&bytes).ok()) else { continue };
        let picture = picture.into_rgb8();
        for profile in PROFILES {
            let Some((framed, outside)) = framed(&picture, profile) else {
                println!("{} {}: no face", file.display(), profile.name());
                missed += 1;
                continue;
            };
            let own = count(profile, &framed, 90, &mut plain);
            let violations = if own.is_empty() { "no violation".to_owned() } else { own.join(", ") };
            let note = if outside.is_empty() { "" } else { " (extended)" };
            println!("{} {}{note}: {violations}", file.display(), profile.name());
            for quality in [60, 75, 95] {
                count(profile, &framed, quality, &mut varied);
            }
            for variation in variations(&framed) {
                count(profile, &variation, 90, &mut varied);
            }
        }
    }
    println!("\nNo face: {missed}");
    for (name, (pictures, counts)) in [("Unchanged", plain), ("Varied", varied)] {
        println!("\n{name}: {pictures} pictures\n");
        println!("| rule | severity | of {pictures} |\n| --- | --- | --- |");
        for ((rule, severity), times) in counts {
            println!("| `{rule}` | {severity} | {times} ({:.1}%) |", f64::from(times) * 100.0 / f64::from(pictures.max(1)));
        }
    }
}

fn count(profile: FileProfile, picture: &RgbImage, quality: u8, (pictures, counts): &mut (u32, Counts)) -> Vec<String> {
    let report = inspect(profile, picture, quality);
    *pictures += 1;
    let violations: Vec<_> = report.findings.iter().filter(|finding| !finding.ok).collect();
    for finding in &violations {
        *counts.entry((finding.rule.name(), finding.severity.name())).or_default() += 1;
    }
    violations.iter().map(|finding| format!("{} {:.3}", finding.rule.name(), finding.measured.unwrap_or_default())).collect()
}

fn inspect(profile: FileProfile, picture: &RgbImage, quality: u8) -> Report {
    let mut file = Cursor::new(Vec::new());
    if JpegEncoder::new_with_quality(&mut file, quality).encode_image(picture).is_err() {
        return Report::default();
    }
    pictures::inspect(profile, ImageKind::Face, file.get_ref())
}

/// Crops a portrait with `FacePosition::crop`, which levels the eyes and places the head in the middle of the ranges that the profile
/// allows. Beyond the edges of the picture, the crop repeats the nearest pixels. Returns `None` if the picture shows no face.
fn framed(picture: &RgbImage, profile: FileProfile) -> Option<(RgbImage, Vec<Side>)> {
    let mut file = Cursor::new(Vec::new());
    JpegEncoder::new_with_quality(&mut file, 95).encode_image(picture).ok()?;
    let crop = pictures::locate(file.get_ref()).ok()??.crop(profile);
    let frame = profile.frame(ImageKind::Face);
    let scale = crop.height / f64::from(frame.min_height);
    let pixel = |at: f64, length: u32| at.round().clamp(0.0, f64::from(length - 1)) as i64;
    // If the crop is larger than the frame, the picture is scaled down before it is sampled, to avoid aliasing.
    let shrink = scale.max(1.0);
    let source = if shrink > 1.0 {
        let size = |length: u32| ((f64::from(length) / shrink).round() as u32).max(2);
        imageops::resize(picture, size(picture.width()), size(picture.height()), FilterType::Triangle)
    } else {
        picture.clone()
    };
    let framed = RgbImage::from_fn(frame.min_width, frame.min_height, |x, y| {
        let right = (f64::from(x) + 0.5 - f64::from(frame.min_width) / 2.0) * scale;
        let down = (f64::from(y) + 0.5 - f64::from(frame.min_height) / 2.0) * scale;
        let point = crop.centre.offset(right, down, -crop.rotation);
        let (x, y) = (point.x / shrink - 0.5, point.y / shrink - 0.5);
        let at = |x: f64, y: f64| {
            let (x, y) = (pixel(x, source.width()), pixel(y, source.height()));
            source.get_pixel(x as u32, y as u32).0.map(f64::from)
        };
        let (left, top) = (x.floor(), y.floor());
        let corners = [at(left, top), at(left + 1.0, top), at(left, top + 1.0), at(left + 1.0, top + 1.0)];
        Rgb(std::array::from_fn(|channel| {
            let upper = corners[0][channel] + (corners[1][channel] - corners[0][channel]) * (x - left);
            let lower = corners[2][channel] + (corners[3][channel] - corners[2][channel]) * (x - left);
            (upper + (lower - upper) * (y - top)).round() as u8
        }))
    });
    Some((framed, crop.outside))
}

/// Returns variations of light, skin tone, contrast, position and size, and a mirrored picture.
fn variations(picture: &RgbImage) -> Vec<RgbImage> {
    let toned = |tone: &dyn Fn(f64) -> f64| {
        let mut toned = picture.clone();
        for level in toned.iter_mut() {
            *level = (255.0 * tone(f64::from(*level) / 255.0)).clamp(0.0, 255.0) as u8;
        }
        toned
    };
    let mut all = vec![
        toned(&|level| level * 0.85),
        toned(&|level| level * 1.15),
        toned(&|level| level.powf(0.75)),
        toned(&|level| level.powf(1.4)),
        toned(&|level| level.powf(1.8)),
        toned(&|level| 0.5 + (level - 0.5) * 0.8),
        toned(&|level| 0.5 + (level - 0.5) * 1.2),
        imageops::flip_horizontal(picture),
    ];
    let (width, height) = picture.dimensions();
    let edge: Rgb<u8> = *picture.get_pixel(width / 40, height / 40);
    for (scale, right, down) in
        [(0.97, 0.0, 0.0), (1.05, 0.0, 0.01), (1.0, 0.02, 0.0), (1.0, -0.02, 0.0), (1.0, 0.0, 0.02), (1.0, 0.0, -0.02)]
    {
        let (w, h) = ((f64::from(width) * scale) as u32, (f64::from(height) * scale) as u32);
        let copy = imageops::resize(picture, w, h, FilterType::Triangle);
        let mut moved = RgbImage::from_pixel(width, height, edge);
        let x = (i64::from(width) - i64::from(w)) / 2 + (right * f64::from(width)) as i64;
        let y = (i64::from(height) - i64::from(h)) / 2 + (down * f64::from(height)) as i64;
        imageops::replace(&mut moved, &copy, x, y);
        all.push(moved);
    }
    all
}
