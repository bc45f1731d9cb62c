//! The photographer's history, filtered by day and state.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{AthensDay, FileProfile, Language, Moment, time::Span};
use journeys::{
    citizen, inbox, midnight,
    people::{self, Visit, fresh_citizen, fresh_photographer},
    photographer::{self, To, face_only},
    stack,
};
use serde_json::json;

use crate::aws;

const ISSUANCES: &str = "/v1/photographer/issuances";

fn now() -> Moment {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    Moment::from_epoch_seconds(i64::try_from(elapsed.as_secs()).expect("seconds"))
}

/// Requests one page. Returns the upload ids and the cursor of the next page.
async fn page(studio: &Visit, query: &str) -> (Vec<String>, Option<String>) {
    let page = studio.browser.get(&format!("{ISSUANCES}?{query}")).await.expect(200).json();
    let ids = page["issuances"].as_array().expect("a list").iter().map(|item| item["upload_id"].as_str().expect("an id").to_owned());
    (ids.collect(), page["next"].as_str().map(str::to_owned))
}

/// Requests the list with this filter, page by page to the end. Returns all upload ids.
async fn all(studio: &Visit, query: &str) -> Vec<String> {
    all_from(studio, query, None).await
}

/// Requests the list with this filter, page by page from a cursor to the end. Returns all upload ids.
async fn all_from(studio: &Visit, query: &str, mut next: Option<String>) -> Vec<String> {
    let first = next.take().map(|cursor| format!("{query}&cursor={cursor}"));
    let (mut ids, mut next) = page(studio, first.as_deref().unwrap_or(query)).await;
    while let Some(cursor) = next {
        let (more, after) = page(studio, &format!("{query}&cursor={cursor}")).await;
        ids.extend(more);
        next = after;
    }
    ids
}

async fn issue(studio: &Visit, to: &To) -> String {
    let upload_id = photographer::upload(studio, FileProfile::Standard, &face_only()).await;
    photographer::issue_code(studio, &upload_id, to, Language::En).await.expect(201);
    upload_id
}

/// Sets an attribute of an issuance in the table.
async fn set(business: &str, upload_id: &str, name: &str, value: AttributeValue) {
    let update = aws::dynamodb(&aws::config().await).update_item().table_name(stack::variable("ISSUANCES_TABLE"));
    update
        .key("business", AttributeValue::S(business.to_owned()))
        .key("upload_id", AttributeValue::S(upload_id.to_owned()))
        .update_expression("SET issued.#name = :value")
        .expression_attribute_names("#name", name)
        .expression_attribute_values(":value", value)
        .send()
        .await
        .expect("an issuance");
}

/// Writes a copy of an issuance to the table, as if its upload had begun at `begun` and its code had been issued at `issued`. Returns the
/// copy's upload id, which contains `begun`.
async fn copied(business: &str, upload_id: &str, begun: Moment, issued: Moment, number: u32) -> String {
    let client = aws::dynamodb(&aws::config().await);
    let table = stack::variable("ISSUANCES_TABLE");
    let get = client.get_item().table_name(&table).key("business", AttributeValue::S(business.to_owned()));
    let found = get.key("upload_id", AttributeValue::S(upload_id.to_owned())).send().await.expect("a response");
    let mut item = found.item.expect("an issuance");
    let millis = begun.epoch_seconds() * 1000;
    let id = format!("{:08x}-{:04x}-7000-8000-{number:012x}", millis >> 16, millis & 0xffff);
    item.insert("upload_id".to_owned(), AttributeValue::S(id.clone()));
    if let Some(AttributeValue::M(inner)) = item.get_mut("issued") {
        inner.insert("issued_at".to_owned(), AttributeValue::N(issued.epoch_seconds().to_string()));
    }
    client.put_item().table_name(&table).set_item(Some(item)).send().await.expect("access to the table");
    id
}

async fn business(studio: &Visit) -> String {
    journeys::staff::business_of(studio).await["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn the_history_can_be_filtered_by_state() {
    midnight::avoid(Span::minutes(3)).await;
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let business = business(&studio).await;
    let email = To::Email(visit.person.email());
    let associated = photographer::issue(&studio, FileProfile::Standard, &face_only(), &email, Language::En).await;
    let sent = photographer::issue(&studio, FileProfile::Standard, &face_only(), &email, Language::En).await.upload_id;
    let [expired, failed, queued] = [issue(&studio, &email).await, issue(&studio, &email).await, issue(&studio, &email).await];
    for upload_id in [&associated.upload_id, &sent, &expired, &failed, &queued] {
        photographer::wait_until_listed(&studio, upload_id, |item| item["delivery"]["state"] == "sent", inbox::PATIENCE).await;
    }
    citizen::take(&visit, &associated.code).await;
    set(&business, &expired, "code_expires_at", AttributeValue::N(now().epoch_seconds().to_string())).await;
    set(&business, &failed, "delivery", AttributeValue::S("failed".to_owned())).await;
    set(&business, &queued, "delivery", AttributeValue::S("queued".to_owned())).await;
    for (state, expected) in
        [("associated", &associated.upload_id), ("sent", &sent), ("expired", &expired), ("failed", &failed), ("queued", &queued)]
    {
        assert_eq!(page(&studio, &format!("state={state}")).await, (vec![expected.clone()], None), "{state}");
        assert_eq!(photographer::listed(&studio, expected).await["state"], state);
    }
    // The state `associated` takes precedence over `expired`.
    set(&business, &associated.upload_id, "code_expires_at", AttributeValue::N(now().epoch_seconds().to_string())).await;
    assert_eq!(page(&studio, "state=associated").await.0, std::slice::from_ref(&associated.upload_id));
    // Combines both filters, state and day.
    let today = AthensDay::of(now());
    assert_eq!(page(&studio, &format!("state=sent&day={today}")).await.0, [sent]);
    assert_eq!(page(&studio, &format!("state=sent&day={}", today.minus(3))).await.0, Vec::<String>::new());
}

#[tokio::test]
async fn a_day_begins_and_ends_at_midnight_in_athens() {
    let studio = fresh_photographer().await;
    let business = business(&studio).await;
    let model = issue(&studio, &To::Email(people::fresh("citizen").await.email())).await;
    let day = AthensDay::of(now()).minus(20);
    let (start, end) = (day.start(), day.next().start());
    let second = |moment: Moment, seconds| moment.plus(Span::seconds(seconds));
    let before = copied(&business, &model, second(start, -61), second(start, -1), 1).await;
    // The upload was begun the day before, and its code was issued in the first second of the day.
    let across = copied(&business, &model, second(start, -3600), start, 2).await;
    let first = copied(&business, &model, start, second(start, 1), 3).await;
    let last = copied(&business, &model, second(end, -30), second(end, -1), 4).await;
    let after = copied(&business, &model, second(end, -10), end, 5).await;
    assert_eq!(all(&studio, &format!("day={day}")).await, [last, first, across]);
    assert_eq!(all(&studio, &format!("day={}", day.minus(1))).await, [before]);
    assert_eq!(all(&studio, &format!("day={}", day.next())).await, [after]);
    for far in ["0001-01-01", "1969-12-31", "9999-12-31"] {
        assert_eq!(page(&studio, &format!("day={far}")).await, (Vec::new(), None), "{far}");
    }
}

#[tokio::test]
async fn pages_of_a_filtered_history_contain_every_match_once() {
    let studio = fresh_photographer().await;
    let business = business(&studio).await;
    let model = issue(&studio, &To::Email(people::fresh("citizen").await.email())).await;
    let day = AthensDay::of(now()).minus(10);
    let mut expected = Vec::new();
    for number in 0..25 {
        let begun = day.start().plus(Span::minutes(10 * i64::from(number)));
        let id = copied(&business, &model, begun, begun, number).await;
        if number % 3 == 0 {
            set(&business, &id, "delivery", AttributeValue::S("failed".to_owned())).await;
            expected.insert(0, id);
        }
    }
    let query = format!("state=failed&day={day}&limit=4");
    let (first, next) = page(&studio, &query).await;
    assert_eq!(first, expected[..4]);
    assert!(next.is_some());
    assert_eq!(all(&studio, &query).await, expected);
    // A cursor from another query is accepted, because a cursor only contains the time at which a page begins.
    let (newest, _) = page(&studio, "limit=1").await;
    assert_eq!(all_from(&studio, &query, newest.into_iter().next()).await, expected);
    let earlier = "00000000-0000-7000-8000-000000000000";
    assert_eq!(page(&studio, &format!("{query}&cursor={earlier}")).await, (Vec::new(), None));
}

#[tokio::test]
async fn a_page_of_a_rarely_matching_filter_ends_early_and_the_next_page_continues() {
    let studio = fresh_photographer().await;
    let business = business(&studio).await;
    let model = issue(&studio, &To::Email(people::fresh("citizen").await.email())).await;
    set(&business, &model, "delivery", AttributeValue::S("sent".to_owned())).await;
    let begun = |number: u32| now().plus(Span::days(-2)).plus(Span::seconds(i64::from(number)));
    let oldest = copied(&business, &model, begun(0), begun(0), 0).await;
    set(&business, &oldest, "delivery", AttributeValue::S("failed".to_owned())).await;
    let numbers: Vec<u32> = (1..=1_050).collect();
    for chunk in numbers.chunks(50) {
        futures_util::future::join_all(chunk.iter().map(|&number| copied(&business, &model, begun(number), begun(number), number))).await;
    }
    let (found, next) = page(&studio, "state=failed").await;
    assert_eq!(found, Vec::<String>::new(), "a page reads at most a thousand rows");
    let (found, end) = page(&studio, &format!("state=failed&cursor={}", next.expect("a next page"))).await;
    assert_eq!((found, end), (vec![oldest], None));
}

#[tokio::test]
async fn verdicts_in_old_rows_that_name_their_application_are_not_shown_and_unknown_filters_are_rejected() {
    let studio = fresh_photographer().await;
    let business = business(&studio).await;
    let upload_id = issue(&studio, &To::Email(people::fresh("citizen").await.email())).await;
    let item = photographer::listed(&studio, &upload_id).await;
    assert_eq!((&item["verdicts"], &item["reminder"]), (&json!([]), &json!(false)));
    let at = now();
    let verdict = |fields: &[(&str, &str)]| {
        let mut verdict: std::collections::HashMap<String, AttributeValue> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), AttributeValue::S((*value).to_owned()))).collect();
        verdict.insert("at".to_owned(), AttributeValue::N(at.epoch_seconds().to_string()));
        AttributeValue::M(verdict)
    };
    let verdicts = std::collections::HashMap::from([
        ("driving-licence:face".to_owned(), verdict(&[("verdict", "accepted")])),
        ("driving-licence:signature".to_owned(), verdict(&[("verdict", "refused"), ("reason", "signature_cropped")])),
    ]);
    set(&business, &upload_id, "verdicts", AttributeValue::M(verdicts)).await;
    assert_eq!(photographer::listed(&studio, &upload_id).await["verdicts"], json!([]));
    for (query, field) in
        [("day=today", "day"), ("day=2026-02-30", "day"), ("day=2026-2-3", "day"), ("state=lost", "state"), ("state=", "state")]
    {
        let problem = studio.browser.get(&format!("{ISSUANCES}?{query}")).await.rejected(422, "invalid_field");
        assert_eq!((&problem.members["field"], &problem.members["reason"]), (&json!(field), &json!("not_allowed")), "{query}");
    }
}
