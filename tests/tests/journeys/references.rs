//! References that photographers assign to uploads when they issue codes.

use std::time::{SystemTime, UNIX_EPOCH};

use domain::{AthensDay, AthensMonth, FileProfile, Language, Moment};
use journeys::{
    browser::Browser,
    citizen, inbox,
    people::{self, Visit, fresh_citizen, fresh_photographer},
    photographer::{self, To, face_only, issue_code_with_reference, listed, search, upload},
    staff,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::rejections::assert_rejected;

const ISSUANCES: &str = "/v1/photographer/issuances";

async fn someone() -> To {
    To::Email(people::fresh("citizen").await.email())
}

fn today() -> AthensDay {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    AthensDay::of(Moment::from_epoch_seconds(i64::try_from(elapsed.as_secs()).expect("seconds")))
}

/// Issues a code with this reference. Returns the upload's id.
async fn issued(studio: &Visit, reference: &str) -> String {
    let upload_id = upload(studio, FileProfile::Standard, &face_only()).await;
    let view = issue_code_with_reference(studio, &upload_id, &someone().await, &json!(reference)).await.expect(201).json();
    assert_eq!(view["reference"], reference);
    upload_id
}

/// Searches the history of this month and the previous one, because the month may end during a test. Returns the upload ids, newest first.
async fn found(visit: &Visit, beginning: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let last_month = AthensMonth::of(AthensMonth::of(today()).first_day().minus(1));
    for month in [AthensMonth::of(today()), last_month] {
        let page = search(visit, beginning, &format!("month={month}")).await.expect(200).json();
        assert_eq!(page["next"], Value::Null);
        let all = page["issuances"].as_array().expect("a list").iter();
        ids.extend(all.map(|item| item["upload_id"].as_str().expect("an id").to_owned()));
    }
    ids
}

#[tokio::test]
async fn a_reference_is_shown_in_the_history_and_found_by_its_beginning_without_case_and_accents() {
    let studio = fresh_photographer().await;
    let greek = issued(&studio, "Άννας Π. 17").await;
    let order = issued(&studio, "2026/117 & συνέχεια").await;
    let without = upload(&studio, FileProfile::Standard, &face_only()).await;
    let view = photographer::issue_code(&studio, &without, &someone().await, Language::El).await.expect(201).json();
    assert_eq!(view["reference"], Value::Null);
    assert_eq!(listed(&studio, &greek).await["reference"], "Άννας Π. 17");
    assert_eq!(listed(&studio, &without).await.get("reference"), None);
    for beginning in ["Άννας Π. 17", "ΆΝΝΑΣ", "αννασ π", " α ", "Α\u{301}ννα"] {
        assert_eq!(found(&studio, beginning).await, std::slice::from_ref(&greek), "{beginning}");
    }
    for beginning in ["2026/117 & συνέχεια", "2026/117 & ΣΥΝΕΧΕΙΑ", "2"] {
        assert_eq!(found(&studio, beginning).await, std::slice::from_ref(&order), "{beginning}");
    }
    for beginning in ["Π. 17", "117", "2026/1177", "%"] {
        assert_eq!(found(&studio, beginning).await, Vec::<String>::new(), "{beginning}");
    }
}

#[tokio::test]
async fn staff_find_the_references_of_their_business_and_other_businesses_do_not() {
    let (owner, other) = (fresh_photographer().await, fresh_photographer().await);
    let (employee, _) = staff::employee_of(&owner, "Ν").await;
    let by_owner = issued(&owner, "Κ17").await;
    let by_employee = issued(&employee, "Κ18").await;
    for visit in [&owner, &employee] {
        assert_eq!(found(visit, "κ1").await, [by_employee.clone(), by_owner.clone()]);
        assert_eq!(listed(visit, &by_owner).await["reference"], "Κ17");
    }
    assert_eq!(found(&other, "κ1").await, Vec::<String>::new());
    let own = issued(&other, "Κ17").await;
    assert_eq!(found(&other, "κ1").await, [own]);
}

#[tokio::test]
async fn a_reference_is_cleaned_and_may_be_absent_and_has_at_most_40_characters() {
    let studio = fresh_photographer().await;
    let upload_id = upload(&studio, FileProfile::Standard, &face_only()).await;
    for (reference, reason) in [
        (json!("ώ".repeat(41)), "too_long"),
        (json!(7), "wrong_type"),
        (json!(["17"]), "wrong_type"),
        (json!({ "text": "17" }), "wrong_type"),
    ] {
        let body = json!({
            "upload_id": upload_id, "recipient": { "kind": "email", "value": "someone@example.gr" }, "language": "el", "reference": reference,
        });
        let problem = assert_rejected(|| studio.browser.request(Method::POST, ISSUANCES).json(&body), 422, "invalid_field").await;
        assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!("reference"), &json!(reason)));
        if reason == "too_long" {
            assert_eq!(problem.members["limit"], 40);
        }
    }
    // After these rejections a code can still be issued for the upload.
    for (sent, shown) in [
        (json!("  Α\u{301}.Π.\u{200b}\n 17 "), json!("Ά.Π. 17")),
        (json!("ώ".repeat(40)), json!("ώ".repeat(40))),
        (json!(""), Value::Null),
        (json!(" \u{200b}\u{7} "), Value::Null),
        (Value::Null, Value::Null),
    ] {
        let upload_id = upload(&studio, FileProfile::Standard, &face_only()).await;
        let view = issue_code_with_reference(&studio, &upload_id, &someone().await, &sent).await.expect(201).json();
        assert_eq!(view["reference"], shown);
        assert_eq!(listed(&studio, &upload_id).await["reference"], shown);
    }
}

#[tokio::test]
async fn a_search_needs_a_day_or_a_month_and_a_blank_search_is_none() {
    let studio = fresh_photographer().await;
    let upload_id = issued(&studio, "17").await;
    for (query, field, reason) in [
        ("reference=17", "reference", "needs_day_or_month"),
        ("reference=17&state=sent", "reference", "needs_day_or_month"),
        ("reference=17&month=2026-13", "month", "not_allowed"),
        ("month=2026-1", "month", "not_allowed"),
        ("month=2026-11-01", "month", "not_allowed"),
        ("month=", "month", "not_allowed"),
    ] {
        let path = format!("{ISSUANCES}?{query}");
        let problem = assert_rejected(|| studio.browser.request(Method::GET, &path), 422, "invalid_field").await;
        assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!(field), &json!(reason)), "{query}");
    }
    let problem = search(&studio, &"ώ".repeat(41), "month=2026-11").await.rejected(422, "invalid_field");
    assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!("reference"), &json!("too_long")));
    for query in ["reference=", "reference=%20%E2%80%8B"] {
        let page = studio.browser.get(&format!("{ISSUANCES}?{query}")).await.expect(200).json();
        assert_eq!(page["issuances"][0]["upload_id"], upload_id, "{query}");
    }
    let page = search(&studio, "17", "day=2020-01-01").await.expect(200).json();
    assert_eq!(page, json!({ "issuances": [] }));
}

#[tokio::test]
async fn a_repeated_request_must_have_the_same_reference() {
    let studio = fresh_photographer().await;
    let (upload_id, to) = (upload(&studio, FileProfile::Standard, &face_only()).await, someone().await);
    let first = issue_code_with_reference(&studio, &upload_id, &to, &json!("Άννα")).await.expect(201).json();
    // Both texts are equal to the first reference after normalisation.
    for reference in ["Άννα", " Α\u{301}ννα "] {
        let again = issue_code_with_reference(&studio, &upload_id, &to, &json!(reference)).await.expect(200).json();
        assert_eq!((&again["issued_at"], &again["reference"]), (&first["issued_at"], &first["reference"]));
    }
    for other in [json!("Αννα"), json!("Άννα 2"), json!(""), Value::Null] {
        issue_code_with_reference(&studio, &upload_id, &to, &other).await.rejected(409, "issuance_conflict");
    }
    let (upload_id, to) = (upload(&studio, FileProfile::Standard, &face_only()).await, someone().await);
    photographer::issue_code(&studio, &upload_id, &to, Language::El).await.expect(201);
    issue_code_with_reference(&studio, &upload_id, &to, &json!("Άννα")).await.rejected(409, "issuance_conflict");
    issue_code_with_reference(&studio, &upload_id, &to, &json!(" ")).await.expect(200);
}

#[tokio::test]
async fn a_resend_and_a_correction_retain_the_reference() {
    let studio = fresh_photographer().await;
    let upload_id = issued(&studio, "Κ17").await;
    photographer::wait_until_sent(&studio, &upload_id).await;
    let corrected = someone().await;
    for to in [None, Some(&corrected)] {
        let resent = photographer::resend_code(&studio, &upload_id, to, None).await.expect(200).json();
        assert_eq!(resent["reference"], "Κ17");
        photographer::wait_until_sent(&studio, &upload_id).await;
        assert_eq!(found(&studio, "κ").await, std::slice::from_ref(&upload_id));
    }
}

#[tokio::test]
async fn the_citizen_never_sees_the_reference() {
    const REFERENCE: &str = "Παραγγελία-8417";
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let to = To::Email(visit.person.email());
    let upload_id = upload(&studio, FileProfile::Standard, &face_only()).await;
    issue_code_with_reference(&studio, &upload_id, &to, &json!(REFERENCE)).await.expect(201);
    let message = inbox::code_message(to.address(), 0).await;
    let texts = [Some(&message.text), message.html.as_ref(), message.subject.as_ref(), message.raw.as_ref()];
    assert!(texts.into_iter().flatten().all(|text| !text.contains(REFERENCE)));
    let code = message.code();
    let mut responses = vec![citizen::submit(&visit, &code).await.expect(200).text()];
    citizen::take(&visit, &code).await;
    for path in ["/v1/subjects/self/export", "/v1/subjects/self/association"] {
        responses.push(visit.browser.get(path).await.expect(200).text());
    }
    for response in responses {
        assert!(!response.contains("reference\"") && !response.contains(REFERENCE), "{response}");
    }
    // A citizen may not read the history.
    let path = format!("{ISSUANCES}?reference=8417&day={}", today());
    visit.browser.get(&path).await.rejected(403, "wrong_role");
    Browser::new(Language::El).get(&path).await.rejected(401, "no_session");
}
