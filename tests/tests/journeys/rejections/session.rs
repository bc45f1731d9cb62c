//! Rejections for missing, expired or incomplete sessions, and for the wrong role.

use domain::Language;
use journeys::{
    browser::{Browser, SESSION_COOKIE},
    people::{self, fresh_citizen, fresh_photographer, sign_in, sign_in_until_otp},
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{assert_rejected, clock};
use crate::raw::raw;

/// Returns calls of citizens, each with a valid body.
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

/// Returns calls of photographers.
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

/// Returns calls for sessions of any role.
fn session_calls() -> Vec<(Method, &'static str, Value)> {
    vec![
        (Method::GET, "/v1/session", Value::Null),
        (Method::POST, "/v1/session/otp", json!({ "otp": "123456" })),
        (Method::POST, "/v1/session/otp/resend", json!({})),
        (Method::PUT, "/v1/session/role", json!({ "kind": "citizen" })),
        (Method::POST, "/v1/session/consent", json!({ "version": "2026-11", "agree": true })),
    ]
}

async fn assert_all_rejected(browser: &Browser, calls: Vec<(Method, &'static str, Value)>, status: u16, code: &str) {
    for (method, path, body) in calls {
        let call = || {
            let request = browser.request(method.clone(), path);
            if body.is_null() { request } else { request.json(&body) }
        };
        assert_rejected(call, status, code).await;
    }
}

fn all_calls() -> Vec<(Method, &'static str, Value)> {
    [session_calls(), citizens_calls(), photographers_calls()].concat()
}

#[tokio::test]
async fn without_a_session_every_call_is_rejected() {
    let browser = Browser::new(Language::El);
    assert_all_rejected(&browser, all_calls(), 401, "no_session").await;
    // The service has issued neither of these tokens. The first one has the format of a token.
    for token in ["A".repeat(43), "nonsense".to_owned()] {
        browser.put_cookie(SESSION_COOKIE, &token);
        assert_all_rejected(&browser, vec![(Method::GET, "/v1/session", Value::Null)], 401, "session_expired").await;
    }
}

#[tokio::test]
async fn only_the_exact_session_cookie_is_accepted() {
    let visit = fresh_citizen().await;
    let token = visit.browser.cookie(SESSION_COOKIE).expect("a session");
    let (name, own) = (SESSION_COOKIE, format!("{SESSION_COOKIE}={token}"));
    for cookies in [
        // The token in a cookie with a wrong name. For some of these names, browsers allow a subdomain to set the cookie.
        format!("session={token}"),
        format!("__Secure-session={token}"),
        format!("__host-session={token}"),
        format!("x{own}"),
        format!("{name}s={token}"),
        format!("{name} ={token}"),
        format!("\"{name}\"={token}"),
        format!("\u{2000}{own}"),
        format!("hush=\"a; {own}\""),
        // Cookie headers with invalid syntax.
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
        // More than one cookie with the name of the session cookie. Only the first counts.
        format!("{name}=hush; {own}"),
        format!("{name}=; {own}"),
        format!("{name}=hush\r\nCookie: {own}"),
        // Values with line breaks, plain or escaped.
        format!("{name}=hush%0d%0aSet-Cookie:%20hush=1"),
        format!("{name}={token}%0d%0aX-Hush:%201"),
        format!("{name}=hush\\r\\nX-Hush: 1"),
        format!("{name}=hush\r\nX-Hush: hush"),
        // Cookies that are too large. Browsers limit a cookie to four kilobytes.
        format!("{name}={}", "hush".repeat(1_000)),
        format!("{name}={token}{}", "A".repeat(4_000)),
        format!("{}; hush=1", vec!["hush=hush"; 600].join("; ")),
    ] {
        let response = raw("/v1/session", Some(&cookies));
        assert_eq!(response.status, 401, "{cookies:?}: {}", response.head);
        assert!(!response.head.contains("hush") && !response.head.contains(&token.to_lowercase()), "{cookies:?}: {}", response.head);
    }
    // Cookie headers that are larger than a gateway accepts. Either the gateway or the function rejects them.
    for cookies in [format!("{name}={}", "hush".repeat(5_000)), format!("{own}; hush={}", "hush".repeat(20_000))] {
        let response = raw("/v1/session", Some(&cookies));
        assert!((400..500).contains(&response.status) && !response.head.contains("hush"), "{}", response.head);
    }
    // The exact session cookie is accepted, also with other cookies before or after it.
    for cookies in [own.clone(), format!("hush=1; {own}; hush=2"), format!("hush=1;{own};{name}=hush")] {
        assert_eq!(raw("/v1/session", Some(&cookies)).status, 200, "{cookies:?}");
    }
}

#[tokio::test]
async fn signing_out_ends_the_session_at_once() {
    let visit = fresh_citizen().await;
    let other_tab = visit.browser.twin();
    visit.browser.delete("/v1/session").await.expect(200);
    assert_eq!(visit.browser.cookie(SESSION_COOKIE), None, "the cookie is removed");
    assert_all_rejected(&other_tab, all_calls(), 401, "session_expired").await;
    // Signing out twice does no harm.
    other_tab.delete("/v1/session").await.expect(200);
}

#[tokio::test]
async fn a_session_ends_after_thirty_idle_minutes() {
    let visit = fresh_citizen().await;
    clock::set_in_session(&visit.browser, &[("expires_at", clock::now())]).await;
    assert_all_rejected(&visit.browser, all_calls(), 401, "session_expired").await;
}

#[tokio::test]
async fn a_session_ends_after_eight_hours_even_if_it_is_used() {
    let visit = fresh_citizen().await;
    // The eight hours end in ten minutes, which is less than the thirty minutes by which a use extends a session.
    let end = clock::now() + 600;
    clock::set_in_session(&visit.browser, &[("hard_end", end), ("used_at", clock::now() - 120)]).await;
    // Using the session does not extend it beyond `hard_end`.
    let session = visit.browser.get("/v1/session").await.expect(200).json();
    assert_eq!(session["stage"], "ready");
    assert_eq!(clock::session_expires_at(&visit.browser).await, end);
    clock::set_in_session(&visit.browser, &[("hard_end", clock::now())]).await;
    assert_all_rejected(&visit.browser, session_calls(), 401, "session_expired").await;
}

#[tokio::test]
async fn before_the_one_time_password_all_other_calls_are_rejected() {
    let visit = sign_in_until_otp(people::fresh("citizen").await, Language::El).await;
    let calls = [citizens_calls(), photographers_calls(), session_calls().split_off(3)].concat();
    assert_all_rejected(&visit.browser, calls, 403, "otp_not_verified").await;
    let session = visit.browser.get("/v1/session").await.expect(200).json();
    assert_eq!((&session["person"], &session["roles"]), (&Value::Null, &json!([])), "the person's data is not returned yet");
}

#[tokio::test]
async fn a_person_with_two_roles_must_choose_one_first() {
    let (visit, session) = sign_in(people::fresh("photographer").await, Language::El).await;
    assert_eq!(session["stage"], "role");
    assert_all_rejected(&visit.browser, [citizens_calls(), photographers_calls()].concat(), 403, "role_not_chosen").await;
    let consent = || visit.browser.request(Method::POST, "/v1/session/consent").json(&json!({ "version": "2026-11", "agree": true }));
    assert_rejected(consent, 403, "role_not_chosen").await;
}

#[tokio::test]
async fn citizens_must_agree_to_the_current_text_before_all_other_calls() {
    let (visit, session) = sign_in(people::fresh("citizen").await, Language::El).await;
    assert_eq!(session["stage"], "consent");
    let session = visit.browser.get("/v1/session").await.expect(200).json();
    assert!(session["submissions_left"].is_null(), "{session}");
    assert_all_rejected(&visit.browser, citizens_calls(), 403, "consent_required").await;
    let old = || visit.browser.request(Method::POST, "/v1/session/consent").json(&json!({ "version": "2020-01", "agree": true }));
    assert_rejected(old, 409, "consent_version_old").await;
    assert_all_rejected(&visit.browser, citizens_calls(), 403, "consent_required").await;
}

#[tokio::test]
async fn refusing_consent_ends_the_session() {
    let (visit, session) = sign_in(people::fresh("citizen").await, Language::El).await;
    let other_tab = visit.browser.twin();
    let refusal = json!({ "version": session["consent"]["version"], "agree": false });
    let response = visit.browser.post("/v1/session/consent", &refusal).await.expect(204);
    assert!(response.body.is_empty());
    assert_eq!(visit.browser.cookie(SESSION_COOKIE), None);
    assert_all_rejected(&visit.browser, session_calls(), 401, "no_session").await;
    assert_all_rejected(&other_tab, all_calls(), 401, "session_expired").await;
}

#[tokio::test]
async fn a_session_has_one_role_at_a_time() {
    let citizen = fresh_citizen().await;
    assert_all_rejected(&citizen.browser, photographers_calls(), 403, "wrong_role").await;
    let photographer = fresh_photographer().await;
    assert_all_rejected(&photographer.browser, citizens_calls(), 403, "wrong_role").await;
    let consent =
        || photographer.browser.request(Method::POST, "/v1/session/consent").json(&json!({ "version": "2026-11", "agree": true }));
    assert_rejected(consent, 403, "wrong_role").await;
}

#[tokio::test]
async fn nobody_can_choose_the_business_of_somebody_else() {
    let theirs = fresh_photographer().await.browser.get("/v1/session").await.expect(200).json()["role"]["business"]["id"].clone();
    // Callers without access to this business: another photographer, a citizen, and the owner of a cafe.
    let (other, _) = sign_in(people::fresh("photographer").await, Language::El).await;
    let citizen = fresh_citizen().await;
    let owner = people::fresh("photographer").await;
    let cafe = json!({ "afm": owner.afm, "name": "ΚΑΦΕΤΕΡΙΑ ΔΟΚΙΜΩΝ", "activities": ["56.30.10"] });
    let (owner, session) = sign_in(owner.change(&json!({ "businesses": [cafe] })).await, Language::El).await;
    assert_eq!(session["roles"], json!([{ "kind": "citizen" }]), "the owner of a cafe is not a photographer");
    for visit in [other, citizen, owner] {
        for business in [&theirs, &json!("made-up")] {
            let call =
                || visit.browser.request(Method::PUT, "/v1/session/role").json(&json!({ "kind": "photographer", "business": business }));
            assert_rejected(call, 403, "role_not_yours").await;
        }
    }
}
