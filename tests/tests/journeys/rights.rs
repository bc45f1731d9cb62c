//! Rights under the GDPR: the export of all data on a person, and immediate erasure.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    CodeNumber, ImageKind, Language, Moment, SubjectId,
    application::{ApplicationId, CASE_CHARACTERS_MAX, Purpose},
    time::Span,
    verdict::{RefusalReason, TEXT_CHARACTERS_MAX, Verdict},
};
use journeys::{
    citizen::{acting, own},
    midnight, minors,
    people::{self, Visit, fresh_citizen, fresh_photographer},
    photographer::issue_by_sms,
    stack,
};
use reqwest::Method;
use serde_json::{Value, json};
use storage::{
    history::{Event, GivenVerdict, History, Record},
    sealing::code_id,
};

use crate::{aws, objects};

/// Returns the item of a code in the table.
async fn code_item(code: &str) -> Option<std::collections::HashMap<String, AttributeValue>> {
    let id = code_id(&CodeNumber::parse(code).unwrap());
    let get = aws::dynamodb(&aws::config().await).get_item().table_name(stack::variable("CODES_TABLE"));
    get.key("code_id", AttributeValue::S(id)).send().await.unwrap().item
}

/// Returns the number of objects of a photo set in the bucket.
async fn objects_of(set_id: &str) -> usize {
    let s3 = objects::s3(&aws::config().await);
    let mut count = 0;
    for prefix in ["pending", "associated"] {
        let list = s3.list_objects_v2().bucket(stack::variable("PHOTOS_BUCKET")).prefix(format!("{prefix}/{set_id}/"));
        count += list.send().await.unwrap().contents().len();
    }
    count
}

async fn set_id(code: &str) -> String {
    code_item(code).await.unwrap()["set_id"].as_s().unwrap().clone()
}

#[tokio::test]
async fn the_export_contains_the_data_of_a_person_and_links_to_the_images() {
    midnight::avoid(Span::minutes(3)).await;
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let code = issue_by_sms(&studio, visit.person.mobile()).await.code;
    let association = own(&visit).take(&code).await;
    let response = own(&visit).export().await.expect(200);
    assert_eq!(response.header("content-disposition"), Some("attachment; filename=\"myphoto-data.json\""));
    let export = response.json();
    let person = &export["person"];
    assert_eq!((&person["afm"], &person["first_name"]), (&json!(visit.person.afm), &json!(visit.person.first_name)));
    assert_eq!((&person["mobile"], &person["birth_date"]), (&json!(visit.person.mobile), &json!(visit.person.birth_date)));
    assert_eq!(export["association"], association);
    assert_eq!(export["code_numbers_submitted_today"], 1);
    let kinds: Vec<&Value> = export["agreements"].as_array().unwrap().iter().map(|agreement| &agreement["kind"]).collect();
    assert_eq!(kinds, [&json!("association"), &json!("personal_data")]);
    assert_eq!(export["associations"][0]["what"], "associated");
    for image in export["images"].as_array().unwrap() {
        let fetched = visit.browser.get(image["href"].as_str().unwrap()).await.expect(200);
        assert_eq!(fetched.header("content-type"), Some("image/jpeg"));
    }
    assert_eq!(export["images"].as_array().unwrap().len(), 2);

    own(&visit).dissociate().await.expect(204);
    let export = own(&visit).export().await.expect(200).json();
    assert_eq!((&export["association"], &export["images"]), (&Value::Null, &json!([])));
    let steps: Vec<&Value> = export["associations"].as_array().unwrap().iter().map(|event| &event["what"]).collect();
    assert_eq!(steps, [&json!("dissociated"), &json!("associated")], "newest first");
    assert!(!export.to_string().contains(&code), "the export must not contain the code");
}

/// An application may write up to 500 characters about each image that it pulls. 2,500 such texts do not fit into one response.
#[tokio::test]
async fn the_export_is_complete_however_much_text_applications_wrote() {
    const PULLS: usize = 2_500;
    let visit = fresh_citizen().await;
    let export = own(&visit).export().await.expect(200).json();
    let subject: SubjectId = serde_json::from_value(export["person"]["subject_id"].clone()).expect("an id");
    let history = History::new(aws::dynamodb(&aws::config().await), stack::variable("HISTORY_TABLE"));
    let now = Moment::from_epoch_seconds(jiff::Timestamp::now().as_second());
    let verdict = GivenVerdict { verdict: Verdict::Refused(RefusalReason::Other), text: Some("𝄞".repeat(TEXT_CHARACTERS_MAX)), at: now };
    let records: Vec<_> = (0..PULLS)
        .map(|_| {
            let what = Event::Pulled {
                application: ApplicationId::parse("passport").expect("an id"),
                purpose: Purpose::Passport,
                image: ImageKind::Face,
                case: "𝄞".repeat(CASE_CHARACTERS_MAX),
                refusal: None,
                origin: None,
                verdict: Some(verdict.clone()),
            };
            Record::new(&subject, what, now, now)
        })
        .collect();
    for chunk in records.chunks(50) {
        for put in futures_util::future::join_all(chunk.iter().map(|record| history.put(record))).await {
            put.expect("access to the table");
        }
    }
    for (path, limit) in [("export", ""), ("accesses", "&limit=100")] {
        let (mut ids, mut cursor, mut pages) = (BTreeSet::new(), String::new(), 0);
        loop {
            let page = visit.browser.get(&format!("/v1/subjects/self/{path}?{cursor}{limit}")).await.expect(200).json();
            let accesses = page["accesses"].as_array().expect("a list");
            ids.extend(accesses.iter().map(|access| access["id"].as_str().expect("an id").to_owned()));
            pages += 1;
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("cursor={next}");
        }
        assert_eq!(ids, records.iter().map(|record| record.id().to_owned()).collect(), "{path}");
        assert!(pages > 1, "{path}: {pages} pages");
    }
}

#[tokio::test]
async fn erasure_deletes_photos_keys_and_codes_at_once_and_lists_what_is_retained() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let (mut old, mut new) = (issue_by_sms(&studio, visit.person.mobile()).await, issue_by_sms(&studio, visit.person.mobile()).await);
    if set_id(&old.code).await > set_id(&new.code).await {
        // Erasure processes photo sets in the order of their IDs. The set with the smaller ID is dissociated below, to check that its
        // erasure does not affect the set that is erased after it.
        std::mem::swap(&mut old, &mut new);
    }
    own(&visit).take(&old.code).await;
    own(&visit).dissociate().await.expect(204);
    own(&visit).take(&new.code).await;
    let sets = [set_id(&old.code).await, set_id(&new.code).await];

    let without_consent = visit.browser.post("/v1/subjects/self/erasure", &json!({ "agree": false })).await;
    without_consent.rejected(422, "missing_consent");
    let response = own(&visit).erase().await.expect(200).json();
    assert_eq!(response["photo_sets_erased"], 2);
    let retained: Vec<&str> = response["kept"].as_array().unwrap().iter().map(|kept| kept["what"].as_str().unwrap()).collect();
    assert!(["history", "agreements", "identifiers"].iter().all(|what| retained.contains(what)), "{retained:?}");

    own(&visit).show_association().await.rejected(404, "nothing_associated");
    for (code, set) in [(&old.code, &sets[0]), (&new.code, &sets[1])] {
        assert!(code_item(code).await.is_none());
        assert_eq!(objects_of(set).await, 0);
        own(&visit).submit(code).await.rejected(404, "code_not_active");
    }
    let again = own(&visit).erase().await.expect(200).json();
    assert_eq!((&again["photo_sets_erased"], &again["kept"]), (&json!(0), &response["kept"]), "repeating the erasure does no harm");
    let export = own(&visit).export().await.expect(200).json();
    assert_eq!(export["associations"][0]["what"], "erased", "{}", export["associations"]);
    let english = visit.browser.request(Method::POST, "/v1/subjects/self/erasure").header("accept-language", "en");
    let english = english.json(&json!({ "agree": true })).send().await.expect(200).json();
    assert_ne!(english["kept"][0]["text"], response["kept"][0]["text"]);
}

/// If a code is erased while it is pending in another session, `associate` responds to that session with `code_not_active`, not with an
/// internal error.
#[tokio::test]
async fn a_code_pending_in_another_session_is_not_active_after_an_erasure() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let elsewhere = people::citizen(visit.person.clone(), Language::El).await;
    let code = issue_by_sms(&studio, visit.person.mobile()).await.code;
    let version = own(&elsewhere).submit_and_confirm(&code).await;
    own(&visit).take(&code).await;
    own(&visit).erase().await.expect(200);
    own(&elsewhere).associate(&version).await.rejected(404, "code_not_active");
}

/// Creates a guardian who associated photos first for themselves and then for a minor. Returns the guardian, the minor's handle and the
/// code.
async fn reassociated_for_minor() -> (Visit, String, String) {
    let (studio, guardian) = (fresh_photographer().await, fresh_citizen().await);
    let minor = minors::fresh(&guardian.person, &json!({})).await;
    let handle = minors::added(&guardian, &minor).await;
    let code = issue_by_sms(&studio, guardian.person.mobile()).await.code;
    own(&guardian).take(&code).await;
    own(&guardian).dissociate().await.expect(204);
    acting(&guardian, &handle).take(&code).await;
    (guardian, handle, code)
}

#[tokio::test]
async fn the_first_subject_can_erase_photos_that_another_subject_has_associated() {
    let (guardian, handle, code) = reassociated_for_minor().await;
    let set_id = set_id(&code).await;
    assert_eq!(own(&guardian).erase().await.expect(200).json()["photo_sets_erased"], 1);
    acting(&guardian, &handle).show_association().await.rejected(404, "nothing_associated");
    assert!(code_item(&code).await.is_none());
    assert_eq!(objects_of(&set_id).await, 0);
    // The minor's history shows why the photos were erased.
    let records = acting(&guardian, &handle).export().await.expect(200).json();
    let last = &records["associations"][0];
    assert_eq!((&last["what"], &last["by_first_subject"]), (&json!("erased"), &json!(true)), "{}", records["associations"]);
    let own = own(&guardian).export().await.expect(200).json();
    assert!(own["associations"][0]["by_first_subject"].is_null(), "{}", own["associations"]);
}

/// The photos can also be erased for the subject with whom they are associated now. Here the guardian erases them for the minor.
#[tokio::test]
async fn the_current_subject_can_erase_photos_that_another_subject_associated_first() {
    let (guardian, handle, code) = reassociated_for_minor().await;
    assert_eq!(acting(&guardian, &handle).erase().await.expect(200).json()["photo_sets_erased"], 1);
    acting(&guardian, &handle).show_association().await.rejected(404, "nothing_associated");
    assert!(code_item(&code).await.is_none());
}

#[tokio::test]
async fn dissociated_photos_are_not_erased_for_a_subject_that_was_not_the_first() {
    let (studio, guardian) = (fresh_photographer().await, fresh_citizen().await);
    let minor = minors::fresh(&guardian.person, &json!({})).await;
    let handle = minors::added(&guardian, &minor).await;
    let code = issue_by_sms(&studio, guardian.person.mobile()).await.code;
    acting(&guardian, &handle).take(&code).await;
    acting(&guardian, &handle).dissociate().await.expect(204);
    own(&guardian).take(&code).await;
    own(&guardian).dissociate().await.expect(204);

    let set_id = set_id(&code).await;
    let before = objects_of(&set_id).await;
    assert_eq!(own(&guardian).erase().await.expect(200).json()["photo_sets_erased"], 0);
    assert_eq!(objects_of(&set_id).await, before);
    acting(&guardian, &handle).take(&code).await;
}

/// If an erasure reads the tables while an association is being written, it can find the code associated but no item in `Associations`.
/// Such an erasure is rejected, because it would erase only a part of the data.
#[tokio::test]
async fn erasure_during_an_association_is_rejected_as_a_conflict() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let code = issue_by_sms(&studio, visit.person.mobile()).await.code;
    own(&visit).take(&code).await;
    let subject = code_item(&code).await.unwrap()["subject"].clone();
    let associations = aws::dynamodb(&aws::config().await).delete_item().table_name(stack::variable("ASSOCIATIONS_TABLE"));
    associations.key("subject_id", subject).send().await.unwrap();
    own(&visit).erase().await.rejected(409, "conflict");
    assert!(code_item(&code).await.is_some());
}

#[tokio::test]
async fn nobody_can_erase_or_export_the_data_of_somebody_else() {
    let (studio, visit): (Visit, Visit) = (fresh_photographer().await, fresh_citizen().await);
    let stranger = people::citizen(people::fresh("citizen").await, Language::El).await;
    let code = issue_by_sms(&studio, visit.person.mobile()).await.code;
    own(&visit).take(&code).await;
    let id = own(&visit).export().await.expect(200).json()["person"]["subject_id"].as_str().unwrap().to_owned();
    acting(&stranger, &id).erase().await.rejected(404, "subject_unknown");
    acting(&stranger, &id).export().await.rejected(404, "subject_unknown");
    own(&visit).show_association().await.expect(200);
}
