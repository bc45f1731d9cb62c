//! Previews: small enough to come inline with an answer.

use domain::photo::PictureFault;
use image::{
    DynamicImage, ImageDecoder, Limits,
    codecs::jpeg::{JpegDecoder, JpegEncoder},
    imageops::FilterType,
};

/// Longer edge, in pixels.
const EDGE: u32 = 480;
const QUALITY: u8 = 82;
/// What a decoder may use: 50 megapixels in three bytes each, and as much again for work.
const MEMORY: u64 = 400_000_000;

/// Decodes the whole picture, which proves that it can be, and makes its preview.
pub(crate) fn make(jpeg: &[u8]) -> Result<Vec<u8>, PictureFault> {
    let mut decoder = JpegDecoder::new(std::io::Cursor::new(jpeg)).map_err(|_| PictureFault::Damaged)?;
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MEMORY);
    decoder.set_limits(limits).map_err(|_| PictureFault::Damaged)?;
    let picture = DynamicImage::from_decoder(decoder).map_err(|_| PictureFault::Damaged)?;
    // A box filter first: quick, and exact enough for what is shown at 480 pixels.
    let small = picture.thumbnail(EDGE * 2, EDGE * 2).resize(EDGE, EDGE, FilterType::Triangle).into_rgb8();
    let mut preview = Vec::new();
    JpegEncoder::new_with_quality(&mut preview, QUALITY).encode_image(&small).map_err(|_| PictureFault::Damaged)?;
    Ok(preview)
}
