//! Whether a JPEG's image data is all there (ITU-T T.81, annexes F and G): every block that the frame has, and nothing else.
//!
//! Decoders paint what is missing gray and say nothing, also the one that makes our previews. So the Huffman codes of each
//! scan are counted through here, without making pixels of them.

use domain::photo::PictureFault;

use crate::jpeg::{DHT, DQT, DRI, SOS, Segment, Segments};

/// Progressive scans can be so short that a small file has thousands, each over the whole picture. Encoders write about ten.
const SCANS_MAX: usize = 100;
/// A Huffman table takes 17 bytes of the file at least, and 131,072 to write. Encoders make four for a scan at most.
const TABLES_MAX: usize = 4 * SCANS_MAX;
/// There are four places, and encoders fill each once. Their 64 numbers can be any.
const QUANTISATION_TABLES_MAX: usize = 8;
/// Values that a code can stand for.
const HUFFMAN_VALUES_MAX: usize = 256;

/// None where the data makes no sense. It is asked of every bit, and so no [`PictureFault`] is carried about.
type Checked<T = ()> = Option<T>;

/// # Errors
/// [`PictureFault::Damaged`] where blocks are missing or left over, or the codes make no sense.
pub(crate) fn check(file: &[u8]) -> Result<(), PictureFault> {
    let mut segments = Segments::of(file)?;
    let mut tables = Tables::default();
    let mut frame: Option<Frame> = None;
    let mut scan = None;
    let mut scans = 0;
    loop {
        match segments.next()? {
            Segment::Marker { marker: DHT, payload, .. } => tables.define(payload).ok_or(PictureFault::Damaged)?,
            Segment::Marker { marker: DQT, payload, .. } => tables.quantise(payload).ok_or(PictureFault::Damaged)?,
            Segment::Marker { marker: DRI, payload, .. } => {
                let &[high, low] = payload else { return Err(PictureFault::Damaged) };
                tables.restart_every = usize::from(u16::from_be_bytes([high, low]));
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
    /// Pixels; and how many minimum coded units that is.
    size: (usize, usize),
    units: (usize, usize),
    /// The largest sampling factors of any component.
    sampling: (usize, usize),
    components: Vec<Component>,
}

struct Component {
    id: u8,
    sampling: (usize, usize),
    /// Of a progressive picture's blocks: which coefficients are not zero so far, a bit each. Later scans refine those.
    known: Vec<u64>,
    seen: bool,
}

/// What a scan carries: the coefficients `first..=last`, all bits of them or one more.
struct Band {
    first: u32,
    last: u32,
    refines: bool,
}

impl Frame {
    fn read(marker: u8, payload: &[u8]) -> Option<Self> {
        let progressive = match marker {
            0xc0 | 0xc1 => false,
            0xc2 => true,
            // Arithmetic coding, lossless, hierarchical: no program that people use writes or reads them.
            _ => return None,
        };
        let (&[_, h1, h0, w1, w0, count], parts) = payload.split_first_chunk()?;
        let size = (usize::from(u16::from_be_bytes([w1, w0])), usize::from(u16::from_be_bytes([h1, h0])));
        let mut components = Vec::new();
        for part in parts.chunks_exact(3) {
            let sampling = (usize::from(part[1] >> 4), usize::from(part[1] & 15));
            let possible = (1..=4).contains(&sampling.0) && (1..=4).contains(&sampling.1);
            components.push(Some(Component { id: part[0], sampling, known: Vec::new(), seen: false }).filter(|_| possible)?);
        }
        if parts.len() != 3 * usize::from(count) || !(1..=4).contains(&count) || size.0 == 0 || size.1 == 0 {
            return None;
        }
        let largest = |of: fn(&Component) -> usize| components.iter().map(of).max().unwrap_or(1);
        let sampling = (largest(|component| component.sampling.0), largest(|component| component.sampling.1));
        let units = (size.0.div_ceil(8 * sampling.0), size.1.div_ceil(8 * sampling.1));
        if progressive {
            for component in &mut components {
                component.known = vec![0; units.0 * component.sampling.0 * units.1 * component.sampling.1];
            }
        }
        Some(Self { progressive, size, units, sampling, components })
    }

    fn check_scan(&mut self, tables: &Tables, header: &[u8], bytes: &[u8]) -> Checked {
        let (&count, rest) = header.split_first()?;
        let (selectors, band) = rest.split_at_checked(usize::from(count) * 2)?;
        let &[first, last, approximation] = band else { return None };
        let band = if self.progressive {
            Band { first: u32::from(first), last: u32::from(last), refines: approximation >> 4 > 0 }
        } else {
            Band { first: 0, last: 63, refines: false }
        };
        // A progressive scan is either of the first coefficients or of one component's others.
        let possible = band.first <= band.last && band.last < 64 && (!self.progressive || (band.first == 0) == (band.last == 0));
        if !possible || count == 0 || (band.first > 0 && count > 1) {
            return None;
        }
        let mut parts = Vec::new();
        for selector in selectors.chunks_exact(2) {
            let at = self.components.iter().position(|component| component.id == selector[0])?;
            self.components[at].seen |= band.first == 0;
            parts.push((at, usize::from(selector[1] >> 4), usize::from(selector[1] & 15)));
        }
        let mut reader = Reader { bits: Bits::of(bytes), tables, blocks_to_skip: 0 };
        let mut after_units = AfterUnits { every: tables.restart_every, units: 0 };
        if let &[(at, dc, ac)] = parts.as_slice() {
            // One component alone comes block by block, without those that only fill up units.
            let stride = self.units.0 * self.components[at].sampling.0;
            let across = (self.size.0 * self.components[at].sampling.0).div_ceil(8 * self.sampling.0);
            let down = (self.size.1 * self.components[at].sampling.1).div_ceil(8 * self.sampling.1);
            for row in 0..down {
                for column in 0..across {
                    after_units.next(&mut reader)?;
                    reader.block(self.progressive, &band, dc, ac, self.components[at].known.get_mut(row * stride + column))?;
                }
            }
        } else {
            for _ in 0..self.units.0 * self.units.1 {
                after_units.next(&mut reader)?;
                for &(at, dc, ac) in &parts {
                    let (across, down) = self.components[at].sampling;
                    for _ in 0..across * down {
                        // Only first coefficients come interleaved, and those are not remembered.
                        reader.block(self.progressive, &band, dc, ac, None)?;
                    }
                }
            }
        }
        reader.bits.end()
    }
}

/// Counts units, and takes the restart markers between them.
struct AfterUnits {
    every: usize,
    units: usize,
}

impl AfterUnits {
    fn next(&mut self, reader: &mut Reader<'_>) -> Checked {
        if self.every > 0 && self.units > 0 && self.units.is_multiple_of(self.every) {
            reader.bits.restart(self.units / self.every - 1)?;
            reader.blocks_to_skip = 0;
        }
        self.units += 1;
        Some(())
    }
}

#[derive(Default)]
struct Tables {
    dc: [Option<Table>; 4],
    ac: [Option<Table>; 4],
    restart_every: usize,
    /// How often a Huffman table was defined, and one of quantisation.
    defined: usize,
    quantisations: usize,
}

/// Nearly all codes are not longer: a table for these stays in the processor's nearest cache.
const SHORT: usize = 9;

/// For each 16 bits that may come: the value of the code they begin with, and its length. 0 where no code begins so.
struct Table {
    all: Vec<(u8, u8)>,
    /// For the first bits alone; length 0 where they do not tell.
    short: [(u8, u8); 1 << SHORT],
}

impl Tables {
    fn define(&mut self, mut payload: &[u8]) -> Option<()> {
        while let Some((&class_and_place, rest)) = payload.split_first() {
            let (lengths, rest) = rest.split_first_chunk::<16>()?;
            let total = lengths.iter().map(|&count| usize::from(count)).sum();
            let (values, rest) = rest.split_at_checked(total)?;
            self.defined += 1;
            if self.defined > TABLES_MAX || total > HUFFMAN_VALUES_MAX {
                return None;
            }
            let class = if class_and_place >> 4 == 0 { &mut self.dc } else { &mut self.ac };
            *class.get_mut(usize::from(class_and_place & 15))? = Some(Table::new(lengths, values)?);
            payload = rest;
        }
        Some(())
    }

    /// Decoding needs these tables; here only their shape counts.
    fn quantise(&mut self, mut payload: &[u8]) -> Option<()> {
        while let Some((&precision_and_place, rest)) = payload.split_first() {
            let length = match precision_and_place {
                0x00..=0x03 => 64,
                0x10..=0x13 => 128,
                _ => return None,
            };
            self.quantisations += 1;
            payload = rest.get(length..).filter(|_| self.quantisations <= QUANTISATION_TABLES_MAX)?;
        }
        Some(())
    }
}

impl Table {
    fn new(lengths: &[u8; 16], values: &[u8]) -> Option<Self> {
        let mut table = Vec::with_capacity(1 << 16);
        let mut values = values.iter();
        for (length, &count) in (1_u8..).zip(lengths) {
            for &value in values.by_ref().take(usize::from(count)) {
                table.resize(table.len() + (1 << (16 - length)), (value, length));
            }
        }
        if table.len() > 1 << 16 {
            return None;
        }
        table.resize(1 << 16, (0, 0));
        let short = std::array::from_fn(|bits| Some(table[bits << (16 - SHORT)]).filter(|(_, length)| usize::from(*length) <= SHORT));
        Some(Self { short: short.map(Option::unwrap_or_default), all: table })
    }

    /// The value of the code that these 16 bits begin with, and its length.
    fn look_up(&self, bits: usize) -> Checked<(u8, u32)> {
        let short = self.short[bits >> (16 - SHORT)];
        let (value, length) = if short.1 > 0 { short } else { self.all[bits] };
        if length == 0 {
            return None;
        }
        Some((value, u32::from(length)))
    }
}

struct Reader<'a> {
    bits: Bits<'a>,
    tables: &'a Tables,
    /// Blocks for which an "end of band" before them spoke.
    blocks_to_skip: u32,
}

impl Reader<'_> {
    fn code(&mut self, table: Option<&Option<Table>>) -> Checked<(u32, u32)> {
        let Some(Some(table)) = table else { return None };
        let (value, length) = table.look_up(self.bits.peek())?;
        self.bits.take(length)?;
        Some((u32::from(value >> 4), u32::from(value & 15)))
    }

    fn block(&mut self, progressive: bool, band: &Band, dc: usize, ac: usize, known: Option<&mut u64>) -> Checked {
        let tables = self.tables;
        if band.first == 0 {
            if band.refines {
                self.bits.take(1)?;
            } else {
                let (high, length) = self.code(tables.dc.get(dc))?;
                self.bits.take(high << 4 | length)?;
            }
            if progressive {
                return Some(());
            }
        }
        let table = tables.ac.get(ac);
        match known {
            Some(known) if band.refines => self.refine(band, table, known),
            Some(known) => self.coefficients(band, table, known),
            None => self.coefficients(band, table, &mut 0),
        }?;
        // Only progressive scans speak of blocks to come.
        if !progressive && self.blocks_to_skip > 0 {
            return None;
        }
        Some(())
    }

    /// Coefficients as they first come: so many zeros, then one of so many bits.
    fn coefficients(&mut self, band: &Band, table: Option<&Option<Table>>, known: &mut u64) -> Checked {
        if self.blocks_to_skip > 0 {
            self.blocks_to_skip -= 1;
            return Some(());
        }
        let Some(Some(table)) = table else { return None };
        let mut at = band.first.max(1);
        while at <= band.last {
            let (value, length) = table.look_up(self.bits.peek())?;
            match (u32::from(value >> 4), u32::from(value & 15)) {
                (15, 0) => {
                    self.bits.skip(length)?;
                    at += 16;
                }
                (run, 0) => {
                    self.bits.skip(length)?;
                    self.blocks_to_skip = (1 << run) + self.bits.take(run)? - 1;
                    return Some(());
                }
                (zeros, bits) => {
                    at += zeros;
                    if at > band.last {
                        return None;
                    }
                    self.bits.skip(length + bits)?;
                    *known |= 1 << at;
                    at += 1;
                }
            }
        }
        Some(())
    }

    /// One bit more of each coefficient that is not zero, and those that stop being zero now.
    fn refine(&mut self, band: &Band, table: Option<&Option<Table>>, known: &mut u64) -> Checked {
        let mut at = band.first;
        while at <= band.last && self.blocks_to_skip == 0 {
            let (mut zeros, length) = self.code(table)?;
            match (zeros, length) {
                (15, 0) => {}
                (run, 0) => {
                    self.blocks_to_skip = (1 << run) + self.bits.take(run)?;
                    break;
                }
                (_, 1) => {
                    self.bits.take(1)?;
                }
                _ => return None,
            }
            while at <= band.last {
                if *known >> at & 1 == 1 {
                    self.bits.take(1)?;
                } else if zeros == 0 {
                    break;
                } else {
                    zeros -= 1;
                }
                at += 1;
            }
            if length == 1 {
                if at > band.last {
                    return None;
                }
                *known |= 1 << at;
            }
            at += 1;
        }
        if self.blocks_to_skip > 0 {
            self.blocks_to_skip -= 1;
            for at in at..=band.last {
                self.bits.take((*known >> at & 1) as u32)?;
            }
        }
        Some(())
    }
}

/// Whether one of the eight bytes is 0xff.
const fn holds_ff(bytes: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // A byte of the complement that is zero borrows.
    (!bytes).wrapping_sub(ONES) & bytes & (ONES << 7) != 0
}

/// The bits of a scan up to its next restart marker.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The next `held` bits, at the low end.
    buffer: u64,
    held: u32,
}

impl<'a> Bits<'a> {
    const fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, buffer: 0, held: 0 }
    }

    fn fill(&mut self) {
        // Most of the time nothing is to be looked at in what comes: bytes are taken together.
        if let Some(Some(&next)) = self.bytes.get(self.at..).map(<[u8]>::first_chunk::<8>) {
            let next = u64::from_be_bytes(next);
            let count = 56_u32.saturating_sub(self.held) / 8;
            if count > 0 && !holds_ff(next) {
                self.buffer = self.buffer << (8 * count) | next >> (64 - 8 * count);
                self.held += 8 * count;
                self.at += count as usize;
                return;
            }
        }
        while self.held <= 48 {
            let (byte, length) = match (self.bytes.get(self.at), self.bytes.get(self.at + 1)) {
                (Some(0xff), Some(0x00)) => (0xff, 2),
                // A restart marker, or fill bytes before one or before the end.
                (Some(0xff), _) | (None, _) => return,
                (Some(&byte), _) => (byte, 1),
            };
            self.at += length;
            self.buffer = self.buffer << 8 | u64::from(byte);
            self.held += 8;
        }
    }

    /// The next 16 bits; ones where there are no more. As many that come after them are at hand, if there are any.
    #[inline]
    fn peek(&mut self) -> usize {
        if self.held < 32 {
            self.fill();
        }
        let bits = if self.held >= 16 { self.buffer >> (self.held - 16) } else { !(!self.buffer << (16 - self.held)) };
        (bits & 0xffff) as usize
    }

    /// Past the next `count` bits, of those that [`Self::peek`] has at hand.
    #[inline]
    fn skip(&mut self, count: u32) -> Checked {
        self.held = self.held.checked_sub(count)?;
        Some(())
    }

    /// The next `count` bits, 16 at most, as a number.
    fn take(&mut self, count: u32) -> Checked<u32> {
        if self.held < count {
            self.fill();
        }
        if count > 16 || self.held < count {
            return None;
        }
        self.held -= count;
        Some((self.buffer >> self.held & ((1 << count) - 1)) as u32)
    }

    /// Takes the restart marker with this number; nothing but a byte's rest may lie before it.
    fn restart(&mut self, number: usize) -> Checked {
        self.fill();
        while self.bytes.get(self.at + 1) == Some(&0xff) {
            self.at += 1;
        }
        let expected = 0xd0 + (number % 8) as u8;
        if self.held >= 8 || self.bytes.get(self.at..self.at + 2) != Some(&[0xff, expected]) {
            return None;
        }
        *self = Self { bytes: self.bytes, at: self.at + 2, buffer: 0, held: 0 };
        Some(())
    }

    /// Nothing of the image may be left. Some cameras fill up with zeros or with a last restart marker.
    fn end(mut self) -> Checked {
        self.fill();
        let filler = |byte: &u8| matches!(byte, 0x00 | 0xd0..=0xd7 | 0xff);
        // Less than a byte is the rest of the last one.
        let held_is_filler = self.buffer & ((1 << (self.held - self.held % 8)) - 1) == 0;
        if !held_is_filler || !self.bytes[self.at..].iter().all(filler) {
            return None;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection, prelude::*};

    use super::*;

    /// The smallest pictures there are, in parts. Their tables know one code, a single zero bit.
    #[derive(Clone)]
    struct Parts {
        /// Marker and payload.
        frame: (u8, Vec<u8>),
        tables: Vec<(u8, Vec<u8>)>,
        /// Header and image data.
        scans: Vec<(Vec<u8>, Vec<u8>)>,
    }

    const BASELINE: u8 = 0xc0;
    const PROGRESSIVE: u8 = 0xc2;
    /// Of one component: its number, sampling, table of quantisation.
    const GRAY: [u8; 3] = [1, 0x11, 0];
    const OTHER: [u8; 3] = [2, 0x11, 0];

    fn frame(marker: u8, width: u8, height: u8, components: &[[u8; 3]]) -> (u8, Vec<u8>) {
        (marker, [&[8, 0, height, 0, width, components.len() as u8], components.concat().as_slice()].concat())
    }

    fn table(class_and_place: u8, value: u8) -> (u8, Vec<u8>) {
        (DHT, [&[class_and_place, 1][..], &[0; 15], &[value]].concat())
    }

    /// Two blocks of gray: one code says as bright as before, one that nothing else comes.
    fn baseline() -> Parts {
        Parts {
            frame: frame(BASELINE, 16, 8, &[GRAY]),
            tables: vec![table(0x00, 0), table(0x10, 0)],
            scans: vec![(vec![1, 1, 0, 0, 63, 0], vec![0b0000_1111])],
        }
    }

    /// One block: its brightness, then coefficients 1 to 5, of which there are none.
    fn progressive() -> Parts {
        let scans = vec![(vec![1, 1, 0, 0, 0, 0], vec![0b0111_1111]), (vec![1, 1, 0, 1, 5, 0], vec![0b0111_1111])];
        Parts { frame: frame(PROGRESSIVE, 8, 8, &[GRAY]), scans, ..baseline() }
    }

    fn with(mut parts: Parts, change: impl FnOnce(&mut Parts)) -> Result<(), PictureFault> {
        change(&mut parts);
        let segment = |marker: u8, payload: &[u8]| [&[0xff, marker, 0, payload.len() as u8 + 2], payload].concat();
        let mut file = vec![0xff, 0xd8];
        for (marker, payload) in parts.tables.iter().chain([&parts.frame]) {
            file.extend(segment(*marker, payload));
        }
        for (header, bits) in &parts.scans {
            file.extend([&segment(SOS, header)[..], bits].concat());
        }
        file.extend([0xff, 0xd9]);
        check(&file)
    }

    const DAMAGED: Result<(), PictureFault> = Err(PictureFault::Damaged);

    #[test]
    fn the_smallest_pictures_are_whole() {
        assert_eq!(with(baseline(), |_| {}), Ok(()));
        assert_eq!(with(progressive(), |_| {}), Ok(()));
        let refining = |parts: &mut Parts| parts.scans.push((vec![1, 1, 0, 1, 5, 0x10], vec![0b0111_1111]));
        assert_eq!(with(progressive(), refining), Ok(()));
    }

    #[test]
    fn frames_that_cannot_be() {
        for impossible in [
            frame(BASELINE, 16, 8, &[[1, 0x51, 0]]),
            frame(BASELINE, 16, 8, &[[1, 0x15, 0]]),
            frame(BASELINE, 16, 8, &[[1, 0x01, 0]]),
            frame(BASELINE, 16, 8, &[[1, 0x10, 0]]),
            // Two are said, one is there.
            (BASELINE, vec![8, 0, 8, 0, 16, 2, 1, 0x11, 0]),
        ] {
            assert_eq!(with(baseline(), |parts| parts.frame = impossible.clone()), DAMAGED, "{impossible:?}");
        }
        for (width, height) in [(0, 8), (16, 0)] {
            let empty = |parts: &mut Parts| (parts.frame, parts.scans[0].1) = (frame(BASELINE, width, height, &[GRAY]), Vec::new());
            assert_eq!(with(baseline(), empty), DAMAGED, "{width} x {height}");
        }
        let none = |parts: &mut Parts| (parts.frame, parts.scans) = (frame(BASELINE, 16, 8, &[]), Vec::new());
        assert_eq!(with(baseline(), none), DAMAGED);
        let five = |parts: &mut Parts| {
            parts.frame = frame(BASELINE, 16, 8, &[1, 2, 3, 4, 5].map(|id| [id, 0x11, 0]));
            parts.scans = (1..=5).map(|id| (vec![1, id, 0, 0, 63, 0], vec![0b0000_1111])).collect();
        };
        assert_eq!(with(baseline(), five), DAMAGED);
    }

    #[test]
    fn scans_that_cannot_be() {
        let header = |header: [u8; 6]| move |parts: &mut Parts| parts.scans[1].0 = header.to_vec();
        let backwards = |parts: &mut Parts| parts.scans[1] = (vec![1, 1, 0, 5, 3, 0], Vec::new());
        assert_eq!(with(progressive(), backwards), DAMAGED, "ends before it begins");
        assert_eq!(with(progressive(), header([1, 1, 0, 1, 64, 0])), DAMAGED, "a block has 64");
        assert_eq!(with(progressive(), header([1, 1, 0, 0, 5, 0])), DAMAGED, "brightness and others at once");
        let of_nothing = |parts: &mut Parts| parts.scans.push((vec![0, 0, 0, 0], Vec::new()));
        assert_eq!(with(progressive(), of_nothing), DAMAGED);
        let two = |last: Vec<u8>| {
            move |parts: &mut Parts| {
                parts.frame = frame(PROGRESSIVE, 8, 8, &[GRAY, OTHER]);
                parts.scans = vec![(vec![2, 1, 0, 2, 0, 0, 0, 0], vec![0b0011_1111]), (last, vec![0b0011_1111])];
            }
        };
        assert_eq!(with(progressive(), two(vec![2, 1, 0, 2, 0, 1, 5, 0])), DAMAGED, "coefficients of two components in one scan");
    }

    #[test]
    fn a_component_that_no_scan_brings() {
        assert_eq!(with(baseline(), |parts| parts.frame = frame(BASELINE, 16, 8, &[GRAY, OTHER])), DAMAGED);
        assert_eq!(with(baseline(), |parts| parts.scans.clear()), DAMAGED);
    }

    #[test]
    fn a_second_frame() {
        let second = |parts: &mut Parts| parts.tables.push(parts.frame.clone());
        assert_eq!(with(baseline(), second), DAMAGED);
    }

    #[test]
    fn codes_that_cannot_be() {
        let three_of_one_bit = (DHT, [&[0x00, 3][..], &[0; 15], &[0, 0, 0]].concat());
        assert_eq!(with(baseline(), |parts| parts.tables[0] = three_of_one_bit), DAMAGED);
        let seventeen_bits = |parts: &mut Parts| {
            parts.tables[0] = table(0x00, 17);
            parts.scans[0].1 = vec![0; 6];
        };
        assert_eq!(with(baseline(), seventeen_bits), DAMAGED);
        let blocks_to_come = |parts: &mut Parts| {
            parts.tables[1] = table(0x10, 0x10);
            parts.scans[0].1 = vec![0b0000_1111];
        };
        assert_eq!(with(baseline(), blocks_to_come), DAMAGED, "as only progressive scans say");
    }

    #[test]
    fn coefficients_behind_the_last() {
        let fifteen_zeros = |parts: &mut Parts| {
            parts.tables[1] = table(0x10, 0xf1);
            parts.scans[1].1 = vec![0b0011_1111];
        };
        assert_eq!(with(progressive(), fifteen_zeros), DAMAGED);
        let refining = |parts: &mut Parts| {
            parts.scans.remove(1);
            parts.tables[1] = table(0x10, 0x51);
            parts.scans.push((vec![1, 1, 0, 1, 5, 0x10], vec![0b0011_1111]));
        };
        assert_eq!(with(progressive(), refining), DAMAGED);
    }

    #[test]
    fn restart_markers_come_in_order_and_directly() {
        let restarted = |bits: &'static [u8]| {
            move |parts: &mut Parts| {
                parts.tables.push((DRI, vec![0, 1]));
                parts.scans[0].1 = bits.to_vec();
            }
        };
        assert_eq!(with(baseline(), restarted(&[0x3f, 0xff, 0xd0, 0x3f])), Ok(()));
        assert_eq!(with(baseline(), restarted(&[0x3f, 0xff, 0xd1, 0x3f])), DAMAGED, "another number");
        assert_eq!(with(baseline(), restarted(&[0x3f, 0x3f, 0xff, 0xd0, 0x3f])), DAMAGED, "a byte before it");
        assert_eq!(with(baseline(), restarted(&[0x3f, 0x3f])), DAMAGED, "none");
    }

    #[test]
    fn after_the_last_block_comes_filling_alone() {
        let then = |rest: &'static [u8]| move |parts: &mut Parts| parts.scans[0].1.extend(rest);
        assert_eq!(with(baseline(), then(&[0; 30])), Ok(()));
        assert_eq!(with(baseline(), then(b"<")), DAMAGED);
        assert_eq!(with(baseline(), then(b"\0\0\0\0\0\0\0\0\0\0\0\0<")), DAMAGED);
    }

    /// Mostly plain bytes, some that are written as two, and now and then a marker.
    fn image_data() -> impl Strategy<Value = Vec<u8>> {
        let part = prop_oneof![85 => (0..=0xfe_u8).prop_map(|byte| vec![byte]), 10 => Just(vec![0xff, 0x00]), 5 => Just(vec![0xff])];
        collection::vec(part, 0..60).prop_map(|parts| parts.concat())
    }

    /// The bits up to the first marker, one by one.
    fn bits_of(mut bytes: &[u8]) -> Vec<u32> {
        let mut bits = Vec::new();
        loop {
            let byte = match bytes {
                [0xff, 0x00, rest @ ..] => {
                    bytes = rest;
                    0xff
                }
                [0xff, ..] | [] => return bits,
                [byte, rest @ ..] => {
                    bytes = rest;
                    *byte
                }
            };
            bits.extend((0..8).rev().map(|bit| u32::from(byte >> bit & 1)));
        }
    }

    proptest! {
        /// Whichever way bytes come into hand: all bits up to the next marker, in order, once.
        #[test]
        fn bits_are_those_of_the_bytes(bytes in image_data(), counts in collection::vec((any::<bool>(), 0_u32..=31), 200)) {
            let (expected, mut bits, mut at) = (bits_of(&bytes), Bits::of(&bytes), 0);
            for (skips, count) in counts {
                // After the end come ones.
                let upcoming =
                    |count: u32| (at..at + count as usize).fold(0, |number, at| number << 1 | expected.get(at).copied().unwrap_or(1));
                prop_assert_eq!(bits.peek(), upcoming(16) as usize);
                let count = if skips { count } else { count.min(16) };
                let fits = at + count as usize <= expected.len();
                if skips {
                    prop_assert_eq!(bits.skip(count), fits.then_some(()));
                } else {
                    prop_assert_eq!(bits.take(count), fits.then(|| upcoming(count)));
                }
                at += if fits { count as usize } else { 0 };
            }
        }

        /// The short table says what the whole one does.
        #[test]
        fn codes_are_found_by_their_first_bits(lengths in any::<[u8; 16]>()) {
            // Up to 15 codes of each length, as far as there is room.
            let (mut room, mut counts) = (1_u32 << 16, [0_u8; 16]);
            for (at, (count, wish)) in counts.iter_mut().zip(lengths).enumerate() {
                let each = 1 << (15 - at);
                *count = u8::try_from((room / each).min(u32::from(wish) % 16)).expect("small");
                room -= u32::from(*count) * each;
            }
            let values: Vec<u8> = (0..counts.iter().map(|&count| usize::from(count)).sum::<usize>()).map(|value| value as u8).collect();
            let table = Table::new(&counts, &values).expect("a table");
            for bits in 0..1 << 16 {
                let (value, length) = table.all[bits];
                prop_assert_eq!(table.look_up(bits), (length > 0).then_some((value, u32::from(length))));
            }
        }
    }
}
