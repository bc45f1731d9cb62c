//! Minors of the sandbox: made for a test, and changed as life goes on.

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
    /// The AMKA or PAAYPA, as `add_minor` takes it.
    ///
    /// # Panics
    /// For somebody with neither.
    pub fn identifier(&self) -> Value {
        match (&self.amka, &self.paaypa) {
            (Some(amka), _) => json!({ "kind": "amka", "value": amka }),
            (None, paaypa) => json!({ "kind": "paaypa", "value": paaypa.as_ref().expect("a minor has one of the two") }),
        }
    }

    /// As `add_minor` wants it.
    pub fn body(&self) -> Value {
        match &self.afm {
            Some(afm) => json!({ "identifier": self.identifier(), "afm": afm }),
            None => json!({ "identifier": self.identifier() }),
        }
    }

    /// Something changes: `{"custodian": key or null}`, `{"afm": true}`, `{"adult": true}`, `{"adult_in": 30}` in days.
    pub async fn change(&self, change: &Value) -> Value {
        let url = format!("{}/minors/{}", stack::sandbox(), self.key);
        let request = stack::client().post(&url).json(change);
        Response::read(format!("POST {url}"), request).await.expect(200).json()
    }
}

/// Somebody eight years old in this person's custody. `kind`: what they have, such as `{"afm": true}` or `{"paaypa": true}`.
pub async fn fresh(custodian: &Person, kind: &Value) -> Minor {
    let mut body = kind.clone();
    body["custodian"] = json!(custodian.key);
    let request = stack::client().post(format!("{}/minors", stack::sandbox())).json(&body);
    let response = Response::read("POST /minors of the sandbox".to_owned(), request).await.expect(201);
    serde_json::from_value(response.json()).expect("a minor")
}

/// Somebody in this person's custody who turns 18 in a month.
pub async fn nearly_adult(custodian: &Person) -> Minor {
    let changed = fresh(custodian, &json!({ "afm": true })).await.change(&json!({ "adult_in": 30 })).await;
    serde_json::from_value(changed).expect("a minor")
}

pub async fn add(visit: &Visit, body: &Value) -> Response {
    visit.browser.post("/v1/minors", body).await
}

/// The minor's handle in this session.
///
/// # Panics
/// Where the minor is refused.
pub async fn added(visit: &Visit, minor: &Minor) -> String {
    let response = add(visit, &minor.body()).await;
    assert!(matches!(response.status, 200 | 201), "{}", response.text());
    response.json()["subject"].as_str().expect("a handle").to_owned()
}
