//! Delivery of codes. A message that could not be sent is retried, no message is lost or sent twice, and a failing message does not delay
//! others.
//!
//! These tests spend most of their time waiting, because the sweep, which triggers retries, runs only once a minute.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{CodeNumber, FileProfile, Language, Moment, Recipient, business::BusinessId, delivery::ATTEMPTS, recipient::GreekMobile};
use journeys::{
    application::now,
    inbox,
    people::{self, Visit, fresh_photographer},
    photographer::{self, To, both},
    stack,
};
use serde_json::{Value, json};
use storage::{
    Transaction,
    kms::KmsKey,
    outbox::{Message, Outbox, OutboxItem},
    sealing::RecipientHasher,
};

use crate::{aws, items::items_where, outbox};

/// Timeout for the next attempt. A failed message is due again after at least 15 seconds, and the sweep, which sends due messages, runs
/// once a minute.
const NEXT_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(120);

async fn issue(studio: &Visit, to: &To) -> String {
    let upload_id = photographer::upload(studio, FileProfile::Standard, &both()).await;
    let view = photographer::issue_code(studio, &upload_id, to, Language::El).await.expect(201).json();
    assert_queued(&view, 0);
    upload_id
}

fn assert_queued(view: &Value, attempts: u64) {
    let delivery = &view["delivery"];
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("queued"), &json!(attempts)));
    assert!(delivery["sent_at"].is_null(), "{delivery}");
}

fn attempted(times: u64) -> impl Fn(&Value) -> bool {
    move |item| item["delivery"]["attempts"].as_u64().expect("a count") >= times
}

/// Waits two seconds. Returns whether the table still has the wake record of this message. The sender was called because this record was
/// written.
async fn has_wake_record(message_id: &str) -> bool {
    tokio::time::sleep(Duration::from_secs(2)).await;
    let found = items_where("OUTBOX_TABLE", "begins_with(message_id, :value)", &format!("wake#{message_id}")).await;
    !found.is_empty()
}

/// Checks that a message whose first attempt fails is shown as queued and is then sent once.
async fn check_one_failure(to: To, error: &str) {
    let studio = fresh_photographer().await;
    inbox::fail(to.address(), &json!(1), error).await;
    let upload_id = issue(&studio, &to).await;
    let failed = photographer::wait_until_listed(&studio, &upload_id, attempted(1), inbox::PATIENCE).await;
    assert_queued(&failed, 1);
    let message = outbox::messages_of(&upload_id).await.remove(0);
    assert!(inbox::codes(to.address()).await.is_empty());

    let sent = photographer::wait_until_listed(&studio, &upload_id, |item| item["delivery"]["state"] == "sent", NEXT_ATTEMPT_TIMEOUT).await;
    assert_eq!(sent["delivery"]["attempts"], 2);
    assert!(sent["delivery"]["sent_at"].is_string());
    assert_eq!(
        (&sent["issued_at"], &sent["expires_at"]),
        (&failed["issued_at"], &failed["expires_at"]),
        "a delay does not change the expiry"
    );
    assert!(!has_wake_record(&message).await, "the record that woke the sender is deleted");
    // The next sweep does not send the message again.
    tokio::time::sleep(Duration::from_secs(65)).await;
    let messages = inbox::codes(to.address()).await;
    assert_eq!(messages.len(), 1);
    let visit = people::citizen(people::fresh("citizen").await, Language::El).await;
    journeys::citizen::submit(&visit, &messages[0].code()).await.expect(200);
}

#[tokio::test]
async fn a_failed_sms_is_shown_as_queued_and_sent_by_a_later_attempt() {
    let person = people::fresh("citizen").await;
    check_one_failure(To::Mobile(person.mobile().to_owned()), "internal_error").await;
}

#[tokio::test]
async fn a_failed_email_is_shown_as_queued_and_sent_by_a_later_attempt() {
    let person = people::fresh("citizen").await;
    check_one_failure(To::Email(person.email()), "throttling").await;
}

#[tokio::test]
async fn a_message_that_always_fails_is_retried_and_delays_no_other() {
    let (studio, person) = (fresh_photographer().await, people::fresh("citizen").await);
    let (never, good) = (To::Email(person.email()), To::Mobile(person.mobile().to_owned()));
    inbox::fail(never.address(), &json!("always"), "rejected").await;
    let failing = issue(&studio, &never).await;
    let next = issue(&studio, &good).await;
    inbox::code_message(good.address(), 0).await;
    photographer::wait_until_listed(&studio, &next, |item| item["delivery"]["state"] == "sent", inbox::PATIENCE).await;
    photographer::wait_until_listed(&studio, &failing, attempted(2), NEXT_ATTEMPT_TIMEOUT).await;
    assert_queued(&photographer::listed(&studio, &failing).await, 2);
    assert!(inbox::codes(never.address()).await.is_empty());
    // The failing message does not delay a later message to somebody else.
    let other = To::Mobile(people::fresh("citizen").await.mobile().to_owned());
    issue(&studio, &other).await;
    inbox::code_message(other.address(), 0).await;
}

#[tokio::test]
async fn an_unreadable_message_delays_no_other() {
    let studio = fresh_photographer().await;
    let client = aws::dynamodb(&aws::config().await);
    let (table, message_id) = (stack::variable("OUTBOX_TABLE"), AttributeValue::S(storage::random_id().expect("randomness")));
    let day_over = now() + 86_400;
    let number = |value: i64| AttributeValue::N(value.to_string());
    // An item without sealed content. The service never writes such an item.
    let put =
        client.put_item().table_name(&table).item("message_id", message_id.clone()).item("state", AttributeValue::S("queued".to_owned()));
    let put = put.item("attempts", number(0)).item("next_at", number(day_over)).item("kept_until", number(day_over));
    put.send().await.expect("access to the table");
    let to = To::Mobile(people::fresh("citizen").await.mobile().to_owned());
    issue(&studio, &to).await;
    let arrived = tokio::time::timeout(Duration::from_secs(25), inbox::code_message(to.address(), 0)).await;
    client.delete_item().table_name(&table).key("message_id", message_id).send().await.expect("access to the table");
    arrived.expect("the next message arrives");
}

/// Writes a message that has failed `attempts` times. Its upload has no row in the history. Returns the message's id.
async fn message_without_history(to: &str, attempts: u32) -> String {
    let config = aws::config().await;
    let (client, kms) = (aws::dynamodb(&config), KmsKey::new(&config, stack::variable("OUTBOX_KEY")));
    let later = Moment::from_epoch_seconds(now() + 86_400);
    let code = CodeNumber::draw(|bytes| aws_lc_rs::rand::fill(bytes)).expect("randomness");
    let recipient = Recipient::Mobile(GreekMobile::parse(to).expect("a number"));
    let message = Message::new(recipient, &code, Language::El, later);
    let [id, business, upload] = [(); 3].map(|()| storage::random_id().expect("randomness"));
    let (hasher, business) = (RecipientHasher::new("a secret"), BusinessId::from_hash(business));
    let item = OutboxItem::seal(&kms, &hasher, id.clone(), &message, &business, &upload, Moment::from_epoch_seconds(now())).await;
    let mut item = serde_json::to_value(item.expect("sealed")).expect("an item");
    item["attempts"] = attempts.into();
    item["next_at"] = now().into();
    let item: OutboxItem = serde_json::from_value(item).expect("an item");
    let write = Outbox::new(client.clone(), stack::variable("OUTBOX_TABLE")).put_write(&item).expect("a write");
    Transaction::new(client).with(write).commit().await.expect("written");
    id
}

async fn state_of(message_id: &str) -> String {
    let found = items_where("OUTBOX_TABLE", "message_id = :value", message_id).await;
    found[0]["state"].as_s().expect("a state").clone()
}

async fn wait_until_settled(message_id: &str) -> String {
    for _ in 0..100 {
        let state = state_of(message_id).await;
        if state != "queued" {
            return state;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("{message_id} is still queued");
}

#[tokio::test]
async fn a_message_without_a_history_row_is_sent_once() {
    let to = people::fresh("citizen").await.mobile().to_owned();
    let message = message_without_history(&to, 0).await;
    inbox::code_message(&to, 0).await;
    assert_eq!(wait_until_settled(&message).await, "sent");
}

#[tokio::test]
async fn a_message_without_a_history_row_fails_unsent_once_its_attempts_are_used_up() {
    let to = people::fresh("citizen").await.mobile().to_owned();
    let message = message_without_history(&to, u32::try_from(ATTEMPTS).expect("a small number")).await;
    assert_eq!(wait_until_settled(&message).await, "failed");
    assert!(inbox::codes(&to).await.is_empty());
}

/// If the sweep did not postpone unreadable messages, it would read them before all others in each run. Two hundred of them would then use
/// up `SWEEP_MESSAGES_MAX`.
#[tokio::test]
async fn an_unreadable_message_is_postponed_by_an_hour() {
    let client = aws::dynamodb(&aws::config().await);
    let (table, message_id) = (stack::variable("OUTBOX_TABLE"), AttributeValue::S(storage::random_id().expect("randomness")));
    let number = |value: i64| AttributeValue::N(value.to_string());
    let put = client.put_item().table_name(&table).item("message_id", message_id.clone());
    let put = put.item("due", AttributeValue::S("due".to_owned())).item("next_at", number(now() - 1_000));
    put.send().await.expect("access to the table");
    let next_at = async || {
        let get = client.get_item().table_name(&table).key("message_id", message_id.clone()).send();
        let item = get.await.expect("access to the table").item.expect("the item is not deleted before its expiry");
        item["next_at"].as_n().ok().and_then(|text| text.parse::<i64>().ok()).expect("a time")
    };
    let mut postponed_to = next_at().await;
    for _ in 0..90 {
        if postponed_to > now() {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        postponed_to = next_at().await;
    }
    client.delete_item().table_name(&table).key("message_id", message_id.clone()).send().await.expect("access to the table");
    assert!((now() + 3_500..now() + 3_700).contains(&postponed_to), "{postponed_to}");
}

#[tokio::test]
async fn many_concurrent_messages_each_arrive_once() {
    let studio = fresh_photographer().await;
    let mut waiting = Vec::new();
    for _ in 0..8 {
        let to = To::Mobile(people::fresh("citizen").await.mobile().to_owned());
        waiting.push((photographer::upload(&studio, FileProfile::Standard, &both()).await, to));
    }
    let calls = waiting.iter().map(|(upload_id, to)| photographer::issue_code(&studio, upload_id, to, Language::El));
    for response in futures_util::future::join_all(calls).await {
        response.expect(201);
    }
    let mut codes = std::collections::BTreeSet::new();
    for (_, to) in &waiting {
        codes.insert(inbox::code_message(to.address(), 0).await.code());
    }
    assert_eq!(codes.len(), waiting.len());
    tokio::time::sleep(Duration::from_secs(5)).await;
    for (_, to) in &waiting {
        assert_eq!(inbox::codes(to.address()).await.len(), 1);
    }
}

/// Makes a message 24 hours old by changing its item, so that the sweep deletes it.
async fn end_day_of(upload_id: &str) {
    let messages = outbox::messages_of(upload_id).await;
    assert_eq!(messages.len(), 1, "a message is retained for a day, so that it can be sent again");
    outbox::set(&messages[0], &[("kept_until", now()), ("next_at", now())]).await;
}

async fn wait_until_gone(upload_id: &str) {
    let began = Instant::now();
    while !outbox::messages_of(upload_id).await.is_empty() {
        assert!(began.elapsed() < NEXT_ATTEMPT_TIMEOUT, "the message is still there");
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

#[tokio::test]
async fn a_message_unsent_after_a_day_fails_and_is_deleted() {
    let studio = fresh_photographer().await;
    let to = To::Mobile(people::fresh("citizen").await.mobile().to_owned());
    inbox::fail(to.address(), &json!("always"), "rejected").await;
    let upload_id = issue(&studio, &to).await;
    photographer::wait_until_listed(&studio, &upload_id, attempted(1), inbox::PATIENCE).await;
    end_day_of(&upload_id).await;
    let failed =
        photographer::wait_until_listed(&studio, &upload_id, |item| item["delivery"]["state"] == "failed", NEXT_ATTEMPT_TIMEOUT).await;
    assert!(failed["delivery"]["sent_at"].is_null());
    wait_until_gone(&upload_id).await;
    assert!(inbox::codes(to.address()).await.is_empty());
}

#[tokio::test]
async fn a_sent_message_is_retained_for_a_day_and_then_deleted() {
    let studio = fresh_photographer().await;
    let to = To::Email(people::fresh("citizen").await.email());
    let upload_id = issue(&studio, &to).await;
    photographer::wait_until_listed(&studio, &upload_id, |item| item["delivery"]["state"] == "sent", inbox::PATIENCE).await;
    end_day_of(&upload_id).await;
    wait_until_gone(&upload_id).await;
    let listed = photographer::listed(&studio, &upload_id).await;
    assert_eq!(listed["delivery"]["state"], "sent");
    assert_eq!(inbox::codes(to.address()).await.len(), 1);
}
