//! Signs in clerks of KEP offices, and makes the API calls for the cases that they open for people at the counter.

use domain::Language;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    browser::Response,
    gateway, inbox,
    people::{self, Person, Visit},
    stack,
};

/// The application number of the cases that tests open.
pub const APPLICATION_NUMBER: &str = "777/2026";
pub const CASES: &str = "/v1/kep/cases";

/// Creates and signs in a clerk for one test, at an office that no other clerk has.
pub async fn fresh_clerk() -> Visit {
    clerk(people::fresh("kep_clerk").await).await
}

/// Signs in a clerk, who acts at their first office.
///
/// # Panics
/// If the person is no clerk.
pub async fn clerk(person: Person) -> Visit {
    let (visit, session) = people::sign_in(person, Language::El).await;
    let office = &session["offices"][0]["id"];
    let chosen = json!({ "kind": "kep_clerk", "office": office });
    let session = visit.browser.put("/v1/session/role", &chosen).await.expect(200).json();
    assert_eq!((&session["stage"], &session["role"]["kind"]), (&json!("ready"), &json!("kep_clerk")), "{session}");
    visit
}

/// Returns the body for `open_case`, for a person identified by their AFM.
pub fn request_for(person: &Person) -> Value {
    json!({
        "person": { "kind": "afm", "value": person.afm },
        "document": { "kind": "identity_card", "last_four": "3456" },
        "application_number": APPLICATION_NUMBER,
    })
}

/// Opens a case for a person.
pub async fn open(clerk: &Visit, person: &Person) -> Response {
    clerk.browser.post(CASES, &request_for(person)).await
}

/// Opens a case for a person as if the stack allowed clerks to serve people without a confirmed mobile number. The stack under test does
/// not allow that. So the request goes to a copy of the deployed function `open_case` in which `KEP_WITHOUT_MOBILE` is `true`.
pub async fn open_where_declarations_are_allowed(clerk: &Visit, person: &Person) -> Response {
    let event = gateway::event("open_case", clerk.browser.request(Method::POST, CASES).json(&request_for(person)));
    let output = stack::invoke_copy("OpenCase", &json!({ "KEP_WITHOUT_MOBILE": "true" }), &event).await.expect("an output");
    gateway::response("open_case with KEP_WITHOUT_MOBILE", &output)
}

/// An open case, with the one-time password that the person received.
#[derive(Debug, Clone)]
pub struct OpenCase {
    pub handle: String,
    pub otp: String,
    /// The response of `open_case`.
    pub view: Value,
}

impl OpenCase {
    /// Reads the response of `open_case`. `otp` is the one-time password that the person received, or empty.
    ///
    /// # Panics
    /// If the response names no case.
    pub fn new(view: Value, otp: String) -> Self {
        let handle = view["handle"].as_str().expect("a handle").to_owned();
        Self { handle, otp, view }
    }

    pub fn path(&self, rest: &str) -> String {
        format!("{CASES}/{}{rest}", self.handle)
    }
}

/// Opens a case for a person, and waits for the one-time password.
pub async fn opened(clerk: &Visit, person: &Person) -> OpenCase {
    opened_with(clerk, person, &request_for(person)).await
}

/// Opens a case with this body, and waits for the one-time password of `person`.
pub async fn opened_with(clerk: &Visit, person: &Person, body: &Value) -> OpenCase {
    let before = inbox::last_seq(person.mobile()).await;
    let view = clerk.browser.post(CASES, body).await.expect(201).json();
    OpenCase::new(view, inbox::otp(person.mobile(), before).await)
}

/// Enters the one-time password of the person at the counter.
pub async fn confirm(clerk: &Visit, case: &OpenCase, otp: &str) -> Response {
    clerk.browser.put(&case.path("/presence"), &json!({ "otp": otp })).await
}

/// Opens a case whose person is present and has agreed to the text on personal data, so that every operation of the case is permitted.
pub async fn ready(clerk: &Visit, person: &Person) -> OpenCase {
    let case = opened(clerk, person).await;
    make_ready(clerk, &case).await;
    case
}

/// Enters the one-time password of an open case, and records the agreement to the text on personal data if it is missing. Returns the case
/// as the clerk then sees it.
pub async fn make_ready(clerk: &Visit, case: &OpenCase) -> Value {
    let mut view = confirm(clerk, case, &case.otp).await.expect(200).json();
    if view["stage"] == "consent" {
        let agreed = json!({ "version": domain::consent::PERSONAL_DATA_VERSION, "agree": true, "case": case.handle });
        clerk.browser.post("/v1/session/consent", &agreed).await.expect(200);
        view = show(clerk, case).await.expect(200).json();
    }
    assert_eq!(view["stage"], "ready", "{view}");
    view
}

pub async fn show(clerk: &Visit, case: &OpenCase) -> Response {
    clerk.browser.get(&case.path("")).await
}

pub async fn close(clerk: &Visit, case: &OpenCase) -> Response {
    clerk.browser.delete(&case.path("")).await
}

/// Returns the messages that a person received at the end of cases, in either language, oldest first.
pub async fn end_messages(person: &Person) -> Vec<inbox::Message> {
    let all = inbox::messages(person.mobile(), 0).await;
    all.into_iter().filter(|message| message.text.contains(APPLICATION_NUMBER)).collect()
}

/// Returns the cases that a person reads in their history.
pub async fn case_log(visit: &Visit) -> Vec<Value> {
    visit.browser.get("/v1/subjects/self/cases").await.expect(200).json()["cases"].as_array().expect("cases").clone()
}
