//! Sending what `messages` renders: SMS by SNS, email by SESv2.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_sesv2::types::{Destination, EmailContent, RawMessage};
use aws_sdk_sns::{error::ProvideErrorMetadata, types::MessageAttributeValue};
use domain::{EmailAddress, GreekMobile};

/// Why a message did not go. Holds the error's code only: AWS puts recipients into its texts.
#[derive(Debug, thiserror::Error)]
#[error("{channel}: {code}")]
pub struct SendingError {
    channel: &'static str,
    code: String,
    may_have_gone: bool,
}

impl SendingError {
    /// AWS gave no answer, or none that can be read: it may have taken the message.
    pub const fn may_have_gone(&self) -> bool {
        self.may_have_gone
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the SDK's error is non-exhaustive")]
fn failed<E: ProvideErrorMetadata, R>(channel: &'static str) -> impl Fn(aws_sdk_sns::error::SdkError<E, R>) -> SendingError {
    move |error| SendingError {
        channel,
        code: match &error {
            aws_sdk_sns::error::SdkError::ServiceError(service) => service.err().code().unwrap_or("service error").to_owned(),
            aws_sdk_sns::error::SdkError::TimeoutError(_) => "timeout".to_owned(),
            aws_sdk_sns::error::SdkError::DispatchFailure(_) => "unreachable".to_owned(),
            _ => "broken answer".to_owned(),
        },
        may_have_gone: !matches!(
            &error,
            aws_sdk_sns::error::SdkError::ServiceError(_) | aws_sdk_sns::error::SdkError::ConstructionFailure(_)
        ),
    }
}

/// Text messages. Sent as transactional: to be delivered before any other.
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

    /// # Errors
    /// [`SendingError`] with AWS's error code.
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
            .map_err(failed("sms"))
    }
}

/// Emails, as raw MIME.
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

    pub fn sender(&self) -> &str {
        &self.sender
    }

    /// # Errors
    /// [`SendingError`] with AWS's error code.
    pub async fn send(&self, to: &EmailAddress, mime: Vec<u8>) -> Result<(), SendingError> {
        let broken = |_| SendingError { channel: "email", code: "not built".to_owned(), may_have_gone: false };
        let raw = RawMessage::builder().data(aws_sdk_sesv2::primitives::Blob::new(mime)).build().map_err(broken)?;
        self.client
            .send_email()
            .from_email_address(&self.sender)
            .destination(Destination::builder().to_addresses(to.expose()).build())
            .content(EmailContent::builder().raw(raw).build())
            .send()
            .await
            .map(|_| ())
            .map_err(failed("email"))
    }
}
