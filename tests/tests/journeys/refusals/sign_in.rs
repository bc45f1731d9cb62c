//! On the way in: TAXISnet, the registers, the way back.

use domain::Language;
use journeys::{
    browser::{Browser, SESSION_COOKIE},
    inbox,
    mobile::{AppSignIn, REDIRECT_URI},
    people::{self, begin_sign_in, press, through_taxisnet, up_to_otp},
    stack,
};
use reqwest::Method;
use url::Url;

use super::{LANGUAGES, refused};

#[tokio::test]
async fn whoever_has_no_confirmed_mobile_is_told_where_to_register() {
    let kostas = people::named("kostas").await;
    for language in LANGUAGES {
        let browser = Browser::new(language);
        let problem = through_taxisnet(&browser, &kostas).await.refused(403, "no_confirmed_mobile");
        assert!(problem.detail.contains("emep.gov.gr"), "{}", problem.detail);
        browser.get("/v1/session").await.refused(401, "no_session");
    }
    let stranger = people::fresh("no_mobile").await;
    through_taxisnet(&Browser::new(Language::En), &stranger).await.refused(403, "no_confirmed_mobile");
}

#[tokio::test]
async fn whom_the_registers_do_not_know_is_refused() {
    let anna = people::named("anna").await;
    for language in LANGUAGES {
        through_taxisnet(&Browser::new(language), &anna).await.refused(403, "person_unknown");
    }
}

#[tokio::test]
async fn registers_that_fail_or_do_not_answer_are_said_to() {
    let stelios = people::named("stelios").await;
    for language in LANGUAGES {
        through_taxisnet(&Browser::new(language), &stelios).await.refused(502, "registers_unavailable");
    }
    // Her registers answer after twenty seconds, which nobody waits for.
    let irini = people::named("irini").await;
    through_taxisnet(&Browser::new(Language::El), &irini).await.refused(502, "registers_unavailable");
}

#[tokio::test]
async fn registers_that_answer_about_another_person_sign_nobody_in() {
    let loukas = people::named("loukas").await;
    for language in LANGUAGES {
        let browser = Browser::new(language);
        through_taxisnet(&browser, &loukas).await.refused(502, "registers_mismatch");
        browser.get("/v1/session").await.refused(401, "no_session");
    }
}

#[tokio::test]
async fn a_sign_in_cancelled_at_taxisnet_is_said_to_be_cancelled() {
    for language in LANGUAGES {
        let browser = Browser::new(language);
        let back = press(&begin_sign_in(&browser).await, ("deny", "1")).await;
        browser.get(&back).await.refused(403, "sign_in_refused");
    }
}

#[tokio::test]
async fn a_state_is_worth_something_once_and_in_the_browser_that_began() {
    let maria = people::fresh("citizen").await;
    let browser = Browser::new(Language::El);
    let back = press(&begin_sign_in(&browser).await, ("afm", &maria.afm)).await;

    // Another browser, without a sign-in of its own and with one: the state is used up by the try.
    let stranger = Browser::new(Language::El);
    refused(|| stranger.request(Method::GET, &back), 400, "sign_in_state").await;
    begin_sign_in(&stranger).await;
    refused(|| stranger.request(Method::GET, &back), 400, "sign_in_state").await;
    refused(|| browser.request(Method::GET, &back), 400, "sign_in_state").await;

    // Used once, and never begun, and none at all.
    let back = press(&begin_sign_in(&browser).await, ("afm", &maria.afm)).await;
    browser.get(&back).await.expect(303);
    begin_sign_in(&browser).await;
    refused(|| browser.request(Method::GET, &back), 400, "sign_in_state").await;
    for query in ["code=x&state=never-begun", "code=x", "state=never-begun", ""] {
        refused(|| browser.request(Method::GET, &format!("/v1/sign-in/callback?{query}")), 400, "sign_in_state").await;
    }
}

#[tokio::test]
async fn a_code_beside_an_error_is_none() {
    let browser = Browser::new(Language::El);
    let person = people::fresh("citizen").await;
    let back = press(&begin_sign_in(&browser).await, ("afm", &person.afm)).await;
    browser.get(&format!("{back}&error=server_error")).await.refused(400, "sign_in_state");
    browser.get("/v1/session").await.refused(401, "no_session");
}

#[tokio::test]
async fn a_code_that_taxisnet_does_not_know_starts_again() {
    for language in LANGUAGES {
        let browser = Browser::new(language);
        let page = begin_sign_in(&browser).await;
        let state = page.query_pairs().find(|(name, _)| name == "state").expect("a state").1.into_owned();
        browser.get(&format!("/v1/sign-in/callback?code=made-up&state={state}")).await.refused(400, "sign_in_state");
    }
}

#[tokio::test]
async fn a_code_of_taxisnet_that_was_used_is_worth_nothing_under_another_state() {
    let browser = Browser::new(Language::El);
    let person = people::fresh("citizen").await;
    let back = Url::parse(&press(&begin_sign_in(&browser).await, ("afm", &person.afm)).await).expect("an address");
    browser.get(back.as_str()).await.expect(303);
    let value = |url: &Url, wanted: &str| url.query_pairs().find(|(name, _)| name == wanted).expect(wanted).1.into_owned();
    let thief = Browser::new(Language::El);
    let state = value(&begin_sign_in(&thief).await, "state");
    let code = value(&back, "code");
    thief.get(&format!("/v1/sign-in/callback?code={code}&state={state}")).await.refused(400, "sign_in_state");
    thief.get("/v1/session").await.refused(401, "no_session");
}

#[tokio::test]
async fn a_session_that_somebody_else_chose_is_not_taken_over() {
    let browser = Browser::new(Language::El);
    // Of the form of ours, and known to whoever put it there.
    let planted = "A".repeat(43);
    browser.put_cookie(SESSION_COOKIE, &planted);
    through_taxisnet(&browser, &people::fresh("citizen").await).await.expect(303);
    assert_ne!(browser.cookie(SESSION_COOKIE), Some(planted.clone()));
    let thief = Browser::new(Language::El);
    thief.put_cookie(SESSION_COOKIE, &planted);
    thief.get("/v1/session").await.refused(401, "session_expired");
}

#[tokio::test]
async fn headers_of_the_caller_move_no_address_and_no_call() {
    let browser = Browser::new(Language::El);
    let headers = ["x-forwarded-host", "forwarded", "x-forwarded-proto", "x-original-url", "x-rewrite-url", "x-http-method-override"];
    let values = ["evil.example", "host=evil.example;proto=http", "http", "/v1/session", "/v1/session", "DELETE"];
    let with_all = |method: Method, path: &str| {
        headers.into_iter().zip(values).fold(browser.request(method, path), |request, (name, value)| request.header(name, value))
    };
    let answer = with_all(Method::GET, "/v1/sign-in").send().await.expect(303);
    let page = Url::parse(answer.header("location").expect("a location")).expect("an address");
    let redirect = page.query_pairs().find(|(name, _)| name == "redirect_uri").expect("where to come back").1.into_owned();
    assert_eq!(redirect, format!("{}/v1/sign-in/callback", stack::origin()));
    with_all(Method::GET, "/v1/session").send().await.refused(401, "no_session");
}

#[tokio::test]
async fn nobody_is_sent_to_another_site_after_signing_in() {
    for elsewhere in ["//evil.example", "https://evil.example/", "/\\evil.example", "evil.example", "/%09/evil.example", "/\t/evil.example"]
    {
        let browser = Browser::new(Language::El);
        let mut address = Url::parse(&format!("{}/v1/sign-in", stack::origin())).expect("an address");
        address.query_pairs_mut().append_pair("return_to", elsewhere);
        let to_taxisnet = browser.get(address.as_str()).await.expect(303);
        let page = Url::parse(to_taxisnet.header("location").expect("a location")).expect("an address");
        let person = people::fresh("citizen").await;
        let back = browser.get(&press(&page, ("afm", &person.afm)).await).await.expect(303);
        let location = back.header("location").expect("a location");
        // As browsers resolve it.
        let landing = Url::parse(&stack::origin()).and_then(|origin| origin.join(location)).expect("an address");
        assert_eq!(landing.origin(), Url::parse(&stack::origin()).expect("an address").origin(), "{elsewhere} -> {location}");
    }
}

#[tokio::test]
async fn a_password_that_cannot_be_sent_is_said_not_to_be() {
    let person = people::fresh("citizen").await;
    inbox::fail(person.mobile(), &serde_json::json!("always"), "internal_error").await;
    for language in LANGUAGES {
        let browser = Browser::new(language);
        through_taxisnet(&browser, &person).await.refused(502, "otp_not_sent");
        browser.get("/v1/session").await.refused(401, "no_session");
    }
}

#[tokio::test]
async fn sixteen_messages_a_day_are_one_too_many_over_all_sign_ins() {
    let person = people::fresh("citizen").await;
    for round in 0..4 {
        let visit = up_to_otp(person.clone(), Language::En).await;
        for resend in 0..3 {
            let answer = visit.browser.post("/v1/session/otp/resend", &serde_json::json!({})).await;
            if (round, resend) == (3, 2) {
                let problem = answer.refused(429, "otp_messages_daily_limit");
                assert!(problem.detail.contains("15"), "{}", problem.detail);
            } else {
                answer.expect(200);
            }
        }
    }
    for language in LANGUAGES {
        let answer = through_taxisnet(&Browser::new(language), &person).await;
        let wait: u32 = answer.header("retry-after").and_then(|seconds| seconds.parse().ok()).expect("when to come back");
        assert!((1..=25 * 3600).contains(&wait));
        let problem = answer.refused(429, "otp_messages_daily_limit");
        assert!(problem.members["renews_at"].is_string());
    }
}

/// What a browser sends when somebody follows a link.
const NAVIGATION: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

#[tokio::test]
async fn whoever_navigates_is_led_to_a_page_that_words_the_problem() {
    let kostas = people::named("kostas").await;
    let browser = Browser::new(Language::El);
    let follow = |url: String| browser.request(Method::GET, &url).header("accept", NAVIGATION).send();

    // Where they wanted to go is kept as soon as it is known whose sign-in this is.
    let begun = browser.get("/v1/sign-in?return_to=/photos?tab=1%26x").await.expect(303);
    let page = Url::parse(begun.header("location").expect("a location")).expect("an address");
    let answer = follow(press(&page, ("afm", &kostas.afm)).await).await.expect(303);
    let wanted = "/sign-in/problem?code=no_confirmed_mobile&return_to=%2Fphotos%3Ftab%3D1%26x";
    assert_eq!(answer.header("location"), Some(wanted));
    assert_eq!((answer.header("cache-control"), answer.header("set-cookie")), (Some("no-store"), None));

    let denied = follow(press(&begin_sign_in(&browser).await, ("deny", "1")).await).await.expect(303);
    assert_eq!(denied.header("location"), Some("/sign-in/problem?code=sign_in_refused&return_to=%2Fv1%2Fsession"));

    // Somebody else's sign-in, or none: not where that one wanted to go, and nothing of what the address says.
    let stranger = Browser::new(Language::El);
    let back = press(&begin_sign_in(&browser).await, ("afm", &kostas.afm)).await;
    for url in [back, "/v1/sign-in/callback?code=x&state=y&return_to=https://evil.example/&error=%0d%0aX:".to_owned()] {
        let answer = stranger.request(Method::GET, &url).header("accept", NAVIGATION).send().await.expect(303);
        assert_eq!(answer.header("location"), Some("/sign-in/problem?code=sign_in_state"));
    }
}

#[tokio::test]
async fn an_app_hears_of_problems_itself_also_where_its_browser_navigates() {
    let kostas = people::named("kostas").await;
    let app = AppSignIn::new(REDIRECT_URI);
    let browser = Browser::new(Language::El);
    let mut address = Url::parse(&format!("{}/v1/sign-in", stack::origin())).expect("an address");
    address.query_pairs_mut().extend_pairs(app.parameters());
    let begun = browser.request(Method::GET, address.as_str()).header("accept", NAVIGATION).send().await.expect(303);
    let page = Url::parse(begun.header("location").expect("a location")).expect("an address");
    let back = press(&page, ("afm", &kostas.afm)).await;
    let answer = browser.request(Method::GET, &back).header("accept", NAVIGATION).send().await.expect(303);
    assert!(answer.header("location").expect("a location").starts_with(&format!("{REDIRECT_URI}?error=access_denied")));

    // What is wrong with an app's parameters only its developer meets.
    let wrong = browser.request(Method::GET, "/v1/sign-in?redirect_uri=https://evil.example/").header("accept", NAVIGATION).send().await;
    wrong.refused(422, "invalid_field");
}

#[tokio::test]
async fn a_page_elsewhere_cannot_begin_a_sign_in() {
    for site in ["cross-site", "same-site"] {
        let browser = Browser::new(Language::El);
        let answer = browser.request(Method::GET, "/v1/sign-in?return_to=/home").header("sec-fetch-site", site).send().await.expect(303);
        assert_eq!((answer.header("location"), answer.header("set-cookie")), (Some("/"), None), "{site}");
    }
    // Our own pages, and somebody who typed the address.
    for site in ["same-origin", "none"] {
        let browser = Browser::new(Language::El);
        let answer = browser.request(Method::GET, "/v1/sign-in").header("sec-fetch-site", site).send().await.expect(303);
        assert!(answer.header("location").is_some_and(|location| location.starts_with(&stack::sandbox())), "{site}");
    }
}

#[tokio::test]
async fn a_session_that_the_browser_still_had_ends_with_the_next_sign_in() {
    let visit = people::fresh_citizen().await;
    let before = visit.browser.twin();
    let other = people::fresh("citizen").await;
    through_taxisnet(&visit.browser, &other).await.expect(303);
    before.get("/v1/session").await.refused(401, "session_expired");
    assert_eq!(visit.browser.get("/v1/session").await.expect(200).json()["stage"], "otp");
}
