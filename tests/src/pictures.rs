//! Creates pictures that must be rejected or cause a warning, and a few unusual but valid ones. Each is made from a valid picture.

use std::io::Cursor;

use image::{ExtendedColorType, RgbImage, codecs::jpeg::JpegEncoder, imageops::FilterType};

/// A face of the minimum size of profile `standard`, with the metadata of a camera.
pub const PORTRAIT: &[u8] = include_bytes!("../fixtures/portrait.jpg");
/// The same face for profile `identity_card`.
pub const PORTRAIT_4X5: &[u8] = include_bytes!("../fixtures/portrait_4x5.jpg");
/// A signature for both profiles.
pub const SIGNATURE: &[u8] = include_bytes!("../fixtures/signature.jpg");

const COM: u8 = 0xfe;
const EXIF_ORIENTATION: [u8; 10] = [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 1];

/// Returns a text of 6,000 bytes.
pub fn not_a_jpeg() -> Vec<u8> {
    "This is not a picture at all.\n".repeat(200).into_bytes()
}

/// Returns a valid PNG of the right size, as if a PNG had been renamed to `.jpg`.
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

/// Returns the portrait, truncated in its image data like an interrupted upload.
pub fn truncated() -> Vec<u8> {
    PORTRAIT[..PORTRAIT.len() / 2].to_vec()
}

/// Returns the truncated portrait with an end marker appended, as repair programs do.
pub fn truncated_and_closed() -> Vec<u8> {
    let mut file = truncated();
    while file.last() == Some(&0xff) {
        file.pop();
    }
    file.extend([0xff, 0xd9]);
    file
}

/// Returns the portrait with image data overwritten in the middle and its structure intact.
pub fn damaged() -> Vec<u8> {
    let mut file = PORTRAIT.to_vec();
    let middle = file.len() / 2;
    let garbage = (0_u32..4_000).map(|n| (n.wrapping_mul(2_654_435_761) >> 24).min(0xfe));
    for (byte, value) in file[middle..].iter_mut().zip(garbage) {
        *byte = u8::try_from(value).expect("below 256");
    }
    file
}

/// Returns the portrait with garbage where its first segment should begin.
pub fn broken_structure() -> Vec<u8> {
    let mut file = PORTRAIT.to_vec();
    file[2..6].copy_from_slice(&[0x12, 0x34, 0x56, 0x78]);
    file[2] = 0xff;
    file
}

/// Returns the portrait padded to exactly `length` bytes with comment segments.
pub fn of_bytes(length: usize) -> Vec<u8> {
    padded(PORTRAIT, length)
}

/// Returns a small copy of the portrait: 300 x 450 pixels, without metadata. Apps send such a copy to the service to have the face located.
pub fn small_copy() -> Vec<u8> {
    include_bytes!("../fixtures/small_copy.jpg").to_vec()
}

/// Returns the file padded to exactly `length` bytes with comment segments.
///
/// # Panics
/// If the file is longer than `length`, or one to three bytes shorter.
pub fn padded(file: &[u8], length: usize) -> Vec<u8> {
    let missing = length.checked_sub(file.len()).expect("at least as many bytes as the file has");
    let mut comments = Vec::with_capacity(missing);
    while comments.len() < missing {
        // A segment has 4 to 65,537 bytes, of which four are its marker and length. If more bytes are missing, a segment of 60,000 bytes is
        // written first, so that at least four bytes remain for the last segment.
        let remaining = missing - comments.len();
        let size = if remaining <= 65_537 { remaining } else { 60_000 };
        let stored = u16::try_from(size - 2).expect("a comment of at least four bytes").to_be_bytes();
        comments.extend([0xff, COM, stored[0], stored[1]]);
        comments.resize(comments.len() + size - 4, b' ');
    }
    [&file[..2], &comments, &file[2..]].concat()
}

/// Returns a file with one byte more than the limit of 3,000,000.
pub fn too_many_bytes() -> Vec<u8> {
    of_bytes(3_000_001)
}

/// Returns a picture of 799 x 1199 pixels, one pixel below the minimum in both dimensions.
pub fn too_small() -> Vec<u8> {
    jpeg(799, 1199)
}

/// Returns a square picture, 1200 x 1200 pixels.
pub fn wrong_proportion() -> Vec<u8> {
    jpeg(1200, 1200)
}

/// Returns the portrait with EXIF orientation 6, which viewers rotate by 90 degrees.
pub fn turned() -> Vec<u8> {
    with_orientation(6)
}

/// Returns the portrait with this EXIF orientation.
pub fn with_orientation(orientation: u8) -> Vec<u8> {
    let mut file = PORTRAIT.to_vec();
    let at = file.windows(EXIF_ORIENTATION.len()).position(|bytes| bytes == EXIF_ORIENTATION).expect("the fixture has an orientation");
    file[at + EXIF_ORIENTATION.len() - 1] = orientation;
    file
}

/// Returns a file of less than a kilobyte whose header says 30,000 x 30,000 pixels. Decoding it without checking would take 2.7 GB.
pub fn giant() -> Vec<u8> {
    let mut file = Vec::new();
    JpegEncoder::new(&mut file).encode(&[128; 64], 8, 8, ExtendedColorType::L8).expect("a JPEG");
    let frame = file.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("a baseline frame");
    let [high, low] = 30_000_u16.to_be_bytes();
    file[frame + 5..frame + 9].copy_from_slice(&[high, low, high, low]);
    file
}

/// Returns the portrait with bytes after its end, as some tools append: the start of a zip file and the place where the picture was taken.
pub fn with_trailing_bytes() -> Vec<u8> {
    [PORTRAIT, b"PK\x03\x04 hidden after the end: 37.9755 N, 23.7348 E"].concat()
}

/// Returns the portrait as a greyscale JPEG, which has only one component. It is accepted for profile `standard`, but causes a warning.
pub fn grayscale() -> Vec<u8> {
    let gray = image::imageops::grayscale(&pixels(PORTRAIT));
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, 90).encode_image(&gray).expect("a JPEG");
    file
}

/// Returns a progressive JPEG that is valid for profile `standard`.
pub fn progressive() -> Vec<u8> {
    include_bytes!("../../shared/pictures/tests/data/progressive.jpg").to_vec()
}

/// Returns the portrait in this size, without metadata.
pub fn portrait(width: u32, height: u32) -> Vec<u8> {
    changed(PORTRAIT, |picture| image::imageops::resize(&picture, width, height, FilterType::Triangle))
}

/// Returns a picture of the portrait's size with the portrait twice, side by side.
pub fn two_faces() -> Vec<u8> {
    changed(PORTRAIT, |picture| {
        let half = image::imageops::resize(&picture, 400, 600, FilterType::Triangle);
        let mut both = RgbImage::from_pixel(800, 1200, *half.get_pixel(10, 10));
        image::imageops::replace(&mut both, &half, 0, 250);
        image::imageops::replace(&mut both, &image::imageops::flip_horizontal(&half), 400, 250);
        both
    })
}

/// Returns the portrait, heavily blurred.
pub fn blurred() -> Vec<u8> {
    changed(PORTRAIT, |picture| image::imageops::fast_blur(&picture, 18.0))
}

/// Returns blank paper of a signature's size.
pub fn empty_signature() -> Vec<u8> {
    changed(SIGNATURE, |picture| RgbImage::from_pixel(picture.width(), picture.height(), image::Rgb([250, 250, 248])))
}

/// Returns the picture in this size with deterministic noise, which barely compresses.
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

/// Decodes a file, changes its pixels and encodes it again, without metadata.
pub fn changed(file: &[u8], change: impl FnOnce(RgbImage) -> RgbImage) -> Vec<u8> {
    encoded(&change(pixels(file)), 90)
}

/// Returns a baseline JPEG of this size without a face and without metadata.
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
