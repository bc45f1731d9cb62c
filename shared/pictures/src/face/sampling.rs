//! Samples rotated squares of a picture.

use domain::face_position::Point;
use image::RgbImage;

/// A square in pixels of a picture. It may be rotated, and may extend beyond the picture.
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

/// Maximum number of samples for each pixel of the result, in each direction. A square that would need more samples is undersampled, so
/// aliasing can occur.
const SAMPLES_MAX: f64 = 4.0;

impl Square {
    /// Returns the corners of the square, clockwise from the upper left one.
    pub(super) fn corners(&self) -> [Point; 4] {
        let half = self.side / 2.0;
        [(-half, -half), (half, -half), (half, half), (-half, half)].map(|(right, down)| self.centre.offset(right, down, self.degrees))
    }

    /// Converts a point within the square, in fractions of its side, to a point of the picture.
    pub(super) fn at(&self, across: f64, down: f64) -> Point {
        self.centre.offset((across - 0.5) * self.side, (down - 0.5) * self.side, self.degrees)
    }

    /// Returns the square, scaled to `size` x `size` pixels: rows of pixels, each with red, green and blue from 0 to 255.
    ///
    /// Each pixel of the result is the mean of interpolated samples: about one for each pixel of the picture in the covered area, but at
    /// most `SAMPLES_MAX` x `SAMPLES_MAX`.
    pub(super) fn read(&self, picture: &RgbImage, size: usize, outside: Outside) -> Vec<f32> {
        let samples = (self.side / size as f64).round().clamp(1.0, SAMPLES_MAX) as usize;
        let step = self.side / (size * samples) as f64;
        let (sin, cos) = self.degrees.to_radians().sin_cos();
        let (across, down) = ((cos * step) as f32, (sin * step) as f32);
        let first = self.centre.offset((step - self.side) / 2.0, (step - self.side) / 2.0, self.degrees);
        let (first_x, first_y) = ((first.x - 0.5) as f32, (first.y - 0.5) as f32);
        let source = Source::of(picture, outside);
        let share = 1.0 / (samples * samples) as f32;
        let mut result = Vec::with_capacity(size * size * 3);
        let mut line = vec![[0.0; CHANNELS]; size];
        for row in 0..size * samples {
            let (mut x, mut y) = (first_x - row as f32 * down, first_y + row as f32 * across);
            for pixel in &mut line {
                for _ in 0..samples {
                    let sample = source.interpolate(x, y);
                    *pixel = std::array::from_fn(|channel| pixel[channel] + sample[channel] * share);
                    x += across;
                    y += down;
                }
            }
            if (row + 1).is_multiple_of(samples) {
                result.extend(line.iter().flat_map(|&[red, green, blue, _]| [red, green, blue]));
                line.fill([0.0; CHANNELS]);
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

/// Red, green and blue. The fourth number is padding, because the processor calculates with four numbers at once (SIMD).
const CHANNELS: usize = 4;

#[inline]
fn between(one: [f32; CHANNELS], other: [f32; CHANNELS], share: f32) -> [f32; CHANNELS] {
    std::array::from_fn(|channel| one[channel] + (other[channel] - one[channel]) * share)
}

struct Source<'a> {
    pixels: &'a [u8],
    width: usize,
    height: usize,
    /// The coordinates of the last pixel.
    last: (f32, f32),
    outside: Outside,
}

impl<'a> Source<'a> {
    fn of(picture: &'a RgbImage, outside: Outside) -> Self {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        Self { pixels: picture.as_raw(), width, height, last: (width as f32 - 1.0, height as f32 - 1.0), outside }
    }

    #[inline]
    fn interpolate(&self, x: f32, y: f32) -> [f32; CHANNELS] {
        let Some((left, top, [upper_left, upper_right, lower_left, lower_right])) = self.inner_corners(x, y) else {
            return self.interpolate_at_edge(x, y);
        };
        let right_share = x - left;
        between(between(upper_left, upper_right, right_share), between(lower_left, lower_right, right_share), y - top)
    }

    /// Returns the four pixels around a point: the column and row of the upper left one, and the colours of all four. Returns `None` at the
    /// edges of the picture. This is the fast path for nearly all samples of a face.
    #[inline]
    fn inner_corners(&self, x: f32, y: f32) -> Option<(f32, f32, [[f32; CHANNELS]; 4])> {
        if !(x >= 0.0 && x < self.last.0 && y >= 0.0 && y < self.last.1) {
            return None;
        }
        let (left, top) = (x as i32, y as i32);
        let start = (top as usize * self.width + left as usize) * 3;
        let upper: &[u8; 7] = self.pixels.get(start..)?.first_chunk()?;
        let lower: &[u8; 7] = self.pixels.get(start + self.width * 3..)?.first_chunk()?;
        let pixel = |row: &[u8; 7], at: usize| [row[at], row[at + 1], row[at + 2], row[at + 3]].map(f32::from);
        Some((left as f32, top as f32, [pixel(upper, 0), pixel(upper, 3), pixel(lower, 0), pixel(lower, 3)]))
    }

    fn interpolate_at_edge(&self, x: f32, y: f32) -> [f32; CHANNELS] {
        let is_outside = |at: f32, last: f32| at <= -1.0 || at >= last + 1.0;
        if self.outside == Outside::Black && (is_outside(x, self.last.0) || is_outside(y, self.last.1)) {
            return [0.0; CHANNELS];
        }
        let (left, top) = (x.floor(), y.floor());
        let right_share = x - left;
        let corner = |right: i64, down: i64| {
            let [red, green, blue] = self.pixel(left as i64 + right, top as i64 + down).map(f32::from);
            [red, green, blue, 0.0]
        };
        let (upper, lower) = (between(corner(0, 0), corner(1, 0), right_share), between(corner(0, 1), corner(1, 1), right_share));
        between(upper, lower, y - top)
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
        // The colour of each pixel encodes its position.
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

    #[test]
    fn the_fast_path_gives_the_same_samples_as_the_edge() {
        let picture = RgbImage::from_fn(9, 7, |x, y| image::Rgb([(x * 29) as u8, (y * 37) as u8, (x * y * 5) as u8]));
        for outside in [Outside::Black, Outside::NearestPixel] {
            let source = Source::of(&picture, outside);
            for (x, y) in (-24..=96).flat_map(|x| (-24..=80).map(move |y| (x as f32 / 8.0, y as f32 / 8.0))) {
                let (sample, expected) = (source.interpolate(x, y), source.interpolate_at_edge(x, y));
                assert_eq!(sample[..3], expected[..3], "{x}, {y}, {outside:?}");
            }
        }
    }
}
