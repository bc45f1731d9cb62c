//! Tests of the rules for eyes, mouth, pose and light on the face. The report of the portrait contains the positions of eyes, mouth and
//! cheeks. The tests change the portrait at these positions.

#![expect(clippy::expect_used, reason = "a failure fails the test")]

use domain::{
    FileProfile, ImageKind,
    picture_report::{Finding, Marks, Place, Report, Rule, Severity},
};
use image::{Rgb, RgbImage, imageops};
use pictures::{accept, inspect};

#[path = "../../../tests/src/pictures.rs"]
pub mod made;

use made::{PORTRAIT, changed};

fn report(file: &[u8]) -> Report {
    inspect(FileProfile::Standard, ImageKind::Face, file)
}

fn marks() -> Marks {
    report(PORTRAIT).marks.expect("a face")
}

fn find(report: &Report, rule: Rule) -> Option<Finding> {
    report.findings.iter().find(|finding| finding.rule == rule).copied()
}

fn finding(report: &Report, rule: Rule) -> Finding {
    find(report, rule).unwrap_or_else(|| panic!("{rule:?} is not reported"))
}

/// Asserts that a file is accepted with a warning of this rule, and that the portrait itself complies with the rule.
fn assert_warns(file: &[u8], rule: Rule) {
    assert!(finding(&report(PORTRAIT), rule).ok, "the portrait itself");
    let found = finding(&report(file), rule);
    assert_eq!((found.ok, found.severity), (false, Severity::Warning), "{found:?}");
    accept(FileProfile::Standard, ImageKind::Face, file).expect("warnings do not reject");
}

/// Returns the zones of a rule as boxes in pixels of the portrait: left, top, right and bottom.
fn boxes(rule: Rule) -> Vec<(f64, f64, f64, f64)> {
    let zones = marks().zones.into_iter().filter(|zone| zone.rule == rule);
    let bounds = |points: Vec<Place>| {
        points.iter().fold((f64::MAX, f64::MAX, 0.0_f64, 0.0_f64), |(left, top, right, bottom), point| {
            let (x, y) = (point.x * 800.0, point.y * 1200.0);
            (left.min(x), top.min(y), right.max(x), bottom.max(y))
        })
    };
    zones.map(|zone| bounds(zone.points)).collect()
}

/// Returns the portrait with the content of each box scaled vertically by the factor `part`. A `part` below 1 closes eyes and lips. One
/// horizontal line of the box does not move. `towards` is the position of this line, from 0 (top of the box) to 1 (bottom). The skin above
/// and below the box is stretched or compressed to fit. With a lower `flatness`, the left and right ends of the box are scaled more.
fn compressed(boxes: &[(f64, f64, f64, f64)], part: f64, towards: f64, flatness: f64) -> Vec<u8> {
    changed(PORTRAIT, |picture| {
        let mut result = picture.clone();
        for &(left, top, right, bottom) in boxes {
            let height = bottom - top;
            let line = top + height * towards;
            for x in left as u32..right as u32 {
                // The scaling becomes weaker towards the left and right ends of the box, so that no edge is visible.
                let across = (f64::from(x) - left) / (right - left);
                let part = 1.0 - (1.0 - part) * (std::f64::consts::PI * across).sin().max(0.0).powf(flatness);
                let (upper, lower) = (line - (line - top) * part, line + (bottom - line) * part);
                for y in (top - height) as u32..(bottom + height) as u32 {
                    let at = f64::from(y);
                    let from = if at < upper {
                        let start = top - height;
                        start + (at - start) * (top - start) / (upper - start)
                    } else if at > lower {
                        let end = bottom + height;
                        end - (end - at) * (end - bottom) / (end - lower)
                    } else {
                        line + (at - line) / part
                    };
                    result.put_pixel(x, y, *picture.get_pixel(x, from.round() as u32));
                }
            }
        }
        result
    })
}

#[test]
fn closed_eyes_are_reported_and_one_closed_eye_too() {
    let eyes: Vec<_> = boxes(Rule::EyesOpen)
        .into_iter()
        .map(|(left, top, right, bottom)| {
            let lids = 0.3 * (bottom - top);
            (left, top - lids, right, bottom + lids)
        })
        .collect();
    assert_eq!(eyes.len(), 2);
    for closed in [&eyes[..], &eyes[..1], &eyes[1..]] {
        assert_warns(&compressed(closed, 0.05, 0.8, 0.2), Rule::EyesOpen);
    }
}

#[test]
fn an_open_mouth_is_reported_and_a_closed_one_is_not() {
    // The person in the portrait smiles and shows her teeth.
    let smiling = finding(&report(PORTRAIT), Rule::MouthClosed);
    let mouth = boxes(Rule::MouthClosed);
    let closed = finding(&report(&compressed(&mouth, 0.35, 0.5, 0.4)), Rule::MouthClosed);
    let open = finding(&report(&compressed(&mouth, 1.6, 0.5, 0.4)), Rule::MouthClosed);
    assert_eq!((closed.ok, open.ok, open.severity), (true, false, Severity::Warning), "{closed:?} {open:?}");
    assert!(closed.measured < smiling.measured && smiling.measured < open.measured, "{closed:?} {smiling:?} {open:?}");
}

#[test]
fn a_smile_is_a_hint_and_rejects_nothing() {
    let smile = finding(&report(PORTRAIT), Rule::Expression);
    assert_eq!((smile.ok, smile.severity), (false, Severity::Hint));
    accept(FileProfile::Standard, ImageKind::Face, PORTRAIT).expect("hints do not reject");
}

/// Returns the portrait rotated clockwise around its centre. Beyond its edges, the nearest pixels are repeated.
fn turned(degrees: f64) -> Vec<u8> {
    changed(PORTRAIT, |picture| {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
        RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
            let (right, down) = (f64::from(x) - width / 2.0, f64::from(y) - height / 2.0);
            let at = |value: f64, length: f64| value.clamp(0.0, length - 1.0) as u32;
            *picture.get_pixel(at(width / 2.0 + right * cos + down * sin, width), at(height / 2.0 + down * cos - right * sin, height))
        })
    })
}

#[test]
fn a_tilted_head_is_reported_in_degrees() {
    let own = finding(&report(PORTRAIT), Rule::HeadTilted).measured.expect("degrees");
    for degrees in [-14.0, 14.0] {
        assert_warns(&turned(degrees), Rule::HeadTilted);
        let measured = finding(&report(&turned(degrees)), Rule::HeadTilted).measured.expect("degrees");
        assert!((measured - 14.0).abs() <= own + 3.0, "{measured}");
    }
}

#[test]
fn a_frontal_head_is_neither_turned_nor_nodding() {
    let portrait = report(PORTRAIT);
    for rule in [Rule::HeadTurned, Rule::HeadNodding, Rule::HeadTilted, Rule::FaceMeasured] {
        assert!(finding(&portrait, rule).ok, "{:?}", finding(&portrait, rule));
    }
}

#[test]
fn dark_glasses_are_reported() {
    let glasses = changed(PORTRAIT, |mut picture| {
        for (left, top, right, bottom) in boxes(Rule::DarkGlasses) {
            for (x, y) in (top as u32 - 8..bottom as u32 + 8).flat_map(|y| (left as u32 - 8..right as u32 + 8).map(move |x| (x, y))) {
                picture.put_pixel(x, y, Rgb([18, 17, 20]));
            }
        }
        picture
    });
    assert_warns(&glasses, Rule::DarkGlasses);
}

#[test]
fn light_from_one_side_is_reported_on_either_side() {
    let middle = (marks().left_eye.x + marks().right_eye.x) * 400.0;
    for sign in [-1.0, 1.0] {
        let lit = changed(PORTRAIT, |mut picture| {
            for (x, _, pixel) in picture.enumerate_pixels_mut() {
                let light = 1.0 / (1.0 + (sign * (f64::from(x) - middle) / 40.0).exp());
                pixel.0 = pixel.0.map(|level| (f64::from(level) * (0.3 + 0.7 * light)) as u8);
            }
            picture
        });
        assert_warns(&lit, Rule::SideLight);
    }
}

#[test]
fn a_face_that_is_too_small_or_cropped_gets_a_warning_instead_of_measures() {
    let small = changed(PORTRAIT, |picture| {
        let copy = imageops::resize(&picture, 330, 495, imageops::FilterType::Triangle);
        let mut smaller = RgbImage::from_pixel(800, 1200, *picture.get_pixel(20, 20));
        imageops::replace(&mut smaller, &copy, 235, 350);
        smaller
    });
    assert_warns(&small, Rule::FaceMeasured);
    assert_eq!(find(&report(&small), Rule::EyesOpen), None);
    assert!(find(&report(&small), Rule::MouthClosed).is_some());
    // The chin is below the lower edge.
    let chin = (marks().chin.y * 1200.0) as i64;
    let cropped = changed(PORTRAIT, |picture| {
        let mut moved = RgbImage::from_pixel(800, 1200, *picture.get_pixel(20, 20));
        imageops::replace(&mut moved, &picture, 0, 1200 - chin + 40);
        moved
    });
    assert_warns(&cropped, Rule::FaceMeasured);
    for rule in [Rule::EyesOpen, Rule::MouthClosed, Rule::Expression, Rule::DarkGlasses, Rule::SideLight] {
        assert_eq!(find(&report(&cropped), rule), None);
    }
}

#[test]
fn marks_say_where_the_face_is_in_fractions_of_the_picture() {
    // These positions were read by eye from the fixture of 800 x 1200 pixels.
    let near = |place: Place, x: f64, y: f64| (place.x * 800.0 - x).abs() < 30.0 && (place.y * 1200.0 - y).abs() < 45.0;
    let found = marks();
    assert!(found.left_eye.x < found.right_eye.x);
    let mirrored = report(&changed(PORTRAIT, |picture| imageops::flip_horizontal(&picture))).marks.expect("a face");
    assert!(near(mirrored.left_eye, 800.0 - found.right_eye.x * 800.0, found.right_eye.y * 1200.0), "{mirrored:?} {found:?}");
    assert!(found.crown.y < found.left_eye.y && found.left_eye.y < found.chin.y);
    assert!((found.crown.y + found.chin.y - found.left_eye.y - found.right_eye.y).abs() < 0.01, "the eyes are in the middle of the head");
    for rule in [Rule::BackgroundBrightness, Rule::BackgroundEvenness, Rule::EyesOpen, Rule::MouthClosed, Rule::SideLight, Rule::Sharpness]
    {
        assert!(found.zones.iter().any(|zone| zone.rule == rule && zone.points.len() >= 4), "{rule:?}");
    }
    assert_eq!(report(&made::jpeg(800, 1200)).marks, None);
    assert_eq!(inspect(FileProfile::Standard, ImageKind::Signature, made::SIGNATURE).marks, None);
}
