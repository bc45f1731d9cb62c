//! Reads entropy-coded data bit by bit, and the restart markers in it.

use super::Checked;

/// Returns whether one of the eight bytes is 0xff.
const fn contains_ff(bytes: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // In the complement, a byte 0xff becomes 0. Subtracting 1 from this byte sets its high bit.
    (!bytes).wrapping_sub(ONES) & bytes & (ONES << 7) != 0
}

/// The bits of a scan up to its next restart marker.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    position: usize,
    /// The next bits of the scan are the lowest `buffered` bits of this number.
    buffer: u64,
    buffered: u32,
}

impl<'a> Bits<'a> {
    pub(super) const fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0, buffer: 0, buffered: 0 }
    }

    fn fill(&mut self) {
        // Fast path: in most cases the next eight bytes contain no 0xff, and are read at once.
        if let Some(Some(&next)) = self.bytes.get(self.position..).map(<[u8]>::first_chunk::<8>) {
            let next = u64::from_be_bytes(next);
            let count = 56_u32.saturating_sub(self.buffered) / 8;
            if count > 0 && !contains_ff(next) {
                self.buffer = self.buffer << (8 * count) | next >> (64 - 8 * count);
                self.buffered += 8 * count;
                self.position += count as usize;
                return;
            }
        }
        while self.buffered <= 48 {
            let (byte, length) = match (self.bytes.get(self.position), self.bytes.get(self.position + 1)) {
                (Some(0xff), Some(0x00)) => (0xff, 2),
                // The data ends here, or a restart marker or fill bytes follow.
                (Some(0xff), _) | (None, _) => return,
                (Some(&byte), _) => (byte, 1),
            };
            self.position += length;
            self.buffer = self.buffer << 8 | u64::from(byte);
            self.buffered += 8;
        }
    }

    /// Returns the next 16 bits without consuming them, padded with ones after the end. Also buffers up to 16 bits after them, for
    /// [`Self::skip`].
    #[inline]
    pub(super) fn peek(&mut self) -> usize {
        if self.buffered < 32 {
            self.fill();
        }
        let bits = if self.buffered >= 16 { self.buffer >> (self.buffered - 16) } else { !(!self.buffer << (16 - self.buffered)) };
        (bits & 0xffff) as usize
    }

    /// Skips `count` bits, at most the 32 that [`Self::peek`] has buffered.
    #[inline]
    pub(super) fn skip(&mut self, count: u32) -> Checked {
        self.buffered = self.buffered.checked_sub(count)?;
        Some(())
    }

    /// Skips `skipped` bits and consumes the next `count` bits, 1 to 15, as a signed number. Both must be among the 32 bits that
    /// [`Self::peek`] has buffered. A first bit of 0 marks a negative number (ITU-T T.81, F.2.2.1).
    #[inline]
    pub(super) fn skip_and_take_signed(&mut self, skipped: u32, count: u32) -> Checked<i16> {
        self.skip(skipped + count)?;
        let bits = (self.buffer >> self.buffered) as i32 & ((1 << count) - 1);
        Some((if bits >> (count - 1) == 0 { bits + 1 - (1 << count) } else { bits }) as i16)
    }

    /// Consumes the next `count` bits, at most 16, and returns them as a number.
    pub(super) fn take(&mut self, count: u32) -> Checked<u32> {
        if self.buffered < count {
            self.fill();
        }
        if count > 16 || self.buffered < count {
            return None;
        }
        self.buffered -= count;
        Some((self.buffer >> self.buffered & ((1 << count) - 1)) as u32)
    }

    /// Consumes the restart marker with this number. Only the unused bits of the last byte and fill bytes may precede the marker.
    pub(super) fn restart(&mut self, number: usize) -> Checked {
        self.fill();
        while self.bytes.get(self.position + 1) == Some(&0xff) {
            self.position += 1;
        }
        let expected = 0xd0 + (number % 8) as u8;
        if self.buffered >= 8 || self.bytes.get(self.position..self.position + 2) != Some(&[0xff, expected]) {
            return None;
        }
        *self = Self { bytes: self.bytes, position: self.position + 2, buffer: 0, buffered: 0 };
        Some(())
    }

    /// Checks that no image data remains, except padding. Some cameras pad a scan with zeros, or with a last restart marker.
    pub(super) fn end(mut self) -> Checked {
        self.fill();
        let is_padding = |byte: &u8| matches!(byte, 0x00 | 0xd0..=0xd7 | 0xff);
        // If the buffered bits do not fill whole bytes, the first of them are the unused bits of a partly read byte. These unused bits may
        // have any value.
        let buffer_is_padding = self.buffer & ((1 << (self.buffered - self.buffered % 8)) - 1) == 0;
        if !buffer_is_padding || !self.bytes[self.position..].iter().all(is_padding) {
            return None;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection, prelude::*};

    use super::*;

    /// Generates mostly plain bytes, some escaped 0xff bytes, and now and then a marker.
    fn image_data() -> impl Strategy<Value = Vec<u8>> {
        let part = prop_oneof![85 => (0..=0xfe_u8).prop_map(|byte| vec![byte]), 10 => Just(vec![0xff, 0x00]), 5 => Just(vec![0xff])];
        collection::vec(part, 0..60).prop_map(|parts| parts.concat())
    }

    /// Returns the bits up to the first marker, one by one.
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
        #[test]
        fn all_bits_up_to_the_next_marker_are_read_once_and_in_order(
            bytes in image_data(),
            counts in collection::vec((0..3, 0_u32..=31), 200),
        ) {
            let (expected, mut bits, mut at) = (bits_of(&bytes), Bits::of(&bytes), 0);
            for (kind, count) in counts {
                // Beyond the end of the data, all bits read as ones.
                let upcoming =
                    |count: u32| (at..at + count as usize).fold(0, |number, at| number << 1 | expected.get(at).copied().unwrap_or(1));
                prop_assert_eq!(bits.peek(), upcoming(16) as usize);
                let count = if kind == 0 { count.min(16) } else { count };
                let fits = at + count as usize <= expected.len();
                if kind == 1 {
                    prop_assert_eq!(bits.skip(count), fits.then_some(()));
                } else if kind == 2 && count > 0 {
                    let value = count.min(15);
                    let unsigned = (upcoming(count) & ((1 << value) - 1)) as i32;
                    let signed = if unsigned >> (value - 1) == 1 { unsigned } else { unsigned - (1 << value) + 1 };
                    prop_assert_eq!(bits.skip_and_take_signed(count - value, value).map(i32::from), fits.then_some(signed));
                } else {
                    prop_assert_eq!(bits.take(count), fits.then(|| upcoming(count)));
                }
                at += if fits { count as usize } else { 0 };
            }
        }
    }
}
