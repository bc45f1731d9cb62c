//! QR codes, as modules and as PNG.

use qrcode::{Color, EcLevel, QrCode};

use crate::RenderError;

/// Width of the light margin around a code, in modules (ISO/IEC 18004).
pub const QUIET_ZONE: usize = 4;
const PIXELS_PER_MODULE: usize = 8;

/// The modules of a QR code, without its quiet zone.
pub struct Modules {
    width: usize,
    dark: Vec<bool>,
}

impl Modules {
    /// Returns the number of modules per row.
    pub fn width(&self) -> usize {
        self.width
    }

    pub fn is_dark(&self, x: usize, y: usize) -> bool {
        x < self.width && self.dark.get(y * self.width + x).copied().unwrap_or(false)
    }
}

/// Encodes a text with error correction level M, which tolerates damage to 15% of the code.
///
/// # Errors
/// [`RenderError::Qr`] if the text is too long.
pub fn modules(text: &str) -> Result<Modules, RenderError> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(RenderError::Qr)?;
    Ok(Modules { width: code.width(), dark: code.into_colors().into_iter().map(|color| color == Color::Dark).collect() })
}

/// Renders a QR code with its quiet zone as a black and white PNG of one bit per pixel, smaller than a kilobyte.
///
/// # Errors
/// [`RenderError::Qr`] if the text is too long.
pub fn png(text: &str) -> Result<Vec<u8>, RenderError> {
    let modules = modules(text)?;
    let side = (modules.width() + 2 * QUIET_ZONE) * PIXELS_PER_MODULE;
    let mut pixels = Vec::with_capacity(side * side / 8);
    for y in 0..side {
        // A module is 8 pixels wide and a pixel is one bit, so each module is one byte of the row.
        for x in 0..side / PIXELS_PER_MODULE {
            let module = (x.checked_sub(QUIET_ZONE), (y / PIXELS_PER_MODULE).checked_sub(QUIET_ZONE));
            let dark = matches!(module, (Some(x), Some(y)) if modules.is_dark(x, y));
            pixels.push(if dark { 0x00 } else { 0xff });
        }
    }
    let mut file = Vec::new();
    let side = u32::try_from(side).unwrap_or(u32::MAX);
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(file)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{
        link::code_link,
        testing::{ORIGIN, code},
    };

    /// Returns the text that an independent QR decoder reads from a PNG.
    pub(crate) fn scan(file: &[u8]) -> String {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        let (width, height) = (info.width as usize, info.height as usize);
        let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * width + x]);
        let grids = picture.detect_grids();
        assert_eq!(grids.len(), 1);
        grids[0].decode().unwrap().1
    }

    #[test]
    fn a_scanner_reads_the_link_back() {
        for origin in [ORIGIN, "http://myphoto.localhost:4566"] {
            let link = code_link(origin, &code());
            let file = png(&link).unwrap();
            assert_eq!(scan(&file), link);
            assert!(file.len() < 2_000, "{}", file.len());
            assert_eq!(file, png(&link).unwrap());
        }
    }

    #[test]
    fn the_quiet_zone_is_white_and_four_modules_wide() {
        let file = png("x").unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(&file)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        let row = 21 + 2 * QUIET_ZONE;
        assert!(pixels[..row * QUIET_ZONE * PIXELS_PER_MODULE].iter().all(|&byte| byte == 0xff));
        assert_eq!(pixels[row * QUIET_ZONE * PIXELS_PER_MODULE..][..QUIET_ZONE + 1], [0xff, 0xff, 0xff, 0xff, 0x00]);
    }

    #[test]
    fn a_text_too_long_for_a_qr_code_is_an_error() {
        assert!(matches!(png(&"x".repeat(5_000)), Err(RenderError::Qr(_))));
    }
}
