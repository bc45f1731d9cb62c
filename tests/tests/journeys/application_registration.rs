//! Registration of applications: keys and withdrawals by operators, and the list that citizens see.

use domain::{
    ImageKind,
    application::{Purpose, SigningAlgorithm},
};
use journeys::{
    application::{self, PULLS, SigningKey, add_key, now, operate, token},
    people::fresh_citizen,
};
use operator::OperatorError;
use serde_json::json;

use crate::{
    applications::{Associated, afm, associated, authorized},
    aws,
};

#[tokio::test]
async fn keys_rotate_without_a_gap_and_a_removed_key_is_rejected_at_once() {
    let Associated { visit, .. } = associated().await;
    let application = authorized(&visit, Purpose::Passport).await;
    let second = SigningKey::new("second", SigningAlgorithm::Es256);
    let claims = || application.pull_claims(&afm(&visit), ImageKind::Face);
    let by_second = || token(&second, &second.header(), &claims());

    application.send(PULLS, &by_second()).await.rejected(401, "signature_refused");
    add_key(&application.id, &second).await.expect("a second key");
    application.pull(&afm(&visit), ImageKind::Face).await.expect(200);
    application.send(PULLS, &by_second()).await.expect(200);
    let third = add_key(&application.id, &SigningKey::new("third", SigningAlgorithm::EdDsa)).await;
    assert!(matches!(third, Err(OperatorError::TooManyKeys(..))), "{third:?}");
    operate(&["key", "remove", &application.id, "--kid", "first"]).await.expect("removed");
    application.pull(&afm(&visit), ImageKind::Face).await.rejected(401, "signature_refused");
    application.send(PULLS, &by_second()).await.expect(200);
    let unknown = operate(&["key", "remove", &application.id, "--kid", "third"]).await;
    assert!(matches!(unknown, Err(OperatorError::KeyUnknown(..))), "{unknown:?}");
    let last = operate(&["key", "remove", &application.id, "--kid", "second"]).await;
    assert!(matches!(last, Err(OperatorError::LastKey(..))), "{last:?}");

    operate(&["withdraw", &application.id]).await.expect("withdrawn");
    application.send(PULLS, &by_second()).await.rejected(401, "signature_refused");
    operate(&["restore", &application.id]).await.expect("restored");
    application.send(PULLS, &by_second()).await.expect(200);
}

#[tokio::test]
async fn operators_cannot_overwrite_an_application_or_each_others_changes() {
    let application = application::fresh(Purpose::Passport).await;
    let again = operate(&["add", &application.id, "--name-el", "Α", "--name-en", "A", "--purpose", "language_exam"]).await;
    assert!(matches!(again, Err(OperatorError::Taken(_))), "{again:?}");
    assert!(operate(&["show", &application.id]).await.expect("shown").contains("passport"));
    assert!(matches!(operate(&["withdraw", "nobody-knows-this"]).await, Err(OperatorError::Unknown(_))));

    // Two operators change the same application. The second change is based on an outdated read, so it must not overwrite the first one.
    let table =
        storage::applications::Applications::new(aws::dynamodb(&aws::config().await), journeys::stack::variable("APPLICATIONS_TABLE"));
    let now = domain::Moment::from_epoch_seconds(now());
    let id = domain::application::ApplicationId::parse(&application.id).expect("an id");
    let read = table.find(&id, now).await.expect("a response").expect("the application");
    operate(&["withdraw", &application.id]).await.expect("withdrawn");
    let mut changed = read.clone();
    changed.revision = storage::time_ordered_id();
    assert!(!table.replace(&read, &changed, now).await.expect("a response"));
    assert!(operate(&["show", &application.id]).await.expect("shown").contains("withdrawn since"));
}

#[tokio::test]
async fn citizens_see_active_applications_with_names_in_both_languages() {
    let application = application::fresh(Purpose::DrivingLicenceRenewal).await;
    let visit = fresh_citizen().await;
    let find_listed = async || {
        let all = visit.browser.get("/v1/applications").await.expect(200).json();
        all["applications"].as_array().expect("a list").iter().find(|item| item["id"] == application.id).cloned()
    };
    let item = find_listed().await.expect("the new application");
    assert_eq!(item["names"], json!({ "el": application.name_el, "en": application.name_en }));
    assert_eq!(item["purpose"], json!({ "code": "driving_licence_renewal", "text": "Ανανέωση άδειας οδήγησης" }));
    assert_eq!((&item["profile"], &item["gets_signature"]), (&json!("standard"), &json!(true)));
    operate(&["withdraw", &application.id]).await.expect("withdrawn");
    assert_eq!(find_listed().await, None);
}
