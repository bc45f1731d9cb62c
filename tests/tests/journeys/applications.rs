//! Applications of public bodies: what they may pull, when no longer, what they say of it, and who learns of that.

use aws_lc_rs::hmac;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    FileProfile, ImageKind, Language,
    application::{Purpose, SigningAlgorithm},
};
use journeys::{
    application::{self, Application, PULLS, SigningKey, VERDICTS, accesses, add_key, message, now, operate, token},
    browser::{Problem, Request},
    citizen,
    people::{self, Visit, fresh_citizen, fresh_photographer},
    photographer::{self, To, face_only, issue, issue_by_sms},
};
use operator::OperatorError;
use serde_json::{Value, json};

use crate::aws;

/// Somebody whose photos are associated, face and signature; the photographer, and the upload.
struct Associated {
    visit: Visit,
    studio: Visit,
    upload_id: String,
}

async fn associated() -> Associated {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let issued = issue_by_sms(&studio, visit.person.mobile()).await;
    citizen::take(&visit, &issued.code).await;
    Associated { visit, studio, upload_id: issued.upload_id }
}

fn afm(visit: &Visit) -> String {
    format!("afm:{}", visit.person.afm)
}

/// An application that may pull this person's photos.
async fn authorized(visit: &Visit, purpose: Purpose) -> Application {
    let application = application::fresh(purpose).await;
    application::authorize(visit, &[&application.id]).await.expect(200);
    application
}

/// Asks twice, each time with a new request: the same refusal in Greek and in English. The English one comes back.
async fn refused<'b>(call: impl Fn() -> Request<'b>, status: u16, code: &str) -> Problem {
    let greek = call().header("accept-language", "el").send().await.refused(status, code);
    let english = call().header("accept-language", "en").send().await;
    assert_eq!(english.header("cache-control"), Some("no-store"));
    let english = english.refused(status, code);
    assert_ne!((&greek.title, &greek.detail), (&english.title, &english.detail));
    english
}

/// A request to pull that is refused for its signature, with the reason.
async fn signature_refused(application: &Application, token: impl Fn() -> String, reason: &str) {
    let problem = refused(|| application.request(PULLS, &token()), 401, "signature_refused").await;
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
            let answer = application.pull(&afm(&visit), kind).await.expect(200);
            assert_eq!(answer.header("content-type"), Some("image/jpeg"));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            assert_eq!(answer.body, citizen::show_photo(&visit, kind).await.expect(200).body, "{algorithm:?} {kind:?}");
            let association = citizen::show_association(&visit).await.expect(200).json();
            assert_eq!(answer.header("photo-expires"), association["expires_at"].as_str());
            assert!(answer.header("pull-id").is_some_and(|id| id.len() > 60 && !id.contains(&visit.person.afm)));
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
            continue; // Needs photos of another profile.
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
            let problem = refused(call, 403, "image_not_allowed").await;
            assert_eq!(problem.members["image"], "signature");
        }
    }
}

#[tokio::test]
async fn an_image_that_is_not_in_the_set_is_absent_to_whoever_may_have_it() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let to = To::Email(visit.person.email());
    let issued = issue(&studio, FileProfile::Standard, &face_only(), &to, Language::El).await;
    citizen::take(&visit, &issued.code).await;
    let application = authorized(&visit, Purpose::DrivingLicenceIssue).await;
    application.pull(&afm(&visit), ImageKind::Signature).await.refused(404, "image_absent");
    // One that is not authorised learns nothing of what is in the set.
    let other = application::fresh(Purpose::DrivingLicenceIssue).await;
    other.pull(&afm(&visit), ImageKind::Signature).await.refused(403, "pull_refused");
}

#[tokio::test]
async fn unknown_person_nothing_associated_and_not_authorised_are_one_refusal() {
    let Associated { visit, .. } = associated().await;
    let nothing = fresh_citizen().await;
    let never_here = people::fresh("citizen").await;
    let application = application::fresh(Purpose::Passport).await;
    let mut answers = Vec::new();
    for subject in [afm(&visit), afm(&nothing), format!("afm:{}", never_here.afm), "paaypa:01234567890".to_owned()] {
        let call = || application.request(PULLS, &application.sign(&application.pull_claims(&subject, ImageKind::Face)));
        refused(call, 403, "pull_refused").await;
        let answer = application.pull(&subject, ImageKind::Face).await;
        let mut names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        names.sort();
        answers.push((answer.status, names, answer.body));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    // Both who are known read of it; the other has no history.
    for (visit, refusal) in [(&visit, "not_authorized"), (&nothing, "nothing_associated")] {
        let all = accesses(visit).await;
        assert_eq!(all.len(), 3, "{all:?}");
        assert!(all.iter().all(|access| access.to_string().contains(refusal)), "{all:?}");
    }
}

/// What stands in the history of a pull, whosever it is.
async fn written(case: &Value) -> std::collections::HashMap<String, AttributeValue> {
    let scan = aws::dynamodb(&aws::config().await).scan().table_name(journeys::stack::variable("HISTORY_TABLE")).consistent_read(true);
    let scan = scan.filter_expression("#case = :case").expression_attribute_names("#case", "case");
    let scan = scan.expression_attribute_values(":case", AttributeValue::S(case.as_str().unwrap().to_owned()));
    let mut all = scan.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await.unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[tokio::test]
async fn of_a_refused_pull_no_upload_is_noted_and_of_nobody_nothing_is_kept() {
    let Associated { visit, .. } = associated().await;
    let application = application::fresh(Purpose::Passport).await;
    let never_here = people::fresh("citizen").await;
    for (subject, ends) in [(afm(&visit), false), (format!("afm:{}", never_here.afm), true)] {
        let claims = application.pull_claims(&subject, ImageKind::Face);
        application.send(PULLS, &application.sign(&claims)).await.refused(403, "pull_refused");
        let record = written(&claims["case"]).await;
        assert!(!record.contains_key("origin"), "{record:?}");
        let end: i64 = record["expires_at"].as_n().unwrap().parse().unwrap();
        assert_eq!(end <= now(), ends, "{end}");
    }
    application::authorize(&visit, &[&application.id]).await.expect(200);
    let claims = application.pull_claims(&afm(&visit), ImageKind::Face);
    application.send(PULLS, &application.sign(&claims)).await.expect(200);
    assert!(written(&claims["case"]).await.contains_key("origin"));
}

#[tokio::test]
async fn a_revocation_holds_for_the_next_pull_and_an_authorization_again_too() {
    let Associated { visit, .. } = associated().await;
    let (application, other) = (authorized(&visit, Purpose::Passport).await, authorized(&visit, Purpose::LanguageExam).await);
    for _ in 0..3 {
        application.pull(&afm(&visit), ImageKind::Face).await.expect(200);
        let revoked = application::revoke(&visit, &application.id).await;
        assert!((200..300).contains(&revoked.status), "{}", revoked.text());
        application.pull(&afm(&visit), ImageKind::Face).await.refused(403, "pull_refused");
        application::authorize(&visit, &[&application.id]).await.expect(200);
    }
    other.pull(&afm(&visit), ImageKind::Face).await.expect(200);
}

#[tokio::test]
async fn a_dissociation_holds_for_the_next_pull_of_every_application() {
    let Associated { visit, .. } = associated().await;
    let applications = [authorized(&visit, Purpose::Passport).await, authorized(&visit, Purpose::DrivingLicenceIssue).await];
    let dissociated = application::dissociate(&visit).await;
    assert!((200..300).contains(&dissociated.status), "{}", dissociated.text());
    for application in &applications {
        application.pull(&afm(&visit), ImageKind::Face).await.refused(403, "pull_refused");
    }
}

#[tokio::test]
async fn the_person_reads_who_asked_for_what() {
    let Associated { visit, .. } = associated().await;
    let application = authorized(&visit, Purpose::Passport).await;
    application.pull(&afm(&visit), ImageKind::Face).await.expect(200);
    application.pull(&afm(&visit), ImageKind::Signature).await.refused(403, "image_not_allowed");
    let all = accesses(&visit).await;
    assert_eq!(all.len(), 2);
    assert!(all.iter().all(|access| access.to_string().contains(&application.id)), "{all:?}");
    assert!(all[0].to_string().contains("signature") && all[0].to_string().contains("purpose_forbids"), "{all:?}");
    assert!(all[1].to_string().contains("face"), "{all:?}");
}

// ---- What is signed

#[tokio::test]
async fn what_is_not_signed_by_a_registered_key_is_refused() {
    let Associated { visit, .. } = associated().await;
    let application = authorized(&visit, Purpose::Passport).await;
    let claims = || application.pull_claims(&afm(&visit), ImageKind::Face);
    let header = |alg: &str, kid: &str| json!({ "alg": alg, "kid": kid });
    let key = &application.key;

    refused(|| application.request(PULLS, "").without("authorization").json(&json!({})), 401, "request_unsigned").await;
    signature_refused(&application, || "a.b.c".to_owned(), "malformed").await;
    // `none`, and the public key taken for a secret.
    signature_refused(&application, || format!("{}.", message(&header("none", "first"), &claims())), "algorithm").await;
    let secret = hmac::Key::new(hmac::HMAC_SHA256, key.pem().as_bytes());
    let by_hmac = || {
        let message = message(&header("HS256", "first"), &claims());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&secret, message.as_bytes())))
    };
    signature_refused(&application, by_hmac, "algorithm").await;
    // All that needs a key to be seen is one answer.
    signature_refused(&application, || token(key, &header("RS256", "first"), &claims()), "signature").await;
    signature_refused(&application, || token(key, &header("EdDSA", "second"), &claims()), "signature").await;
    let stranger = SigningKey::new("first", SigningAlgorithm::EdDsa);
    signature_refused(&application, || token(&stranger, &stranger.header(), &claims()), "signature").await;
    let other = application::fresh(Purpose::Passport).await;
    let in_anothers_name = || {
        let mut claims = other.pull_claims(&afm(&visit), ImageKind::Face);
        claims["iss"] = json!(application.id);
        other.sign(&claims)
    };
    signature_refused(&application, in_anothers_name, "signature").await;
    let unknown = || {
        let mut claims = claims();
        claims["iss"] = json!("nobody-knows-this");
        application.sign(&claims)
    };
    signature_refused(&application, unknown, "signature").await;
    let changed = || {
        let good = application.sign(&claims());
        let (_, signature) = good.rsplit_once('.').expect("a signature");
        format!("{}.{signature}", message(&key.header(), &claims()))
    };
    signature_refused(&application, changed, "signature").await;
}

#[tokio::test]
async fn a_request_is_for_one_address_for_a_minute_and_once() {
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
    signature_refused(&application, || with(json!({ "aud": "https://example.gr/v1/pulls" })), "audience").await;
    signature_refused(&application, || times(-60, -1), "expired").await;
    signature_refused(&application, || times(30, 60), "not_yet_valid").await;
    signature_refused(&application, || times(0, 61), "claims").await;
    signature_refused(&application, || with(json!({ "jti": "" })), "claims").await;

    let used = with(json!({}));
    application.send(PULLS, &used).await.expect(200);
    signature_refused(&application, || used.clone(), "replayed").await;
    // Of many at once, one.
    let token = with(json!({}));
    let many = futures_util::future::join_all((0..8).map(|_| application.send(PULLS, &token))).await;
    assert_eq!(many.iter().filter(|answer| answer.status == 200).count(), 1);
    // For the other address it is another request.
    application.send(VERDICTS, &with(json!({}))).await.refused(401, "signature_refused");
}

#[tokio::test]
async fn claims_that_are_wrong_are_named() {
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
        let problem = refused(call, 422, "invalid_field").await;
        assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!(name), &json!(reason)));
    }
}

// ---- Operators

#[tokio::test]
async fn keys_are_changed_without_a_gap_and_a_removed_one_ends_at_once() {
    let Associated { visit, .. } = associated().await;
    let application = authorized(&visit, Purpose::Passport).await;
    let second = SigningKey::new("second", SigningAlgorithm::Es256);
    let claims = || application.pull_claims(&afm(&visit), ImageKind::Face);
    let by_second = || token(&second, &second.header(), &claims());

    application.send(PULLS, &by_second()).await.refused(401, "signature_refused");
    add_key(&application.id, &second).await.expect("a second key");
    application.pull(&afm(&visit), ImageKind::Face).await.expect(200);
    application.send(PULLS, &by_second()).await.expect(200);
    let third = add_key(&application.id, &SigningKey::new("third", SigningAlgorithm::EdDsa)).await;
    assert!(matches!(third, Err(OperatorError::TooManyKeys(..))), "{third:?}");
    operate(&["key", "remove", &application.id, "--kid", "first"]).await.expect("removed");
    application.pull(&afm(&visit), ImageKind::Face).await.refused(401, "signature_refused");
    application.send(PULLS, &by_second()).await.expect(200);
    let unknown = operate(&["key", "remove", &application.id, "--kid", "third"]).await;
    assert!(matches!(unknown, Err(OperatorError::KeyUnknown(..))), "{unknown:?}");
    let last = operate(&["key", "remove", &application.id, "--kid", "second"]).await;
    assert!(matches!(last, Err(OperatorError::LastKey(..))), "{last:?}");

    operate(&["withdraw", &application.id]).await.expect("withdrawn");
    application.send(PULLS, &by_second()).await.refused(401, "signature_refused");
    operate(&["restore", &application.id]).await.expect("restored");
    application.send(PULLS, &by_second()).await.expect(200);
}

#[tokio::test]
async fn an_application_is_never_overwritten_and_never_changed_unread() {
    let application = application::fresh(Purpose::Passport).await;
    let again = operate(&["add", &application.id, "--name-el", "Α", "--name-en", "A", "--purpose", "language_exam"]).await;
    assert!(matches!(again, Err(OperatorError::Taken(_))), "{again:?}");
    assert!(operate(&["show", &application.id]).await.expect("shown").contains("passport"));
    assert!(matches!(operate(&["withdraw", "nobody-knows-this"]).await, Err(OperatorError::Unknown(_))));

    // Two operators at once: what one has not seen, the other's change does not undo.
    let table =
        storage::applications::Applications::new(aws::dynamodb(&aws::config().await), journeys::stack::variable("APPLICATIONS_TABLE"));
    let now = domain::Moment::from_epoch_seconds(now());
    let id = domain::application::ApplicationId::parse(&application.id).expect("an id");
    let read = table.find(&id, now).await.expect("an answer").expect("the application");
    operate(&["withdraw", &application.id]).await.expect("withdrawn");
    let mut changed = read.clone();
    changed.revision = storage::time_ordered_id();
    assert!(!table.replace(&read, &changed, now).await.expect("an answer"));
    assert!(operate(&["show", &application.id]).await.expect("shown").contains("withdrawn since"));
}

#[tokio::test]
async fn citizens_see_the_applications_in_service_in_both_languages() {
    let application = application::fresh(Purpose::DrivingLicenceRenewal).await;
    let visit = fresh_citizen().await;
    let listed = async || {
        let all = visit.browser.get("/v1/applications").await.expect(200).json();
        all["applications"].as_array().expect("a list").iter().find(|item| item["id"] == application.id).cloned()
    };
    let item = listed().await.expect("the new one");
    assert_eq!(item["names"], json!({ "el": application.name_el, "en": application.name_en }));
    assert_eq!(item["purpose"], json!({ "code": "driving_licence_renewal", "text": "Ανανέωση άδειας οδήγησης" }));
    assert_eq!((&item["profile"], &item["gets_signature"]), (&json!("standard"), &json!(true)));
    operate(&["withdraw", &application.id]).await.expect("withdrawn");
    assert_eq!(listed().await, None);
}

// ---- Verdicts

#[tokio::test]
async fn the_person_reads_a_verdict_whole_and_the_photographer_its_reason_without_text_or_application() {
    let Associated { visit, studio, upload_id } = associated().await;
    let application = authorized(&visit, Purpose::Passport).await;
    let pull = application.pulled(&afm(&visit), ImageKind::Face).await;
    let text = "Τα γυαλιά αντανακλούν.";
    let refusal = json!({ "verdict": "refused", "reason": "glasses", "text": text });
    let answer = application.report(&pull, &refusal).await.expect(200).json();
    for (name, value) in refusal.as_object().expect("members") {
        assert_eq!(&answer[name], value);
    }
    assert_eq!(answer["pull"], json!(pull));
    assert!(answer["reported_at"].is_string());
    let read = accesses(&visit).await[0].to_string();
    assert!(read.contains("glasses") && read.contains(text), "{read}");
    let listed = async || photographer::listed(&studio, &upload_id).await["verdicts"].clone();
    let reason = messages::applications::refusal_reason(domain::verdict::RefusalReason::Glasses, Language::El);
    let glasses = json!({ "verdict": "refused", "reason": "glasses", "reason_text": reason });
    assert_eq!(listed().await, json!([glasses]), "verdict and reason, and nothing else");

    // Again is the same again; a later one takes its place.
    application.report(&pull, &refusal).await.expect(200);
    application.report(&pull, &json!({ "verdict": "accepted" })).await.expect(200);
    let read = accesses(&visit).await;
    assert_eq!(read.len(), 1);
    assert!(read[0].to_string().contains("accepted") && !read[0].to_string().contains("glasses"), "{read:?}");
    assert_eq!(listed().await, json!([{ "verdict": "accepted" }]));

    // The driving licence alone pulls two images: two equal verdicts would tell that it was one.
    let licence = authorized(&visit, Purpose::DrivingLicenceIssue).await;
    for (image, verdict) in [(ImageKind::Face, json!({ "verdict": "accepted" })), (ImageKind::Signature, json!({ "verdict": "accepted" }))]
    {
        licence.report(&licence.pulled(&afm(&visit), image).await, &verdict).await.expect(200);
    }
    assert_eq!(listed().await, json!([{ "verdict": "accepted" }]));
    // Accepted first, whichever was reported last.
    application.report(&pull, &refusal).await.expect(200);
    assert_eq!(listed().await, json!([{ "verdict": "accepted" }, glasses]));
    assert!(!photographer::listed(&studio, &upload_id).await.to_string().contains(&application.id));
}

#[tokio::test]
async fn a_verdict_is_on_an_image_that_this_application_was_given() {
    let Associated { visit, .. } = associated().await;
    let (application, other) = (authorized(&visit, Purpose::Passport).await, authorized(&visit, Purpose::Passport).await);
    let pull = application.pulled(&afm(&visit), ImageKind::Face).await;
    let accepted = json!({ "verdict": "accepted" });
    for (by, id) in [(&other, pull.as_str()), (&application, &pull[1..]), (&application, "unknown"), (&application, "")] {
        let call = || {
            let mut claims = by.claims(VERDICTS, accepted.clone());
            claims["pull"] = json!(id);
            by.request(VERDICTS, &by.sign(&claims))
        };
        refused(call, 404, "pull_unknown").await;
    }
    assert!(!accesses(&visit).await[0].to_string().contains("accepted"));
    // A pull that was refused has no id.
    let refusal = application.pull(&afm(&visit), ImageKind::Signature).await;
    assert_eq!(refusal.header("pull-id"), None);
    for (wrong, field) in [
        (json!({ "verdict": "refused" }), "reason"),
        (json!({ "verdict": "accepted", "reason": "light" }), "reason"),
        (json!({ "verdict": "refused", "reason": "ugly" }), "reason"),
        (json!({ "verdict": "perhaps" }), "verdict"),
        (json!({ "verdict": "accepted", "text": "a\nb" }), "text"),
        (json!({ "verdict": "accepted", "text": "x".repeat(501) }), "text"),
    ] {
        let problem = application.report(&pull, &wrong).await.refused(422, "invalid_field");
        assert_eq!(problem.members["field"], field, "{wrong}");
    }
    let used = application.sign(&application.claims(VERDICTS, json!({ "pull": pull, "verdict": "accepted" })));
    application.send(VERDICTS, &used).await.expect(200);
    let replayed = application.send(VERDICTS, &used).await.refused(401, "signature_refused");
    assert_eq!(replayed.members["reason"], "replayed");
}

#[tokio::test]
async fn a_verdict_is_noted_also_where_the_photographers_row_has_ended() {
    let Associated { visit, studio, upload_id } = associated().await;
    let application = authorized(&visit, Purpose::Passport).await;
    let pull = application.pulled(&afm(&visit), ImageKind::Face).await;
    // The row of the upload, as TTL removes it.
    let client = aws::dynamodb(&aws::config().await);
    let table = journeys::stack::variable("ISSUANCES_TABLE");
    let rows = client.scan().table_name(&table).consistent_read(true).send().await.expect("rows");
    let row = rows.items().iter().find(|item| item["upload_id"].as_s() == Ok(&upload_id)).expect("the upload's row");
    let delete = client.delete_item().table_name(&table).key("business", row["business"].clone());
    delete.key("upload_id", row["upload_id"].clone()).send().await.expect("deleted");
    application.report(&pull, &json!({ "verdict": "refused", "reason": "light" })).await.expect(200);
    assert!(accesses(&visit).await[0].to_string().contains("light"));
    let history = studio.browser.get("/v1/photographer/issuances").await.expect(200).json();
    assert!(!history.to_string().contains(&upload_id), "the verdict makes no row anew");
}

#[tokio::test]
async fn verdicts_are_noted_on_photos_of_the_other_profile_too() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let photos = vec![(ImageKind::Face, journeys::fixtures::identity_card_portrait())];
    let issued = issue(&studio, FileProfile::IdentityCard, &photos, &To::Email(visit.person.email()), Language::El).await;
    citizen::take(&visit, &issued.code).await;
    let application = application::fresh_with(Purpose::IdentityCard, FileProfile::IdentityCard, SigningAlgorithm::Rs256).await;
    application::authorize(&visit, &[&application.id]).await.expect(200);
    let pull = application.pulled(&afm(&visit), ImageKind::Face).await;
    application.report(&pull, &json!({ "verdict": "accepted" })).await.expect(200);
}
