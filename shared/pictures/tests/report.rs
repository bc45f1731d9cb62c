//! Tests of reports on the content of pictures. Good pictures violate no rule, and a picture with a fault violates exactly the rules that
//! describe the fault.

#![expect(clippy::expect_used, reason = "a failure fails the test")]

use domain::{
    FileProfile, ImageKind,
    photo::PictureFault,
    picture_report::{Finding, Report, Rule, Severity},
};
use image::{
    Rgb, RgbImage,
    imageops::{self, FilterType},
};
use pictures::{accept, inspect};

#[path = "../../../tests/src/pictures.rs"]
pub mod made;

use made::changed;

const STANDARD: FileProfile = FileProfile::Standard;
const WHITE: Rgb<u8> = Rgb([250, 250, 250]);

/// Returns the violated rules except those about the smile of the person in the portrait, which tests/features.rs tests.
fn violated(report: &Report) -> Vec<Rule> {
    let is_smile = |rule: &Rule| matches!(rule, Rule::MouthClosed | Rule::Expression);
    report.findings.iter().filter(|finding| !finding.ok).map(|finding| finding.rule).filter(|rule| !is_smile(rule)).collect()
}

/// Asserts that a file violates exactly these rules, and is accepted if all of them are warnings.
fn assert_violates(kind: ImageKind, file: &[u8], rules: &[Rule]) -> Report {
    let report = inspect(STANDARD, kind, file);
    assert_eq!(violated(&report), rules, "{report:#?}");
    let accepted = accept(STANDARD, kind, file);
    assert_eq!(accepted.is_ok(), report.ok());
    if let Err(fault) = accepted {
        assert_eq!(Some(fault.rule()), report.error().map(|finding| finding.rule));
    }
    report
}

fn face(file: &[u8], rules: &[Rule]) -> Report {
    assert_violates(ImageKind::Face, file, rules)
}

fn signature(file: &[u8], rules: &[Rule]) -> Report {
    assert_violates(ImageKind::Signature, file, rules)
}

fn finding(report: &Report, rule: Rule) -> Finding {
    *report.findings.iter().find(|finding| finding.rule == rule).expect("the rule is reported")
}

/// Applies a function to each level of each channel.
fn toned(file: &[u8], tone: impl Fn(f64) -> f64) -> Vec<u8> {
    changed(file, |mut picture| {
        for level in picture.iter_mut() {
            *level = tone(f64::from(*level)).clamp(0.0, 255.0) as u8;
        }
        picture
    })
}

/// Returns the portrait scaled and moved. The rest of the picture has the colour of the portrait's background.
fn placed(scale: f64, right: i64, down: i64) -> Vec<u8> {
    changed(made::PORTRAIT, |picture| {
        let size = |edge: u32| (f64::from(edge) * scale) as u32;
        let (width, height) = (size(picture.width()), size(picture.height()));
        let copy = imageops::resize(&picture, width, height, FilterType::Triangle);
        let mut moved = RgbImage::from_pixel(picture.width(), picture.height(), *picture.get_pixel(20, 20));
        let middle = |whole: u32, part: u32| (i64::from(whole) - i64::from(part)) / 2;
        imageops::replace(&mut moved, &copy, middle(picture.width(), width) + right, middle(picture.height(), height) + down);
        moved
    })
}

// ---- Faces

#[test]
fn a_good_portrait_violates_no_rule_and_every_rule_is_reported() {
    let rules = 11 + 20;
    assert_eq!(face(made::PORTRAIT, &[]).findings.len(), rules);
    let card = inspect(FileProfile::IdentityCard, ImageKind::Face, made::PORTRAIT_4X5);
    assert_eq!((violated(&card), card.findings.len()), (vec![], rules));
    face(&made::portrait(1600, 2400), &[]);
}

#[test]
fn a_blurred_face_is_not_sharp() {
    face(&made::blurred(), &[Rule::Sharpness]);
}

#[test]
fn light_is_measured_on_the_face() {
    face(&toned(made::PORTRAIT, |level| level * 0.12), &[Rule::Underexposure, Rule::BackgroundBrightness]);
    face(&toned(made::PORTRAIT, |level| level * 1.5), &[Rule::Overexposure]);
}

#[test]
fn a_gray_portrait_is_not_in_colour() {
    face(&made::grayscale(), &[Rule::Colour]);
    face(include_bytes!("data/gray.jpg"), &[Rule::Sharpness, Rule::Colour]);
}

#[test]
fn two_people_in_a_portrait_are_an_error() {
    let report = inspect(STANDARD, ImageKind::Face, &made::two_faces());
    let faces = finding(&report, Rule::Faces);
    assert_eq!((faces.measured, faces.severity, faces.ok), (Some(2.0), Severity::Error, false), "{report:#?}");
    assert!(matches!(accept(STANDARD, ImageKind::Face, &made::two_faces()), Err(PictureFault::Shown(error)) if error == faces));
}

#[test]
fn a_portrait_without_a_face_has_no_findings_on_a_face() {
    let coat = changed(made::PORTRAIT, |picture| {
        let lower = imageops::crop_imm(&picture, 0, 900, 200, 300).to_image();
        imageops::resize(&lower, 800, 1200, FilterType::Triangle)
    });
    for file in [made::jpeg(800, 1200), coat] {
        let report = face(&file, &[Rule::Faces]);
        assert_eq!(finding(&report, Rule::Faces).measured, Some(0.0));
        assert!(report.findings.iter().all(|finding| finding.rule != Rule::HeadHeight));
    }
    // A picture of a signature that was uploaded as a face and has the size of a face photo.
    let paper = changed(made::SIGNATURE, |picture| imageops::resize(&picture, 800, 1200, FilterType::Triangle));
    assert!(violated(&inspect(STANDARD, ImageKind::Face, &paper)).contains(&Rule::Faces));
}

#[test]
fn a_picture_of_one_tone_is_rejected() {
    for level in [0, 128, 255] {
        let plain = changed(made::PORTRAIT, |picture| RgbImage::from_pixel(picture.width(), picture.height(), Rgb([level; 3])));
        face(&plain, &[Rule::Tones, Rule::Faces, Rule::Colour]);
    }
}

#[test]
fn head_size_and_position_must_fit_the_profile() {
    let small = face(&placed(0.7, 0, 0), &[Rule::HeadHeight]);
    assert!(finding(&small, Rule::HeadHeight).is_below());
    // The head reaches into the upper corners. The report may therefore also complain that the background is uneven.
    let large = inspect(STANDARD, ImageKind::Face, &placed(1.22, 0, 100));
    assert!(violated(&large).contains(&Rule::HeadHeight) && large.ok(), "{large:#?}");
    assert!(!finding(&large, Rule::HeadHeight).is_below());
    face(&placed(0.95, 0, 220), &[Rule::EyeLine]);
    face(&placed(1.0, 60, 0), &[Rule::FaceCentre]);
    // The profile for identity cards requires a larger head.
    let card = changed(made::PORTRAIT_4X5, |picture| {
        let copy = imageops::resize(&picture, 940, 1175, FilterType::Triangle);
        let mut smaller = RgbImage::from_pixel(1280, 1600, *picture.get_pixel(20, 20));
        imageops::replace(&mut smaller, &copy, 170, 212);
        smaller
    });
    assert_eq!(violated(&inspect(FileProfile::IdentityCard, ImageKind::Face, &card)), [Rule::HeadHeight]);
}

#[test]
fn a_background_must_be_even_and_light() {
    // The left part of the background is in shade.
    let shaded = changed(made::PORTRAIT, |mut picture| {
        for (x, y, pixel) in picture.enumerate_pixels_mut() {
            if x < 90 && y < 500 {
                pixel.0 = pixel.0.map(|level| level / 2);
            }
        }
        picture
    });
    face(&shaded, &[Rule::BackgroundEvenness]);
    let dark = changed(made::PORTRAIT, |mut picture| {
        for (x, y, pixel) in picture.enumerate_pixels_mut() {
            if !(70..730).contains(&x) && y < 500 || y < 60 {
                pixel.0 = [40, 44, 50];
            }
        }
        picture
    });
    face(&dark, &[Rule::BackgroundBrightness]);
}

/// The portraits of two good studios can differ from each other as much as these variations differ from the original portrait.
#[test]
fn mild_variations_of_light_skin_size_and_position_violate_no_rule() {
    for file in [
        toned(made::PORTRAIT, |level| level * 0.85),
        toned(made::PORTRAIT, |level| level * 1.15),
        // The next picture has darker skin, and the one after it has lighter skin.
        toned(made::PORTRAIT, |level| 255.0 * (level / 255.0).powf(1.4)),
        toned(made::PORTRAIT, |level| 255.0 * (level / 255.0).powf(0.75)),
        changed(made::PORTRAIT, |picture| imageops::flip_horizontal(&picture)),
        placed(0.97, 12, 10),
        placed(1.04, -12, -10),
    ] {
        face(&file, &[]);
    }
}

// ---- Signatures

#[test]
fn a_good_signature_violates_no_rule_and_every_rule_is_reported() {
    assert_eq!(signature(made::SIGNATURE, &[]).findings.len(), 11 + 5);
}

#[test]
fn an_empty_signature_is_rejected() {
    signature(&made::empty_signature(), &[Rule::Ink]);
    let grainy = changed(&made::empty_signature(), |mut picture| {
        for (x, y, pixel) in picture.enumerate_pixels_mut() {
            pixel.0 = pixel.0.map(|level| level - u8::try_from((x * 7_919 + y * 104_729) % 13).unwrap());
        }
        picture
    });
    signature(&grainy, &[Rule::Ink]);
    let black = changed(made::SIGNATURE, |picture| RgbImage::from_pixel(picture.width(), picture.height(), Rgb([3; 3])));
    signature(&black, &[Rule::Ink]);
}

#[test]
fn a_cropped_signature_touches_the_edge() {
    let cropped = changed(made::SIGNATURE, |picture| {
        let part = imageops::crop_imm(&picture, 0, 100, 1200, 400).to_image();
        let mut left = RgbImage::from_pixel(1200, 400, WHITE);
        imageops::replace(&mut left, &part, -180, 0);
        left
    });
    let report = inspect(STANDARD, ImageKind::Signature, &cropped);
    assert_eq!(violated(&report), [Rule::InkOnEdge], "{report:#?}");
}

#[test]
fn gray_paper_faint_ink_and_other_colours_are_reported() {
    signature(&toned(made::SIGNATURE, |level| level * 0.7), &[Rule::PaperBrightness]);
    signature(&toned(made::SIGNATURE, |level| 255.0 - (255.0 - level) * 0.3), &[Rule::InkContrast]);
    let red = changed(made::SIGNATURE, |mut picture| {
        for pixel in picture.pixels_mut() {
            pixel.0[0] = pixel.0[0].saturating_add(150);
        }
        picture
    });
    signature(&red, &[Rule::InkColour]);
}

#[test]
fn a_photo_in_place_of_a_signature_is_reported() {
    let photo = changed(made::PORTRAIT, |picture| {
        let part = imageops::crop_imm(&picture, 0, 300, 800, 267).to_image();
        imageops::resize(&part, 1200, 400, FilterType::Triangle)
    });
    assert!(!violated(&inspect(STANDARD, ImageKind::Signature, &photo)).is_empty());
}

// ---- Files

#[test]
fn a_picture_in_cmyk_is_accepted_with_a_warning() {
    let file = include_bytes!("data/cmyk.jpg");
    let report = inspect(STANDARD, ImageKind::Face, file);
    assert!(violated(&report).contains(&Rule::ColourMode), "{report:#?}");
    assert!(accept(STANDARD, ImageKind::Face, file).is_ok());
    let same_in_rgb = inspect(STANDARD, ImageKind::Face, include_bytes!("data/baseline_420.jpg"));
    assert!(!violated(&same_in_rgb).contains(&Rule::ColourMode));
}

#[test]
fn a_report_contains_all_faults_of_a_file() {
    let report = inspect(FileProfile::IdentityCard, ImageKind::Face, &made::turned());
    let errors: Vec<Rule> = report.findings.iter().filter(|finding| finding.blocks()).map(|finding| finding.rule).collect();
    assert_eq!(errors, [Rule::Width, Rule::Height, Rule::Proportion, Rule::Orientation]);
    assert!(matches!(accept(FileProfile::IdentityCard, ImageKind::Face, &made::turned()), Err(PictureFault::Turned { .. })));
}

#[test]
fn a_file_that_cannot_be_decoded_gets_findings_on_its_header() {
    let violated_and_count = |file: &[u8]| {
        let report = inspect(STANDARD, ImageKind::Face, file);
        assert_eq!(accept(STANDARD, ImageKind::Face, file).unwrap_err().rule(), report.error().unwrap().rule);
        (violated(&report), report.findings.len())
    };
    assert_eq!(violated_and_count(&made::not_a_jpeg()), (vec![Rule::FileType], 2));
    assert_eq!(violated_and_count(&[]), (vec![Rule::FileType], 2));
    assert_eq!(violated_and_count(&made::truncated()), (vec![Rule::FileWhole], 3));
    assert_eq!(violated_and_count(&made::truncated_and_closed()), (vec![Rule::FileWhole], 8));
    assert_eq!(violated_and_count(&made::broken_structure()), (vec![Rule::FileWhole], 3));
    assert_eq!(violated_and_count(&made::giant()), (vec![Rule::Pixels, Rule::Proportion], 7));
    assert_eq!(violated_and_count(&made::too_many_bytes()), (vec![Rule::Bytes], 7));
}
