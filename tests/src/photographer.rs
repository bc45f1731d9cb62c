//! Makes the API calls of photographers: upload, check, issue and resend.

use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use domain::{FileProfile, ImageKind, Language};
use reqwest::{
    Method, RequestBuilder,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use serde_json::{Map, Value, json};

use crate::{
    browser::Response,
    fixtures,
    inbox::{self, Message},
    people::Visit,
    pictures, stack,
};

pub const FACE: &str = "/v1/photographer/face";

/// Pictures to upload, with their JPEG bytes.
pub type Photos = Vec<(ImageKind, Vec<u8>)>;

/// Returns a face and a signature for the `standard` profile.
pub fn both() -> Photos {
    vec![(ImageKind::Face, fixtures::portrait()), (ImageKind::Signature, fixtures::signature())]
}

pub fn face_only() -> Photos {
    vec![(ImageKind::Face, fixtures::portrait())]
}

/// Returns a picture that satisfies every rule of the `standard` profile for face photos, except that it shows no face.
pub fn faceless() -> Photos {
    vec![(ImageKind::Face, pictures::jpeg(800, 1200))]
}

/// The recipient of a code.
#[derive(Debug, Clone)]
pub enum To {
    Mobile(String),
    Email(String),
}

impl To {
    pub fn address(&self) -> &str {
        match self {
            Self::Mobile(address) | Self::Email(address) => address,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Mobile(_) => "mobile",
            Self::Email(_) => "email",
        }
    }
}

/// Returns another mobile number that looks the same when masked. It differs in one middle digit, which the mask hides.
pub fn number_with_the_same_mask(number: &str) -> String {
    let (start, end) = (&number[..number.len() - 5], &number[number.len() - 4..]);
    let middle = if number.as_bytes()[start.len()] == b'0' { "1" } else { "0" };
    format!("{start}{middle}{end}")
}

pub fn sha256_hex(bytes: &[u8]) -> String {
    digest::digest(&digest::SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the body for `request_upload`: profile, and size and hash of each picture.
pub fn declaration(profile: FileProfile, photos: &Photos) -> Value {
    let mut body = Map::from_iter([("profile".to_owned(), json!(profile))]);
    for (kind, jpeg) in photos {
        body.insert(kind.name().to_owned(), json!({ "bytes": jpeg.len(), "sha256": sha256_hex(jpeg) }));
    }
    Value::Object(body)
}

pub async fn request_upload(visit: &Visit, profile: FileProfile, photos: &Photos) -> Response {
    visit.browser.post("/v1/photographer/uploads", &declaration(profile, photos)).await
}

/// Returns the request that uploads a picture to the bucket, with exactly the headers of the presigned upload.
///
/// # Panics
/// If `presigned` does not have the documented members.
pub fn put_request(presigned: &Value, jpeg: &[u8]) -> RequestBuilder {
    assert_eq!(presigned["method"], "PUT");
    let url = presigned["url"].as_str().expect("a URL");
    let mut headers = HeaderMap::new();
    for (name, value) in presigned["headers"].as_object().expect("headers") {
        let value = value.as_str().expect("a header's value");
        headers.insert(HeaderName::from_bytes(name.as_bytes()).expect(name), HeaderValue::from_str(value).expect(name));
    }
    stack::client().put(url).headers(headers).body(jpeg.to_vec())
}

/// Uploads a picture to the bucket.
///
/// # Panics
/// If `presigned` does not have the documented members, or no response arrives.
pub async fn put(presigned: &Value, jpeg: &[u8]) -> Response {
    Response::read("PUT to the bucket".to_owned(), put_request(presigned, jpeg)).await
}

/// Declares and uploads pictures. Returns the upload's id.
///
/// # Panics
/// If any request is rejected.
pub async fn upload(visit: &Visit, profile: FileProfile, photos: &Photos) -> String {
    let response = request_upload(visit, profile, photos).await.expect(201).json();
    for (kind, jpeg) in photos {
        put(&response[kind.name()], jpeg).await.expect(200);
    }
    response["upload_id"].as_str().expect("an id").to_owned()
}

/// Requests the report on an upload's pictures, in this language.
pub async fn check_photos(visit: &Visit, upload_id: &str, language: Language) -> Response {
    let path = format!("/v1/photographer/uploads/{upload_id}/check");
    visit.browser.request(Method::POST, &path).json(&json!({})).header("accept-language", language.tag()).send().await
}

pub async fn issue_code(visit: &Visit, upload_id: &str, to: &To, language: Language) -> Response {
    let recipient = json!({ "kind": to.kind(), "value": to.address() });
    let body = json!({ "upload_id": upload_id, "recipient": recipient, "language": language });
    visit.browser.post("/v1/photographer/issuances", &body).await
}

/// Issues a code to somebody who has agreed to receive a reminder before the code expires.
pub async fn issue_code_with_reminder(visit: &Visit, upload_id: &str, to: &To, language: Language) -> Response {
    let recipient = json!({ "kind": to.kind(), "value": to.address() });
    let body = json!({ "upload_id": upload_id, "recipient": recipient, "language": language, "reminder": true });
    visit.browser.post("/v1/photographer/issuances", &body).await
}

/// Issues a code although no face is found in the face photo.
pub async fn issue_code_without_face(visit: &Visit, upload_id: &str, to: &To, without_face: &Value) -> Response {
    let recipient = json!({ "kind": to.kind(), "value": to.address() });
    let body = json!({ "upload_id": upload_id, "recipient": recipient, "language": "el", "without_face": without_face });
    visit.browser.post("/v1/photographer/issuances", &body).await
}

/// Issues a code with the photographer's own reference.
pub async fn issue_code_with_reference(visit: &Visit, upload_id: &str, to: &To, reference: &Value) -> Response {
    let recipient = json!({ "kind": to.kind(), "value": to.address() });
    let body = json!({ "upload_id": upload_id, "recipient": recipient, "language": "el", "reference": reference });
    visit.browser.post("/v1/photographer/issuances", &body).await
}

/// Requests the first page of the history, filtered by the beginning of the reference. `period` is the query parameter for the day or
/// month, such as `day=2026-11-22`.
pub async fn search(visit: &Visit, beginning: &str, period: &str) -> Response {
    let reference: String = beginning.bytes().map(|byte| format!("%{byte:02X}")).collect();
    visit.browser.get(&format!("/v1/photographer/issuances?reference={reference}&{period}")).await
}

/// Uploads two pictures without a face and requests the report on each, so that a code may be issued for the second one. Returns the second
/// upload's id.
pub async fn rejected_twice(visit: &Visit) -> String {
    let mut last = String::new();
    for _ in 0..2 {
        last = upload(visit, FileProfile::Standard, &faceless()).await;
        check_photos(visit, &last, Language::El).await.expect(200);
    }
    last
}

/// Requests the position of the face in a small copy of a photo.
pub async fn locate_face(visit: &Visit, copy: &[u8]) -> Response {
    visit.browser.request(Method::POST, FACE).body("image/jpeg", copy).send().await
}

/// Sends a code again. Uses the same recipient and language unless the arguments give new ones.
pub async fn resend_code(visit: &Visit, upload_id: &str, to: Option<&To>, language: Option<Language>) -> Response {
    let mut body = Map::new();
    if let Some(to) = to {
        body.insert("recipient".to_owned(), json!({ "kind": to.kind(), "value": to.address() }));
    }
    if let Some(language) = language {
        body.insert("language".to_owned(), json!(language));
    }
    visit.browser.post(&format!("/v1/photographer/issuances/{upload_id}/resend"), &Value::Object(body)).await
}

/// Waits until the message of the upload has been sent. Returns the upload's row of the history.
pub async fn wait_until_sent(visit: &Visit, upload_id: &str) -> Value {
    wait_until_listed(visit, upload_id, |item| item["delivery"]["state"] == "sent", inbox::PATIENCE).await
}

/// A code number that was issued and whose message has arrived.
#[derive(Debug)]
pub struct Issued {
    pub upload_id: String,
    pub code: String,
    pub message: Message,
    /// The response of `issue_code`.
    pub view: Value,
}

/// Uploads pictures, issues a code and waits for its message.
pub async fn issue(visit: &Visit, profile: FileProfile, photos: &Photos, to: &To, language: Language) -> Issued {
    let before = inbox::last_seq(to.address()).await;
    let upload_id = upload(visit, profile, photos).await;
    let view = issue_code(visit, &upload_id, to, language).await.expect(201).json();
    let message = inbox::code_message(to.address(), before).await;
    Issued { upload_id, code: message.code(), message, view }
}

/// Issues a code for a face and a signature of the `standard` profile, by SMS in Greek.
pub async fn issue_by_sms(visit: &Visit, mobile: &str) -> Issued {
    issue(visit, FileProfile::Standard, &both(), &To::Mobile(mobile.to_owned()), Language::El).await
}

/// Returns the upload's row of the photographer's history.
///
/// # Panics
/// If the first page of the history does not contain it.
pub async fn listed(visit: &Visit, upload_id: &str) -> Value {
    let history = visit.browser.get("/v1/photographer/issuances").await.expect(200).json();
    let found = history["issuances"].as_array().and_then(|all| all.iter().find(|item| item["upload_id"] == upload_id));
    found.unwrap_or_else(|| panic!("{upload_id} is not in {history}")).clone()
}

/// Waits until the upload's row of the history meets a condition. Returns the row.
///
/// # Panics
/// If the row does not meet the condition before the timeout.
pub async fn wait_until_listed(visit: &Visit, upload_id: &str, condition: impl Fn(&Value) -> bool, timeout: Duration) -> Value {
    let started = Instant::now();
    loop {
        let item = listed(visit, upload_id).await;
        if condition(&item) {
            return item;
        }
        assert!(started.elapsed() < timeout, "after {timeout:?} the history shows {item}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
