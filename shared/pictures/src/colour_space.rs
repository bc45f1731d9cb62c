//! Determines which colours the components of a JPEG represent.
//!
//! The frame header does not state the colours. This module follows libjpeg-turbo, which most programs and browsers use, and rejects files
//! whose colours libjpeg-turbo only guesses.

use domain::photo::UnsupportedJpeg;

/// The colours of the components, in their order in the frame header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColourSpace {
    Gray,
    YCbCr,
    Rgb,
    /// Cyan, magenta, yellow and black. 0 is full ink.
    Cmyk,
    /// YCbCr of the inverted first three inks, and black.
    Ycck,
}

/// Statements about colours in the segments before the first scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ColourMarkers {
    pub(crate) jfif: bool,
    /// The colour transform of Adobe's segment.
    pub(crate) adobe: Option<u8>,
}

impl ColourMarkers {
    /// Returns the colour space of a frame whose components have these IDs.
    ///
    /// # Errors
    /// [`UnsupportedJpeg::Components`] or [`UnsupportedJpeg::ColourMarkers`].
    pub(crate) fn colour_space(self, ids: &[u8]) -> Result<ColourSpace, UnsupportedJpeg> {
        match (ids, self.jfif, self.adobe) {
            ([_], _, _) => Ok(ColourSpace::Gray),
            // If there is a JFIF segment, libjpeg-turbo ignores these IDs, but other programs do not. Without a JFIF segment, libjpeg-turbo
            // guesses the colours from these IDs. Both are rejected.
            ([b'R', b'G', b'B'], true, _) | ([b'R', b'G', b'B'], false, None) => Err(UnsupportedJpeg::ColourMarkers),
            // JFIF allows only YCbCr, and takes precedence over Adobe's segment.
            ([_, _, _], true, _) | ([_, _, _], false, None | Some(1)) => Ok(ColourSpace::YCbCr),
            ([_, _, _], false, Some(0)) => Ok(ColourSpace::Rgb),
            ([_, _, _, _], _, None | Some(0)) => Ok(ColourSpace::Cmyk),
            ([_, _, _, _], _, Some(2)) => Ok(ColourSpace::Ycck),
            ([_, _, _] | [_, _, _, _], _, Some(_)) => Err(UnsupportedJpeg::ColourMarkers),
            (_, _, _) => Err(UnsupportedJpeg::Components),
        }
    }

    /// Returns whether Adobe's segment contradicts the JFIF segment, which takes precedence. The result has no meaning for a file without
    /// Adobe's segment.
    pub(crate) fn jfif_overrides_adobe(self, ids: &[u8]) -> bool {
        self.jfif && ids.len() == 3 && self.adobe != Some(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_libjpeg_turbo() {
        let of = |jfif, adobe, ids: &[u8]| ColourMarkers { jfif, adobe }.colour_space(ids);
        assert_eq!(of(true, Some(0), &[1]), Ok(ColourSpace::Gray));
        for ids in [[1, 2, 3], [0, 1, 2], [9, 200, 7]] {
            assert_eq!(of(false, None, &ids), Ok(ColourSpace::YCbCr));
            assert_eq!(of(false, Some(1), &ids), Ok(ColourSpace::YCbCr));
            assert_eq!(of(false, Some(0), &ids), Ok(ColourSpace::Rgb));
            for adobe in [None, Some(0), Some(1), Some(2), Some(7)] {
                assert_eq!(of(true, adobe, &ids), Ok(ColourSpace::YCbCr));
            }
            assert_eq!(of(false, Some(2), &ids), Err(UnsupportedJpeg::ColourMarkers));
        }
        assert_eq!(of(false, Some(0), b"RGB"), Ok(ColourSpace::Rgb));
        assert_eq!(of(true, None, b"RGB"), Err(UnsupportedJpeg::ColourMarkers));
        assert_eq!(of(false, None, b"RGB"), Err(UnsupportedJpeg::ColourMarkers));
        for jfif in [true, false] {
            assert_eq!(of(jfif, None, b"CMYK"), Ok(ColourSpace::Cmyk));
            assert_eq!(of(jfif, Some(0), &[1, 2, 3, 4]), Ok(ColourSpace::Cmyk));
            assert_eq!(of(jfif, Some(2), &[1, 2, 3, 4]), Ok(ColourSpace::Ycck));
            assert_eq!(of(jfif, Some(1), &[1, 2, 3, 4]), Err(UnsupportedJpeg::ColourMarkers));
        }
        assert_eq!(of(true, None, &[1, 2]), Err(UnsupportedJpeg::Components));
        assert_eq!(of(true, None, &[]), Err(UnsupportedJpeg::Components));
    }
}
