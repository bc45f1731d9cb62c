//! Tests of rejected files. Each rule is tested with a file that breaks it. If a rule has a limit, the rejection reports the measured value
//! and the limit.

#![expect(clippy::expect_used, reason = "a failure fails the test")]

use std::time::Instant;

use domain::photo::{FileProfile, ImageKind, PictureFault, UnsupportedJpeg};
use pictures::accept;
use proptest::prelude::*;

#[path = "../../../tests/src/pictures.rs"]
pub mod made;

const STANDARD: FileProfile = FileProfile::Standard;

fn fault(file: &[u8]) -> PictureFault {
    accept(STANDARD, ImageKind::Face, file).expect_err("a rejected file")
}

#[test]
fn a_file_that_is_not_a_jpeg_is_rejected_whatever_its_name() {
    let mut no_start = made::PORTRAIT.to_vec();
    no_start.remove(0);
    for file in [made::not_a_jpeg(), made::png_named_jpg(), no_start, Vec::new(), vec![0xff], vec![0xff, 0xd8]] {
        assert_eq!(fault(&file), PictureFault::NotJpeg);
    }
}

#[test]
fn a_truncated_or_damaged_file_is_rejected() {
    let good = made::PORTRAIT;
    for file in [made::truncated(), made::truncated_and_closed(), made::damaged(), made::broken_structure(), good[..3].to_vec()] {
        assert_eq!(fault(&file), PictureFault::Damaged);
    }
    assert_eq!(fault(&good[..good.len() - 1]), PictureFault::Damaged);
    assert_eq!(fault(&[0xff, 0xd8, 0xff, 0xd9]), PictureFault::Damaged);
}

#[test]
fn one_byte_too_many_is_rejected() {
    assert_eq!(fault(&made::too_many_bytes()), PictureFault::TooManyBytes { measured: 3_000_001, limit: 3_000_000 });
}

#[test]
fn a_small_file_that_claims_900_megapixels_is_rejected_without_decoding_it() {
    let file = made::giant();
    assert!(file.len() < 1_000);
    assert_eq!(fault(&file), PictureFault::TooManyPixels { measured: 900_000_000, limit: 50_000_000 });
}

#[test]
fn one_pixel_too_few_is_rejected() {
    assert_eq!(fault(&made::too_small()), PictureFault::TooSmall { width: 799, height: 1199, min_width: 800, min_height: 1200 });
    let signature = |file: &[u8]| accept(STANDARD, ImageKind::Signature, file).unwrap_err();
    assert_eq!(signature(&made::jpeg(1199, 400)), PictureFault::TooSmall { width: 1199, height: 400, min_width: 1200, min_height: 400 });
}

#[test]
fn a_wrong_proportion_is_rejected() {
    assert_eq!(fault(&made::wrong_proportion()), PictureFault::Proportion { width: 1200, height: 1200, expected: (2, 3) });
    assert_eq!(fault(made::PORTRAIT_4X5), PictureFault::Proportion { width: 1280, height: 1600, expected: (2, 3) });
    let card = accept(FileProfile::IdentityCard, ImageKind::Face, &made::jpeg(1280, 1920)).unwrap_err();
    assert_eq!(card, PictureFault::Proportion { width: 1280, height: 1920, expected: (4, 5) });
    let signature = accept(STANDARD, ImageKind::Signature, &made::jpeg(1200, 420)).unwrap_err();
    assert_eq!(signature, PictureFault::Proportion { width: 1200, height: 420, expected: (3, 1) });
}

#[test]
fn every_orientation_but_upright_is_rejected() {
    assert_eq!(fault(&made::turned()), PictureFault::Turned { orientation: 6 });
    for orientation in 2..=8 {
        assert_eq!(fault(&made::with_orientation(orientation)), PictureFault::Turned { orientation: u32::from(orientation) });
    }
}

#[test]
fn a_rotated_picture_is_rejected_even_if_other_exif_entries_are_broken() {
    // In the camera's EXIF directory, an entry after the orientation points outside the segment.
    let mut file = made::turned();
    let exif = file.windows(6).position(|bytes| bytes == b"Exif\0\0").unwrap() + 6;
    let pointer = file[exif..].windows(4).position(|bytes| bytes == [0x87, 0x69, 0, 4]).unwrap() + exif + 8;
    file[pointer..pointer + 4].fill(0xee);
    assert!(exif::Reader::new().read_from_container(&mut std::io::Cursor::new(&file)).is_err());
    assert_eq!(fault(&file), PictureFault::Turned { orientation: 6 });
}

/// Many decoders accept a file that lacks image data, and paint the missing area gray. This test removes a little or much of the image data
/// from files with each kind of scan.
#[test]
fn truncated_image_data_is_rejected_in_every_kind_of_file() {
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "jpg") {
            continue;
        }
        let file = std::fs::read(&path).unwrap();
        for missing in [4, 20, 300, file.len() / 4, file.len() / 2] {
            let mut cut = file[..file.len() - 2 - missing].to_vec();
            while cut.last() == Some(&0xff) {
                cut.pop();
            }
            cut.extend([0xff, 0xd9]);
            assert_eq!(fault(&cut), PictureFault::Damaged, "{} less {missing} bytes", path.display());
        }
    }
}

#[test]
fn a_file_with_a_second_frame_is_rejected() {
    let giant = made::giant();
    let frame = giant.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    let length = 2 + usize::from(u16::from_be_bytes([giant[frame + 2], giant[frame + 3]]));
    // Some decoders would use the first of two frames, and others the last. So a file with two frames is rejected.
    let good = include_bytes!("data/gray_progressive.jpg");
    let scan = good.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap();
    for at in [2, scan] {
        let file = [&good[..at], &giant[frame..frame + length], &good[at..]].concat();
        assert_eq!(fault(&file), PictureFault::Damaged);
    }
}

#[test]
fn invalid_markers_are_rejected() {
    let good = include_bytes!("data/gray_progressive.jpg");
    let second = 4 + usize::from(u16::from_be_bytes([good[4], good[5]]));
    assert_eq!(good[second], 0xff);
    let without_ff = [&good[..second], &good[second + 1..]].concat();
    let with = |segment: &[u8]| [&good[..second], segment, &good[second..]].concat();
    for file in [
        without_ff,
        with(&[0xff, 0x00, 0, 4, 0, 0]),
        with(&[0xff, 0x01, 0, 4, 0, 0]),
        with(&[0xff, 0xd0, 0, 4, 0, 0]),
        with(&[0xff, 0xd8, 0, 4, 0, 0]),
        with(&[0xff, 0xfe, 0, 1]),
        with(&[0xff, 0xfe, 0, 0]),
    ] {
        assert_eq!(pictures::clean(&file), Err(PictureFault::Damaged));
    }
    assert!(pictures::clean(&with(&[0xff, 0xfe, 0, 2])).is_ok(), "an empty comment");
}

/// Builds progressive pictures with a given number of scans. Each of the 63 AC coefficients has a first scan. To reach the given number of
/// scans, some coefficients get a second scan, which refines them. All these scans cover the whole picture and contain only zeros.
struct Progressive {
    /// The two scans of the DC coefficients, with the headers of the file.
    beginning: Vec<u8>,
    component: u8,
}

impl Progressive {
    fn new() -> Self {
        let good = include_bytes!("data/gray_progressive.jpg");
        let position =
            |from: usize, marker: &[u8]| from + good[from..].windows(marker.len()).position(|bytes| bytes == marker).expect("the marker");
        let component = good[position(0, &[0xff, 0xc2]) + 10];
        let first = position(0, &[0xff, 0xda]);
        let refinement = position(first, &[0xff, 0xda, 0, 8, 1, component, 0, 0, 0, 0x10]);
        // The image data of a scan contains no marker, so a scan ends at the next table.
        let end_of = |scan| position(scan, &[0xff, 0xc4]);
        // Each AC scan has a single code, which ends 16,384 blocks. That is enough for the 15,000 blocks of the picture.
        let table = [&[0xff, 0xc4, 0, 20, 0x10, 1][..], &[0; 15], &[0xe0]].concat();
        let beginning = [&good[..end_of(first)], &good[refinement..end_of(refinement)], &table].concat();
        Self { beginning, component }
    }

    fn scan(&self, coefficient: u8, bits: u8) -> [u8; 12] {
        [0xff, 0xda, 0, 8, 1, self.component, 0, coefficient, coefficient, bits, 0, 0]
    }

    /// Returns a file with this number of scans. The bytes `more` follow after the last of these scans.
    fn with(&self, scans: u8, more: &[u8]) -> Vec<u8> {
        let refined = scans - 2 - 63;
        let firsts = (1..=63).flat_map(|coefficient| self.scan(coefficient, u8::from(coefficient <= refined)));
        let refinements = (1..=refined).flat_map(|coefficient| self.scan(coefficient, 0x10));
        self.beginning.iter().copied().chain(firsts).chain(refinements).chain(more.iter().copied()).chain([0xff, 0xd9]).collect()
    }
}

#[test]
fn more_than_a_hundred_scans_are_rejected() {
    let picture = Progressive::new();
    assert!(pictures::clean(&picture.with(100, &[])).is_ok());
    assert_eq!(pictures::clean(&picture.with(101, &[])), Err(PictureFault::Damaged));
    let begun = Instant::now();
    assert_eq!(fault(&picture.with(80, &picture.scan(63, 0x10).repeat(240_000))), PictureFault::Damaged);
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
}

#[test]
fn a_scan_that_repeats_coefficients_is_rejected() {
    let picture = Progressive::new();
    assert!(pictures::clean(&picture.with(66, &[])).is_ok());
    for (coefficient, bits) in [(63, 0), (63, 1), (63, 0x10), (1, 0), (1, 1), (1, 0x10), (0, 0), (0, 1), (0, 0x10)] {
        let scan = picture.scan(coefficient, bits);
        assert_eq!(pictures::clean(&picture.with(66, &scan)), Err(PictureFault::Damaged), "{coefficient} {bits}");
    }
}

/// An empty Huffman table takes 17 bytes of the file and 131 KB of memory.
#[test]
fn too_many_huffman_tables_are_rejected() {
    let good = include_bytes!("data/gray_progressive.jpg");
    let empty = [&[0x10][..], &[0; 16]].concat();
    let with = |tables: usize| {
        let mut file = good[..2].to_vec();
        for first in (0..tables).step_by(3_000) {
            let payload = empty.repeat((tables - first).min(3_000));
            file.extend([0xff, 0xc4]);
            file.extend(u16::try_from(payload.len() + 2).unwrap().to_be_bytes());
            file.extend(payload);
        }
        file.extend(&good[2..]);
        file
    };
    // The original picture has 5 tables.
    assert!(pictures::clean(&with(395)).is_ok());
    assert_eq!(pictures::clean(&with(396)), Err(PictureFault::Damaged));
    let begun = Instant::now();
    assert_eq!(fault(&with(175_000)), PictureFault::Damaged);
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
}

/// Tables and headers remain in an accepted file, so they must have no room for other data.
#[test]
fn tables_and_headers_cannot_hide_other_data() {
    let good = include_bytes!("data/gray_progressive.jpg");
    let segment =
        |marker: u8, payload: &[u8]| [&[0xff, marker][..], &u16::try_from(payload.len() + 2).unwrap().to_be_bytes(), payload].concat();
    let with = |segment: &[u8]| pictures::clean(&[&good[..2], segment, &good[2..]].concat());
    let quantisation = [&[0][..], &[b'<'; 64]].concat();
    assert!(with(&segment(0xdb, &quantisation.repeat(7))).is_ok());
    for hidden in [
        segment(0xdb, &quantisation.repeat(8)),
        segment(0xdb, &[&quantisation[..], b"<script>"].concat()),
        segment(0xdb, &[&[0x20][..], &[b'<'; 192]].concat()),
        segment(0xdb, &[&[0x04][..], &[b'<'; 64]].concat()),
        // The Huffman table has 257 codes, although a code has only 256 possible values.
        segment(0xc4, &[&[0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128, 129][..], &[b'<'; 257]].concat()),
        segment(0xc4, &[&[0x10][..], &[0; 16], b"<script>"].concat()),
        segment(0xdd, b"\0\0<script>"),
    ] {
        assert_eq!(with(&hidden), Err(PictureFault::Damaged));
    }
    for (marker, header) in [(0xc2, 8 + 3), (0xda, 6 + 2)] {
        let at = good.windows(2).position(|pair| pair == [0xff, marker]).unwrap();
        assert_eq!(good[at + 2..at + 4], [0, header]);
        let end = at + 2 + usize::from(header);
        let longer = [&good[..at + 2], &[0, header + 9], &good[at + 4..end], b"<script>!", &good[end..]].concat();
        assert_eq!(pictures::clean(&longer), Err(PictureFault::Damaged));
    }
}

/// Some decoders would use the colour transform of the first of two Adobe segments, and others that of the last. So a file is rejected if
/// the two transforms differ.
#[test]
fn contradicting_colour_transforms_are_rejected() {
    let good = include_bytes!("data/rgb_without_conversion.jpg");
    let at = good.windows(7).position(|bytes| bytes == b"\0\x0eAdobe").unwrap() - 2;
    let adobe = &good[at..at + 16];
    let other = [&adobe[..15], &[1]].concat();
    let last = good.len() - 2;
    for file in [[&good[..at], &other, &good[at..]].concat(), [&good[..at], &good[at + 16..last], adobe, &good[last..]].concat()] {
        assert_eq!(pictures::clean(&file), Err(PictureFault::Unsupported(UnsupportedJpeg::ColourMarkers)));
    }
    assert!(pictures::clean(&[&good[..last], adobe, &good[last..]].concat()).is_ok(), "the same transform again");
}

/// A JPEG of an unsupported kind is not damaged, and browsers may show it. Its rejection must therefore name the kind.
#[test]
fn unsupported_kinds_of_jpeg_are_rejected_with_their_reason() {
    use UnsupportedJpeg as U;
    for (file, reason) in [
        (&include_bytes!("data/unusual/arithmetic.jpg")[..], U::ArithmeticCoding),
        (include_bytes!("data/unusual/sampling_3x1.jpg"), U::Sampling),
        (include_bytes!("data/unusual/no_huffman_tables.jpg"), U::HuffmanTables),
    ] {
        assert_eq!(fault(file), PictureFault::Unsupported(reason));
    }
    for file in [&include_bytes!("data/unusual/no_end.jpg")[..], include_bytes!("data/unusual/progressive_without_refinement.jpg")] {
        assert_eq!(fault(file), PictureFault::Damaged);
    }
    let plain = include_bytes!("data/baseline_420.jpg");
    let at = plain.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    let with = |place: usize, bytes: &[u8]| [&plain[..at + place], bytes, &plain[at + place + bytes.len()..]].concat();
    assert_eq!(fault(&with(5, &[0, 0])), PictureFault::Unsupported(U::Height), "the height is in a segment after the scan");
    assert_eq!(fault(&with(4, &[12])), PictureFault::Unsupported(U::Precision));
    assert_eq!(fault(&with(1, &[0xc3])), PictureFault::Unsupported(U::Lossless));
    assert_eq!(fault(&with(1, &[0xc5])), PictureFault::Unsupported(U::Hierarchical));
    assert_eq!(fault(&with(13, &[1])), PictureFault::Unsupported(U::Components), "two components with the same ID");
    let scan = plain.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap();
    let quantisation = [&[0xff, 0xdb, 0, 67, 0][..], &[9; 64]].concat();
    let redefined = [&plain[..plain.len() - 2], &quantisation, &[0xff, 0xd9]].concat();
    assert_eq!(pictures::clean(&redefined), Err(PictureFault::Unsupported(U::QuantisationTables)));
    assert!(pictures::clean(&[&plain[..scan], &quantisation, &plain[scan..]].concat()).is_ok(), "before the first scan");
}

/// The file is small, but its picture has nearly the maximum number of pixels. Pictures of this size take the longest to decode.
#[test]
fn a_picture_of_fifty_megapixels_is_decoded_and_rejected_for_its_content() {
    const WIDTH: u16 = 5_770;
    const HEIGHT: u16 = 8_655;
    let [w1, w0] = WIDTH.to_be_bytes();
    let [h1, h0] = HEIGHT.to_be_bytes();
    let quantisation = [&[0xff, 0xdb, 0, 67, 0][..], &[1; 64]].concat();
    let frame = [0xff, 0xc2, 0, 17, 8, h1, h0, w1, w0, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0];
    // Two Huffman tables, each with a single code of one bit. In the first table the code means the same brightness as in the previous
    // block. In the second it means that there are no other coefficients.
    let table = [&[0xff, 0xc4, 0, 38, 0, 1][..], &[0; 15], &[0, 0x10, 1], &[0; 15], &[0]].concat();
    let blocks = usize::from(WIDTH).div_ceil(8) * usize::from(HEIGHT).div_ceil(8);
    let mut file = [&[0xff, 0xd8][..], &quantisation, &frame, &table, &[0xff, 0xda, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 0, 0]].concat();
    file.resize(file.len() + (3 * blocks).div_ceil(8), 0);
    for component in 1..=3 {
        file.extend([0xff, 0xda, 0, 8, 1, component, 0, 1, 63, 0]);
        file.resize(file.len() + blocks.div_ceil(8), 0);
    }
    file.extend([0xff, 0xd9]);
    assert!(matches!(fault(&file), PictureFault::Shown(_)), "decoded, and without a face");
}

#[test]
fn two_pictures_in_one_file_are_rejected() {
    let mut file = made::PORTRAIT[..made::PORTRAIT.len() - 2].to_vec();
    file.extend(&made::SIGNATURE[2..]);
    assert_eq!(fault(&file), PictureFault::Damaged);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_truncation_of_a_good_file_is_rejected(cut in any::<proptest::sample::Index>(), close: bool) {
        let data = include_bytes!("data/baseline_420.jpg");
        let mut file = data[..cut.index(data.len() - 8)].to_vec();
        if close {
            file.extend([0xff, 0xd9]);
        }
        prop_assert!(accept(STANDARD, ImageKind::Face, &file).is_err());
    }
}
