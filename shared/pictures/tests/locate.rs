//! Tests of `locate` with pictures as cameras deliver them.

#![expect(clippy::expect_used, reason = "a failure fails the test")]

use domain::{
    FileProfile,
    face_position::{FacePosition, Point, Side},
    photo::PictureFault,
};
use image::{Rgb, RgbImage, imageops};
use pictures::locate;

#[path = "../../../tests/src/pictures.rs"]
pub mod made;

use made::{PORTRAIT, changed};

fn found(file: &[u8]) -> FacePosition {
    locate(file).expect("a picture").expect("a face")
}

/// Asserts that the distance of two points is below 4% of the length of the head.
fn assert_near(one: Point, other: Point, head: f64) {
    assert!(one.distance(other) < head * 0.04, "{one:?} {other:?}");
}

#[test]
fn the_face_of_a_portrait_is_located() {
    let face = found(PORTRAIT);
    assert_eq!(face.picture, (800, 1200));
    assert!(face.left > 150.0 && face.left + face.width < 650.0 && face.top > 150.0 && face.top + face.height < 1000.0, "{face:?}");
    for point in [face.left_eye, face.right_eye] {
        assert!(point.x > face.left && point.x < face.left + face.width && point.y > face.top && point.y < face.chin.y, "{face:?}");
    }
    assert!(face.left_eye.x < face.right_eye.x && face.crown.y < face.left_eye.y && face.roll.abs() < 8.0, "{face:?}");
}

#[test]
fn the_crop_of_a_located_face_meets_the_limits_of_the_profile() {
    for (profile, width, height) in [(FileProfile::Standard, 800, 1200), (FileProfile::IdentityCard, 1280, 1600)] {
        // Adds space on all sides, so that the crop is within the picture.
        let file = changed(PORTRAIT, |picture| {
            let mut wide = RgbImage::from_pixel(1600, 1800, *picture.get_pixel(20, 20));
            imageops::replace(&mut wide, &picture, 400, 300);
            wide
        });
        let crop = found(&file).crop(profile);
        assert_eq!(crop.outside, []);
        let framed = changed(&file, |picture| {
            RgbImage::from_fn(width, height, |x, y| {
                let right = (f64::from(x) / f64::from(width) - 0.5) * crop.width;
                let down = (f64::from(y) / f64::from(height) - 0.5) * crop.height;
                let at = crop.centre.offset(right, down, -crop.rotation);
                *picture.get_pixel(at.x.clamp(0.0, 1599.0) as u32, at.y.clamp(0.0, 1799.0) as u32)
            })
        });
        let report = pictures::inspect(profile, domain::ImageKind::Face, &framed);
        for rule in ["head_height", "eye_line", "face_centre", "head_tilted"] {
            assert!(report.findings.iter().any(|finding| finding.rule.name() == rule && finding.ok), "{rule}: {report:?}");
        }
    }
}

type Turn = fn(&RgbImage) -> RgbImage;
type Move = fn(Point) -> Point;

#[test]
fn a_picture_on_its_side_or_upside_down_is_located_with_its_roll() {
    let upright = found(PORTRAIT);
    let head = upright.chin.distance(upright.crown);
    let turns: [(Turn, f64, Move); 3] = [
        (imageops::rotate90, 90.0, |point| Point { x: 1200.0 - point.y, y: point.x }),
        (imageops::rotate180, 180.0, |point| Point { x: 800.0 - point.x, y: 1200.0 - point.y }),
        (imageops::rotate270, -90.0, |point| Point { x: point.y, y: 800.0 - point.x }),
    ];
    for (turn, roll, moved) in turns {
        let face = found(&changed(PORTRAIT, |picture| turn(&picture)));
        let difference = (face.roll - upright.roll - roll + 540.0).rem_euclid(360.0) - 180.0;
        assert!(difference.abs() < 5.0, "{roll}: {face:?}");
        for (point, expected) in [(face.left_eye, upright.left_eye), (face.right_eye, upright.right_eye), (face.chin, upright.chin)] {
            assert_near(point, moved(expected), head);
        }
    }
}

#[test]
fn a_head_that_is_tilted_by_40_degrees_is_located() {
    for degrees in [-40.0_f64, -20.0, 20.0, 40.0] {
        let tilted = changed(PORTRAIT, |picture| {
            let (sin, cos) = degrees.to_radians().sin_cos();
            RgbImage::from_fn(1400, 1400, |x, y| {
                let (right, down) = (f64::from(x) - 700.0, f64::from(y) - 700.0);
                let (x, y) = (400.0 + right * cos + down * sin, 600.0 + down * cos - right * sin);
                *picture.get_pixel(x.clamp(0.0, 799.0) as u32, y.clamp(0.0, 1199.0) as u32)
            })
        });
        let difference = found(&tilted).roll - found(PORTRAIT).roll - degrees;
        assert!(difference.abs() < 6.0, "{degrees}: {difference}");
    }
}

#[test]
fn a_head_of_15_percent_of_a_wide_picture_is_located_anywhere() {
    for (x, y) in [(100, 80), (1300, 700), (2500, 1200)] {
        let wide = changed(PORTRAIT, |picture| {
            // The head takes up about 0.6 of the portrait's height. The copy is 500 pixels high, so the head in it is about 300 pixels
            // high.
            let copy = imageops::resize(&picture, 333, 500, imageops::FilterType::Triangle);
            let mut wide = RgbImage::from_fn(3000, 2000, |x, y| Rgb([150 + (x / 60) as u8, 170, 200 - (y / 40) as u8]));
            imageops::replace(&mut wide, &copy, x, y);
            wide
        });
        let face = found(&wide);
        let expected = found(PORTRAIT);
        let moved = |point: Point| Point { x: point.x * 333.0 / 800.0 + x as f64, y: point.y * 333.0 / 800.0 + y as f64 };
        assert_eq!(face.picture, (3000, 2000));
        assert!(face.left_eye.distance(moved(expected.left_eye)) < 20.0 && face.chin.distance(moved(expected.chin)) < 25.0, "{face:?}");
        assert!(face.crop(FileProfile::Standard).outside.iter().all(|side| *side != Side::Below));
    }
}

#[test]
fn a_picture_without_a_face_has_no_position_and_a_damaged_one_is_an_error() {
    assert_eq!(locate(&made::jpeg(800, 1200)), Ok(None));
    assert_eq!(locate(made::SIGNATURE), Ok(None));
    let coat = changed(PORTRAIT, |picture| imageops::crop_imm(&picture, 0, 900, 200, 300).to_image());
    assert_eq!(locate(&coat), Ok(None));
    assert_eq!(locate(&made::not_a_jpeg()), Err(PictureFault::NotJpeg));
    assert_eq!(locate(&made::truncated()), Err(PictureFault::Damaged));
}
