//! Cases at a KEP: how they are opened, how the person's presence is proven, and how they end. The handle of a case never gives access to
//! another person.
//!
//! Some tests need time to pass. Instead of waiting, they change the times in the stored session or message.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Language, Moment, kep::message_due_at, quota::Quota, time::Span};
use journeys::{
    browser::{SESSION_COOKIE, has_greek},
    citizen, inbox,
    kep::{self, APPLICATION_NUMBER, CASES, OpenCase},
    midnight,
    people::{self, Visit, fresh},
    stack,
};
use serde_json::{Value, json};
use storage::{
    Transaction,
    quotas::{Quotas, Use},
    reminders::{Reminders, cases::CaseMessageItem},
    sealing::SessionToken,
    sessions::{Case, LastCase, Session, Sessions},
};

use crate::{
    aws,
    case_messages::{delete_messages, due_messages, put_many_waiting, put_message},
};

pub(crate) fn now() -> Moment {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    Moment::from_epoch_seconds(i64::try_from(elapsed.as_secs()).expect("seconds"))
}

/// Runs the function that sends messages about cases, as its schedule does each minute.
pub(crate) async fn send_messages() {
    stack::invoke_with("SEND_REMINDERS_FUNCTION", &serde_json::json!({ "cases": true })).await.expect("a run");
}

pub(crate) async fn sessions() -> Sessions {
    Sessions::new(aws::dynamodb(&aws::config().await), stack::variable("SESSIONS_TABLE"))
}

/// Returns the clerk's session as it is stored.
pub(crate) async fn stored_session(clerk: &Visit) -> Session {
    let token = clerk.browser.cookie(SESSION_COOKIE).as_deref().and_then(SessionToken::parse).expect("a session");
    sessions().await.load(&token, now()).await.expect("a response").expect("a session")
}

pub(crate) fn stored_case(session: &Session) -> Case {
    match &session.case {
        Some(LastCase::Open(case)) => (**case).clone(),
        other => panic!("no open case: {other:?}"),
    }
}

/// Makes the case of a clerk expire, as if its 20 minutes were over. The message about the case becomes due at once, and the clerk can open
/// another case.
pub(crate) async fn expire(clerk: &Visit) {
    let session = stored_session(clerk).await;
    let case = stored_case(&session);
    let over = now().plus(Span::seconds(-1));
    let client = aws::dynamodb(&aws::config().await);
    if let Some(message) = &case.message {
        let reminders = Reminders::new(client.clone(), stack::variable("REMINDERS_TABLE"));
        let due = CaseMessageItem::new(message, &case.person.subject_id, &case.record, over);
        let writes = Transaction::new(client.clone())
            .with(reminders.delete_case_message_write(&case.record, message_due_at(case.expires_at)).expect("a write"))
            .with(reminders.put_case_message_write(&due).expect("a write"));
        writes.commit().await.expect("the message is stored with an earlier time");
    }
    let quotas = Quotas::new(client.clone(), stack::variable("QUOTAS_TABLE"));
    let forget = quotas.close_case_write(&session.subject_id, &case.handle).expect("a write");
    Transaction::new(client).with(forget).commit().await.expect("the clerk has no case");
    assert!(sessions().await.replace_case(&session, Case { expires_at: over, ..case }).await.expect("a response"));
}

#[tokio::test]
async fn a_case_is_opened_proven_and_closed_and_the_person_learns_what_was_done() {
    let (clerk, person) = (kep::fresh_clerk().await, fresh("citizen").await);
    let case = kep::opened(&clerk, &person).await;
    let view = &case.view;
    assert_eq!((&view["stage"], &view["presence"]), (&json!("presence"), &json!("otp")), "{view}");
    assert_eq!(view["person"], json!({ "first_name": person.first_name, "last_name": person.last_name, "birth_date": person.birth_date }));
    assert_eq!(view["application_number"], APPLICATION_NUMBER);
    assert!(person.mobile().ends_with(view["mobile_hint"].as_str().expect("a hint").trim_start_matches("..")), "{view}");
    assert_eq!((&view["otp"]["tries_left"], &view["otp"]["resends_left"]), (&json!(3), &json!(3)), "{view}");

    let office = view["office"]["name"].as_str().expect("a name");
    let sent = inbox::messages(person.mobile(), 0).await.pop().expect("an SMS");
    assert!(sent.text.contains(office) && sent.text.contains("μόνο στον υπάλληλο") && !sent.text.contains('@'), "{}", sent.text);

    // Until the person's presence is proven, all other operations of the case are rejected.
    clerk.browser.get(&case.path("/receipt.pdf")).await.rejected(403, "presence_not_proven");
    citizen::acting(&clerk, &case.handle).show_association().await.rejected(403, "presence_not_proven");
    let proven = kep::confirm(&clerk, &case, &case.otp).await.expect(200).json();
    assert_eq!((&proven["stage"], &proven["consent"]["given"]), (&json!("consent"), &json!(false)), "{proven}");
    citizen::acting(&clerk, &case.handle).show_association().await.rejected(403, "consent_required");
    let agreed = json!({ "version": domain::consent::PERSONAL_DATA_VERSION, "agree": true, "case": case.handle });
    clerk.browser.post("/v1/session/consent", &agreed).await.expect(200);
    let shown = kep::show(&clerk, &case).await.expect(200).json();
    assert_eq!((&shown["stage"], &shown["submissions_left"]), (&json!("ready"), &json!(5)), "{shown}");
    assert_eq!(shown["done"][0]["what"], "consented", "{shown}");

    let receipt = clerk.browser.get(&case.path("/receipt.pdf?language=en")).await.expect(200);
    assert!(receipt.body.starts_with(b"%PDF-1.7") && receipt.header("content-type") == Some("application/pdf"));

    kep::close(&clerk, &case).await.expect(204);
    kep::close(&clerk, &case).await.expect(204);
    kep::show(&clerk, &case).await.rejected(409, "case_over");
    citizen::acting(&clerk, &case.handle).show_association().await.rejected(409, "case_over");
    send_messages().await;
    let message = inbox::wait_for(person.mobile(), 0, |one| one.text.contains("Αίτηση"), inbox::PATIENCE).await;
    assert!(message.text.contains(office) && message.text.contains("συγκατάθεση") && has_greek(&message.text), "{}", message.text);
    send_messages().await;
    assert_eq!(kep::end_messages(&person).await.len(), 1, "the message is sent once");
}

#[tokio::test]
async fn the_person_is_found_by_afm_or_amka_and_an_unknown_number_counts_as_a_case() {
    midnight::avoid(Span::minutes(3)).await;
    let (clerk, person) = (kep::fresh_clerk().await, fresh("citizen").await);
    let amka = person.amka.clone().expect("an AMKA");
    let by = |kind: &str, value: &str| {
        let mut body = kep::request_for(&person);
        body["person"] = json!({ "kind": kind, "value": value });
        body
    };
    let opened = clerk.browser.post(CASES, &by("amka", &amka)).await.expect(201).json();
    assert_eq!(opened["person"]["last_name"], person.last_name.as_str());
    let handle = opened["handle"].as_str().expect("a handle");
    clerk.browser.delete(&format!("{CASES}/{handle}")).await.expect(204);
    // This AFM is well formed, but nobody has it.
    clerk.browser.post(CASES, &by("afm", "000000024")).await.rejected(404, "case_person_unknown");
    let session = stored_session(&clerk).await;
    let quotas = Quotas::new(aws::dynamodb(&aws::config().await), stack::variable("QUOTAS_TABLE"));
    let used = quotas.use_one(Quota::Cases, &session.subject_id, "a third case", now()).await.expect("a response");
    assert_eq!(used, Use::WithinLimit { used: 3 });
    // An AFM with a wrong check digit is rejected before the case is counted.
    let problem = clerk.browser.post(CASES, &by("afm", "123456789")).await.rejected(422, "invalid_field");
    assert_eq!(problem.members["field"], "person.value");
    let own = json!({ "person": { "kind": "afm", "value": clerk.person.afm }, "document": { "kind": "passport", "last_four": "AB12" }, "application_number": "1" });
    clerk.browser.post(CASES, &own).await.rejected(409, "own_case");
    let own_amka = json!({ "kind": "amka", "value": clerk.person.amka.clone().expect("an AMKA") });
    clerk
        .browser
        .post(CASES, &json!({ "person": own_amka, "document": own["document"], "application_number": "1" }))
        .await
        .rejected(409, "own_case");
}

#[tokio::test]
async fn a_clerk_cannot_be_served_by_themselves_under_a_number_that_does_not_lead_to_their_afm() {
    let (clerk, person) = (kep::fresh_clerk().await, fresh("citizen").await);
    let home = people::citizen(person.clone(), Language::El).await;
    let (session, own) = (stored_session(&clerk).await, stored_session(&home).await.subject_id);
    // Clerks cannot open a case for themselves. If they enter their own AMKA or PAAYPA, the registers may return no AFM to compare, so
    // `open_case` also compares subject IDs. To test this, the clerk's session gets the subject ID of the person at the counter.
    let update = aws::dynamodb(&aws::config().await).update_item().table_name(stack::variable("SESSIONS_TABLE"));
    let update = update.key("session_id", AttributeValue::S(session.token.session_id()));
    let update = update.update_expression("SET subject_id = :own").condition_expression("attribute_exists(subject_id)");
    update
        .expression_attribute_values(":own", AttributeValue::S(own.as_str().to_owned()))
        .send()
        .await
        .expect("the session has another ID");
    kep::open(&clerk, &person).await.rejected(409, "own_case");
}

#[tokio::test]
async fn a_link_cannot_be_sent_as_the_number_of_an_application() {
    let (clerk, person) = (kep::fresh_clerk().await, fresh("citizen").await);
    let mut body = kep::request_for(&person);
    body["application_number"] = json!("evil.example/x");
    let problem = clerk.browser.post(CASES, &body).await.rejected(422, "invalid_field");
    assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!("application_number"), &json!("invalid_text")));
}

#[tokio::test]
async fn a_clerk_opens_sixty_cases_a_day() {
    midnight::avoid(Span::minutes(3)).await;
    let (clerk, person) = (kep::fresh_clerk().await, fresh("citizen").await);
    let session = stored_session(&clerk).await;
    let quotas = Quotas::new(aws::dynamodb(&aws::config().await), stack::variable("QUOTAS_TABLE"));
    for number in 1..60 {
        quotas.use_one(Quota::Cases, &session.subject_id, &format!("case {number}"), now()).await.expect("a response");
    }
    let sixtieth = kep::opened(&clerk, &person).await;
    kep::close(&clerk, &sixtieth).await.expect(204);
    let rejected = kep::open(&clerk, &person).await;
    let problem = rejected.rejected(429, "case_limit");
    assert!(problem.members["renews_at"].is_string() && rejected.header("retry-after").is_some(), "{}", rejected.text());
}

#[tokio::test]
async fn wrong_passwords_count_for_the_person_and_the_third_closes_the_case() {
    midnight::avoid(Span::minutes(3)).await;
    let (clerk, person) = (kep::fresh_clerk().await, fresh("citizen").await);
    let case = kep::opened(&clerk, &person).await;
    let wrong = if case.otp == "000000" { "000001" } else { "000000" };
    kep::confirm(&clerk, &case, "12345").await.rejected(422, "otp_malformed");
    for left in [2, 1] {
        let problem = kep::confirm(&clerk, &case, wrong).await.rejected(422, "otp_wrong");
        assert_eq!(problem.members["left"], left);
    }
    kep::confirm(&clerk, &case, wrong).await.rejected(403, "otp_exhausted");
    kep::confirm(&clerk, &case, &case.otp).await.rejected(409, "case_over");
    // Wrong passwords in a case count towards the person's daily limit, so fewer tries remain for the person's own sign-in.
    let quotas = Quotas::new(aws::dynamodb(&aws::config().await), stack::variable("QUOTAS_TABLE"));
    let owner = people::citizen(person.clone(), Language::El).await;
    let token = owner.browser.cookie(SESSION_COOKIE).as_deref().and_then(SessionToken::parse).expect("a session");
    let subject = sessions().await.load(&token, now()).await.expect("a response").expect("a session").subject_id;
    let used = quotas.use_one(Quota::WrongOtps, &subject, "a fourth", now()).await.expect("a response");
    assert_eq!(used, Use::WithinLimit { used: 4 });
    // The presence was never proven, so there is no message about the case.
    send_messages().await;
    assert!(kep::end_messages(&person).await.is_empty());
}

#[tokio::test]
async fn the_password_is_sent_again_three_times_and_only_the_last_one_counts() {
    let (clerk, person) = (kep::fresh_clerk().await, fresh("citizen").await);
    let case = kep::opened(&clerk, &person).await;
    let mut last = case.otp.clone();
    for left in [2, 1, 0] {
        let before = inbox::last_seq(person.mobile()).await;
        let view = clerk.browser.post(&case.path("/presence/resend"), &json!({})).await.expect(200).json();
        assert_eq!(view["otp"]["resends_left"], left, "{view}");
        last = inbox::otp(person.mobile(), before).await;
    }
    clerk.browser.post(&case.path("/presence/resend"), &json!({})).await.rejected(429, "otp_resends_exhausted");
    if last != case.otp {
        kep::confirm(&clerk, &case, &case.otp).await.rejected(422, "otp_wrong");
    }
    let first = kep::confirm(&clerk, &case, &last).await.expect(200).json();
    // A repeated request gets the same response, because a client may not have received the first response.
    assert_eq!(kep::confirm(&clerk, &case, &last).await.expect(200).json(), first);
    let agreed = json!({ "version": domain::consent::PERSONAL_DATA_VERSION, "agree": true, "case": case.handle });
    clerk.browser.post("/v1/session/consent", &agreed).await.expect(200);
    let later = kep::confirm(&clerk, &case, &last).await.expect(200).json();
    assert_eq!(later["done"][0]["what"], "consented", "{later}");
    clerk.browser.post(&case.path("/presence/resend"), &json!({})).await.rejected(409, "not_awaiting_otp");
}

#[tokio::test]
async fn without_a_confirmed_mobile_nobody_is_served_unless_the_operator_allows_it() {
    let (clerk, person) = (kep::fresh_clerk().await, fresh("no_mobile").await);
    kep::open(&clerk, &person).await.rejected(409, "no_mobile_at_kep");
    // The communications register has no entry about this person, and responds with 404.
    kep::open(&clerk, &people::named("foteini").await).await.rejected(409, "no_mobile_at_kep");
    // The clerk cannot declare the presence of a person who has a mobile number. Such a person needs the password.
    let person = fresh("citizen").await;
    let case = kep::opened(&clerk, &person).await;
    let problem = clerk.browser.put(&case.path("/presence"), &json!({ "declare": true })).await.rejected(422, "invalid_field");
    assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!("declare"), &json!("not_allowed")));
}

#[tokio::test]
async fn a_case_whose_password_cannot_be_sent_is_closed_so_that_the_clerk_can_open_another() {
    let (clerk, person) = (kep::fresh_clerk().await, fresh("citizen").await);
    inbox::fail(person.mobile(), &json!("always"), "internal_error").await;
    kep::open(&clerk, &person).await.rejected(502, "otp_not_sent");
    assert!(clerk.browser.get("/v1/session").await.expect(200).json()["case"].is_null());
    inbox::fail(person.mobile(), &json!(0), "internal_error").await;
    let case = kep::opened(&clerk, &person).await;
    let home = people::citizen(person, Language::El).await;
    let cases = kep::case_log(&home).await;
    assert!(cases.len() == 2 && cases.iter().all(|seen| seen["presence"] == "not_proven"), "{cases:?}");
    assert_eq!(cases.iter().filter(|seen| seen["ended_at"].is_null()).count(), 1, "only the second case is open: {cases:?}");
    kep::close(&clerk, &case).await.expect(204);
}

#[tokio::test]
async fn a_clerk_serves_one_person_at_a_time_and_an_earlier_handle_never_reaches_the_next_person() {
    let (clerk, first, second) = (kep::fresh_clerk().await, fresh("citizen").await, fresh("citizen").await);
    let earlier = kep::ready(&clerk, &first).await;
    kep::open(&clerk, &second).await.rejected(409, "case_open");
    kep::close(&clerk, &earlier).await.expect(204);
    let current = kep::ready(&clerk, &second).await;
    assert_ne!(earlier.handle, current.handle);
    citizen::acting(&clerk, &current.handle).show_association().await.rejected(404, "nothing_associated");
    for subject in [earlier.handle.as_str(), "unknown"] {
        citizen::acting(&clerk, subject).show_association().await.rejected(409, "case_over");
    }
    citizen::own(&clerk).show_association().await.rejected(404, "subject_unknown");
    for rest in ["", "/receipt.pdf"] {
        clerk.browser.get(&earlier.path(rest)).await.rejected(409, "case_over");
    }
    kep::close(&clerk, &earlier).await.rejected(409, "case_over");
    // A case cannot be used by another clerk, even if the other clerk has an open case too.
    let other = kep::fresh_clerk().await;
    kep::show(&other, &current).await.rejected(409, "case_over");
    let others_case = kep::ready(&other, &first).await;
    kep::show(&other, &current).await.rejected(409, "case_over");
    citizen::acting(&other, &current.handle).show_association().await.rejected(409, "case_over");
    kep::show(&other, &others_case).await.expect(200);
}

#[tokio::test]
async fn an_expired_case_ends_by_itself_and_its_message_needs_no_clerk() {
    let (clerk, person) = (kep::fresh_clerk().await, fresh("citizen").await);
    // The person agreed to the text on personal data in an earlier session, so the agreement is not recorded as an act of this case.
    people::citizen(person.clone(), Language::El).await;
    let case = kep::ready(&clerk, &person).await;
    let expires_at = kep::show(&clerk, &case).await.expect(200).json()["expires_at"].clone();
    let session = clerk.browser.get("/v1/session").await.expect(200).json();
    assert_eq!((&session["case"]["handle"], &session["case"]["expires_at"]), (&json!(case.handle), &expires_at), "{session}");

    expire(&clerk).await;
    kep::show(&clerk, &case).await.rejected(409, "case_over");
    citizen::acting(&clerk, &case.handle).show_association().await.rejected(409, "case_over");
    assert!(clerk.browser.get("/v1/session").await.expect(200).json()["case"].is_null());
    send_messages().await;
    let message = inbox::wait_for(person.mobile(), 0, |one| one.text.contains("Αίτηση"), inbox::PATIENCE).await;
    assert!(message.text.contains("δεν έγινε τίποτα"), "{}", message.text);
    send_messages().await;
    assert_eq!(kep::end_messages(&person).await.len(), 1, "the message is sent once");

    // Closing the expired case is no error, and the clerk can serve the next person.
    kep::close(&clerk, &case).await.expect(204);
    kep::opened(&clerk, &fresh("citizen").await).await;
}

#[tokio::test]
async fn the_message_is_sent_however_many_others_wait_and_expired_ones_are_deleted() {
    let client = aws::dynamodb(&aws::config().await);
    let reminders = Reminders::new(client.clone(), stack::variable("REMINDERS_TABLE"));
    let expired = put_message(&client, &reminders, now().plus(Span::hours(-25)), 10).await;
    let waiting = put_many_waiting(&client, &reminders, now()).await;
    let (clerk, person) = (kep::fresh_clerk().await, fresh("citizen").await);
    let case = kep::ready(&clerk, &person).await;
    kep::close(&clerk, &case).await.expect(204);
    send_messages().await;
    inbox::wait_for(person.mobile(), 0, |one| one.text.contains("Αίτηση"), inbox::PATIENCE).await;
    let left = due_messages(&reminders, now()).await;
    let is_left = |message: &CaseMessageItem| left.iter().any(|one| one.record == message.record);
    assert!(!is_left(&expired) && waiting.iter().all(is_left));
    delete_messages(&reminders, &waiting).await;
}

#[tokio::test]
async fn of_two_tabs_one_opens_a_case() {
    let (clerk, first, second) = (kep::fresh_clerk().await, fresh("citizen").await, fresh("citizen").await);
    let twin = clerk.browser.twin();
    let (one, other) = tokio::join!(kep::open(&clerk, &first), async { twin.post(CASES, &kep::request_for(&second)).await });
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409], "{} {}", one.text(), other.text());
    let (won, lost) = if one.status == 201 { (one, other) } else { (other, one) };
    lost.rejected(409, "case_open");
    let handle = won.json()["handle"].as_str().expect("a handle").to_owned();
    let case = OpenCase { handle, otp: String::new(), view: Value::Null };
    kep::show(&clerk, &case).await.expect(200);
}

#[tokio::test]
async fn only_a_clerk_opens_cases() {
    let citizen = people::fresh_citizen().await;
    let person = fresh("citizen").await;
    kep::open(&citizen, &person).await.rejected(403, "wrong_role");
    // A person whom the registers name as a clerk cannot open cases before choosing a role, nor after choosing the role of a citizen.
    let (undecided, session) = people::sign_in(fresh("kep_clerk").await, Language::El).await;
    assert_eq!(session["stage"], "role", "{session}");
    kep::open(&undecided, &person).await.rejected(403, "role_not_chosen");
    let as_citizen = people::choose_citizen(undecided, session).await;
    kep::open(&as_citizen, &person).await.rejected(403, "wrong_role");
}
