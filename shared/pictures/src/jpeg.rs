//! The outer structure of a JPEG file (ITU-T T.81, annex B): its segments, not its pixels.

use domain::photo::PictureFault;
use image::metadata::Orientation;

use crate::colour_profile;

pub(crate) const DHT: u8 = 0xc4;
const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
pub(crate) const SOS: u8 = 0xda;
pub(crate) const DQT: u8 = 0xdb;
pub(crate) const DRI: u8 = 0xdd;
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;
const APP14: u8 = 0xee;

// The beginning of each segment, and the length up to which decoders read it.
const JFIF: &[u8] = b"JFIF\0";
const JFIF_LENGTH: usize = 14;
const ADOBE: &[u8] = b"Adobe";
const ADOBE_LENGTH: usize = 12;

/// Size and orientation from a file's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// EXIF orientation, 1 to 8, if the file has one.
    pub(crate) orientation: Option<u32>,
}

/// A part of the file: a marker segment, or entropy-coded data.
pub(crate) enum Segment<'a> {
    Marker {
        marker: u8,
        payload: &'a [u8],
        /// The whole segment, with its marker and length.
        bytes: &'a [u8],
    },
    Scan {
        bytes: &'a [u8],
    },
    End,
}

/// Iterates over the segments of a file. Bytes that belong to no segment are damage.
pub(crate) struct Segments<'a> {
    file: &'a [u8],
    at: usize,
    in_scan: bool,
}

impl<'a> Segments<'a> {
    pub(crate) fn of(file: &'a [u8]) -> Result<Self, PictureFault> {
        if file.starts_with(&[0xff, SOI, 0xff]) { Ok(Self { file, at: 2, in_scan: false }) } else { Err(PictureFault::NotJpeg) }
    }

    pub(crate) fn next(&mut self) -> Result<Segment<'a>, PictureFault> {
        if self.in_scan {
            self.in_scan = false;
            let rest = self.file.get(self.at..).ok_or(PictureFault::Damaged)?;
            // A scan ends at a marker that is neither stuffing (00), a fill byte (ff) nor a restart.
            let end = rest
                .windows(2)
                .position(|pair| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xff | 0xd0..=0xd7))
                .ok_or(PictureFault::Damaged)?;
            self.at += end;
            return Ok(Segment::Scan { bytes: &rest[..end] });
        }
        let start = self.at;
        if self.file.get(self.at) != Some(&0xff) {
            return Err(PictureFault::Damaged);
        }
        while self.file.get(self.at) == Some(&0xff) {
            self.at += 1;
        }
        let &marker = self.file.get(self.at).ok_or(PictureFault::Damaged)?;
        self.at += 1;
        if marker == EOI {
            return Ok(Segment::End);
        }
        // Restart markers, TEM and a second SOI have no length field, and none of them is valid between segments.
        if matches!(marker, 0x00 | 0x01 | 0xd0..=SOI) {
            return Err(PictureFault::Damaged);
        }
        let length = match self.file.get(self.at..self.at + 2) {
            Some(&[high, low]) => usize::from(high) << 8 | usize::from(low),
            _ => return Err(PictureFault::Damaged),
        };
        // The length includes its own two bytes, so a length below 2 has no valid range and is damage.
        let payload = self.file.get(self.at + 2..self.at + length).ok_or(PictureFault::Damaged)?;
        self.at += length;
        self.in_scan = marker == SOS;
        Ok(Segment::Marker { marker, payload, bytes: &self.file[start..self.at] })
    }
}

/// Returns whether a marker begins a frame header. DHT (c4), JPG (c8) and DAC (cc) are in the same range but are not frames.
pub(crate) const fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

/// Reads size and orientation from the segments before the first scan, without decoding.
pub(crate) fn read_header(file: &[u8]) -> Result<Header, PictureFault> {
    let mut segments = Segments::of(file)?;
    let mut size = None;
    let mut orientation = None;
    loop {
        match segments.next()? {
            Segment::Marker { marker, payload, .. } if is_frame(marker) => {
                // If a file had two frames, a decoder could use the size in the other one, which was not checked.
                if size.is_some() {
                    return Err(PictureFault::Damaged);
                }
                let &[_, h1, h0, w1, w0, ..] = payload else { return Err(PictureFault::Damaged) };
                size = Some((u32::from(u16::from_be_bytes([w1, w0])), u32::from(u16::from_be_bytes([h1, h0]))));
            }
            Segment::Marker { marker: APP1, payload, .. } => {
                let exif = payload.strip_prefix(b"Exif\0\0").and_then(exif_orientation);
                // If a file has two EXIF segments, some programs use the first and others the last, so an orientation other than upright
                // takes precedence.
                orientation = exif.filter(|_| orientation.is_none_or(|known| known == 1)).or(orientation);
            }
            Segment::Marker { .. } => {}
            Segment::Scan { .. } | Segment::End => break,
        }
    }
    match size {
        Some((width, height)) if width > 0 && height > 0 => Ok(Header { width, height, orientation }),
        _ => Err(PictureFault::Damaged),
    }
}

/// Returns the orientation in IFD0, the main directory of EXIF. Viewers rotate the picture by this value even if other EXIF entries are
/// broken.
fn exif_orientation(tiff: &[u8]) -> Option<u32> {
    Orientation::from_exif_chunk(tiff).map(|orientation| u32::from(orientation.to_exif()))
}

/// Returns the file without metadata. The image data stays unchanged.
///
/// The result has the segments that decoding needs. It has no comments, no application data (EXIF with locations and thumbnails, XMP, IPTC,
/// maker notes), no reserved markers and no bytes after the end. The JFIF header, Adobe's colour transform and the numbers of the colour
/// profile remain, because without them the same data shows other colours. Each remains once and is cut to its defined length.
///
/// # Errors
/// [`PictureFault::NotJpeg`] or [`PictureFault::Damaged`], also if two Adobe segments contradict each other on colours.
pub(crate) fn without_metadata(file: &[u8]) -> Result<Vec<u8>, PictureFault> {
    let mut profile = read_profile(file)?;
    let (mut jfif, mut adobe, mut in_scans) = (false, None, false);
    let mut segments = Segments::of(file)?;
    let mut clean = Vec::with_capacity(file.len());
    clean.extend_from_slice(&[0xff, SOI]);
    loop {
        match segments.next()? {
            Segment::Marker { marker, bytes, .. } if is_frame(marker) || matches!(marker, DHT | SOS | DQT | DRI) => {
                in_scans |= marker == SOS;
                clean.extend_from_slice(bytes);
            }
            Segment::Marker { marker: APP0, payload, .. } if payload.starts_with(JFIF) && !jfif => {
                let head = payload.get(..JFIF_LENGTH).ok_or(PictureFault::Damaged)?;
                // The last two bytes of the JFIF header are the size of a thumbnail, which is removed.
                append(&mut clean, APP0, &[&head[..JFIF_LENGTH - 2], &[0, 0]].concat());
                jfif = true;
            }
            Segment::Marker { marker: APP2, payload, .. } if payload.starts_with(colour_profile::SEGMENT) => {
                if let Some(profile) = profile.take() {
                    append(&mut clean, APP2, &[colour_profile::SEGMENT, &[1, 1], &profile].concat());
                }
            }
            Segment::Marker { marker: APP14, payload, .. } if payload.starts_with(ADOBE) && payload.len() >= ADOBE_LENGTH => {
                let transform = payload[ADOBE_LENGTH - 1];
                match adobe {
                    None if !in_scans => append(&mut clean, APP14, &payload[..ADOBE_LENGTH]),
                    Some(known) if known == transform => {}
                    _ => return Err(PictureFault::Damaged),
                }
                adobe = Some(transform);
            }
            Segment::Marker { .. } => {}
            Segment::Scan { bytes } => clean.extend_from_slice(bytes),
            Segment::End => {
                clean.extend_from_slice(&[0xff, EOI]);
                return Ok(clean);
            }
        }
    }
}

/// Appends a segment. The payload must be shorter than the maximum of a segment.
fn append(file: &mut Vec<u8>, marker: u8, payload: &[u8]) {
    file.extend_from_slice(&[0xff, marker]);
    file.extend_from_slice(&(payload.len() as u16 + 2).to_be_bytes());
    file.extend_from_slice(payload);
}

/// Returns the rewritten colour profile. Decoders look for a profile before the first scan only.
fn read_profile(file: &[u8]) -> Result<Option<Vec<u8>>, PictureFault> {
    let mut segments = Segments::of(file)?;
    let (mut parts, mut components) = (Vec::new(), 0);
    loop {
        match segments.next()? {
            Segment::Marker { marker: APP2, payload, .. } => parts.extend(payload.strip_prefix(colour_profile::SEGMENT)),
            Segment::Marker { marker, payload, .. } if is_frame(marker) => components = payload.get(5).copied().unwrap_or(0),
            Segment::Marker { marker: SOS, .. } | Segment::Scan { .. } | Segment::End => break,
            Segment::Marker { .. } => {}
        }
    }
    Ok(colour_profile::rewrite(&parts, components))
}
