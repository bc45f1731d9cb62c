//! Counts how often the good portraits in a folder violate each rule. Measures each portrait unchanged, and with mild variations as they
//! occur among a studio's pictures:
//!
//! `cargo run -p pictures --example rates -- FOLDER...`
//!
//! Each picture is first cropped and scaled so that its head fits the profile, as a photographer would do. Violations of `head_height`,
//! `eye_line` and `face_centre` therefore come from the variations, and not from the original framing.

#![expect(clippy::print_stdout, reason = "a command-line program")]

use std::{collections::BTreeMap, env, fs, io::Cursor, path::PathBuf};

use domain::{
    FileProfile, ImageKind,
    picture_report::{Report, Rule},
};
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
    let (mut plain, mut varied) = ((0, Counts::new()), (0, Counts::new()));
    for file in files {
        let Some(picture) = fs::read(&file).ok().and_then(|bytes| image::load_from_memory(&bytes).ok()) else { continue };
        let picture = picture.into_rgb8();
        for profile in PROFILES {
            let Some(framed) = framed(&picture, profile) else {
                println!("{}: no face for framing as {}, or too close to the edge", file.display(), profile.name());
                continue;
            };
            let own = count(profile, &framed, 90, &mut plain);
            println!("{} {}: {}", file.display(), profile.name(), if own.is_empty() { "no violation".to_owned() } else { own.join(", ") });
            for quality in [60, 75, 95] {
                count(profile, &framed, quality, &mut varied);
            }
            for variation in variations(&framed) {
                count(profile, &variation, 90, &mut varied);
            }
        }
    }
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

/// Crops a portrait so that head and eyes are in the middle of the ranges that the profile allows. Returns `None` without a face, or if the
/// crop would exceed the picture.
fn framed(picture: &RgbImage, profile: FileProfile) -> Option<RgbImage> {
    let report = inspect(profile, picture, 95);
    let measured = |rule| report.findings.iter().find(|finding| finding.rule == rule).and_then(|finding| finding.measured);
    let (head, eyes, centre) = (measured(Rule::HeadHeight)?, measured(Rule::EyeLine)?, measured(Rule::FaceCentre)?);
    let (target_head, target_eyes) = match profile {
        FileProfile::Standard => (0.54, 0.42),
        FileProfile::IdentityCard => (0.62, 0.44),
    };
    let frame = profile.frame(ImageKind::Face);
    let height = head * f64::from(picture.height()) / target_head;
    let width = height * f64::from(frame.proportion.0) / f64::from(frame.proportion.1);
    let left = centre * f64::from(picture.width()) - width / 2.0;
    let top = eyes * f64::from(picture.height()) - height * target_eyes;
    let inside =
        left >= 0.0 && top >= -0.02 * height && left + width <= f64::from(picture.width()) && top + height <= f64::from(picture.height());
    let crop = || imageops::crop_imm(picture, left as u32, top.max(0.0) as u32, width as u32, height as u32).to_image();
    inside.then(|| imageops::resize(&crop(), frame.min_width, frame.min_height, FilterType::Triangle))
}

/// Returns variations of light, skin tone, contrast, side, position and size.
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
