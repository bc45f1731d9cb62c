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

    // Only the citizens' registry knows this person.
    let foteini = json!({ "afm": afm(&sandbox, "foteini").await });
    assert_eq!(query_registers(&sandbox, "person", foteini.clone()).await.0, 200);
    for call in ["contact", "businesses", "kep-offices"] {
        assert_eq!(query_registers(&sandbox, call, foteini.clone()).await, (404, json!({ "code": "person_unknown" })), "{call}");
    }

    let loukas = json!({ "afm": afm(&sandbox, "loukas").await });
    for call in ["person", "contact", "businesses", "kep-offices"] {
        let (status, response) = query_registers(&sandbox, call, loukas.clone()).await;
        assert_eq!((status, &response["afm"]), (200, &json!("454330124")), "another person's data");
    }
}

#[tokio::test]
async fn a_person_is_found_by_each_of_their_numbers() {
    let sandbox = Sandbox::start().await;
    let maria = query_registers(&sandbox, "person", json!({ "afm": "454330124" })).await;
    for (kind, value) in [("afm", "454330124"), ("amka", "12038501420")] {
        assert_eq!(query_registers(&sandbox, "person-by-number", json!({ "number": { "kind": kind, "value": value } })).await, maria);
    }
    let (status, olena) =
        query_registers(&sandbox, "person-by-number", json!({ "number": { "kind": "paaypa", "value": "19059070012" } })).await;
    assert_eq!((status, &olena["afm"]), (200, &json!("489906086")));
    // A number is not found under another kind: an AMKA is not found as a PAAYPA.
    for (kind, value, status) in
        [("paaypa", "12038501420", 404), ("amka", "19059070012", 404), ("afm", "454330125", 400), ("amka", "1", 400)]
    {
        let (received, _) = query_registers(&sandbox, "person-by-number", json!({ "number": { "kind": kind, "value": value } })).await;
        assert_eq!(received, status, "{kind} {value}");
    }
}

#[tokio::test]
async fn only_offices_that_authorise_the_clerk_today_are_listed() {
    let sandbox = Sandbox::start().await;
    let offices = async |key: &str| {
        let (status, response) = query_registers(&sandbox, "kep-offices", json!({ "afm": afm(&sandbox, key).await })).await;
        assert_eq!(status, 200, "{key}");
        response["offices"].clone()
    };
    let [first, second] =
        [("KEP-0417", "ΚΕΠ Δήμου Ασπροχωρίου"), ("KEP-0418", "ΚΕΠ Δήμου Νέας Πηγής")].map(|(id, name)| json!({ "id": id, "name": name }));
    assert_eq!(offices("lina").await, json!([first]));
    assert_eq!(offices("thanos").await, json!([first, second]));
    assert_eq!(offices("zafeiris").await, json!([second]));
    assert_eq!(offices("rea").await, json!([]), "the authorisation has ended");
    assert_eq!(offices("maria").await, json!([]));
}

#[tokio::test]
async fn tests_change_offices_businesses_and_the_mobile_number_of_people_whom_they_created() {
    let sandbox = Sandbox::start().await;
    let clerk: Value = sandbox.post("/people").json(&json!({ "kind": "kep_clerk" })).send().await.unwrap().json().await.unwrap();
    assert_eq!(clerk["roles"], json!(["citizen", "kep_clerk"]));
    let change = async |key: &Value, change: Value| {
        let response = sandbox.post(&format!("/people/{}", key.as_str().unwrap())).json(&change).send().await.unwrap();
        response.status().as_u16()
    };
    let query = json!({ "afm": clerk["afm"] });
    let office = json!({ "id": clerk["offices"][0]["id"], "name": clerk["offices"][0]["name"] });
    let listed = async |sandbox: &Sandbox| query_registers(sandbox, "kep-offices", query.clone()).await;
    assert_eq!(listed(&sandbox).await, (200, json!({ "afm": clerk["afm"], "offices": [office] })));

    let ended =
        json!([{ "id": "KEP-1", "name": "ΚΕΠ Δήμου Πρώτου", "until": "2025-06-30" }, { "id": "KEP-2", "name": "ΚΕΠ Δήμου Δεύτερου" }]);
    assert_eq!(change(&clerk["key"], json!({ "offices": ended })).await, 200);
    let remaining = json!([{ "id": "KEP-2", "name": "ΚΕΠ Δήμου Δεύτερου" }]);
    assert_eq!(listed(&sandbox).await, (200, json!({ "afm": clerk["afm"], "offices": remaining })));
    assert_eq!(change(&clerk["key"], json!({ "mobile": false })).await, 200);
    let contact = query_registers(&sandbox, "contact", query.clone()).await;
    assert_eq!(contact, (200, json!({ "afm": clerk["afm"], "mobile": null })));
    let businesses = json!([{ "afm": clerk["afm"], "name": "ΚΑΦΕΤΕΡΙΑ", "activities": ["56.30.10"] }]);
    assert_eq!(change(&clerk["key"], json!({ "businesses": businesses })).await, 200);
    let owned = query_registers(&sandbox, "businesses", query.clone()).await;
    assert_eq!(owned, (200, json!({ "afm": clerk["afm"], "businesses": businesses })));
    for (behaviour, status) in [("fail", 500), ("unknown", 404), ("mixed", 200), ("answer", 200)] {
        assert_eq!(change(&clerk["key"], json!({ "clerk_register": behaviour })).await, 200);
        let (received, response) = listed(&sandbox).await;
        assert_eq!(received, status, "{behaviour}");
        assert_eq!(response["afm"] == clerk["afm"], behaviour == "answer", "{behaviour}");
        assert_eq!(query_registers(&sandbox, "person", query.clone()).await.0, 200, "the other registers are not affected");
    }
    // A person of the seed file cannot be changed.
    assert_eq!(change(&json!("lina"), json!({ "offices": [] })).await, 400);
    assert_eq!(change(&clerk["key"], json!({ "office": [] })).await, 400);
    let sandbox = sandbox.restart().await;
    assert_eq!(listed(&sandbox).await, (200, json!({ "afm": clerk["afm"], "offices": remaining })));
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
    // A valid AFM that nobody in the sandbox has.
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
    assert_eq!(paths, ["v1/person", "v1/person-by-number", "v1/contact", "v1/businesses", "v1/kep-offices", "v1/custody"]);
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
