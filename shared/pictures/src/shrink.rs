//! Scales pictures down with a box filter: each pixel of the result is the mean of the area that it covers. Partly covered pixels are
//! weighted by the covered fraction.
//!
//! The crate `image` has two filters for this, `thumbnail` and `resize`. Both take longer than this code, and `thumbnail` leaves partly
//! covered pixels out.

use image::RgbImage;

/// The weight of a whole pixel. Partly covered pixels have a smaller whole number as their weight.
const ONE: u32 = 256;
/// Added to a mean before it is rounded, so that halves are rounded upwards. It changes no other result, because means are fractions whose
/// denominator (the sum of the weights) is below 2^30, and because floating-point errors are below 2^-43.
const HALVES_UP: f64 = 1.0 / (1_u64 << 36) as f64;
/// Added to a number to round it. This constant is so large that the floating-point sum has no bits for a fraction. The lowest bits of the
/// sum are therefore the rounded number.
const NO_FRACTION: f64 = (1_u64 << 52) as f64;

/// Scales a picture so that its longer edge has `edge` pixels. A smaller picture is enlarged, by repeating its pixels.
pub(crate) fn to_edge(picture: &RgbImage, edge: u32) -> RgbImage {
    let row_length = picture.width() as usize * 3;
    rows_to_edge(picture.dimensions(), edge, |y, row| {
        row.iter_mut().zip(&picture.as_raw()[y * row_length..]).for_each(|(to, from)| *to = *from);
    })
}

/// Scales a picture as [`to_edge`] does, but needs only one row of the picture in memory at a time. `write_row` writes the row with the
/// given number: red, green and blue of each pixel. It is called once for each row, from the top to the bottom.
pub(crate) fn rows_to_edge((width, height): (u32, u32), edge: u32, write_row: impl FnMut(usize, &mut [u8])) -> RgbImage {
    let (width, height) = (width.max(1), height.max(1));
    let scaled = |length: u32| {
        let scaled = (u64::from(length) * u64::from(edge) + u64::from(width.max(height)) / 2) / u64::from(width.max(height));
        u32::try_from(scaled).unwrap_or(edge).max(1)
    };
    scale((width, height), (scaled(width), scaled(height)), write_row)
}

/// The source pixels that each pixel of the result covers, in one direction.
struct Spans {
    first: Vec<usize>,
    /// The weights of all spans. Spans of fewer pixels are padded with weights of 0, because loops of a constant length are faster.
    weights: Vec<u16>,
    /// Number of weights of a span.
    length: usize,
}

impl Spans {
    fn new(from: u32, to: u32) -> Self {
        let (from, to, one) = (u64::from(from), u64::from(to), u64::from(ONE));
        let position = |at: u64| at * from * one / to;
        let ends = |at: u64| {
            let start = position(at).min(from * one - 1);
            (start, position(at + 1).max(start + 1))
        };
        let pixels = |(start, end): (u64, u64)| end.div_ceil(one) - start / one;
        let length = (0..to).map(|at| pixels(ends(at))).max().unwrap_or(1);
        let (mut first, mut weights) = (Vec::new(), Vec::new());
        for (start, end) in (0..to).map(ends) {
            let begin = (start / one).min(from - length);
            let covered = |pixel: u64| end.min((pixel + 1) * one).saturating_sub(start.max(pixel * one));
            first.push(begin as usize);
            weights.extend((begin..begin + length).map(|pixel| covered(pixel) as u16));
        }
        Self { first, weights, length: length as usize }
    }

    /// Iterates over the spans. Each item is the first pixel of a span, and the weights of its pixels.
    fn iter(&self) -> impl Iterator<Item = (usize, &[u16])> {
        self.first.iter().copied().zip(self.weights.chunks_exact(self.length))
    }
}

fn total(weights: &[u16]) -> f64 {
    f64::from(weights.iter().copied().map(u32::from).sum::<u32>())
}

fn scale(from: (u32, u32), (width, height): (u32, u32), mut write_row: impl FnMut(usize, &mut [u8])) -> RgbImage {
    let (columns, rows) = (Spans::new(from.0, width), Spans::new(from.1, height));
    let column_shares: Vec<f64> = columns.iter().map(|(_, weights)| 1.0 / total(weights)).collect();
    let mut line = vec![0_u8; from.0 as usize * 3];
    let mut line_number = None;
    // The weighted sums of those source rows that one row of the result covers.
    let mut sums = vec![0_u32; line.len()];
    let mut result = vec![0; width as usize * height as usize * 3];
    for ((first, weights), result) in rows.iter().zip(result.chunks_exact_mut(width as usize * 3)) {
        sums.fill(0);
        for (number, &weight) in (first..).zip(weights).filter(|(_, weight)| **weight > 0) {
            if line_number != Some(number) {
                write_row(number, &mut line);
                line_number = Some(number);
            }
            // A product is at most 255 * 256, so it fits into 16 bits.
            sums.iter_mut().zip(&line).for_each(|(sum, &level)| *sum += u32::from(u16::from(level) * weight));
        }
        let row_share = 1.0 / total(weights);
        let sums = sums.as_chunks::<3>().0;
        for ((pixel, (first, weights)), share) in result.as_chunks_mut::<3>().0.iter_mut().zip(columns.iter()).zip(&column_shares) {
            let mut of_pixel = [0_i64; 3];
            for (sums, &weight) in sums[first..].iter().zip(weights) {
                for (of_pixel, &sum) in of_pixel.iter_mut().zip(sums) {
                    *of_pixel += i64::from(sum) * i64::from(weight);
                }
            }
            *pixel = of_pixel.map(|sum| (sum as f64 * (row_share * share) + HALVES_UP + NO_FRACTION).to_bits() as u8);
        }
    }
    RgbImage::from_raw(width, height, result).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use image::Rgb;
    use proptest::prelude::*;

    use super::*;

    fn pattern(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            let at = x * 7_919 + y * 104_729;
            Rgb([(at % 251) as u8, if (x + y) % 2 == 0 { 0 } else { 255 }, (at / 13 % 256) as u8])
        })
    }

    /// Returns the mean of the covered area, calculated exactly with whole numbers. Halves are rounded upwards.
    fn exact_mean(picture: &RgbImage, (width, height): (u32, u32), (x, y): (u32, u32), channel: usize) -> u8 {
        let ends = |at: u32, from: u32, to: u32| {
            let position = |at: u32| u64::from(at) * u64::from(from) * u64::from(ONE) / u64::from(to);
            (position(at), position(at + 1).max(position(at) + 1))
        };
        let covered = |(start, end): (u64, u64), pixel: u32| {
            let left = u64::from(pixel) * u64::from(ONE);
            end.min(left + u64::from(ONE)).saturating_sub(start.max(left))
        };
        let (columns, rows) = (ends(x, picture.width(), width), ends(y, picture.height(), height));
        let (mut sum, mut weights) = (0, 0);
        for (x, y, pixel) in picture.enumerate_pixels() {
            let weight = covered(columns, x) * covered(rows, y);
            sum += weight * u64::from(pixel.0[channel]);
            weights += weight;
        }
        u8::try_from((sum + weights / 2) / weights).expect("a level")
    }

    #[test]
    fn each_pixel_is_the_mean_of_the_area_that_it_covers() {
        let row = RgbImage::from_fn(5, 2, |x, _| Rgb([[0, 100, 200, 100, 50][x as usize], 7, 0]));
        // Each of the two pixels of the result covers two and a half columns of the picture.
        assert_eq!(to_edge(&row, 2).as_raw(), &[80, 7, 0, 100, 7, 0]);
        assert_eq!(to_edge(&row, 5), row);
        let checked = RgbImage::from_fn(64, 64, |x, y| Rgb([if (x + y) % 2 == 0 { 0 } else { 200 }, x as u8, y as u8]));
        for pixel in to_edge(&checked, 8).pixels() {
            assert_eq!(pixel.0[0], 100);
        }
    }

    #[test]
    fn a_half_is_rounded_upwards() {
        for (one, other) in (0..=254).map(|level| (level, level + 1)) {
            let row = RgbImage::from_fn(2, 2, |x, _| Rgb([if x == 0 { one } else { other }; 3]));
            assert_eq!(to_edge(&row, 1).as_raw(), &[other; 3]);
        }
    }

    #[test]
    fn each_row_is_requested_once_and_in_order() {
        for (height, edge) in [(1_200, 960), (1_000, 960), (2_881, 960), (300, 960)] {
            let mut requested = Vec::new();
            rows_to_edge((10, height), edge, |y, _| requested.push(y));
            assert_eq!(requested, (0..height as usize).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_longer_edge_has_the_given_length_and_any_size_works() {
        for (width, height, expected) in
            [(800, 1200, (640, 960)), (3000, 2, (960, 1)), (1, 1, (960, 960)), (7, 5000, (1, 960)), (1920, 960, (960, 480))]
        {
            let small = to_edge(&RgbImage::from_pixel(width, height, Rgb([10, 20, 30])), 960);
            assert_eq!((small.width(), small.height()), expected);
            assert!(small.pixels().all(|pixel| pixel.0 == [10, 20, 30]), "{width} x {height}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn means_are_exact(width in 1_u32..40, height in 1_u32..40, edge in 1_u32..50) {
            let picture = pattern(width, height);
            let small = to_edge(&picture, edge);
            for (x, y, pixel) in small.enumerate_pixels() {
                for (channel, &level) in pixel.0.iter().enumerate() {
                    prop_assert_eq!(level, exact_mean(&picture, small.dimensions(), (x, y), channel), "{} {}", x, y);
                }
            }
        }
    }
}
