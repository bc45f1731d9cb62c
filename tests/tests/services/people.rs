//! Sign-ins, sessions, quotas, agreements, applications and subjects.

use std::{collections::BTreeMap, slice};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    Afm, FileProfile, Moment, SubjectId,
    application::{ApplicationId, Purpose},
    consent::PERSONAL_DATA_VERSION,
    native_app::{AppSignIn, CodeChallenge, RedirectList},
    quota::Quota,
    retention::{ASSOCIATION_VALID, RECORD_RETENTION_AFTER_PHOTOS},
    session::{EXCHANGE_VALID, IDLE, Role, SIGN_IN_VALID},
    submission::CodeState,
    time::Span,
};
use futures_util::future::join_all;
use journeys::stack;
use storage::{
    applications::{Application, Applications},
    consents::Consents,
    nonces::{Nonces, SignIn},
    quotas::{Quotas, Use},
    sealing::{ExchangeCode, IdentifierHasher, SessionToken, sha256_base64url},
    sessions::{Associated, AwaitedOtp, Business, PendingSubmission, Person, Session, Sessions, Try},
    subjects::Subjects,
};

use crate::{LATER, NOW, business, commit, dynamodb, id, member, rejected_writes, someone};

async fn nonces() -> Nonces {
    Nonces::new(dynamodb().await, stack::variable("NONCES_TABLE"))
}

pub(crate) fn afm() -> Afm {
    Afm::parse("068933130").unwrap()
}

#[tokio::test]
async fn a_sign_in_is_taken_once_and_before_it_expires() {
    let (nonces, state) = (nonces().await, id());
    let begin =
        |now| nonces.begin_sign_in(&state, SignIn { browser: "b".to_owned(), return_to: "/".to_owned(), language: None, app: None }, now);
    let end = NOW.plus(SIGN_IN_VALID);
    assert!(nonces.take_sign_in(&state, NOW).await.unwrap().is_none(), "the sign-in does not exist");
    begin(NOW).await.unwrap();
    // Makes the same call again, as the SDK does after a lost response.
    begin(NOW).await.unwrap();
    assert!(nonces.take_sign_in(&state, NOW).await.unwrap().is_some());
    assert!(nonces.take_sign_in(&state, NOW).await.unwrap().is_none(), "it was taken already");
    begin(NOW).await.unwrap();
    assert!(nonces.take_sign_in(&state, end).await.unwrap().is_none(), "it has expired");
    begin(NOW).await.unwrap();
    assert!(nonces.take_sign_in(&state, end.plus(Span::seconds(-1))).await.unwrap().is_some(), "one second earlier it is valid");
}

#[tokio::test]
async fn of_several_calls_that_take_a_sign_in_at_once_one_succeeds() {
    let (nonces, state) = (nonces().await, id());
    nonces
        .begin_sign_in(&state, SignIn { browser: "b".to_owned(), return_to: "/".to_owned(), language: None, app: None }, NOW)
        .await
        .unwrap();
    let taken = join_all((0..5).map(|_| nonces.take_sign_in(&state, NOW))).await;
    assert_eq!(taken.into_iter().filter(|taken| taken.as_ref().unwrap().is_some()).count(), 1);
}

#[tokio::test]
async fn an_app_takes_its_session_once_and_before_its_code_expires() {
    let (nonces, token) = (nonces().await, SessionToken::random().unwrap());
    let app = AppSignIn {
        redirect_uri: RedirectList::parse("gr.gov.myphoto:/signed-in").unwrap().allow("gr.gov.myphoto:/signed-in").unwrap(),
        code_challenge: CodeChallenge::parse(&sha256_base64url("verifier")).unwrap(),
        state: None,
    };
    let code = ExchangeCode::random().unwrap();
    nonces.begin_exchange(&code, &app, &token, NOW).await.unwrap();
    let exchange = nonces.take_exchange(&code, NOW).await.unwrap().unwrap();
    assert_eq!((exchange.redirect_uri, exchange.code_challenge), (app.redirect_uri.clone(), app.code_challenge.clone()));
    assert_eq!(exchange.token.expose(), token.expose());
    assert!(nonces.take_exchange(&code, NOW).await.unwrap().is_none(), "it was taken already");
    nonces.begin_exchange(&code, &app, &token, NOW).await.unwrap();
    assert!(nonces.take_exchange(&code, NOW.plus(EXCHANGE_VALID)).await.unwrap().is_none(), "it has expired");
}

#[tokio::test]
async fn a_request_id_is_usable_by_one_call_until_it_expires() {
    let (nonces, jti) = (nonces().await, id());
    let [ours, other] = ["driving-licence", "passport"].map(|id| ApplicationId::parse(id).unwrap());
    let used = |application, call, now| nonces.use_jti(application, &jti, call, LATER, now);
    assert!(used(&ours, "a", NOW).await.unwrap());
    assert!(used(&ours, "a", NOW).await.unwrap(), "a repeated call after a lost response");
    assert!(!used(&ours, "b", NOW).await.unwrap());
    assert!(used(&other, "b", NOW).await.unwrap(), "another application may use the same id");
    assert!(!used(&ours, "b", LATER.plus(Span::seconds(-1))).await.unwrap());
    assert!(used(&ours, "b", LATER).await.unwrap(), "the id has expired");
}

fn session(businesses: Vec<Business>) -> Session {
    let person = Person {
        first_name: "Μαρία".to_owned(),
        last_name: String::new(),
        afm: afm(),
        birth_date: "1990-01-01".to_owned(),
        mobile: None,
        businesses,
        offices: Vec::new(),
    };
    Session::begin(SessionToken::random().unwrap(), someone(), person, NOW)
}

fn pending_submission() -> PendingSubmission {
    PendingSubmission {
        subject: "self".to_owned(),
        subject_id: someone(),
        code: domain::CodeNumber::from_bytes([3; 16]),
        state: CodeState::Issued,
        dissociations: 0,
        set_id: id(),
        profile: FileProfile::Standard,
        images: Vec::new(),
        wrapped_key: vec![1],
        business: business(),
        upload_id: id(),
        message_id: id(),
        first_subject: None,
        first_associated_at: None,
        issued_at: NOW,
        code_expires_at: LATER,
        nothing_associated_at: Some(NOW),
        confirmed: false,
        case: None,
    }
}

#[tokio::test]
async fn a_session_is_read_back_as_written_and_extended_by_use() {
    let sessions = Sessions::new(dynamodb().await, stack::variable("SESSIONS_TABLE"));
    let shop = business();
    let begun =
        session(vec![Business { id: shop.clone(), name: "Φως".to_owned(), afm: Some(afm()), staff: None, member: Some(member()) }]);
    let load = async |now: Moment| sessions.load(&begun.token, now).await.unwrap();
    assert!(load(NOW).await.is_none(), "the session has not begun");
    sessions.start(&begun, NOW).await.unwrap();
    let read = load(NOW).await.unwrap();
    assert_eq!((&read.subject_id, read.tries, &read.role), (&begun.subject_id, 0, &None));
    assert_eq!((read.person.first_name.as_str(), read.business(&shop).unwrap().name.as_str()), ("Μαρία", "Φως"));
    assert!(load(NOW.plus(IDLE)).await.is_none(), "the session was not used");

    let used = NOW.plus(Span::minutes(1));
    assert!(sessions.touch(&read, used).await.unwrap());
    assert_eq!(load(NOW.plus(IDLE)).await.unwrap().used_at, used);
    assert!(sessions.store_submission(&read, Some(&pending_submission()), used).await.unwrap());
    assert_eq!(load(used).await.unwrap().submission.unwrap().code.bytes(), &[3; 16]);
    assert!(sessions.agree(&read, PERSONAL_DATA_VERSION, used).await.unwrap());
    let role = Role::Photographer { business: shop };
    assert!(sessions.choose_role(&read, &role, used).await.unwrap());
    let read = load(used).await.unwrap();
    assert_eq!((&read.role, read.consent.as_deref()), (&Some(role), Some(PERSONAL_DATA_VERSION)));
    assert!(read.submission.is_none(), "a change of role removes the pending submission");
    for submission in [Some(pending_submission()), None] {
        assert!(sessions.store_submission(&read, submission.as_ref(), used).await.unwrap());
        assert_eq!(load(used).await.unwrap().submission.is_some(), submission.is_some());
    }
    for _ in 0..2 {
        sessions.end(&read.token).await.unwrap();
    }
    assert!(load(used).await.is_none());
    for submission in [Some(&pending_submission()), None] {
        assert!(!sessions.store_submission(&read, submission, used).await.unwrap(), "the session has ended");
    }
    assert!(!sessions.agree(&read, PERSONAL_DATA_VERSION, used).await.unwrap(), "the session has ended");
    assert!(load(used).await.is_none(), "the session is not restored");
}

#[tokio::test]
async fn a_submission_is_confirmed_and_removed_only_if_unchanged() {
    let client = dynamodb().await;
    let sessions = Sessions::new(client.clone(), stack::variable("SESSIONS_TABLE"));
    let begun = session(Vec::new());
    let load = async || sessions.load(&begun.token, NOW).await.unwrap().unwrap();
    sessions.start(&begun, NOW).await.unwrap();
    let before = load().await;
    let associated = Associated { subject_id: someone(), code_id: id() };
    let finish = async |read: &Session| commit(&client, [sessions.associated_write(read, &associated).unwrap()]).await;
    let confirmed = PendingSubmission { confirmed: true, ..pending_submission() };
    assert!(!sessions.confirm(&before, &confirmed, NOW).await.unwrap(), "no submission is pending");
    assert_eq!(rejected_writes(finish(&before).await), [0]);

    assert!(sessions.store_submission(&before, Some(&pending_submission()), NOW).await.unwrap());
    let first = load().await;
    assert!(sessions.confirm(&first, &confirmed, NOW).await.unwrap());
    let second = load().await;
    assert!(second.submission.as_ref().is_some_and(|submission| submission.confirmed));
    assert!(!sessions.confirm(&first, &confirmed, NOW).await.unwrap(), "the submission was confirmed meanwhile");
    assert_eq!(rejected_writes(finish(&first).await), [0], "the pending submission has changed meanwhile");
    finish(&second).await.unwrap();
    let after = load().await;
    assert!(after.submission.is_none());
    assert_eq!(after.associated, Some(associated.clone()));
    assert!(!sessions.confirm(&second, &confirmed, NOW).await.unwrap(), "a removed submission is not restored");
    // Checks the conditions also on `confirm_write` and `store_submission_write`, which requests in a clerk's case use instead of `confirm`
    // and `store_submission`.
    let confirm = async |read: &Session| commit(&client, [sessions.confirm_write(read, &confirmed, NOW).unwrap()]).await;
    let store = async |read: &Session, submission: Option<&PendingSubmission>| {
        commit(&client, [sessions.store_submission_write(read, submission, NOW).unwrap()]).await
    };
    store(&after, Some(&pending_submission())).await.unwrap();
    let pending = load().await;
    confirm(&pending).await.unwrap();
    assert!(load().await.submission.is_some_and(|submission| submission.confirmed));
    assert_eq!(rejected_writes(confirm(&pending).await), [0], "the submission was confirmed meanwhile");
    store(&after, None).await.unwrap();
    assert!(load().await.submission.is_none());
    sessions.end(&begun.token).await.unwrap();
    for submission in [Some(&pending_submission()), None] {
        assert_eq!(rejected_writes(store(&after, submission).await), [0], "the session has ended");
    }
    sessions.start(&begun, NOW).await.unwrap();
    assert_eq!(rejected_writes(finish(&second).await), [0]);
}

#[tokio::test]
async fn the_fourth_try_is_rejected_and_a_repeated_try_is_not_counted() {
    let sessions = Sessions::new(dynamodb().await, stack::variable("SESSIONS_TABLE"));
    let begun = session(Vec::new());
    sessions.start(&begun, NOW).await.unwrap();
    let noted = async |id: &str| sessions.note_try(&begun, id, 3).await.unwrap();
    for (number, id) in ["a", "b", "c"].into_iter().enumerate() {
        assert_eq!(noted(id).await, Try::Noted(number + 1));
    }
    assert_eq!(noted("d").await, Try::Exhausted);
    assert_eq!(noted("b").await, Try::Noted(3));
    assert_eq!(sessions.load(&begun.token, NOW).await.unwrap().unwrap().tries, 3);
    let all = session(Vec::new());
    sessions.start(&all, NOW).await.unwrap();
    let ids: Vec<String> = (0..12).map(|try_| try_.to_string()).collect();
    let tries = join_all(ids.iter().map(|id| sessions.note_try(&all, id, 3))).await;
    assert_eq!(tries.iter().filter(|result| matches!(result, Ok(Try::Noted(_)))).count(), 3, "three of twelve concurrent tries are noted");
}

#[tokio::test]
async fn a_session_is_rotated_in_one_transaction() {
    let client = dynamodb().await;
    let sessions = Sessions::new(client.clone(), stack::variable("SESSIONS_TABLE"));
    let mut old = session(Vec::new());
    old.otp = Some(AwaitedOtp { hash: vec![1], expires_at: LATER, resends: 0 });
    sessions.start(&old, NOW).await.unwrap();
    assert_eq!(sessions.note_try(&old, "right", 3).await.unwrap(), Try::Noted(1));
    let mut new = old.clone();
    (new.token, new.otp) = (SessionToken::random().unwrap(), None);
    let until = NOW.plus(Span::minutes(1));
    let rotate = || [sessions.put_write(&new).unwrap(), sessions.rotate_write(&old, "right", &new.token, until).unwrap()];
    commit(&client, rotate()).await.unwrap();
    assert!(sessions.load(&new.token, NOW).await.unwrap().unwrap().otp.is_none());
    let pointer = sessions.load(&old.token, NOW).await.unwrap().unwrap();
    assert_eq!((pointer.successor.unwrap().expose(), pointer.tries), (new.token.expose(), 0));
    assert!(sessions.load(&old.token, until).await.unwrap().is_none());
    assert_eq!(rejected_writes(commit(&client, rotate()).await), [0, 1]);
    let mut third = new.clone();
    third.token = SessionToken::random().unwrap();
    let again = [sessions.put_write(&third).unwrap(), sessions.rotate_write(&old, "right", &third.token, until).unwrap()];
    assert_eq!(rejected_writes(commit(&client, again).await), [1]);
    assert!(sessions.load(&third.token, NOW).await.unwrap().is_none(), "no write of a rejected transaction is stored");
}

#[tokio::test]
async fn a_returned_unit_of_a_quota_can_be_used_again() {
    let quotas = Quotas::new(dynamodb().await, stack::variable("QUOTAS_TABLE"));
    let person = someone();
    let wrong = async |id: usize| quotas.use_one(Quota::WrongOtps, &person, &id.to_string(), NOW).await.unwrap();
    // DynamoDB removes a set attribute together with its last element. The limit must be enforced even after the attribute was removed.
    assert_eq!(wrong(0).await, Use::WithinLimit { used: 1 });
    let give_back = async |id: usize| quotas.give_back(Quota::WrongOtps, &person, &id.to_string(), NOW).await.unwrap();
    give_back(0).await;
    give_back(0).await;
    for used in 1..=20 {
        assert_eq!(wrong(used).await, Use::WithinLimit { used });
    }
    assert_eq!(wrong(21).await, Use::Exhausted);
    give_back(7).await;
    assert_eq!(wrong(21).await, Use::WithinLimit { used: 20 });
    assert_eq!(quotas.submissions_left(&person, NOW).await.unwrap(), 5, "the quota of submissions is counted separately");
    quotas.give_back(Quota::OtpMessages, &someone(), "none", NOW).await.unwrap();
}

#[tokio::test]
async fn a_repeated_agreement_keeps_the_time_of_the_first() {
    let client = dynamodb().await;
    let (consents, person) = (Consents::new(client.clone(), stack::variable("CONSENTS_TABLE")), someone());
    let agreed = async |now| consents.has_agreed_to_personal_data(&person, now).await.unwrap();
    assert!(!agreed(NOW).await);
    consents.agree_personal_data(&person, NOW).await.unwrap();
    consents.agree_personal_data(&person, LATER).await.unwrap();
    let end = NOW.plus(ASSOCIATION_VALID).plus(RECORD_RETENTION_AFTER_PHOTOS);
    assert!(agreed(NOW).await && !agreed(end).await);
    commit(&client, [consents.associate_write(&person, "set", NOW, LATER, None).unwrap()]).await.unwrap();
    commit(&client, [consents.extend_personal_data_write(&person, PERSONAL_DATA_VERSION, end).unwrap()]).await.unwrap();
    assert!(agreed(end).await, "its retention was extended");
    let all = consents.of(&person, NOW).await.unwrap();
    assert_eq!(all.iter().map(|consent| consent.given_at).collect::<Vec<_>>(), [NOW, NOW]);
    assert!(consents.of(&someone(), NOW).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_application_is_replaced_only_if_unchanged_and_a_repeated_call_succeeds() {
    let client = dynamodb().await;
    let applications = Applications::new(client.clone(), stack::variable("APPLICATIONS_TABLE"));
    let application = ApplicationId::parse(&format!("second-{}", &id()[..8])).unwrap();
    let with = |revision: &str| Application {
        application: application.clone(),
        name_el: "ε".to_owned(),
        name_en: "e".to_owned(),
        purpose: Purpose::Passport,
        profile: FileProfile::Standard,
        keys: BTreeMap::new(),
        // The application is withdrawn, so that it does not appear in the lists that other tests read.
        withdrawn_at: Some(NOW),
        revision: revision.to_owned(),
    };
    assert!(applications.find(&application, NOW).await.unwrap().is_none());
    assert!(!applications.replace(&with("0"), &with("1"), NOW).await.unwrap(), "the application does not exist");
    assert!(applications.add(&with("1"), NOW).await.unwrap());
    assert!(applications.add(&with("1"), NOW).await.unwrap(), "a repeated call after a lost response");
    assert!(!applications.add(&with("2"), NOW).await.unwrap(), "the id is taken");
    for _ in 0..2 {
        assert!(applications.replace(&with("1"), &with("2"), NOW).await.unwrap());
    }
    assert!(!applications.replace(&with("1"), &with("3"), NOW).await.unwrap(), "another call replaced it meanwhile");
    assert_eq!(applications.find(&application, NOW).await.unwrap().unwrap(), with("2"));
    assert!(applications.all().await.unwrap().contains(&with("2")));
    let key = AttributeValue::S(application.as_str().to_owned());
    client.delete_item().table_name(stack::variable("APPLICATIONS_TABLE")).key("application", key).send().await.unwrap();
}

#[tokio::test]
async fn looking_up_an_unknown_person_creates_no_subject() {
    let hasher = IdentifierHasher::new(&id());
    let subjects = Subjects::new(dynamodb().await, stack::variable("SUBJECTS_TABLE"), hasher);
    let afm = domain::Identifier::Afm(afm());
    for _ in 0..2 {
        assert_eq!(subjects.find(&afm, NOW).await.unwrap(), None);
    }
    let made: SubjectId = subjects.resolve(slice::from_ref(&afm), NOW).await.unwrap();
    assert_eq!(subjects.find(&afm, NOW).await.unwrap(), Some(made));
}
