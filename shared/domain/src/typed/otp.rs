//! Finds the one-time password in a typed or pasted text.

use std::ops::Range;

use zeroize::Zeroizing;

use super::{
    Typed, TypedError,
    characters::{Text, is_word},
    labels::OTP as LABELS,
};
use crate::otp::{OTP_LENGTH, Otp};

/// Maximum number of signs between the two halves of a password.
const DIVISION_LENGTH_MAX: usize = 3;

/// Finds the one-time password in a text, which may be the whole SMS.
///
/// If the text has the last line of our SMS, `@host #123456`, the password is the number in it. Otherwise the password is six digits,
/// undivided or in two groups of three. If there are several such numbers, the password is the one after a label (`password is`,
/// `κωδικός`). After a label, or in a text that has no words except labels, the digits may be divided in other ways too. A number that is
/// written as a date is the password only if the text has no words except labels and no other number that can be the password.
///
/// # Errors
/// See [`TypedError`].
pub fn otp(text: &str) -> Result<Typed<Otp>, TypedError> {
    let mut text = Text::clean(text);
    let places = bound(&text).map_or_else(|| candidates(&text), |place| vec![place]);
    let mut distinct = different(&text, &places);
    if distinct.len() > 1 {
        let labelled: Vec<_> = places.iter().filter(|place| is_labelled(&text, place)).cloned().collect();
        distinct = different(&text, &labelled);
        if distinct.len() != 1 {
            return Err(TypedError::Several);
        }
    }
    let digits = distinct.pop().ok_or(TypedError::Invalid)?;
    let value = Otp::parse(&digits).ok_or(TypedError::Invalid)?;
    let runs = text.runs(|c| c.is_ascii_digit() || is_separator(c));
    for run in runs.into_iter().chain(places) {
        if *digits_of(&text, &run) == *digits {
            mark_digits(&mut text, run);
        }
    }
    for run in text.runs(|c| c.is_ascii_digit()) {
        if *digits_of(&text, &run) == *digits {
            text.mark_used(run);
        }
    }
    Ok(Typed { value, dropped: text.dropped(LABELS) })
}

fn mark_digits(text: &mut Text, run: Range<usize>) {
    for at in run {
        if text.chars[at].is_ascii_digit() {
            text.mark_used(at..at + 1);
        }
    }
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || "-.".contains(c)
}

fn digits_of(text: &Text, place: &Range<usize>) -> Zeroizing<String> {
    let mut digits = Zeroizing::new(String::with_capacity(place.len()));
    digits.extend(text.chars[place.clone()].iter().filter(|c| c.is_ascii_digit()));
    digits
}

fn different(text: &Text, places: &[Range<usize>]) -> Vec<Zeroizing<String>> {
    let mut distinct: Vec<Zeroizing<String>> = Vec::new();
    for digits in places.iter().map(|place| digits_of(text, place)) {
        if !distinct.contains(&digits) {
            distinct.push(digits);
        }
    }
    distinct
}

/// Finds the digits in `@host #123456`, the last line of our SMS. The line break in front of this line may be missing, because browsers
/// remove line breaks from a pasted text.
fn bound(text: &Text) -> Option<Range<usize>> {
    let chars = &text.chars;
    let is_digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    (0..chars.len()).find_map(|hash| {
        let digits = hash + 1..hash + 1 + OTP_LENGTH;
        if chars[hash] != '#' || !digits.clone().all(is_digit) || chars.get(digits.end).copied().is_some_and(is_word) {
            return None;
        }
        let host = chars[..hash].strip_suffix(&[' '])?;
        let name = host.iter().rev().take_while(|&&c| c.is_ascii_alphanumeric() || ".-".contains(c)).count();
        (name > 0 && host.len().checked_sub(name + 1).is_some_and(|at| host[at] == '@')).then_some(digits)
    })
}

/// Returns the places of numbers that can be the password.
fn candidates(text: &Text) -> Vec<Range<usize>> {
    let numbers = text.runs(|c| c.is_ascii_digit());
    let has_only_labels = text.runs(is_word).iter().all(|word| numbers.contains(word) || text.is_label(word.clone(), LABELS));
    let (mut places, mut dates) = (Vec::new(), Vec::new());
    for run in text.runs(|c| c.is_ascii_digit() || is_separator(c)) {
        let groups: Vec<&Range<usize>> = numbers.iter().filter(|number| run.start <= number.start && number.end <= run.end).collect();
        let (Some(first), Some(last)) = (groups.first(), groups.last()) else { continue };
        let whole = first.start..last.end;
        if adjoins(text, &whole) {
            continue;
        }
        let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
        let may_be_divided = has_only_labels || is_labelled(text, &whole);
        let is_whole = digits_of(text, &whole).len() == OTP_LENGTH && (may_be_divided || lengths == [OTP_LENGTH] || lengths == [3, 3]);
        if is_whole && is_date(text, &groups) {
            dates.push(whole);
        } else if is_whole {
            places.push(whole);
        } else {
            places.extend(groups.into_iter().filter(|group| group.len() == OTP_LENGTH).cloned());
        }
    }
    if places.is_empty() && has_only_labels {
        places.extend(dates);
        places.extend(halves(text, &numbers));
    }
    places
}

/// Returns whether dots or hyphens divide the digits as in a date, such as `1.2.2026`, `01-12-26`, `26-12-01`, `12.2026` or `2026-12`, or
/// as in a time, such as `14.30.25`.
fn is_date(text: &Text, groups: &[&Range<usize>]) -> bool {
    let is_divided = groups.windows(2).all(|pair| matches!(text.chars[pair[0].end..pair[1].start], ['.' | '-']));
    let value = |group: &Range<usize>| digits_of(text, group).parse::<u32>().unwrap_or(u32::MAX);
    let (is_day, is_month) =
        (|group: &Range<usize>| (1..=31).contains(&value(group)), |group: &Range<usize>| (1..=12).contains(&value(group)));
    let has_parts = match groups {
        [hour, minute, second]
            if value(hour) <= 23 && value(minute) <= 59 && value(second) <= 59 && hour.len() == 2 && minute.len() == 2 =>
        {
            true
        }
        [first, month, last] => is_month(month) && ((first.len() <= 2 && is_day(first)) || (last.len() <= 2 && is_day(last))),
        [month, year] | [year, month] if month.len() == 2 && is_month(month) && (1900..2100).contains(&value(year)) => true,
        _ => false,
    };
    is_divided && has_parts
}

/// Returns the place of a password whose halves are divided by any sign, such as `057/896` or `(057) 896`.
fn halves(text: &Text, numbers: &[Range<usize>]) -> Option<Range<usize>> {
    let [first, last] = numbers else { return None };
    let between = &text.chars[first.end..last.start];
    let is_divided = between.len() <= DIVISION_LENGTH_MAX && !between.iter().any(|&c| is_word(c) || "\n\r".contains(c));
    let whole = first.start..last.end;
    (first.len() == 3 && last.len() == 3 && is_divided && !adjoins(text, &whole)).then_some(whole)
}

/// Returns whether the number adjoins a letter, or a sign that makes it part of a date, a time or an amount. If the number follows a label,
/// checks only the character after it.
fn adjoins(text: &Text, place: &Range<usize>) -> bool {
    let before = place.start.checked_sub(1).map(|at| text.chars[at]);
    let is_label = text.word_before(place.start).is_some_and(|word| text.is_label(word, LABELS));
    let after = text.chars.get(place.end).copied();
    let is_part = |c: char| is_word(c) || "/€$".contains(c);
    (before.is_some_and(is_part) && !is_label) || after.is_some_and(|c| is_part(c) || c == ':')
}

fn is_labelled(text: &Text, place: &Range<usize>) -> bool {
    text.word_before(place.start).is_some_and(|word| text.is_label(word, LABELS))
}
