//! Rejections during sign-in: failures of TAXISnet and the registers, and forged or repeated redirects.

use domain::{Language, time::Span};
use journeys::{
    browser::{Browser, SESSION_COOKIE, has_greek},
    inbox, midnight,
    mobile::{AppSignIn, REDIRECT_URI},
    people::{self, begin_sign_in, press, sign_in_until_otp, through_taxisnet},
    stack,
};
use reqwest::Method;
use serde_json::json;
use url::Url;

use super::{LANGUAGES, assert_rejected};

#[tokio::test]
async fn a_person_without_a_confirmed_mobile_is_told_where_to_register() {
    let kostas = people::named("kostas").await;
    for language in LANGUAGES {
        let browser = Browser::new(language);
        let problem = through_taxisnet(&browser, &kostas).await.rejected(403, "no_confirmed_mobile");
        assert!(problem.detail.contains("emep.gov.gr"), "{}", problem.detail);
        browser.get("/v1/session").await.rejected(401, "no_session");
    }
    let stranger = people::fresh("no_mobile").await;
    through_taxisnet(&Browser::new(Language::En), &stranger).await.rejected(403, "no_confirmed_mobile");
    // The communications register has no entry about this person, and responds with 404.
    let foteini = people::named("foteini").await;
    through_taxisnet(&Browser::new(Language::En), &foteini).await.rejected(403, "no_confirmed_mobile");
}

#[tokio::test]
async fn a_person_whom_the_tax_registry_does_not_know_signs_in_as_a_citizen() {
    let person = people::fresh("citizen").await.change(&json!({ "tax_register": "unknown" })).await;
    let (visit, session) = people::sign_in(person, Language::El).await;
    assert_eq!(session["role"]["kind"], "citizen", "{session}");
    people::choose_citizen(visit, session).await;
}

#[tokio::test]
async fn a_person_unknown_to_the_registers_is_rejected() {
    let anna = people::named("anna").await;
    for language in LANGUAGES {
        through_taxisnet(&Browser::new(language), &anna).await.rejected(403, "person_unknown");
    }
}

#[tokio::test]
async fn failing_or_slow_registers_are_reported_as_unavailable() {
    let stelios = people::named("stelios").await;
    for language in LANGUAGES {
        through_taxisnet(&Browser::new(language), &stelios).await.rejected(502, "registers_unavailable");
    }
    // For this person, the registers of the sandbox respond after twenty seconds, which is longer than the timeout.
    let irini = people::named("irini").await;
    through_taxisnet(&Browser::new(Language::El), &irini).await.rejected(502, "registers_unavailable");
}

#[tokio::test]
async fn a_register_response_about_another_person_signs_nobody_in() {
    let loukas = people::named("loukas").await;
    for language in LANGUAGES {
        let browser = Browser::new(language);
        through_taxisnet(&browser, &loukas).await.rejected(502, "registers_mismatch");
        browser.get("/v1/session").await.rejected(401, "no_session");
    }
}

#[tokio::test]
async fn a_sign_in_cancelled_at_taxisnet_is_reported_as_cancelled() {
    for language in LANGUAGES {
        let browser = Browser::new(language);
        let back = press(&begin_sign_in(&browser).await, ("deny", "1")).await;
        browser.get(&back).await.rejected(403, "sign_in_refused");
    }
}

#[tokio::test]
async fn an_error_of_taxisnet_is_reported_as_taxisnet_being_unavailable() {
    let errors = ["server_error", "temporarily_unavailable", "invalid_request", "unauthorized_client", "invalid_scope", "made-up"];
    for (language, error) in LANGUAGES.into_iter().flat_map(|language| errors.map(|error| (language, error))) {
        let browser = Browser::new(language);
        let page = begin_sign_in(&browser).await;
        let state = page.query_pairs().find(|(name, _)| name == "state").expect("a state").1.into_owned();
        browser.get(&format!("/v1/sign-in/callback?error={error}&state={state}")).await.rejected(502, "taxisnet_unavailable");
        browser.get("/v1/session").await.rejected(401, "no_session");
    }
    // A browser that did not begin the sign-in gets `sign_in_state` instead of TAXISnet's error.
    let browser = Browser::new(Language::El);
    browser.get("/v1/sign-in/callback?error=server_error&state=never-begun").await.rejected(400, "sign_in_state");
}

#[tokio::test]
async fn a_state_is_valid_once_and_only_in_the_browser_that_began() {
    let maria = people::fresh("citizen").await;
    let browser = Browser::new(Language::El);
    let back = press(&begin_sign_in(&browser).await, ("afm", &maria.afm)).await;

    // Another browser cannot use the state, even if it has begun another sign-in. Its attempt also uses up the state for the first browser.
    let stranger = Browser::new(Language::El);
    assert_rejected(|| stranger.request(Method::GET, &back), 400, "sign_in_state").await;
    begin_sign_in(&stranger).await;
    assert_rejected(|| stranger.request(Method::GET, &back), 400, "sign_in_state").await;
    assert_rejected(|| browser.request(Method::GET, &back), 400, "sign_in_state").await;

    // The callback is also rejected if its state was already used or never issued, or if it has no state.
    let back = press(&begin_sign_in(&browser).await, ("afm", &maria.afm)).await;
    browser.get(&back).await.expect(303);
    begin_sign_in(&browser).await;
    assert_rejected(|| browser.request(Method::GET, &back), 400, "sign_in_state").await;
    for query in ["code=x&state=never-begun", "code=x", "state=never-begun", ""] {
        assert_rejected(|| browser.request(Method::GET, &format!("/v1/sign-in/callback?{query}")), 400, "sign_in_state").await;
    }
}

#[tokio::test]
async fn a_callback_with_both_a_code_and_an_error_is_rejected() {
    let browser = Browser::new(Language::El);
    let person = people::fresh("citizen").await;
    let back = press(&begin_sign_in(&browser).await, ("afm", &person.afm)).await;
    browser.get(&format!("{back}&error=server_error")).await.rejected(400, "sign_in_state");
    browser.get("/v1/session").await.rejected(401, "no_session");
}

#[tokio::test]
async fn a_code_unknown_to_taxisnet_is_rejected() {
    for language in LANGUAGES {
        let browser = Browser::new(language);
        let page = begin_sign_in(&browser).await;
        let state = page.query_pairs().find(|(name, _)| name == "state").expect("a state").1.into_owned();
        browser.get(&format!("/v1/sign-in/callback?code=made-up&state={state}")).await.rejected(400, "sign_in_state");
    }
}

#[tokio::test]
async fn a_used_code_of_taxisnet_is_rejected_under_another_state() {
    let browser = Browser::new(Language::El);
    let person = people::fresh("citizen").await;
    let back = Url::parse(&press(&begin_sign_in(&browser).await, ("afm", &person.afm)).await).expect("a URL");
    browser.get(back.as_str()).await.expect(303);
    let parameter = |url: &Url, name: &str| url.query_pairs().find(|(other, _)| other == name).expect(name).1.into_owned();
    let thief = Browser::new(Language::El);
    let state = parameter(&begin_sign_in(&thief).await, "state");
    let code = parameter(&back, "code");
    thief.get(&format!("/v1/sign-in/callback?code={code}&state={state}")).await.rejected(400, "sign_in_state");
    thief.get("/v1/session").await.rejected(401, "no_session");
}

#[tokio::test]
async fn a_planted_session_cookie_is_replaced_at_sign_in() {
    let browser = Browser::new(Language::El);
    // An attacker has set a cookie in this browser. Its token has the right format, and the attacker knows it.
    let planted = "A".repeat(43);
    browser.put_cookie(SESSION_COOKIE, &planted);
    through_taxisnet(&browser, &people::fresh("citizen").await).await.expect(303);
    assert_ne!(browser.cookie(SESSION_COOKIE), Some(planted.clone()));
    let thief = Browser::new(Language::El);
    thief.put_cookie(SESSION_COOKIE, &planted);
    thief.get("/v1/session").await.rejected(401, "session_expired");
}

#[tokio::test]
async fn forwarding_headers_of_the_caller_are_ignored() {
    let browser = Browser::new(Language::El);
    let headers = ["x-forwarded-host", "forwarded", "x-forwarded-proto", "x-original-url", "x-rewrite-url", "x-http-method-override"];
    let values = ["evil.example", "host=evil.example;proto=http", "http", "/v1/session", "/v1/session", "DELETE"];
    let with_all = |method: Method, path: &str| {
        headers.into_iter().zip(values).fold(browser.request(method, path), |request, (name, value)| request.header(name, value))
    };
    let response = with_all(Method::GET, "/v1/sign-in").send().await.expect(303);
    let page = Url::parse(response.header("location").expect("a location")).expect("a URL");
    let redirect = page.query_pairs().find(|(name, _)| name == "redirect_uri").expect("a redirect URI").1.into_owned();
    assert_eq!(redirect, format!("{}/v1/sign-in/callback", stack::origin()));
    with_all(Method::GET, "/v1/session").send().await.rejected(401, "no_session");
}

#[tokio::test]
async fn sign_in_never_redirects_to_another_site() {
    for elsewhere in ["//evil.example", "https://evil.example/", "/\\evil.example", "evil.example", "/%09/evil.example", "/\t/evil.example"]
    {
        let browser = Browser::new(Language::El);
        let mut address = Url::parse(&format!("{}/v1/sign-in", stack::origin())).expect("a URL");
        address.query_pairs_mut().append_pair("return_to", elsewhere);
        let to_taxisnet = browser.get(address.as_str()).await.expect(303);
        let page = Url::parse(to_taxisnet.header("location").expect("a location")).expect("a URL");
        let person = people::fresh("citizen").await;
        let back = browser.get(&press(&page, ("afm", &person.afm)).await).await.expect(303);
        let location = back.header("location").expect("a location");
        // Resolves the location as browsers do.
        let landing = Url::parse(&stack::origin()).and_then(|origin| origin.join(location)).expect("a URL");
        assert_eq!(landing.origin(), Url::parse(&stack::origin()).expect("a URL").origin(), "{elsewhere} -> {location}");
    }
}

#[tokio::test]
async fn the_language_of_the_page_determines_that_of_the_password_and_an_unknown_one_is_ignored() {
    for (chosen, greek) in [("el", true), ("en", false), ("fr", false), ("", false)] {
        let (browser, person) = (Browser::new(Language::En), people::fresh("citizen").await);
        let begun = browser.get(&format!("/v1/sign-in?return_to=/v1/session&language={chosen}")).await.expect(303);
        let page = Url::parse(begun.header("location").expect("a location")).expect("a URL");
        browser.get(&press(&page, ("afm", &person.afm)).await).await.expect(303);
        let message = inbox::wait_for(person.mobile(), 0, |message| message.otp().is_some(), inbox::PATIENCE).await;
        assert_eq!(has_greek(&message.text), greek, "{chosen}: {}", message.text);
    }
}

#[tokio::test]
async fn a_password_that_cannot_be_sent_is_reported() {
    let person = people::fresh("citizen").await;
    inbox::fail(person.mobile(), &serde_json::json!("always"), "internal_error").await;
    for language in LANGUAGES {
        let browser = Browser::new(language);
        through_taxisnet(&browser, &person).await.rejected(502, "otp_not_sent");
        browser.get("/v1/session").await.rejected(401, "no_session");
    }
}

#[tokio::test]
async fn the_sixteenth_otp_message_of_the_day_is_rejected_across_all_sign_ins() {
    midnight::avoid(Span::minutes(3)).await;
    let person = people::fresh("citizen").await;
    for round in 0..4 {
        let visit = sign_in_until_otp(person.clone(), Language::En).await;
        for resend in 0..3 {
            let response = visit.browser.post("/v1/session/otp/resend", &serde_json::json!({})).await;
            if (round, resend) == (3, 2) {
                let problem = response.rejected(429, "otp_messages_daily_limit");
                assert!(problem.detail.contains("15"), "{}", problem.detail);
            } else {
                response.expect(200);
            }
        }
    }
    for language in LANGUAGES {
        let response = through_taxisnet(&Browser::new(language), &person).await;
        let wait: u32 = response.header("retry-after").and_then(|seconds| seconds.parse().ok()).expect("Retry-After in seconds");
        assert!((1..=25 * 3600).contains(&wait));
        let problem = response.rejected(429, "otp_messages_daily_limit");
        assert!(problem.members["renews_at"].is_string());
    }
}

/// The `Accept` header of a browser that follows a link.
const NAVIGATION_ACCEPT: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

#[tokio::test]
async fn a_navigating_browser_is_redirected_to_the_problem_page() {
    let kostas = people::named("kostas").await;
    let browser = Browser::new(Language::El);
    let follow = |url: String| browser.request(Method::GET, &url).header("accept", NAVIGATION_ACCEPT).send();

    // If the state is valid, the URL of the problem page contains the path to which the person wanted to return.
    let begun = browser.get("/v1/sign-in?return_to=/photos?tab=1%26x").await.expect(303);
    let page = Url::parse(begun.header("location").expect("a location")).expect("a URL");
    let response = follow(press(&page, ("afm", &kostas.afm)).await).await.expect(303);
    let expected = "/sign-in/problem?code=no_confirmed_mobile&return_to=%2Fphotos%3Ftab%3D1%26x";
    assert_eq!(response.header("location"), Some(expected));
    assert_eq!((response.header("cache-control"), response.header("set-cookie")), (Some("no-store"), None));

    let denied = follow(press(&begin_sign_in(&browser).await, ("deny", "1")).await).await.expect(303);
    assert_eq!(denied.header("location"), Some("/sign-in/problem?code=sign_in_refused&return_to=%2Fv1%2Fsession"));

    // If the state is unknown or belongs to another browser, the URL of the problem page contains only the error code. It contains neither
    // the other person's path nor any parameter of the request.
    let stranger = Browser::new(Language::El);
    let back = press(&begin_sign_in(&browser).await, ("afm", &kostas.afm)).await;
    for url in [back, "/v1/sign-in/callback?code=x&state=y&return_to=https://evil.example/&error=%0d%0aX:".to_owned()] {
        let response = stranger.request(Method::GET, &url).header("accept", NAVIGATION_ACCEPT).send().await.expect(303);
        assert_eq!(response.header("location"), Some("/sign-in/problem?code=sign_in_state"));
    }
}

#[tokio::test]
async fn sign_in_errors_of_an_app_go_to_the_app_even_if_its_browser_navigates() {
    let kostas = people::named("kostas").await;
    let app = AppSignIn::new(REDIRECT_URI);
    let browser = Browser::new(Language::El);
    let mut address = Url::parse(&format!("{}/v1/sign-in", stack::origin())).expect("a URL");
    address.query_pairs_mut().extend_pairs(app.parameters());
    let begun = browser.request(Method::GET, address.as_str()).header("accept", NAVIGATION_ACCEPT).send().await.expect(303);
    let page = Url::parse(begun.header("location").expect("a location")).expect("a URL");
    let back = press(&page, ("afm", &kostas.afm)).await;
    let response = browser.request(Method::GET, &back).header("accept", NAVIGATION_ACCEPT).send().await.expect(303);
    assert!(response.header("location").expect("a location").starts_with(&format!("{REDIRECT_URI}?error=access_denied")));

    // Invalid parameters of an app are an error of its developer, so the response is a problem document instead of a redirect.
    let wrong =
        browser.request(Method::GET, "/v1/sign-in?redirect_uri=https://evil.example/").header("accept", NAVIGATION_ACCEPT).send().await;
    wrong.rejected(422, "invalid_field");
}

#[tokio::test]
async fn another_site_cannot_begin_a_sign_in() {
    for site in ["cross-site", "same-site"] {
        let browser = Browser::new(Language::El);
        let response = browser.request(Method::GET, "/v1/sign-in?return_to=/home").header("sec-fetch-site", site).send().await.expect(303);
        assert_eq!((response.header("location"), response.header("set-cookie")), (Some("/"), None), "{site}");
    }
    // Browsers send `same-origin` in requests of the service's own pages, and `none` in a request for a URL that somebody typed.
    for site in ["same-origin", "none"] {
        let browser = Browser::new(Language::El);
        let response = browser.request(Method::GET, "/v1/sign-in").header("sec-fetch-site", site).send().await.expect(303);
        assert!(response.header("location").is_some_and(|location| location.starts_with(&stack::sandbox())), "{site}");
    }
}

#[tokio::test]
async fn a_new_sign_in_ends_the_previous_session_of_the_browser() {
    let visit = people::fresh_citizen().await;
    let before = visit.browser.twin();
    let other = people::fresh("citizen").await;
    through_taxisnet(&visit.browser, &other).await.expect(303);
    before.get("/v1/session").await.rejected(401, "session_expired");
    assert_eq!(visit.browser.get("/v1/session").await.expect(200).json()["stage"], "otp");
}
