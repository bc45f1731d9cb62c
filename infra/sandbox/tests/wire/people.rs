use serde_json::{Value, json};

use crate::Sandbox;

async fn create(sandbox: &Sandbox, kind: &str) -> Value {
    let response = sandbox.post("/people").json(&json!({ "kind": kind })).send().await.unwrap();
    assert_eq!(response.status(), 201);
    response.json().await.unwrap()
}

#[tokio::test]
async fn the_seed_is_listed_with_roles_and_notes() {
    let sandbox = Sandbox::start().await;
    let people = sandbox.json("/people.json").await;
    let person = |key: &str| people.as_array().unwrap().iter().find(|person| person["key"] == key).unwrap().clone();
    assert_eq!(person("maria")["roles"], json!(["citizen"]));
    assert_eq!(person("eleni")["roles"], json!(["citizen", "photographer"]));
    assert_eq!(person("vasilis")["roles"], json!(["citizen"]));
    assert_eq!(person("ioanna")["roles"], json!(["minor"]));
    assert_eq!(person("lina")["roles"], json!(["citizen", "kep_clerk"]));
    assert_eq!(person("rea")["roles"], json!(["citizen"]));
    assert_eq!(person("christos")["roles"], json!(["citizen"]));
    assert_eq!(person("katerina")["roles"], json!(["minor"]));
    assert!(person("kostas")["note"]["en"].as_str().unwrap().contains("emep.gov.gr"));
}

#[tokio::test]
async fn people_created_at_run_time_are_unique_and_survive_a_restart() {
    let sandbox = Sandbox::start().await;
    let first = create(&sandbox, "photographer").await;
    let second = create(&sandbox, "no_mobile").await;
    assert_eq!(first["roles"], json!(["citizen", "photographer"]));
    assert_eq!(second["mobile"], Value::Null);

    let sandbox = sandbox.restart().await;
    let people = sandbox.json("/people.json").await;
    let people = people.as_array().unwrap();
    assert!(people.contains(&first) && people.contains(&second));
    let third = create(&sandbox, "citizen").await;
    assert_ne!(third["afm"], first["afm"]);
    assert_ne!(third["afm"], second["afm"]);
    assert_ne!(third["mobile"], first["mobile"]);
}

#[tokio::test]
async fn an_unknown_kind_is_rejected() {
    let sandbox = Sandbox::start().await;
    let response = sandbox.post("/people").json(&json!({ "kind": "king" })).send().await.unwrap();
    assert_eq!(response.status(), 400);
}
