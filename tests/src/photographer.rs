//! What photographers do.

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
    stack,
};

/// Pictures to upload.
pub type Photos = Vec<(ImageKind, Vec<u8>)>;

/// A face and a signature for the `standard` profile.
pub fn both() -> Photos {
    vec![(ImageKind::Face, fixtures::portrait()), (ImageKind::Signature, fixtures::signature())]
}

pub fn face_only() -> Photos {
    vec![(ImageKind::Face, fixtures::portrait())]
}

/// Where a code goes.
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

/// Another mobile number, which looks the same masked: another digit in the middle.
pub fn alike_masked(number: &str) -> String {
    let (start, end) = (&number[..number.len() - 5], &number[number.len() - 4..]);
    let middle = if number.as_bytes()[start.len()] == b'0' { "1" } else { "0" };
    format!("{start}{middle}{end}")
}

pub fn sha256_hex(bytes: &[u8]) -> String {
    digest::digest(&digest::SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What `request_upload` is told about these pictures.
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

/// A picture on its way straight to the bucket, with the headers given and no others.
///
/// # Panics
/// Where the address is not as promised.
pub fn put_request(address: &Value, jpeg: &[u8]) -> RequestBuilder {
    assert_eq!(address["method"], "PUT");
    let url = address["url"].as_str().expect("an address");
    let mut headers = HeaderMap::new();
    for (name, value) in address["headers"].as_object().expect("headers") {
        let value = value.as_str().expect("a header's value");
        headers.insert(HeaderName::from_bytes(name.as_bytes()).expect(name), HeaderValue::from_str(value).expect(name));
    }
    stack::client().put(url).headers(headers).body(jpeg.to_vec())
}

/// Sends it.
///
/// # Panics
/// Where the address is not as promised, or does not answer.
pub async fn put(address: &Value, jpeg: &[u8]) -> Response {
    Response::read("PUT to the bucket".to_owned(), put_request(address, jpeg)).await
}

/// Declares and uploads; answers the upload's id.
///
/// # Panics
/// Where anything is refused.
pub async fn upload(visit: &Visit, profile: FileProfile, photos: &Photos) -> String {
    let answer = request_upload(visit, profile, photos).await.expect(201).json();
    for (kind, jpeg) in photos {
        put(&answer[kind.name()], jpeg).await.expect(200);
    }
    answer["upload_id"].as_str().expect("an id").to_owned()
}

/// The report on an upload's pictures, in this language.
pub async fn check_photos(visit: &Visit, upload_id: &str, language: Language) -> Response {
    let path = format!("/v1/photographer/uploads/{upload_id}/check");
    visit.browser.request(Method::POST, &path).json(&json!({})).header("accept-language", language.tag()).send().await
}

pub async fn issue_code(visit: &Visit, upload_id: &str, to: &To, language: Language) -> Response {
    let recipient = json!({ "kind": to.kind(), "value": to.address() });
    let body = json!({ "upload_id": upload_id, "recipient": recipient, "language": language });
    visit.browser.post("/v1/photographer/issuances", &body).await
}

/// The same for somebody who has agreed to be reminded before the code expires.
pub async fn issue_code_to_remind(visit: &Visit, upload_id: &str, to: &To, language: Language) -> Response {
    let recipient = json!({ "kind": to.kind(), "value": to.address() });
    let body = json!({ "upload_id": upload_id, "recipient": recipient, "language": language, "reminder": true });
    visit.browser.post("/v1/photographer/issuances", &body).await
}

/// To the same address; or, given one or a language, to that.
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

/// Waits until the sender is done with the upload's message.
pub async fn wait_until_sent(visit: &Visit, upload_id: &str) -> Value {
    wait_until_listed(visit, upload_id, |item| item["delivery"]["state"] == "sent", inbox::PATIENCE).await
}

/// A code number that was issued and has arrived.
#[derive(Debug)]
pub struct Issued {
    pub upload_id: String,
    pub code: String,
    pub message: Message,
    /// As `issue_code` answered.
    pub view: Value,
}

/// From upload to arrival.
pub async fn issue(visit: &Visit, profile: FileProfile, photos: &Photos, to: &To, language: Language) -> Issued {
    let before = inbox::last_seq(to.address()).await;
    let upload_id = upload(visit, profile, photos).await;
    let view = issue_code(visit, &upload_id, to, language).await.expect(201).json();
    let message = inbox::code_message(to.address(), before).await;
    Issued { upload_id, code: message.code(), message, view }
}

/// A `standard` set of both, by SMS, in Greek.
pub async fn issue_by_sms(visit: &Visit, mobile: &str) -> Issued {
    issue(visit, FileProfile::Standard, &both(), &To::Mobile(mobile.to_owned()), Language::El).await
}

/// The upload as the photographer's history shows it.
///
/// # Panics
/// Where the history does not show it.
pub async fn listed(visit: &Visit, upload_id: &str) -> Value {
    let history = visit.browser.get("/v1/photographer/issuances").await.expect(200).json();
    let found = history["issuances"].as_array().and_then(|all| all.iter().find(|item| item["upload_id"] == upload_id));
    found.unwrap_or_else(|| panic!("{upload_id} is not in {history}")).clone()
}

/// Waits until the history shows the upload as wanted.
///
/// # Panics
/// Where it does not in time.
pub async fn wait_until_listed(visit: &Visit, upload_id: &str, wanted: impl Fn(&Value) -> bool, patience: Duration) -> Value {
    let started = Instant::now();
    loop {
        let item = listed(visit, upload_id).await;
        if wanted(&item) {
            return item;
        }
        assert!(started.elapsed() < patience, "after {patience:?} the history shows {item}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
