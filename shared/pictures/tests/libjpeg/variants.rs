//! Generates variants of JPEG files: written by cjpeg and jpegtran with many settings, and changed afterwards.

use std::{fs, sync::OnceLock};

use image::{
    Rgb, RgbImage,
    imageops::{self, FilterType},
};

use crate::{
    programs::{ppm, run},
    surgery::{adobe, frame, jfif, joined, segment, segments, with_wide_tables},
};

pub(crate) struct Variant {
    pub(crate) kind: &'static str,
    pub(crate) description: String,
    pub(crate) file: Vec<u8>,
}

/// Generates the same numbers for the same seed (SplitMix64).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }
}

const PORTRAIT: &[u8] = include_bytes!("../../../../tests/fixtures/portrait.jpg");
const CMYK: &[u8] = include_bytes!("../../../../fuzz/corpus/jpeg/cmyk.jpg");

/// Scan scripts for sequential pictures (wizard.txt of libjpeg-turbo describes the format).
const SEQUENTIAL: [&str; 5] = ["0; 1; 2;", "0; 1 2;", "0 1; 2;", "1; 0; 2;", "2; 0 1;"];
/// Scan scripts for progressive pictures. The first five are complete, in several orders. The last five are incomplete.
const PROGRESSIVE: [&str; 10] = [
    "0 1 2: 0-0, 0, 0; 0: 1-63, 0, 0; 1: 1-63, 0, 0; 2: 1-63, 0, 0;",
    "0: 0-0, 0, 0; 1 2: 0-0, 0, 0; 2: 1-63, 0, 0; 1: 1-63, 0, 0; 0: 1-5, 0, 0; 0: 6-63, 0, 0;",
    "0: 0-0, 0, 1; 1: 0-0, 0, 2; 2: 0-0, 0, 0; 0: 0-0, 1, 0; 1: 0-0, 2, 1; 1: 0-0, 1, 0; 0: 1-63, 0, 3; 0: 1-63, 3, 2; 0: 1-63, 2, 1; \
     0: 1-63, 1, 0; 1: 1-63, 0, 1; 1: 1-63, 1, 0; 2: 1-63, 0, 0;",
    "0 1 2: 0-0, 0, 1; 0: 1-5, 0, 2; 2: 1-63, 0, 1; 1: 1-63, 0, 1; 0: 6-63, 0, 2; 0: 1-63, 2, 1; 0 1 2: 0-0, 1, 0; 2: 1-63, 1, 0; \
     1: 1-63, 1, 0; 0: 1-63, 1, 0;",
    "0 1 2: 0-0, 0, 0; 0: 1-1, 0, 0; 0: 2-2, 0, 0; 0: 3-63, 0, 0; 1: 1-32, 0, 0; 1: 33-63, 0, 0; 2: 1-63, 0, 0;",
    "0 1 2: 0-0, 0, 1; 0: 1-63, 0, 0; 1: 1-63, 0, 0; 2: 1-63, 0, 0;",
    "0 1 2: 0-0, 0, 0; 0: 1-63, 0, 1; 1: 1-63, 0, 0; 2: 1-63, 0, 0;",
    "0 1 2: 0-0, 0, 0; 0: 1-5, 0, 0; 1: 1-63, 0, 0; 2: 1-63, 0, 0;",
    "0 1 2: 0-0, 0, 0; 0: 1-63, 0, 0;",
    "0 1 2: 0-0, 0, 0;",
];

/// Returns a picture of odd or even size: the portrait, noise in bright colours, or a drawing.
fn source(random: &mut Random) -> RgbImage {
    static DECODED: OnceLock<RgbImage> = OnceLock::new();
    let portrait = DECODED.get_or_init(|| image::load_from_memory(PORTRAIT).unwrap().into_rgb8());
    let (width, height) = (u32::try_from(16 + random.below(180)).unwrap(), u32::try_from(16 + random.below(180)).unwrap());
    match random.below(4) {
        0 => {
            let noise = random.next();
            RgbImage::from_fn(width, height, |x, y| {
                let level = |channel: u64| {
                    if (noise >> ((u64::from(x / 9) + u64::from(y / 7) * 5 + channel * 11) % 64)) & 1 == 1 { 235 } else { 20 }
                };
                Rgb([level(0), level(1), level(2)])
            })
        }
        1 => RgbImage::from_fn(width, height, |x, y| if (x * y / 64) % 3 == 0 { Rgb([20, 20, 120]) } else { Rgb([250; 3]) }),
        _ => imageops::resize(portrait, width, height, FilterType::Triangle),
    }
}

pub(crate) fn cjpeg(picture: &RgbImage, settings: &[String]) -> Vec<u8> {
    let output = run("cjpeg", settings, &ppm(picture));
    assert!(output.status.success(), "cjpeg {settings:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Returns settings of cjpeg that give a supported file, without a scan script.
fn common_settings(random: &mut Random) -> Vec<String> {
    let mut settings = vec!["-quality".to_owned(), random.of(&["30", "60", "75", "90", "97", "100"]).to_owned()];
    match random.below(8) {
        0 => settings.push("-grayscale".to_owned()),
        1 => settings.push("-rgb".to_owned()),
        _ => settings.extend([
            "-sample".to_owned(),
            random.of(&["1x1", "2x1", "2x2", "1x2", "4x1", "2x2,1x1,1x1", "1x1,1x1,1x1", "4x2", "2x2,2x1,1x1", "2x1,1x1,2x1"]).to_owned(),
        ]),
    }
    if random.one_in(3) {
        settings.push("-optimize".to_owned());
    }
    if random.one_in(3) {
        settings.extend(["-restart".to_owned(), random.of(&["1", "2", "1B", "3B", "7B", "40B"]).to_owned()]);
    }
    settings
}

fn with_scans(random: &mut Random, settings: &mut Vec<String>, scripts: &[&str]) -> usize {
    let script = random.below(scripts.len());
    let path = std::env::temp_dir().join(format!("scans-{}-{:x}.txt", std::process::id(), random.next()));
    fs::write(&path, scripts[script]).unwrap();
    settings.extend(["-scans".to_owned(), path.display().to_string()]);
    script
}

/// If `settings` end with `-scans` and a path, returns the scan script in the file at this path, and removes the file. Otherwise returns an
/// empty text.
fn remove_script(settings: &[String]) -> String {
    let [.., option, path] = settings else { return String::new() };
    if option != "-scans" {
        return String::new();
    }
    let script = fs::read_to_string(path).unwrap();
    fs::remove_file(path).unwrap();
    script
}

/// Writes a file with supported settings.
fn common(random: &mut Random) -> (String, Vec<u8>) {
    let picture = source(random);
    let mut settings = common_settings(random);
    let has_three = !settings.iter().any(|setting| setting == "-grayscale");
    match random.below(3) {
        0 => settings.push("-progressive".to_owned()),
        1 if has_three => {
            with_scans(random, &mut settings, &SEQUENTIAL);
        }
        _ => {}
    }
    let file = cjpeg(&picture, &settings);
    let script = remove_script(&settings);
    (format!("{} {script}", settings.join(" ")), file)
}

pub(crate) fn make(random: &mut Random) -> Variant {
    let make = random.of(&[settings, scans, transformed, markers, colours, tables, headers, header_flips, data_flips, truncations, ends]);
    let (kind, description, file) = make(random);
    Variant { kind, description: format!("{kind}: {description}"), file }
}

type Made = (&'static str, String, Vec<u8>);

fn settings(random: &mut Random) -> Made {
    let (description, file) = common(random);
    ("settings", description, file)
}

fn scans(random: &mut Random) -> Made {
    let picture = source(random);
    let mut settings = vec!["-sample".to_owned(), random.of(&["1x1", "2x1", "2x2", "1x2"]).to_owned()];
    let script = with_scans(random, &mut settings, &PROGRESSIVE);
    let file = cjpeg(&picture, &settings);
    remove_script(&settings);
    (if script < 5 { "complete scans" } else { "incomplete scans" }, format!("script {script} {settings:?}"), file)
}

/// Writes a file with settings that are rarely used.
fn transformed(random: &mut Random) -> Made {
    let picture = source(random);
    let settings: Vec<String> = random
        .of(&[
            &["-arithmetic"][..],
            &["-arithmetic", "-progressive"],
            &["-sample", "3x1"],
            &["-sample", "3x2,1x1,3x1"],
            &["-sample", "1x1,2x2,1x1"],
            &["-sample", "2x1,1x2,1x1"],
            &["-sample", "1x4"],
            &["-sample", "4x1,2x1,1x1"],
            &["-quality", "2"],
            &["-quality", "1", "-baseline"],
            &["-grayscale", "-sample", "2x2"],
        ])
        .iter()
        .map(|&setting| setting.to_owned())
        .collect();
    ("rare settings", settings.join(" "), cjpeg(&picture, &settings))
}

/// Adds, repeats, removes or moves whole segments.
fn markers(random: &mut Random) -> Made {
    let (description, file) = common(random);
    let mut parts = segments(&file);
    let at = random.below(parts.len());
    let change = match random.below(5) {
        0 => {
            let marker = random.of(&[0xe1, 0xe5, 0xef, 0xfe, 0xdc, 0xde, 0xdf, 0xcc, 0xf0, 0x02, 0xdd, 0xdb, 0xc4]);
            let payload: Vec<u8> = (0..random.of(&[0, 1, 2, 4, 18, 65])).map(|_| random.byte()).collect();
            parts.insert(at, segment(marker, &payload));
            format!("with marker {marker:x}")
        }
        1 => {
            parts.insert(random.below(parts.len()), parts[at].clone());
            format!("with {:x} twice", parts[at].0)
        }
        2 => {
            let (marker, _) = parts.remove(at);
            format!("without {marker:x}")
        }
        3 => {
            let other = random.below(parts.len());
            parts.swap(at, other);
            format!("with {:x} and {:x} swapped", parts[at].0, parts[other].0)
        }
        _ => {
            let thumbnail = cjpeg(&RgbImage::new(16, 16), &[]);
            parts.insert(at, segment(random.of(&[0xe0, 0xe1, 0xe2]), &[b"JFXX\0\x10", thumbnail.as_slice()].concat()));
            "with a thumbnail".to_owned()
        }
    };
    ("markers", format!("{description} {change}"), joined(&parts))
}

/// Combines JFIF, Adobe segments and IDs of components.
fn colours(random: &mut Random) -> Made {
    let (mut description, file) = if random.one_in(5) { ("CMYK".to_owned(), CMYK.to_vec()) } else { common(random) };
    let mut parts = segments(&file);
    if !random.one_in(3) {
        parts.retain(|(marker, _)| !matches!(marker, 0xe0 | 0xee));
        description.push_str(" without markers");
    }
    for _ in 0..random.below(3) {
        let new = if random.one_in(2) { jfif() } else { adobe(random.of(&[0, 1, 2, 3])) };
        let at = random.below(frame(&parts) + 2);
        description.push_str(&format!(" with {:x} {} at {at}", new.0, new.1[new.1.len() - 1]));
        parts.insert(at, new);
    }
    if random.one_in(3) {
        let ids = random.of(&[*b"RGB", [0, 1, 2], [7, 200, 9], [3, 2, 1], [1, 1, 1], [1, 2, 2]]);
        description.push_str(&format!(" with IDs {ids:?}"));
        let at = frame(&parts);
        let old: Vec<u8> = parts[at].1[10..].chunks(3).map(|component| component[0]).collect();
        let new = |id: u8| old.iter().position(|old| *old == id).and_then(|at| ids.get(at)).copied().unwrap_or(id);
        parts[at].1[10..].chunks_mut(3).for_each(|component| component[0] = new(component[0]));
        for (_, scan) in parts.iter_mut().filter(|(marker, _)| *marker == 0xda) {
            let count = usize::from(scan[4]);
            scan[5..5 + 2 * count].chunks_mut(2).for_each(|component| component[0] = new(component[0]));
        }
    }
    ("colours", description, joined(&parts))
}

/// Changes quantisation and Huffman tables.
fn tables(random: &mut Random) -> Made {
    let (description, file) = common(random);
    let mut parts = segments(&file);
    let change = match random.below(4) {
        0 => return ("tables", format!("{description} with tables of 16 bits"), with_wide_tables(&file)),
        1 => {
            parts.retain(|(marker, _)| *marker != 0xc4);
            "without Huffman tables"
        }
        2 => {
            // Inserts a copy of the first quantisation table before or after the last scan. Half of the copies differ from the original in
            // one value.
            let at = parts.iter().rposition(|(marker, _)| *marker == 0xda).unwrap() + random.below(2);
            let mut table = parts.iter().find(|(marker, _)| *marker == 0xdb).unwrap().clone();
            if random.one_in(2) {
                table.1[5] = table.1[5].wrapping_add(40);
            }
            parts.insert(at, table);
            "with a table before or after the last scan"
        }
        _ => {
            let at = parts.iter().position(|(marker, _)| *marker == 0xdb).unwrap();
            let number = 5 + random.below(64);
            parts[at].1[number] = random.byte();
            "with another number in a table"
        }
    };
    ("tables", format!("{description} {change}"), joined(&parts))
}

/// Changes numbers in the frame header and the headers of scans.
fn headers(random: &mut Random) -> Made {
    let (description, file) = common(random);
    let mut parts = segments(&file);
    let at = frame(&parts);
    let change = match random.below(6) {
        0 => {
            let marker = random.of(&[0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc9, 0xcd]);
            parts[at].1[1] = marker;
            format!("with frame {marker:x}")
        }
        1 => {
            let (height, width) = (random.below(300), random.below(300));
            if random.one_in(2) {
                parts[at].1[6] = u8::try_from(height % 256).unwrap();
            } else {
                parts[at].1[8] = u8::try_from(width % 256).unwrap();
            }
            format!("with another size, {width} or {height}")
        }
        2 => {
            parts[at].1[5..7].fill(0);
            parts.push(segment(0xdc, &[0, 50]));
            "with height 0".to_owned()
        }
        3 => {
            parts[at].1[4] = random.of(&[2, 12, 16]);
            "with another precision".to_owned()
        }
        4 => {
            let sampling = random.byte() & 0x77;
            parts[at].1[11] = sampling;
            format!("with sampling {sampling:x}")
        }
        _ => {
            let scan = parts.iter().position(|(marker, _)| *marker == 0xda).unwrap();
            let place = 4 + random.below(4);
            parts[scan].1[place] = random.byte() & 0x13;
            format!("with byte {place} of the scan's header changed")
        }
    };
    ("headers", format!("{description} {change}"), joined(&parts))
}

fn header_flips(random: &mut Random) -> Made {
    let (description, mut file) = common(random);
    let scan = file.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap() + 14;
    for _ in 0..=random.below(2) {
        let at = 2 + random.below(scan - 2);
        file[at] ^= 1 << random.below(8);
    }
    ("flips in headers", description, file)
}

fn data_flips(random: &mut Random) -> Made {
    let (description, mut file) = common(random);
    for _ in 0..=random.below(3) {
        let at = 2 + random.below(file.len() - 2);
        file[at] ^= 1 << random.below(8);
    }
    ("flips anywhere", description, file)
}

fn truncations(random: &mut Random) -> Made {
    let (description, mut file) = common(random);
    let length = if random.one_in(2) { file.len() - 1 - random.below(40) } else { random.below(file.len()) };
    file.truncate(length);
    let closed = random.one_in(2);
    if closed {
        while file.last() == Some(&0xff) {
            file.pop();
        }
        file.extend([0xff, 0xd9]);
    }
    ("truncated", format!("{description} at {length}, closed {closed}"), file)
}

/// Changes the ends of scans and of the file.
fn ends(random: &mut Random) -> Made {
    let (description, file) = common(random);
    let inner = &file[..file.len() - 2];
    let end = &[0xff, 0xd9][..];
    let tail: Vec<u8> = (0..random.below(30)).map(|_| random.byte()).collect();
    let (change, file) = match random.below(7) {
        0 => ("with data after the end", [&file, tail.as_slice()].concat()),
        1 => ("with a second picture", [file.as_slice(), &file].concat()),
        2 => ("with zeros after the scan", [inner, &[0; 9], end].concat()),
        3 => ("with a restart marker after the scan", [inner, &[0xff, 0xd3], end].concat()),
        4 => ("with data after the scan", [inner, &tail, end].concat()),
        5 => ("with fill bytes", [inner, &[0xff; 5], end].concat()),
        _ => {
            // Changes the number of the first restart marker, as if the marker belonged to another place in the scan.
            let mut changed = file.clone();
            if let Some(at) = changed.windows(2).position(|pair| pair[0] == 0xff && matches!(pair[1], 0xd0..=0xd7)) {
                changed[at + 1] ^= 1;
            }
            ("with a wrong restart marker", changed)
        }
    };
    ("ends", format!("{description} {change}"), file)
}
