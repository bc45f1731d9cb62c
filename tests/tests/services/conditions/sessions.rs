//! Conditional writes of sessions and of the staff of a business.

use domain::{minor::BirthDate, session::Role, staff::EmployeeId, without_face::Rejections};
use journeys::stack;
use storage::{
    sealing::{SessionToken, staff_key},
    sessions::{AwaitedOtp, Minor, Person, Session, Sessions, Try},
    staff::{Staff, StaffFacts, StaffItem},
};

use super::{afm, assert_rejected, write};
use crate::{LATER, NOW, business, dynamodb, id, member, someone};

pub(super) fn session() -> Session {
    let person = Person {
        first_name: String::new(),
        last_name: String::new(),
        afm: afm(),
        birth_date: String::new(),
        mobile: None,
        businesses: Vec::new(),
        offices: Vec::new(),
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
        case: None,
    };
    let (ended, without_minor, rotated) = (session(), session(), session());
    for one in [&without_minor, &rotated] {
        sessions.start(one, NOW).await.unwrap();
    }
    assert!(sessions.set_minors(&rotated, std::slice::from_ref(&minor)).await.unwrap());
    let with_minor = sessions.load(&rotated.token, NOW).await.unwrap().unwrap();
    let rotate = |one: &Session| sessions.rotate_write(one, "try", &SessionToken::random().unwrap(), LATER).unwrap();
    for one in [&without_minor, &rotated] {
        write(&client, rotate(one)).await;
        assert_rejected(&client, rotate(one), "the session was rotated").await;
    }
    assert_rejected(&client, rotate(&ended), "the session has ended").await;
    for (one, why) in [(&ended, "ended"), (&without_minor, "rotated"), (&with_minor, "rotated, with a minor")] {
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
    assert!(!sessions.replace_otp(&session, 0, &awaited(1)).await.unwrap(), "another password was sent meanwhile");
    assert!(sessions.set_minors(&session, &[]).await.unwrap());
    assert!(!sessions.set_minors(&session, &[]).await.unwrap(), "the first minor was added meanwhile");
    let read = sessions.load(&session.token, NOW).await.unwrap().unwrap();
    assert!(sessions.set_minors(&read, &[]).await.unwrap());
    assert!(!sessions.set_minors(&read, &[]).await.unwrap(), "a minor was added meanwhile");
    super::assert_rejected(&client, sessions.set_minors_write(&read, &[]).unwrap(), "a minor was added meanwhile").await;
    super::assert_rejected(&client, sessions.set_minors_write(&session, &[]).unwrap(), "the first minor was added meanwhile").await;
    let read = sessions.load(&session.token, NOW).await.unwrap().unwrap();
    super::write(&client, sessions.set_minors_write(&read, &[]).unwrap()).await;
}

#[tokio::test]
async fn rejections_are_replaced_only_if_unchanged_and_removed_only_once() {
    let client = dynamodb().await;
    let sessions = Sessions::new(client.clone(), stack::variable("SESSIONS_TABLE"));
    let (session, ended) = (session(), session());
    sessions.start(&session, NOW).await.unwrap();
    let one = Rejections::default().with(&business(), "1", NOW).unwrap();
    let two = one.with(&business(), "2", NOW).unwrap();
    assert_rejected(&client, sessions.remove_rejections_write(&session).unwrap(), "there are no rejections").await;
    assert!(sessions.set_rejections(&session, &one).await.unwrap());
    assert!(!sessions.set_rejections(&session, &one).await.unwrap(), "the first rejection was stored meanwhile");
    let read = sessions.load(&session.token, NOW).await.unwrap().unwrap();
    assert_eq!(read.rejections, one);
    assert!(sessions.set_rejections(&read, &two).await.unwrap());
    assert!(!sessions.set_rejections(&read, &two).await.unwrap(), "a rejection was stored meanwhile");
    assert_rejected(&client, sessions.remove_rejections_write(&read).unwrap(), "a rejection was stored meanwhile").await;
    let read = sessions.load(&session.token, NOW).await.unwrap().unwrap();
    assert_eq!(read.rejections, two);
    write(&client, sessions.remove_rejections_write(&read).unwrap()).await;
    assert_rejected(&client, sessions.remove_rejections_write(&read).unwrap(), "they permitted a code already").await;
    assert_eq!(sessions.load(&session.token, NOW).await.unwrap().unwrap().rejections, Rejections::default());
    // An ended session is not created again, and a rotated session is not changed.
    assert!(!sessions.set_rejections(&ended, &one).await.unwrap());
    assert!(sessions.load(&ended.token, NOW).await.unwrap().is_none());
    assert!(sessions.set_rejections(&session, &one).await.unwrap());
    let read = sessions.load(&session.token, NOW).await.unwrap().unwrap();
    write(&client, sessions.rotate_write(&read, "try", &SessionToken::random().unwrap(), LATER).unwrap()).await;
    assert!(!sessions.set_rejections(&read, &two).await.unwrap(), "the session was rotated");
    assert_rejected(&client, sessions.remove_rejections_write(&read).unwrap(), "the session was rotated").await;
}

#[tokio::test]
async fn data_of_an_employee_is_replaced_only_if_unchanged() {
    let client = dynamodb().await;
    let (staff, key) = (Staff::new(client.clone(), stack::variable("STAFF_TABLE")), staff_key("secret"));
    let facts = StaffFacts { afm: afm(), label: None, business_afm: afm(), owner_afm: afm() };
    let first = StaffItem::seal(&key, business(), EmployeeId::from_hash(id()), &facts, member(), NOW).unwrap();
    write(&client, staff.put_write(&first).unwrap()).await;
    assert_rejected(&client, staff.put_write(&first).unwrap(), "the employee exists").await;
    // Sealing the same facts again produces a different item.
    let second = first.with(&key, &facts, member()).unwrap();
    write(&client, staff.replace_write(&first, &second).unwrap()).await;
    assert_rejected(&client, staff.replace_write(&first, &second).unwrap(), "another label was given meanwhile").await;
}
