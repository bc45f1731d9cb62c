//! People without a confirmed mobile number. Where the operator allows it, a clerk may serve such a person after declaring that the person
//! is present.
//!
//! The stack under test does not allow this. Cases are opened through a copy of the deployed `open_case` with `KEP_WITHOUT_MOBILE` set to
//! `true`. All other requests go through the gateway to the deployed functions.

use domain::{FileProfile, ImageKind, Language, application::Purpose, kep::PresenceProof, quota::Quota};
use journeys::{
    application,
    citizen::{acting, own},
    inbox,
    kep::{self, APPLICATION_NUMBER, OpenCase},
    people::{self, fresh, fresh_photographer},
    photographer::{To, both, issue},
    stack,
};
use serde_json::{Value, json};
use storage::{
    quotas::{Quotas, Use},
    reminders::Reminders,
};

use crate::{
    aws,
    case_messages::due_messages,
    kep::{now, send_messages, stored_case, stored_session},
};

#[tokio::test]
async fn a_declaration_proves_the_presence_of_a_person_without_a_mobile_who_reads_it_and_gets_no_sms() {
    let (studio, clerk, person) = (fresh_photographer().await, kep::fresh_clerk().await, fresh("no_mobile").await);
    let view = kep::open_where_declarations_are_allowed(&clerk, &person).await.expect(201).json();
    let case = OpenCase::new(view, String::new());
    let view = &case.view;
    assert_eq!((&view["stage"], &view["presence"]), (&json!("presence"), &json!("declaration")), "{view}");
    assert_eq!(view["person"], json!({ "first_name": person.first_name, "last_name": person.last_name, "birth_date": person.birth_date }));
    assert!(view["otp"].is_null() && view["mobile_hint"].is_null(), "{view}");
    let stored = stored_case(&stored_session(&clerk).await);
    assert_eq!(stored.proof, PresenceProof::Declaration);
    assert!(stored.otp.is_none() && stored.person.mobile.is_none());
    let shown = kep::show(&clerk, &case).await.expect(200).json();
    assert_eq!((&shown["stage"], &shown["presence"]), (&json!("presence"), &json!("declaration")), "{shown}");

    // The operations of the case are rejected until the clerk declares the person's presence. No other proof is accepted instead.
    let counter = acting(&clerk, &case.handle);
    counter.show_association().await.rejected(403, "presence_not_proven");
    clerk.browser.get(&case.path("/receipt.pdf")).await.rejected(403, "presence_not_proven");
    let prove = async |body: Value| clerk.browser.put(&case.path("/presence"), &body).await;
    for (body, field, reason) in [
        (json!({}), "declare", "missing"),
        (json!({ "declare": false }), "declare", "not_allowed"),
        (json!({ "otp": "123456" }), "otp", "not_allowed"),
        (json!({ "otp": "123456", "declare": true }), "otp", "not_allowed"),
    ] {
        let problem = prove(body).await.rejected(422, "invalid_field");
        assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!(field), &json!(reason)));
    }
    clerk.browser.post(&case.path("/presence/resend"), &json!({})).await.rejected(409, "not_awaiting_otp");
    let proven = prove(json!({ "declare": true })).await.expect(200).json();
    assert_eq!(proven["stage"], "consent", "{proven}");
    assert_eq!(prove(json!({ "declare": true })).await.expect(200).json(), proven, "the request may be repeated");
    let agreed = json!({ "version": domain::consent::PERSONAL_DATA_VERSION, "agree": true, "case": case.handle });
    clerk.browser.post("/v1/session/consent", &agreed).await.expect(200);

    let code = issue(&studio, FileProfile::Standard, &both(), &To::Email(person.email()), Language::El).await.code;
    counter.take(&code).await;
    let application = application::fresh(Purpose::Passport).await;
    counter.authorize(&[&application.id]).await.expect(200);
    application.pull(&format!("afm:{}", person.afm), ImageKind::Face).await.expect(200);
    let receipt = clerk.browser.get(&case.path("/receipt.pdf")).await.expect(200);
    assert!(receipt.body.starts_with(b"%PDF-1.7"));
    assert!(stored_case(&stored_session(&clerk).await).message.is_none());
    kep::close(&clerk, &case).await.expect(204);
    kep::show(&clerk, &case).await.rejected(409, "case_over");

    // The service stored no message about the case, and counted no one-time password as sent.
    let client = aws::dynamodb(&aws::config().await);
    let reminders = Reminders::new(client.clone(), stack::variable("REMINDERS_TABLE"));
    let due = due_messages(&reminders, domain::kep::message_due_at(stored.expires_at)).await;
    assert!(due.iter().all(|item| item.record != stored.record), "there is no number to send a message to");
    let quotas = Quotas::new(client, stack::variable("QUOTAS_TABLE"));
    let used = quotas.use_one(Quota::OtpMessages, &stored.person.subject_id, "the first message", now()).await.expect("a response");
    assert_eq!(used, Use::WithinLimit { used: 1 });

    // The person signs in after confirming a mobile number, and reads how the presence was proven.
    let person = person.change(&json!({ "mobile": true })).await;
    send_messages().await;
    assert!(inbox::messages(person.mobile(), 0).await.is_empty());
    let home = people::citizen(person.clone(), Language::El).await;
    let [seen] = kep::case_log(&home).await.try_into().expect("one case");
    assert_eq!((&seen["presence"], &seen["application_number"]), (&json!("declared"), &json!(APPLICATION_NUMBER)), "{seen}");
    assert_eq!(seen["office"], case.view["office"]["name"], "{seen}");
    assert!(seen["ended_at"].is_string(), "{seen}");
    let done: Vec<&Value> = seen["done"].as_array().expect("acts").iter().map(|act| &act["what"]).collect();
    assert!(
        ["consented", "code_submitted", "photos_confirmed", "associated", "authorized"].iter().all(|what| done.contains(&&json!(what)))
    );
    assert_eq!(own(&home).export().await.expect(200).json()["cases"], json!([seen]));
    send_messages().await;
    assert!(kep::end_messages(&person).await.is_empty());
}

#[tokio::test]
async fn where_declarations_are_allowed_a_person_with_a_mobile_still_proves_their_presence_by_the_password() {
    let (clerk, person) = (kep::fresh_clerk().await, fresh("citizen").await);
    let view = kep::open_where_declarations_are_allowed(&clerk, &person).await.expect(201).json();
    assert_eq!((&view["stage"], &view["presence"]), (&json!("presence"), &json!("otp")), "{view}");
    let case = OpenCase::new(view, inbox::otp(person.mobile(), 0).await);
    let problem = clerk.browser.put(&case.path("/presence"), &json!({ "declare": true })).await.rejected(422, "invalid_field");
    assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!("declare"), &json!("not_allowed")));
    assert_eq!(kep::confirm(&clerk, &case, &case.otp).await.expect(200).json()["stage"], "consent");
    kep::close(&clerk, &case).await.expect(204);
    send_messages().await;
    inbox::wait_for(person.mobile(), 0, |one| one.text.contains("Αίτηση"), inbox::PATIENCE).await;
    let home = people::citizen(person, Language::El).await;
    let [seen] = kep::case_log(&home).await.try_into().expect("one case");
    assert_eq!(seen["presence"], "otp", "{seen}");
}
