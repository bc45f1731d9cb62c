//! Conditional writes of uploads, issued codes, messages of the outbox and reminders.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    FileProfile, Language,
    delivery::DeliveryState,
    delivery_failure::{DeliveryFailure, FailureReason},
    recipient::RecipientKind,
    staff::Capacity,
    time::Span,
};
use journeys::stack;
use storage::{
    issuances::{Issuance, Issuances, Issued, Verdicts},
    outbox::{Outbox, OutboxItem},
    reminders::{Listed, ReminderItem, Reminders},
};

use super::{Item, assert_rejected, item, number, put, read, seconds, text, write};
use crate::{LATER, NOW, business, dynamodb, id, member};

pub(super) fn upload() -> Issuance {
    let made_by = (member(), Capacity::Owner);
    let mut upload = Issuance::begin(business(), storage::time_ordered_id(), made_by, FileProfile::Standard, BTreeMap::new(), NOW);
    upload.expires_at = LATER;
    upload
}

pub(super) fn issued() -> Issued {
    Issued {
        recipient_kind: RecipientKind::Mobile,
        recipient_masked: "m".to_owned(),
        language: Language::El,
        issued_at: NOW,
        code_expires_at: LATER,
        delivery: DeliveryState::Sent,
        attempts: 1,
        sent_at: None,
        failure: None,
        associated: false,
        message_id: "first".to_owned(),
        reminder: false,
        resent: Vec::new(),
        verdicts: Verdicts::default(),
        without_face: None,
        reference: None,
    }
}

#[tokio::test]
async fn an_upload_becomes_one_code_or_is_rejected() {
    let client = dynamodb().await;
    let issuances = Issuances::new(client.clone(), stack::variable("ISSUANCES_TABLE"));
    let (used, bad) = (upload(), upload());
    for one in [&used, &bad] {
        assert!(issuances.begin(one, NOW).await.unwrap());
    }
    assert!(!issuances.begin(&used, NOW).await.unwrap(), "the upload exists");
    let issue = |of: &Issuance| issuances.issue_write(&of.business, &of.upload_id, &issued()).unwrap();
    write(&client, issue(&used)).await;
    assert_rejected(&client, issue(&used), "a code was issued for the upload").await;
    assert!(!issuances.refuse(&used.business, &used.upload_id).await.unwrap(), "a code was issued for the upload");
    assert!(issuances.refuse(&bad.business, &bad.upload_id).await.unwrap());
    assert_rejected(&client, issue(&bad), "the upload was rejected").await;
    for (write, why) in [
        (issuances.associated_write(&bad.business, &bad.upload_id), "no code was issued that could be associated"),
        (issuances.delivery_write(&bad.business, &bad.upload_id, DeliveryState::Sent, 1, None), "no code was issued that could be sent"),
    ] {
        assert_rejected(&client, write.unwrap(), why).await;
    }
}

#[tokio::test]
async fn a_resend_based_on_an_outdated_issuance_is_rejected() {
    let client = dynamodb().await;
    let issuances = Issuances::new(client.clone(), stack::variable("ISSUANCES_TABLE"));
    let resent = || storage::issuances::Resent { at: NOW, by: member(), corrected: false };
    let once = Issued { resent: vec![resent()], ..issued() };
    let twice = Issued { resent: vec![resent(), resent()], ..issued() };
    for (stored, read, why) in [
        (Issued { message_id: "second".to_owned(), ..issued() }, issued(), "another message was sent meanwhile"),
        (Issued { associated: true, ..issued() }, issued(), "the code was associated meanwhile"),
        (once.clone(), issued(), "the code was resent meanwhile, for the first time"),
        (twice.clone(), once.clone(), "the code was resent meanwhile, for the second time"),
    ] {
        let one = upload();
        assert!(issuances.begin(&one, NOW).await.unwrap());
        write(&client, issuances.issue_write(&one.business, &one.upload_id, &stored).unwrap()).await;
        assert_rejected(&client, issuances.resend_write(&one.business, &one.upload_id, &read, &twice).unwrap(), why).await;
        if !stored.associated {
            write(&client, issuances.resend_write(&one.business, &one.upload_id, &stored, &twice).unwrap()).await;
        }
    }
}

/// Returns the item of a message that failed once and is due again at `NOW`. `NOW` lies so far in the future that the stack's own sender
/// does not send the message.
fn message() -> Item {
    item([
        ("message_id", text(&id())),
        ("sealed", AttributeValue::B(vec![1].into())),
        ("state", text("queued")),
        ("attempts", number(1)),
        ("due", text("due")),
        ("next_at", seconds(NOW)),
        ("business", text("b")),
        ("upload_id", text("u")),
        ("kept_until", seconds(LATER)),
        ("expires_at", seconds(LATER)),
    ])
}

fn with(item: &Item, name: &str, value: AttributeValue) -> Item {
    let mut item = item.clone();
    item.insert(name.to_owned(), value);
    item
}

#[tokio::test]
async fn only_one_sender_claims_a_message_that_waits_and_is_due() {
    let client = dynamodb().await;
    let outbox = Outbox::new(client.clone(), stack::variable("OUTBOX_TABLE"));
    let claim = async |item: Item| {
        put(&client, "OUTBOX_TABLE", &item).await;
        let message_id = item["message_id"].as_s().unwrap();
        let claimed = outbox.claim(message_id, "sending", NOW).await.unwrap().is_some();
        outbox.delete(message_id).await.unwrap();
        claimed
    };
    let after = NOW.plus(Span::seconds(1));
    assert!(claim(message()).await);
    assert!(claim(with(&message(), "claimed_until", seconds(NOW))).await, "the claim has expired");
    for (name, value, why) in [
        ("state", text("sent"), "the message was sent"),
        ("kept_until", seconds(NOW), "its retention period is over"),
        ("claimed_until", seconds(after), "another sender has claimed it"),
        ("next_at", seconds(after), "it is not due yet"),
    ] {
        assert!(!claim(with(&message(), name, value)).await, "{why}");
    }
    assert!(!claim(with(&message(), "failure", failure(true))).await, "a permanent failure was reported");
    assert!(!claim(with(&message(), "failure", failure(false))).await, "a temporary failure was reported, and nobody has sent it again");
    assert!(outbox.claim(&id(), "sending", NOW).await.unwrap().is_none(), "no such message exists");
}

fn failure(permanent: bool) -> AttributeValue {
    AttributeValue::M(item([("reason", text("blocked")), ("permanent", AttributeValue::Bool(permanent))]))
}

#[tokio::test]
async fn a_reported_failure_is_stored_in_the_message_as_it_was_read() {
    let client = dynamodb().await;
    let outbox = Outbox::new(client.clone(), stack::variable("OUTBOX_TABLE"));
    let reported = DeliveryFailure::permanent(FailureReason::AddressUnknown);
    let sent = with(&with(&message(), "state", text("sent")), "sending_id", text("first"));
    let failed = with(&sent, "failure", failure(false));
    for (read_before, changed, why) in [
        (&sent, with(&sent, "state", text("queued")), "the message was queued again"),
        (&sent, with(&sent, "attempts", number(2)), "another attempt was made"),
        (&sent, with(&sent, "next_at", seconds(LATER)), "it has another due time"),
        (&sent, with(&sent, "sending_id", text("second")), "it was sent again"),
        (&sent, failed.clone(), "a failure was reported"),
        (&failed, sent.clone(), "it was sent again without its failure"),
        (&failed, with(&sent, "failure", failure(true)), "another failure was reported"),
    ] {
        put(&client, "OUTBOX_TABLE", &changed).await;
        let old: OutboxItem = read(read_before.clone());
        for write in [outbox.failure_write(&old, reported), outbox.requeue_write(&old, NOW), outbox.withdraw_write(&old)] {
            assert_rejected(&client, write.unwrap(), why).await;
        }
    }
    for unchanged in [&sent, &failed] {
        put(&client, "OUTBOX_TABLE", unchanged).await;
        write(&client, outbox.failure_write(&read(unchanged.clone()), reported).unwrap()).await;
        let stored = outbox.find(sent["message_id"].as_s().unwrap()).await.unwrap().unwrap();
        assert_eq!((stored.state, stored.failure, stored.claimed_until), (DeliveryState::Failed, Some(reported), None));
    }
}

#[tokio::test]
async fn a_reported_failure_is_stored_in_the_history_of_the_same_message_only() {
    let client = dynamodb().await;
    let issuances = Issuances::new(client.clone(), stack::variable("ISSUANCES_TABLE"));
    let reported = DeliveryFailure::temporary(FailureReason::MailboxFull);
    for (stored, why) in [
        (Issued { message_id: "second".to_owned(), ..issued() }, Some("another message was sent meanwhile")),
        (Issued { associated: true, ..issued() }, Some("the code was associated meanwhile")),
        (issued(), None),
    ] {
        let one = upload();
        assert!(issuances.begin(&one, NOW).await.unwrap());
        write(&client, issuances.issue_write(&one.business, &one.upload_id, &stored).unwrap()).await;
        let failure = issuances.failure_write(&one.business, &one.upload_id, "first", reported).unwrap();
        match why {
            Some(why) => assert_rejected(&client, failure, why).await,
            None => write(&client, failure).await,
        }
        let found = issuances.find(&one.business, &one.upload_id, NOW).await.unwrap().unwrap().issued.unwrap();
        let expected = if why.is_none() { (DeliveryState::Failed, Some(reported)) } else { (DeliveryState::Sent, None) };
        assert_eq!((found.delivery, found.failure), expected);
        // A resend removes the failure from the history.
        if why.is_none() {
            write(&client, issuances.resend_write(&one.business, &one.upload_id, &found, &issued()).unwrap()).await;
            let found = issuances.find(&one.business, &one.upload_id, NOW).await.unwrap().unwrap().issued.unwrap();
            assert_eq!(found.failure, None);
        }
    }
}

#[tokio::test]
async fn a_message_that_was_settled_or_claimed_meanwhile_is_not_changed() {
    let client = dynamodb().await;
    let outbox = Outbox::new(client.clone(), stack::variable("OUTBOX_TABLE"));
    let original = message();
    let old: OutboxItem = read(original.clone());
    let put = async |name: &str, value| put(&client, "OUTBOX_TABLE", &with(&original, name, value)).await;
    put("state", text("sent")).await;
    for (write, why) in [
        (outbox.settle_write(&old, DeliveryState::Failed), "the message is settled"),
        (outbox.retry_write(&old, LATER), "the message was sent"),
        (outbox.requeue_write(&old, NOW), "the message was sent since it was read"),
        (outbox.withdraw_write(&old), "the message was sent since it was read"),
    ] {
        assert_rejected(&client, write.unwrap(), why).await;
    }
    put("attempts", number(2)).await;
    for write in [outbox.requeue_write(&old, NOW), outbox.withdraw_write(&old)] {
        assert_rejected(&client, write.unwrap(), "another attempt was made since the message was read").await;
    }
    put("next_at", seconds(LATER)).await;
    for write in [outbox.requeue_write(&old, NOW), outbox.withdraw_write(&old), outbox.delete_write(&old)] {
        assert_rejected(&client, write.unwrap(), "the message has another due time since it was read").await;
    }
    put("attempts", number(1)).await;
    write(&client, outbox.delete_write(&old).unwrap()).await;
}

fn reminder() -> Item {
    item([
        ("slot", text(&format!("2096-10-02#{}", id()))),
        ("about", text("code#c")),
        ("sealed", AttributeValue::B(vec![1].into())),
        ("set_id", text(&id())),
        ("attempts", number(0)),
        ("expires_at", seconds(LATER)),
    ])
}

#[tokio::test]
async fn only_one_run_claims_a_reminder_as_it_was_listed_and_before_its_end() {
    let client = dynamodb().await;
    let reminders = Reminders::new(client.clone(), stack::variable("REMINDERS_TABLE"));
    for (name, value, why) in [
        ("claim", text("another"), "another run has claimed it"),
        ("attempts", number(1), "another run has tried it"),
        ("expires_at", seconds(NOW), "it has expired"),
    ] {
        let listed = reminder();
        put(&client, "REMINDERS_TABLE", &with(&listed, name, value)).await;
        assert!(reminders.claim(&read::<Listed>(listed), NOW).await.unwrap().is_none(), "{why}");
    }
    let listed = reminder();
    put(&client, "REMINDERS_TABLE", &listed).await;
    let listed: Listed = read(listed);
    assert!(reminders.claim(&listed, NOW).await.unwrap().is_some());
    assert_rejected(&client, reminders.give_up_write(&listed).unwrap(), "a run has claimed the reminder").await;
}

#[tokio::test]
async fn only_the_run_that_claimed_a_reminder_releases_or_ends_it() {
    let client = dynamodb().await;
    let reminders = Reminders::new(client.clone(), stack::variable("REMINDERS_TABLE"));
    let stored = with(&with(&reminder(), "claim", text("another")), "claimed_until", seconds(LATER));
    put(&client, "REMINDERS_TABLE", &stored).await;
    let ours: ReminderItem = read(with(&stored, "claim", text("ours")));
    reminders.release(&ours).await.unwrap();
    assert_rejected(&client, reminders.end_write(&ours).unwrap(), "another run has claimed it").await;
    let listed: Listed = read(stored.clone());
    assert!(reminders.claim(&listed, NOW).await.unwrap().is_none(), "the other run's claim is still valid");
    write(&client, reminders.end_write(&read(stored)).unwrap()).await;
}
