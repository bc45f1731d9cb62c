//! Tests the language of the SMS to the person at the counter of a KEP. The clerk chooses the language when a case is opened.

use domain::{Language, quota::Quota};
use journeys::{
    browser::has_greek,
    inbox,
    kep::{self, APPLICATION_NUMBER, CASES, OpenCase},
    people::{Person, Visit, fresh},
    stack,
};
use serde_json::{Value, json};
use storage::quotas::{Quotas, Use};

use crate::{
    aws,
    kep::{expire, now, send_messages, stored_session},
};

/// Returns the body for `open_case` with this language.
fn request_in(language: &Value, person: &Person) -> Value {
    let mut body = kep::request_for(person);
    body["language"] = language.clone();
    body
}

/// Returns whether a text has Greek letters besides the name of the office.
fn is_greek(text: &str, case: &OpenCase) -> bool {
    let office = case.view["office"]["name"].as_str().expect("a name");
    assert!(text.contains(office), "{text}");
    has_greek(&text.replace(office, ""))
}

/// Returns the last SMS to a person.
async fn last_message(person: &Person) -> String {
    inbox::messages(person.mobile(), 0).await.pop().expect("an SMS").text
}

/// Runs the function that sends messages about ended cases. Returns the message to this person about their case.
async fn end_message(person: &Person) -> String {
    send_messages().await;
    let is_about_case = |message: &inbox::Message| message.text.contains(APPLICATION_NUMBER);
    inbox::wait_for(person.mobile(), 0, is_about_case, inbox::PATIENCE).await.text
}

/// Sends another one-time password. Returns the text of its message, and the case with the new password.
async fn resent(clerk: &Visit, person: &Person, case: OpenCase) -> (String, OpenCase) {
    let before = inbox::last_seq(person.mobile()).await;
    let view = clerk.browser.post(&case.path("/presence/resend"), &json!({})).await.expect(200).json();
    let otp = inbox::otp(person.mobile(), before).await;
    (last_message(person).await, OpenCase { otp, view, ..case })
}

#[tokio::test]
async fn in_a_case_in_english_the_password_and_the_message_at_the_end_are_english() {
    // The clerk's own language is Greek.
    let (clerk, person) = (kep::fresh_clerk().await, fresh("citizen").await);
    let case = kep::opened_with(&clerk, &person, &request_in(&json!("en"), &person)).await;
    assert_eq!(case.view["language"], "en", "{}", case.view);
    let first = last_message(&person).await;
    assert!(first.contains("Tell it only to the clerk") && !is_greek(&first, &case), "{first}");
    let (second, case) = resent(&clerk, &person, case).await;
    assert!(second.contains("Tell it only to the clerk") && !is_greek(&second, &case), "{second}");
    assert_eq!(case.view["language"], "en", "{}", case.view);
    let ready = kep::make_ready(&clerk, &case).await;
    assert_eq!(ready["language"], "en", "{ready}");
    kep::close(&clerk, &case).await.expect(204);
    let last = end_message(&person).await;
    assert!(last.contains("agreement to the text on personal data") && last.contains("tell the KEP") && !is_greek(&last, &case), "{last}");
    assert_eq!(kep::end_messages(&person).await.len(), 1, "the message is sent once");
}

#[tokio::test]
async fn the_message_about_a_case_in_english_that_expires_is_english() {
    let (clerk, person) = (kep::fresh_clerk().await, fresh("citizen").await);
    let case = kep::opened_with(&clerk, &person, &request_in(&json!("en"), &person)).await;
    kep::confirm(&clerk, &case, &case.otp).await.expect(200);
    expire(&clerk).await;
    let last = end_message(&person).await;
    assert!(last.contains("nothing was done for you") && !is_greek(&last, &case), "{last}");
}

#[tokio::test]
async fn without_a_choice_the_messages_are_greek_whatever_the_language_of_the_clerk() {
    let mut clerk = kep::fresh_clerk().await;
    clerk.browser.language = Language::En;
    // The next case does not take over the language of an earlier case.
    let foreigner = fresh("citizen").await;
    let english = kep::opened_with(&clerk, &foreigner, &request_in(&json!("en"), &foreigner)).await;
    kep::close(&clerk, &english).await.expect(204);
    for explicit in [false, true] {
        let person = fresh("citizen").await;
        let body = if explicit { request_in(&json!("el"), &person) } else { kep::request_for(&person) };
        let case = kep::opened_with(&clerk, &person, &body).await;
        assert_eq!(case.view["language"], "el", "{}", case.view);
        let first = last_message(&person).await;
        assert!(first.contains("μόνο στον υπάλληλο") && is_greek(&first, &case), "{first}");
        let (second, case) = resent(&clerk, &person, case).await;
        assert!(second.contains("μόνο στον υπάλληλο"), "{second}");
        let ready = kep::make_ready(&clerk, &case).await;
        assert_eq!(ready["language"], "el", "{ready}");
        kep::close(&clerk, &case).await.expect(204);
        let last = end_message(&person).await;
        assert!(last.contains("συγκατάθεση για τα προσωπικά δεδομένα") && last.contains("ενημερώστε το ΚΕΠ"), "{last}");
    }
}

#[tokio::test]
async fn a_case_in_another_language_is_rejected_and_sends_and_counts_nothing() {
    let (clerk, person) = (kep::fresh_clerk().await, fresh("citizen").await);
    for (language, reason) in [
        (json!("fr"), "not_allowed"),
        (json!("EN"), "not_allowed"),
        (json!("el-GR"), "not_allowed"),
        (json!(""), "not_allowed"),
        (json!(1), "wrong_type"),
        (json!(null), "wrong_type"),
        (json!(["en"]), "wrong_type"),
    ] {
        let problem = clerk.browser.post(CASES, &request_in(&language, &person)).await.rejected(422, "invalid_field");
        assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!("language"), &json!(reason)), "{language}");
    }
    assert!(inbox::messages(person.mobile(), 0).await.is_empty());
    let session = stored_session(&clerk).await;
    let quotas = Quotas::new(aws::dynamodb(&aws::config().await), stack::variable("QUOTAS_TABLE"));
    let used = quotas.use_one(Quota::Cases, &session.subject_id, "the first case", now()).await.expect("a response");
    assert_eq!(used, Use::WithinLimit { used: 1 });
}
