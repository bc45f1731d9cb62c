//! Pulls by applications of public bodies: which images an application may pull, until when, and how its requests must be signed.

use aws_lc_rs::hmac;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    FileProfile, ImageKind, Language,
    application::{Purpose, SigningAlgorithm},
};
use journeys::{
    application::{self, Application, PULLS, SigningKey, VERDICTS, accesses, message, now, token},
    browser::{Problem, Request},
    citizen,
    people::{self, Visit, fresh_citizen, fresh_photographer},
    photographer::{To, face_only, issue, issue_by_sms},
};
use serde_json::{Value, json};

use crate::aws;

/// A citizen (`visit`) who has associated a face and a signature, and the photographer (`studio`) who uploaded them.
pub(crate) struct Associated {
    pub(crate) visit: Visit,
    pub(crate) studio: Visit,
    pub(crate) upload_id: String,
}

pub(crate) async fn associated() -> Associated {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let issued = issue_by_sms(&studio, visit.person.mobile()).await;
    citizen::take(&visit, &issued.code).await;
    Associated { visit, studio, upload_id: issued.upload_id }
}

pub(crate) fn afm(visit: &Visit) -> String {
    format!("afm:{}", visit.person.afm)
}

/// Registers an application that may pull this person's photos.
pub(crate) async fn authorized(visit: &Visit, purpose: Purpose) -> Application {
    let application = application::fresh(purpose).await;
    application::authorize(visit, &[&application.id]).await.expect(200);
    application
}

/// Sends a new request in Greek and another one in English, and checks that both are rejected with this status and problem code. Returns
/// the problem in English.
pub(crate) async fn assert_rejected<'b>(call: impl Fn() -> Request<'b>, status: u16, code: &str) -> Problem {
    let greek = call().header("accept-language", "el").send().await.rejected(status, code);
    let english = call().header("accept-language", "en").send().await;
    assert_eq!(english.header("cache-control"), Some("no-store"));
    let english = english.rejected(status, code);
    assert_ne!((&greek.title, &greek.detail), (&english.title, &english.detail));
    english
}

/// Checks that a pull with this token is rejected with `signature_refused`, and that the response gives this reason.
async fn assert_signature_rejected(application: &Application, token: impl Fn() -> String, reason: &str) {
    let problem = assert_rejected(|| application.request(PULLS, &token()), 401, "signature_refused").await;
    assert_eq!(problem.members["reason"], reason);
}

// ---- Pulling

#[tokio::test]
async fn an_authorised_application_pulls_the_image_that_the_person_sees() {
    let Associated { visit, .. } = associated().await;
    for algorithm in SigningAlgorithm::ALL {
        let application = application::fresh_with(Purpose::DrivingLicenceRenewal, FileProfile::Standard, algorithm).await;
        application::authorize(&visit, &[&application.id]).await.expect(200);
        for kind in ImageKind::ALL {
            let response = application.pull(&afm(&visit), kind).await.expect(200);
            assert_eq!(response.header("content-type"), Some("image/jpeg"));
            assert_eq!(response.header("cache-control"), Some("no-store"));
            assert_eq!(response.body, citizen::show_photo(&visit, kind).await.expect(200).body, "{algorithm:?} {kind:?}");
            let association = citizen::show_association(&visit).await.expect(200).json();
            assert_eq!(response.header("photo-expires"), association["expires_at"].as_str());
            assert!(response.header("pull-id").is_some_and(|id| id.len() > 60 && !id.contains(&visit.person.afm)));
        }
    }
    let amka = format!("amka:{}", visit.person.amka.as_deref().expect("an AMKA"));
    let application = authorized(&visit, Purpose::Passport).await;
    application.pull(&amka, ImageKind::Face).await.expect(200);
}

#[tokio::test]
async fn the_signature_goes_to_driving_licences_alone() {
    let Associated { visit, .. } = associated().await;
    for purpose in Purpose::ALL {
        if purpose == Purpose::IdentityCard {
            continue; // This application needs photos of another profile.
        }
        let application = authorized(&visit, purpose).await;
        application.pull(&afm(&visit), ImageKind::Face).await.expect(200);
        if purpose.gets(ImageKind::Signature) {
            application.pull(&afm(&visit), ImageKind::Signature).await.expect(200);
        } else {
            let call = || {
                let claims = application.pull_claims(&afm(&visit), ImageKind::Signature);
                application.request(PULLS, &application.sign(&claims))
            };
            let problem = assert_rejected(call, 403, "image_not_allowed").await;
            assert_eq!(problem.members["image"], "signature");
        }
    }
}

#[tokio::test]
async fn only_an_authorised_application_learns_that_an_image_is_absent() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let to = To::Email(visit.person.email());
    let issued = issue(&studio, FileProfile::Standard, &face_only(), &to, Language::El).await;
    citizen::take(&visit, &issued.code).await;
    let application = authorized(&visit, Purpose::DrivingLicenceIssue).await;
    application.pull(&afm(&visit), ImageKind::Signature).await.rejected(404, "image_absent");
    // To an application that is not authorised, the response does not reveal that the image is absent.
    let other = application::fresh(Purpose::DrivingLicenceIssue).await;
    other.pull(&afm(&visit), ImageKind::Signature).await.rejected(403, "pull_refused");
}

#[tokio::test]
async fn pulls_for_unknown_unassociated_and_unauthorised_people_are_rejected_alike() {
    let Associated { visit, .. } = associated().await;
    let unassociated = fresh_citizen().await;
    let unknown = people::fresh("citizen").await;
    let application = application::fresh(Purpose::Passport).await;
    let mut responses = Vec::new();
    for subject in [afm(&visit), afm(&unassociated), format!("afm:{}", unknown.afm), "paaypa:01234567890".to_owned()] {
        let call = || application.request(PULLS, &application.sign(&application.pull_claims(&subject, ImageKind::Face)));
        assert_rejected(call, 403, "pull_refused").await;
        let response = application.pull(&subject, ImageKind::Face).await;
        let mut names: Vec<String> = response.headers.keys().map(ToString::to_string).collect();
        names.sort();
        responses.push((response.status, names, response.body));
    }
    assert!(responses.windows(2).all(|pair| pair[0] == pair[1]), "{responses:?}");
    // Only the people of `visit` and `unassociated` have ever signed in. Both see the rejected pulls in their access logs.
    for (visit, refusal) in [(&visit, "not_authorized"), (&unassociated, "nothing_associated")] {
        let all = accesses(visit).await;
        assert_eq!(all.len(), 3, "{all:?}");
        assert!(all.iter().all(|access| access.to_string().contains(refusal)), "{all:?}");
    }
}

/// Finds the history item of a pull by its case number, among the items of all people.
async fn history_item(case: &Value) -> std::collections::HashMap<String, AttributeValue> {
    let scan = aws::dynamodb(&aws::config().await).scan().table_name(journeys::stack::variable("HISTORY_TABLE")).consistent_read(true);
    let scan = scan.filter_expression("#case = :case").expression_attribute_names("#case", "case");
    let scan = scan.expression_attribute_values(":case", AttributeValue::S(case.as_str().unwrap().to_owned()));
    let mut all = scan.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await.unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[tokio::test]
async fn a_rejected_pull_records_no_upload_and_its_record_expires_at_once_for_an_unknown_person() {
    let Associated { visit, .. } = associated().await;
    let application = application::fresh(Purpose::Passport).await;
    let unknown = people::fresh("citizen").await;
    for (subject, is_expired) in [(afm(&visit), false), (format!("afm:{}", unknown.afm), true)] {
        let claims = application.pull_claims(&subject, ImageKind::Face);
        application.send(PULLS, &application.sign(&claims)).await.rejected(403, "pull_refused");
        let record = history_item(&claims["case"]).await;
        assert!(!record.contains_key("origin"), "{record:?}");
        let expires_at: i64 = record["expires_at"].as_n().unwrap().parse().unwrap();
        assert_eq!(expires_at <= now(), is_expired, "{expires_at}");
    }
    application::authorize(&visit, &[&application.id]).await.expect(200);
    let claims = application.pull_claims(&afm(&visit), ImageKind::Face);
    application.send(PULLS, &application.sign(&claims)).await.expect(200);
    assert!(history_item(&claims["case"]).await.contains_key("origin"));
}

#[tokio::test]
async fn a_revocation_or_a_new_authorization_applies_to_the_next_pull() {
    let Associated { visit, .. } = associated().await;
    let (application, other) = (authorized(&visit, Purpose::Passport).await, authorized(&visit, Purpose::LanguageExam).await);
    for _ in 0..3 {
        application.pull(&afm(&visit), ImageKind::Face).await.expect(200);
        let revoked = application::revoke(&visit, &application.id).await;
        assert!((200..300).contains(&revoked.status), "{}", revoked.text());
        application.pull(&afm(&visit), ImageKind::Face).await.rejected(403, "pull_refused");
        application::authorize(&visit, &[&application.id]).await.expect(200);
    }
    other.pull(&afm(&visit), ImageKind::Face).await.expect(200);
}

#[tokio::test]
async fn a_dissociation_applies_to_the_next_pull_of_every_application() {
    let Associated { visit, .. } = associated().await;
    let applications = [authorized(&visit, Purpose::Passport).await, authorized(&visit, Purpose::DrivingLicenceIssue).await];
    let dissociated = application::dissociate(&visit).await;
    assert!((200..300).contains(&dissociated.status), "{}", dissociated.text());
    for application in &applications {
        application.pull(&afm(&visit), ImageKind::Face).await.rejected(403, "pull_refused");
    }
}

#[tokio::test]
async fn the_access_log_shows_granted_and_rejected_pulls() {
    let Associated { visit, .. } = associated().await;
    let application = authorized(&visit, Purpose::Passport).await;
    application.pull(&afm(&visit), ImageKind::Face).await.expect(200);
    application.pull(&afm(&visit), ImageKind::Signature).await.rejected(403, "image_not_allowed");
    let all = accesses(&visit).await;
    assert_eq!(all.len(), 2);
    assert!(all.iter().all(|access| access.to_string().contains(&application.id)), "{all:?}");
    assert!(all[0].to_string().contains("signature") && all[0].to_string().contains("purpose_forbids"), "{all:?}");
    assert!(all[1].to_string().contains("face"), "{all:?}");
}

// ---- Signed requests

#[tokio::test]
async fn a_request_not_signed_by_a_registered_key_is_rejected() {
    let Associated { visit, .. } = associated().await;
    let application = authorized(&visit, Purpose::Passport).await;
    let claims = || application.pull_claims(&afm(&visit), ImageKind::Face);
    let header = |alg: &str, kid: &str| json!({ "alg": alg, "kid": kid });
    let key = &application.key;

    assert_rejected(|| application.request(PULLS, "").without("authorization").json(&json!({})), 401, "request_unsigned").await;
    assert_signature_rejected(&application, || "a.b.c".to_owned(), "malformed").await;
    // Attacks on the signature: the algorithm `none`, and an HMAC with the public key as its secret.
    assert_signature_rejected(&application, || format!("{}.", message(&header("none", "first"), &claims())), "algorithm").await;
    let secret = hmac::Key::new(hmac::HMAC_SHA256, key.pem().as_bytes());
    let by_hmac = || {
        let message = message(&header("HS256", "first"), &claims());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&secret, message.as_bytes())))
    };
    assert_signature_rejected(&application, by_hmac, "algorithm").await;
    // All checks that need the registered key report the same reason, `signature`.
    assert_signature_rejected(&application, || token(key, &header("RS256", "first"), &claims()), "signature").await;
    assert_signature_rejected(&application, || token(key, &header("EdDSA", "second"), &claims()), "signature").await;
    let stranger = SigningKey::new("first", SigningAlgorithm::EdDsa);
    assert_signature_rejected(&application, || token(&stranger, &stranger.header(), &claims()), "signature").await;
    let other = application::fresh(Purpose::Passport).await;
    let with_issuer_of_another = || {
        let mut claims = other.pull_claims(&afm(&visit), ImageKind::Face);
        claims["iss"] = json!(application.id);
        other.sign(&claims)
    };
    assert_signature_rejected(&application, with_issuer_of_another, "signature").await;
    let unknown_issuer = || {
        let mut claims = claims();
        claims["iss"] = json!("nobody-knows-this");
        application.sign(&claims)
    };
    assert_signature_rejected(&application, unknown_issuer, "signature").await;
    let changed_claims = || {
        let good = application.sign(&claims());
        let (_, signature) = good.rsplit_once('.').expect("a signature");
        format!("{}.{signature}", message(&key.header(), &claims()))
    };
    assert_signature_rejected(&application, changed_claims, "signature").await;
}

#[tokio::test]
async fn a_signed_request_is_valid_for_one_url_for_one_minute_and_once() {
    let Associated { visit, .. } = associated().await;
    let application = authorized(&visit, Purpose::Passport).await;
    let with = |changes: Value| {
        let mut claims = application.pull_claims(&afm(&visit), ImageKind::Face);
        for (name, value) in changes.as_object().expect("claims") {
            claims[name] = value.clone();
        }
        application.sign(&claims)
    };
    let times = |from: i64, until: i64| with(json!({ "iat": now() + from, "exp": now() + until }));
    assert_signature_rejected(&application, || with(json!({ "aud": "https://example.gr/v1/pulls" })), "audience").await;
    assert_signature_rejected(&application, || times(-60, -1), "expired").await;
    assert_signature_rejected(&application, || times(30, 60), "not_yet_valid").await;
    assert_signature_rejected(&application, || times(0, 61), "claims").await;
    assert_signature_rejected(&application, || with(json!({ "jti": "" })), "claims").await;

    let used = with(json!({}));
    application.send(PULLS, &used).await.expect(200);
    assert_signature_rejected(&application, || used.clone(), "replayed").await;
    // If a token is used several times at once, exactly one use succeeds.
    let token = with(json!({}));
    let many = futures_util::future::join_all((0..8).map(|_| application.send(PULLS, &token))).await;
    assert_eq!(many.iter().filter(|response| response.status == 200).count(), 1);
    // A token for pulls is not valid for verdicts.
    application.send(VERDICTS, &with(json!({}))).await.rejected(401, "signature_refused");
}

#[tokio::test]
async fn an_invalid_claim_is_named_in_the_problem() {
    let application = application::fresh(Purpose::Passport).await;
    for (name, value, reason) in [
        ("sub", json!("068933130"), "not_allowed"),
        ("sub", json!("afm:068933131"), "invalid_number"),
        ("image", json!("preview"), "not_allowed"),
        ("case", json!(""), "invalid_text"),
        ("case", json!("c".repeat(65)), "invalid_text"),
        ("case", json!(7), "wrong_type"),
        ("more", json!(1), "unknown"),
    ] {
        let call = || {
            let mut claims = application.pull_claims("afm:068933130", ImageKind::Face);
            claims[name] = value.clone();
            application.request(PULLS, &application.sign(&claims))
        };
        let problem = assert_rejected(call, 422, "invalid_field").await;
        assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!(name), &json!(reason)));
    }
}
