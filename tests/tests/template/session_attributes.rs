//! The role of a function may write only those attributes of a session that the function's updates change.
//!
//! The emulators do not evaluate `dynamodb:Attributes`, so this test compares the template with the code.
//! `storage::sessions::UPDATE_ATTRIBUTES` lists the attributes of each update (shared/storage/tests/session_updates.rs compares it with
//! real requests). The updates that a function makes are read from its source.

use std::collections::BTreeSet;

use serde_json::json;
use storage::sessions::{NEW_SESSION_ATTRIBUTES, UPDATE_ATTRIBUTES};

use crate::{
    project::{functions, read},
    support::{lambda, lambdas, list, statements},
};

/// The guards that extend a session's idle time with the update `touch` (shared/edge/src/guard.rs).
const GUARDS: &[&str] = &["Visitor", "SignedIn", "Citizen", "Photographer", "Owner", "Acting", "CaseInBody", "Clerk", "InCase"];

/// Functions that handlers call and that make an update: the function, the update, and the file that contains the function.
const HELPERS: &[(&str, &str, &str)] = &[
    ("note_no_face(", "set_rejections", "functions/photographer/lib.rs"),
    ("record_agreement(", "associated_write", "functions/citizen/lib.rs"),
    ("close_case(", "close_case_write", "shared/storage/src/case_closing.rs"),
];

/// Finds the updates in a function's source. Returns the session attributes that they change, or nothing if there is no update.
fn updated_attributes(source: &str) -> BTreeSet<&'static str> {
    let guarded = GUARDS.iter().any(|guard| source.contains(&format!("{guard}::from(")));
    let by_helper = |update: &str| HELPERS.iter().any(|(helper, made, _)| update == *made && source.contains(helper));
    let makes = |update: &str| (update == "touch" && guarded) || by_helper(update) || source.contains(&format!("sessions.{update}("));
    UPDATE_ATTRIBUTES.iter().filter(|(update, _)| makes(update)).flat_map(|(_, attributes)| attributes.iter().copied()).collect()
}

#[test]
fn a_function_may_write_only_the_session_attributes_that_its_updates_change() {
    let (lambdas, sessions) = (lambdas(), json!({ "Fn::GetAtt": ["Sessions", "Arn"] }));
    for (helper, update, file) in HELPERS {
        let source = read(file);
        assert!(source.contains(&format!("fn {helper}")) && source.contains(&format!("sessions.{update}(")), "{helper}");
    }
    let mut count = 0;
    for (name, folder) in functions() {
        let updated = updated_attributes(&read(&format!("functions/{folder}/{name}.rs")));
        let about_sessions = statements(lambda(&lambdas, &name)).into_iter().filter(|it| list(&it["Resource"]).contains(&&sessions));
        let updates: Vec<_> = about_sessions.filter(|it| list(&it["Action"]).contains(&&json!("dynamodb:UpdateItem"))).collect();
        if updated.is_empty() {
            assert!(updates.is_empty(), "{name} may update sessions, but makes no update");
            continue;
        }
        let [update] = updates.as_slice() else { panic!("{name}: {} statements allow updates of sessions", updates.len()) };
        assert_eq!((&update["Effect"], &update["Action"]), (&json!("Allow"), &json!(["dynamodb:UpdateItem"])), "{name}");
        let condition = json!({ "ForAllValues:StringEquals": { "dynamodb:Attributes": updated } });
        assert_eq!(update["Condition"], condition, "{name}");
        count += 1;
    }
    assert!(count > 25, "{count}");
}

#[test]
fn only_the_sign_in_may_create_sessions_and_only_with_the_initial_attributes() {
    let sessions = json!({ "Fn::GetAtt": ["Sessions", "Arn"] });
    let mut creators = BTreeSet::new();
    for (name, function) in lambdas() {
        let about_sessions = statements(&function).into_iter().filter(|it| list(&it["Resource"]).contains(&&sessions));
        for put in about_sessions.filter(|it| list(&it["Action"]).contains(&&json!("dynamodb:PutItem"))) {
            assert_eq!((&put["Effect"], &put["Action"]), (&json!("Allow"), &json!(["dynamodb:PutItem"])), "{name}");
            let condition = json!({ "ForAllValues:StringEquals": { "dynamodb:Attributes": BTreeSet::from(NEW_SESSION_ATTRIBUTES) } });
            assert_eq!(put["Condition"], condition, "{name}");
            creators.insert(name.clone());
        }
    }
    assert_eq!(creators, BTreeSet::from(["Callback".to_owned(), "VerifyOtp".to_owned()]));
}

/// The first write of a session's item sets these attributes. No later update may change them.
#[test]
fn no_update_changes_the_person_or_the_hard_end_of_a_session() {
    let updated: BTreeSet<&str> = UPDATE_ATTRIBUTES.iter().flat_map(|(_, attributes)| attributes.iter().copied()).collect();
    for attribute in ["subject_id", "person", "hard_end"] {
        assert!(
            read("shared/storage/src/sessions.rs").contains(&format!("    {attribute}: ")),
            "{attribute} is not an attribute of a session"
        );
        assert!(!updated.contains(attribute), "an update changes {attribute}");
    }
}
