//! The one-time password.

use domain::Language;
use journeys::{
    browser::{Browser, Response},
    inbox,
    people::{self, Visit, enter_otp, up_to_otp},
};
use reqwest::Method;
use serde_json::json;

use super::{LANGUAGES, clock, refused};

async fn wrong(visit: &Visit) -> Response {
    let other = if visit.otp == "000000" { "111111" } else { "000000" };
    enter_otp(&visit.browser, other).await
}

async fn resend(browser: &Browser) -> Response {
    browser.post("/v1/session/otp/resend", &json!({})).await
}

#[tokio::test]
async fn three_wrong_passwords_end_the_sign_in() {
    for language in LANGUAGES {
        let visit = up_to_otp(people::fresh("citizen").await, language).await;
        for left in [2, 1] {
            let problem = wrong(&visit).await.refused(422, "otp_wrong");
            assert_eq!(problem.members["left"], left);
            assert!(problem.detail.contains(&left.to_string()), "{}", problem.detail);
        }
        wrong(&visit).await.refused(403, "otp_exhausted");
        // The right one comes too late.
        enter_otp(&visit.browser, &visit.otp).await.refused(401, "session_expired");
    }
}

#[tokio::test]
async fn what_cannot_be_a_password_is_no_wrong_try() {
    let visit = up_to_otp(people::fresh("citizen").await, Language::El).await;
    for text in ["", "12345", "1234567", "12345a", "١٢٣٤٥٦"] {
        let call = || visit.browser.request(Method::POST, "/v1/session/otp").json(&json!({ "otp": text }));
        refused(call, 422, "otp_malformed").await;
    }
    assert_eq!(visit.browser.get("/v1/session").await.expect(200).json()["otp"]["tries_left"], 3);
    enter_otp(&visit.browser, &format!(" {} {} ", &visit.otp[..3], &visit.otp[3..])).await.expect(200);
}

#[tokio::test]
async fn a_password_is_valid_for_five_minutes_and_another_can_be_sent() {
    for language in LANGUAGES {
        let visit = up_to_otp(people::fresh("citizen").await, language).await;
        clock::set_in_session(&visit.browser, &[("otp.expires_at", clock::now())]).await;
        let problem = enter_otp(&visit.browser, &visit.otp).await.refused(422, "otp_expired");
        assert!(problem.detail.contains('5'), "{}", problem.detail);
        let before = inbox::last_seq(visit.person.mobile()).await;
        resend(&visit.browser).await.expect(200);
        let otp = inbox::otp(visit.person.mobile(), before).await;
        enter_otp(&visit.browser, &otp).await.expect(200);
    }
}

#[tokio::test]
async fn it_is_sent_again_three_times_and_the_one_before_is_worth_nothing() {
    let visit = up_to_otp(people::fresh("citizen").await, Language::El).await;
    let mut otp = visit.otp.clone();
    for left in [2, 1, 0] {
        let before = inbox::last_seq(visit.person.mobile()).await;
        assert_eq!(resend(&visit.browser).await.expect(200).json()["resends_left"], left);
        let replaced = std::mem::replace(&mut otp, inbox::otp(visit.person.mobile(), before).await);
        if left == 2 && replaced != otp {
            enter_otp(&visit.browser, &replaced).await.refused(422, "otp_wrong");
        }
    }
    let call = || visit.browser.request(Method::POST, "/v1/session/otp/resend").json(&json!({}));
    refused(call, 429, "otp_resends_exhausted").await;
    enter_otp(&visit.browser, &otp).await.expect(200);
    // Given, it is asked for no more.
    refused(call, 409, "not_awaiting_otp").await;
    let call = || visit.browser.request(Method::POST, "/v1/session/otp").json(&json!({ "otp": "123456" }));
    refused(call, 409, "not_awaiting_otp").await;
}

#[tokio::test]
async fn twenty_wrong_passwords_a_day_are_all_over_all_sign_ins() {
    let person = people::fresh("citizen").await;
    for _ in 0..6 {
        let visit = up_to_otp(person.clone(), Language::El).await;
        wrong(&visit).await.refused(422, "otp_wrong");
        wrong(&visit).await.refused(422, "otp_wrong");
        wrong(&visit).await.refused(403, "otp_exhausted");
    }
    let visit = up_to_otp(person.clone(), Language::El).await;
    wrong(&visit).await.refused(422, "otp_wrong");
    wrong(&visit).await.refused(422, "otp_wrong");
    for language in LANGUAGES {
        let visit = up_to_otp(person.clone(), language).await;
        let answer = wrong(&visit).await;
        assert!(answer.header("retry-after").is_some());
        let problem = answer.refused(429, "otp_daily_limit");
        assert!(problem.detail.contains("20") && problem.members["renews_at"].is_string(), "{}", problem.detail);
        // The right one is answered like a wrong one.
        enter_otp(&visit.browser, &visit.otp).await.refused(429, "otp_daily_limit");
    }
}

#[tokio::test]
async fn three_tries_are_all_also_while_none_of_them_is_compared_yet() {
    let visit = up_to_otp(people::fresh("citizen").await, Language::El).await;
    clock::use_up_tries(&visit.browser).await;
    enter_otp(&visit.browser, &visit.otp).await.refused(403, "otp_exhausted");
}

#[tokio::test]
async fn a_password_is_good_in_its_own_sign_in_alone() {
    let person = people::fresh("citizen").await;
    let (one, other) = (up_to_otp(person.clone(), Language::El).await, up_to_otp(person, Language::El).await);
    if one.otp != other.otp {
        enter_otp(&one.browser, &other.otp).await.refused(422, "otp_wrong");
    }
    enter_otp(&one.browser, &one.otp).await.expect(200);
}
