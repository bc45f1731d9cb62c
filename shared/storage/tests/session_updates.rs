//! Each update of a session names the attributes that `UPDATES` lists and no others, because IAM allows no others (template.yaml).

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::collections::BTreeSet;

use domain::{CodeNumber, Moment, SubjectId, session::Role};
use lambda::{Endpoint, Received, Response};
use serde_json::{Value, json};
use storage::{
    sealing::SessionToken,
    sessions::{Associated, AwaitedOtp, FRESH, Person, Session, Sessions, PendingSubmission, UPDATES},
    transaction::{TransactWrite, Transaction},
};

const NOW: Moment = Moment::from_epoch_seconds(1_800_000_000);

fn session() -> Session {
    let person = Person {
        first_name: "Άννα".to_owned(),
        last_name: "Παπαδοπούλου".to_owned(),
        afm: domain::Afm::parse("068933130").unwrap(),
        birth_date: "1990-05-17".to_owned(),
        mobile: None,
        businesses: Vec::new(),
    };
    Session::begin(SessionToken::random().unwrap(), serde_json::from_value::<SubjectId>(json!("subject")).unwrap(), person, NOW)
}

fn submission() -> PendingSubmission {
    let submission = json!({
        "subject": "self", "subject_id": "s", "code": CodeNumber::from_bytes([3; 16]).expose(), "state": "issued", "set_id": "s",
        "profile": "standard", "images": [], "wrapped_key": [1], "business": "b", "upload_id": "u", "message_id": "m", "issued_at": 1,
        "code_expires_at": 2, "confirmed": true,
    });
    serde_json::from_value(submission).unwrap()
}

/// The top-level attributes that the one update among the requests names. `dynamodb:Attributes` holds the same.
fn named(requests: &[Received]) -> BTreeSet<String> {
    let bodies = requests.iter().map(|request| serde_json::from_str::<Value>(&request.body).unwrap());
    let updates: Vec<Value> = bodies
        .flat_map(|body| match body.get("TransactItems") {
            Some(items) => items.as_array().unwrap().iter().filter_map(|item| item.get("Update").cloned()).collect(),
            None => vec![body],
        })
        .collect();
    let [update] = updates.as_slice() else { panic!("{} updates", updates.len()) };
    let expressions = ["UpdateExpression", "ConditionExpression"].map(|name| update[name].as_str().unwrap_or_default()).join(" ");
    let words = expressions.split(|c: char| !(c.is_ascii_alphanumeric() || "#:._".contains(c)));
    // What follows a dot lies within an attribute.
    let paths = words.filter(|word| word.starts_with('#')).map(|path| path.split('.').next().unwrap());
    let names = &update["ExpressionAttributeNames"];
    let keys = update["Key"].as_object().unwrap().keys().cloned();
    paths.map(|path| names[path].as_str().unwrap().to_owned()).chain(keys).collect()
}

#[tokio::test]
async fn updates_name_the_attributes_that_the_table_lists() {
    let endpoint = Endpoint::start(|_| Response::ok("application/x-amz-json-1.0", "{}")).await;
    let client = storage::dynamodb(&lambda::sdk_config(&endpoint.url));
    let sessions = Sessions::new(client.clone(), "Sessions".to_owned());
    let (session, submission) = (session(), submission());
    let otp = AwaitedOtp { hash: vec![1], expires_at: NOW, resends: 1 };
    let associated = Associated { subject_id: session.subject_id.clone(), code_id: "c".to_owned() };
    let commit = async |part: TransactWrite| Transaction::new(client.clone()).with(part).commit().await.unwrap();
    for (update, attributes) in UPDATES {
        match update {
            "touch" => assert!(sessions.touch(&session, NOW).await.unwrap()),
            "rotate_write" => commit(sessions.rotate_write(&session, "try", &SessionToken::random().unwrap(), NOW).unwrap()).await,
            "note_try" => assert_eq!(sessions.note_try(&session, "try", 3).await.unwrap(), storage::sessions::Try::Noted(1)),
            "replace_otp" => assert!(sessions.replace_otp(&session, 0, &otp).await.unwrap()),
            "choose_role" => assert!(sessions.choose_role(&session, &Role::Citizen, NOW).await.unwrap()),
            "agree" => assert!(sessions.agree(&session, "2026-12", NOW).await.unwrap()),
            "hold" => {
                assert!(sessions.store_submission(&session, None, NOW).await.unwrap());
                assert_eq!(named(&endpoint.take()), attributes.iter().map(|name| (*name).to_owned()).collect(), "hold none");
                assert!(sessions.store_submission(&session, Some(&submission), NOW).await.unwrap());
            }
            "confirm" => assert!(sessions.confirm(&session, &submission, NOW).await.unwrap()),
            "associated_write" => commit(sessions.associated_write(&session, &associated).unwrap()).await,
            "forget_submission" => assert!(sessions.forget_submission(&session).await.unwrap()),
            "set_minors" => assert!(sessions.set_minors(&session, &[]).await.unwrap()),
            other => panic!("{other} is no update of this test"),
        }
        assert_eq!(named(&endpoint.take()), attributes.iter().map(|name| (*name).to_owned()).collect(), "{update}");
    }
}

#[tokio::test]
async fn a_session_begins_with_the_attributes_that_the_table_lists() {
    let endpoint = Endpoint::start(|_| Response::ok("application/x-amz-json-1.0", "{}")).await;
    let client = storage::dynamodb(&lambda::sdk_config(&endpoint.url));
    let sessions = Sessions::new(client.clone(), "Sessions".to_owned());
    let otp = AwaitedOtp { hash: vec![1], expires_at: NOW, resends: 1 };
    let mut full = session();
    (full.otp, full.role, full.consent) = (Some(otp), Some(Role::Citizen), Some("2026-12".to_owned()));
    sessions.start(&full, NOW).await.unwrap();
    Transaction::new(client).with(sessions.put_write(&full).unwrap()).commit().await.unwrap();
    let [put, transaction] = endpoint.take().try_into().unwrap_or_else(|_| panic!("two requests"));
    let body = |request: &Received| serde_json::from_str::<Value>(&request.body).unwrap();
    for put in [&body(&put), &body(&transaction)["TransactItems"][0]["Put"]] {
        let attributes: BTreeSet<&str> = put["Item"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(attributes, BTreeSet::from(FRESH));
        // The condition names attributes too.
        assert!(put["ExpressionAttributeNames"].as_object().unwrap().values().all(|name| attributes.contains(name.as_str().unwrap())));
    }
}

/// An update that is new in the source is in the table too.
#[test]
fn the_table_lists_every_update() {
    let source = include_str!("../src/sessions.rs");
    // A function makes an update if it names an update expression.
    let functions: Vec<&str> = source.split("fn ").skip(1).filter(|body| body.contains(".update_expression(")).collect();
    let listed: BTreeSet<&str> = UPDATES.iter().map(|(update, _)| *update).collect();
    assert_eq!(functions.iter().map(|body| body.split('(').next().unwrap()).collect::<BTreeSet<_>>(), listed);
}
