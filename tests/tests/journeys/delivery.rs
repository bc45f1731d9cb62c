//! A code that cannot be sent now is sent later; nothing is lost, nothing is sent twice, and nobody waits for somebody else's.
//!
//! The sweep runs each minute: these tests mostly wait.

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

/// A failed attempt is repeated after 15 seconds or more, by the next sweep, which may take a minute to come.
const NEXT_ATTEMPT: Duration = Duration::from_secs(120);

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

/// Whether a record that woke the sender for this message is still there, a moment after it has done so.
async fn holds_wake_of(message_id: &str) -> bool {
    tokio::time::sleep(Duration::from_secs(2)).await;
    let found = items_where("OUTBOX_TABLE", "begins_with(message_id, :value)", &format!("wake#{message_id}")).await;
    !found.is_empty()
}

/// Fails once: shown as not yet sent, then sent, once.
async fn fails_once(to: To, error: &str) {
    let studio = fresh_photographer().await;
    inbox::fail(to.address(), &json!(1), error).await;
    let upload_id = issue(&studio, &to).await;
    let failed = photographer::wait_until_listed(&studio, &upload_id, attempted(1), inbox::PATIENCE).await;
    assert_queued(&failed, 1);
    let message = outbox::messages_of(&upload_id).await.remove(0);
    assert!(inbox::codes(to.address()).await.is_empty());

    let sent = photographer::wait_until_listed(&studio, &upload_id, |item| item["delivery"]["state"] == "sent", NEXT_ATTEMPT).await;
    assert_eq!(sent["delivery"]["attempts"], 2);
    assert!(sent["delivery"]["sent_at"].is_string());
    assert_eq!((&sent["issued_at"], &sent["expires_at"]), (&failed["issued_at"], &failed["expires_at"]), "delays never move the end");
    assert!(!holds_wake_of(&message).await, "what woke the sender is gone");
    // Another sweep passes and sends nothing more.
    tokio::time::sleep(Duration::from_secs(65)).await;
    let messages = inbox::codes(to.address()).await;
    assert_eq!(messages.len(), 1);
    let visit = people::citizen(people::fresh("citizen").await, Language::El).await;
    journeys::citizen::submit(&visit, &messages[0].code()).await.expect(200);
}

#[tokio::test]
async fn an_sms_that_cannot_be_sent_shows_as_not_yet_sent_and_is_sent_once_it_can_be() {
    let person = people::fresh("citizen").await;
    fails_once(To::Mobile(person.mobile().to_owned()), "internal_error").await;
}

#[tokio::test]
async fn an_email_that_cannot_be_sent_shows_as_not_yet_sent_and_is_sent_once_it_can_be() {
    let person = people::fresh("citizen").await;
    fails_once(To::Email(person.email()), "throttling").await;
}

#[tokio::test]
async fn a_message_that_can_never_be_sent_holds_up_no_other_and_is_tried_again() {
    let (studio, person) = (fresh_photographer().await, people::fresh("citizen").await);
    let (never, good) = (To::Email(person.email()), To::Mobile(person.mobile().to_owned()));
    inbox::fail(never.address(), &json!("always"), "rejected").await;
    let lost = issue(&studio, &never).await;
    let next = issue(&studio, &good).await;
    inbox::code_message(good.address(), 0).await;
    photographer::wait_until_listed(&studio, &next, |item| item["delivery"]["state"] == "sent", inbox::PATIENCE).await;
    photographer::wait_until_listed(&studio, &lost, attempted(2), NEXT_ATTEMPT).await;
    assert_queued(&photographer::listed(&studio, &lost).await, 2);
    assert!(inbox::codes(never.address()).await.is_empty());
    // A later one to somebody else is not held up either.
    let other = To::Mobile(people::fresh("citizen").await.mobile().to_owned());
    issue(&studio, &other).await;
    inbox::code_message(other.address(), 0).await;
}

#[tokio::test]
async fn a_message_that_cannot_be_read_holds_up_no_other() {
    let studio = fresh_photographer().await;
    let client = aws::dynamodb(&aws::config().await);
    let (table, message_id) = (stack::variable("OUTBOX_TABLE"), AttributeValue::S(storage::random_id().expect("randomness")));
    let day_over = now() + 86_400;
    let number = |value: i64| AttributeValue::N(value.to_string());
    // Without what is sealed: an item of no shape that we write.
    let put =
        client.put_item().table_name(&table).item("message_id", message_id.clone()).item("state", AttributeValue::S("queued".to_owned()));
    let put = put.item("attempts", number(0)).item("next_at", number(day_over)).item("kept_until", number(day_over));
    put.send().await.expect("the account's owner may");
    let to = To::Mobile(people::fresh("citizen").await.mobile().to_owned());
    issue(&studio, &to).await;
    let arrived = tokio::time::timeout(Duration::from_secs(25), inbox::code_message(to.address(), 0)).await;
    client.delete_item().table_name(&table).key("message_id", message_id).send().await.expect("the account's owner may");
    arrived.expect("the next one arrives");
}

/// A message of no upload: the history in which what becomes of it would be noted is gone. `attempts` of it were made.
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
    let part = Outbox::new(client.clone(), stack::variable("OUTBOX_TABLE")).put_part(&item).expect("a part");
    Transaction::new(client).with(part).commit().await.expect("written");
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
async fn a_message_whose_history_is_gone_is_not_sent_again_and_again() {
    let to = people::fresh("citizen").await.mobile().to_owned();
    let message = message_without_history(&to, 0).await;
    inbox::code_message(&to, 0).await;
    assert_eq!(wait_until_settled(&message).await, "sent");
}

#[tokio::test]
async fn a_message_of_whose_attempts_nothing_could_be_noted_is_given_up_unsent() {
    let to = people::fresh("citizen").await.mobile().to_owned();
    let message = message_without_history(&to, u32::try_from(ATTEMPTS).expect("few")).await;
    assert_eq!(wait_until_settled(&message).await, "failed");
    assert!(inbox::codes(&to).await.is_empty());
}

/// Two hundred of them would stand before all others in each run.
#[tokio::test]
async fn a_message_that_cannot_be_read_is_not_the_first_to_be_looked_at_for_ever() {
    let client = aws::dynamodb(&aws::config().await);
    let (table, message_id) = (stack::variable("OUTBOX_TABLE"), AttributeValue::S(storage::random_id().expect("randomness")));
    let number = |value: i64| AttributeValue::N(value.to_string());
    let put = client.put_item().table_name(&table).item("message_id", message_id.clone());
    let put = put.item("due", AttributeValue::S("due".to_owned())).item("next_at", number(now() - 1_000));
    put.send().await.expect("the account's owner may");
    let next_at = async || {
        let get = client.get_item().table_name(&table).key("message_id", message_id.clone()).send();
        let item = get.await.expect("the account's owner may").item.expect("it stays until its end");
        item["next_at"].as_n().ok().and_then(|text| text.parse::<i64>().ok()).expect("a time")
    };
    let mut seen = next_at().await;
    for _ in 0..90 {
        if seen > now() {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        seen = next_at().await;
    }
    client.delete_item().table_name(&table).key("message_id", message_id.clone()).send().await.expect("the account's owner may");
    assert!((now() + 3_500..now() + 3_700).contains(&seen), "{seen}");
}

#[tokio::test]
async fn many_messages_at_once_all_arrive_once() {
    let studio = fresh_photographer().await;
    let mut waiting = Vec::new();
    for _ in 0..8 {
        let to = To::Mobile(people::fresh("citizen").await.mobile().to_owned());
        waiting.push((photographer::upload(&studio, FileProfile::Standard, &both()).await, to));
    }
    let calls = waiting.iter().map(|(upload_id, to)| photographer::issue_code(&studio, upload_id, to, Language::El));
    for answer in futures_util::future::join_all(calls).await {
        answer.expect(201);
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

/// Twenty-four hours pass for one message: what the sweep would find then, written now by the account's owner.
async fn end_day_of(upload_id: &str) {
    let messages = outbox::messages_of(upload_id).await;
    assert_eq!(messages.len(), 1, "it is kept for its day, so that it can be sent again");
    outbox::set(&messages[0], &[("kept_until", now()), ("next_at", now())]).await;
}

async fn wait_until_gone(upload_id: &str) {
    let began = Instant::now();
    while !outbox::messages_of(upload_id).await.is_empty() {
        assert!(began.elapsed() < NEXT_ATTEMPT, "the message is still there");
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

#[tokio::test]
async fn a_message_that_could_not_be_sent_in_its_day_has_failed_and_is_gone() {
    let studio = fresh_photographer().await;
    let to = To::Mobile(people::fresh("citizen").await.mobile().to_owned());
    inbox::fail(to.address(), &json!("always"), "rejected").await;
    let upload_id = issue(&studio, &to).await;
    photographer::wait_until_listed(&studio, &upload_id, attempted(1), inbox::PATIENCE).await;
    end_day_of(&upload_id).await;
    let failed = photographer::wait_until_listed(&studio, &upload_id, |item| item["delivery"]["state"] == "failed", NEXT_ATTEMPT).await;
    assert!(failed["delivery"]["sent_at"].is_null());
    wait_until_gone(&upload_id).await;
    assert!(inbox::codes(to.address()).await.is_empty());
}

#[tokio::test]
async fn a_message_that_was_sent_is_kept_for_its_day_and_then_gone() {
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
