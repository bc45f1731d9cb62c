//! What comes through the gateway: events, headers, bodies.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{FileProfile, Language, Moment, recipient::RecipientKind};
use edge::{Call, SESSION_COOKIE};
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
/// As `edge` has it.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// Every way in which the bodies of our operations are made, in one.
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

/// A refusal names a field, shortly, and repeats no value; what is taken is the same when it is sent again. Texts of a body then go where
/// operations take them: whichever it is, each could be sent as each.
pub(crate) fn request_body(data: &[u8]) {
    let read = |bytes: Vec<u8>| Call::new(Request::new(Body::Binary(bytes)), ORIGIN, Moment::from_epoch_seconds(0)).json::<Everything>();
    let known: Option<Value> = serde_json::from_slice(data).ok();
    let (mut keys, mut values) = (BTreeSet::new(), BTreeSet::new());
    collect(known.as_ref().unwrap_or(&Value::Null), &mut keys, &mut values);
    values.iter().for_each(|value| texts::every(value));
    match read(data.to_vec()) {
        Ok(body) => {
            assert!(known.is_some());
            assert_eq!(read(serde_json::to_vec(&body).unwrap()), Ok(body));
        }
        Err(Problem::MalformedJson) => assert!(known.is_none(), "JSON that is called none"),
        Err(Problem::InvalidField { field, .. }) => {
            assert!(field.chars().count() <= 80 && !field.chars().any(char::is_control));
            let own =
                ["upload_id", "recipient", "language", "profile", "applications", "email", "reminder", "bytes", "files", "kind", "value"];
            let keys: String = own.into_iter().map(str::to_owned).chain(keys).collect::<Vec<_>>().join(".");
            for value in values.iter().filter(|value| value.len() > 3 && !keys.contains(value.as_str())) {
                assert!(!field.contains(value.as_str()), "the value {value:?} is repeated: {field:?}");
            }
        }
        Err(other) => panic!("no problem of a body: {other:?}"),
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

/// Whatever event the gateway makes of a request: what is let in to change something is JSON from our own pages or from no browser.
pub(crate) fn event(data: &[u8]) {
    let Ok(mut event) = serde_json::from_slice::<Value>(data) else { return };
    if !as_the_gateway_writes_it(&mut event) {
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
    if call.check_unsafe().is_ok() && ![Method::GET, Method::HEAD, Method::OPTIONS].contains(&method) {
        let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
        let is_json =
            headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().to_ascii_lowercase().starts_with(b"application/json"));
        let may_be_empty = method == Method::DELETE || headers.contains_key(header::AUTHORIZATION);
        assert!(origin.is_none_or(|origin| origin == ORIGIN), "{origin:?}");
        assert!(is_json || (may_be_empty && body == 0));
        assert!(body <= BODY_BYTES_MAX);
    }
    call.redirect_errors_to_page();
}

/// Of what the gateway writes itself lambda_http believes all, and panics where it makes no sense: the host that it came to, the scheme, the
/// way in which the body is written. That is not tried. False where it would be no event of the gateway at all.
fn as_the_gateway_writes_it(event: &mut Value) -> bool {
    let Some(event) = event.as_object_mut() else { return false };
    for (headers, one) in [("headers", true), ("multiValueHeaders", false)] {
        let Some(headers) = event.get_mut(headers).and_then(Value::as_object_mut) else { return false };
        for (name, value) in [("host", "myphoto.example"), ("x-forwarded-proto", "https")] {
            headers.retain(|key, _| !key.eq_ignore_ascii_case(name));
            headers.insert(name.to_owned(), if one { Value::from(value) } else { Value::from(vec![value]) });
        }
    }
    event.insert("body".to_owned(), Value::from(STANDARD.encode(event.get("body").and_then(Value::as_str).unwrap_or_default())));
    event.insert("isBase64Encoded".to_owned(), Value::Bool(true));
    let stage = event.get("requestContext").and_then(|context| context.get("stage")).and_then(Value::as_str);
    stage == Some("v1") && event.get("path").and_then(Value::as_str).is_some_and(|path| path.starts_with('/'))
}
