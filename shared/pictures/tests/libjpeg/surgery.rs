//! Changes the segments of JPEG files. These functions expect valid files.

/// Returns the segments of a file as marker and bytes. A scan header and the image data that follows it are one segment.
pub(crate) fn segments(file: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut found = Vec::new();
    let mut at = 2;
    while file[at + 1] != 0xd9 {
        let marker = file[at + 1];
        let mut end = at + 2 + usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
        if marker == 0xda {
            end += file[end..].windows(2).position(|pair| pair[0] == 0xff && !matches!(pair[1], 0 | 0xd0..=0xd7)).unwrap();
        }
        found.push((marker, file[at..end].to_vec()));
        at = end;
    }
    found
}

pub(crate) fn joined(segments: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let inner: Vec<u8> = segments.iter().flat_map(|(_, bytes)| bytes).copied().collect();
    [&[0xff, 0xd8], inner.as_slice(), &[0xff, 0xd9]].concat()
}

pub(crate) fn segment(marker: u8, payload: &[u8]) -> (u8, Vec<u8>) {
    let length = u16::try_from(payload.len() + 2).unwrap().to_be_bytes();
    (marker, [&[0xff, marker], &length[..], payload].concat())
}

pub(crate) fn jfif() -> (u8, Vec<u8>) {
    segment(0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")
}

pub(crate) fn adobe(transform: u8) -> (u8, Vec<u8>) {
    segment(0xee, &[b"Adobe\0\x64\0\0\0\0", &[transform][..]].concat())
}

/// Returns the file with 16-bit numbers in its quantisation tables.
pub(crate) fn with_wide_tables(file: &[u8]) -> Vec<u8> {
    let mut parts = segments(file);
    for (marker, bytes) in &mut parts {
        if *marker == 0xdb {
            let payload: Vec<u8> = bytes[4..]
                .chunks(65)
                .flat_map(|table| {
                    [&[0x10 | table[0]], table[1..].iter().flat_map(|&number| [0, number]).collect::<Vec<_>>().as_slice()].concat()
                })
                .collect();
            *bytes = segment(0xdb, &payload).1;
        }
    }
    joined(&parts)
}

/// Returns the index of the frame header.
pub(crate) fn frame(parts: &[(u8, Vec<u8>)]) -> usize {
    parts.iter().position(|(marker, _)| matches!(marker, 0xc0..=0xc2 | 0xc9 | 0xca)).unwrap()
}
