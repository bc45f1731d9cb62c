//! Issuing a code although no face was found, after two uploads were rejected for this reason.

use domain::{FileProfile, ImageKind, Language};
use futures_util::future::join_all;
use journeys::{
    citizen, inbox,
    people::{self, Visit, fresh_citizen, fresh_photographer},
    photographer::{
        self, Photos, To, check_photos, face_only, faceless, issue_code, issue_code_without_face, listed, rejected_twice, upload,
    },
    pictures, staff,
};
use serde_json::{Value, json};

use super::rejections::assert_rejected;

const STANDARD: FileProfile = FileProfile::Standard;
const ISSUANCES: &str = "/v1/photographer/issuances";
const TEXT: &str = "Επίδεσμος μετά από εγχείρηση";

async fn someone() -> To {
    To::Email(people::fresh("citizen").await.email())
}

fn covered() -> Value {
    json!({ "reason": "face_covered_for_medical_reasons", "text": TEXT })
}

fn not_recognised() -> Value {
    json!({ "reason": "face_not_recognised" })
}

/// Uploads a picture without a face. Requests the report, and returns the upload's id and whether a code may be issued without a face.
async fn check_faceless(studio: &Visit) -> (String, bool) {
    let upload_id = upload(studio, STANDARD, &faceless()).await;
    let report = check_photos(studio, &upload_id, Language::En).await.expect(200).json();
    assert_eq!(report["ok"], false);
    (upload_id, report["may_issue_without_face"] == true)
}

#[tokio::test]
async fn after_two_rejected_uploads_a_code_is_issued_and_the_history_shows_the_reason() {
    let studio = fresh_photographer().await;
    let (_, may_after_one) = check_faceless(&studio).await;
    let (upload_id, may_after_two) = check_faceless(&studio).await;
    assert_eq!((may_after_one, may_after_two), (false, true));
    let to = someone().await;
    let view = issue_code_without_face(&studio, &upload_id, &to, &covered()).await.expect(201).json();
    assert_eq!(view["without_face"], covered());
    assert_eq!(listed(&studio, &upload_id).await["without_face"], covered());
    // The citizen can associate the photos, and does not see why the code was issued without a face.
    let code = inbox::code_message(to.address(), 0).await.code();
    let visit = fresh_citizen().await;
    let submitted = citizen::submit(&visit, &code).await.expect(200);
    assert!(!submitted.text().contains("without_face") && !submitted.text().contains(TEXT));
    citizen::take(&visit, &code).await;
    let export = visit.browser.get("/v1/subjects/self/export").await.expect(200).text();
    assert!(!export.contains("without_face") && !export.contains(TEXT));
}

#[tokio::test]
async fn rejections_by_issue_code_count_like_those_of_a_report() {
    let studio = fresh_photographer().await;
    for _ in 0..2 {
        let upload_id = upload(&studio, STANDARD, &faceless()).await;
        issue_code(&studio, &upload_id, &someone().await, Language::En).await.rejected(422, "bad_picture");
    }
    let third = upload(&studio, STANDARD, &faceless()).await;
    issue_code_without_face(&studio, &third, &someone().await, &not_recognised()).await.expect(201);
}

#[tokio::test]
async fn one_rejected_upload_is_too_few_however_often_it_is_checked_and_the_upload_stays_usable() {
    let studio = fresh_photographer().await;
    let (upload_id, _) = check_faceless(&studio).await;
    for _ in 0..3 {
        let report = check_photos(&studio, &upload_id, Language::En).await.expect(200).json();
        assert_eq!(report["may_issue_without_face"], Value::Null);
    }
    let body = |without_face: Value| json!({ "upload_id": upload_id, "recipient": { "kind": "email", "value": "nobody@example.gr" }, "language": "el", "without_face": without_face });
    let request = || studio.browser.request(reqwest::Method::POST, ISSUANCES).json(&body(not_recognised()));
    assert_rejected(request, 409, "without_face_too_early").await;
    check_faceless(&studio).await;
    issue_code_without_face(&studio, &upload_id, &someone().await, &not_recognised()).await.expect(201);
}

#[tokio::test]
async fn rejections_in_another_session_do_not_count() {
    let person = people::fresh("photographer").await;
    let first = people::photographer(person.clone(), Language::El).await;
    check_faceless(&first).await;
    let second = people::photographer(person, Language::El).await;
    let (upload_id, may) = check_faceless(&second).await;
    assert!(!may);
    issue_code_without_face(&second, &upload_id, &someone().await, &not_recognised()).await.rejected(409, "without_face_too_early");
    // An employee of the same business cannot rely on the owner's rejected pictures.
    let (employee, _) = staff::employee_of(&first, "Ν").await;
    let (_, may) = check_faceless(&employee).await;
    assert!(!may);
}

#[tokio::test]
async fn two_rejections_permit_one_code_so_that_the_next_customer_needs_two_again() {
    let studio = fresh_photographer().await;
    let (first, _) = check_faceless(&studio).await;
    let (second, _) = check_faceless(&studio).await;
    issue_code_without_face(&studio, &second, &someone().await, &not_recognised()).await.expect(201);
    issue_code_without_face(&studio, &first, &someone().await, &not_recognised()).await.rejected(409, "without_face_too_early");
    let (next, may) = check_faceless(&studio).await;
    assert!(!may);
    issue_code_without_face(&studio, &next, &someone().await, &not_recognised()).await.rejected(409, "without_face_too_early");
}

#[tokio::test]
async fn of_two_requests_at_the_same_time_only_one_uses_the_rejections() {
    let studio = fresh_photographer().await;
    let (first, _) = check_faceless(&studio).await;
    let (second, _) = check_faceless(&studio).await;
    let (one, other) = (someone().await, someone().await);
    let requests = [(&first, &one), (&second, &other)];
    let (without_face, studio) = (not_recognised(), &studio);
    let without_face = &without_face;
    let responses =
        join_all(requests.map(|(upload_id, to)| async move { issue_code_without_face(studio, upload_id, to, without_face).await })).await;
    let issued = responses.iter().filter(|response| response.status == 201).count();
    assert_eq!(issued, 1, "{:?}", responses.iter().map(|response| response.status).collect::<Vec<_>>());
    for response in responses.iter().filter(|response| response.status != 201) {
        let code = response.problem().code;
        assert!(["conflict", "without_face_too_early"].contains(&code.as_str()), "{code}");
    }
}

#[tokio::test]
async fn a_repeated_request_gets_the_same_response_and_another_reason_is_a_conflict() {
    let studio = fresh_photographer().await;
    let (upload_id, to) = (rejected_twice(&studio).await, someone().await);
    let first = issue_code_without_face(&studio, &upload_id, &to, &covered()).await.expect(201).json();
    let again = issue_code_without_face(&studio, &upload_id, &to, &covered()).await.expect(200).json();
    assert_eq!((&first["issued_at"], &first["without_face"]), (&again["issued_at"], &again["without_face"]));
    issue_code_without_face(&studio, &upload_id, &to, &not_recognised()).await.rejected(409, "issuance_conflict");
    issue_code(&studio, &upload_id, &to, Language::El).await.rejected(409, "issuance_conflict");
}

#[tokio::test]
async fn every_other_error_still_blocks() {
    let studio = fresh_photographer().await;
    let face = |file: Vec<u8>| -> Photos { vec![(ImageKind::Face, file)] };
    let mut with_bad_signature = faceless();
    with_bad_signature.push((ImageKind::Signature, pictures::empty_signature()));
    for (photos, rule) in [
        (face(pictures::two_faces()), "faces"),
        (face(pictures::jpeg(799, 1199)), "width"),
        (face(pictures::jpeg(1200, 1200)), "proportion"),
        (face(pictures::truncated()), "file_whole"),
        (
            face(pictures::changed(pictures::PORTRAIT, |picture| {
                image::RgbImage::from_pixel(picture.width(), picture.height(), image::Rgb([200; 3]))
            })),
            "tones",
        ),
        (with_bad_signature, "ink"),
    ] {
        rejected_twice(&studio).await;
        let upload_id = upload(&studio, STANDARD, &photos).await;
        let problem = issue_code_without_face(&studio, &upload_id, &someone().await, &not_recognised()).await.rejected(422, "bad_picture");
        assert_eq!(problem.members["rule"], rule, "{}", problem.members);
    }
}

#[tokio::test]
async fn rejections_for_other_errors_do_not_count() {
    let studio = fresh_photographer().await;
    for file in [pictures::two_faces(), pictures::jpeg(799, 1199), pictures::truncated()] {
        let upload_id = upload(&studio, STANDARD, &vec![(ImageKind::Face, file)]).await;
        let report = check_photos(&studio, &upload_id, Language::En).await.expect(200).json();
        assert_eq!(report["may_issue_without_face"], Value::Null);
    }
    let upload_id = upload(&studio, STANDARD, &faceless()).await;
    issue_code_without_face(&studio, &upload_id, &someone().await, &not_recognised()).await.rejected(409, "without_face_too_early");
}

#[tokio::test]
async fn a_reason_that_is_not_needed_is_not_stored_and_uses_no_rejection() {
    let studio = fresh_photographer().await;
    let faceless_upload = rejected_twice(&studio).await;
    let (upload_id, to) = (upload(&studio, STANDARD, &face_only()).await, someone().await);
    for status in [201, 200] {
        let view = issue_code_without_face(&studio, &upload_id, &to, &covered()).await.expect(status).json();
        assert_eq!(view["without_face"], Value::Null);
    }
    issue_code_without_face(&studio, &faceless_upload, &someone().await, &covered()).await.expect(201);
}

#[tokio::test]
async fn the_reason_is_from_a_list_and_other_needs_a_text_of_at_most_200_characters() {
    let studio = fresh_photographer().await;
    let upload_id = rejected_twice(&studio).await;
    let long = "ώ".repeat(201);
    for (without_face, field, reason) in [
        (json!({}), "without_face.reason", "missing"),
        (json!({ "reason": "tired" }), "without_face.reason", "not_allowed"),
        (json!({ "reason": "other" }), "without_face.text", "missing"),
        (json!({ "reason": "other", "text": " " }), "without_face.text", "invalid_text"),
        (json!({ "reason": "other", "text": "two\nlines" }), "without_face.text", "invalid_text"),
        (json!({ "reason": "face_not_recognised", "text": long }), "without_face.text", "invalid_text"),
        (json!({ "reason": "other", "text": 7 }), "without_face.text", "wrong_type"),
        (json!({ "reason": "other", "text": "x", "more": 1 }), "without_face.more", "unknown"),
    ] {
        let problem = issue_code_without_face(&studio, &upload_id, &someone().await, &without_face).await.rejected(422, "invalid_field");
        assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!(field), &json!(reason)));
    }
    let longest = json!({ "reason": "other", "text": "ώ".repeat(200) });
    let view = issue_code_without_face(&studio, &upload_id, &someone().await, &longest).await.expect(201).json();
    assert_eq!(view["without_face"], longest);
}

#[tokio::test]
async fn a_resend_to_a_corrected_recipient_keeps_the_reason() {
    let studio = fresh_photographer().await;
    let upload_id = rejected_twice(&studio).await;
    issue_code_without_face(&studio, &upload_id, &someone().await, &covered()).await.expect(201);
    photographer::wait_until_sent(&studio, &upload_id).await;
    let resent = photographer::resend_code(&studio, &upload_id, Some(&someone().await), None).await.expect(200).json();
    assert_eq!(resent["without_face"], covered());
    assert_eq!(listed(&studio, &upload_id).await["without_face"], covered());
}
