//! Checks that a copy of every table and of the whole bucket reveals no code number, no person and no face.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test that calls it")]

mod aws;
mod leaks;
#[path = "aws/objects.rs"]
mod objects;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{CodeNumber, Language};
use image::ImageFormat;
use journeys::{
    browser::Browser,
    mobile::{AppSignIn, REDIRECT_URI},
    people,
    photographer::{Issued, both},
    stack,
};
use leaks::{
    Search, Secret,
    everything::{Everything, about},
    has_number,
    lines::{assert_all_succeeded, lines},
    project,
};

/// The value of one attribute of an item, or the content of one object, with the place where it is stored.
struct StoredValue {
    place: String,
    data: Vec<u8>,
}

/// Reads every item of every table, and every object of the bucket with its key and metadata.
async fn dump() -> Vec<StoredValue> {
    let config = aws::config().await;
    let mut found = tables(&aws::dynamodb(&config)).await;
    found.extend(objects(&objects::s3(&config)).await);
    found
}

async fn tables(client: &aws_sdk_dynamodb::Client) -> Vec<StoredValue> {
    let mut found = Vec::new();
    for (variable, table) in stack::resources("_TABLE") {
        let mut pages = client.scan().table_name(&table).into_paginator().items().send();
        while let Some(item) = pages.next().await {
            for (name, value) in item.unwrap() {
                collect_values(&format!("{variable} {name}"), &value, &mut found);
            }
        }
    }
    found
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the test fails if a later SDK returns another kind of value")]
fn collect_values(place: &str, value: &AttributeValue, found: &mut Vec<StoredValue>) {
    let mut leaf = |data: &[u8]| found.push(StoredValue { place: place.to_owned(), data: data.to_vec() });
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => leaf(text.as_bytes()),
        AttributeValue::B(bytes) => leaf(bytes.as_ref()),
        AttributeValue::Ss(all) | AttributeValue::Ns(all) => all.iter().for_each(|text| leaf(text.as_bytes())),
        AttributeValue::Bs(all) => all.iter().for_each(|bytes| leaf(bytes.as_ref())),
        AttributeValue::L(all) => all.iter().for_each(|value| collect_values(place, value, found)),
        AttributeValue::M(map) => {
            for (name, value) in map {
                found.push(StoredValue { place: format!("{place}, a name in it"), data: name.clone().into_bytes() });
                collect_values(&format!("{place}.{name}"), value, found);
            }
        }
        AttributeValue::Bool(_) | AttributeValue::Null(_) => {}
        other => panic!("{place}: {other:?}"),
    }
}

async fn objects(client: &aws_sdk_s3::Client) -> Vec<StoredValue> {
    let bucket = stack::variable("PHOTOS_BUCKET");
    let mut found = Vec::new();
    let mut pages = client.list_objects_v2().bucket(&bucket).into_paginator().send();
    while let Some(page) = pages.next().await {
        for key in page.unwrap().contents().iter().filter_map(|object| object.key()) {
            // Other users of the stack may have deleted the object since it was listed.
            let Ok(object) = client.get_object().bucket(&bucket).key(key).send().await else { continue };
            let described = format!("{key} {:?} {:?}", object.metadata(), object.content_disposition());
            found.push(StoredValue { place: format!("the key of {key}"), data: described.into_bytes() });
            let data = object.body.collect().await.unwrap().to_vec();
            found.push(StoredValue { place: format!("object {key}"), data });
        }
    }
    found
}

/// Returns whether a readable picture begins anywhere in the data.
fn contains_picture(data: &[u8]) -> bool {
    // This is a plain loop and not an iterator, because the data is large and tests are compiled without optimisation.
    let mut at = 0;
    while at + 3 < data.len() {
        let readable = match data[at] {
            0xff => {
                data[at + 1..].starts_with(&[0xd8, 0xff]) && image::load_from_memory_with_format(&data[at..], ImageFormat::Jpeg).is_ok()
            }
            0x89 => data[at..].starts_with(b"\x89PNG\r\n\x1a\n"),
            b'd' => data[at..].starts_with(b"data:image/"),
            _ => false,
        };
        if readable {
            return true;
        }
        at += 1;
    }
    false
}

fn assert_reveals_nothing(dump: &[StoredValue], secrets: &[Secret], otps: &[String], issued: &[&Issued]) {
    let search = Search::new(secrets);
    for StoredValue { place, data } in dump {
        // Skips uploaded originals, because other users of the stack may be uploading pictures during the test. The originals that this
        // test uploaded must have been deleted.
        if place.contains("incoming/") {
            assert!(issued.iter().all(|one| !place.contains(&one.upload_id)), "an original remains: {place}");
            continue;
        }
        assert_eq!(search.find(data), Vec::<&str>::new(), "in {place}");
        assert!(!contains_picture(data), "a readable picture in {place}");
        // Objects are not searched for one-time passwords, because any six digits occur by chance in a million bytes.
        let is_object = place.starts_with("object");
        assert!(is_object || otps.iter().all(|otp| !has_number(data, otp)), "a one-time password in {place}");
    }
}

/// Asserts that the dump contains this code's item and its sealed pictures. If they were missing, finding no secrets would prove nothing.
async fn assert_contains(dump: &[StoredValue], issued: &Issued, prefix: &str) {
    let id = storage::sealing::code_id(&CodeNumber::parse(&issued.code).unwrap());
    assert!(dump.iter().any(|found| found.place == "CODES_TABLE code_id" && found.data == id.as_bytes()));
    assert!(dump.iter().any(|found| found.place == "ISSUANCES_TABLE upload_id" && found.data == issued.upload_id.as_bytes()));
    let codes = aws::dynamodb(&aws::config().await).get_item().table_name(stack::variable("CODES_TABLE"));
    let item = codes.key("code_id", AttributeValue::S(id)).send().await.unwrap().item.unwrap();
    let set_id = item["set_id"].as_s().unwrap();
    let objects: Vec<&StoredValue> = dump.iter().filter(|found| found.place.starts_with(&format!("object {prefix}/{set_id}"))).collect();
    assert_eq!(objects.len(), 4, "two pictures and their previews");
    let sealed: usize = objects.iter().map(|found| found.data.len()).sum();
    let uploaded: usize = both().iter().map(|(_, jpeg)| jpeg.len()).sum();
    assert!(sealed > uploaded * 3 / 4, "{sealed} bytes");
}

#[tokio::test]
async fn a_copy_of_all_tables_and_the_bucket_reveals_no_code_no_person_and_no_face() {
    let assert_all_is_hidden = |dump: &[StoredValue], all: &Everything| {
        assert_reveals_nothing(dump, &all.secrets(), &all.otps, &[&all.by_sms, &all.by_email, &all.of_minor]);
    };
    let mut all = Everything::begin().await;
    let after_sending = dump().await;
    assert_contains(&after_sending, &all.by_sms, "pending").await;
    assert_contains(&after_sending, &all.by_email, "pending").await;
    assert_all_is_hidden(&after_sending, &all);

    all.submit_codes_without_associating().await;
    assert_all_is_hidden(&tables(&aws::dynamodb(&aws::config().await)).await, &all);

    all.use_photos().await;
    let after_use = dump().await;
    assert_contains(&after_use, &all.by_sms, "associated").await;
    for sealed in [
        "STAFF_TABLE sealed",
        "REMINDERS_TABLE sealed",
        "ISSUANCES_TABLE issued.without_face",
        "ISSUANCES_TABLE issued.reference",
        "HISTORY_TABLE at_kep.sealed",
        "HISTORY_TABLE document",
    ] {
        assert!(after_use.iter().any(|found| found.place == sealed), "{sealed}");
    }
    assert_all_is_hidden(&after_use, &all);

    all.end().await;
    assert_all_is_hidden(&dump().await, &all);
    let operations = project::routes().into_iter().filter_map(|route| route.operation).collect();
    assert_all_succeeded(&lines(all.began).await, operations);
}

#[tokio::test]
async fn a_copy_of_all_tables_during_an_app_sign_in_opens_no_session() {
    let (browser, app) = (Browser::new(Language::El), AppSignIn::new(REDIRECT_URI));
    let person = people::fresh("citizen").await;
    let code = app.code(&browser, &person).await;
    let during_sign_in = tables(&aws::dynamodb(&aws::config().await)).await;
    let response = app.exchange(&code).await.expect(200).json();
    let token = response["token"].as_str().unwrap();

    let stored_key = format!("exchange#{}", storage::sealing::ExchangeCode::parse(&code).unwrap().id());
    let is_stored_key = |found: &StoredValue| found.place == "NONCES_TABLE nonce" && found.data == stored_key.as_bytes();
    assert!(during_sign_in.iter().any(is_stored_key), "the exchange code's item is in the copy");
    let mut secrets = about(&person);
    secrets.extend([("code", code.as_str()), ("token", token)].map(|(name, value)| Secret::new(name, value)));
    assert_reveals_nothing(&during_sign_in, &secrets, &[], &[]);
    // The table stores the PKCE challenge, which is a hash of the verifier, but never the verifier itself.
    let contains_verifier = |data: &[u8]| data.windows(app.verifier.len()).any(|window| window == app.verifier.as_bytes());
    assert!(!during_sign_in.iter().any(|found| contains_verifier(&found.data)));
}

#[test]
fn a_picture_inside_other_data_is_detected() {
    let (_, jpeg) = both().swap_remove(0);
    assert!(contains_picture(&jpeg) && contains_picture(&[b"abc", jpeg.as_slice()].concat()));
    assert!(!contains_picture(b"abc\xff\xd8\xff"));
}
