//! Every refusal and failure that a caller can meet, over HTTP on the deployed stack: status, code, and the texts in both languages.
//!
//! That a problem's form is right, and its text in the caller's language, `Response::problem` checks each time.

#![expect(clippy::expect_used, reason = "what fails here fails the test that calls it")]

#[path = "../aws/mod.rs"]
mod aws;
mod citizen;
mod clock;
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
