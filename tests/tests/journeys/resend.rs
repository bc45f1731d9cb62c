//! A code that did not arrive, or went to the wrong address, is sent again: within a day, three times, and never once associated.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{FileProfile, Language};
use journeys::{
    application::now,
    browser::{Problem, Response},
    citizen, inbox,
    people::{self, Visit, fresh_citizen, fresh_photographer},
    photographer::{self, To, alike_masked, both, face_only, resend_code, wait_until_sent},
    stack,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{aws, outbox};

/// Long enough for a second message to arrive, were one sent.
const SETTLED: Duration = Duration::from_secs(6);

/// The same call in both languages, refused in each.
async fn refused(visit: &Visit, upload_id: &str, body: &Value, status: u16, code: &str) -> Problem {
    let ask = async |language: Language| {
        let path = format!("/v1/photographer/issuances/{upload_id}/resend");
        let request = visit.browser.request(Method::POST, &path).header("accept-language", language.tag());
        request.json(body).send().await.refused(status, code)
    };
    let [greek, english] = [ask(Language::El).await, ask(Language::En).await];
    assert_ne!((&greek.title, &greek.detail), (&english.title, &english.detail));
    english
}

async fn someone() -> To {
    To::Mobile(people::fresh("citizen").await.mobile().to_owned())
}

/// A code of a face that has been sent.
async fn issue(studio: &Visit, to: &To) -> photographer::Issued {
    let issued = photographer::issue(studio, FileProfile::Standard, &face_only(), to, Language::El).await;
    wait_until_sent(studio, &issued.upload_id).await;
    issued
}

async fn next_code(to: &To, after: u64) -> String {
    inbox::code_message(to.address(), after).await.code()
}

fn resends(item: &Value) -> (i64, Vec<bool>) {
    let list = item["resends"]["list"].as_array().expect("a list");
    for one in list {
        assert!(one["at"].is_string());
    }
    (item["resends"]["left"].as_i64().expect("a number"), list.iter().map(|one| one["corrected"] == true).collect())
}

/// Sets numbers in the issuance, or in its message, by the account's owner.
async fn set(table: &str, key: &[(&str, &str)], path: &str, value: i64) {
    let mut update = aws::dynamodb(&aws::config().await).update_item().table_name(stack::variable(table));
    for (name, value) in key {
        update = update.key(*name, AttributeValue::S((*value).to_owned()));
    }
    let update = update.update_expression(format!("SET {path} = :value"));
    update.expression_attribute_values(":value", AttributeValue::N(value.to_string())).send().await.expect("an item that is there");
}

async fn message_of(upload_id: &str) -> String {
    let messages = outbox::messages_of(upload_id).await;
    assert_eq!(messages.len(), 1, "one message, and no old one beside it");
    messages[0].clone()
}

async fn business(studio: &Visit) -> String {
    journeys::staff::business_of(studio).await["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn the_same_message_goes_to_the_same_address_again_three_times_at_most() {
    let (studio, to) = (fresh_photographer().await, someone().await);
    let issued = issue(&studio, &to).await;
    for time in 1..=3_u32 {
        let before = inbox::last_seq(to.address()).await;
        // Said or not said, it is the same address.
        let said = (time == 2).then_some(&to);
        let view = resend_code(&studio, &issued.upload_id, said, None).await.expect(200).json();
        assert_eq!((&view["delivery"]["state"], &view["state"]), (&json!("queued"), &json!("queued")));
        assert_eq!(next_code(&to, before).await, issued.code, "the code stays the same");
        let item = wait_until_sent(&studio, &issued.upload_id).await;
        assert_eq!(resends(&item), (3 - i64::from(time), vec![false; time as usize]));
        assert_eq!((&item["issued_at"], &item["expires_at"]), (&issued.view["issued_at"], &issued.view["expires_at"]));
    }
    let problem = refused(&studio, &issued.upload_id, &json!({}), 409, "resend_exhausted").await;
    assert_eq!(problem.members["limit"], 3);
    let corrected = json!({ "recipient": { "kind": "email", "value": "other@example.gr" } });
    refused(&studio, &issued.upload_id, &corrected, 409, "resend_exhausted").await;
    tokio::time::sleep(SETTLED).await;
    assert_eq!(inbox::codes(to.address()).await.len(), 4, "each once");
    let visit = fresh_citizen().await;
    citizen::take(&visit, &issued.code).await;
}

#[tokio::test]
async fn a_corrected_address_gets_a_new_code_and_the_old_one_is_dead() {
    let (studio, wrong, visit) = (fresh_photographer().await, someone().await, fresh_citizen().await);
    let issued = photographer::issue(&studio, FileProfile::Standard, &both(), &wrong, Language::El).await;
    wait_until_sent(&studio, &issued.upload_id).await;
    let right = To::Email(visit.person.email());
    let view = resend_code(&studio, &issued.upload_id, Some(&right), None).await.expect(200).json();
    assert_eq!(view["recipient"]["kind"], "email");
    assert!(!view.to_string().contains(right.address()), "masked: {view}");
    let code = next_code(&right, 0).await;
    assert_ne!(code, issued.code);

    // Dead from that moment, in both languages.
    for language in [Language::El, Language::En] {
        let stranger = people::citizen(people::fresh("citizen").await, language).await;
        citizen::submit(&stranger, &issued.code).await.refused(404, "code_not_active");
    }
    let item = wait_until_sent(&studio, &issued.upload_id).await;
    assert_eq!(resends(&item), (2, vec![true]));
    assert_eq!((&item["issued_at"], &item["expires_at"]), (&issued.view["issued_at"], &issued.view["expires_at"]), "never moved");
    message_of(&issued.upload_id).await;

    let submitted = citizen::submit(&visit, &code).await.expect(200).json();
    assert_eq!(submitted["expires_at"], issued.view["expires_at"]);
    assert_eq!(submitted["images"].as_array().map(Vec::len), Some(2), "the same photos");
    citizen::take(&visit, &code).await;
    citizen::download(&visit).await.expect(200);
    tokio::time::sleep(SETTLED).await;
    assert_eq!((inbox::codes(wrong.address()).await.len(), inbox::codes(right.address()).await.len()), (1, 1));
}

#[tokio::test]
async fn another_language_is_another_message_and_so_another_code() {
    let (studio, to) = (fresh_photographer().await, someone().await);
    let issued = issue(&studio, &to).await;
    let before = inbox::last_seq(to.address()).await;
    let view = resend_code(&studio, &issued.upload_id, None, Some(Language::En)).await.expect(200).json();
    assert_eq!(view["language"], "en");
    let message = inbox::code_message(to.address(), before).await;
    assert!(!journeys::browser::has_greek(&message.text), "{}", message.text);
    assert_ne!(message.code(), issued.code);
    citizen::submit(&fresh_citizen().await, &issued.code).await.refused(404, "code_not_active");
}

#[tokio::test]
async fn an_address_that_only_looks_the_same_masked_is_another_one() {
    let studio = fresh_photographer().await;
    let number = people::fresh("citizen").await.mobile().to_owned();
    let issued = issue(&studio, &To::Mobile(number.clone())).await;
    let other = To::Mobile(alike_masked(&number));
    let view = resend_code(&studio, &issued.upload_id, Some(&other), None).await.expect(200).json();
    assert_eq!(view["recipient"], issued.view["recipient"], "masked they are alike");
    assert_eq!(resends(&view), (2, vec![true]));
    assert_ne!(next_code(&other, 0).await, issued.code);
}

#[tokio::test]
async fn a_pending_code_cannot_be_associated_after_it_was_replaced() {
    let (studio, to, visit) = (fresh_photographer().await, someone().await, fresh_citizen().await);
    let issued = issue(&studio, &to).await;
    let version = citizen::submit_and_confirm(&visit, &issued.code).await;
    let right = To::Email(visit.person.email());
    resend_code(&studio, &issued.upload_id, Some(&right), None).await.expect(200);
    citizen::associate(&visit, &version).await.refused(404, "code_not_active");
    citizen::show_association(&visit).await.refused(404, "nothing_associated");
    assert_eq!(photographer::listed(&studio, &issued.upload_id).await["associated"], false);
    citizen::take(&visit, &next_code(&right, 0).await).await;
}

#[tokio::test]
async fn what_is_associated_is_not_sent_again() {
    let (studio, to, visit) = (fresh_photographer().await, someone().await, fresh_citizen().await);
    let issued = issue(&studio, &to).await;
    citizen::take(&visit, &issued.code).await;
    let other = json!({ "recipient": { "kind": "email", "value": "other@example.gr" } });
    for body in [json!({}), other] {
        refused(&studio, &issued.upload_id, &body, 409, "resend_associated").await;
    }
    let item = photographer::listed(&studio, &issued.upload_id).await;
    assert_eq!((resends(&item), &item["state"]), ((0, Vec::new()), &json!("associated")));
    // What it was sent to is gone with the message; that it was sent is still known.
    photographer::issue_code(&studio, &issued.upload_id, &to, Language::El).await.expect(200);
    citizen::show_association(&visit).await.expect(200);
}

#[tokio::test]
async fn a_day_after_its_issue_it_is_too_late() {
    let (studio, to) = (fresh_photographer().await, someone().await);
    let (issued, business) = (issue(&studio, &to).await, business(&studio).await);
    let key = [("business", business.as_str()), ("upload_id", issued.upload_id.as_str())];
    set("ISSUANCES_TABLE", &key, "issued.issued_at", now() - 24 * 3600 + 30).await;
    resend_code(&studio, &issued.upload_id, None, None).await.expect(200);
    set("ISSUANCES_TABLE", &key, "issued.issued_at", now() - 24 * 3600).await;
    let problem = refused(&studio, &issued.upload_id, &json!({}), 409, "resend_too_late").await;
    assert!(problem.detail.contains("Upload the photos again"), "{}", problem.detail);
    assert_eq!(photographer::listed(&studio, &issued.upload_id).await["resends"]["left"], 0);
    // Nor without its message, should that be gone first.
    set("ISSUANCES_TABLE", &key, "issued.issued_at", now() - 3600).await;
    let message = message_of(&issued.upload_id).await;
    outbox::set(&message, &[("kept_until", now())]).await;
    refused(&studio, &issued.upload_id, &json!({}), 409, "resend_too_late").await;
}

#[tokio::test]
async fn a_message_in_the_senders_hands_is_left_there() {
    let (studio, to) = (fresh_photographer().await, someone().await);
    let issued = issue(&studio, &to).await;
    let message = message_of(&issued.upload_id).await;
    outbox::set(&message, &[("claimed_until", now() + 60)]).await;
    let other = json!({ "recipient": { "kind": "email", "value": "other@example.gr" } });
    for body in [json!({}), other] {
        refused(&studio, &issued.upload_id, &body, 409, "resend_in_progress").await;
    }
    assert_eq!(resends(&photographer::listed(&studio, &issued.upload_id).await), (3, Vec::new()), "and costs nothing");
}

#[tokio::test]
async fn what_is_not_the_businesss_or_not_issued_is_not_sent() {
    let (studio, other) = (fresh_photographer().await, fresh_photographer().await);
    let issued = issue(&studio, &someone().await).await;
    let begun = photographer::upload(&studio, FileProfile::Standard, &face_only()).await;
    for (visit, id) in [(&other, issued.upload_id.as_str()), (&studio, &begun), (&studio, "made-up")] {
        refused(visit, id, &json!({}), 404, "upload_unknown").await;
    }
    for (body, field, reason) in [
        (json!({ "recipient": { "kind": "mobile", "value": "2101234567" } }), "recipient.value", "invalid_mobile"),
        (json!({ "recipient": { "kind": "mobile", "value": "+447912345678" } }), "recipient.value", "invalid_mobile"),
        (json!({ "recipient": { "kind": "email", "value": "a@example.gr\r\nBcc: b@example.gr" } }), "recipient.value", "invalid_email"),
        (json!({ "recipient": { "kind": "email" } }), "recipient.value", "missing"),
        (json!({ "language": "fr" }), "language", "not_allowed"),
        (json!({ "to": "x" }), "to", "unknown"),
    ] {
        let problem = refused(&studio, &issued.upload_id, &body, 422, "invalid_field").await;
        assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!(field), &json!(reason)), "{body}");
    }
    assert_eq!(resends(&photographer::listed(&studio, &issued.upload_id).await), (3, Vec::new()));
}

fn won(answers: &[Response]) -> usize {
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        let problem = answer.problem();
        assert!(matches!((problem.status, problem.code.as_str()), (409, "conflict" | "resend_in_progress")), "{problem:?}");
    }
    answers.iter().filter(|answer| answer.status == 200).count()
}

#[tokio::test]
async fn corrected_twice_at_once_there_is_one_new_code() {
    let (studio, wrong) = (fresh_photographer().await, someone().await);
    let issued = issue(&studio, &wrong).await;
    let addresses = [someone().await, someone().await, someone().await];
    let calls = addresses.iter().map(|to| resend_code(&studio, &issued.upload_id, Some(to), None));
    let answers = futures_util::future::join_all(calls).await;
    // One after the other is two corrections, each of the one before: what must not be is two codes.
    let made = won(&answers);
    assert!(made >= 1);
    let item = wait_until_sent(&studio, &issued.upload_id).await;
    assert_eq!(resends(&item).1.len(), made);
    message_of(&issued.upload_id).await;
    tokio::time::sleep(SETTLED).await;
    let visit = fresh_citizen().await;
    let mut active = 0;
    for to in &addresses {
        for message in inbox::codes(to.address()).await {
            active += usize::from(citizen::submit(&visit, &message.code()).await.status == 200);
        }
    }
    assert_eq!(active, 1);
    citizen::submit(&visit, &issued.code).await.refused(404, "code_not_active");
}

#[tokio::test]
async fn sent_again_twice_at_once_it_is_sent_once() {
    let (studio, to) = (fresh_photographer().await, someone().await);
    let issued = issue(&studio, &to).await;
    let calls = (0..3).map(|_| resend_code(&studio, &issued.upload_id, None, None));
    let made = won(&futures_util::future::join_all(calls).await);
    let item = wait_until_sent(&studio, &issued.upload_id).await;
    assert_eq!(resends(&item).1.len(), made);
    tokio::time::sleep(SETTLED).await;
    assert_eq!(inbox::codes(to.address()).await.len(), 1 + made);
}
