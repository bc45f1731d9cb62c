//! What is accepted: the files of many encoders, without their metadata and otherwise as they came.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]

use std::io::Cursor;

use domain::photo::{FileProfile, ImageKind};
use image::{GenericImageView, ImageDecoder, codecs::jpeg::JpegDecoder};
use pictures::{Accepted, accept};
use proptest::prelude::*;

#[path = "../../../tests/src/pictures.rs"]
pub mod made;

const STANDARD: FileProfile = FileProfile::Standard;

fn face(file: &[u8]) -> Accepted {
    accept(STANDARD, ImageKind::Face, file).unwrap()
}

/// The segments of a JPEG up to its end marker, as (marker, bytes); image data under marker 0.
fn segments(file: &[u8]) -> Vec<(u8, &[u8])> {
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

fn pixels(file: &[u8]) -> Vec<u8> {
    let decoder = JpegDecoder::new(Cursor::new(file)).unwrap();
    let mut pixels = vec![0; decoder.total_bytes().try_into().unwrap()];
    decoder.read_image(&mut pixels).unwrap();
    pixels
}

fn holds(file: &[u8], text: &[u8]) -> bool {
    file.windows(text.len()).any(|bytes| bytes == text)
}

/// Nothing but image: tables, frame, scans, and the three kinds of application data that decide about colours.
fn assert_no_metadata(file: &[u8]) {
    for (marker, bytes) in segments(file) {
        match marker {
            0xe0 => {
                assert!(bytes.len() == 18 && bytes[4..].starts_with(b"JFIF\0") && bytes[16..] == [0, 0], "a JFIF header without thumbnail")
            }
            0xe2 => assert!(bytes[4..].starts_with(b"ICC_PROFILE\0")),
            0xee => assert!(bytes[4..].starts_with(b"Adobe")),
            0xe1..=0xef | 0xfe => panic!("metadata: marker {marker:x}"),
            0xd9 => assert!(bytes.is_empty(), "bytes after the end"),
            _ => {}
        }
    }
}

/// What must hold of every accepted file.
fn assert_kept_but_for_metadata(original: &[u8], accepted: &Accepted) {
    assert_no_metadata(&accepted.jpeg);
    let image_only = |file| {
        let is_image = |&(marker, _): &(u8, &[u8])| !matches!(marker, 0xd9 | 0xe0..=0xef | 0xfe);
        segments(file).into_iter().filter(is_image).map(|(marker, bytes)| (marker, bytes.to_vec())).collect::<Vec<_>>()
    };
    assert!(image_only(original) == image_only(&accepted.jpeg), "image data to the byte as it came");
    assert!(pixels(original) == pixels(&accepted.jpeg), "the same pixels");
    let preview = image::load_from_memory(&accepted.preview).unwrap();
    assert!(accepted.preview.starts_with(&[0xff, 0xd8, 0xff]));
    let (width, height) = preview.dimensions();
    assert_eq!(width.max(height), 480);
    let (expected, got) = (accepted.width * height, accepted.height * width);
    assert!(expected.abs_diff(got) <= accepted.width.max(accepted.height), "{width} x {height} has not the picture's proportion");
}

#[test]
fn a_photographers_files_lose_exif_place_comment_and_thumbnail_and_nothing_else() {
    for (profile, kind, file, size) in [
        (STANDARD, ImageKind::Face, made::PORTRAIT, (800, 1200)),
        (FileProfile::IdentityCard, ImageKind::Face, made::PORTRAIT_4X5, (1280, 1600)),
        (STANDARD, ImageKind::Signature, made::SIGNATURE, (1500, 500)),
    ] {
        for trace in [&b"Exif\0\0"[..], b"Invented Optics", b"IO1-000042", b"E. Fotiadou", b"studio that does not exist"] {
            assert!(holds(file, trace), "the fixture has what is to be taken out");
        }
        assert_eq!(file.windows(3).filter(|bytes| bytes == &[0xff, 0xd8, 0xff]).count(), 2, "the fixture has a thumbnail");
        let exif = exif::Reader::new().read_from_container(&mut Cursor::new(file)).unwrap();
        assert!(exif.get_field(exif::Tag::GPSLatitude, exif::In::PRIMARY).is_some(), "the fixture says where it was taken");

        let accepted = accept(profile, kind, file).unwrap();
        assert_eq!((accepted.width, accepted.height), size);
        assert_kept_but_for_metadata(file, &accepted);
        assert!(exif::Reader::new().read_from_container(&mut Cursor::new(&accepted.jpeg)).is_err());
        assert_eq!(accepted.jpeg.windows(3).filter(|bytes| bytes == &[0xff, 0xd8, 0xff]).count(), 1);
        for trace in [&b"Exif"[..], b"Invented", b"IO1-000042", b"Fotiadou", b"studio"] {
            assert!(!holds(&accepted.jpeg, trace));
            assert!(!holds(&accepted.preview, trace));
        }
    }
}

#[test]
fn what_follows_the_end_marker_is_dropped() {
    let accepted = face(&made::with_trailing_bytes());
    assert!(!holds(&accepted.jpeg, b"hidden after the end"));
    assert_eq!(accepted.jpeg, face(made::PORTRAIT).jpeg);
}

#[test]
fn every_kind_of_application_data_goes_but_what_decides_about_colours() {
    let mut file = made::PORTRAIT[..2].to_vec();
    for marker in (0xe0..=0xef).chain([0xfe]) {
        file.extend([0xff, marker, 0, 14]);
        file.extend(b"SECRET PLACE");
    }
    let profile = b"ICC_PROFILE\0\x01\x01colours";
    file.extend([0xff, 0xe2, 0, u8::try_from(profile.len() + 2).unwrap()]);
    file.extend(profile);
    file.extend(&made::PORTRAIT[2..]);
    let accepted = face(&file);
    assert_no_metadata(&accepted.jpeg);
    assert!(!holds(&accepted.jpeg, b"SECRET") && holds(&accepted.jpeg, profile));
}

#[test]
fn the_jfif_header_loses_its_thumbnail() {
    let mut file = vec![0xff, 0xd8, 0xff, 0xe0, 0, 16 + 12];
    file.extend(b"JFIF\0\x01\x02\x01\x01\x2c\x01\x2c\x02\x02");
    file.extend(b"SMALL FACE!!");
    file.extend(&made::portrait(800, 1200)[20..]);
    let accepted = face(&file);
    assert_no_metadata(&accepted.jpeg);
    assert!(accepted.jpeg[4..].starts_with(b"\0\x10JFIF\0\x01\x02\x01\x01\x2c\x01\x2c\0\0"));
    assert!(!holds(&accepted.jpeg, b"SMALL FACE"));
}

#[test]
fn every_usual_encoder_is_accepted() {
    let mut files = 0;
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "jpg") {
            let file = std::fs::read(&path).unwrap();
            let accepted = accept(STANDARD, ImageKind::Face, &file).unwrap_or_else(|fault| panic!("{}: {fault:?}", path.display()));
            assert_kept_but_for_metadata(&file, &accepted);
            files += 1;
        }
    }
    assert_eq!(files, 12);
    for file in [made::portrait(800, 1200), made::portrait(997, 1496), made::grayscale(), made::progressive()] {
        assert_kept_but_for_metadata(&file, &face(&file));
    }
}

#[test]
fn three_million_bytes_are_accepted() {
    let file = made::of_bytes(3_000_000);
    assert_eq!(file.len(), 3_000_000);
    assert_eq!(face(&file).jpeg, face(made::PORTRAIT).jpeg);
}

#[test]
fn grain_is_no_fault() {
    for (kind, file) in [
        (ImageKind::Face, made::grainy(made::PORTRAIT, 1200, 1800, 86)),
        (ImageKind::Signature, made::grainy(made::SIGNATURE, 1980, 660, 97)),
    ] {
        // As large as the journeys need them.
        assert!((2_300_000..=3_000_000).contains(&file.len()), "{} bytes", file.len());
        accept(STANDARD, kind, &file).unwrap();
    }
}

#[test]
fn a_picture_that_says_it_is_upright_is_accepted() {
    assert_eq!(face(&made::with_orientation(1)).jpeg, face(made::PORTRAIT).jpeg);
}

#[test]
fn what_was_accepted_once_is_accepted_again_unchanged() {
    let once = face(made::PORTRAIT).jpeg;
    assert_eq!(face(&once).jpeg, once);
}

fn small() -> &'static [u8] {
    include_bytes!("data/gray_progressive.jpg")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_mutation_of_a_good_file_panics_or_keeps_metadata(
        portrait: bool,
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..12),
        cut in proptest::option::of(any::<proptest::sample::Index>()),
    ) {
        let mut file = if portrait { made::PORTRAIT.to_vec() } else { small().to_vec() };
        for (at, value) in changes {
            let at = at.index(file.len());
            file[at] = value;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        if let Ok(accepted) = accept(STANDARD, ImageKind::Face, &file) {
            assert_no_metadata(&accepted.jpeg);
        }
    }

    #[test]
    fn no_mutation_of_a_header_panics_or_keeps_metadata(
        changes in proptest::collection::vec((0_usize..1_200, any::<u8>()), 1..6),
        portrait: bool,
    ) {
        let mut file = if portrait { made::PORTRAIT.to_vec() } else { small().to_vec() };
        for (at, value) in changes {
            file[at] = value;
        }
        if let Ok(accepted) = accept(STANDARD, ImageKind::Face, &file) {
            assert_no_metadata(&accepted.jpeg);
        }
    }

    #[test]
    fn random_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2_000), begins_as_jpeg: bool) {
        let file = if begins_as_jpeg { [&[0xff, 0xd8, 0xff], bytes.as_slice()].concat() } else { bytes };
        prop_assert!(accept(STANDARD, ImageKind::Face, &file).is_err());
    }
}
