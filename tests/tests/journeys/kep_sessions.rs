//! A case at a KEP and the clerk's sessions and tabs. A case ends with the session in which it was opened. If a tab still shows an earlier
//! case, its next request is rejected because that case is over.

use domain::{Language, Moment, kep::message_due_at};
use journeys::{
    citizen::acting,
    inbox, kep, minors,
    people::{self, Person, fresh},
    stack,
};
use serde_json::{Value, json};
use storage::reminders::Reminders;

use crate::{
    aws,
    case_messages::due_messages,
    kep::{send_messages, stored_case, stored_session},
};

/// Asserts that the person's log of cases has exactly one case, and that this case ended before `expires_at`.
async fn assert_ended_early(person: &Person, expires_at: Moment) {
    let home = people::citizen(person.clone(), Language::El).await;
    let [case] = kep::case_log(&home).await.try_into().expect("one case");
    let ended = case["ended_at"].as_str().unwrap_or_else(|| panic!("the case is still open: {case}"));
    assert!(ended < expires_at.rfc3339().as_str(), "{ended} is when its time is over: {case}");
}

#[tokio::test]
async fn a_case_ends_with_the_session_and_the_person_gets_the_message_at_once() {
    let (clerk, person) = (kep::fresh_clerk().await, fresh("citizen").await);
    let case = kep::ready(&clerk, &person).await;
    let stored = stored_case(&stored_session(&clerk).await);
    let before = clerk.browser.twin();
    clerk.browser.delete("/v1/session").await.expect(200);
    kep::show(&clerk, &case).await.rejected(401, "no_session");
    before.get(&case.path("")).await.rejected(401, "session_expired");
    assert_ended_early(&person, stored.expires_at).await;
    send_messages().await;
    inbox::wait_for(person.mobile(), 0, |one| one.text.contains("Αίτηση"), inbox::PATIENCE).await;
    // A second sign-out changes nothing. The message about the case was to be sent after the case's expiry. The first sign-out replaced it
    // by a message that is due at once, so no message is left for the time after the expiry.
    before.delete("/v1/session").await.expect(200);
    let reminders = Reminders::new(aws::dynamodb(&aws::config().await), stack::variable("REMINDERS_TABLE"));
    let due = due_messages(&reminders, message_due_at(stored.expires_at)).await;
    assert!(!due.iter().any(|item| item.record == stored.record));
    assert_eq!(kep::end_messages(&person).await.len(), 1, "the message is sent once");
}

#[tokio::test]
async fn a_new_sign_in_in_the_same_browser_ends_the_case_of_the_session_before() {
    let (clerk, person) = (kep::fresh_clerk().await, fresh("citizen").await);
    kep::ready(&clerk, &person).await;
    let stored = stored_case(&stored_session(&clerk).await);
    people::through_taxisnet(&clerk.browser, &clerk.person).await.expect(303);
    assert_ended_early(&person, stored.expires_at).await;
    send_messages().await;
    inbox::wait_for(person.mobile(), 0, |one| one.text.contains("Αίτηση"), inbox::PATIENCE).await;
}

#[tokio::test]
async fn signing_out_before_the_presence_is_proven_ends_the_case_without_a_message() {
    let (clerk, person) = (kep::fresh_clerk().await, fresh("citizen").await);
    kep::opened(&clerk, &person).await;
    let stored = stored_case(&stored_session(&clerk).await);
    clerk.browser.delete("/v1/session").await.expect(200);
    assert_ended_early(&person, stored.expires_at).await;
    send_messages().await;
    assert!(kep::end_messages(&person).await.is_empty());
}

#[tokio::test]
async fn a_clerk_with_two_sessions_has_one_case_at_a_time() {
    let (clerk, first, second) = (kep::fresh_clerk().await, fresh("citizen").await, fresh("citizen").await);
    let other = kep::clerk(clerk.person.clone()).await;
    let case = kep::opened(&clerk, &first).await;
    let asked = inbox::last_seq(second.mobile()).await;
    kep::open(&other, &second).await.rejected(409, "case_open");
    assert_eq!(inbox::last_seq(second.mobile()).await, asked, "the second person got no password");
    kep::show(&other, &case).await.rejected(409, "case_over");
    kep::close(&clerk, &case).await.expect(204);
    let case = kep::opened(&other, &second).await;
    kep::open(&clerk, &first).await.rejected(409, "case_open");
    // Signing out closes the case, so the clerk can serve the next person in the other browser.
    other.browser.delete("/v1/session").await.expect(200);
    kep::show(&clerk, &case).await.rejected(409, "case_over");
    kep::opened(&clerk, &first).await;
}

#[tokio::test]
async fn of_two_sessions_of_a_clerk_one_opens_a_case() {
    let (clerk, first, second) = (kep::fresh_clerk().await, fresh("citizen").await, fresh("citizen").await);
    let other = kep::clerk(clerk.person.clone()).await;
    let (one, another) = tokio::join!(kep::open(&clerk, &first), kep::open(&other, &second));
    let mut statuses = [one.status, another.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409], "{} {}", one.text(), another.text());
    let lost = if one.status == 201 { another } else { one };
    lost.rejected(409, "case_open");
}

#[tokio::test]
async fn a_tab_of_an_earlier_case_learns_that_it_is_over_at_every_stage_of_the_current_one() {
    let (clerk, first, second) = (kep::fresh_clerk().await, fresh("citizen").await, fresh("citizen").await);
    let earlier = kep::ready(&clerk, &first).await;
    kep::close(&clerk, &earlier).await.expect(204);
    let current = kep::opened(&clerk, &second).await;
    let minor = minors::fresh(&second, &json!({})).await;
    let with_case = |mut body: Value, case: &kep::OpenCase| {
        body["case"] = json!(case.handle);
        body
    };
    let agreement = json!({ "version": domain::consent::PERSONAL_DATA_VERSION, "agree": true });
    for stage in ["presence_not_proven", "consent_required"] {
        acting(&clerk, &earlier.handle).show_association().await.rejected(409, "case_over");
        clerk.browser.post("/v1/minors", &with_case(minor.body(), &earlier)).await.rejected(409, "case_over");
        clerk.browser.post("/v1/session/consent", &with_case(agreement.clone(), &earlier)).await.rejected(409, "case_over");
        // Requests with the handle of the current case are rejected with the problem code of the missing step.
        acting(&clerk, &current.handle).show_association().await.rejected(403, stage);
        clerk.browser.post("/v1/minors", &with_case(minor.body(), &current)).await.rejected(403, stage);
        if stage == "presence_not_proven" {
            clerk.browser.post("/v1/session/consent", &with_case(agreement.clone(), &current)).await.rejected(403, stage);
            kep::confirm(&clerk, &current, &current.otp).await.expect(200);
        }
    }
}
