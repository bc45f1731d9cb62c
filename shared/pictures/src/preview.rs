//! Makes a small copy of a picture in the colours of sRGB, and previews that are small enough to be part of a JSON response.

use domain::photo::PictureFault;
use image::{RgbImage, codecs::jpeg::JpegEncoder};

use crate::{colour_profile::ToSrgb, jpeg::Clean, rgb::RgbRows, scan, shrink};

/// The longer edge of a preview, in pixels.
const PREVIEW_EDGE: u32 = 480;
/// The longer edge of the copy from which the preview and all measurements are made.
const COPY_EDGE: u32 = 960;
const PREVIEW_QUALITY: u8 = 82;

/// Decodes a picture to a copy with a longer edge of 960 pixels, from which the preview and all measurements are made.
pub(crate) fn decode(clean: &Clean) -> Result<RgbImage, PictureFault> {
    let mut rows = RgbRows::of(scan::decode(&clean.jpeg)?, clean.colour_space).ok_or(PictureFault::Damaged)?;
    let copy = shrink::rows_to_edge(rows.size, COPY_EDGE, |y, row| rows.write(y, row));
    let Some(profile) = &clean.profile else { return Ok(copy) };
    let converted = ToSrgb::of(profile).and_then(|to_srgb| to_srgb.convert(copy.as_raw()));
    converted.and_then(|pixels| RgbImage::from_raw(copy.width(), copy.height(), pixels)).ok_or(PictureFault::ColourProfile)
}

/// Scales a picture to the size of the copy that [`decode`] returns.
pub(crate) fn scaled_down(picture: &RgbImage) -> RgbImage {
    shrink::to_edge(picture, COPY_EDGE)
}

/// Renders the preview as JPEG.
pub(crate) fn make(copy: &RgbImage) -> Result<Vec<u8>, PictureFault> {
    let small = shrink::to_edge(copy, PREVIEW_EDGE);
    let mut preview = Vec::new();
    JpegEncoder::new_with_quality(&mut preview, PREVIEW_QUALITY).encode_image(&small).map_err(|_| PictureFault::Damaged)?;
    Ok(preview)
}
