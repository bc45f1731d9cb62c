//! Conditional writes of associations, codes, agreements and the history.

use std::collections::BTreeMap;

use domain::{
    CodeNumber, FileProfile, ImageKind, Language, Moment, SubjectId,
    application::{ApplicationId, Purpose},
    authorization::PullRefusal,
    submission::CodeState,
    verdict::Verdict,
};
use futures_util::future::join_all;
use journeys::stack;
use storage::{
    Transaction, TransactionError,
    associations::{Association, Associations, RequestedReminder},
    codes::{CodeItem, Codes, NewOwner},
    consents::Consents,
    history::{Event, GivenVerdict, History, Record},
    sealing::code_id,
};

use super::{assert_rejected, random, rejected_by, write};
use crate::{LATER, NOW, business, dynamodb, id, someone};

fn association() -> Association {
    Association {
        subject_id: someone(),
        code_id: id(),
        set_id: id(),
        profile: FileProfile::Standard,
        images: Vec::new(),
        associated_at: NOW,
        expires_at: LATER,
        business: business(),
        upload_id: storage::time_ordered_id(),
        revision: storage::time_ordered_id(),
        applications: BTreeMap::new(),
        reminder: None,
    }
}

#[tokio::test]
async fn a_write_based_on_an_outdated_association_is_rejected() {
    let client = dynamodb().await;
    let associations = Associations::new(client.clone(), stack::variable("ASSOCIATIONS_TABLE"));
    let first = association();
    write(&client, associations.put_write(&first).unwrap()).await;
    let other = Association { set_id: id(), ..first.clone() };
    assert_rejected(&client, associations.put_write(&other).unwrap(), "another association is in force").await;
    write(&client, associations.applications_write(&first, &BTreeMap::new()).unwrap()).await;
    let requested = RequestedReminder { masked: "m".to_owned(), language: Language::El, until: None };
    for (write, why) in [
        (associations.applications_write(&first, &BTreeMap::new()), "authorizations"),
        (associations.reminder_write(&first, Some(&requested)), "a reminder"),
        (associations.reminder_write(&first, None), "removal of a reminder"),
        (associations.end_write(&first), "the end of the association"),
        (associations.clear_reminder_write(&first.subject_id, &other.set_id), "a reminder of another set"),
    ] {
        assert_rejected(&client, write.unwrap(), why).await;
    }
    write(&client, associations.clear_reminder_write(&first.subject_id, &first.set_id).unwrap()).await;
    let now = associations.of(&first.subject_id, NOW).await.unwrap().unwrap();
    write(&client, associations.end_write(&now).unwrap()).await;
    assert_rejected(&client, associations.clear_reminder_write(&first.subject_id, &first.set_id).unwrap(), "nothing is associated").await;
    // An expired association may be replaced before DynamoDB has deleted it.
    write(&client, associations.put_write(&first).unwrap()).await;
    write(&client, associations.put_write(&Association { associated_at: LATER, ..other }).unwrap()).await;
}

fn code(state: CodeState, subject: Option<SubjectId>) -> (CodeNumber, CodeItem) {
    let code = CodeNumber::from_bytes(random());
    let item = CodeItem {
        code_id: code_id(&code),
        state,
        wrapped_key: vec![1],
        set_id: id(),
        profile: FileProfile::Standard,
        images: Vec::new(),
        business: business(),
        upload_id: storage::time_ordered_id(),
        message_id: id(),
        issued_at: NOW,
        expires_at: LATER,
        first_subject: subject.clone(),
        first_associated_at: None,
        dissociations: 0,
        subject,
    };
    (code, item)
}

#[tokio::test]
async fn a_code_is_associated_only_in_the_expected_state_and_before_it_expires() {
    let client = dynamodb().await;
    let codes = Codes::new(client.clone(), stack::variable("CODES_TABLE"));
    let subject = someone();
    let (code, item) = code(CodeState::Issued, None);
    write(&client, codes.put_write(&item).unwrap()).await;
    assert_rejected(&client, codes.put_write(&item).unwrap(), "the code exists").await;
    let owner = |from, at: Moment| NewOwner { subject: &subject, associated_at: at, expires_at: LATER, from, dissociations: 0 };
    for (from, at, why) in [(CodeState::Dissociated, NOW, "another state"), (CodeState::Issued, LATER, "the code has expired")] {
        assert_rejected(&client, codes.associate_write(&code, &owner(from, at)).unwrap(), why).await;
    }
    write(&client, codes.associate_write(&code, &owner(CodeState::Issued, NOW)).unwrap()).await;
    assert_rejected(&client, codes.associate_write(&code, &owner(CodeState::Issued, NOW)).unwrap(), "another person has associated it")
        .await;
}

#[tokio::test]
async fn of_fifty_people_who_associate_one_code_at_once_one_succeeds() {
    let client = dynamodb().await;
    let codes = Codes::new(client.clone(), stack::variable("CODES_TABLE"));
    let associations = Associations::new(client.clone(), stack::variable("ASSOCIATIONS_TABLE"));
    let (code, item) = code(CodeState::Issued, None);
    write(&client, codes.put_write(&item).unwrap()).await;
    let candidates: Vec<Association> = (0..50).map(|_| Association { code_id: item.code_id.clone(), ..association() }).collect();
    // As in functions/citizen/associate.rs, one transaction assigns the code to the subject and creates the subject's association.
    let results = join_all(candidates.iter().map(async |one| {
        let owner = NewOwner { subject: &one.subject_id, associated_at: NOW, expires_at: LATER, from: CodeState::Issued, dissociations: 0 };
        let transaction = Transaction::new(client.clone()).with(codes.associate_write(&code, &owner).unwrap());
        transaction.with(associations.put_write(one).unwrap()).commit().await
    }))
    .await;
    let mut owners = Vec::new();
    for (one, result) in candidates.iter().zip(results) {
        let succeeded = result.is_ok();
        assert!(succeeded || matches!(&result, Err(TransactionError::Conflict)) || rejected_by(&result) == [0], "{result:?}");
        assert_eq!(associations.of(&one.subject_id, NOW).await.unwrap().is_some(), succeeded, "both or neither");
        owners.extend(succeeded.then(|| one.subject_id.clone()));
    }
    assert_eq!(owners.len(), 1);
    let now = codes.find(&code, NOW).await.unwrap().unwrap();
    assert_eq!((now.state, now.subject.as_ref(), now.first_subject.as_ref()), (CodeState::Associated, owners.first(), owners.first()));
}

#[tokio::test]
async fn a_code_is_dissociated_only_by_its_owner_and_deleted_only_if_unchanged() {
    let client = dynamodb().await;
    let codes = Codes::new(client.clone(), stack::variable("CODES_TABLE"));
    let subject = someone();
    let (_, associated) = code(CodeState::Associated, Some(subject.clone()));
    let (_, issued) = code(CodeState::Issued, Some(subject.clone()));
    for item in [&associated, &issued] {
        write(&client, codes.put_write(item).unwrap()).await;
    }
    assert_rejected(&client, codes.dissociate_write(&issued.code_id, &subject).unwrap(), "the code is not associated").await;
    assert_rejected(&client, codes.dissociate_write(&associated.code_id, &someone()).unwrap(), "the code belongs to another person").await;
    write(&client, codes.dissociate_write(&associated.code_id, &subject).unwrap()).await;
    assert_rejected(&client, codes.delete_write(&associated).unwrap(), "it was dissociated meanwhile").await;
    write(&client, codes.delete_write(&CodeItem { state: CodeState::Dissociated, ..associated }).unwrap()).await;
}

#[tokio::test]
async fn extending_a_missing_agreement_is_rejected() {
    let client = dynamodb().await;
    let (consents, person) = (Consents::new(client.clone(), stack::variable("CONSENTS_TABLE")), someone());
    assert_rejected(&client, consents.extend_personal_data_write(&person, "some", LATER).unwrap(), "no agreement exists").await;
    consents.agree_personal_data(&person, NOW).await.unwrap();
    let version = domain::consent::PERSONAL_DATA_VERSION;
    write(&client, consents.extend_personal_data_write(&person, version, LATER).unwrap()).await;
}

#[tokio::test]
async fn the_agreement_to_an_existing_association_is_recorded_once_for_each_person() {
    let client = dynamodb().await;
    let consents = Consents::new(client.clone(), stack::variable("CONSENTS_TABLE"));
    let (existing, creator, other) = (association(), someone(), someone());
    write(&client, consents.associate_write(&creator, &existing.set_id, NOW, existing.expires_at, None).unwrap()).await;
    let agree = |person: &SubjectId, existing: &Association| consents.agree_existing_write(person, existing, LATER, None).unwrap();
    assert_rejected(&client, agree(&creator, &existing), "the creator has agreed").await;
    write(&client, agree(&other, &existing)).await;
    assert_rejected(&client, agree(&other, &existing), "the other person has agreed").await;
    // The photos were dissociated and associated again, which is another association.
    let again = Association { associated_at: LATER, ..existing };
    write(&client, agree(&creator, &again)).await;
    let given = async |person: &SubjectId| consents.of(person, NOW).await.unwrap().iter().map(|one| one.given_at).collect::<Vec<_>>();
    assert_eq!((given(&creator).await, given(&other).await), (vec![NOW, LATER], vec![LATER]));
}

#[tokio::test]
async fn an_authorization_ends_once_and_only_a_delivered_image_gets_a_verdict() {
    let client = dynamodb().await;
    let (history, subject) = (History::new(client.clone(), stack::variable("HISTORY_TABLE")), someone());
    let application = ApplicationId::parse("driving-licence").unwrap();
    let authorized = Event::Authorized {
        application: application.clone(),
        purpose: Purpose::Passport,
        by: subject.clone(),
        until: LATER,
        ended_at: None,
        ended_at_kep: None,
    };
    let pulled = |refusal| Event::Pulled {
        application: application.clone(),
        purpose: Purpose::Passport,
        image: ImageKind::Face,
        case: "1".to_owned(),
        refusal,
        origin: None,
        verdict: None,
    };
    let record = |what| Record::new(&subject, what, NOW, LATER);
    let (authorized, delivered, rejected) = (record(authorized), record(pulled(None)), record(pulled(Some(PullRefusal::ImageAbsent))));
    let end = |event: &str| history.end_authorization_write(&subject, event, NOW, None).unwrap();
    assert_rejected(&client, end(&authorized.event), "no authorization exists").await;
    let verdict = GivenVerdict { verdict: Verdict::Accepted, text: None, at: NOW };
    let report = |event: &str| history.verdict_write(&subject, event, &verdict).unwrap();
    assert_rejected(&client, report(&delivered.event), "the pull does not exist").await;
    for one in [&authorized, &delivered, &rejected] {
        history.put(one).await.unwrap();
    }
    write(&client, end(&authorized.event)).await;
    assert_rejected(&client, end(&authorized.event), "the authorization has ended").await;
    write(&client, report(&delivered.event)).await;
    assert_rejected(&client, report(&rejected.event), "the pull was rejected").await;
}
