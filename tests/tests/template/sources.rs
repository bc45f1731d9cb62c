//! Tests rules that the source code must follow and no compiler checks.

use crate::{project::read, support::rust_files};

/// Maximum number of lines of a Rust function, and of a file in `functions`. The tests in a file are not counted.
const FUNCTION_LINES_MAX: usize = 100;
const FILE_LINES_MAX: usize = 250;

/// Returns the paths of the Rust files in a folder, without integration tests.
fn source_files(folder: &str) -> Vec<String> {
    rust_files(folder).into_iter().filter(|path| !path.contains("/tests/")).collect()
}

/// Returns the lines of a Rust file before its tests, without comments.
fn code(source: &str) -> Vec<&str> {
    let own = source.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
    own.map(|line| line.split("//").next().unwrap_or_default()).collect()
}

#[test]
fn secrets_and_their_digests_are_compared_in_constant_time() {
    const SECRETS: &[&str] = &["sha256_base64url(", "otp_hash(", "sha256_hex(", ".hash", "code_challenge"];
    let mut compared = 0;
    for file in source_files("functions") {
        for (number, line) in code(&read(&file)).into_iter().enumerate() {
            if SECRETS.iter().any(|secret| line.contains(secret)) {
                assert!(!line.contains(" == ") && !line.contains(" != "), "{file}:{}: {line}", number + 1);
                compared += usize::from(line.contains("equal("));
            }
        }
    }
    assert_eq!(
        compared, 6,
        "expected comparisons: one-time password, cookie of a browser, PKCE verifier of an app, digest of a picture, and at a KEP \
         the one-time password and the password that could not be sent"
    );
}

#[test]
fn nothing_panics_on_purpose_outside_tests() {
    for file in source_files("functions").into_iter().chain(source_files("shared")) {
        // Skips modules of tests. Their parent modules declare them under `#[cfg(test)]`.
        if file.ends_with("/testing.rs") || file.ends_with("/tests.rs") {
            continue;
        }
        for (number, line) in code(&read(&file)).into_iter().enumerate() {
            for forbidden in
                [".unwrap()", ".expect(", ".unwrap_err()", ".expect_err(", "panic!(", "unreachable!(", "todo!(", "unimplemented!("]
            {
                assert!(!line.contains(forbidden), "{file}:{}: {forbidden}", number + 1);
            }
        }
    }
}

#[test]
fn functions_and_files_of_handlers_are_short() {
    let mut measured = 0;
    for file in source_files("functions") {
        let source = read(&file);
        let lines = code(&source);
        assert!(lines.len() <= FILE_LINES_MAX, "{file} has {} lines", lines.len());
        for (number, line) in lines.iter().enumerate() {
            let (start, indent) = (line.trim_start(), line.len() - line.trim_start().len());
            let start =
                ["pub ", "pub(crate) ", "const ", "async "].iter().fold(start, |rest, word| rest.strip_prefix(word).unwrap_or(rest));
            if start.starts_with("fn ") && !line.ends_with('}') {
                let end = format!("{}}}", " ".repeat(indent));
                let length = lines[number..]
                    .iter()
                    .position(|line| *line == end)
                    .unwrap_or_else(|| panic!("{file}:{}: the function has no end", number + 1))
                    + 1;
                assert!(length <= FUNCTION_LINES_MAX, "{file}:{}: a function of {length} lines", number + 1);
                measured += 1;
            }
        }
    }
    assert!(measured > 150, "{measured}");
}
