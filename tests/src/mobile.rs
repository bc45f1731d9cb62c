//! Simulates apps on telephones, which sign people in through the system's browser and then send a bearer token.

use aws_lc_rs::{digest, rand};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::Language;
use serde_json::{Value, json};
use url::Url;

use crate::{
    browser::{Browser, Response},
    inbox,
    people::{self, Person, Visit, press},
    stack,
};

/// The redirect URI of the tests' app. The local stack allows this path at any loopback port.
pub const REDIRECT_URI: &str = "http://127.0.0.1:51004/signed-in";

/// The values that an app remembers during a sign-in.
#[derive(Debug, Clone)]
pub struct AppSignIn {
    pub redirect_uri: String,
    pub verifier: String,
    pub state: String,
}

/// The parameters with which the browser is redirected to the app.
#[derive(Debug)]
pub struct Returned {
    pub code: Option<String>,
    pub error: Option<String>,
    pub error_description: Option<String>,
    pub state: Option<String>,
}

/// Returns 256 random bits as URL-safe base64.
///
/// # Panics
/// If the system has no randomness.
pub fn random_text() -> String {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).expect("randomness");
    URL_SAFE_NO_PAD.encode(bytes)
}

impl AppSignIn {
    pub fn new(redirect_uri: &str) -> Self {
        Self { redirect_uri: redirect_uri.to_owned(), verifier: random_text(), state: random_text() }
    }

    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, self.verifier.as_bytes()))
    }

    /// Returns the query parameters of `sign_in`. Tests of rejections change them.
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![
            ("redirect_uri", self.redirect_uri.clone()),
            ("code_challenge", self.challenge()),
            ("code_challenge_method", "S256".to_owned()),
            ("state", self.state.clone()),
        ]
    }

    /// Begins the sign-in in the system's browser. Returns the URL of TAXISnet's page.
    pub async fn begin(&self, browser: &Browser) -> Url {
        let response = browser.get(&sign_in_url(&self.parameters())).await.expect(303);
        let page = Url::parse(response.header("location").expect("a location")).expect("a URL");
        assert!(page.as_str().starts_with(&stack::sandbox()), "{page} is not TAXISnet's");
        page
    }

    /// Follows TAXISnet's redirect through `callback` to the app.
    ///
    /// # Panics
    /// If the redirect is not to the app, or sets a cookie.
    pub async fn return_to_app(&self, browser: &Browser, from_taxisnet: &str) -> Returned {
        let response = browser.get(from_taxisnet).await.expect(303);
        assert_eq!(response.headers.get("set-cookie"), None, "the session is the app's alone");
        let location = response.header("location").expect("a location");
        self.returned(location)
    }

    /// Reads the parameters of the URL to which the browser was redirected.
    ///
    /// # Panics
    /// If it is not the app's redirect URI.
    pub fn returned(&self, location: &str) -> Returned {
        assert!(location.starts_with(&format!("{}?", self.redirect_uri)), "{location} is not the app's");
        let url = Url::parse(location).expect("a URL");
        let get = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        Returned { code: get("code"), error: get("error"), error_description: get("error_description"), state: get("state") }
    }

    /// Signs in at TAXISnet and returns to the app.
    pub async fn through_taxisnet(&self, browser: &Browser, person: &Person) -> Returned {
        let page = self.begin(browser).await;
        self.return_to_app(browser, &press(&page, ("afm", &person.afm)).await).await
    }

    /// Signs in at TAXISnet. Returns the exchange code that the app gets.
    ///
    /// # Panics
    /// If it gets none.
    pub async fn code(&self, browser: &Browser, person: &Person) -> String {
        let returned = self.through_taxisnet(browser, person).await;
        assert_eq!(returned.state.as_ref(), Some(&self.state));
        returned.code.unwrap_or_else(|| panic!("no code: {:?}", returned.error_description))
    }

    pub fn exchange_body(&self, code: &str) -> Value {
        json!({ "code": code, "code_verifier": self.verifier, "redirect_uri": self.redirect_uri })
    }

    pub async fn exchange(&self, code: &str) -> Response {
        exchange(&self.exchange_body(code)).await
    }
}

/// Returns the URL of `sign_in` with these parameters.
pub fn sign_in_url(parameters: &[(&str, String)]) -> String {
    let mut url = Url::parse(&format!("{}/v1/sign-in", stack::origin())).expect("a URL");
    url.query_pairs_mut().extend_pairs(parameters);
    url.into()
}

/// Exchanges a code for a session token as an app does: without cookie, `Origin` or token.
pub async fn exchange(body: &Value) -> Response {
    let nobody = Browser::new(Language::El);
    nobody.request(reqwest::Method::POST, "/v1/session/token").without("origin").json(body).send().await
}

/// Signs in with an app up to the one-time password, which has arrived but is not entered yet.
pub async fn sign_in_until_otp(person: Person, language: Language) -> Visit {
    let (browser, sign_in) = (Browser::new(language), AppSignIn::new(REDIRECT_URI));
    let before = inbox::last_seq(person.mobile()).await;
    let code = sign_in.code(&browser, &person).await;
    let response = sign_in.exchange(&code).await.expect(200).json();
    assert_eq!((&response["token_type"], &response["session"]["stage"]), (&json!("Bearer"), &json!("otp")), "{}", response["session"]);
    let otp = inbox::otp(person.mobile(), before).await;
    Visit { browser: Browser::app(language, response["token"].as_str().expect("a token")), person, otp }
}

/// Signs in with an app and enters the one-time password, but chooses no role and does not agree to the text on personal data. Also returns
/// the session.
pub async fn sign_in(person: Person, language: Language) -> (Visit, Value) {
    let visit = sign_in_until_otp(person, language).await;
    let session = people::enter_otp(&visit.browser, &visit.otp).await.expect(200).json();
    assert_eq!(session["token_type"], "Bearer");
    let browser = Browser::app(language, session["token"].as_str().expect("a new token"));
    (Visit { browser, ..visit }, session)
}
