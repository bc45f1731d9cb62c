//! People of the sandbox, and how they sign in: TAXISnet's page, then the password that comes by SMS.

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
    /// The one that is confirmed in the communications register.
    pub mobile: Option<String>,
    pub businesses: Vec<Business>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Business {
    pub afm: String,
    pub name: String,
}

impl Person {
    /// # Panics
    /// For somebody without.
    pub fn mobile(&self) -> &str {
        self.mobile.as_deref().expect("this person has a mobile number")
    }

    /// An address that nobody else has.
    pub fn email(&self) -> String {
        format!("{}.{}@example.gr", self.key, self.afm)
    }
}

/// Somebody new, of whom the service knows nothing yet. `kind`: `citizen`, `photographer` or `no_mobile`.
pub async fn fresh(kind: &str) -> Person {
    let request = stack::client().post(format!("{}/people", stack::sandbox())).json(&json!({ "kind": kind }));
    let response = Response::read("POST /people of the sandbox".to_owned(), request).await.expect(201);
    serde_json::from_value(response.json()).expect("a person")
}

/// One of the seed's people, by key.
///
/// # Panics
/// Where there is nobody of this name who can sign in.
pub async fn named(key: &str) -> Person {
    let request = stack::client().get(format!("{}/people.json", stack::sandbox()));
    let people = Response::read("GET /people.json of the sandbox".to_owned(), request).await.expect(200).json();
    let person = people.as_array().and_then(|all| all.iter().find(|person| person["key"] == key)).expect(key);
    serde_json::from_value(person.clone()).expect("a person who can sign in")
}

/// Somebody with a browser, and what they were sent on the way in.
pub struct Visit {
    pub browser: Browser,
    pub person: Person,
    /// The last one-time password.
    pub otp: String,
}

/// The address of TAXISnet's page, to which the service sends the browser.
pub async fn begin_sign_in(browser: &Browser) -> Url {
    let response = browser.get("/v1/sign-in?return_to=/v1/session").await.expect(303);
    let url = Url::parse(response.header("location").expect("a location")).expect("an address");
    assert!(url.as_str().starts_with(&stack::sandbox()), "{url} is not TAXISnet's");
    url
}

/// Presses a button of TAXISnet's page, such as `("afm", "454330124")` or `("deny", "1")`; answers where it leads back to.
///
/// # Panics
/// Where the page is not shown, or does not lead back.
pub async fn press(page: &Url, button: (&str, &str)) -> String {
    Response::read(format!("GET {page}"), stack::client().get(page.clone())).await.expect(200);
    let mut form: Vec<(String, String)> = page.query_pairs().into_owned().collect();
    form.push((button.0.to_owned(), button.1.to_owned()));
    let mut action = page.clone();
    action.set_query(None);
    let response = Response::read(format!("POST {action}"), stack::client().post(action).form(&form)).await.expect(302);
    response.header("location").expect("a location").to_owned()
}

/// Through TAXISnet and back: what the service says to it.
pub async fn through_taxisnet(browser: &Browser, person: &Person) -> Response {
    let page = begin_sign_in(browser).await;
    let back = press(&page, ("afm", &person.afm)).await;
    browser.get(&back).await
}

/// Up to the one-time password, which was sent and is read, but not entered.
pub async fn up_to_otp(person: Person, language: Language) -> Visit {
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

/// Signed in; role and consent are still to come. The session comes back too.
pub async fn sign_in(person: Person, language: Language) -> (Visit, Value) {
    let visit = up_to_otp(person, language).await;
    let session = enter_otp(&visit.browser, &visit.otp).await.expect(200).json();
    (visit, session)
}

/// A citizen who has agreed to the text on personal data, and may do all that citizens may.
pub async fn citizen(person: Person, language: Language) -> Visit {
    let (visit, session) = sign_in(person, language).await;
    choose_citizen(visit, session).await
}

/// The rest of it, for somebody whose one-time password was right.
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

/// A photographer who has chosen to act for their (first) business.
///
/// # Panics
/// For somebody without one.
pub async fn photographer(person: Person, language: Language) -> Visit {
    let (visit, session) = sign_in(person, language).await;
    choose_photographer(visit, &session).await
}

/// The rest of it, for somebody whose one-time password was right.
///
/// # Panics
/// For somebody without a business.
pub async fn choose_photographer(visit: Visit, session: &Value) -> Visit {
    let role = session["roles"].as_array().and_then(|roles| roles.iter().find(|role| role["kind"] == "photographer"));
    let business = &role.expect("a photographer's role")["business"]["id"];
    let chosen = json!({ "kind": "photographer", "business": business });
    let session = visit.browser.put("/v1/session/role", &chosen).await.expect(200).json();
    assert_eq!((&session["stage"], &session["role"]["kind"]), (&json!("ready"), &json!("photographer")), "{session}");
    visit
}

/// A citizen whom nobody else uses, reading Greek.
pub async fn fresh_citizen() -> Visit {
    citizen(fresh("citizen").await, Language::El).await
}

/// A photographer whom nobody else uses, reading Greek.
pub async fn fresh_photographer() -> Visit {
    photographer(fresh("photographer").await, Language::El).await
}
