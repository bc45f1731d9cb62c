//! Compares the attributes that are named in updates of sessions with the lists in `storage::sessions`. The roles of the functions allow
//! only the attributes in these lists (template.yaml).

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::collections::BTreeSet;

use domain::{CodeNumber, Moment, SubjectId, session::Role, without_face::Rejections};
use lambda::{Endpoint, Received, Response};
use serde_json::{Value, json};
use storage::{
    sealing::SessionToken,
    sessions::{Associated, AwaitedOtp, Case, NEW_SESSION_ATTRIBUTES, PendingSubmission, Person, Session, Sessions, UPDATE_ATTRIBUTES},
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
        offices: Vec::new(),
    };
    Session::begin(SessionToken::random().unwrap(), serde_json::from_value::<SubjectId>(json!("subject")).unwrap(), person, NOW)
}

fn case() -> Case {
    let case = json!({
        "handle": "h", "record": "case#1", "office": { "id": "k1", "name": "ΚΕΠ" }, "application_number": "1", "proof": "otp",
        "document": { "kind": "passport", "last_four": "1234" }, "at_kep": { "seal": "s", "sealed": "s" }, "opened_at": 1, "expires_at": 2,
        "person": { "subject_id": "s", "first_name": "Άννα", "last_name": "Παπαδοπούλου", "birth_date": "1990-05-17" },
    });
    serde_json::from_value(case).unwrap()
}

fn submission() -> PendingSubmission {
    let submission = json!({
        "subject": "self", "subject_id": "s", "code": CodeNumber::from_bytes([3; 16]).expose(), "state": "issued", "set_id": "s",
        "profile": "standard", "images": [], "wrapped_key": [1], "business": "b", "upload_id": "u", "message_id": "m", "issued_at": 1,
        "code_expires_at": 2, "confirmed": true,
    });
    serde_json::from_value(submission).unwrap()
}

/// Returns the top-level attributes that an update names. `requests` must contain exactly one update. IAM has the same names in its
/// condition key `dynamodb:Attributes`.
fn named_attributes(requests: &[Received]) -> BTreeSet<String> {
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
    // In a path, the part after a dot names a member of an attribute. IAM does not distinguish members.
    let paths = words.filter(|word| word.starts_with('#')).map(|path| path.split('.').next().unwrap());
    let names = &update["ExpressionAttributeNames"];
    let keys = update["Key"].as_object().unwrap().keys().cloned();
    paths.map(|path| names[path].as_str().unwrap().to_owned()).chain(keys).collect()
}

#[tokio::test]
async fn updates_name_exactly_the_listed_attributes() {
    let endpoint = Endpoint::start(|_| Response::ok("application/x-amz-json-1.0", "{}")).await;
    let client = storage::dynamodb(&lambda::sdk_config(&endpoint.url));
    let sessions = Sessions::new(client.clone(), "Sessions".to_owned());
    let (session, submission) = (session(), submission());
    let otp = AwaitedOtp { hash: vec![1], expires_at: NOW, resends: 1 };
    let associated = Associated { subject_id: session.subject_id.clone(), code_id: "c".to_owned() };
    let commit = async |write: TransactWrite| Transaction::new(client.clone()).with(write).commit().await.unwrap();
    for (update, attributes) in UPDATE_ATTRIBUTES {
        match update {
            "touch" => assert!(sessions.touch(&session, NOW).await.unwrap()),
            "rotate_write" => commit(sessions.rotate_write(&session, "try", &SessionToken::random().unwrap(), NOW).unwrap()).await,
            "note_try" => assert_eq!(sessions.note_try(&session, "try", 3).await.unwrap(), storage::sessions::Try::Noted(1)),
            "replace_otp" => assert!(sessions.replace_otp(&session, 0, &otp).await.unwrap()),
            "choose_role" => assert!(sessions.choose_role(&session, &Role::Citizen, NOW).await.unwrap()),
            "agree" => assert!(sessions.agree(&session, "2026-12", NOW).await.unwrap()),
            "store_submission" => {
                assert!(sessions.store_submission(&session, None, NOW).await.unwrap());
                assert_eq!(
                    named_attributes(&endpoint.take()),
                    attributes.iter().map(|name| (*name).to_owned()).collect(),
                    "{update} of `None`"
                );
                assert!(sessions.store_submission(&session, Some(&submission), NOW).await.unwrap());
            }
            "store_submission_write" => {
                commit(sessions.store_submission_write(&session, None, NOW).unwrap()).await;
                assert_eq!(
                    named_attributes(&endpoint.take()),
                    attributes.iter().map(|name| (*name).to_owned()).collect(),
                    "{update} of `None`"
                );
                commit(sessions.store_submission_write(&session, Some(&submission), NOW).unwrap()).await;
            }
            "confirm_write" => commit(sessions.confirm_write(&session, &submission, NOW).unwrap()).await,
            "set_minors_write" => commit(sessions.set_minors_write(&session, &[]).unwrap()).await,
            "confirm" => assert!(sessions.confirm(&session, &submission, NOW).await.unwrap()),
            "associated_write" => commit(sessions.associated_write(&session, &associated).unwrap()).await,
            "remove_submission" => assert!(sessions.remove_submission(&session).await.unwrap()),
            "open_case_write" => commit(sessions.open_case_write(&session, case(), NOW).unwrap()).await,
            "note_case_try" => assert_eq!(sessions.note_case_try(&session, "try", 3).await.unwrap(), storage::sessions::Try::Noted(1)),
            "replace_case" => assert!(sessions.replace_case(&session, case()).await.unwrap()),
            "replace_case_write" => commit(sessions.replace_case_write(&session, case()).unwrap()).await,
            "close_case_write" => commit(sessions.close_case_write(&session, &case().handle).unwrap()).await,
            "set_rejections" => assert!(sessions.set_rejections(&session, &Rejections::default()).await.unwrap()),
            "remove_rejections_write" => commit(sessions.remove_rejections_write(&session).unwrap()).await,
            "set_minors" => assert!(sessions.set_minors(&session, &[]).await.unwrap()),
            other => panic!("the test does not make the update {other}"),
        }
        assert_eq!(named_attributes(&endpoint.take()), attributes.iter().map(|name| (*name).to_owned()).collect(), "{update}");
    }
}

#[tokio::test]
async fn a_new_session_has_exactly_the_listed_attributes() {
    let endpoint = Endpoint::start(|_| Response::ok("application/x-amz-json-1.0", "{}")).await;
    let client = storage::dynamodb(&lambda::sdk_config(&endpoint.url));
    let sessions = Sessions::new(client.clone(), "Sessions".to_owned());
    let otp = AwaitedOtp { hash: vec![1], expires_at: NOW, resends: 1 };
    let mut full = session();
    (full.otp, full.role, full.consent) = (Some(otp), Some(Role::Citizen), Some("2026-12".to_owned()));
    sessions.start(&full, NOW).await.unwrap();
    Transaction::new(client).with(sessions.put_write(&full).unwrap()).commit().await.unwrap();
    let [put, transaction] = endpoint.take().try_into().unwrap_or_else(|_| panic!("expected two requests"));
    let body = |request: &Received| serde_json::from_str::<Value>(&request.body).unwrap();
    for put in [&body(&put), &body(&transaction)["TransactItems"][0]["Put"]] {
        let attributes: BTreeSet<&str> = put["Item"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(attributes, BTreeSet::from(NEW_SESSION_ATTRIBUTES));
        // For IAM, the attributes in the condition count too.
        assert!(put["ExpressionAttributeNames"].as_object().unwrap().values().all(|name| attributes.contains(name.as_str().unwrap())));
    }
}

/// Fails if a new update is added to the source without being listed in `UPDATE_ATTRIBUTES`.
#[test]
fn every_update_in_the_source_is_listed() {
    let source = [
        include_str!("../src/sessions.rs"),
        include_str!("../src/sessions/case.rs"),
        include_str!("../src/sessions/minors.rs"),
        include_str!("../src/sessions/otp.rs"),
        include_str!("../src/sessions/rejections.rs"),
        include_str!("../src/sessions/submission.rs"),
    ]
    .concat();
    // Every Rust function that sets an update expression makes an update, so its name must be listed. `count_try` makes the updates of the
    // functions that call it.
    let makes_an_update =
        |body: &&str| (body.contains(".update_expression(") || body.contains(".count_try(")) && !body.starts_with("count_try(");
    let functions: Vec<&str> = source.split("fn ").skip(1).filter(makes_an_update).collect();
    let listed: BTreeSet<&str> = UPDATE_ATTRIBUTES.iter().map(|(update, _)| *update).collect();
    assert_eq!(functions.iter().map(|body| body.split('(').next().unwrap()).collect::<BTreeSet<_>>(), listed);
}
