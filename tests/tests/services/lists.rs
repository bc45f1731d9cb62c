//! Tests the pages, order and filters of lists, and the reading of an association together with its key.

use std::collections::BTreeMap;

use domain::{
    Afm, AthensDay, CodeNumber, FileProfile, ImageKind, Language, Moment, SubjectId,
    application::{ApplicationId, Purpose},
    authorization::Authorization,
    business::BusinessId,
    delivery::{DeliveryState, IssuanceState},
    recipient::RecipientKind,
    staff::{Capacity, EMPLOYERS_MAX, EmployeeId},
    submission::CodeState,
    time::Span,
    verdict::{RefusalReason, Verdict},
};
use journeys::{midnight, stack};
use storage::{
    associations::{Association, Associations, RequestedReminder},
    codes::{CodeItem, Codes, NewOwner},
    history::{Event, GivenVerdict, History, Kind, Record},
    issuances::{Issuance, Issuances, Issued, Verdicts, Wanted},
    keys::{KeyItem, Keys, OpenedKey, in_force},
    sealing::{PullIds, SealingKey, code_id, staff_key},
    staff::{Staff, StaffFacts, StaffItem},
};

use crate::{LATER, NOW, business, commit, dynamodb, id, kms, member, rejected_writes, someone};

async fn history() -> History {
    History::new(dynamodb().await, stack::variable("HISTORY_TABLE"))
}

#[tokio::test]
async fn a_history_is_paged_newest_first_without_expired_records() {
    let (history, subject) = (history().await, someone());
    let dissociated = |set: usize, end| {
        let what = Event::Dissociated { set_id: set.to_string(), by: subject.clone() };
        Record::new(&subject, what, NOW, end)
    };
    // Of seven records, the three in the middle have expired. A page skips the expired records and continues with the next ones.
    let mut valid = Vec::new();
    for set in 0..7 {
        let mut record = dissociated(set, LATER);
        if (2..5).contains(&set) {
            record.expires_at = NOW;
        } else {
            valid.push(record.event.clone());
        }
        history.put(&record).await.unwrap();
        // The order of IDs from the same millisecond is random, so each record is created in a later millisecond.
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    valid.reverse();
    let other = Event::Authorized {
        application: ApplicationId::parse("passport").unwrap(),
        purpose: Purpose::Passport,
        by: subject.clone(),
        until: LATER,
        ended_at: None,
        ended_at_kep: None,
    };
    let other = Record::new(&subject, other, NOW, LATER);
    commit(&dynamodb().await, [history.put_write(&other).unwrap()]).await.unwrap();
    for limit in 1..=5 {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = history.list(&subject, Kind::Associations, after.as_deref(), limit, NOW).await.unwrap();
            assert!(page.records.len() <= limit);
            found.extend(page.records.into_iter().map(|record| record.event));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, valid, "{limit} per page");
    }
    assert_eq!(history.list(&subject, Kind::Authorizations, None, 5, NOW).await.unwrap().records.len(), 1);
    assert!(history.list(&subject, Kind::Accesses, None, 5, NOW).await.unwrap().records.is_empty());
    assert!(history.list(&someone(), Kind::Associations, None, 5, NOW).await.unwrap().records.is_empty());
    assert!(history.find(&subject, &other.event, NOW).await.unwrap().is_some());
    assert!(history.find(&subject, &other.event, other.expires_at).await.unwrap().is_none());
    let after_unknown_id = history.list(&subject, Kind::Associations, Some("not an id"), 5, NOW).await;
    assert!(after_unknown_id.is_ok_and(|page| page.next.is_none()), "a page after an id that does not exist");
}

#[tokio::test]
async fn a_verdict_replaces_an_earlier_one() {
    let (history, subject, client) = (history().await, someone(), dynamodb().await);
    let pulled = Event::Pulled {
        application: ApplicationId::parse("passport").unwrap(),
        purpose: Purpose::Passport,
        image: ImageKind::Face,
        case: "1".to_owned(),
        refusal: None,
        origin: None,
        verdict: None,
    };
    let record = Record::new(&subject, pulled, NOW, LATER);
    history.put(&record).await.unwrap();
    for verdict in [Verdict::Refused(RefusalReason::Glasses), Verdict::Accepted] {
        let given = GivenVerdict { verdict, text: Some("κείμενο".to_owned()), at: NOW };
        commit(&client, [history.verdict_write(&subject, &record.event, &given).unwrap()]).await.unwrap();
        let read = history.find(&subject, &record.event, NOW).await.unwrap().unwrap();
        assert!(matches!(read.what, Event::Pulled { verdict: Some(read), .. } if read == given));
    }
}

pub(crate) fn upload(business: &BusinessId) -> Issuance {
    let made_by = (member(), Capacity::Owner);
    let mut upload = Issuance::begin(business.clone(), storage::time_ordered_id(), made_by, FileProfile::Standard, BTreeMap::new(), NOW);
    upload.expires_at = LATER;
    upload
}

pub(crate) fn issued(at: Moment) -> Issued {
    Issued {
        recipient_kind: RecipientKind::Mobile,
        recipient_masked: "m".to_owned(),
        language: Language::El,
        issued_at: at,
        code_expires_at: at.plus(Span::days(14)),
        delivery: DeliveryState::Queued,
        attempts: 0,
        sent_at: None,
        failure: None,
        associated: false,
        message_id: "first".to_owned(),
        reminder: false,
        resent: Vec::new(),
        verdicts: Verdicts::default(),
        without_face: None,
        reference: None,
    }
}

async fn issuances() -> Issuances {
    Issuances::new(dynamodb().await, stack::variable("ISSUANCES_TABLE"))
}

/// Returns the current time. These tests cannot use `NOW`, because the list of a day selects uploads by the time in their IDs, and `upload`
/// creates IDs with the current time.
fn current_time() -> Moment {
    Moment::from_epoch_seconds(jiff::Timestamp::now().as_second())
}

#[tokio::test]
async fn issuances_of_a_business_are_paged_and_filtered_by_day_and_state() {
    midnight::avoid(Span::minutes(3)).await;
    let (issuances, shop, client, now) = (issuances().await, business(), dynamodb().await, current_time());
    let mut issued_uploads = Vec::new();
    for number in 0..7 {
        let one = upload(&shop);
        issuances.begin(&one, now).await.unwrap();
        // Every third upload is rejected.
        if number % 3 == 2 {
            assert!(issuances.refuse(&shop, &one.upload_id).await.unwrap());
        } else {
            commit(&client, [issuances.issue_write(&shop, &one.upload_id, &issued(now)).unwrap()]).await.unwrap();
            issued_uploads.push(one.upload_id);
        }
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    issued_uploads.reverse();
    let sent = &issued_uploads[1];
    commit(&client, [issuances.delivery_write(&shop, sent, DeliveryState::Sent, 1, Some(now)).unwrap()]).await.unwrap();
    commit(&client, [issuances.associated_write(&shop, &issued_uploads[2]).unwrap()]).await.unwrap();

    let all = async |filter: Wanted<'_>, limit: usize| {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = issuances.list(&shop, filter, after.as_deref(), limit, now).await.unwrap();
            assert!(page.issuances.len() <= limit);
            found.extend(page.issuances.into_iter().map(|one| one.upload_id));
            after = page.next;
            if after.is_none() {
                return found;
            }
        }
    };
    let day = AthensDay::of(now);
    for limit in 1..=6 {
        assert_eq!(all(Wanted::default(), limit).await, issued_uploads, "{limit} per page");
        assert_eq!(all(Wanted { day: Some(day), ..Wanted::default() }, limit).await, issued_uploads, "of the day, {limit} per page");
        assert_eq!(all(Wanted { state: Some(IssuanceState::Sent), ..Wanted::default() }, limit).await, issued_uploads[1..2]);
        assert_eq!(all(Wanted { state: Some(IssuanceState::Associated), ..Wanted::default() }, limit).await, issued_uploads[2..3]);
        assert!(all(Wanted { day: Some(day.minus(1)), ..Wanted::default() }, limit).await.is_empty());
    }
    let read = issuances.find(&shop, sent, now).await.unwrap().unwrap().issued.unwrap();
    assert_eq!((read.delivery, read.attempts, read.sent_at), (DeliveryState::Sent, 1, Some(now)));
    assert!(issuances.find(&business(), sent, now).await.unwrap().is_none(), "the upload belongs to another business");
    assert!(issuances.list(&business(), Wanted::default(), None, 5, now).await.unwrap().issuances.is_empty());
}

/// Of the 111 uploads, only the oldest has a code. One query reads the 100 newest uploads, so a second query is needed to find the code.
#[tokio::test]
async fn a_long_list_is_read_to_its_end_even_if_few_entries_match() {
    let (issuances, shop, client, now) = (issuances().await, business(), dynamodb().await, current_time());
    let oldest = upload(&shop);
    issuances.begin(&oldest, now).await.unwrap();
    commit(&client, [issuances.issue_write(&shop, &oldest.upload_id, &issued(now)).unwrap()]).await.unwrap();
    for _ in 0..11 {
        let others: Vec<_> = (0..10).map(|_| upload(&shop)).collect();
        let begun = futures_util::future::join_all(others.iter().map(|one| issuances.begin(one, now))).await;
        assert!(begun.into_iter().all(|begun| begun.unwrap()));
    }
    let page = issuances.list(&shop, Wanted::default(), None, 1, now).await.unwrap();
    assert_eq!((page.issuances.len(), page.next), (1, None));
    assert_eq!(page.issuances[0].upload_id, oldest.upload_id);
}

#[tokio::test]
async fn the_photographers_list_has_each_different_verdict_once_and_names_no_application() {
    let (issuances, shop, client) = (issuances().await, business(), dynamodb().await);
    let one = upload(&shop);
    issuances.begin(&one, NOW).await.unwrap();
    let [licence, passport] = ["driving-licence", "passport"].map(|id| ApplicationId::parse(id).unwrap());
    let report = async |application: &ApplicationId, image, verdict| {
        let slot = PullIds::new("secret").verdict_slot(&one.upload_id, application, image);
        commit(&client, [issuances.verdict_write(&shop, &one.upload_id, &slot, verdict).unwrap()]).await
    };
    assert_eq!(rejected_writes(report(&licence, ImageKind::Face, Verdict::Accepted).await), [0], "no code has been issued yet");
    commit(&client, [issuances.issue_write(&shop, &one.upload_id, &issued(NOW)).unwrap()]).await.unwrap();
    for (application, image, verdict) in [
        (&licence, ImageKind::Face, Verdict::Refused(RefusalReason::Glasses)),
        (&licence, ImageKind::Signature, Verdict::Accepted),
        (&passport, ImageKind::Face, Verdict::Accepted),
    ] {
        report(application, image, verdict).await.unwrap();
    }
    let row = async || issuances.find(&shop, &one.upload_id, NOW).await.unwrap().unwrap().issued.unwrap().verdicts;
    let stored = format!("{:?}", row().await);
    assert!(["licence", "passport", "face", "signature"].iter().all(|word| !stored.contains(word)), "{stored}");
    assert_eq!(Vec::from_iter(row().await.visible()), [Verdict::Accepted, Verdict::Refused(RefusalReason::Glasses)]);
    report(&licence, ImageKind::Face, Verdict::Accepted).await.unwrap();
    assert_eq!(Vec::from_iter(row().await.visible()), [Verdict::Accepted], "the later verdict replaces the earlier one");
}

#[tokio::test]
async fn an_employee_of_many_businesses_sees_those_that_authorised_last() {
    let client = dynamodb().await;
    let (staff, key) = (Staff::new(client.clone(), stack::variable("STAFF_TABLE")), staff_key("secret"));
    let afm = || Afm::parse("068933130").unwrap();
    let facts = StaffFacts { afm: afm(), label: None, business_afm: afm(), owner_afm: afm() };
    let employee = EmployeeId::from_hash(id());
    let mut shops = Vec::new();
    for minute in 0..25 {
        let shop = business();
        let at = NOW.plus(Span::minutes(minute));
        let item = StaffItem::seal(&key, shop.clone(), employee.clone(), &facts, member(), at).unwrap();
        commit(&client, [staff.put_write(&item).unwrap(), staff.add_to_roster_write(&shop, &employee).unwrap()]).await.unwrap();
        shops.push(shop);
    }
    let found = async || staff.of_employee(&employee).await.unwrap().into_iter().map(|item| item.business).collect::<Vec<_>>();
    let latest: Vec<_> = shops.iter().rev().take(EMPLOYERS_MAX).cloned().collect();
    // DynamoDB updates an index a moment after its table, so the query is repeated.
    for _ in 0..20 {
        if found().await == latest {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(found().await, latest);
    assert!(staff.of_employee(&EmployeeId::from_hash(id())).await.unwrap().is_empty());
}

/// A code, and the association of its photos with a subject.
struct PhotoSet {
    subject: SubjectId,
    code: CodeNumber,
    item: CodeItem,
    association: Association,
}

fn photo_set() -> PhotoSet {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).unwrap();
    let (subject, code) = (someone(), CodeNumber::from_bytes(bytes));
    let item = CodeItem {
        code_id: code_id(&code),
        state: CodeState::Issued,
        wrapped_key: vec![1, 2, 3],
        set_id: id(),
        profile: FileProfile::Standard,
        images: Vec::new(),
        business: business(),
        upload_id: id(),
        message_id: id(),
        issued_at: NOW,
        expires_at: LATER,
        first_subject: None,
        first_associated_at: None,
        dissociations: 0,
        subject: None,
    };
    let association = Association {
        subject_id: subject.clone(),
        code_id: item.code_id.clone(),
        set_id: item.set_id.clone(),
        profile: item.profile,
        images: Vec::new(),
        associated_at: NOW,
        expires_at: LATER,
        business: item.business.clone(),
        upload_id: item.upload_id.clone(),
        revision: storage::time_ordered_id(),
        applications: BTreeMap::new(),
        reminder: None,
    };
    PhotoSet { subject, code, item, association }
}

#[tokio::test]
async fn an_association_and_its_key_are_written_and_deleted_together() {
    let client = dynamodb().await;
    let associations = Associations::new(client.clone(), stack::variable("ASSOCIATIONS_TABLE"));
    let keys = Keys::new(client.clone(), stack::variable("KEYS_TABLE"));
    let codes = Codes::new(client.clone(), stack::variable("CODES_TABLE"));
    let PhotoSet { subject, code, item, association } = photo_set();
    let opened = OpenedKey { data_key: SealingKey::random().unwrap(), code: code.clone() };
    let key = KeyItem::seal(&kms("ASSOCIATIONS_KEY").await, &subject, &item.set_id, &opened, LATER).await.unwrap();
    let found = async |now| in_force(&associations, &keys, &subject, now).await.unwrap();
    assert!(found(NOW).await.is_none());
    commit(&client, [codes.put_write(&item).unwrap()]).await.unwrap();
    let owner = |at, (from, dissociations)| NewOwner { subject: &subject, associated_at: at, expires_at: LATER, from, dissociations };
    let associate = |at, from| {
        let association = Association { associated_at: at, ..association.clone() };
        [
            codes.associate_write(&code, &owner(at, from)).unwrap(),
            associations.put_write(&association).unwrap(),
            keys.put_write(&key).unwrap(),
        ]
    };
    commit(&client, associate(NOW, (CodeState::Issued, 0))).await.unwrap();
    assert_eq!(rejected_writes(commit(&client, associate(NOW, (CodeState::Issued, 0))).await), [0, 1]);
    let (in_force, key_item) = found(NOW).await.unwrap();
    assert_eq!(key_item.open(&kms("ASSOCIATIONS_KEY").await).await.unwrap().code.bytes(), code.bytes());
    assert!(found(LATER).await.is_none(), "the association has expired");
    let read = codes.find(&code, NOW).await.unwrap().unwrap();
    assert_eq!((read.state, &read.subject, read.first_associated_at), (CodeState::Associated, &Some(subject.clone()), Some(NOW)));
    assert_eq!((&read.wrapped_key, codes.find(&code, LATER).await.unwrap().is_none()), (&item.wrapped_key, true));

    let dissociate = |read: &Association| {
        [
            associations.end_write(read).unwrap(),
            keys.delete_write(&subject).unwrap(),
            codes.dissociate_write(&item.code_id, &subject).unwrap(),
        ]
    };
    commit(&client, dissociate(&in_force)).await.unwrap();
    assert!(found(NOW).await.is_none() && keys.of(&subject, NOW).await.unwrap().is_none());
    assert_eq!(rejected_writes(commit(&client, dissociate(&in_force)).await), [0, 2]);
    let later = NOW.plus(Span::hours(1));
    for before in [0, 2] {
        assert_eq!(
            rejected_writes(commit(&client, associate(later, (CodeState::Dissociated, before))).await),
            [0],
            "the code was dissociated once"
        );
    }
    commit(&client, associate(later, (CodeState::Dissociated, 1))).await.unwrap();
    let read = codes.by_id(&item.code_id, NOW).await.unwrap().unwrap();
    assert_eq!(
        (read.first_subject, read.first_associated_at),
        (Some(subject.clone()), Some(NOW)),
        "the first subject and the time of the first association are unchanged"
    );
}

#[tokio::test]
async fn applications_and_reminder_of_an_association_are_read_back_as_written() {
    let client = dynamodb().await;
    let associations = Associations::new(client.clone(), stack::variable("ASSOCIATIONS_TABLE"));
    let PhotoSet { subject, association, .. } = photo_set();
    commit(&client, [associations.put_write(&association).unwrap()]).await.unwrap();
    let read = async || associations.of(&subject, NOW).await.unwrap().unwrap();
    // 50 applications in one item, the maximum that may be authorized.
    let all: BTreeMap<_, _> = (0..50)
        .map(|number| {
            let application = ApplicationId::parse(&format!("application-{number}")).unwrap();
            (application, Authorization { since: NOW, record: id(), until: (number % 2 == 0).then_some(LATER) })
        })
        .collect();
    commit(&client, [associations.applications_write(&read().await, &all).unwrap()]).await.unwrap();
    assert_eq!(read().await.applications, all);
    let requested = RequestedReminder { masked: "m".to_owned(), language: Language::En, until: Some(LATER) };
    for reminder in [Some(&requested), None, Some(&requested)] {
        commit(&client, [associations.reminder_write(&read().await, reminder).unwrap()]).await.unwrap();
        assert_eq!(read().await.reminder.as_ref(), reminder);
    }
    commit(&client, [associations.clear_reminder_write(&subject, &association.set_id).unwrap()]).await.unwrap();
    assert_eq!((read().await.reminder, read().await.applications), (None, all));
    assert!(associations.of(&subject, LATER).await.unwrap().is_none());
}
