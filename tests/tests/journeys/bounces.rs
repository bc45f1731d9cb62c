//! Bounces, complaints and rejections of emails with codes. The photographer sees the reason and can correct the address.

use domain::{FileProfile, Language};
use journeys::{
    browser::has_greek,
    citizen,
    inbox::{self, Message},
    people::{self, Visit, fresh_citizen, fresh_photographer},
    photographer::{self, To, face_only, listed, resend_code, wait_until_sent},
    ses,
};
use reqwest::Method;
use serde_json::{Value, json};

/// A code that was sent by email.
struct Sent {
    studio: Visit,
    upload_id: String,
    to: To,
    code: String,
    email: Message,
}

impl Sent {
    async fn new() -> Self {
        let (studio, to) = (fresh_photographer().await, somebody().await);
        let issued = photographer::issue(&studio, FileProfile::Standard, &face_only(), &to, Language::El).await;
        wait_until_sent(&studio, &issued.upload_id).await;
        Self { studio, upload_id: issued.upload_id, to, code: issued.code, email: issued.message }
    }

    async fn listed(&self) -> Value {
        listed(&self.studio, &self.upload_id).await
    }

    /// Asserts that the history shows the delivery of the code as failed, with this reason.
    async fn assert_failed(&self, reason: &str, permanent: bool) {
        let item = self.listed().await;
        assert_eq!((&item["state"], &item["delivery"]["state"]), (&json!("failed"), &json!("failed")), "{item}");
        let failure = &item["failure"];
        assert_eq!((&failure["reason"], &failure["permanent"]), (&json!(reason), &json!(permanent)), "{item}");
    }

    async fn assert_sent(&self) {
        let item = self.listed().await;
        assert_eq!((&item["delivery"]["state"], &item["failure"]), (&json!("sent"), &Value::Null), "{item}");
    }

    /// Sends the code again, to a corrected address if one is given. Returns the email that arrives.
    async fn resend(&self, corrected: Option<&To>) -> Message {
        let to = corrected.unwrap_or(&self.to);
        let before = inbox::last_seq(to.address()).await;
        let view = resend_code(&self.studio, &self.upload_id, corrected, None).await.expect(200).json();
        assert_eq!((&view["delivery"]["state"], &view["failure"]), (&json!("queued"), &Value::Null), "{view}");
        let email = inbox::code_message(to.address(), before).await;
        wait_until_sent(&self.studio, &self.upload_id).await;
        email
    }

    /// Asserts that the code cannot be sent to this recipient, and that the rejected attempt does not count as a resend.
    async fn assert_undeliverable(&self, to: Option<&To>, language: Option<Language>, reason: &str) {
        let before = self.listed().await["resends"].clone();
        let problem = resend_code(&self.studio, &self.upload_id, to, language).await.rejected(409, "resend_undeliverable");
        assert_eq!(problem.members["reason"], reason);
        assert_eq!(self.listed().await["resends"], before);
    }
}

async fn somebody() -> To {
    To::Email(people::fresh("citizen").await.email())
}

#[tokio::test]
async fn an_email_to_an_unknown_address_fails_and_a_corrected_address_gets_a_new_code() {
    let (sent, citizen) = (Sent::new().await, fresh_citizen().await);
    ses::report("unknown", &sent.email).await;
    sent.assert_failed("address_unknown", true).await;
    for (language, greek) in [(Language::El, true), (Language::En, false)] {
        let request = sent.studio.browser.request(Method::GET, "/v1/photographer/issuances?state=failed");
        let page = request.header("accept-language", language.tag()).send().await.expect(200).json();
        let message = page["issuances"][0]["failure"]["message"].as_str().expect("a text");
        assert_eq!(has_greek(message), greek, "{message}");
    }

    // The recipient remains the same if the address is written in upper case, or if the message is in another language.
    let upper_case = To::Email(sent.to.address().to_uppercase());
    for (to, language) in [(None, None), (Some(&sent.to), None), (Some(&upper_case), None), (None, Some(Language::En))] {
        sent.assert_undeliverable(to, language, "address_unknown").await;
    }
    assert_eq!(inbox::codes(sent.to.address()).await.len(), 1);

    let right = To::Email(citizen.person.email());
    let corrected = sent.resend(Some(&right)).await;
    sent.assert_sent().await;
    sent.assert_undeliverable(Some(&sent.to), None, "address_unknown").await;
    citizen::take(&citizen, &corrected.code()).await;
}

#[tokio::test]
async fn a_report_about_an_email_to_the_old_address_does_not_change_the_corrected_delivery() {
    let sent = Sent::new().await;
    let right = somebody().await;
    let corrected = sent.resend(Some(&right)).await;
    for kind in ["unknown", "full", "complaint"] {
        ses::report(kind, &sent.email).await;
        sent.assert_sent().await;
    }
    // The reports were about the old address, so the code can be sent to the corrected address again.
    let again = sent.resend(Some(&right)).await;
    assert_eq!(again.code(), corrected.code());
}

#[tokio::test]
async fn a_temporary_failure_permits_the_same_address_and_does_not_affect_a_later_sending() {
    let sent = Sent::new().await;
    ses::report("full", &sent.email).await;
    sent.assert_failed("mailbox_full", false).await;
    let again = sent.resend(None).await;
    assert_eq!(again.code(), sent.code, "the same code is sent");
    ses::report("full", &sent.email).await;
    sent.assert_sent().await;
    ses::report("unreachable", &again).await;
    sent.assert_failed("unreachable", false).await;
    // A permanent failure concerns the address, so it is recorded even if the report is about an earlier email.
    ses::report("unknown", &sent.email).await;
    sent.assert_failed("address_unknown", true).await;
    sent.assert_undeliverable(None, None, "address_unknown").await;
}

#[tokio::test]
async fn reports_that_arrive_twice_or_out_of_order_end_with_the_same_failure() {
    let sent = Sent::new().await;
    for (kind, reason, permanent) in [
        ("full", "mailbox_full", false),
        ("full", "mailbox_full", false),
        ("unreachable", "mailbox_full", false),
        ("blocked", "blocked", true),
        ("full", "blocked", true),
        ("unknown", "blocked", true),
        ("complaint", "blocked", true),
    ] {
        ses::report(kind, &sent.email).await;
        sent.assert_failed(reason, permanent).await;
    }
}

#[tokio::test]
async fn each_kind_of_report_has_its_reason() {
    for (kind, reason, permanent) in [
        ("permanent", "address_unknown", true),
        ("suppressed", "suppressed", true),
        ("undetermined", "undetermined", false),
        ("reject", "not_sent", false),
    ] {
        let sent = Sent::new().await;
        ses::report(kind, &sent.email).await;
        sent.assert_failed(reason, permanent).await;
    }
}

#[tokio::test]
async fn a_delay_and_a_report_that_the_email_is_not_spam_are_no_failures() {
    let sent = Sent::new().await;
    for kind in ["delay", "not-spam"] {
        ses::report(kind, &sent.email).await;
        sent.assert_sent().await;
    }
}

#[tokio::test]
async fn a_code_about_which_the_recipient_complained_stays_valid_but_is_not_sent_to_them_again() {
    let (sent, citizen) = (Sent::new().await, fresh_citizen().await);
    ses::report("complaint", &sent.email).await;
    sent.assert_failed("complaint", true).await;
    sent.assert_undeliverable(None, None, "complaint").await;
    citizen::take(&citizen, &sent.code).await;
    assert_eq!(sent.listed().await["state"], "associated");
}

#[tokio::test]
async fn a_report_after_the_association_changes_nothing() {
    let (sent, citizen) = (Sent::new().await, fresh_citizen().await);
    citizen::take(&citizen, &sent.code).await;
    for kind in ["complaint", "unknown", "full"] {
        ses::report(kind, &sent.email).await;
    }
    let item = sent.listed().await;
    assert_eq!((&item["state"], &item["delivery"]["state"]), (&json!("associated"), &json!("sent")));
    assert!(item["failure"].is_null());
    citizen::show_association(&citizen).await.expect(200);
}

#[tokio::test]
async fn a_report_about_an_unknown_message_is_ignored_and_a_malformed_one_fails_without_being_quoted() {
    let sent = Sent::new().await;
    let mut other = json!({ "to": sent.to.address(), "ses": sent.email.ses });
    for id in [storage::time_ordered_id(), "wake#x".to_owned(), "Α".to_owned(), String::new()] {
        other["ses"]["tags"]["message"] = json!([id]);
        ses::report_on("unknown", &other).await.expect("the function ignores it");
    }
    // This report is about the message, but its tag `sending` names an attempt that never took place. So the function ignores the report.
    let mut other = json!({ "to": sent.to.address(), "ses": sent.email.ses });
    other["ses"]["tags"]["sending"] = json!([storage::time_ordered_id()]);
    ses::report_on("full", &other).await.expect("the function ignores it");
    sent.assert_sent().await;

    // The input `raw` is the event of SES before EventBridge transforms it. This event contains the recipient's address.
    let raw = json!({ "source": "aws.ses", "detail": { "eventType": "Bounce", "mail": { "destination": [sent.to.address()] } } });
    for malformed in [json!({}), json!([]), json!({ "type": sent.to.address(), "message": sent.to.address() }), raw] {
        let error = ses::invoke(&malformed).await.expect_err("the function fails");
        assert!(error.contains("another shape") && !error.contains(sent.to.address()), "{error}");
    }
    sent.assert_sent().await;
}

#[tokio::test]
async fn ses_reports_on_emails_with_codes_and_names_them_by_random_ids() {
    let sent = Sent::new().await;
    let again = sent.resend(None).await;
    let ids = |email: &Message, tag: &str| email.ses.as_ref().expect("an email of SES")["tags"][tag][0].as_str().expect("an ID").to_owned();
    assert_eq!(ids(&sent.email, "message"), ids(&again, "message"));
    assert_ne!(ids(&sent.email, "sending"), ids(&again, "sending"));
    for email in [&sent.email, &again] {
        let ses = email.ses.as_ref().expect("an email of SES");
        assert!(ses["configuration_set"].is_string() && ses["tags"].as_object().is_some_and(|tags| tags.len() == 2), "{ses}");
        assert!(["message", "sending"].iter().all(|tag| storage::is_time_ordered_id(&ids(email, tag))), "{ses}");
    }
}
