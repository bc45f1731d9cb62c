//! Decodes the image data of a JPEG (ITU-T T.81, annexes F and G), and checks that it is complete: every block of the frame, and nothing
//! else.
//!
//! The crate has its own decoder, because other decoders silently paint missing blocks gray, and some do not decode every kind of file
//! correctly. Large pictures are reduced while they are decoded, because only a small copy is needed.

mod bits;
mod blocks;
mod idct;
mod planes;
mod tables;

use domain::photo::{PHOTO_PIXELS_MAX, PictureFault, UnsupportedJpeg};

pub(crate) use self::planes::Plane;
use self::{
    bits::Bits,
    blocks::{Band, BlockReader, Part},
    idct::{Coefficients, Dequantiser},
    tables::Tables,
};
use crate::jpeg::{DHT, DQT, DRI, Frame, SOS, Segment, Segments};

/// Maximum number of scans. Encoders write about ten. A small file can contain thousands of scans, because a progressive scan over the
/// whole picture can be very short. The limit keeps the time for decoding such a file short.
const SCANS_MAX: usize = 100;
/// Maximum number of blocks in a minimum coded unit of several components (ITU-T T.81, B.2.3).
const UNIT_BLOCKS_MAX: usize = 10;
/// Minimum length of the longer edge of a reduced picture. A picture is reduced while it is decoded only if the result is at least this
/// large. This is twice the longer edge of the small copy to which [`crate::preview`] scales the reduced picture.
const REDUCED_EDGE_MIN: usize = 1_920;

/// The result of reading entropy-coded data, or `None` if the data is invalid. This type is an `Option` and not a `Result` with a
/// [`PictureFault`], because a result is returned for every code, and a `Result` would be slower.
type Checked<T = ()> = Option<T>;

/// A decoded picture, reduced to a half, a quarter or an eighth of its size if it is large.
pub(crate) struct Decoded {
    /// Width and height in pixels.
    pub(crate) size: (usize, usize),
    pub(crate) planes: Vec<Plane>,
}

/// Decodes a file that [`crate::jpeg::without_metadata`] has returned.
///
/// # Errors
/// [`PictureFault::Damaged`] if blocks are missing, image data remains after the last block, or a code is invalid.
/// [`PictureFault::Unsupported`] for kinds of JPEG that decoders show in different ways.
pub(crate) fn decode(file: &[u8]) -> Result<Decoded, PictureFault> {
    let mut segments = Segments::of(file)?;
    let mut tables = Tables::default();
    let mut picture: Option<Picture> = None;
    let mut scan = None;
    let mut scans = 0;
    loop {
        match segments.next()? {
            Segment::Marker { marker: DHT, payload, .. } => tables.define_huffman(payload).ok_or(PictureFault::Damaged)?,
            Segment::Marker { marker: DQT, payload, .. } => tables.define_quantisation(payload)?,
            Segment::Marker { marker: DRI, payload, .. } => {
                let &[high, low] = payload else { return Err(PictureFault::Damaged) };
                tables.restart_interval = usize::from(u16::from_be_bytes([high, low]));
            }
            Segment::Marker { marker: SOS, payload, .. } => scan = Some(payload),
            Segment::Marker { marker, payload, .. } if crate::jpeg::is_frame(marker) => {
                let frame = Frame::read(marker, payload)?;
                if picture.is_some() {
                    return Err(PictureFault::Damaged);
                }
                picture = Some(Picture::new(&frame)?);
            }
            Segment::Marker { .. } => {}
            Segment::Scan { bytes } => match (&mut picture, scan.take()) {
                (Some(picture), Some(header)) if scans < SCANS_MAX => {
                    picture.read_scan(&mut tables, header, bytes)?;
                    scans += 1;
                }
                _ => return Err(PictureFault::Damaged),
            },
            Segment::End => break,
        }
    }
    picture.ok_or(PictureFault::Damaged)?.finish()
}

/// A picture that is being decoded.
struct Picture {
    progressive: bool,
    /// Width and height in pixels.
    size: (usize, usize),
    reduction: usize,
    /// Width and height in minimum coded units.
    units: (usize, usize),
    components: Vec<Component>,
}

struct Component {
    id: u8,
    sampling: (usize, usize),
    /// Number of blocks in a row, including those that only complete the last minimum coded unit.
    stride: usize,
    /// Width and height, in blocks, of the part inside the picture.
    blocks: (usize, usize),
    /// Index of the quantisation table.
    table: usize,
    dequantiser: Option<Dequantiser>,
    /// All blocks of a progressive picture. Empty for a sequential picture.
    coefficients: Vec<Coefficients>,
    /// For each coefficient, the number of lower bits that are still missing. `None` before its first scan.
    missing_bits: [Option<u32>; 64],
    plane: Plane,
}

impl Component {
    fn store(&mut self, column: usize, row: usize, block: &Coefficients) -> Checked {
        let dequantiser = self.dequantiser.as_ref().filter(|dequantiser| dequantiser.is_plausible(block))?;
        self.plane.store(column, row, dequantiser, block);
        Some(())
    }
}

impl Picture {
    fn new(frame: &Frame) -> Result<Self, PictureFault> {
        let size = frame.size;
        if size.0 as u64 * size.1 as u64 > PHOTO_PIXELS_MAX {
            return Err(PictureFault::Damaged);
        }
        let largest = frame.sampling();
        let units = (size.0.div_ceil(8 * largest.0), size.1.div_ceil(8 * largest.1));
        let reduction = [8, 4, 2].into_iter().find(|reduction| size.0.max(size.1) / reduction >= REDUCED_EDGE_MIN).unwrap_or(1);
        let components = frame.components.iter().map(|component| {
            let (h, v) = component.sampling;
            let blocks = (units.0 * h, units.1 * v);
            let samples = ((size.0 * h).div_ceil(largest.0), (size.1 * v).div_ceil(largest.1));
            Component {
                id: component.id,
                sampling: component.sampling,
                stride: blocks.0,
                blocks: (samples.0.div_ceil(8), samples.1.div_ceil(8)),
                table: component.table,
                dequantiser: None,
                coefficients: if frame.progressive { vec![[0; 64]; blocks.0 * blocks.1] } else { Vec::new() },
                missing_bits: [None; 64],
                plane: Plane::new(blocks, samples, (largest.0 / h, largest.1 / v), reduction),
            }
        });
        Ok(Self { progressive: frame.progressive, size, reduction, units, components: components.collect() })
    }

    /// Reads all blocks of a scan, and checks that no image data remains.
    fn read_scan(&mut self, tables: &mut Tables, header: &[u8], bytes: &[u8]) -> Result<(), PictureFault> {
        let (band, mut parts) = self.read_scan_header(header).ok_or(PictureFault::Damaged)?;
        tables.quantisation_is_fixed = true;
        for part in &parts {
            let first_is_missing = band.first == 0 && !band.refines && tables.dc.get(part.dc).is_none_or(Option::is_none);
            if first_is_missing || band.last > 0 && tables.ac.get(part.ac).is_none_or(Option::is_none) {
                return Err(PictureFault::Unsupported(UnsupportedJpeg::HuffmanTables));
            }
            let component = &mut self.components[part.index];
            if component.dequantiser.is_none() {
                let table = tables.quantisation.get(component.table).and_then(Option::as_ref).ok_or(PictureFault::Damaged)?;
                component.dequantiser = Some(Dequantiser::of(table));
            }
        }
        let mut reader = BlockReader { bits: Bits::of(bytes), tables, blocks_to_skip: 0 };
        self.read_blocks(&mut reader, &band, &mut parts).and_then(|()| reader.bits.end()).ok_or(PictureFault::Damaged)
    }

    /// Parses the header of a scan: its band of coefficients, and the components in it. Returns `None` if the header is malformed, or if it
    /// does not fit the earlier scans. Records in `missing_bits` how many bits are missing after this scan.
    fn read_scan_header(&mut self, header: &[u8]) -> Checked<(Band, Vec<Part>)> {
        let (&count, rest) = header.split_first()?;
        let (selectors, band) = rest.split_at_checked(usize::from(count) * 2)?;
        let &[first, last, approximation] = band else { return None };
        let (high, low) = (u32::from(approximation >> 4), u32::from(approximation & 15));
        let band = Band { first: usize::from(first), last: usize::from(last), refines: high > 0, shift: low };
        // A progressive scan contains either first (DC) coefficients, or other (AC) coefficients of a single component. A refinement adds
        // one bit.
        let possible = if self.progressive {
            band.first <= band.last
                && band.last < 64
                && (band.first == 0) == (band.last == 0)
                && low <= 13
                && (high == 0 || high == low + 1)
        } else {
            (first, last, approximation) == (0, 63, 0)
        };
        if !possible || count == 0 || (band.first > 0 && count > 1) {
            return None;
        }
        let mut parts: Vec<Part> = Vec::new();
        let mut unit = 0;
        for &[id, table] in selectors.as_chunks::<2>().0 {
            let index = self.components.iter().position(|component| component.id == id)?;
            let component = &mut self.components[index];
            // The first (DC) coefficients must come before the others. No scan may repeat coefficients, and a refinement must add exactly
            // the next missing bit. Libraries decode other orders differently.
            let after_first = band.first == 0 || component.missing_bits[0].is_some();
            if !after_first || parts.iter().any(|part| part.index == index) {
                return None;
            }
            for missing in &mut component.missing_bits[band.first..=band.last] {
                if *missing != band.refines.then_some(high) {
                    return None;
                }
                *missing = Some(low);
            }
            unit += component.sampling.0 * component.sampling.1;
            parts.push(Part { index, dc: usize::from(table >> 4), ac: usize::from(table & 15), previous: 0 });
        }
        (parts.len() == 1 || unit <= UNIT_BLOCKS_MAX).then_some((band, parts))
    }

    fn read_blocks(&mut self, reader: &mut BlockReader<'_>, band: &Band, parts: &mut [Part]) -> Checked {
        let mut restarts = Restarts { interval: reader.tables.restart_interval, units: 0 };
        if let [part] = parts {
            // A scan of a single component contains only the blocks inside the picture. It omits the blocks beyond the edge that complete
            // the last minimum coded units.
            let (across, down) = self.components[part.index].blocks;
            for row in 0..down {
                for column in 0..across {
                    restarts.before_unit(reader, std::slice::from_mut(part))?;
                    self.read_block(reader, band, part, (column, row))?;
                }
            }
            return Some(());
        }
        for unit_row in 0..self.units.1 {
            for unit_column in 0..self.units.0 {
                restarts.before_unit(reader, parts)?;
                for part in &mut *parts {
                    let (across, down) = self.components[part.index].sampling;
                    for row in 0..down {
                        for column in 0..across {
                            self.read_block(reader, band, part, (unit_column * across + column, unit_row * down + row))?;
                        }
                    }
                }
            }
        }
        Some(())
    }

    /// Reads the block at a column and row of its component.
    fn read_block(&mut self, reader: &mut BlockReader<'_>, band: &Band, part: &mut Part, (column, row): (usize, usize)) -> Checked {
        let component = self.components.get_mut(part.index)?;
        if self.progressive {
            let block = component.coefficients.get_mut(row * component.stride + column)?;
            return reader.progressive(band, part, block);
        }
        let mut block = [0; 64];
        reader.sequential(part, &mut block)?;
        component.store(column, row, &block)
    }

    /// Checks that all coefficients are complete, and transforms those of a progressive picture.
    fn finish(mut self) -> Result<Decoded, PictureFault> {
        for component in &mut self.components {
            if component.missing_bits.iter().any(|missing| *missing != Some(0)) {
                return Err(PictureFault::Damaged);
            }
            let blocks = std::mem::take(&mut component.coefficients);
            for (row, blocks) in blocks.chunks_exact(component.stride).enumerate() {
                for (column, block) in blocks.iter().enumerate() {
                    component.store(column, row, block).ok_or(PictureFault::Damaged)?;
                }
            }
        }
        let size = ((self.size.0 / self.reduction).max(1), (self.size.1 / self.reduction).max(1));
        Ok(Decoded { size, planes: self.components.into_iter().map(|component| component.plane).collect() })
    }
}

/// Counts minimum coded units, and reads the restart marker after every `interval` units. An interval of 0 means that there are no restart
/// markers.
struct Restarts {
    interval: usize,
    units: usize,
}

impl Restarts {
    fn before_unit(&mut self, reader: &mut BlockReader<'_>, parts: &mut [Part]) -> Checked {
        if self.interval > 0 && self.units > 0 && self.units.is_multiple_of(self.interval) {
            reader.bits.restart(self.units / self.interval - 1)?;
            reader.blocks_to_skip = 0;
            for part in parts {
                part.previous = 0;
            }
        }
        self.units += 1;
        Some(())
    }
}

#[cfg(test)]
mod tests;
