//! Checks that the tables are consistent with each other, whatever has failed. Reads the tables with the credentials of the emulated
//! account's owner.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Moment, SubjectId, submission::CodeState, time::Span};
use journeys::stack;
use storage::{associations::Association, codes::CodeItem};

use crate::{aws, objects};

pub(crate) type Item = std::collections::HashMap<String, AttributeValue>;

/// Returns all items of a table. `variable` is the environment variable with the table's name.
pub(crate) async fn scan(variable: &str) -> Vec<Item> {
    let client = aws::dynamodb(&aws::config().await);
    let pages = client.scan().table_name(stack::variable(variable)).consistent_read(true).into_paginator().items().send();
    pages.collect::<Result<Vec<_>, _>>().await.expect("a table")
}

async fn read<T: serde::de::DeserializeOwned>(variable: &str) -> Vec<T> {
    let items = scan(variable).await;
    items.into_iter().map(|item| serde_dynamo::aws_sdk_dynamodb_1::from_item(item).expect("an item of the expected form")).collect()
}

/// Returns the keys of an upload's originals that still exist under `incoming/`.
pub(crate) async fn uploaded(upload_id: &str) -> Vec<String> {
    let pages = objects::s3(&aws::config().await)
        .list_objects_v2()
        .bucket(stack::variable("PHOTOS_BUCKET"))
        .prefix("incoming/")
        .into_paginator()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .expect("the bucket");
    let keys = pages.iter().flat_map(|page| page.contents()).filter_map(|object| object.key().map(str::to_owned));
    keys.filter(|key| key.contains(upload_id)).collect()
}

/// Asserts that associations, their keys and their codes correspond one to one, and that the message of every issued code exists until the
/// code is associated.
///
/// Examines only codes that were issued within a day after `since`. This leaves out codes that other tests write directly to the table,
/// because no request could create such codes.
///
/// # Panics
/// If the tables are not consistent.
pub(crate) async fn assert_consistent(since: Moment) {
    let codes: BTreeMap<String, CodeItem> =
        read::<CodeItem>("CODES_TABLE").await.into_iter().map(|code| (code.code_id.clone(), code)).collect();
    let recent = |at: Moment| at >= since && at < since.plus(Span::days(1));
    let has_recent_code = |code_id: &str| codes.get(code_id).is_none_or(|code| recent(code.issued_at));
    let associations: Vec<Association> = read("ASSOCIATIONS_TABLE").await;
    let associations: Vec<Association> =
        associations.into_iter().filter(|association| recent(association.associated_at) && has_recent_code(&association.code_id)).collect();
    let subjects: BTreeSet<&str> = codes
        .values()
        .filter(|code| recent(code.issued_at))
        .flat_map(|code| [&code.first_subject, &code.subject])
        .filter_map(|subject| subject.as_ref().map(SubjectId::as_str))
        .collect();
    let keys: Vec<Item> = scan("KEYS_TABLE").await;
    let keys: Vec<Item> =
        keys.into_iter().filter(|key| key["subject_id"].as_s().is_ok_and(|owner| subjects.contains(owner.as_str()))).collect();
    let outbox: Vec<String> = scan("OUTBOX_TABLE").await.iter().filter_map(|item| item["message_id"].as_s().ok().cloned()).collect();
    let mut owners = BTreeMap::new();
    for association in &associations {
        let subject = association.subject_id.as_str();
        let code = codes.get(&association.code_id).unwrap_or_else(|| panic!("the association of {subject} has no code"));
        assert_eq!((code.state, code.subject.as_ref()), (CodeState::Associated, Some(&association.subject_id)), "of {subject}");
        assert_eq!(code.expires_at, association.expires_at, "of {subject}");
        let key = keys.iter().find(|key| key["subject_id"].as_s().is_ok_and(|owner| owner == subject));
        assert!(key.is_some(), "the association of {subject} has no key");
        let other = owners.insert(&association.code_id, subject);
        assert_eq!(other, None, "one code, two owners");
    }
    for key in &keys {
        let subject = key["subject_id"].as_s().expect("a subject");
        assert!(associations.iter().any(|association| association.subject_id.as_str() == subject), "a key without an association");
    }
    for code in codes.values().filter(|code| recent(code.issued_at)) {
        assert_eq!(code.state == CodeState::Associated, owners.contains_key(&code.code_id), "{} of set {}", code.code_id, code.set_id);
        // Associating a code deletes its message, which is of no further use.
        let has_message = code.state != CodeState::Issued || outbox.contains(&code.message_id);
        assert!(has_message, "the code of set {} has no message", code.set_id);
    }
}
