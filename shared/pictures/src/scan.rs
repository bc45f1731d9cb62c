//! Checks that the image data of a JPEG is complete (ITU-T T.81, annexes F and G): every block of the frame, and nothing else.
//!
//! Decoders, including the one that makes our previews, silently paint missing blocks gray. This module therefore walks through the Huffman
//! codes of every scan and counts the blocks, without decoding them to pixels.

mod bits;
mod blocks;
mod tables;

use domain::photo::PictureFault;

use self::{bits::Bits, blocks::BlockReader, tables::Tables};
use crate::jpeg::{DHT, DQT, DRI, SOS, Segment, Segments};

/// Maximum number of scans. A progressive scan over the whole picture can be so short that a small file could contain thousands of scans.
/// Encoders write about ten.
const SCANS_MAX: usize = 100;

/// The result of reading entropy-coded data, `None` if the data is invalid. It is returned for every bit. To be fast, it contains no
/// [`PictureFault`].
type Checked<T = ()> = Option<T>;

/// Checks a file that [`crate::jpeg::without_metadata`] has returned.
///
/// # Errors
/// [`PictureFault::Damaged`] if blocks are missing or left over, or a code is invalid.
pub(crate) fn check(file: &[u8]) -> Result<(), PictureFault> {
    let mut segments = Segments::of(file)?;
    let mut tables = Tables::default();
    let mut frame: Option<Frame> = None;
    let mut scan = None;
    let mut scans = 0;
    loop {
        match segments.next()? {
            Segment::Marker { marker: DHT, payload, .. } => tables.define_huffman(payload).ok_or(PictureFault::Damaged)?,
            Segment::Marker { marker: DQT, payload, .. } => tables.check_quantisation(payload).ok_or(PictureFault::Damaged)?,
            Segment::Marker { marker: DRI, payload, .. } => {
                let &[high, low] = payload else { return Err(PictureFault::Damaged) };
                tables.restart_interval = usize::from(u16::from_be_bytes([high, low]));
            }
            Segment::Marker { marker: SOS, payload, .. } => scan = Some(payload),
            Segment::Marker { marker, payload, .. } if crate::jpeg::is_frame(marker) => {
                let read = Frame::read(marker, payload).filter(|_| frame.is_none());
                frame = Some(read.ok_or(PictureFault::Damaged)?);
            }
            Segment::Marker { .. } => {}
            Segment::Scan { bytes } => match (&mut frame, scan.take()) {
                (Some(frame), Some(header)) if scans < SCANS_MAX => {
                    frame.check_scan(&tables, header, bytes).ok_or(PictureFault::Damaged)?;
                    scans += 1;
                }
                _ => return Err(PictureFault::Damaged),
            },
            Segment::End => break,
        }
    }
    let complete = frame.is_some_and(|frame| frame.components.iter().all(|component| component.seen));
    if complete { Ok(()) } else { Err(PictureFault::Damaged) }
}

struct Frame {
    progressive: bool,
    /// Width and height in pixels.
    size: (usize, usize),
    /// Width and height in minimum coded units.
    units: (usize, usize),
    /// The largest horizontal and vertical sampling factors of all components.
    sampling: (usize, usize),
    components: Vec<Component>,
}

struct Component {
    id: u8,
    sampling: (usize, usize),
    /// For each block of a progressive picture, a bit mask of the coefficients that are not zero so far. Later scans refine these.
    nonzero: Vec<u64>,
    /// Whether a scan with the component's first coefficients has been read.
    seen: bool,
}

/// The coefficients that a scan contains.
struct Band {
    first: u32,
    last: u32,
    /// Whether the scan adds one bit to coefficients of earlier scans.
    refines: bool,
}

impl Frame {
    fn read(marker: u8, payload: &[u8]) -> Option<Self> {
        let progressive = match marker {
            0xc0 | 0xc1 => false,
            0xc2 => true,
            // Arithmetic coding, lossless and hierarchical frames: no common program writes or reads them.
            _ => return None,
        };
        let (&[_, h1, h0, w1, w0, count], parts) = payload.split_first_chunk()?;
        let size = (usize::from(u16::from_be_bytes([w1, w0])), usize::from(u16::from_be_bytes([h1, h0])));
        let mut components = Vec::new();
        for part in parts.chunks_exact(3) {
            let sampling = (usize::from(part[1] >> 4), usize::from(part[1] & 15));
            let possible = (1..=4).contains(&sampling.0) && (1..=4).contains(&sampling.1);
            components.push(Some(Component { id: part[0], sampling, nonzero: Vec::new(), seen: false }).filter(|_| possible)?);
        }
        if parts.len() != 3 * usize::from(count) || !(1..=4).contains(&count) || size.0 == 0 || size.1 == 0 {
            return None;
        }
        let largest = |of: fn(&Component) -> usize| components.iter().map(of).max().unwrap_or(1);
        let sampling = (largest(|component| component.sampling.0), largest(|component| component.sampling.1));
        let units = (size.0.div_ceil(8 * sampling.0), size.1.div_ceil(8 * sampling.1));
        if progressive {
            for component in &mut components {
                component.nonzero = vec![0; units.0 * component.sampling.0 * units.1 * component.sampling.1];
            }
        }
        Some(Self { progressive, size, units, sampling, components })
    }

    /// Reads all blocks of a scan, and checks that no image data is left.
    fn check_scan(&mut self, tables: &Tables, header: &[u8], bytes: &[u8]) -> Checked {
        let (&count, rest) = header.split_first()?;
        let (selectors, band) = rest.split_at_checked(usize::from(count) * 2)?;
        let &[first, last, approximation] = band else { return None };
        let band = if self.progressive {
            Band { first: u32::from(first), last: u32::from(last), refines: approximation >> 4 > 0 }
        } else {
            Band { first: 0, last: 63, refines: false }
        };
        // A progressive scan contains either first (DC) coefficients, or other (AC) coefficients of a single component.
        let possible = band.first <= band.last && band.last < 64 && (!self.progressive || (band.first == 0) == (band.last == 0));
        if !possible || count == 0 || (band.first > 0 && count > 1) {
            return None;
        }
        let mut parts = Vec::new();
        for selector in selectors.chunks_exact(2) {
            let index = self.components.iter().position(|component| component.id == selector[0])?;
            self.components[index].seen |= band.first == 0;
            parts.push((index, usize::from(selector[1] >> 4), usize::from(selector[1] & 15)));
        }
        let mut reader = BlockReader { bits: Bits::of(bytes), tables, blocks_to_skip: 0 };
        let mut restarts = Restarts { interval: tables.restart_interval, units: 0 };
        if let &[(index, dc, ac)] = parts.as_slice() {
            // A scan of a single component contains only the blocks inside the picture. It omits the blocks beyond the edge that complete
            // the last minimum coded units.
            let stride = self.units.0 * self.components[index].sampling.0;
            let across = (self.size.0 * self.components[index].sampling.0).div_ceil(8 * self.sampling.0);
            let down = (self.size.1 * self.components[index].sampling.1).div_ceil(8 * self.sampling.1);
            for row in 0..down {
                for column in 0..across {
                    restarts.before_unit(&mut reader)?;
                    reader.block(self.progressive, &band, dc, ac, self.components[index].nonzero.get_mut(row * stride + column))?;
                }
            }
        } else {
            for _ in 0..self.units.0 * self.units.1 {
                restarts.before_unit(&mut reader)?;
                for &(index, dc, ac) in &parts {
                    let (across, down) = self.components[index].sampling;
                    for _ in 0..across * down {
                        // An interleaved progressive scan contains only first (DC) coefficients, which need no mask.
                        reader.block(self.progressive, &band, dc, ac, None)?;
                    }
                }
            }
        }
        reader.bits.end()
    }
}

/// Counts minimum coded units, and reads the restart marker after every `interval` units. An interval of 0 means that there are no restart
/// markers.
struct Restarts {
    interval: usize,
    units: usize,
}

impl Restarts {
    fn before_unit(&mut self, reader: &mut BlockReader<'_>) -> Checked {
        if self.interval > 0 && self.units > 0 && self.units.is_multiple_of(self.interval) {
            reader.bits.restart(self.units / self.interval - 1)?;
            reader.blocks_to_skip = 0;
        }
        self.units += 1;
        Some(())
    }
}

#[cfg(test)]
mod tests;
