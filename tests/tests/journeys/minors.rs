//! Guardians who act for minors: custody and its changes, a minor who gets an AFM, and the end of guardianship at 18.

use domain::{ImageKind, Language};
use journeys::{
    citizen::{acting, own},
    fixtures, jpeg,
    minors::{self, add, added},
    people::{self, Visit, fresh_citizen, fresh_photographer},
    photographer::issue_by_sms,
};
use serde_json::json;

/// Signs the same person in again, in a new session.
async fn new_session(visit: &Visit) -> Visit {
    people::citizen(visit.person.clone(), Language::El).await
}

#[tokio::test]
async fn a_guardian_can_do_for_a_minor_everything_that_a_citizen_can() {
    let (studio, guardian) = (fresh_photographer().await, fresh_citizen().await);
    let minor = minors::fresh(&guardian.person, &json!({})).await;
    let response = add(&guardian, &minor.body()).await.expect(201).json();
    assert_eq!((&response["first_name"], &response["birth_date"]), (&json!(minor.first_name), &json!(minor.birth_date)));
    let handle = response["subject"].as_str().unwrap();
    assert_eq!(add(&guardian, &minor.body()).await.expect(200).json(), response, "adding the minor again returns the same");
    let session = guardian.browser.get("/v1/session").await.expect(200).json();
    assert_eq!(session["minors"], json!([response]));

    let child = acting(&guardian, handle);
    let code = issue_by_sms(&studio, guardian.person.mobile()).await.code;
    let submitted = child.submit(&code).await.expect(200).json();
    assert_eq!(
        (&submitted["subject"], &submitted["submissions_left"]),
        (&json!(handle), &json!(4)),
        "the submission counts for the guardian"
    );
    own(&guardian).confirm().await.rejected(404, "no_submission");
    let version = child.confirm().await.expect(200).json()["consent"]["version"].clone();
    let association = child.associate(&version).await.expect(201).json();
    assert_eq!(association["subject"], handle);
    let photo = child.show_photo(ImageKind::Face).await.expect(200);
    assert_eq!(jpeg::image_data(&photo.body), jpeg::image_data(&fixtures::portrait()));
    child.download().await.expect(200);
    assert_eq!(child.show_code().await.expect(200).json()["code"], code);
    assert_eq!(child.export().await.expect(200).json()["person"]["first_name"], json!(minor.first_name));
    // The guardian's own association and history are not affected.
    own(&guardian).show_association().await.rejected(404, "nothing_associated");
    assert_eq!(own(&guardian).export().await.expect(200).json()["associations"], json!([]));
    child.dissociate().await.expect(204);
    child.show_association().await.rejected(404, "nothing_associated");
}

#[tokio::test]
async fn a_minor_without_an_amka_is_added_by_paaypa() {
    let guardian = fresh_citizen().await;
    let minor = minors::fresh(&guardian.person, &json!({ "paaypa": true })).await;
    assert!(minor.amka.is_none());
    let handle = added(&guardian, &minor).await;
    acting(&guardian, &handle).show_association().await.rejected(404, "nothing_associated");
}

#[tokio::test]
async fn a_minors_handle_is_valid_only_in_its_own_session() {
    let (guardian, stranger) = (fresh_citizen().await, fresh_citizen().await);
    let minor = minors::fresh(&guardian.person, &json!({})).await;
    let handle = added(&guardian, &minor).await;
    let another_session = new_session(&guardian).await;
    for visit in [&another_session, &stranger] {
        acting(visit, &handle).show_association().await.rejected(404, "subject_unknown");
    }
    assert_ne!(added(&another_session, &minor).await, handle);
}

#[tokio::test]
async fn a_minor_who_gets_an_afm_stays_the_same_subject_and_the_afm_is_then_required() {
    let (studio, guardian) = (fresh_photographer().await, fresh_citizen().await);
    let minor = minors::fresh(&guardian.person, &json!({})).await;
    let code = issue_by_sms(&studio, guardian.person.mobile()).await.code;
    let association = acting(&guardian, &added(&guardian, &minor).await).take(&code).await;

    let changed = minor.change(&json!({ "afm": true })).await;
    let later = new_session(&guardian).await;
    add(&later, &minor.body()).await.rejected(422, "minor_afm_required");
    let with_afm = json!({ "identifier": minor.identifier(), "afm": changed["afm"] });
    let handle = add(&later, &with_afm).await.expect(201).json()["subject"].as_str().unwrap().to_owned();
    let current = acting(&later, &handle).show_association().await.expect(200).json();
    assert_eq!(current["associated_at"], association["associated_at"]);
}

#[tokio::test]
async fn custody_is_checked_in_each_session_and_the_current_guardian_manages_the_photos() {
    let studio = fresh_photographer().await;
    let (before, after) = (fresh_citizen().await, fresh_citizen().await);
    let minor = minors::fresh(&before.person, &json!({})).await;
    let code = issue_by_sms(&studio, before.person.mobile()).await.code;
    let association = acting(&before, &added(&before, &minor).await).take(&code).await;
    add(&after, &minor.body()).await.rejected(403, "custody_not_confirmed");

    minor.change(&json!({ "custodian": after.person.key })).await;
    add(&new_session(&before).await, &minor.body()).await.rejected(403, "custody_not_confirmed");
    let handle = added(&after, &minor).await;
    let child = acting(&after, &handle);
    assert_eq!(child.show_association().await.expect(200).json()["associated_at"], association["associated_at"]);
    child.dissociate().await.expect(204);
    // The code was first associated for the minor. So the former guardian can no longer submit the code. The current guardian can submit it
    // for the minor or for themselves.
    own(&new_session(&before).await).submit(&code).await.rejected(403, "code_taken");
    let taken = own(&after).take(&code).await;
    assert_eq!(taken["expires_at"], association["expires_at"], "the expiry does not change");
}

#[tokio::test]
async fn from_18_the_subject_alone_manages_the_photos() {
    let (studio, guardian) = (fresh_photographer().await, fresh_citizen().await);
    let minor = minors::fresh(&guardian.person, &json!({ "afm": true })).await;
    let code = issue_by_sms(&studio, guardian.person.mobile()).await.code;
    let association = acting(&guardian, &added(&guardian, &minor).await).take(&code).await;

    let adult = minor.change(&json!({ "adult": true })).await;
    add(&new_session(&guardian).await, &minor.body()).await.rejected(403, "minor_is_adult");
    let person: people::Person = serde_json::from_value(adult).unwrap();
    let subject = people::citizen(person, Language::El).await;
    let current = own(&subject).show_association().await.expect(200).json();
    assert_eq!(current["associated_at"], association["associated_at"], "the minor's association is now managed by the adult");
    own(&subject).dissociate().await.expect(204);
    own(&new_session(&guardian).await).submit(&code).await.rejected(403, "code_taken");
    own(&subject).submit(&code).await.expect(200);
}

#[tokio::test]
async fn a_code_submitted_for_a_minor_cannot_be_associated_with_the_guardian() {
    let (studio, guardian) = (fresh_photographer().await, fresh_citizen().await);
    let minor = minors::fresh(&guardian.person, &json!({})).await;
    let child = added(&guardian, &minor).await;
    let code = issue_by_sms(&studio, guardian.person.mobile()).await.code;
    // The code was submitted for the child, so the guardian cannot associate it for themselves.
    let version = acting(&guardian, &child).submit_and_confirm(&code).await;
    own(&guardian).associate(&version).await.rejected(404, "no_submission");
    acting(&guardian, &child).associate(&version).await.expect(201);
    own(&guardian).submit(&code).await.rejected(403, "code_taken");
}
