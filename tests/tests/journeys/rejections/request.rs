//! Rejections of malformed, oversized and cross-site requests, for callers of every role.

use domain::Language;
use journeys::{browser::Browser, people::fresh_citizen};
use reqwest::Method;
use serde_json::{Value, json};

use super::assert_rejected;
use crate::raw::raw;

const SUBMISSIONS: &str = "/v1/subjects/self/submissions";

#[tokio::test]
async fn an_unknown_path_is_not_found() {
    let browser = Browser::new(Language::El);
    for path in ["/v1", "/v1/nothing", "/v1/session/nothing", "/v1/subjects/self/nothing"] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let call = || {
                let request = browser.request(method.clone(), path);
                if method == Method::POST { request.json(&json!({})) } else { request }
            };
            assert_rejected(call, 404, "not_found").await;
        }
    }
}

#[tokio::test]
async fn a_path_accepts_only_its_own_methods() {
    let browser = Browser::new(Language::El);
    for (method, path, allow) in [
        (Method::PUT, "/v1/session", "DELETE, GET"),
        (Method::DELETE, "/v1/sign-in", "GET"),
        (Method::GET, "/v1/session/otp", "POST"),
        (Method::GET, "/v1/session/role", "PUT"),
        (Method::PATCH, SUBMISSIONS, "POST"),
        (Method::DELETE, "/v1/photographer/issuances", "GET, POST"),
        (Method::POST, "/v1/subjects/self/association/photos/face", "GET"),
        // Pages allow only GET and HEAD.
        (Method::POST, "/", "GET, HEAD"),
        (Method::DELETE, "/sign-in", "GET, HEAD"),
        (Method::PUT, "/v2/session", "GET, HEAD"),
    ] {
        let call = || browser.request(method.clone(), path);
        assert_rejected(call, 405, "method_not_allowed").await;
        // The response is the same whatever the origin and the body are.
        assert_rejected(|| call().json(&json!({})).header("origin", "https://evil.example"), 405, "method_not_allowed").await;
        assert_rejected(|| call().body("text/plain", vec![b' '; 20_000]), 405, "method_not_allowed").await;
        assert_eq!(call().send().await.header("allow"), Some(allow), "{method} {path}");
    }
}

#[tokio::test]
async fn a_picture_shared_without_the_service_worker_leads_to_the_page_that_asks_for_it_again() {
    let browser = Browser::new(Language::El);
    let picture = || b"--x\r\nContent-Disposition: form-data; name=\"picture\"\r\n\r\n\xff\xd8\r\n--x--\r\n".to_vec();
    let share = |path: &str| browser.request(Method::POST, path).body("multipart/form-data; boundary=x", picture());
    let answer = share("/photographer/share").send().await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/photographer/new?from=share_failed")));
    assert_rejected(|| share("/photographer/new"), 405, "method_not_allowed").await;
}

#[tokio::test]
async fn a_body_that_is_too_large_is_rejected() {
    let visit = fresh_citizen().await;
    let large = json!({ "code": "A".repeat(20_000) });
    let problem = assert_rejected(|| visit.browser.request(Method::POST, SUBMISSIONS).json(&large), 413, "body_too_large").await;
    assert_eq!(problem.members["limit"], 16_384);
    assert!(problem.detail.contains("16,384"), "{}", problem.detail);
    // A body that is too large is also rejected if the caller has no session.
    let stranger = Browser::new(Language::El);
    assert_rejected(|| stranger.request(Method::POST, SUBMISSIONS).body("application/json", vec![b' '; 2_000_000]), 413, "body_too_large")
        .await;
}

#[tokio::test]
async fn malformed_json_is_rejected() {
    let visit = fresh_citizen().await;
    for body in ["", "{", "{\"code\":\"x\"", "{\"code\":\"x\"} more", "code=x", "\u{feff}{}", "{'code':'x'}"] {
        assert_rejected(|| visit.browser.request(Method::POST, SUBMISSIONS).body("application/json", body), 400, "malformed_json").await;
    }
    assert_rejected(
        || visit.browser.request(Method::POST, SUBMISSIONS).body("application/json", vec![0xff, 0xfe, 0x7b]),
        400,
        "malformed_json",
    )
    .await;
}

#[tokio::test]
async fn an_invalid_field_is_named_without_its_value() {
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
        let problem = assert_rejected(|| visit.browser.request(method.clone(), path).json(&body), 422, "invalid_field").await;
        assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!(field), &json!(reason)), "{body}");
        assert!(problem.detail.contains(field), "{}", problem.detail);
        let all = problem.members.to_string();
        assert!(!all.contains("hush") && !all.contains("7777"), "{all}");
    }
}

#[tokio::test]
async fn a_body_must_have_the_media_type_of_json() {
    let visit = fresh_citizen().await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", "image/jpeg"] {
        assert_rejected(|| visit.browser.request(Method::POST, SUBMISSIONS).body(kind, "{}"), 415, "unsupported_media_type").await;
    }
    assert_rejected(|| visit.browser.request(Method::POST, SUBMISSIONS), 415, "unsupported_media_type").await;
    assert_rejected(|| visit.browser.request(Method::DELETE, "/v1/session").body("text/plain", "x"), 415, "unsupported_media_type").await;
    // A media type with a parameter is accepted, in upper or lower case.
    let response = visit.browser.request(Method::POST, SUBMISSIONS).body("Application/JSON; charset=utf-8", "{}").send().await;
    response.rejected(422, "invalid_field");
}

#[tokio::test]
async fn cross_site_changes_are_rejected() {
    let visit = fresh_citizen().await;
    for origin in
        ["https://evil.example", "null", "http://myphoto.localhost:1", "http://localhost:4566", "http://myphoto.localhost.evil.example"]
    {
        assert_rejected(|| visit.browser.request(Method::DELETE, "/v1/session").header("origin", origin), 403, "foreign_origin").await;
        let consent = json!({ "version": "2026-11", "agree": false });
        assert_rejected(
            || visit.browser.request(Method::POST, "/v1/session/consent").json(&consent).header("origin", origin),
            403,
            "foreign_origin",
        )
        .await;
    }
    for site in ["cross-site", "same-site"] {
        assert_rejected(|| visit.browser.request(Method::DELETE, "/v1/session").header("sec-fetch-site", site), 403, "foreign_origin")
            .await;
    }
    let session: Value = visit.browser.get("/v1/session").await.expect(200).json();
    assert_eq!(session["stage"], "ready");
    // A request without `Origin` is allowed, because it does not come from another site's page.
    visit.browser.request(Method::DELETE, "/v1/session").without("origin").send().await.expect(200);
}

#[tokio::test]
async fn cross_site_requests_get_the_same_response_for_every_session() {
    let (visit, nobody) = (fresh_citizen().await, Browser::new(Language::El));
    let paths = ["/v1/session", "/v1/subjects/self/association", "/v1/subjects/self/association/photos.zip", "/v1/applications"];
    for site in ["cross-site", "same-site"] {
        for path in paths {
            for browser in [&visit.browser, &nobody] {
                assert_rejected(|| browser.request(Method::GET, path).header("sec-fetch-site", site), 403, "foreign_origin").await;
            }
        }
        // Requests to the callback may come from another site, because TAXISnet redirects the browser to it.
        let callback = visit.browser.request(Method::GET, "/v1/sign-in/callback?code=x&state=y").header("sec-fetch-site", site);
        callback.send().await.rejected(400, "sign_in_state");
        // Any site may link to pages.
        visit.browser.request(Method::GET, "/people").header("sec-fetch-site", site).send().await.expect(200);
    }
    for site in ["same-origin", "none"] {
        visit.browser.request(Method::GET, "/v1/session").header("sec-fetch-site", site).send().await.expect(200);
    }
}

#[tokio::test]
async fn cors_allows_no_other_origin() {
    let visit = fresh_citizen().await;
    let allows = |response: &journeys::browser::Response| {
        ["access-control-allow-origin", "access-control-allow-credentials", "access-control-allow-methods"]
            .into_iter()
            .find_map(|name| response.header(name).map(str::to_owned))
    };
    for (method, path) in
        [("DELETE", "/v1/session"), ("POST", SUBMISSIONS), ("PUT", "/v1/subjects/self/association"), ("POST", "/v1/pulls")]
    {
        let preflight = visit.browser.request(Method::OPTIONS, path).header("origin", "https://evil.example");
        let response =
            preflight.header("access-control-request-method", method).header("access-control-request-headers", "content-type").send().await;
        assert!(response.status >= 400 && allows(&response).is_none(), "{method} {path}: {} {:?}", response.status, allows(&response));
    }
    let read = visit.browser.request(Method::GET, "/v1/session").header("origin", "https://evil.example").send().await;
    assert_eq!(allows(&read), None);
    let write = visit.browser.request(Method::DELETE, "/v1/session").header("origin", "https://evil.example").send().await;
    assert_eq!((write.status, allows(&write)), (403, None));
}

#[tokio::test]
async fn deeply_nested_json_is_rejected_and_does_no_harm() {
    let visit = fresh_citizen().await;
    let (open, closed) = ("[".repeat(8_000), format!("{}{}", "[".repeat(8_000), "]".repeat(8_000)));
    let field = format!("{{\"code\":{}{}}}", "[".repeat(7_000), "]".repeat(7_000));
    let objects = format!("{}1{}", "{\"code\":".repeat(1_600), "}".repeat(1_600));
    for body in [open, closed, field, objects] {
        let response = visit.browser.request(Method::POST, SUBMISSIONS).body("application/json", body).send().await;
        let problem = response.problem();
        assert!(["malformed_json", "invalid_field"].contains(&problem.code.as_str()), "{} {}", problem.status, problem.code);
    }
    assert_eq!(visit.browser.get("/v1/session").await.expect(200).json()["submissions_left"], 5);
}

#[tokio::test]
async fn no_variant_spelling_of_a_path_bypasses_a_guard() {
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
        // A gateway may normalise the path before a function receives the request. The function then responds to the normalised path.
        let (stranger, owner) = (raw(path, None), raw(path, Some(&cookie)));
        let is_page = owner.media_type.starts_with("text/html");
        assert!((400..500).contains(&stranger.status) || is_page, "{path}: {}", stranger.status);
        assert!((200..500).contains(&owner.status), "{path}: {}", owner.status);
        assert!(!is_page || !path.starts_with("/v1/"), "{path}: a page in place of the API");
    }
}
