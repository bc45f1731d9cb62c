//! The tables of a JPEG: Huffman tables and quantisation tables.

use domain::photo::{PictureFault, UnsupportedJpeg};

use super::{Checked, SCANS_MAX};

/// Maximum number of Huffman tables that a file may define. Encoders define at most four per scan. Without this limit, a small file could
/// waste time, because a definition may take only 17 bytes of the file but fills 131,072 bytes of memory.
const TABLES_MAX: usize = 4 * SCANS_MAX;
/// Maximum number of quantisation tables that a file may define. Encoders define at most four, one for each index. The limit exists because
/// the 64 numbers of a table are arbitrary, so that many tables could hide other data.
const QUANTISATION_TABLES_MAX: usize = 8;
/// Number of different values that a Huffman code can stand for.
const HUFFMAN_VALUES_MAX: usize = 256;
/// Nearly all Huffman codes have at most this many bits. A table that is indexed by this number of bits fits into the processor's
/// first-level cache.
const SHORT_BITS: usize = 9;

#[derive(Default)]
pub(super) struct Tables {
    pub(super) dc: [Option<Table>; 4],
    pub(super) ac: [Option<Table>; 4],
    /// Interval between restart markers, in minimum coded units. 0 if there are no restart markers.
    pub(super) restart_interval: usize,
    huffman_definitions: usize,
    quantisation_definitions: usize,
    /// Quantisation tables. The numbers of each table are in the order in which the file lists them.
    pub(super) quantisation: [Option<[u16; 64]>; 4],
    /// Whether a scan has been read. From then on, no quantisation table may be added or changed.
    pub(super) quantisation_is_fixed: bool,
}

impl Tables {
    /// Reads the payload of a DHT segment.
    pub(super) fn define_huffman(&mut self, mut payload: &[u8]) -> Option<()> {
        while let Some((&class_and_place, rest)) = payload.split_first() {
            let (lengths, rest) = rest.split_first_chunk::<16>()?;
            let total = lengths.iter().map(|&count| usize::from(count)).sum();
            let (values, rest) = rest.split_at_checked(total)?;
            self.huffman_definitions += 1;
            if self.huffman_definitions > TABLES_MAX || total > HUFFMAN_VALUES_MAX {
                return None;
            }
            let class = match class_and_place >> 4 {
                // The values in a table for DC coefficients are bit lengths, and are below 16.
                0 if values.iter().all(|&value| value < 16) => &mut self.dc,
                1 => &mut self.ac,
                _ => return None,
            };
            *class.get_mut(usize::from(class_and_place & 15))? = Some(Table::new(lengths, values)?);
            payload = rest;
        }
        Some(())
    }

    /// Reads the payload of a DQT segment.
    pub(super) fn define_quantisation(&mut self, mut payload: &[u8]) -> Result<(), PictureFault> {
        while let Some((&precision_and_place, rest)) = payload.split_first() {
            let length = match precision_and_place {
                0x00..=0x03 => 64,
                0x10..=0x13 => 128,
                _ => return Err(PictureFault::Damaged),
            };
            self.quantisation_definitions += 1;
            let Some((numbers, rest)) = rest.split_at_checked(length).filter(|_| self.quantisation_definitions <= QUANTISATION_TABLES_MAX)
            else {
                return Err(PictureFault::Damaged);
            };
            let table = std::array::from_fn(|at| match numbers.as_chunks::<2>().0 {
                pairs if length == 128 => u16::from_be_bytes(pairs[at]),
                _ => u16::from(numbers[at]),
            });
            let place = &mut self.quantisation[usize::from(precision_and_place & 3)];
            // After the first scan, a new or changed table is rejected. libjpeg uses the table that was defined at a component's first
            // scan, and other decoders use the table that was defined last.
            if self.quantisation_is_fixed && *place != Some(table) {
                return Err(PictureFault::Unsupported(UnsupportedJpeg::QuantisationTables));
            }
            *place = Some(table);
            payload = rest;
        }
        Ok(())
    }
}

/// A Huffman table, indexed by the next 16 bits of the scan. If these bits begin with a code, the entry contains the value of the code and
/// its length in bits. If they do not, the length in the entry is 0.
pub(super) struct Table {
    by_16_bits: Vec<(u8, u8)>,
    /// The same table, indexed only by the first [`SHORT_BITS`] bits. The length is 0 if the code is longer.
    by_short_prefix: [(u8, u8); 1 << SHORT_BITS],
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
        let short =
            std::array::from_fn(|bits| Some(table[bits << (16 - SHORT_BITS)]).filter(|(_, length)| usize::from(*length) <= SHORT_BITS));
        Some(Self { by_short_prefix: short.map(Option::unwrap_or_default), by_16_bits: table })
    }

    /// Returns the value and the length of the code at the beginning of these 16 bits.
    pub(super) fn look_up(&self, bits: usize) -> Checked<(u8, u32)> {
        let short = self.by_short_prefix[bits >> (16 - SHORT_BITS)];
        let (value, length) = if short.1 > 0 { short } else { self.by_16_bits[bits] };
        if length == 0 {
            return None;
        }
        Some((value, u32::from(length)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_short_table_gives_the_same_codes_as_the_whole_one(lengths in any::<[u8; 16]>()) {
            // The table has up to 15 codes of each length, but only as many as the shorter codes leave room for.
            let (mut room, mut counts) = (1_u32 << 16, [0_u8; 16]);
            for (index, (count, requested)) in counts.iter_mut().zip(lengths).enumerate() {
                let each = 1 << (15 - index);
                *count = u8::try_from((room / each).min(u32::from(requested) % 16)).expect("small");
                room -= u32::from(*count) * each;
            }
            let values: Vec<u8> = (0..counts.iter().map(|&count| usize::from(count)).sum::<usize>()).map(|value| value as u8).collect();
            let table = Table::new(&counts, &values).expect("a table");
            for bits in 0..1 << 16 {
                let (value, length) = table.by_16_bits[bits];
                prop_assert_eq!(table.look_up(bits), (length > 0).then_some((value, u32::from(length))));
            }
        }
    }
}
