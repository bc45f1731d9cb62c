use serde_json::{Value, json};

use crate::Sandbox;

async fn query_registers(sandbox: &Sandbox, call: &str, query: Value) -> (u16, Value) {
    let response = sandbox.post(&format!("/registers/v1/{call}")).bearer_auth("token").json(&query).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn afm(sandbox: &Sandbox, key: &str) -> String {
    let people = sandbox.json("/people.json").await;
    let person = people.as_array().unwrap().iter().find(|person| person["key"] == key).unwrap();
    person["afm"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_registers_return_person_contact_and_businesses() {
    let sandbox = Sandbox::start().await;
    let maria = json!({ "afm": "454330124" });
    let expected = json!({
        "afm": "454330124", "amka": "12038501420", "paaypa": null,
        "first_name": "ΜΑΡΙΑ", "last_name": "ΠΑΠΑΔΟΠΟΥΛΟΥ", "birth_date": "1985-03-12",
    });
    assert_eq!(query_registers(&sandbox, "person", maria.clone()).await, (200, expected));
    assert_eq!(query_registers(&sandbox, "contact", maria.clone()).await, (200, json!({ "afm": "454330124", "mobile": "+306944100001" })));
    assert_eq!(query_registers(&sandbox, "businesses", maria).await, (200, json!({ "afm": "454330124", "businesses": [] })));

    let alexandra = json!({ "afm": afm(&sandbox, "alexandra").await });
    let (_, response) = query_registers(&sandbox, "businesses", alexandra).await;
    assert_eq!(response["businesses"].as_array().unwrap().len(), 2);
    assert_eq!(response["businesses"][0]["activities"], json!(["74.20.21"]));

    let kostas = json!({ "afm": afm(&sandbox, "kostas").await });
    assert_eq!(query_registers(&sandbox, "contact", kostas.clone()).await, (200, json!({ "afm": kostas["afm"], "mobile": null })));

    let loukas = json!({ "afm": afm(&sandbox, "loukas").await });
    for call in ["person", "contact", "businesses"] {
        let (status, response) = query_registers(&sandbox, call, loukas.clone()).await;
        assert_eq!((status, &response["afm"]), (200, &json!("454330124")), "another person's data");
    }
}

#[tokio::test]
async fn a_closed_business_is_not_listed_even_after_a_restart() {
    let sandbox = Sandbox::start().await;
    let alexandra = json!({ "afm": afm(&sandbox, "alexandra").await });
    let (_, before) = query_registers(&sandbox, "businesses", alexandra.clone()).await;
    let close = async |sandbox: &Sandbox, afm: &Value| {
        sandbox.post("/businesses/close").json(&json!({ "afm": afm })).send().await.unwrap().status().as_u16()
    };
    for _ in 0..2 {
        assert_eq!(close(&sandbox, &before["businesses"][0]["afm"]).await, 204);
    }
    assert_eq!(close(&sandbox, &json!("068933130")).await, 400);
    let remaining = (200, json!({ "afm": alexandra["afm"], "businesses": [before["businesses"][1]] }));
    assert_eq!(query_registers(&sandbox, "businesses", alexandra.clone()).await, remaining);
    let sandbox = sandbox.restart().await;
    assert_eq!(query_registers(&sandbox, "businesses", alexandra).await, remaining);
}

#[tokio::test]
async fn custody_is_confirmed_only_while_it_is_in_force() {
    let sandbox = Sandbox::start().await;
    let people = sandbox.json("/people.json").await;
    let person = |key: &str| people.as_array().unwrap().iter().find(|person| person["key"] == key).unwrap().clone();
    for (custodian, minor, kind, custody) in [
        ("maria", "ioanna", "amka", true),
        ("maria", "pavlos", "afm", true),
        ("maria", "pavlos", "amka", true),
        ("olena", "danylo", "paaypa", true),
        ("sofia", "filippos", "amka", true),
        ("giorgos", "filippos", "amka", false),
        ("nikos", "ioanna", "amka", false),
        ("maria", "thomas", "amka", false),
    ] {
        let query = json!({
            "custodian_afm": person(custodian)["afm"],
            "minor": { "kind": kind, "value": person(minor)[kind] },
        });
        let (status, response) = query_registers(&sandbox, "custody", query).await;
        assert_eq!((status, &response["custody"]), (200, &json!(custody)), "{custodian} {minor}");
        assert_eq!(response["minor"]["afm"], person(minor)["afm"]);
        assert_eq!(response["minor"]["birth_date"], person(minor)["birth_date"]);
    }
}

#[tokio::test]
async fn invalid_requests_and_unknown_people_are_rejected() {
    let sandbox = Sandbox::start().await;
    let unknown = (404, json!({ "code": "person_unknown" }));
    let bad = (400, json!({ "code": "bad_request" }));
    // A valid AFM of nobody in the sandbox.
    assert_eq!(query_registers(&sandbox, "person", json!({ "afm": "068933130" })).await, unknown);
    assert_eq!(query_registers(&sandbox, "person", json!({ "afm": afm(&sandbox, "anna").await })).await, unknown);
    assert_eq!(query_registers(&sandbox, "person", json!({ "afm": "454330125" })).await, bad);
    assert_eq!(query_registers(&sandbox, "person", json!({ "afm": "454330124", "more": 1 })).await, bad);
    assert_eq!(query_registers(&sandbox, "person", json!([])).await, bad);
    let query = json!({ "custodian_afm": "454330124", "minor": { "kind": "amka", "value": "1" } });
    assert_eq!(query_registers(&sandbox, "custody", query).await, bad);
    let query = json!({ "custodian_afm": "454330124", "minor": { "kind": "amka", "value": "01011510008" } });
    assert_eq!(query_registers(&sandbox, "custody", query).await, unknown);
    let failing = query_registers(&sandbox, "contact", json!({ "afm": afm(&sandbox, "stelios").await })).await;
    assert_eq!(failing, (500, json!({ "code": "internal_error" })));
}

#[tokio::test]
async fn every_path_of_the_api_description_exists_and_requires_the_token() {
    let sandbox = Sandbox::start().await;
    let paths: Vec<&str> =
        include_str!("../../../registers.yaml").lines().filter_map(|line| line.strip_prefix("  /")?.strip_suffix(':')).collect();
    assert_eq!(paths, ["v1/person", "v1/contact", "v1/businesses", "v1/custody"]);
    for path in paths {
        for token in [None, Some("wrong")] {
            let mut call = sandbox.post(&format!("/registers/{path}")).json(&json!({ "afm": "454330124" }));
            if let Some(token) = token {
                call = call.bearer_auth(token);
            }
            let response = call.send().await.unwrap();
            assert_eq!(response.status(), 401, "{path}");
            assert_eq!(response.json::<Value>().await.unwrap(), json!({ "code": "unauthorized" }));
        }
    }
}
