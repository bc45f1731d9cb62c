//! Separates image data and metadata of a JPEG file, independently of the service's own parser.

/// The marker and payload of a segment. Entropy-coded data has the marker 0.
pub type Segment = (u8, Vec<u8>);

/// Returns the segments up to the end marker, and the bytes after it.
///
/// # Panics
/// If the file is not a JPEG.
pub fn segments(file: &[u8]) -> (Vec<Segment>, Vec<u8>) {
    assert_eq!(file[..2], [0xff, 0xd8], "a JPEG begins with SOI");
    let (mut found, mut at) = (Vec::new(), 2);
    loop {
        assert_eq!(file[at], 0xff, "a marker at {at}");
        let marker = file[at + 1];
        at += 2;
        match marker {
            0xff => at -= 1,
            0xd9 => return (found, file[at..].to_vec()),
            _ => {
                let length = usize::from(u16::from_be_bytes([file[at], file[at + 1]]));
                found.push((marker, file[at + 2..at + length].to_vec()));
                at += length;
                if marker == 0xda {
                    let start = at;
                    while file[at] != 0xff || matches!(file[at + 1], 0x00 | 0xd0..=0xd7) {
                        at += 1;
                    }
                    found.push((0, file[start..at].to_vec()));
                }
            }
        }
    }
}

/// Returns the segments from which decoders compute pixels: quantisation and Huffman tables, frame and scans, without application data
/// (APPn) and comments.
pub fn image_data(file: &[u8]) -> Vec<Segment> {
    segments(file).0.into_iter().filter(|(marker, _)| !matches!(marker, 0xe0..=0xef | 0xfe)).collect()
}

/// Returns the segments with application data (APPn) and comments.
pub fn metadata(file: &[u8]) -> Vec<Segment> {
    segments(file).0.into_iter().filter(|(marker, _)| matches!(marker, 0xe0..=0xef | 0xfe)).collect()
}

/// Decodes the file.
///
/// # Panics
/// If it cannot be decoded.
pub fn pixels(file: &[u8]) -> image::RgbImage {
    image::load_from_memory_with_format(file, image::ImageFormat::Jpeg).expect("a JPEG").into_rgb8()
}
