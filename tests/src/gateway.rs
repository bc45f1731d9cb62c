//! Simulates the gateway, for tests that invoke a function directly: creates the event for a request, and converts the function's output to
//! a response.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{
    Body,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use serde_json::{Value, json};

use crate::{
    browser::{Request, Response},
    docs,
};

/// Returns the event that the gateway would send to an operation's function for this request. Headers and body are those of the request.
/// All other fields are those of the operation's sample event in `events/`.
///
/// # Panics
/// If the sample event has another method, path or query.
pub fn event(operation: &str, request: Request<'_>) -> Value {
    let request = request.builder().build().unwrap();
    let sample = docs::root().join(format!("events/{operation}/request.json"));
    let text = std::fs::read_to_string(&sample).unwrap_or_else(|error| panic!("{}: {error}", sample.display()));
    let mut event: Value = serde_json::from_str(&text).unwrap();
    let (method, url) = (request.method().as_str(), request.url());
    assert_eq!((&event["httpMethod"], &event["path"]), (&json!(method), &json!(url.path())), "{}", sample.display());
    assert!(url.query().is_none() && event["queryStringParameters"].is_null(), "{url}");
    let mut headers = BTreeMap::from([("host", vec![url.authority()])]);
    for (name, value) in request.headers() {
        headers.entry(name.as_str()).or_default().push(value.to_str().unwrap());
    }
    event["headers"] = headers.iter().map(|(name, values)| ((*name).to_owned(), json!(values.last()))).collect();
    event["multiValueHeaders"] = json!(headers);
    event["body"] = json!(STANDARD.encode(request.body().and_then(Body::as_bytes).unwrap_or_default()));
    event
}

/// Converts a function's output to the response that the gateway would send. `call` names the call in panic messages.
///
/// # Panics
/// If the output does not have the form that the gateway requires.
pub fn response(call: &str, output: &str) -> Response {
    let output: Value = serde_json::from_str(output).unwrap_or_else(|error| panic!("{call}: {error}: {output}"));
    let mut headers = HeaderMap::new();
    for (name, values) in output["multiValueHeaders"].as_object().expect("headers") {
        for value in values.as_array().expect("values") {
            let value = HeaderValue::from_str(value.as_str().expect("a value")).unwrap();
            headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value);
        }
    }
    let text = output["body"].as_str().unwrap_or_default();
    let body = if output["isBase64Encoded"] == true { STANDARD.decode(text).unwrap() } else { text.as_bytes().to_vec() };
    let status = output["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok()).expect("a status");
    Response { status, headers, body, call: call.to_owned() }
}
