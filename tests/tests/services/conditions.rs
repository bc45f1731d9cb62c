//! What was decided on something that has moved meanwhile is not written. Two calls that meet do so rarely; here each of them is
//! made after the other, on items of nobody, in the tables of the deployed stack.
//!
//! Each case keeps all of a condition but one term. Times lie in another century: no schedule looks at these items.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    Afm, CodeNumber, FileProfile, ImageKind, Language, Moment, SubjectId,
    application::{ApplicationId, Purpose},
    authorization::PullRefusal,
    business::BusinessId,
    delivery::DeliveryState,
    minor::BirthDate,
    recipient::RecipientKind,
    retention::ISSUANCE_RETENTION,
    session::Role,
    staff::{Capacity, EmployeeId, MemberId},
    submission::CodeState,
    time::Span,
    verdict::Verdict,
};
use futures_util::future::join_all;
use journeys::stack;
use storage::{
    DynamoDb, Transaction, TransactionError,
    associations::{RequestedReminder, Association, Associations},
    codes::{CodeItem, Codes, NewOwner},
    consents::Consents,
    history::{Event, GivenVerdict, History, Kind, Record},
    issuances::{Issuance, Issuances, Issued, Verdicts, Wanted},
    outbox::{Outbox, OutboxItem},
    reminders::{Listed, ReminderItem, Reminders},
    sealing::{SessionToken, code_id, staff_key},
    sessions::{AwaitedOtp, Minor, Person, Session, Sessions, Try},
    staff::{Staff, StaffFacts, StaffItem},
    transaction::TransactWrite,
};

use crate::aws;

type Item = HashMap<String, AttributeValue>;

const NOW: Moment = Moment::from_epoch_seconds(4_000_000_000);
const LATER: Moment = Moment::from_epoch_seconds(4_000_086_400);

async fn dynamodb() -> DynamoDb {
    aws::dynamodb(&aws::config().await)
}

fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).unwrap();
    bytes
}

fn member() -> MemberId {
    MemberId::from_hash(id())
}

fn someone() -> SubjectId {
    SubjectId::from_random(random())
}

fn id() -> String {
    storage::random_id().unwrap()
}

fn business() -> BusinessId {
    BusinessId::from_hash(id())
}

fn afm() -> Afm {
    Afm::parse("068933130").unwrap()
}

async fn commit(client: &DynamoDb, part: TransactWrite) -> Result<(), TransactionError> {
    Transaction::new(client.clone()).with(part).commit().await
}

async fn write(client: &DynamoDb, part: TransactWrite) {
    commit(client, part).await.unwrap();
}

/// By which parts' conditions.
fn refused_by(result: &Result<(), TransactionError>) -> &[usize] {
    if let Err(TransactionError::Refused(parts)) = result { parts } else { &[] }
}

/// By its condition, and for no other reason.
async fn assert_refused(client: &DynamoDb, part: TransactWrite, why: &str) {
    let result = commit(client, part).await;
    assert_eq!(refused_by(&result), [0], "{why}: {result:?}");
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn seconds(moment: Moment) -> AttributeValue {
    number(moment.epoch_seconds())
}

fn item<const N: usize>(attributes: [(&str, AttributeValue); N]) -> Item {
    attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

async fn put(client: &DynamoDb, table: &str, item: &Item) {
    client.put_item().table_name(stack::variable(table)).set_item(Some(item.clone())).send().await.unwrap();
}

fn read<T: serde::de::DeserializeOwned>(item: Item) -> T {
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).unwrap()
}

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
    assert_refused(&client, associations.put_write(&other).unwrap(), "one is in force").await;
    write(&client, associations.applications_write(&first, &BTreeMap::new()).unwrap()).await;
    let asked = RequestedReminder { masked: "m".to_owned(), language: Language::El, until: None };
    for (part, why) in [
        (associations.applications_write(&first, &BTreeMap::new()), "authorizations"),
        (associations.reminder_write(&first, Some(&asked)), "a reminder"),
        (associations.reminder_write(&first, None), "none"),
        (associations.end_write(&first), "its end"),
        (associations.clear_reminder_write(&first.subject_id, &other.set_id), "a reminder of another set"),
    ] {
        assert_refused(&client, part.unwrap(), why).await;
    }
    write(&client, associations.clear_reminder_write(&first.subject_id, &first.set_id).unwrap()).await;
    let now = associations.of(&first.subject_id, NOW).await.unwrap().unwrap();
    write(&client, associations.end_write(&now).unwrap()).await;
    assert_refused(&client, associations.clear_reminder_write(&first.subject_id, &first.set_id).unwrap(), "nothing is associated").await;
    // What has expired makes room, although it is still there.
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
    assert_refused(&client, codes.put_write(&item).unwrap(), "it is there").await;
    let owner = |from, at: Moment| NewOwner { subject: &subject, associated_at: at, expires_at: LATER, from, dissociations: 0 };
    for (from, at, why) in [(CodeState::Dissociated, NOW, "another state"), (CodeState::Issued, LATER, "its last second is over")] {
        assert_refused(&client, codes.associate_write(&code, &owner(from, at)).unwrap(), why).await;
    }
    write(&client, codes.associate_write(&code, &owner(CodeState::Issued, NOW)).unwrap()).await;
    assert_refused(&client, codes.associate_write(&code, &owner(CodeState::Issued, NOW)).unwrap(), "somebody was quicker").await;
}

#[tokio::test]
async fn of_fifty_people_who_associate_one_code_at_once_one_succeeds() {
    let client = dynamodb().await;
    let codes = Codes::new(client.clone(), stack::variable("CODES_TABLE"));
    let associations = Associations::new(client.clone(), stack::variable("ASSOCIATIONS_TABLE"));
    let (code, item) = code(CodeState::Issued, None);
    write(&client, codes.put_write(&item).unwrap()).await;
    let wanted: Vec<Association> = (0..50).map(|_| Association { code_id: item.code_id.clone(), ..association() }).collect();
    // As functions/citizen/associate.rs does: the code becomes the subject's, and the subject gets an association, or neither.
    let results = join_all(wanted.iter().map(async |one| {
        let owner = NewOwner { subject: &one.subject_id, associated_at: NOW, expires_at: LATER, from: CodeState::Issued, dissociations: 0 };
        let transaction = Transaction::new(client.clone()).with(codes.associate_write(&code, &owner).unwrap());
        transaction.with(associations.put_write(one).unwrap()).commit().await
    }))
    .await;
    let mut owners = Vec::new();
    for (one, result) in wanted.iter().zip(results) {
        let is_let_in = result.is_ok();
        assert!(is_let_in || matches!(&result, Err(TransactionError::Conflict)) || refused_by(&result) == [0], "{result:?}");
        assert_eq!(associations.of(&one.subject_id, NOW).await.unwrap().is_some(), is_let_in, "both or neither");
        owners.extend(is_let_in.then(|| one.subject_id.clone()));
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
    let (_, held) = code(CodeState::Associated, Some(subject.clone()));
    let (_, odd) = code(CodeState::Issued, Some(subject.clone()));
    for item in [&held, &odd] {
        write(&client, codes.put_write(item).unwrap()).await;
    }
    assert_refused(&client, codes.dissociate_write(&odd.code_id, &subject).unwrap(), "it is not associated").await;
    assert_refused(&client, codes.dissociate_write(&held.code_id, &someone()).unwrap(), "it is another's").await;
    write(&client, codes.dissociate_write(&held.code_id, &subject).unwrap()).await;
    assert_refused(&client, codes.delete_write(&held).unwrap(), "it is dissociated meanwhile").await;
    write(&client, codes.delete_write(&CodeItem { state: CodeState::Dissociated, ..held }).unwrap()).await;
}

#[tokio::test]
async fn extending_a_missing_agreement_is_rejected() {
    let client = dynamodb().await;
    let (consents, person) = (Consents::new(client.clone(), stack::variable("CONSENTS_TABLE")), someone());
    assert_refused(&client, consents.extend_personal_data_write(&person, "some", LATER).unwrap(), "there is none").await;
    consents.agree_personal_data(&person, NOW).await.unwrap();
    let version = domain::consent::PERSONAL_DATA_VERSION;
    write(&client, consents.extend_personal_data_write(&person, version, LATER).unwrap()).await;
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
    let (authorized, given, refused) = (record(authorized), record(pulled(None)), record(pulled(Some(PullRefusal::ImageAbsent))));
    let end = |event: &str| history.end_authorization_write(&subject, event, NOW).unwrap();
    assert_refused(&client, end(&authorized.event), "there is none").await;
    let verdict = GivenVerdict { verdict: Verdict::Accepted, text: None, at: NOW };
    let say = |event: &str| history.verdict_write(&subject, event, &verdict).unwrap();
    assert_refused(&client, say(&given.event), "there is no such pull").await;
    for one in [&authorized, &given, &refused] {
        history.put(one).await.unwrap();
    }
    write(&client, end(&authorized.event)).await;
    assert_refused(&client, end(&authorized.event), "it has ended").await;
    write(&client, say(&given.event)).await;
    assert_refused(&client, say(&refused.event), "it was refused").await;
}

fn upload() -> Issuance {
    let made_by = (member(), Capacity::Owner);
    let mut upload = Issuance::begin(business(), storage::time_ordered_id(), made_by, FileProfile::Standard, BTreeMap::new(), NOW);
    upload.expires_at = LATER;
    upload
}

fn issued() -> Issued {
    Issued {
        recipient_kind: RecipientKind::Mobile,
        recipient_masked: "m".to_owned(),
        language: Language::El,
        issued_at: NOW,
        code_expires_at: LATER,
        delivery: DeliveryState::Sent,
        attempts: 1,
        sent_at: None,
        associated: false,
        message_id: "first".to_owned(),
        reminder: false,
        resent: Vec::new(),
        verdicts: Verdicts::default(),
    }
}

#[tokio::test]
async fn an_upload_becomes_one_code_or_is_rejected() {
    let client = dynamodb().await;
    let issuances = Issuances::new(client.clone(), stack::variable("ISSUANCES_TABLE"));
    let (used, bad) = (upload(), upload());
    for one in [&used, &bad] {
        assert!(issuances.begin(one, NOW).await.unwrap());
    }
    assert!(!issuances.begin(&used, NOW).await.unwrap(), "it is there");
    let issue = |of: &Issuance| issuances.issue_write(&of.business, &of.upload_id, &issued()).unwrap();
    write(&client, issue(&used)).await;
    assert_refused(&client, issue(&used), "once").await;
    assert!(!issuances.refuse(&used.business, &used.upload_id).await.unwrap(), "it is a code");
    assert!(issuances.refuse(&bad.business, &bad.upload_id).await.unwrap());
    assert_refused(&client, issue(&bad), "it was refused").await;
    for (part, why) in [
        (issuances.associated_write(&bad.business, &bad.upload_id), "no code to be associated"),
        (issuances.delivery_write(&bad.business, &bad.upload_id, DeliveryState::Sent, 1, None), "nothing to be sent"),
    ] {
        assert_refused(&client, part.unwrap(), why).await;
    }
}

#[tokio::test]
async fn a_resend_based_on_an_outdated_issuance_is_rejected() {
    let client = dynamodb().await;
    let issuances = Issuances::new(client.clone(), stack::variable("ISSUANCES_TABLE"));
    let resent = || storage::issuances::Resent { at: NOW, by: member(), corrected: false };
    let once = Issued { resent: vec![resent()], ..issued() };
    let twice = Issued { resent: vec![resent(), resent()], ..issued() };
    for (there, read, why) in [
        (Issued { message_id: "second".to_owned(), ..issued() }, issued(), "another message"),
        (Issued { associated: true, ..issued() }, issued(), "associated"),
        (once.clone(), issued(), "sent again by somebody, for the first time"),
        (twice.clone(), once.clone(), "sent again by somebody"),
    ] {
        let one = upload();
        assert!(issuances.begin(&one, NOW).await.unwrap());
        write(&client, issuances.issue_write(&one.business, &one.upload_id, &there).unwrap()).await;
        assert_refused(&client, issuances.resend_write(&one.business, &one.upload_id, &read, &twice).unwrap(), why).await;
        let unmoved = Issued { associated: false, ..there.clone() };
        if unmoved.associated == there.associated {
            write(&client, issuances.resend_write(&one.business, &one.upload_id, &there, &twice).unwrap()).await;
        }
    }
}

/// A message that failed once and comes due at `NOW`: no sender of today takes it.
fn message() -> Item {
    item([
        ("message_id", text(&id())),
        ("sealed", AttributeValue::B(vec![1].into())),
        ("state", text("queued")),
        ("attempts", number(1)),
        ("due", text("due")),
        ("next_at", seconds(NOW)),
        ("business", text("b")),
        ("upload_id", text("u")),
        ("kept_until", seconds(LATER)),
        ("expires_at", seconds(LATER)),
    ])
}

fn with(item: &Item, name: &str, value: AttributeValue) -> Item {
    let mut item = item.clone();
    item.insert(name.to_owned(), value);
    item
}

#[tokio::test]
async fn only_one_sender_claims_a_message_that_waits_and_is_due() {
    let client = dynamodb().await;
    let outbox = Outbox::new(client.clone(), stack::variable("OUTBOX_TABLE"));
    let claim = async |item: Item| {
        put(&client, "OUTBOX_TABLE", &item).await;
        let message_id = item["message_id"].as_s().unwrap();
        let claimed = outbox.claim(message_id, NOW).await.unwrap().is_some();
        outbox.delete(message_id).await.unwrap();
        claimed
    };
    let after = NOW.plus(Span::seconds(1));
    assert!(claim(message()).await);
    assert!(claim(with(&message(), "claimed_until", seconds(NOW))).await, "a claim that ran out");
    for (name, value, why) in [
        ("state", text("sent"), "it is sent"),
        ("kept_until", seconds(NOW), "its day is over"),
        ("claimed_until", seconds(after), "another has it in hand"),
        ("next_at", seconds(after), "it is not due"),
    ] {
        assert!(!claim(with(&message(), name, value)).await, "{why}");
    }
    assert!(outbox.claim(&id(), NOW).await.unwrap().is_none(), "there is none");
}

#[tokio::test]
async fn a_message_that_was_settled_or_claimed_meanwhile_is_not_changed() {
    let client = dynamodb().await;
    let outbox = Outbox::new(client.clone(), stack::variable("OUTBOX_TABLE"));
    let was = message();
    let old: OutboxItem = read(was.clone());
    let put = async |name: &str, value| put(&client, "OUTBOX_TABLE", &with(&was, name, value)).await;
    put("state", text("sent")).await;
    for (part, why) in [
        (outbox.settle_write(&old, DeliveryState::Failed), "settled before"),
        (outbox.retry_write(&old, LATER), "sent"),
        (outbox.requeue_write(&old, NOW), "sent, and so not as it was read"),
        (outbox.withdraw_write(&old), "sent, and so not as it was read"),
    ] {
        assert_refused(&client, part.unwrap(), why).await;
    }
    put("attempts", number(2)).await;
    for part in [outbox.requeue_write(&old, NOW), outbox.withdraw_write(&old)] {
        assert_refused(&client, part.unwrap(), "tried again meanwhile").await;
    }
    put("next_at", seconds(LATER)).await;
    for part in [outbox.requeue_write(&old, NOW), outbox.withdraw_write(&old), outbox.delete_write(&old)] {
        assert_refused(&client, part.unwrap(), "looked at again at another time").await;
    }
    put("attempts", number(1)).await;
    write(&client, outbox.delete_write(&old).unwrap()).await;
}

fn reminder() -> Item {
    item([
        ("slot", text(&format!("2096-10-02#{}", id()))),
        ("about", text("code#c")),
        ("sealed", AttributeValue::B(vec![1].into())),
        ("set_id", text(&id())),
        ("attempts", number(0)),
        ("expires_at", seconds(LATER)),
    ])
}

#[tokio::test]
async fn only_one_run_claims_a_reminder_as_it_was_listed_and_before_its_end() {
    let client = dynamodb().await;
    let reminders = Reminders::new(client.clone(), stack::variable("REMINDERS_TABLE"));
    for (name, value, why) in [
        ("claim", text("another"), "another run has it in hand"),
        ("attempts", number(1), "another run tried it"),
        ("expires_at", seconds(NOW), "it is over"),
    ] {
        let listed = reminder();
        put(&client, "REMINDERS_TABLE", &with(&listed, name, value)).await;
        assert!(reminders.claim(&read::<Listed>(listed), NOW).await.unwrap().is_none(), "{why}");
    }
    let listed = reminder();
    put(&client, "REMINDERS_TABLE", &listed).await;
    let listed: Listed = read(listed);
    assert!(reminders.claim(&listed, NOW).await.unwrap().is_some());
    assert_refused(&client, reminders.give_up_write(&listed).unwrap(), "it is being tried").await;
}

#[tokio::test]
async fn only_the_run_that_claimed_a_reminder_releases_or_ends_it() {
    let client = dynamodb().await;
    let reminders = Reminders::new(client.clone(), stack::variable("REMINDERS_TABLE"));
    let there = with(&with(&reminder(), "claim", text("another")), "claimed_until", seconds(LATER));
    put(&client, "REMINDERS_TABLE", &there).await;
    let ours: ReminderItem = read(with(&there, "claim", text("ours")));
    reminders.release(&ours).await.unwrap();
    assert_refused(&client, reminders.end_write(&ours).unwrap(), "another has it in hand").await;
    let listed: Listed = read(there.clone());
    assert!(reminders.claim(&listed, NOW).await.unwrap().is_none(), "the other's claim stands");
    write(&client, reminders.end_write(&read(there)).unwrap()).await;
}

#[tokio::test]
async fn expired_items_are_absent_from_lists_before_they_are_deleted() {
    let client = dynamodb().await;
    let (consents, person) = (Consents::new(client.clone(), stack::variable("CONSENTS_TABLE")), someone());
    consents.agree_personal_data(&person, NOW).await.unwrap();
    assert_eq!(consents.of(&person, NOW).await.unwrap().len(), 1);
    assert!(consents.of(&person, NOW.plus(Span::days(1_000))).await.unwrap().is_empty());

    let history = History::new(client.clone(), stack::variable("HISTORY_TABLE"));
    let record = Record::new(&person, Event::Dissociated { set_id: id(), by: person.clone() }, NOW, LATER);
    history.put(&record).await.unwrap();
    let count = async |now| history.list(&person, Kind::Associations, None, 10, now).await.unwrap().records.len();
    assert_eq!((count(NOW).await, count(record.expires_at).await), (1, 0));

    let issuances = Issuances::new(client.clone(), stack::variable("ISSUANCES_TABLE"));
    let one = upload();
    assert!(issuances.begin(&one, NOW).await.unwrap());
    write(&client, issuances.issue_write(&one.business, &one.upload_id, &issued()).unwrap()).await;
    let count = async |now| issuances.list(&one.business, Wanted::default(), None, 10, now).await.unwrap().issuances.len();
    assert_eq!((count(NOW).await, count(NOW.plus(ISSUANCE_RETENTION)).await), (1, 0));
}

#[tokio::test]
async fn a_session_ends_at_its_hard_end_even_if_its_item_expires_later() {
    let sessions = Sessions::new(dynamodb().await, stack::variable("SESSIONS_TABLE"));
    let mut session = session();
    session.hard_end = NOW.plus(Span::seconds(1));
    sessions.start(&session, NOW).await.unwrap();
    assert!(sessions.load(&session.token, NOW).await.unwrap().is_some());
    assert!(sessions.load(&session.token, session.hard_end).await.unwrap().is_none());
}

fn session() -> Session {
    let person = Person {
        first_name: String::new(),
        last_name: String::new(),
        afm: afm(),
        birth_date: String::new(),
        mobile: None,
        businesses: Vec::new(),
    };
    Session::begin(SessionToken::random().unwrap(), someone(), person, NOW)
}

#[tokio::test]
async fn a_session_that_ended_or_was_superseded_is_not_revived() {
    let client = dynamodb().await;
    let sessions = Sessions::new(client.clone(), stack::variable("SESSIONS_TABLE"));
    let minor = Minor {
        handle: "m".to_owned(),
        subject_id: someone(),
        first_name: String::new(),
        last_name: String::new(),
        birth_date: BirthDate::parse("2090-01-01").unwrap(),
        afm: None,
        amka: None,
        paaypa: None,
    };
    let (ended, without, succeeded) = (session(), session(), session());
    for one in [&without, &succeeded] {
        sessions.start(one, NOW).await.unwrap();
    }
    assert!(sessions.set_minors(&succeeded, std::slice::from_ref(&minor)).await.unwrap());
    let with_minor = sessions.load(&succeeded.token, NOW).await.unwrap().unwrap();
    let succeed = |one: &Session| sessions.rotate_write(one, "try", &SessionToken::random().unwrap(), LATER).unwrap();
    for one in [&without, &succeeded] {
        write(&client, succeed(one)).await;
        assert_refused(&client, succeed(one), "it was succeeded").await;
    }
    assert_refused(&client, succeed(&ended), "it has ended").await;
    for (one, why) in [(&ended, "ended"), (&without, "succeeded"), (&with_minor, "succeeded, with a minor")] {
        assert!(!sessions.touch(one, NOW).await.unwrap(), "{why}");
        assert!(!sessions.choose_role(one, &Role::Citizen, NOW).await.unwrap(), "{why}");
        assert!(!sessions.set_minors(one, &[]).await.unwrap(), "{why}");
    }
    assert!(matches!(sessions.note_try(&ended, "try", 3).await.unwrap(), Try::Gone));
    assert!(sessions.load(&ended.token, NOW).await.unwrap().is_none(), "nothing was written");
}

#[tokio::test]
async fn minors_and_passwords_are_replaced_only_if_unchanged() {
    let client = dynamodb().await;
    let sessions = Sessions::new(client.clone(), stack::variable("SESSIONS_TABLE"));
    let mut session = session();
    let awaited = |resends| AwaitedOtp { hash: vec![1], expires_at: LATER, resends };
    session.otp = Some(awaited(0));
    sessions.start(&session, NOW).await.unwrap();
    assert!(sessions.replace_otp(&session, 0, &awaited(1)).await.unwrap());
    assert!(!sessions.replace_otp(&session, 0, &awaited(1)).await.unwrap(), "another was sent meanwhile");
    assert!(sessions.set_minors(&session, &[]).await.unwrap());
    assert!(!sessions.set_minors(&session, &[]).await.unwrap(), "one was added meanwhile, as the first");
    let read = sessions.load(&session.token, NOW).await.unwrap().unwrap();
    assert!(sessions.set_minors(&read, &[]).await.unwrap());
    assert!(!sessions.set_minors(&read, &[]).await.unwrap(), "one was added meanwhile");
}

#[tokio::test]
async fn data_of_an_employee_is_replaced_only_if_unchanged() {
    let client = dynamodb().await;
    let (staff, key) = (Staff::new(client.clone(), stack::variable("STAFF_TABLE")), staff_key("secret"));
    let facts = StaffFacts { afm: afm(), label: None, business_afm: afm(), owner_afm: afm() };
    let first = StaffItem::seal(&key, business(), EmployeeId::from_hash(id()), &facts, member(), NOW).unwrap();
    write(&client, staff.put_write(&first).unwrap()).await;
    assert_refused(&client, staff.put_write(&first).unwrap(), "it is there").await;
    // Sealed again, it is another one.
    let second = first.with(&key, &facts, member()).unwrap();
    write(&client, staff.replace_write(&first, &second).unwrap()).await;
    assert_refused(&client, staff.replace_write(&first, &second).unwrap(), "another label was given meanwhile").await;
}
