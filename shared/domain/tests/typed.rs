//! Tests the parsers with the typed and pasted texts in `typed.json`. The tests of the web application use the same table.

use std::collections::HashMap;

use domain::{
    CodeNumber, MalformedCode,
    typed::{self, Dropped, EMAIL_DOMAINS, Typed, TypedError},
};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Table {
    /// Ranges of code points.
    invisible: Vec<(u32, u32)>,
    hyphens: Vec<(u32, u32)>,
    zeros: Vec<u32>,
    email_domains: Vec<String>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    kind: String,
    input: String,
    value: Option<String>,
    error: Option<String>,
    dropped: Option<Vec<String>>,
}

/// The value or the name of the error, and the names of the kinds of text that were dropped.
type Outcome = (Result<String, String>, Vec<&'static str>);

fn table() -> Table {
    serde_json::from_str(include_str!("typed.json")).unwrap_or_else(|error| panic!("typed.json: {error}"))
}

fn outcome<T, E>(typed: Result<Typed<T>, E>, value: impl Fn(&T) -> String, error: impl Fn(E) -> String) -> Outcome {
    match typed {
        Ok(typed) => (Ok(value(&typed.value)), typed.dropped.into_iter().map(Dropped::name).collect()),
        Err(fault) => (Err(error(fault)), Vec::new()),
    }
}

fn error_name(error: TypedError) -> String {
    match error {
        TypedError::Invalid => "invalid",
        TypedError::Several => "several",
    }
    .to_owned()
}

fn fault_name(fault: MalformedCode) -> String {
    match fault {
        MalformedCode::Length(length) => return format!("length {length}"),
        MalformedCode::Character => "character",
        MalformedCode::GreekLetter => "greek_letter",
        MalformedCode::LastCharacter => "last_character",
        MalformedCode::Several => "several",
    }
    .to_owned()
}

fn parse(kind: &str, text: &str) -> Outcome {
    match kind {
        "code" => outcome(typed::code_number(text), domain::CodeNumber::expose, fault_name),
        "mobile" => outcome(typed::mobile(text), |mobile| mobile.expose().to_owned(), error_name),
        "afm" => outcome(typed::afm(text), |afm| afm.expose().to_owned(), error_name),
        "amka" => outcome(typed::amka(text), |amka| amka.expose().to_owned(), error_name),
        "paaypa" => outcome(typed::paaypa(text), |paaypa| paaypa.expose().to_owned(), error_name),
        "otp" => outcome(typed::otp(text), |otp| otp.expose().to_owned(), error_name),
        "email" => outcome(typed::email(text), |email| email.expose().to_owned(), error_name),
        "suggestion" => (typed::suggestion(text).ok_or_else(|| "none".to_owned()), Vec::new()),
        other => panic!("{other} is no kind of value"),
    }
}

#[test]
fn every_text_of_the_table_gives_its_value_or_its_error() {
    let mut wrong = Vec::new();
    for case in table().cases {
        let expected = match (case.kind.as_str(), case.value, case.error) {
            ("suggestion", None, None) => Err("none".to_owned()),
            (_, Some(value), None) => Ok(value),
            (_, None, Some(error)) => Err(error),
            (_, Some(_), Some(_)) | (_, None, None) => panic!("{}: either a value or an error", case.input),
        };
        let (result, dropped) = parse(&case.kind, &case.input);
        if result != expected || dropped != case.dropped.unwrap_or_default() {
            wrong.push(format!("{} {:?}: {result:?} {dropped:?} instead of {expected:?}", case.kind, case.input));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_has_values_and_errors_of_every_kind() {
    let mut counts: HashMap<(String, bool), usize> = HashMap::new();
    for case in table().cases {
        *counts.entry((case.kind, case.value.is_some())).or_default() += 1;
    }
    for kind in ["code", "mobile", "afm", "amka", "paaypa", "otp", "email", "suggestion"] {
        for has_value in [true, false] {
            assert!(counts.get(&(kind.to_owned(), has_value)).is_some_and(|&count| count >= 3), "{kind} {has_value}");
        }
    }
}

fn characters(ranges: &[(u32, u32)]) -> impl Iterator<Item = char> {
    ranges.iter().flat_map(|&(first, last)| first..=last).filter_map(char::from_u32)
}

#[test]
fn every_invisible_character_of_the_table_is_dropped() {
    for c in characters(&table().invisible) {
        let text = |value: &str| format!("{c}{}{c}{}{c}", &value[..5], &value[5..]);
        for (kind, value, expected) in [
            ("code", "adEC3wlknv5LcQn5W65twA", None),
            ("mobile", "6912345678", Some("+306912345678")),
            ("afm", "094259216", None),
            ("otp", "057896", None),
            ("email", "maria@example.gr", None),
        ] {
            let expected = (Ok(expected.unwrap_or(value).to_owned()), vec!["invisible"]);
            assert_eq!(parse(kind, &text(value)), expected, "U+{:04X} in {kind}", u32::from(c));
        }
    }
}

#[test]
fn every_hyphen_and_digit_of_the_table_is_read_as_the_ascii_one() {
    let table = table();
    for c in characters(&table.hyphens) {
        assert_eq!(parse("mobile", &format!("691{c}234{c}5678")), (Ok("+306912345678".to_owned()), vec!["punctuation"]), "{c}");
        assert_eq!(parse("code", &format!("{c}_EC3wlknv5LcQn5W65twA")), (Ok("+/EC3wlknv5LcQn5W65twA".to_owned()), vec![]), "{c}");
    }
    for zero in table.zeros {
        let digits: String = "094259216".chars().map(|c| char::from_u32(zero + c.to_digit(10).unwrap()).unwrap()).collect();
        assert_eq!(parse("afm", &digits), (Ok("094259216".to_owned()), vec![]), "{digits}");
    }
}

#[test]
fn the_web_application_knows_the_same_email_domains() {
    assert_eq!(table().email_domains, EMAIL_DOMAINS);
}

/// Uses texts on which a search would take minutes if it started again at each word.
#[test]
fn long_texts_without_a_code_are_rejected() {
    for text in [
        format!("code {}a{}", "-".repeat(8_000), " b".repeat(4_000)),
        "! ".repeat(8_000),
        "-".repeat(16_000),
        format!("code{}", " -".repeat(8_000)),
        "1 ".repeat(8_000),
        "α ".repeat(8_000),
    ] {
        for kind in ["code", "mobile", "afm", "amka", "paaypa", "otp", "email"] {
            assert!(parse(kind, &text).0.is_err(), "{kind}: {}", &text[..12]);
        }
    }
}

/// Generates codes that contain both small and capital letters. Only one code in 50,000 does not, and typed.json has examples of such
/// codes.
fn codes() -> impl Strategy<Value = CodeNumber> {
    any::<[u8; 16]>().prop_map(CodeNumber::from_bytes).prop_filter("small and capital letters", |code| {
        let has = |is_kind: fn(&char) -> bool| code.expose().chars().any(|c| is_kind(&c));
        has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase)
    })
}

proptest! {
    #[test]
    fn a_code_is_found_in_every_place_of_a_message(code in codes(), before in "[α-ωΑ-Ω ,.:!0-9]{0,30}", after in "[α-ωΑ-Ω ,.:!0-9]{0,30}") {
        let url_safe = code.expose().replace('+', "-").replace('/', "_");
        for written in [code.expose(), url_safe.clone(), format!("https://myphoto.example.gr/#code={url_safe}"), format!("«{}»", code.expose())] {
            // Without the space and the comma, adjoining digits would count as a part of the code.
            let found = typed::code_number(&format!("{before} {written}, {after}"));
            prop_assert!(found.is_ok_and(|found| found.value == code), "{before} {written}, {after}");
        }
    }

    #[test]
    fn two_different_codes_are_never_decided_between(first in codes(), second in codes(), between in "[α-ω ,;]{1,9}") {
        prop_assume!(first != second);
        let [first, second] = [first, second].map(|code| code.expose());
        prop_assert_eq!(typed::code_number(&format!("{first} {between} {second}")).unwrap_err(), MalformedCode::Several);
    }

    #[test]
    fn a_link_is_read_however_often_it_was_encoded(bytes: [u8; 16], times in 0_usize..5) {
        let code = CodeNumber::from_bytes(bytes);
        let mut link = format!("https://myphoto.example.gr/#code={}", code.expose());
        for _ in 0..times {
            let encoded: String = link.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("%{:02X}", u32::from(c)) }).collect();
            link = format!("https://filter.example/?url={encoded}&data=05");
        }
        prop_assert!(typed::code_number(&link).unwrap().value == code);
    }

    #[test]
    fn what_was_found_is_read_as_itself_and_no_text_panics(text in "[\\PC\n]{0,60}") {
        for kind in ["code", "mobile", "afm", "amka", "paaypa", "otp", "email", "suggestion"] {
            if let (Ok(value), _) = parse(kind, &text)
                && kind != "suggestion"
            {
                prop_assert_eq!(parse(kind, &value), (Ok(value.clone()), vec![]), "{}", kind);
            }
        }
    }

    #[test]
    fn digits_with_signs_and_labels_around_them_never_panic(text in "[0-9+().@#/:\\- a-zκωδςφμ%\n]{0,60}") {
        for kind in ["code", "mobile", "afm", "amka", "paaypa", "otp", "email", "suggestion"] {
            let _ = parse(kind, &text);
        }
    }
}
