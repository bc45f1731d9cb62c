//! The functions' logs record what happened, but contain no personal data and no secrets.

#![expect(clippy::expect_used, reason = "what fails here fails the test that calls it")]

mod aws;
#[path = "aws/items.rs"]
mod items;
mod leaks;
#[path = "leaks/round_trips.rs"]
mod round_trips;
#[path = "aws/reminders.rs"]
mod stored_reminders;

use std::time::Duration;

use domain::{AthensDay, FileProfile, Language, Moment};
use journeys::{
    application::{PULLS, now},
    browser::Browser,
    citizen, inbox, mobile,
    people::{self, through_taxisnet},
    photographer::{self, To, face_only},
    stack,
};
use leaks::{
    Search, Secret,
    everything::{Everything, about},
    has_number,
    lines::{assert_all_succeeded, lines},
    project,
};
use reqwest::Method;
use serde_json::{Value, json};
use stored_reminders::{move_to, reminder_of, set_of};

/// A string that is sent in every part of a request and must not be logged.
const PLANTED: &str = "Planted4Logs7Xq";

/// Makes requests that are rejected.
async fn make_invalid_requests(all: &mut Everything) {
    let browser = &all.citizen.browser;
    let body = |text: &str| json!({ "code": text });
    browser.post("/v1/subjects/self/submissions", &body(PLANTED)).await.rejected(422, "code_malformed");
    browser.post("/v1/subjects/self/submissions", &json!({ "code": 7, PLANTED: PLANTED })).await.rejected(422, "invalid_field");
    browser.request(Method::POST, "/v1/session/otp").body("application/json", format!("{{{PLANTED}")).send().await.problem();
    browser.get(&format!("/v1/{PLANTED}?{PLANTED}={PLANTED}")).await.rejected(404, "not_found");
    browser.get(&format!("/v1/subjects/{PLANTED}/association")).await.rejected(404, "subject_unknown");
    browser.get(&format!("/v1/sign-in/callback?code={PLANTED}&state={PLANTED}")).await.rejected(400, "sign_in_state");
    citizen::submit(&all.citizen, &all.by_sms.code).await.rejected(409, "code_already_yours");
    let recipient = json!({ "kind": "email", "value": PLANTED });
    let issuance = json!({ "upload_id": PLANTED, "recipient": recipient, "language": "el" });
    all.studio.browser.post("/v1/photographer/issuances", &issuance).await.rejected(422, "invalid_field");
    let stranger = Browser::new(Language::El);
    stranger.put_cookie("__Host-session", PLANTED);
    stranger.get("/v1/session").await.rejected(401, "session_expired");
    Browser::app(Language::El, PLANTED).get("/v1/session").await.rejected(401, "session_expired");
    let app = mobile::AppSignIn::new(mobile::REDIRECT_URI);
    mobile::exchange(&app.exchange_body(PLANTED)).await.rejected(400, "exchange_refused");
    let wrong = if all.waiting.otp == "000000" { "000001" } else { "000000" };
    people::enter_otp(&all.waiting.browser, wrong).await.rejected(422, "otp_wrong");

    let forged = all.signed(&all.pull_claims()) + "x";
    all.application.send(PULLS, &forged).await.rejected(401, "signature_refused");
    let mut wrong = all.pull_claims();
    wrong["image"] = json!(PLANTED);
    let wrong = all.signed(&wrong);
    all.application.send(PULLS, &wrong).await.rejected(422, "invalid_field");
}

/// Makes SMS, email and registers fail, so that functions log the causes of failures.
async fn cause_failures(all: &mut Everything, reminded: &To, code: &str) {
    let (stelios, person) = (people::named("stelios").await, people::fresh("citizen").await);
    through_taxisnet(&Browser::new(Language::El), &stelios).await.rejected(502, "registers_unavailable");

    inbox::fail(all.waiting.person.mobile(), &json!(1), "throttling").await;
    all.waiting.browser.post("/v1/session/otp/resend", &json!({})).await.rejected(502, "otp_not_sent");

    inbox::fail(person.mobile(), &json!(1), "internal_error").await;
    let upload_id = photographer::upload(&all.studio, FileProfile::Standard, &face_only()).await;
    let to = To::Mobile(person.mobile().to_owned());
    photographer::issue_code(&all.studio, &upload_id, &to, Language::El).await.expect(201);

    inbox::fail(reminded.address(), &json!(1), "rejected").await;
    bring_forward(code).await;
    stack::invoke("SEND_REMINDERS_FUNCTION").await.expect("a run");
    stack::invoke("SEND_REMINDERS_FUNCTION").await.expect("a run");
    assert_eq!(inbox::reminders(reminded.address()).await.len(), 1);

    // The sweep runs each minute and wakes the sender for messages that are due again.
    let sent = |item: &Value| item["delivery"]["state"] == "sent";
    photographer::wait_until_listed(&all.studio, &upload_id, sent, Duration::from_secs(120)).await;
    all.codes.push(inbox::code_message(person.mobile(), 0).await.code());
    all.more_secrets.extend([stelios, person].iter().flat_map(about));
}

/// Makes the reminder of a code due today.
async fn bring_forward(code: &str) {
    let today = AthensDay::of(Moment::from_epoch_seconds(now()));
    move_to(&reminder_of(&set_of(code).await).await, today, &[]).await;
}

#[tokio::test]
async fn logs_contain_no_code_token_password_name_number_or_address() {
    let mut all = Everything::begin().await;
    all.submit_codes_without_associating().await;
    let (other, again) = all.use_photos().await;
    make_invalid_requests(&mut all).await;
    cause_failures(&mut all, &other, &again).await;
    all.end().await;

    let mut secrets = all.secrets();
    secrets.append(&mut all.application_texts);
    secrets.push(Secret::new("planted text", PLANTED));
    let search = Search::new(&secrets);
    let all_lines = lines(0).await;
    for (function, line) in &all_lines {
        assert_eq!(search.find(line.as_bytes()), Vec::<&str>::new(), "{function}: {line}");
        for otp in &all.otps {
            assert!(!has_number(line.as_bytes(), otp), "a one-time password, {function}: {line}");
        }
    }

    // Each call must have logged one line with its outcome and, if it failed, the cause.
    let lines = lines(all.began).await;
    assert_all_succeeded(&lines, project::functions().into_keys().collect());
    round_trips::assert_budget_is_kept(&lines, project::functions().into_keys().collect());
    for (operation, logged) in [
        ("submit_code", "code_malformed"),
        ("verify_otp", "otp_wrong"),
        ("exchange_token", "exchange_refused"),
        ("pull_photo", "signature_refused"),
        ("callback", "\"cause\""),
        ("issue_code", "\"code\":\"issued_without_face\""),
        ("resend_otp", "\"cause\":\"sms: "),
        ("deliver_code", "\"cause\":\"sms: "),
        ("send_reminders", "\"cause\":\"email: "),
    ] {
        let group = format!("{}_LOG", operation.to_uppercase());
        assert!(lines.iter().any(|(of, line)| *of == group && line.contains(logged)), "{group} has no line with {logged}");
    }
}
