//! Report on a picture, shown to the photographer before a code is issued: each rule with the measured value, its limit, and whether it is
//! met.
//!
//! Errors prevent the issue of a code. Warnings and hints only inform. The rules for files are exact, so every violation is an error. What
//! a picture shows is measured statistically. Rejecting a good portrait does more harm than accepting a bad one, which clerks still see and
//! can refuse. A violation of a rule about what a picture shows is therefore a warning or a hint. It is an error only where there is no
//! doubt: a single tone all over, no face, several clear faces, or no ink.

mod marks;
mod signature;
#[cfg(test)]
mod tests;

pub use self::{
    marks::{Marks, Place, Zone},
    signature::{SignatureLimits, SignatureMeasures, Strokes, signature_findings},
};
use crate::photo::{FileProfile, ImageKind, PHOTO_BYTES_MAX, PHOTO_PIXELS_MAX, PROPORTION_TOLERANCE, PictureFault};
pub use crate::picture_rule::{Finding, Limit, Rule, Severity};

/// Findings for the rules that could be checked. Rules about a face are omitted if the picture shows no face. All rules about what the
/// picture shows are omitted if the picture cannot be decoded.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    pub findings: Vec<Finding>,
    /// Points and areas of the face. `None` if there is no face.
    pub marks: Option<Marks>,
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
    /// The result of decoding the image data. `None` if the image is too large to be decoded.
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
    let mut findings = vec![Finding::unmeasured(Rule::FileType, Severity::Error, file.is_jpeg)];
    if let Some(decoded) = file.decoded.filter(|_| file.is_jpeg) {
        match decoded {
            Ok(colours) => {
                let rules = [Rule::FileWhole, Rule::FileKind, Rule::ColourProfile];
                findings.extend(rules.map(|rule| Finding::unmeasured(rule, Severity::Error, true)));
                findings.push(Finding::unmeasured(Rule::ColourMode, Severity::Warning, colours == Colours::Light));
            }
            Err(fault) => findings.push(Finding::unmeasured(fault.rule(), Severity::Error, false)),
        }
    }
    findings.push(Finding::error(Rule::Bytes, file.bytes as f64, Limit::most(PHOTO_BYTES_MAX as f64)));
    let Some(header) = file.header else { return findings };
    let frame = profile.frame(kind);
    let (width, height) = (f64::from(header.width), f64::from(header.height));
    let expected = f64::from(frame.proportion.0) / f64::from(frame.proportion.1);
    let tolerance = expected * PROPORTION_TOLERANCE as f64 / 1000.0;
    let mut proportion = Finding::error(Rule::Proportion, width / height, Limit::between(expected - tolerance, expected + tolerance));
    // The proportion is compared in whole numbers, as when a code is issued, so that the report never contradicts `issue_code`.
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
    pub eyes_open: Limit,
    pub mouth_closed: Limit,
    pub expression: Limit,
    pub head_turned: Limit,
    pub head_nodding: Limit,
    pub head_tilted: Limit,
    pub dark_glasses: Limit,
    pub side_light: Limit,
    pub sharpness: Limit,
    pub underexposure: Limit,
    pub overexposure: Limit,
    pub colour: Limit,
    pub background_evenness: Limit,
    pub background_brightness: Limit,
}

/// Our own measure: a difference in brightness, in levels from 0 to 255. A picture below the limit is a single tone and shows nothing.
/// Portraits measured more than 150.
const TONES: Limit = Limit::least(24.0);
const ONE_FACE: Limit = Limit::between(1.0, 1.0);
/// ISO/IEC 19794-5 (full frontal) requires the middle of the face at 45 to 55% of the width. This range is widened by 0.02 on each side,
/// because the middle between the eyes moves when the head is turned slightly.
const FACE_CENTRE: Limit = Limit::between(0.43, 0.57);
// The Hellenic Police and ICAO Doc 9303 require the rules from `EYES_OPEN` to `SIDE_LIGHT`, mostly without numbers. The measures are ours.
// The limits were chosen so that nearly no good portrait of our trial violates them (docs/pictures.md).

/// Eyes open. Closed eyes measured less than 0.16. Open eyes measured more, even narrow ones.
const EYES_OPEN: Limit = Limit::least(0.16);
/// Mouth closed. Closed mouths measured less than 0.085.
const MOUTH_CLOSED: Limit = Limit::most(0.085);
/// Neutral expression. Faces without a smile measured at most 1.0. Most broad smiles measured more.
const EXPRESSION: Limit = Limit::most(1.0);
/// Frontal view, in degrees. ICAO Doc 9303 allows 5 degrees of yaw and pitch, and 8 degrees of roll. A measured angle is wrong by several
/// degrees, so the limits for yaw and pitch are wider.
const HEAD_TURNED: Limit = Limit::most(15.0);
const HEAD_NODDING: Limit = Limit::between(-18.0, 18.0);
const HEAD_TILTED: Limit = Limit::most(8.0);
/// No dark glasses: at most 65% of the area around the eyes is dark. Deep shadow rarely exceeds this limit.
const DARK_GLASSES: Limit = Limit::most(0.65);
/// Even light on the face: one cheek is at most 1.7 times as bright as the other.
const SIDE_LIGHT: Limit = Limit::most(1.7);

/// Our own measure. The limit is below the sharpness of every face that we consider sharp (docs/pictures.md), so it detects only pictures
/// that are clearly out of focus.
const SHARPNESS: Limit = Limit::least(0.075);
/// Our own measure. The limit is well below the brightness of very dark skin in even light, so it detects poor light and not skin colour.
const UNDEREXPOSURE: Limit = Limit::least(32.0);
/// Our own measure. In good light, highlights on forehead and nose cover only a few percent of the face, so they stay below the limit.
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
            // The Hellenic Police require 31 to 35 mm from the jaw to the top of the head in passport photos of 40 x 60 mm. This is 0.52 to
            // 0.58 of the height. The lower limit is decreased and the upper limit increased by about a tenth, because the top of the head
            // is estimated.
            head_height: Limit::between(0.46, 0.64),
            // The Hellenic Police require the eyes 30 to 39 mm above the lower edge in passport photos of 40 x 60 mm, which is 0.35 to 0.50
            // of the height from the top. This range is widened by 0.02 on each side.
            eye_line: Limit::between(0.33, 0.52),
            face_centre: FACE_CENTRE,
            eyes_open: EYES_OPEN,
            mouth_closed: MOUTH_CLOSED,
            expression: EXPRESSION,
            head_turned: HEAD_TURNED,
            head_nodding: HEAD_NODDING,
            head_tilted: HEAD_TILTED,
            dark_glasses: DARK_GLASSES,
            side_light: SIDE_LIGHT,
            sharpness: SHARPNESS,
            underexposure: UNDEREXPOSURE,
            overexposure: OVEREXPOSURE,
            colour: COLOUR,
            background_evenness: BACKGROUND_EVENNESS,
            background_brightness: BACKGROUND_BRIGHTNESS,
        };
        match self {
            Self::Standard => common,
            // For 4:5 pictures, no published specification says where the head must be. ISO/IEC 19794-5 (full frontal) requires a head of
            // 60 to 90% of the height, and eyes at 30 to 50% of the height from the top. These ranges are widened like those of 2:3
            // pictures, except that the head may not exceed 90%, because it would no longer fit into the picture.
            Self::IdentityCard => FaceLimits { head_height: Limit::between(0.54, 0.9), eye_line: Limit::between(0.28, 0.52), ..common },
        }
    }
}

/// Measurements of a face photo. The variants of [`Rule`] document each measurement.
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
    /// Number of candidates that are certainly faces, including the largest face.
    pub clear: u32,
    /// Number of further candidates, which may be faces or only patterns. They count only if there is exactly one clear face.
    pub doubtful: u32,
}

/// Measurements of the largest face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Face {
    pub head_height: f64,
    pub eye_line: f64,
    pub centre: f64,
    /// Rotation of the head in degrees, 0 in a frontal view. `yaw` is positive if the face is turned to the right side of the picture,
    /// `pitch` if the chin is lowered, and `roll` if the head is tilted clockwise.
    pub yaw: f64,
    pub pitch: f64,
    pub roll: f64,
    /// `None` if the features of the face cannot be measured.
    pub features: Option<Features>,
    pub sharpness: f64,
    pub brightness: f64,
    pub blank: f64,
}

/// Measurements of eyes, mouth and cheeks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Features {
    /// `None` if the eyes have too few pixels.
    pub eye_opening: Option<f64>,
    pub lip_gap: f64,
    pub smile: f64,
    pub dark_around_eyes: f64,
    pub cheek_ratio: f64,
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
    // Several faces are an error only if more than one is clear.
    let severity = if clear == 1 && doubtful > 0 { Severity::Warning } else { Severity::Error };
    let count = if clear == 1 { clear + doubtful } else { clear };
    let mut findings =
        vec![Finding::error(Rule::Tones, measured.tones, TONES), Finding::measured(Rule::Faces, severity, f64::from(count), ONE_FACE)];
    if let Some(face) = measured.face {
        findings.extend([
            Finding::warning(Rule::HeadHeight, face.head_height, limits.head_height),
            Finding::warning(Rule::EyeLine, face.eye_line, limits.eye_line),
            Finding::warning(Rule::FaceCentre, face.centre, limits.face_centre),
        ]);
        findings.extend(feature_findings(&limits, &face));
        findings.extend([
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

/// Checks the rules for eyes, mouth, pose and light. A rule is omitted if it needs a feature that cannot be measured. If the eyes cannot be
/// measured, [`Rule::FaceMeasured`] gives a warning.
fn feature_findings(limits: &FaceLimits, face: &Face) -> Vec<Finding> {
    let eye_opening = face.features.and_then(|features| features.eye_opening);
    let mut findings = vec![Finding::unmeasured(Rule::FaceMeasured, Severity::Warning, eye_opening.is_some())];
    // Open eyes look closed in a blurred picture, so the rule for open eyes is omitted. The rule for sharpness reports the blur.
    let sharp_eyes = eye_opening.filter(|_| limits.sharpness.allows(face.sharpness));
    findings.extend(sharp_eyes.map(|opening| Finding::warning(Rule::EyesOpen, opening, limits.eyes_open)));
    findings.extend(face.features.into_iter().flat_map(|features| {
        [
            Finding::warning(Rule::MouthClosed, features.lip_gap, limits.mouth_closed),
            Finding::measured(Rule::Expression, Severity::Hint, features.smile, limits.expression),
        ]
    }));
    findings.extend([
        Finding::warning(Rule::HeadTurned, face.yaw.abs(), limits.head_turned),
        Finding::warning(Rule::HeadNodding, face.pitch, limits.head_nodding),
        Finding::warning(Rule::HeadTilted, face.roll.abs(), limits.head_tilted),
    ]);
    findings.extend(face.features.into_iter().flat_map(|features| {
        [
            Finding::warning(Rule::DarkGlasses, features.dark_around_eyes, limits.dark_glasses),
            Finding::warning(Rule::SideLight, features.cheek_ratio, limits.side_light),
        ]
    }));
    findings
}
