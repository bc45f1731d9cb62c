//! What a photographer is told of a picture: each rule with what was measured, its limit, and whether it holds.
//!
//! Errors block issuing, warnings inform. Files are exact: what they break is an error. What is measured of the picture itself is
//! statistics, and a refused good portrait costs more than a bad one that passes, which people still look at: so it warns, and is an
//! error only where there can be no doubt (one tone all over, no face, several clear faces, no ink).

use crate::photo::{FileProfile, ImageKind, PHOTO_BYTES_MAX, PHOTO_PIXELS_MAX, PROPORTION_TOLERANCE};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warning,
}

impl Severity {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// A JPEG file.
    FileType,
    /// All of its image data is there.
    FileWhole,
    Bytes,
    Pixels,
    Width,
    Height,
    /// Width to height.
    Proportion,
    /// EXIF orientation.
    Orientation,
    /// Brightness between the darkest and the lightest hundredth of the pixels.
    Tones,
    Faces,
    /// Chin to crown, of the picture's height.
    HeadHeight,
    /// From the top edge down to the eyes, of the picture's height.
    EyeLine,
    /// From the left edge to the middle of the face, of the picture's width.
    FaceCentre,
    /// Fine detail of the face, of all its contrast.
    Sharpness,
    /// The face's median brightness.
    Underexposure,
    /// Part of the face that is blank white.
    Overexposure,
    /// The strongest colours' distance from grey.
    Colour,
    /// Between the lightest and the darkest part of the background.
    BackgroundEvenness,
    /// Median of the background.
    BackgroundBrightness,
    /// Part of the picture that is ink.
    Ink,
    /// Median of the paper.
    PaperBrightness,
    /// Paper less ink.
    InkContrast,
    /// By how much the ink's red or green exceeds its blue.
    InkColour,
    /// The longest piece of the picture's edge that is ink, in pixels of a copy 1,000 wide.
    InkOnEdge,
}

impl Rule {
    /// In the order of a report.
    pub const ALL: [Self; 24] = [
        Self::FileType,
        Self::FileWhole,
        Self::Bytes,
        Self::Pixels,
        Self::Width,
        Self::Height,
        Self::Proportion,
        Self::Orientation,
        Self::Tones,
        Self::Faces,
        Self::HeadHeight,
        Self::EyeLine,
        Self::FaceCentre,
        Self::Sharpness,
        Self::Underexposure,
        Self::Overexposure,
        Self::Colour,
        Self::BackgroundEvenness,
        Self::BackgroundBrightness,
        Self::Ink,
        Self::PaperBrightness,
        Self::InkContrast,
        Self::InkColour,
        Self::InkOnEdge,
    ];

    /// Stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FileType => "file_type",
            Self::FileWhole => "file_whole",
            Self::Bytes => "bytes",
            Self::Pixels => "pixels",
            Self::Width => "width",
            Self::Height => "height",
            Self::Proportion => "proportion",
            Self::Orientation => "orientation",
            Self::Tones => "tones",
            Self::Faces => "faces",
            Self::HeadHeight => "head_height",
            Self::EyeLine => "eye_line",
            Self::FaceCentre => "face_centre",
            Self::Sharpness => "sharpness",
            Self::Underexposure => "underexposure",
            Self::Overexposure => "overexposure",
            Self::Colour => "colour",
            Self::BackgroundEvenness => "background_evenness",
            Self::BackgroundBrightness => "background_brightness",
            Self::Ink => "ink",
            Self::PaperBrightness => "paper_brightness",
            Self::InkContrast => "ink_contrast",
            Self::InkColour => "ink_colour",
            Self::InkOnEdge => "ink_on_edge",
        }
    }

    /// Of the measured value and its limit. None where nothing is measured: it is so, or it is not.
    pub const fn unit(self) -> Option<&'static str> {
        match self {
            Self::FileType | Self::FileWhole => None,
            Self::Bytes => Some("bytes"),
            Self::Pixels | Self::Width | Self::Height | Self::InkOnEdge => Some("pixels"),
            Self::Proportion | Self::HeadHeight | Self::EyeLine | Self::FaceCentre | Self::Sharpness | Self::Overexposure | Self::Ink => {
                Some("ratio")
            }
            Self::Orientation => Some("exif_orientation"),
            Self::Faces => Some("faces"),
            Self::Tones
            | Self::Underexposure
            | Self::Colour
            | Self::BackgroundEvenness
            | Self::BackgroundBrightness
            | Self::PaperBrightness
            | Self::InkContrast
            | Self::InkColour => Some("levels"),
        }
    }
}

/// From least to most, both allowed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Limit {
    pub least: Option<f64>,
    pub most: Option<f64>,
}

impl Limit {
    const fn least(least: f64) -> Self {
        Self { least: Some(least), most: None }
    }

    const fn most(most: f64) -> Self {
        Self { least: None, most: Some(most) }
    }

    const fn between(least: f64, most: f64) -> Self {
        Self { least: Some(least), most: Some(most) }
    }

    fn holds(self, measured: f64) -> bool {
        self.least.is_none_or(|least| measured >= least) && self.most.is_none_or(|most| measured <= most)
    }
}

/// One rule, measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finding {
    pub rule: Rule,
    pub severity: Severity,
    pub ok: bool,
    pub measured: Option<f64>,
    pub limit: Limit,
}

impl Finding {
    /// True or false, with nothing to measure.
    const fn plain(rule: Rule, ok: bool) -> Self {
        Self { rule, severity: Severity::Error, ok, measured: None, limit: Limit { least: None, most: None } }
    }

    fn of(rule: Rule, severity: Severity, measured: f64, limit: Limit) -> Self {
        Self { rule, severity, ok: limit.holds(measured), measured: Some(measured), limit }
    }

    fn error(rule: Rule, measured: f64, limit: Limit) -> Self {
        Self::of(rule, Severity::Error, measured, limit)
    }

    fn warning(rule: Rule, measured: f64, limit: Limit) -> Self {
        Self::of(rule, Severity::Warning, measured, limit)
    }

    /// Whether it stands in the way of a code.
    pub const fn blocks(&self) -> bool {
        !self.ok && matches!(self.severity, Severity::Error)
    }

    /// Less than the least, and not more than the most.
    pub fn is_below(&self) -> bool {
        matches!((self.measured, self.limit.least), (Some(measured), Some(least)) if measured < least)
    }

    /// The end of the range that the measured value is beyond, or the only one that there is.
    pub fn crossed(&self) -> Option<f64> {
        if self.is_below() { self.limit.least } else { self.limit.most.or(self.limit.least) }
    }
}

/// All rules of one picture that could be measured: without a face there is none to place, without decoding only the file is told.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    pub findings: Vec<Finding>,
}

impl Report {
    /// The first finding that blocks.
    pub fn error(&self) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.blocks())
    }

    pub fn ok(&self) -> bool {
        self.error().is_none()
    }
}

// ---- The file

/// What the file's header says. None where it is no JPEG, or cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileMeasures {
    pub bytes: u64,
    pub is_jpeg: bool,
    pub header: Option<HeaderMeasures>,
    /// Whether all of it can be decoded; unknown where it is too large to try.
    pub whole: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeaderMeasures {
    pub width: u32,
    pub height: u32,
    pub orientation: Option<u32>,
}

/// The rules of [`crate::photo`], every one of them.
pub fn file_findings(profile: FileProfile, kind: ImageKind, file: &FileMeasures) -> Vec<Finding> {
    let mut findings = vec![Finding::plain(Rule::FileType, file.is_jpeg)];
    if let Some(whole) = file.whole.filter(|_| file.is_jpeg) {
        findings.push(Finding::plain(Rule::FileWhole, whole));
    }
    findings.push(Finding::error(Rule::Bytes, file.bytes as f64, Limit::most(PHOTO_BYTES_MAX as f64)));
    let Some(header) = file.header else { return findings };
    let frame = profile.frame(kind);
    let (width, height) = (f64::from(header.width), f64::from(header.height));
    let expected = f64::from(frame.proportion.0) / f64::from(frame.proportion.1);
    let tolerance = expected * PROPORTION_TOLERANCE as f64 / 1000.0;
    let mut proportion = Finding::error(Rule::Proportion, width / height, Limit::between(expected - tolerance, expected + tolerance));
    // In whole numbers, as issuing decides it.
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

// ---- The face

/// Limits of a face photo. Brightness and colour in levels of 0 to 255.
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

/// Below, a picture is one tone: nothing can be seen in it. Our own measure; a portrait has more than 150.
const TONES: Limit = Limit::least(24.0);
const ONE_FACE: Limit = Limit::between(1.0, 1.0);
/// ISO/IEC 19794-5 (full frontal): the middle of the face at 45 to 55% of the width; two hundredths added, as a head turned a little
/// moves the box that is found.
const FACE_CENTRE: Limit = Limit::between(0.43, 0.57);
/// Our own measure, below the softest face that we take for sharp (docs/pictures.md): it finds pictures that are plainly out of focus.
const SHARPNESS: Limit = Limit::least(0.075);
/// Our own measure. Well below a very dark skin in even light, so that it speaks of light and not of skin.
const UNDEREXPOSURE: Limit = Limit::least(32.0);
/// Our own measure: highlights on forehead and nose are a few hundredths.
const OVEREXPOSURE: Limit = Limit::most(0.15);
/// The Hellenic Police ask for a colour photo. Our own measure of it: less than this is what encoders add to grey.
const COLOUR: Limit = Limit::least(12.0);
/// Police and ICAO Doc 9303: uniform, with mild variations of brightness at most. The number is ours: a quarter of the scale.
const BACKGROUND_EVENNESS: Limit = Limit::most(64.0);
/// Hellenic Police: light, preferably white or pale grey. The number is ours: the middle of the scale.
const BACKGROUND_BRIGHTNESS: Limit = Limit::least(128.0);

impl FileProfile {
    /// Every limit of a face photo in this profile; docs/pictures.md names the sources.
    pub const fn face_limits(self) -> FaceLimits {
        let common = FaceLimits {
            // Hellenic Police, passports, 40 x 60 mm: jaw to the top of the head 31 to 35 mm, which is 0.52 to 0.58; a tenth added either
            // way, which is what the estimate from the box of the face errs by.
            head_height: Limit::between(0.46, 0.64),
            // The same: eyes 30 to 39 mm above the lower edge, which is 0.35 to 0.50 from the top; two hundredths added.
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
            // No published place of the head in 4:5. ISO/IEC 19794-5 (full frontal): head 60 to 90% of the height, middle of the eyes 30 to 50%
            // from the top; widened likewise where that leaves the head in the picture.
            Self::IdentityCard => FaceLimits { head_height: Limit::between(0.54, 0.9), eye_line: Limit::between(0.28, 0.52), ..common },
        }
    }

    /// The signature's specification is the same in both.
    pub const fn signature_limits(self) -> SignatureLimits {
        match self {
            Self::Standard | Self::IdentityCard => SIGNATURE,
        }
    }
}

/// What was measured of a face photo's pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaceMeasures {
    pub tones: f64,
    pub colour: f64,
    pub faces: Faces,
    pub face: Option<Face>,
    pub background: Option<Background>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faces {
    /// As sure as the detector gets; the largest face is always among them.
    pub clear: u32,
    /// May be a pattern.
    pub doubtful: u32,
}

/// The largest face.
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

pub fn face_findings(profile: FileProfile, measured: &FaceMeasures) -> Vec<Finding> {
    let limits = profile.face_limits();
    let Faces { clear, doubtful } = measured.faces;
    // Several are an error only where all of them are clear; none is one in any case, as it was looked for in every way there is.
    let severity = if clear == 1 && doubtful > 0 { Severity::Warning } else { Severity::Error };
    let count = if clear > 1 { clear } else { clear + doubtful };
    let mut findings =
        vec![Finding::error(Rule::Tones, measured.tones, TONES), Finding::of(Rule::Faces, severity, f64::from(count), ONE_FACE)];
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

// ---- The signature

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignatureLimits {
    /// Beyond these it warns.
    pub ink: Limit,
    pub paper_brightness: Limit,
    pub ink_contrast: Limit,
    pub ink_colour: Limit,
    pub ink_on_edge: Limit,
}

/// The file specification says: dark blue or black ink on white, whole. The numbers are ours.
const SIGNATURE: SignatureLimits = SignatureLimits {
    // A small signature with a thin pen is about 0.005; what is half ink is no signature.
    ink: Limit::between(0.002, 0.35),
    paper_brightness: Limit::least(200.0),
    ink_contrast: Limit::least(90.0),
    // Blue ink has more blue; black has as much of each, and a warm lamp or scanner adds some red.
    ink_colour: Limit::most(40.0),
    ink_on_edge: Limit::most(2.0),
};
/// Below, there is nothing on the paper: some 170 pixels of a picture of 1000 x 333.
const SOME_INK: Limit = Limit::least(0.0005);

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignatureMeasures {
    pub ink: f64,
    pub paper: f64,
    pub on_edge: f64,
    /// None where there is no ink.
    pub strokes: Option<Strokes>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Strokes {
    pub contrast: f64,
    pub colour: f64,
}

pub fn signature_findings(profile: FileProfile, measured: &SignatureMeasures) -> Vec<Finding> {
    let limits = profile.signature_limits();
    let ink = match Finding::error(Rule::Ink, measured.ink, SOME_INK) {
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
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;
    use crate::photo::{check_bytes, check_header};

    const GOOD: FaceMeasures = FaceMeasures {
        tones: 220.0,
        colour: 90.0,
        faces: Faces { clear: 1, doubtful: 0 },
        face: Some(Face { head_height: 0.56, eye_line: 0.42, centre: 0.5, sharpness: 0.3, brightness: 150.0, blank: 0.01 }),
        background: Some(Background { spread: 20.0, brightness: 220.0 }),
    };

    fn failed(findings: &[Finding]) -> Vec<(Rule, Severity)> {
        findings.iter().filter(|finding| !finding.ok).map(|finding| (finding.rule, finding.severity)).collect()
    }

    #[test]
    fn a_good_face_photo_breaks_nothing_and_every_rule_is_told() {
        let findings = face_findings(FileProfile::Standard, &GOOD);
        assert_eq!((failed(&findings), findings.len()), (vec![], 11));
    }

    #[test]
    fn no_face_and_several_clear_faces_block_and_a_doubtful_second_one_warns() {
        let told =
            |clear, doubtful| failed(&face_findings(FileProfile::Standard, &FaceMeasures { faces: Faces { clear, doubtful }, ..GOOD }));
        assert_eq!(told(0, 0), [(Rule::Faces, Severity::Error)]);
        assert_eq!(told(2, 0), [(Rule::Faces, Severity::Error)]);
        assert_eq!(told(2, 1), [(Rule::Faces, Severity::Error)]);
        assert_eq!(told(1, 1), [(Rule::Faces, Severity::Warning)]);
        assert_eq!(told(1, 0), []);
    }

    #[test]
    fn a_profile_places_the_head_by_its_own_limits() {
        let small = FaceMeasures { face: GOOD.face.map(|face| Face { head_height: 0.5, ..face }), ..GOOD };
        assert_eq!(failed(&face_findings(FileProfile::Standard, &small)), []);
        assert_eq!(failed(&face_findings(FileProfile::IdentityCard, &small)), [(Rule::HeadHeight, Severity::Warning)]);
    }

    #[test]
    fn what_is_measured_of_the_picture_blocks_only_beyond_doubt() {
        let bad = FaceMeasures {
            tones: 23.0,
            colour: 0.0,
            face: Some(Face { head_height: 0.1, eye_line: 0.9, centre: 0.1, sharpness: 0.0, brightness: 5.0, blank: 0.9 }),
            background: Some(Background { spread: 200.0, brightness: 10.0 }),
            ..GOOD
        };
        let findings = face_findings(FileProfile::Standard, &bad);
        assert_eq!(failed(&findings).len(), 10);
        assert_eq!(findings.iter().filter(|finding| finding.blocks()).map(|finding| finding.rule).collect::<Vec<_>>(), [Rule::Tones]);
    }

    #[test]
    fn an_empty_signature_blocks_and_a_faint_one_warns() {
        let faint = SignatureMeasures { ink: 0.001, paper: 250.0, on_edge: 0.0, strokes: Some(Strokes { contrast: 60.0, colour: 0.0 }) };
        let warned = [(Rule::Ink, Severity::Warning), (Rule::InkContrast, Severity::Warning)];
        assert_eq!(failed(&signature_findings(FileProfile::Standard, &faint)), warned);
        let empty = SignatureMeasures { ink: 0.0004, strokes: None, ..faint };
        assert_eq!(failed(&signature_findings(FileProfile::Standard, &empty)), [(Rule::Ink, Severity::Error)]);
    }

    #[test]
    fn the_limit_that_is_told_is_the_one_that_was_crossed() {
        let head = |measured| Finding::warning(Rule::HeadHeight, measured, Limit::between(0.46, 0.64));
        assert_eq!((head(0.4).crossed(), head(0.4).is_below()), (Some(0.46), true));
        assert_eq!((head(0.7).crossed(), head(0.7).is_below()), (Some(0.64), false));
        assert!(head(0.46).ok && head(0.64).ok);
    }

    #[test]
    fn names_of_rules_are_unique() {
        let names: HashSet<_> = Rule::ALL.map(Rule::name).into();
        assert_eq!(names.len(), Rule::ALL.len());
    }

    proptest! {
        #[test]
        fn a_file_is_reported_good_exactly_where_issuing_takes_it(
            bytes in 1_u64..6_000_000,
            (width, height) in prop_oneof![(1_u32..9_000, 1_u32..9_000), (700_u32..1500).prop_map(|width| (width, width * 3 / 2))],
            orientation in proptest::option::of(0_u32..9),
            card: bool,
            signature: bool,
        ) {
            let profile = if card { FileProfile::IdentityCard } else { FileProfile::Standard };
            let kind = if signature { ImageKind::Signature } else { ImageKind::Face };
            let header = Some(HeaderMeasures { width, height, orientation });
            let findings = file_findings(profile, kind, &FileMeasures { bytes, is_jpeg: true, header, whole: Some(true) });
            let issued = check_bytes(bytes).and_then(|()| check_header(profile, kind, width, height, orientation));
            prop_assert_eq!(issued.is_ok(), findings.iter().all(|finding| finding.ok));
            if let Err(fault) = issued {
                prop_assert!(findings.iter().any(|finding| finding.blocks() && finding.rule == fault.rule()));
            }
        }
    }
}
