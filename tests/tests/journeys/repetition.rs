//! Repeated and concurrent calls. A call that is repeated after a lost response has no second effect. Of two concurrent calls, one
//! succeeds, and the other is rejected or gets the same response.

use std::{collections::BTreeSet, time::Duration};

use domain::{CodeNumber, FileProfile, Language, time::Span};
use futures_util::future::join_all;
use journeys::{
    browser::{Browser, SESSION_COOKIE},
    citizen, inbox, midnight,
    people::{self, fresh_citizen, fresh_photographer},
    photographer::{self, To, both},
};
use serde_json::{Value, json};

/// Time within which a second message would arrive if one were sent.
const SECOND_MESSAGE_WAIT: Duration = Duration::from_secs(6);

/// Removes the state of delivery, which may change between two responses.
fn without_delivery(mut view: Value) -> Value {
    for member in ["delivery", "state"] {
        view.as_object_mut().expect("an issuance").remove(member).expect(member);
    }
    view
}

#[tokio::test]
async fn issuing_again_returns_the_same_response_and_sends_no_second_message() {
    let (studio, person) = (fresh_photographer().await, people::fresh("citizen").await);
    let to = To::Mobile(person.mobile().to_owned());
    let upload_id = photographer::upload(&studio, FileProfile::Standard, &both()).await;
    let first = photographer::issue_code(&studio, &upload_id, &to, Language::El).await.expect(201).json();
    for _ in 0..3 {
        let again = photographer::issue_code(&studio, &upload_id, &to, Language::El).await.expect(200).json();
        assert_eq!(without_delivery(again), without_delivery(first.clone()));
    }
    inbox::code_message(to.address(), 0).await;
    tokio::time::sleep(SECOND_MESSAGE_WAIT).await;
    assert_eq!(inbox::codes(to.address()).await.len(), 1);
    let other = To::Email(person.email());
    photographer::issue_code(&studio, &upload_id, &other, Language::El).await.rejected(409, "issuance_conflict");
}

#[tokio::test]
async fn concurrent_issuances_of_one_upload_create_one_code_and_one_message() {
    let (studio, person) = (fresh_photographer().await, people::fresh("citizen").await);
    let to = To::Mobile(person.mobile().to_owned());
    let upload_id = photographer::upload(&studio, FileProfile::Standard, &both()).await;
    let calls = (0..6).map(|_| photographer::issue_code(&studio, &upload_id, &to, Language::El));
    let mut views = BTreeSet::new();
    let mut created = 0;
    for response in join_all(calls).await {
        match response.status {
            201 => {
                created += 1;
                views.insert(without_delivery(response.json()).to_string());
            }
            200 => {
                views.insert(without_delivery(response.json()).to_string());
            }
            _ => {
                response.rejected(409, "conflict");
            }
        }
    }
    assert_eq!((created, views.len()), (1, 1), "{views:?}");
    inbox::code_message(to.address(), 0).await;
    tokio::time::sleep(SECOND_MESSAGE_WAIT).await;
    let messages = inbox::codes(to.address()).await;
    assert_eq!(messages.len(), 1);
    let visit = people::citizen(person, Language::El).await;
    citizen::take(&visit, &messages[0].code()).await;
}

#[tokio::test]
async fn every_call_of_a_citizen_may_be_repeated() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let issued = photographer::issue_by_sms(&studio, visit.person.mobile()).await;

    let submitted = citizen::submit(&visit, &issued.code).await.expect(200).json();
    assert_eq!(citizen::submit(&visit, &issued.code).await.expect(200).json(), submitted);
    for _ in 0..2 {
        citizen::reject(&visit).await.expect(204);
    }
    citizen::submit(&visit, &issued.code).await.expect(200);
    let confirmed = citizen::confirm(&visit).await.expect(200).json();
    assert_eq!(citizen::confirm(&visit).await.expect(200).json(), confirmed);
    let version = &confirmed["consent"]["version"];
    let associated = citizen::associate(&visit, version).await.expect(201).json();
    assert_eq!(citizen::associate(&visit, version).await.expect(200).json(), associated);
    assert_eq!(citizen::show_association(&visit).await.expect(200).json(), associated);

    let token = visit.browser.cookie(SESSION_COOKIE).expect("a session");
    visit.browser.delete("/v1/session").await.expect(200);
    visit.browser.delete("/v1/session").await.expect(200);
    visit.browser.put_cookie(SESSION_COOKIE, &token);
    visit.browser.delete("/v1/session").await.expect(200);
}

#[tokio::test]
async fn agreeing_and_choosing_a_role_may_be_repeated() {
    let (visit, session) = people::sign_in(people::fresh("photographer").await, Language::El).await;
    assert_eq!(session["stage"], "role");
    let role = json!({ "kind": "citizen" });
    let chosen = visit.browser.put("/v1/session/role", &role).await.expect(200).json();
    let stable = |session: &Value| (session["stage"].clone(), session["role"].clone(), session["consent"].clone());
    assert_eq!(stable(&visit.browser.put("/v1/session/role", &role).await.expect(200).json()), stable(&chosen));
    let consent = json!({ "version": chosen["consent"]["version"], "agree": true });
    let agreed = visit.browser.post("/v1/session/consent", &consent).await.expect(200).json();
    assert_eq!(agreed["stage"], "ready");
    assert_eq!(stable(&visit.browser.post("/v1/session/consent", &consent).await.expect(200).json()), stable(&agreed));
}

#[tokio::test]
async fn repeating_the_otp_after_a_lost_response_gives_the_same_session() {
    let visit = people::sign_in_until_otp(people::fresh("citizen").await, Language::El).await;
    let without_response = visit.browser.twin();
    let session = people::enter_otp(&visit.browser, &visit.otp).await.expect(200).json();
    let again = people::enter_otp(&without_response, &visit.otp).await.expect(200).json();
    assert_eq!((&again["person"], &again["stage"]), (&session["person"], &session["stage"]));
    let token = |browser: &Browser| browser.cookie(SESSION_COOKIE).expect("a session");
    assert_eq!(token(&without_response), token(&visit.browser));
    without_response.get("/v1/session").await.expect(200);
}

#[tokio::test]
async fn the_right_password_on_the_last_try_may_be_entered_again_too() {
    let visit = people::sign_in_until_otp(people::fresh("citizen").await, Language::El).await;
    let wrong = if visit.otp == "000000" { "000001" } else { "000000" };
    for _ in 0..2 {
        people::enter_otp(&visit.browser, wrong).await.rejected(422, "otp_wrong");
    }
    let twin = visit.browser.twin();
    let first = people::enter_otp(&twin, &visit.otp).await.expect(200);
    let again = people::enter_otp(&visit.browser, &visit.otp).await.expect(200);
    assert_eq!(first.json(), again.json());
    assert_eq!(twin.cookie(SESSION_COOKIE), visit.browser.cookie(SESSION_COOKIE));
    visit.browser.get("/v1/session").await.expect(200);
}

#[tokio::test]
async fn the_session_token_from_before_the_otp_is_invalid_afterwards() {
    let visit = people::sign_in_until_otp(people::fresh("citizen").await, Language::El).await;
    let before = visit.browser.twin();
    people::enter_otp(&visit.browser, &visit.otp).await.expect(200);
    assert_ne!(before.cookie(SESSION_COOKIE), visit.browser.cookie(SESSION_COOKIE));
    before.get("/v1/session").await.rejected(401, "session_expired");
    before.get("/v1/subjects/self/association").await.rejected(401, "session_expired");
}

#[tokio::test]
async fn the_right_otp_entered_concurrently_gives_one_session() {
    let visit = people::sign_in_until_otp(people::fresh("citizen").await, Language::El).await;
    let tabs: Vec<Browser> = (0..3).map(|_| visit.browser.twin()).collect();
    let responses = join_all(tabs.iter().map(|tab| people::enter_otp(tab, &visit.otp))).await;
    let mut tokens = BTreeSet::new();
    for (tab, response) in tabs.iter().zip(&responses) {
        match response.status {
            200 => {
                tokens.insert(tab.cookie(SESSION_COOKIE).expect("a session"));
            }
            _ => {
                response.rejected(409, "conflict");
            }
        }
    }
    assert_eq!(tokens.len(), 1);
}

#[tokio::test]
async fn a_repeated_callback_from_taxisnet_does_not_affect_the_first_sign_in() {
    let browser = Browser::new(Language::En);
    let person = people::fresh("citizen").await;
    let page = people::begin_sign_in(&browser).await;
    let back = people::press(&page, ("afm", &person.afm)).await;
    let second = browser.twin();
    browser.get(&back).await.expect(303);
    second.get(&back).await.rejected(400, "sign_in_state");
    let otp = inbox::otp(person.mobile(), 0).await;
    people::enter_otp(&browser, &otp).await.expect(200);
}

#[tokio::test]
async fn one_code_associated_by_two_people_at_once_has_one_owner() {
    let (studio, one, other) = (fresh_photographer().await, fresh_citizen().await, fresh_citizen().await);
    let issued = photographer::issue_by_sms(&studio, one.person.mobile()).await;
    let version = citizen::submit_and_confirm(&one, &issued.code).await;
    citizen::submit_and_confirm(&other, &issued.code).await;
    let (first, second) = tokio::join!(citizen::associate(&one, &version), citizen::associate(&other, &version));
    let (loser, rejection) = match (first.status, second.status) {
        (201, _) => (&other, second),
        (_, 201) => (&one, first),
        _ => panic!("{} and {}", first.text(), second.text()),
    };
    let problem = rejection.problem();
    assert!(matches!((problem.status, problem.code.as_str()), (409, "association_raced" | "conflict")), "{problem:?}");
    citizen::show_association(loser).await.rejected(404, "nothing_associated");
    citizen::submit(loser, &issued.code).await.rejected(403, "code_taken");
}

#[tokio::test]
async fn two_codes_associated_by_one_person_at_once_leave_one_association() {
    let (studio, person) = (fresh_photographer().await, people::fresh("citizen").await);
    let mut visits = Vec::new();
    let mut version = Value::Null;
    for _ in 0..2 {
        let visit = people::citizen(person.clone(), Language::El).await;
        let issued = photographer::issue_by_sms(&studio, person.mobile()).await;
        version = citizen::submit_and_confirm(&visit, &issued.code).await;
        visits.push(visit);
    }
    let responses = join_all(visits.iter().map(|visit| citizen::associate(visit, &version))).await;
    let (won, lost): (Vec<_>, Vec<_>) = responses.into_iter().partition(|response| response.status == 201);
    assert_eq!(won.len(), 1);
    let problem = lost[0].problem();
    assert!(matches!((problem.status, problem.code.as_str()), (409, "association_exists" | "conflict")), "{problem:?}");
    assert_eq!(citizen::show_association(&visits[0]).await.expect(200).json(), won[0].json());
}

#[tokio::test]
async fn concurrent_repetitions_of_an_association_create_it_once() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let issued = photographer::issue_by_sms(&studio, visit.person.mobile()).await;
    let version = citizen::submit_and_confirm(&visit, &issued.code).await;
    let responses = join_all((0..3).map(|_| citizen::associate(&visit, &version))).await;
    assert_eq!(responses.iter().filter(|response| response.status == 201).count(), 1);
    let association = citizen::show_association(&visit).await.expect(200).json();
    for response in responses {
        match response.status {
            200 | 201 => assert_eq!(response.json(), association),
            _ => {
                response.rejected(409, "conflict");
            }
        }
    }
}

#[tokio::test]
async fn of_twenty_codes_submitted_at_once_exactly_five_are_accepted() {
    midnight::avoid(Span::minutes(3)).await;
    let visit = fresh_citizen().await;
    let codes: Vec<String> =
        (0..20).map(|_| CodeNumber::draw(|bytes| aws_lc_rs::rand::fill(bytes)).expect("randomness").expose()).collect();
    let responses = join_all(codes.iter().map(|code| citizen::submit(&visit, code))).await;
    let (accepted, rejected): (Vec<_>, Vec<_>) = responses.into_iter().partition(|response| response.status == 404);
    for response in &accepted {
        response.rejected(404, "code_not_active");
    }
    for response in &rejected {
        response.rejected(429, "submissions_exhausted");
    }
    assert_eq!((accepted.len(), rejected.len()), (5, 15));
    assert_eq!(visit.browser.get("/v1/session").await.expect(200).json()["submissions_left"], 0);
}
