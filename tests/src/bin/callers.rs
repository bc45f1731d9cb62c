//! Callers for `make schemathesis`: people of the sandbox as they stand in the middle of what they do, with their sessions' tokens, and an
//! application that may pull. Prints JSON; the application's public key (PEM) is in the file given.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a harness of tests: what fails here fails the run")]

use domain::{FileProfile, Language, application::Purpose};
use journeys::{application, citizen, minors, mobile, people, people::Visit, photographer, staff};
use serde_json::{Value, json};

/// `parameters` and members of a `body` that name what is there.
fn caller(visit: &Visit, parameters: &Value, body: &Value) -> Value {
    json!({ "token": visit.browser.token(), "parameters": parameters, "body": body })
}

async fn citizen_with_photos(maker: &Visit) -> Visit {
    let (visit, session) = mobile::sign_in(people::fresh("citizen").await, Language::El).await;
    let visit = people::choose_citizen(visit, session).await;
    let code = photographer::issue_by_sms(maker, visit.person.mobile()).await.code;
    citizen::take(&visit, &code).await;
    visit
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let key = std::env::args().nth(1).expect("the file with the application's public key");
    let (maker, session) = mobile::sign_in(people::fresh("photographer").await, Language::El).await;
    let maker = people::choose_photographer(maker, &session).await;
    let (leaving_maker, session) = mobile::sign_in(people::fresh("photographer").await, Language::El).await;
    let leaving_maker = people::choose_photographer(leaving_maker, &session).await;

    let owner = citizen_with_photos(&maker).await;
    let leaving = citizen_with_photos(&maker).await;
    let (refusing, session) = mobile::sign_in(people::fresh("citizen").await, Language::El).await;
    let refusing = people::choose_citizen(refusing, session).await;
    let allowed = application::fresh(Purpose::DrivingLicenceIssue).await;
    application::operate(&["key", "add", &allowed.id, "--kid", "schemathesis", &key]).await.expect("the key");
    let asked = application::fresh(Purpose::Passport).await;
    application::authorize(&owner, &[&allowed.id, &asked.id]).await.expect(200);
    let subject = format!("afm:{}", owner.person.afm);
    let pull = allowed.pulled(&subject, domain::ImageKind::Face).await;
    let minor = minors::fresh(&owner.person, &json!({ "afm": true })).await;
    let minor = minors::added(&owner, &minor).await;

    let upload = photographer::upload(&maker, FileProfile::Standard, &photographer::both()).await;
    staff::authorize(&maker, &people::fresh("citizen").await.afm, None).await.expect(201);
    let employee = staff::list(&maker).await[0]["employee"].clone();

    let consent = json!({ "version": domain::consent::ASSOCIATION_VERSION, "agree": true, "applications": [asked.id] });
    let uploaded = json!({ "upload_id": upload, "recipient": { "kind": "email", "value": maker.person.email() } });
    let callers = json!({
        "citizen": caller(&owner, &json!({ "path.subject": "self", "path.application": asked.id }), &consent),
        "guardian": caller(&owner, &json!({ "path.subject": minor, "path.application": asked.id }), &consent),
        "leaving_citizen": caller(&leaving, &json!({ "path.subject": "self" }), &consent),
        "refusing_citizen": caller(&refusing, &json!({}), &json!({ "version": domain::consent::PERSONAL_DATA_VERSION })),
        "photographer": caller(&maker, &json!({ "path.upload": upload, "path.employee": employee }), &uploaded),
        "leaving_photographer": caller(&leaving_maker, &json!({}), &json!({})),
        "application": { "id": allowed.id, "kid": "schemathesis", "subject": subject, "pull": pull },
    });
    println!("{callers}");
}
