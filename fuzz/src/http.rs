//! Requests from API Gateway: events, headers, bodies.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{FileProfile, Language, Moment, recipient::RecipientKind, small_copy::COPY_BYTES_MAX};
use edge::{AcceptedBody, Call, SESSION_COOKIE};
use lambda_http::{
    Body, Request,
    http::{Method, header},
    request::from_str,
};
use messages::problem::Problem;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::texts;

const ORIGIN: &str = "https://myphoto.example";
/// The maximum size of a JSON body that `edge` accepts.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// A request body with every kind of field that the bodies of our operations have.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Everything {
    upload_id: String,
    recipient: Recipient,
    language: Option<Language>,
    profile: FileProfile,
    applications: Vec<String>,
    #[serde(deserialize_with = "Option::deserialize")]
    email: Option<String>,
    #[serde(default)]
    reminder: bool,
    bytes: Option<u64>,
    files: Option<BTreeMap<String, Recipient>>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recipient {
    kind: RecipientKind,
    value: String,
}

/// Asserts that the error of a rejected body names the field in a short text that contains no value of the body, and that an accepted body
/// is equal after it is serialized and parsed again. Also tries each string of the body as each kind of text that an operation reads,
/// because a caller can send any string in any field.
pub(crate) fn request_body(data: &[u8]) {
    let parse = |bytes: Vec<u8>| Call::new(Request::new(Body::Binary(bytes)), ORIGIN, Moment::from_epoch_seconds(0)).json::<Everything>();
    let json: Option<Value> = serde_json::from_slice(data).ok();
    let (mut keys, mut values) = (BTreeSet::new(), BTreeSet::new());
    collect(json.as_ref().unwrap_or(&Value::Null), &mut keys, &mut values);
    values.iter().for_each(|value| texts::check_every_kind(value));
    match parse(data.to_vec()) {
        Ok(body) => {
            assert!(json.is_some());
            assert_eq!(parse(serde_json::to_vec(&body).unwrap()), Ok(body));
        }
        Err(Problem::MalformedJson) => assert!(json.is_none(), "valid JSON is rejected as malformed"),
        Err(Problem::InvalidField { field, .. }) => {
            assert!(field.chars().count() <= 80 && !field.chars().any(char::is_control));
            let own =
                ["upload_id", "recipient", "language", "profile", "applications", "email", "reminder", "bytes", "files", "kind", "value"];
            let keys: String = own.into_iter().map(str::to_owned).chain(keys).collect::<Vec<_>>().join(".");
            for value in values.iter().filter(|value| value.len() > 3 && !keys.contains(value.as_str())) {
                assert!(!field.contains(value.as_str()), "the value {value:?} is repeated: {field:?}");
            }
        }
        Err(other) => panic!("not a problem of a body: {other:?}"),
    }
}

fn collect(json: &Value, keys: &mut BTreeSet<String>, values: &mut BTreeSet<String>) {
    match json {
        Value::Object(members) => {
            for (key, value) in members {
                keys.insert(key.clone());
                collect(value, keys, values);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, keys, values)),
        Value::String(text) => {
            values.insert(text.clone());
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Asserts that requests which could change something are accepted only if their body has the accepted content type, and only from our own
/// pages or from a client that is not a browser. Tries every event that API Gateway can produce.
pub(crate) fn event(data: &[u8]) {
    let Ok(mut event) = serde_json::from_slice::<Value>(data) else { return };
    if !normalise_as_the_gateway_does(&mut event) {
        return;
    }
    let Ok(request) = from_str(&event.to_string()) else { return };
    let method = request.method().clone();
    let body = request.body().len();
    let headers = request.headers().clone();
    let call = Call::new(request, ORIGIN, Moment::from_epoch_seconds(0));
    if let Some(cookie) = call.cookie(SESSION_COOKIE) {
        assert!(!cookie.contains(';') && headers.contains_key(header::COOKIE));
    }
    if let Ok(page) = call.page() {
        assert!((1..=100).contains(&page.limit) && page.after.is_none_or(|cursor| cursor.is_ascii()));
    }
    let accepted = [
        (
            AcceptedBody::JSON,
            &b"application/json"[..],
            BODY_BYTES_MAX,
            method == Method::DELETE || headers.contains_key(header::AUTHORIZATION),
        ),
        (AcceptedBody::jpeg(COPY_BYTES_MAX), b"image/jpeg", COPY_BYTES_MAX, false),
    ];
    for (accepted, media_type, bytes_max, may_be_empty) in accepted {
        if call.check_unsafe(accepted).is_ok() && ![Method::GET, Method::HEAD, Method::OPTIONS].contains(&method) {
            let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
            let has_type =
                headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().to_ascii_lowercase().starts_with(media_type));
            assert!(origin.is_none_or(|origin| origin == ORIGIN), "{origin:?}");
            assert!(has_type || (may_be_empty && body == 0));
            assert!(body <= bytes_max);
        }
    }
    call.redirect_errors_to_page();
}

/// Sets the fields that API Gateway writes itself: host, scheme and body encoding. `lambda_http` trusts these and panics on invalid values,
/// so they are not fuzzed. Returns `false` if API Gateway could not have produced the event.
fn normalise_as_the_gateway_does(event: &mut Value) -> bool {
    let Some(event) = event.as_object_mut() else { return false };
    for (headers, single) in [("headers", true), ("multiValueHeaders", false)] {
        let Some(headers) = event.get_mut(headers).and_then(Value::as_object_mut) else { return false };
        for (name, value) in [("host", "myphoto.example"), ("x-forwarded-proto", "https")] {
            headers.retain(|key, _| !key.eq_ignore_ascii_case(name));
            headers.insert(name.to_owned(), if single { Value::from(value) } else { Value::from(vec![value]) });
        }
    }
    event.insert("body".to_owned(), Value::from(STANDARD.encode(event.get("body").and_then(Value::as_str).unwrap_or_default())));
    event.insert("isBase64Encoded".to_owned(), Value::Bool(true));
    let stage = event.get("requestContext").and_then(|context| context.get("stage")).and_then(Value::as_str);
    stage == Some("v1") && event.get("path").and_then(Value::as_str).is_some_and(|path| path.starts_with('/'))
}
