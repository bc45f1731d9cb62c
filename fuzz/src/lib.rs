//! Properties that must hold for any input, for all code that reads external input.
//!
//! A property is a function that panics if it does not hold. `make fuzz` runs each with input that libFuzzer generates (fuzz/libfuzzer),
//! and `cargo test` runs each with the corpus (fuzz/corpus). See fuzz/README.md.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a panic is a finding")]

mod http;
mod numbers;
mod outside;
mod photos;
mod signed;
mod texts;

/// A target: code that reads input, and the property that must hold for this code.
#[derive(Debug)]
pub struct Target {
    /// Name of the target and of its folder in fuzz/corpus.
    pub name: &'static str,
    /// Panics if the property does not hold.
    pub check: fn(&[u8]),
    /// Limit of the memory in use at any moment, in bytes.
    pub memory_max: usize,
}

/// Memory limit for targets whose input is a few kilobytes long and is not decompressed.
const SMALL: usize = 4_000_000;
/// Memory limit for targets that decode pictures. Fuzzing uses small pictures only. A photo function has 2,048 MB of memory
/// (template.yaml), of which decoding 50 megapixels takes up to 530 MB.
const DECODING: usize = 100_000_000;

pub const TARGETS: [Target; 11] = [
    Target { name: "code_number", check: numbers::code_number, memory_max: SMALL },
    Target { name: "identity_numbers", check: numbers::identity_numbers, memory_max: SMALL },
    Target { name: "recipients", check: numbers::recipients, memory_max: SMALL },
    Target { name: "userinfo", check: outside::userinfo, memory_max: SMALL },
    Target { name: "registers", check: outside::registers, memory_max: SMALL },
    Target { name: "jpeg", check: photos::jpeg, memory_max: DECODING },
    Target { name: "picture", check: photos::picture, memory_max: DECODING },
    Target { name: "signed_request", check: signed::signed_request, memory_max: SMALL },
    Target { name: "texts", check: texts::texts, memory_max: SMALL },
    Target { name: "request_body", check: http::request_body, memory_max: SMALL },
    Target { name: "event", check: http::event, memory_max: SMALL },
];

/// Returns the input as text. Nearly all of our code gets its input as valid UTF-8.
fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}
