//! Finds the email address in a typed or pasted text.
//!
//! A blank inside an address is a mistake. `na me@example.gr` and `maria@example.co m` are rejected, because `me@example.gr` and
//! `maria@example.co` may belong to other people. A word next to an address is allowed only if it cannot belong to the address.

use zeroize::Zeroizing;

use super::{
    Typed, TypedError,
    characters::{Text, fold, is_word},
    labels::EMAIL as LABELS,
    link, only,
};
use crate::EmailAddress;

/// If the word after an address is at most this long, it may be the end of the domain, such as `gr` in `maria@example.gov gr`. The address
/// is then rejected.
const DOMAIN_END_LETTERS_MAX: usize = 3;

/// Signs that begin links, list entries, quotes and formatted texts. The email standard permits them at the beginning of an address, but no
/// provider does. The parser removes these signs from the beginning of an address.
const LEADING_MARKS: &str = "/*`|~{}=-'";

/// More signs that the email standard permits at the beginning of an address, but no provider does. Unlike [`LEADING_MARKS`], the parser
/// does not remove these signs, but rejects an address that begins with one of them.
const LEADING_SIGNS: &str = "#!$%&^+?";

/// Pairs of opening and closing signs that may enclose an address.
const ENCLOSING: [(char, char); 14] = [
    ('<', '>'),
    ('(', ')'),
    ('[', ']'),
    ('"', '"'),
    ('«', '»'),
    ('“', '”'),
    ('„', '“'),
    ('‹', '›'),
    ('*', '*'),
    ('`', '`'),
    ('~', '~'),
    ('{', '}'),
    ('\'', '\''),
    ('|', '|'),
];

/// Finds an email address in a text. The address may be alone, in `Name <address>`, in `mailto:`, after a label, in quotes or brackets, or
/// before punctuation.
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
    let places: Vec<Option<Place>> = ats.iter().map(|&at| Place::around(&text, at)).collect();
    let is_each_valid = places.iter().all(|place| place.as_ref().is_some_and(|place| place.stands_alone(&text.chars)));
    let (mut addresses, mut used) = (Vec::new(), Vec::new());
    for place in places.into_iter().flatten() {
        addresses.push(place.address);
        used.push(place.start..place.end);
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

/// An address in the text.
struct Place {
    address: EmailAddress,
    start: usize,
    end: usize,
    /// Whether a label such as `email=` is directly in front of the address.
    has_label: bool,
}

impl Place {
    /// Returns the address around an `@`, without a label, marks and quotes in front of it and without punctuation at its end.
    fn around(text: &Text, at: usize) -> Option<Self> {
        let chars = &text.chars;
        let run_start = at - chars[..at].iter().rev().take_while(|&&c| is_local(c)).count();
        let mut start = run_start;
        let mut end = at + 1 + chars[at + 1..].iter().take_while(|&&c| is_domain(c)).count();
        while end > at && ".-".contains(chars[end - 1]) {
            end -= 1;
        }
        let equals = chars[start..at].iter().rposition(|&c| c == '=');
        let label = equals.filter(|&equals| is_label(last_word(&chars[start..start + equals])));
        let has_label = label.is_some();
        start += label.map_or(0, |equals| equals + 1);
        let written = &chars[start..at];
        if is_quoted_printable(written) || (has_label && written.starts_with(&['3', 'D'])) {
            return None;
        }
        start += written.iter().take_while(|&&c| LEADING_MARKS.contains(c)).count();
        if LEADING_SIGNS.contains(chars[start]) || is_in_link(&chars[start..at], &chars[run_start..at]) {
            return None;
        }
        let mut address = Zeroizing::new(String::with_capacity(end - start));
        address.extend(chars[start..end].iter());
        EmailAddress::parse(&address).ok().map(|address| Self { address, start, end, has_label })
    }

    /// Returns `false` if the text in front of or behind the address may belong to the address.
    fn stands_alone(&self, chars: &[char]) -> bool {
        let marks = chars[..self.start].iter().rev().take_while(|&&c| LEADING_MARKS.contains(c)).count();
        let front = &chars[..self.start - marks];
        let after = &chars[self.end..];
        (self.has_label || is_start_clear(front, &chars[front.len()..self.start], after)) && is_end_clear(after)
    }
}

/// Returns the word at the end of a text. The word may contain hyphens. It is empty if the text ends with another character.
fn last_word(text: &[char]) -> &[char] {
    &text[text.len() - text.iter().rev().take_while(|&&c| is_word(c) || c == '-').count()..]
}

/// Returns whether a text contains an encoded byte such as `=3D`, as in quoted-printable, the encoding of emails. Without this check, the
/// encoded byte would become a part of the address.
fn is_quoted_printable(text: &[char]) -> bool {
    text.windows(3).any(|window| window[0] == '=' && window[1..].iter().all(|c| matches!(c, '0'..='9' | 'A'..='F')))
}

fn is_local(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c)
}

/// Returns whether the text in front of an `@` is part of a link. `run` is this text, and `local` is the same text without its label and
/// leading marks, such as `//`.
fn is_in_link(local: &[char], run: &[char]) -> bool {
    let is_encoded = |window: &[char]| window[0] == '%' && window[1..].iter().all(char::is_ascii_hexdigit);
    let has_mark = || ["//", "www."].iter().any(|mark| !link::find_all(run, mark).is_empty());
    let is_path = |slash| local[..slash].contains(&'.') || local.ends_with(&['/']) || has_mark();
    local.iter().position(|&c| c == '/').is_some_and(is_path) || local.contains(&'?') || local.windows(3).any(is_encoded)
}

fn is_domain(c: char) -> bool {
    c.is_ascii_alphanumeric() || ".-".contains(c)
}

/// Returns `false` if the text in front of an address may belong to the address. `marks` are the [`LEADING_MARKS`] directly in front of the
/// address, and `front` is the text in front of these marks.
fn is_start_clear(front: &[char], marks: &[char], after: &[char]) -> bool {
    let Some((&last, before)) = front.split_last() else { return true };
    let closes = |opening: char, closing: Option<&char>| ENCLOSING.iter().any(|&(first, last)| first == opening && closing == Some(&last));
    let is_enclosed = marks.last().is_some_and(|&mark| closes(mark, after.first()));
    let is_after_word = before.last().is_some_and(char::is_ascii_alphanumeric);
    match last {
        // In quoted-printable, a line that ends with `=` continues in the next line.
        c if is_break(c) => front.iter().rev().find(|c| !"\r\n".contains(**c)).is_none_or(|&c| c != '='),
        c if c.is_whitespace() => is_enclosed || may_precede(front),
        ':' => !is_after_word || marks.starts_with(&['/', '/']) || is_label(last_word(before)),
        ';' | '>' => true,
        c if "<([\"«“„‹".contains(c) => !is_after_word || closes(c, after.iter().find(|c| !LEADING_MARKS.contains(**c))),
        c => is_enclosed || (!marks.is_empty() && !is_word(c) && c != ','),
    }
}

/// Returns `false` if the text behind an address may belong to the address.
fn is_end_clear(after: &[char]) -> bool {
    match after {
        [] => true,
        [c, ..] if is_break(*c) => true,
        [c, ..] if c.is_whitespace() => may_follow(after),
        [',' | ';' | ':', next, ..] if is_domain(*next) => may_follow(&after[1..]),
        [c, ..] => !is_word(*c) && !"@_%&=+#".contains(*c),
    }
}

fn is_break(c: char) -> bool {
    "\n\r\t".contains(c)
}

/// Returns `false` if the last word of a text may be the beginning of the address that follows the text. A word is not the beginning if it
///
/// - is in an earlier line,
/// - is a label,
/// - ends with a sign that the part before the `@` cannot contain,
/// - is in another script, or
/// - is itself a link or an address.
///
/// Skips words that consist only of `-`, `*`, `=` and `|`, such as list marks.
fn may_precede(text: &[char]) -> bool {
    let end = text.iter().rposition(|&c| !c.is_whitespace() || is_break(c)).map_or(0, |last| last + 1);
    let word = &text[end - text[..end].iter().rev().take_while(|c| !c.is_whitespace()).count()..end];
    if word.is_empty() {
        return true;
    }
    if word.iter().all(|&c| "-*=|".contains(c)) {
        return may_precede(&text[..end - word.len()]);
    }
    if word.iter().all(|&c| is_local(c)) {
        return is_label(word);
    }
    let tail = &word[word.len() - word.iter().rev().take_while(|&&c| is_word(c) || is_local(c)).count()..];
    let is_whole = word.contains(&'@') || !link::find_all(word, "://").is_empty();
    is_whole || !tail.iter().any(char::is_ascii_alphabetic) || is_label(tail)
}

fn is_label(word: &[char]) -> bool {
    let word: Vec<char> = word.iter().copied().filter(|&c| c != '-').collect();
    LABELS.contains(&fold(&word).as_str())
}

/// Returns `false` if the first word of a text may be the end of the domain of the address that precedes the text.
fn may_follow(text: &[char]) -> bool {
    let start = text.iter().position(|&c| !c.is_whitespace() || is_break(c)).unwrap_or(text.len());
    let length = text[start..].iter().take_while(|c| !c.is_whitespace()).count();
    let closing = text[start..start + length].iter().rev().take_while(|&&c| ",;!?)]}>\"'»”*".contains(c)).count();
    let word = &text[start..start + length - closing];
    let is_domain_part = !word.is_empty() && word.iter().all(|&c| is_domain(c)) && word.iter().any(char::is_ascii_alphabetic);
    !is_domain_part || (word.len() > DOMAIN_END_LETTERS_MAX && !word[..word.len() - 1].contains(&'.'))
}
