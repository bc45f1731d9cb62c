//! Finds mobile numbers and identity numbers in a typed or pasted text.
//!
//! Digits with spaces, dots, hyphens, slashes and brackets between them are one run. A run is a number as a whole, or its lines are, or all of
//! its groups are. Digits are never left over silently: `6912345678 9` is rejected, because the last digit may be the mistake.

use std::ops::Range;

use zeroize::Zeroizing;

use super::{
    Typed, TypedError,
    characters::{Text, is_word},
    labels, link, only,
};
use crate::{Afm, Amka, GreekMobile, Paaypa};

/// Finds a Greek mobile number, with or without +30, 0030, 30, `tel:` and `(0)`.
///
/// # Errors
/// See [`TypedError`].
pub fn mobile(text: &str) -> Result<Typed<GreekMobile>, TypedError> {
    find(text, labels::MOBILE, |_| true, |digits| parse_mobile(digits).or_else(|| parse_mobile(&without_trunk_zero(digits)?)))
}

/// Finds an AFM, with or without the prefix EL, ΕΛ or GR. Eight digits are an old AFM without its leading zero.
///
/// # Errors
/// See [`TypedError`].
pub fn afm(text: &str) -> Result<Typed<Afm>, TypedError> {
    let nine = find(text, labels::AFM, is_greek_prefix, |digits| Afm::parse(digits).ok());
    match nine {
        Err(TypedError::Invalid) => {
            find(text, labels::AFM, is_greek_prefix, |digits| if digits.len() == 8 { Afm::parse(&format!("0{digits}")).ok() } else { None })
        }
        Ok(_) | Err(TypedError::Several) => nine,
    }
}

/// Finds an AMKA.
///
/// # Errors
/// See [`TypedError`].
pub fn amka(text: &str) -> Result<Typed<Amka>, TypedError> {
    find(text, labels::AMKA, |_| true, |digits| Amka::parse(digits).ok())
}

/// Finds a PAAYPA.
///
/// # Errors
/// See [`TypedError`].
pub fn paaypa(text: &str) -> Result<Typed<Paaypa>, TypedError> {
    find(text, labels::PAAYPA, |_| true, |digits| Paaypa::parse(digits).ok())
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

/// Returns whether a word in front of an AFM can stand there: not the country of another tax number.
fn is_greek_prefix(word: &[char]) -> bool {
    let is_country = word.len() == 2 && word.iter().all(char::is_ascii_uppercase);
    !is_country || matches!(word, ['E', 'L'] | ['G', 'R'] | ['N', 'O'] | ['I', 'D'])
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || ".-()[]/·'".contains(c)
}

/// Finds the only different number that the parser accepts.
fn find<T: PartialEq>(
    text: &str,
    labels: &[&str],
    may_precede: impl Fn(&[char]) -> bool,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Typed<T>, TypedError> {
    let mut text = Text::clean(text);
    if link::find(&text.chars, "%2").is_some() {
        let decoded = link::percent_decode(&text.chars);
        text.replace(decoded);
    }
    let mut found = Vec::new();
    for run in runs(&text) {
        if !stands_alone(&text, &run, labels, &may_precede) {
            continue;
        }
        let numbers = numbers_of(&text, &run, &parse);
        for (number, place) in numbers {
            found.push(number);
            for at in place {
                if text.chars[at].is_ascii_digit() || text.chars[at] == '+' {
                    text.mark_used(at..at + 1);
                }
            }
        }
    }
    only(found).map(|value| Typed { value, dropped: text.dropped(labels) })
}

/// Returns the runs of digits, each with the plus sign in front of it.
fn runs(text: &Text) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    for long in text.runs(|c| c.is_ascii_digit() || c == '+' || is_separator(c)) {
        let chars = &text.chars;
        let mut start: Option<usize> = None;
        let mut end = long.start;
        for at in long.clone() {
            if chars[at] == '+' {
                // A plus sign begins a number.
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

/// Returns whether no letter adjoins the run, apart from a label or a prefix such as EL.
fn stands_alone(text: &Text, run: &Range<usize>, labels: &[&str], may_precede: impl Fn(&[char]) -> bool) -> bool {
    if text.chars.get(run.end).copied().is_some_and(is_word) {
        return false;
    }
    let Some(word) = text.word_before(run.start) else { return true };
    let is_adjoining = word.end == run.start;
    may_precede(&text.chars[word.clone()]) && (!is_adjoining || text.is_label(word, labels))
}

type Found<T> = Vec<(T, Range<usize>)>;

/// Returns the numbers of a run: the whole, or else its lines, or else its groups if each of them is a telephone or identity number.
fn numbers_of<T>(text: &Text, run: &Range<usize>, parse: impl Fn(&str) -> Option<T>) -> Found<T> {
    let number = |place: &Range<usize>| {
        let mut digits = Zeroizing::new(String::with_capacity(place.len()));
        digits.extend(text.chars[place.clone()].iter().filter(|c| c.is_ascii_digit() || **c == '+'));
        parse(&digits)
    };
    if let Some(whole) = number(run) {
        return vec![(whole, run.clone())];
    }
    let split = |is_end: fn(char) -> bool| -> Vec<Range<usize>> {
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
    };
    let read = |pieces: Vec<Range<usize>>| -> Found<T> { pieces.into_iter().filter_map(|piece| Some((number(&piece)?, piece))).collect() };
    let lines = read(split(|c| "\n\r\t/".contains(c)));
    if !lines.is_empty() {
        return lines;
    }
    let groups = split(char::is_whitespace);
    let is_complete = |group: &Range<usize>| text.chars[group.clone()].iter().filter(|c| c.is_ascii_digit()).count() >= 9;
    if groups.iter().all(is_complete) { read(groups) } else { Vec::new() }
}
