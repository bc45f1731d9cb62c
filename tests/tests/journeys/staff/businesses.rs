//! People who act for several businesses, and businesses that have closed.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Language, Moment};
use journeys::{
    browser::SESSION_COOKIE,
    people::{self, fresh_photographer, sign_in},
    photographer,
    staff::{self, STAFF, authorize, business_of, choose, work_for},
};
use serde_json::{Value, json};
use storage::{sealing::SessionToken, sessions::Sessions};

use super::{issue, roles_of};
use crate::aws;

#[tokio::test]
async fn an_employee_of_two_businesses_chooses_and_switches() {
    let (one, other) = (fresh_photographer().await, fresh_photographer().await);
    let person = people::fresh("citizen").await;
    for owner in [&one, &other] {
        authorize(owner, &person.afm, None).await.expect(201);
    }
    let (visit, session) = sign_in(person, Language::El).await;
    let mut offered: Vec<String> = roles_of(&session).into_iter().map(|(id, _)| id).collect();
    let (first, second) = (business_of(&one).await, business_of(&other).await);
    let mut expected: Vec<String> = [&first, &second].map(|business| business["id"].as_str().expect("an id").to_owned()).into();
    offered.sort();
    expected.sort();
    assert_eq!(offered, expected);
    choose(&visit, &first).await.expect(200);
    let upload_id = issue(&visit).await;
    choose(&visit, &second).await.expect(200);
    let history = visit.browser.get("/v1/photographer/issuances").await.expect(200).json();
    assert_eq!(history["issuances"], json!([]), "each business has its own history");
    photographer::listed(&one, &upload_id).await;
    // After one business has withdrawn the employee, the authorization by the other business is still in force.
    let employee = staff::list(&one).await[0]["employee"].clone();
    staff::withdraw(&one, &employee).await.expect(204);
    visit.browser.get("/v1/photographer/issuances").await.expect(200);
    choose(&visit, &first).await.rejected(403, "staff_withdrawn");
}

#[tokio::test]
async fn an_owner_may_be_staff_of_another_business() {
    let employer = fresh_photographer().await;
    let person = people::fresh("photographer").await;
    authorize(&employer, &person.afm, Some("Συνεργάτης")).await.expect(201);
    let (visit, session) = sign_in(person, Language::El).await;
    let theirs = business_of(&employer).await;
    let roles = roles_of(&session);
    assert_eq!(roles.len(), 2);
    for (id, capacity) in roles {
        let is_theirs = theirs["id"] == id;
        assert_eq!(capacity, if is_theirs { "staff" } else { "owner" });
        let session = choose(&visit, &json!({ "id": id })).await.expect(200).json();
        assert_eq!(session["role"]["capacity"], capacity);
        if is_theirs {
            visit.browser.get(STAFF).await.rejected(403, "not_owner");
        } else {
            assert_eq!(staff::list(&visit).await, Vec::<Value>::new());
        }
    }
}

/// Collects the strings of a row that have at least 20 bytes, because ids are that long. Omits the hashes of the pictures and the
/// masked recipient, which may be equal by chance.
fn texts(value: &AttributeValue, found: &mut BTreeSet<String>) {
    if let Ok(text) = value.as_s() {
        if text.len() >= 20 {
            found.insert(text.clone());
        }
    } else if let Ok(items) = value.as_l() {
        items.iter().for_each(|item| texts(item, found));
    } else if let Ok(members) = value.as_m() {
        members
            .iter()
            .filter(|(name, _)| !["declared", "recipient_masked"].contains(&name.as_str()))
            .for_each(|(_, member)| texts(member, found));
    }
}

/// If a person works for two businesses, each business's records have a different id for the person. No record contains the person's id as
/// a citizen.
#[tokio::test]
async fn rows_of_two_businesses_do_not_reveal_their_common_employee() {
    let employer = fresh_photographer().await;
    let person = people::fresh("photographer").await;
    authorize(&employer, &person.afm, None).await.expect(201);
    let (visit, session) = sign_in(person, Language::El).await;
    let mut rows = Vec::new();
    for (id, _) in roles_of(&session) {
        choose(&visit, &json!({ "id": id })).await.expect(200);
        let issued = photographer::issue_by_sms(&visit, people::fresh("citizen").await.mobile()).await;
        photographer::wait_until_sent(&visit, &issued.upload_id).await;
        photographer::resend_code(&visit, &issued.upload_id, None, None).await.expect(200);
        let get = aws::dynamodb(&aws::config().await).get_item().table_name(journeys::stack::variable("ISSUANCES_TABLE"));
        let key = AttributeValue::S(id);
        let row = get.key("business", key).key("upload_id", AttributeValue::S(issued.upload_id)).send().await.expect("a response");
        let mut found = BTreeSet::new();
        texts(&AttributeValue::M(row.item.expect("a row")), &mut found);
        assert!(found.len() >= 4, "business, upload, message and employee: {found:?}");
        rows.push(found);
    }
    let [one, other] = rows.as_slice() else { panic!("two roles") };
    assert!(one.is_disjoint(other), "{:?}", one.intersection(other).collect::<Vec<_>>());
    let token = visit.browser.cookie(SESSION_COOKIE).as_deref().and_then(SessionToken::parse).expect("a session");
    let sessions = Sessions::new(aws::dynamodb(&aws::config().await), journeys::stack::variable("SESSIONS_TABLE"));
    let session =
        sessions.load(&token, Moment::from_epoch_seconds(journeys::application::now())).await.expect("a response").expect("a session");
    for row in &rows {
        assert!(row.iter().all(|text| !text.contains(session.subject_id.as_str())), "the citizen's ID is in a row of a business");
    }
}

#[tokio::test]
async fn staff_of_one_business_is_not_staff_of_the_owners_other_business() {
    let owner = people::fresh("photographer").await;
    // The second business needs an AFM that no other business has. Here it is the AFM of another person, who has no business.
    let afms = [owner.afm.clone(), people::fresh("citizen").await.afm];
    let businesses = afms.map(|afm| json!({ "afm": afm, "name": format!("ΦΩΤΟΓΡΑΦΕΙΟ {afm}"), "activities": ["74.20.21"] }));
    let owner = owner.change(&json!({ "businesses": businesses })).await;
    let (visit, session) = sign_in(owner, Language::El).await;
    let second =
        session["roles"].as_array().expect("roles").iter().filter_map(|role| role.get("business")).next_back().expect("a business");
    choose(&visit, second).await.expect(200);
    let person = people::fresh("citizen").await;
    authorize(&visit, &person.afm, None).await.expect(201);
    let (_, session) = sign_in(person, Language::El).await;
    let offered: Vec<&Value> = session["roles"].as_array().expect("roles").iter().filter_map(|role| role.get("business")).collect();
    assert_eq!(offered, [second], "only the business that authorised the person");
}

#[tokio::test]
async fn staff_cannot_act_for_a_closed_business() {
    let owner = fresh_photographer().await;
    let person = people::fresh("citizen").await;
    authorize(&owner, &person.afm, None).await.expect(201);
    let business = business_of(&owner).await;
    work_for(person.clone(), &business, Language::El).await;
    staff::close_business(&owner.person.businesses[0].afm).await;
    let (visit, session) = sign_in(person, Language::El).await;
    assert_eq!(session["roles"], json!([{ "kind": "citizen" }]));
    choose(&visit, &business).await.rejected(403, "role_not_yours");
    let (_, session) = sign_in(owner.person.clone(), Language::El).await;
    assert_eq!(session["roles"], json!([{ "kind": "citizen" }]), "the owner cannot act for it either");
}
