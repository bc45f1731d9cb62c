//! The samples of one component of a picture, at full size or reduced.

use super::idct::{Coefficients, Dequantiser};

/// Samples of a component. Blocks at the right and the lower edge are stored completely, so some samples are outside the picture.
pub(crate) struct Plane {
    pub(crate) samples: Vec<u8>,
    /// Number of samples in a row.
    pub(crate) stride: usize,
    /// Width and height of the part inside the picture.
    pub(crate) size: (usize, usize),
    /// Number of pixels of the reduced picture that one sample covers, in each direction: 1, 2 or 4.
    pub(crate) pixels: (usize, usize),
    /// Number of decoded samples, in each direction, that are averaged to one sample of this plane: 1, 2, 4 or 8.
    means: (usize, usize),
}

impl Plane {
    /// Creates an empty plane. `reduction` is the factor by which the picture is reduced. `blocks` and `size` are the width and height of
    /// the component before the reduction: `blocks` in blocks, `size` in samples. `ratio` is the number of pixels of the full picture that
    /// one sample covers, in each direction.
    pub(super) fn new(blocks: (usize, usize), size: (usize, usize), ratio: (usize, usize), reduction: usize) -> Self {
        let means = ((reduction / ratio.0).max(1), (reduction / ratio.1).max(1));
        let pixels = ((ratio.0 / reduction).max(1), (ratio.1 / reduction).max(1));
        let stride = blocks.0 * 8 / means.0;
        let size = ((size.0 / means.0).max(1), (size.1 / means.1).max(1));
        Self { samples: vec![0; stride * (blocks.1 * 8 / means.1)], stride, size, pixels, means }
    }

    /// Decodes a block, and stores its samples.
    pub(super) fn store(&mut self, column: usize, row: usize, dequantiser: &Dequantiser, coefficients: &Coefficients) {
        let (width, height) = (8 / self.means.0, 8 / self.means.1);
        let start = row * height * self.stride + column * width;
        let rows = self.samples.get_mut(start..).into_iter().flat_map(|samples| samples.chunks_mut(self.stride)).take(height);
        if coefficients[1..] == [0; 63] {
            let level = dequantiser.flat(coefficients[0]);
            rows.for_each(|samples| samples[..width].fill(level));
            return;
        }
        let block = dequantiser.samples(coefficients);
        match self.means {
            (1, 1) => rows.zip(&block).for_each(|(samples, row)| samples[..8].copy_from_slice(row)),
            (2, 2) => rows.zip(block.chunks_exact(2)).for_each(|(samples, pair)| {
                for (at, sample) in samples[..4].iter_mut().enumerate() {
                    let sum: u16 = [pair[0][2 * at], pair[0][2 * at + 1], pair[1][2 * at], pair[1][2 * at + 1]].map(u16::from).iter().sum();
                    *sample = ((sum + 2) / 4) as u8;
                }
            }),
            (across, down) => rows.zip(block.chunks_exact(down)).for_each(|(samples, rows)| {
                for (at, sample) in samples[..width].iter_mut().enumerate() {
                    let sum: usize =
                        rows.iter().flat_map(|row| &row[at * across..(at + 1) * across]).map(|&sample| usize::from(sample)).sum();
                    *sample = ((sum + across * down / 2) / (across * down)) as u8;
                }
            }),
        }
    }

    /// Writes one row of the reduced picture, with the same interpolation as libjpeg. Where a sample covers two pixels in a direction, the
    /// pixels are interpolated linearly between neighbouring samples. Where it covers one or four pixels, it is copied to each of them. If
    /// samples cover four pixels horizontally, nothing is interpolated vertically either. `mixed` is a buffer for intermediate results.
    pub(crate) fn write_row(&self, y: usize, mixed: &mut Vec<u16>, out: &mut [u8]) {
        let row = |at: usize| &self.samples[at.min(self.size.1 - 1) * self.stride..][..self.size.0];
        let near = row(y / self.pixels.1);
        // The second row for the interpolation. The result is a quarter of this row plus three quarters of the nearer row.
        let far = match (self.pixels.1, y % 2) {
            (2, 0) => row((y / 2).saturating_sub(1)),
            (2, _) => row(y / 2 + 1),
            _ => near,
        };
        let sums = near.iter().zip(far).map(|(&near, &far)| 3 * u16::from(near) + u16::from(far));
        match self.pixels {
            (1, 1 | 4) => out.iter_mut().zip(near).for_each(|(out, &sample)| *out = sample),
            (1, _) => out.iter_mut().zip(sums).for_each(|(out, sum)| *out = ((sum + 2) / 4) as u8),
            (2, _) => {
                // Repeats the first and the last sum, because pixels at the edges have a neighbour on one side only.
                mixed.clear();
                mixed.extend(sums.clone().take(1));
                mixed.extend(sums);
                mixed.extend(mixed.last().copied());
                let pairs = mixed
                    .array_windows()
                    .map(|&[before, middle, after]| [((3 * middle + before + 8) / 16) as u8, ((3 * middle + after + 7) / 16) as u8]);
                let (whole, rest) = out.as_chunks_mut::<2>();
                if let ([last], Some([pixel, _])) = (rest, pairs.clone().nth(whole.len())) {
                    *last = pixel;
                }
                whole.iter_mut().zip(pairs).for_each(|(out, pair)| *out = pair);
            }
            (across, _) => out.chunks_mut(across).zip(near).for_each(|(out, &sample)| out.fill(sample)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection, prelude::*};

    use super::*;

    /// Returns one pixel, interpolated as libjpeg defines it.
    fn interpolated(plane: &Plane, x: usize, y: usize) -> u8 {
        let (width, height) = plane.size;
        let sample = |x: usize, y: usize| u16::from(plane.samples[y.min(height - 1) * plane.stride + x.min(width - 1)]);
        // Returns the index of the neighbouring sample, which contributes a quarter to the pixel.
        let neighbour = |at: usize| if at.is_multiple_of(2) { (at / 2).saturating_sub(1) } else { at / 2 + 1 };
        let mixed = |x: usize| match plane.pixels.1 {
            2 => 3 * sample(x, y / 2) + sample(x, neighbour(y)),
            down => 4 * sample(x, y / down),
        };
        let sum = match plane.pixels.0 {
            1 => mixed(x) + 2,
            2 => (3 * mixed(x / 2) + mixed(neighbour(x)) + if x.is_multiple_of(2) { 8 } else { 7 }) / 4,
            across => 4 * sample(x / across, y / plane.pixels.1),
        };
        (sum / 4) as u8
    }

    proptest! {
        #[test]
        fn rows_are_interpolated_as_libjpeg_does(
            samples in collection::vec(any::<u8>(), 24 * 16),
            width in 1_usize..=24,
            height in 1_usize..=16,
            across in 0..3_u32,
            down in 0..3_u32,
            missing in 0..4_usize,
        ) {
            let pixels = (1 << across, 1 << down);
            let plane = Plane { samples, stride: 24, size: (width, height), pixels, means: (1, 1) };
            // The last sample of a row may cover fewer pixels than the others.
            let mut row = vec![0; width * pixels.0 - missing.min(pixels.0 - 1)];
            for y in 0..height * pixels.1 {
                plane.write_row(y, &mut Vec::new(), &mut row);
                let expected: Vec<u8> = (0..row.len()).map(|x| interpolated(&plane, x, y)).collect();
                prop_assert_eq!(&row, &expected, "row {}", y);
            }
        }
    }
}
