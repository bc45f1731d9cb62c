//! Reads the blocks of a scan, code by code.

use super::{
    Band, Checked,
    bits::Bits,
    tables::{Table, Tables},
};

pub(super) struct BlockReader<'a> {
    pub(super) bits: Bits<'a>,
    pub(super) tables: &'a Tables,
    /// The number of following blocks that the last "end of band" code has already ended.
    pub(super) blocks_to_skip: u32,
}

impl BlockReader<'_> {
    /// Reads a code. Returns the upper and the lower four bits of its value.
    fn code(&mut self, table: Option<&Option<Table>>) -> Checked<(u32, u32)> {
        let Some(Some(table)) = table else { return None };
        let (value, length) = table.look_up(self.bits.peek())?;
        self.bits.take(length)?;
        Some((u32::from(value >> 4), u32::from(value & 15)))
    }

    /// Reads one block. `dc` and `ac` are the indices of its Huffman tables. `nonzero` is the bit mask of its coefficients that earlier
    /// scans made nonzero.
    pub(super) fn block(&mut self, progressive: bool, band: &Band, dc: usize, ac: usize, nonzero: Option<&mut u64>) -> Checked {
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
        match nonzero {
            Some(nonzero) if band.refines => self.refine(band, table, nonzero),
            Some(nonzero) => self.coefficients(band, table, nonzero),
            None => self.coefficients(band, table, &mut 0),
        }?;
        // Only progressive scans may end several blocks at once.
        if !progressive && self.blocks_to_skip > 0 {
            return None;
        }
        Some(())
    }

    /// Reads coefficients for the first time. Each code is a number of zeros and the number of bits of the coefficient after them.
    fn coefficients(&mut self, band: &Band, table: Option<&Option<Table>>, nonzero: &mut u64) -> Checked {
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
                    *nonzero |= 1 << at;
                    at += 1;
                }
            }
        }
        Some(())
    }

    /// Reads a refinement: one more bit of each coefficient that is not zero, and the coefficients that become nonzero now.
    fn refine(&mut self, band: &Band, table: Option<&Option<Table>>, nonzero: &mut u64) -> Checked {
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
                if *nonzero >> at & 1 == 1 {
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
                *nonzero |= 1 << at;
            }
            at += 1;
        }
        if self.blocks_to_skip > 0 {
            self.blocks_to_skip -= 1;
            for at in at..=band.last {
                self.bits.take((*nonzero >> at & 1) as u32)?;
            }
        }
        Some(())
    }
}
