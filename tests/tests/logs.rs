//! The functions' logs tell what happened, and never about whom or with what.

#![expect(clippy::expect_used, reason = "what fails here fails the test that calls it")]

mod leaks;

use std::{path::Path, process::Command, time::Duration};

use domain::{FileProfile, ImageKind, Language, application::Purpose};
use journeys::{
    application,
    browser::Browser,
    citizen, mobile,
    people::{self, Visit, fresh_photographer},
    photographer::{self, To, both},
    stack, staff,
};
use leaks::{Search, Secret, has_number};
use reqwest::Method;
use serde_json::{Value, json};

/// All lines of all functions' log groups, with the variable that names the group.
fn all_logs() -> Vec<(String, String)> {
    let groups = stack::resources("_LOG");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = Command::new(root.join(".tools/aws/bin/python"))
        .arg(root.join("tests/read_logs.py"))
        .args(groups.iter().map(|(_, group)| group))
        .output()
        .expect("the AWS tools in .tools (`make tools`)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<(String, String)> = serde_json::from_slice(&output.stdout).expect("JSON");
    let variable = |group: &str| groups.iter().find(|(_, name)| name == group).expect("asked for").0.clone();
    lines.into_iter().map(|(group, line)| (variable(&group), line)).collect()
}

fn about(person: &people::Person) -> Vec<Secret> {
    let mobile = person.mobile();
    let mut secrets: Vec<Secret> = [mobile, &mobile[1..], &mobile[3..]].map(|number| Secret::new("mobile number", number)).into();
    secrets.push(Secret::new("AFM", &person.afm));
    secrets.push(Secret::new("AMKA", person.amka.as_deref().expect("an AMKA")));
    secrets.push(Secret::new("first name", &person.first_name));
    secrets.push(Secret::new("last name", &person.last_name));
    secrets.push(Secret::new("email", person.email()));
    secrets.extend(person.businesses.iter().map(|business| Secret::new("business", &business.name)));
    secrets
}

/// What must not be echoed either, put into every place of a call.
const PLANTED: &str = "Planted4Logs7Xq";

/// Somebody signs in from an app, which begins with a code that it may not have: what may be known to the two of them alone.
async fn from_an_app() -> Vec<Secret> {
    let (browser, app) = (Browser::new(Language::El), mobile::AppSignIn::new(mobile::REDIRECT_URI));
    mobile::exchange(&app.exchange_body(PLANTED)).await.refused(400, "exchange_refused");
    let person = people::fresh("citizen").await;
    let code = app.code(&browser, &person).await;
    let token = app.exchange(&code).await.expect(200).json()["token"].as_str().expect("a token").to_owned();
    Browser::app(Language::El, &token).get("/v1/session").await.expect(200);
    Browser::app(Language::El, PLANTED).get("/v1/session").await.refused(401, "session_expired");
    let mut secrets = about(&person);
    secrets.extend(
        [("app's code", &code), ("app's token", &token), ("app's verifier", &app.verifier), ("app's state", &app.state)]
            .map(|(name, value)| Secret::new(name, value)),
    );
    secrets
}

async fn wrong_calls(visit: &Visit, studio: &Visit) {
    let browser = &visit.browser;
    let body = |text: &str| json!({ "code": text });
    browser.post("/v1/subjects/self/submissions", &body(PLANTED)).await.refused(422, "code_malformed");
    browser.post("/v1/subjects/self/submissions", &json!({ "code": 7, PLANTED: PLANTED })).await.refused(422, "invalid_field");
    browser.request(Method::POST, "/v1/session/otp").body("application/json", format!("{{{PLANTED}")).send().await.problem();
    browser.get(&format!("/v1/{PLANTED}?{PLANTED}={PLANTED}")).await.refused(404, "not_found");
    browser.get(&format!("/v1/subjects/{PLANTED}/association")).await.refused(404, "subject_unknown");
    browser.get(&format!("/v1/sign-in/callback?code={PLANTED}&state={PLANTED}")).await.refused(400, "sign_in_state");
    let recipient = json!({ "kind": "email", "value": PLANTED });
    let issuance = json!({ "upload_id": PLANTED, "recipient": recipient, "language": "el" });
    studio.browser.post("/v1/photographer/issuances", &issuance).await.refused(422, "invalid_field");
    let stranger = Browser::new(Language::El);
    stranger.put_cookie("__Host-session", PLANTED);
    stranger.get("/v1/session").await.refused(401, "session_expired");
}

/// An application's requests, taken and refused; answers what of them must not be found.
async fn signed_calls(visit: &Visit) -> Vec<Secret> {
    let body = application::fresh(Purpose::Passport).await;
    application::authorize(visit, &[&body.id]).await.expect(200);
    let mut secrets = Vec::new();
    let mut request = |claims: &Value, broken: &str| {
        let token = body.sign(claims);
        for claim in ["sub", "case", "jti", "pull", "text"].iter().filter_map(|name| claims[name].as_str()) {
            secrets.push(Secret::new("claim", claim));
        }
        secrets.push(Secret::new("signature", token.rsplit('.').next().expect("a signature")));
        format!("{token}{broken}")
    };
    let face = || body.pull_claims(&format!("afm:{}", visit.person.afm), ImageKind::Face);
    let pulled = body.send(application::PULLS, &request(&face(), "")).await.expect(200);
    body.send(application::PULLS, &request(&face(), "x")).await.refused(401, "signature_refused");
    let mut wrong = face();
    wrong["image"] = json!(PLANTED);
    body.send(application::PULLS, &request(&wrong, "")).await.refused(422, "invalid_field");
    let verdict = json!({ "pull": pulled.header("pull-id"), "verdict": "refused", "reason": "other", "text": "Κείμενο για τον πολίτη" });
    body.send(application::VERDICTS, &request(&body.claims(application::VERDICTS, verdict), "")).await.expect(200);
    secrets
}

#[tokio::test]
async fn logs_hold_no_code_token_password_name_number_or_address_of_anybody() {
    let studio = fresh_photographer().await;
    let person = people::fresh("citizen").await;
    let email = To::Email(person.email());
    let waiting = people::up_to_otp(person, Language::El).await;
    let wrong = if waiting.otp == "000000" { "000001" } else { "000000" };
    people::enter_otp(&waiting.browser, wrong).await.refused(422, "otp_wrong");
    let person = waiting.person.clone();
    let visit = people::citizen(person, Language::El).await;
    let by_sms = photographer::issue_by_sms(&studio, visit.person.mobile()).await;
    let by_email = photographer::issue(&studio, FileProfile::Standard, &both(), &email, Language::En).await;
    wrong_calls(&visit, &studio).await;
    citizen::submit(&visit, &by_email.code).await.expect(200);
    citizen::reject(&visit).await.expect(204);
    citizen::take(&visit, &by_sms.code).await;
    citizen::submit(&visit, &by_sms.code).await.refused(409, "code_already_yours");
    citizen::set_reminder(&visit, email.address(), Language::El).await.expect(200);
    citizen::show_photo(&visit, ImageKind::Face).await.expect(200);
    citizen::download(&visit).await.expect(200);
    photographer::listed(&studio, &by_sms.upload_id).await;
    let (employee, id) = staff::employee_of(&studio, "Ταμίας-Νίκη").await;
    employee.browser.get("/v1/photographer/issuances").await.expect(200);
    staff::list(&studio).await;
    staff::withdraw(&studio, &id).await.expect(204);
    photographer::wait_until_sent(&studio, &by_email.upload_id).await;
    photographer::resend_code(&studio, &by_email.upload_id, None, Some(Language::El)).await.expect(200);
    let signed = signed_calls(&visit).await;
    visit.browser.delete("/v1/session").await.expect(200);

    let mut secrets: Vec<Secret> = [&visit.person, &studio.person, &employee.person].into_iter().flat_map(about).collect();
    secrets.extend(from_an_app().await);
    secrets.push(Secret::new("employee's label", "Ταμίας-Νίκη"));
    secrets.push(Secret::new("planted text", PLANTED));
    secrets.extend(signed);
    secrets.extend([&by_sms, &by_email].map(|issued| Secret::new("code number", &issued.code)));
    for browser in [&visit.browser, &waiting.browser, &studio.browser] {
        let values = browser.all_cookie_values();
        assert!(!values.is_empty());
        secrets.extend(values.iter().filter(|value| !value.is_empty()).map(|value| Secret::new("cookie", value)));
    }
    let search = Search::new(&secrets);
    // A line may come a moment after its answer.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let lines = all_logs();
    for (function, line) in &lines {
        assert_eq!(search.find(line.as_bytes()), Vec::<&str>::new(), "{function}: {line}");
        for otp in [&visit.otp, &waiting.otp, &studio.otp] {
            assert!(!has_number(line.as_bytes(), otp), "a one-time password, {function}: {line}");
        }
    }

    // They do tell: one line for each call, with what became of it and how long it took.
    for (function, operation, outcome) in [
        ("SUBMIT_CODE_LOG", "submit_code", "code_malformed"),
        ("ASSOCIATE_LOG", "associate", ""),
        ("VERIFY_OTP_LOG", "verify_otp", "otp_wrong"),
        ("ISSUE_CODE_LOG", "issue_code", ""),
        ("DOWNLOAD_PHOTOS_LOG", "download_photos", ""),
        ("RESEND_CODE_LOG", "resend_code", ""),
        ("AUTHORIZE_STAFF_LOG", "authorize_staff", ""),
        ("DELIVER_CODE_LOG", "deliver_code", ""),
        ("PULL_PHOTO_LOG", "pull_photo", "signature_refused"),
        ("REPORT_VERDICT_LOG", "report_verdict", ""),
    ] {
        let told = lines.iter().filter(|(group, _)| group == function).filter_map(|(_, line)| serde_json::from_str::<Value>(line).ok());
        let ours: Vec<Value> = told.filter(|line| line["operation"] == operation && line.to_string().contains(outcome)).collect();
        assert!(!ours.is_empty(), "{function} tells nothing of {operation} {outcome}");
    }
}
