//! Decoding, once, and what is made of it: previews, small enough to come inline with an answer.

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

/// A copy with a longer edge of 960 pixels, of which preview and measures are made. The whole picture, 150 MB at most, is decoded once
/// and gone when this returns.
pub(crate) fn decode(jpeg: &[u8]) -> Result<DynamicImage, PictureFault> {
    let mut decoder = JpegDecoder::new(std::io::Cursor::new(jpeg)).map_err(|_| PictureFault::Damaged)?;
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MEMORY);
    decoder.set_limits(limits).map_err(|_| PictureFault::Damaged)?;
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
