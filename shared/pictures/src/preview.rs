//! Decoding, once, and what is made of it: previews, small enough to come inline with an answer.

use domain::photo::{PHOTO_PIXELS_MAX, PictureFault};
use image::{
    DynamicImage, ImageDecoder,
    codecs::jpeg::{JpegDecoder, JpegEncoder},
    imageops::FilterType,
};

/// Longer edge, in pixels.
const EDGE: u32 = 480;
const QUALITY: u8 = 82;
/// A copy with a longer edge of 960 pixels, of which preview and measures are made. The whole picture, 150 MB at most, is decoded once
/// and gone when this returns.
pub(crate) fn decode(jpeg: &[u8]) -> Result<DynamicImage, PictureFault> {
    let decoder = JpegDecoder::new(std::io::Cursor::new(jpeg)).map_err(|_| PictureFault::Damaged)?;
    // By the decoder's own reading of the size, whatever ours was: it knows no limit of memory.
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PHOTO_PIXELS_MAX {
        return Err(PictureFault::Damaged);
    }
    let picture = DynamicImage::from_decoder(decoder).map_err(|_| PictureFault::Damaged)?;
    // A box filter: quick, and exact enough for what is shown at 480 pixels.
    Ok(picture.thumbnail(EDGE * 2, EDGE * 2))
}

pub(crate) fn make(copy: &DynamicImage) -> Result<Vec<u8>, PictureFault> {
    let small = copy.resize(EDGE, EDGE, FilterType::Triangle).into_rgb8();
    let mut preview = Vec::new();
    JpegEncoder::new_with_quality(&mut preview, QUALITY).encode_image(&small).map_err(|_| PictureFault::Damaged)?;
    Ok(preview)
}

#[cfg(test)]
mod tests {
    use image::ExtendedColorType;

    use super::*;

    #[test]
    fn nothing_is_decoded_that_is_larger_than_pictures_may_be() {
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
