//! Messages with a code, reminders, and SMS.

use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use domain::{
    CodeNumber, Language, Moment, Recipient,
    delivery::{CLAIM, DeliveryState},
    recipient::GreekMobile,
    retention::MESSAGE_RETENTION,
    time::Span,
};
use journeys::stack;
use sending::Sms;
use storage::{
    outbox::{Due, Message, Outbox, OutboxItem, woken},
    reminders::{About, Address, Listed, Page, ReminderItem, Reminders, slots},
    sealing::RecipientHasher,
    transaction::TransactWrite,
};

use crate::{LATER, NOW, aws, business, commit, dynamodb, id, kms, rejected_writes};

/// ID of an attempt to send the message.
const SENDING: &str = "sending";

fn mobile() -> Recipient {
    Recipient::Mobile(GreekMobile::parse("6900000001").unwrap())
}

async fn outbox() -> Outbox {
    Outbox::new(dynamodb().await, stack::variable("OUTBOX_TABLE"))
}

async fn write(write: Result<TransactWrite, storage::StorageError>) {
    commit(&dynamodb().await, [write.unwrap()]).await.unwrap();
}

/// Seals a message that failed once and is due again at `NOW`. A new message would not be suitable, because the stack's sender would send
/// it at once.
async fn message() -> OutboxItem {
    let code = CodeNumber::from_bytes([5; 16]);
    let message = Message::new(mobile(), &code, Language::El, LATER);
    let item = OutboxItem::seal(&kms("OUTBOX_KEY").await, &RecipientHasher::new("a secret"), id(), &message, &business(), "upload", NOW)
        .await
        .unwrap();
    let mut item = serde_json::to_value(item).unwrap();
    item["attempts"] = 1.into();
    item["next_at"] = NOW.epoch_seconds().into();
    serde_json::from_value(item).unwrap()
}

/// Returns when a message is due, or `None` if it is not due by `now`. Reads up to 5,000 entries of the index, because the tests' messages
/// are due decades after all others and therefore come last.
async fn due(outbox: &Outbox, message: &OutboxItem, now: Moment) -> Option<Moment> {
    let due = outbox.due(now, 5_000).await.unwrap();
    assert!(due.is_sorted_by_key(|due| due.next_at));
    due.into_iter().find(|due| due.message_id == message.message_id).map(|due| due.next_at)
}

#[tokio::test]
async fn a_message_is_claimed_retried_settled_requeued_and_withdrawn() {
    let (outbox, item) = (outbox().await, message().await);
    write(outbox.put_write(&item)).await;
    assert_eq!(rejected_writes(commit(&dynamodb().await, [outbox.put_write(&item).unwrap()]).await), [0], "the message exists");
    let stored = async || outbox.find(&item.message_id).await.unwrap().unwrap();
    assert_eq!((stored().await.attempts, stored().await.state), (1, DeliveryState::Queued));
    let before = Moment::from_epoch_seconds(NOW.epoch_seconds() - 1);
    assert_eq!((due(&outbox, &item, before).await, due(&outbox, &item, NOW).await), (None, Some(NOW)));

    let claimed = outbox.claim(&item.message_id, SENDING, NOW).await.unwrap().unwrap();
    assert_eq!((claimed.attempts, claimed.claimed_until), (2, Some(NOW.plus(CLAIM))));
    assert_eq!(claimed.sending_id.as_deref(), Some(SENDING));
    assert!(outbox.claim(&item.message_id, SENDING, NOW).await.unwrap().is_none(), "another sender has claimed it");
    let again = NOW.plus(Span::minutes(5));
    write(outbox.retry_write(&claimed, again)).await;
    assert_eq!((due(&outbox, &item, NOW).await, due(&outbox, &item, again).await), (None, Some(again)));
    let claimed = outbox.claim(&item.message_id, SENDING, again).await.unwrap().unwrap();
    assert_eq!(claimed.attempts, 3);
    write(outbox.settle_write(&claimed, DeliveryState::Sent)).await;
    let retention_end = NOW.plus(MESSAGE_RETENTION);
    assert_eq!(due(&outbox, &item, retention_end).await, Some(retention_end));
    assert!(outbox.claim(&item.message_id, SENDING, again).await.unwrap().is_none(), "the message was sent");

    let requeued = loop {
        write(outbox.requeue_write(&stored().await, again)).await;
        let requeued = stored().await;
        if outbox.claim(&item.message_id, SENDING, again).await.unwrap().is_some() {
            break requeued;
        }
        // The insert of the message also wakes the deployed sender. On a busy machine, the sender may begin as late as now, when it can claim
        // and send the message. It is not woken a second time.
        wait_until_sent(&stored).await;
    };
    assert_eq!((requeued.attempts, requeued.state, requeued.claimed_until), (0, DeliveryState::Queued, None));
    write(outbox.withdraw_write(&stored().await)).await;
    assert!(outbox.find(&item.message_id).await.unwrap().is_none());
    assert_eq!(due(&outbox, &item, LATER).await, None, "the index entry is deleted too");
}

async fn wait_until_sent(stored: &impl AsyncFn() -> OutboxItem) {
    for _ in 0..300 {
        if stored().await.state == DeliveryState::Sent {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("the message was neither claimed by the test nor sent by the deployed sender");
}

/// Asserts that `write` is rejected while its record exists. Each record wakes the deployed sender, which may delete the record before the
/// next write. The write is therefore repeated until one is rejected, at most 20 times.
async fn assert_one_record(write: impl AsyncFn() -> bool) {
    for _ in 0..20 {
        if !write().await {
            return;
        }
    }
    panic!("each write succeeded");
}

#[tokio::test]
async fn the_sender_is_woken_once_per_due_time() {
    // There is no message with this id, so the deployed sender does nothing when the record wakes it.
    let (outbox, message_id) = (outbox().await, id());
    let wake = async |next_at| outbox.wake(&Due { message_id: message_id.clone(), next_at }, NOW).await.unwrap();
    assert!(wake(NOW).await);
    assert_one_record(async || wake(NOW).await).await;
    assert!(wake(LATER).await, "another due time");
    let client = dynamodb().await;
    assert_one_record(async || {
        let written = commit(&client, [outbox.wake_again_write(&message_id, 1, NOW).unwrap()]).await;
        written.is_ok() || rejected_writes(written) != [0]
    })
    .await;
    for (record, is_wake) in [
        (format!("wake#{message_id}#{}", NOW.epoch_seconds()), true),
        (format!("wake#{message_id}#{}", LATER.epoch_seconds()), true),
        (format!("wake#{message_id}#again-1"), true),
        (message_id.clone(), false),
    ] {
        assert_eq!(woken(&record), (message_id.as_str(), is_wake));
        for _ in 0..2 {
            outbox.delete(&record).await.unwrap();
        }
    }
    write(outbox.delete_used_write(&message_id)).await;
}

async fn reminders() -> Reminders {
    Reminders::new(dynamodb().await, stack::variable("REMINDERS_TABLE"))
}

/// Returns all reminders about a code or association that are listed for the day on which the reminder is due.
async fn listed(reminders: &Reminders, about: &About, expires_at: Moment) -> Vec<Listed> {
    let mut found = Vec::new();
    for slot in slots(about.kind().due_on(expires_at)) {
        let mut page: Option<Page> = None;
        while let Some(mut next) = reminders.page(&slot, page.take()).await.unwrap() {
            found.extend(next.reminders.drain(..).map(Result::unwrap).filter(|listed| listed.about().unwrap() == *about));
            page = Some(next);
        }
    }
    found
}

#[tokio::test]
async fn a_reminder_is_listed_claimed_released_and_ended() {
    let (reminders, client) = (reminders().await, dynamodb().await);
    let about = About::Code { code_id: id() };
    let address = Address { recipient: mobile(), language: Language::El };
    let put = async |set: &str| {
        let item = ReminderItem::seal(&kms("REMINDERS_KEY").await, &about, &address, set, LATER, None).await.unwrap();
        write(reminders.put_write(&item)).await;
    };
    assert!(listed(&reminders, &about, LATER).await.is_empty());
    put("first").await;
    put("second").await;
    let [one] = listed(&reminders, &about, LATER).await.try_into().unwrap();
    assert_eq!(one.set_id, "second", "the second reminder replaces the first");
    let claimed = reminders.claim(&one, NOW).await.unwrap().unwrap();
    assert_eq!((claimed.attempts, claimed.open(&kms("REMINDERS_KEY").await).await.unwrap().language), (1, Language::El));
    assert!(reminders.claim(&one, NOW).await.unwrap().is_none(), "the reminder is claimed");
    reminders.release(&claimed).await.unwrap();
    assert!(reminders.claim(&one, NOW).await.unwrap().is_none(), "another attempt was made since the reminder was listed");
    let [again] = listed(&reminders, &about, LATER).await.try_into().unwrap();
    let claimed = reminders.claim(&again, NOW).await.unwrap().unwrap();
    commit(&client, [reminders.end_write(&claimed).unwrap()]).await.unwrap();
    assert!(listed(&reminders, &about, LATER).await.is_empty());
    reminders.release(&claimed).await.unwrap();
    assert!(listed(&reminders, &about, LATER).await.is_empty(), "releasing a deleted reminder does not restore it");
    assert_eq!(rejected_writes(commit(&client, [reminders.end_write(&claimed).unwrap()]).await), [0], "the reminder is deleted");

    put("third").await;
    let [third] = listed(&reminders, &about, LATER).await.try_into().unwrap();
    write(reminders.give_up_write(&third)).await;
    put("fourth").await;
    for _ in 0..2 {
        write(reminders.delete_write(&about, LATER)).await;
    }
    assert!(listed(&reminders, &about, LATER).await.is_empty());
}

#[tokio::test]
async fn an_unreadable_reminder_does_not_hide_the_others_of_its_day() {
    let (reminders, client, slot) = (reminders().await, dynamodb().await, format!("2096-10-02#{}", id()));
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let number = |value: i64| AttributeValue::N(value.to_string());
    let requests: Vec<_> = (0..203)
        .map(|at| {
            let put = PutRequest::builder().item("slot", text(&slot)).item("about", text(&format!("code#{at:03}")));
            let put = put.item("expires_at", number(LATER.epoch_seconds())).item("set_id", text("set"));
            // The attribute `attempts` is missing in one reminder, which makes it unreadable.
            let put = if at == 150 { put } else { put.item("attempts", number(0)) };
            WriteRequest::builder().put_request(put.item("sealed", AttributeValue::B(vec![1].into())).build().unwrap()).build()
        })
        .collect();
    // DynamoDB accepts 25 items in a batch.
    for some in requests.chunks(25) {
        let write = client.batch_write_item().request_items(stack::variable("REMINDERS_TABLE"), some.to_vec());
        assert!(write.send().await.unwrap().unprocessed_items.is_none_or(|unprocessed| unprocessed.is_empty()));
    }
    let (mut page, mut sizes, mut readable) = (None, Vec::new(), 0);
    while let Some(next) = reminders.page(&slot, page.take()).await.unwrap() {
        sizes.push(next.reminders.len());
        readable += next.reminders.iter().filter(|reminder| reminder.is_ok()).count();
        page = Some(next);
    }
    assert_eq!((sizes, readable), (vec![100, 100, 3], 202));
}

/// Returns the SMS sent to a number. Both emulators record SMS, but each lists them under a different URL.
async fn sms_sent_to(number: &str) -> Vec<serde_json::Value> {
    let sns = std::env::var("AWS_ENDPOINT_URL_SNS").unwrap_or_else(|_| stack::variable("AWS_ENDPOINT_URL"));
    for path in ["/_ministack/sns/sms-messages", "/_aws/sns/sms-messages"] {
        let url = format!("{sns}{path}?region={}", stack::variable("AWS_REGION"));
        let response = stack::client().get(url).header("accept", "application/json").send().await.unwrap();
        if response.status() == 200 {
            let all: serde_json::Value = response.json().await.unwrap();
            return all["sms_messages"][number].as_array().cloned().unwrap_or_default();
        }
    }
    panic!("{sns} has no list of SMS");
}

#[tokio::test]
async fn an_sms_is_sent_with_its_text_and_our_sender_id() {
    let mut bytes = [0; 4];
    aws_lc_rs::rand::fill(&mut bytes).unwrap();
    let number = GreekMobile::parse(&format!("69{:08}", u32::from_le_bytes(bytes) % 100_000_000)).unwrap();
    let text = "Κωδικός: A1+B2 & <γ>\nmyPhoto";
    Sms::new(&aws::config().await, "myPhoto".to_owned()).send(&number, text).await.unwrap();
    let mut sent = sms_sent_to(number.expose()).await;
    for _ in 0..20 {
        if !sent.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        sent = sms_sent_to(number.expose()).await;
    }
    let [sms] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!(sms["Message"], text);
    for (name, value) in [("AWS.SNS.SMS.SenderID", "myPhoto"), ("AWS.SNS.SMS.SMSType", "Transactional")] {
        let attribute = &sms["MessageAttributes"][name];
        // The emulators use different field names for the value of an attribute.
        assert!([&attribute["Value"], &attribute["StringValue"]].contains(&&serde_json::json!(value)), "{sms}");
    }
}
