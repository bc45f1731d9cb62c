//! What somebody has who copies every table and the whole bucket: nothing that tells a code number, a person or a face.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test that calls it")]

mod aws;
mod leaks;
#[path = "aws/objects.rs"]
mod objects;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{CodeNumber, FileProfile, Language};
use image::ImageFormat;
use journeys::{
    browser::Browser,
    citizen, inbox,
    mobile::{AppSignIn, REDIRECT_URI},
    people::{self, Visit, fresh_photographer},
    photographer::{self, Issued, To, both},
    stack, staff,
};
use leaks::{Search, Secret, has_number};

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
            // Other tests go on meanwhile: what is gone by now is nobody's to find.
            let Ok(object) = client.get_object().bucket(&bucket).key(key).send().await else { continue };
            let described = format!("{key} {:?} {:?}", object.metadata(), object.content_disposition());
            found.push(Found { place: format!("the key of {key}"), data: described.into_bytes() });
            let data = object.body.collect().await.unwrap().to_vec();
            found.push(Found { place: format!("object {key}"), data });
        }
    }
    found
}

/// All that is known about this journey and must be nowhere.
fn secrets(visits: &[&Visit], issued: &[&Issued], email: &str) -> Vec<Secret> {
    let mut secrets = Vec::new();
    for one in issued {
        secrets.push(Secret::new("code number", &one.code));
        secrets.push(Secret::new("code number's bits", CodeNumber::parse(&one.code).unwrap().bytes()));
    }
    secrets.push(Secret::new("recipient's email", email));
    for person in visits.iter().map(|visit| &visit.person) {
        let mobile = person.mobile();
        // The ten national digits are in every way of writing it; hashed, each way is another value.
        secrets.extend([mobile, &mobile[1..], &mobile[3..]].map(|number| Secret::new("mobile number", number)));
        secrets.push(Secret::new("AFM", &person.afm));
        secrets.push(Secret::new("AMKA", person.amka.as_deref().unwrap()));
        secrets.push(Secret::new("first name", &person.first_name));
        secrets.push(Secret::new("last name", &person.last_name));
    }
    // A piece of each picture's data, such as it would be if it were stored as it is.
    secrets.extend(both().iter().map(|(_, jpeg)| Secret::new("image data", &jpeg[jpeg.len() / 2..][..32])));
    // A session's key is the hash of its token: here it is the token that must be nowhere.
    for token in visits.iter().flat_map(|visit| visit.browser.all_cookie_values()) {
        if !token.is_empty() {
            secrets.push(Secret::new("cookie", token.as_bytes()));
        }
    }
    secrets
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

fn assert_tells_nothing(dump: &[Found], secrets: &[Secret], otps: &[&str], issued: &[&Issued]) {
    let search = Search::new(secrets);
    for Found { place, data } in dump {
        // What other tests are uploading right now may lie there open; ours is over.
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
    let studio = fresh_photographer().await;
    let person = people::fresh("citizen").await;
    let (email, mobile) = (person.email(), person.mobile().to_owned());
    let by_sms = photographer::issue_by_sms(&studio, &mobile).await;
    let by_email = photographer::issue(&studio, FileProfile::Standard, &both(), &To::Email(email.clone()), Language::En).await;
    // Awaited, and so kept in some form.
    let waiting = people::up_to_otp(people::fresh("citizen").await, Language::El).await;
    let visit = people::citizen(person, Language::El).await;
    let issued = [&by_sms, &by_email];
    let otps = [visit.otp.as_str(), studio.otp.as_str(), waiting.otp.as_str()];
    for one in issued {
        let sent = |item: &serde_json::Value| item["delivery"]["state"] == "sent";
        photographer::wait_until_listed(&studio, &one.upload_id, sent, inbox::PATIENCE).await;
    }

    let after_issuing = dump().await;
    assert_is_there(&after_issuing, &by_sms, "pending").await;
    assert_is_there(&after_issuing, &by_email, "pending").await;
    assert_tells_nothing(&after_issuing, &secrets(&[&visit, &studio, &waiting], &issued, &email), &otps, &issued);

    // The code in hand, then associated.
    citizen::submit(&visit, &by_sms.code).await.expect(200);
    citizen::confirm(&visit).await.expect(200);
    let in_hand = tables(&aws::dynamodb(&aws::config().await)).await;
    assert_tells_nothing(&in_hand, &secrets(&[&visit, &studio], &issued, &email), &otps, &issued);
    citizen::take(&visit, &by_sms.code).await;
    citizen::set_reminder(&visit, &email, Language::El).await.expect(200);
    citizen::download(&visit).await.expect(200);
    // Staff of the photographer, and a message sent again with another code.
    let (employee, _) = staff::employee_of(&studio, "Ταμίας-Νίκη").await;
    let other = To::Email(format!("again.{email}"));
    photographer::resend_code(&studio, &by_email.upload_id, Some(&other), None).await.expect(200);
    let again = inbox::code_message(other.address(), 0).await.code();
    let more = [
        Secret::new("code number sent again", &again),
        Secret::new("corrected address", other.address()),
        Secret::new("employee's AFM", &employee.person.afm),
        Secret::new("employee's label", "Ταμίας-Νίκη"),
    ];
    let associated = dump().await;
    assert!(associated.iter().any(|found| found.place == "STAFF_TABLE sealed"));
    assert_tells_nothing(&associated, &more, &[&employee.otp], &[]);
    assert_is_there(&associated, &by_sms, "associated").await;
    assert_tells_nothing(&associated, &secrets(&[&visit, &studio], &issued, &email), &otps, &issued);
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
    let mut secrets = secrets(&[], &[], &person.email());
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
