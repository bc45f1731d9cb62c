//! Rules for pictures, and the result of checking a rule. [`crate::photo`] and [`crate::picture_report`] check the rules.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Prevents the issue of a code.
    Error,
    /// A fault for which a clerk of a public body may refuse the picture later.
    Warning,
    /// A measured value outside of its limits, which is often no fault.
    Hint,
}

impl Severity {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Hint => "hint",
        }
    }
}

/// A rule for a picture. Brightness and colour are measured in levels from 0 to 255.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// The file is a JPEG.
    FileType,
    /// The image data is complete.
    FileWhole,
    /// The file is a kind of JPEG that every program shows alike.
    FileKind,
    /// The colour profile defines the colours by a few numbers, which the service can preserve.
    ColourProfile,
    /// The colours are gray, or red, green and blue, and not the four inks of a printer.
    ColourMode,
    /// Size of the file.
    Bytes,
    /// Number of pixels.
    Pixels,
    Width,
    Height,
    /// Ratio of width to height.
    Proportion,
    /// EXIF orientation.
    Orientation,
    /// Difference in brightness between the darkest and the lightest hundredth of the pixels.
    Tones,
    /// Number of faces.
    Faces,
    /// Distance from chin to crown, as a fraction of the picture's height.
    HeadHeight,
    /// Distance from the top edge to the eyes, as a fraction of the picture's height.
    EyeLine,
    /// Distance from the left edge to the middle of the face, as a fraction of the picture's width.
    FaceCentre,
    /// The face is large and frontal enough, and far enough from the edges, so that eyes and mouth can be measured.
    FaceMeasured,
    /// Distance between the lids of the eye that is less open, as a fraction of the eye's width.
    EyesOpen,
    /// Distance between the lips, as a fraction of the distance between eyes and chin.
    MouthClosed,
    /// Smile: the sum of two fractions. One is the width of the mouth divided by the distance between the eyes. The other is the height of
    /// its corners above the lips divided by the distance between eyes and chin.
    Expression,
    /// Angle by which the head is turned to the left or to the right.
    HeadTurned,
    /// Angle by which the chin is lowered. Negative if it is raised.
    HeadNodding,
    /// Angle by which the head is tilted towards a shoulder.
    HeadTilted,
    /// Fraction of the area around the eyes that is much darker than the cheeks.
    DarkGlasses,
    /// Ratio of the brightness of the brighter cheek to that of the darker one.
    SideLight,
    /// Fine detail of the face, as a fraction of its contrast.
    Sharpness,
    /// Median brightness of the face.
    Underexposure,
    /// Fraction of the face that is overexposed to white.
    Overexposure,
    /// 99% quantile of the difference between the strongest and the weakest colour channel of a pixel. It is scaled up to full brightness,
    /// so that a dark picture does not count as gray.
    Colour,
    /// Difference in brightness between the lightest and the darkest part of the background.
    BackgroundEvenness,
    /// Median brightness of the background.
    BackgroundBrightness,
    /// Fraction of the picture that is ink.
    Ink,
    /// Median brightness of the paper.
    PaperBrightness,
    /// Difference in brightness between paper and ink.
    InkContrast,
    /// Amount by which the red or green of the ink exceeds its blue.
    InkColour,
    /// Longest run of ink along an edge of the picture, in pixels of a copy that is 1,000 pixels wide.
    InkOnEdge,
}

impl Rule {
    /// All rules, in the order of a report.
    pub const ALL: [Self; 36] = [
        Self::FileType,
        Self::FileWhole,
        Self::FileKind,
        Self::ColourProfile,
        Self::ColourMode,
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
        Self::FaceMeasured,
        Self::EyesOpen,
        Self::MouthClosed,
        Self::Expression,
        Self::HeadTurned,
        Self::HeadNodding,
        Self::HeadTilted,
        Self::DarkGlasses,
        Self::SideLight,
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

    /// Returns the name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FileType => "file_type",
            Self::FileWhole => "file_whole",
            Self::FileKind => "file_kind",
            Self::ColourProfile => "colour_profile",
            Self::ColourMode => "colour_mode",
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
            Self::FaceMeasured => "face_measured",
            Self::EyesOpen => "eyes_open",
            Self::MouthClosed => "mouth_closed",
            Self::Expression => "expression",
            Self::HeadTurned => "head_turned",
            Self::HeadNodding => "head_nodding",
            Self::HeadTilted => "head_tilted",
            Self::DarkGlasses => "dark_glasses",
            Self::SideLight => "side_light",
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

    /// Returns the unit of the measured value and its limit, or `None` for a rule without a measured value.
    pub const fn unit(self) -> Option<&'static str> {
        match self {
            Self::FileType | Self::FileWhole | Self::FileKind | Self::ColourProfile | Self::ColourMode | Self::FaceMeasured => None,
            Self::Bytes => Some("bytes"),
            Self::Pixels | Self::Width | Self::Height | Self::InkOnEdge => Some("pixels"),
            Self::Proportion
            | Self::HeadHeight
            | Self::EyeLine
            | Self::FaceCentre
            | Self::EyesOpen
            | Self::MouthClosed
            | Self::Expression
            | Self::DarkGlasses
            | Self::SideLight
            | Self::Sharpness
            | Self::Overexposure
            | Self::Ink => Some("ratio"),
            Self::HeadTurned | Self::HeadNodding | Self::HeadTilted => Some("degrees"),
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

/// Allowed range of a measured value, both ends included. An end that is `None` is unlimited.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Limit {
    pub least: Option<f64>,
    pub most: Option<f64>,
}

impl Limit {
    pub(crate) const fn least(least: f64) -> Self {
        Self { least: Some(least), most: None }
    }

    pub(crate) const fn most(most: f64) -> Self {
        Self { least: None, most: Some(most) }
    }

    pub(crate) const fn between(least: f64, most: f64) -> Self {
        Self { least: Some(least), most: Some(most) }
    }

    pub(crate) fn allows(self, measured: f64) -> bool {
        self.least.is_none_or(|least| measured >= least) && self.most.is_none_or(|most| measured <= most)
    }
}

/// Result of checking one rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finding {
    pub rule: Rule,
    pub severity: Severity,
    pub ok: bool,
    /// `None` if the rule has no [`Rule::unit`].
    pub measured: Option<f64>,
    pub limit: Limit,
}

impl Finding {
    /// Creates the finding of a rule for which nothing is measured.
    pub(crate) const fn unmeasured(rule: Rule, severity: Severity, ok: bool) -> Self {
        Self { rule, severity, ok, measured: None, limit: Limit { least: None, most: None } }
    }

    pub(crate) fn measured(rule: Rule, severity: Severity, measured: f64, limit: Limit) -> Self {
        Self { rule, severity, ok: limit.allows(measured), measured: Some(measured), limit }
    }

    pub(crate) fn error(rule: Rule, measured: f64, limit: Limit) -> Self {
        Self::measured(rule, Severity::Error, measured, limit)
    }

    pub(crate) fn warning(rule: Rule, measured: f64, limit: Limit) -> Self {
        Self::measured(rule, Severity::Warning, measured, limit)
    }

    /// Returns whether the finding prevents the issue of a code.
    pub const fn blocks(&self) -> bool {
        !self.ok && matches!(self.severity, Severity::Error)
    }

    /// Returns whether the measured value is below the lower limit.
    pub fn is_below(&self) -> bool {
        matches!((self.measured, self.limit.least), (Some(measured), Some(least)) if measured < least)
    }

    /// Returns the limit that the measured value violates. If the value is within the limits, returns the upper limit, or the lower limit
    /// if there is no upper one.
    pub fn crossed(&self) -> Option<f64> {
        if self.is_below() { self.limit.least } else { self.limit.most.or(self.limit.least) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_reported_limit_is_the_one_that_is_violated() {
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
}
