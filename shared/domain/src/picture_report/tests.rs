use proptest::prelude::*;

use super::*;
use crate::photo::{check_bytes, check_header};

const FEATURES: Features = Features { eye_opening: Some(0.3), lip_gap: 0.01, smile: 0.8, dark_around_eyes: 0.1, cheek_ratio: 1.1 };
/// Measurements of a face photo that meets every rule.
const GOOD: FaceMeasures = FaceMeasures {
    tones: 220.0,
    colour: 90.0,
    faces: Faces { clear: 1, doubtful: 0 },
    face: Some(Face {
        head_height: 0.56,
        eye_line: 0.42,
        centre: 0.5,
        yaw: -3.0,
        pitch: 2.0,
        roll: 1.0,
        features: Some(FEATURES),
        sharpness: 0.3,
        brightness: 150.0,
        blank: 0.01,
    }),
    background: Some(Background { spread: 20.0, brightness: 220.0 }),
};

fn violated(findings: &[Finding]) -> Vec<(Rule, Severity)> {
    findings.iter().filter(|finding| !finding.ok).map(|finding| (finding.rule, finding.severity)).collect()
}

#[test]
fn a_good_face_photo_meets_every_rule_and_the_report_contains_all_of_them() {
    let findings = face_findings(FileProfile::Standard, &GOOD);
    assert_eq!((violated(&findings), findings.len()), (vec![], 20));
}

#[test]
fn no_face_and_several_clear_faces_are_errors_and_a_doubtful_second_face_is_a_warning() {
    let violated_with =
        |clear, doubtful| violated(&face_findings(FileProfile::Standard, &FaceMeasures { faces: Faces { clear, doubtful }, ..GOOD }));
    assert_eq!(violated_with(0, 0), [(Rule::Faces, Severity::Error)]);
    assert_eq!(violated_with(0, 1), [(Rule::Faces, Severity::Error)]);
    assert_eq!(violated_with(2, 0), [(Rule::Faces, Severity::Error)]);
    assert_eq!(violated_with(2, 1), [(Rule::Faces, Severity::Error)]);
    assert_eq!(violated_with(1, 1), [(Rule::Faces, Severity::Warning)]);
    assert_eq!(violated_with(1, 0), []);
}

#[test]
fn each_profile_has_its_own_limits_for_the_head() {
    let small = FaceMeasures { face: GOOD.face.map(|face| Face { head_height: 0.5, ..face }), ..GOOD };
    assert_eq!(violated(&face_findings(FileProfile::Standard, &small)), []);
    assert_eq!(violated(&face_findings(FileProfile::IdentityCard, &small)), [(Rule::HeadHeight, Severity::Warning)]);
}

/// Returns the measurements of a good photo, except that `change` is applied to the measurements of the face.
fn with_face(change: impl FnOnce(&mut Face)) -> FaceMeasures {
    let mut face = GOOD.face.unwrap();
    change(&mut face);
    FaceMeasures { face: Some(face), ..GOOD }
}

#[test]
fn only_the_single_tone_is_an_error_among_all_violations_in_a_face_photo() {
    let bad = FaceMeasures {
        tones: 23.0,
        colour: 0.0,
        background: Some(Background { spread: 200.0, brightness: 10.0 }),
        ..with_face(|face| {
            *face = Face {
                head_height: 0.1,
                eye_line: 0.9,
                centre: 0.1,
                yaw: 40.0,
                pitch: -30.0,
                roll: -20.0,
                features: Some(Features { eye_opening: Some(0.0), lip_gap: 0.4, smile: 1.4, dark_around_eyes: 1.0, cheek_ratio: 3.0 }),
                sharpness: 0.0,
                brightness: 5.0,
                blank: 0.9,
            };
        })
    };
    let findings = face_findings(FileProfile::Standard, &bad);
    // Every rule is violated except `Faces`, `FaceMeasured` and `EyesOpen`. `EyesOpen` is not checked in a blurred picture.
    assert_eq!(violated(&findings).len(), 17);
    assert_eq!(findings.iter().filter(|finding| finding.blocks()).map(|finding| finding.rule).collect::<Vec<_>>(), [Rule::Tones]);
}

#[test]
fn eyes_mouth_pose_and_light_warn_beyond_their_limits_and_a_smile_is_a_hint() {
    let with = |change: fn(&mut Face, &mut Features)| {
        violated(&face_findings(
            FileProfile::Standard,
            &with_face(|face| {
                let mut features = FEATURES;
                change(face, &mut features);
                face.features = Some(features);
            }),
        ))
    };
    let warning = |rule| vec![(rule, Severity::Warning)];
    assert_eq!(with(|_, features| features.eye_opening = Some(0.159)), warning(Rule::EyesOpen));
    assert_eq!(with(|_, features| features.lip_gap = 0.086), warning(Rule::MouthClosed));
    assert_eq!(with(|_, features| features.smile = 1.01), [(Rule::Expression, Severity::Hint)]);
    assert_eq!(with(|_, features| features.dark_around_eyes = 0.66), warning(Rule::DarkGlasses));
    assert_eq!(with(|_, features| features.cheek_ratio = 1.71), warning(Rule::SideLight));
    for sign in [-1.0, 1.0] {
        let turned = |yaw, pitch, roll| {
            violated(&face_findings(
                FileProfile::Standard,
                &with_face(|face| (face.yaw, face.pitch, face.roll) = (sign * yaw, sign * pitch, sign * roll)),
            ))
        };
        assert_eq!(turned(15.0, 18.0, 8.0), []);
        assert_eq!(turned(15.1, 0.0, 0.0), warning(Rule::HeadTurned));
        assert_eq!(turned(0.0, 18.1, 0.0), warning(Rule::HeadNodding));
        assert_eq!(turned(0.0, 0.0, 8.1), warning(Rule::HeadTilted));
    }
    let at_the_limits = Features { eye_opening: Some(0.16), lip_gap: 0.085, smile: 1.0, dark_around_eyes: 0.65, cheek_ratio: 1.7 };
    assert_eq!(violated(&face_findings(FileProfile::Standard, &with_face(|face| face.features = Some(at_the_limits)))), []);
}

#[test]
fn a_blurred_face_is_not_reported_for_closed_eyes() {
    let blurred = with_face(|face| {
        face.sharpness = 0.05;
        face.features = Some(Features { eye_opening: Some(0.1), ..FEATURES });
    });
    assert_eq!(violated(&face_findings(FileProfile::Standard, &blurred)), [(Rule::Sharpness, Severity::Warning)]);
}

#[test]
fn a_face_that_cannot_be_measured_is_a_warning_and_its_rules_are_omitted() {
    let few_pixels = with_face(|face| face.features = Some(Features { eye_opening: None, ..FEATURES }));
    let hidden = with_face(|face| face.features = None);
    for (measures, omitted) in [(few_pixels, 1), (hidden, 5)] {
        let findings = face_findings(FileProfile::Standard, &measures);
        assert_eq!(violated(&findings), [(Rule::FaceMeasured, Severity::Warning)]);
        assert_eq!(findings.len(), 20 - omitted);
    }
}

#[test]
fn an_empty_signature_is_an_error_and_a_faint_one_a_warning() {
    let faint = SignatureMeasures { ink: 0.001, paper: 250.0, on_edge: 0.0, strokes: Some(Strokes { contrast: 60.0, colour: 0.0 }) };
    let warnings = [(Rule::Ink, Severity::Warning), (Rule::InkContrast, Severity::Warning)];
    assert_eq!(violated(&signature_findings(FileProfile::Standard, &faint)), warnings);
    let empty = SignatureMeasures { ink: 0.0004, strokes: None, ..faint };
    assert_eq!(violated(&signature_findings(FileProfile::Standard, &empty)), [(Rule::Ink, Severity::Error)]);
}

proptest! {
    #[test]
    fn a_report_has_no_errors_exactly_if_the_file_is_accepted_when_the_code_is_issued(
        bytes in 1_u64..6_000_000,
        (width, height) in prop_oneof![(1_u32..9_000, 1_u32..9_000), (700_u32..1500).prop_map(|width| (width, width * 3 / 2))],
        orientation in proptest::option::of(0_u32..9),
        card: bool,
        signature: bool,
    ) {
        let profile = if card { FileProfile::IdentityCard } else { FileProfile::Standard };
        let kind = if signature { ImageKind::Signature } else { ImageKind::Face };
        let header = Some(HeaderMeasures { width, height, orientation });
        let findings = file_findings(profile, kind, &FileMeasures { bytes, is_jpeg: true, header, decoded: Some(Ok(Colours::Light)) });
        let checked = check_bytes(bytes).and_then(|()| check_header(profile, kind, width, height, orientation));
        prop_assert_eq!(checked.is_ok(), findings.iter().all(|finding| finding.ok));
        if let Err(fault) = checked {
            prop_assert!(findings.iter().any(|finding| finding.blocks() && finding.rule == fault.rule()));
        }
    }
}
