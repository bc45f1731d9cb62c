//! Items that have expired count as absent, although DynamoDB may delete them some days later.

use domain::{retention::ISSUANCE_RETENTION, time::Span};
use journeys::stack;
use storage::{
    consents::Consents,
    history::{Event, History, Kind, Record},
    issuances::{Issuances, Wanted},
    sessions::Sessions,
};

use super::{
    issuances::{issued, upload},
    sessions::session,
    write,
};
use crate::{LATER, NOW, dynamodb, id, someone};

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
