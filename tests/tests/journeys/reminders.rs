//! Reminders are sent only with consent. They do not contain the code, and the address is stored sealed and deleted after sending.
//!
//! A new reminder is due only after days or months. The tests therefore move its item to an earlier day in the table, and invoke
//! `send_reminders`, as its schedule would.

use std::{
    collections::HashMap,
    time::{SystemTime, UNIX_EPOCH},
};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{AthensDay, FileProfile, Language, Moment, minor::BirthDate, reminder::ReminderKind, time::Span};
use journeys::{
    browser::Response,
    citizen, inbox, midnight, minors,
    people::{self, Visit, fresh_citizen, fresh_photographer},
    photographer::{self, Issued, To, face_only},
    stack,
};
use serde_json::json;

use crate::{
    aws,
    items::items_where,
    stored_reminders::{Item, move_to, reminder_of, reminders_of, set_of},
};

fn now() -> Moment {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    Moment::from_epoch_seconds(i64::try_from(elapsed.as_secs()).expect("seconds"))
}

fn today() -> AthensDay {
    AthensDay::of(now())
}

async fn fresh_email() -> To {
    To::Email(people::fresh("citizen").await.email())
}

/// Issues a code to somebody who agreed to a reminder.
async fn issue_with_reminder(studio: &Visit, to: &To, language: Language) -> Issued {
    let upload_id = photographer::upload(studio, FileProfile::Standard, &face_only()).await;
    let view = photographer::issue_code_with_reminder(studio, &upload_id, to, language).await.expect(201).json();
    let message = inbox::code_message(to.address(), 0).await;
    Issued { upload_id, code: message.code(), message, view }
}

/// Returns the day on which a reminder is due.
fn day_of(item: &Item) -> &str {
    item["slot"].as_s().expect("a slot").split('#').next().expect("a day")
}

/// Overwrites a time in the stored association of a photo set, as if time had passed.
async fn change_association(set_id: &str, path: &[&str], value: Moment) {
    let client = aws::dynamodb(&aws::config().await);
    let table = stack::variable("ASSOCIATIONS_TABLE");
    let found = items_where("ASSOCIATIONS_TABLE", "set_id = :value", set_id).await;
    let names: HashMap<_, _> = path.iter().map(|name| (format!("#{name}"), (*name).to_owned())).collect();
    let update = format!("SET {} = :at", path.iter().map(|name| format!("#{name}")).collect::<Vec<_>>().join("."));
    let change = client.update_item().table_name(table).key("subject_id", found[0]["subject_id"].clone()).update_expression(update);
    let change = change.set_expression_attribute_names(Some(names));
    change.expression_attribute_values(":at", AttributeValue::N(value.epoch_seconds().to_string())).send().await.expect("a change");
}

/// Runs the function that sends reminders, as its hourly schedule does. The run also processes the reminders of other tests.
async fn send_reminders() {
    stack::invoke("SEND_REMINDERS_FUNCTION").await.expect("a run");
}

/// Runs `send_reminders` until no reminder about this photo set is stored. More than one run may be needed, because a run of another test
/// may have claimed the reminder.
async fn run_until_deleted(set_id: &str) {
    for _ in 0..10 {
        send_reminders().await;
        if reminders_of(set_id).await.is_empty() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    panic!("the reminder is still there");
}

async fn fail(to: &To, times: u32) {
    let rule = json!({ "to": to.address(), "fail": times, "error": "internal_error" });
    let request = stack::client().post(format!("{}/failures", stack::sandbox())).json(&rule);
    Response::read("POST /failures of the sandbox".to_owned(), request).await.expect(204);
}

/// Checks that no attribute of the item contains the address.
#[expect(clippy::wildcard_enum_match_arm, reason = "the test fails if the SDK adds kinds of values")]
fn assert_sealed(item: &Item, address: &str) {
    for (name, value) in item {
        let found = match value {
            AttributeValue::S(text) | AttributeValue::N(text) => text.contains(address),
            AttributeValue::B(bytes) => bytes.as_ref().windows(address.len()).any(|window| window == address.as_bytes()),
            other => panic!("{name}: {other:?}"),
        };
        assert!(!found, "{name} contains the address");
    }
}

#[tokio::test]
async fn a_reminder_address_is_stored_sealed_only_with_consent_and_until_association() {
    let (studio, visit, to) = (fresh_photographer().await, fresh_citizen().await, fresh_email().await);
    let issued = issue_with_reminder(&studio, &to, Language::El).await;
    let set_id = set_of(&issued.code).await;
    let item = reminder_of(&set_id).await;
    assert_sealed(&item, to.address());
    assert!(!item["about"].as_s().expect("a name").contains(&issued.code));
    let expires_at = issued.view["expires_at"].as_str().expect("an expiry").parse::<jiff::Timestamp>().expect("a time");
    let due = ReminderKind::Code.due_on(Moment::from_epoch_seconds(expires_at.as_second()));
    assert_eq!(day_of(&item), due.to_string());

    // Repeating the call succeeds. A repetition without the consent to a reminder is rejected as a conflict.
    photographer::issue_code_with_reminder(&studio, &issued.upload_id, &to, Language::El).await.expect(200);
    photographer::issue_code(&studio, &issued.upload_id, &to, Language::El).await.rejected(409, "issuance_conflict");

    citizen::take(&visit, &issued.code).await;
    assert!(reminders_of(&set_id).await.is_empty(), "the association deletes the reminder");

    let other = photographer::issue(&studio, FileProfile::Standard, &face_only(), &fresh_email().await, Language::El).await;
    assert!(reminders_of(&set_of(&other.code).await).await.is_empty(), "nobody agreed");
}

#[tokio::test]
async fn a_corrected_recipient_is_reminded_only_if_the_first_one_had_agreed() {
    let studio = fresh_photographer().await;
    for agreed in [false, true] {
        let (wrong, right) = (fresh_email().await, fresh_email().await);
        let upload_id = photographer::upload(&studio, FileProfile::Standard, &face_only()).await;
        if agreed {
            photographer::issue_code_with_reminder(&studio, &upload_id, &wrong, Language::El).await.expect(201);
        } else {
            photographer::issue_code(&studio, &upload_id, &wrong, Language::El).await.expect(201);
        }
        photographer::wait_until_sent(&studio, &upload_id).await;
        photographer::resend_code(&studio, &upload_id, Some(&right), None).await.expect(200);
        let code = inbox::code_message(right.address(), 0).await.code();
        assert_eq!(reminders_of(&set_of(&code).await).await.len(), usize::from(agreed));
    }
}

#[tokio::test]
async fn an_unassociated_code_gets_one_reminder_that_does_not_contain_it() {
    midnight::avoid(Span::minutes(3)).await;
    let studio = fresh_photographer().await;
    let mobile = To::Mobile(people::fresh("citizen").await.mobile().to_owned());
    for (to, language) in [(fresh_email().await, Language::El), (mobile, Language::En)] {
        let issued = issue_with_reminder(&studio, &to, language).await;
        let set_id = set_of(&issued.code).await;
        // The reminder has been due for two days, as if no run had taken place on these days.
        move_to(&reminder_of(&set_id).await, today().minus(2), &[]).await;
        run_until_deleted(&set_id).await;
        send_reminders().await;
        let reminders = inbox::reminders(to.address()).await;
        assert_eq!(reminders.len(), 1);
        let reminder = &reminders[0];
        let content =
            [&reminder.text, reminder.html.as_deref().unwrap_or_default(), reminder.subject.as_deref().unwrap_or_default()].concat();
        assert!(!content.contains(&issued.code) && !content.contains("#code="));
        assert!(content.contains(&stack::origin()));
        // The message gives the date in Athens, where a year begins two hours earlier than in UTC.
        let expires_at = issued.view["expires_at"].as_str().expect("an expiry").parse::<jiff::Timestamp>().expect("a time");
        let year = expires_at.to_zoned(jiff::tz::get!("Europe/Athens")).year();
        assert!(content.contains(&year.to_string()), "{content}");
        assert_eq!(journeys::browser::has_greek(&reminder.text), language == Language::El);
    }
}

#[tokio::test]
async fn an_expiring_association_gets_one_reminder_and_its_address_is_deleted() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let code = photographer::issue_by_sms(&studio, visit.person.mobile()).await.code;
    let associated = citizen::take(&visit, &code).await;
    assert!(associated["reminder"].is_null());
    let set_id = set_of(&code).await;
    let (first, second) = (fresh_email().await, fresh_email().await);

    let view = citizen::set_reminder(&visit, first.address(), Language::El).await.expect(200).json();
    let expires_at = view["expires_at"].as_str().expect("an expiry").parse::<jiff::Timestamp>().expect("a time");
    let due = ReminderKind::Association.due_on(Moment::from_epoch_seconds(expires_at.as_second()));
    assert_eq!(view["reminder"]["on"], due.to_string());
    let masked = view["reminder"]["masked"].as_str().expect("a masked address");
    assert!(masked.contains('•') && !masked.contains(first.address()));
    assert_eq!(citizen::show_association(&visit).await.expect(200).json(), view);
    assert_sealed(&reminder_of(&set_id).await, first.address());

    // After a change of the address there is only one reminder, which goes to the second address.
    let changed = citizen::set_reminder(&visit, second.address(), Language::En).await.expect(200).json();
    assert_eq!(changed["reminder"]["language"], "en");
    let item = reminder_of(&set_id).await;
    assert_eq!(day_of(&item), due.to_string());

    // The client deletes the reminder, repeats the deletion, and then sets the reminder again.
    for _ in 0..2 {
        assert!(citizen::unset_reminder(&visit).await.expect(200).json()["reminder"].is_null());
        assert!(reminders_of(&set_id).await.is_empty());
    }
    citizen::set_reminder(&visit, second.address(), Language::En).await.expect(200);

    move_to(&reminder_of(&set_id).await, today(), &[]).await;
    run_until_deleted(&set_id).await;
    assert!(inbox::reminders(first.address()).await.is_empty());
    let reminders = inbox::reminders(second.address()).await;
    assert_eq!(reminders.len(), 1);
    assert!(!reminders[0].text.contains(&code) && !journeys::browser::has_greek(&reminders[0].text));
    assert!(citizen::show_association(&visit).await.expect(200).json()["reminder"].is_null(), "the address is deleted");
}

#[tokio::test]
async fn no_reminder_is_sent_once_the_photos_are_associated_or_dissociated() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let to = fresh_email().await;
    let issued = issue_with_reminder(&studio, &to, Language::El).await;
    let set_id = set_of(&issued.code).await;
    let code_reminder = reminder_of(&set_id).await;
    citizen::take(&visit, &issued.code).await;
    // Restores the reminder of the code, as if the association had not deleted it.
    move_to(&code_reminder, today(), &[]).await;
    run_until_deleted(&set_id).await;
    assert!(inbox::reminders(to.address()).await.is_empty());

    let other = fresh_email().await;
    citizen::set_reminder(&visit, other.address(), Language::El).await.expect(200);
    let association_reminder = reminder_of(&set_id).await;
    // Gives the reminder the ID of a set that is not associated, as if the reminder remained from an earlier set.
    let another = storage::random_id().expect("randomness");
    move_to(&association_reminder, today(), &[("set_id", AttributeValue::S(another.clone()))]).await;
    run_until_deleted(&another).await;
    assert!(inbox::reminders(other.address()).await.is_empty());
    // Restores the item of the reminder after the person has deleted the reminder.
    citizen::unset_reminder(&visit).await.expect(200);
    move_to(&association_reminder, today(), &[]).await;
    run_until_deleted(&set_id).await;
    assert!(inbox::reminders(other.address()).await.is_empty());

    citizen::set_reminder(&visit, other.address(), Language::El).await.expect(200);
    let dissociated = visit.browser.delete("/v1/subjects/self/association").await;
    assert!((200..300).contains(&dissociated.status), "{}", dissociated.text());
    assert!(reminders_of(&set_id).await.is_empty(), "dissociating removes the address");
    move_to(&association_reminder, today(), &[]).await;
    run_until_deleted(&set_id).await;
    assert!(inbox::reminders(other.address()).await.is_empty());
}

#[tokio::test]
async fn a_failed_reminder_is_retried_and_delays_no_other() {
    let studio = fresh_photographer().await;
    let (bad, good) = (fresh_email().await, fresh_email().await);
    let mut sets = Vec::new();
    for to in [&bad, &good] {
        sets.push(set_of(&issue_with_reminder(&studio, to, Language::El).await.code).await);
    }
    fail(&bad, 1).await;
    for set_id in &sets {
        move_to(&reminder_of(set_id).await, today(), &[]).await;
    }
    run_until_deleted(&sets[1]).await;
    assert_eq!(inbox::reminders(good.address()).await.len(), 1);
    run_until_deleted(&sets[0]).await;
    assert_eq!(inbox::reminders(bad.address()).await.len(), 1);
}

#[tokio::test]
async fn a_reminder_that_is_too_old_or_may_have_been_sent_is_deleted_unsent() {
    midnight::avoid(Span::minutes(3)).await;
    let studio = fresh_photographer().await;
    let number = |value: i64| AttributeValue::N(value.to_string());
    let claim = [
        ("claim", AttributeValue::S("a run that ended in the middle".to_owned())),
        ("claimed_until", number(now().epoch_seconds() - 1)),
        ("attempts", number(1)),
    ];
    for (days_ago, changes) in [(3, &[][..]), (0, &claim[..])] {
        let to = fresh_email().await;
        let set_id = set_of(&issue_with_reminder(&studio, &to, Language::El).await.code).await;
        move_to(&reminder_of(&set_id).await, today().minus(days_ago), changes).await;
        run_until_deleted(&set_id).await;
        assert!(inbox::reminders(to.address()).await.is_empty(), "{days_ago}");
    }
}

#[tokio::test]
async fn a_deleted_reminder_is_not_shown() {
    midnight::avoid(Span::minutes(3)).await;
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let code = photographer::issue_by_sms(&studio, visit.person.mobile()).await.code;
    citizen::take(&visit, &code).await;
    let set_id = set_of(&code).await;
    // The reminder is too old to be sent and is deleted.
    let to = fresh_email().await;
    citizen::set_reminder(&visit, to.address(), Language::El).await.expect(200);
    move_to(&reminder_of(&set_id).await, today().minus(3), &[]).await;
    run_until_deleted(&set_id).await;
    assert!(inbox::reminders(to.address()).await.is_empty());
    assert!(citizen::show_association(&visit).await.expect(200).json()["reminder"].is_null());
    // A reminder is due 30 days before expiry. With an expiry in 22 days, it was due eight days ago. TTL deletes the item of a reminder a
    // week after the due day begins, even if no run has processed the reminder. After this time, `show_association` does not show the
    // reminder, although the association still contains it.
    let view = citizen::set_reminder(&visit, to.address(), Language::El).await.expect(200).json();
    assert!(view["reminder"].is_object(), "{view}");
    change_association(&set_id, &["expires_at"], now().plus(Span::days(22))).await;
    assert!(citizen::show_association(&visit).await.expect(200).json()["reminder"].is_null());
}

#[tokio::test]
async fn a_reminder_of_a_guardian_is_not_sent_once_the_minor_is_18() {
    let (studio, guardian) = (fresh_photographer().await, fresh_citizen().await);
    let minor = minors::nearly_adult(&guardian.person).await;
    let birthday = BirthDate::parse(&minor.birth_date).expect("a date").adult_from();
    let handle = minors::added(&guardian, &minor).await;
    let child = citizen::acting(&guardian, &handle);
    let code = photographer::issue_by_sms(&studio, guardian.person.mobile()).await.code;
    child.take(&code).await;
    let set_id = set_of(&code).await;
    // The reminder is due 30 days before the photos expire. With this expiry, that is three days before the minor's 18th birthday. The
    // reminder may be sent until the birthday.
    change_association(&set_id, &["expires_at"], birthday.plus(Span::days(27))).await;
    let to = fresh_email().await;
    let view = child.set_reminder(to.address(), Language::El).await.expect(200).json();
    assert!(view["reminder"].is_object(), "{view}");
    let item = reminder_of(&set_id).await;
    assert_eq!(item["expires_at"], AttributeValue::N(birthday.epoch_seconds().to_string()));
    // From the birthday on, the reminder is neither shown nor sent.
    change_association(&set_id, &["reminder", "until"], now()).await;
    assert!(child.show_association().await.expect(200).json()["reminder"].is_null());
    move_to(&item, today(), &[("expires_at", AttributeValue::N(now().epoch_seconds().to_string()))]).await;
    run_until_deleted(&set_id).await;
    assert!(inbox::reminders(to.address()).await.is_empty());
}

#[tokio::test]
async fn reminders_that_another_run_has_claimed_or_that_are_not_due_are_not_touched() {
    midnight::avoid(Span::minutes(3)).await;
    let studio = fresh_photographer().await;
    let number = |value: i64| AttributeValue::N(value.to_string());
    let claim = [
        ("claim", AttributeValue::S("another run".to_owned())),
        ("claimed_until", number(now().epoch_seconds() + 600)),
        ("attempts", number(1)),
    ];
    // The second of these three reminders is so old that a run would delete it. This run does not delete it, because another run has
    // claimed it.
    for (day, changes) in [(today(), &claim[..]), (today().minus(3), &claim[..]), (today().next(), &[][..])] {
        let to = fresh_email().await;
        let set_id = set_of(&issue_with_reminder(&studio, &to, Language::El).await.code).await;
        move_to(&reminder_of(&set_id).await, day, changes).await;
        send_reminders().await;
        assert_eq!(reminders_of(&set_id).await.len(), 1, "{day}");
        assert!(inbox::reminders(to.address()).await.is_empty(), "{day}");
    }
}
