//! Uploaded pictures: their cleaning, acceptance and reports.

use std::io::Cursor;

use domain::{FileProfile, ImageKind, picture_report::Finding};
use image::{DynamicImage, ImageDecoder, codecs::jpeg::JpegDecoder};
use pictures::{accept, clean, decode, inspect};

/// Maximum number of pixels that are decoded here, so that runs are fast. A signature of the minimum size has 480,000 pixels.
const PIXELS_MAX: u64 = 500_000;

/// Number of bytes by which a file may grow when its colour profile is rewritten. The rewritten profile contains our own name and
/// copyright text, and curves that overlapped in the file without being equal are written separately.
const PROFILE_GROWTH_MAX: usize = 20_000;

/// Asserts that a cleaned file has no metadata, does not change when it is cleaned again, and shows the same picture.
pub(crate) fn jpeg(data: &[u8]) {
    let Ok(cleaned) = clean(data) else { return };
    assert!(cleaned.len() <= data.len() + PROFILE_GROWTH_MAX && cleaned.starts_with(&[0xff, 0xd8]) && cleaned.ends_with(&[0xff, 0xd9]));
    assert!(clean(&cleaned).unwrap() == cleaned, "cleaning a clean file changes it");
    assert!(exif::Reader::new().read_from_container(&mut Cursor::new(&cleaned)).is_err(), "EXIF is left");
    for (marker, payload) in segments(&cleaned) {
        match marker {
            0xe0 => assert!(payload.starts_with(b"JFIF\0") && payload.len() == 14 && payload.ends_with(&[0, 0]), "a thumbnail is left"),
            0xe2 => check_colour_profile(payload.strip_prefix(b"ICC_PROFILE\0\x01\x01").expect("a profile in one part")),
            0xee => assert!(payload.starts_with(b"Adobe") && payload.len() == 12),
            0xc0..=0xc2 | 0xc4 | 0xda | 0xdb | 0xdd => {}
            other => panic!("a segment that is not part of the image is left: {other:x}"),
        }
    }
    if size(&cleaned).is_some_and(|size| size <= PIXELS_MAX) {
        let (again, before) = decode(data).expect("a file that was cleaned");
        let (_, after) = decode(&cleaned).expect("a clean file");
        assert!(again == cleaned && before == after, "it shows another picture");
    }
}

/// Asserts that a colour profile is as long as its header says, and contains only tags that define colours or that every profile must have.
fn check_colour_profile(profile: &[u8]) {
    const KNOWN: [&[u8; 4]; 11] = [b"desc", b"cprt", b"wtpt", b"chad", b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC", b"kTRC"];
    assert_eq!(profile[..4], u32::try_from(profile.len()).unwrap().to_be_bytes());
    let tags = profile[132..].chunks_exact(12).take(usize::from(profile[131]));
    assert!(tags.into_iter().all(|tag| KNOWN.iter().any(|name| tag.starts_with(*name))), "another tag is left");
}

/// Asserts that a picture is rejected exactly if its report contains an error, and that an accepted one is a clean JPEG of the stated size.
/// Pictures are checked as signatures, because pictures as small as these cannot be accepted as a face, and face detection takes a tenth of
/// a second.
pub(crate) fn picture(data: &[u8]) {
    // Files that the crate `image` cannot read are checked too. Both `accept` and the report must reject them.
    if size(data).is_some_and(|size| size > PIXELS_MAX) {
        return;
    }
    // The profiles `standard` and `identity_card` have the same rules for signatures, so one of them is enough.
    let (profile, kind) = (FileProfile::Standard, ImageKind::Signature);
    let blocks = inspect(profile, kind, data).findings.iter().any(Finding::blocks);
    match accept(profile, kind, data) {
        Ok(accepted) => {
            assert!(!blocks, "accepted, although its report blocks it");
            assert!(clean(data).unwrap() == accepted.jpeg && clean(&accepted.jpeg).unwrap() == accepted.jpeg);
            assert_eq!(size(&accepted.jpeg), Some(u64::from(accepted.width) * u64::from(accepted.height)));
            let preview = pixels(&accepted.preview).expect("a preview that can be shown");
            assert!(preview.width().max(preview.height()) == 480);
        }
        Err(fault) => assert!(blocks, "rejected as {fault:?}, although its report does not block it"),
    }
}

fn size(file: &[u8]) -> Option<u64> {
    let (width, height) = JpegDecoder::new(Cursor::new(file)).ok()?.dimensions();
    Some(u64::from(width) * u64::from(height))
}

fn pixels(file: &[u8]) -> Option<DynamicImage> {
    if size(file)? > PIXELS_MAX {
        return None;
    }
    DynamicImage::from_decoder(JpegDecoder::new(Cursor::new(file)).ok()?).ok()
}

/// Returns the markers of a file with their payloads. This reader is independent of the code under test. It is simple, because it reads
/// only cleaned files.
fn segments(file: &[u8]) -> Vec<(u8, &[u8])> {
    let mut found = Vec::new();
    let mut at = 2;
    while at + 4 <= file.len() {
        if file[at] != 0xff || matches!(file[at + 1], 0x00 | 0xff | 0xd0..=0xd9) {
            // A byte of image data, or a fill byte before a marker.
            at += 1;
            continue;
        }
        let length = usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
        found.push((file[at + 1], file.get(at + 4..at + 2 + length).expect("a whole segment")));
        at += 2 + length;
    }
    found
}
