//! Dissociating: no use of the photos without the code from that moment, for whoever reaches all of our storage and keys.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{CodeNumber, ImageKind, Language};
use journeys::{
    citizen::own,
    fixtures, jpeg,
    people::{self, fresh_citizen, fresh_photographer},
    photographer::issue_by_sms,
    stack,
};
use storage::sealing::code_id;
use thief::Thief;

use crate::{aws, objects, thief};

#[tokio::test]
async fn without_the_code_nobody_opens_dissociated_photos_with_all_that_our_roles_can_reach() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let issued = issue_by_sms(&studio, visit.person.mobile()).await;
    own(&visit).take(&issued.code).await;
    let code = CodeNumber::parse(&issued.code).unwrap();
    let thief = Thief::new(&code_id(&code)).await;
    // While associated the service can open them, and so can a thief of everything: the same search must find a key.
    assert!(thief.opens().await, "the search is no search");

    assert_eq!(own(&visit).show_code().await.expect(200).json()["code"], issued.code);
    own(&visit).dissociate().await.expect(204);
    assert!(!thief.opens().await);
    // The code does, and it alone.
    assert!(thief.opens_with(&code));

    own(&visit).show_association().await.refused(404, "nothing_associated");
    own(&visit).show_photo(ImageKind::Face).await.refused(404, "nothing_associated");
    own(&visit).download().await.refused(404, "nothing_associated");
    own(&visit).show_code().await.refused(404, "nothing_associated");
    own(&visit).dissociate().await.refused(404, "nothing_associated");
}

#[tokio::test]
async fn the_code_entered_again_associates_again_and_the_year_does_not_move() {
    let (studio, visit, stranger) = (fresh_photographer().await, fresh_citizen().await, fresh_citizen().await);
    let issued = issue_by_sms(&studio, visit.person.mobile()).await;
    let first = own(&visit).take(&issued.code).await;
    own(&visit).dissociate().await.expect(204);

    own(&stranger).submit(&issued.code).await.refused(403, "code_taken");
    // In another session too, whatever the day's count says: the same code again is free.
    let anew = people::citizen(visit.person.clone(), Language::En).await;
    let second = own(&anew).take(&issued.code).await;
    assert_eq!(second["expires_at"], first["expires_at"]);
    let shown = own(&anew).show_photo(ImageKind::Face).await.expect(200);
    assert_eq!(jpeg::image_data(&shown.body), jpeg::image_data(&fixtures::portrait()));
    own(&visit).submit(&issued.code).await.refused(409, "code_already_yours");
}

#[tokio::test]
async fn a_session_forgets_the_code_once_it_is_associated() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let issued = issue_by_sms(&studio, visit.person.mobile()).await;
    let version = own(&visit).submit_and_confirm(&issued.code).await;
    let associated = own(&visit).associate(&version).await.expect(201).json();
    assert!(visit.browser.get("/v1/session").await.expect(200).json().get("submission").is_none());
    own(&visit).confirm().await.refused(404, "no_submission");
    // The same call, whose answer got lost.
    assert_eq!(own(&visit).associate(&version).await.expect(200).json()["associated_at"], associated["associated_at"]);
    own(&visit).dissociate().await.expect(204);
    own(&visit).associate(&version).await.refused(404, "no_submission");
    own(&visit).show_association().await.refused(404, "nothing_associated");
    // In two browsers, of which one comes second.
    let other = people::citizen(visit.person.clone(), Language::En).await;
    own(&visit).submit_and_confirm(&issued.code).await;
    own(&other).submit_and_confirm(&issued.code).await;
    own(&visit).associate(&version).await.expect(201);
    own(&other).associate(&version).await.expect(200);
    own(&visit).dissociate().await.expect(204);
    own(&other).associate(&version).await.refused(404, "no_submission");
    own(&visit).take(&issued.code).await;
}

#[tokio::test]
async fn associated_again_the_photos_stay_where_they_are_and_their_year_with_them() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let code = issue_by_sms(&studio, visit.person.mobile()).await.code;
    own(&visit).take(&code).await;
    let config = aws::config().await;
    let codes = aws::dynamodb(&config).get_item().table_name(stack::variable("CODES_TABLE"));
    let id = AttributeValue::S(code_id(&CodeNumber::parse(&code).unwrap()));
    let item = codes.key("code_id", id).send().await.unwrap().item.unwrap();
    let prefix = format!("associated/{}/", item["set_id"].as_s().unwrap());
    let written = async || {
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
    let first = written().await;
    assert!(!first.is_empty());
    own(&visit).dissociate().await.expect(204);
    // The bucket knows seconds.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    own(&visit).take(&code).await;
    assert_eq!(written().await, first);
}

#[tokio::test]
async fn with_one_in_force_another_is_refused_with_what_is_in_force_until_it_is_dissociated() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let (one, two) = (issue_by_sms(&studio, visit.person.mobile()).await, issue_by_sms(&studio, visit.person.mobile()).await);
    let first = own(&visit).take(&one.code).await;
    let version = own(&visit).submit_and_confirm(&two.code).await;
    let refused = own(&visit).associate(&version).await.refused(409, "association_exists");
    assert_eq!((&refused.members["associated_at"], &refused.members["expires_at"]), (&first["associated_at"], &first["expires_at"]));
    own(&visit).dissociate().await.expect(204);
    own(&visit).associate(&version).await.expect(201);
}

/// From the moment of dissociation the photos open with the code alone: who entered it before enters it again.
#[tokio::test]
async fn a_code_entered_before_a_dissociation_is_entered_again() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let elsewhere = people::citizen(visit.person.clone(), Language::El).await;
    let code = issue_by_sms(&studio, visit.person.mobile()).await.code;
    // Of a code that was issued, and of one that was dissociated already.
    for _ in 0..2 {
        let version = own(&elsewhere).submit_and_confirm(&code).await;
        own(&visit).take(&code).await;
        own(&visit).dissociate().await.expect(204);
        own(&elsewhere).associate(&version).await.refused(404, "no_submission");
        let session = elsewhere.browser.get("/v1/session").await.expect(200).json();
        assert!(session["submission"].is_null(), "{session}");
    }
    own(&elsewhere).take(&code).await;
    own(&visit).show_association().await.expect(200);
}

#[tokio::test]
async fn of_two_codes_entered_before_either_is_associated_the_second_waits_for_the_first_to_be_dissociated() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let elsewhere = people::citizen(visit.person.clone(), Language::El).await;
    let (one, two) = (issue_by_sms(&studio, visit.person.mobile()).await, issue_by_sms(&studio, visit.person.mobile()).await);
    let version = own(&elsewhere).submit_and_confirm(&two.code).await;
    let first = own(&visit).take(&one.code).await;
    let refused = own(&elsewhere).associate(&version).await.refused(409, "association_exists");
    assert_eq!((&refused.members["associated_at"], &refused.members["expires_at"]), (&first["associated_at"], &first["expires_at"]));
    assert_eq!(own(&elsewhere).show_association().await.expect(200).json(), first);
    own(&visit).dissociate().await.expect(204);
    own(&elsewhere).associate(&version).await.expect(201);
}

#[tokio::test]
async fn dissociating_is_never_refused_for_the_days_count() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    for nth in 0..5 {
        let code = issue_by_sms(&studio, visit.person.mobile()).await.code;
        own(&visit).take(&code).await;
        own(&visit).dissociate().await.expect(204);
        assert_eq!(visit.browser.get("/v1/session").await.expect(200).json()["submissions_left"], 4 - nth);
    }
}
