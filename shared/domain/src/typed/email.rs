//! Finds the email address in a typed or pasted text.
//!
//! A blank inside an address is a mistake that must not change the recipient: `na me@example.gr` and `maria@example.co m` are rejected, not
//! shortened. So only words that cannot be a part of the address may stand beside it.

use std::ops::Range;

use zeroize::Zeroizing;

use super::{
    Typed, TypedError,
    characters::{Text, fold, is_word},
    labels::EMAIL as LABELS,
    link, only,
};
use crate::EmailAddress;

/// A word of at most this many letters after an address may be the end of a divided domain.
const DOMAIN_END_LETTERS_MAX: usize = 3;

/// Finds an email address: alone, in `Name <address>`, in `mailto:`, after a label, in quotes or brackets, before punctuation.
///
/// # Errors
/// See [`TypedError`].
pub fn email(text: &str) -> Result<Typed<EmailAddress>, TypedError> {
    let mut text = Text::clean(text);
    let straight: Zeroizing<Vec<char>> = Zeroizing::new(text.chars.iter().map(|&c| if "‘’‛ʼ′".contains(c) { '\'' } else { c }).collect());
    text.replace(straight);
    if !link::find_all(&text.chars, "mailto:").is_empty() {
        let decoded = link::percent_decode(&text.chars);
        text.replace(decoded);
    }
    let ats: Vec<usize> = (0..text.chars.len()).filter(|&at| text.chars[at] == '@').collect();
    let places: Vec<Option<(EmailAddress, Range<usize>)>> = ats.iter().map(|&at| address(&text, at)).collect();
    let is_each_valid = places.iter().all(|place| place.as_ref().is_some_and(|(_, place)| stands_alone(&text, place)));
    let (mut addresses, mut used) = (Vec::new(), Vec::new());
    for (address, place) in places.into_iter().flatten() {
        addresses.push(address);
        used.push(place);
    }
    let value = only(addresses)?;
    if !is_each_valid {
        return Err(TypedError::Invalid);
    }
    for place in used {
        text.mark_used(place);
    }
    Ok(Typed { value, dropped: text.dropped(LABELS) })
}

/// Returns the address around an `@`, without quotes and without punctuation at its end.
fn address(text: &Text, at: usize) -> Option<(EmailAddress, Range<usize>)> {
    let chars = &text.chars;
    let mut start = at - chars[..at].iter().rev().take_while(|&&c| is_local(c)).count();
    let mut end = at + 1 + chars[at + 1..].iter().take_while(|&&c| is_domain(c)).count();
    while end > at && ".-".contains(chars[end - 1]) {
        end -= 1;
    }
    if chars.get(end) == Some(&'\'') && chars.get(start) == Some(&'\'') {
        start += 1;
    }
    let mut address = Zeroizing::new(String::with_capacity(end - start));
    address.extend(chars[start..end].iter());
    EmailAddress::parse(&address).ok().map(|email| (email, start..end))
}

fn is_local(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c)
}

fn is_domain(c: char) -> bool {
    c.is_ascii_alphanumeric() || ".-".contains(c)
}

/// Returns whether nothing beside the address can belong to it.
fn stands_alone(text: &Text, place: &Range<usize>) -> bool {
    let chars = &text.chars;
    let is_start_clear = place.start.checked_sub(1).is_none_or(|before| {
        let c = chars[before];
        if is_break(c) || "<([{:;\"'«“„>*|".contains(c) { true } else { c.is_whitespace() && may_precede(&chars[..before]) }
    });
    let is_end_clear = chars.get(place.end).is_none_or(|&c| {
        if is_break(c) {
            return true;
        }
        if c.is_whitespace() { may_follow(&chars[place.end..]) } else { !is_word(c) && !"@_%&=+#".contains(c) }
    });
    is_start_clear && is_end_clear
}

fn is_break(c: char) -> bool {
    "\n\r\t".contains(c)
}

/// Returns whether the last word of the text cannot be the beginning of the address: it is a label or has a sign that no address has.
fn may_precede(text: &[char]) -> bool {
    let end = text.iter().rposition(|&c| !c.is_whitespace() || is_break(c)).map_or(0, |last| last + 1);
    let word: Vec<char> = text[..end].iter().rev().take_while(|c| !c.is_whitespace()).copied().collect();
    if word.is_empty() || !word.iter().all(|&c| is_local(c)) {
        return true;
    }
    let word: Vec<char> = word.into_iter().rev().filter(|&c| c != '-').collect();
    LABELS.contains(&fold(&word).as_str())
}

/// Returns whether the first word of the text cannot be the end of the domain.
fn may_follow(text: &[char]) -> bool {
    let start = text.iter().position(|&c| !c.is_whitespace() || is_break(c)).unwrap_or(text.len());
    let word: Vec<char> = text[start..].iter().take_while(|c| !c.is_whitespace()).copied().collect();
    let is_domain_part = !word.is_empty() && word.iter().all(|&c| is_domain(c)) && word.iter().any(char::is_ascii_alphabetic);
    !is_domain_part || (word.len() > DOMAIN_END_LETTERS_MAX && !word[..word.len() - 1].contains(&'.'))
}
