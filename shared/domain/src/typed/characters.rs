//! Cleans the characters of a typed text, and records which of them a parser has used.

use std::ops::Range;

use icu_normalizer::DecomposingNormalizerBorrowed;
use zeroize::Zeroizing;

use super::Dropped;

/// Ranges of characters without a glyph: Unicode's `Default_Ignorable_Code_Point` (UAX 44), the interlinear annotation marks, the object
/// replacement character that phones paste for a picture, and the keycap of an emoji digit.
pub(super) const INVISIBLE: &[(u32, u32)] = &[
    (0xad, 0xad),
    (0x34f, 0x34f),
    (0x61c, 0x61c),
    (0x115f, 0x1160),
    (0x17b4, 0x17b5),
    (0x180b, 0x180f),
    (0x200b, 0x200f),
    (0x202a, 0x202e),
    (0x2060, 0x206f),
    (0x20e3, 0x20e3),
    (0x3164, 0x3164),
    (0xfe00, 0xfe0f),
    (0xfeff, 0xfeff),
    (0xffa0, 0xffa0),
    (0xfff0, 0xfffc),
    (0x1bca0, 0x1bca3),
    (0x1d173, 0x1d17a),
    (0xe0000, 0xe0fff),
];

/// Hyphens, dashes and minus signs.
pub(super) const HYPHENS: &[(u32, u32)] = &[
    (0x2d, 0x2d),
    (0x2d7, 0x2d7),
    (0x58a, 0x58a),
    (0x5be, 0x5be),
    (0x1806, 0x1806),
    (0x2010, 0x2015),
    (0x2043, 0x2043),
    (0x2212, 0x2212),
    (0x2e17, 0x2e17),
    (0x2e3a, 0x2e3b),
    (0x301c, 0x301c),
    (0xfe31, 0xfe32),
    (0xfe58, 0xfe58),
    (0xfe63, 0xfe63),
    (0xff0d, 0xff0d),
];

/// Dots that people put between groups of digits, on the baseline or above it.
pub(super) const DOTS: &str = ".\u{b7}\u{387}\u{2024}\u{2027}\u{2219}\u{22c5}";

/// The zeros of Arabic, extended Arabic and Devanagari digits, and of the five mathematical styles of digits. In Unicode, the digits 1 to 9
/// follow each zero. Full-width digits are not listed, because [`to_ascii`] replaces all full-width ASCII characters.
pub(super) const ZEROS: &[u32] = &[0x660, 0x6f0, 0x966, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6];

fn is_in(ranges: &[(u32, u32)], c: char) -> bool {
    ranges.iter().any(|&(first, last)| (first..=last).contains(&u32::from(c)))
}

/// Returns whether the character has no glyph. This includes control characters, except white space.
pub(crate) fn is_invisible(c: char) -> bool {
    is_in(INVISIBLE, c) || (c.is_control() && !c.is_whitespace())
}

/// Replaces hyphens, digits, full-width ASCII and the ideographic full stops by the ASCII character of the same meaning.
pub(crate) fn to_ascii(c: char) -> char {
    let code = u32::from(c);
    if is_in(HYPHENS, c) {
        return '-';
    }
    if let Some(zero) = ZEROS.iter().find(|&&zero| (zero..zero + 10).contains(&code)) {
        return char::from_digit(code - zero, 10).unwrap_or(c);
    }
    match code {
        0xff01..=0xff5e => char::from_u32(code - 0xfee0).unwrap_or(c),
        0x3002 | 0xff61 => '.',
        // The blank Braille pattern, which looks like a space.
        0x2800 => ' ',
        _ => c,
    }
}

/// Returns whether the character belongs to a word: a letter or digit of any script, or a combining accent.
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || is_accent(c)
}

fn is_accent(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

pub(super) fn is_greek(c: char) -> bool {
    c.is_alphabetic() && matches!(u32::from(c), 0x370..=0x3ff | 0x1f00..=0x1fff)
}

/// Returns a word in lower case, without accents, and with `σ` for `ς`.
pub(super) fn fold(word: &[char]) -> String {
    let lower: Zeroizing<String> = Zeroizing::new(word.iter().flat_map(|c| c.to_lowercase()).collect());
    let letters = DecomposingNormalizerBorrowed::new_nfd().normalize_iter(lower.chars()).filter(|&c| !is_accent(c));
    letters.map(|c| if c == 'ς' { 'σ' } else { c }).collect()
}

/// Maximum number of characters that are read from a text. The rest of a longer text is ignored, because the duration of some searches
/// grows with the square of the length. Our own messages, which people paste, are much shorter than this limit.
const TEXT_CHARACTERS_MAX: usize = 6_000;

/// A cleaned text. Its memory is overwritten when it is dropped, because it may contain a code number or a password.
pub(super) struct Text {
    pub(super) chars: Zeroizing<Vec<char>>,
    /// For each character, whether it is used: it belongs to a link or to the value that the parser returns.
    used: Vec<bool>,
    has_invisible: bool,
    has_link: bool,
}

impl Text {
    /// Removes invisible characters and replaces look-alikes of ASCII.
    pub(super) fn clean(text: &str) -> Self {
        // A character takes at least one byte, so this capacity is sufficient. The memory is never reallocated, and no copy of the text
        // remains in freed memory.
        let mut chars = Zeroizing::new(Vec::with_capacity(text.len()));
        let mut has_invisible = false;
        for c in text.chars().take(TEXT_CHARACTERS_MAX) {
            if is_invisible(c) {
                has_invisible = true;
            } else {
                chars.push(to_ascii(c));
            }
        }
        let used = vec![false; chars.len()];
        Self { chars, used, has_invisible, has_link: false }
    }

    /// Replaces the characters of the text. Must be called before any character is marked as used.
    pub(super) fn replace(&mut self, chars: Zeroizing<Vec<char>>) {
        self.used = vec![false; chars.len()];
        self.chars = chars;
    }

    pub(super) fn mark_used(&mut self, range: Range<usize>) {
        self.used[range].fill(true);
    }

    pub(super) fn mark_link(&mut self, range: Range<usize>) {
        self.has_link = true;
        self.mark_used(range);
    }

    /// Returns the character at a position. Returns `None` if the character is used or the position is beyond the end.
    pub(super) fn free(&self, at: usize) -> Option<char> {
        if self.used.get(at).is_some_and(|used| !used) { self.chars.get(at).copied() } else { None }
    }

    /// Returns all runs of unused characters for which `is_part` is true. Each run is as long as possible.
    pub(super) fn runs(&self, is_part: impl Fn(char) -> bool) -> Vec<Range<usize>> {
        let mut runs = Vec::new();
        let mut start = None;
        for at in 0..=self.chars.len() {
            let is_inside = self.free(at).is_some_and(&is_part);
            match (start, is_inside) {
                (None, true) => start = Some(at),
                (Some(first), false) => {
                    runs.push(first..at);
                    start = None;
                }
                (None, false) | (Some(_), true) => {}
            }
        }
        runs
    }

    /// Returns the last word before a position. Returns `None` if there is none, or if a used character is between the word and the
    /// position.
    pub(super) fn word_before(&self, at: usize) -> Option<Range<usize>> {
        let mut end = at;
        while end > 0 && !is_word(self.free(end - 1)?) {
            end -= 1;
        }
        let mut start = end;
        while start > 0 && self.free(start - 1).is_some_and(is_word) {
            start -= 1;
        }
        (start < end).then_some(start..end)
    }

    pub(super) fn is_label(&self, word: Range<usize>, labels: &[&str]) -> bool {
        labels.contains(&fold(&self.chars[word]).as_str())
    }

    /// Returns the kinds of text that the parser has dropped.
    pub(super) fn dropped(&self, labels: &[&str]) -> Vec<Dropped> {
        let words = self.runs(is_word);
        let only_labels = words.iter().all(|word| self.is_label(word.clone(), labels));
        let kinds = [
            (self.has_invisible, Dropped::Invisible),
            (self.chars.iter().any(|c| c.is_whitespace()), Dropped::WhiteSpace),
            (!self.runs(|c| !is_word(c) && !c.is_whitespace()).is_empty(), Dropped::Punctuation),
            (!words.is_empty() && only_labels, Dropped::Label),
            (self.has_link, Dropped::Link),
            (!only_labels, Dropped::Text),
        ];
        kinds.into_iter().filter_map(|(is_dropped, kind)| is_dropped.then_some(kind)).collect()
    }
}
