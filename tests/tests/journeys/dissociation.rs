//! After a dissociation, photos can be decrypted only with their code, even by somebody who has all of our storage and keys.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{CodeNumber, ImageKind, Language, time::Span};
use journeys::{
    citizen::own,
    fixtures, jpeg, midnight,
    people::{self, fresh_citizen, fresh_photographer},
    photographer::issue_by_sms,
    stack,
};
use storage::sealing::code_id;
use thief::Thief;

use crate::{aws, objects, thief};

#[tokio::test]
async fn dissociated_photos_open_only_with_the_code_even_given_all_tables_and_keys() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let issued = issue_by_sms(&studio, visit.person.mobile()).await;
    own(&visit).take(&issued.code).await;
    let code = CodeNumber::parse(&issued.code).unwrap();
    let thief = Thief::new(&code_id(&code)).await;
    // While the photos are associated, a thief with all tables and keys can decrypt them, as the service can. This also checks that the
    // thief's search works.
    assert!(thief.opens().await, "the search does not find a key that exists");

    assert_eq!(own(&visit).show_code().await.expect(200).json()["code"], issued.code);
    own(&visit).dissociate().await.expect(204);
    assert!(!thief.opens().await);
    // The code still decrypts the photos.
    assert!(thief.opens_with(&code));

    own(&visit).show_association().await.rejected(404, "nothing_associated");
    own(&visit).show_photo(ImageKind::Face).await.rejected(404, "nothing_associated");
    own(&visit).download().await.rejected(404, "nothing_associated");
    own(&visit).show_code().await.rejected(404, "nothing_associated");
    own(&visit).dissociate().await.rejected(404, "nothing_associated");
}

#[tokio::test]
async fn a_dissociated_code_can_be_associated_again_with_the_same_expiry() {
    let (studio, visit, stranger) = (fresh_photographer().await, fresh_citizen().await, fresh_citizen().await);
    let issued = issue_by_sms(&studio, visit.person.mobile()).await;
    let first = own(&visit).take(&issued.code).await;
    own(&visit).dissociate().await.expect(204);

    own(&stranger).submit(&issued.code).await.rejected(403, "code_taken");
    // The same person can associate the code in another session. Submitting it again does not count against the daily limit.
    let new_session = people::citizen(visit.person.clone(), Language::En).await;
    let second = own(&new_session).take(&issued.code).await;
    assert_eq!(second["expires_at"], first["expires_at"]);
    let photo = own(&new_session).show_photo(ImageKind::Face).await.expect(200);
    assert_eq!(jpeg::image_data(&photo.body), jpeg::image_data(&fixtures::portrait()));
    own(&visit).submit(&issued.code).await.rejected(409, "code_already_yours");
}

#[tokio::test]
async fn a_session_forgets_the_code_once_it_is_associated() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let issued = issue_by_sms(&studio, visit.person.mobile()).await;
    let version = own(&visit).submit_and_confirm(&issued.code).await;
    let associated = own(&visit).associate(&version).await.expect(201).json();
    assert!(visit.browser.get("/v1/session").await.expect(200).json().get("submission").is_none());
    own(&visit).confirm().await.rejected(404, "no_submission");
    // The client repeats the call, as after a lost response.
    assert_eq!(own(&visit).associate(&version).await.expect(200).json()["associated_at"], associated["associated_at"]);
    own(&visit).dissociate().await.expect(204);
    own(&visit).associate(&version).await.rejected(404, "no_submission");
    own(&visit).show_association().await.rejected(404, "nothing_associated");
    // The person submits the same code in two browsers. Then the first browser associates it, and the second browser repeats the call.
    let other = people::citizen(visit.person.clone(), Language::En).await;
    own(&visit).submit_and_confirm(&issued.code).await;
    own(&other).submit_and_confirm(&issued.code).await;
    own(&visit).associate(&version).await.expect(201);
    own(&other).associate(&version).await.expect(200);
    own(&visit).dissociate().await.expect(204);
    own(&other).associate(&version).await.rejected(404, "no_submission");
    own(&visit).take(&issued.code).await;
}

#[tokio::test]
async fn associating_again_does_not_rewrite_the_stored_objects() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let code = issue_by_sms(&studio, visit.person.mobile()).await.code;
    own(&visit).take(&code).await;
    let config = aws::config().await;
    let codes = aws::dynamodb(&config).get_item().table_name(stack::variable("CODES_TABLE"));
    let id = AttributeValue::S(code_id(&CodeNumber::parse(&code).unwrap()));
    let item = codes.key("code_id", id).send().await.unwrap().item.unwrap();
    let prefix = format!("associated/{}/", item["set_id"].as_s().unwrap());
    let modification_times = async || {
        let list = objects::s3(&config).list_objects_v2().bucket(stack::variable("PHOTOS_BUCKET")).prefix(&prefix);
        let mut all: Vec<_> = list
            .send()
            .await
            .unwrap()
            .contents()
            .iter()
            .map(|one| (one.key().unwrap().to_owned(), *one.last_modified().unwrap()))
            .collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    };
    let before = modification_times().await;
    assert!(!before.is_empty());
    own(&visit).dissociate().await.expect(204);
    // Modification times have a resolution of one second. Waits longer than that, so that an object that changes gets a later time.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    own(&visit).take(&code).await;
    assert_eq!(modification_times().await, before);
}

#[tokio::test]
async fn a_second_association_is_rejected_until_the_first_is_dissociated() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let (one, two) = (issue_by_sms(&studio, visit.person.mobile()).await, issue_by_sms(&studio, visit.person.mobile()).await);
    let first = own(&visit).take(&one.code).await;
    let version = own(&visit).submit_and_confirm(&two.code).await;
    let problem = own(&visit).associate(&version).await.rejected(409, "association_exists");
    assert_eq!((&problem.members["associated_at"], &problem.members["expires_at"]), (&first["associated_at"], &first["expires_at"]));
    own(&visit).dissociate().await.expect(204);
    own(&visit).associate(&version).await.expect(201);
}

/// Dissociated photos open only with the code, so a session that submitted the code before the dissociation has to submit it again.
#[tokio::test]
async fn a_code_submitted_before_a_dissociation_must_be_submitted_again() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let elsewhere = people::citizen(visit.person.clone(), Language::El).await;
    let code = issue_by_sms(&studio, visit.person.mobile()).await.code;
    // Before the first pass, the code was never associated. Before the second pass, it was associated and dissociated.
    for _ in 0..2 {
        let version = own(&elsewhere).submit_and_confirm(&code).await;
        own(&visit).take(&code).await;
        own(&visit).dissociate().await.expect(204);
        own(&elsewhere).associate(&version).await.rejected(404, "no_submission");
        let session = elsewhere.browser.get("/v1/session").await.expect(200).json();
        assert!(session["submission"].is_null(), "{session}");
    }
    own(&elsewhere).take(&code).await;
    own(&visit).show_association().await.expect(200);
}

#[tokio::test]
async fn of_two_submitted_codes_the_second_is_associated_only_after_the_first_is_dissociated() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let elsewhere = people::citizen(visit.person.clone(), Language::El).await;
    let (one, two) = (issue_by_sms(&studio, visit.person.mobile()).await, issue_by_sms(&studio, visit.person.mobile()).await);
    let version = own(&elsewhere).submit_and_confirm(&two.code).await;
    let first = own(&visit).take(&one.code).await;
    let problem = own(&elsewhere).associate(&version).await.rejected(409, "association_exists");
    assert_eq!((&problem.members["associated_at"], &problem.members["expires_at"]), (&first["associated_at"], &first["expires_at"]));
    assert_eq!(own(&elsewhere).show_association().await.expect(200).json(), first);
    own(&visit).dissociate().await.expect(204);
    own(&elsewhere).associate(&version).await.expect(201);
}

#[tokio::test]
async fn dissociating_works_with_no_submissions_left() {
    midnight::avoid(Span::minutes(3)).await;
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    for nth in 0..5 {
        let code = issue_by_sms(&studio, visit.person.mobile()).await.code;
        own(&visit).take(&code).await;
        own(&visit).dissociate().await.expect(204);
        assert_eq!(visit.browser.get("/v1/session").await.expect(200).json()["submissions_left"], 4 - nth);
    }
}
