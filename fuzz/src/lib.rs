//! What must hold of any input whatever, for everything here that reads what others wrote.
//!
//! A property is a function that panics where it does not hold. `make fuzz` tries to break each with input that libFuzzer makes up
//! (fuzz/libfuzzer); `cargo test` plays the corpus (fuzz/corpus). See fuzz/README.md.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "what fails here is what is looked for")]

mod http;
mod numbers;
mod outside;
mod photos;
mod signed;
mod texts;

/// Something that reads input, and what must hold of it.
#[derive(Debug)]
pub struct Target {
    /// Also of its folder in fuzz/corpus.
    pub name: &'static str,
    /// Panics where the property does not hold.
    pub holds: fn(&[u8]),
    /// Bytes that it may have in use at most, at any moment.
    pub memory: usize,
}

/// For what is some kilobytes long and has no reason to grow.
const LITTLE: usize = 4_000_000;
/// A photo function's memory (template.yaml) is 2,048 MB; decoding 50 megapixels takes up to 530 MB of it, and these pictures are small.
const DECODING: usize = 100_000_000;

pub const TARGETS: [Target; 11] = [
    Target { name: "code_number", holds: numbers::code_number, memory: LITTLE },
    Target { name: "identity_numbers", holds: numbers::identity_numbers, memory: LITTLE },
    Target { name: "recipients", holds: numbers::recipients, memory: LITTLE },
    Target { name: "userinfo", holds: outside::userinfo, memory: LITTLE },
    Target { name: "registers", holds: outside::registers, memory: LITTLE },
    Target { name: "jpeg", holds: photos::jpeg, memory: DECODING },
    Target { name: "picture", holds: photos::picture, memory: DECODING },
    Target { name: "signed_request", holds: signed::signed_request, memory: LITTLE },
    Target { name: "texts", holds: texts::texts, memory: LITTLE },
    Target { name: "request_body", holds: http::request_body, memory: LITTLE },
    Target { name: "event", holds: http::event, memory: LITTLE },
];

/// Nearly everything that is read is text before anything of ours sees it.
fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}
