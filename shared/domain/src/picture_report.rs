//! Report on a picture, shown to the photographer before a code is issued: each rule with the measured value, its limit, and whether it is met.
//!
//! Errors prevent the issue of a code, and warnings only inform. The rules for files are exact, so every violation is an error. What a picture
//! shows is measured statistically, and rejecting a good portrait does more harm than accepting a bad one, which clerks still see and can
//! refuse. These rules therefore warn, and are errors only where there is no doubt: a single tone all over, no face, several clear faces, or no
//! ink.

use crate::photo::{FileProfile, ImageKind, PHOTO_BYTES_MAX, PHOTO_PIXELS_MAX, PROPORTION_TOLERANCE, PictureFault};
pub use crate::picture_rule::{Finding, Limit, Rule, Severity};

/// Findings for the rules that could be checked. Rules about a face are omitted if the picture shows no face. All rules about what the picture
/// shows are omitted if it cannot be decoded.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    pub findings: Vec<Finding>,
}

impl Report {
    /// Returns the first finding that prevents the issue of a code.
    pub fn error(&self) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.blocks())
    }

    /// Returns whether a code can be issued.
    pub fn ok(&self) -> bool {
        self.error().is_none()
    }
}

// Rules for the file

/// Measurements of a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FileMeasures {
    pub bytes: u64,
    pub is_jpeg: bool,
    /// `None` if the file is not a JPEG or its header cannot be read.
    pub header: Option<HeaderMeasures>,
    /// The result of decoding the image data. `None` if it is too large to try.
    pub decoded: Option<Result<Colours, PictureFault>>,
}

/// The colours of a decoded file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// Gray, or red, green and blue.
    Light,
    /// Cyan, magenta, yellow and black, for printers.
    Inks,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeaderMeasures {
    pub width: u32,
    pub height: u32,
    pub orientation: Option<u32>,
}

/// Checks all rules of [`crate::photo`].
pub fn file_findings(profile: FileProfile, kind: ImageKind, file: &FileMeasures) -> Vec<Finding> {
    let mut findings = vec![Finding::unmeasured(Rule::FileType, file.is_jpeg)];
    if let Some(decoded) = file.decoded.filter(|_| file.is_jpeg) {
        match decoded {
            Ok(colours) => {
                findings.extend([Rule::FileWhole, Rule::FileKind, Rule::ColourProfile].map(|rule| Finding::unmeasured(rule, true)));
                findings.push(Finding::unmeasured_warning(Rule::ColourMode, colours == Colours::Light));
            }
            Err(fault) => findings.push(Finding::unmeasured(fault.rule(), false)),
        }
    }
    findings.push(Finding::error(Rule::Bytes, file.bytes as f64, Limit::most(PHOTO_BYTES_MAX as f64)));
    let Some(header) = file.header else { return findings };
    let frame = profile.frame(kind);
    let (width, height) = (f64::from(header.width), f64::from(header.height));
    let expected = f64::from(frame.proportion.0) / f64::from(frame.proportion.1);
    let tolerance = expected * PROPORTION_TOLERANCE as f64 / 1000.0;
    let mut proportion = Finding::error(Rule::Proportion, width / height, Limit::between(expected - tolerance, expected + tolerance));
    // Compared in whole numbers, as when the code is issued, so that both results are the same.
    proportion.ok = frame.has_proportion(header.width, header.height);
    findings.extend([
        Finding::error(Rule::Pixels, width * height, Limit::most(PHOTO_PIXELS_MAX as f64)),
        Finding::error(Rule::Width, width, Limit::least(f64::from(frame.min_width))),
        Finding::error(Rule::Height, height, Limit::least(f64::from(frame.min_height))),
        proportion,
        Finding::error(Rule::Orientation, f64::from(header.orientation.unwrap_or(1)), Limit::between(1.0, 1.0)),
    ]);
    findings
}

// Rules for the face photo

/// Limits for a face photo.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaceLimits {
    pub head_height: Limit,
    pub eye_line: Limit,
    pub face_centre: Limit,
    pub sharpness: Limit,
    pub underexposure: Limit,
    pub overexposure: Limit,
    pub colour: Limit,
    pub background_evenness: Limit,
    pub background_brightness: Limit,
}

/// Our own measure, in levels from 0 to 255. A picture below the limit is a single tone and shows nothing. Portraits have more than 150
/// levels.
const TONES: Limit = Limit::least(24.0);
const ONE_FACE: Limit = Limit::between(1.0, 1.0);
/// ISO/IEC 19794-5 (full frontal): middle of the face at 45 to 55% of the width. Widened by 0.02 on each side, because the detected box moves
/// when the head is turned slightly.
const FACE_CENTRE: Limit = Limit::between(0.43, 0.57);
/// Our own measure. The limit is below the least sharp face that we consider sharp (docs/pictures.md), so it detects only pictures that are
/// clearly out of focus.
const SHARPNESS: Limit = Limit::least(0.075);
/// Our own measure. The limit is well below very dark skin in even light, so it detects poor light and not skin colour.
const UNDEREXPOSURE: Limit = Limit::least(32.0);
/// Our own measure. In good light, highlights on forehead and nose cover a few hundredths of the face.
const OVEREXPOSURE: Limit = Limit::most(0.15);
/// The Hellenic Police require a colour photo. The measure is ours. The limit is above the colour that encoders add to grey pictures.
const COLOUR: Limit = Limit::least(12.0);
/// The Hellenic Police and ICAO Doc 9303 require a uniform background, with at most mild variations of brightness. The limit, a quarter of
/// the brightness scale, is our own.
const BACKGROUND_EVENNESS: Limit = Limit::most(64.0);
/// The Hellenic Police require a light background, preferably white or pale grey. The limit, the middle of the brightness scale, is our
/// own.
const BACKGROUND_BRIGHTNESS: Limit = Limit::least(128.0);

impl FileProfile {
    /// Returns the limits for a face photo in this profile. docs/pictures.md lists the sources.
    pub const fn face_limits(self) -> FaceLimits {
        let common = FaceLimits {
            // Hellenic Police, passport photos of 40 x 60 mm: jaw to the top of the head 31 to 35 mm, which is 0.52 to 0.58. Widened by a
            // tenth of the value, which is the error of the estimate from the detected box.
            head_height: Limit::between(0.46, 0.64),
            // Hellenic Police, as above: eyes 30 to 39 mm above the lower edge, which is 0.35 to 0.50 from the top. Widened by 0.02 on each
            // side.
            eye_line: Limit::between(0.33, 0.52),
            face_centre: FACE_CENTRE,
            sharpness: SHARPNESS,
            underexposure: UNDEREXPOSURE,
            overexposure: OVEREXPOSURE,
            colour: COLOUR,
            background_evenness: BACKGROUND_EVENNESS,
            background_brightness: BACKGROUND_BRIGHTNESS,
        };
        match self {
            Self::Standard => common,
            // No specification of the head in 4:5 pictures is published. ISO/IEC 19794-5 (full frontal): head 60 to 90% of the height, middle of
            // the eyes 30 to 50% from the top. These ranges are widened like those of 2:3 pictures, except where the head would no longer fit
            // into the picture.
            Self::IdentityCard => FaceLimits { head_height: Limit::between(0.54, 0.9), eye_line: Limit::between(0.28, 0.52), ..common },
        }
    }

    /// Returns the limits for a signature, which are the same in both profiles.
    pub const fn signature_limits(self) -> SignatureLimits {
        match self {
            Self::Standard | Self::IdentityCard => SIGNATURE_LIMITS,
        }
    }
}

/// Measurements of a face photo. The variants of [`Rule`] document what each one measures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaceMeasures {
    pub tones: f64,
    pub colour: f64,
    pub faces: Faces,
    pub face: Option<Face>,
    pub background: Option<Background>,
}

/// Number of detected faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faces {
    /// Number of faces that were detected with high confidence. Always includes the largest face.
    pub clear: u32,
    /// Number of faces that were detected with low confidence and may be patterns.
    pub doubtful: u32,
}

/// Measurements of the largest face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Face {
    pub head_height: f64,
    pub eye_line: f64,
    pub centre: f64,
    pub sharpness: f64,
    pub brightness: f64,
    pub blank: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Background {
    pub spread: f64,
    pub brightness: f64,
}

/// Checks the rules for what a face photo shows.
pub fn face_findings(profile: FileProfile, measured: &FaceMeasures) -> Vec<Finding> {
    let limits = profile.face_limits();
    let Faces { clear, doubtful } = measured.faces;
    // Several faces are an error only if more than one is clear. No face is always an error, because the detector has already tried every
    // fallback.
    let severity = if clear == 1 && doubtful > 0 { Severity::Warning } else { Severity::Error };
    let count = if clear > 1 { clear } else { clear + doubtful };
    let mut findings =
        vec![Finding::error(Rule::Tones, measured.tones, TONES), Finding::measured(Rule::Faces, severity, f64::from(count), ONE_FACE)];
    if let Some(face) = measured.face {
        findings.extend([
            Finding::warning(Rule::HeadHeight, face.head_height, limits.head_height),
            Finding::warning(Rule::EyeLine, face.eye_line, limits.eye_line),
            Finding::warning(Rule::FaceCentre, face.centre, limits.face_centre),
            Finding::warning(Rule::Sharpness, face.sharpness, limits.sharpness),
            Finding::warning(Rule::Underexposure, face.brightness, limits.underexposure),
            Finding::warning(Rule::Overexposure, face.blank, limits.overexposure),
        ]);
    }
    findings.push(Finding::warning(Rule::Colour, measured.colour, limits.colour));
    if let Some(background) = measured.background {
        findings.extend([
            Finding::warning(Rule::BackgroundEvenness, background.spread, limits.background_evenness),
            Finding::warning(Rule::BackgroundBrightness, background.brightness, limits.background_brightness),
        ]);
    }
    findings
}

// Rules for the signature

/// Limits for a signature. A value outside its limits gives a warning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignatureLimits {
    pub ink: Limit,
    pub paper_brightness: Limit,
    pub ink_contrast: Limit,
    pub ink_colour: Limit,
    pub ink_on_edge: Limit,
}

/// The file specification requires dark blue or black ink on white, and a complete signature. The numbers are ours.
const SIGNATURE_LIMITS: SignatureLimits = SignatureLimits {
    // A small signature with a thin pen covers about 0.005 of the picture. A picture that is half ink is not a signature.
    ink: Limit::between(0.002, 0.35),
    paper_brightness: Limit::least(200.0),
    ink_contrast: Limit::least(90.0),
    // Blue ink has more blue than red or green. Black ink has equal amounts, and a warm lamp or scanner adds some red.
    ink_colour: Limit::most(40.0),
    ink_on_edge: Limit::most(2.0),
};
/// With less ink than this, the paper counts as empty. The limit is about 170 pixels of a picture of 1000 x 333.
const ANY_INK: Limit = Limit::least(0.0005);

/// Measurements of a signature. The variants of [`Rule`] document what each one measures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignatureMeasures {
    pub ink: f64,
    pub paper: f64,
    pub on_edge: f64,
    /// `None` if there is no ink.
    pub strokes: Option<Strokes>,
}

/// Measurements of the ink.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Strokes {
    pub contrast: f64,
    pub colour: f64,
}

/// Checks the rules for what a picture of a signature shows.
pub fn signature_findings(profile: FileProfile, measured: &SignatureMeasures) -> Vec<Finding> {
    let limits = profile.signature_limits();
    let ink = match Finding::error(Rule::Ink, measured.ink, ANY_INK) {
        empty if empty.blocks() => return vec![empty],
        _ => Finding::warning(Rule::Ink, measured.ink, limits.ink),
    };
    let mut findings = vec![ink, Finding::warning(Rule::PaperBrightness, measured.paper, limits.paper_brightness)];
    if let Some(strokes) = measured.strokes {
        findings.extend([
            Finding::warning(Rule::InkContrast, strokes.contrast, limits.ink_contrast),
            Finding::warning(Rule::InkColour, strokes.colour, limits.ink_colour),
        ]);
    }
    findings.push(Finding::warning(Rule::InkOnEdge, measured.on_edge, limits.ink_on_edge));
    findings
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::photo::{check_bytes, check_header};

    /// Measurements of a face photo that meets every rule.
    const GOOD: FaceMeasures = FaceMeasures {
        tones: 220.0,
        colour: 90.0,
        faces: Faces { clear: 1, doubtful: 0 },
        face: Some(Face { head_height: 0.56, eye_line: 0.42, centre: 0.5, sharpness: 0.3, brightness: 150.0, blank: 0.01 }),
        background: Some(Background { spread: 20.0, brightness: 220.0 }),
    };

    fn violated(findings: &[Finding]) -> Vec<(Rule, Severity)> {
        findings.iter().filter(|finding| !finding.ok).map(|finding| (finding.rule, finding.severity)).collect()
    }

    #[test]
    fn a_good_face_photo_meets_every_rule_and_the_report_contains_all_of_them() {
        let findings = face_findings(FileProfile::Standard, &GOOD);
        assert_eq!((violated(&findings), findings.len()), (vec![], 11));
    }

    #[test]
    fn no_face_and_several_clear_faces_are_errors_and_a_doubtful_second_face_is_a_warning() {
        let violated_with =
            |clear, doubtful| violated(&face_findings(FileProfile::Standard, &FaceMeasures { faces: Faces { clear, doubtful }, ..GOOD }));
        assert_eq!(violated_with(0, 0), [(Rule::Faces, Severity::Error)]);
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

    #[test]
    fn only_the_single_tone_is_an_error_among_ten_violations_in_a_face_photo() {
        let bad = FaceMeasures {
            tones: 23.0,
            colour: 0.0,
            face: Some(Face { head_height: 0.1, eye_line: 0.9, centre: 0.1, sharpness: 0.0, brightness: 5.0, blank: 0.9 }),
            background: Some(Background { spread: 200.0, brightness: 10.0 }),
            ..GOOD
        };
        let findings = face_findings(FileProfile::Standard, &bad);
        assert_eq!(violated(&findings).len(), 10);
        assert_eq!(findings.iter().filter(|finding| finding.blocks()).map(|finding| finding.rule).collect::<Vec<_>>(), [Rule::Tones]);
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
}
