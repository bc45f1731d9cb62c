//! Measures the ink and the paper of a signature.

use domain::picture_report::{SignatureMeasures, Strokes};
use image::{
    GrayImage, RgbImage,
    imageops::{self, FilterType},
};

use crate::levels::Levels;

/// Width of the measured copy, in pixels.
const WIDTH: u32 = 1_000;
/// Minimum difference in brightness between ink and paper, in levels. Smaller differences are grain and shadow. A pixel counts as ink only
/// if the difference is also more than half of the difference between the paper and the darkest stroke.
const GAP_MIN: f64 = 20.0;

pub(crate) fn measure(picture: &RgbImage) -> SignatureMeasures {
    let height = (u64::from(picture.height()) * u64::from(WIDTH) / u64::from(picture.width().max(1))).clamp(1, 2_000);
    let copy = imageops::resize(picture, WIDTH, u32::try_from(height).unwrap_or(1), FilterType::Triangle);
    let gray = imageops::grayscale(&copy);
    let levels = Levels::of_picture(&gray);
    // More than half of the pixels of any signature are paper, so the median is the brightness of the paper.
    let paper = levels.quantile(0.5);
    let gap = ((paper - levels.quantile(0.0005)) / 2.0).max(GAP_MIN);
    let is_ink = |level: u8| f64::from(level) < paper - gap;
    let strokes = || copy.pixels().zip(gray.pixels()).filter(|(_, gray)| is_ink(gray.0[0]));
    let ink = strokes().count();
    SignatureMeasures {
        ink: ink as f64 / f64::from(copy.width() * copy.height()),
        paper,
        on_edge: f64::from(longest_on_edge(&gray, is_ink)),
        strokes: (ink > 0).then(|| {
            let excess = |pixel: &image::Rgb<u8>| pixel.0[0].max(pixel.0[1]).saturating_sub(pixel.0[2]);
            Strokes {
                contrast: paper - Levels::of(strokes().map(|(_, gray)| gray.0[0])).quantile(0.5),
                colour: Levels::of(strokes().map(|(pixel, _)| excess(pixel))).quantile(0.5),
            }
        }),
    }
}

/// Returns the longest run of ink along the four edges, in pixels.
fn longest_on_edge(gray: &GrayImage, is_ink: impl Fn(u8) -> bool) -> u32 {
    let (width, height) = gray.dimensions();
    let row = |y| (0..width).map(move |x| (x, y)).collect::<Vec<_>>();
    let column = |x| (0..height).map(move |y| (x, y)).collect::<Vec<_>>();
    let mut longest = 0;
    for edge in [row(0), row(height - 1), column(0), column(width - 1)] {
        let mut run = 0;
        for (x, y) in edge {
            run = if is_ink(gray.get_pixel(x, y).0[0]) { run + 1 } else { 0 };
            longest = longest.max(run);
        }
    }
    longest
}
