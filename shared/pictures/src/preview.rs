//! Makes a small copy of a picture in the colours of sRGB, and previews that are small enough to be part of a JSON response.

use domain::photo::PictureFault;
use image::{RgbImage, codecs::jpeg::JpegEncoder};

use crate::{
    colour_profile::ToSrgb,
    colour_space::ColourSpace,
    jpeg::Clean,
    scan::{self, Decoded},
    shrink,
};

/// The longer edge of a preview, in pixels.
const PREVIEW_EDGE: u32 = 480;
const PREVIEW_QUALITY: u8 = 82;

/// Decodes a picture to a copy with a longer edge of 960 pixels, from which the preview and all measurements are made.
pub(crate) fn decode(clean: &Clean) -> Result<RgbImage, PictureFault> {
    let picture = in_rgb(&scan::decode(&clean.jpeg)?, clean.colour_space).ok_or(PictureFault::Damaged)?;
    let copy = scaled_down(&picture);
    let Some(profile) = &clean.profile else { return Ok(copy) };
    let converted = ToSrgb::of(profile).and_then(|to_srgb| to_srgb.convert(copy.as_raw()));
    converted.and_then(|pixels| RgbImage::from_raw(copy.width(), copy.height(), pixels)).ok_or(PictureFault::ColourProfile)
}

/// Scales a picture to the size of the copy.
pub(crate) fn scaled_down(picture: &RgbImage) -> RgbImage {
    shrink::to_edge(picture, PREVIEW_EDGE * 2)
}

/// Renders the preview as JPEG.
pub(crate) fn make(copy: &RgbImage) -> Result<Vec<u8>, PictureFault> {
    let small = shrink::to_edge(copy, PREVIEW_EDGE);
    let mut preview = Vec::new();
    JpegEncoder::new_with_quality(&mut preview, PREVIEW_QUALITY).encode_image(&small).map_err(|_| PictureFault::Damaged)?;
    Ok(preview)
}

/// Converts the components of a picture to red, green and blue, with the formulas of JFIF.
fn in_rgb(decoded: &Decoded, colour_space: ColourSpace) -> Option<RgbImage> {
    let (width, height) = decoded.size;
    let mut rows = vec![vec![0; width]; decoded.planes.len()];
    let mut pixels = vec![0; width * height * 3];
    for (y, line) in pixels.chunks_exact_mut(width * 3).enumerate() {
        for (plane, row) in decoded.planes.iter().zip(&mut rows) {
            plane.write_row(y, row);
        }
        let line = line.as_chunks_mut::<3>().0.iter_mut();
        match (colour_space, rows.as_slice()) {
            (ColourSpace::Gray, [gray]) => line.zip(gray).for_each(|(pixel, &gray)| *pixel = [gray; 3]),
            (ColourSpace::YCbCr, [y, cb, cr]) => {
                line.zip(y.iter().zip(cb.iter().zip(cr))).for_each(|(pixel, (&y, (&cb, &cr)))| *pixel = from_ycbcr(y, cb, cr));
            }
            (ColourSpace::Rgb, [red, green, blue]) => {
                line.zip(red.iter().zip(green.iter().zip(blue))).for_each(|(pixel, (&red, (&green, &blue)))| *pixel = [red, green, blue]);
            }
            (ColourSpace::Cmyk, [cyan, magenta, yellow, black]) => {
                let inks = cyan.iter().zip(magenta).zip(yellow.iter().zip(black));
                line.zip(inks)
                    .for_each(|(pixel, ((&cyan, &magenta), (&yellow, &black)))| *pixel = from_inks([cyan, magenta, yellow], black));
            }
            (ColourSpace::Ycck, [y, cb, cr, black]) => {
                let inks = y.iter().zip(cb).zip(cr.iter().zip(black));
                line.zip(inks).for_each(|(pixel, ((&y, &cb), (&cr, &black)))| {
                    *pixel = from_inks(from_ycbcr(y, cb, cr).map(|level| 255 - level), black);
                });
            }
            (ColourSpace::Gray | ColourSpace::YCbCr | ColourSpace::Rgb | ColourSpace::Cmyk | ColourSpace::Ycck, _) => return None,
        }
    }
    RgbImage::from_raw(u32::try_from(width).ok()?, u32::try_from(height).ok()?, pixels)
}

/// Calculates with 16 binary digits after the point.
fn from_ycbcr(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    let (y, cb, cr) = (i32::from(y) << 16 | 1 << 15, i32::from(cb) - 128, i32::from(cr) - 128);
    // 1.402, 0.344136, 0.714136 and 1.772, multiplied by 2^16.
    [y + 91_881 * cr, y - 22_554 * cb - 46_802 * cr, y + 116_130 * cb].map(|level| (level >> 16).clamp(0, 255) as u8)
}

/// Converts inks as browsers and djpeg do, without a profile. In JPEG files, 0 is full ink and 255 is no ink.
fn from_inks(inks: [u8; 3], black: u8) -> [u8; 3] {
    inks.map(|ink| ((u16::from(ink) * u16::from(black) + 127) / 255) as u8)
}
