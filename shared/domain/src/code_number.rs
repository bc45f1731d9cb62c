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

/// 128 random bits, written as 22 characters of unpadded standard base64 without `+` and `/`.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct CodeNumber([u8; 16]);

/// Why a text is not a code number. A malformed code does not count against the daily limit of submissions, because it cannot be a guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedCode {
    #[error("{0} characters instead of {CODE_LENGTH}")]
    Length(usize),
    #[error("a character that is not allowed in code numbers")]
    Character,
    /// The 22nd character encodes only 2 bits and is always one of A, Q, g, w. Most typing errors in it are detected.
    #[error("the last character is not one of A, Q, g, w")]
    LastCharacter,
}

impl CodeNumber {
    /// Generates a random code number. Draws again until its text form contains neither `+` nor `/`, so that it is safe in file names, links and
    /// messages.
    ///
    /// # Errors
    /// Returns the error of the random source.
    pub fn draw<E>(mut random: impl FnMut(&mut [u8; 16]) -> Result<(), E>) -> Result<Self, E> {
        loop {
            let mut bytes = [0; 16];
            random(&mut bytes)?;
            let code = Self(bytes);
            bytes.zeroize();
            if !Zeroizing::new(code.expose()).contains(['+', '/']) {
                return Ok(code);
            }
        }
    }

    /// Parses a code number that was typed or scanned. Ignores white space and accepts the standard and the URL-safe base64 alphabet.
    pub fn parse(text: &str) -> Result<Self, MalformedCode> {
        let compact: Zeroizing<String> = Zeroizing::new(text.chars().filter(|c| !c.is_whitespace()).collect());
        Self::parse_compact(&compact)
    }

    fn parse_compact(text: &str) -> Result<Self, MalformedCode> {
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
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::{CODE_LENGTH, CodeNumber, MalformedCode};

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

    #[test]
    fn a_code_that_contains_plus_or_slash_is_drawn_again() {
        let mut draws = [[0xff; 16], [0xfb; 16], [7; 16]].into_iter();
        let code = CodeNumber::draw(|bytes| {
            *bytes = draws.next().unwrap();
            Ok::<_, Infallible>(())
        });
        assert!(code.unwrap().bytes() == &[7; 16]);
        assert_eq!(draws.next(), None);
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
