//! What is refused: each rule, with what was measured and what is allowed.

#![expect(clippy::expect_used, reason = "what fails here fails the test")]

use domain::photo::{FileProfile, ImageKind, PictureFault};
use pictures::accept;
use proptest::prelude::*;

#[path = "../../../tests/src/pictures.rs"]
pub mod made;

const STANDARD: FileProfile = FileProfile::Standard;

fn fault(file: &[u8]) -> PictureFault {
    accept(STANDARD, ImageKind::Face, file).expect_err("refused")
}

#[test]
fn what_is_no_jpeg_whatever_it_is_called() {
    let mut no_start = made::PORTRAIT.to_vec();
    no_start.remove(0);
    for file in [made::not_a_jpeg(), made::png_named_jpg(), no_start, Vec::new(), vec![0xff], vec![0xff, 0xd8]] {
        assert_eq!(fault(&file), PictureFault::NotJpeg);
    }
}

#[test]
fn what_ends_early_or_cannot_be_read() {
    let good = made::PORTRAIT;
    for file in [made::truncated(), made::truncated_and_closed(), made::damaged(), made::broken_structure(), good[..3].to_vec()] {
        assert_eq!(fault(&file), PictureFault::Damaged);
    }
    assert_eq!(fault(&good[..good.len() - 1]), PictureFault::Damaged);
    assert_eq!(fault(&[0xff, 0xd8, 0xff, 0xd9]), PictureFault::Damaged);
}

#[test]
fn a_byte_too_many() {
    assert_eq!(fault(&made::too_many_bytes()), PictureFault::TooManyBytes { measured: 3_000_001, limit: 3_000_000 });
}

#[test]
fn a_small_file_that_claims_900_megapixels_is_refused_without_decoding_it() {
    let file = made::giant();
    assert!(file.len() < 1_000);
    assert_eq!(fault(&file), PictureFault::TooManyPixels { measured: 900_000_000, limit: 50_000_000 });
}

#[test]
fn a_pixel_too_few() {
    assert_eq!(fault(&made::too_small()), PictureFault::TooSmall { width: 799, height: 1199, min_width: 800, min_height: 1200 });
    let signature = |file: &[u8]| accept(STANDARD, ImageKind::Signature, file).unwrap_err();
    assert_eq!(signature(&made::jpeg(1199, 400)), PictureFault::TooSmall { width: 1199, height: 400, min_width: 1200, min_height: 400 });
}

#[test]
fn another_proportion() {
    assert_eq!(fault(&made::wrong_proportion()), PictureFault::Proportion { width: 1200, height: 1200, expected: (2, 3) });
    assert_eq!(fault(made::PORTRAIT_4X5), PictureFault::Proportion { width: 1280, height: 1600, expected: (2, 3) });
    let card = accept(FileProfile::IdentityCard, ImageKind::Face, &made::jpeg(1280, 1920)).unwrap_err();
    assert_eq!(card, PictureFault::Proportion { width: 1280, height: 1920, expected: (4, 5) });
    let signature = accept(STANDARD, ImageKind::Signature, &made::jpeg(1200, 420)).unwrap_err();
    assert_eq!(signature, PictureFault::Proportion { width: 1200, height: 420, expected: (3, 1) });
}

#[test]
fn every_way_of_being_turned() {
    assert_eq!(fault(&made::turned()), PictureFault::Turned { orientation: 6 });
    for orientation in 2..=8 {
        assert_eq!(fault(&made::with_orientation(orientation)), PictureFault::Turned { orientation: u32::from(orientation) });
    }
}

#[test]
fn a_turned_picture_whose_exif_is_broken_elsewhere() {
    // A camera's directory of which a later entry points nowhere.
    let mut file = made::turned();
    let exif = file.windows(6).position(|bytes| bytes == b"Exif\0\0").unwrap() + 6;
    let pointer = file[exif..].windows(4).position(|bytes| bytes == [0x87, 0x69, 0, 4]).unwrap() + exif + 8;
    file[pointer..pointer + 4].fill(0xee);
    assert!(exif::Reader::new().read_from_container(&mut std::io::Cursor::new(&file)).is_err());
    assert_eq!(fault(&file), PictureFault::Turned { orientation: 6 });
}

/// Decoders paint what is missing gray. Each kind of scan, with a little and with much of it missing.
#[test]
fn image_data_cut_short_and_closed_again_in_every_kind_of_file() {
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
fn a_second_frame_behind_which_the_first_would_hide() {
    let giant = made::giant();
    let frame = giant.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    let length = 2 + usize::from(u16::from_be_bytes([giant[frame + 2], giant[frame + 3]]));
    let mut file = made::PORTRAIT[..2].to_vec();
    file.extend(&giant[frame..frame + length]);
    file.extend(&made::PORTRAIT[2..]);
    assert_eq!(fault(&file), PictureFault::Damaged);
}

#[test]
fn thousands_of_tiny_scans_each_over_the_whole_picture() {
    let good = include_bytes!("data/gray_progressive.jpg");
    let last = good.windows(2).rposition(|pair| pair == [0xff, 0xda]).unwrap();
    let mut file = good[..good.len() - 2].to_vec();
    while file.len() < 2_900_000 {
        file.extend(&good[last..good.len() - 2]);
    }
    file.extend([0xff, 0xd9]);
    let begun = std::time::Instant::now();
    assert_eq!(fault(&file), PictureFault::Damaged);
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

#[test]
fn two_pictures_one_after_the_other_inside_one_file() {
    let mut file = made::PORTRAIT[..made::PORTRAIT.len() - 2].to_vec();
    file.extend(&made::SIGNATURE[2..]);
    assert_eq!(fault(&file), PictureFault::Damaged);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_truncation_of_a_good_file(cut in any::<proptest::sample::Index>(), close: bool) {
        let data = include_bytes!("data/baseline_420.jpg");
        let mut file = data[..cut.index(data.len() - 8)].to_vec();
        if close {
            file.extend([0xff, 0xd9]);
        }
        prop_assert!(accept(STANDARD, ImageKind::Face, &file).is_err());
    }
}
