//! Calls that are wrong in form, whoever makes them.

use domain::Language;
use journeys::{browser::Browser, people::fresh_citizen};
use reqwest::Method;
use serde_json::{Value, json};

use super::refused;
use crate::raw::raw;

const SUBMISSIONS: &str = "/v1/subjects/self/submissions";

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let browser = Browser::new(Language::El);
    for path in ["/v1", "/v1/nothing", "/v1/session/nothing", "/v1/subjects/self/nothing"] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let call = || {
                let request = browser.request(method.clone(), path);
                if method == Method::POST { request.json(&json!({})) } else { request }
            };
            refused(call, 404, "not_found").await;
        }
    }
}

#[tokio::test]
async fn a_path_does_only_what_it_is_for() {
    let browser = Browser::new(Language::El);
    for (method, path, allow) in [
        (Method::PUT, "/v1/session", "DELETE, GET"),
        (Method::DELETE, "/v1/sign-in", "GET"),
        (Method::GET, "/v1/session/otp", "POST"),
        (Method::GET, "/v1/session/role", "PUT"),
        (Method::PATCH, SUBMISSIONS, "POST"),
        (Method::DELETE, "/v1/photographer/issuances", "GET, POST"),
        (Method::POST, "/v1/subjects/self/association/photos/face", "GET"),
        // Pages are only read.
        (Method::POST, "/", "GET, HEAD"),
        (Method::DELETE, "/sign-in", "GET, HEAD"),
        (Method::PUT, "/v2/session", "GET, HEAD"),
    ] {
        let call = || browser.request(method.clone(), path);
        refused(call, 405, "method_not_allowed").await;
        // Whatever it carries.
        refused(|| call().json(&json!({})).header("origin", "https://evil.example"), 405, "method_not_allowed").await;
        refused(|| call().body("text/plain", vec![b' '; 20_000]), 405, "method_not_allowed").await;
        assert_eq!(call().send().await.header("allow"), Some(allow), "{method} {path}");
    }
}

#[tokio::test]
async fn a_body_larger_than_any_of_ours_is_not_read() {
    let visit = fresh_citizen().await;
    let large = json!({ "code": "A".repeat(20_000) });
    let problem = refused(|| visit.browser.request(Method::POST, SUBMISSIONS).json(&large), 413, "body_too_large").await;
    assert_eq!(problem.members["limit"], 16_384);
    assert!(problem.detail.contains("16,384"), "{}", problem.detail);
    // Without a session, too: it costs nothing to refuse.
    let stranger = Browser::new(Language::El);
    refused(|| stranger.request(Method::POST, SUBMISSIONS).body("application/json", vec![b' '; 2_000_000]), 413, "body_too_large").await;
}

#[tokio::test]
async fn what_is_no_json_is_said_to_be_none() {
    let visit = fresh_citizen().await;
    for body in ["", "{", "{\"code\":\"x\"", "{\"code\":\"x\"} more", "code=x", "\u{feff}{}", "{'code':'x'}"] {
        refused(|| visit.browser.request(Method::POST, SUBMISSIONS).body("application/json", body), 400, "malformed_json").await;
    }
    refused(|| visit.browser.request(Method::POST, SUBMISSIONS).body("application/json", vec![0xff, 0xfe, 0x7b]), 400, "malformed_json")
        .await;
}

#[tokio::test]
async fn a_field_that_is_wrong_is_named_and_its_value_is_not() {
    let visit = fresh_citizen().await;
    let association = "/v1/subjects/self/association";
    let (post, put) = (Method::POST, Method::PUT);
    for (method, path, body, field, reason) in [
        (&post, SUBMISSIONS, json!({ "code": "hush", "extra": "hush" }), "extra", "unknown"),
        (&post, SUBMISSIONS, json!({}), "code", "missing"),
        (&post, SUBMISSIONS, json!({ "code": 7_777 }), "code", "wrong_type"),
        (&post, SUBMISSIONS, json!({ "code": null }), "code", "wrong_type"),
        (&put, association, json!({ "agree": "hush", "version": "2026-11" }), "agree", "wrong_type"),
        (&put, association, json!({ "agree": true }), "version", "missing"),
        (&put, "/v1/session/role", json!({ "kind": "hush" }), "kind", "not_allowed"),
        (&put, "/v1/session/role", json!({ "kind": "photographer" }), "business", "missing"),
        (&put, "/v1/session/role", json!({ "kind": "citizen", "business": "hush" }), "business", "unknown"),
        (&post, "/v1/session/consent", json!({ "version": "2026-11", "agree": true, "for": "hush" }), "for", "unknown"),
        (&post, "/v1/subjects/self/submissions/current/confirmation", json!({ "sure": true }), "sure", "unknown"),
    ] {
        let problem = refused(|| visit.browser.request(method.clone(), path).json(&body), 422, "invalid_field").await;
        assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!(field), &json!(reason)), "{body}");
        assert!(problem.detail.contains(field), "{}", problem.detail);
        let all = problem.members.to_string();
        assert!(!all.contains("hush") && !all.contains("7777"), "{all}");
    }
}

#[tokio::test]
async fn bodies_are_json_and_say_so() {
    let visit = fresh_citizen().await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", "image/jpeg"] {
        refused(|| visit.browser.request(Method::POST, SUBMISSIONS).body(kind, "{}"), 415, "unsupported_media_type").await;
    }
    refused(|| visit.browser.request(Method::POST, SUBMISSIONS), 415, "unsupported_media_type").await;
    refused(|| visit.browser.request(Method::DELETE, "/v1/session").body("text/plain", "x"), 415, "unsupported_media_type").await;
    // With a parameter it is JSON all the same.
    let said = visit.browser.request(Method::POST, SUBMISSIONS).body("Application/JSON; charset=utf-8", "{}").send().await;
    said.refused(422, "invalid_field");
}

#[tokio::test]
async fn other_sites_change_nothing_here() {
    let visit = fresh_citizen().await;
    for origin in
        ["https://evil.example", "null", "http://myphoto.localhost:1", "http://localhost:4566", "http://myphoto.localhost.evil.example"]
    {
        refused(|| visit.browser.request(Method::DELETE, "/v1/session").header("origin", origin), 403, "foreign_origin").await;
        let consent = json!({ "version": "2026-11", "agree": false });
        refused(
            || visit.browser.request(Method::POST, "/v1/session/consent").json(&consent).header("origin", origin),
            403,
            "foreign_origin",
        )
        .await;
    }
    for site in ["cross-site", "same-site"] {
        refused(|| visit.browser.request(Method::DELETE, "/v1/session").header("sec-fetch-site", site), 403, "foreign_origin").await;
    }
    let session: Value = visit.browser.get("/v1/session").await.expect(200).json();
    assert_eq!(session["stage"], "ready");
    // Programs send no Origin; the cookie is theirs alone then.
    visit.browser.request(Method::DELETE, "/v1/session").without("origin").send().await.expect(200);
}

#[tokio::test]
async fn requests_that_another_site_causes_are_answered_alike_whoever_is_signed_in_and_whatever_they_have() {
    let (visit, nobody) = (fresh_citizen().await, Browser::new(Language::El));
    let paths = ["/v1/session", "/v1/subjects/self/association", "/v1/subjects/self/association/photos.zip", "/v1/applications"];
    for site in ["cross-site", "same-site"] {
        for path in paths {
            for browser in [&visit.browser, &nobody] {
                refused(|| browser.request(Method::GET, path).header("sec-fetch-site", site), 403, "foreign_origin").await;
            }
        }
        // TAXISnet leads the browser back from its own site.
        let callback = visit.browser.request(Method::GET, "/v1/sign-in/callback?code=x&state=y").header("sec-fetch-site", site);
        callback.send().await.refused(400, "sign_in_state");
        // Pages are for everybody to link to.
        visit.browser.request(Method::GET, "/people").header("sec-fetch-site", site).send().await.expect(200);
    }
    for site in ["same-origin", "none"] {
        visit.browser.request(Method::GET, "/v1/session").header("sec-fetch-site", site).send().await.expect(200);
    }
}

#[tokio::test]
async fn no_page_elsewhere_is_let_read_or_send_anything() {
    let visit = fresh_citizen().await;
    let allows = |answer: &journeys::browser::Response| {
        ["access-control-allow-origin", "access-control-allow-credentials", "access-control-allow-methods"]
            .into_iter()
            .find_map(|name| answer.header(name).map(str::to_owned))
    };
    for (method, path) in
        [("DELETE", "/v1/session"), ("POST", SUBMISSIONS), ("PUT", "/v1/subjects/self/association"), ("POST", "/v1/pulls")]
    {
        let asked = visit.browser.request(Method::OPTIONS, path).header("origin", "https://evil.example");
        let answer =
            asked.header("access-control-request-method", method).header("access-control-request-headers", "content-type").send().await;
        assert!(answer.status >= 400 && allows(&answer).is_none(), "{method} {path}: {} {:?}", answer.status, allows(&answer));
    }
    let read = visit.browser.request(Method::GET, "/v1/session").header("origin", "https://evil.example").send().await;
    assert_eq!(allows(&read), None);
    let refused = visit.browser.request(Method::DELETE, "/v1/session").header("origin", "https://evil.example").send().await;
    assert_eq!((refused.status, allows(&refused)), (403, None));
}

#[tokio::test]
async fn json_that_is_deep_is_refused_at_once_and_does_no_harm() {
    let visit = fresh_citizen().await;
    let (open, closed) = ("[".repeat(8_000), format!("{}{}", "[".repeat(8_000), "]".repeat(8_000)));
    let field = format!("{{\"code\":{}{}}}", "[".repeat(7_000), "]".repeat(7_000));
    let objects = format!("{}1{}", "{\"code\":".repeat(1_600), "}".repeat(1_600));
    for body in [open, closed, field, objects] {
        let answer = visit.browser.request(Method::POST, SUBMISSIONS).body("application/json", body).send().await;
        let problem = answer.problem();
        assert!(["malformed_json", "invalid_field"].contains(&problem.code.as_str()), "{} {}", problem.status, problem.code);
    }
    assert_eq!(visit.browser.get("/v1/session").await.expect(200).json()["submissions_left"], 5);
}

#[tokio::test]
async fn another_way_of_writing_a_path_leads_past_no_guard() {
    let visit = fresh_citizen().await;
    let session = visit.browser.cookie(journeys::browser::SESSION_COOKIE).expect("a session");
    let cookie = format!("{}={session}", journeys::browser::SESSION_COOKIE);
    for path in [
        "//v1/session",
        "/v1//session",
        "/v1/session/",
        "/V1/session",
        "/v1/session;x",
        "/v1%2fsession",
        "/v1/session%00",
        "/v1/session%20",
        "/v1/x/../session",
        "/v1/%2e%2e/v1/session",
        "/v1/subjects/self%2f..%2fself/association",
        "/v1/subjects/self/association/photos/..%2f..%2fexport",
        "/v1/subjects/./self/association",
        "/v1/subjects/%00/association",
        "/v1/subjects/%F0%9F%92%A9/association",
    ] {
        // A gateway may tidy an address up before anything of ours sees it; then it is the tidy one's answer.
        let (stranger, owner) = (raw(path, None), raw(path, Some(&cookie)));
        let is_page = owner.media_type.starts_with("text/html");
        assert!((400..500).contains(&stranger.status) || is_page, "{path}: {}", stranger.status);
        assert!((200..500).contains(&owner.status), "{path}: {}", owner.status);
        assert!(!is_page || !path.starts_with("/v1/"), "{path}: a page in place of the API");
    }
}
