//! Which pictures may be uploaded.

use serde::{Deserialize, Serialize};

use crate::picture_report::{Finding, Rule};

/// Bytes of one picture at most.
pub const PHOTO_BYTES_MAX: u64 = 3_000_000;
/// Pixels of one picture at most (50 megapixels).
pub const PHOTO_PIXELS_MAX: u64 = 50_000_000;
/// How far the proportion may be off, in thousandths.
pub const PROPORTION_TOLERANCE: u64 = 10;

/// The two pictures of a photo set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageKind {
    Face,
    Signature,
}

impl ImageKind {
    pub const ALL: [Self; 2] = [Self::Face, Self::Signature];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Face => "face",
            Self::Signature => "signature",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// The published file specifications, as data. Each upload names one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileProfile {
    Standard,
    IdentityCard,
}

/// Least size and proportion (width : height) of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    pub min_width: u32,
    pub min_height: u32,
    pub proportion: (u32, u32),
}

impl Frame {
    /// |w/h - a/u| <= 1% of a/u, in whole numbers.
    pub fn has_proportion(self, width: u32, height: u32) -> bool {
        let (across, up) = self.proportion;
        let (measured, expected) = (u64::from(width) * u64::from(up), u64::from(height) * u64::from(across));
        measured.abs_diff(expected) * 1000 <= expected * PROPORTION_TOLERANCE
    }
}

impl FileProfile {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::IdentityCard => "identity_card",
        }
    }

    pub const fn frame(self, kind: ImageKind) -> Frame {
        match (self, kind) {
            (Self::Standard, ImageKind::Face) => Frame { min_width: 800, min_height: 1200, proportion: (2, 3) },
            (Self::IdentityCard, ImageKind::Face) => Frame { min_width: 1280, min_height: 1600, proportion: (4, 5) },
            (Self::Standard | Self::IdentityCard, ImageKind::Signature) => Frame { min_width: 1200, min_height: 400, proportion: (3, 1) },
        }
    }
}

/// A rule that a picture breaks, with the measured value and the limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PictureFault {
    NotJpeg,
    /// Begins as a JPEG but ends early, or its data cannot be decoded.
    Damaged,
    TooManyBytes {
        measured: u64,
        limit: u64,
    },
    TooManyPixels {
        measured: u64,
        limit: u64,
    },
    TooSmall {
        width: u32,
        height: u32,
        min_width: u32,
        min_height: u32,
    },
    Proportion {
        width: u32,
        height: u32,
        expected: (u32, u32),
    },
    /// EXIF orientation other than 1: turning it for the user would change its bytes.
    Turned {
        orientation: u32,
    },
    /// Of the picture itself.
    Shown(Finding),
}

impl PictureFault {
    pub const fn rule(&self) -> Rule {
        match self {
            Self::NotJpeg => Rule::FileType,
            Self::Damaged => Rule::FileWhole,
            Self::TooManyBytes { .. } => Rule::Bytes,
            Self::TooManyPixels { .. } => Rule::Pixels,
            Self::TooSmall { width, min_width, .. } => {
                if *width < *min_width {
                    Rule::Width
                } else {
                    Rule::Height
                }
            }
            Self::Proportion { .. } => Rule::Proportion,
            Self::Turned { .. } => Rule::Orientation,
            Self::Shown(finding) => finding.rule,
        }
    }
}

/// The size in bytes, known before anything is read.
pub const fn check_bytes(measured: u64) -> Result<(), PictureFault> {
    if measured > PHOTO_BYTES_MAX { Err(PictureFault::TooManyBytes { measured, limit: PHOTO_BYTES_MAX }) } else { Ok(()) }
}

/// What the header says, checked before a single pixel is decoded: a small file may claim a billion of them.
pub fn check_header(profile: FileProfile, kind: ImageKind, width: u32, height: u32, orientation: Option<u32>) -> Result<(), PictureFault> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels > PHOTO_PIXELS_MAX {
        return Err(PictureFault::TooManyPixels { measured: pixels, limit: PHOTO_PIXELS_MAX });
    }
    if let Some(orientation) = orientation.filter(|&orientation| orientation != 1) {
        return Err(PictureFault::Turned { orientation });
    }
    let frame = profile.frame(kind);
    if width < frame.min_width || height < frame.min_height {
        return Err(PictureFault::TooSmall { width, height, min_width: frame.min_width, min_height: frame.min_height });
    }
    if !frame.has_proportion(width, height) {
        return Err(PictureFault::Proportion { width, height, expected: frame.proportion });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STANDARD: FileProfile = FileProfile::Standard;

    #[test]
    fn the_least_sizes_are_accepted_and_a_pixel_less_is_not() {
        for (profile, kind, width, height) in [
            (STANDARD, ImageKind::Face, 800, 1200),
            (STANDARD, ImageKind::Signature, 1200, 400),
            (FileProfile::IdentityCard, ImageKind::Face, 1280, 1600),
            (FileProfile::IdentityCard, ImageKind::Signature, 1200, 400),
        ] {
            assert_eq!(check_header(profile, kind, width, height, None), Ok(()));
            assert_eq!(check_header(profile, kind, width, height, Some(1)), Ok(()));
            let small = check_header(profile, kind, width - 1, height, None).unwrap_err();
            assert_eq!(small.rule(), Rule::Width);
            let flat = check_header(profile, kind, width, height - 1, None).unwrap_err();
            assert!(matches!(flat, PictureFault::TooSmall { .. }), "{flat:?}");
        }
    }

    #[test]
    fn the_proportion_holds_within_one_percent() {
        let face = |width, height| check_header(STANDARD, ImageKind::Face, width, height, None);
        assert_eq!(face(2020, 3000), Ok(()));
        assert_eq!(face(1980, 3000), Ok(()));
        assert_eq!(face(2021, 3000).unwrap_err().rule(), Rule::Proportion);
        assert_eq!(face(1979, 3000).unwrap_err().rule(), Rule::Proportion);
        assert_eq!(face(1280, 1600).unwrap_err().rule(), Rule::Proportion);
    }

    #[test]
    fn a_turned_picture_is_refused_with_its_orientation() {
        assert_eq!(check_header(STANDARD, ImageKind::Face, 800, 1200, Some(6)), Err(PictureFault::Turned { orientation: 6 }));
    }

    #[test]
    fn three_million_bytes_are_accepted_and_one_more_is_not() {
        assert_eq!(check_bytes(3_000_000), Ok(()));
        assert_eq!(check_bytes(3_000_001).unwrap_err().rule(), Rule::Bytes);
    }

    proptest! {
        #[test]
        fn nothing_above_fifty_megapixels_passes(width: u32, height: u32) {
            if u64::from(width) * u64::from(height) > PHOTO_PIXELS_MAX {
                prop_assert_eq!(check_header(STANDARD, ImageKind::Face, width, height, None).unwrap_err().rule(), Rule::Pixels);
            } else {
                let _ = check_header(STANDARD, ImageKind::Face, width, height, None);
            }
        }
    }
}
