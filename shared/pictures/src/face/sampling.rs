//! Reads turned squares from a picture.

use domain::face_position::Point;
use image::RgbImage;

/// A square in pixels of a picture. It may be turned, and may exceed the picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Square {
    pub(super) centre: Point,
    pub(super) side: f64,
    /// Clockwise.
    pub(super) degrees: f64,
}

/// The colour beyond the edges of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outside {
    Black,
    NearestPixel,
}

/// Samples for each pixel of the result at most this many rows and columns. A larger square gets gaps between the samples.
const SAMPLES_MAX: f64 = 4.0;

impl Square {
    /// The corners, clockwise from the upper left one.
    pub(super) fn corners(&self) -> [Point; 4] {
        let half = self.side / 2.0;
        [(-half, -half), (half, -half), (half, half), (-half, half)].map(|(right, down)| self.centre.offset(right, down, self.degrees))
    }

    /// Converts a point within the square, in fractions of its side, to a point of the picture.
    pub(super) fn at(&self, across: f64, down: f64) -> Point {
        self.centre.offset((across - 0.5) * self.side, (down - 0.5) * self.side, self.degrees)
    }

    /// Scales the square to `size` x `size` pixels: rows of pixels, each with red, green and blue from 0 to 255. Each pixel is the mean of
    /// interpolated samples, about one for each pixel of the picture that it covers.
    pub(super) fn read(&self, picture: &RgbImage, size: usize, outside: Outside) -> Vec<f32> {
        let samples = (self.side / size as f64).round().clamp(1.0, SAMPLES_MAX) as usize;
        let step = self.side / (size * samples) as f64;
        let (sin, cos) = self.degrees.to_radians().sin_cos();
        let (across, down) = ((cos * step) as f32, (sin * step) as f32);
        let first = self.centre.offset((step - self.side) / 2.0, (step - self.side) / 2.0, self.degrees);
        let (first_x, first_y) = ((first.x - 0.5) as f32, (first.y - 0.5) as f32);
        let source = Source { pixels: picture.as_raw(), width: picture.width() as usize, height: picture.height() as usize, outside };
        let share = 1.0 / (samples * samples) as f32;
        let mut result = vec![0.0; size * size * 3];
        for row in 0..size * samples {
            let line = &mut result[row / samples * size * 3..][..size * 3];
            let (mut x, mut y) = (first_x - row as f32 * down, first_y + row as f32 * across);
            for pixel in line.chunks_exact_mut(3) {
                for _ in 0..samples {
                    let sample = source.interpolate(x, y);
                    for (sum, value) in pixel.iter_mut().zip(sample) {
                        *sum += value * share;
                    }
                    x += across;
                    y += down;
                }
            }
        }
        result
    }

    /// Returns the brightness of `size` x `size` points of the square, from 0 to 255.
    pub(super) fn brightness(&self, picture: &RgbImage, size: usize) -> Vec<f32> {
        self.read(picture, size, Outside::NearestPixel)
            .chunks_exact(3)
            .map(|pixel| 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2])
            .collect()
    }
}

struct Source<'a> {
    pixels: &'a [u8],
    width: usize,
    height: usize,
    outside: Outside,
}

impl Source<'_> {
    fn interpolate(&self, x: f32, y: f32) -> [f32; 3] {
        let (left, top) = (x.floor(), y.floor());
        let (right_share, lower_share) = (x - left, y - top);
        let (left, top) = (left as i64, top as i64);
        if let Some((upper, lower)) = self.inner_rows(left, top) {
            return std::array::from_fn(|channel| {
                let at = |row: &[u8; 6]| {
                    let (one, other) = (f32::from(row[channel]), f32::from(row[channel + 3]));
                    one + (other - one) * right_share
                };
                at(upper) + (at(lower) - at(upper)) * lower_share
            });
        }
        let corners = [self.pixel(left, top), self.pixel(left + 1, top), self.pixel(left, top + 1), self.pixel(left + 1, top + 1)];
        std::array::from_fn(|channel| {
            let [upper_left, upper_right, lower_left, lower_right] = corners.map(|pixel| f32::from(pixel[channel]));
            let upper = upper_left + (upper_right - upper_left) * right_share;
            let lower = lower_left + (lower_right - lower_left) * right_share;
            upper + (lower - upper) * lower_share
        })
    }

    /// Returns two adjacent pixels of two adjacent rows, or `None` at the edges of the picture. This is the fast path for nearly all samples.
    fn inner_rows(&self, x: i64, y: i64) -> Option<(&[u8; 6], &[u8; 6])> {
        let (x, y) = (usize::try_from(x).ok()?, usize::try_from(y).ok()?);
        if x + 1 >= self.width || y + 1 >= self.height {
            return None;
        }
        let start = (y * self.width + x) * 3;
        Some((self.pixels.get(start..)?.first_chunk()?, self.pixels.get(start + self.width * 3..)?.first_chunk()?))
    }

    fn pixel(&self, x: i64, y: i64) -> [u8; 3] {
        let inside = |at: i64, length: usize| usize::try_from(at).ok().filter(|&at| at < length);
        let nearest = |at: i64, length: usize| usize::try_from(at.max(0)).unwrap_or(0).min(length.saturating_sub(1));
        let (x, y) = match (inside(x, self.width), inside(y, self.height), self.outside) {
            (Some(x), Some(y), _) => (x, y),
            (_, _, Outside::Black) => return [0; 3],
            (_, _, Outside::NearestPixel) => (nearest(x, self.width), nearest(y, self.height)),
        };
        let start = (y * self.width + x) * 3;
        self.pixels.get(start..start + 3).and_then(|pixel| pixel.try_into().ok()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_is_read_turned_and_its_points_map_to_the_picture() {
        // Each pixel says where it is.
        let picture = RgbImage::from_fn(40, 40, |x, y| image::Rgb([x as u8, y as u8, 7]));
        for degrees in [0.0, 30.0, 90.0, -135.0] {
            let square = Square { centre: Point { x: 20.0, y: 18.0 }, side: 8.0, degrees };
            let read = square.read(&picture, 8, Outside::Black);
            for (at, pixel) in read.chunks_exact(3).enumerate() {
                let point = square.at((at % 8) as f64 / 8.0 + 0.0625, (at / 8) as f64 / 8.0 + 0.0625);
                assert!((f64::from(pixel[0]) + 0.5 - point.x).abs() < 0.01, "{degrees}: {pixel:?} {point:?}");
                assert!((f64::from(pixel[1]) + 0.5 - point.y).abs() < 0.01, "{degrees}: {pixel:?} {point:?}");
                assert!((pixel[2] - 7.0).abs() < 0.01);
            }
        }
    }

    #[test]
    fn beyond_the_edges_is_black_or_the_nearest_pixel_and_a_large_square_is_averaged() {
        let picture = RgbImage::from_fn(10, 10, |x, _| image::Rgb([if x % 2 == 0 { 0 } else { 200 }; 3]));
        let beside = Square { centre: Point { x: -20.0, y: 5.0 }, side: 4.0, degrees: 0.0 };
        assert!(beside.read(&picture, 4, Outside::Black).iter().all(|&level| level == 0.0));
        let right = Square { centre: Point { x: 30.0, y: 5.0 }, ..beside };
        assert!(right.read(&picture, 4, Outside::NearestPixel).iter().all(|&level| level == 200.0));
        let whole = Square { centre: Point { x: 5.0, y: 5.0 }, side: 8.0, degrees: 0.0 };
        assert!(whole.read(&picture, 2, Outside::Black).iter().all(|&level| (level - 100.0).abs() < 30.0));
    }
}
