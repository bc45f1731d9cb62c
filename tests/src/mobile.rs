//! What apps on telephones do: they sign people in through the system's browser, and speak with a token afterwards.

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

/// Where the app of the tests listens: the path is on the list of the local stack, at any port.
pub const REDIRECT_URI: &str = "http://127.0.0.1:51004/signed-in";

/// One sign-in, as the app that began it knows it.
#[derive(Debug, Clone)]
pub struct AppSignIn {
    pub redirect_uri: String,
    pub verifier: String,
    pub state: String,
}

/// What the browser brought back to the app.
#[derive(Debug)]
pub struct Returned {
    pub code: Option<String>,
    pub error: Option<String>,
    pub error_description: Option<String>,
    pub state: Option<String>,
}

/// 256 random bits, as text for addresses.
///
/// # Panics
/// Where there is no randomness.
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

    /// The parameters of `sign_in`, to be changed by whoever tries what is refused.
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![
            ("redirect_uri", self.redirect_uri.clone()),
            ("code_challenge", self.challenge()),
            ("code_challenge_method", "S256".to_owned()),
            ("state", self.state.clone()),
        ]
    }

    /// Opens the sign-in in the system's browser, up to TAXISnet's page.
    pub async fn begin(&self, browser: &Browser) -> Url {
        let answer = browser.get(&address(&self.parameters())).await.expect(303);
        let page = Url::parse(answer.header("location").expect("a location")).expect("an address");
        assert!(page.as_str().starts_with(&stack::sandbox()), "{page} is not TAXISnet's");
        page
    }

    /// The browser's way back through the service, to the app.
    ///
    /// # Panics
    /// Where it leads elsewhere, or a session is left in the browser.
    pub async fn come_back(&self, browser: &Browser, from_taxisnet: &str) -> Returned {
        let answer = browser.get(from_taxisnet).await.expect(303);
        assert_eq!(answer.headers.get("set-cookie"), None, "the session is the app's alone");
        let location = answer.header("location").expect("a location");
        self.returned(location)
    }

    /// Reads the address to which the browser was sent.
    ///
    /// # Panics
    /// Where it is not the app's.
    pub fn returned(&self, location: &str) -> Returned {
        assert!(location.starts_with(&format!("{}?", self.redirect_uri)), "{location} is not the app's");
        let url = Url::parse(location).expect("an address");
        let get = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        Returned { code: get("code"), error: get("error"), error_description: get("error_description"), state: get("state") }
    }

    /// Through TAXISnet and back to the app.
    pub async fn through_taxisnet(&self, browser: &Browser, person: &Person) -> Returned {
        let page = self.begin(browser).await;
        self.come_back(browser, &press(&page, ("afm", &person.afm)).await).await
    }

    /// Through TAXISnet: the code that the app got.
    ///
    /// # Panics
    /// Where it got none.
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

/// `sign_in` with these parameters.
pub fn address(parameters: &[(&str, String)]) -> String {
    let mut url = Url::parse(&format!("{}/v1/sign-in", stack::origin())).expect("an address");
    url.query_pairs_mut().extend_pairs(parameters);
    url.into()
}

/// As an app sends it: no cookie, no Origin, no token yet.
pub async fn exchange(body: &Value) -> Response {
    let nobody = Browser::new(Language::El);
    nobody.request(reqwest::Method::POST, "/v1/session/token").without("origin").json(body).send().await
}

/// An app whose user has to enter the one-time password, which has come.
pub async fn up_to_otp(person: Person, language: Language) -> Visit {
    let (browser, sign_in) = (Browser::new(language), AppSignIn::new(REDIRECT_URI));
    let before = inbox::last_seq(person.mobile()).await;
    let code = sign_in.code(&browser, &person).await;
    let answer = sign_in.exchange(&code).await.expect(200).json();
    assert_eq!((&answer["token_type"], &answer["session"]["stage"]), (&json!("Bearer"), &json!("otp")), "{}", answer["session"]);
    let otp = inbox::otp(person.mobile(), before).await;
    Visit { browser: Browser::app(language, answer["token"].as_str().expect("a token")), person, otp }
}

/// An app with somebody signed in; role and consent are still to come. The session comes back too.
pub async fn sign_in(person: Person, language: Language) -> (Visit, Value) {
    let visit = up_to_otp(person, language).await;
    let session = people::enter_otp(&visit.browser, &visit.otp).await.expect(200).json();
    assert_eq!(session["token_type"], "Bearer");
    let browser = Browser::app(language, session["token"].as_str().expect("a new token"));
    (Visit { browser, ..visit }, session)
}
