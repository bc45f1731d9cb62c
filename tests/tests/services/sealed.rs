//! Data that was sealed with KMS opens only with the same key and the same encryption context.

use domain::{CodeNumber, Language, Recipient, recipient::GreekMobile};
use serde::{Serialize, de::DeserializeOwned};
use storage::{
    keys::{KeyItem, OpenedKey},
    outbox::{Message, OutboxItem},
    reminders::{About, Address, ReminderItem},
    sealing::{RecipientHasher, SealingKey},
};

use crate::{LATER, NOW, business, id, kms, someone};

/// Returns the item with another value of an attribute, as if somebody had tampered with the table.
fn with_attribute<T: Serialize + DeserializeOwned>(item: &T, attribute: &str, value: &str) -> T {
    let mut item: serde_json::Value = serde_json::to_value(item).unwrap();
    item[attribute] = value.into();
    serde_json::from_value(item).unwrap()
}

fn mobile() -> Recipient {
    Recipient::Mobile(GreekMobile::parse("6900000001").unwrap())
}

#[tokio::test]
async fn a_blob_opens_only_with_its_encryption_context() {
    let ours = kms("OUTBOX_KEY").await;
    let context = [("subject_id", "a"), ("set", "b")];
    // KMS encrypts at most 4096 bytes. A long message has about 200 bytes.
    let plain = [7; 400];
    let sealed = ours.seal(&context, &plain).await.unwrap();
    assert_eq!(*ours.open(&context, &sealed).await.unwrap(), plain);
    assert_eq!(*ours.open(&[context[1], context[0]], &sealed).await.unwrap(), plain, "the order of context entries does not matter");
    for wrong in [
        vec![],
        vec![("subject_id", "a")],
        vec![("subject_id", "b"), ("set", "a")],
        vec![("subject_id", "A"), ("set", "b")],
        vec![("subject_id", "a"), ("set", "b"), ("more", "")],
    ] {
        assert!(ours.open(&wrong, &sealed).await.is_err(), "{wrong:?}");
    }
    assert!(ours.open(&context, b"not a blob").await.is_err());
    assert_ne!(ours.seal(&context, &plain).await.unwrap(), sealed, "sealing the same data again produces a different blob");
}

#[tokio::test]
async fn a_blob_opens_only_with_its_own_key_and_if_unmodified() {
    let (ours, other) = (kms("OUTBOX_KEY").await, kms("REMINDERS_KEY").await);
    let context = [("subject_id", "a")];
    let sealed = ours.seal(&context, &[7; 400]).await.unwrap();
    assert!(ours.open(&context, &sealed).await.is_ok());
    assert!(other.open(&context, &sealed).await.is_err(), "with another key");
    let mut changed = sealed.clone();
    *changed.last_mut().unwrap() ^= 1;
    for broken in [&sealed[..sealed.len() / 2], &sealed[1..], &changed] {
        assert!(ours.open(&context, broken).await.is_err(), "{} bytes", broken.len());
    }
}

#[tokio::test]
async fn a_message_opens_only_under_its_own_id() {
    let (kms, code) = (kms("OUTBOX_KEY").await, CodeNumber::from_bytes([5; 16]));
    let message = Message::new(mobile(), &code, Language::El, LATER);
    let hasher = RecipientHasher::new("a secret");
    let item = OutboxItem::seal(&kms, &hasher, id(), &message, &business(), "upload", NOW).await.unwrap();
    let other = Recipient::Mobile(GreekMobile::parse("6900000101").unwrap());
    assert_eq!(other.masked(), mobile().masked());
    assert!(item.is_for(&hasher, &mobile()) && !item.is_for(&hasher, &other));
    assert!(!item.is_for(&RecipientHasher::new("another secret"), &mobile()));
    assert!(!with_attribute(&item, "message_id", &id()).is_for(&hasher, &mobile()), "the hash of a recipient is different in each message");
    assert_eq!(item.open(&kms).await.unwrap().code().unwrap().bytes(), code.bytes());
    assert!(with_attribute(&item, "message_id", &id()).open(&kms).await.is_err());
}

#[tokio::test]
async fn an_address_opens_only_for_the_reminder_that_it_was_sealed_for() {
    let kms = kms("REMINDERS_KEY").await;
    let address = Address { recipient: mobile(), language: Language::El };
    let about = About::Code { code_id: "c".to_owned() };
    let item = ReminderItem::seal(&kms, &about, &address, &id(), LATER, None).await.unwrap();
    assert_eq!(item.open(&kms).await.unwrap().recipient.masked(), address.recipient.masked());
    assert!(with_attribute(&item, "about", "code#d").open(&kms).await.is_err());
}

#[tokio::test]
async fn a_key_opens_only_for_its_subject_and_photo_set() {
    let (kms, subject, set) = (kms("ASSOCIATIONS_KEY").await, someone(), id());
    let data_key = SealingKey::random().unwrap();
    let sealed = data_key.seal("a face", b"a face").unwrap();
    let opened = OpenedKey { data_key, code: CodeNumber::from_bytes([6; 16]) };
    let item = KeyItem::seal(&kms, &subject, &set, &opened, LATER).await.unwrap();
    let again = item.open(&kms).await.unwrap();
    assert_eq!(again.code.bytes(), opened.code.bytes());
    assert_eq!(again.data_key.open("a face", &sealed).unwrap(), b"a face");
    for (attribute, value) in [("subject_id", someone().as_str()), ("set_id", &id())] {
        assert!(with_attribute(&item, attribute, value).open(&kms).await.is_err(), "{attribute}");
    }
}
