//! Numbers as Greek and English texts write them.

/// Groups the digits by three: 3000000 becomes `3.000.000` or `3,000,000`.
pub(crate) fn group_thousands(number: u64, separator: char) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1.000"), (50_000_000, "50.000.000"), (123_456, "123.456")] {
            assert_eq!(group_thousands(number, '.'), text);
        }
    }
}
