//! Finds mobile numbers and identity numbers in a typed or pasted text.
//!
//! `6912345678 9` and `6912345678/1` are rejected. The additional digit shows that the user made a mistake, and any of the digits may be
//! the wrong one.
//!
//! A run consists of digits, and of spaces, dots, hyphens, underscores, slashes and brackets between the digits. If the whole run is not a
//! number, the parser tries its lines. If no line is a number, the parser tries the groups that slashes or white space separate, but only
//! if every group has at least `Kind::digits_min` digits.

use std::ops::Range;

use zeroize::Zeroizing;

use super::{
    Typed, TypedError,
    characters::{DOTS, Text, is_word},
    labels, link, only,
};
use crate::{Afm, Amka, GreekMobile, Paaypa};

/// Finds a Greek mobile number, with or without +30, 0030, 30, `tel:` and `(0)`.
///
/// # Errors
/// See [`TypedError`].
pub fn mobile(text: &str) -> Result<Typed<GreekMobile>, TypedError> {
    find(text, &kind(labels::MOBILE), |digits| parse_mobile(digits).or_else(|| parse_mobile(&without_trunk_zero(digits)?)))
}

/// Finds an AFM, with or without the prefix EL, ΕΛ or GR. A number of eight digits counts as an old AFM that was written without its
/// leading zero.
///
/// # Errors
/// See [`TypedError`].
pub fn afm(text: &str) -> Result<Typed<Afm>, TypedError> {
    let kind = Kind { may_precede: is_greek_prefix, ..kind(labels::AFM) };
    let nine = find(text, &kind, |digits| Afm::parse(digits).ok());
    match nine {
        Err(TypedError::Invalid) => {
            find(
                text,
                &Kind { digits_min: 8, ..kind },
                |digits| {
                    if digits.len() == 8 { Afm::parse(&format!("0{digits}")).ok() } else { None }
                },
            )
        }
        Ok(_) | Err(TypedError::Several) => nine,
    }
}

/// Finds an AMKA.
///
/// # Errors
/// See [`TypedError`].
pub fn amka(text: &str) -> Result<Typed<Amka>, TypedError> {
    find(text, &kind(labels::AMKA), |digits| Amka::parse(digits).ok())
}

/// Finds a PAAYPA.
///
/// # Errors
/// See [`TypedError`].
pub fn paaypa(text: &str) -> Result<Typed<Paaypa>, TypedError> {
    find(text, &kind(labels::PAAYPA), |digits| Paaypa::parse(digits).ok())
}

fn parse_mobile(digits: &str) -> Option<GreekMobile> {
    let international = digits.strip_prefix('+').or_else(|| digits.strip_prefix("00"));
    let national = match international {
        Some(international) => international.strip_prefix("30")?,
        None if digits.len() == 12 => digits.strip_prefix("30")?,
        None => digits,
    };
    GreekMobile::parse(national).ok().filter(|_| national.len() == 10)
}

/// Removes the zero of `+30 (0) 691 234 5678`.
fn without_trunk_zero(digits: &str) -> Option<Zeroizing<String>> {
    let at = ["+300", "00300", "300"].into_iter().find(|prefix| digits.starts_with(prefix))?.len();
    Some(Zeroizing::new(format!("{}{}", &digits[..at - 1], &digits[at..])))
}

/// Returns whether a word may precede an AFM. A number after the prefix of another country, such as `DE`, is a tax number of that country
/// and not an AFM.
fn is_greek_prefix(word: &[char]) -> bool {
    let is_country = word.len() == 2 && word.iter().all(char::is_ascii_uppercase);
    !is_country || matches!(word, ['E', 'L'] | ['G', 'R'] | ['N', 'O'] | ['I', 'D'])
}

/// A kind of number.
struct Kind {
    labels: &'static [&'static str],
    /// Minimum number of digits of a telephone or identity number. A group of fewer digits can only be a part of a number.
    digits_min: usize,
    /// Returns whether a word may precede a number of this kind.
    may_precede: fn(&[char]) -> bool,
}

/// Returns a kind of number with these labels. Any word may precede such a number. Telephone and identity numbers have at least 9 digits.
fn kind(labels: &'static [&'static str]) -> Kind {
    Kind { labels, digits_min: 9, may_precede: |_| true }
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || "-_()[]/'’".contains(c) || DOTS.contains(c)
}

/// Finds the only number in the text that `parse` accepts. Fails if the text contains several different numbers. A number with additional
/// digits next to it, as in `6912345678,1`, is not accepted, but the text is still rejected if this number differs from the accepted one.
fn find<T: PartialEq>(text: &str, kind: &Kind, parse: impl Fn(&str) -> Option<T>) -> Result<Typed<T>, TypedError> {
    let mut text = Text::clean(text);
    if link::find(&text.chars, "%2").is_some() {
        let decoded = link::percent_decode(&text.chars);
        text.replace(decoded);
    }
    let runs = runs(&text);
    let (mut found, mut doubtful) = (Vec::new(), Vec::new());
    for (index, run) in runs.iter().enumerate() {
        if !stands_alone(&text, run, kind) {
            continue;
        }
        doubtful.extend(pieces_of(&text, run, &parse));
        let numbers = numbers_of(&text, run, kind.digits_min, &parse);
        if continues(&text, &runs, index, kind.digits_min) {
            doubtful.extend(numbers.into_iter().map(|(number, _)| number));
        } else {
            for (number, place) in numbers {
                found.push(number);
                for at in place {
                    if text.chars[at].is_ascii_digit() || text.chars[at] == '+' {
                        text.mark_used(at..at + 1);
                    }
                }
            }
        }
    }
    let value = only(found)?;
    if doubtful.iter().any(|other| *other != value) {
        return Err(TypedError::Several);
    }
    Ok(Typed { value, dropped: text.dropped(kind.labels) })
}

/// Returns the runs of digits. If a plus sign is in front of a run, it belongs to the run.
fn runs(text: &Text) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    for long in text.runs(|c| c.is_ascii_digit() || c == '+' || is_separator(c)) {
        let chars = &text.chars;
        let mut start: Option<usize> = None;
        let mut end = long.start;
        for at in long.clone() {
            if chars[at] == '+' {
                // A plus sign always begins a new number.
                runs.extend(start.filter(|&first| first < end).map(|first| first..end));
                start = Some(at);
                end = at;
            } else if chars[at].is_ascii_digit() {
                start = start.or(Some(at));
                end = at + 1;
            }
        }
        runs.extend(start.filter(|&first| first < end).map(|first| first..end));
    }
    runs
}

/// Returns whether the run can be a number despite the words around it. No word may directly follow the run. A word directly in front of it
/// must be a label, such as EL. `kind.may_precede` must accept the last word before the run.
fn stands_alone(text: &Text, run: &Range<usize>, kind: &Kind) -> bool {
    if text.chars.get(run.end).copied().is_some_and(is_word) {
        return false;
    }
    let Some(word) = text.word_before(run.start) else { return true };
    let is_adjoining = word.end == run.start;
    (kind.may_precede)(&text.chars[word.clone()]) && (!is_adjoining || text.is_label(word, kind.labels))
}

/// Returns whether further digits adjoin the run, directly or after one sign, and are too few for a number of their own, such as the `1` at
/// the end of `6912345678,1`. Digits that belong to a word, such as in `tel1:6912345678`, do not count.
fn continues(text: &Text, runs: &[Range<usize>], index: usize, digits_min: usize) -> bool {
    let chars = &text.chars;
    let adjoins = |left: &Range<usize>, right: &Range<usize>| {
        let between = &chars[left.end..right.start];
        match between {
            [] => true,
            [sign] => !is_word(*sign) && !sign.is_whitespace() && chars[right.start] != '+',
            _ => false,
        }
    };
    let is_rest = |other: &Range<usize>| {
        let is_in_word = other.start.checked_sub(1).is_some_and(|before| chars[before].is_alphabetic());
        !is_in_word && digits_of(text, other).bytes().filter(u8::is_ascii_digit).count() < digits_min
    };
    let run = &runs[index];
    let before = index.checked_sub(1).map(|index| &runs[index]);
    before.is_some_and(|before| adjoins(before, run) && is_rest(before))
        || runs.get(index + 1).is_some_and(|after| adjoins(run, after) && is_rest(after))
}

/// Returns the digits and plus signs in a range of the text.
fn digits_of(text: &Text, place: &Range<usize>) -> Zeroizing<String> {
    let mut digits = Zeroizing::new(String::with_capacity(place.len()));
    digits.extend(text.chars[place.clone()].iter().filter(|c| c.is_ascii_digit() || **c == '+'));
    digits
}

/// Divides a run at the characters for which `is_end` is true. Returns the pieces that contain digits.
fn split(text: &Text, run: &Range<usize>, is_end: impl Fn(char) -> bool) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut start = run.start;
    for at in run.clone().chain([run.end]) {
        if at == run.end || is_end(text.chars[at]) {
            if text.chars[start..at].iter().any(char::is_ascii_digit) {
                pieces.push(start..at);
            }
            start = at + 1;
        }
    }
    pieces
}

fn is_line_end(c: char) -> bool {
    "\n\r\t".contains(c)
}

/// Divides a run by line ends, white space and slashes, and returns the pieces that are numbers, even if other pieces are not.
fn pieces_of<T>(text: &Text, run: &Range<usize>, parse: impl Fn(&str) -> Option<T>) -> Vec<T> {
    let lines = split(text, run, |c| is_line_end(c) || c == '/');
    let words = split(text, run, |c| c.is_whitespace() || c == '/');
    lines.iter().chain(&words).filter_map(|piece| parse(&digits_of(text, piece))).collect()
}

/// Returns the numbers of a run. If the whole run is a number, returns only that. Otherwise returns the numbers among its lines. If no line
/// is a number, divides the run by slashes, and if this finds no number, by white space. Returns the numbers among these groups only if
/// every group has at least `digits_min` digits.
fn numbers_of<T>(text: &Text, run: &Range<usize>, digits_min: usize, parse: impl Fn(&str) -> Option<T>) -> Vec<(T, Range<usize>)> {
    if let Some(whole) = parse(&digits_of(text, run)) {
        return vec![(whole, run.clone())];
    }
    let read = |pieces: Vec<Range<usize>>| -> Vec<(T, Range<usize>)> {
        pieces.into_iter().filter_map(|piece| Some((parse(&digits_of(text, &piece))?, piece))).collect()
    };
    let is_complete = |group: &Range<usize>| text.chars[group.clone()].iter().filter(|c| c.is_ascii_digit()).count() >= digits_min;
    let complete = |groups: Vec<Range<usize>>| if groups.iter().all(is_complete) { read(groups) } else { Vec::new() };
    let lines = read(split(text, run, is_line_end));
    let by_slash = if lines.is_empty() { complete(split(text, run, |c| c == '/')) } else { lines };
    if by_slash.is_empty() { complete(split(text, run, char::is_whitespace)) } else { by_slash }
}
