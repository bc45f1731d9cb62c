//! Rejections of citizens' calls: invalid codes, steps out of order, reminders, and subjects of other sessions.

use domain::{CodeNumber, ImageKind, Language, time::Span};
use journeys::{
    citizen::{self, associate, confirm, show_photo, submit, submit_and_confirm, take},
    inbox, midnight,
    people::{self, Visit, fresh_citizen, fresh_photographer},
    photographer::{To, face_only, issue, resend_code},
    pictures, stack,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{assert_rejected, clock};
use crate::{aws, objects};

const SUBMISSIONS: &str = "/v1/subjects/self/submissions";
const ASSOCIATION: &str = "/v1/subjects/self/association";

/// Issues a new code for a face photo.
async fn fresh_code(studio: &Visit) -> String {
    let email = people::fresh("citizen").await.email();
    issue(studio, domain::FileProfile::Standard, &face_only(), &To::Email(email), Language::El).await.code
}

/// Returns a random code number that was never issued or submitted.
fn unknown_code() -> String {
    let code = CodeNumber::draw(|bytes| {
        let random = storage::random_id().expect("randomness");
        bytes.iter_mut().zip(random.bytes()).for_each(|(byte, random)| *byte = random.wrapping_mul(151));
        Ok::<_, std::convert::Infallible>(())
    });
    code.expect("a code").expose().to_owned()
}

/// Returns the number of the photo set's objects under `associated/`, the prefix of objects that are retained for a year.
async fn associated_objects(set_id: &str) -> usize {
    let list = objects::s3(&aws::config().await).list_objects_v2().bucket(stack::variable("PHOTOS_BUCKET"));
    list.prefix(format!("associated/{set_id}/")).send().await.expect("a list").contents().len()
}

/// Returns how many codes the citizen may still submit today.
async fn submissions_left(visit: &Visit) -> Value {
    visit.browser.get("/v1/session").await.expect(200).json()["submissions_left"].clone()
}

async fn assert_code_rejected(visit: &Visit, code: &str, status: u16, name: &str) -> journeys::browser::Problem {
    let problem = assert_rejected(|| visit.browser.request(Method::POST, SUBMISSIONS).json(&json!({ "code": code })), status, name).await;
    assert!(code.trim().is_empty() || !problem.members.to_string().contains(code.trim()), "the response must not contain the code");
    problem
}

#[tokio::test]
async fn a_malformed_code_is_rejected_as_malformed_and_does_not_count() {
    let visit = fresh_citizen().await;
    for (code, rule) in [
        ("", "length"),
        ("adEC3wlknv5LcQn5W65tw", "length"),
        ("adEC3wlknv5LcQn5W65twAA", "length"),
        ("adEC3wlknv5LcQn5W65t!A", "character"),
        ("αdEC3wlknv5LcQn5W65twA", "character"),
        ("adEC3wlknv5LcQn5W65twA, Hk7mPq2Rt9vXzB4cNd8wfQ", "several_codes"),
        ("https://myphoto.example.gr/#code=adEC3wlk", "length"),
        ("adEC3wlknv5LcQn5W65twB", "last_character"),
    ] {
        let problem = assert_code_rejected(&visit, code, 422, "code_malformed").await;
        assert_eq!(problem.members["rule"], rule, "{code}");
    }
    assert_eq!(submissions_left(&visit).await, 5);
}

#[tokio::test]
async fn a_code_is_found_in_whatever_was_pasted_and_counts_once() {
    midnight::avoid(Span::minutes(3)).await;
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let code = fresh_code(&studio).await;
    let link = format!("{}/#code={code}", stack::origin());
    let encoded: String = link.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for text in [
        format!(" {code}\n"),
        format!("«{code}»."),
        format!("Κωδικάριθμος: {code}"),
        format!("\u{202a}{}\u{200b}{}\u{202c}", &code[..9], &code[9..]),
        format!("https://eur01.safelinks.protection.outlook.com/?url={encoded}&data=05%7C02"),
        format!("myPhoto: κωδικάριθμος {code} έως 5/12/2026 14:30 ώρα Αθήνας. {link}"),
        link.clone(),
    ] {
        visit.browser.post(SUBMISSIONS, &json!({ "code": text })).await.expect(200);
    }
    assert_eq!(submissions_left(&visit).await, 4);
}

#[tokio::test]
async fn unknown_and_expired_codes_get_the_same_response() {
    midnight::avoid(Span::minutes(3)).await;
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let unknown = assert_code_rejected(&visit, &unknown_code(), 404, "code_not_active").await;
    let code = fresh_code(&studio).await;
    clock::expire_code(&code).await;
    let expired = assert_code_rejected(&visit, &code, 404, "code_not_active").await;
    assert_eq!(unknown.members, expired.members);
    assert_eq!(submissions_left(&visit).await, 3, "both count as submissions");
}

#[tokio::test]
async fn the_sixth_code_of_the_day_is_rejected_and_an_earlier_one_is_free() {
    midnight::avoid(Span::minutes(3)).await;
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let code = fresh_code(&studio).await;
    assert_eq!(submit(&visit, &code).await.expect(200).json()["submissions_left"], 4);
    let mut submitted = Vec::new();
    for expected in (0..4).rev() {
        submitted.push(unknown_code());
        submit(&visit, &submitted[submitted.len() - 1]).await.rejected(404, "code_not_active");
        assert_eq!(submissions_left(&visit).await, expected);
    }
    let response = submit(&visit, &unknown_code()).await;
    let wait: u32 = response.header("retry-after").and_then(|seconds| seconds.parse().ok()).expect("Retry-After in seconds");
    assert!((1..=25 * 3600).contains(&wait));
    let problem = assert_code_rejected(&visit, &unknown_code(), 429, "submissions_exhausted").await;
    assert!(problem.detail.contains('5') && problem.members["renews_at"].is_string(), "{}", problem.detail);
    // The same code with spaces in it does not count again.
    let spaced = format!(" {} {} ", &code[..11], &code[11..]);
    assert_eq!(submit(&visit, &spaced).await.expect(200).json()["submissions_left"], 0);
    submit(&visit, &submitted[0]).await.rejected(404, "code_not_active");
    // Signing in again does not reset the count.
    let again = people::citizen(visit.person.clone(), Language::El).await;
    submit(&again, &unknown_code()).await.rejected(429, "submissions_exhausted");
    // Although the limit is reached, a code that was submitted before can be submitted again and associated.
    let version = submit_and_confirm(&again, &code).await;
    associate(&again, &version).await.expect(201);
}

#[tokio::test]
async fn a_code_associated_by_somebody_else_is_taken_and_ones_own_is_already_yours() {
    let (studio, owner, other) = (fresh_photographer().await, fresh_citizen().await, fresh_citizen().await);
    let code = fresh_code(&studio).await;
    take(&owner, &code).await;
    assert_code_rejected(&other, &code, 403, "code_taken").await;
    assert_code_rejected(&owner, &code, 409, "code_already_yours").await;
    // The other person has no pending submission.
    confirm(&other).await.rejected(404, "no_submission");
}

#[tokio::test]
async fn steps_out_of_order_are_rejected() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let browser = &visit.browser;
    let confirmation = || browser.request(Method::POST, "/v1/subjects/self/submissions/current/confirmation").json(&json!({}));
    let agree = |agree: bool, version: &str| browser.request(Method::PUT, ASSOCIATION).json(&json!({ "agree": agree, "version": version }));
    let current = domain::consent::ASSOCIATION_VERSION;
    assert_rejected(confirmation, 404, "no_submission").await;
    assert_rejected(|| agree(true, current), 404, "no_submission").await;

    let code = fresh_code(&studio).await;
    submit(&visit, &code).await.expect(200);
    assert_rejected(|| agree(true, current), 409, "submission_not_confirmed").await;
    // Rejecting the photos ends the pending submission. The code can be submitted again.
    citizen::reject(&visit).await.expect(204);
    assert_rejected(confirmation, 404, "no_submission").await;
    submit(&visit, &code).await.expect(200);
    confirm(&visit).await.expect(200);
    assert_rejected(|| agree(false, current), 422, "missing_consent").await;
    assert_rejected(|| agree(true, "2020-01"), 409, "consent_version_old").await;
    for path in [ASSOCIATION, "/v1/subjects/self/association/photos/face", citizen::PHOTOS_ZIP] {
        assert_rejected(|| browser.request(Method::GET, path), 404, "nothing_associated").await;
    }
    associate(&visit, &json!(current)).await.expect(201);
}

#[tokio::test]
async fn a_submitted_code_cannot_be_associated_after_it_expires() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let code = fresh_code(&studio).await;
    let version = submit_and_confirm(&visit, &code).await;
    clock::expire_code(&code).await;
    let call = || visit.browser.request(Method::PUT, ASSOCIATION).json(&json!({ "agree": true, "version": version }));
    assert_rejected(call, 404, "code_not_active").await;
}

/// A stranger got the code, and confirms the photos before the photographer corrects the recipient. The corrected code is for the same
/// photo set, so a copy of the rejected association would stay for a year even if the right person never associates the photos.
#[tokio::test]
async fn the_photos_of_a_replaced_code_are_not_copied_to_be_retained_for_a_year() {
    let (studio, stranger, right) = (fresh_photographer().await, fresh_citizen().await, fresh_citizen().await);
    let to = To::Mobile(stranger.person.mobile().to_owned());
    let issued = issue(&studio, domain::FileProfile::Standard, &face_only(), &to, Language::El).await;
    let version = submit_and_confirm(&stranger, &issued.code).await;
    let set_id = clock::pending_submission(&stranger.browser).await.set_id;
    let corrected = To::Email(right.person.email());
    resend_code(&studio, &issued.upload_id, Some(&corrected), None).await.expect(200);
    let call = || stranger.browser.request(Method::PUT, ASSOCIATION).json(&json!({ "agree": true, "version": version }));
    assert_rejected(call, 404, "code_not_active").await;
    assert_eq!(associated_objects(&set_id).await, 0);
    take(&right, &inbox::code_message(corrected.address(), 0).await.code()).await;
    assert_ne!(associated_objects(&set_id).await, 0);
}

#[tokio::test]
async fn an_expired_pending_code_is_neither_confirmed_nor_associated() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    submit(&visit, &fresh_code(&studio).await).await.expect(200);
    clock::expire_pending_submission(&visit.browser).await;
    confirm(&visit).await.rejected(404, "code_not_active");

    let version = submit_and_confirm(&visit, &fresh_code(&studio).await).await;
    let set_id = clock::pending_submission(&visit.browser).await.set_id;
    clock::expire_pending_submission(&visit.browser).await;
    associate(&visit, &version).await.rejected(404, "code_not_active");
    assert_eq!(associated_objects(&set_id).await, 0);
}

#[tokio::test]
async fn an_expired_association_is_treated_as_absent() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let code = fresh_code(&studio).await;
    take(&visit, &code).await;
    clock::expire_association(&visit.browser).await;
    clock::expire_code(&code).await;
    for path in [ASSOCIATION, "/v1/subjects/self/association/photos/face", citizen::PHOTOS_ZIP] {
        assert_rejected(|| visit.browser.request(Method::GET, path), 404, "nothing_associated").await;
    }
    assert_code_rejected(&visit, &code, 404, "code_not_active").await;
    // Another code can be associated.
    take(&visit, &fresh_code(&studio).await).await;
}

#[tokio::test]
async fn a_reminder_requires_an_association_a_valid_address_and_enough_time() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let put = |body: Value| visit.browser.request(Method::PUT, citizen::REMINDER).json(&body);
    let valid = json!({ "email": "someone@example.gr", "language": "el" });
    assert_rejected(|| put(valid.clone()), 404, "nothing_associated").await;
    take(&visit, &fresh_code(&studio).await).await;
    for (body, field, reason) in [
        (json!({ "email": "someone", "language": "el" }), "email", "invalid_email"),
        (json!({ "email": "a@example.gr\r\nBcc: b@example.gr", "language": "el" }), "email", "several_values"),
        (json!({ "email": 7, "language": "el" }), "email", "wrong_type"),
        (json!({ "email": "someone@example.gr" }), "language", "missing"),
        (json!({ "language": "el" }), "email", "missing"),
        (json!({ "email": null, "mobile": "6912345678" }), "mobile", "unknown"),
    ] {
        let problem = assert_rejected(|| put(body.clone()), 422, "invalid_field").await;
        assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!(field), &json!(reason)));
    }
    // 29 days before expiry it is too late to set a reminder. 32 days before it is not.
    clock::set_association_expiry(&visit.browser, clock::now() + 29 * 86_400).await;
    let problem = assert_rejected(|| put(valid.clone()), 409, "reminder_too_late").await;
    assert!(problem.members["expires_at"].is_string());
    clock::set_association_expiry(&visit.browser, clock::now() + 32 * 86_400).await;
    put(valid.clone()).send().await.expect(200);
    // One day before expiry the address of the reminder cannot be changed, but the reminder can be deleted.
    clock::set_association_expiry(&visit.browser, clock::now() + 86_400).await;
    assert_rejected(|| put(valid.clone()), 409, "reminder_too_late").await;
    assert!(put(json!({ "email": null })).send().await.expect(200).json()["reminder"].is_null());
}

#[tokio::test]
async fn a_second_photo_set_cannot_be_associated() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let first = take(&visit, &fresh_code(&studio).await).await;
    let version = submit_and_confirm(&visit, &fresh_code(&studio).await).await;
    let call = || visit.browser.request(Method::PUT, ASSOCIATION).json(&json!({ "agree": true, "version": version }));
    assert_rejected(call, 409, "association_exists").await;
    assert_eq!(
        associated_objects(&clock::pending_submission(&visit.browser).await.set_id).await,
        0,
        "photos that are not associated must not be retained for a year"
    );
    assert_eq!(citizen::show_association(&visit).await.expect(200).json(), first);
}

/// If the subject has no association when a code is submitted, the session stores this finding. `associate` relies on the finding for ten
/// minutes. After that time, `associate` looks for an association again before it copies objects.
#[tokio::test]
async fn a_photo_set_is_rejected_if_another_was_associated_after_its_code_was_submitted() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let elsewhere = people::citizen(visit.person.clone(), Language::El).await;
    let version = submit_and_confirm(&elsewhere, &fresh_code(&studio).await).await;
    clock::age_pending_submission_by_ten_minutes(&elsewhere.browser).await;
    let first = take(&visit, &fresh_code(&studio).await).await;
    let call = || elsewhere.browser.request(Method::PUT, ASSOCIATION).json(&json!({ "agree": true, "version": version }));
    assert_rejected(call, 409, "association_exists").await;
    assert_eq!(
        associated_objects(&clock::pending_submission(&elsewhere.browser).await.set_id).await,
        0,
        "photos that are not associated must not be retained for a year"
    );
    assert_eq!(citizen::show_association(&visit).await.expect(200).json(), first);
}

#[tokio::test]
async fn the_second_person_to_associate_a_code_is_rejected() {
    let (studio, one, other) = (fresh_photographer().await, fresh_citizen().await, fresh_citizen().await);
    let code = fresh_code(&studio).await;
    let version = submit_and_confirm(&one, &code).await;
    submit_and_confirm(&other, &code).await;
    associate(&one, &version).await.expect(201);
    let call = || other.browser.request(Method::PUT, ASSOCIATION).json(&json!({ "agree": true, "version": version }));
    assert_rejected(call, 409, "association_raced").await;
    citizen::show_association(&other).await.rejected(404, "nothing_associated");
}

#[tokio::test]
async fn only_existing_images_are_returned() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    take(&visit, &fresh_code(&studio).await).await;
    show_photo(&visit, ImageKind::Face).await.expect(200);
    assert_rejected(|| visit.browser.request(Method::GET, "/v1/subjects/self/association/photos/signature"), 404, "image_absent").await;
    for name in ["FACE", "preview", "face.jpg"] {
        let path = format!("/v1/subjects/self/association/photos/{name}");
        assert_rejected(|| visit.browser.request(Method::GET, &path), 404, "not_found").await;
    }
    for range in ["bytes=99999999-", "bytes=-0"] {
        let zip = || visit.browser.request(Method::GET, citizen::PHOTOS_ZIP).header("range", range);
        assert_rejected(zip, 416, "range_not_satisfiable").await;
    }
}

#[tokio::test]
async fn a_zip_too_large_for_one_response_requires_a_range() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let large = |file, width, height, quality| pictures::grainy(file, width, height, quality);
    let photos = vec![
        (ImageKind::Face, large(pictures::PORTRAIT, 1200, 1800, 86)),
        (ImageKind::Signature, large(pictures::SIGNATURE, 1980, 660, 97)),
    ];
    let to = To::Email(people::fresh("citizen").await.email());
    let code = issue(&studio, domain::FileProfile::Standard, &photos, &to, Language::El).await.code;
    take(&visit, &code).await;
    // All requests use the same language, because the PDF in the zip depends on the language, and so does the size of the zip.
    let path = format!("{}?language=el", citizen::PHOTOS_ZIP);
    let problem = assert_rejected(|| visit.browser.request(Method::GET, &path), 409, "range_required").await;
    let total = problem.members["total"].as_u64().expect("the size of the file");
    assert!(total > 4_400_000);
    let part = visit.browser.request(Method::GET, &path).header("range", "bytes=0-").send().await.expect(206);
    assert!(part.header("content-range").is_some_and(|range| range.ends_with(&format!("/{total}"))));
}

#[tokio::test]
async fn a_subject_unknown_to_the_session_is_rejected() {
    let visit = fresh_citizen().await;
    for subject in ["other", "SELF", &visit.person.afm] {
        for (method, path) in [
            (Method::POST, "submissions"),
            (Method::DELETE, "submissions/current"),
            (Method::GET, "association"),
            (Method::GET, "association/photos/face"),
            (Method::GET, "association/photos.zip"),
            (Method::PUT, "association/reminder"),
        ] {
            let path = format!("/v1/subjects/{subject}/{path}");
            let call = || {
                let request = visit.browser.request(method.clone(), &path);
                if method == Method::PUT {
                    return request.json(&json!({ "email": null }));
                }
                if method == Method::POST { request.json(&json!({ "code": unknown_code() })) } else { request }
            };
            assert_rejected(call, 404, "subject_unknown").await;
        }
    }
    assert_eq!(submissions_left(&visit).await, 5);
}
