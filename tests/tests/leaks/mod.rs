//! Searches data for secrets in every encoding in which they could have been stored or logged.

pub(crate) mod everything;
mod kep;
pub(crate) mod lines;
#[expect(dead_code, reason = "other tests use the rest of it")]
#[path = "../project/mod.rs"]
pub(crate) mod project;

use aws_lc_rs::digest;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE},
};

/// A secret value with its encodings, each of which would reveal it.
#[derive(Clone)]
pub(crate) struct Secret {
    pub(crate) name: &'static str,
    forms: Vec<Vec<u8>>,
}

impl Secret {
    /// Collects the forms in which data may contain a value: in clear, in hexadecimal and in base64, alone or inside longer data. Collects
    /// the same forms of the value's unkeyed hash, because a value with few possibilities, such as a telephone number, can be found from
    /// that hash.
    pub(crate) fn new(name: &'static str, value: impl AsRef<[u8]>) -> Self {
        let value = value.as_ref();
        assert!(value.len() >= 6, "{name} is too short to search for");
        let hash = digest::digest(&digest::SHA256, value);
        let mut forms = Vec::new();
        for bytes in [value, hash.as_ref()] {
            forms.extend([bytes.to_vec(), hex(bytes).into_bytes(), hex(bytes).to_uppercase().into_bytes()]);
            forms.extend((0..3).flat_map(|before| base64(bytes, before)));
        }
        // JSON writers that produce only ASCII escape all other characters as `\u`.
        let text = String::from_utf8_lossy(value);
        if !text.is_ascii() {
            let escaped = |c: char| {
                if c.is_ascii() { c.to_string() } else { c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect() }
            };
            forms.push(text.chars().map(escaped).collect::<String>().into_bytes());
        }
        forms.sort();
        forms.dedup();
        Self { name, forms }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Encodes bytes in base64 as they would appear in longer data with `before` bytes in front. Returns only the characters that do not depend
/// on the bytes around them, first in the standard and then in the URL-safe alphabet.
fn base64(bytes: &[u8], before: usize) -> Vec<Vec<u8>> {
    let padded = [&vec![0; before], bytes].concat();
    // Each base64 character encodes six bits. The first and the last character are left out if they also contain bits of neighbouring
    // bytes.
    let (first, end) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
    [STANDARD.encode(&padded), URL_SAFE.encode(&padded)].map(|text| text.as_bytes()[first..end].to_vec()).to_vec()
}

/// An index of all secrets, for searching data in one pass.
pub(crate) struct Search<'s> {
    /// Names and forms of secrets, indexed by the first two bytes of the form.
    starts: Vec<Vec<(&'s str, &'s [u8])>>,
}

impl<'s> Search<'s> {
    pub(crate) fn new(secrets: &'s [Secret]) -> Self {
        let mut starts = vec![Vec::new(); 1 << 16];
        for secret in secrets {
            for form in &secret.forms {
                starts[usize::from(u16::from_be_bytes([form[0], form[1]]))].push((secret.name, form.as_slice()));
            }
        }
        Self { starts }
    }

    /// Returns the names of the secrets that the data contains.
    pub(crate) fn find(&self, data: &[u8]) -> Vec<&'s str> {
        let mut found = Vec::new();
        for at in 0..data.len().saturating_sub(1) {
            for (name, form) in &self.starts[usize::from(u16::from_be_bytes([data[at], data[at + 1]]))] {
                if data[at..].starts_with(form) && !found.contains(name) {
                    found.push(*name);
                }
            }
        }
        found
    }
}

/// Returns whether the data contains the digits as a separate number. Digits inside a longer number do not count, because six digits often
/// occur there by chance.
pub(crate) fn has_number(data: &[u8], digits: &str) -> bool {
    let part_of_longer = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'.');
    data.windows(digits.len()).enumerate().any(|(at, window)| {
        window == digits.as_bytes()
            && !part_of_longer(at.checked_sub(1).and_then(|at| data.get(at)))
            && !part_of_longer(data.get(at + digits.len()))
    })
}

#[test]
fn secrets_are_found_in_every_form() {
    let secrets = [Secret::new("email", "maria@example.gr"), Secret::new("name", "ΜΑΡΙΑ Α.")];
    let search = Search::new(&secrets);
    let hidden = |before: &str, after: &str| STANDARD.encode(format!("{before}maria@example.gr{after}"));
    for data in [
        "to maria@example.gr.".to_owned(),
        hidden("", ""),
        hidden("x", "y"),
        hidden("xx", "yy"),
        hidden("{\"to\":\"", "\"}"),
        hex(b"maria@example.gr"),
        format!("x{}x", URL_SAFE.encode(digest::digest(&digest::SHA256, b"maria@example.gr"))),
    ] {
        assert_eq!(search.find(data.as_bytes()), ["email"], "{data}");
    }
    for data in ["{\"name\":\"ΜΑΡΙΑ Α.\"}", r#"{"name":"\u039c\u0391\u03a1\u0399\u0391 \u0391."}"#] {
        assert_eq!(search.find(data.as_bytes()), ["name"], "{data}");
    }
    assert!(search.find(b"m***@example.gr, MARIA").is_empty());
    assert!(has_number(b"otp=123456;", "123456") && !has_number(b"1763123456", "123456") && !has_number(b"0.123456", "123456"));
}
