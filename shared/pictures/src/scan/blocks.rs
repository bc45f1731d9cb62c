//! Reads the blocks of a scan, code by code.

use super::{
    Checked,
    bits::Bits,
    idct::{Coefficients, position},
    tables::{Table, Tables},
};

/// The coefficients that a scan contains.
#[derive(Clone, Copy)]
pub(super) struct Band {
    pub(super) first: usize,
    pub(super) last: usize,
    /// Whether the scan adds one bit to coefficients of earlier scans.
    pub(super) refines: bool,
    /// The number of lower bits that a scan of a progressive picture leaves to later scans.
    pub(super) shift: u32,
}

impl Band {
    /// The only band of a sequential picture.
    pub(super) const ALL: Self = Self { first: 0, last: 63, refines: false, shift: 0 };
}

pub(super) struct BlockReader<'a> {
    pub(super) bits: Bits<'a>,
    pub(super) tables: &'a Tables,
    /// Number of following blocks to which the last "end of band" code also applies.
    pub(super) blocks_to_skip: u32,
}

/// A component in a scan.
pub(super) struct Part {
    /// Index of the component.
    pub(super) index: usize,
    /// Indices of its Huffman tables for first (DC) and other (AC) coefficients.
    pub(super) dc: usize,
    pub(super) ac: usize,
    /// The DC coefficient of the component's previous block, without the lower bits that later scans add.
    pub(super) previous: i32,
}

impl BlockReader<'_> {
    /// Reads a code. Returns the upper and the lower four bits of its value.
    fn code(&mut self, table: Option<&Option<Table>>) -> Checked<(u32, u32)> {
        let Some(Some(table)) = table else { return None };
        let (value, length) = table.look_up(self.bits.peek())?;
        self.bits.skip(length)?;
        Some((u32::from(value >> 4), u32::from(value & 15)))
    }

    /// Reads a block of a sequential picture. All coefficients of `block` must be zero before the call.
    pub(super) fn sequential(&mut self, part: &mut Part, block: &mut Coefficients) -> Checked {
        self.first(part, 0, block)?;
        self.coefficients(&Band::ALL, self.tables.ac.get(part.ac), block)?;
        // Only progressive scans may end several blocks at once.
        (self.blocks_to_skip == 0).then_some(())
    }

    /// Reads a block of a progressive scan.
    pub(super) fn progressive(&mut self, band: &Band, part: &mut Part, block: &mut Coefficients) -> Checked {
        match (band.first, band.refines) {
            (0, false) => self.first(part, band.shift, block),
            (0, true) => {
                block[0] |= (self.bits.take(1)? << band.shift) as i16;
                Some(())
            }
            (_, false) => self.coefficients(band, self.tables.ac.get(part.ac), block),
            (_, true) => self.refine(band, self.tables.ac.get(part.ac), block),
        }
    }

    /// Reads the first coefficient, which is stored as the difference from that of the previous block.
    fn first(&mut self, part: &mut Part, shift: u32, block: &mut Coefficients) -> Checked {
        let Some(Some(table)) = self.tables.dc.get(part.dc) else { return None };
        let (bits, length) = table.look_up(self.bits.peek())?;
        if bits == 0 {
            self.bits.skip(length)?;
        } else {
            part.previous += i32::from(self.bits.skip_and_take_signed(length, u32::from(bits))?);
        }
        block[0] = i16::try_from(part.previous << shift).ok()?;
        Some(())
    }

    /// Reads coefficients for the first time. Each code contains two numbers: how many coefficients are zero, and how many bits the
    /// coefficient after them has.
    fn coefficients(&mut self, band: &Band, table: Option<&Option<Table>>, block: &mut Coefficients) -> Checked {
        if self.blocks_to_skip > 0 {
            self.blocks_to_skip -= 1;
            return Some(());
        }
        let Some(Some(table)) = table else { return None };
        let mut at = band.first.max(1);
        while at <= band.last {
            let (value, length) = table.look_up(self.bits.peek())?;
            match (value >> 4, u32::from(value & 15)) {
                (15, 0) => {
                    self.bits.skip(length)?;
                    at += 16;
                }
                (run, 0) => {
                    self.bits.skip(length)?;
                    self.blocks_to_skip = (1 << run) + self.bits.take(u32::from(run))? - 1;
                    return Some(());
                }
                (zeros, bits) => {
                    at += usize::from(zeros);
                    if at > band.last || bits + band.shift > 15 {
                        return None;
                    }
                    block[position(at)] = self.bits.skip_and_take_signed(length, bits)? << band.shift;
                    at += 1;
                }
            }
        }
        Some(())
    }

    /// Reads a refinement: one more bit of each coefficient that is not zero, and the coefficients that become nonzero in this scan.
    fn refine(&mut self, band: &Band, table: Option<&Option<Table>>, block: &mut Coefficients) -> Checked {
        let mut at = band.first;
        while at <= band.last && self.blocks_to_skip == 0 {
            let (mut zeros, length) = self.code(table)?;
            let mut new = 0;
            match (zeros, length) {
                (15, 0) => {}
                (run, 0) => {
                    self.blocks_to_skip = (1 << run) + self.bits.take(run)?;
                    break;
                }
                (_, 1) => new = if self.bits.take(1)? == 1 { 1 << band.shift } else { -1 << band.shift },
                _ => return None,
            }
            while at <= band.last {
                if block[position(at)] != 0 {
                    self.refine_one(band, &mut block[position(at)])?;
                } else if zeros == 0 {
                    break;
                } else {
                    zeros -= 1;
                }
                at += 1;
            }
            if new != 0 {
                if at > band.last {
                    return None;
                }
                block[position(at)] = new;
            }
            at += 1;
        }
        if self.blocks_to_skip > 0 {
            self.blocks_to_skip -= 1;
            for at in at..=band.last {
                let coefficient = &mut block[position(at)];
                if *coefficient != 0 {
                    self.refine_one(band, coefficient)?;
                }
            }
        }
        Some(())
    }

    /// Reads the next lower bit of a coefficient that is not zero.
    fn refine_one(&mut self, band: &Band, coefficient: &mut i16) -> Checked {
        let bit = 1 << band.shift;
        if self.bits.take(1)? == 1 && *coefficient & bit == 0 {
            *coefficient = coefficient.checked_add(bit * coefficient.signum())?;
        }
        Some(())
    }
}
