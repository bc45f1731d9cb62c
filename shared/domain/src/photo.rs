//! Rules for the files of uploaded pictures: size, dimensions, proportion and orientation.

use serde::{Deserialize, Serialize};

use crate::picture_rule::{Finding, Rule};

/// Maximum size of one picture in bytes.
pub const PHOTO_BYTES_MAX: u64 = 3_000_000;
/// Maximum number of pixels in one picture (50 megapixels).
pub const PHOTO_PIXELS_MAX: u64 = 50_000_000;
/// Allowed deviation from the expected proportion, in thousandths of the expected proportion.
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

/// The published file specifications. Each upload names one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileProfile {
    Standard,
    IdentityCard,
}

/// Minimum dimensions and proportion (width : height) of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    pub min_width: u32,
    pub min_height: u32,
    pub proportion: (u32, u32),
}

impl Frame {
    /// Returns whether `width / height` deviates from the proportion by at most 1%. Calculated in whole numbers.
    pub fn has_proportion(self, width: u32, height: u32) -> bool {
        let (proportion_width, proportion_height) = self.proportion;
        let measured = u64::from(width) * u64::from(proportion_height);
        let expected = u64::from(height) * u64::from(proportion_width);
        measured.abs_diff(expected) * 1000 <= expected * PROPORTION_TOLERANCE
    }
}

impl FileProfile {
    pub const ALL: [Self; 2] = [Self::Standard, Self::IdentityCard];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::IdentityCard => "identity_card",
        }
    }

    /// Returns the minimum dimensions and the proportion that the specification requires.
    pub const fn frame(self, kind: ImageKind) -> Frame {
        match (self, kind) {
            (Self::Standard, ImageKind::Face) => Frame { min_width: 800, min_height: 1200, proportion: (2, 3) },
            (Self::IdentityCard, ImageKind::Face) => Frame { min_width: 1280, min_height: 1600, proportion: (4, 5) },
            (Self::Standard | Self::IdentityCard, ImageKind::Signature) => Frame { min_width: 1200, min_height: 400, proportion: (3, 1) },
        }
    }
}

/// Reason why the service does not support a JPEG file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnsupportedJpeg {
    ArithmeticCoding,
    Lossless,
    Hierarchical,
    /// The samples do not have 8 bits.
    Precision,
    /// The number of components is not 1, 3 or 4, or several components have the same ID.
    Components,
    /// A sampling factor is not 1, 2 or 4, or the colour has a higher resolution than the brightness.
    Sampling,
    /// The height is in a DNL segment after the first scan.
    Height,
    /// A Huffman table is missing. Motion JPEG omits the tables.
    HuffmanTables,
    /// A quantisation table changes between scans.
    QuantisationTables,
    /// The colour space is not clear from the JFIF segment, Adobe's segment and the IDs of the components.
    ColourMarkers,
}

impl UnsupportedJpeg {
    pub const ALL: [Self; 10] = [
        Self::ArithmeticCoding,
        Self::Lossless,
        Self::Hierarchical,
        Self::Precision,
        Self::Components,
        Self::Sampling,
        Self::Height,
        Self::HuffmanTables,
        Self::QuantisationTables,
        Self::ColourMarkers,
    ];

    /// Returns the name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ArithmeticCoding => "arithmetic_coding",
            Self::Lossless => "lossless",
            Self::Hierarchical => "hierarchical",
            Self::Precision => "precision",
            Self::Components => "components",
            Self::Sampling => "sampling",
            Self::Height => "height_after_scan",
            Self::HuffmanTables => "huffman_tables",
            Self::QuantisationTables => "quantisation_tables",
            Self::ColourMarkers => "colour_markers",
        }
    }
}

/// A rule that a picture violates, with the measured value and the limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PictureFault {
    NotJpeg,
    /// The file begins as a JPEG but is truncated, or its image data cannot be decoded.
    Damaged,
    /// The file is a kind of JPEG that the service does not decode, or that programs show in different ways.
    Unsupported(UnsupportedJpeg),
    /// The colours depend on a profile that the service cannot preserve, because the profile has more than a matrix and curves.
    ColourProfile,
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
    /// An edge of the small copy ([`crate::small_copy`]) is longer than `edge_max` pixels.
    TooLarge {
        width: u32,
        height: u32,
        edge_max: u32,
    },
    Proportion {
        width: u32,
        height: u32,
        expected: (u32, u32),
    },
    /// The EXIF orientation is not 1. The service does not rotate such pictures, because that would change their bytes.
    Turned {
        orientation: u32,
    },
    /// A fault in what the picture shows.
    Shown(Finding),
}

impl PictureFault {
    pub const fn rule(&self) -> Rule {
        match self {
            Self::NotJpeg => Rule::FileType,
            Self::Damaged => Rule::FileWhole,
            Self::Unsupported(_) => Rule::FileKind,
            Self::ColourProfile => Rule::ColourProfile,
            Self::TooManyBytes { .. } => Rule::Bytes,
            Self::TooManyPixels { .. } => Rule::Pixels,
            Self::TooSmall { width, min_width, .. } => {
                if *width < *min_width {
                    Rule::Width
                } else {
                    Rule::Height
                }
            }
            Self::TooLarge { width, edge_max, .. } => {
                if *width > *edge_max {
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

/// Checks the size in bytes, which is known before the file is read.
pub const fn check_bytes(measured: u64) -> Result<(), PictureFault> {
    if measured > PHOTO_BYTES_MAX { Err(PictureFault::TooManyBytes { measured, limit: PHOTO_BYTES_MAX }) } else { Ok(()) }
}

/// Checks the values in the file's header. Runs before any pixel is decoded, because a small file may claim a billion pixels.
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
    fn the_minimum_dimensions_are_accepted_and_one_pixel_less_is_rejected() {
        for (profile, kind, width, height) in [
            (STANDARD, ImageKind::Face, 800, 1200),
            (STANDARD, ImageKind::Signature, 1200, 400),
            (FileProfile::IdentityCard, ImageKind::Face, 1280, 1600),
            (FileProfile::IdentityCard, ImageKind::Signature, 1200, 400),
        ] {
            assert_eq!(check_header(profile, kind, width, height, None), Ok(()));
            assert_eq!(check_header(profile, kind, width, height, Some(1)), Ok(()));
            let too_narrow = check_header(profile, kind, width - 1, height, None).unwrap_err();
            assert_eq!(too_narrow.rule(), Rule::Width);
            let too_low = check_header(profile, kind, width, height - 1, None).unwrap_err();
            assert!(matches!(too_low, PictureFault::TooSmall { .. }), "{too_low:?}");
        }
    }

    #[test]
    fn the_proportion_may_deviate_by_one_percent() {
        let face = |width, height| check_header(STANDARD, ImageKind::Face, width, height, None);
        assert_eq!(face(2020, 3000), Ok(()));
        assert_eq!(face(1980, 3000), Ok(()));
        assert_eq!(face(2021, 3000).unwrap_err().rule(), Rule::Proportion);
        assert_eq!(face(1979, 3000).unwrap_err().rule(), Rule::Proportion);
        assert_eq!(face(1280, 1600).unwrap_err().rule(), Rule::Proportion);
    }

    #[test]
    fn a_picture_with_another_orientation_is_rejected_and_the_orientation_reported() {
        assert_eq!(check_header(STANDARD, ImageKind::Face, 800, 1200, Some(6)), Err(PictureFault::Turned { orientation: 6 }));
    }

    #[test]
    fn three_million_bytes_are_accepted_and_one_more_is_rejected() {
        assert_eq!(check_bytes(3_000_000), Ok(()));
        assert_eq!(check_bytes(3_000_001).unwrap_err().rule(), Rule::Bytes);
    }

    proptest! {
        #[test]
        fn pictures_above_fifty_megapixels_are_rejected(width: u32, height: u32) {
            if u64::from(width) * u64::from(height) > PHOTO_PIXELS_MAX {
                prop_assert_eq!(check_header(STANDARD, ImageKind::Face, width, height, None).unwrap_err().rule(), Rule::Pixels);
            } else {
                let _ = check_header(STANDARD, ImageKind::Face, width, height, None);
            }
        }
    }
}
