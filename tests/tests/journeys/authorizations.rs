//! Authorizations of applications: granting one or several at once, revoking them, how dissociation ends them, and their history.

use domain::{
    FileProfile, ImageKind, Language, Moment, SubjectId,
    application::{ApplicationId, Purpose},
};
use futures_util::{
    future::join_all,
    stream::{self, StreamExt},
};
use journeys::{
    application::{self, Application},
    browser::{Problem, Request},
    citizen::{acting, own},
    fixtures, minors,
    people::{Visit, fresh_citizen, fresh_photographer},
    photographer::{Photos, To, issue, issue_by_sms},
    stack,
};
use reqwest::Method;
use serde_json::{Value, json};
use storage::{Transaction, associations::Associations};

use crate::{aws, items::items_where};

const AUTHORIZATIONS: &str = "/v1/subjects/self/authorizations";

async fn associated() -> Visit {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    own(&visit).take(&issue_by_sms(&studio, visit.person.mobile()).await.code).await;
    visit
}

async fn applications(count: usize) -> Vec<Application> {
    stream::iter(0..count).map(|_| application::fresh(Purpose::DrivingLicenceRenewal)).buffered(8).collect().await
}

fn ids(association: &Value) -> Vec<&str> {
    association["applications"].as_array().unwrap().iter().map(|given| given["application"].as_str().unwrap()).collect()
}

/// Sends the request in Greek and in English, and checks that both are rejected with this status and problem code. Returns the problem in
/// English.
async fn assert_rejected<'b>(call: impl Fn() -> Request<'b>, status: u16, code: &str) -> Problem {
    let greek = call().header("accept-language", "el").send().await.rejected(status, code);
    let english = call().header("accept-language", "en").send().await.rejected(status, code);
    assert_ne!((&greek.title, &greek.detail), (&english.title, &english.detail));
    english
}

/// Returns a request to authorise these applications.
fn authorization_request<'b>(visit: &'b Visit, names: &Value) -> Request<'b> {
    visit.browser.request(Method::POST, AUTHORIZATIONS).json(&json!({ "applications": names }))
}

/// Deletes items of the history, as if the table had been lost and restored to an earlier time (docs/operating/restoring.md).
#[tokio::test]
async fn a_lost_history_does_not_prevent_revocation_or_dissociation() {
    let (visit, all) = (associated().await, applications(3).await);
    let names: Vec<&str> = all.iter().map(|application| application.id.as_str()).collect();
    own(&visit).authorize(&names).await.expect(200);
    let client = aws::dynamodb(&aws::config().await);
    for application in &names[..2] {
        let item = items_where("HISTORY_TABLE", "application = :value", application).await.remove(0);
        let delete = client.delete_item().table_name(stack::variable("HISTORY_TABLE"));
        let delete = delete.key("subject_id", item["subject_id"].clone()).key("event", item["event"].clone());
        delete.send().await.expect("access to the table");
    }
    own(&visit).revoke(names[0]).await.expect(204);
    all[0].pull(&format!("afm:{}", visit.person.afm), ImageKind::Face).await.rejected(403, "pull_refused");
    own(&visit).dissociate().await.expect(204);
    let history = own(&visit).authorizations("").await.expect(200).json()["authorizations"].clone();
    assert_eq!(history.as_array().map(Vec::len), Some(1), "{history}");
    assert!(!history[0]["ended_at"].is_null(), "{history}");
}

#[tokio::test]
async fn several_applications_are_authorised_at_once_and_the_history_shows_start_and_end() {
    let (visit, all) = (associated().await, applications(3).await);
    let names: Vec<&str> = all.iter().map(|application| application.id.as_str()).collect();
    let association = own(&visit).authorize(&names[..2]).await.expect(200).json();
    let mut sorted = names[..2].to_vec();
    sorted.sort_unstable();
    assert_eq!(ids(&association), sorted);
    own(&visit).authorize(&names[1..]).await.expect(200);
    let current = own(&visit).show_association().await.expect(200).json();
    assert_eq!(ids(&current).len(), 3, "an existing authorization is unchanged");

    own(&visit).revoke(names[0]).await.expect(204);
    own(&visit).revoke(names[0]).await.expect(204);
    let history = own(&visit).authorizations("").await.expect(200).json()["authorizations"].clone();
    assert_eq!(history.as_array().unwrap().len(), 3);
    for record in history.as_array().unwrap() {
        let ended = record["application"]["id"] == names[0];
        assert_eq!((record["ended_at"].is_string(), record["ends_at"].is_string()), (ended, !ended), "{record}");
        assert_eq!((&record["given_by_subject"], &record["purpose"]["code"]), (&json!(true), &json!("driving_licence_renewal")));
        let of = all.iter().find(|application| record["application"]["id"] == application.id).unwrap();
        assert_eq!(record["application"]["name"], json!({ "el": of.name_el, "en": of.name_en }));
    }

    // Authorising an application again creates a new record in the history. Dissociating ends all authorizations in force.
    own(&visit).authorize(&names[..1]).await.expect(200);
    own(&visit).dissociate().await.expect(204);
    let history = own(&visit).authorizations("").await.expect(200).json()["authorizations"].clone();
    assert_eq!(history.as_array().unwrap().len(), 4);
    assert!(history.as_array().unwrap().iter().all(|record| record["ended_at"].is_string()), "{history}");
    own(&visit).authorize(&names).await.rejected(404, "nothing_associated");
    own(&visit).revoke(names[1]).await.rejected(404, "nothing_associated");
}

#[tokio::test]
async fn histories_are_paginated_newest_first() {
    let (visit, all) = (associated().await, applications(3).await);
    for application in &all {
        own(&visit).authorize(&[&application.id]).await.expect(200);
        application.pulled(&format!("afm:{}", visit.person.afm), ImageKind::Face).await;
    }
    for list in ["authorizations", "accesses"] {
        let mut ids = Vec::new();
        let mut query = "?limit=2".to_owned();
        loop {
            let path = format!("/v1/subjects/self/{list}{query}");
            let page = visit.browser.get(&path).await.expect(200).json();
            ids.extend(page[list].as_array().unwrap().iter().map(|record| record["application"]["id"].as_str().unwrap().to_owned()));
            match page["next"].as_str() {
                Some(next) => query = format!("?limit=2&cursor={next}"),
                None => break,
            }
        }
        let expected: Vec<&str> = all.iter().rev().map(|application| application.id.as_str()).collect();
        assert_eq!(ids, expected, "{list}");
        for wrong in ["?limit=0", "?limit=101", "?limit=x", "?cursor=x"] {
            visit.browser.get(&format!("/v1/subjects/self/{list}{wrong}")).await.rejected(422, "invalid_field");
        }
    }
}

#[tokio::test]
async fn all_requested_applications_are_authorised_or_none() {
    let (visit, one) = (associated().await, applications(1).await.remove(0));
    let problem =
        assert_rejected(|| authorization_request(&visit, &json!([one.id, "no-such-application"])), 404, "application_unknown").await;
    assert_eq!(problem.members["application"], "no-such-application");
    assert!(ids(&own(&visit).show_association().await.expect(200).json()).is_empty());
    application::operate(&["withdraw", &one.id]).await.unwrap();
    assert_rejected(|| authorization_request(&visit, &json!([one.id])), 404, "application_unknown").await;
    for (body, field) in
        [(json!({ "applications": [] }), "applications"), (json!({}), "applications"), (json!({ "applications": [1] }), "applications[0]")]
    {
        let problem = assert_rejected(|| visit.browser.request(Method::POST, AUTHORIZATIONS).json(&body), 422, "invalid_field").await;
        assert_eq!(problem.members["field"], field);
    }
}

#[tokio::test]
async fn photos_of_another_profile_or_without_a_face_serve_no_application() {
    let visit = associated().await;
    let card =
        application::fresh_with(Purpose::IdentityCard, FileProfile::IdentityCard, domain::application::SigningAlgorithm::EdDsa).await;
    let problem = assert_rejected(|| authorization_request(&visit, &json!([card.id])), 409, "profile_mismatch").await;
    assert_eq!((&problem.members["needed"], &problem.members["profile"]), (&json!("identity_card"), &json!("standard")));

    let (studio, signer) = (fresh_photographer().await, fresh_citizen().await);
    let signature: Photos = vec![(ImageKind::Signature, fixtures::signature())];
    let to = To::Mobile(signer.person.mobile().to_owned());
    let code = issue(&studio, FileProfile::Standard, &signature, &to, Language::El).await.code;
    own(&signer).take(&code).await;
    let licence = application::fresh(Purpose::DrivingLicenceIssue).await;
    assert_rejected(|| authorization_request(&signer, &json!([licence.id])), 409, "face_absent").await;
}

#[tokio::test]
async fn at_most_fifty_applications_are_authorised_at_a_time() {
    let (visit, all) = (associated().await, applications(51).await);
    let names: Vec<&str> = all.iter().map(|application| application.id.as_str()).collect();
    assert_rejected(|| authorization_request(&visit, &json!(names)), 409, "authorizations_exhausted").await;
    own(&visit).authorize(&names[..50]).await.expect(200);
    let problem = assert_rejected(|| authorization_request(&visit, &json!(names[50..])), 409, "authorizations_exhausted").await;
    assert_eq!(problem.members["limit"], 50);
    own(&visit).revoke(names[0]).await.expect(204);
    own(&visit).authorize(&names[50..]).await.expect(200);
    // Dissociating ends all fifty authorizations in one transaction.
    own(&visit).dissociate().await.expect(204);
    let history = own(&visit).authorizations("?limit=100").await.expect(200).json()["authorizations"].clone();
    assert!(history.as_array().unwrap().iter().all(|record| record["ended_at"].is_string()));
}

#[tokio::test]
async fn concurrent_authorizations_are_all_stored() {
    let (visit, all) = (associated().await, applications(3).await);
    let (visit, all) = (&visit, &all);
    let responses = join_all(all.iter().map(|application| async move { own(visit).authorize(&[&application.id]).await })).await;
    assert!(responses.iter().all(|response| response.status == 200 || response.status == 409), "{responses:?}");
    let accepted = responses.iter().filter(|response| response.status == 200).count();
    assert!(accepted > 0);
    assert_eq!(ids(&own(visit).show_association().await.expect(200).json()).len(), accepted);
}

#[tokio::test]
async fn a_guardians_authorization_ends_when_the_minor_turns_18() {
    let visit = fresh_citizen().await;
    let added = minors::add(&visit, &minors::nearly_adult(&visit.person).await.body()).await.expect(201).json();
    let child = acting(&visit, added["subject"].as_str().unwrap());
    let studio = fresh_photographer().await;
    child.take(&issue_by_sms(&studio, visit.person.mobile()).await.code).await;
    let one = application::fresh(Purpose::Passport).await;
    let association = child.authorize(&[&one.id]).await.expect(200).json();
    let until = association["applications"][0]["until"].as_str().unwrap().to_owned();
    // `until` is in UTC, in which midnight in Athens is 22:00 or 21:00 of the day before.
    let adult_on: jiff::civil::Date = added["adult_on"].as_str().unwrap().parse().unwrap();
    assert!(until.starts_with(&adult_on.yesterday().unwrap().to_string()), "{until} {adult_on}");
    let history = child.authorizations("").await.expect(200).json();
    assert_eq!(history["authorizations"][0]["ends_at"], json!(until));
    assert_eq!(history["authorizations"][0]["given_by_subject"], json!(false));
    child.dissociate().await.expect(204);
}

#[tokio::test]
async fn an_expired_authorization_is_neither_shown_nor_counted_nor_ended_again() {
    let (studio, guardian) = (fresh_photographer().await, fresh_citizen().await);
    let minor = minors::fresh(&guardian.person, &json!({})).await;
    let child = acting(&guardian, &minors::added(&guardian, &minor).await);
    let taken = child.take(&issue_by_sms(&studio, guardian.person.mobile()).await.code).await;
    let one = application::fresh(Purpose::Passport).await;
    let association = child.authorize(&[&one.id]).await.expect(200).json();
    assert_eq!(association["applications"][0]["until"], Value::Null, "for an eight-year-old it ends with the photos");
    let history = async || child.authorizations("").await.expect(200).json()["authorizations"].clone();
    assert_eq!(history().await[0]["ends_at"], taken["expires_at"]);

    let subject = serde_json::from_value(child.export().await.expect(200).json()["person"]["subject_id"].clone()).unwrap();
    expire_authorization(&subject, &one.id).await;
    assert_eq!(ids(&child.show_association().await.expect(200).json()), Vec::<&str>::new());
    // Revoking an expired authorization changes nothing, so the history still shows the time at which the authorization expired.
    let before = history().await;
    child.revoke(&one.id).await.expect(204);
    assert_eq!(history().await, before);
    assert_eq!(ids(&child.authorize(&[&one.id]).await.expect(200).json()), [one.id.as_str()]);
    let (both, old) = (history().await, before[0].clone());
    assert_eq!((both.as_array().unwrap().len(), &both[1]), (2, &old), "a new authorization has its own record");
    expire_authorization(&subject, &one.id).await;
    child.dissociate().await.expect(204);
    assert_eq!(history().await, both);
}

/// Makes an authorization expire now, as a guardian's authorization does on the minor's 18th birthday. Writes to the table directly.
async fn expire_authorization(subject: &SubjectId, application: &str) {
    let client = aws::dynamodb(&aws::config().await);
    let associations = Associations::new(client.clone(), stack::variable("ASSOCIATIONS_TABLE"));
    let now = Moment::from_epoch_seconds(application::now());
    let read = associations.of(subject, now).await.unwrap().unwrap();
    let mut applications = read.applications.clone();
    applications.get_mut(&ApplicationId::parse(application).unwrap()).unwrap().until = Some(now);
    Transaction::new(client).with(associations.applications_write(&read, &applications).unwrap()).commit().await.unwrap();
}
