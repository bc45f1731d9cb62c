//! Reads the QR code of a picture, as a telephone's camera does.

use std::io::Cursor;

/// Returns the text of the QR code in a greyscale PNG.
///
/// # Panics
/// If the picture does not have exactly one readable QR code.
pub fn scan_png(file: &[u8]) -> String {
    let mut decoder = png::Decoder::new(Cursor::new(file));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut pixels).expect("pixels");
    assert_eq!(info.color_type, png::ColorType::Grayscale);
    let (width, height) = (info.width as usize, info.height as usize);
    scan(width, height, |x, y| pixels[y * width + x])
}

/// Returns the text of the QR code in a picture given by its brightness, from 0 (black) to 255 (white).
///
/// # Panics
/// If the picture does not have exactly one readable QR code.
pub fn scan(width: usize, height: usize, brightness: impl FnMut(usize, usize) -> u8) -> String {
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width, height, brightness);
    let grids = picture.detect_grids();
    assert_eq!(grids.len(), 1, "QR codes in the picture");
    grids[0].decode().expect("a readable QR code").1
}
