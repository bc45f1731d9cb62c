//! Verdicts of applications on the images that they pulled, as the person and the photographer see them.

use domain::{
    FileProfile, ImageKind, Language,
    application::{Purpose, SigningAlgorithm},
};
use journeys::{
    application::{self, VERDICTS, accesses},
    citizen,
    people::{fresh_citizen, fresh_photographer},
    photographer::{self, To, issue},
};
use serde_json::json;

use crate::{
    applications::{Associated, afm, assert_rejected, associated, authorized},
    aws,
    items::items_where,
};

#[tokio::test]
async fn the_person_sees_the_whole_verdict_and_the_photographer_only_its_outcome_and_reason() {
    let Associated { visit, studio, upload_id } = associated().await;
    let application = authorized(&visit, Purpose::Passport).await;
    let pull = application.pulled(&afm(&visit), ImageKind::Face).await;
    let text = "Τα γυαλιά αντανακλούν.";
    let refusal = json!({ "verdict": "refused", "reason": "glasses", "text": text });
    let response = application.report(&pull, &refusal).await.expect(200).json();
    for (name, value) in refusal.as_object().expect("members") {
        assert_eq!(&response[name], value);
    }
    assert_eq!(response["pull"], json!(pull));
    assert!(response["reported_at"].is_string());
    let access = accesses(&visit).await[0].to_string();
    assert!(access.contains("glasses") && access.contains(text), "{access}");
    let listed_verdicts = async || photographer::listed(&studio, &upload_id).await["verdicts"].clone();
    let reason = messages::applications::refusal_reason(domain::verdict::RefusalReason::Glasses, Language::El);
    let glasses = json!({ "verdict": "refused", "reason": "glasses", "reason_text": reason });
    assert_eq!(listed_verdicts().await, json!([glasses]), "verdict and reason, and nothing else");

    // Reporting the same verdict again changes nothing. A later verdict replaces it.
    application.report(&pull, &refusal).await.expect(200);
    application.report(&pull, &json!({ "verdict": "accepted" })).await.expect(200);
    let all = accesses(&visit).await;
    assert_eq!(all.len(), 1);
    assert!(all[0].to_string().contains("accepted") && !all[0].to_string().contains("glasses"), "{all:?}");
    assert_eq!(listed_verdicts().await, json!([{ "verdict": "accepted" }]));

    // The photographer sees equal verdicts only once. Otherwise two equal verdicts would reveal the purpose, because only applications for
    // driving licences pull two images.
    let licence = authorized(&visit, Purpose::DrivingLicenceIssue).await;
    for (image, verdict) in [(ImageKind::Face, json!({ "verdict": "accepted" })), (ImageKind::Signature, json!({ "verdict": "accepted" }))]
    {
        licence.report(&licence.pulled(&afm(&visit), image).await, &verdict).await.expect(200);
    }
    assert_eq!(listed_verdicts().await, json!([{ "verdict": "accepted" }]));
    // `accepted` is listed first, regardless of the order in which verdicts were reported.
    application.report(&pull, &refusal).await.expect(200);
    assert_eq!(listed_verdicts().await, json!([{ "verdict": "accepted" }, glasses]));
    assert!(!photographer::listed(&studio, &upload_id).await.to_string().contains(&application.id));
}

#[tokio::test]
async fn a_verdict_is_accepted_only_for_an_image_that_this_application_pulled() {
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
        assert_rejected(call, 404, "pull_unknown").await;
    }
    assert!(!accesses(&visit).await[0].to_string().contains("accepted"));
    // A rejected pull has no id.
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
        let problem = application.report(&pull, &wrong).await.rejected(422, "invalid_field");
        assert_eq!(problem.members["field"], field, "{wrong}");
    }
    let used = application.sign(&application.claims(VERDICTS, json!({ "pull": pull, "verdict": "accepted" })));
    application.send(VERDICTS, &used).await.expect(200);
    let replayed = application.send(VERDICTS, &used).await.rejected(401, "signature_refused");
    assert_eq!(replayed.members["reason"], "replayed");
}

#[tokio::test]
async fn a_verdict_is_recorded_even_after_the_photographers_row_has_expired() {
    let Associated { visit, studio, upload_id } = associated().await;
    let application = authorized(&visit, Purpose::Passport).await;
    let pull = application.pulled(&afm(&visit), ImageKind::Face).await;
    // Deletes the row of the upload, as its TTL would.
    let client = aws::dynamodb(&aws::config().await);
    let rows = items_where("ISSUANCES_TABLE", "upload_id = :value", &upload_id).await;
    let row = rows.first().expect("the upload's row");
    let delete = client.delete_item().table_name(journeys::stack::variable("ISSUANCES_TABLE")).key("business", row["business"].clone());
    delete.key("upload_id", row["upload_id"].clone()).send().await.expect("deleted");
    application.report(&pull, &json!({ "verdict": "refused", "reason": "light" })).await.expect(200);
    assert!(accesses(&visit).await[0].to_string().contains("light"));
    let history = studio.browser.get("/v1/photographer/issuances").await.expect(200).json();
    assert!(!history.to_string().contains(&upload_id), "the verdict does not create the row again");
}

#[tokio::test]
async fn verdicts_are_recorded_for_identity_card_photos_too() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let photos = vec![(ImageKind::Face, journeys::fixtures::identity_card_portrait())];
    let issued = issue(&studio, FileProfile::IdentityCard, &photos, &To::Email(visit.person.email()), Language::El).await;
    citizen::take(&visit, &issued.code).await;
    let application = application::fresh_with(Purpose::IdentityCard, FileProfile::IdentityCard, SigningAlgorithm::Rs256).await;
    application::authorize(&visit, &[&application.id]).await.expect(200);
    let pull = application.pulled(&afm(&visit), ImageKind::Face).await;
    application.report(&pull, &json!({ "verdict": "accepted" })).await.expect(200);
}
