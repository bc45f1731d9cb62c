//! The code number (κωδικάριθμος): the secret that gives access to one photo set.

use std::fmt;

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Number of characters in the text form of a code number.
pub const CODE_LENGTH: usize = 22;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// Characters that no generated code number contains: `+` and `/` are unsafe in links and file names, and people confuse the other
/// characters when they copy a code by hand. [`CodeNumber::parse`] accepts these characters nevertheless, because codes from other issuers
/// may contain them.
pub const NEVER_DRAWN: [char; 7] = ['+', '/', '0', 'O', '1', 'I', 'l'];

/// 128 random bits, written as 22 characters of unpadded standard base64. [`CodeNumber::draw`] leaves 124.5 bits of entropy, because it
/// excludes [`NEVER_DRAWN`]. 57 characters remain in each of the first 21 places, and 4 in the last.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct CodeNumber([u8; 16]);

/// Reason why a text is not a code number. A malformed code does not count against the daily limit of submissions, because it cannot be a
/// guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedCode {
    #[error("{0} characters instead of {CODE_LENGTH}")]
    Length(usize),
    #[error("a character that is not allowed in code numbers")]
    Character,
    /// The 22nd character encodes only 2 bits and is always one of A, Q, g, w, so most typing errors in it are detected.
    #[error("the last character is not one of A, Q, g, w")]
    LastCharacter,
    /// A word mixes Greek letters with Latin letters or digits, for example because the keyboard is set to Greek.
    #[error("a Greek letter inside the code")]
    GreekLetter,
    #[error("two or more different code numbers")]
    Several,
}

impl CodeNumber {
    /// Generates a random code number. Draws again until its text form contains none of [`NEVER_DRAWN`]. About one draw in twelve passes,
    /// because (57/64)^21 is 0.088.
    ///
    /// # Errors
    /// Returns the error of the random source.
    pub fn draw<E>(mut random: impl FnMut(&mut [u8; 16]) -> Result<(), E>) -> Result<Self, E> {
        loop {
            let mut bytes = [0; 16];
            random(&mut bytes)?;
            let code = Self(bytes);
            bytes.zeroize();
            if !Zeroizing::new(code.expose()).contains(NEVER_DRAWN) {
                return Ok(code);
            }
        }
    }

    /// Parses the text form of a code number. Ignores white space and accepts the standard and the URL-safe base64 alphabet.
    /// [`crate::typed::code_number`] parses what people type and paste.
    pub fn parse(text: &str) -> Result<Self, MalformedCode> {
        let compact: Zeroizing<String> = Zeroizing::new(text.chars().filter(|c| !c.is_whitespace()).collect());
        Self::parse_compact(&compact)
    }

    pub(crate) fn parse_compact(text: &str) -> Result<Self, MalformedCode> {
        let length = text.chars().count();
        if length != CODE_LENGTH {
            return Err(MalformedCode::Length(length));
        }
        if !text.chars().all(|c| c.is_ascii_alphanumeric() || "+/-_".contains(c)) {
            return Err(MalformedCode::Character);
        }
        if !text.ends_with(['A', 'Q', 'g', 'w']) {
            return Err(MalformedCode::LastCharacter);
        }
        let to_standard = |c| match c {
            '-' => '+',
            '_' => '/',
            other => other,
        };
        let standard: Zeroizing<String> = Zeroizing::new(text.chars().map(to_standard).collect());
        let decoded = Zeroizing::new(BASE64.decode(standard.as_bytes()).map_err(|_| MalformedCode::Character)?);
        decoded.as_slice().try_into().map(Self).map_err(|_| MalformedCode::Character)
    }

    /// Returns the 22 characters, for the message, PDF and file names that the citizen receives. Must not be logged.
    pub fn expose(&self) -> String {
        BASE64.encode(self.0)
    }

    /// Returns the 128 bits from which storage derives a database key and an encryption key.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Restores a code number from the bytes that storage has unsealed.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for CodeNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeNumber([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, convert::Infallible};

    use proptest::prelude::*;

    use super::{CODE_LENGTH, CodeNumber, MalformedCode, NEVER_DRAWN};

    #[test]
    fn the_example_published_by_the_state_is_parsed() {
        let code = CodeNumber::parse("adEC3wlknv5LcQn5W65twA").unwrap();
        assert_eq!(code.expose(), "adEC3wlknv5LcQn5W65twA");
    }

    #[test]
    fn white_space_is_ignored_and_both_alphabets_are_accepted() {
        let plain = CodeNumber::parse("adEC3wlknv5LcQn5W65twA").unwrap();
        assert!(CodeNumber::parse(" adEC 3wlk nv5L\tcQn5\nW65t\u{a0}wA ").unwrap() == plain);
        assert!(CodeNumber::parse("-_EC3wlknv5LcQn5W65twA").unwrap() == CodeNumber::parse("+/EC3wlknv5LcQn5W65twA").unwrap());
    }

    #[test]
    fn the_error_names_the_fault_of_a_malformed_code() {
        assert_eq!(CodeNumber::parse("").unwrap_err(), MalformedCode::Length(0));
        assert_eq!(CodeNumber::parse("adEC3wlknv5LcQn5W65twAA").unwrap_err(), MalformedCode::Length(23));
        assert_eq!(CodeNumber::parse("adEC3wlknv5LcQn5W65tw!").unwrap_err(), MalformedCode::Character);
        assert_eq!(CodeNumber::parse("αdEC3wlknv5LcQn5W65twA").unwrap_err(), MalformedCode::Character);
        assert_eq!(CodeNumber::parse("adEC3wlknv5LcQn5W65twB").unwrap_err(), MalformedCode::LastCharacter);
    }

    /// Draws a code from the given bytes, and checks that the draw uses all of them.
    fn draw_from(bytes: impl IntoIterator<Item = [u8; 16]>) -> CodeNumber {
        let mut draws = bytes.into_iter();
        let code = CodeNumber::draw(|bytes| {
            *bytes = draws.next().unwrap();
            Ok::<_, Infallible>(())
        });
        assert_eq!(draws.next(), None);
        code.unwrap()
    }

    #[test]
    fn a_code_that_contains_an_excluded_character_is_drawn_again() {
        let good = "adEC3wmknv5LcQn5W65twA";
        let bytes = |text: &str| *CodeNumber::parse(text).unwrap().bytes();
        let bad = NEVER_DRAWN.map(|excluded| bytes(&good.replacen('C', &excluded.to_string(), 1)));
        assert_eq!(draw_from(bad.into_iter().chain([bytes(good)])).expose(), good);
        assert_eq!(draw_from([bytes("adEC3wlknv5LcQn5W65twA"), bytes(good)]).expose(), good, "the state's example has an l");
    }

    #[test]
    fn each_allowed_character_is_drawn_in_every_place_and_one_draw_in_twelve_passes() {
        // Deterministic pseudo-random bytes (SplitMix64), so that the test gives the same result in every run.
        let (mut state, mut draws) = (7_u64, 0_u32);
        let mut next = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        };
        const CODES: u32 = 4000;
        let mut seen = vec![HashMap::<char, u32>::new(); CODE_LENGTH];
        for _ in 0..CODES {
            let code = CodeNumber::draw(|bytes| {
                draws += 1;
                bytes[..8].copy_from_slice(&next().to_be_bytes());
                bytes[8..].copy_from_slice(&next().to_be_bytes());
                Ok::<_, Infallible>(())
            });
            for (counts, c) in seen.iter_mut().zip(code.unwrap().expose().chars()) {
                *counts.entry(c).or_default() += 1;
            }
        }
        let (last, others) = seen.split_last().unwrap();
        for counts in others {
            assert_eq!(counts.len(), 64 - NEVER_DRAWN.len());
            assert!(NEVER_DRAWN.iter().all(|c| !counts.contains_key(c)) && counts.values().all(|&count| (30..120).contains(&count)));
        }
        let mut endings: Vec<char> = last.keys().copied().collect();
        endings.sort_unstable();
        assert_eq!(endings, ['A', 'Q', 'g', 'w']);
        assert!(last.values().all(|&count| (850..1150).contains(&count)), "{last:?}");
        let passed = f64::from(CODES) / f64::from(draws);
        assert!((0.08..0.096).contains(&passed), "{passed}");
    }

    #[test]
    fn codes_with_excluded_characters_are_parsed_in_either_alphabet() {
        for text in ["0O1Il+/wlknv5LcQn5W65w", "0O1Il-_wlknv5LcQn5W65w"] {
            assert_eq!(CodeNumber::parse(text).unwrap().expose(), "0O1Il+/wlknv5LcQn5W65w");
        }
    }

    #[test]
    fn debug_output_does_not_contain_the_code() {
        assert_eq!(format!("{:?}", CodeNumber::from_bytes([1; 16])), "CodeNumber([redacted])");
    }

    proptest! {
        #[test]
        fn every_code_is_parsed_from_its_text_form(bytes: [u8; 16]) {
            let code = CodeNumber::from_bytes(bytes);
            let text = code.expose();
            prop_assert_eq!(text.len(), CODE_LENGTH);
            prop_assert!("AQgw".contains(text.chars().last().unwrap()));
            prop_assert!(CodeNumber::parse(&text).unwrap() == code);
        }

        #[test]
        fn a_drawn_code_contains_no_excluded_character(seed: [u8; 16]) {
            let mut attempt = 0_u8;
            let code = CodeNumber::draw(|bytes| {
                *bytes = seed.map(|byte| byte.wrapping_mul(31).wrapping_add(attempt.wrapping_mul(byte | 1)).rotate_left(u32::from(attempt)));
                attempt = attempt.checked_add(1).ok_or(())?;
                Ok::<_, ()>(())
            });
            // For some seeds, all 256 attempts give an excluded character, so no code is drawn.
            if let Ok(code) = code {
                prop_assert!(!code.expose().contains(NEVER_DRAWN));
                prop_assert!(CodeNumber::parse(&code.expose()).unwrap() == code);
            }
        }

        #[test]
        fn two_different_texts_are_never_the_same_code(bytes: [u8; 16], last in "[A-Za-z0-9]") {
            let text = CodeNumber::from_bytes(bytes).expose();
            let changed = format!("{}{last}", &text[..CODE_LENGTH - 1]);
            if let Ok(code) = CodeNumber::parse(&changed) {
                prop_assert_eq!(code.expose(), changed);
            }
        }

        #[test]
        fn parsing_anything_never_panics(text in "\\PC{0,40}") {
            let _ = CodeNumber::parse(&text);
        }
    }
}
