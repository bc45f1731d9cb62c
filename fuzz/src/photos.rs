//! Uploaded pictures: what is taken out of a file, what stays, and what is said of it.

use std::io::Cursor;

use domain::{FileProfile, ImageKind, picture_report::Finding};
use image::{DynamicImage, ImageDecoder, codecs::jpeg::JpegDecoder};
use pictures::{accept, clean, inspect};

/// What is decoded here at most, for the sake of tries per second: a signature of the least size has 480,000.
const PIXELS: u64 = 500_000;

/// What a colour profile may be longer afterwards: it has a name of ours, and curves that shared bytes have their own.
const PROFILE: usize = 20_000;

/// A file without metadata has none, is the same when it is cleaned again, and shows the same picture.
pub(crate) fn jpeg(data: &[u8]) {
    let Ok(cleaned) = clean(data) else { return };
    assert!(cleaned.len() <= data.len() + PROFILE && cleaned.starts_with(&[0xff, 0xd8]) && cleaned.ends_with(&[0xff, 0xd9]));
    assert!(clean(&cleaned).unwrap() == cleaned, "what is clean stays as it is");
    assert!(exif::Reader::new().read_from_container(&mut Cursor::new(&cleaned)).is_err(), "EXIF is left");
    for (marker, payload) in segments(&cleaned) {
        match marker {
            0xe0 => assert!(payload.starts_with(b"JFIF\0") && payload.len() == 14 && payload.ends_with(&[0, 0]), "a thumbnail is left"),
            0xe2 => colours(payload.strip_prefix(b"ICC_PROFILE\0\x01\x01").expect("a profile in one part")),
            0xee => assert!(payload.starts_with(b"Adobe") && payload.len() == 12),
            0xc0..=0xc2 | 0xc4 | 0xda | 0xdb | 0xdd => {}
            other => panic!("more than image is left: {other:x}"),
        }
    }
    if let (Some(before), Some(after)) = (pixels(data), pixels(&cleaned)) {
        assert!(before == after, "it shows another picture");
    }
}

/// A profile is as long as it says, and has no tags but those of colours and those that every profile has.
fn colours(profile: &[u8]) {
    const KNOWN: [&[u8; 4]; 11] = [b"desc", b"cprt", b"wtpt", b"chad", b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC", b"kTRC"];
    assert_eq!(profile[..4], u32::try_from(profile.len()).unwrap().to_be_bytes());
    let tags = profile[132..].chunks_exact(12).take(usize::from(profile[131]));
    assert!(tags.into_iter().all(|tag| KNOWN.iter().any(|name| tag.starts_with(*name))), "another tag is left");
}

/// It is refused exactly where its report says so, and what is accepted is a clean JPEG of the size that was said. As a signature: of so few
/// pixels none is a face, and looking for one takes a tenth of a second.
pub(crate) fn picture(data: &[u8]) {
    // What image cannot read is checked too: it must be refused, with a word.
    if size(data).is_some_and(|size| size > PIXELS) {
        return;
    }
    // Both profiles have the same rules for signatures.
    let (profile, kind) = (FileProfile::Standard, ImageKind::Signature);
    let blocks = inspect(profile, kind, data).findings.iter().any(Finding::blocks);
    match accept(profile, kind, data) {
        Ok(accepted) => {
            assert!(!blocks, "accepted, though its report says that it is not");
            assert!(clean(data).unwrap() == accepted.jpeg && clean(&accepted.jpeg).unwrap() == accepted.jpeg);
            let decoded = pixels(&accepted.jpeg).expect("a picture that can be shown");
            assert_eq!((decoded.width(), decoded.height()), (accepted.width, accepted.height));
            let preview = pixels(&accepted.preview).expect("a preview that can be shown");
            assert!(preview.width().max(preview.height()) == 480);
        }
        Err(fault) => assert!(blocks, "refused as {fault:?}, though its report does not say so"),
    }
}

fn size(file: &[u8]) -> Option<u64> {
    let (width, height) = JpegDecoder::new(Cursor::new(file)).ok()?.dimensions();
    Some(u64::from(width) * u64::from(height))
}

fn pixels(file: &[u8]) -> Option<DynamicImage> {
    if size(file)? > PIXELS {
        return None;
    }
    DynamicImage::from_decoder(JpegDecoder::new(Cursor::new(file)).ok()?).ok()
}

/// Markers with their payloads, read by other means than those under test: simply, as a clean file allows.
fn segments(file: &[u8]) -> Vec<(u8, &[u8])> {
    let mut found = Vec::new();
    let mut at = 2;
    while at + 4 <= file.len() {
        if file[at] != 0xff || matches!(file[at + 1], 0x00 | 0xff | 0xd0..=0xd9) {
            // Within image data, or before a marker.
            at += 1;
            continue;
        }
        let length = usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
        found.push((file[at + 1], file.get(at + 4..at + 2 + length).expect("a whole segment")));
        at += 2 + length;
    }
    found
}
