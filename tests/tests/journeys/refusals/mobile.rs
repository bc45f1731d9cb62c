//! Apps on the way in: what they ask for, what comes back to them, and what their codes and tokens are good for.

use domain::Language;
use journeys::{
    browser::{Browser, SESSION_COOKIE},
    mobile::{self, AppSignIn, REDIRECT_URI, address, exchange},
    people::{self, begin_sign_in, fresh_citizen, press},
    stack,
};
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::{LANGUAGES, clock, refused};

const TOKEN: &str = "/v1/session/token";

async fn exchange_refused(body: &Value) {
    let nobody = Browser::new(Language::El);
    refused(|| nobody.request(Method::POST, TOKEN).without("origin").json(body), 400, "exchange_refused").await;
}

#[tokio::test]
async fn nobody_is_sent_to_an_address_that_is_not_listed() {
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
        let asked = address(&AppSignIn::new(elsewhere).parameters());
        let problem = refused(|| browser.request(Method::GET, &asked), 422, "invalid_field").await;
        assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!("redirect_uri"), &json!("not_allowed")), "{elsewhere}");
    }
    for listed in
        ["gr.gov.myphoto:/signed-in", "http://127.0.0.1/signed-in", "http://127.0.0.1:1/signed-in", "http://[::1]:65535/signed-in"]
    {
        AppSignIn::new(listed).begin(&browser).await;
    }
}

#[tokio::test]
async fn an_app_brings_a_challenge_of_the_one_method_and_a_state_that_fits_into_an_address() {
    let browser = Browser::new(Language::El);
    let with = |name: &str, value: Option<&str>| {
        let mut parameters = AppSignIn::new(REDIRECT_URI).parameters();
        parameters.retain(|(other, _)| *other != name);
        let mut asked = address(&parameters);
        asked.extend(value.map(|value| format!("&{name}={value}")));
        asked
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
        let asked = with(name, value);
        let problem = refused(|| browser.request(Method::GET, &asked), 422, "invalid_field").await;
        assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!(name), &json!(reason)), "{value:?}");
    }
    browser.get(&with("state", None)).await.expect(303);
}

#[tokio::test]
async fn the_session_goes_to_the_app_and_never_into_the_browser() {
    let (browser, sign_in) = (Browser::new(Language::El), AppSignIn::new(REDIRECT_URI));
    let code = sign_in.code(&browser, &people::fresh("citizen").await).await;
    assert_eq!(browser.cookie(SESSION_COOKIE), None);
    browser.get("/v1/session").await.refused(401, "no_session");
    // The code is no session, in whatever way it is carried.
    browser.put_cookie(SESSION_COOKIE, &code);
    browser.get("/v1/session").await.refused(401, "session_expired");
    Browser::app(Language::El, &code).get("/v1/session").await.refused(401, "session_expired");
    sign_in.exchange(&code).await.expect(200);
}

#[tokio::test]
async fn a_code_is_good_once() {
    let (browser, sign_in) = (Browser::new(Language::El), AppSignIn::new(REDIRECT_URI));
    let code = sign_in.code(&browser, &people::fresh("citizen").await).await;
    let body = sign_in.exchange_body(&code);
    let mut answers = futures_util::future::join_all((0..4).map(|_| exchange(&body))).await;
    answers.sort_by_key(|answer| answer.status);
    let mut answers = answers.into_iter();
    let token = answers.next().expect("an answer").expect(200).json()["token"].as_str().expect("a token").to_owned();
    for answer in answers {
        answer.refused(400, "exchange_refused");
    }
    exchange_refused(&body).await;
    Browser::app(Language::El, &token).get("/v1/session").await.expect(200);
}

#[tokio::test]
async fn whoever_did_not_begin_gets_nothing_for_a_code_and_uses_it_up() {
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
        exchange(&body).await.refused(400, "exchange_refused");
        sign_in.exchange(&code).await.refused(400, "exchange_refused");
    }
    // The challenge itself proves nothing: the browser has seen it.
    let sign_in = AppSignIn::new(REDIRECT_URI);
    let code = sign_in.code(&browser, &person).await;
    let body = json!({ "code": code, "code_verifier": sign_in.challenge(), "redirect_uri": REDIRECT_URI });
    exchange_refused(&body).await;
}

#[tokio::test]
async fn a_code_is_good_for_two_minutes() {
    let (browser, sign_in) = (Browser::new(Language::El), AppSignIn::new(REDIRECT_URI));
    let code = sign_in.code(&browser, &people::fresh("citizen").await).await;
    let left = clock::exchange_expires_at(&code).await - clock::now();
    assert!((60..=120).contains(&left), "{left} seconds");
    clock::expire_exchange(&code).await;
    exchange_refused(&sign_in.exchange_body(&code)).await;
}

#[tokio::test]
async fn a_cookie_is_exchanged_for_nothing_and_answered_with_no_token() {
    let person = people::fresh("citizen").await;
    let waiting = people::up_to_otp(person, Language::El).await;
    let cookie = waiting.browser.cookie(SESSION_COOKIE).expect("a session");
    let sign_in = AppSignIn::new(REDIRECT_URI);
    for code in [cookie.as_str(), "", "nonsense"] {
        exchange_refused(&sign_in.exchange_body(code)).await;
        refused(|| waiting.browser.request(Method::POST, TOKEN).json(&sign_in.exchange_body(code)), 400, "exchange_refused").await;
    }
    // A script of our own pages could send a header; the cookie counts for nothing then.
    let body = json!({ "otp": waiting.otp });
    for header in ["Bearer", "Bearer x", "Basic eDp5", &format!("Bearer {}", mobile::random_text())] {
        let call = || waiting.browser.request(Method::POST, "/v1/session/otp").json(&body).header("authorization", header);
        refused(call, 401, "session_expired").await;
    }
    let session = people::enter_otp(&waiting.browser, &waiting.otp).await.expect(200).json();
    assert_eq!((&session["token"], &session["token_type"]), (&Value::Null, &Value::Null), "a browser's token is in its cookie alone");
    let now = waiting.browser.cookie(SESSION_COOKIE).expect("a session");
    assert!(!session.to_string().contains(&now));
    waiting.browser.get("/v1/session").await.expect(200);
}

#[tokio::test]
async fn a_token_wins_over_a_cookie_and_the_two_are_never_mixed() {
    let (browsers, apps) = (fresh_citizen().await, mobile::sign_in(people::fresh("citizen").await, Language::El).await);
    let token = format!("Bearer {}", apps.1["token"].as_str().expect("a token"));
    let both = |method, path: &str| browsers.browser.request(method, path).header("authorization", &token);
    let shown = both(Method::GET, "/v1/session").send().await.expect(200).json();
    assert_eq!(shown["person"]["afm"], apps.0.person.afm);
    // Signing out ends the session of the token; the cookie stays, and is worth what it was.
    let goodbye = both(Method::DELETE, "/v1/session").send().await.expect(200);
    assert_eq!(goodbye.headers.get("set-cookie"), None);
    both(Method::GET, "/v1/session").send().await.refused(401, "session_expired");
    browsers.browser.get("/v1/session").await.expect(200);
    // A header that is of no use ends nobody's session.
    browsers.browser.request(Method::DELETE, "/v1/session").header("authorization", "Bearer x").send().await.expect(200);
    browsers.browser.get("/v1/session").await.expect(200);
}

#[tokio::test]
async fn other_sites_change_nothing_with_a_token_either() {
    let (app, session) = mobile::sign_in(people::fresh("citizen").await, Language::El).await;
    let consent = json!({ "version": session["consent"]["version"], "agree": true });
    let call = || app.browser.request(Method::POST, "/v1/session/consent").json(&consent);
    refused(|| call().header("origin", "https://evil.example"), 403, "foreign_origin").await;
    refused(|| call().header("sec-fetch-site", "cross-site"), 403, "foreign_origin").await;
    refused(|| app.browser.request(Method::DELETE, "/v1/session").header("origin", "null"), 403, "foreign_origin").await;
    // A body has to be JSON; without one no type is asked for, and the handler says what it lacks.
    refused(|| app.browser.request(Method::POST, "/v1/session/consent").body("text/plain", "{}"), 415, "unsupported_media_type").await;
    refused(|| app.browser.request(Method::POST, "/v1/session/consent"), 400, "malformed_json").await;
    call().send().await.expect(200);
    let nobody = Browser::new(Language::El);
    let body = AppSignIn::new(REDIRECT_URI).exchange_body("x");
    refused(|| nobody.request(Method::POST, TOKEN).json(&body).header("origin", "https://evil.example"), 403, "foreign_origin").await;
}

#[tokio::test]
async fn a_page_elsewhere_cannot_begin_a_sign_in_as_an_app() {
    let parameters = AppSignIn::new(REDIRECT_URI).parameters();
    let asked = address(&parameters);
    let browser = Browser::new(Language::El);
    for site in ["cross-site", "same-site"] {
        let answer = browser.request(Method::GET, &asked).header("sec-fetch-site", site).send().await.expect(303);
        assert_eq!(answer.header("set-cookie"), None, "{site}");
        // The page on which the person goes on has the app's parameters, as they came.
        let page = Url::parse(&stack::origin()).and_then(|origin| origin.join(answer.header("location").expect("a location")));
        let page = page.expect("an address");
        assert_eq!((page.origin().ascii_serialization(), page.path()), (stack::origin(), "/sign-in/app"), "{site}");
        let carried: Vec<_> = page.query_pairs().into_owned().collect();
        assert_eq!(carried, parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect::<Vec<_>>(), "{site}");
    }
    // What is not allowed leads to no page either.
    let elsewhere = address(&AppSignIn::new("https://evil.example/signed-in").parameters());
    refused(|| browser.request(Method::GET, &elsewhere).header("sec-fetch-site", "cross-site"), 422, "invalid_field").await;
    // The page's button, the operating system, and browsers that do not send the header.
    for site in [Some("same-origin"), Some("none"), None] {
        let request = browser.request(Method::GET, &asked);
        let request = if let Some(site) = site { request.header("sec-fetch-site", site) } else { request };
        let answer = request.send().await.expect(303);
        assert!(answer.header("location").is_some_and(|location| location.starts_with(&stack::sandbox())), "{site:?}");
    }
}

#[tokio::test]
async fn what_goes_wrong_in_the_browser_is_told_to_the_app_with_its_state() {
    let told = async |key: &str, error: &str, code: &str| {
        for language in LANGUAGES {
            let (browser, sign_in) = (Browser::new(language), AppSignIn::new(REDIRECT_URI));
            let returned = sign_in.through_taxisnet(&browser, &people::named(key).await).await;
            assert_eq!((returned.error.as_deref(), returned.error_description.as_deref()), (Some(error), Some(code)), "{key}");
            assert_eq!((returned.code, returned.state), (None, Some(sign_in.state)), "{key}");
            assert_eq!(browser.cookie(SESSION_COOKIE), None);
        }
    };
    told("kostas", "access_denied", "no_confirmed_mobile").await;
    told("anna", "access_denied", "person_unknown").await;
    told("stelios", "server_error", "registers_unavailable").await;
    told("loukas", "server_error", "registers_mismatch").await;

    let (browser, sign_in) = (Browser::new(Language::El), AppSignIn::new(REDIRECT_URI));
    let back = press(&sign_in.begin(&browser).await, ("deny", "1")).await;
    let returned = sign_in.come_back(&browser, &back).await;
    assert_eq!((returned.error.as_deref(), returned.error_description.as_deref()), (Some("access_denied"), Some("sign_in_refused")));
    assert_eq!(returned.state, Some(sign_in.state));

    let person = people::fresh("citizen").await;
    let rule = json!({ "to": person.mobile(), "fail": "always", "error": "internal_error" });
    stack::client().post(format!("{}/failures", stack::sandbox())).json(&rule).send().await.expect("an answer");
    let sign_in = AppSignIn::new(REDIRECT_URI);
    let returned = sign_in.through_taxisnet(&browser, &person).await;
    assert_eq!((returned.error.as_deref(), returned.error_description.as_deref()), (Some("server_error"), Some("otp_not_sent")));
}

#[tokio::test]
async fn an_app_is_told_nothing_before_the_browser_is_known_to_be_the_one_that_began() {
    let maria = people::fresh("citizen").await;
    let (browser, sign_in) = (Browser::new(Language::El), AppSignIn::new(REDIRECT_URI));
    let back = press(&sign_in.begin(&browser).await, ("afm", &maria.afm)).await;
    let stranger = Browser::new(Language::El);
    begin_sign_in(&stranger).await;
    refused(|| stranger.request(Method::GET, &back), 400, "sign_in_state").await;
    // Used up by the try.
    refused(|| browser.request(Method::GET, &back), 400, "sign_in_state").await;
}
