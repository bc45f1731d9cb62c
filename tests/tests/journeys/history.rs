//! Tests the pagination of the photographer's history.

use domain::{FileProfile, Language};
use journeys::{
    people::{self, fresh_photographer},
    photographer::{self, To, face_only},
};
use serde_json::Value;

fn ids(page: &Value) -> Vec<String> {
    let items = page["issuances"].as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().map(|item| item["upload_id"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn the_history_is_paginated_newest_first_and_visible_to_its_business_alone() {
    let studio = fresh_photographer().await;
    let to = To::Email(people::fresh("citizen").await.email());
    let mut issued = Vec::new();
    for _ in 0..5 {
        let upload_id = photographer::upload(&studio, FileProfile::Standard, &face_only()).await;
        photographer::issue_code(&studio, &upload_id, &to, Language::En).await.expect(201);
        issued.insert(0, upload_id);
    }
    // An upload without a code is not listed.
    photographer::upload(&studio, FileProfile::Standard, &face_only()).await;
    let page = async |query: &str| studio.browser.get(&format!("/v1/photographer/issuances{query}")).await.expect(200).json();
    let all = page("").await;
    assert_eq!((ids(&all), &all["next"]), (issued.clone(), &Value::Null));

    let mut listed = Vec::new();
    let mut query = "?limit=2".to_owned();
    for size in [2, 2, 1] {
        let page = page(&query).await;
        assert_eq!(ids(&page).len(), size);
        listed.extend(ids(&page));
        query = format!("?limit=2&cursor={}", page["next"].as_str().unwrap_or_default());
    }
    assert_eq!(listed, issued);
    assert!(query.ends_with("cursor="), "nothing follows the last page");

    let other = fresh_photographer().await;
    let theirs = other.browser.get("/v1/photographer/issuances").await.expect(200).json();
    assert!(ids(&theirs).is_empty());
    let theirs = other.browser.get(&format!("/v1/photographer/issuances?cursor={}", issued[0])).await.expect(200).json();
    assert!(ids(&theirs).is_empty(), "a cursor opens no other business's history");
}
