//! The picture report, which a photographer can request before a code is issued. Requesting it has no side effects.

use domain::{FileProfile, ImageKind, Language};
use journeys::{
    fixtures,
    people::{self, fresh_photographer},
    photographer::{Photos, To, both, check_photos, issue_code, upload},
    pictures,
};
use serde_json::{Value, json};

const STANDARD: FileProfile = FileProfile::Standard;

/// Returns the finding of a rule.
fn finding<'a>(image: &'a Value, rule: &str) -> &'a Value {
    let all = image["findings"].as_array().expect("findings");
    all.iter().find(|finding| finding["rule"] == rule).unwrap_or_else(|| panic!("no {rule} in {image}"))
}

/// The rules that the portrait breaks, because the person smiles and shows her teeth.
const SMILE: [&str; 2] = ["mouth_closed", "expression"];

/// Returns the rules that the image breaks, without those about the smile.
fn failed(image: &Value) -> Vec<&str> {
    let all = image["findings"].as_array().expect("findings");
    let rules = all.iter().filter(|finding| finding["ok"] == false).filter_map(|finding| finding["rule"].as_str());
    rules.filter(|rule| !SMILE.contains(rule)).collect()
}

fn has_greek(text: &str) -> bool {
    text.chars().any(|c| ('\u{370}'..='\u{3ff}').contains(&c))
}

fn face(file: Vec<u8>) -> Photos {
    vec![(ImageKind::Face, file)]
}

async fn someone() -> To {
    To::Email(people::fresh("citizen").await.email())
}

#[tokio::test]
async fn good_pictures_pass_and_each_finding_has_its_measured_value_and_limit() {
    let studio = fresh_photographer().await;
    let upload_id = upload(&studio, STANDARD, &both()).await;
    let report = check_photos(&studio, &upload_id, Language::El).await.expect(200).json();
    assert_eq!((&report["upload_id"], &report["profile"], &report["ok"]), (&json!(upload_id), &json!("standard"), &json!(true)));
    let images = report["images"].as_array().expect("images");
    assert_eq!(images.iter().map(|image| &image["kind"]).collect::<Vec<_>>(), ["face", "signature"]);
    for image in images {
        assert_eq!((failed(image), &image["ok"]), (vec![], &json!(true)), "{image}");
        for finding in image["findings"].as_array().expect("findings") {
            assert_eq!(finding["text"].is_string(), finding["ok"] == false, "{finding}");
            let measures = !matches!(
                finding["rule"].as_str(),
                Some("file_type" | "file_whole" | "file_kind" | "colour_profile" | "colour_mode" | "face_measured")
            );
            assert_eq!(finding["measured"].is_number(), measures, "{finding}");
            assert_eq!(finding["unit"].is_string(), measures, "{finding}");
            assert_eq!(finding["limit"]["least"].is_number() || finding["limit"]["most"].is_number(), measures, "{finding}");
        }
    }
    let width = json!({ "rule": "width", "severity": "error", "ok": true, "measured": 800, "limit": { "least": 800 }, "unit": "pixels" });
    assert_eq!(finding(&images[0], "width"), &width);
    assert_eq!(finding(&images[1], "ink_on_edge")["measured"], 0);
    let smile = finding(&images[0], "expression");
    assert_eq!((&smile["ok"], &smile["severity"]), (&json!(false), &json!("hint")), "a hint does not block the code");
    let marks = &images[0]["marks"];
    let at = |point: &str, axis: &str| marks[point][axis].as_f64().expect("a fraction");
    assert!(
        at("left_eye", "x") < at("right_eye", "x") && at("crown", "y") < at("left_eye", "y") && at("left_eye", "y") < at("chin", "y"),
        "{marks}"
    );
    assert!(marks["zones"].as_array().expect("zones").iter().any(|zone| zone["rule"] == "background_brightness"), "{marks}");
    assert_eq!(images[1]["marks"], Value::Null);
}

#[tokio::test]
async fn a_report_lists_every_fault_in_the_photographers_language() {
    let studio = fresh_photographer().await;
    let upload_id = upload(&studio, FileProfile::IdentityCard, &face(pictures::turned())).await;
    for language in [Language::El, Language::En] {
        let report = check_photos(&studio, &upload_id, language).await.expect(200).json();
        let image = &report["images"][0];
        assert_eq!((&report["ok"], &image["ok"]), (&json!(false), &json!(false)));
        // Compares only the first four rules that failed. Another rule may fail too, because the head has nearly the minimum height of this
        // profile.
        assert_eq!(failed(image)[..4], ["width", "height", "proportion", "orientation"]);
        for rule in failed(image) {
            let text = finding(image, rule)["text"].as_str().expect("a text");
            assert_eq!(has_greek(text), language == Language::El, "{text}");
        }
        let text = finding(image, "height")["text"].as_str().expect("a text").replace(['.', ','], "");
        assert!(text.contains("1200") && text.contains("1600"), "{text}");
    }
}

#[tokio::test]
async fn the_profile_of_the_upload_decides_the_limits() {
    let studio = fresh_photographer().await;
    let mut limits = Vec::new();
    for (profile, file) in [(STANDARD, fixtures::portrait()), (FileProfile::IdentityCard, fixtures::identity_card_portrait())] {
        let upload_id = upload(&studio, profile, &face(file)).await;
        let report = check_photos(&studio, &upload_id, Language::En).await.expect(200).json();
        assert_eq!((&report["profile"], &report["ok"]), (&json!(profile), &json!(true)));
        limits.push(finding(&report["images"][0], "head_height")["limit"].clone());
    }
    assert_ne!(limits[0], limits[1]);
}

#[tokio::test]
async fn a_report_has_no_side_effects_and_its_warnings_do_not_block_the_code() {
    let studio = fresh_photographer().await;
    for (file, rule) in [(pictures::blurred(), "sharpness"), (pictures::grayscale(), "colour")] {
        let upload_id = upload(&studio, STANDARD, &face(file)).await;
        let first = check_photos(&studio, &upload_id, Language::En).await.expect(200).json();
        let again = check_photos(&studio, &upload_id, Language::En).await.expect(200).json();
        assert_eq!(first, again);
        let image = &first["images"][0];
        assert_eq!((failed(image), &finding(image, rule)["severity"], &first["ok"]), (vec![rule], &json!("warning"), &json!(true)));
        issue_code(&studio, &upload_id, &someone().await, Language::En).await.expect(201);
    }
}

#[tokio::test]
async fn an_error_in_a_report_blocks_the_code() {
    let studio = fresh_photographer().await;
    for (photos, image, rule) in [
        (face(pictures::two_faces()), "face", "faces"),
        (face(pictures::jpeg(800, 1200)), "face", "faces"),
        (vec![(ImageKind::Signature, pictures::empty_signature())], "signature", "ink"),
    ] {
        let upload_id = upload(&studio, STANDARD, &photos).await;
        let report = check_photos(&studio, &upload_id, Language::En).await.expect(200).json();
        let found = finding(&report["images"][0], rule);
        assert_eq!((&found["ok"], &found["severity"], &report["ok"]), (&json!(false), &json!("error"), &json!(false)), "{found}");
        let problem = issue_code(&studio, &upload_id, &someone().await, Language::En).await.rejected(422, "bad_picture");
        assert_eq!((&problem.members["image"], &problem.members["rule"]), (&json!(image), &json!(rule)));
        assert_eq!(problem.members["measured"], found["measured"]);
    }
}

#[tokio::test]
async fn a_report_shows_which_of_two_pictures_is_bad() {
    let studio = fresh_photographer().await;
    let photos = vec![(ImageKind::Face, fixtures::portrait()), (ImageKind::Signature, pictures::empty_signature())];
    let upload_id = upload(&studio, STANDARD, &photos).await;
    let report = check_photos(&studio, &upload_id, Language::En).await.expect(200).json();
    let ok: Vec<_> = report["images"].as_array().expect("images").iter().map(|image| &image["ok"]).collect();
    assert_eq!((ok, &report["ok"]), (vec![&json!(true), &json!(false)], &json!(false)));
}
