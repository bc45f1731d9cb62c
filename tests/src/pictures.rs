//! Pictures that must be refused or warned of, and a few unusual ones that must not: each made from a good one.

use std::io::Cursor;

use image::{ExtendedColorType, RgbImage, codecs::jpeg::JpegEncoder, imageops::FilterType};

/// A face of the least size of profile `standard`, with all the metadata of a camera.
pub const PORTRAIT: &[u8] = include_bytes!("../fixtures/portrait.jpg");
/// The same face for profile `identity_card`.
pub const PORTRAIT_4X5: &[u8] = include_bytes!("../fixtures/portrait_4x5.jpg");
/// A signature for both.
pub const SIGNATURE: &[u8] = include_bytes!("../fixtures/signature.jpg");

const COM: u8 = 0xfe;
const EXIF_ORIENTATION: [u8; 10] = [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 1];

/// Text, of some length.
pub fn not_a_jpeg() -> Vec<u8> {
    "This is not a picture at all.\n".repeat(200).into_bytes()
}

/// A good PNG of the right size, such as one that was only renamed.
pub fn png_named_jpg() -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 800, 1200);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().expect("a PNG header");
    writer.write_image_data(&gradient(800, 1200)).expect("PNG data");
    writer.finish().expect("the PNG's end");
    file
}

/// Cut off in its image data, as an upload that broke off.
pub fn truncated() -> Vec<u8> {
    PORTRAIT[..PORTRAIT.len() / 2].to_vec()
}

/// Cut off likewise, then closed with an end marker, as repair programs do.
pub fn truncated_and_closed() -> Vec<u8> {
    let mut file = truncated();
    while file.last() == Some(&0xff) {
        file.pop();
    }
    file.extend([0xff, 0xd9]);
    file
}

/// Image data overwritten in the middle, its structure whole.
pub fn damaged() -> Vec<u8> {
    let mut file = PORTRAIT.to_vec();
    let middle = file.len() / 2;
    let garbage = (0_u32..4_000).map(|n| (n.wrapping_mul(2_654_435_761) >> 24).min(0xfe));
    for (byte, value) in file[middle..].iter_mut().zip(garbage) {
        *byte = u8::try_from(value).expect("below 256");
    }
    file
}

/// Garbage where a segment should begin.
pub fn broken_structure() -> Vec<u8> {
    let mut file = PORTRAIT.to_vec();
    file[2..6].copy_from_slice(&[0x12, 0x34, 0x56, 0x78]);
    file[2] = 0xff;
    file
}

/// Exactly `length` bytes: a good portrait with comments in it.
pub fn of_bytes(length: usize) -> Vec<u8> {
    let missing = length.checked_sub(PORTRAIT.len()).expect("more bytes than the portrait has");
    let mut comments = Vec::with_capacity(missing);
    while comments.len() < missing {
        // Marker and length take four bytes; what would leave fewer than that is shared out.
        let left = missing - comments.len();
        let size = if left <= 65_537 { left } else { 60_000 };
        let stored = u16::try_from(size - 2).expect("a comment of at least four bytes").to_be_bytes();
        comments.extend([0xff, COM, stored[0], stored[1]]);
        comments.resize(comments.len() + size - 4, b' ');
    }
    let mut file = PORTRAIT[..2].to_vec();
    file.extend(comments);
    file.extend(&PORTRAIT[2..]);
    file
}

/// A byte more than allowed.
pub fn too_many_bytes() -> Vec<u8> {
    of_bytes(3_000_001)
}

/// 799 x 1199: a pixel less than the least either way.
pub fn too_small() -> Vec<u8> {
    jpeg(799, 1199)
}

/// 1200 x 1200: a square.
pub fn wrong_proportion() -> Vec<u8> {
    jpeg(1200, 1200)
}

/// The portrait with EXIF orientation 6: to be shown turned by 90 degrees.
pub fn turned() -> Vec<u8> {
    with_orientation(6)
}

/// The portrait with this EXIF orientation.
pub fn with_orientation(orientation: u8) -> Vec<u8> {
    let mut file = PORTRAIT.to_vec();
    let at = file.windows(EXIF_ORIENTATION.len()).position(|bytes| bytes == EXIF_ORIENTATION).expect("the fixture says its orientation");
    file[at + EXIF_ORIENTATION.len() - 1] = orientation;
    file
}

/// 30,000 x 30,000 pixels by its header, in less than a kilobyte: 2.7 GB for who decodes before looking.
pub fn giant() -> Vec<u8> {
    let mut file = Vec::new();
    JpegEncoder::new(&mut file).encode(&[128; 64], 8, 8, ExtendedColorType::L8).expect("a JPEG");
    let frame = file.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("a baseline frame");
    let [high, low] = 30_000_u16.to_be_bytes();
    file[frame + 5..frame + 9].copy_from_slice(&[high, low, high, low]);
    file
}

/// What some tools append: here a good zip file's first bytes and a note of where the picture was taken.
pub fn with_trailing_bytes() -> Vec<u8> {
    [PORTRAIT, b"PK\x03\x04 hidden after the end: 37.9755 N, 23.7348 E"].concat()
}

/// The portrait in gray, one component: good for profile `standard`, though it warns.
pub fn grayscale() -> Vec<u8> {
    let gray = image::imageops::grayscale(&pixels(PORTRAIT));
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, 90).encode_image(&gray).expect("a JPEG");
    file
}

/// A progressive picture, good for profile `standard`.
pub fn progressive() -> Vec<u8> {
    include_bytes!("../../shared/pictures/tests/data/progressive.jpg").to_vec()
}

/// The portrait in this size, without metadata.
pub fn portrait(width: u32, height: u32) -> Vec<u8> {
    changed(PORTRAIT, |picture| image::imageops::resize(&picture, width, height, FilterType::Triangle))
}

/// The portrait twice, side by side, in the portrait's size.
pub fn two_faces() -> Vec<u8> {
    changed(PORTRAIT, |picture| {
        let half = image::imageops::resize(&picture, 400, 600, FilterType::Triangle);
        let mut both = RgbImage::from_pixel(800, 1200, *half.get_pixel(10, 10));
        image::imageops::replace(&mut both, &half, 0, 250);
        image::imageops::replace(&mut both, &image::imageops::flip_horizontal(&half), 400, 250);
        both
    })
}

/// The portrait, blurred beyond what anybody takes for sharp.
pub fn blurred() -> Vec<u8> {
    changed(PORTRAIT, |picture| image::imageops::fast_blur(&picture, 18.0))
}

/// White paper of a signature's size.
pub fn empty_signature() -> Vec<u8> {
    changed(SIGNATURE, |picture| RgbImage::from_pixel(picture.width(), picture.height(), image::Rgb([250, 250, 248])))
}

/// In this size and with grain that no compression makes small, always the same.
pub fn grainy(file: &[u8], width: u32, height: u32, quality: u8) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut picture = image::imageops::resize(&pixels(file), width, height, FilterType::Triangle);
    for pixel in picture.pixels_mut() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        for (level, grain) in pixel.0.iter_mut().zip(state.to_le_bytes()) {
            *level = level.saturating_sub(64).saturating_add(grain / 2);
        }
    }
    encoded(&picture, quality)
}

/// A good file, decoded, changed, encoded again; its metadata is lost.
pub fn changed(file: &[u8], change: impl FnOnce(RgbImage) -> RgbImage) -> Vec<u8> {
    encoded(&change(pixels(file)), 90)
}

/// A baseline JPEG of this size that shows nobody, without metadata.
pub fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let picture = RgbImage::from_fn(width, height, |x, y| {
        let part = |n: u32| u8::try_from(n % 256).expect("below 256");
        image::Rgb([part(x * 255 / width), part(y * 255 / height), part((x / 16 + y / 16) * 24)])
    });
    encoded(&picture, 80)
}

fn pixels(file: &[u8]) -> RgbImage {
    image::load_from_memory_with_format(file, image::ImageFormat::Jpeg).expect("a JPEG").into_rgb8()
}

fn encoded(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    JpegEncoder::new_with_quality(&mut file, quality).encode_image(picture).expect("a JPEG");
    file.into_inner()
}

fn gradient(width: u32, height: u32) -> Vec<u8> {
    (0..height).flat_map(|y| (0..width).map(move |x| u8::try_from((x + y) * 255 / (width + height)).expect("below 256"))).collect()
}
