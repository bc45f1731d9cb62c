//! Sign-in of apps: rejected parameters, errors that are returned to the app, and the validity of exchange codes and tokens.

use domain::Language;
use journeys::{
    browser::{Browser, SESSION_COOKIE},
    mobile::{self, AppSignIn, REDIRECT_URI, exchange, sign_in_url},
    people::{self, begin_sign_in, fresh_citizen, press},
    stack,
};
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::{LANGUAGES, assert_rejected, clock};

const TOKEN: &str = "/v1/session/token";

async fn assert_exchange_rejected(body: &Value) {
    let nobody = Browser::new(Language::El);
    assert_rejected(|| nobody.request(Method::POST, TOKEN).without("origin").json(body), 400, "exchange_refused").await;
}

#[tokio::test]
async fn an_unlisted_redirect_uri_is_rejected() {
    let browser = Browser::new(Language::El);
    for elsewhere in [
        "",
        "https://evil.example/signed-in",
        "http://evil.example:51004/signed-in",
        "http://127.0.0.1:51004/elsewhere",
        "http://127.0.0.1:51004/signed-in?x=1",
        "http://127.0.0.1:51004/signed-in#x",
        "http://127.0.0.1:51004@evil.example/signed-in",
        "http://127.0.0.1.evil.example/signed-in",
        "http://localhost:51004/signed-in",
        "gr.gov.myphoto:/signed-in/more",
        "gr.gov.other:/signed-in",
        "javascript:alert(1)",
    ] {
        let url = sign_in_url(&AppSignIn::new(elsewhere).parameters());
        let problem = assert_rejected(|| browser.request(Method::GET, &url), 422, "invalid_field").await;
        assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!("redirect_uri"), &json!("not_allowed")), "{elsewhere}");
    }
    for listed in
        ["gr.gov.myphoto:/signed-in", "http://127.0.0.1/signed-in", "http://127.0.0.1:1/signed-in", "http://[::1]:65535/signed-in"]
    {
        AppSignIn::new(listed).begin(&browser).await;
    }
}

#[tokio::test]
async fn an_app_sign_in_requires_an_s256_challenge_and_a_short_url_safe_state() {
    let browser = Browser::new(Language::El);
    let with = |name: &str, value: Option<&str>| {
        let mut parameters = AppSignIn::new(REDIRECT_URI).parameters();
        parameters.retain(|(other, _)| *other != name);
        let mut url = sign_in_url(&parameters);
        url.extend(value.map(|value| format!("&{name}={value}")));
        url
    };
    let (short, long) = ("A".repeat(42), "a".repeat(129));
    for (name, value, reason) in [
        ("redirect_uri", None, "missing"),
        ("code_challenge", None, "missing"),
        ("code_challenge", Some(short.as_str()), "not_allowed"),
        ("code_challenge_method", None, "missing"),
        ("code_challenge_method", Some("plain"), "not_allowed"),
        ("code_challenge_method", Some("s256"), "not_allowed"),
        ("state", Some(""), "not_allowed"),
        ("state", Some("a%26code=x"), "not_allowed"),
        ("state", Some(long.as_str()), "not_allowed"),
    ] {
        let url = with(name, value);
        let problem = assert_rejected(|| browser.request(Method::GET, &url), 422, "invalid_field").await;
        assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!(name), &json!(reason)), "{value:?}");
    }
    browser.get(&with("state", None)).await.expect(303);
}

#[tokio::test]
async fn the_session_is_given_to_the_app_and_never_to_the_browser() {
    let (browser, sign_in) = (Browser::new(Language::El), AppSignIn::new(REDIRECT_URI));
    let code = sign_in.code(&browser, &people::fresh("citizen").await).await;
    assert_eq!(browser.cookie(SESSION_COOKIE), None);
    browser.get("/v1/session").await.rejected(401, "no_session");
    // The exchange code is not a session token, neither as a cookie nor as a bearer token.
    browser.put_cookie(SESSION_COOKIE, &code);
    browser.get("/v1/session").await.rejected(401, "session_expired");
    Browser::app(Language::El, &code).get("/v1/session").await.rejected(401, "session_expired");
    sign_in.exchange(&code).await.expect(200);
}

#[tokio::test]
async fn an_exchange_code_works_once() {
    let (browser, sign_in) = (Browser::new(Language::El), AppSignIn::new(REDIRECT_URI));
    let code = sign_in.code(&browser, &people::fresh("citizen").await).await;
    let body = sign_in.exchange_body(&code);
    let mut responses = futures_util::future::join_all((0..4).map(|_| exchange(&body))).await;
    responses.sort_by_key(|response| response.status);
    let mut responses = responses.into_iter();
    let token = responses.next().expect("a response").expect(200).json()["token"].as_str().expect("a token").to_owned();
    for response in responses {
        response.rejected(400, "exchange_refused");
    }
    assert_exchange_rejected(&body).await;
    Browser::app(Language::El, &token).get("/v1/session").await.expect(200);
}

#[tokio::test]
async fn an_exchange_with_a_wrong_verifier_or_redirect_uri_fails_and_uses_up_the_code() {
    let person = people::fresh("citizen").await;
    let browser = Browser::new(Language::El);
    let short = "A".repeat(42);
    for (member, wrong) in [
        ("code_verifier", mobile::random_text()),
        ("code_verifier", String::new()),
        ("code_verifier", short),
        ("redirect_uri", "http://127.0.0.1:51005/signed-in".to_owned()),
        ("redirect_uri", "gr.gov.myphoto:/signed-in".to_owned()),
    ] {
        let sign_in = AppSignIn::new(REDIRECT_URI);
        let code = sign_in.code(&browser, &person).await;
        let mut body = sign_in.exchange_body(&code);
        body[member] = json!(wrong);
        exchange(&body).await.rejected(400, "exchange_refused");
        sign_in.exchange(&code).await.rejected(400, "exchange_refused");
    }
    // The PKCE challenge is not accepted in place of the verifier, because the browser has seen the challenge.
    let sign_in = AppSignIn::new(REDIRECT_URI);
    let code = sign_in.code(&browser, &person).await;
    let body = json!({ "code": code, "code_verifier": sign_in.challenge(), "redirect_uri": REDIRECT_URI });
    assert_exchange_rejected(&body).await;
}

#[tokio::test]
async fn an_exchange_code_expires_after_two_minutes() {
    let (browser, sign_in) = (Browser::new(Language::El), AppSignIn::new(REDIRECT_URI));
    let code = sign_in.code(&browser, &people::fresh("citizen").await).await;
    let remaining = clock::exchange_expires_at(&code).await - clock::now();
    assert!((60..=120).contains(&remaining), "{remaining} seconds");
    clock::expire_exchange(&code).await;
    assert_exchange_rejected(&sign_in.exchange_body(&code)).await;
}

#[tokio::test]
async fn a_session_cookie_cannot_be_exchanged_for_a_token() {
    let person = people::fresh("citizen").await;
    let waiting = people::sign_in_until_otp(person, Language::El).await;
    let cookie = waiting.browser.cookie(SESSION_COOKIE).expect("a session");
    let sign_in = AppSignIn::new(REDIRECT_URI);
    for code in [cookie.as_str(), "", "nonsense"] {
        assert_exchange_rejected(&sign_in.exchange_body(code)).await;
        assert_rejected(|| waiting.browser.request(Method::POST, TOKEN).json(&sign_in.exchange_body(code)), 400, "exchange_refused").await;
    }
    // If a request has an Authorization header, its cookie is ignored.
    let body = json!({ "otp": waiting.otp });
    for header in ["Bearer", "Bearer x", "Basic eDp5", &format!("Bearer {}", mobile::random_text())] {
        let call = || waiting.browser.request(Method::POST, "/v1/session/otp").json(&body).header("authorization", header);
        assert_rejected(call, 401, "session_expired").await;
    }
    let session = people::enter_otp(&waiting.browser, &waiting.otp).await.expect(200).json();
    assert_eq!((&session["token"], &session["token_type"]), (&Value::Null, &Value::Null), "the token of a browser is only in its cookie");
    let now = waiting.browser.cookie(SESSION_COOKIE).expect("a session");
    assert!(!session.to_string().contains(&now));
    waiting.browser.get("/v1/session").await.expect(200);
}

#[tokio::test]
async fn a_token_takes_precedence_over_a_cookie_and_the_two_are_never_mixed() {
    let (browser, (app, app_session)) = (fresh_citizen().await, mobile::sign_in(people::fresh("citizen").await, Language::El).await);
    let token = format!("Bearer {}", app_session["token"].as_str().expect("a token"));
    let with_both = |method, path: &str| browser.browser.request(method, path).header("authorization", &token);
    let session = with_both(Method::GET, "/v1/session").send().await.expect(200).json();
    assert_eq!(session["person"]["afm"], app.person.afm);
    // Signing out ends the session of the token. The session of the cookie continues.
    let response = with_both(Method::DELETE, "/v1/session").send().await.expect(200);
    assert_eq!(response.headers.get("set-cookie"), None);
    with_both(Method::GET, "/v1/session").send().await.rejected(401, "session_expired");
    browser.browser.get("/v1/session").await.expect(200);
    // Signing out with an invalid token ends no session.
    browser.browser.request(Method::DELETE, "/v1/session").header("authorization", "Bearer x").send().await.expect(200);
    browser.browser.get("/v1/session").await.expect(200);
}

#[tokio::test]
async fn cross_site_changes_with_a_token_are_rejected() {
    let (app, session) = mobile::sign_in(people::fresh("citizen").await, Language::El).await;
    let consent = json!({ "version": session["consent"]["version"], "agree": true });
    let call = || app.browser.request(Method::POST, "/v1/session/consent").json(&consent);
    assert_rejected(|| call().header("origin", "https://evil.example"), 403, "foreign_origin").await;
    assert_rejected(|| call().header("sec-fetch-site", "cross-site"), 403, "foreign_origin").await;
    assert_rejected(|| app.browser.request(Method::DELETE, "/v1/session").header("origin", "null"), 403, "foreign_origin").await;
    // A body that is not declared as JSON is rejected with `unsupported_media_type`. A request without a body needs no media type, but is
    // rejected with `malformed_json`, because this operation needs a body.
    assert_rejected(|| app.browser.request(Method::POST, "/v1/session/consent").body("text/plain", "{}"), 415, "unsupported_media_type")
        .await;
    assert_rejected(|| app.browser.request(Method::POST, "/v1/session/consent"), 400, "malformed_json").await;
    call().send().await.expect(200);
    let nobody = Browser::new(Language::El);
    let body = AppSignIn::new(REDIRECT_URI).exchange_body("x");
    assert_rejected(|| nobody.request(Method::POST, TOKEN).json(&body).header("origin", "https://evil.example"), 403, "foreign_origin")
        .await;
}

#[tokio::test]
async fn another_site_cannot_begin_a_sign_in_of_an_app() {
    let parameters = AppSignIn::new(REDIRECT_URI).parameters();
    let url = sign_in_url(&parameters);
    let browser = Browser::new(Language::El);
    for site in ["cross-site", "same-site"] {
        let response = browser.request(Method::GET, &url).header("sec-fetch-site", site).send().await.expect(303);
        assert_eq!(response.header("set-cookie"), None, "{site}");
        // The browser is redirected to the page `/sign-in/app`, which gets the app's parameters unchanged.
        let page = Url::parse(&stack::origin()).and_then(|origin| origin.join(response.header("location").expect("a location")));
        let page = page.expect("a URL");
        assert_eq!((page.origin().ascii_serialization(), page.path()), (stack::origin(), "/sign-in/app"), "{site}");
        let forwarded: Vec<_> = page.query_pairs().into_owned().collect();
        assert_eq!(forwarded, parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect::<Vec<_>>(), "{site}");
    }
    // The page also gets the language that the app has chosen for the SMS.
    let in_english = browser.request(Method::GET, &format!("{url}&language=en")).header("sec-fetch-site", "cross-site");
    let response = in_english.send().await.expect(303);
    assert!(response.header("location").is_some_and(|location| location.ends_with("&language=en")), "{:?}", response.header("location"));
    // Invalid parameters are rejected without a redirect to `/sign-in/app`.
    let elsewhere = sign_in_url(&AppSignIn::new("https://evil.example/signed-in").parameters());
    assert_rejected(|| browser.request(Method::GET, &elsewhere).header("sec-fetch-site", "cross-site"), 422, "invalid_field").await;
    // Requests are permitted from the button of `/sign-in/app` (`same-origin`), from the operating system (`none`), and from browsers that
    // do not send `Sec-Fetch-Site`.
    for site in [Some("same-origin"), Some("none"), None] {
        let request = browser.request(Method::GET, &url);
        let request = if let Some(site) = site { request.header("sec-fetch-site", site) } else { request };
        let response = request.send().await.expect(303);
        assert!(response.header("location").is_some_and(|location| location.starts_with(&stack::sandbox())), "{site:?}");
    }
}

#[tokio::test]
async fn sign_in_errors_are_returned_to_the_app_with_its_state() {
    let assert_returned_error = async |key: &str, error: &str, code: &str| {
        for language in LANGUAGES {
            let (browser, sign_in) = (Browser::new(language), AppSignIn::new(REDIRECT_URI));
            let returned = sign_in.through_taxisnet(&browser, &people::named(key).await).await;
            assert_eq!((returned.error.as_deref(), returned.error_description.as_deref()), (Some(error), Some(code)), "{key}");
            assert_eq!((returned.code, returned.state), (None, Some(sign_in.state)), "{key}");
            assert_eq!(browser.cookie(SESSION_COOKIE), None);
        }
    };
    assert_returned_error("kostas", "access_denied", "no_confirmed_mobile").await;
    assert_returned_error("anna", "access_denied", "person_unknown").await;
    assert_returned_error("stelios", "server_error", "registers_unavailable").await;
    assert_returned_error("loukas", "server_error", "registers_mismatch").await;

    let (browser, sign_in) = (Browser::new(Language::El), AppSignIn::new(REDIRECT_URI));
    let back = press(&sign_in.begin(&browser).await, ("deny", "1")).await;
    let returned = sign_in.return_to_app(&browser, &back).await;
    assert_eq!((returned.error.as_deref(), returned.error_description.as_deref()), (Some("access_denied"), Some("sign_in_refused")));
    assert_eq!(returned.state, Some(sign_in.state));

    let person = people::fresh("citizen").await;
    let rule = json!({ "to": person.mobile(), "fail": "always", "error": "internal_error" });
    stack::client().post(format!("{}/failures", stack::sandbox())).json(&rule).send().await.expect("a response");
    let sign_in = AppSignIn::new(REDIRECT_URI);
    let returned = sign_in.through_taxisnet(&browser, &person).await;
    assert_eq!((returned.error.as_deref(), returned.error_description.as_deref()), (Some("server_error"), Some("otp_not_sent")));
}

#[tokio::test]
async fn an_app_gets_no_error_unless_the_browser_is_the_one_that_began() {
    let maria = people::fresh("citizen").await;
    let (browser, sign_in) = (Browser::new(Language::El), AppSignIn::new(REDIRECT_URI));
    let back = press(&sign_in.begin(&browser).await, ("afm", &maria.afm)).await;
    let stranger = Browser::new(Language::El);
    begin_sign_in(&stranger).await;
    assert_rejected(|| stranger.request(Method::GET, &back), 400, "sign_in_state").await;
    // The failed attempt has used up the `state`, so a second attempt with it is rejected.
    assert_rejected(|| browser.request(Method::GET, &back), 400, "sign_in_state").await;
}
