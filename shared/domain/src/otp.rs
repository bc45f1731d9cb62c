//! The one-time password (OTP) that completes a sign-in, or proves that a person is present at a KEP.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::time::Span;

/// Number of digits of a password.
pub const OTP_LENGTH: usize = 6;
pub const OTP_VALID: Span = Span::minutes(5);
/// Maximum number of wrong passwords in one sign-in or case. The last of them ends the sign-in or closes the case.
pub const WRONG_OTPS_MAX: u32 = 3;
/// Maximum number of times that a password can be resent in one sign-in or case.
pub const RESENDS_MAX: u32 = 3;

/// Six random digits. Each combination is equally likely.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Otp(String);

impl Otp {
    /// Generates a random password. Draws again while the random number is at or above the largest multiple of 10^6 below 2^32, so that no
    /// password is more likely than another.
    ///
    /// # Errors
    /// Returns the error of the random source.
    pub fn draw<E>(mut random: impl FnMut(&mut [u8; 4]) -> Result<(), E>) -> Result<Self, E> {
        const UNBIASED_END: u32 = u32::MAX - u32::MAX % 1_000_000;
        loop {
            let mut bytes = [0; 4];
            random(&mut bytes)?;
            let number = u32::from_be_bytes(bytes);
            if number < UNBIASED_END {
                return Ok(Self(format!("{:06}", number % 1_000_000)));
            }
        }
    }

    /// Parses a password that was typed, ignoring white space. Returns `None` unless it is six digits. A text with another form does not
    /// count as a wrong password.
    pub fn parse(text: &str) -> Option<Self> {
        let compact = Self(text.chars().filter(|c| !c.is_whitespace()).collect());
        (compact.0.len() == OTP_LENGTH && compact.0.bytes().all(|b| b.is_ascii_digit())).then_some(compact)
    }

    /// Returns the digits. Must not be logged.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Otp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Otp([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::Otp;

    #[test]
    fn six_digits_are_an_otp_and_nothing_else_is() {
        assert_eq!(Otp::parse(" 012 345 ").unwrap().expose(), "012345");
        for text in ["", "12345", "1234567", "12345a", "١٢٣٤٥٦"] {
            assert!(Otp::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn leading_zeros_stay_and_the_uneven_end_of_the_range_is_drawn_again() {
        let mut draws = [u32::MAX, 4_294_000_000, 42].into_iter();
        let otp = Otp::draw(|bytes| {
            *bytes = draws.next().unwrap().to_be_bytes();
            Ok::<_, Infallible>(())
        });
        assert_eq!(otp.unwrap().expose(), "000042");
        assert_eq!(draws.next(), None);
    }
}
