//! Sends the messages that the `messages` crate renders: SMS through SNS, and emails through SESv2. Parses the reports of SES about emails.

mod report;

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_sesv2::types::{Destination, EmailContent, MessageTag, RawMessage};
use aws_sdk_sns::{error::ProvideErrorMetadata, types::MessageAttributeValue};
use domain::{EmailAddress, GreekMobile};

pub use self::report::Report;

/// Names of the tags by which a report of SES identifies a message and the attempt to send it.
pub const MESSAGE_TAG: &str = "message";
pub const SENDING_TAG: &str = "sending";

/// Why a message was not sent. Contains only the error code, because the error messages of AWS contain recipients.
#[derive(Debug, thiserror::Error)]
#[error("{channel}: {code}")]
pub struct SendingError {
    channel: &'static str,
    code: String,
    may_have_been_sent: bool,
}

impl SendingError {
    /// Returns whether the message may have been sent despite the error, because AWS sent no response or one that cannot be parsed.
    pub const fn may_have_been_sent(&self) -> bool {
        self.may_have_been_sent
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the SDK's error is non-exhaustive")]
/// Returns a function that converts an error of the SDK into a [`SendingError`] for `channel`.
fn sending_error<E: ProvideErrorMetadata, R>(channel: &'static str) -> impl Fn(aws_sdk_sns::error::SdkError<E, R>) -> SendingError {
    move |error| SendingError {
        channel,
        code: match &error {
            aws_sdk_sns::error::SdkError::ServiceError(service) => service.err().code().unwrap_or("service error").to_owned(),
            aws_sdk_sns::error::SdkError::TimeoutError(_) => "timeout".to_owned(),
            aws_sdk_sns::error::SdkError::DispatchFailure(_) => "unreachable".to_owned(),
            _ => "broken response".to_owned(),
        },
        may_have_been_sent: !matches!(
            &error,
            aws_sdk_sns::error::SdkError::ServiceError(_) | aws_sdk_sns::error::SdkError::ConstructionFailure(_)
        ),
    }
}

/// Sends SMS as transactional messages, which SNS delivers with priority.
#[derive(Debug, Clone)]
pub struct Sms {
    client: aws_sdk_sns::Client,
    sender: String,
}

impl Sms {
    pub fn new(config: &SdkConfig, sender: String) -> Self {
        let client = aws_sdk_sns::Client::from_conf(
            aws_sdk_sns::config::Builder::from(&aws::single_attempt(config)).interceptor(aws::CallCounter).build(),
        );
        Self { client, sender }
    }

    /// Sends a text to a mobile number.
    ///
    /// # Errors
    /// Returns a [`SendingError`] with the error code of AWS.
    pub async fn send(&self, to: &GreekMobile, text: &str) -> Result<(), SendingError> {
        let attribute = |value: &str| MessageAttributeValue::builder().data_type("String").string_value(value).build().ok();
        let attributes: HashMap<String, MessageAttributeValue> =
            [("AWS.SNS.SMS.SenderID", self.sender.as_str()), ("AWS.SNS.SMS.SMSType", "Transactional")]
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), attribute(value)?)))
                .collect();
        self.client
            .publish()
            .phone_number(to.expose())
            .message(text)
            .set_message_attributes(Some(attributes))
            .send()
            .await
            .map(|_| ())
            .map_err(sending_error("sms"))
    }
}

/// Sends emails as raw MIME messages.
#[derive(Debug, Clone)]
pub struct Email {
    client: aws_sdk_sesv2::Client,
    sender: String,
}

impl Email {
    pub fn new(config: &SdkConfig, sender: String) -> Self {
        let client = aws_sdk_sesv2::Client::from_conf(
            aws_sdk_sesv2::config::Builder::from(&aws::single_attempt(config)).interceptor(aws::CallCounter).build(),
        );
        Self { client, sender }
    }

    /// Returns the sender address, for the `From` header of the MIME message.
    pub fn sender(&self) -> &str {
        &self.sender
    }

    /// Sends a MIME message to an address. SES sends no reports about this message.
    ///
    /// # Errors
    /// Returns a [`SendingError`] with the error code of AWS.
    pub async fn send(&self, to: &EmailAddress, mime: Vec<u8>) -> Result<(), SendingError> {
        self.send_as(to, mime, None).await
    }

    async fn send_as(&self, to: &EmailAddress, mime: Vec<u8>, reported: Option<Reported<'_>>) -> Result<(), SendingError> {
        let not_built = |_| SendingError { channel: "email", code: "not built".to_owned(), may_have_been_sent: false };
        let raw = RawMessage::builder().data(aws_sdk_sesv2::primitives::Blob::new(mime)).build().map_err(not_built)?;
        let tag = |name: &str, value: &str| MessageTag::builder().name(name).value(value).build().map_err(not_built);
        let (configuration_set, tags) = match reported {
            Some(Reported { configuration_set, message_id, sending_id }) => {
                (Some(configuration_set.to_owned()), Some(vec![tag(MESSAGE_TAG, message_id)?, tag(SENDING_TAG, sending_id)?]))
            }
            None => (None, None),
        };
        self.client
            .send_email()
            .from_email_address(&self.sender)
            .destination(Destination::builder().to_addresses(to.expose()).build())
            .content(EmailContent::builder().raw(raw).build())
            .set_configuration_set_name(configuration_set)
            .set_email_tags(tags)
            .send()
            .await
            .map(|_| ())
            .map_err(sending_error("email"))
    }
}

/// What SES needs so that it reports on an email: the configuration set, and the values of the tags [`MESSAGE_TAG`] and [`SENDING_TAG`].
#[derive(Clone, Copy)]
struct Reported<'a> {
    configuration_set: &'a str,
    message_id: &'a str,
    sending_id: &'a str,
}

/// Sends emails. SES publishes a [`Report`] if an email bounces, is rejected or is complained about.
#[derive(Debug, Clone)]
pub struct ReportedEmail {
    email: Email,
    /// Name of the SES configuration set, which publishes the reports.
    configuration_set: String,
}

impl ReportedEmail {
    pub const fn new(email: Email, configuration_set: String) -> Self {
        Self { email, configuration_set }
    }

    /// Returns the sender address, for the `From` header of the MIME message.
    pub fn sender(&self) -> &str {
        self.email.sender()
    }

    /// Sends a MIME message to an address. `message_id` and `sending_id` are random IDs. SES stores them as tags of the email, and each
    /// report about the email contains them.
    ///
    /// # Errors
    /// Returns a [`SendingError`] with the error code of AWS.
    pub async fn send(&self, to: &EmailAddress, mime: Vec<u8>, message_id: &str, sending_id: &str) -> Result<(), SendingError> {
        let reported = Reported { configuration_set: &self.configuration_set, message_id, sending_id };
        self.email.send_as(to, mime, Some(reported)).await
    }
}
