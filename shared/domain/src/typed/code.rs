//! Finds the code number in a typed or pasted text.
//!
//! A code is 22 characters of base64, in one of these places:
//!
//! 1. after `code=` in a link, even if a mail filter has rewritten the link or a line break divides it;
//! 2. in a link to a file from photos.zip, whose name begins with the code;
//! 3. in one word: either the word is the code, or `read` finds the code in it, as in the name of a file from photos.zip. The word must
//!    follow a label (a word such as `code`), be the only content, or look like a code (`looks_like_a_code`);
//! 4. in groups separated by white space, after a label or as the only content.

use std::ops::Range;

use zeroize::Zeroizing;

use super::{
    Typed,
    characters::{Text, fold, is_greek, is_word},
    labels::CODE as LABELS,
    link::{Chars, find_all, readable_forms},
};
use crate::code_number::{CODE_LENGTH, CodeNumber, MalformedCode};

const PARAMETER: &str = "code=";
/// The texts that follow the code in the names of the files in photos.zip.
const FILE_NAME_ENDINGS: [&str; 2] = ["_PASSPORT_", "_QR"];
/// A text of at most this many characters counts as an attempt to type a code. A longer text counts as a message without a code, so wrong
/// characters in it are not reported.
const ATTEMPT_CHARACTERS_MAX: usize = 2 * CODE_LENGTH;

/// Finds the code number in a text.
///
/// # Errors
/// [`MalformedCode::Several`] if the text has two different codes. If the text has no code but a link with a malformed code, the error says
/// what is wrong with the malformed code. If there is no such link, the error says what is wrong with the text, ignoring its labels.
pub fn code_number(text: &str) -> Result<Typed<CodeNumber>, MalformedCode> {
    let mut search = Search { text: Text::clean(text), found: Vec::new(), link_fault: None };
    search.links();
    let has_link = search.text.runs(|_| true).iter().map(Range::len).sum::<usize>() < search.text.chars.len();
    let segments = search.text.runs(|c| is_base64(c) || c.is_whitespace());
    let words = search.text.runs(is_word);
    for segment in segments {
        let is_alone = !has_link && words.iter().all(|word| segment.start <= word.start && word.end <= segment.end);
        search.segment(segment, is_alone);
    }
    match search.found.split_first() {
        None => Err(search.fault()),
        Some((first, others)) if others.iter().all(|other| other == first) => {
            Ok(Typed { value: first.clone(), dropped: search.text.dropped(LABELS) })
        }
        Some(_) => Err(MalformedCode::Several),
    }
}

struct Search {
    text: Text,
    found: Vec<CodeNumber>,
    /// The fault of a malformed code in a link.
    link_fault: Option<MalformedCode>,
}

impl Search {
    /// Finds the codes in links, and marks the links as used.
    fn links(&mut self) {
        for word in self.text.runs(|c| !c.is_whitespace() && !"<>\"«»“”„".contains(c)) {
            let link: Chars = Zeroizing::new(self.text.chars[word.clone()].to_vec());
            if !["://", "#code=", "%23code"].iter().any(|mark| !find_all(&link, mark).is_empty()) {
                continue;
            }
            let mut last = None;
            for form in readable_forms(&link) {
                last = self.parameters(&form).or(last);
                self.file_names(&form);
            }
            self.text.mark_link(word.clone());
            // A link that was broken over two lines continues after the white space.
            if let Some(start) = last {
                self.broken_link(start, word.end);
            }
        }
    }

    /// Finds the codes after `code=` in a link. If the link ends with an incomplete code, returns the characters of this code.
    fn parameters(&mut self, form: &[char]) -> Option<Chars> {
        let mut incomplete = None;
        for at in find_all(form, PARAMETER) {
            if at > 0 && is_word(form[at - 1]) {
                continue;
            }
            let value = &form[at + PARAMETER.len()..];
            let length = value.iter().take_while(|&&c| is_base64(c)).count();
            // Quoted-printable, the encoding of emails, writes `=` as `=3D`.
            let skipped = if length == CODE_LENGTH + 2 && value.starts_with(&['3', 'D']) { 2 } else { 0 };
            match read(&value[skipped..length]) {
                Ok((code, _)) => self.found.push(code),
                Err(fault) if length > 0 => {
                    self.link_fault = Some(fault);
                    if length == value.len() && length < CODE_LENGTH {
                        incomplete = Some(Zeroizing::new(value.to_vec()));
                    }
                }
                Err(_) => {}
            }
        }
        incomplete
    }

    /// Reads the codes in names of files from photos.zip. A link contains such a name if the user opened a file of photos.zip in the
    /// browser and copied its URL.
    fn file_names(&mut self, form: &[char]) {
        for run in form.split(|&c| !is_base64(c)) {
            if let Some(Ok(code)) = file_name(run).map(|place| parse(&run[place])) {
                self.found.push(code);
            }
        }
    }

    fn broken_link(&mut self, start: Chars, end: usize) {
        let mut joined = Zeroizing::new(Vec::with_capacity(CODE_LENGTH));
        joined.extend_from_slice(&start);
        let mut at = end;
        while joined.len() < CODE_LENGTH {
            match self.text.free(at) {
                Some(c) if c.is_whitespace() => {}
                Some(c) if is_base64(c) => joined.push(c),
                Some(_) | None => return,
            }
            at += 1;
        }
        let is_whole_word = self.text.free(at).is_none_or(|c| !is_base64(c));
        if let (true, Ok((code, _))) = (is_whole_word, read(&joined)) {
            self.found.push(code);
            self.text.mark_used(end..at);
        }
    }

    /// Finds the codes in a run of base64 characters and white space. `is_alone` is true if the text contains no link and no words outside
    /// this run.
    fn segment(&mut self, segment: Range<usize>, is_alone: bool) {
        let mut words: Vec<Range<usize>> = Vec::new();
        let mut start = segment.start;
        for at in segment.clone().chain([segment.end]) {
            if at == segment.end || self.text.chars[at].is_whitespace() {
                if start < at {
                    words.push(start..at);
                }
                start = at + 1;
            }
        }
        let labels = words
            .iter()
            .take_while(|word| {
                let label = trim(&self.text.chars[(*word).clone()]);
                label.is_empty() || LABELS.contains(&fold(label).as_str())
            })
            .count();
        let is_labelled = words[..labels].iter().any(|word| self.text.chars[word.clone()].iter().any(|&c| !is_sign(c)))
            || self.text.word_before(segment.start).is_some_and(|word| self.text.is_label(word, LABELS));
        let words = &words[labels..];
        let is_only_word = is_alone && words.len() == 1;
        let before = self.found.len();
        for word in words {
            let chars = &self.text.chars[word.clone()];
            if let (true, Ok((code, inside))) = (is_labelled || is_only_word || looks_like_a_code(chars), read(chars)) {
                self.found.push(code);
                self.text.mark_used(word.start + inside.start..word.start + inside.end);
            }
        }
        if self.found.len() == before && (is_labelled || is_alone) {
            self.groups(words, is_labelled);
        }
    }

    /// Reads a code that white space divides into groups. After a label, other words may follow the code. Without a label, all words must
    /// belong to the code.
    fn groups(&mut self, words: &[Range<usize>], is_labelled: bool) {
        let capacity = words.iter().map(Range::len).sum();
        let mut joined: Chars = Zeroizing::new(Vec::with_capacity(capacity));
        for (index, word) in words.iter().enumerate() {
            joined.extend_from_slice(&self.text.chars[word.clone()]);
            // The joined words are already longer than a code, so further words cannot complete a code. Without this limit, a long text
            // would take minutes.
            if joined.iter().filter(|&&c| !is_sign(c)).count() > CODE_LENGTH {
                return;
            }
            if !is_labelled && index + 1 < words.len() {
                continue;
            }
            if let Ok((code, _)) = read(&joined) {
                self.found.push(code);
                for word in &words[..=index] {
                    self.text.mark_used(word.clone());
                }
                return;
            }
        }
    }

    /// Returns the error for a text in which no code was found.
    fn fault(mut self) -> MalformedCode {
        if let Some(fault) = self.link_fault {
            return fault;
        }
        for word in self.text.runs(is_word) {
            if self.text.is_label(word.clone(), LABELS) {
                self.text.mark_used(word);
            }
        }
        let rest: Vec<usize> = (0..self.text.chars.len()).filter(|&at| self.text.free(at).is_some_and(|c| !c.is_whitespace())).collect();
        let is_content = |&at: &usize| is_base64(self.text.chars[at]) || is_word(self.text.chars[at]);
        let (Some(first), Some(last)) = (rest.iter().position(is_content), rest.iter().rposition(is_content)) else {
            return MalformedCode::Length(0);
        };
        let core = &rest[first..=last];
        let has_other = core.iter().any(|&at| !is_base64(self.text.chars[at]));
        if has_other && core.len() <= ATTEMPT_CHARACTERS_MAX {
            let is_mixed = |word: &Range<usize>| {
                let chars = &self.text.chars[word.clone()];
                chars.iter().any(|&c| is_greek(c)) && chars.iter().any(char::is_ascii_alphanumeric)
            };
            let has_mixed_word = self.text.runs(|c| !c.is_whitespace()).iter().any(is_mixed);
            return if has_mixed_word { MalformedCode::GreekLetter } else { MalformedCode::Character };
        }
        if core.len() == CODE_LENGTH { MalformedCode::LastCharacter } else { MalformedCode::Length(core.len()) }
    }
}

/// Returns whether the character is in one of the two base64 alphabets.
fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || is_sign(c)
}

fn is_sign(c: char) -> bool {
    "+/-_".contains(c)
}

/// Returns whether a word of 22 characters looks like a code: it has small and capital letters, or letters and digits but no signs. Paths and
/// words with hyphens often have digits and signs. Some IBANs have this form, but they end with a digit, and no code does.
fn looks_like_a_code(word: &[char]) -> bool {
    let has = |is_kind: fn(&char) -> bool| word.iter().any(is_kind);
    let (small, capital) = (has(char::is_ascii_lowercase), has(char::is_ascii_uppercase));
    (small && capital) || ((small || capital) && has(char::is_ascii_digit) && word.iter().all(char::is_ascii_alphanumeric))
}

/// Removes signs of the base64 alphabets around a word, such as the hyphen of a list.
fn trim(word: &[char]) -> &[char] {
    let start = word.iter().position(|&c| !is_sign(c)).unwrap_or(word.len());
    let end = word.iter().rposition(|&c| !is_sign(c)).map_or(start, |last| last + 1);
    &word[start..end]
}

/// Parses a run of base64 characters as a code. If the run is too long, it may be a code with signs around it, a code with hyphens between
/// groups, a code that was pasted twice, or the name of a file from photos.zip, with or without its folders. Returns the code and its
/// position in the run.
fn read(run: &[char]) -> Result<(CodeNumber, Range<usize>), MalformedCode> {
    let Some(excess) = run.len().checked_sub(CODE_LENGTH) else {
        return Err(MalformedCode::Length(run.len()));
    };
    if excess == 0 {
        return parse(run).map(|code| (code, 0..run.len()));
    }
    let leading = run.iter().take_while(|&&c| is_sign(c)).count();
    let trailing = run.iter().rev().take_while(|&&c| is_sign(c)).count();
    for front in excess.saturating_sub(trailing)..=leading.min(excess) {
        let place = front..front + CODE_LENGTH;
        if let Ok(code) = parse(&run[place.clone()]) {
            return Ok((code, place));
        }
    }
    let (front, rest) = run.split_at(CODE_LENGTH);
    if let Some(place) = file_name(run) {
        return parse(&run[place.clone()]).map(|code| (code, place));
    }
    if front == rest {
        return parse(front).map(|code| (code, 0..run.len()));
    }
    let mut grouped: Chars = Zeroizing::new(Vec::with_capacity(run.len()));
    grouped.extend(run.iter().filter(|&&c| c != '-'));
    match (grouped.len() == CODE_LENGTH).then(|| parse(&grouped)) {
        Some(Ok(code)) => Ok((code, 0..run.len())),
        Some(Err(_)) | None => Err(MalformedCode::Length(run.len())),
    }
}

/// Returns the position of the code in the name of a file from photos.zip. Only the names of folders may precede the code.
fn file_name(run: &[char]) -> Option<Range<usize>> {
    (CODE_LENGTH..run.len()).find_map(|end| {
        let start = end - CODE_LENGTH;
        let is_beginning = start == 0 || run[start - 1] == '/';
        let is_ending = FILE_NAME_ENDINGS.iter().any(|ending| run[end..].iter().copied().take(ending.len()).eq(ending.chars()));
        (is_beginning && is_ending).then_some(start..end)
    })
}

fn parse(chars: &[char]) -> Result<CodeNumber, MalformedCode> {
    // Each base64 character has one byte, so this capacity is sufficient.
    let mut text = Zeroizing::new(String::with_capacity(chars.len()));
    text.extend(chars.iter());
    CodeNumber::parse_compact(&text)
}
