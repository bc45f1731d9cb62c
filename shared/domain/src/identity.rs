//! Identity numbers of the Greek state (AFM, AMKA, PAAYPA) and the random ID of a person within the service.

use serde::{Deserialize, Serialize};

use crate::secret::redacted_text;

/// Reason why a text is not a valid identity number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNumber {
    #[error("wrong length or not digits only")]
    Shape,
    #[error("check digit or embedded date is wrong")]
    Check,
}

/// Parses exactly `N` ASCII digits, ignoring white space around them.
fn digits<const N: usize>(text: &str) -> Result<[u8; N], InvalidNumber> {
    let bytes = text.trim().as_bytes();
    let digits: [u8; N] = bytes.try_into().map_err(|_| InvalidNumber::Shape)?;
    if digits.iter().all(u8::is_ascii_digit) { Ok(digits.map(|digit| digit - b'0')) } else { Err(InvalidNumber::Shape) }
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Returns the digits, to show people their own data or to call the registers. Must not be logged.
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        redacted_text!($name, InvalidNumber);
    };
}

number! {
    /// ΑΦΜ, the tax number: 9 digits, not all zeros. The last is a check digit.
    Afm
}

number! {
    /// ΑΜΚΑ, the social security number: 11 digits. It begins with the birth date (DDMMYY), and the last digit is a Luhn check digit.
    Amka
}

number! {
    /// ΠΑΑΥΠΑ, the provisional number of foreigners: 11 digits. Its check rule is not public, so only the digits are checked.
    Paaypa
}

impl Afm {
    pub fn parse(text: &str) -> Result<Self, InvalidNumber> {
        let digits = digits::<9>(text)?;
        let weighted: u32 = digits[..8].iter().zip((1..=8).rev()).map(|(&digit, power)| u32::from(digit) << power).sum();
        if digits == [0; 9] || weighted % 11 % 10 != u32::from(digits[8]) {
            return Err(InvalidNumber::Check);
        }
        Ok(Self(text.trim().to_owned()))
    }
}

impl Amka {
    pub fn parse(text: &str) -> Result<Self, InvalidNumber> {
        let digits = digits::<11>(text)?;
        let pair = |at: usize| i8::try_from(digits[at] * 10 + digits[at + 1]).unwrap_or(i8::MAX);
        // The number does not contain the century, so the date has to be valid in at least one century (29 February exists in 2000, not in
        // 1900).
        let date_is_valid =
            [1900_i16, 2000].iter().any(|century| jiff::civil::Date::new(century + i16::from(pair(4)), pair(2), pair(0)).is_ok());
        if !date_is_valid || !luhn(&digits).is_multiple_of(10) {
            return Err(InvalidNumber::Check);
        }
        Ok(Self(text.trim().to_owned()))
    }
}

impl Paaypa {
    pub fn parse(text: &str) -> Result<Self, InvalidNumber> {
        digits::<11>(text)?;
        Ok(Self(text.trim().to_owned()))
    }
}

/// Returns the Luhn sum, which is a multiple of 10 for a valid number.
fn luhn(digits: &[u8]) -> u32 {
    digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| match (place % 2, u32::from(digit)) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum()
}

/// One of the numbers by which the registers identify a person.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "lowercase")]
pub enum Identifier {
    Afm(Afm),
    Amka(Amka),
    Paaypa(Paaypa),
}

impl Identifier {
    /// Parses a text that consists of kind and number, such as `afm:068933130`. Returns `None` if the kind is unknown.
    ///
    /// # Errors
    /// Returns an error if the number is not valid for its kind.
    pub fn parse_tagged(text: &str) -> Option<Result<Self, InvalidNumber>> {
        let (kind, number) = text.split_once(':')?;
        match kind {
            "afm" => Some(Afm::parse(number).map(Self::Afm)),
            "amka" => Some(Amka::parse(number).map(Self::Amka)),
            "paaypa" => Some(Paaypa::parse(number).map(Self::Paaypa)),
            _ => None,
        }
    }

    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Afm(_) => "afm",
            Self::Amka(_) => "amka",
            Self::Paaypa(_) => "paaypa",
        }
    }

    /// Returns the digits. Must not be logged.
    pub fn expose(&self) -> &str {
        match self {
            Self::Afm(afm) => afm.expose(),
            Self::Amka(amka) => amka.expose(),
            Self::Paaypa(paaypa) => paaypa.expose(),
        }
    }
}

/// Internal ID of a person whose photos the service stores. It is random, so it reveals nothing about the person, and it never changes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SubjectId(String);

impl SubjectId {
    /// Creates an ID from 128 random bits.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Afm, Amka, Identifier, InvalidNumber, Paaypa};

    fn afm_with_check_digit(first: [u8; 8]) -> String {
        let sum: u32 = first.iter().enumerate().map(|(i, &d)| u32::from(d) * 2_u32.pow(8 - u32::try_from(i).unwrap())).sum();
        let mut text: String = first.iter().map(ToString::to_string).collect();
        text.push_str(&(sum % 11 % 10).to_string());
        text
    }

    fn digits(count: usize) -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(0_u8..10, count)
    }

    #[test]
    fn the_published_afm_is_valid_and_all_zeros_is_not() {
        assert_eq!(Afm::parse("068933130").unwrap().expose(), "068933130");
        assert_eq!(Afm::parse(" 068933130 ").unwrap().expose(), "068933130");
        assert_eq!(Afm::parse("000000000"), Err(InvalidNumber::Check));
        for shape in ["", "06893313", "0689331300", "06893313a", "٠٦٨٩٣٣١٣٠", "068 933130"] {
            assert_eq!(Afm::parse(shape), Err(InvalidNumber::Shape), "{shape}");
        }
    }

    #[test]
    fn amka_needs_a_real_date_and_the_luhn_digit() {
        // The Luhn sum of the first ten digits is 0+2+0+2+8+0+1+4+3+8 = 28, so the last digit must be 2.
        assert!(Amka::parse("01018012342").is_ok());
        assert_eq!(Amka::parse("01018012346"), Err(InvalidNumber::Check));
        assert_eq!(Amka::parse("32018000005"), Err(InvalidNumber::Check));
        assert_eq!(Amka::parse("1234"), Err(InvalidNumber::Shape));
        // 29 February is accepted because it exists in 2000, and the number does not contain the century.
        let leap = (0..10).map(|check| format!("2902000000{check}")).filter(|text| Amka::parse(text).is_ok()).count();
        assert_eq!(leap, 1);
        let never = (0..10).filter(|check| Amka::parse(&format!("3002000000{check}")).is_ok()).count();
        assert_eq!(never, 0);
    }

    #[test]
    fn a_tagged_identifier_is_parsed_by_its_kind() {
        for text in ["afm:068933130", "amka:01018012342", "paaypa:01018000003"] {
            let identifier = Identifier::parse_tagged(text).unwrap().unwrap();
            assert_eq!(format!("{}:{}", identifier.kind(), identifier.expose()), text);
        }
        assert_eq!(Identifier::parse_tagged("afm:068933131"), Some(Err(InvalidNumber::Check)));
        for text in ["", "068933130", "AFM:068933130", "passport:1", ":068933130"] {
            assert_eq!(Identifier::parse_tagged(text), None, "{text}");
        }
    }

    #[test]
    fn debug_output_does_not_contain_the_number() {
        assert_eq!(format!("{:?}", Afm::parse("068933130").unwrap()), "Afm([redacted])");
    }

    proptest! {
        #[test]
        fn an_afm_is_valid_with_exactly_one_last_digit(first in digits(8)) {
            prop_assume!(first.iter().any(|&d| d != 0));
            let first: [u8; 8] = first.try_into().unwrap();
            let valid = afm_with_check_digit(first);
            for last in 0..10 {
                let text = format!("{}{last}", &valid[..8]);
                prop_assert_eq!(Afm::parse(&text).is_ok(), text == valid);
            }
        }

        #[test]
        fn one_wrong_digit_in_an_amka_is_always_detected(day in 1_u8..29, month in 1_u8..13, year in 0_u8..100, rest in digits(4), at in 0_usize..11, change in 1_u8..10) {
            let body = format!("{day:02}{month:02}{year:02}{}", rest.iter().map(ToString::to_string).collect::<String>());
            let valid = (0..10).map(|c| format!("{body}{c}")).find(|text| Amka::parse(text).is_ok()).unwrap();
            let mut wrong = valid.clone().into_bytes();
            wrong[at] = (wrong[at] - b'0' + change) % 10 + b'0';
            prop_assert!(Amka::parse(&String::from_utf8(wrong).unwrap()).is_err());
        }

        #[test]
        fn paaypa_is_any_eleven_digits(text in "[0-9]{11}") {
            prop_assert!(Paaypa::parse(&text).is_ok());
        }

        #[test]
        fn parsing_anything_never_panics(text in "\\PC{0,20}") {
            let _ = (Afm::parse(&text), Amka::parse(&text), Paaypa::parse(&text));
        }
    }
}
