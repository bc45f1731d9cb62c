//! Every refusal and failure that a caller can meet, over HTTP on the deployed stack: status, code, and the texts in both languages.
//!
//! That a problem's form is right, and its text in the caller's language, `Response::problem` checks each time.

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

/// Asks twice, as a reader of Greek and as one of English: the same refusal, each in their language. The English one comes back.
async fn refused<'b>(call: impl Fn() -> Request<'b>, status: u16, code: &str) -> Problem {
    let greek = call().header("accept-language", "el-GR,el;q=0.9,en;q=0.1").send().await;
    assert_eq!(greek.header("cache-control"), Some("no-store"));
    assert_eq!(greek.header("content-language"), Some("el"));
    let greek = greek.refused(status, code);
    let english = call().header("accept-language", "fr, en-GB;q=0.7").send().await;
    assert_eq!(english.header("content-language"), Some("en"));
    let english = english.refused(status, code);
    assert_ne!((&greek.title, &greek.detail), (&english.title, &english.detail));
    english
}

/// Problems that no caller can bring about here, and why.
const OUT_OF_REACH: [(&str, &str); 4] = [
    ("taxisnet_unavailable", "the sandbox's TAXISnet always answers"),
    ("throttled", "the emulator throttles nothing"),
    ("internal", "would be a bug"),
    ("timeout", "nothing takes so long here"),
];

#[test]
fn every_problem_that_there_is_is_met_by_some_test() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/journeys");
    let problems = std::fs::read_to_string(format!("{folder}/../../../shared/messages/src/problem.rs")).expect("the problems");
    let code = problems.split_once("fn code(&self)").and_then(|(_, rest)| rest.split_once("fn title")).expect("their codes").0;
    let codes: Vec<&str> = code.split("=> \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(codes.len() > 50, "{codes:?}");
    let mut tests = String::new();
    for part in [
        "../races",
        "applications",
        "code_limits",
        "repetition",
        "refusals/citizen",
        "refusals/minors",
        "authorizations",
        "refusals/mobile",
        "refusals/otp",
        "refusals/photographer",
        "refusals/request",
        "refusals/session",
        "refusals/sign_in",
        "resend",
        "staff",
    ] {
        tests += &std::fs::read_to_string(format!("{folder}/{part}.rs")).expect(part);
    }
    for code in codes {
        let is_met = tests.contains(&format!("\"{code}\""));
        let is_out_of_reach = OUT_OF_REACH.iter().any(|(other, _)| *other == code);
        assert!(is_met != is_out_of_reach, "{code}");
    }
}
