//! A function may write the attributes of a session that its updates name, and no others.
//!
//! The emulators do not evaluate `dynamodb:Attributes`, so this compares the template with the code: `storage::sessions::UPDATE_ATTRIBUTES` holds the
//! attributes of each update (shared/storage/tests/session_updates.rs compares it with real requests), and a function's source names the
//! updates that it makes.

use std::collections::BTreeSet;

use serde_json::json;
use storage::sessions::{NEW_SESSION_ATTRIBUTES, UPDATE_ATTRIBUTES};

use crate::{
    lambdas, list,
    project::{functions, logical_id, read},
    statements,
};

/// The guards that note that a session was used (shared/edge/src/guard.rs).
const GUARDS: [&str; 5] = ["Visitor", "SignedIn", "Citizen", "Photographer", "Owner"];

/// The attributes that the updates of this source name; none if it makes no update.
fn attributes(source: &str) -> BTreeSet<&'static str> {
    let guarded = GUARDS.iter().any(|guard| source.contains(&format!("{guard}::from(")));
    let made = |update: &str| (update == "touch" && guarded) || source.contains(&format!("sessions.{update}("));
    UPDATE_ATTRIBUTES.iter().filter(|(update, _)| made(update)).flat_map(|(_, attributes)| attributes.iter().copied()).collect()
}

#[test]
fn a_function_may_write_the_attributes_of_a_session_that_its_updates_name() {
    let (lambdas, sessions) = (lambdas(), json!({ "Fn::GetAtt": ["Sessions", "Arn"] }));
    let mut count = 0;
    for (name, folder) in functions() {
        let wanted = attributes(&read(&format!("functions/{folder}/{name}.rs")));
        let about_sessions = statements(&lambdas[&logical_id(&name)]).into_iter().filter(|it| list(&it["Resource"]).contains(&&sessions));
        let updates: Vec<_> = about_sessions.filter(|it| list(&it["Action"]).contains(&&json!("dynamodb:UpdateItem"))).collect();
        if wanted.is_empty() {
            assert!(updates.is_empty(), "{name} makes no update of a session, and may");
            continue;
        }
        let [update] = updates.as_slice() else { panic!("{name}: {} statements allow updates of sessions", updates.len()) };
        assert_eq!((&update["Effect"], &update["Action"]), (&json!("Allow"), &json!(["dynamodb:UpdateItem"])), "{name}");
        let condition = json!({ "ForAllValues:StringEquals": { "dynamodb:Attributes": wanted } });
        assert_eq!(update["Condition"], condition, "{name}");
        count += 1;
    }
    assert!(count > 25, "{count}");
}

#[test]
fn a_session_is_put_with_the_attributes_of_one_that_begins() {
    let sessions = json!({ "Fn::GetAtt": ["Sessions", "Arn"] });
    let mut may_put = BTreeSet::new();
    for (name, function) in lambdas() {
        let about_sessions = statements(&function).into_iter().filter(|it| list(&it["Resource"]).contains(&&sessions));
        for put in about_sessions.filter(|it| list(&it["Action"]).contains(&&json!("dynamodb:PutItem"))) {
            assert_eq!((&put["Effect"], &put["Action"]), (&json!("Allow"), &json!(["dynamodb:PutItem"])), "{name}");
            let condition = json!({ "ForAllValues:StringEquals": { "dynamodb:Attributes": BTreeSet::from(NEW_SESSION_ATTRIBUTES) } });
            assert_eq!(put["Condition"], condition, "{name}");
            may_put.insert(name.clone());
        }
    }
    assert_eq!(may_put, BTreeSet::from(["Callback".to_owned(), "VerifyOtp".to_owned()]));
}

/// Neither who is signed in nor when the session ends in any case: an item has them from its first write on.
#[test]
fn no_update_names_who_is_signed_in() {
    let named: BTreeSet<&str> = UPDATE_ATTRIBUTES.iter().flat_map(|(_, attributes)| attributes.iter().copied()).collect();
    for attribute in ["subject_id", "person", "hard_end"] {
        assert!(read("shared/storage/src/sessions.rs").contains(&format!("    {attribute}: ")), "{attribute} is an attribute of a session");
        assert!(!named.contains(attribute), "an update names {attribute}");
    }
}
