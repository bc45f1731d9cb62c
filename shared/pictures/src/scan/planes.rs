//! The samples of one component of a picture, at full size or reduced.

use super::idct::{Coefficients, Dequantiser};

/// Samples of a component. Incomplete blocks at the right and the lower edge are included.
pub(crate) struct Plane {
    pub(crate) samples: Vec<u8>,
    /// Number of samples in a row.
    pub(crate) stride: usize,
    /// Width and height of the part inside the picture.
    pub(crate) size: (usize, usize),
    /// The number of pixels of the reduced picture for each sample, in each direction: 1, 2 or 4.
    pub(crate) pixels: (usize, usize),
    /// The number of decoded samples, in each direction, whose mean is one sample here: 1, 2, 4 or 8.
    means: (usize, usize),
}

impl Plane {
    /// Creates the plane of a component for a picture that is reduced by the factor `reduction`. `blocks` is its width and height in blocks,
    /// `size` in samples, and `ratio` the number of pixels per sample of the full picture.
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

    /// Writes one row of the reduced picture. Samples that stand for several pixels are interpolated as libjpeg does: linearly if they stand
    /// for two pixels, and not at all if they stand for four.
    pub(crate) fn write_row(&self, y: usize, out: &mut [u8]) {
        let row = |at: usize| &self.samples[at.min(self.size.1 - 1) * self.stride..][..self.stride];
        let near = row(y / self.pixels.1);
        // The other row to interpolate with, a quarter of which is added to three quarters of the near one.
        let far = match (self.pixels.1, y % 2) {
            (2, 0) => row((y / 2).saturating_sub(1)),
            (2, _) => row(y / 2 + 1),
            _ => near,
        };
        let width = self.size.0;
        let mixed = |at: usize| 3 * u16::from(near[at]) + u16::from(far[at]);
        match self.pixels {
            (1, 1 | 4) => out.iter_mut().zip(near).for_each(|(out, &sample)| *out = sample),
            (1, _) => out.iter_mut().enumerate().for_each(|(x, out)| *out = ((mixed(x.min(width - 1)) + 2) / 4) as u8),
            (2, _) => {
                for (x, pair) in out.chunks_mut(2).enumerate() {
                    let (x, before, after) = (x.min(width - 1), x.saturating_sub(1).min(width - 1), (x + 1).min(width - 1));
                    let middle = 3 * mixed(x);
                    pair[0] = ((middle + mixed(before) + 8) / 16) as u8;
                    if let Some(second) = pair.get_mut(1) {
                        *second = ((middle + mixed(after) + 7) / 16) as u8;
                    }
                }
            }
            (across, _) => out.iter_mut().enumerate().for_each(|(x, out)| *out = near[(x / across).min(width - 1)]),
        }
    }
}
