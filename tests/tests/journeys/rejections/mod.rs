//! Every error response that a caller can get, over HTTP on the deployed stack: status, problem code, and the texts in both languages.
//!
//! `Response::problem` checks the format of each problem document and the language of its texts.

mod citizen;
mod clock;
mod minors;
mod mobile;
mod otp;
mod photographer;
mod request;
mod session;
mod sign_in;

use domain::Language;
use journeys::browser::{Problem, Request};

const LANGUAGES: [Language; 2] = [Language::El, Language::En];

/// Sends the request in Greek and in English, and checks that each is rejected in its language with this status and problem code. Returns
/// the problem in English.
pub(super) async fn assert_rejected<'b>(call: impl Fn() -> Request<'b>, status: u16, code: &str) -> Problem {
    let greek = call().header("accept-language", "el-GR,el;q=0.9,en;q=0.1").send().await;
    assert_eq!(greek.header("cache-control"), Some("no-store"));
    assert_eq!(greek.header("content-language"), Some("el"));
    let greek = greek.rejected(status, code);
    let english = call().header("accept-language", "fr, en-GB;q=0.7").send().await;
    assert_eq!(english.header("content-language"), Some("en"));
    let english = english.rejected(status, code);
    assert_ne!((&greek.title, &greek.detail), (&english.title, &english.detail));
    english
}

/// Problem codes that cannot be caused on the local stack, with the reason.
const NOT_TESTABLE: &[(&str, &str)] = &[
    ("throttled", "the emulator does not throttle"),
    ("internal", "it would be a bug"),
    ("timeout", "no call on the local stack takes so long"),
];

#[test]
fn every_problem_code_is_covered_by_a_test() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/journeys");
    let problems =
        std::fs::read_to_string(format!("{folder}/../../../shared/messages/src/problem.rs")).expect("the source of the problems");
    let code = problems.split_once("fn code(&self)").and_then(|(_, rest)| rest.split_once("fn title")).expect("the match of codes").0;
    let codes: Vec<&str> = code.split("=> \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(codes.len() > 50, "{codes:?}");
    let mut tests = String::new();
    for file in [
        "../races",
        "application_registration",
        "applications",
        "bounces",
        "code_limits",
        "kep",
        "kep_citizen",
        "kep_roles",
        "repetition",
        "rejections/citizen",
        "rejections/minors",
        "authorizations",
        "rejections/mobile",
        "rejections/otp",
        "references",
        "rejections/photographer",
        "rejections/request",
        "rejections/session",
        "rejections/sign_in",
        "resend",
        "staff/mod",
        "staff/businesses",
        "verdicts",
        "without_face",
    ] {
        tests += &std::fs::read_to_string(format!("{folder}/{file}.rs")).expect(file);
    }
    for code in codes {
        let is_tested = tests.contains(&format!("\"{code}\""));
        let is_not_testable = NOT_TESTABLE.iter().any(|(other, _)| *other == code);
        assert!(is_tested != is_not_testable, "{code}");
    }
}
