//! A guardian acts for a minor: what the registers must confirm, what stays when life goes on, and from 18 the subject alone.

use domain::{ImageKind, Language};
use journeys::{
    citizen::{acting, own},
    fixtures, jpeg,
    minors::{self, add, added},
    people::{self, Visit, fresh_citizen, fresh_photographer},
    photographer::issue_by_sms,
};
use serde_json::json;

/// The same person in a new session.
async fn again(visit: &Visit) -> Visit {
    people::citizen(visit.person.clone(), Language::El).await
}

#[tokio::test]
async fn a_guardian_does_for_a_minor_all_that_citizens_do() {
    let (studio, guardian) = (fresh_photographer().await, fresh_citizen().await);
    let minor = minors::fresh(&guardian.person, &json!({})).await;
    let answer = add(&guardian, &minor.body()).await.expect(201).json();
    assert_eq!((&answer["first_name"], &answer["birth_date"]), (&json!(minor.first_name), &json!(minor.birth_date)));
    let handle = answer["subject"].as_str().unwrap();
    assert_eq!(add(&guardian, &minor.body()).await.expect(200).json(), answer, "added again, the same");
    let session = guardian.browser.get("/v1/session").await.expect(200).json();
    assert_eq!(session["minors"], json!([answer]));

    let child = acting(&guardian, handle);
    let code = issue_by_sms(&studio, guardian.person.mobile()).await.code;
    let submitted = child.submit(&code).await.expect(200).json();
    assert_eq!((&submitted["subject"], &submitted["submissions_left"]), (&json!(handle), &json!(4)), "counted for who is signed in");
    own(&guardian).confirm().await.refused(404, "no_submission");
    let version = child.confirm().await.expect(200).json()["consent"]["version"].clone();
    let association = child.associate(&version).await.expect(201).json();
    assert_eq!(association["subject"], handle);
    let shown = child.show_photo(ImageKind::Face).await.expect(200);
    assert_eq!(jpeg::image_data(&shown.body), jpeg::image_data(&fixtures::portrait()));
    child.download().await.expect(200);
    assert_eq!(child.show_code().await.expect(200).json()["code"], code);
    assert_eq!(child.export().await.expect(200).json()["person"]["first_name"], json!(minor.first_name));
    // The guardian's own are another matter.
    own(&guardian).show_association().await.refused(404, "nothing_associated");
    assert_eq!(own(&guardian).export().await.expect(200).json()["associations"], json!([]));
    child.dissociate().await.expect(204);
    child.show_association().await.refused(404, "nothing_associated");
}

#[tokio::test]
async fn a_foreigners_child_is_known_by_its_paaypa() {
    let guardian = fresh_citizen().await;
    let minor = minors::fresh(&guardian.person, &json!({ "paaypa": true })).await;
    assert!(minor.amka.is_none());
    let handle = added(&guardian, &minor).await;
    acting(&guardian, &handle).show_association().await.refused(404, "nothing_associated");
}

#[tokio::test]
async fn a_handle_serves_in_its_own_session_only() {
    let (guardian, stranger) = (fresh_citizen().await, fresh_citizen().await);
    let minor = minors::fresh(&guardian.person, &json!({})).await;
    let handle = added(&guardian, &minor).await;
    let anew = again(&guardian).await;
    for visit in [&anew, &stranger] {
        acting(visit, &handle).show_association().await.refused(404, "subject_unknown");
    }
    assert_ne!(added(&anew, &minor).await, handle);
}

#[tokio::test]
async fn a_minor_who_gets_an_afm_stays_the_same_subject_and_the_afm_is_then_required() {
    let (studio, guardian) = (fresh_photographer().await, fresh_citizen().await);
    let minor = minors::fresh(&guardian.person, &json!({})).await;
    let code = issue_by_sms(&studio, guardian.person.mobile()).await.code;
    let association = acting(&guardian, &added(&guardian, &minor).await).take(&code).await;

    let changed = minor.change(&json!({ "afm": true })).await;
    let later = again(&guardian).await;
    add(&later, &minor.body()).await.refused(422, "minor_afm_required");
    let with_afm = json!({ "identifier": minor.identifier(), "afm": changed["afm"] });
    let handle = add(&later, &with_afm).await.expect(201).json()["subject"].as_str().unwrap().to_owned();
    let shown = acting(&later, &handle).show_association().await.expect(200).json();
    assert_eq!(shown["associated_at"], association["associated_at"]);
}

#[tokio::test]
async fn custody_is_asked_again_in_each_session_and_whoever_has_it_now_manages_the_photos() {
    let studio = fresh_photographer().await;
    let (before, after) = (fresh_citizen().await, fresh_citizen().await);
    let minor = minors::fresh(&before.person, &json!({})).await;
    let code = issue_by_sms(&studio, before.person.mobile()).await.code;
    let association = acting(&before, &added(&before, &minor).await).take(&code).await;
    add(&after, &minor.body()).await.refused(403, "custody_not_confirmed");

    minor.change(&json!({ "custodian": after.person.key })).await;
    add(&again(&before).await, &minor.body()).await.refused(403, "custody_not_confirmed");
    let handle = added(&after, &minor).await;
    let child = acting(&after, &handle);
    assert_eq!(child.show_association().await.expect(200).json()["associated_at"], association["associated_at"]);
    child.dissociate().await.expect(204);
    // The code is the subject's: whoever manages the subject may associate it again, for another whom they manage too.
    own(&again(&before).await).submit(&code).await.refused(403, "code_taken");
    let taken = own(&after).take(&code).await;
    assert_eq!(taken["expires_at"], association["expires_at"], "the year does not move");
}

#[tokio::test]
async fn from_18_the_subject_alone_manages_the_photos() {
    let (studio, guardian) = (fresh_photographer().await, fresh_citizen().await);
    let minor = minors::fresh(&guardian.person, &json!({ "afm": true })).await;
    let code = issue_by_sms(&studio, guardian.person.mobile()).await.code;
    let association = acting(&guardian, &added(&guardian, &minor).await).take(&code).await;

    let grown = minor.change(&json!({ "adult": true })).await;
    add(&again(&guardian).await, &minor.body()).await.refused(403, "minor_is_adult");
    let person: people::Person = serde_json::from_value(grown).unwrap();
    let alone = people::citizen(person, Language::El).await;
    let shown = own(&alone).show_association().await.expect(200).json();
    assert_eq!(shown["associated_at"], association["associated_at"], "it was the minor's, and is the person's");
    own(&alone).dissociate().await.expect(204);
    own(&again(&guardian).await).submit(&code).await.refused(403, "code_taken");
    own(&alone).submit(&code).await.expect(200);
}

#[tokio::test]
async fn photos_of_a_child_are_not_taken_for_its_guardian_by_mistake() {
    let (studio, guardian) = (fresh_photographer().await, fresh_citizen().await);
    let minor = minors::fresh(&guardian.person, &json!({})).await;
    let child = added(&guardian, &minor).await;
    let code = issue_by_sms(&studio, guardian.person.mobile()).await.code;
    // Submitted for the child, it is not in hand for the guardian.
    let version = acting(&guardian, &child).submit_and_confirm(&code).await;
    own(&guardian).associate(&version).await.refused(404, "no_submission");
    acting(&guardian, &child).associate(&version).await.expect(201);
    own(&guardian).submit(&code).await.refused(403, "code_taken");
}
