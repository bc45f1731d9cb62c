//! Rejections of one-time passwords.

use std::time::Duration;

use domain::{Language, time::Span};
use journeys::{
    browser::{Browser, Response},
    inbox, midnight,
    people::{self, Visit, enter_otp, sign_in_until_otp},
    stack,
};
use reqwest::Method;
use serde_json::json;

use super::{LANGUAGES, assert_rejected, clock};

async fn enter_wrong_otp(visit: &Visit) -> Response {
    let other = if visit.otp == "000000" { "111111" } else { "000000" };
    enter_otp(&visit.browser, other).await
}

async fn resend(browser: &Browser) -> Response {
    browser.post("/v1/session/otp/resend", &json!({})).await
}

#[tokio::test]
async fn three_wrong_passwords_end_the_sign_in() {
    for language in LANGUAGES {
        let visit = sign_in_until_otp(people::fresh("citizen").await, language).await;
        for left in [2, 1] {
            let problem = enter_wrong_otp(&visit).await.rejected(422, "otp_wrong");
            assert_eq!(problem.members["left"], left);
            assert!(problem.detail.contains(&left.to_string()), "{}", problem.detail);
        }
        enter_wrong_otp(&visit).await.rejected(403, "otp_exhausted");
        // After three wrong passwords the right one is rejected.
        enter_otp(&visit.browser, &visit.otp).await.rejected(401, "session_expired");
    }
}

#[tokio::test]
async fn a_malformed_password_does_not_count_as_a_wrong_try() {
    let visit = sign_in_until_otp(people::fresh("citizen").await, Language::El).await;
    for text in ["", "12345", "1234567", "12345a", "myPhoto: κωδ"] {
        let call = || visit.browser.request(Method::POST, "/v1/session/otp").json(&json!({ "otp": text }));
        assert_rejected(call, 422, "otp_malformed").await;
    }
    assert_eq!(visit.browser.get("/v1/session").await.expect(200).json()["otp"]["tries_left"], 3);
    enter_otp(&visit.browser, &format!(" {} {} ", &visit.otp[..3], &visit.otp[3..])).await.expect(200);
}

#[tokio::test]
async fn the_whole_sms_is_read_and_a_text_with_two_passwords_is_not_a_try() {
    for language in LANGUAGES {
        let visit = sign_in_until_otp(people::fresh("citizen").await, language).await;
        let sent =
            inbox::wait_for(visit.person.mobile(), 0, |message| message.otp().as_ref() == Some(&visit.otp), Duration::from_secs(30)).await;
        let host = reqwest::Url::parse(&stack::origin()).expect("an origin").host_str().expect("a host").to_owned();
        assert!(sent.text.ends_with(&format!("\n@{host} #{}", visit.otp)), "{}", sent.text);
        let other = if visit.otp == "000000" { "111111" } else { "000000" };
        let several = enter_otp(&visit.browser, &format!("{} {other}", visit.otp)).await.rejected(422, "invalid_field");
        assert_eq!((&several.members["field"], &several.members["reason"]), (&json!("otp"), &json!("several_values")));
        assert_eq!(visit.browser.get("/v1/session").await.expect(200).json()["otp"]["tries_left"], 3);
        enter_otp(&visit.browser, &sent.text).await.expect(200);
    }
}

#[tokio::test]
async fn a_password_is_valid_for_five_minutes_and_another_can_be_sent() {
    for language in LANGUAGES {
        let visit = sign_in_until_otp(people::fresh("citizen").await, language).await;
        clock::set_in_session(&visit.browser, &[("otp.expires_at", clock::now())]).await;
        let problem = enter_otp(&visit.browser, &visit.otp).await.rejected(422, "otp_expired");
        assert!(problem.detail.contains('5'), "{}", problem.detail);
        let before = inbox::last_seq(visit.person.mobile()).await;
        resend(&visit.browser).await.expect(200);
        let otp = inbox::otp(visit.person.mobile(), before).await;
        enter_otp(&visit.browser, &otp).await.expect(200);
    }
}

#[tokio::test]
async fn a_password_is_resent_three_times_and_each_one_replaces_the_one_before() {
    let visit = sign_in_until_otp(people::fresh("citizen").await, Language::El).await;
    let mut otp = visit.otp.clone();
    for left in [2, 1, 0] {
        let before = inbox::last_seq(visit.person.mobile()).await;
        assert_eq!(resend(&visit.browser).await.expect(200).json()["resends_left"], left);
        let replaced = std::mem::replace(&mut otp, inbox::otp(visit.person.mobile(), before).await);
        if left == 2 && replaced != otp {
            enter_otp(&visit.browser, &replaced).await.rejected(422, "otp_wrong");
        }
    }
    let call = || visit.browser.request(Method::POST, "/v1/session/otp/resend").json(&json!({}));
    assert_rejected(call, 429, "otp_resends_exhausted").await;
    enter_otp(&visit.browser, &otp).await.expect(200);
    // After the right password was entered, the sign-in accepts no further password and sends no new one.
    assert_rejected(call, 409, "not_awaiting_otp").await;
    let call = || visit.browser.request(Method::POST, "/v1/session/otp").json(&json!({ "otp": "123456" }));
    assert_rejected(call, 409, "not_awaiting_otp").await;
}

#[tokio::test]
async fn a_password_that_could_not_be_resent_leaves_the_previous_one_valid_unless_the_new_one_may_arrive() {
    let visit = sign_in_until_otp(people::fresh("citizen").await, Language::El).await;
    inbox::fail(visit.person.mobile(), &json!(1), "internal_error").await;
    resend(&visit.browser).await.rejected(502, "otp_not_sent");
    enter_otp(&visit.browser, &visit.otp).await.expect(200);

    // The message arrives, but the service does not learn that.
    let visit = sign_in_until_otp(people::fresh("citizen").await, Language::El).await;
    let before = inbox::last_seq(visit.person.mobile()).await;
    inbox::fail(visit.person.mobile(), &json!(1), "lost_response").await;
    resend(&visit.browser).await.rejected(502, "otp_not_sent");
    let otp = inbox::otp(visit.person.mobile(), before).await;
    enter_otp(&visit.browser, &otp).await.expect(200);
}

#[tokio::test]
async fn twenty_wrong_passwords_a_day_are_the_limit_across_all_sign_ins() {
    midnight::avoid(Span::minutes(3)).await;
    let person = people::fresh("citizen").await;
    for _ in 0..6 {
        let visit = sign_in_until_otp(person.clone(), Language::El).await;
        enter_wrong_otp(&visit).await.rejected(422, "otp_wrong");
        enter_wrong_otp(&visit).await.rejected(422, "otp_wrong");
        enter_wrong_otp(&visit).await.rejected(403, "otp_exhausted");
    }
    let visit = sign_in_until_otp(person.clone(), Language::El).await;
    enter_wrong_otp(&visit).await.rejected(422, "otp_wrong");
    enter_wrong_otp(&visit).await.rejected(422, "otp_wrong");
    for language in LANGUAGES {
        let visit = sign_in_until_otp(person.clone(), language).await;
        let response = enter_wrong_otp(&visit).await;
        assert!(response.header("retry-after").is_some());
        let problem = response.rejected(429, "otp_daily_limit");
        assert!(problem.detail.contains("20") && problem.members["renews_at"].is_string(), "{}", problem.detail);
        // Once the daily limit is reached, the right password gets the same response as a wrong one.
        enter_otp(&visit.browser, &visit.otp).await.rejected(429, "otp_daily_limit");
    }
}

#[tokio::test]
async fn a_try_counts_before_its_password_is_compared() {
    let visit = sign_in_until_otp(people::fresh("citizen").await, Language::El).await;
    clock::use_up_tries(&visit.browser).await;
    enter_otp(&visit.browser, &visit.otp).await.rejected(403, "otp_exhausted");
}

#[tokio::test]
async fn a_password_is_valid_only_in_its_own_sign_in() {
    let person = people::fresh("citizen").await;
    let (one, other) = (sign_in_until_otp(person.clone(), Language::El).await, sign_in_until_otp(person, Language::El).await);
    if one.otp != other.otp {
        enter_otp(&one.browser, &other.otp).await.rejected(422, "otp_wrong");
    }
    enter_otp(&one.browser, &one.otp).await.expect(200);
}
