//! Rules for the small copy of a photo in which the service looks for a face before the photo is cropped.

use crate::photo::PictureFault;

/// Maximum size of the copy in bytes (96 KB). At any reasonable quality, a JPEG file with edges of at most [`COPY_EDGE_MAX`] pixels is
/// smaller.
pub const COPY_BYTES_MAX: usize = 98_304;
/// Maximum length of the copy's longer edge, in pixels.
pub const COPY_EDGE_MAX: u32 = 640;

/// Checks the values in the copy's header. Runs before any pixel is decoded, because a small file may claim a billion pixels.
///
/// # Errors
/// [`PictureFault::TooLarge`] if an edge is too long. [`PictureFault::Turned`] if the orientation is not 1. Some programs ignore the
/// orientation and others apply it, so that positions in the picture would be ambiguous.
pub const fn check_header(width: u32, height: u32, orientation: Option<u32>) -> Result<(), PictureFault> {
    if width > COPY_EDGE_MAX || height > COPY_EDGE_MAX {
        return Err(PictureFault::TooLarge { width, height, edge_max: COPY_EDGE_MAX });
    }
    match orientation {
        None | Some(1) => Ok(()),
        Some(orientation) => Err(PictureFault::Turned { orientation }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture_rule::Rule;

    #[test]
    fn an_edge_of_640_pixels_is_accepted_and_one_more_is_rejected() {
        assert_eq!(check_header(640, 640, None), Ok(()));
        assert_eq!(check_header(640, 1, Some(1)), Ok(()));
        for (width, height, rule) in
            [(641, 640, Rule::Width), (641, 10_000, Rule::Width), (640, 641, Rule::Height), (1, u32::MAX, Rule::Height)]
        {
            let fault = check_header(width, height, None).unwrap_err();
            assert_eq!((fault, fault.rule()), (PictureFault::TooLarge { width, height, edge_max: 640 }, rule));
        }
    }

    #[test]
    fn a_copy_with_another_orientation_is_rejected() {
        assert_eq!(check_header(640, 480, Some(6)), Err(PictureFault::Turned { orientation: 6 }));
    }
}
