//! Prepares the callers for `make schemathesis`: signed-in people of the sandbox with existing photos and uploads, and an application that
//! may pull. Prints their session tokens and the ids of their resources as JSON. The argument is the file with the application's public key
//! (PEM).

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a test harness: a failure here fails the run")]

use domain::{FileProfile, Language, application::Purpose};
use journeys::{application, citizen, minors, mobile, people, people::Visit, photographer, staff};
use serde_json::{Value, json};

/// Describes a caller. `parameters` and members of `body` hold ids of existing resources.
fn caller(visit: &Visit, parameters: &Value, body: &Value) -> Value {
    json!({ "token": visit.browser.token(), "parameters": parameters, "body": body })
}

async fn citizen_with_photos(studio: &Visit) -> Visit {
    let (visit, session) = mobile::sign_in(people::fresh("citizen").await, Language::El).await;
    let visit = people::choose_citizen(visit, session).await;
    let code = photographer::issue_by_sms(studio, visit.person.mobile()).await.code;
    citizen::take(&visit, &code).await;
    visit
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let key = std::env::args().nth(1).expect("the file with the application's public key");
    let (studio, session) = mobile::sign_in(people::fresh("photographer").await, Language::El).await;
    let studio = people::choose_photographer(studio, &session).await;
    let (leaving_studio, session) = mobile::sign_in(people::fresh("photographer").await, Language::El).await;
    let leaving_studio = people::choose_photographer(leaving_studio, &session).await;

    let owner = citizen_with_photos(&studio).await;
    let leaving = citizen_with_photos(&studio).await;
    let (refusing, session) = mobile::sign_in(people::fresh("citizen").await, Language::El).await;
    let refusing = people::choose_citizen(refusing, session).await;
    let allowed = application::fresh(Purpose::DrivingLicenceIssue).await;
    application::operate(&["key", "add", &allowed.id, "--kid", "schemathesis", &key]).await.expect("the key");
    let other = application::fresh(Purpose::Passport).await;
    application::authorize(&owner, &[&allowed.id, &other.id]).await.expect(200);
    let subject = format!("afm:{}", owner.person.afm);
    let pull = allowed.pulled(&subject, domain::ImageKind::Face).await;
    let minor = minors::fresh(&owner.person, &json!({ "afm": true })).await;
    let minor = minors::added(&owner, &minor).await;

    let upload = photographer::upload(&studio, FileProfile::Standard, &photographer::both()).await;
    staff::authorize(&studio, &people::fresh("citizen").await.afm, None).await.expect(201);
    let employee = staff::list(&studio).await[0]["employee"].clone();

    let consent = json!({ "version": domain::consent::ASSOCIATION_VERSION, "agree": true, "applications": [other.id] });
    let uploaded = json!({ "upload_id": upload, "recipient": { "kind": "email", "value": studio.person.email() } });
    let callers = json!({
        "citizen": caller(&owner, &json!({ "path.subject": "self", "path.application": other.id }), &consent),
        "guardian": caller(&owner, &json!({ "path.subject": minor, "path.application": other.id }), &consent),
        "leaving_citizen": caller(&leaving, &json!({ "path.subject": "self" }), &consent),
        "refusing_citizen": caller(&refusing, &json!({}), &json!({ "version": domain::consent::PERSONAL_DATA_VERSION })),
        "photographer": caller(&studio, &json!({ "path.upload": upload, "path.employee": employee }), &uploaded),
        "leaving_photographer": caller(&leaving_studio, &json!({}), &json!({})),
        "application": { "id": allowed.id, "kid": "schemathesis", "subject": subject, "pull": pull },
    });
    println!("{callers}");
}
