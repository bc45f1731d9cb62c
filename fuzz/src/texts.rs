//! Checks of short texts that operations read from bodies, URLs and signed requests: labels, ids, tokens, references, and the values that
//! an app sends.

use std::sync::LazyLock;

use domain::{
    application::{ApplicationId, CASE_CHARACTERS_MAX, is_case},
    native_app::{AppSignIn, AppState, CodeChallenge, CodeVerifier, RedirectList},
    otp::{OTP_LENGTH, Otp},
    reference::{REFERENCE_CHARACTERS_MAX, Reference, ReferenceSearch},
    staff::{LABEL_CHARACTERS_MAX, StaffLabel},
    verdict::{TEXT_CHARACTERS_MAX, Verdict, is_text},
};
use storage::sealing::{ExchangeCode, PullIds, SessionToken};

use crate::{numbers, text};

/// Redirect URIs, one of each kind that the stack's parameter `MobileRedirects` accepts.
const REDIRECTS: [&str; 3] = ["gr.gov.myphoto:/signed-in", "https://app.example.gr/signed-in", "http://127.0.0.1/signed-in"];

static LIST: LazyLock<RedirectList> = LazyLock::new(|| RedirectList::parse(&REDIRECTS.join(",")).expect("a list"));
static PULLS: LazyLock<PullIds> = LazyLock::new(|| PullIds::new("nobody knows it"));

/// Asserts that an accepted text is short, on one line and unchanged, and has no characters that are special in the places where it is
/// used.
pub(crate) fn texts(data: &[u8]) {
    if let Some(text) = text(data) {
        check_every_kind(text);
    }
}

/// Runs the checks of every kind of text that an operation reads.
pub(crate) fn check_every_kind(text: &str) {
    numbers::code_number(text.as_bytes());
    numbers::identity_numbers(text.as_bytes());
    numbers::recipients(text.as_bytes());
    numbers::typed_values(text.as_bytes());
    secrets(text);
    lines(text);
    ids(text);
    app(text);
}

/// Asserts that a one-time password is accepted exactly if it consists of six digits and, optionally, white space. Asserts that accepted
/// tokens are unchanged, that debug output contains neither passwords nor tokens, and that a pull ID that the service did not create is
/// invalid.
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

/// Asserts that a text from an application is accepted exactly if it is one line that is neither blank nor too long. The same applies to a
/// label after white space at both ends is removed.
fn lines(text: &str) {
    let is_line =
        |text: &str, max| (1..=max).contains(&text.chars().count()) && !text.trim().is_empty() && !text.chars().any(char::is_control);
    assert_eq!((is_text(text), is_case(text)), (is_line(text, TEXT_CHARACTERS_MAX), is_line(text, CASE_CHARACTERS_MAX)));
    match StaffLabel::parse(text) {
        Ok(label) => {
            assert!(label.expose() == text.trim() && is_line(label.expose(), LABEL_CHARACTERS_MAX));
            numbers::assert_round_trip(&label);
        }
        Err(_) => assert!(!is_line(text.trim(), LABEL_CHARACTERS_MAX)),
    }
    references(text);
    if let Ok(verdict) = serde_json::from_str::<Verdict>(text) {
        numbers::assert_round_trip(&verdict);
    }
}

/// Asserts that a reference is one short line without extra white space, that parsing it again does not change it, that it does not appear
/// in debug output, and that a search for the reference finds it.
fn references(text: &str) {
    let Ok(reference) = Reference::parse(text) else { return };
    let (line, length) = (reference.expose(), reference.expose().chars().count());
    assert!((1..=REFERENCE_CHARACTERS_MAX).contains(&length) && !line.chars().any(char::is_control));
    assert_eq!(line.split_whitespace().collect::<Vec<_>>().join(" "), line);
    assert!(ReferenceSearch::new(&reference).matches(&reference) && format!("{reference:?}") == "Reference([redacted])");
    numbers::assert_round_trip(&reference);
}

/// Asserts that no id contains a separator (`#`, `:`, `/`), because ids become parts of table keys and URLs.
fn ids(text: &str) {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if let Ok(id) = ApplicationId::parse(text) {
        assert!(is_plain && id.as_str() == text && text.len() <= 40);
        numbers::assert_round_trip(&id);
    }
    assert!(!storage::is_time_ordered_id(text) || (is_plain && text.len() == 36));
}

/// Asserts that the browser is redirected to an app only at a listed URI, with exactly the state that the app sent.
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
    // Every URI of an accepted list must be accepted as the redirect URI of a sign-in.
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
