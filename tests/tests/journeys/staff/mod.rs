//! Staff: the owner of a business authorises and withdraws employees, and every upload records who issued it.

mod businesses;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{FileProfile, Language};
use journeys::{
    people::{self, Visit, fresh_citizen, fresh_photographer, sign_in},
    photographer::{self, To, face_only},
    staff::{self, STAFF, authorize, business_of, choose, employee_of, work_for},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::aws;

const LANGUAGES: [Language; 2] = [Language::El, Language::En];

/// Sends the request in Greek and in English. Checks that both get this status and problem code. Returns the problem in English.
async fn assert_rejected(
    visit: &Visit,
    method: Method,
    path: &str,
    body: Option<&Value>,
    status: u16,
    code: &str,
) -> journeys::browser::Problem {
    let call = async |language: Language| {
        let request = visit.browser.request(method.clone(), path).header("accept-language", language.tag());
        let request = if let Some(body) = body { request.json(body) } else { request };
        request.send().await.rejected(status, code)
    };
    let [greek, english] = [call(LANGUAGES[0]).await, call(LANGUAGES[1]).await];
    assert_ne!((&greek.title, &greek.detail), (&english.title, &english.detail));
    english
}

/// Returns the business id and the capacity of each photographer role of a session.
fn roles_of(session: &Value) -> Vec<(String, String)> {
    let photographers = session["roles"].as_array().expect("roles").iter().filter(|role| role["kind"] == "photographer");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    photographers.map(|role| (text(&role["business"]["id"]), text(&role["capacity"]))).collect()
}

async fn issue(visit: &Visit) -> String {
    let upload_id = photographer::upload(visit, FileProfile::Standard, &face_only()).await;
    let to = To::Email(people::fresh("citizen").await.email());
    photographer::issue_code(visit, &upload_id, &to, Language::En).await.expect(201);
    upload_id
}

#[tokio::test]
async fn an_authorised_employee_works_for_the_business_and_the_history_shows_who_issued_what() {
    let owner = fresh_photographer().await;
    let person = people::fresh("citizen").await;
    let authorized = authorize(&owner, &person.afm, Some("Νίκη, ταμείο")).await.expect(201).json();
    assert_eq!((&authorized["afm"], &authorized["label"]), (&json!(person.afm), &json!("Νίκη, ταμείο")));
    assert_eq!(staff::list(&owner).await, std::slice::from_ref(&authorized));

    let business = business_of(&owner).await;
    let (visit, session) = sign_in(person, Language::El).await;
    assert_eq!(session["stage"], "role", "the person has two roles to choose from");
    assert_eq!(roles_of(&session), [(business["id"].as_str().expect("an id").to_owned(), "staff".to_owned())]);
    let session = choose(&visit, &business).await.expect(200).json();
    assert_eq!((&session["stage"], &session["role"]["capacity"]), (&json!("ready"), &json!("staff")));
    assert_eq!(session["role"]["business"], business);

    let (by_staff, by_owner) = (issue(&visit).await, issue(&owner).await);
    let employee = &authorized["employee"];
    for (reader, upload_id, yours, by) in [
        (&owner, &by_staff, false, json!({ "capacity": "staff", "employee": employee, "label": "Νίκη, ταμείο" })),
        (&owner, &by_owner, true, json!({ "capacity": "owner" })),
        // Only the owner sees the employee's label.
        (&visit, &by_staff, true, json!({ "capacity": "staff", "employee": employee })),
        (&visit, &by_owner, false, json!({ "capacity": "owner" })),
    ] {
        let listed = photographer::listed(reader, upload_id).await;
        assert_eq!((&listed["issued_by"], &listed["issued_by_you"]), (&by, &json!(yours)));
    }
    staff::withdraw(&owner, employee).await.expect(204);
    let listed = photographer::listed(&owner, &by_staff).await;
    assert_eq!(listed["issued_by"], json!({ "capacity": "staff", "employee": employee }), "the label is deleted with the authorization");
}

#[tokio::test]
async fn a_withdrawn_employee_is_rejected_at_the_next_request() {
    let owner = fresh_photographer().await;
    let (visit, employee) = employee_of(&owner, "Νίκη").await;
    let business = business_of(&owner).await;
    let waiting = photographer::upload(&visit, FileProfile::Standard, &face_only()).await;
    for _ in 0..2 {
        staff::withdraw(&owner, &employee).await.expect(204);
    }
    assert_eq!(staff::list(&owner).await, Vec::<Value>::new());

    let recipient = json!({ "kind": "email", "value": visit.person.email() });
    let upload = photographer::declaration(FileProfile::Standard, &face_only());
    let issuance = json!({ "upload_id": waiting, "recipient": recipient, "language": "el" });
    let resend = format!("/v1/photographer/issuances/{waiting}/resend");
    let role = json!({ "kind": "photographer", "business": business["id"] });
    for (method, path, body) in [
        (Method::POST, "/v1/photographer/uploads", Some(&upload)),
        (Method::POST, "/v1/photographer/issuances", Some(&issuance)),
        (Method::GET, "/v1/photographer/issuances", None),
        (Method::POST, &resend, Some(&json!({}))),
        (Method::PUT, "/v1/session/role", Some(&role)),
    ] {
        assert_rejected(&visit, method, path, body, 403, "staff_withdrawn").await;
    }
    // The person can still act as a citizen.
    let session = visit.browser.put("/v1/session/role", &json!({ "kind": "citizen" })).await.expect(200).json();
    assert_eq!(session["role"]["kind"], "citizen");
    let (_, session) = sign_in(visit.person.clone(), Language::El).await;
    assert_eq!(session["roles"], json!([{ "kind": "citizen" }]), "the role is no longer offered");

    // After a new authorization the employee can act for the business again in the same session.
    authorize(&owner, &visit.person.afm, None).await.expect(201);
    choose(&visit, &business).await.expect(200);
    photographer::issue_code(&visit, &waiting, &To::Email(visit.person.email()), Language::El).await.expect(201);
}

#[tokio::test]
async fn only_the_owner_manages_staff() {
    let owner = fresh_photographer().await;
    let (visit, employee) = employee_of(&owner, "Νίκη").await;
    let one = format!("{STAFF}/{}", employee.as_str().expect("an id"));
    let body = json!({ "afm": visit.person.afm });
    assert_rejected(&visit, Method::POST, STAFF, Some(&body), 403, "not_owner").await;
    assert_rejected(&visit, Method::GET, STAFF, None, 403, "not_owner").await;
    assert_rejected(&visit, Method::DELETE, &one, None, 403, "not_owner").await;
    let citizen = fresh_citizen().await;
    assert_rejected(&citizen, Method::GET, STAFF, None, 403, "wrong_role").await;
    // Another owner cannot withdraw the employee.
    let other = fresh_photographer().await;
    staff::withdraw(&other, &employee).await.expect(204);
    assert_eq!(staff::list(&other).await, Vec::<Value>::new());
    assert_eq!(staff::list(&owner).await.len(), 1);
    visit.browser.get("/v1/photographer/issuances").await.expect(200);
}

#[tokio::test]
async fn authorising_again_changes_only_the_label() {
    let owner = fresh_photographer().await;
    let person = people::fresh("citizen").await;
    let first = authorize(&owner, &person.afm, None).await.expect(201).json();
    assert!(first["label"].is_null());
    assert_eq!(authorize(&owner, &person.afm, None).await.expect(200).json(), first);
    let labelled = authorize(&owner, &person.afm, Some("  Νίκη ")).await.expect(200).json();
    assert_eq!((&labelled["label"], &labelled["since"]), (&json!("Νίκη"), &first["since"]));
    assert_eq!(authorize(&owner, &person.afm, None).await.expect(200).json(), labelled, "without a label in the request the old one stays");
    assert_eq!(staff::list(&owner).await, [labelled]);
    // Of concurrent requests to authorise the same person, only one adds an employee.
    let other = people::fresh("citizen").await;
    let responses = futures_util::future::join_all((0..3).map(|_| authorize(&owner, &other.afm, Some("Μία")))).await;
    assert_eq!(responses.iter().filter(|response| response.status == 201).count(), 1);
    for response in responses.iter().filter(|response| response.status != 201) {
        if response.status != 200 {
            response.rejected(409, "conflict");
        }
    }
    assert_eq!(staff::list(&owner).await.len(), 2);
}

#[tokio::test]
async fn the_afm_of_an_employee_is_read_in_every_usual_notation() {
    let (owner, employee) = (fresh_photographer().await, people::fresh("citizen").await);
    let afm = &employee.afm;
    let [first, second, third] = [0, 3, 6].map(|at| &afm[at..at + 3]);
    let notations = [
        format!("EL{afm}"),
        format!("ΕΛ {afm}"),
        format!("GR-{afm}"),
        format!("{first}.{second}.{third}"),
        format!("ΑΦΜ: {first}\u{2011}{second}\u{2011}{third}"),
    ];
    for (index, notation) in notations.iter().enumerate() {
        let response = owner.browser.post(STAFF, &json!({ "afm": notation })).await.expect(if index == 0 { 201 } else { 200 });
        assert_eq!(response.json()["afm"], json!(afm), "{notation}");
    }
    let several = json!({ "afm": format!("{afm}, 068933130") });
    let problem = assert_rejected(&owner, Method::POST, STAFF, Some(&several), 422, "invalid_field").await;
    assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!("afm"), &json!("several_values")));
}

#[tokio::test]
async fn an_invalid_employee_is_rejected() {
    let owner = fresh_photographer().await;
    for (body, field, reason) in [
        (json!({ "afm": "068933131" }), "afm", "invalid_number"),
        (json!({ "afm": "06893313" }), "afm", "invalid_number"),
        (json!({ "afm": 68_933_130 }), "afm", "wrong_type"),
        (json!({}), "afm", "missing"),
        (json!({ "afm": "068933130", "label": "" }), "label", "invalid_text"),
        (json!({ "afm": "068933130", "label": "two\nlines" }), "label", "invalid_text"),
        (json!({ "afm": "068933130", "label": "ώ".repeat(61) }), "label", "invalid_text"),
        (json!({ "afm": "068933130", "name": "x" }), "name", "unknown"),
    ] {
        let problem = assert_rejected(&owner, Method::POST, STAFF, Some(&body), 422, "invalid_field").await;
        assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!(field), &json!(reason)), "{body}");
    }
    let own = json!({ "afm": owner.person.afm });
    assert_rejected(&owner, Method::POST, STAFF, Some(&own), 422, "staff_is_owner").await;
    owner.browser.delete(&format!("{STAFF}/made-up")).await.expect(204);
    owner.browser.delete(&format!("{STAFF}/%23roster")).await.expect(204);
    assert_eq!(staff::list(&owner).await, Vec::<Value>::new());
}

/// Returns the hash by which the table identifies the business's only employee.
async fn only_employee_hash(business: &Value) -> String {
    let id = AttributeValue::S(business["id"].as_str().expect("an id").to_owned());
    let query = aws::dynamodb(&aws::config().await).query().table_name(journeys::stack::variable("STAFF_TABLE"));
    let query = query.key_condition_expression("business = :id AND employee > :roster").expression_attribute_values(":id", id);
    let items =
        query.expression_attribute_values(":roster", AttributeValue::S("#roster".to_owned())).send().await.expect("a response").items;
    let [item] = items.as_deref().expect("items") else { panic!("one employee") };
    item["employee"].as_s().expect("an id").clone()
}

/// A page that was opened before an update of the service may identify an employee by the previous kind of ID: the hash in the table.
#[tokio::test]
async fn an_employee_can_be_withdrawn_by_the_previous_kind_of_id() {
    let owner = fresh_photographer().await;
    let (visit, _) = employee_of(&owner, "Νίκη").await;
    let hash = only_employee_hash(&business_of(&owner).await).await;
    staff::withdraw(&owner, &json!(hash)).await.expect(204);
    assert_eq!(staff::list(&owner).await, Vec::<Value>::new());
    visit.browser.get("/v1/photographer/issuances").await.rejected(403, "staff_withdrawn");
}

/// Writes to the table that `count` other businesses authorised this employee at the time `at`. The sealed content of these authorizations
/// cannot be decrypted.
async fn authorize_by_others(employee: &str, count: usize, at: i64) {
    let client = aws::dynamodb(&aws::config().await);
    for number in 0..count {
        let put = client.put_item().table_name(journeys::stack::variable("STAFF_TABLE"));
        // In the index, these business ids come before all real ones. So a query that reads only the beginning misses the real business.
        let put = put.item("business", AttributeValue::S(format!("--{number}-{employee}")));
        let put = put.item("employee", AttributeValue::S(employee.to_owned()));
        let put = put.item("sealed", AttributeValue::B(vec![7; 40].into())).item("authorized_at", AttributeValue::N(at.to_string()));
        put.item("authorized_by", AttributeValue::S("07".repeat(16))).send().await.expect("access to the table");
    }
}

#[tokio::test]
async fn an_employee_authorised_by_many_businesses_can_work_for_the_latest() {
    let owner = fresh_photographer().await;
    let person = people::fresh("citizen").await;
    let authorized = authorize(&owner, &person.afm, None).await.expect(201).json();
    let since = authorized["since"].as_str().expect("a time").parse::<jiff::Timestamp>().expect("a time").as_second();
    let business = business_of(&owner).await;
    let employee = only_employee_hash(&business).await;
    authorize_by_others(&employee, 25, since - 1).await;
    let (_, session) = sign_in(person.clone(), Language::El).await;
    assert_eq!(roles_of(&session), [(business["id"].as_str().expect("an id").to_owned(), "staff".to_owned())]);
    // A sign-in offers only the latest 20 authorizations (`EMPLOYERS_MAX`). Here other businesses make 25 later authorizations, so this
    // business is not offered until its owner authorises the person again.
    authorize_by_others(&employee, 25, since + 1).await;
    let (_, session) = sign_in(person.clone(), Language::El).await;
    assert_eq!(roles_of(&session), []);
    staff::withdraw(&owner, &authorized["employee"]).await.expect(204);
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    authorize(&owner, &person.afm, None).await.expect(201);
    work_for(person, &business, Language::El).await;
}

/// Adds `count` employees to the roster of the owner's business in the table.
async fn add_to_roster(owner: &Visit, count: usize) {
    let business = business_of(owner).await["id"].as_str().expect("an id").to_owned();
    let ids = (0..count).map(|number| format!("made-up-{number}")).collect();
    let table = journeys::stack::variable("STAFF_TABLE");
    let update = aws::dynamodb(&aws::config().await).update_item().table_name(table);
    update
        .key("business", AttributeValue::S(business))
        .key("employee", AttributeValue::S("#roster".to_owned()))
        .update_expression("ADD employees :ids")
        .expression_attribute_values(":ids", AttributeValue::Ss(ids))
        .send()
        .await
        .expect("access to the table");
}

#[tokio::test]
async fn the_101st_employee_is_rejected_until_another_one_is_withdrawn() {
    let owner = fresh_photographer().await;
    add_to_roster(&owner, 99).await;
    let (last, more) = (people::fresh("citizen").await, people::fresh("citizen").await);
    // Two concurrent calls each authorise another person, but the business may authorise only one more person.
    let (one, other) = tokio::join!(authorize(&owner, &last.afm, None), authorize(&owner, &more.afm, None));
    let (accepted, rejected, rejected_person) = if one.status == 201 { (one, other, &more) } else { (other, one, &last) };
    let employee = accepted.expect(201).json()["employee"].clone();
    assert!(matches!(rejected.problem().code.as_str(), "staff_exhausted" | "conflict"), "{}", rejected.text());
    let body = json!({ "afm": rejected_person.afm });
    let problem = assert_rejected(&owner, Method::POST, STAFF, Some(&body), 409, "staff_exhausted").await;
    assert_eq!(problem.members["limit"], 100);
    staff::withdraw(&owner, &employee).await.expect(204);
    authorize(&owner, &rejected_person.afm, None).await.expect(201);
}
