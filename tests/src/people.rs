//! Creates or finds people of the sandbox and signs them in: first on TAXISnet's page, then with the one-time password from an SMS.

use domain::Language;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::{
    browser::{Browser, Response},
    inbox, stack,
};

#[derive(Debug, Clone, Deserialize)]
pub struct Person {
    pub key: String,
    pub first_name: String,
    pub last_name: String,
    pub birth_date: String,
    pub afm: String,
    pub amka: Option<String>,
    /// The number that is confirmed in the communications register.
    pub mobile: Option<String>,
    pub businesses: Vec<Business>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Business {
    pub afm: String,
    pub name: String,
}

impl Person {
    /// Returns the mobile number.
    ///
    /// # Panics
    /// If the person has none.
    pub fn mobile(&self) -> &str {
        self.mobile.as_deref().expect("this person has a mobile number")
    }

    /// Changes a person who was created for a test: the mobile number (`{"mobile": true}`), the businesses (`{"businesses": [...]}`), the
    /// offices of a clerk (`{"offices": [...]}`), or the response of the register of clerks (`{"clerk_register": "fail"}`), of the
    /// communications register (`contact_register`) or of the tax registry (`tax_register`). Returns the changed person.
    pub async fn change(&self, change: &Value) -> Self {
        let url = format!("{}/people/{}", stack::sandbox(), self.key);
        let request = stack::client().post(&url).json(change);
        let response = Response::read(format!("POST {url}"), request).await.expect(200);
        serde_json::from_value(response.json()).expect("a person")
    }

    /// Returns an email address that no other person has.
    pub fn email(&self) -> String {
        format!("{}.{}@example.gr", self.key, self.afm)
    }
}

/// Creates a person whom the service has never seen. `kind` is `citizen`, `photographer`, `kep_clerk` or `no_mobile`.
pub async fn fresh(kind: &str) -> Person {
    let request = stack::client().post(format!("{}/people", stack::sandbox())).json(&json!({ "kind": kind }));
    let response = Response::read("POST /people of the sandbox".to_owned(), request).await.expect(201);
    serde_json::from_value(response.json()).expect("a person")
}

/// Returns one of the predefined people of the sandbox, by key.
///
/// # Panics
/// If nobody with this key can sign in.
pub async fn named(key: &str) -> Person {
    let request = stack::client().get(format!("{}/people.json", stack::sandbox()));
    let people = Response::read("GET /people.json of the sandbox".to_owned(), request).await.expect(200).json();
    let person = people.as_array().and_then(|all| all.iter().find(|person| person["key"] == key)).expect(key);
    serde_json::from_value(person.clone()).expect("a person who can sign in")
}

/// A person with their browser or app, and the one-time password of their sign-in.
pub struct Visit {
    pub browser: Browser,
    pub person: Person,
    /// The last one-time password that was sent.
    pub otp: String,
}

/// Begins a sign-in. Returns the URL of TAXISnet's page, to which the service redirects the browser.
pub async fn begin_sign_in(browser: &Browser) -> Url {
    let response = browser.get("/v1/sign-in?return_to=/v1/session").await.expect(303);
    let url = Url::parse(response.header("location").expect("a location")).expect("a URL");
    assert!(url.as_str().starts_with(&stack::sandbox()), "{url} is not TAXISnet's");
    url
}

/// Presses a button of TAXISnet's page, given by its name and value, such as `("afm", "454330124")` or `("deny", "1")`. Returns the URL to
/// which TAXISnet redirects.
///
/// # Panics
/// If the page is not shown, or does not redirect.
pub async fn press(page: &Url, button: (&str, &str)) -> String {
    Response::read(format!("GET {page}"), stack::client().get(page.clone())).await.expect(200);
    let mut form: Vec<(String, String)> = page.query_pairs().into_owned().collect();
    form.push((button.0.to_owned(), button.1.to_owned()));
    let mut action = page.clone();
    action.set_query(None);
    let response = Response::read(format!("POST {action}"), stack::client().post(action).form(&form)).await.expect(302);
    response.header("location").expect("a location").to_owned()
}

/// Signs in at TAXISnet. Returns the response of `callback`.
pub async fn through_taxisnet(browser: &Browser, person: &Person) -> Response {
    let page = begin_sign_in(browser).await;
    let back = press(&page, ("afm", &person.afm)).await;
    browser.get(&back).await
}

/// Signs in up to the one-time password, which has arrived but is not entered yet.
pub async fn sign_in_until_otp(person: Person, language: Language) -> Visit {
    let browser = Browser::new(language);
    let before = inbox::last_seq(person.mobile()).await;
    let back = through_taxisnet(&browser, &person).await.expect(303);
    assert_eq!(back.header("location"), Some("/v1/session"));
    let otp = inbox::otp(person.mobile(), before).await;
    Visit { browser, person, otp }
}

/// Enters a one-time password.
pub async fn enter_otp(browser: &Browser, otp: &str) -> Response {
    browser.post("/v1/session/otp", &json!({ "otp": otp })).await
}

/// Signs in and enters the one-time password, but chooses no role and does not agree to the text on personal data. Also returns the
/// session.
pub async fn sign_in(person: Person, language: Language) -> (Visit, Value) {
    let visit = sign_in_until_otp(person, language).await;
    let session = enter_otp(&visit.browser, &visit.otp).await.expect(200).json();
    (visit, session)
}

/// Signs in a citizen who has agreed to the text on personal data, so that all calls of citizens are allowed.
pub async fn citizen(person: Person, language: Language) -> Visit {
    let (visit, session) = sign_in(person, language).await;
    choose_citizen(visit, session).await
}

/// Completes a sign-in after the one-time password: chooses the role of citizen and agrees to the text on personal data.
pub async fn choose_citizen(visit: Visit, mut session: Value) -> Visit {
    if session["stage"] == "role" {
        session = visit.browser.put("/v1/session/role", &json!({ "kind": "citizen" })).await.expect(200).json();
    }
    if session["stage"] == "consent" {
        let agreed = json!({ "version": session["consent"]["version"], "agree": true });
        session = visit.browser.post("/v1/session/consent", &agreed).await.expect(200).json();
    }
    assert_eq!((&session["stage"], &session["role"]["kind"]), (&json!("ready"), &json!("citizen")), "{session}");
    visit
}

/// Signs in a photographer, who acts for their first business.
///
/// # Panics
/// If the person has no business.
pub async fn photographer(person: Person, language: Language) -> Visit {
    let (visit, session) = sign_in(person, language).await;
    choose_photographer(visit, &session).await
}

/// Completes a sign-in after the one-time password: chooses to act for the first business.
///
/// # Panics
/// If the person has no business.
pub async fn choose_photographer(visit: Visit, session: &Value) -> Visit {
    let role = session["roles"].as_array().and_then(|roles| roles.iter().find(|role| role["kind"] == "photographer"));
    let business = &role.expect("a photographer's role")["business"]["id"];
    let chosen = json!({ "kind": "photographer", "business": business });
    let session = visit.browser.put("/v1/session/role", &chosen).await.expect(200).json();
    assert_eq!((&session["stage"], &session["role"]["kind"]), (&json!("ready"), &json!("photographer")), "{session}");
    visit
}

/// Creates a citizen for one test, and signs them in with Greek as their language.
pub async fn fresh_citizen() -> Visit {
    citizen(fresh("citizen").await, Language::El).await
}

/// Creates a photographer for one test, and signs them in with Greek as their language.
pub async fn fresh_photographer() -> Visit {
    photographer(fresh("photographer").await, Language::El).await
}
