//! The position of the face in a small copy of a photo, and the crops that the service computes from it.

use domain::Language;
use journeys::{
    browser::Browser,
    people::{fresh_citizen, fresh_photographer},
    photographer::{FACE, locate_face},
    pictures::{self, padded},
    staff,
};
use reqwest::Method;
use serde_json::{Value, json};

/// The largest permitted copy, in bytes and in pixels of its longer edge.
const BYTES_MAX: usize = 98_304;
const EDGE_MAX: u32 = 640;

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is not a number"))
}

#[tokio::test]
async fn the_face_of_a_portrait_is_found_where_it_is() {
    let studio = fresh_photographer().await;
    let body = locate_face(&studio, &pictures::small_copy()).await.expect(200).json();
    let face = &body["face"];
    let at = |name: &str| (number(&face[name]["x"]), number(&face[name]["y"]));
    let (left_eye, right_eye, chin, crown) = (at("left_eye"), at("right_eye"), at("chin"), at("crown"));
    assert!(left_eye.0 < right_eye.0 && (left_eye.1 - right_eye.1).abs() < 0.05, "{face}");
    assert!(crown.1 < left_eye.1 && left_eye.1 < chin.1, "{face}");
    assert!((0.25..0.5).contains(&left_eye.0) && (0.5..0.75).contains(&right_eye.0) && (0.3..0.55).contains(&left_eye.1), "{face}");
    assert!(number(&face["roll"]).abs() < 15.0, "{face}");
    let bounds = |name: &str| number(&face["box"][name]);
    assert!(bounds("left") < left_eye.0 && left_eye.0 < bounds("left") + bounds("width"), "{face}");
    assert!(bounds("top") < left_eye.1 && left_eye.1 < bounds("top") + bounds("height"), "{face}");
    // Positions have at most four decimals.
    for value in [left_eye.0, left_eye.1, chin.0, crown.1, bounds("width")] {
        assert!((value * 10_000.0 - (value * 10_000.0).round()).abs() < 1e-6, "{value}");
    }
}

#[tokio::test]
async fn each_profile_has_a_crop_around_the_face_in_its_proportion() {
    let studio = fresh_photographer().await;
    let body = locate_face(&studio, &pictures::small_copy()).await.expect(200).json();
    let crops = body["crops"].as_array().expect("crops");
    assert_eq!(crops.iter().map(|crop| &crop["profile"]).collect::<Vec<_>>(), ["standard", "identity_card"]);
    let eye = number(&body["face"]["left_eye"]["y"]);
    for (crop, proportion) in crops.iter().zip([2.0 / 3.0, 4.0 / 5.0]) {
        let (width, height) = (number(&crop["width"]) * 300.0, number(&crop["height"]) * 450.0);
        assert!((width / height - proportion).abs() < 0.005, "{crop}");
        let top = number(&crop["centre"]["y"]) - number(&crop["height"]) / 2.0;
        assert!(top < eye && eye < number(&crop["centre"]["y"]) + number(&crop["height"]) / 2.0, "{crop}");
        let outside = crop["outside"].as_array().expect("sides");
        assert!(outside.iter().all(|side| ["above", "below", "left", "right"].contains(&side.as_str().expect("a side"))), "{crop}");
        assert!(number(&crop["rotation"]).abs() < 15.0, "{crop}");
    }
}

#[tokio::test]
async fn a_picture_without_a_face_is_a_normal_response_without_crops() {
    let studio = fresh_photographer().await;
    let response = locate_face(&studio, &pictures::jpeg(480, 640)).await.expect(200);
    assert_eq!(response.json(), json!({ "crops": [] }));
}

#[tokio::test]
async fn a_copy_may_have_98304_bytes_and_640_pixels_and_not_one_more() {
    let studio = fresh_photographer().await;
    let copy = pictures::small_copy();
    locate_face(&studio, &padded(&copy, BYTES_MAX)).await.expect(200);
    for language in [Language::El, Language::En] {
        let request = studio.browser.request(Method::POST, FACE).body("image/jpeg", padded(&copy, BYTES_MAX + 1));
        let problem = request.header("accept-language", language.tag()).send().await.rejected(413, "body_too_large");
        assert_eq!(problem.members["limit"], BYTES_MAX);
    }
    for (width, height) in [(EDGE_MAX, EDGE_MAX), (EDGE_MAX, 1), (1, EDGE_MAX), (1, 1)] {
        locate_face(&studio, &pictures::jpeg(width, height)).await.expect(200);
    }
    for (width, height, rule) in [(EDGE_MAX + 1, EDGE_MAX, "width"), (EDGE_MAX, EDGE_MAX + 1, "height")] {
        let problem = locate_face(&studio, &pictures::jpeg(width, height)).await.rejected(422, "bad_picture");
        let expected = json!({ "rule": rule, "width": width, "height": height, "limit": EDGE_MAX });
        for (name, value) in expected.as_object().expect("members") {
            assert_eq!(&problem.members[name], value, "{}", problem.members);
        }
    }
    // The header of this small file declares 30,000 x 30,000 pixels, so the function rejects the file before decoding it.
    assert_eq!(locate_face(&studio, &pictures::giant()).await.rejected(422, "bad_picture").members["rule"], "width");
}

#[tokio::test]
async fn a_file_that_is_no_whole_upright_jpeg_is_rejected_with_its_reason_in_the_callers_language() {
    let studio = fresh_photographer().await;
    let copy = pictures::small_copy();
    let cut_off = copy[..copy.len() / 2].to_vec();
    let mut closed = cut_off.clone();
    closed.extend([0xff, 0xd9]);
    let mut png = pictures::png_named_jpg();
    png.truncate(10_000);
    // Adds the EXIF segment of a rotated picture to the small copy.
    let portrait = pictures::with_orientation(6);
    let exif = portrait.windows(2).position(|bytes| bytes == [0xff, 0xe1]).expect("an Exif segment");
    let exif = &portrait[exif..exif + 2 + usize::from(u16::from_be_bytes([portrait[exif + 2], portrait[exif + 3]]))];
    let turned = [&copy[..2], exif, &copy[2..]].concat();
    for (file, rule) in [
        (png, "file_type"),
        (b"This is not a picture at all.".to_vec(), "file_type"),
        (Vec::new(), "file_type"),
        (cut_off, "file_whole"),
        (closed, "file_whole"),
        (turned, "orientation"),
    ] {
        for language in [Language::El, Language::En] {
            let request = studio.browser.request(Method::POST, FACE).body("image/jpeg", file.clone());
            let problem = request.header("accept-language", language.tag()).send().await.rejected(422, "bad_picture");
            assert_eq!((&problem.members["rule"], &problem.members["image"]), (&json!(rule), &json!("face")), "{}", problem.members);
        }
    }
}

#[tokio::test]
async fn the_body_must_be_a_jpeg_by_its_media_type() {
    let studio = fresh_photographer().await;
    let kinds = ["application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "image/png"];
    for kind in kinds {
        let request = studio.browser.request(Method::POST, FACE).body(kind, pictures::small_copy());
        let problem = request.send().await.rejected(415, "unsupported_media_type");
        assert!(problem.detail.contains("image/jpeg"), "{}", problem.detail);
    }
    studio.browser.request(Method::POST, FACE).send().await.rejected(415, "unsupported_media_type");
    studio.browser.request(Method::POST, FACE).body("Image/JPEG", pictures::small_copy()).send().await.expect(200);
}

#[tokio::test]
async fn another_site_cannot_send_a_picture_in_the_name_of_a_photographer() {
    let studio = fresh_photographer().await;
    let request = || studio.browser.request(Method::POST, FACE).body("image/jpeg", pictures::small_copy());
    for origin in ["https://evil.example", "null", "http://myphoto.localhost.evil.example"] {
        request().header("origin", origin).send().await.rejected(403, "foreign_origin");
    }
    for site in ["cross-site", "same-site"] {
        request().header("sec-fetch-site", site).send().await.rejected(403, "foreign_origin");
    }
    // A form on another site can send requests with these content types, so the service rejects them.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let form = studio.browser.request(Method::POST, FACE).body(kind, pictures::small_copy()).without("origin");
        form.send().await.rejected(415, "unsupported_media_type");
    }
    let preflight = studio.browser.request(Method::OPTIONS, FACE).header("origin", "https://evil.example");
    let response = preflight.header("access-control-request-method", "POST").header("access-control-request-headers", "content-type");
    let response = response.send().await;
    assert!(response.status >= 400 && response.header("access-control-allow-origin").is_none(), "{}", response.status);
    request().without("origin").send().await.expect(200);
}

#[tokio::test]
async fn only_photographers_and_their_current_staff_may_locate_a_face() {
    let owner = fresh_photographer().await;
    let (employee, id) = staff::employee_of(&owner, "Ν").await;
    locate_face(&employee, &pictures::small_copy()).await.expect(200);
    staff::withdraw(&owner, &id).await.expect(204);
    locate_face(&employee, &pictures::small_copy()).await.rejected(403, "staff_withdrawn");
    locate_face(&fresh_citizen().await, &pictures::small_copy()).await.rejected(403, "wrong_role");
    let stranger = Browser::new(Language::El);
    let request = stranger.request(Method::POST, FACE).body("image/jpeg", pictures::small_copy());
    request.send().await.rejected(401, "no_session");
    // The function checks the caller before the picture.
    let request = stranger.request(Method::POST, FACE).body("image/jpeg", "no picture");
    request.send().await.rejected(401, "no_session");
}
