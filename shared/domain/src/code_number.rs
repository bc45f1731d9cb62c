//! The code number (κωδικάριθμος): the secret that stands for one photo set.

use std::fmt;

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Characters of a written code number.
pub const CODE_LENGTH: usize = 22;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// 128 random bits, written as 22 characters of unpadded standard base64 without `+` and `/`.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct CodeNumber([u8; 16]);

/// Why a text cannot be a code number. Never counts against the day's submissions: it cannot be a guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedCode {
    #[error("{0} characters instead of {CODE_LENGTH}")]
    Length(usize),
    #[error("a character that code numbers do not have")]
    Character,
    /// The 22nd character is always one of A, Q, g, w: most typing errors there show at once.
    #[error("the last character is not one of A, Q, g, w")]
    LastCharacter,
}

impl CodeNumber {
    /// Draws until the written form holds neither `+` nor `/`, so that it is safe in file names, links and messages.
    ///
    /// # Errors
    /// Only those of the random source.
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

    /// Reads what a person typed or a scanner read: white space is dropped, both base64 alphabets are accepted.
    pub fn parse(text: &str) -> Result<Self, MalformedCode> {
        let written: Zeroizing<String> = Zeroizing::new(text.chars().filter(|c| !c.is_whitespace()).collect());
        Self::parse_written(&written)
    }

    fn parse_written(written: &str) -> Result<Self, MalformedCode> {
        let length = written.chars().count();
        if length != CODE_LENGTH {
            return Err(MalformedCode::Length(length));
        }
        if !written.chars().all(|c| c.is_ascii_alphanumeric() || "+/-_".contains(c)) {
            return Err(MalformedCode::Character);
        }
        if !written.ends_with(['A', 'Q', 'g', 'w']) {
            return Err(MalformedCode::LastCharacter);
        }
        let standard = |c| match c {
            '-' => '+',
            '_' => '/',
            other => other,
        };
        let standard: Zeroizing<String> = Zeroizing::new(written.chars().map(standard).collect());
        let decoded = Zeroizing::new(BASE64.decode(standard.as_bytes()).map_err(|_| MalformedCode::Character)?);
        decoded.as_slice().try_into().map(Self).map_err(|_| MalformedCode::Character)
    }

    /// The 22 characters, for the message, the PDF and the file names that belong to its holder. Never for a log.
    pub fn expose(&self) -> String {
        BASE64.encode(self.0)
    }

    /// The 128 bits, from which storage derives a database key and an encryption key.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// From bytes that our own storage sealed.
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
    fn the_states_own_example_is_read() {
        let code = CodeNumber::parse("adEC3wlknv5LcQn5W65twA").unwrap();
        assert_eq!(code.expose(), "adEC3wlknv5LcQn5W65twA");
    }

    #[test]
    fn blanks_inside_are_dropped_and_both_alphabets_are_read() {
        let plain = CodeNumber::parse("adEC3wlknv5LcQn5W65twA").unwrap();
        assert!(CodeNumber::parse(" adEC 3wlk nv5L\tcQn5\nW65t\u{a0}wA ").unwrap() == plain);
        assert!(CodeNumber::parse("-_EC3wlknv5LcQn5W65twA").unwrap() == CodeNumber::parse("+/EC3wlknv5LcQn5W65twA").unwrap());
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(CodeNumber::parse("").unwrap_err(), MalformedCode::Length(0));
        assert_eq!(CodeNumber::parse("adEC3wlknv5LcQn5W65twAA").unwrap_err(), MalformedCode::Length(23));
        assert_eq!(CodeNumber::parse("adEC3wlknv5LcQn5W65tw!").unwrap_err(), MalformedCode::Character);
        assert_eq!(CodeNumber::parse("αdEC3wlknv5LcQn5W65twA").unwrap_err(), MalformedCode::Character);
        assert_eq!(CodeNumber::parse("adEC3wlknv5LcQn5W65twB").unwrap_err(), MalformedCode::LastCharacter);
    }

    #[test]
    fn drawing_goes_on_while_the_code_holds_plus_or_slash() {
        let mut draws = [[0xff; 16], [0xfb; 16], [7; 16]].into_iter();
        let code = CodeNumber::draw(|bytes| {
            *bytes = draws.next().unwrap();
            Ok::<_, Infallible>(())
        });
        assert!(code.unwrap().bytes() == &[7; 16]);
        assert_eq!(draws.next(), None);
    }

    #[test]
    fn a_code_never_prints_itself() {
        assert_eq!(format!("{:?}", CodeNumber::from_bytes([1; 16])), "CodeNumber([redacted])");
    }

    proptest! {
        #[test]
        fn every_code_comes_back_from_its_written_form(bytes: [u8; 16]) {
            let code = CodeNumber::from_bytes(bytes);
            let written = code.expose();
            prop_assert_eq!(written.len(), CODE_LENGTH);
            prop_assert!("AQgw".contains(written.chars().last().unwrap()));
            prop_assert!(CodeNumber::parse(&written).unwrap() == code);
        }

        #[test]
        fn two_texts_never_mean_one_code(bytes: [u8; 16], last in "[A-Za-z0-9]") {
            let written = CodeNumber::from_bytes(bytes).expose();
            let changed = format!("{}{last}", &written[..CODE_LENGTH - 1]);
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
