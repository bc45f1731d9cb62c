//! Short texts of callers that operations take from bodies, addresses and signed requests: names, ids, references, what an app sends.

use std::sync::LazyLock;

use domain::{
    application::{ApplicationId, CASE_LENGTH, is_case},
    native_app::{AppSignIn, AppState, CodeChallenge, CodeVerifier, RedirectList},
    otp::{OTP_LENGTH, Otp},
    staff::{LABEL_LENGTH, StaffLabel},
    verdict::{TEXT_LENGTH, Verdict, is_text},
};
use storage::sealing::{ExchangeCode, PullIds, SessionToken};

use crate::{numbers, text};

/// As `MobileRedirects` has them: one of each kind.
const REDIRECTS: [&str; 3] = ["gr.gov.myphoto:/signed-in", "https://app.example.gr/signed-in", "http://127.0.0.1/signed-in"];

static LIST: LazyLock<RedirectList> = LazyLock::new(|| RedirectList::parse(&REDIRECTS.join(",")).expect("a list"));
static PULLS: LazyLock<PullIds> = LazyLock::new(|| PullIds::new("nobody knows it"));

/// What is taken is short, on one line and as it was sent, and means nothing where it is put.
pub(crate) fn texts(data: &[u8]) {
    if let Some(text) = text(data) {
        every(text);
    }
}

/// Everything that a text of a body can be to an operation.
pub(crate) fn every(text: &str) {
    numbers::code_number(text.as_bytes());
    numbers::identity_numbers(text.as_bytes());
    numbers::recipients(text.as_bytes());
    secrets(text);
    lines(text);
    ids(text);
    app(text);
}

/// A password is six digits, with blanks or without; tokens are as they were sent. None is printed, and a pull's id that we did not make opens
/// nothing.
fn secrets(text: &str) {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let is_password = compact.len() == OTP_LENGTH && compact.bytes().all(|byte| byte.is_ascii_digit());
    let otp = Otp::parse(text);
    assert_eq!(otp.is_some(), is_password);
    if let Some(otp) = otp {
        assert!(otp.expose() == compact && !format!("{otp:?}").contains(&compact));
    }
    if let Some(token) = SessionToken::parse(text) {
        assert!(token.expose() == text && !format!("{token:?}").contains(text));
    }
    if let Some(code) = ExchangeCode::parse(text) {
        assert!(code.expose() == text && !format!("{code:?}").contains(text));
    }
    assert!(PULLS.open(&ApplicationId::parse("passports").expect("an id"), text).is_none());
}

/// What people write for people: one line, not too long, not empty.
fn lines(text: &str) {
    let is_line =
        |text: &str, most| (1..=most).contains(&text.chars().count()) && !text.trim().is_empty() && !text.chars().any(char::is_control);
    assert_eq!((is_text(text), is_case(text)), (is_line(text, TEXT_LENGTH), is_line(text, CASE_LENGTH)));
    match StaffLabel::parse(text) {
        Ok(label) => {
            assert!(label.expose() == text.trim() && is_line(label.expose(), LABEL_LENGTH));
            numbers::kept(&label);
        }
        Err(_) => assert!(!is_line(text.trim(), LABEL_LENGTH)),
    }
    if let Ok(verdict) = serde_json::from_str::<Verdict>(text) {
        numbers::kept(&verdict);
    }
}

/// Ids become parts of keys and addresses: none has what parts those (`#`, `:`, `/`).
fn ids(text: &str) {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if let Ok(id) = ApplicationId::parse(text) {
        assert!(is_plain && id.as_str() == text && text.len() <= 40);
        numbers::kept(&id);
    }
    assert!(!storage::is_time_ordered_id(text) || (is_plain && text.len() == 36));
}

/// An app gets the browser at an address that is listed, with exactly what it sent.
fn app(text: &str) {
    if let Some(verifier) = CodeVerifier::parse(text) {
        assert!(verifier.expose() == text && !format!("{verifier:?}").contains(text));
    }
    if let Some(challenge) = CodeChallenge::parse(text) {
        assert!(challenge.as_str() == text && CodeVerifier::parse(text).is_some());
    }
    if let Some(uri) = LIST.allow(text) {
        assert_eq!(uri.as_str(), text);
        let (start, path) = REDIRECTS[2].split_at("http://127.0.0.1".len());
        let port = text.strip_prefix(start).and_then(|rest| rest.strip_suffix(path)).and_then(|rest| rest.strip_prefix(':'));
        assert!(REDIRECTS.contains(&text) || port.is_some_and(|port| port.parse::<u16>().is_ok_and(|number| number.to_string() == port)));
    }
    // What operators may list can be gone to.
    if let Ok(list) = RedirectList::parse(text) {
        assert!(text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).all(|entry| list.allow(entry).is_some()));
    }
    if let Some(state) = AppState::parse(text) {
        let challenge = CodeChallenge::parse(&"c".repeat(43)).expect("a challenge");
        let redirect_uri = LIST.allow(REDIRECTS[0]).expect("it is listed");
        let address = AppSignIn { redirect_uri, code_challenge: challenge, state: Some(state) }.with_code("code");
        assert_eq!(address, format!("{}?code=code&state={text}", REDIRECTS[0]));
        assert!(!text.contains(['&', '=', '#', '%', '+']));
    }
}
