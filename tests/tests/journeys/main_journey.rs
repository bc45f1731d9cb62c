//! The main journey: from the photographer's upload to the photos that are associated with a citizen.

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{FileProfile, ImageKind, Language};
use jiff::{SignedDuration, Timestamp};
use journeys::{
    browser::has_greek,
    citizen, fixtures, inbox, jpeg,
    people::{self, fresh_citizen, fresh_photographer},
    photographer::{self, Photos, To, both, face_only},
    stack,
};
use serde_json::{Value, json};

fn instant(value: &Value) -> Timestamp {
    value.as_str().expect("a time").parse().expect("RFC 3339")
}

fn days_between(start: &Value, end: &Value) -> SignedDuration {
    instant(end).duration_since(instant(start))
}

#[tokio::test]
async fn a_code_sent_by_sms_leads_from_the_upload_to_the_citizens_photos() {
    let studio = fresh_photographer().await;
    let person = people::fresh("citizen").await;
    let mobile = person.mobile().to_owned();
    let issued = photographer::issue_by_sms(&studio, &mobile).await;

    // The photographer sees that the code was sent, when, to which masked recipient, and when it expires, but never the code itself.
    let view = &issued.view;
    assert_eq!(view["recipient"], json!({ "kind": "mobile", "masked": format!("69••••••{}", &mobile[mobile.len() - 2..]) }));
    assert_eq!((&view["profile"], &view["images"]), (&json!("standard"), &json!(["face", "signature"])));
    assert_eq!(days_between(&view["issued_at"], &view["expires_at"]), SignedDuration::from_hours(14 * 24));
    assert_eq!((&view["associated"], &view["issued_by_you"], &view["language"]), (&json!(false), &json!(true), &json!("el")));
    let sent = |item: &Value| item["delivery"]["state"] == "sent";
    let listed = photographer::wait_until_listed(&studio, &issued.upload_id, sent, inbox::PATIENCE).await;
    assert_eq!(listed["delivery"]["attempts"], 1);
    assert!(instant(&listed["delivery"]["sent_at"]) >= instant(&listed["issued_at"]));
    assert!(!listed.to_string().contains(&issued.code) && !listed.to_string().contains(&mobile[3..]));

    // The SMS contains the code and a link with the code.
    let sms = &issued.message;
    assert_eq!((sms.channel.as_str(), sms.sender_id.as_deref()), ("sms", Some("myPhoto")));
    assert_eq!(sms.text.matches(&issued.code).count(), 2, "{}", sms.text);
    assert!(has_greek(&sms.text));

    // The session shows the citizen's data and how many codes they may still submit today.
    let visit = people::citizen(person, Language::El).await;
    let session = visit.browser.get("/v1/session").await.expect(200).json();
    let (person, shown) = (&visit.person, &session["person"]);
    assert_eq!((&shown["first_name"], &shown["last_name"]), (&json!(person.first_name), &json!(person.last_name)));
    assert_eq!((&shown["afm"], &shown["birth_date"]), (&json!(person.afm), &json!(person.birth_date)));
    assert_eq!(session["submissions_left"], 5);

    // The submission shows previews with date of issue, size and expiry.
    let submission = citizen::submit(&visit, &issued.code).await.expect(200).json();
    assert_eq!((&submission["subject"], &submission["profile"]), (&json!("self"), &json!("standard")));
    assert_eq!((&submission["issued_at"], &submission["expires_at"]), (&view["issued_at"], &view["expires_at"]));
    assert_eq!((&submission["submissions_left"], &submission["confirmed"]), (&json!(4), &json!(false)));
    for (image, (kind, original)) in submission["images"].as_array().expect("images").iter().zip(both()) {
        let whole = jpeg::pixels(&original);
        assert_eq!((&image["kind"], &image["width"], &image["height"]), (&json!(kind), &json!(whole.width()), &json!(whole.height())));
        let bytes = image["bytes"].as_u64().expect("a size");
        assert!(bytes > 1_000 && bytes < original.len() as u64, "{bytes} bytes, which should be the original without its metadata");
        let preview = image["preview"].as_str().and_then(|url| url.strip_prefix("data:image/jpeg;base64,")).expect("a preview");
        let preview = jpeg::pixels(&STANDARD.decode(preview).expect("base64"));
        assert!(preview.width() < whole.width() && preview.width() >= 200, "{} pixels", preview.width());
        let proportion = |picture: &image::RgbImage| f64::from(picture.width()) / f64::from(picture.height());
        assert!((proportion(&preview) / proportion(&whole) - 1.0).abs() < 0.02);
    }

    // The citizen confirms the photos, then agrees explicitly.
    let confirmed = citizen::confirm(&visit).await.expect(200).json();
    assert_eq!((&confirmed["confirmed"], &confirmed["consent"]["kind"]), (&json!(true), &json!("association")));
    let association = citizen::associate(&visit, &confirmed["consent"]["version"]).await.expect(201).json();
    assert_eq!(days_between(&association["associated_at"], &association["expires_at"]), SignedDuration::from_hours(365 * 24));
    assert_eq!(association["applications"], json!([]));
    assert_eq!(citizen::show_association(&visit).await.expect(200).json(), association);
    for (kind, original) in both() {
        let full = citizen::show_photo(&visit, kind).await.expect(200);
        assert_eq!((full.header("content-type"), full.header("cache-control")), (Some("image/jpeg"), Some("no-store")));
        assert_eq!(jpeg::image_data(&full.body), jpeg::image_data(&original));
    }
    citizen::download(&visit).await.expect(200);

    // The photographer sees that the code is associated, but not with whom.
    let listed = photographer::listed(&studio, &issued.upload_id).await;
    assert_eq!(listed["associated"], true);
    for secret in [&person.afm, &person.first_name, &person.last_name] {
        assert!(!listed.to_string().contains(secret.as_str()), "{listed}");
    }

    // Signing out ends the session at once, even if the cookie is still sent.
    let same_cookie = visit.browser.twin();
    let response = visit.browser.delete("/v1/session").await.expect(200).json();
    assert!(response["taxisnet_sign_out"].as_str().expect("a URL").starts_with(&stack::sandbox()));
    assert_eq!(visit.browser.cookie("__Host-session"), None);
    same_cookie.get("/v1/session").await.rejected(401, "session_expired");
}

#[tokio::test]
async fn an_email_has_the_same_code_in_its_qr_picture_and_in_its_text() {
    let studio = fresh_photographer().await;
    for language in [Language::El, Language::En] {
        let visit = people::citizen(people::fresh("citizen").await, language).await;
        let to = To::Email(visit.person.email());
        let issued = photographer::issue(&studio, FileProfile::Standard, &both(), &to, language).await;
        let masked = format!("c•••@{}", to.address().split('@').next_back().expect("a domain"));
        assert_eq!(issued.view["recipient"], json!({ "kind": "email", "masked": masked }));

        let email = &issued.message;
        let greek = language == Language::El;
        let (subject, html) = (email.subject.as_deref().expect("a subject"), email.html.as_deref().expect("HTML"));
        assert_eq!((has_greek(subject), has_greek(&email.text), has_greek(html)), (greek, greek, greek));
        let link = format!("{}/#code={}", stack::origin(), issued.code);
        for part in [email.text.as_str(), html] {
            assert!(part.contains(&issued.code) && part.contains(&link), "the QR code contains {link}, the text is {part}");
        }
        assert!(!subject.contains(&issued.code), "subjects are visible on locked screens");
        assert_eq!(html.matches("<img").count(), html.matches("src=\"cid:").count(), "all images are embedded");

        let association = citizen::take(&visit, &issued.code).await;
        assert_eq!(association["images"].as_array().map(Vec::len), Some(2));
    }
}

#[tokio::test]
async fn an_identity_card_set_keeps_its_profile_from_issuance_to_association() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let photos: Photos = vec![(ImageKind::Face, fixtures::identity_card_portrait()), (ImageKind::Signature, fixtures::signature())];
    let to = To::Mobile(visit.person.mobile().to_owned());
    let issued = photographer::issue(&studio, FileProfile::IdentityCard, &photos, &to, Language::En).await;
    assert!(!has_greek(&issued.message.text), "{}", issued.message.text);
    let association = citizen::take(&visit, &issued.code).await;
    for view in [&issued.view, &association, &photographer::listed(&studio, &issued.upload_id).await] {
        assert_eq!(view["profile"], "identity_card");
    }
    assert_eq!((&association["images"][0]["width"], &association["images"][0]["height"]), (&json!(1280), &json!(1600)));
}

#[tokio::test]
async fn a_set_may_be_a_face_alone_or_a_signature_alone() {
    let studio = fresh_photographer().await;
    let signature_only: Photos = vec![(ImageKind::Signature, fixtures::signature())];
    for (photos, present, absent) in
        [(face_only(), ImageKind::Face, ImageKind::Signature), (signature_only, ImageKind::Signature, ImageKind::Face)]
    {
        let visit = fresh_citizen().await;
        let to = To::Mobile(visit.person.mobile().to_owned());
        let issued = photographer::issue(&studio, FileProfile::Standard, &photos, &to, Language::El).await;
        assert_eq!(issued.view["images"], json!([present]));
        let association = citizen::take(&visit, &issued.code).await;
        let kinds: Vec<&Value> = association["images"].as_array().expect("images").iter().map(|image| &image["kind"]).collect();
        assert_eq!(kinds, [&json!(present)]);
        citizen::show_photo(&visit, present).await.expect(200);
        citizen::show_photo(&visit, absent).await.rejected(404, "image_absent");
    }
}

#[tokio::test]
async fn photos_rejected_by_one_person_can_be_associated_by_another() {
    let (studio, first, second) = (fresh_photographer().await, fresh_citizen().await, fresh_citizen().await);
    let issued = photographer::issue_by_sms(&studio, first.person.mobile()).await;
    citizen::submit(&first, &issued.code).await.expect(200);
    citizen::reject(&first).await.expect(204);
    citizen::confirm(&first).await.rejected(404, "no_submission");
    citizen::take(&second, &issued.code).await;
    citizen::submit(&first, &issued.code).await.rejected(403, "code_taken");
    citizen::submit(&second, &issued.code).await.rejected(409, "code_already_yours");
}

#[tokio::test]
async fn submitting_the_same_code_again_does_not_count_even_with_spaces() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let issued = photographer::issue_by_sms(&studio, visit.person.mobile()).await;
    let spaced = issued.code.chars().map(|c| format!("{c} ")).collect::<String>();
    for code in [&issued.code, &spaced, &issued.code] {
        assert_eq!(citizen::submit(&visit, code).await.expect(200).json()["submissions_left"], 4);
    }
}

#[tokio::test]
async fn a_photographer_switches_to_citizen_without_signing_in_again() {
    let studio = fresh_photographer().await;
    let issued = photographer::issue_by_sms(&studio, studio.person.mobile()).await;
    citizen::submit(&studio, &issued.code).await.rejected(403, "wrong_role");
    let session = studio.browser.put("/v1/session/role", &json!({ "kind": "citizen" })).await.expect(200).json();
    assert_eq!((&session["stage"], &session["consent"]["given"]), (&json!("consent"), &json!(false)));
    citizen::submit(&studio, &issued.code).await.rejected(403, "consent_required");
    let agreed = json!({ "version": session["consent"]["version"], "agree": true });
    studio.browser.post("/v1/session/consent", &agreed).await.expect(200);
    citizen::take(&studio, &issued.code).await;
}
