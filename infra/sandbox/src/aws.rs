//! The two AWS operations that send messages: SNS Publish (query protocol) and SESv2 SendEmail (JSON). The responses are in AWS's format.

use std::collections::{BTreeMap, HashMap};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream;
use quick_xml::escape::escape;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::email;
use crate::failures::Failure;
use crate::inbox::{Channel, Sent, Ses};
use crate::{Sandbox, World};

/// AWS's limits for the text of an SMS, and for an email with its attachments.
const SMS_CHARACTERS_MAX: usize = 1_600;
const EMAIL_BYTES_MAX: usize = 10 * 1024 * 1024;

enum Rejection {
    NotSigned,
    /// The call is signed for another service, or its signature is not in the format of Signature Version 4.
    WronglySigned,
    Invalid(String),
    UnknownAction,
    /// A rule makes messages to this recipient fail.
    Failure(Failure),
    /// The inbox could not store the message.
    NotStored(std::io::Error),
}

/// Checks that a call has a Signature Version 4 for the service. The signature itself is not verified, because the sandbox has no AWS keys.
fn check_signature(service: &str, headers: &HeaderMap) -> Result<(), Rejection> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or(Rejection::NotSigned)?;
    let fields: HashMap<&str, &str> = value
        .strip_prefix("AWS4-HMAC-SHA256 ")
        .ok_or(Rejection::WronglySigned)?
        .split(',')
        .filter_map(|field| field.trim().split_once('='))
        .collect();
    let scope = fields.get("Credential").copied().unwrap_or_default();
    let scoped = scope.ends_with(&format!("/{service}/aws4_request"));
    if scoped && fields.contains_key("SignedHeaders") && fields.contains_key("Signature") { Ok(()) } else { Err(Rejection::WronglySigned) }
}

/// Returns the ID by which the AWS SDK marks the attempts of one call.
fn invocation(headers: &HeaderMap) -> Option<&str> {
    headers.get("amz-sdk-invocation-id")?.to_str().ok()
}

/// `POST /`: SNS.
pub(crate) async fn sns(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Response {
    let request_id = Uuid::new_v4();
    let published = publish(&world, &headers, &body);
    if matches!(published, Err(Rejection::Failure(Failure::LostResponse))) {
        return broken_response();
    }
    let (status, xml) = match published {
        Ok(message_id) => (
            StatusCode::OK,
            format!(
                "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">\
                 <PublishResult><MessageId>{message_id}</MessageId></PublishResult>\
                 <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></PublishResponse>"
            ),
        ),
        Err(rejection) => {
            let (status, code, message) = sns_error(rejection);
            let side = if status.is_server_error() { "Receiver" } else { "Sender" };
            (
                status,
                format!(
                    "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>{side}</Type>\
                     <Code>{code}</Code><Message>{}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>",
                    escape(message.as_str())
                ),
            )
        }
    };
    let headers = [(header::CONTENT_TYPE.as_str(), "text/xml".to_owned()), ("x-amzn-requestid", request_id.to_string())];
    (status, headers, xml).into_response()
}

fn sns_error(rejection: Rejection) -> (StatusCode, &'static str, String) {
    let (status, code, message) = match rejection {
        Rejection::NotSigned => (StatusCode::FORBIDDEN, "MissingAuthenticationToken", "Missing Authentication Token"),
        Rejection::WronglySigned => {
            (StatusCode::FORBIDDEN, "SignatureDoesNotMatch", "Credential should be scoped to correct service: 'sns'.")
        }
        Rejection::Invalid(message) => return (StatusCode::BAD_REQUEST, "InvalidParameter", message),
        Rejection::UnknownAction => (StatusCode::BAD_REQUEST, "InvalidAction", "The action or operation requested is invalid."),
        Rejection::Failure(Failure::Throttling) => (StatusCode::BAD_REQUEST, "Throttling", "Rate exceeded"),
        Rejection::Failure(Failure::InternalError | Failure::LostResponse) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "An internal error occurred")
        }
        Rejection::Failure(Failure::Rejected) => (StatusCode::BAD_REQUEST, "InvalidParameter", "Invalid parameter: PhoneNumber"),
        Rejection::NotStored(error) => return (StatusCode::INTERNAL_SERVER_ERROR, "InternalError", error.to_string()),
    };
    (status, code, message.to_owned())
}

fn publish(world: &Sandbox, headers: &HeaderMap, body: &[u8]) -> Result<Uuid, Rejection> {
    check_signature("sns", headers)?;
    let form: HashMap<String, String> = url::form_urlencoded::parse(body).into_owned().collect();
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if field("Action") != "Publish" {
        return Err(Rejection::UnknownAction);
    }
    let (to, message) = (field("PhoneNumber"), field("Message"));
    if !is_e164(to) {
        // The service publishes only to phone numbers, never to topics or device endpoints.
        return Err(Rejection::Invalid(format!("Invalid parameter: PhoneNumber Reason: {to} is not valid to publish to")));
    }
    if message.is_empty() {
        return Err(Rejection::Invalid("Invalid parameter: Empty message".to_owned()));
    }
    if message.chars().count() > SMS_CHARACTERS_MAX {
        return Err(Rejection::Invalid("Invalid parameter: Message too long".to_owned()));
    }
    let sender_id = (1..)
        .map_while(|number| {
            let entry = format!("MessageAttributes.entry.{number}");
            let name = form.get(&format!("{entry}.Name"))?;
            Some((name, form.get(&format!("{entry}.Value.StringValue"))))
        })
        .find_map(|(name, value)| (name == "AWS.SNS.SMS.SenderID").then_some(value))
        .flatten();
    if sender_id.is_some_and(|id| !is_sender_id(id)) {
        return Err(Rejection::Invalid("Invalid parameter: AWS.SNS.SMS.SenderID".to_owned()));
    }
    let failure = world.failures.next(to, invocation(headers));
    if let Some(failure) = failure
        && failure != Failure::LostResponse
    {
        return Err(Rejection::Failure(failure));
    }
    let sent = Sent {
        channel: Channel::Sms,
        to: to.to_owned(),
        from: sender_id.cloned(),
        subject: None,
        text: message.to_owned(),
        html: None,
        raw: None,
        sender_id: sender_id.cloned(),
        ses: None,
    };
    world.inbox.add(sent).map_err(Rejection::NotStored)?;
    failure.map_or_else(|| Ok(Uuid::new_v4()), |failure| Err(Rejection::Failure(failure)))
}

/// Returns a response whose connection breaks before the body is complete.
fn broken_response() -> Response {
    let broken = std::io::Error::other("a rule breaks this connection");
    axum::body::Body::from_stream(stream::iter([Err::<Bytes, _>(broken)])).into_response()
}

fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Checks AWS's rule for sender IDs: up to 11 letters and digits, at least one of them a letter.
fn is_sender_id(id: &str) -> bool {
    (1..=11).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) && id.bytes().any(|byte| byte.is_ascii_alphabetic())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendEmail {
    from_email_address: Option<String>,
    #[serde(default)]
    destination: Destination,
    content: Content,
    configuration_set_name: Option<String>,
    #[serde(default)]
    email_tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    name: String,
    value: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Destination {
    to_addresses: Vec<String>,
    cc_addresses: Vec<String>,
    bcc_addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    raw: Option<Raw>,
    simple: Option<Simple>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Raw {
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Simple {
    subject: Text,
    body: Body,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    text: Option<Text>,
    html: Option<Text>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Text {
    data: String,
}

/// `POST /v2/email/outbound-emails`: SESv2.
pub(crate) async fn ses(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Response {
    match send_email(&world, &headers, &body) {
        Err(Rejection::Failure(Failure::LostResponse)) => broken_response(),
        Ok(message_id) => Json(json!({ "MessageId": message_id })).into_response(),
        Err(rejection) => {
            let (status, kind, message) = ses_error(rejection);
            (status, [("x-amzn-errortype", kind)], Json(json!({ "message": message }))).into_response()
        }
    }
}

fn ses_error(rejection: Rejection) -> (StatusCode, &'static str, String) {
    let (status, kind, message) = match rejection {
        Rejection::NotSigned => (StatusCode::FORBIDDEN, "MissingAuthenticationTokenException", "Missing Authentication Token"),
        Rejection::WronglySigned => {
            (StatusCode::FORBIDDEN, "InvalidSignatureException", "Credential should be scoped to correct service: 'ses'.")
        }
        Rejection::Invalid(message) => return (StatusCode::BAD_REQUEST, "BadRequestException", message),
        Rejection::UnknownAction => (StatusCode::NOT_FOUND, "NotFoundException", "Unknown operation"),
        Rejection::Failure(Failure::Throttling) => (StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", "Too Many Requests"),
        Rejection::Failure(Failure::InternalError | Failure::LostResponse) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "InternalServiceErrorException", "An internal error occurred")
        }
        Rejection::Failure(Failure::Rejected) => (StatusCode::BAD_REQUEST, "MessageRejected", "Address is on the suppression list"),
        Rejection::NotStored(error) => return (StatusCode::INTERNAL_SERVER_ERROR, "InternalServiceErrorException", error.to_string()),
    };
    (status, kind, message.to_owned())
}

fn send_email(world: &Sandbox, headers: &HeaderMap, body: &[u8]) -> Result<String, Rejection> {
    check_signature("ses", headers)?;
    let invalid = |message: &str| Rejection::Invalid(message.to_owned());
    let call: SendEmail = serde_json::from_slice(body).map_err(|error| Rejection::Invalid(error.to_string()))?;
    let destination = call.destination;
    let mut recipients = [destination.to_addresses, destination.cc_addresses, destination.bcc_addresses].concat();
    let raw = match (call.content.raw, call.content.simple) {
        (Some(raw), None) => STANDARD.decode(raw.data).map_err(|_| invalid("Raw.Data is not base64"))?,
        (None, Some(simple)) => {
            let from = call.from_email_address.as_deref().ok_or_else(|| invalid("Missing FromEmailAddress"))?;
            let text = simple.body.text.map(|text| text.data);
            let html = simple.body.html.map(|html| html.data);
            email::compose(from, &recipients, &simple.subject.data, text.as_deref(), html.as_deref())
                .map_err(|error| Rejection::Invalid(error.to_string()))?
        }
        (Some(_), Some(_)) | (None, None) => return Err(invalid("Content: one of Raw and Simple is expected")),
    };
    if raw.len() > EMAIL_BYTES_MAX {
        return Err(invalid("Message length is more than 10485760 bytes long"));
    }
    let email = email::parse(&raw).ok_or_else(|| invalid("The message is not MIME"))?;
    let from = call.from_email_address.or(email.from);
    let from = from.ok_or_else(|| invalid("Missing required header 'From'"))?;
    if recipients.is_empty() {
        recipients = email.to;
    }
    if recipients.is_empty() {
        return Err(invalid("Missing final recipients"));
    }
    let mut is_response_lost = false;
    for to in &recipients {
        if !to.contains('@') {
            return Err(invalid("Illegal address"));
        }
        match world.failures.next(to, invocation(headers)) {
            None => {}
            Some(Failure::LostResponse) => is_response_lost = true,
            Some(failure @ (Failure::Throttling | Failure::InternalError | Failure::Rejected)) => return Err(Rejection::Failure(failure)),
        }
    }
    let message_id = format!("{}-000000", Uuid::new_v4());
    let tags = tags(call.email_tags).ok_or_else(|| invalid("Invalid email tag"))?;
    let ses = Ses { message_id: message_id.clone(), configuration_set: call.configuration_set_name, tags };
    for to in recipients {
        let sent = Sent {
            channel: Channel::Email,
            to,
            from: Some(from.clone()),
            subject: email.subject.clone(),
            text: email.text.clone(),
            html: email.html.clone(),
            raw: Some(STANDARD.encode(&raw)),
            sender_id: None,
            ses: Some(ses.clone()),
        };
        world.inbox.add(sent).map_err(Rejection::NotStored)?;
    }
    if is_response_lost { Err(Rejection::Failure(Failure::LostResponse)) } else { Ok(message_id) }
}

/// Returns the tags of an email by name. Returns `None` if a name occurs twice, or if a name or value breaks AWS's rule: up to 256 ASCII
/// letters, digits, hyphens, underscores, dots and at signs.
fn tags(given: Vec<Tag>) -> Option<BTreeMap<String, Vec<String>>> {
    let is_valid = |text: &str| (1..=256).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.@".contains(&b));
    let mut tags = BTreeMap::new();
    for Tag { name, value } in given {
        if !is_valid(&name) || !is_valid(&value) || tags.insert(name, vec![value]).is_some() {
            return None;
        }
    }
    Some(tags)
}
