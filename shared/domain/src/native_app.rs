//! Sign-in of native apps, mobile or desktop (RFC 8252). Defines the redirect URIs at which the browser may deliver an authorization code
//! to an app, and the proof that the app that exchanges the code is the app that began the sign-in (PKCE, RFC 7636).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// Query parameters by which an app begins a sign-in.
pub const REDIRECT_URI: &str = "redirect_uri";
pub const CODE_CHALLENGE: &str = "code_challenge";
pub const CODE_CHALLENGE_METHOD: &str = "code_challenge_method";
pub const STATE: &str = "state";
pub const PARAMETERS: [&str; 4] = [REDIRECT_URI, CODE_CHALLENGE, CODE_CHALLENGE_METHOD, STATE];
/// The only accepted value of [`CODE_CHALLENGE_METHOD`].
pub const S256: &str = "S256";

/// Maximum length of a redirect URI in bytes, both in the operator's list ([`RedirectList`]) and in a request.
const REDIRECT_BYTES_MAX: usize = 200;
/// Maximum length of an app's `state` in bytes.
const STATE_BYTES_MAX: usize = 128;
/// Length of a SHA-256 digest in unpadded base64.
const CHALLENGE_LENGTH: usize = 43;
/// Permitted lengths of a code verifier (RFC 7636, 4.1).
const VERIFIER_LENGTHS: std::ops::RangeInclusive<usize> = 43..=128;
/// Loopback origins on which desktop apps listen (RFC 8252, 7.3). `localhost` is not among them, because that name may resolve to an
/// address other than loopback (RFC 8252, 8.3).
const LOOPBACK: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

/// Redirect URIs that apps may use, as configured by the operator.
#[derive(Debug, Clone)]
pub struct RedirectList(Vec<AllowedRedirect>);

#[derive(Debug, Clone)]
enum AllowedRedirect {
    /// An https URI that belongs to an app, or a URI with a private-use scheme. A request must have exactly this URI.
    Exact(String),
    /// A loopback URI. Matches any port, because the operating system assigns a port when the app starts to listen.
    Loopback { origin: &'static str, path: String },
}

/// An entry of the list is not an acceptable redirect URI. The error contains only the entry's position and not its text, because errors
/// are logged.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {0} of the list of redirect URIs is not acceptable")]
pub struct BadRedirect(usize);

impl RedirectList {
    /// Parses a comma-separated list. Each entry is `https://host/path`, a URI whose scheme is a reversed domain name with at least one dot
    /// (`gr.example.app:/path`, RFC 8252, 7.1), or `http://127.0.0.1/path` or `http://[::1]/path`, which match any port.
    ///
    /// # Errors
    /// Returns an error if any entry has another form, for example http to another host, a query, a fragment or white space.
    pub fn parse(list: &str) -> Result<Self, BadRedirect> {
        let entries = list.split(',').map(str::trim).enumerate().filter(|(_, entry)| !entry.is_empty());
        entries.map(|(at, entry)| AllowedRedirect::parse(entry).ok_or(BadRedirect(at + 1))).collect::<Result<_, _>>().map(Self)
    }

    /// Returns whether the list has no entries, so that no app may sign people in.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the redirect URI of a request if the list allows it.
    pub fn allow(&self, requested: &str) -> Option<RedirectUri> {
        let is_allowed = requested.len() <= REDIRECT_BYTES_MAX && self.0.iter().any(|allowed| allowed.matches(requested));
        is_allowed.then(|| RedirectUri(requested.to_owned()))
    }
}

impl AllowedRedirect {
    fn parse(entry: &str) -> Option<Self> {
        let has_valid_bytes =
            entry.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'\\' | b'"' | b'<' | b'>' | b'@'));
        if !has_valid_bytes || entry.len() > REDIRECT_BYTES_MAX {
            return None;
        }
        let loopback = LOOPBACK.iter().find_map(|origin| Some((*origin, entry.strip_prefix(origin)?)));
        if let Some((origin, path)) = loopback {
            return path.starts_with('/').then(|| Self::Loopback { origin, path: path.to_owned() });
        }
        let (scheme, rest) = entry.split_once(':')?;
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_lowercase())
            && scheme.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+'));
        let is_https = scheme == "https" && rest.strip_prefix("//").is_some_and(|rest| !rest.starts_with('/') && rest.contains('/'));
        let is_private_use = scheme.contains('.') && rest.starts_with('/');
        (is_scheme && (is_https || is_private_use)).then(|| Self::Exact(entry.to_owned()))
    }

    fn matches(&self, requested: &str) -> bool {
        match self {
            Self::Exact(entry) => requested == entry,
            Self::Loopback { origin, path } => requested
                .strip_prefix(origin)
                .and_then(|rest| rest.strip_suffix(path.as_str()))
                .is_some_and(|port| port.is_empty() || is_port(port)),
        }
    }
}

/// Returns whether a text is a port with its colon, `:1` to `:65535`, without leading zeros.
fn is_port(text: &str) -> bool {
    text.strip_prefix(':')
        .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0') && digits.parse::<u16>().is_ok())
}

/// A redirect URI that the list allows. It has no query and no fragment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RedirectUri(String);

impl RedirectUri {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// PKCE `code_challenge` of the method S256: the SHA-256 digest of a code verifier that only the app knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// Parses a challenge. Returns `None` unless it is 43 URL-safe base64 characters.
    pub fn parse(text: &str) -> Option<Self> {
        let is_valid =
            text.len() == CHALLENGE_LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        is_valid.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// PKCE `code_verifier`: a secret that the app generates at the beginning of the sign-in and sends when it exchanges the code.
#[derive(Debug, Clone)]
pub struct CodeVerifier(Secret);

impl CodeVerifier {
    /// Parses a verifier. Returns `None` unless it has the form that RFC 7636 requires, which excludes verifiers that are short enough to
    /// be guessed.
    pub fn parse(text: &str) -> Option<Self> {
        (VERIFIER_LENGTHS.contains(&text.len()) && text.bytes().all(is_unreserved)).then(|| Self(Secret::new(text)))
    }

    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// The app's `state`, returned to the app unchanged. Contains only characters that need no escaping in a URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AppState(String);

impl AppState {
    /// Parses a state. Returns `None` unless it is 1 to 128 letters, digits and `-._~`.
    pub fn parse(text: &str) -> Option<Self> {
        ((1..=STATE_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_unreserved)).then(|| Self(text.to_owned()))
    }
}

/// Returns whether a byte is an unreserved character of RFC 3986, 2.3.
const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// A sign-in that an app began in the system browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppSignIn {
    pub redirect_uri: RedirectUri,
    pub code_challenge: CodeChallenge,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<AppState>,
}

impl AppSignIn {
    /// Returns the query parameters that begin this sign-in, not percent-encoded.
    pub fn parameters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let state = self.state.as_ref().map(|state| (STATE, state.0.as_str()));
        [(REDIRECT_URI, self.redirect_uri.as_str()), (CODE_CHALLENGE, self.code_challenge.as_str()), (CODE_CHALLENGE_METHOD, S256)]
            .into_iter()
            .chain(state)
    }

    /// Returns the redirect URI with an authorization code for the app. `code` must not need escaping in a URL.
    pub fn with_code(&self, code: &str) -> String {
        self.with_query(format_args!("code={code}"))
    }

    /// Returns the redirect URI with an error (RFC 6749, 4.1.2.1). `error` is a code of that RFC, and `description` is the code of a
    /// problem.
    pub fn with_error(&self, error: &str, description: &str) -> String {
        self.with_query(format_args!("error={error}&error_description={description}"))
    }

    fn with_query(&self, query: fmt::Arguments<'_>) -> String {
        let state = self.state.as_ref().map(|state| format!("&state={}", state.0)).unwrap_or_default();
        format!("{}?{query}{state}", self.redirect_uri.0)
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
    fn listed_uris_match_exactly_and_loopback_uris_at_any_port() {
        for requested in [
            "gr.gov.myphoto:/signed-in",
            "https://app.example.gr/signed-in",
            "http://127.0.0.1/signed-in",
            "http://127.0.0.1:1/signed-in",
            "http://127.0.0.1:51004/signed-in",
            "http://127.0.0.1:65535/signed-in",
            "http://[::1]:51004/signed-in",
        ] {
            assert_eq!(list().allow(requested).map(|uri| uri.as_str().to_owned()), Some(requested.to_owned()));
        }
    }

    #[test]
    fn a_uri_that_only_resembles_a_listed_one_is_not_allowed() {
        for requested in [
            "",
            "gr.gov.myphoto:/signed-in/",
            "gr.gov.myphoto:/signed-in?x=1",
            "gr.gov.myphoto:/signed-in#x",
            "gr.gov.myphoto://signed-in",
            "GR.gov.myphoto:/signed-in",
            "gr.gov.myphoto.evil:/signed-in",
            // A port is allowed on loopback only.
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
            assert_eq!(list().allow(requested), None, "{requested}");
        }
        let private_use = RedirectList::parse("gr.gov.myphoto:/signed-in").unwrap();
        assert_eq!(private_use.allow("http://127.0.0.1:51004/signed-in"), None, "loopback is allowed only if it is listed");
        let empty = RedirectList::parse("").unwrap();
        assert!(empty.is_empty() && !private_use.is_empty());
        assert_eq!(empty.allow(""), None);
    }

    #[test]
    fn a_list_with_an_unacceptable_entry_is_rejected() {
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
            &format!("gr.gov.myphoto:/{}", "a".repeat(REDIRECT_BYTES_MAX)),
        ] {
            let list = format!("gr.gov.myphoto:/signed-in,{entry}");
            assert_eq!(RedirectList::parse(&list).map(|_| ()), Err(BadRedirect(2)), "{entry}");
        }
    }

    #[test]
    fn the_maximum_length_of_a_loopback_uri_includes_its_port() {
        let origin = "http://127.0.0.1/";
        let entry = format!("{origin}{}", "a".repeat(REDIRECT_BYTES_MAX - origin.len()));
        let list = RedirectList::parse(&entry).unwrap();
        assert!(list.allow(&entry).is_some());
        assert_eq!(list.allow(&entry.replace("127.0.0.1", "127.0.0.1:1")), None);
    }

    #[test]
    fn challenge_verifier_and_state_must_have_the_form_of_their_rfc() {
        // Example of RFC 7636, appendix B.
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
    fn the_app_receives_a_code_or_an_error_together_with_its_state() {
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
