//! What of a JPEG file is image and what is metadata, read independently of the service's own reader.

/// A segment's marker and payload; entropy-coded data has the marker 0.
pub type Segment = (u8, Vec<u8>);

/// All of the file from its first marker to its end marker, and what follows that.
///
/// # Panics
/// Where it is no JPEG.
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

/// What decoders make pixels of: quantisation, Huffman tables, frame, scans. No application data (APPn) and no comments.
pub fn image_data(file: &[u8]) -> Vec<Segment> {
    segments(file).0.into_iter().filter(|(marker, _)| !matches!(marker, 0xe0..=0xef | 0xfe)).collect()
}

/// Application data and comments.
pub fn metadata(file: &[u8]) -> Vec<Segment> {
    segments(file).0.into_iter().filter(|(marker, _)| matches!(marker, 0xe0..=0xef | 0xfe)).collect()
}

/// # Panics
/// Where it cannot be decoded.
pub fn pixels(file: &[u8]) -> image::RgbImage {
    image::load_from_memory_with_format(file, image::ImageFormat::Jpeg).expect("a JPEG").into_rgb8()
}
