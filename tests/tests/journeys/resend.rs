//! Resending a code that did not arrive or went to the wrong address. This is possible within a day, at most three times, and not after the
//! code was associated.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{FileProfile, Language};
use journeys::{
    application::now,
    browser::{Problem, Response},
    citizen, inbox,
    people::{self, Visit, fresh_citizen, fresh_photographer},
    photographer::{self, To, both, face_only, number_with_the_same_mask, resend_code, wait_until_sent},
    stack,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{aws, outbox};

/// Time within which a second message would arrive if one were sent.
const SECOND_MESSAGE_WAIT: Duration = Duration::from_secs(6);

/// Requests a resend in Greek and in English, and checks that both are rejected with this status and problem code. Returns the problem in
/// English.
async fn assert_rejected(visit: &Visit, upload_id: &str, body: &Value, status: u16, code: &str) -> Problem {
    let call = async |language: Language| {
        let path = format!("/v1/photographer/issuances/{upload_id}/resend");
        let request = visit.browser.request(Method::POST, &path).header("accept-language", language.tag());
        request.json(body).send().await.rejected(status, code)
    };
    let [greek, english] = [call(Language::El).await, call(Language::En).await];
    assert_ne!((&greek.title, &greek.detail), (&english.title, &english.detail));
    english
}

async fn someone() -> To {
    To::Mobile(people::fresh("citizen").await.mobile().to_owned())
}

/// Issues a code for a face and waits until it has been sent.
async fn issue(studio: &Visit, to: &To) -> photographer::Issued {
    let issued = photographer::issue(studio, FileProfile::Standard, &face_only(), to, Language::El).await;
    wait_until_sent(studio, &issued.upload_id).await;
    issued
}

async fn next_code(to: &To, after: u64) -> String {
    inbox::code_message(to.address(), after).await.code()
}

/// Returns the number of remaining resends, and whether each past resend was a correction.
fn resends(item: &Value) -> (i64, Vec<bool>) {
    let list = item["resends"]["list"].as_array().expect("a list");
    for one in list {
        assert!(one["at"].is_string());
    }
    (item["resends"]["left"].as_i64().expect("a number"), list.iter().map(|one| one["corrected"] == true).collect())
}

/// Sets a number in an item of a table.
async fn set(table: &str, key: &[(&str, &str)], path: &str, value: i64) {
    let mut update = aws::dynamodb(&aws::config().await).update_item().table_name(stack::variable(table));
    for (name, value) in key {
        update = update.key(*name, AttributeValue::S((*value).to_owned()));
    }
    let update = update.update_expression(format!("SET {path} = :value"));
    update.expression_attribute_values(":value", AttributeValue::N(value.to_string())).send().await.expect("an existing item");
}

/// Returns the id of the upload's only message.
async fn message_of(upload_id: &str) -> String {
    let messages = outbox::messages_of(upload_id).await;
    assert_eq!(messages.len(), 1, "the upload should have one message");
    messages[0].clone()
}

async fn business(studio: &Visit) -> String {
    journeys::staff::business_of(studio).await["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_code_can_be_resent_to_the_same_address_at_most_three_times() {
    let (studio, to) = (fresh_photographer().await, someone().await);
    let issued = issue(&studio, &to).await;
    for time in 1..=3_u32 {
        let before = inbox::last_seq(to.address()).await;
        // Stating the same address explicitly is not a correction.
        let recipient = (time == 2).then_some(&to);
        let view = resend_code(&studio, &issued.upload_id, recipient, None).await.expect(200).json();
        assert_eq!((&view["delivery"]["state"], &view["state"]), (&json!("queued"), &json!("queued")));
        assert_eq!(next_code(&to, before).await, issued.code, "the code stays the same");
        let item = wait_until_sent(&studio, &issued.upload_id).await;
        assert_eq!(resends(&item), (3 - i64::from(time), vec![false; time as usize]));
        assert_eq!((&item["issued_at"], &item["expires_at"]), (&issued.view["issued_at"], &issued.view["expires_at"]));
    }
    let problem = assert_rejected(&studio, &issued.upload_id, &json!({}), 409, "resend_exhausted").await;
    assert_eq!(problem.members["limit"], 3);
    let corrected = json!({ "recipient": { "kind": "email", "value": "other@example.gr" } });
    assert_rejected(&studio, &issued.upload_id, &corrected, 409, "resend_exhausted").await;
    tokio::time::sleep(SECOND_MESSAGE_WAIT).await;
    assert_eq!(inbox::codes(to.address()).await.len(), 4, "each message should arrive once");
    let visit = fresh_citizen().await;
    citizen::take(&visit, &issued.code).await;
}

#[tokio::test]
async fn a_corrected_address_gets_a_new_code_and_the_old_one_is_invalid() {
    let (studio, wrong, visit) = (fresh_photographer().await, someone().await, fresh_citizen().await);
    let issued = photographer::issue(&studio, FileProfile::Standard, &both(), &wrong, Language::El).await;
    wait_until_sent(&studio, &issued.upload_id).await;
    let right = To::Email(visit.person.email());
    let view = resend_code(&studio, &issued.upload_id, Some(&right), None).await.expect(200).json();
    assert_eq!(view["recipient"]["kind"], "email");
    assert!(!view.to_string().contains(right.address()), "the address should be masked: {view}");
    let code = next_code(&right, 0).await;
    assert_ne!(code, issued.code);

    // The old code is invalid at once.
    for language in [Language::El, Language::En] {
        let stranger = people::citizen(people::fresh("citizen").await, language).await;
        citizen::submit(&stranger, &issued.code).await.rejected(404, "code_not_active");
    }
    let item = wait_until_sent(&studio, &issued.upload_id).await;
    assert_eq!(resends(&item), (2, vec![true]));
    assert_eq!(
        (&item["issued_at"], &item["expires_at"]),
        (&issued.view["issued_at"], &issued.view["expires_at"]),
        "a correction does not change the expiry"
    );
    message_of(&issued.upload_id).await;

    let submitted = citizen::submit(&visit, &code).await.expect(200).json();
    assert_eq!(submitted["expires_at"], issued.view["expires_at"]);
    assert_eq!(submitted["images"].as_array().map(Vec::len), Some(2), "the same photos");
    citizen::take(&visit, &code).await;
    citizen::download(&visit).await.expect(200);
    tokio::time::sleep(SECOND_MESSAGE_WAIT).await;
    assert_eq!((inbox::codes(wrong.address()).await.len(), inbox::codes(right.address()).await.len()), (1, 1));
}

#[tokio::test]
async fn a_resend_in_another_language_creates_a_new_code() {
    let (studio, to) = (fresh_photographer().await, someone().await);
    let issued = issue(&studio, &to).await;
    let before = inbox::last_seq(to.address()).await;
    let view = resend_code(&studio, &issued.upload_id, None, Some(Language::En)).await.expect(200).json();
    assert_eq!(view["language"], "en");
    let message = inbox::code_message(to.address(), before).await;
    assert!(!journeys::browser::has_greek(&message.text), "{}", message.text);
    assert_ne!(message.code(), issued.code);
    citizen::submit(&fresh_citizen().await, &issued.code).await.rejected(404, "code_not_active");
}

#[tokio::test]
async fn a_resend_to_an_address_that_looks_the_same_masked_is_a_correction() {
    let studio = fresh_photographer().await;
    let number = people::fresh("citizen").await.mobile().to_owned();
    let issued = issue(&studio, &To::Mobile(number.clone())).await;
    let other = To::Mobile(number_with_the_same_mask(&number));
    let view = resend_code(&studio, &issued.upload_id, Some(&other), None).await.expect(200).json();
    assert_eq!(view["recipient"], issued.view["recipient"], "both look the same masked");
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
    citizen::associate(&visit, &version).await.rejected(404, "code_not_active");
    citizen::show_association(&visit).await.rejected(404, "nothing_associated");
    assert_eq!(photographer::listed(&studio, &issued.upload_id).await["associated"], false);
    citizen::take(&visit, &next_code(&right, 0).await).await;
}

#[tokio::test]
async fn an_associated_code_is_not_resent() {
    let (studio, to, visit) = (fresh_photographer().await, someone().await, fresh_citizen().await);
    let issued = issue(&studio, &to).await;
    citizen::take(&visit, &issued.code).await;
    let other = json!({ "recipient": { "kind": "email", "value": "other@example.gr" } });
    for body in [json!({}), other] {
        assert_rejected(&studio, &issued.upload_id, &body, 409, "resend_associated").await;
    }
    let item = photographer::listed(&studio, &issued.upload_id).await;
    assert_eq!((resends(&item), &item["state"]), ((0, Vec::new()), &json!("associated")));
    // The recipient is deleted with the message. A repeated issuance succeeds nevertheless, because the history still shows that a code was
    // issued.
    photographer::issue_code(&studio, &issued.upload_id, &to, Language::El).await.expect(200);
    citizen::show_association(&visit).await.expect(200);
}

#[tokio::test]
async fn a_code_cannot_be_resent_a_day_after_its_issue() {
    let (studio, to) = (fresh_photographer().await, someone().await);
    let (issued, business) = (issue(&studio, &to).await, business(&studio).await);
    let key = [("business", business.as_str()), ("upload_id", issued.upload_id.as_str())];
    set("ISSUANCES_TABLE", &key, "issued.issued_at", now() - 24 * 3600 + 30).await;
    resend_code(&studio, &issued.upload_id, None, None).await.expect(200);
    set("ISSUANCES_TABLE", &key, "issued.issued_at", now() - 24 * 3600).await;
    let problem = assert_rejected(&studio, &issued.upload_id, &json!({}), 409, "resend_too_late").await;
    assert!(problem.detail.contains("Upload the photos again"), "{}", problem.detail);
    assert_eq!(photographer::listed(&studio, &issued.upload_id).await["resends"]["left"], 0);
    // Even within 24 hours of the issue, a resend is rejected if the retention period of the message has ended.
    set("ISSUANCES_TABLE", &key, "issued.issued_at", now() - 3600).await;
    let message = message_of(&issued.upload_id).await;
    outbox::set(&message, &[("kept_until", now())]).await;
    assert_rejected(&studio, &issued.upload_id, &json!({}), 409, "resend_too_late").await;
}

#[tokio::test]
async fn a_message_that_is_being_sent_cannot_be_resent() {
    let (studio, to) = (fresh_photographer().await, someone().await);
    let issued = issue(&studio, &to).await;
    let message = message_of(&issued.upload_id).await;
    outbox::set(&message, &[("claimed_until", now() + 60)]).await;
    let other = json!({ "recipient": { "kind": "email", "value": "other@example.gr" } });
    for body in [json!({}), other] {
        assert_rejected(&studio, &issued.upload_id, &body, 409, "resend_in_progress").await;
    }
    assert_eq!(resends(&photographer::listed(&studio, &issued.upload_id).await), (3, Vec::new()), "a rejected resend does not count");
}

#[tokio::test]
async fn only_issued_uploads_of_the_business_can_be_resent() {
    let (studio, other) = (fresh_photographer().await, fresh_photographer().await);
    let issued = issue(&studio, &someone().await).await;
    let unissued = photographer::upload(&studio, FileProfile::Standard, &face_only()).await;
    for (visit, id) in [(&other, issued.upload_id.as_str()), (&studio, &unissued), (&studio, "made-up")] {
        assert_rejected(visit, id, &json!({}), 404, "upload_unknown").await;
    }
    for (body, field, reason) in [
        (json!({ "recipient": { "kind": "mobile", "value": "2101234567" } }), "recipient.value", "invalid_mobile"),
        (json!({ "recipient": { "kind": "mobile", "value": "+447912345678" } }), "recipient.value", "invalid_mobile"),
        (json!({ "recipient": { "kind": "email", "value": "a@example.gr\r\nBcc: b@example.gr" } }), "recipient.value", "several_values"),
        (json!({ "recipient": { "kind": "email" } }), "recipient.value", "missing"),
        (json!({ "language": "fr" }), "language", "not_allowed"),
        (json!({ "to": "x" }), "to", "unknown"),
    ] {
        let problem = assert_rejected(&studio, &issued.upload_id, &body, 422, "invalid_field").await;
        assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!(field), &json!(reason)), "{body}");
    }
    assert_eq!(resends(&photographer::listed(&studio, &issued.upload_id).await), (3, Vec::new()));
}

/// Returns the number of successful responses. All others must be conflicts.
fn count_successful(responses: &[Response]) -> usize {
    for response in responses.iter().filter(|response| response.status != 200) {
        let problem = response.problem();
        assert!(matches!((problem.status, problem.code.as_str()), (409, "conflict" | "resend_in_progress")), "{problem:?}");
    }
    responses.iter().filter(|response| response.status == 200).count()
}

#[tokio::test]
async fn concurrent_corrections_leave_one_active_code() {
    let (studio, wrong) = (fresh_photographer().await, someone().await);
    let issued = issue(&studio, &wrong).await;
    let addresses = [someone().await, someone().await, someone().await];
    let calls = addresses.iter().map(|to| resend_code(&studio, &issued.upload_id, Some(to), None));
    let responses = futures_util::future::join_all(calls).await;
    // More than one correction may succeed, because each correction replaces the code of the previous one. There must never be two active
    // codes.
    let successful = count_successful(&responses);
    assert!(successful >= 1);
    let item = wait_until_sent(&studio, &issued.upload_id).await;
    assert_eq!(resends(&item).1.len(), successful);
    message_of(&issued.upload_id).await;
    tokio::time::sleep(SECOND_MESSAGE_WAIT).await;
    let visit = fresh_citizen().await;
    let mut active = 0;
    for to in &addresses {
        for message in inbox::codes(to.address()).await {
            active += usize::from(citizen::submit(&visit, &message.code()).await.status == 200);
        }
    }
    assert_eq!(active, 1);
    citizen::submit(&visit, &issued.code).await.rejected(404, "code_not_active");
}

#[tokio::test]
async fn each_accepted_concurrent_resend_sends_one_message() {
    let (studio, to) = (fresh_photographer().await, someone().await);
    let issued = issue(&studio, &to).await;
    let calls = (0..3).map(|_| resend_code(&studio, &issued.upload_id, None, None));
    let successful = count_successful(&futures_util::future::join_all(calls).await);
    let item = wait_until_sent(&studio, &issued.upload_id).await;
    assert_eq!(resends(&item).1.len(), successful);
    tokio::time::sleep(SECOND_MESSAGE_WAIT).await;
    assert_eq!(inbox::codes(to.address()).await.len(), 1 + successful);
}
