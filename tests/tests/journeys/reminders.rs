//! Reminders: only where somebody agreed, to an address that nobody can read until then and that is gone afterwards, without the code.
//!
//! The day on which one is due is a month away or more: here its item is moved to another day by the account's owner, and the function
//! is called as its schedule would.

use std::{
    collections::HashMap,
    time::{SystemTime, UNIX_EPOCH},
};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{AthensDay, FileProfile, Language, Moment, minor::BirthDate, reminder::ReminderKind, time::Span};
use journeys::{
    browser::Response,
    citizen, inbox, minors,
    people::{self, Visit, fresh_citizen, fresh_photographer},
    photographer::{self, Issued, To, face_only},
    stack,
};
use serde_json::json;

use crate::{
    aws,
    items::items_where,
    kept_reminders::{Item, move_to, reminder_of, reminders_of, set_of},
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

/// Issues a code to somebody who agreed to be reminded.
async fn issue_to_remind(studio: &Visit, to: &To, language: Language) -> Issued {
    let upload_id = photographer::upload(studio, FileProfile::Standard, &face_only()).await;
    let view = photographer::issue_code_to_remind(studio, &upload_id, to, language).await.expect(201).json();
    let message = inbox::code_message(to.address(), 0).await;
    Issued { upload_id, code: message.code(), message, view }
}

fn day_of(item: &Item) -> &str {
    item["slot"].as_s().expect("a slot").split('#').next().expect("a day")
}

/// Changes the association of a photo set, as time or the account's owner would.
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

/// The hour comes. Other tests' reminders are looked at too.
async fn run() {
    stack::invoke("SEND_REMINDERS_FUNCTION").await.expect("a run");
}

/// Runs until no run has a reminder of this set in hand any more: another test's run may have taken it.
async fn run_until_gone(set_id: &str) {
    for _ in 0..10 {
        run().await;
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

#[expect(clippy::wildcard_enum_match_arm, reason = "the SDK may come to know other kinds of values: then the test fails")]
fn assert_sealed(item: &Item, address: &str) {
    for (name, value) in item {
        let found = match value {
            AttributeValue::S(text) | AttributeValue::N(text) => text.contains(address),
            AttributeValue::B(bytes) => bytes.as_ref().windows(address.len()).any(|window| window == address.as_bytes()),
            other => panic!("{name}: {other:?}"),
        };
        assert!(!found, "{name} tells the address");
    }
}

#[tokio::test]
async fn an_address_is_kept_sealed_only_where_somebody_agreed_and_until_the_photos_are_associated() {
    let (studio, visit, to) = (fresh_photographer().await, fresh_citizen().await, fresh_email().await);
    let issued = issue_to_remind(&studio, &to, Language::El).await;
    let set_id = set_of(&issued.code).await;
    let item = reminder_of(&set_id).await;
    assert_sealed(&item, to.address());
    assert!(!item["about"].as_s().expect("a name").contains(&issued.code));
    let expires_at = issued.view["expires_at"].as_str().expect("an end").parse::<jiff::Timestamp>().expect("a time");
    let due = ReminderKind::Code.due_on(Moment::from_epoch_seconds(expires_at.as_second()));
    assert_eq!(day_of(&item), due.to_string());

    // The same call again is the same, without the agreement it is another.
    photographer::issue_code_to_remind(&studio, &issued.upload_id, &to, Language::El).await.expect(200);
    photographer::issue_code(&studio, &issued.upload_id, &to, Language::El).await.refused(409, "issuance_conflict");

    citizen::take(&visit, &issued.code).await;
    assert!(reminders_of(&set_id).await.is_empty(), "nobody needs to be reminded any more");

    let other = photographer::issue(&studio, FileProfile::Standard, &face_only(), &fresh_email().await, Language::El).await;
    assert!(reminders_of(&set_of(&other.code).await).await.is_empty(), "nobody agreed");
}

#[tokio::test]
async fn a_corrected_address_is_kept_no_longer_than_the_first_one_was_to_be() {
    let studio = fresh_photographer().await;
    for agreed in [false, true] {
        let (wrong, right) = (fresh_email().await, fresh_email().await);
        let upload_id = photographer::upload(&studio, FileProfile::Standard, &face_only()).await;
        if agreed {
            photographer::issue_code_to_remind(&studio, &upload_id, &wrong, Language::El).await.expect(201);
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
async fn a_code_that_nobody_has_associated_is_reminded_of_once_without_the_code() {
    let studio = fresh_photographer().await;
    let mobile = To::Mobile(people::fresh("citizen").await.mobile().to_owned());
    for (to, language) in [(fresh_email().await, Language::El), (mobile, Language::En)] {
        let issued = issue_to_remind(&studio, &to, language).await;
        let set_id = set_of(&issued.code).await;
        // Missed yesterday and the day before.
        move_to(&reminder_of(&set_id).await, today().minus(2), &[]).await;
        run_until_gone(&set_id).await;
        run().await;
        let reminders = inbox::reminders(to.address()).await;
        assert_eq!(reminders.len(), 1);
        let reminder = &reminders[0];
        let whole =
            [&reminder.text, reminder.html.as_deref().unwrap_or_default(), reminder.subject.as_deref().unwrap_or_default()].concat();
        assert!(!whole.contains(&issued.code) && !whole.contains("#code="));
        assert!(whole.contains(&stack::origin()));
        let year = &issued.view["expires_at"].as_str().expect("an end")[..4];
        assert!(whole.contains(year), "{whole}");
        assert_eq!(journeys::browser::has_greek(&reminder.text), language == Language::El);
    }
}

#[tokio::test]
async fn whoever_left_an_address_is_reminded_of_the_years_end_and_the_address_is_gone() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let code = photographer::issue_by_sms(&studio, visit.person.mobile()).await.code;
    let associated = citizen::take(&visit, &code).await;
    assert!(associated["reminder"].is_null());
    let set_id = set_of(&code).await;
    let (first, second) = (fresh_email().await, fresh_email().await);

    let view = citizen::set_reminder(&visit, first.address(), Language::El).await.expect(200).json();
    let expires_at = view["expires_at"].as_str().expect("an end").parse::<jiff::Timestamp>().expect("a time");
    let due = ReminderKind::Association.due_on(Moment::from_epoch_seconds(expires_at.as_second()));
    assert_eq!(view["reminder"]["on"], due.to_string());
    let masked = view["reminder"]["masked"].as_str().expect("a masked address");
    assert!(masked.contains('•') && !masked.contains(first.address()));
    assert_eq!(citizen::show_association(&visit).await.expect(200).json(), view);
    assert_sealed(&reminder_of(&set_id).await, first.address());

    // Changed: one reminder, to the second address.
    let changed = citizen::set_reminder(&visit, second.address(), Language::En).await.expect(200).json();
    assert_eq!(changed["reminder"]["language"], "en");
    let item = reminder_of(&set_id).await;
    assert_eq!(day_of(&item), due.to_string());

    // Taken away, twice; and set again.
    for _ in 0..2 {
        assert!(citizen::unset_reminder(&visit).await.expect(200).json()["reminder"].is_null());
        assert!(reminders_of(&set_id).await.is_empty());
    }
    citizen::set_reminder(&visit, second.address(), Language::En).await.expect(200);

    move_to(&reminder_of(&set_id).await, today(), &[]).await;
    run_until_gone(&set_id).await;
    assert!(inbox::reminders(first.address()).await.is_empty());
    let reminders = inbox::reminders(second.address()).await;
    assert_eq!(reminders.len(), 1);
    assert!(!reminders[0].text.contains(&code) && !journeys::browser::has_greek(&reminders[0].text));
    assert!(citizen::show_association(&visit).await.expect(200).json()["reminder"].is_null(), "its address is deleted");
}

#[tokio::test]
async fn nothing_is_sent_of_what_is_associated_or_dissociated_meanwhile() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let to = fresh_email().await;
    let issued = issue_to_remind(&studio, &to, Language::El).await;
    let set_id = set_of(&issued.code).await;
    let of_code = reminder_of(&set_id).await;
    citizen::take(&visit, &issued.code).await;
    // As if the association had not removed it.
    move_to(&of_code, today(), &[]).await;
    run_until_gone(&set_id).await;
    assert!(inbox::reminders(to.address()).await.is_empty());

    let other = fresh_email().await;
    citizen::set_reminder(&visit, other.address(), Language::El).await.expect(200);
    let of_year = reminder_of(&set_id).await;
    // Of another set, which these photos have taken the place of.
    let another = storage::random_id().expect("randomness");
    move_to(&of_year, today(), &[("set_id", AttributeValue::S(another.clone()))]).await;
    run_until_gone(&another).await;
    assert!(inbox::reminders(other.address()).await.is_empty());
    // Taken back by the person.
    citizen::unset_reminder(&visit).await.expect(200);
    move_to(&of_year, today(), &[]).await;
    run_until_gone(&set_id).await;
    assert!(inbox::reminders(other.address()).await.is_empty());

    citizen::set_reminder(&visit, other.address(), Language::El).await.expect(200);
    let dissociated = visit.browser.delete("/v1/subjects/self/association").await;
    assert!((200..300).contains(&dissociated.status), "{}", dissociated.text());
    assert!(reminders_of(&set_id).await.is_empty(), "dissociating removes the address");
    move_to(&of_year, today(), &[]).await;
    run_until_gone(&set_id).await;
    assert!(inbox::reminders(other.address()).await.is_empty());
}

#[tokio::test]
async fn a_recipient_for_whom_sending_fails_is_tried_again_and_holds_up_nobody() {
    let studio = fresh_photographer().await;
    let (bad, good) = (fresh_email().await, fresh_email().await);
    let mut sets = Vec::new();
    for to in [&bad, &good] {
        sets.push(set_of(&issue_to_remind(&studio, to, Language::El).await.code).await);
    }
    fail(&bad, 1).await;
    for set_id in &sets {
        move_to(&reminder_of(set_id).await, today(), &[]).await;
    }
    run_until_gone(&sets[1]).await;
    assert_eq!(inbox::reminders(good.address()).await.len(), 1);
    run_until_gone(&sets[0]).await;
    assert_eq!(inbox::reminders(bad.address()).await.len(), 1);
}

#[tokio::test]
async fn a_reminder_that_is_too_old_or_that_may_have_gone_out_is_removed_and_not_sent() {
    let studio = fresh_photographer().await;
    let number = |value: i64| AttributeValue::N(value.to_string());
    let claim = [
        ("claim", AttributeValue::S("a run that ended in the middle".to_owned())),
        ("claimed_until", number(now().epoch_seconds() - 1)),
        ("attempts", number(1)),
    ];
    for (days_ago, changes) in [(3, &[][..]), (0, &claim[..])] {
        let to = fresh_email().await;
        let set_id = set_of(&issue_to_remind(&studio, &to, Language::El).await.code).await;
        move_to(&reminder_of(&set_id).await, today().minus(days_ago), changes).await;
        run_until_gone(&set_id).await;
        assert!(inbox::reminders(to.address()).await.is_empty(), "{days_ago}");
    }
}

#[tokio::test]
async fn an_address_that_is_gone_is_not_shown_as_if_it_were_to_be_written_to() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let code = photographer::issue_by_sms(&studio, visit.person.mobile()).await.code;
    citizen::take(&visit, &code).await;
    let set_id = set_of(&code).await;
    // Given up.
    let to = fresh_email().await;
    citizen::set_reminder(&visit, to.address(), Language::El).await.expect(200);
    move_to(&reminder_of(&set_id).await, today().minus(3), &[]).await;
    run_until_gone(&set_id).await;
    assert!(inbox::reminders(to.address()).await.is_empty());
    assert!(citizen::show_association(&visit).await.expect(200).json()["reminder"].is_null());
    // No run came by, and it went by TTL a week after its day.
    let asked = citizen::set_reminder(&visit, to.address(), Language::El).await.expect(200).json();
    assert!(asked["reminder"].is_object(), "{asked}");
    change_association(&set_id, &["expires_at"], now().plus(Span::days(22))).await;
    assert!(citizen::show_association(&visit).await.expect(200).json()["reminder"].is_null());
}

#[tokio::test]
async fn what_a_guardian_asked_for_is_not_sent_once_the_minor_is_18() {
    let (studio, guardian) = (fresh_photographer().await, fresh_citizen().await);
    let minor = minors::nearly_adult(&guardian.person).await;
    let birthday = BirthDate::parse(&minor.birth_date).expect("a date").adult_from();
    let handle = minors::added(&guardian, &minor).await;
    let child = citizen::acting(&guardian, &handle);
    let code = photographer::issue_by_sms(&studio, guardian.person.mobile()).await.code;
    child.take(&code).await;
    let set_id = set_of(&code).await;
    // As if it were due three days before: then it may go out until the day itself.
    change_association(&set_id, &["expires_at"], birthday.plus(Span::days(27))).await;
    let to = fresh_email().await;
    let view = child.set_reminder(to.address(), Language::El).await.expect(200).json();
    assert!(view["reminder"].is_object(), "{view}");
    let item = reminder_of(&set_id).await;
    assert_eq!(item["expires_at"], AttributeValue::N(birthday.epoch_seconds().to_string()));
    // The day comes: it is not shown, and does not go out.
    change_association(&set_id, &["reminder", "until"], now()).await;
    assert!(child.show_association().await.expect(200).json()["reminder"].is_null());
    move_to(&item, today(), &[("expires_at", AttributeValue::N(now().epoch_seconds().to_string()))]).await;
    run_until_gone(&set_id).await;
    assert!(inbox::reminders(to.address()).await.is_empty());
}

#[tokio::test]
async fn reminders_that_another_run_has_claimed_or_that_are_not_due_are_not_touched() {
    let studio = fresh_photographer().await;
    let number = |value: i64| AttributeValue::N(value.to_string());
    let claim = [
        ("claim", AttributeValue::S("another run".to_owned())),
        ("claimed_until", number(now().epoch_seconds() + 600)),
        ("attempts", number(1)),
    ];
    // The second would be given up, were it in nobody's hand.
    for (day, changes) in [(today(), &claim[..]), (today().minus(3), &claim[..]), (today().next(), &[][..])] {
        let to = fresh_email().await;
        let set_id = set_of(&issue_to_remind(&studio, &to, Language::El).await.code).await;
        move_to(&reminder_of(&set_id).await, day, changes).await;
        run().await;
        assert_eq!(reminders_of(&set_id).await.len(), 1, "{day}");
        assert!(inbox::reminders(to.address()).await.is_empty(), "{day}");
    }
}
