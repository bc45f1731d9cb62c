//! Makes the API calls with which owners of businesses manage their staff, and signs staff in.

use domain::Language;
use serde_json::{Value, json};

use crate::{
    browser::Response,
    people::{self, Person, Visit},
    stack,
};

pub const STAFF: &str = "/v1/photographer/staff";

pub async fn authorize(owner: &Visit, afm: &str, label: Option<&str>) -> Response {
    let mut body = json!({ "afm": afm });
    if let Some(label) = label {
        body["label"] = json!(label);
    }
    owner.browser.post(STAFF, &body).await
}

/// Returns the staff of the owner's business.
///
/// # Panics
/// If the request is rejected.
pub async fn list(owner: &Visit) -> Vec<Value> {
    let list = owner.browser.get(STAFF).await.expect(200).json();
    list["staff"].as_array().expect("a list").clone()
}

pub async fn withdraw(owner: &Visit, employee: &Value) -> Response {
    owner.browser.delete(&format!("{STAFF}/{}", employee.as_str().expect("an employee's id"))).await
}

/// Returns the business that the signed-in photographer acts for.
pub async fn business_of(visit: &Visit) -> Value {
    visit.browser.get("/v1/session").await.expect(200).json()["role"]["business"].clone()
}

pub async fn choose(visit: &Visit, business: &Value) -> Response {
    visit.browser.put("/v1/session/role", &json!({ "kind": "photographer", "business": business["id"] })).await
}

/// Signs a person in and chooses to act for this business. Also returns the session.
pub async fn work_for(person: Person, business: &Value, language: Language) -> (Visit, Value) {
    let (visit, _) = people::sign_in(person, language).await;
    let session = choose(&visit, business).await.expect(200).json();
    (visit, session)
}

/// Creates an employee of this owner and signs them in for the business. Also returns the employee's id.
pub async fn employee_of(owner: &Visit, label: &str) -> (Visit, Value) {
    let person = people::fresh("citizen").await;
    let employee = authorize(owner, &person.afm, Some(label)).await.expect(201).json()["employee"].clone();
    let (visit, _) = work_for(person, &business_of(owner).await, Language::El).await;
    (visit, employee)
}

/// Removes this business from the registers.
pub async fn close_business(afm: &str) {
    let request = stack::client().post(format!("{}/businesses/close", stack::sandbox())).json(&json!({ "afm": afm }));
    Response::read("POST /businesses/close of the sandbox".to_owned(), request).await.expect(204);
}
