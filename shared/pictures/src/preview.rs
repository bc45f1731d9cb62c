//! Decodes a picture once to a small copy, and makes previews that are small enough to be part of a JSON response.

use domain::photo::{PHOTO_PIXELS_MAX, PictureFault};
use image::{
    DynamicImage, ImageDecoder,
    codecs::jpeg::{JpegDecoder, JpegEncoder},
};

use crate::shrink;

/// The longer edge of a preview, in pixels.
const PREVIEW_EDGE: u32 = 480;
const PREVIEW_QUALITY: u8 = 82;

/// Decodes a picture to a copy with a longer edge of 960 pixels, from which the preview and all measurements are made. The whole picture,
/// at most 150 MB, is freed when this returns.
pub(crate) fn decode(jpeg: &[u8]) -> Result<DynamicImage, PictureFault> {
    let decoder = JpegDecoder::new(std::io::Cursor::new(jpeg)).map_err(|_| PictureFault::Damaged)?;
    // Checks the size as the decoder has read it, because the decoder has no memory limit of its own.
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PHOTO_PIXELS_MAX {
        return Err(PictureFault::Damaged);
    }
    let picture = DynamicImage::from_decoder(decoder).map_err(|_| PictureFault::Damaged)?;
    Ok(shrink::to_edge(&picture, PREVIEW_EDGE * 2))
}

/// Renders the preview as JPEG.
pub(crate) fn make(copy: &DynamicImage) -> Result<Vec<u8>, PictureFault> {
    let small = shrink::to_edge(copy, PREVIEW_EDGE).into_rgb8();
    let mut preview = Vec::new();
    JpegEncoder::new_with_quality(&mut preview, PREVIEW_QUALITY).encode_image(&small).map_err(|_| PictureFault::Damaged)?;
    Ok(preview)
}

#[cfg(test)]
mod tests {
    use image::ExtendedColorType;

    use super::*;

    #[test]
    fn a_picture_above_the_pixel_limit_is_not_decoded() {
        let mut file = Vec::new();
        JpegEncoder::new(&mut file).encode(&[128; 64], 8, 8, ExtendedColorType::L8).expect("a JPEG");
        let frame = file.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("a frame");
        let mut decoded = |height: u16, width: u16| {
            file[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
            file[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
            decode(&file).map(|copy| copy.height())
        };
        assert_eq!(decoded(2_000, 1_000), Ok(960));
        assert_eq!(decoded(5_001, 10_000), Err(PictureFault::Damaged));
    }
}
