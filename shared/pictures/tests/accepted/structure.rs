//! Reads the structure of files, independently of the code under test.

use std::io::Cursor;

use image::{GenericImageView, ImageDecoder, codecs::jpeg::JpegDecoder};
use pictures::Accepted;

/// Returns the segments of a JPEG, each with its marker and its bytes. The image data of a scan is returned as a segment with marker 0. The
/// bytes of the end marker are all bytes that follow it in the file.
pub(crate) fn segments(file: &[u8]) -> Vec<(u8, &[u8])> {
    let mut found = Vec::new();
    let mut at = 2;
    assert_eq!(file[..2], [0xff, 0xd8]);
    loop {
        assert_eq!(file[at], 0xff);
        let marker = file[at + 1];
        if marker == 0xd9 {
            found.push((marker, &file[at + 2..]));
            return found;
        }
        let end = at + 2 + usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
        found.push((marker, &file[at..end]));
        at = end;
        if marker == 0xda {
            let length = file[at..].windows(2).position(|pair| pair[0] == 0xff && !matches!(pair[1], 0 | 0xd0..=0xd7)).unwrap();
            found.push((0, &file[at..at + length]));
            at += length;
        }
    }
}

/// Decodes a JPEG with another library.
fn pixels(file: &[u8]) -> Vec<u8> {
    let decoder = JpegDecoder::new(Cursor::new(file)).unwrap();
    let mut pixels = vec![0; decoder.total_bytes().try_into().unwrap()];
    decoder.read_image(&mut pixels).unwrap();
    pixels
}

pub(crate) fn contains(file: &[u8], text: &[u8]) -> bool {
    file.windows(text.len()).any(|bytes| bytes == text)
}

/// Asserts that a file has only tables, frame, scans, and the three kinds of application data that define colours, each at most once and
/// with its defined length.
pub(crate) fn assert_no_metadata(file: &[u8]) {
    let mut kinds = Vec::new();
    for (marker, bytes) in segments(file) {
        match marker {
            0xe0 => {
                assert!(bytes.len() == 18 && bytes[4..].starts_with(b"JFIF\0") && bytes[16..] == [0, 0], "a JFIF header without thumbnail")
            }
            0xe2 => assert_only_colours(bytes[4..].strip_prefix(b"ICC_PROFILE\0\x01\x01").unwrap()),
            0xee => assert!(bytes.len() == 16 && bytes[4..].starts_with(b"Adobe")),
            0xd9 => assert!(bytes.is_empty(), "bytes after the end"),
            0 | 0xc0 | 0xc1 | 0xc2 | 0xc4 | 0xda | 0xdb | 0xdd => continue,
            other => panic!("metadata: marker {other:x}"),
        }
        assert!(!kinds.contains(&marker), "marker {marker:x} is there twice");
        kinds.push(marker);
    }
}

/// Asserts that a colour profile has only the tags that define colours, and our own texts.
fn assert_only_colours(profile: &[u8]) {
    assert_eq!(profile[..4], u32::try_from(profile.len()).unwrap().to_be_bytes());
    for (name, data) in tags(profile) {
        match &name {
            b"desc" | b"cprt" => assert!(contains(data, b"Picture") || contains(data, b"\0P\0i\0c\0t\0u\0r\0e")),
            b"rXYZ" | b"gXYZ" | b"bXYZ" | b"wtpt" => assert_eq!((&data[..4], data.len()), (&b"XYZ "[..], 20)),
            b"chad" => assert_eq!((&data[..4], data.len()), (&b"sf32"[..], 44)),
            b"rTRC" | b"gTRC" | b"bTRC" | b"kTRC" => assert!(data.starts_with(b"curv") || data.starts_with(b"para")),
            _ => panic!("tag {}", name.escape_ascii()),
        }
    }
}

pub(crate) fn tag<'a>(profile: &'a [u8], name: &[u8]) -> &'a [u8] {
    tags(profile).into_iter().find(|(other, _)| other == name).unwrap().1
}

pub(crate) fn tags(profile: &[u8]) -> Vec<([u8; 4], &[u8])> {
    let number = |at: usize| u32::from_be_bytes(profile[at..at + 4].try_into().unwrap()) as usize;
    let entries = (0..number(128)).map(|entry| 132 + 12 * entry);
    entries.map(|at| (profile[at..at + 4].try_into().unwrap(), &profile[number(at + 4)..][..number(at + 8)])).collect()
}

/// Asserts that an accepted file has the original's image data and pixels, no metadata, and a preview of the same proportion.
pub(crate) fn assert_only_metadata_is_lost(original: &[u8], accepted: &Accepted) {
    assert_no_metadata(&accepted.jpeg);
    let image_only = |file| {
        let is_image = |&(marker, _): &(u8, &[u8])| !matches!(marker, 0xd9 | 0xe0..=0xef | 0xfe);
        segments(file).into_iter().filter(is_image).map(|(marker, bytes)| (marker, bytes.to_vec())).collect::<Vec<_>>()
    };
    assert!(image_only(original) == image_only(&accepted.jpeg), "the image data is unchanged");
    assert!(pixels(original) == pixels(&accepted.jpeg), "the pixels are the same");
    let preview = image::load_from_memory(&accepted.preview).unwrap();
    assert!(accepted.preview.starts_with(&[0xff, 0xd8, 0xff]));
    let (width, height) = preview.dimensions();
    assert_eq!(width.max(height), 480);
    let (expected, got) = (accepted.width * height, accepted.height * width);
    assert!(expected.abs_diff(got) <= accepted.width.max(accepted.height), "{width} x {height} has another proportion than the picture");
}
