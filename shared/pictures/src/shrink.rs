//! Scales pictures down with a box filter: each pixel of the result is the mean of the area that it covers, with partly covered pixels counted
//! in part.
//!
//! The crate `image` has two filters for this. `thumbnail` leaves partly covered pixels out and takes twice as long, and `resize` takes five
//! times as long (docs/benchmarks.md).

use image::{DynamicImage, ImageBuffer, Pixel};

/// Weights are whole numbers of this fraction of a pixel.
const ONE: u32 = 256;

/// Scales a picture so that its longer edge has `edge` pixels. A smaller picture is enlarged, by repeating its pixels.
pub(crate) fn to_edge(picture: &DynamicImage, edge: u32) -> DynamicImage {
    let (width, height) = (picture.width().max(1), picture.height().max(1));
    let scaled = |length: u32| {
        let scaled = (u64::from(length) * u64::from(edge) + u64::from(width.max(height)) / 2) / u64::from(width.max(height));
        u32::try_from(scaled).unwrap_or(edge).max(1)
    };
    let size = (scaled(width), scaled(height));
    match (picture.as_luma8(), picture.as_rgb8()) {
        (Some(gray), _) => DynamicImage::ImageLuma8(scale(gray, size)),
        (None, Some(rgb)) => DynamicImage::ImageRgb8(scale(rgb, size)),
        (None, None) => DynamicImage::ImageRgb8(scale(&picture.to_rgb8(), size)),
    }
}

/// The source pixels that a pixel of the result covers, in one direction.
struct Span {
    first: usize,
    /// Weight of each covered pixel. Their sum is about the same for all spans.
    weights: Vec<u32>,
}

fn spans(from: u32, to: u32) -> Vec<Span> {
    let (from, to) = (u64::from(from.max(1)), u64::from(to.max(1)));
    let position = |at: u64| at * from * u64::from(ONE) / to;
    let unit = u64::from(ONE);
    (0..to)
        .map(|at| {
            let start = position(at).min(from * unit - 1);
            let end = position(at + 1).max(start + 1);
            let covered = |pixel: u64| (end.min((pixel + 1) * unit) - start.max(pixel * unit)) as u32;
            Span { first: (start / unit) as usize, weights: (start / unit..=(end - 1) / unit).map(covered).collect() }
        })
        .collect()
}

fn scale<P: Pixel<Subpixel = u8>>(picture: &ImageBuffer<P, Vec<u8>>, (width, height): (u32, u32)) -> ImageBuffer<P, Vec<u8>> {
    let channels = usize::from(P::CHANNEL_COUNT);
    let (columns, rows) = (spans(picture.width(), width), spans(picture.height(), height));
    let line_length = picture.width() as usize * channels;
    let mut result = Vec::with_capacity(width as usize * height as usize * channels);
    // Sums of the columns of one source line, which two lines of the result may need.
    let mut line = vec![0_u32; width as usize * channels];
    let mut line_number = None;
    let mut sums = vec![0_u64; line.len()];
    for row in &rows {
        sums.fill(0);
        for (number, &weight) in (row.first..).zip(&row.weights) {
            if line_number != Some(number) {
                let source = picture.as_raw().get(number * line_length..(number + 1) * line_length).unwrap_or_default();
                add_columns(source, &columns, channels, &mut line);
                line_number = Some(number);
            }
            for (sum, value) in sums.iter_mut().zip(&line) {
                *sum += u64::from(*value) * u64::from(weight);
            }
        }
        let row_weight: u64 = row.weights.iter().copied().map(u64::from).sum();
        for (sums, column) in sums.chunks_exact(channels).zip(&columns) {
            let weight = row_weight * column.weights.iter().copied().map(u64::from).sum::<u64>();
            result.extend(sums.iter().map(|sum| ((sum + weight / 2) / weight.max(1)) as u8));
        }
    }
    ImageBuffer::from_raw(width, height, result).unwrap_or_default()
}

/// Sums up the weighted pixels of each column of the result.
fn add_columns(source: &[u8], columns: &[Span], channels: usize, line: &mut [u32]) {
    for (sums, column) in line.chunks_exact_mut(channels).zip(columns) {
        sums.fill(0);
        let pixels = source.get(column.first * channels..).unwrap_or_default().chunks_exact(channels);
        for (pixel, weight) in pixels.zip(&column.weights) {
            for (sum, level) in sums.iter_mut().zip(pixel) {
                *sum += u32::from(*level) * weight;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, Luma, Rgb, RgbImage};

    use super::*;

    #[test]
    fn each_pixel_is_the_mean_of_the_area_that_it_covers() {
        let row = GrayImage::from_fn(5, 2, |x, _| Luma([[0, 100, 200, 100, 50][x as usize]]));
        // Each of the two pixels covers two pixels and a half.
        let small = scale(&row, (2, 1));
        assert_eq!(small.as_raw(), &[80, 100]);
        assert_eq!(scale(&row, (5, 2)), row);
        let checked = RgbImage::from_fn(64, 64, |x, y| Rgb([if (x + y) % 2 == 0 { 0 } else { 200 }, x as u8, y as u8]));
        for pixel in scale(&checked, (8, 8)).pixels() {
            assert_eq!(pixel.0[0], 100);
        }
    }

    #[test]
    fn the_longer_edge_has_the_given_length_and_any_size_works() {
        for (width, height, expected) in
            [(800, 1200, (640, 960)), (3000, 2, (960, 1)), (1, 1, (960, 960)), (7, 5000, (1, 960)), (1920, 960, (960, 480))]
        {
            let picture = DynamicImage::ImageRgb8(RgbImage::from_pixel(width, height, Rgb([10, 20, 30])));
            let small = to_edge(&picture, 960);
            assert_eq!((small.width(), small.height()), expected);
            assert!(small.into_rgb8().pixels().all(|pixel| pixel.0 == [10, 20, 30]), "{width} x {height}");
        }
    }
}
