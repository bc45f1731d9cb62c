//! Converts the components of a decoded picture to red, green and blue, row by row.

use crate::{
    colour_space::ColourSpace,
    scan::{Decoded, Plane},
};

/// The rows of a picture. They are converted when they are needed, so that the whole picture is in memory only as components.
pub(crate) struct RgbRows {
    /// Width and height in pixels.
    pub(crate) size: (u32, u32),
    planes: Vec<Plane>,
    colour_space: ColourSpace,
    /// One row of each component. The conversion overwrites the first three components with red, green and blue.
    row: Vec<Vec<u8>>,
    /// Buffer for [`Plane::write_row`].
    mixed: Vec<u16>,
}

impl RgbRows {
    /// Returns `None` if the colour space has another number of components than the picture.
    pub(crate) fn of(decoded: Decoded, colour_space: ColourSpace) -> Option<Self> {
        let components = match colour_space {
            ColourSpace::Gray => 1,
            ColourSpace::YCbCr | ColourSpace::Rgb => 3,
            ColourSpace::Cmyk | ColourSpace::Ycck => 4,
        };
        let (width, height) = decoded.size;
        (decoded.planes.len() == components).then_some(())?;
        Some(Self {
            size: (u32::try_from(width).ok()?, u32::try_from(height).ok()?),
            row: vec![vec![0; width]; components],
            planes: decoded.planes,
            colour_space,
            mixed: Vec::new(),
        })
    }

    /// Writes a row, three bytes for each pixel.
    pub(crate) fn write(&mut self, y: usize, out: &mut [u8]) {
        for (plane, row) in self.planes.iter().zip(&mut self.row) {
            plane.write_row(y, &mut self.mixed, row);
        }
        let pixels = out.as_chunks_mut::<3>().0.iter_mut();
        match self.row.as_mut_slice() {
            [gray] => pixels.zip(gray).for_each(|(pixel, gray)| *pixel = [*gray; 3]),
            [one, two, three, black @ ..] => {
                if matches!(self.colour_space, ColourSpace::YCbCr | ColourSpace::Ycck) {
                    convert_ycbcr(one, two, three);
                }
                if let [black] = black {
                    let is_inverted = self.colour_space == ColourSpace::Ycck;
                    [&mut *one, two, three].into_iter().for_each(|ink| convert_ink(ink, black, is_inverted));
                }
                pixels
                    .zip(one.iter().zip(two.iter().zip(three.iter())))
                    .for_each(|(pixel, (one, (two, three)))| *pixel = [*one, *two, *three]);
            }
            _ => {}
        }
    }
}

/// Converts YCbCr to red, green and blue in place, with the formulas of JFIF.
fn convert_ycbcr(y: &mut [u8], cb: &mut [u8], cr: &mut [u8]) {
    for (y, (cb, cr)) in y.iter_mut().zip(cb.iter_mut().zip(cr)) {
        [*y, *cb, *cr] = from_ycbcr(*y, *cb, *cr);
    }
}

/// Calculates in fixed point with 16 fractional bits. The factors 1.402, -0.344136, -0.714136 and 1.772 are split into a whole number and a
/// remainder, so that all numbers have at most 16 bits and the processor multiplies eight of them at once.
fn from_ycbcr(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    let (y, cb, cr) = (i16::from(y), i16::from(cb) - 128, i16::from(cr) - 128);
    let rounded = |sum: i32| ((sum + (1 << 15)) >> 16) as i16;
    let product = |number: i16, factor: i16| i32::from(number) * i32::from(factor);
    let red = y + cr + rounded(product(cr, 26_345));
    let green = y - cr + rounded(product(cr, 18_734) - product(cb, 22_554));
    let blue = y + 2 * cb + rounded(product(cb, -14_942));
    [red, green, blue].map(|level| level.clamp(0, 255) as u8)
}

/// Converts cyan, magenta or yellow to red, green or blue, as browsers and djpeg do without a profile. In JPEG files, 0 is full ink and 255
/// is no ink.
fn convert_ink(ink: &mut [u8], black: &[u8], is_inverted: bool) {
    for (ink, black) in ink.iter_mut().zip(black) {
        let level = if is_inverted { 255 - *ink } else { *ink };
        *ink = ((u16::from(level) * u16::from(*black) + 127) / 255) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_the_formulas_of_jfif() {
        for (y, cb, cr) in (0..=255).flat_map(|y| (0..=255).flat_map(move |cb| (0..=255).map(move |cr| (y, cb, cr)))) {
            // 1.402, 0.344136, 0.714136 and 1.772, multiplied by 2^16.
            let (scaled, b, r) = (i32::from(y) << 16 | 1 << 15, i32::from(cb) - 128, i32::from(cr) - 128);
            let expected = [scaled + 91_881 * r, scaled - 22_554 * b - 46_802 * r, scaled + 116_130 * b];
            assert_eq!(from_ycbcr(y, cb, cr), expected.map(|level| (level >> 16).clamp(0, 255) as u8), "{y} {cb} {cr}");
        }
    }
}
