//! Uploads and pictures that do not become a code.

use aws_sdk_s3::primitives::ByteStream;
use domain::{FileProfile, ImageKind, Language};
use journeys::{
    browser::Request,
    people::{self, Visit, fresh_photographer},
    photographer::{
        Photos, To, alike_masked, both, declaration, face_only, issue_code, put, request_upload, resend_code, sha256_hex, upload,
        wait_until_sent,
    },
    pictures, stack,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::refused;
use crate::aws;

const UPLOADS: &str = "/v1/photographer/uploads";
const ISSUANCES: &str = "/v1/photographer/issuances";
const STANDARD: FileProfile = FileProfile::Standard;

fn request(upload_id: &str, kind: &str, value: &str) -> Value {
    json!({ "upload_id": upload_id, "recipient": { "kind": kind, "value": value }, "language": "el" })
}

fn someone() -> To {
    To::Email("nobody@example.gr".to_owned())
}

/// Uploads and tries to issue: refused, with these members; and the upload is worth nothing afterwards.
async fn picture_refused(visit: &Visit, profile: FileProfile, photos: Photos, members: Value) {
    for language in [Language::En, Language::El] {
        let upload_id = upload(visit, profile, &photos).await;
        let body = request(&upload_id, "email", someone().address());
        let answer = visit.browser.request(Method::POST, ISSUANCES).json(&body).header("accept-language", language.tag()).send().await;
        let problem = answer.refused(422, "bad_picture");
        for (name, value) in members.as_object().expect("members") {
            assert_eq!(&problem.members[name], value, "{name} of {}", problem.members);
            // What was measured, and the limit, are said in words as well.
            if let Some(number) = value.as_u64() {
                let digits: String = problem.detail.chars().filter(|c| !matches!(c, ',' | '.')).collect();
                assert!(digits.contains(&number.to_string()), "{number} in: {}", problem.detail);
            }
        }
        refused(|| visit.browser.request(Method::POST, ISSUANCES).json(&body), 409, "upload_refused").await;
        assert!(originals_of(&upload_id).await.is_empty(), "the originals are gone");
    }
}

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
async fn a_file_that_is_no_whole_jpeg_is_refused() {
    let visit = fresh_photographer().await;
    for file in [pictures::not_a_jpeg(), pictures::png_named_jpg()] {
        picture_refused(&visit, STANDARD, face(file), json!({ "image": "face", "rule": "file_type" })).await;
    }
    for file in [pictures::truncated(), pictures::truncated_and_closed(), pictures::damaged(), pictures::broken_structure()] {
        picture_refused(&visit, STANDARD, face(file), json!({ "image": "face", "rule": "file_whole" })).await;
    }
}

#[tokio::test]
async fn a_picture_of_the_wrong_size_or_proportion_is_refused_with_what_was_measured_and_allowed() {
    let visit = fresh_photographer().await;
    let too_small = json!({ "image": "face", "rule": "width", "width": 799, "height": 1199, "min_width": 800, "min_height": 1200 });
    picture_refused(&visit, STANDARD, face(pictures::too_small()), too_small).await;
    let square = json!({ "image": "face", "rule": "proportion", "width": 1200, "height": 1200, "proportion": "2:3" });
    picture_refused(&visit, STANDARD, face(pictures::wrong_proportion()), square).await;
    let card = json!({ "image": "face", "rule": "width", "width": 800, "height": 1200, "min_width": 1280, "min_height": 1600 });
    picture_refused(&visit, FileProfile::IdentityCard, face(pictures::PORTRAIT.to_vec()), card).await;
    let other_profile = json!({ "image": "face", "rule": "proportion", "width": 1280, "height": 1600, "proportion": "2:3" });
    picture_refused(&visit, STANDARD, face(pictures::PORTRAIT_4X5.to_vec()), other_profile).await;
    // One of two is enough.
    let signature = vec![(ImageKind::Face, pictures::PORTRAIT.to_vec()), (ImageKind::Signature, pictures::jpeg(1200, 420))];
    let members = json!({ "image": "signature", "rule": "proportion", "width": 1200, "height": 420, "proportion": "3:1" });
    picture_refused(&visit, STANDARD, signature, members).await;
}

#[tokio::test]
async fn a_small_file_of_900_megapixels_is_refused_by_its_header() {
    let visit = fresh_photographer().await;
    let members = json!({ "image": "face", "rule": "pixels", "measured": 900_000_000_u64, "limit": 50_000_000 });
    picture_refused(&visit, STANDARD, face(pictures::giant()), members).await;
}

#[tokio::test]
async fn a_turned_picture_is_refused_and_not_turned() {
    let visit = fresh_photographer().await;
    picture_refused(&visit, STANDARD, face(pictures::turned()), json!({ "image": "face", "rule": "orientation", "orientation": 6 })).await;
}

#[tokio::test]
async fn a_picture_of_nobody_of_two_people_or_of_nothing_is_refused() {
    let visit = fresh_photographer().await;
    for (file, measured) in [(pictures::jpeg(800, 1200), 0), (pictures::two_faces(), 2)] {
        let members = json!({ "image": "face", "rule": "faces", "measured": measured, "limit": 1, "unit": "faces" });
        picture_refused(&visit, STANDARD, face(file), members).await;
    }
    let empty = vec![(ImageKind::Signature, pictures::empty_signature())];
    picture_refused(&visit, STANDARD, empty, json!({ "image": "signature", "rule": "ink", "unit": "ratio" })).await;
}

fn check<'a>(visit: &'a Visit, upload_id: &str) -> Request<'a> {
    visit.browser.request(Method::POST, &format!("{UPLOADS}/{upload_id}/check")).json(&json!({}))
}

#[tokio::test]
async fn an_upload_is_checked_while_it_waits_for_its_code_and_by_its_business_alone() {
    let (one, other) = (fresh_photographer().await, fresh_photographer().await);
    let declared = request_upload(&one, STANDARD, &face_only()).await.expect(201).json();
    let empty = declared["upload_id"].as_str().expect("an id");
    let problem = refused(|| check(&one, empty), 409, "upload_incomplete").await;
    assert_eq!(problem.members["image"], "face");

    let upload_id = upload(&one, STANDARD, &face_only()).await;
    refused(|| check(&other, &upload_id), 404, "upload_unknown").await;
    for id in ["made-up", "019aa8f2-3c4d-7e5f-8a9b-0c1d2e3f4a5b"] {
        refused(|| check(&one, id), 404, "upload_unknown").await;
    }
    let address = format!("{UPLOADS}/{upload_id}/check");
    let named = || one.browser.request(Method::POST, &address).json(&json!({ "profile": "standard" }));
    assert_eq!(refused(named, 422, "invalid_field").await.members["field"], "profile");
    issue_code(&one, &upload_id, &someone(), Language::El).await.expect(201);
    refused(|| check(&one, &upload_id), 409, "upload_issued").await;

    let bad = upload(&one, STANDARD, &face(pictures::turned())).await;
    issue_code(&one, &bad, &someone(), Language::El).await.refused(422, "bad_picture");
    refused(|| check(&one, &bad), 409, "upload_refused").await;
}

#[tokio::test]
async fn a_file_with_too_many_bytes_is_refused_before_it_is_sent() {
    let visit = fresh_photographer().await;
    let declared = declaration(STANDARD, &face(pictures::too_many_bytes()));
    let problem = refused(|| visit.browser.request(Method::POST, UPLOADS).json(&declared), 422, "bad_picture").await;
    let expected = json!({ "image": "face", "rule": "bytes", "measured": 3_000_001, "limit": 3_000_000 });
    for (name, value) in expected.as_object().expect("members") {
        assert_eq!(&problem.members[name], value);
    }
    assert!(problem.detail.contains("3,000,001") && problem.detail.contains("3,000,000"), "{}", problem.detail);
    request_upload(&visit, STANDARD, &face(pictures::of_bytes(3_000_000))).await.expect(201);
}

#[tokio::test]
async fn what_is_uploaded_must_be_what_was_declared() {
    let visit = fresh_photographer().await;
    let photos = both();
    let answer = request_upload(&visit, STANDARD, &photos).await.expect(201).json();
    let upload_id = answer["upload_id"].as_str().expect("an id").to_owned();
    let body = request(&upload_id, "email", someone().address());
    let incomplete = async |image: &str| {
        let problem = refused(|| visit.browser.request(Method::POST, ISSUANCES).json(&body), 409, "upload_incomplete").await;
        assert_eq!(problem.members["image"], image);
    };
    incomplete("face").await;

    // Other bytes than were signed for: of the same length, shorter, and with the declaration's headers changed.
    let (face, mut other) = (&photos[0].1, photos[0].1.clone());
    let middle = other.len() / 2;
    other[middle] ^= 1;
    assert!(matches!(put(&answer["face"], &other).await.status, 400 | 403), "S3 refuses other bytes");
    let shorter = &face[..face.len() - 1];
    for (header, value, body) in
        [("content-length", shorter.len().to_string(), shorter), ("content-type", "text/html".to_owned(), face.as_slice())]
    {
        let mut address = answer["face"].clone();
        let told = address["headers"].as_object_mut().expect("headers").iter_mut().find(|(name, _)| name.eq_ignore_ascii_case(header));
        *told.expect("a header that is signed").1 = json!(value);
        assert!(matches!(put(&address, body).await.status, 400 | 403), "S3 refuses another {header}");
    }
    incomplete("face").await;
    put(&answer["face"], face).await.expect(200);
    incomplete("signature").await;
    put(&answer["signature"], &photos[1].1).await.expect(200);

    // And should the bucket hold something else all the same, it is seen.
    let key = originals_of(&upload_id).await.into_iter().find(|key| key.ends_with("/face")).expect("the original");
    let put_object = crate::objects::s3(&aws::config().await).put_object().bucket(stack::variable("PHOTOS_BUCKET")).key(key);
    put_object.body(ByteStream::from(other)).send().await.expect("the account's owner may");
    let english = visit.browser.request(Method::POST, ISSUANCES).json(&body).header("accept-language", "en").send().await;
    assert_eq!(english.refused(422, "upload_altered").members["image"], "face");
    refused(|| visit.browser.request(Method::POST, ISSUANCES).json(&body), 409, "upload_refused").await;
}

#[tokio::test]
async fn an_upload_is_its_businesss_own() {
    let (one, other) = (fresh_photographer().await, fresh_photographer().await);
    let upload_id = upload(&one, STANDARD, &face_only()).await;
    for (visit, id) in [(&other, upload_id.as_str()), (&one, "made-up"), (&one, "019aa8f2-3c4d-7e5f-8a9b-0c1d2e3f4a5b")] {
        let body = request(id, "email", someone().address());
        refused(|| visit.browser.request(Method::POST, ISSUANCES).json(&body), 404, "upload_unknown").await;
    }
    issue_code(&one, &upload_id, &someone(), Language::El).await.expect(201);
    assert_eq!(other.browser.get(ISSUANCES).await.expect(200).json()["issuances"], json!([]));
}

#[tokio::test]
async fn a_code_goes_to_a_greek_mobile_or_an_email_address() {
    let visit = fresh_photographer().await;
    let upload_id = upload(&visit, STANDARD, &face_only()).await;
    for (kind, value, reason) in [
        ("mobile", "2101234567", "invalid_mobile"),
        ("mobile", "+447912345678", "invalid_mobile"),
        ("mobile", "69123", "invalid_mobile"),
        // Of higher price, of satellites, two at once.
        ("mobile", "9012345678", "invalid_mobile"),
        ("mobile", "+30 90 1234567", "invalid_mobile"),
        ("mobile", "+881612345678", "invalid_mobile"),
        ("mobile", "6912345678,6987654321", "invalid_mobile"),
        ("mobile", "maria@example.gr", "invalid_mobile"),
        ("email", "6912345678", "invalid_email"),
        ("email", "maria@", "invalid_email"),
        ("email", "maria@example.gr\r\nBcc: other@example.gr", "invalid_email"),
        ("email", "a@example.gr,b@example.gr", "invalid_email"),
    ] {
        let body = request(&upload_id, kind, value);
        let problem = refused(|| visit.browser.request(Method::POST, ISSUANCES).json(&body), 422, "invalid_field").await;
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
        let problem = refused(|| visit.browser.request(Method::POST, ISSUANCES).json(&body), 422, "invalid_field").await;
        assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!(field), &json!(reason)), "{body}");
    }
    // None of it has cost the upload anything.
    issue_code(&visit, &upload_id, &someone(), Language::El).await.expect(201);
}

#[tokio::test]
async fn what_cannot_be_an_upload_is_an_unknown_one() {
    let visit = fresh_photographer().await;
    for upload_id in ["", "x", "../../codes", &"0".repeat(36), &"a".repeat(5000)] {
        let body = request(upload_id, "email", "someone@example.gr");
        refused(|| visit.browser.request(Method::POST, ISSUANCES).json(&body), 404, "upload_unknown").await;
    }
    // Longer than any key that there can be.
    let upload_id = "a".repeat(2000);
    for path in [format!("{UPLOADS}/{upload_id}/check"), format!("{ISSUANCES}/{upload_id}/resend")] {
        refused(|| visit.browser.request(Method::POST, &path).json(&json!({})), 404, "upload_unknown").await;
    }
}

#[tokio::test]
async fn a_code_once_issued_goes_nowhere_else() {
    let visit = fresh_photographer().await;
    let upload_id = upload(&visit, STANDARD, &face_only()).await;
    let person = people::fresh("citizen").await;
    issue_code(&visit, &upload_id, &To::Mobile(person.mobile().to_owned()), Language::El).await.expect(201);
    let english = json!({ "upload_id": upload_id, "recipient": { "kind": "mobile", "value": person.mobile() }, "language": "en" });
    let mut reminded = request(&upload_id, "mobile", person.mobile());
    reminded["reminder"] = json!(true);
    let others = alike_masked(person.mobile());
    for body in [request(&upload_id, "email", "other@example.gr"), request(&upload_id, "mobile", &others), english, reminded] {
        refused(|| visit.browser.request(Method::POST, ISSUANCES).json(&body), 409, "issuance_conflict").await;
    }
    issue_code(&visit, &upload_id, &To::Mobile(person.mobile().to_owned()), Language::El).await.expect(200);
}

#[tokio::test]
async fn a_code_went_to_one_address_and_not_to_another_that_looks_the_same_masked() {
    let visit = fresh_photographer().await;
    let upload_id = upload(&visit, STANDARD, &face_only()).await;
    let [to, other] = ["orestis@example.gr", "orsalia@example.gr"].map(|address| To::Email(address.to_owned()));
    let elsewhere = async |to: &To| {
        let body = request(&upload_id, "email", to.address());
        refused(|| visit.browser.request(Method::POST, ISSUANCES).json(&body), 409, "issuance_conflict").await;
    };
    let first = issue_code(&visit, &upload_id, &to, Language::El).await.expect(201).json();
    elsewhere(&other).await;
    // Sent, it is still known for a day.
    wait_until_sent(&visit, &upload_id).await;
    elsewhere(&other).await;
    let again = issue_code(&visit, &upload_id, &to, Language::El).await.expect(200).json();
    assert_eq!(again["issued_at"], first["issued_at"]);
    // Corrected, it goes to the other and no longer to the first.
    resend_code(&visit, &upload_id, Some(&other), None).await.expect(200);
    issue_code(&visit, &upload_id, &other, Language::El).await.expect(200);
    elsewhere(&to).await;
}

#[tokio::test]
async fn a_declaration_says_which_pictures_how_large_and_what_they_hash_to() {
    let visit = fresh_photographer().await;
    refused(|| visit.browser.request(Method::POST, UPLOADS).json(&json!({ "profile": "standard" })), 422, "pictures_missing").await;
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
        let problem = refused(|| visit.browser.request(Method::POST, UPLOADS).json(&body), 422, "invalid_field").await;
        assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!(field), &json!(reason)), "{body}");
    }
}

#[tokio::test]
async fn the_history_is_read_by_pages_that_there_are() {
    let visit = fresh_photographer().await;
    for (query, field) in [("limit=0", "limit"), ("limit=101", "limit"), ("limit=many", "limit"), ("cursor=made-up", "cursor")] {
        let path = format!("{ISSUANCES}?{query}");
        let problem = refused(|| visit.browser.request(Method::GET, &path), 422, "invalid_field").await;
        assert_eq!(problem.members["field"], field);
    }
}
