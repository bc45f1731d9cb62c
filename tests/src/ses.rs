//! Sends the reports of SES about emails: bounces, complaints and rejections. The emulators publish no such reports, so a script does what
//! SES and EventBridge would do.

use serde_json::{Value, json};

use crate::{
    inbox::Message,
    stack::{self, python},
};

/// Sends a report about an email to `record_bounce`, and waits until this function has processed it. `kind` is one of the kinds of
/// infra/local/ses_report.py, such as `unknown` or `full`.
///
/// # Panics
/// If the function fails.
pub async fn report(kind: &'static str, email: &Message) {
    try_report(kind, email).await.expect("the function succeeds");
}

/// Does the same as [`report`], but returns the error of `record_bounce` instead of panicking.
///
/// # Errors
/// If the function fails.
pub async fn try_report(kind: &'static str, email: &Message) -> Result<String, String> {
    let ses = email.ses.as_ref().expect("an email on which SES reports");
    report_on(kind, &json!({ "to": email.to, "ses": ses })).await
}

/// Sends a report about an email, which need not exist, to `record_bounce`. The member `to` of `email` is its recipient, and `ses` its
/// metadata in the form of the sandbox's inbox.
///
/// # Errors
/// If the function fails.
///
/// # Panics
/// If the tools are not installed.
pub async fn report_on(kind: &'static str, email: &Value) -> Result<String, String> {
    let arguments = [kind.to_owned(), "--email".to_owned(), email.to_string()];
    let result = tokio::task::spawn_blocking(move || python("infra/local/ses_report.py", &arguments)).await.expect("a thread");
    result.map(|output| String::from_utf8_lossy(&output).into_owned())
}

/// Invokes `record_bounce` with this input.
///
/// # Errors
/// If the function fails.
pub async fn invoke(input: &Value) -> Result<String, String> {
    stack::invoke_with("RECORD_BOUNCE_FUNCTION", input).await
}
