//! Check digits of identifiers. The sandbox does not use the service's implementation, so that tests notice a mistake in either of the two.

use jiff::civil::Date;

/// Returns the check digit for the first eight digits of an AFM, or `None` if `base` is not eight digits.
fn afm_check_digit(base: &str) -> Option<char> {
    let digits = digits(base).filter(|digits| digits.len() == 8)?;
    let sum: u32 = digits.iter().zip((1..=8u32).rev()).map(|(digit, power)| digit << power).sum();
    char::from_digit(sum % 11 % 10, 10)
}

/// Returns the AFM that begins with these eight digits.
pub(crate) fn afm(base: &str) -> Option<String> {
    Some(format!("{base}{}", afm_check_digit(base)?))
}

pub(crate) fn is_afm(value: &str) -> bool {
    value != "000000000" && value.get(..8).and_then(afm).is_some_and(|right| right == value)
}

/// Returns the AMKA for a birth date and a serial of four digits: DDMMYY, the serial, and a Luhn check digit.
pub(crate) fn amka(birth: Date, serial: &str) -> Option<String> {
    let base = format!("{}{serial}", birth.strftime("%d%m%y"));
    let digits = digits(&base).filter(|digits| digits.len() == 10)?;
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2 == 0, digit * 2) {
            (true, doubled) if doubled > 9 => doubled - 9,
            (true, doubled) => doubled,
            (false, _) => *digit,
        })
        .sum();
    Some(format!("{base}{}", char::from_digit((10 - sum % 10) % 10, 10)?))
}

pub(crate) fn is_amka_of(value: &str, birth: Date) -> bool {
    value.get(6..10).and_then(|serial| amka(birth, serial)).is_some_and(|right| right == value)
}

/// Checks only the length, because no check-digit rule for PAAYPA is public.
pub(crate) fn is_paaypa(value: &str) -> bool {
    digits(value).is_some_and(|digits| digits.len() == 11)
}

/// Checks the format that the registers use: +3069 and eight digits.
pub(crate) fn is_mobile(value: &str) -> bool {
    value.strip_prefix("+3069").and_then(digits).is_some_and(|digits| digits.len() == 8)
}

fn digits(text: &str) -> Option<Vec<u32>> {
    text.chars().map(|c| c.to_digit(10)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_afm_with_the_right_check_digit_are_valid() {
        assert!(is_afm("068933130"));
        assert!(!is_afm("068933131"));
        assert!(!is_afm("000000000"));
        assert!(!is_afm("06893313"));
        assert!(!is_afm("06893313Α"));
    }

    #[test]
    fn an_amka_must_match_the_birth_date_and_the_check_digit() {
        let birth = jiff::civil::date(1985, 3, 12);
        assert!(is_amka_of("12038501420", birth));
        assert!(!is_amka_of("12038501421", birth));
        assert!(!is_amka_of("12038501420", jiff::civil::date(1985, 3, 13)));
    }
}
