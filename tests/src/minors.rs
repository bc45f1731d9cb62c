//! Creates minors in the sandbox, each for one test, and changes their custody, numbers and age.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    browser::Response,
    people::{Person, Visit},
    stack,
};

#[derive(Debug, Clone, Deserialize)]
pub struct Minor {
    pub key: String,
    pub first_name: String,
    pub birth_date: String,
    pub afm: Option<String>,
    pub amka: Option<String>,
    pub paaypa: Option<String>,
}

impl Minor {
    /// Returns the AMKA or PAAYPA in the form that `add_minor` expects.
    ///
    /// # Panics
    /// If the minor has neither.
    pub fn identifier(&self) -> Value {
        match (&self.amka, &self.paaypa) {
            (Some(amka), _) => json!({ "kind": "amka", "value": amka }),
            (None, paaypa) => json!({ "kind": "paaypa", "value": paaypa.as_ref().expect("a minor has one of the two") }),
        }
    }

    /// Returns the body for `add_minor`.
    pub fn body(&self) -> Value {
        match &self.afm {
            Some(afm) => json!({ "identifier": self.identifier(), "afm": afm }),
            None => json!({ "identifier": self.identifier() }),
        }
    }

    /// Changes the minor's data in the registers: `{"custodian": key or null}`, `{"afm": true}`, `{"adult": true}` or `{"adult_in": days}`.
    pub async fn change(&self, change: &Value) -> Value {
        let url = format!("{}/minors/{}", stack::sandbox(), self.key);
        let request = stack::client().post(&url).json(change);
        Response::read(format!("POST {url}"), request).await.expect(200).json()
    }
}

/// Creates an eight-year-old in this person's custody. `kind` says which numbers they have, such as `{"afm": true}` or `{"paaypa": true}`.
pub async fn fresh(custodian: &Person, kind: &Value) -> Minor {
    let mut body = kind.clone();
    body["custodian"] = json!(custodian.key);
    let request = stack::client().post(format!("{}/minors", stack::sandbox())).json(&body);
    let response = Response::read("POST /minors of the sandbox".to_owned(), request).await.expect(201);
    serde_json::from_value(response.json()).expect("a minor")
}

/// Creates a minor in this person's custody who turns 18 in 30 days.
pub async fn nearly_adult(custodian: &Person) -> Minor {
    let changed = fresh(custodian, &json!({ "afm": true })).await.change(&json!({ "adult_in": 30 })).await;
    serde_json::from_value(changed).expect("a minor")
}

pub async fn add(visit: &Visit, body: &Value) -> Response {
    visit.browser.post("/v1/minors", body).await
}

/// Adds a minor to the session. Returns the minor's handle.
///
/// # Panics
/// If the minor is rejected.
pub async fn added(visit: &Visit, minor: &Minor) -> String {
    let response = add(visit, &minor.body()).await;
    assert!(matches!(response.status, 200 | 201), "{}", response.text());
    response.json()["subject"].as_str().expect("a handle").to_owned()
}
