//! Structured logging: at least one JSON line per invocation. docs/logging.md lists the codes.
//!
//! A line never contains a code number, token, one-time password, name, AFM, AMKA, phone, email or body. Callers may therefore pass only
//! codes of events and problems, counts, and causes of errors.

use domain::Moment;
use serde_json::{Map, Value, json};

/// Namespace and name of the metric that CloudWatch extracts from the fields of [`failure_metric`]. The alarms named `FUNCTIONErrors` in
/// template.yaml watch this metric.
const NAMESPACE: &str = "myPhoto/Functions";
const FAILURES: &str = "Failures";

/// The event that a line reports, in its field `code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogCode {
    /// A response was sent, or an event was processed.
    Answered,
    /// The process panicked and ended.
    Panicked,
    /// The function cannot start.
    NotStarted,
    /// An error occurred on which the response to the caller does not depend. For example, recording the use of a session failed, or
    /// deleting a file that a lifecycle rule deletes later.
    SideCallFailed,
    /// A code was sent.
    CodeSent,
    /// Half or all of a daily limit is used. There are daily limits for issued codes and for messages with codes.
    CodeLimit,
    /// A code was issued although no face was found in the face photo.
    IssuedWithoutFace,
    /// An attempt to send a code failed. Another attempt will be made.
    DeliveryFailed,
    /// A code could not be sent, and no further attempt is made.
    DeliveryGivenUp,
    /// Nothing was sent, because the message was already sent, deleted, not due, claimed by another attempt, or unreadable.
    DeliverySkipped,
    /// SES reported that an email with a code failed, and the failure was stored.
    BounceRecorded,
    /// A report of SES was ignored. The field `cause` contains the reason.
    BounceIgnored,
    /// A run of `sweep_outbox` has ended.
    OutboxSwept,
    /// A reminder was sent.
    ReminderSent,
    /// An attempt to send a reminder failed. The next run of `send_reminders` tries again. But if the reminder may have been sent despite
    /// the failure, a later run removes the reminder without sending it.
    ReminderFailed,
    /// A reminder was removed for one of three reasons: it has expired, every attempt on the due days failed, or an earlier run has claimed
    /// the reminder and stored no result, so that the reminder may have been sent.
    ReminderGivenUp,
    /// A run of `send_reminders` has processed the reminders that are due.
    RemindersLookedAt,
    /// A KEP clerk has used half or all of the daily limit of cases.
    CaseLimit,
    /// The message about a case was sent.
    CaseMessageSent,
    /// An attempt to send the message about a case failed. The next run of `send_reminders` tries again. But if the message may have been
    /// sent despite the failure, a later run removes the message without sending it.
    CaseMessageFailed,
    /// The message about a case was removed for one of two reasons: it has expired, or an earlier run has claimed the message and stored no
    /// result, so that the message may have been sent.
    CaseMessageGivenUp,
    /// A run of `send_reminders` has processed the messages about cases that are due.
    CaseMessagesLookedAt,
}

impl LogCode {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Panicked => "panicked",
            Self::NotStarted => "not_started",
            Self::SideCallFailed => "side_call_failed",
            Self::CodeSent => "code_sent",
            Self::CodeLimit => "code_limit",
            Self::IssuedWithoutFace => "issued_without_face",
            Self::DeliveryFailed => "delivery_failed",
            Self::DeliveryGivenUp => "delivery_given_up",
            Self::DeliverySkipped => "delivery_skipped",
            Self::BounceRecorded => "bounce_recorded",
            Self::BounceIgnored => "bounce_ignored",
            Self::OutboxSwept => "outbox_swept",
            Self::ReminderSent => "reminder_sent",
            Self::ReminderFailed => "reminder_failed",
            Self::ReminderGivenUp => "reminder_given_up",
            Self::RemindersLookedAt => "reminders_looked_at",
            Self::CaseLimit => "case_limit",
            Self::CaseMessageSent => "case_message_sent",
            Self::CaseMessageFailed => "case_message_failed",
            Self::CaseMessageGivenUp => "case_message_given_up",
            Self::CaseMessagesLookedAt => "case_messages_looked_at",
        }
    }
}

/// Writes one line to standard output, which Lambda sends to CloudWatch.
#[expect(clippy::print_stdout, reason = "standard output is Lambda's log")]
pub fn line(operation: &str, code: LogCode, fields: &[(&str, Value)]) {
    let mut line = Map::new();
    line.insert("operation".to_owned(), json!(operation));
    line.insert("code".to_owned(), json!(code.name()));
    for (name, value) in fields {
        line.insert((*name).to_owned(), value.clone());
    }
    println!("{}", Value::Object(line));
}

/// Returns the additional fields of a line about an internal error. CloudWatch counts such lines per function (Embedded Metric Format).
/// `function` is the name that AWS gives the function, which differs between stacks.
pub(crate) fn failure_metric(function: &str, at: Moment) -> [(&'static str, Value); 3] {
    let metric = json!({ "Namespace": NAMESPACE, "Dimensions": [["FunctionName"]], "Metrics": [{ "Name": FAILURES, "Unit": "Count" }] });
    let milliseconds = at.epoch_seconds().saturating_mul(1000);
    [("_aws", json!({ "Timestamp": milliseconds, "CloudWatchMetrics": [metric] })), ("FunctionName", json!(function)), (FAILURES, json!(1))]
}

/// Logs an error on which the response to the caller does not depend.
pub fn side_call<E: std::fmt::Display>(operation: &str, result: Result<(), E>) {
    if let Err(error) = result {
        line(operation, LogCode::SideCallFailed, &[("cause", json!(error.to_string()))]);
    }
}
