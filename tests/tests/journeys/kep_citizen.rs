//! Tests which operations a KEP clerk may call for the person at the counter, and the log of cases that the person reads at home.

use domain::{CodeNumber, ImageKind, Language, application::Purpose, time::Span};
use journeys::{
    application,
    citizen::{self, acting, own},
    fixtures, inbox, jpeg,
    kep::{self, APPLICATION_NUMBER},
    midnight,
    minors::{self, added},
    people::{self, Visit, fresh, fresh_citizen, fresh_photographer},
    photographer::issue_by_sms,
};
use serde_json::{Value, json};

/// Returns a random code number that was never issued.
fn unknown_code() -> String {
    let random = storage::random_id().expect("randomness");
    CodeNumber::from_bytes(random.as_bytes()[..16].try_into().expect("16 bytes")).expose().to_string()
}

/// Returns what was done in the open case of a clerk.
async fn done(clerk: &Visit, case: &kep::OpenCase) -> Vec<Value> {
    let shown = kep::show(clerk, case).await.expect(200).json();
    shown["done"].as_array().expect("acts").iter().map(|act| act["what"].clone()).collect()
}

/// Sorts the acts by their text, because the order of acts in the same second is not defined.
fn sorted(acts: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let mut acts: Vec<Value> = acts.into_iter().collect();
    acts.sort_by_key(Value::to_string);
    acts
}

#[tokio::test]
async fn in_a_case_a_clerk_can_use_photos_for_the_person_who_reads_where_and_never_by_whom() {
    let (studio, clerk, person) = (fresh_photographer().await, kep::fresh_clerk().await, fresh("citizen").await);
    let [kept, withdrawn] = [application::fresh(Purpose::Passport).await, application::fresh(Purpose::IdentityCard).await];
    let case = kep::ready(&clerk, &person).await;
    let counter = acting(&clerk, &case.handle);
    let code = issue_by_sms(&studio, person.mobile()).await.code;
    let association = counter.take(&code).await;
    assert_eq!(association["subject"], case.handle.as_str());
    let photo = counter.show_photo(ImageKind::Face).await.expect(200);
    assert_eq!(jpeg::image_data(&photo.body), jpeg::image_data(&fixtures::portrait()));
    for _ in 0..2 {
        counter.download().await.expect(200);
        counter.show_photo(ImageKind::Face).await.expect(200);
        counter.show_code().await.expect(200);
    }
    assert_eq!(counter.show_code().await.expect(200).json()["code"], code.as_str());
    clerk.browser.get("/v1/applications").await.expect(200);
    counter.authorize(&[&kept.id, &withdrawn.id]).await.expect(200);
    // Repeated requests change nothing, so they are not recorded as acts.
    counter.authorize(&[&kept.id]).await.expect(200);
    counter.revoke(&withdrawn.id).await.expect(204);
    counter.revoke(&withdrawn.id).await.expect(204);
    kept.pull(&format!("afm:{}", person.afm), ImageKind::Face).await.expect(200);
    counter.dissociate().await.expect(204);
    let expected = [
        "consented",
        "code_submitted",
        "photos_confirmed",
        "associated",
        "photo_shown",
        "code_shown",
        // Two downloads of one set are recorded as one act, because a large file is downloaded in several requests.
        "downloaded",
        "authorized",
        "authorized",
        "withdrawn",
        "dissociated",
    ];
    let expected = sorted(expected.map(|what| json!(what)));
    assert_eq!(sorted(done(&clerk, &case).await), expected);

    let home = people::citizen(person.clone(), Language::En).await;
    let office = case.view["office"]["name"].clone();
    let at_kep = json!({ "office": office, "application_number": APPLICATION_NUMBER });
    let history = own(&home).authorizations("").await.expect(200).json();
    for authorization in history["authorizations"].as_array().expect("authorizations") {
        assert_eq!((&authorization["at_kep"], &authorization["ended_at_kep"]), (&at_kep, &at_kep), "{history}");
    }
    let [open] = kep::case_log(&home).await.try_into().expect("one case");
    assert!(open["ended_at"].is_null(), "{open}");
    kep::close(&clerk, &case).await.expect(204);
    let [closed] = kep::case_log(&home).await.try_into().expect("one case");
    assert_eq!((&closed["office"], &closed["application_number"]), (&office, &json!(APPLICATION_NUMBER)));
    assert_eq!((&closed["presence"], &closed["document"]), (&json!("otp"), &json!({ "kind": "identity_card", "last_four": "3456" })));
    assert!(closed["opened_at"].is_string() && closed["ended_at"].is_string(), "{closed}");
    let acts = closed["done"].as_array().expect("acts");
    assert_eq!(sorted(acts.iter().map(|act| act["what"].clone())), expected);
    assert!(acts.is_sorted_by_key(|act| act["at"].to_string()), "{closed}");
    let labels: Vec<&Value> = acts.iter().map(|act| &act["label"]).filter(|label| !label.is_null()).collect();
    assert_eq!(labels.len(), 3, "the names of the applications: {closed}");

    let export = own(&home).export().await.expect(200);
    let exported = export.json();
    assert_eq!(exported["cases"], json!([closed]));
    for event in exported["associations"].as_array().expect("events") {
        assert_eq!(event["at_kep"], at_kep, "{event}");
    }
    let agreements = exported["agreements"].as_array().expect("agreements");
    assert_eq!(agreements.len(), 2, "on personal data, and on the association");
    assert!(agreements.iter().all(|agreement| agreement["at_kep"] == at_kep), "{exported}");
    let session = crate::kep::stored_session(&clerk).await;
    let clerk_id = session.person.offices.first().expect("an office").clerk.as_str();
    for of_clerk in ["clerk", clerk.person.afm.as_str(), clerk.person.last_name.as_str(), clerk_id, session.subject_id.as_str()] {
        assert!(!export.text().contains(of_clerk), "{of_clerk} in {}", export.text());
    }
}

#[tokio::test]
async fn what_the_person_does_at_home_has_no_office() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let given = application::fresh(Purpose::Passport).await;
    own(&visit).take(&issue_by_sms(&studio, visit.person.mobile()).await.code).await;
    own(&visit).authorize(&[&given.id]).await.expect(200);
    own(&visit).revoke(&given.id).await.expect(204);
    let export = own(&visit).export().await.expect(200);
    assert!(!export.text().contains("at_kep") && export.json()["cases"] == json!([]), "{}", export.text());
    assert!(kep::case_log(&visit).await.is_empty());
}

#[tokio::test]
async fn rejecting_the_photos_is_an_act_and_the_photos_stay() {
    let (studio, clerk, person) = (fresh_photographer().await, kep::fresh_clerk().await, fresh("citizen").await);
    let case = kep::ready(&clerk, &person).await;
    let counter = acting(&clerk, &case.handle);
    // There was no submission to reject, so no act is recorded.
    counter.reject().await.expect(204);
    let code = issue_by_sms(&studio, person.mobile()).await.code;
    counter.submit(&code).await.expect(200);
    counter.reject().await.expect(204);
    counter.confirm().await.rejected(404, "no_submission");
    assert_eq!(done(&clerk, &case).await, ["consented", "code_submitted", "photos_rejected"]);
    // The next code is submitted for the person's child, so there is nothing to reject for the person.
    let mut body = minors::fresh(&person, &json!({})).await.body();
    body["case"] = json!(case.handle);
    let handle = minors::add(&clerk, &body).await.expect(201).json()["subject"].as_str().expect("a handle").to_owned();
    let child = acting(&clerk, &handle);
    child.submit(&issue_by_sms(&studio, person.mobile()).await.code).await.expect(200);
    counter.reject().await.expect(204);
    child.confirm().await.expect(200);
    let so_far = ["consented", "code_submitted", "photos_rejected", "minor_added", "code_submitted", "photos_confirmed"];
    assert_eq!(done(&clerk, &case).await, so_far);
    counter.take(&code).await;
}

#[tokio::test]
async fn export_erasure_reminder_and_histories_are_for_the_person_alone() {
    let (studio, clerk, person) = (fresh_photographer().await, kep::fresh_clerk().await, fresh("citizen").await);
    let case = kep::ready(&clerk, &person).await;
    let counter = acting(&clerk, &case.handle);
    counter.take(&issue_by_sms(&studio, person.mobile()).await.code).await;
    let application = application::fresh(Purpose::DisabilityCard).await;
    counter.authorize(&[&application.id]).await.expect(200);
    application.pull(&format!("afm:{}", person.afm), ImageKind::Face).await.expect(200);
    counter.accesses("").await.rejected(403, "not_at_kep");
    counter.authorizations("").await.rejected(403, "not_at_kep");
    counter.export().await.rejected(403, "not_at_kep");
    counter.erase().await.rejected(403, "not_at_kep");
    counter.set_reminder(&person.email(), Language::El).await.rejected(403, "not_at_kep");
    clerk.browser.get(&format!("/v1/subjects/{}/cases", case.handle)).await.rejected(403, "not_at_kep");
    // A clerk cannot use these operations for their own data either, until they switch to the role of a citizen.
    own(&clerk).export().await.rejected(403, "not_at_kep");
    // The clerk needs no history to withdraw an authorization, because the association lists those in force.
    let association = counter.show_association().await.expect(200).json();
    assert_eq!(association["applications"][0]["application"], json!(application.id), "{association}");
    counter.revoke(&application.id).await.expect(204);
}

#[tokio::test]
async fn the_five_submissions_a_day_are_the_persons_at_the_counter_and_at_home() {
    midnight::avoid(Span::minutes(3)).await;
    let (first, second, person) = (kep::fresh_clerk().await, kep::fresh_clerk().await, fresh("citizen").await);
    let case = kep::ready(&first, &person).await;
    for _ in 0..3 {
        acting(&first, &case.handle).submit(&unknown_code()).await.rejected(404, "code_not_active");
    }
    assert_eq!(kep::show(&first, &case).await.expect(200).json()["submissions_left"], 2);
    kep::close(&first, &case).await.expect(204);
    let case = kep::ready(&second, &person).await;
    acting(&second, &case.handle).submit(&unknown_code()).await.rejected(404, "code_not_active");
    let home = people::citizen(person.clone(), Language::El).await;
    own(&home).submit(&unknown_code()).await.rejected(404, "code_not_active");
    acting(&second, &case.handle).submit(&unknown_code()).await.rejected(429, "submissions_exhausted");
    own(&home).submit(&unknown_code()).await.rejected(429, "submissions_exhausted");
    // As a citizen, the clerk can still submit five codes that day.
    kep::close(&second, &case).await.expect(204);
    let session = second.browser.put("/v1/session/role", &json!({ "kind": "citizen" })).await.expect(200).json();
    let second = people::choose_citizen(second, session).await;
    assert_eq!(second.browser.get("/v1/session").await.expect(200).json()["submissions_left"], 5);
}

#[tokio::test]
async fn a_code_that_is_not_accepted_in_a_case_is_recorded_once_and_named_in_the_message() {
    midnight::avoid(Span::minutes(3)).await;
    let (studio, clerk, person) = (fresh_photographer().await, kep::fresh_clerk().await, fresh("citizen").await);
    let stranger = fresh_citizen().await;
    let taken = issue_by_sms(&studio, stranger.person.mobile()).await.code;
    own(&stranger).take(&taken).await;
    let case = kep::ready(&clerk, &person).await;
    let counter = acting(&clerk, &case.handle);
    // A malformed code is not counted, so it is not recorded either.
    counter.submit("not a code").await.rejected(422, "code_malformed");
    let unknown = unknown_code();
    for _ in 0..2 {
        counter.submit(&unknown).await.rejected(404, "code_not_active");
    }
    counter.submit(&taken).await.rejected(403, "code_taken");
    let expected = ["consented", "code_not_accepted", "code_not_accepted"];
    assert_eq!(done(&clerk, &case).await, expected);
    assert_eq!(kep::show(&clerk, &case).await.expect(200).json()["submissions_left"], 3);
    kep::close(&clerk, &case).await.expect(204);
    crate::kep::send_messages().await;
    let message = inbox::wait_for(person.mobile(), 0, |one| one.text.contains(APPLICATION_NUMBER), inbox::PATIENCE).await;
    assert!(message.text.contains("υποβολή κωδικάριθμου που δεν έγινε δεκτός (2)"), "{}", message.text);
    let home = people::citizen(person, Language::El).await;
    let exported = own(&home).export().await.expect(200).json();
    let acts = exported["cases"][0]["done"].as_array().expect("acts").clone();
    assert_eq!(acts.into_iter().map(|act| act["what"].clone()).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_minor_is_added_in_a_case_if_the_person_at_the_counter_has_custody() {
    let (studio, clerk, person) = (fresh_photographer().await, kep::fresh_clerk().await, fresh("citizen").await);
    let child = minors::fresh(&person, &json!({ "afm": true })).await;
    let childs_of_clerk = minors::fresh(&clerk.person, &json!({})).await;
    let case = kep::ready(&clerk, &person).await;
    let in_case = |mut body: Value, handle: &str| {
        body["case"] = json!(handle);
        body
    };
    let problem = minors::add(&clerk, &child.body()).await.rejected(422, "invalid_field");
    assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!("case"), &json!("missing")));
    minors::add(&clerk, &in_case(child.body(), "another")).await.rejected(409, "case_over");
    minors::add(&clerk, &in_case(childs_of_clerk.body(), &case.handle)).await.rejected(403, "custody_not_confirmed");
    let added_minor = minors::add(&clerk, &in_case(child.body(), &case.handle)).await.expect(201).json();
    let handle = added_minor["subject"].as_str().expect("a handle").to_owned();
    assert_eq!(minors::add(&clerk, &in_case(child.body(), &case.handle)).await.expect(200).json(), added_minor);
    assert_eq!(done(&clerk, &case).await, ["consented", "minor_added"], "adding the minor again is no act");
    assert_eq!(kep::show(&clerk, &case).await.expect(200).json()["minors"], json!([added_minor]));
    acting(&clerk, &handle).take(&issue_by_sms(&studio, person.mobile()).await.code).await;
    let shown = kep::show(&clerk, &case).await.expect(200).json();
    let labels: Vec<&Value> = shown["done"].as_array().expect("acts").iter().skip(1).map(|act| &act["label"]).collect();
    assert!(!labels.is_empty() && labels.iter().all(|label| **label == json!(child.first_name)), "{shown}");

    // The clerk's next case, with another person, gives no access to the minor.
    kep::close(&clerk, &case).await.expect(204);
    let next = kep::ready(&clerk, &fresh("citizen").await).await;
    acting(&clerk, &handle).show_association().await.rejected(409, "case_over");
    assert_eq!(kep::show(&clerk, &next).await.expect(200).json()["minors"], json!([]));

    // When the guardian signs in at home, they manage the photos and read at which office the photos were associated.
    let home = people::citizen(person.clone(), Language::El).await;
    let problem = minors::add(&home, &in_case(child.body(), &case.handle)).await.rejected(422, "invalid_field");
    assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!("case"), &json!("unknown")));
    let own_handle = added(&home, &child).await;
    let export = acting(&home, &own_handle).export().await.expect(200).json();
    assert_eq!(export["associations"][0]["at_kep"]["application_number"], APPLICATION_NUMBER);
    let [case] = kep::case_log(&home).await.try_into().expect("one case");
    assert_eq!(case["done"][1], json!({ "what": "minor_added", "at": case["done"][1]["at"], "label": child.first_name }));
    // In a session in which the registers have not confirmed custody, the log of cases does not show the minor's name.
    let later = people::citizen(person, Language::El).await;
    assert!(kep::case_log(&later).await[0]["done"][1]["label"].is_null());
}

#[tokio::test]
async fn each_person_who_agrees_to_one_association_has_one_record_of_it() {
    let (studio, clerk, first, second) =
        (fresh_photographer().await, kep::fresh_clerk().await, fresh_citizen().await, fresh("citizen").await);
    let child = minors::fresh(&first.person, &json!({})).await;
    let code = issue_by_sms(&studio, first.person.mobile()).await.code;
    // Both parents of the child submit and confirm the code, one at home and one at the counter.
    let at_home = added(&first, &child).await;
    let version = acting(&first, &at_home).submit_and_confirm(&code).await;
    let twin = people::citizen(first.person.clone(), Language::El).await;
    let in_twin = added(&twin, &child).await;
    acting(&twin, &in_twin).submit_and_confirm(&code).await;
    child.change(&json!({ "custodian": second.key })).await;
    let case = kep::ready(&clerk, &second).await;
    let mut body = child.body();
    body["case"] = json!(case.handle);
    let at_counter = minors::add(&clerk, &body).await.expect(201).json()["subject"].as_str().expect("a handle").to_owned();
    acting(&clerk, &at_counter).submit_and_confirm(&code).await;

    let associated = acting(&first, &at_home).associate(&version).await.expect(201).json();
    for _ in 0..2 {
        let existing = acting(&clerk, &at_counter).associate(&version).await.expect(200).json();
        assert_eq!(existing["associated_at"], associated["associated_at"]);
        acting(&twin, &in_twin).associate(&version).await.expect(200);
    }
    assert_eq!(done(&clerk, &case).await, ["consented", "minor_added", "code_submitted", "photos_confirmed", "associated"]);
    kep::close(&clerk, &case).await.expect(204);
    let second = people::citizen(second, Language::El).await;
    for (visit, is_at_kep) in [(&first, false), (&second, true)] {
        let exported = own(visit).export().await.expect(200).json();
        let agreements = exported["agreements"].as_array().expect("agreements").iter();
        let to_association: Vec<&Value> = agreements.filter(|agreement| agreement["kind"] == "association").collect();
        assert_eq!(to_association.len(), 1, "{exported}");
        assert_eq!(to_association[0]["at_kep"].is_object(), is_at_kep, "{exported}");
    }
}

#[tokio::test]
async fn the_minors_and_the_code_of_an_expired_case_are_absent_for_the_clerk_as_a_citizen() {
    let (studio, clerk, person) = (fresh_photographer().await, kep::fresh_clerk().await, fresh("citizen").await);
    let child = minors::fresh(&person, &json!({})).await;
    let case = kep::ready(&clerk, &person).await;
    let mut body = child.body();
    body["case"] = json!(case.handle);
    let handle = minors::add(&clerk, &body).await.expect(201).json()["subject"].as_str().expect("a handle").to_owned();
    acting(&clerk, &handle).submit(&issue_by_sms(&studio, person.mobile()).await.code).await.expect(200);
    crate::kep::expire(&clerk).await;
    let session = clerk.browser.put("/v1/session/role", &json!({ "kind": "citizen" })).await.expect(200).json();
    let clerk = people::choose_citizen(clerk, session.clone()).await;
    for session in [session, clerk.browser.get("/v1/session").await.expect(200).json()] {
        assert!(session["minors"] == json!([]) && session["submission"].is_null() && session["case"].is_null(), "{session}");
    }
    acting(&clerk, &handle).show_association().await.rejected(404, "subject_unknown");
}

#[tokio::test]
async fn a_case_whose_presence_was_not_proven_is_visible_to_the_person() {
    let (clerk, person) = (kep::fresh_clerk().await, fresh("citizen").await);
    let case = kep::opened(&clerk, &person).await;
    kep::close(&clerk, &case).await.expect(204);
    let home = people::citizen(person, Language::El).await;
    let [seen] = kep::case_log(&home).await.try_into().expect("one case");
    assert_eq!((&seen["presence"], &seen["done"]), (&json!("not_proven"), &json!([])));
}

#[tokio::test]
async fn the_agreement_of_the_person_is_recorded_once_and_a_refusal_ends_no_session() {
    let (clerk, person) = (kep::fresh_clerk().await, fresh("citizen").await);
    let case = kep::opened(&clerk, &person).await;
    let body = |agree: bool, case: &str| json!({ "version": domain::consent::PERSONAL_DATA_VERSION, "agree": agree, "case": case });
    let consent = async |body: Value| clerk.browser.post("/v1/session/consent", &body).await;
    consent(body(true, &case.handle)).await.rejected(403, "presence_not_proven");
    kep::confirm(&clerk, &case, &case.otp).await.expect(200);
    consent(body(false, &case.handle)).await.rejected(422, "missing_consent");
    consent(body(true, "another")).await.rejected(409, "case_over");
    consent(json!({ "version": domain::consent::PERSONAL_DATA_VERSION, "agree": true })).await.rejected(422, "invalid_field");
    consent(json!({ "version": "2020-01", "agree": true, "case": case.handle })).await.rejected(409, "consent_version_old");
    for _ in 0..2 {
        let session = consent(body(true, &case.handle)).await.expect(200).json();
        assert_eq!(session["case"]["handle"], case.handle.as_str());
    }
    assert_eq!(done(&clerk, &case).await, ["consented"]);
    kep::close(&clerk, &case).await.expect(204);
    // The person has agreed, so the service does not ask for the agreement again, neither in the next case nor at home.
    let again = kep::opened(&clerk, &person).await;
    assert_eq!(kep::confirm(&clerk, &again, &again.otp).await.expect(200).json()["stage"], "ready");
    let (_, session) = people::sign_in(person, Language::El).await;
    assert_eq!(session["stage"], "ready", "{session}");
    // A request of a citizen must not name a case.
    let citizen = fresh_citizen().await;
    let problem = citizen.browser.post("/v1/session/consent", &body(true, &case.handle)).await.rejected(422, "invalid_field");
    assert_eq!(problem.members["field"], "case");
    citizen::show_association(&citizen).await.rejected(404, "nothing_associated");
}
