//! Sign-in of an app on a telephone or a desk (RFC 8252): where the browser may hand its code to, and what proves that the app that
//! takes the code is the one that began (PKCE, RFC 7636).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// Query parameters with which an app begins a sign-in.
pub const REDIRECT_URI: &str = "redirect_uri";
pub const CODE_CHALLENGE: &str = "code_challenge";
pub const CODE_CHALLENGE_METHOD: &str = "code_challenge_method";
pub const STATE: &str = "state";
pub const PARAMETERS: [&str; 4] = [REDIRECT_URI, CODE_CHALLENGE, CODE_CHALLENGE_METHOD, STATE];
/// The only value of [`CODE_CHALLENGE_METHOD`] that is accepted.
pub const S256: &str = "S256";

/// Longest redirect address that is listed or compared.
const REDIRECT_LENGTH_MAX: usize = 200;
/// Longest `state` of an app that is handed back.
const STATE_LENGTH_MAX: usize = 128;
/// A SHA-256 in unpadded base64.
const CHALLENGE_LENGTH: usize = 43;
/// RFC 7636, 4.1.
const VERIFIER_LENGTHS: std::ops::RangeInclusive<usize> = 43..=128;
/// The addresses of the machine itself, as apps listen on them (RFC 8252, 7.3). Not `localhost`: a name may lead elsewhere (8.3).
const LOOPBACK: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

/// The redirect addresses that apps may use, as the operator lists them.
#[derive(Debug, Clone)]
pub struct RedirectList(Vec<Listed>);

#[derive(Debug, Clone)]
enum Listed {
    /// A claimed https address, or a scheme of the app's own: to the letter.
    Exactly(String),
    /// On the machine itself, at any port: the system gives the app one when it begins to listen.
    Loopback { start: &'static str, path: String },
}

/// An entry of the list can be no redirect address. It is not repeated here: errors go to a log.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {0} of the list of redirect addresses is none that an app may use")]
pub struct BadRedirect(usize);

impl RedirectList {
    /// Entries with commas between them. Each is `https://...`, a scheme with a dot in it (`gr.example.app:/path`: a domain name
    /// reversed, RFC 8252, 7.1), or `http://127.0.0.1/path` or `http://[::1]/path`, which then hold for any port.
    ///
    /// # Errors
    /// Where an entry is anything else: http to another machine, a query or fragment, blanks.
    pub fn parse(list: &str) -> Result<Self, BadRedirect> {
        let entries = list.split(',').map(str::trim).enumerate().filter(|(_, entry)| !entry.is_empty());
        entries.map(|(at, entry)| Listed::parse(entry).ok_or(BadRedirect(at + 1))).collect::<Result<_, _>>().map(Self)
    }

    /// Returns whether no app may sign people in.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The address that an app asks for. None where it is not listed.
    pub fn allow(&self, asked: &str) -> Option<RedirectUri> {
        let listed = asked.len() <= REDIRECT_LENGTH_MAX && self.0.iter().any(|listed| listed.is(asked));
        listed.then(|| RedirectUri(asked.to_owned()))
    }
}

impl Listed {
    fn parse(entry: &str) -> Option<Self> {
        let plain = entry.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'\\' | b'"' | b'<' | b'>' | b'@'));
        if !plain || entry.len() > REDIRECT_LENGTH_MAX {
            return None;
        }
        let on_loopback = LOOPBACK.iter().find_map(|start| Some((*start, entry.strip_prefix(start)?)));
        if let Some((start, path)) = on_loopback {
            return path.starts_with('/').then(|| Self::Loopback { start, path: path.to_owned() });
        }
        let (scheme, rest) = entry.split_once(':')?;
        let named = scheme.starts_with(|c: char| c.is_ascii_lowercase())
            && scheme.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+'));
        let web = scheme == "https" && rest.strip_prefix("//").is_some_and(|rest| !rest.starts_with('/') && rest.contains('/'));
        let own = scheme.contains('.') && rest.starts_with('/');
        (named && (web || own)).then(|| Self::Exactly(entry.to_owned()))
    }

    fn is(&self, asked: &str) -> bool {
        match self {
            Self::Exactly(entry) => asked == entry,
            Self::Loopback { start, path } => asked
                .strip_prefix(start)
                .and_then(|rest| rest.strip_suffix(path.as_str()))
                .is_some_and(|port| port.is_empty() || is_port(port)),
        }
    }
}

/// `:1` to `:65535`, digits alone.
fn is_port(text: &str) -> bool {
    text.strip_prefix(':')
        .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0') && digits.parse::<u16>().is_ok())
}

/// A redirect address from the list: it has no query and no fragment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RedirectUri(String);

impl RedirectUri {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `code_challenge` of the method S256: the SHA-256 of a verifier that only the app has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// None where it can be no SHA-256.
    pub fn parse(text: &str) -> Option<Self> {
        let is_one = text.len() == CHALLENGE_LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        is_one.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What an app keeps to itself from the sign-in's begin until it takes the code.
#[derive(Debug, Clone)]
pub struct CodeVerifier(Secret);

impl CodeVerifier {
    /// None where it is none of RFC 7636: too short to be a secret, above all.
    pub fn parse(text: &str) -> Option<Self> {
        (VERIFIER_LENGTHS.contains(&text.len()) && text.bytes().all(is_unreserved)).then(|| Self(Secret::new(text)))
    }

    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// The app's own `state`, handed back as it came. Of characters that mean the same in every address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AppState(String);

impl AppState {
    /// 1 to 128 letters, digits and `-._~`; None for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        ((1..=STATE_LENGTH_MAX).contains(&text.len()) && text.bytes().all(is_unreserved)).then(|| Self(text.to_owned()))
    }
}

/// RFC 3986, 2.3.
const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// A sign-in that an app began in the system's browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppSignIn {
    pub redirect_uri: RedirectUri,
    pub code_challenge: CodeChallenge,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<AppState>,
}

impl AppSignIn {
    /// Returns the query parameters with which this sign-in is begun, decoded.
    pub fn parameters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let state = self.state.as_ref().map(|state| (STATE, state.0.as_str()));
        [(REDIRECT_URI, self.redirect_uri.as_str()), (CODE_CHALLENGE, self.code_challenge.as_str()), (CODE_CHALLENGE_METHOD, S256)]
            .into_iter()
            .chain(state)
    }

    /// Where the browser goes with a code for the app. `code` is of characters that addresses take as they are.
    pub fn with_code(&self, code: &str) -> String {
        self.with(format_args!("code={code}"))
    }

    /// Where the browser goes without one (RFC 6749, 4.1.2.1): `error` is one of that list, `description` a problem's code.
    pub fn with_error(&self, error: &str, description: &str) -> String {
        self.with(format_args!("error={error}&error_description={description}"))
    }

    fn with(&self, answer: fmt::Arguments<'_>) -> String {
        let state = self.state.as_ref().map(|state| format!("&state={}", state.0)).unwrap_or_default();
        format!("{}?{answer}{state}", self.redirect_uri.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> RedirectList {
        RedirectList::parse("gr.gov.myphoto:/signed-in, https://app.example.gr/signed-in,http://127.0.0.1/signed-in,http://[::1]/signed-in")
            .unwrap()
    }

    #[test]
    fn listed_addresses_are_taken_to_the_letter_and_loopback_at_any_port() {
        for asked in [
            "gr.gov.myphoto:/signed-in",
            "https://app.example.gr/signed-in",
            "http://127.0.0.1/signed-in",
            "http://127.0.0.1:1/signed-in",
            "http://127.0.0.1:51004/signed-in",
            "http://127.0.0.1:65535/signed-in",
            "http://[::1]:51004/signed-in",
        ] {
            assert_eq!(list().allow(asked).map(|uri| uri.as_str().to_owned()), Some(asked.to_owned()));
        }
    }

    #[test]
    fn whatever_is_nearly_a_listed_address_is_none() {
        for asked in [
            "",
            "gr.gov.myphoto:/signed-in/",
            "gr.gov.myphoto:/signed-in?x=1",
            "gr.gov.myphoto:/signed-in#x",
            "gr.gov.myphoto://signed-in",
            "GR.gov.myphoto:/signed-in",
            "gr.gov.myphoto.evil:/signed-in",
            // A port is free on loopback alone.
            "https://app.example.gr:8443/signed-in",
            "https://app.example.gr.evil.example/signed-in",
            "https://app.example.gr@evil.example/signed-in",
            "http://app.example.gr/signed-in",
            "http://127.0.0.1:/signed-in",
            "http://127.0.0.1:0/signed-in",
            "http://127.0.0.1:080/signed-in",
            "http://127.0.0.1:+80/signed-in",
            "http://127.0.0.1:65536/signed-in",
            "http://127.0.0.1:51004",
            "http://127.0.0.1:51004/",
            "http://127.0.0.1:51004/elsewhere",
            "http://127.0.0.1:51004/x/signed-in",
            "http://127.0.0.1:51004/signed-in#x",
            "http://127.0.0.1:51004/signed-in?x=1",
            "http://127.0.0.1:51004//signed-in",
            "http://127.0.0.1.evil.example/signed-in",
            "http://127.0.0.1@evil.example/signed-in",
            "http://127.0.0.1:51004@evil.example/signed-in",
            "http://user@127.0.0.1:51004/signed-in",
            "http://127.0.0.1\\@evil.example/signed-in",
            "http://127.0.0.2:51004/signed-in",
            "http://localhost:51004/signed-in",
            "http://[::1]evil.example/signed-in",
            "https://127.0.0.1:51004/signed-in",
            "HTTP://127.0.0.1:51004/signed-in",
            " http://127.0.0.1:51004/signed-in",
            "http://127.0.0.1:51004/signed-in\r\nX: y",
        ] {
            assert_eq!(list().allow(asked), None, "{asked}");
        }
        let only_own = RedirectList::parse("gr.gov.myphoto:/signed-in").unwrap();
        assert_eq!(only_own.allow("http://127.0.0.1:51004/signed-in"), None, "loopback is on where it is listed");
        let none = RedirectList::parse("").unwrap();
        assert!(none.is_empty() && !only_own.is_empty());
        assert_eq!(none.allow(""), None);
    }

    #[test]
    fn a_list_with_an_entry_that_no_app_may_use_is_refused_whole() {
        for entry in [
            "http://app.example.gr/signed-in",
            "http://localhost/signed-in",
            "http://127.0.0.1",
            "http://127.0.0.1:51004/signed-in",
            "http://127.0.0.1.evil.example/signed-in",
            "https://app.example.gr",
            "https:///signed-in",
            "3gr.example:/signed-in",
            "https://app.example.gr/signed-in?x=1",
            "https://app.example.gr/signed-in#x",
            "https://user@app.example.gr/signed-in",
            "myphoto:/signed-in",
            "javascript:alert(1)",
            "gr.gov.myphoto",
            "gr.gov.myphoto:signed-in",
            "gr.gov.myphoto:/signed in",
            "/signed-in",
            "Gr.gov.myphoto:/signed-in",
            "gr.gov_myphoto:/signed-in",
            &format!("gr.gov.myphoto:/{}", "a".repeat(REDIRECT_LENGTH_MAX)),
        ] {
            let list = format!("gr.gov.myphoto:/signed-in,{entry}");
            assert_eq!(RedirectList::parse(&list).map(|_| ()), Err(BadRedirect(2)), "{entry}");
        }
    }

    #[test]
    fn with_its_port_too_an_address_is_no_longer_than_any() {
        let start = "http://127.0.0.1/";
        let entry = format!("{start}{}", "a".repeat(REDIRECT_LENGTH_MAX - start.len()));
        let list = RedirectList::parse(&entry).unwrap();
        assert!(list.allow(&entry).is_some());
        assert_eq!(list.allow(&entry.replace("127.0.0.1", "127.0.0.1:1")), None);
    }

    #[test]
    fn challenge_verifier_and_state_have_the_form_of_their_rfc() {
        // RFC 7636, appendix B.
        assert!(CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").is_some());
        assert!(CodeVerifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").is_some());
        for text in ["", &"A".repeat(42), &"A".repeat(44), &"+".repeat(43), &format!("{}=", "A".repeat(42))] {
            assert_eq!(CodeChallenge::parse(text), None, "{text}");
        }
        for text in ["", &"A".repeat(42), &"A".repeat(129), &"+".repeat(43), &" ".repeat(43)] {
            assert!(CodeVerifier::parse(text).is_none(), "{text}");
        }
        assert!(AppState::parse("a").is_some() && AppState::parse(&"-._~aZ09".repeat(16)).is_some());
        for text in ["", &"a".repeat(129), "a b", "a&code=x", "a%20", "\u{3b1}"] {
            assert_eq!(AppState::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_app_gets_its_code_or_the_reason_and_its_state() {
        let mut sign_in = AppSignIn {
            redirect_uri: list().allow("gr.gov.myphoto:/signed-in").unwrap(),
            code_challenge: CodeChallenge::parse(&"A".repeat(43)).unwrap(),
            state: AppState::parse("xyz"),
        };
        assert_eq!(sign_in.with_code("abc"), "gr.gov.myphoto:/signed-in?code=abc&state=xyz");
        sign_in.state = None;
        assert_eq!(
            sign_in.with_error("access_denied", "no_confirmed_mobile"),
            "gr.gov.myphoto:/signed-in?error=access_denied&error_description=no_confirmed_mobile"
        );
    }
}
