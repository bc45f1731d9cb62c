//! Rules for what a picture of a signature shows.

use crate::{
    photo::FileProfile,
    picture_rule::{Finding, Limit, Rule},
};

impl FileProfile {
    /// Returns the limits for a signature, which are the same in both profiles.
    pub const fn signature_limits(self) -> SignatureLimits {
        match self {
            Self::Standard | Self::IdentityCard => SIGNATURE_LIMITS,
        }
    }
}

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
    // Blue ink has more blue than red or green, and black ink has equal amounts. The limit allows for the red that a warm lamp or a scanner
    // adds.
    ink_colour: Limit::most(40.0),
    ink_on_edge: Limit::most(2.0),
};
/// With less ink than this, the paper counts as empty. The limit is about 170 pixels of a picture of 1000 x 333.
const ANY_INK: Limit = Limit::least(0.0005);

/// Measurements of a signature. The variants of [`Rule`] document each measurement.
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
