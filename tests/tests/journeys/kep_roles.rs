//! How a person becomes a KEP clerk at sign-in: the registers name the offices, and the person chooses one.

use domain::Language;
use journeys::{
    kep,
    people::{self, fresh},
};
use serde_json::{Value, json};

#[tokio::test]
async fn a_clerk_of_two_offices_chooses_one_and_can_change_to_the_other_or_to_citizen() {
    let [first, second] =
        [("KEP-0417", "ΚΕΠ Δήμου Ασπροχωρίου"), ("KEP-0418", "ΚΕΠ Δήμου Νέας Πηγής")].map(|(id, name)| json!({ "id": id, "name": name }));
    let person = fresh("kep_clerk").await.change(&json!({ "offices": [first, second] })).await;
    let (visit, session) = people::sign_in(person, Language::El).await;
    assert_eq!((&session["stage"], &session["offices"]), (&json!("role"), &json!([first, second])), "{session}");
    let clerk_at = |office: &Value| json!({ "kind": "kep_clerk", "office": office });
    assert_eq!(session["roles"], json!([{ "kind": "citizen" }, clerk_at(&first), clerk_at(&second)]));
    let choose = async |body: Value| visit.browser.put("/v1/session/role", &body).await;
    for office in [&first, &second] {
        let session = choose(json!({ "kind": "kep_clerk", "office": office["id"] })).await.expect(200).json();
        assert_eq!((&session["stage"], &session["role"]), (&json!("ready"), &clerk_at(office)), "{session}");
        assert!(session["consent"].is_null() && session["submissions_left"].is_null(), "{session}");
    }
    for office in ["KEP-0419", "", "../x"] {
        choose(json!({ "kind": "kep_clerk", "office": office })).await.rejected(403, "role_not_yours");
    }
    for (body, field, reason) in [
        (json!({ "kind": "kep_clerk" }), "office", "missing"),
        (json!({ "kind": "kep_clerk", "business": "b" }), "business", "unknown"),
        (json!({ "kind": "citizen", "office": "KEP-0417" }), "office", "unknown"),
        (json!({ "kind": "photographer", "business": "b", "office": "KEP-0417" }), "office", "unknown"),
    ] {
        let problem = choose(body).await.rejected(422, "invalid_field");
        assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!(field), &json!(reason)));
    }
    people::choose_citizen(visit, session).await;
}

#[tokio::test]
async fn a_photographer_who_is_a_clerk_too_has_three_roles() {
    let office = json!({ "id": "KEP-0418", "name": "ΚΕΠ Δήμου Νέας Πηγής" });
    let person = fresh("photographer").await.change(&json!({ "offices": [office] })).await;
    let (_, session) = people::sign_in(person, Language::El).await;
    let kinds: Vec<&Value> = session["roles"].as_array().expect("roles").iter().map(|role| &role["kind"]).collect();
    assert_eq!((kinds, &session["stage"]), (vec![&json!("citizen"), &json!("photographer"), &json!("kep_clerk")], &json!("role")));
}

#[tokio::test]
async fn before_the_one_time_password_nothing_tells_that_a_person_is_a_clerk() {
    let visit = people::sign_in_until_otp(fresh("kep_clerk").await, Language::El).await;
    let session = visit.browser.get("/v1/session").await.expect(200).json();
    assert_eq!((&session["stage"], &session["offices"], &session["roles"]), (&json!("otp"), &json!([]), &json!([])), "{session}");
}

#[tokio::test]
async fn a_clerk_whose_authorisation_has_ended_cannot_sign_in_as_one() {
    let office = json!({ "id": "KEP-0417", "name": "ΚΕΠ Δήμου Ασπροχωρίου", "until": "2025-06-30" });
    let person = fresh("kep_clerk").await.change(&json!({ "offices": [office] })).await;
    let (visit, session) = people::sign_in(person, Language::El).await;
    assert_eq!(session["offices"], json!([]));
    let choose = json!({ "kind": "kep_clerk", "office": "KEP-0417" });
    visit.browser.put("/v1/session/role", &choose).await.rejected(403, "role_not_yours");
    people::choose_citizen(visit, session).await;

    // The clerk's authorisation ends between two sign-ins.
    let person = fresh("kep_clerk").await;
    let first = kep::clerk(person.clone()).await;
    let office = first.browser.get("/v1/session").await.expect(200).json()["role"]["office"].clone();
    let ended = json!({ "offices": [{ "id": office["id"], "name": office["name"], "until": "2025-06-30" }] });
    person.change(&ended).await;
    let (second, session) = people::sign_in(person, Language::El).await;
    assert_eq!((&session["offices"], &session["role"]["kind"]), (&json!([]), &json!("citizen")), "{session}");
    let choose = json!({ "kind": "kep_clerk", "office": office["id"] });
    second.browser.put("/v1/session/role", &choose).await.rejected(403, "role_not_yours");
}

#[tokio::test]
async fn if_the_register_of_clerks_fails_the_sign_in_continues_without_offices() {
    for behaviour in ["fail", "slow", "mixed", "unknown"] {
        let person = fresh("kep_clerk").await;
        person.change(&json!({ "clerk_register": behaviour })).await;
        let (visit, session) = people::sign_in(person, Language::El).await;
        assert_eq!((&session["offices"], &session["role"]["kind"]), (&json!([]), &json!("citizen")), "{behaviour}: {session}");
        people::choose_citizen(visit, session).await;
    }
}

#[tokio::test]
async fn a_clerk_closes_the_case_before_changing_roles() {
    let (clerk, person) = (kep::fresh_clerk().await, fresh("citizen").await);
    let case = kep::opened(&clerk, &person).await;
    let citizen = json!({ "kind": "citizen" });
    clerk.browser.put("/v1/session/role", &citizen).await.rejected(409, "case_open");
    kep::close(&clerk, &case).await.expect(204);
    clerk.browser.put("/v1/session/role", &citizen).await.expect(200);
}
