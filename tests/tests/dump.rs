//! What somebody has who copies every table and the whole bucket: nothing that tells a code number, a person or a face.

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
    lines::{assert_all_answered, lines},
    project,
};

/// One value of an item, or one object, with where it is.
struct Found {
    place: String,
    data: Vec<u8>,
}

/// Everything, in full.
async fn dump() -> Vec<Found> {
    let config = aws::config().await;
    let mut found = tables(&aws::dynamodb(&config)).await;
    found.extend(objects(&objects::s3(&config)).await);
    found
}

async fn tables(client: &aws_sdk_dynamodb::Client) -> Vec<Found> {
    let mut found = Vec::new();
    for (variable, table) in stack::resources("_TABLE") {
        let mut pages = client.scan().table_name(&table).into_paginator().items().send();
        while let Some(item) = pages.next().await {
            for (name, value) in item.unwrap() {
                take(&format!("{variable} {name}"), &value, &mut found);
            }
        }
    }
    found
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the SDK may come to know other kinds of values: then the test fails")]
fn take(place: &str, value: &AttributeValue, found: &mut Vec<Found>) {
    let mut leaf = |data: &[u8]| found.push(Found { place: place.to_owned(), data: data.to_vec() });
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => leaf(text.as_bytes()),
        AttributeValue::B(bytes) => leaf(bytes.as_ref()),
        AttributeValue::Ss(all) | AttributeValue::Ns(all) => all.iter().for_each(|text| leaf(text.as_bytes())),
        AttributeValue::Bs(all) => all.iter().for_each(|bytes| leaf(bytes.as_ref())),
        AttributeValue::L(all) => all.iter().for_each(|value| take(place, value, found)),
        AttributeValue::M(map) => {
            for (name, value) in map {
                found.push(Found { place: format!("{place}, a name in it"), data: name.clone().into_bytes() });
                take(&format!("{place}.{name}"), value, found);
            }
        }
        AttributeValue::Bool(_) | AttributeValue::Null(_) => {}
        other => panic!("{place}: {other:?}"),
    }
}

async fn objects(client: &aws_sdk_s3::Client) -> Vec<Found> {
    let bucket = stack::variable("PHOTOS_BUCKET");
    let mut found = Vec::new();
    let mut pages = client.list_objects_v2().bucket(&bucket).into_paginator().send();
    while let Some(page) = pages.next().await {
        for key in page.unwrap().contents().iter().filter_map(|object| object.key()) {
            // On a stack that others use too: what is gone by now is nobody's to find.
            let Ok(object) = client.get_object().bucket(&bucket).key(key).send().await else { continue };
            let described = format!("{key} {:?} {:?}", object.metadata(), object.content_disposition());
            found.push(Found { place: format!("the key of {key}"), data: described.into_bytes() });
            let data = object.body.collect().await.unwrap().to_vec();
            found.push(Found { place: format!("object {key}"), data });
        }
    }
    found
}

/// A picture that opens from any place in the data on.
fn holds_picture(data: &[u8]) -> bool {
    // A loop over places: data is large, and this is not compiled for speed.
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

fn assert_tells_nothing(dump: &[Found], secrets: &[Secret], otps: &[String], issued: &[&Issued]) {
    let search = Search::new(secrets);
    for Found { place, data } in dump {
        // What others are uploading right now may lie there open; ours is over.
        if place.contains("incoming/") {
            assert!(issued.iter().all(|one| !place.contains(&one.upload_id)), "an original is left: {place}");
            continue;
        }
        assert_eq!(search.find(data), Vec::<&str>::new(), "in {place}");
        assert!(!holds_picture(data), "a readable picture in {place}");
        // A password is kept nowhere near an image, and six digits are found in a million bytes.
        let is_object = place.starts_with("object");
        assert!(is_object || otps.iter().all(|otp| !has_number(data, otp)), "a one-time password in {place}");
    }
}

/// The dump has this code's item and its sealed pictures: what it tells nothing of is in it.
async fn assert_is_there(dump: &[Found], issued: &Issued, shelf: &str) {
    let id = storage::sealing::code_id(&CodeNumber::parse(&issued.code).unwrap());
    assert!(dump.iter().any(|found| found.place == "CODES_TABLE code_id" && found.data == id.as_bytes()));
    assert!(dump.iter().any(|found| found.place == "ISSUANCES_TABLE upload_id" && found.data == issued.upload_id.as_bytes()));
    let codes = aws::dynamodb(&aws::config().await).get_item().table_name(stack::variable("CODES_TABLE"));
    let item = codes.key("code_id", AttributeValue::S(id)).send().await.unwrap().item.unwrap();
    let set_id = item["set_id"].as_s().unwrap();
    let objects: Vec<&Found> = dump.iter().filter(|found| found.place.starts_with(&format!("object {shelf}/{set_id}"))).collect();
    assert_eq!(objects.len(), 4, "two pictures and their previews");
    let sealed: usize = objects.iter().map(|found| found.data.len()).sum();
    let uploaded: usize = both().iter().map(|(_, jpeg)| jpeg.len()).sum();
    assert!(sealed > uploaded * 3 / 4, "{sealed} bytes");
}

#[tokio::test]
async fn whoever_copies_all_tables_and_the_bucket_learns_no_code_no_person_and_no_face() {
    let assert_all_is_hidden = |dump: &[Found], all: &Everything| {
        assert_tells_nothing(dump, &all.secrets(), &all.otps, &[&all.by_sms, &all.by_email, &all.of_minor]);
    };
    let mut all = Everything::begin().await;
    let sent = dump().await;
    assert_is_there(&sent, &all.by_sms, "pending").await;
    assert_is_there(&sent, &all.by_email, "pending").await;
    assert_all_is_hidden(&sent, &all);

    all.submit_codes_without_associating().await;
    assert_all_is_hidden(&tables(&aws::dynamodb(&aws::config().await)).await, &all);

    all.use_it().await;
    let used = dump().await;
    assert_is_there(&used, &all.by_sms, "associated").await;
    for sealed in ["STAFF_TABLE sealed", "REMINDERS_TABLE sealed"] {
        assert!(used.iter().any(|found| found.place == sealed), "{sealed}");
    }
    assert_all_is_hidden(&used, &all);

    all.end().await;
    assert_all_is_hidden(&dump().await, &all);
    let operations = project::routes().into_iter().filter_map(|route| route.operation).collect();
    assert_all_answered(&lines(all.began).await, operations);
}

#[tokio::test]
async fn whoever_copies_all_tables_while_a_code_waits_for_its_app_opens_no_session() {
    let (browser, app) = (Browser::new(Language::El), AppSignIn::new(REDIRECT_URI));
    let person = people::fresh("citizen").await;
    let code = app.code(&browser, &person).await;
    let waiting = tables(&aws::dynamodb(&aws::config().await)).await;
    let answer = app.exchange(&code).await.expect(200).json();
    let token = answer["token"].as_str().unwrap();

    let its_key = format!("exchange#{}", storage::sealing::ExchangeCode::parse(&code).unwrap().id());
    assert!(waiting.iter().any(|found| found.place == "NONCES_TABLE nonce" && found.data == its_key.as_bytes()), "it is in the copy");
    let mut secrets = about(&person);
    secrets.extend([("code", code.as_str()), ("token", token)].map(|(name, value)| Secret::new(name, value)));
    assert_tells_nothing(&waiting, &secrets, &[], &[]);
    // Of the verifier the table has the hash, which is the challenge; never itself.
    let holds = |data: &[u8]| data.windows(app.verifier.len()).any(|window| window == app.verifier.as_bytes());
    assert!(!waiting.iter().any(|found| holds(&found.data)));
}

#[test]
fn a_picture_in_data_would_be_found() {
    let (_, jpeg) = both().swap_remove(0);
    assert!(holds_picture(&jpeg) && holds_picture(&[b"abc", jpeg.as_slice()].concat()));
    assert!(!holds_picture(b"abc\xff\xd8\xff"));
}
