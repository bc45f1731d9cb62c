//! Random changes of good files never cause a panic and never leave metadata in an accepted file.

use domain::photo::{ImageKind, PictureFault};
use pictures::accept;
use proptest::prelude::*;

use crate::{
    STANDARD,
    colours::{DISPLAY_P3, GRAY, with_profile},
    made,
    structure::assert_no_metadata,
};

fn small() -> &'static [u8] {
    include_bytes!("../data/gray_progressive.jpg")
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
    fn no_mutation_of_a_colour_profile_panics_or_keeps_other_data(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..6),
        gray: bool,
    ) {
        let (picture, profile) = if gray { (small(), GRAY) } else { (made::PORTRAIT, DISPLAY_P3) };
        let mut profile = profile.to_vec();
        for (at, value) in changes {
            let at = at.index(profile.len());
            profile[at] = value;
        }
        let cleaned = match pictures::clean(&with_profile(picture, &[(1, 1, &profile)])) {
            Err(fault) => {
                prop_assert_eq!(fault, PictureFault::ColourProfile);
                return Ok(());
            }
            Ok(cleaned) => cleaned,
        };
        assert_no_metadata(&cleaned);
        assert!(pictures::clean(&cleaned).unwrap() == cleaned);
    }

    #[test]
    fn random_bytes_are_rejected(bytes in proptest::collection::vec(any::<u8>(), 0..2_000), begins_as_jpeg: bool) {
        let file = if begins_as_jpeg { [&[0xff, 0xd8, 0xff], bytes.as_slice()].concat() } else { bytes };
        prop_assert!(accept(STANDARD, ImageKind::Face, &file).is_err());
    }
}
