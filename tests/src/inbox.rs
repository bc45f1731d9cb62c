//! Reads the sandbox's inbox, which has the SMS and emails that were sent to people.

use std::time::{Duration, Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use mail_parser::{MessageParser, MimeHeaders};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{browser::Response, qr, stack};

/// Timeout for the arrival of a message. The service stores the message in the table Outbox, whose stream invokes the function that sends
/// the message a few seconds later.
pub const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Deserialize)]
pub struct Message {
    pub seq: u64,
    /// `sms` or `email`.
    pub channel: String,
    pub to: String,
    pub from: Option<String>,
    pub subject: Option<String>,
    pub text: String,
    pub html: Option<String>,
    /// The MIME source of an email, in base64.
    pub raw: Option<String>,
    pub sender_id: Option<String>,
    /// The data that SES stores about an email: its ID, the configuration set and the tags.
    pub ses: Option<Value>,
}

/// Returns all messages to this recipient with a sequence number above `after`, oldest first.
pub async fn messages(to: &str, after: u64) -> Vec<Message> {
    let mut url = url::Url::parse(&format!("{}/inbox.json", stack::sandbox())).expect("the sandbox's URL");
    url.query_pairs_mut().append_pair("to", to).append_pair("after", &after.to_string());
    let response = Response::read(format!("GET {url}"), stack::client().get(url)).await.expect(200);
    serde_json::from_value(response.json()).expect("messages")
}

pub async fn last_seq(to: &str) -> u64 {
    messages(to, 0).await.last().map_or(0, |message| message.seq)
}

/// Returns the messages with a code number, oldest first.
pub async fn codes(to: &str) -> Vec<Message> {
    messages(to, 0).await.into_iter().filter(Message::brings_code).collect()
}

/// Returns the reminders, oldest first. Every message that has neither a code number nor a one-time password counts as a reminder.
pub async fn reminders(to: &str) -> Vec<Message> {
    messages(to, 0).await.into_iter().filter(|message| !message.brings_code() && message.otp().is_none()).collect()
}

/// Waits for the first message with a sequence number above `after` that meets a condition.
///
/// # Panics
/// If none arrives before the timeout.
pub async fn wait_for(to: &str, after: u64, condition: impl Fn(&Message) -> bool, timeout: Duration) -> Message {
    let started = Instant::now();
    loop {
        let all = messages(to, after).await;
        if let Some(message) = all.iter().find(|message| condition(message)) {
            return message.clone();
        }
        assert!(started.elapsed() < timeout, "no such message to {to} in {timeout:?}; {} others arrived", all.len());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits for a message that has a one-time password and a sequence number above `after`. Returns the password.
pub async fn otp(to: &str, after: u64) -> String {
    wait_for(to, after, |message| message.otp().is_some(), PATIENCE).await.otp().expect("a one-time password")
}

/// Waits for a message that has a code number and a sequence number above `after`. Returns the message.
pub async fn code_message(to: &str, after: u64) -> Message {
    wait_for(to, after, Message::brings_code, PATIENCE).await
}

impl Message {
    fn brings_code(&self) -> bool {
        self.text.contains("#code=")
    }

    /// Returns the six digits of the one-time password, if the message has one.
    pub fn otp(&self) -> Option<String> {
        if self.brings_code() {
            return None;
        }
        self.text.split(|c: char| !c.is_ascii_digit()).find(|run| run.len() == 6).map(str::to_owned)
    }

    /// Returns the code number as a person would obtain it: from the link in an SMS, or from the QR picture in an email.
    ///
    /// # Panics
    /// If there is none.
    pub fn code(&self) -> String {
        let link = match self.channel.as_str() {
            "sms" => self.text.split_whitespace().find(|word| word.contains("#code=")).expect("a link").to_owned(),
            "email" => qr::scan_png(&self.qr_picture()),
            other => panic!("a message by {other}"),
        };
        code_of_link(&link)
    }

    pub fn mime(&self) -> Vec<u8> {
        STANDARD.decode(self.raw.as_deref().expect("an email")).expect("base64")
    }

    /// Returns the QR picture that the email's HTML embeds, as PNG.
    ///
    /// # Panics
    /// If the email has none.
    pub fn qr_picture(&self) -> Vec<u8> {
        let mime = self.mime();
        let message = MessageParser::default().parse(&mime).expect("an email");
        let html = message.body_html(0).expect("HTML");
        let is_embedded =
            |part: &&mail_parser::MessagePart<'_>| part.content_id().is_some_and(|id| html.contains(&format!("src=\"cid:{id}\"")));
        let picture = message.parts.iter().find(is_embedded).expect("a picture that the HTML embeds");
        let kind = picture.content_type().map(|kind| (kind.ctype(), kind.subtype()));
        assert_eq!(kind, Some(("image", Some("png"))));
        picture.contents().to_vec()
    }
}

/// Returns the code number of a link in a message.
///
/// # Panics
/// If the link is not the service's.
pub fn code_of_link(link: &str) -> String {
    let start = format!("{}/#code=", stack::origin());
    let code = link.strip_prefix(&start).unwrap_or_else(|| panic!("{link} is not the service's"));
    assert!(domain::CodeNumber::parse(code).is_ok(), "{code} is no code number");
    code.to_owned()
}

/// Makes the next `times` calls that send to this recipient fail. `"always"` makes all of them fail, and 0 ends the failures.
pub async fn fail(to: &str, times: &Value, error: &str) {
    let rule = json!({ "to": to, "fail": times, "error": error });
    let request = stack::client().post(format!("{}/failures", stack::sandbox())).json(&rule);
    Response::read("POST /failures of the sandbox".to_owned(), request).await.expect(204);
}
