//! Tests that metadata is removed: EXIF, comments, thumbnails, and everything else that is not part of the image.

use std::io::Cursor;

use domain::photo::{FileProfile, ImageKind, PictureFault};
use pictures::accept;

use crate::{
    STANDARD, face, made,
    structure::{assert_no_metadata, assert_only_metadata_is_lost, contains},
};

#[test]
fn a_photographers_file_loses_exif_location_comment_and_thumbnail_and_nothing_else() {
    for (profile, kind, file, size) in [
        (STANDARD, ImageKind::Face, made::PORTRAIT, (800, 1200)),
        (FileProfile::IdentityCard, ImageKind::Face, made::PORTRAIT_4X5, (1280, 1600)),
        (STANDARD, ImageKind::Signature, made::SIGNATURE, (1500, 500)),
    ] {
        for trace in [&b"Exif\0\0"[..], b"Invented Optics", b"IO1-000042", b"E. Fotiadou", b"studio that does not exist"] {
            assert!(contains(file, trace), "the fixture has the metadata to remove");
        }
        assert_eq!(file.windows(3).filter(|bytes| bytes == &[0xff, 0xd8, 0xff]).count(), 2, "the fixture has a thumbnail");
        let exif = exif::Reader::new().read_from_container(&mut Cursor::new(file)).unwrap();
        assert!(exif.get_field(exif::Tag::GPSLatitude, exif::In::PRIMARY).is_some(), "the fixture has a location");

        let accepted = accept(profile, kind, file).unwrap();
        assert_eq!((accepted.width, accepted.height), size);
        assert_only_metadata_is_lost(file, &accepted);
        assert!(exif::Reader::new().read_from_container(&mut Cursor::new(&accepted.jpeg)).is_err());
        assert_eq!(accepted.jpeg.windows(3).filter(|bytes| bytes == &[0xff, 0xd8, 0xff]).count(), 1);
        for trace in [&b"Exif"[..], b"Invented", b"IO1-000042", b"Fotiadou", b"studio"] {
            assert!(!contains(&accepted.jpeg, trace));
            assert!(!contains(&accepted.preview, trace));
        }
    }
}

#[test]
fn bytes_after_the_end_marker_are_removed() {
    let accepted = face(&made::with_trailing_bytes());
    assert!(!contains(&accepted.jpeg, b"hidden after the end"));
    assert_eq!(accepted.jpeg, face(made::PORTRAIT).jpeg);
}

#[test]
fn every_segment_that_decoders_skip_is_removed() {
    let mut file = made::PORTRAIT[..2].to_vec();
    // Markers of segments that are removed: reserved markers, JPG, hierarchical and arithmetic coding, number of lines, application data,
    // extensions, comments.
    for marker in (0x02..=0xbf).chain([0xc8, 0xcc, 0xdc, 0xde, 0xdf]).chain(0xe0..=0xfe) {
        file.extend([0xff, marker, 0, 14]);
        file.extend(b"SECRET PLACE");
    }
    file.extend(&made::PORTRAIT[2..]);
    assert!(face(&file).jpeg == face(made::PORTRAIT).jpeg);
}

/// Invalid EXIF data is removed if no orientation can be read from it. If a rotated orientation can be read, the picture is rejected as
/// rotated.
#[test]
fn invalid_exif_is_removed_or_gets_the_picture_rejected_as_rotated() {
    let entry = |kind: u8, value: u8| [0x01, 0x12, 0, kind, 0, 0, 0, 1, 0, value, 0, 0];
    let (short, long) = (3, 4);
    let exif = |at: u32, count: u16, entries: &[u8]| {
        let tiff = [b"Exif\0\0MM\0*", &at.to_be_bytes()[..], &count.to_be_bytes(), entries].concat();
        [&[0xff, 0xe1][..], &u16::try_from(tiff.len() + 2).unwrap().to_be_bytes(), &tiff].concat()
    };
    let pointer_to_itself = [0x87, 0x69, 0, 4, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 8];
    let upright = [
        exif(8, 65_535, &[]),
        exif(8, 65_535, &[0xee; 60_000]),
        exif(0xffff_ffff, 1, &entry(short, 6)),
        exif(0, 65_535, &entry(short, 6)),
        exif(8, 1, &pointer_to_itself),
        exif(8, 1, &entry(short, 0)),
        exif(8, 1, &entry(short, 9)),
        exif(8, 1, &entry(long, 6)),
        exif(8, 1, &entry(short, 6)[..8]),
        [exif(8, 1, &entry(short, 1)), exif(8, 1, &entry(short, 1))].concat(),
    ];
    let clean = pictures::clean(made::SIGNATURE).unwrap();
    let accept_with = |exif: &[u8]| accept(STANDARD, ImageKind::Signature, &[&clean[..2], exif, &clean[2..]].concat());
    for exif in upright {
        assert!(accept_with(&exif).unwrap().jpeg == clean);
    }
    let rotated = [
        exif(8, 65_535, &entry(short, 6)),
        exif(8, 2, &[pointer_to_itself[..12].to_vec(), entry(short, 6).to_vec()].concat()),
        // If a file has two EXIF segments, some programs use the first and others the last. So the picture is rejected if either of them
        // says that it is rotated.
        [exif(8, 1, &entry(short, 1)), exif(8, 1, &entry(short, 6))].concat(),
        [exif(8, 1, &entry(short, 6)), exif(8, 1, &entry(short, 1))].concat(),
    ];
    for exif in rotated {
        assert_eq!(accept_with(&exif).unwrap_err(), PictureFault::Turned { orientation: 6 });
    }
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
    assert!(!contains(&accepted.jpeg, b"SMALL FACE"));
    file[11] = 0x3c;
    assert!(face(&file).jpeg[4..].starts_with(b"\0\x10JFIF\0\x01\x01\x01\x01\x2c\x01\x2c\0\0"), "the only version is 1");
}
