//! Who may do what, and for how long: sessions, roles, agreement.

use std::time::Duration;

use domain::Language;
use journeys::{
    browser::{Browser, SESSION_COOKIE},
    people::{self, fresh_citizen, fresh_photographer, sign_in, up_to_otp},
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{clock, refused};
use crate::raw::raw;

/// Every call of a citizen, with a body that is right in form.
fn citizens_calls() -> Vec<(Method, &'static str, Value)> {
    let association = "/v1/subjects/self/association";
    vec![
        (Method::POST, "/v1/subjects/self/submissions", json!({ "code": "AAAAAAAAAAAAAAAAAAAAAA" })),
        (Method::DELETE, "/v1/subjects/self/submissions/current", Value::Null),
        (Method::POST, "/v1/subjects/self/submissions/current/confirmation", json!({})),
        (Method::PUT, association, json!({ "agree": true, "version": "2026-11" })),
        (Method::GET, association, Value::Null),
        (Method::PUT, "/v1/subjects/self/association/reminder", json!({ "email": null })),
        (Method::GET, "/v1/subjects/self/association/photos/face", Value::Null),
        (Method::GET, "/v1/subjects/self/association/photos.zip", Value::Null),
    ]
}

/// Every call of a photographer.
fn photographers_calls() -> Vec<(Method, &'static str, Value)> {
    let recipient = json!({ "kind": "email", "value": "maria@example.gr" });
    vec![
        (Method::POST, "/v1/photographer/uploads", json!({ "profile": "standard", "face": { "bytes": 1, "sha256": "00".repeat(32) } })),
        (Method::POST, "/v1/photographer/issuances", json!({ "upload_id": "x", "recipient": recipient, "language": "el" })),
        (Method::GET, "/v1/photographer/issuances", Value::Null),
        (Method::POST, "/v1/photographer/issuances/019aa8f2-3c4d-7e5f-8a9b-0c1d2e3f4a5b/resend", json!({})),
        (Method::POST, "/v1/photographer/staff", json!({ "afm": "068933130" })),
        (Method::GET, "/v1/photographer/staff", Value::Null),
        (Method::DELETE, "/v1/photographer/staff/nobody", Value::Null),
    ]
}

/// What is asked of a session that is there.
fn everybodys_calls() -> Vec<(Method, &'static str, Value)> {
    vec![
        (Method::GET, "/v1/session", Value::Null),
        (Method::POST, "/v1/session/otp", json!({ "otp": "123456" })),
        (Method::POST, "/v1/session/otp/resend", json!({})),
        (Method::PUT, "/v1/session/role", json!({ "kind": "citizen" })),
        (Method::POST, "/v1/session/consent", json!({ "version": "2026-11", "agree": true })),
    ]
}

async fn all_refused(browser: &Browser, calls: Vec<(Method, &'static str, Value)>, status: u16, code: &str) {
    for (method, path, body) in calls {
        let call = || {
            let request = browser.request(method.clone(), path);
            if body.is_null() { request } else { request.json(&body) }
        };
        refused(call, status, code).await;
    }
}

fn all_calls() -> Vec<(Method, &'static str, Value)> {
    [everybodys_calls(), citizens_calls(), photographers_calls()].concat()
}

#[tokio::test]
async fn without_a_session_nothing_is_answered() {
    let browser = Browser::new(Language::El);
    all_refused(&browser, all_calls(), 401, "no_session").await;
    // A cookie that never was a session, of the right form and of none.
    for token in ["A".repeat(43), "nonsense".to_owned()] {
        browser.put_cookie(SESSION_COOKIE, &token);
        all_refused(&browser, vec![(Method::GET, "/v1/session", Value::Null)], 401, "session_expired").await;
    }
}

#[tokio::test]
async fn no_cookie_but_the_sessions_own_as_it_was_given_is_a_session() {
    let visit = fresh_citizen().await;
    let token = visit.browser.cookie(SESSION_COOKIE).expect("a session");
    let (name, own) = (SESSION_COOKIE, format!("{SESSION_COOKIE}={token}"));
    for cookies in [
        // Under another name, or one that looks the same to somebody: also what a browser lets a subdomain set.
        format!("session={token}"),
        format!("__Secure-session={token}"),
        format!("__host-session={token}"),
        format!("x{own}"),
        format!("{name}s={token}"),
        format!("{name} ={token}"),
        format!("\"{name}\"={token}"),
        format!("\u{2000}{own}"),
        format!("hush=\"a; {own}\""),
        // Not as cookies are written.
        String::new(),
        ";;=;;".to_owned(),
        name.to_owned(),
        format!("{name}="),
        format!("{name}:{token}"),
        format!("$Version=1, {own}"),
        format!("hush, {own}"),
        format!("hush={own}"),
        format!("{name}=\"{token}\""),
        format!("{name}={token}="),
        format!("{name}={token}, hush=1"),
        format!("{name}={token} hush"),
        format!("{name}=%{:02x}{}", token.as_bytes()[0], &token[1..]),
        format!("{name}=hush\tand\thush"),
        format!("{name}=hush\u{3b1}"),
        // More than one: the first counts, and none after it.
        format!("{name}=hush; {own}"),
        format!("{name}=; {own}"),
        format!("{name}=hush\r\nCookie: {own}"),
        // With the end of a line in it.
        format!("{name}=hush%0d%0aSet-Cookie:%20hush=1"),
        format!("{name}={token}%0d%0aX-Hush:%201"),
        format!("{name}=hush\\r\\nX-Hush: 1"),
        format!("{name}=hush\r\nX-Hush: hush"),
        // Large: four kilobytes are a browser's limit for one.
        format!("{name}={}", "hush".repeat(1_000)),
        format!("{name}={token}{}", "A".repeat(4_000)),
        format!("{}; hush=1", vec!["hush=hush"; 600].join("; ")),
    ] {
        let answer = raw("/v1/session", Some(&cookies));
        assert_eq!(answer.status, 401, "{cookies:?}: {}", answer.head);
        assert!(!answer.head.contains("hush") && !answer.head.contains(&token.to_lowercase()), "{cookies:?}: {}", answer.head);
    }
    // More than a gateway takes: whoever refuses it first.
    for cookies in [format!("{name}={}", "hush".repeat(5_000)), format!("{own}; hush={}", "hush".repeat(20_000))] {
        let answer = raw("/v1/session", Some(&cookies));
        assert!((400..500).contains(&answer.status) && !answer.head.contains("hush"), "{}", answer.head);
    }
    // It is one all the same, as it was given, whatever stands beside it.
    for cookies in [own.clone(), format!("hush=1; {own}; hush=2"), format!("hush=1;{own};{name}=hush")] {
        assert_eq!(raw("/v1/session", Some(&cookies)).status, 200, "{cookies:?}");
    }
}

#[tokio::test]
async fn a_session_that_was_signed_out_is_over_at_once() {
    let visit = fresh_citizen().await;
    let other_tab = visit.browser.twin();
    visit.browser.delete("/v1/session").await.expect(200);
    assert_eq!(visit.browser.cookie(SESSION_COOKIE), None, "the cookie is taken back");
    all_refused(&other_tab, all_calls(), 401, "session_expired").await;
    // Signing out twice does no harm.
    other_tab.delete("/v1/session").await.expect(200);
}

#[tokio::test]
async fn a_session_ends_after_thirty_idle_minutes() {
    let visit = fresh_citizen().await;
    clock::set_in_session(&visit.browser, &[("expires_at", clock::now())]).await;
    all_refused(&visit.browser, all_calls(), 401, "session_expired").await;
}

#[tokio::test]
async fn a_session_ends_after_eight_hours_however_busy() {
    let visit = fresh_citizen().await;
    let end = clock::now() + 6;
    clock::set_in_session(&visit.browser, &[("hard_end", end), ("used_at", clock::now() - 120)]).await;
    // Use is noted, and moves the end no further than that.
    let session = visit.browser.get("/v1/session").await.expect(200).json();
    assert_eq!(session["stage"], "ready");
    let left = u64::try_from(end - clock::now()).unwrap_or_default() + 1;
    tokio::time::sleep(Duration::from_secs(left)).await;
    all_refused(&visit.browser, everybodys_calls(), 401, "session_expired").await;
}

#[tokio::test]
async fn before_the_one_time_password_nothing_else_works() {
    let visit = up_to_otp(people::fresh("citizen").await, Language::El).await;
    let calls = [citizens_calls(), photographers_calls(), everybodys_calls().split_off(3)].concat();
    all_refused(&visit.browser, calls, 403, "otp_not_verified").await;
    let session = visit.browser.get("/v1/session").await.expect(200).json();
    assert_eq!((&session["person"], &session["roles"]), (&Value::Null, &json!([])), "nothing of the person is shown yet");
}

#[tokio::test]
async fn whoever_has_two_roles_chooses_one_first() {
    let (visit, session) = sign_in(people::fresh("photographer").await, Language::El).await;
    assert_eq!(session["stage"], "role");
    all_refused(&visit.browser, [citizens_calls(), photographers_calls()].concat(), 403, "role_not_chosen").await;
    let consent = || visit.browser.request(Method::POST, "/v1/session/consent").json(&json!({ "version": "2026-11", "agree": true }));
    refused(consent, 403, "role_not_chosen").await;
}

#[tokio::test]
async fn before_the_agreement_nothing_else_works_and_an_old_text_is_none() {
    let (visit, session) = sign_in(people::fresh("citizen").await, Language::El).await;
    assert_eq!(session["stage"], "consent");
    let shown = visit.browser.get("/v1/session").await.expect(200).json();
    assert!(shown["submissions_left"].is_null(), "{shown}");
    all_refused(&visit.browser, citizens_calls(), 403, "consent_required").await;
    let old = || visit.browser.request(Method::POST, "/v1/session/consent").json(&json!({ "version": "2020-01", "agree": true }));
    refused(old, 409, "consent_version_old").await;
    all_refused(&visit.browser, citizens_calls(), 403, "consent_required").await;
}

#[tokio::test]
async fn refusing_the_text_ends_the_visit() {
    let (visit, session) = sign_in(people::fresh("citizen").await, Language::El).await;
    let other_tab = visit.browser.twin();
    let refusal = json!({ "version": session["consent"]["version"], "agree": false });
    let answer = visit.browser.post("/v1/session/consent", &refusal).await.expect(204);
    assert!(answer.body.is_empty());
    assert_eq!(visit.browser.cookie(SESSION_COOKIE), None);
    all_refused(&visit.browser, everybodys_calls(), 401, "no_session").await;
    all_refused(&other_tab, all_calls(), 401, "session_expired").await;
}

#[tokio::test]
async fn a_citizen_is_no_photographer_and_a_photographer_no_citizen_at_the_same_time() {
    let citizen = fresh_citizen().await;
    all_refused(&citizen.browser, photographers_calls(), 403, "wrong_role").await;
    let photographer = fresh_photographer().await;
    all_refused(&photographer.browser, citizens_calls(), 403, "wrong_role").await;
    let consent =
        || photographer.browser.request(Method::POST, "/v1/session/consent").json(&json!({ "version": "2026-11", "agree": true }));
    refused(consent, 403, "wrong_role").await;
}

#[tokio::test]
async fn nobody_acts_for_a_business_that_is_not_theirs() {
    let theirs = fresh_photographer().await.browser.get("/v1/session").await.expect(200).json()["role"]["business"]["id"].clone();
    // Another photographer, a citizen, and the owner of a cafe.
    let (other, _) = sign_in(people::fresh("photographer").await, Language::El).await;
    let citizen = fresh_citizen().await;
    let (vasilis, session) = sign_in(people::named("vasilis").await, Language::El).await;
    assert_eq!(session["roles"], json!([{ "kind": "citizen" }]), "a cafe makes no photographer");
    for visit in [other, citizen, vasilis] {
        for business in [&theirs, &json!("made-up")] {
            let call =
                || visit.browser.request(Method::PUT, "/v1/session/role").json(&json!({ "kind": "photographer", "business": business }));
            refused(call, 403, "role_not_yours").await;
        }
    }
}
