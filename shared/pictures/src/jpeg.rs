//! The outer structure of a JPEG file (ITU-T T.81, annex B): its segments, not its pixels.

use std::io::BufRead;

use domain::{
    photo::{PictureFault, UnsupportedJpeg},
    picture_report::Colours,
};
use image::metadata::Orientation;

use crate::{
    colour_profile,
    colour_space::{ColourMarkers, ColourSpace},
};

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

// The identifiers with which the payloads of JFIF and Adobe segments begin, and how many bytes of these payloads decoders read.
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

/// Iterates over the segments of a file. A file in which bytes belong to no segment counts as damaged.
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
            let mut end = 0;
            loop {
                // `skip_until` is fast, because the standard library searches for a byte with vector instructions.
                end += (&rest[end..]).skip_until(0xff).map_err(|_| PictureFault::Damaged)?;
                match rest.get(end) {
                    Some(0x00 | 0xd0..=0xd7) => end += 1,
                    // A fill byte may be the beginning of the marker.
                    Some(0xff) => {}
                    Some(_) => break,
                    None => return Err(PictureFault::Damaged),
                }
            }
            end -= 1;
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
        // The length includes its own two bytes. For a length below 2, `get` returns `None`, because the range is invalid.
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
                // A second frame is an error, because a decoder could use the size of the frame that was not checked.
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
        Some((width, 0)) if width > 0 => Err(PictureFault::Unsupported(UnsupportedJpeg::Height)),
        _ => Err(PictureFault::Damaged),
    }
}

/// Returns the orientation in IFD0, the main directory of EXIF. Viewers rotate the picture by this value even if other EXIF entries are
/// broken.
fn exif_orientation(tiff: &[u8]) -> Option<u32> {
    Orientation::from_exif_chunk(tiff).map(|orientation| u32::from(orientation.to_exif()))
}

/// A frame header of a supported kind.
pub(crate) struct Frame {
    pub(crate) progressive: bool,
    /// Width and height in pixels.
    pub(crate) size: (usize, usize),
    pub(crate) components: Vec<FrameComponent>,
}

pub(crate) struct FrameComponent {
    pub(crate) id: u8,
    /// Horizontal and vertical sampling factor: 1, 2 or 4.
    pub(crate) sampling: (usize, usize),
    /// Index of the quantisation table.
    pub(crate) table: usize,
}

impl Frame {
    pub(crate) fn read(marker: u8, payload: &[u8]) -> Result<Self, PictureFault> {
        let unsupported = |reason| Err(PictureFault::Unsupported(reason));
        let progressive = match marker {
            0xc0 | 0xc1 => false,
            0xc2 => true,
            0xc3 | 0xcb => return unsupported(UnsupportedJpeg::Lossless),
            0xc9 | 0xca => return unsupported(UnsupportedJpeg::ArithmeticCoding),
            _ => return unsupported(UnsupportedJpeg::Hierarchical),
        };
        let Some((&[precision, h1, h0, w1, w0, count], parts)) = payload.split_first_chunk() else { return Err(PictureFault::Damaged) };
        let size = (usize::from(u16::from_be_bytes([w1, w0])), usize::from(u16::from_be_bytes([h1, h0])));
        if size.0 == 0 || count == 0 || parts.len() != 3 * usize::from(count) {
            return Err(PictureFault::Damaged);
        }
        if size.1 == 0 {
            return unsupported(UnsupportedJpeg::Height);
        }
        if precision != 8 {
            return unsupported(UnsupportedJpeg::Precision);
        }
        let components: Vec<_> = parts
            .as_chunks::<3>()
            .0
            .iter()
            .map(|&[id, sampling, table]| {
                // Valid sampling factors have no effect if there is only one component, because its scans are not interleaved.
                let sampling = match (usize::from(sampling >> 4), usize::from(sampling & 15)) {
                    (1..=4, 1..=4) if count == 1 => (1, 1),
                    sampling => sampling,
                };
                FrameComponent { id, sampling, table: usize::from(table) }
            })
            .collect();
        let frame = Self { progressive, size, components };
        let ids = frame.ids();
        if !matches!(count, 1 | 3 | 4) || (1..ids.len()).any(|at| ids[..at].contains(&ids[at])) {
            return unsupported(UnsupportedJpeg::Components);
        }
        let is_supported = |factor: usize| matches!(factor, 1 | 2 | 4);
        let all_supported =
            frame.components.iter().all(|component| is_supported(component.sampling.0) && is_supported(component.sampling.1));
        if !all_supported || frame.components[0].sampling != frame.sampling() {
            return unsupported(UnsupportedJpeg::Sampling);
        }
        Ok(frame)
    }

    pub(crate) fn ids(&self) -> Vec<u8> {
        self.components.iter().map(|component| component.id).collect()
    }

    /// Returns the largest horizontal and vertical sampling factors.
    pub(crate) fn sampling(&self) -> (usize, usize) {
        let factors = || self.components.iter().map(|component| component.sampling);
        (factors().map(|(h, _)| h).max().unwrap_or(1), factors().map(|(_, v)| v).max().unwrap_or(1))
    }
}

/// A file without metadata.
pub(crate) struct Clean {
    pub(crate) jpeg: Vec<u8>,
    pub(crate) colour_space: ColourSpace,
    /// The rewritten colour profile.
    pub(crate) profile: Option<Vec<u8>>,
}

impl Clean {
    pub(crate) fn colours(&self) -> Colours {
        match self.colour_space {
            ColourSpace::Gray | ColourSpace::YCbCr | ColourSpace::Rgb => Colours::Light,
            ColourSpace::Cmyk | ColourSpace::Ycck => Colours::Inks,
        }
    }
}

/// Returns the file without metadata. The image data stays unchanged.
///
/// The result has the segments that decoding needs. It has no comments, no application data (EXIF with locations and thumbnails, XMP, IPTC,
/// maker notes), no reserved markers and no bytes after the end. The JFIF header, Adobe's colour transform and the numbers of the colour
/// profile remain, because without them the same data shows other colours. Each remains once and is cut to its defined length. Adobe's
/// segment is removed if the JFIF header overrides it, because some programs would use it nevertheless.
///
/// # Errors
/// [`PictureFault::NotJpeg`], [`PictureFault::Damaged`], [`PictureFault::Unsupported`], also if segments contradict each other on colours,
/// or [`PictureFault::ColourProfile`].
pub(crate) fn without_metadata(file: &[u8]) -> Result<Clean, PictureFault> {
    let head = Head::read(file)?;
    let ids = head.frame.ids();
    let colour_space = head.markers.colour_space(&ids).map_err(PictureFault::Unsupported)?;
    let profile = colour_profile::keep(&head.profile, ids.len())?;
    let keeps_adobe = !head.markers.jfif_overrides_adobe(&ids);
    let (mut jfif, mut adobe, mut icc, mut in_scans) = (false, None, false, false);
    let mut segments = Segments::of(file)?;
    let mut clean = Vec::with_capacity(file.len());
    clean.extend_from_slice(&[0xff, SOI]);
    loop {
        match segments.next()? {
            Segment::Marker { marker, bytes, .. } if is_frame(marker) || matches!(marker, DHT | SOS | DQT | DRI) => {
                in_scans |= marker == SOS;
                clean.extend_from_slice(bytes);
            }
            Segment::Marker { marker: APP0, payload, .. } if payload.starts_with(JFIF) && !jfif && !in_scans => {
                let head = payload.get(..JFIF_LENGTH).ok_or(PictureFault::Damaged)?;
                // The last two bytes of the JFIF header are the size of a thumbnail, which is removed. The version must be 1.x. Decoders
                // warn of other versions and read them as 1.1, so 1.1 is written instead.
                let version = if head[JFIF.len()] == 1 { &head[JFIF.len()..][..2] } else { &[1, 1] };
                append(&mut clean, APP0, &[JFIF, version, &head[JFIF.len() + 2..JFIF_LENGTH - 2], &[0, 0]].concat());
                jfif = true;
            }
            Segment::Marker { marker: APP2, payload, .. } if payload.starts_with(colour_profile::SEGMENT) && !in_scans => {
                if let Some(profile) = profile.as_ref().filter(|_| !icc) {
                    append(&mut clean, APP2, &[colour_profile::SEGMENT, &[1, 1], profile].concat());
                    icc = true;
                }
            }
            Segment::Marker { marker: APP14, payload, .. } if payload.starts_with(ADOBE) && payload.len() >= ADOBE_LENGTH => {
                let transform = payload[ADOBE_LENGTH - 1];
                match adobe {
                    None if !in_scans && keeps_adobe => append(&mut clean, APP14, &payload[..ADOBE_LENGTH]),
                    None if !in_scans => {}
                    Some(known) if known == transform => {}
                    _ => return Err(PictureFault::Unsupported(UnsupportedJpeg::ColourMarkers)),
                }
                adobe = Some(transform);
            }
            Segment::Marker { .. } => {}
            Segment::Scan { bytes } => clean.extend_from_slice(bytes),
            Segment::End => {
                clean.extend_from_slice(&[0xff, EOI]);
                return Ok(Clean { jpeg: clean, colour_space, profile });
            }
        }
    }
}

/// Appends a segment. The payload must fit into one segment.
fn append(file: &mut Vec<u8>, marker: u8, payload: &[u8]) {
    file.extend_from_slice(&[0xff, marker]);
    file.extend_from_slice(&(payload.len() as u16 + 2).to_be_bytes());
    file.extend_from_slice(payload);
}

/// Content of the segments before the first scan, where decoders look for the frame, the colours and the profile.
struct Head<'a> {
    frame: Frame,
    markers: ColourMarkers,
    /// The parts of the colour profile. Each part begins with its position and the total number of parts.
    profile: Vec<&'a [u8]>,
}

impl<'a> Head<'a> {
    fn read(file: &'a [u8]) -> Result<Self, PictureFault> {
        let mut segments = Segments::of(file)?;
        let (mut frame, mut markers, mut profile) = (None, ColourMarkers::default(), Vec::new());
        loop {
            match segments.next()? {
                Segment::Marker { marker, payload, .. } if is_frame(marker) => frame = Some(Frame::read(marker, payload)?),
                Segment::Marker { marker: APP0, payload, .. } => markers.jfif |= payload.starts_with(JFIF) && payload.len() >= JFIF_LENGTH,
                Segment::Marker { marker: APP2, payload, .. } => profile.extend(payload.strip_prefix(colour_profile::SEGMENT)),
                Segment::Marker { marker: APP14, payload, .. } if payload.starts_with(ADOBE) => {
                    markers.adobe = payload.get(ADOBE_LENGTH - 1).copied().or(markers.adobe);
                }
                Segment::Marker { marker: SOS, .. } | Segment::Scan { .. } | Segment::End => break,
                Segment::Marker { .. } => {}
            }
        }
        Ok(Self { frame: frame.ok_or(PictureFault::Damaged)?, markers, profile })
    }
}
