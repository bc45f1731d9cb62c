//! Conditional writes about cases at a KEP.

use domain::{
    Afm, Language, Moment, SubjectId,
    kep::{
        ACTS_PER_CASE_MAX, Act, ActKind, ApplicationNumber, ClerkId, Document, DocumentKind, LastFour, Office, OfficeId, OfficeName,
        Presence, PresenceProof,
    },
    session::Role,
    time::Span,
};
use journeys::stack;
use storage::{
    history::{AtKep, Event, History, KepFacts, Record},
    quotas::Quotas,
    reminders::{
        Reminders,
        cases::{CaseMessageItem, SealedCaseMessage, Turn},
    },
    sealing::{SessionToken, kep_key},
    sessions::{Case, CaseHandle, CasePerson, ClerkOffice, LastCase, Minor, Person, Session, Sessions, Try},
};

use super::{assert_rejected, write};
use crate::{
    NOW,
    case_messages::{delete_messages, due_messages, put_many_waiting, put_message},
    dynamodb, someone,
};

fn office() -> Office {
    Office { id: OfficeId::parse("k1").unwrap(), name: OfficeName::parse("ΚΕΠ Δήμου Χανίων").unwrap() }
}

fn clerk() -> Session {
    let clerk = ClerkId::from_hash("c".to_owned());
    let person = Person {
        first_name: String::new(),
        last_name: String::new(),
        afm: Afm::parse("068933130").unwrap(),
        birth_date: String::new(),
        mobile: None,
        businesses: Vec::new(),
        offices: vec![ClerkOffice { office: office(), clerk }],
    };
    let mut session = Session::begin(SessionToken::random().unwrap(), someone(), person, NOW);
    session.role = Some(Role::KepClerk { office: office().id });
    session
}

/// Creates a case that ends in 20 minutes, with its record.
fn case(person: &SubjectId) -> (Case, Record) {
    let number = ApplicationNumber::parse("777/2026").unwrap();
    let facts = KepFacts { office: office(), application_number: number.clone(), clerk: ClerkId::from_hash("c".to_owned()) };
    let at_kep = AtKep::seal(&kep_key("secret"), &facts).unwrap();
    let expires_at = NOW.plus(Span::minutes(20));
    let record = Record::of_case(person, &at_kep, String::new(), NOW, expires_at);
    let person = CasePerson {
        subject_id: person.clone(),
        first_name: "Μαρία".to_owned(),
        last_name: String::new(),
        birth_date: "1990-05-17".to_owned(),
        afm: None,
        mobile: None,
    };
    let case = Case {
        handle: CaseHandle::random().unwrap(),
        record: record.event.clone(),
        office: office(),
        application_number: number,
        document: Document { kind: DocumentKind::Passport, last_four: LastFour::parse("1234").unwrap() },
        language: Language::El,
        person,
        proof: PresenceProof::Otp,
        proven_at: None,
        otp: None,
        consent: None,
        at_kep,
        message: None,
        opened_at: NOW,
        expires_at,
    };
    (case, record)
}

#[tokio::test]
async fn of_two_requests_with_the_same_session_one_opens_a_case_and_the_next_case_has_nothing_of_it() {
    let client = dynamodb().await;
    let sessions = Sessions::new(client.clone(), stack::variable("SESSIONS_TABLE"));
    let begun = clerk();
    sessions.start(&begun, NOW).await.unwrap();
    let load = async || sessions.load(&begun.token, NOW).await.unwrap().unwrap();
    let read = load().await;
    let ((first, _), (second, _)) = (case(&someone()), case(&someone()));
    write(&client, sessions.open_case_write(&read, first.clone(), NOW).unwrap()).await;
    assert_rejected(&client, sessions.open_case_write(&read, second.clone(), NOW).unwrap(), "another case was opened").await;

    let in_first = load().await;
    assert_eq!(in_first.open_case(NOW).unwrap().handle, first.handle);
    assert!(in_first.open_case(first.expires_at).is_none(), "the case has expired");
    assert!(matches!(sessions.note_case_try(&in_first, "try", 1).await.unwrap(), Try::Noted(1)));
    assert!(matches!(sessions.note_case_try(&in_first, "another", 1).await.unwrap(), Try::Exhausted));
    write(&client, sessions.close_case_write(&in_first, &first.handle).unwrap()).await;
    assert_rejected(&client, sessions.close_case_write(&in_first, &first.handle).unwrap(), "the case is closed").await;
    assert!(!sessions.replace_case(&in_first, first.clone()).await.unwrap(), "a closed case is not opened again");
    let closed = load().await;
    assert!(matches!(&closed.case, Some(LastCase::Closed(handle)) if *handle == first.handle) && closed.case_tries == 0);

    write(&client, sessions.open_case_write(&closed, second.clone(), NOW).unwrap()).await;
    // A request that read the session during the first case writes its minor after the second case was opened. The second case does not get
    // the minor.
    let minor = Minor {
        handle: "m".to_owned(),
        subject_id: someone(),
        first_name: String::new(),
        last_name: String::new(),
        birth_date: domain::minor::BirthDate::parse("2090-01-01").unwrap(),
        afm: None,
        amka: None,
        paaypa: None,
        case: Some(first.handle.clone()),
    };
    sessions.set_minors(&in_first, std::slice::from_ref(&minor)).await.unwrap();
    assert!(load().await.minors.is_empty());
    let own = Minor { case: Some(second.handle.clone()), ..minor };
    sessions.set_minors(&load().await, std::slice::from_ref(&own)).await.unwrap();
    assert_eq!(load().await.minors.len(), 1);
    // In the role of a citizen, the clerk does not see minors that were added in a case.
    assert!(sessions.choose_role(&load().await, &Role::Citizen, NOW).await.unwrap());
    let as_citizen = load().await;
    assert!(as_citizen.minors.is_empty() && as_citizen.open_case(NOW).is_none());
}

#[tokio::test]
async fn a_clerk_has_one_case_in_all_sessions_until_it_is_closed_or_its_time_is_over() {
    let client = dynamodb().await;
    let quotas = Quotas::new(client.clone(), stack::variable("QUOTAS_TABLE"));
    let (clerk, [first, second]) = (someone(), [CaseHandle::random().unwrap(), CaseHandle::random().unwrap()]);
    let over = NOW.plus(Span::minutes(20));
    let just_before = over.plus(Span::seconds(-1));
    let open = |case: &CaseHandle, now: Moment| quotas.open_case_write(&clerk, case, now.plus(Span::minutes(20)), now).unwrap();
    let close = |case: &CaseHandle| quotas.close_case_write(&clerk, case).unwrap();
    write(&client, close(&first)).await;
    write(&client, open(&first, NOW)).await;
    assert!(quotas.has_open_case(&clerk, just_before).await.unwrap() && !quotas.has_open_case(&clerk, over).await.unwrap());
    assert!(!quotas.has_open_case(&someone(), NOW).await.unwrap(), "another clerk");
    assert_rejected(&client, open(&second, just_before), "the first case is open").await;
    assert_rejected(&client, close(&second), "the open case is another one").await;
    write(&client, open(&second, over)).await;
    assert_rejected(&client, close(&first), "the first case is over, and the second one is open").await;
    write(&client, close(&second)).await;
    assert!(!quotas.has_open_case(&clerk, over).await.unwrap());
    write(&client, open(&first, over)).await;
}

#[tokio::test]
async fn a_role_is_chosen_only_with_the_case_that_was_read_and_a_case_opened_only_in_the_role_that_was_read() {
    let client = dynamodb().await;
    let sessions = Sessions::new(client.clone(), stack::variable("SESSIONS_TABLE"));
    let begun = clerk();
    sessions.start(&begun, NOW).await.unwrap();
    let load = async || sessions.load(&begun.token, NOW).await.unwrap().unwrap();
    let before = load().await;
    let ((first, _), (second, _)) = (case(&someone()), case(&someone()));
    write(&client, sessions.open_case_write(&before, first.clone(), NOW).unwrap()).await;
    assert!(!sessions.choose_role(&before, &Role::Citizen, NOW).await.unwrap(), "a case was opened in the meantime");
    let in_case = load().await;
    assert!(in_case.open_case(NOW).is_some(), "the role is still that of the clerk");
    write(&client, sessions.close_case_write(&in_case, &first.handle).unwrap()).await;
    assert!(!sessions.choose_role(&in_case, &Role::Citizen, NOW).await.unwrap(), "the case was closed in the meantime");
    let closed = load().await;
    assert!(sessions.choose_role(&closed, &Role::Citizen, NOW).await.unwrap());
    assert_rejected(&client, sessions.open_case_write(&closed, second.clone(), NOW).unwrap(), "the clerk is a citizen now").await;
    assert!(sessions.choose_role(&load().await, &Role::KepClerk { office: office().id }, NOW).await.unwrap());
    write(&client, sessions.open_case_write(&load().await, second, NOW).unwrap()).await;
}

#[tokio::test]
async fn a_session_is_deleted_only_with_the_case_that_was_read() {
    let client = dynamodb().await;
    let sessions = Sessions::new(client.clone(), stack::variable("SESSIONS_TABLE"));
    let begun = clerk();
    sessions.start(&begun, NOW).await.unwrap();
    let load = async || sessions.load(&begun.token, NOW).await.unwrap();
    let without = load().await.unwrap();
    assert_rejected(&client, sessions.end_with_case_write(&without).unwrap(), "there is no case").await;
    let (opened, _) = case(&someone());
    write(&client, sessions.open_case_write(&without, opened.clone(), NOW).unwrap()).await;
    let read = load().await.unwrap();
    assert!(sessions.replace_case(&read, Case { proven_at: Some(NOW), ..opened }).await.unwrap());
    assert_rejected(&client, sessions.end_with_case_write(&read).unwrap(), "the presence was proven in the meantime").await;
    let current = load().await.unwrap();
    write(&client, sessions.end_with_case_write(&current).unwrap()).await;
    assert!(load().await.is_none());
    assert_rejected(&client, sessions.end_with_case_write(&current).unwrap(), "the session has ended").await;
}

#[tokio::test]
async fn acts_are_recorded_only_while_the_case_is_open() {
    let client = dynamodb().await;
    let history = History::new(client.clone(), stack::variable("HISTORY_TABLE"));
    let person = someone();
    let (case, record) = case(&person);
    history.put(&record).await.unwrap();
    let act = |at: Moment| Act { what: ActKind::Downloaded, at, application: None, minor: None };
    write(&client, history.acts_write(&person, &case.record, &[act(NOW)], NOW).unwrap()).await;
    let over = case.expires_at;
    assert_rejected(&client, history.acts_write(&person, &case.record, &[act(over)], over).unwrap(), "the case has expired").await;
    write(&client, history.prove_presence_write(&person, &case.record, Presence::Otp, NOW).unwrap()).await;
    let again = history.prove_presence_write(&person, &case.record, Presence::Declared, NOW).unwrap();
    assert_rejected(&client, again, "the presence is proven").await;
    write(&client, history.close_case_write(&person, &case.record, NOW).unwrap()).await;
    assert_rejected(&client, history.close_case_write(&person, &case.record, NOW).unwrap(), "the case is closed").await;
    assert_rejected(&client, history.acts_write(&person, &case.record, &[act(NOW)], NOW).unwrap(), "the case is closed").await;
    let read = history.find(&person, &case.record, NOW).await.unwrap().unwrap();
    let Event::Case(read) = read.what else { panic!("another event") };
    assert_eq!((read.done.len(), read.presence, read.closed_at), (1, Presence::Otp, Some(NOW)));
}

#[tokio::test]
async fn a_code_that_was_not_accepted_is_recorded_once_even_in_a_case_that_is_closed_or_full() {
    let client = dynamodb().await;
    let history = History::new(client.clone(), stack::variable("HISTORY_TABLE"));
    let person = someone();
    let (case, record) = case(&person);
    history.put(&record).await.unwrap();
    let act = |what, at| Act { what, at, application: None, minor: None };
    let not_accepted =
        async |id: &str, at| history.add_code_not_accepted(&person, &case.record, id, &act(ActKind::CodeNotAccepted, at)).await;
    not_accepted("first", NOW).await.unwrap();
    not_accepted("first", NOW.plus(Span::seconds(1))).await.unwrap();
    for chunk in vec![act(ActKind::Downloaded, NOW); ACTS_PER_CASE_MAX - 1].chunks(50) {
        write(&client, history.acts_write(&person, &case.record, chunk, NOW).unwrap()).await;
    }
    let another = history.acts_write(&person, &case.record, &[act(ActKind::Downloaded, NOW)], NOW).unwrap();
    assert_rejected(&client, another, "the case is full").await;
    not_accepted("in a full case", NOW).await.unwrap();
    write(&client, history.close_case_write(&person, &case.record, NOW).unwrap()).await;
    not_accepted("in a closed case", NOW).await.unwrap();
    let read = history.find(&person, &case.record, NOW).await.unwrap().unwrap();
    let Event::Case(read) = read.what else { panic!("another event") };
    let recorded: Vec<Moment> = read.done.values().filter(|act| act.what == ActKind::CodeNotAccepted).map(|act| act.at).collect();
    assert_eq!(recorded, [NOW; 3]);
    let unknown = format!("case#{}", storage::time_ordered_id());
    let added = history.add_code_not_accepted(&person, &unknown, "first", &act(ActKind::CodeNotAccepted, NOW)).await;
    assert!(added.is_err() && history.find(&person, &unknown, NOW).await.unwrap().is_none(), "a record is not created");
}

#[tokio::test]
async fn a_message_about_a_case_is_claimed_once_and_moved_only_while_nobody_sends_it() {
    let client = dynamodb().await;
    let reminders = Reminders::new(client.clone(), stack::variable("REMINDERS_TABLE"));
    let sealed: SealedCaseMessage = serde_json::from_value(serde_json::json!([1, 2, 3])).unwrap();
    let person = someone();
    let record = format!("case#{}", storage::time_ordered_id());
    let item = CaseMessageItem::new(&sealed, &person, &record, NOW);
    write(&client, reminders.put_case_message_write(&item).unwrap()).await;
    let due = async |now: Moment| due_messages(&reminders, now).await.into_iter().find(|one| one.record == record);
    assert!(due(NOW.plus(Span::seconds(-1))).await.is_none(), "not due yet");
    let listed = due(NOW).await.expect("it is due");
    let claimed = reminders.claim_case_message(&listed, NOW).await.unwrap().expect("the first claim");
    assert!(reminders.claim_case_message(&listed, NOW).await.unwrap().is_none(), "it is claimed");
    let moved = reminders.delete_case_message_write(&record, NOW).unwrap();
    assert_rejected(&client, moved, "it is being sent").await;
    reminders.release_case_message(&claimed).await.unwrap();
    let released = due(NOW).await.expect("it is due again");
    assert_eq!(released.attempts, 1);
    reminders.delete_case_message(&released).await.unwrap();
    assert!(due(NOW).await.is_none());
    assert_rejected(&client, reminders.delete_case_message_write(&record, NOW).unwrap(), "it is gone").await;
}

#[tokio::test]
async fn messages_that_wait_for_another_attempt_hide_no_later_message_and_expired_ones_are_read_to_be_given_up() {
    let client = dynamodb().await;
    let reminders = Reminders::new(client.clone(), stack::variable("REMINDERS_TABLE"));
    let expired = put_message(&client, &reminders, NOW.plus(Span::hours(-24)), 3).await;
    let waiting = put_many_waiting(&client, &reminders, NOW).await;
    let later = put_message(&client, &reminders, NOW, 0).await;
    let found = due_messages(&reminders, NOW).await;
    let turn = |stored: &CaseMessageItem| found.iter().find(|one| one.record == stored.record).map(|one| one.turn(NOW));
    assert_eq!((turn(&expired), turn(&later)), (Some(Turn::GiveUp), Some(Turn::Send)));
    assert!(waiting.iter().all(|one| turn(one) == Some(Turn::Wait)));
    delete_messages(&reminders, &[vec![expired, later], waiting].concat()).await;
}
