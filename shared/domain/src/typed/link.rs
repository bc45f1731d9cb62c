//! Decodes links, so that their parameters can be read even if a mail filter has rewritten the link.

use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use zeroize::Zeroizing;

/// Maximum number of times that percent-encoding is removed from one link. Several mail filters may each have encoded the link.
const DECODINGS_MAX: usize = 5;
/// Base64 of `http`. Some filters encode the original link in base64, and their links then contain this text.
const HTTP_IN_BASE64: &str = "aHR0c";

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true),
);

pub(super) type Chars = Zeroizing<Vec<char>>;

/// Removes the encodings of a link one after the other, and returns the form of the link after each step. The encodings are
/// percent-encoding (SafeLinks and most filters), the encoding of Proofpoint's version 2, and base64. The first form is the link itself. If
/// Proofpoint's version 2 encoded the link, the first form is the link without this encoding.
pub(super) fn readable_forms(link: &[char]) -> Vec<Chars> {
    let mut forms = Vec::new();
    let text: Zeroizing<String> = Zeroizing::new(link.iter().collect());
    if text.to_ascii_lowercase().contains("urldefense") && text.contains("/v2/") {
        decode_all(&undo_proofpoint(link), &mut forms);
    } else {
        decode_all(link, &mut forms);
    }
    if let Some(start) = find(link, HTTP_IN_BASE64) {
        let run: Zeroizing<String> = Zeroizing::new(link[start..].iter().take_while(|&&c| is_base64(c)).map(|&c| url_safe(c)).collect());
        if let Ok(decoded) = BASE64.decode(run.as_bytes()).map(Zeroizing::new) {
            let original: Chars = Zeroizing::new(decoded.iter().map(|&byte| char::from(byte)).collect());
            decode_all(&original, &mut forms);
        }
    }
    forms
}

fn decode_all(link: &[char], forms: &mut Vec<Chars>) {
    let mut form = Zeroizing::new(link.to_vec());
    for _ in 0..DECODINGS_MAX {
        let decoded = percent_decode(&form);
        let is_last = *decoded == *form;
        forms.push(form);
        if is_last {
            return;
        }
        form = decoded;
    }
    forms.push(form);
}

/// Decodes `%XX` if it encodes a printable ASCII character. Does not decode the result again, so `%2540` becomes `%40`.
pub(super) fn percent_decode(text: &[char]) -> Chars {
    let mut decoded = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut at = 0;
    while at < text.len() {
        match escaped(text, at) {
            Some(c) => {
                decoded.push(c);
                at += 3;
            }
            None => {
                decoded.push(text[at]);
                at += 1;
            }
        }
    }
    decoded
}

fn escaped(text: &[char], at: usize) -> Option<char> {
    if text[at] != '%' {
        return None;
    }
    let [high, low] = [text.get(at + 1)?, text.get(at + 2)?].map(|c| c.to_digit(16));
    let code = high? * 16 + low?;
    if (0x20..0x7f).contains(&code) { char::from_u32(code) } else { None }
}

/// Replaces `-` by `%` and `_` by `/`, because Proofpoint's version 2 encodes these two characters in this way.
fn undo_proofpoint(link: &[char]) -> Chars {
    let plain = |c| match c {
        '-' => '%',
        '_' => '/',
        other => other,
    };
    Zeroizing::new(link.iter().map(|&c| plain(c)).collect())
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+/-_".contains(c)
}

fn url_safe(c: char) -> char {
    match c {
        '+' => '-',
        '/' => '_',
        other => other,
    }
}

/// Returns the first position of `wanted`, which must be ASCII.
pub(super) fn find(text: &[char], wanted: &str) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window.iter().copied().eq(wanted.chars()))
}

/// Returns every position of `wanted`, which must be ASCII in lower case. Ignores the case of `text`.
pub(super) fn find_all(text: &[char], wanted: &str) -> Vec<usize> {
    let is_here = |window: &[char]| window.iter().map(char::to_ascii_lowercase).eq(wanted.chars());
    text.windows(wanted.len()).enumerate().filter(|(_, window)| is_here(window)).map(|(at, _)| at).collect()
}
