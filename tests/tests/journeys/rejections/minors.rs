//! Rejections when minors are added, and when somebody acts for them.

use domain::minor::MINORS_PER_SESSION_MAX;
use journeys::{
    citizen::{acting, own},
    minors,
    people::{self, Visit, fresh_citizen, fresh_photographer},
    photographer::issue_by_sms,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{assert_rejected, clock};

async fn assert_minor_rejected(visit: &Visit, body: &Value, status: u16, code: &str) -> journeys::browser::Problem {
    assert_rejected(|| visit.browser.request(Method::POST, "/v1/minors").json(body), status, code).await
}

fn amka(value: &str) -> Value {
    json!({ "identifier": { "kind": "amka", "value": value } })
}

#[tokio::test]
async fn an_unknown_number_and_a_child_of_others_get_the_same_response() {
    let (visit, other) = (fresh_citizen().await, fresh_citizen().await);
    let child = minors::fresh(&other.person, &json!({ "afm": true })).await;
    let unknown = assert_minor_rejected(&visit, &amka("01018012342"), 403, "custody_not_confirmed").await;
    let of_others = assert_minor_rejected(&visit, &child.body(), 403, "custody_not_confirmed").await;
    assert_eq!(unknown.members, of_others.members);
    // A wrong AFM and the AMKA of an adult get the same response too, so the response does not reveal whether a number exists.
    let wrong_afm = json!({ "identifier": child.identifier(), "afm": visit.person.afm });
    assert_minor_rejected(&visit, &wrong_afm, 403, "custody_not_confirmed").await;
    assert_minor_rejected(&visit, &amka(other.person.amka.as_deref().expect("an AMKA")), 403, "custody_not_confirmed").await;
}

#[tokio::test]
async fn somebody_who_turned_18_is_rejected_even_if_the_register_still_names_a_guardian() {
    let visit = fresh_citizen().await;
    let adult = minors::fresh(&visit.person, &json!({})).await.change(&json!({ "adult": true })).await;
    let body = json!({ "identifier": { "kind": "amka", "value": adult["amka"] }, "afm": adult["afm"] });
    assert_minor_rejected(&visit, &body, 403, "minor_is_adult").await;
}

#[tokio::test]
async fn a_guardian_cannot_set_a_reminder_that_is_due_after_the_minor_turns_18() {
    // The photos expire in a year. The minor turns 18 in a month, so a reminder would be due after the birthday.
    let visit = fresh_citizen().await;
    let handle = minors::added(&visit, &minors::nearly_adult(&visit.person).await).await;
    let child = acting(&visit, &handle);
    child.take(&issue_by_sms(&fresh_photographer().await, visit.person.mobile()).await.code).await;
    let path = format!("/v1/subjects/{handle}/association/reminder");
    let body = json!({ "email": "guardian@example.gr", "language": "el" });
    assert_rejected(|| visit.browser.request(Method::PUT, &path).json(&body), 409, "reminder_when_adult").await;
}

#[tokio::test]
async fn all_numbers_of_a_minor_are_required_and_must_belong_to_one_person() {
    let visit = fresh_citizen().await;
    let with_afm = minors::fresh(&visit.person, &json!({ "afm": true })).await;
    let without = minors::fresh(&visit.person, &json!({})).await;
    assert_minor_rejected(&visit, &json!({ "identifier": with_afm.identifier() }), 422, "minor_afm_required").await;
    for minor in [&with_afm, &without] {
        let body = json!({ "identifier": minor.identifier(), "afm": visit.person.afm });
        assert_minor_rejected(&visit, &body, 422, "minor_numbers_differ").await;
    }
}

#[tokio::test]
async fn malformed_numbers_of_a_minor_are_rejected() {
    let visit = fresh_citizen().await;
    for (body, field) in [
        (amka("01018012346"), "identifier.value"),
        (json!({ "identifier": { "kind": "paaypa", "value": "1234" } }), "identifier.value"),
        (json!({ "identifier": { "kind": "amka", "value": "01018012342" }, "afm": "123456789" }), "afm"),
        (json!({ "identifier": { "kind": "afm", "value": "068933130" } }), "identifier.kind"),
        (json!({}), "identifier"),
    ] {
        let problem = assert_minor_rejected(&visit, &body, 422, "invalid_field").await;
        assert_eq!(problem.members["field"], field, "{body}");
    }
}

#[tokio::test]
async fn the_number_of_minors_in_a_session_is_limited() {
    let visit = fresh_citizen().await;
    for _ in 0..MINORS_PER_SESSION_MAX {
        let minor = minors::fresh(&visit.person, &json!({})).await;
        minors::added(&visit, &minor).await;
    }
    let one_more = minors::fresh(&visit.person, &json!({})).await;
    let problem = assert_minor_rejected(&visit, &one_more.body(), 409, "too_many_minors").await;
    assert_eq!(problem.members["limit"], MINORS_PER_SESSION_MAX);
}

#[tokio::test]
async fn no_minor_is_added_while_the_registers_are_unavailable() {
    let visit = fresh_citizen().await;
    let stelios = people::named("stelios").await;
    let body = amka(stelios.amka.as_deref().expect("an AMKA"));
    assert_minor_rejected(&visit, &body, 502, "registers_unavailable").await;
}

#[tokio::test]
async fn a_register_response_about_another_minor_adds_nobody() {
    let visit = fresh_citizen().await;
    let loukas = people::named("loukas").await;
    let body = amka(loukas.amka.as_deref().expect("an AMKA"));
    assert_minor_rejected(&visit, &body, 502, "registers_mismatch").await;
}

/// Creates a guardian who associated photos for a minor and dissociated them. Returns the guardian, the minor's handle and the code.
async fn dissociated_for_minor() -> (Visit, String, String) {
    let (studio, guardian) = (fresh_photographer().await, fresh_citizen().await);
    let minor = minors::fresh(&guardian.person, &json!({})).await;
    let handle = minors::added(&guardian, &minor).await;
    let code = issue_by_sms(&studio, guardian.person.mobile()).await.code;
    acting(&guardian, &handle).take(&code).await;
    acting(&guardian, &handle).dissociate().await.expect(204);
    (guardian, handle, code)
}

#[tokio::test]
async fn a_minor_who_turns_18_regains_a_code_that_a_guardian_has_submitted() {
    let (guardian, handle, code) = dissociated_for_minor().await;
    let child = acting(&guardian, &handle);
    let version = own(&guardian).submit_and_confirm(&code).await;
    clock::make_minors_adult(&guardian.browser).await;
    own(&guardian).associate(&version).await.rejected(403, "code_taken");
    child.show_association().await.rejected(403, "minor_is_adult");
}

/// A guardian who chose the wrong subject can correct this within a day of the first association. After that day, nobody can take a minor's
/// photos away from the minor.
#[tokio::test]
async fn a_day_after_the_first_association_the_photos_stay_with_the_first_subject() {
    let (guardian, handle, code) = dissociated_for_minor().await;
    let child = acting(&guardian, &handle);
    // Within the day, the guardian may associate the photos with themselves, even several times.
    own(&guardian).take(&code).await;
    own(&guardian).dissociate().await.expect(204);
    // The code is submitted within the day, but associated after it.
    let version = own(&guardian).submit_and_confirm(&code).await;
    clock::set_first_association_a_day_ago(&guardian.browser).await;
    own(&guardian).associate(&version).await.rejected(403, "code_taken");

    clock::age_first_association_by_a_day(&code).await;
    own(&guardian).submit(&code).await.rejected(403, "code_taken");
    child.take(&code).await;
}
