//! Tests that files of many encoders are accepted, and that only their metadata is removed.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failure fails the test")]

mod colours;
#[path = "../../../../tests/src/pictures.rs"]
pub mod made;
mod metadata;
mod mutations;
mod structure;

use domain::photo::{FileProfile, ImageKind};
use pictures::{Accepted, accept};

use crate::structure::assert_only_metadata_is_lost;

const STANDARD: FileProfile = FileProfile::Standard;

fn face(file: &[u8]) -> Accepted {
    accept(STANDARD, ImageKind::Face, file).unwrap()
}

#[test]
fn files_of_all_common_encoders_are_accepted() {
    let mut files = 0;
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "jpg") {
            let file = std::fs::read(&path).unwrap();
            let accepted = accept(STANDARD, ImageKind::Face, &file).unwrap_or_else(|fault| panic!("{}: {fault:?}", path.display()));
            assert_only_metadata_is_lost(&file, &accepted);
            files += 1;
        }
    }
    assert_eq!(files, 12);
    for file in [made::portrait(800, 1200), made::portrait(997, 1496), made::grayscale(), made::progressive()] {
        assert_only_metadata_is_lost(&file, &face(&file));
    }
}

#[test]
fn sequential_pictures_with_a_scan_for_each_component_are_accepted() {
    let plain = pictures::decode(include_bytes!("../data/baseline_420.jpg")).unwrap().1;
    for file in
        [&include_bytes!("../data/unusual/sequential_scans_420.jpg")[..], include_bytes!("../data/unusual/sequential_scans_422.jpg")]
    {
        let accepted = face(file);
        assert!(pictures::clean(&accepted.jpeg).unwrap() == accepted.jpeg);
        let copy = pictures::decode(file).unwrap().1;
        let sum: u64 = copy.as_raw().iter().zip(plain.as_raw()).map(|(one, other)| u64::from(one.abs_diff(*other))).sum();
        let mean = sum as f64 / copy.as_raw().len() as f64;
        assert!(mean < 3.0, "{mean} levels of difference from the picture that was written again");
    }
}

#[test]
fn three_million_bytes_are_accepted() {
    let file = made::of_bytes(3_000_000);
    assert_eq!(file.len(), 3_000_000);
    assert!(face(&file).jpeg == face(made::PORTRAIT).jpeg);
}

#[test]
fn grainy_pictures_are_accepted() {
    for (kind, file) in [
        (ImageKind::Face, made::grainy(made::PORTRAIT, 1200, 1800, 86)),
        (ImageKind::Signature, made::grainy(made::SIGNATURE, 1980, 660, 97)),
    ] {
        // Tests of the deployed stack also use these two pictures. Those tests need files of nearly the maximum size.
        assert!((2_300_000..=3_000_000).contains(&file.len()), "{} bytes", file.len());
        accept(STANDARD, kind, &file).unwrap();
    }
}

#[test]
fn a_picture_with_upright_orientation_is_accepted() {
    assert_eq!(face(&made::with_orientation(1)).jpeg, face(made::PORTRAIT).jpeg);
}

#[test]
fn an_accepted_file_is_accepted_again_unchanged() {
    let once = face(made::PORTRAIT).jpeg;
    assert_eq!(face(&once).jpeg, once);
}
