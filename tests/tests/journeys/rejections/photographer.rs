//! Rejections of uploads, pictures and issuances.

use aws_sdk_s3::primitives::ByteStream;
use domain::{FileProfile, ImageKind, Language};
use journeys::{
    browser::Request,
    people::{self, Visit, fresh_photographer},
    photographer::{
        Photos, To, both, declaration, face_only, issue_code, number_with_the_same_mask, put, request_upload, resend_code, sha256_hex,
        upload, wait_until_sent,
    },
    pictures, stack,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::assert_rejected;
use crate::aws;

const UPLOADS: &str = "/v1/photographer/uploads";
const ISSUANCES: &str = "/v1/photographer/issuances";
const STANDARD: FileProfile = FileProfile::Standard;

fn request(upload_id: &str, kind: &str, value: &str) -> Value {
    json!({ "upload_id": upload_id, "recipient": { "kind": kind, "value": value }, "language": "el" })
}

/// Recipient in requests that are all rejected. No message is sent to this address, so it does not reach its daily limit.
const NOBODY: &str = "nobody@example.gr";

async fn someone() -> To {
    To::Email(people::fresh("citizen").await.email())
}

/// Uploads pictures and checks that issuing a code is rejected as `bad_picture` with these members, and that the upload cannot be used
/// afterwards.
async fn assert_picture_rejected(visit: &Visit, profile: FileProfile, photos: Photos, members: Value) {
    for language in [Language::En, Language::El] {
        let upload_id = upload(visit, profile, &photos).await;
        let body = request(&upload_id, "email", NOBODY);
        let response = visit.browser.request(Method::POST, ISSUANCES).json(&body).header("accept-language", language.tag()).send().await;
        let problem = response.rejected(422, "bad_picture");
        for (name, value) in members.as_object().expect("members") {
            assert_eq!(&problem.members[name], value, "{name} of {}", problem.members);
            // The problem's `detail` contains the measured value and the limit too.
            if let Some(number) = value.as_u64() {
                let digits: String = problem.detail.chars().filter(|c| !matches!(c, ',' | '.')).collect();
                assert!(digits.contains(&number.to_string()), "{number} in: {}", problem.detail);
            }
        }
        assert_rejected(|| visit.browser.request(Method::POST, ISSUANCES).json(&body), 409, "upload_refused").await;
        assert!(originals_of(&upload_id).await.is_empty(), "the originals should be deleted");
    }
}

/// Returns the keys of the upload's originals in the bucket.
async fn originals_of(upload_id: &str) -> Vec<String> {
    let (client, bucket) = (crate::objects::s3(&aws::config().await), stack::variable("PHOTOS_BUCKET"));
    let mut keys = Vec::new();
    let mut pages = client.list_objects_v2().bucket(bucket).prefix("incoming/").into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.expect("a page");
        keys.extend(page.contents().iter().filter_map(|object| object.key()).filter(|key| key.contains(upload_id)).map(str::to_owned));
    }
    keys
}

fn face(file: Vec<u8>) -> Photos {
    vec![(ImageKind::Face, file)]
}

#[tokio::test]
async fn a_file_that_is_not_a_complete_jpeg_is_rejected() {
    let visit = fresh_photographer().await;
    for file in [pictures::not_a_jpeg(), pictures::png_named_jpg()] {
        assert_picture_rejected(&visit, STANDARD, face(file), json!({ "image": "face", "rule": "file_type" })).await;
    }
    for file in [pictures::truncated(), pictures::truncated_and_closed(), pictures::damaged(), pictures::broken_structure()] {
        assert_picture_rejected(&visit, STANDARD, face(file), json!({ "image": "face", "rule": "file_whole" })).await;
    }
}

#[tokio::test]
async fn a_picture_of_the_wrong_size_or_proportion_is_rejected_with_its_measured_value_and_limit() {
    let visit = fresh_photographer().await;
    let too_small = json!({ "image": "face", "rule": "width", "width": 799, "height": 1199, "min_width": 800, "min_height": 1200 });
    assert_picture_rejected(&visit, STANDARD, face(pictures::too_small()), too_small).await;
    let square = json!({ "image": "face", "rule": "proportion", "width": 1200, "height": 1200, "proportion": "2:3" });
    assert_picture_rejected(&visit, STANDARD, face(pictures::wrong_proportion()), square).await;
    let card = json!({ "image": "face", "rule": "width", "width": 800, "height": 1200, "min_width": 1280, "min_height": 1600 });
    assert_picture_rejected(&visit, FileProfile::IdentityCard, face(pictures::PORTRAIT.to_vec()), card).await;
    let other_profile = json!({ "image": "face", "rule": "proportion", "width": 1280, "height": 1600, "proportion": "2:3" });
    assert_picture_rejected(&visit, STANDARD, face(pictures::PORTRAIT_4X5.to_vec()), other_profile).await;
    // One bad picture of two is enough for a rejection.
    let signature = vec![(ImageKind::Face, pictures::PORTRAIT.to_vec()), (ImageKind::Signature, pictures::jpeg(1200, 420))];
    let members = json!({ "image": "signature", "rule": "proportion", "width": 1200, "height": 420, "proportion": "3:1" });
    assert_picture_rejected(&visit, STANDARD, signature, members).await;
}

#[tokio::test]
async fn a_small_file_of_900_megapixels_is_rejected_by_its_header() {
    let visit = fresh_photographer().await;
    let members = json!({ "image": "face", "rule": "pixels", "measured": 900_000_000_u64, "limit": 50_000_000 });
    assert_picture_rejected(&visit, STANDARD, face(pictures::giant()), members).await;
}

#[tokio::test]
async fn a_picture_with_an_exif_rotation_is_rejected() {
    let visit = fresh_photographer().await;
    assert_picture_rejected(
        &visit,
        STANDARD,
        face(pictures::turned()),
        json!({ "image": "face", "rule": "orientation", "orientation": 6 }),
    )
    .await;
}

#[tokio::test]
async fn a_picture_of_nobody_or_of_two_people_or_an_empty_signature_is_rejected() {
    let visit = fresh_photographer().await;
    for (file, measured) in [(pictures::jpeg(800, 1200), 0), (pictures::two_faces(), 2)] {
        let members = json!({ "image": "face", "rule": "faces", "measured": measured, "limit": 1, "unit": "faces" });
        assert_picture_rejected(&visit, STANDARD, face(file), members).await;
    }
    let empty = vec![(ImageKind::Signature, pictures::empty_signature())];
    assert_picture_rejected(&visit, STANDARD, empty, json!({ "image": "signature", "rule": "ink", "unit": "ratio" })).await;
}

fn check<'a>(visit: &'a Visit, upload_id: &str) -> Request<'a> {
    visit.browser.request(Method::POST, &format!("{UPLOADS}/{upload_id}/check")).json(&json!({}))
}

#[tokio::test]
async fn an_upload_is_checked_only_before_its_code_is_issued_and_only_by_its_business() {
    let (one, other) = (fresh_photographer().await, fresh_photographer().await);
    let declared = request_upload(&one, STANDARD, &face_only()).await.expect(201).json();
    let empty = declared["upload_id"].as_str().expect("an id");
    let problem = assert_rejected(|| check(&one, empty), 409, "upload_incomplete").await;
    assert_eq!(problem.members["image"], "face");

    let upload_id = upload(&one, STANDARD, &face_only()).await;
    assert_rejected(|| check(&other, &upload_id), 404, "upload_unknown").await;
    for id in ["made-up", "019aa8f2-3c4d-7e5f-8a9b-0c1d2e3f4a5b"] {
        assert_rejected(|| check(&one, id), 404, "upload_unknown").await;
    }
    let path = format!("{UPLOADS}/{upload_id}/check");
    let with_profile = || one.browser.request(Method::POST, &path).json(&json!({ "profile": "standard" }));
    assert_eq!(assert_rejected(with_profile, 422, "invalid_field").await.members["field"], "profile");
    issue_code(&one, &upload_id, &someone().await, Language::El).await.expect(201);
    assert_rejected(|| check(&one, &upload_id), 409, "upload_issued").await;

    let bad = upload(&one, STANDARD, &face(pictures::turned())).await;
    issue_code(&one, &bad, &someone().await, Language::El).await.rejected(422, "bad_picture");
    assert_rejected(|| check(&one, &bad), 409, "upload_refused").await;
}

#[tokio::test]
async fn a_file_with_too_many_bytes_is_rejected_before_it_is_uploaded() {
    let visit = fresh_photographer().await;
    let declared = declaration(STANDARD, &face(pictures::too_many_bytes()));
    let problem = assert_rejected(|| visit.browser.request(Method::POST, UPLOADS).json(&declared), 422, "bad_picture").await;
    let expected = json!({ "image": "face", "rule": "bytes", "measured": 3_000_001, "limit": 3_000_000 });
    for (name, value) in expected.as_object().expect("members") {
        assert_eq!(&problem.members[name], value);
    }
    assert!(problem.detail.contains("3,000,001") && problem.detail.contains("3,000,000"), "{}", problem.detail);
    request_upload(&visit, STANDARD, &face(pictures::of_bytes(3_000_000))).await.expect(201);
}

#[tokio::test]
async fn uploaded_files_must_match_their_declaration() {
    let visit = fresh_photographer().await;
    let photos = both();
    let response = request_upload(&visit, STANDARD, &photos).await.expect(201).json();
    let upload_id = response["upload_id"].as_str().expect("an id").to_owned();
    let body = request(&upload_id, "email", NOBODY);
    let incomplete = async |image: &str| {
        let problem = assert_rejected(|| visit.browser.request(Method::POST, ISSUANCES).json(&body), 409, "upload_incomplete").await;
        assert_eq!(problem.members["image"], image);
    };
    incomplete("face").await;

    // S3 rejects uploads that differ from what the photographer declared: other bytes of the same length, fewer bytes, and changed headers.
    let (face, mut altered) = (&photos[0].1, photos[0].1.clone());
    let middle = altered.len() / 2;
    altered[middle] ^= 1;
    assert!(matches!(put(&response["face"], &altered).await.status, 400 | 403), "S3 should reject other bytes");
    let shorter = &face[..face.len() - 1];
    for (header, value, body) in
        [("content-length", shorter.len().to_string(), shorter), ("content-type", "text/html".to_owned(), face.as_slice())]
    {
        let mut presigned = response["face"].clone();
        let signed = presigned["headers"].as_object_mut().expect("headers").iter_mut().find(|(name, _)| name.eq_ignore_ascii_case(header));
        *signed.expect("a signed header").1 = json!(value);
        assert!(matches!(put(&presigned, body).await.status, 400 | 403), "S3 should reject another {header}");
    }
    incomplete("face").await;
    put(&response["face"], face).await.expect(200);
    incomplete("signature").await;
    put(&response["signature"], &photos[1].1).await.expect(200);

    // Issuing the code detects that the bytes in the bucket are not the declared ones.
    let key = originals_of(&upload_id).await.into_iter().find(|key| key.ends_with("/face")).expect("the original");
    let put_object = crate::objects::s3(&aws::config().await).put_object().bucket(stack::variable("PHOTOS_BUCKET")).key(key);
    put_object.body(ByteStream::from(altered)).send().await.expect("access to the bucket");
    let english = visit.browser.request(Method::POST, ISSUANCES).json(&body).header("accept-language", "en").send().await;
    assert_eq!(english.rejected(422, "upload_altered").members["image"], "face");
    assert_rejected(|| visit.browser.request(Method::POST, ISSUANCES).json(&body), 409, "upload_refused").await;
}

#[tokio::test]
async fn an_upload_can_be_used_only_by_its_business() {
    let (one, other) = (fresh_photographer().await, fresh_photographer().await);
    let upload_id = upload(&one, STANDARD, &face_only()).await;
    for (visit, id) in [(&other, upload_id.as_str()), (&one, "made-up"), (&one, "019aa8f2-3c4d-7e5f-8a9b-0c1d2e3f4a5b")] {
        let body = request(id, "email", NOBODY);
        assert_rejected(|| visit.browser.request(Method::POST, ISSUANCES).json(&body), 404, "upload_unknown").await;
    }
    issue_code(&one, &upload_id, &someone().await, Language::El).await.expect(201);
    assert_eq!(other.browser.get(ISSUANCES).await.expect(200).json()["issuances"], json!([]));
}

#[tokio::test]
async fn a_code_is_sent_only_to_a_greek_mobile_or_an_email_address() {
    let visit = fresh_photographer().await;
    let upload_id = upload(&visit, STANDARD, &face_only()).await;
    for (kind, value, reason) in [
        ("mobile", "2101234567", "invalid_mobile"),
        ("mobile", "+447912345678", "invalid_mobile"),
        ("mobile", "69123", "invalid_mobile"),
        // Two premium-rate numbers, a satellite number, and two numbers in one value.
        ("mobile", "9012345678", "invalid_mobile"),
        ("mobile", "+30 90 1234567", "invalid_mobile"),
        ("mobile", "+881612345678", "invalid_mobile"),
        ("mobile", "6912345678,6987654321", "several_values"),
        ("mobile", "maria@example.gr", "invalid_mobile"),
        ("email", "6912345678", "invalid_email"),
        ("email", "maria@", "invalid_email"),
        ("email", "maria@example.gr\r\nBcc: other@example.gr", "several_values"),
        ("email", "a@example.gr,b@example.gr", "several_values"),
    ] {
        let body = request(&upload_id, kind, value);
        let problem = assert_rejected(|| visit.browser.request(Method::POST, ISSUANCES).json(&body), 422, "invalid_field").await;
        assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!("recipient.value"), &json!(reason)), "{value}");
        assert!(!problem.members.to_string().contains(value), "{}", problem.members);
    }
    for (body, field, reason) in [
        (
            json!({ "upload_id": upload_id, "recipient": { "kind": "pigeon", "value": "x" }, "language": "el" }),
            "recipient.kind",
            "not_allowed",
        ),
        (
            json!({ "upload_id": upload_id, "recipient": { "kind": "email", "value": "a@example.gr" }, "language": "fr" }),
            "language",
            "not_allowed",
        ),
        (json!({ "upload_id": upload_id, "recipient": { "kind": "email" }, "language": "el" }), "recipient.value", "missing"),
        (json!({ "upload_id": upload_id, "language": "el" }), "recipient", "missing"),
    ] {
        let problem = assert_rejected(|| visit.browser.request(Method::POST, ISSUANCES).json(&body), 422, "invalid_field").await;
        assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!(field), &json!(reason)), "{body}");
    }
    // The upload can still be used after all these rejections.
    issue_code(&visit, &upload_id, &someone().await, Language::El).await.expect(201);
}

#[tokio::test]
async fn a_malformed_upload_id_is_treated_as_unknown() {
    let visit = fresh_photographer().await;
    for upload_id in ["", "x", "../../codes", &"0".repeat(36), &"a".repeat(5000)] {
        let body = request(upload_id, "email", "someone@example.gr");
        assert_rejected(|| visit.browser.request(Method::POST, ISSUANCES).json(&body), 404, "upload_unknown").await;
    }
    // This ID exceeds DynamoDB's limit for a key.
    let upload_id = "a".repeat(2000);
    for path in [format!("{UPLOADS}/{upload_id}/check"), format!("{ISSUANCES}/{upload_id}/resend")] {
        assert_rejected(|| visit.browser.request(Method::POST, &path).json(&json!({})), 404, "upload_unknown").await;
    }
}

#[tokio::test]
async fn issuing_again_with_other_details_is_rejected() {
    let visit = fresh_photographer().await;
    let upload_id = upload(&visit, STANDARD, &face_only()).await;
    let person = people::fresh("citizen").await;
    issue_code(&visit, &upload_id, &To::Mobile(person.mobile().to_owned()), Language::El).await.expect(201);
    let english = json!({ "upload_id": upload_id, "recipient": { "kind": "mobile", "value": person.mobile() }, "language": "en" });
    let mut with_reminder = request(&upload_id, "mobile", person.mobile());
    with_reminder["reminder"] = json!(true);
    let same_mask = number_with_the_same_mask(person.mobile());
    for body in [request(&upload_id, "email", "other@example.gr"), request(&upload_id, "mobile", &same_mask), english, with_reminder] {
        assert_rejected(|| visit.browser.request(Method::POST, ISSUANCES).json(&body), 409, "issuance_conflict").await;
    }
    issue_code(&visit, &upload_id, &To::Mobile(person.mobile().to_owned()), Language::El).await.expect(200);
}

#[tokio::test]
async fn issuing_again_to_an_address_that_looks_the_same_masked_is_rejected() {
    let visit = fresh_photographer().await;
    let upload_id = upload(&visit, STANDARD, &face_only()).await;
    let unique = people::fresh("citizen").await.email();
    let [to, other] = ["orestis", "orsalia"].map(|name| To::Email(format!("{name}.{unique}")));
    let assert_conflict = async |to: &To| {
        let body = request(&upload_id, "email", to.address());
        assert_rejected(|| visit.browser.request(Method::POST, ISSUANCES).json(&body), 409, "issuance_conflict").await;
    };
    let first = issue_code(&visit, &upload_id, &to, Language::El).await.expect(201).json();
    assert_conflict(&other).await;
    // The service retains the recipient for a day after sending, so it still detects a different recipient.
    wait_until_sent(&visit, &upload_id).await;
    assert_conflict(&other).await;
    let again = issue_code(&visit, &upload_id, &to, Language::El).await.expect(200).json();
    assert_eq!(again["issued_at"], first["issued_at"]);
    // After the recipient was corrected, issuing the code again succeeds with the corrected address. With the first address it is rejected
    // as a conflict.
    resend_code(&visit, &upload_id, Some(&other), None).await.expect(200);
    issue_code(&visit, &upload_id, &other, Language::El).await.expect(200);
    assert_conflict(&to).await;
}

#[tokio::test]
async fn an_upload_declaration_requires_profile_size_and_hash() {
    let visit = fresh_photographer().await;
    assert_rejected(|| visit.browser.request(Method::POST, UPLOADS).json(&json!({ "profile": "standard" })), 422, "pictures_missing").await;
    let good = sha256_hex(b"x");
    for (body, field, reason) in [
        (json!({ "profile": "poster", "face": { "bytes": 1, "sha256": good } }), "profile", "not_allowed"),
        (json!({ "face": { "bytes": 1, "sha256": good } }), "profile", "missing"),
        (json!({ "profile": "standard", "face": { "bytes": 0, "sha256": good } }), "face.bytes", "invalid_number"),
        (json!({ "profile": "standard", "face": { "bytes": -1, "sha256": good } }), "face.bytes", "wrong_type"),
        (json!({ "profile": "standard", "face": { "bytes": 1 } }), "face.sha256", "missing"),
        (json!({ "profile": "standard", "signature": { "bytes": 1, "sha256": "abc" } }), "signature.sha256", "not_allowed"),
        (json!({ "profile": "standard", "signature": { "bytes": 1, "sha256": "x".repeat(64) } }), "signature.sha256", "not_allowed"),
        (json!({ "profile": "standard", "face": { "bytes": 1, "sha256": good, "name": "x" } }), "face.name", "unknown"),
        (json!({ "profile": "standard", "thumb": { "bytes": 1, "sha256": good } }), "thumb", "unknown"),
    ] {
        let problem = assert_rejected(|| visit.browser.request(Method::POST, UPLOADS).json(&body), 422, "invalid_field").await;
        assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!(field), &json!(reason)), "{body}");
    }
}

#[tokio::test]
async fn an_invalid_page_of_the_history_is_rejected() {
    let visit = fresh_photographer().await;
    for (query, field) in [("limit=0", "limit"), ("limit=101", "limit"), ("limit=many", "limit"), ("cursor=made-up", "cursor")] {
        let path = format!("{ISSUANCES}?{query}");
        let problem = assert_rejected(|| visit.browser.request(Method::GET, &path), 422, "invalid_field").await;
        assert_eq!(problem.members["field"], field);
    }
}
