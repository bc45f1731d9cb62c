//! Structured logging: one JSON line per invocation at least. docs/logging.md lists the codes.
//!
//! Never a code number, token, one-time password, name, AFM, AMKA, phone, email or body: the functions here take codes,
//! counts and causes only.

use domain::Moment;
use serde_json::{Map, Value, json};

/// Namespace and name of the metric that CloudWatch makes of [`own_failure`]; `FUNCTIONErrors` in template.yaml looks at it.
const NAMESPACE: &str = "myPhoto/Functions";
const FAILURES: &str = "Failures";

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogCode {
    /// A call was answered.
    Answered,
    /// A panic, with which the process ended.
    Panicked,
    /// The function cannot start.
    NotStarted,
    /// A side call (a session's touch, a deletion that a lifecycle rule repeats) failed; nothing depends on it.
    SideCallFailed,
    /// A code was sent.
    CodeSent,
    /// Half or all of a day's limit of codes is used.
    CodeLimit,
    /// An attempt to send a code failed and will be repeated.
    DeliveryFailed,
    /// A code could not be sent: given up.
    DeliveryGivenUp,
    /// A message was nobody's to send now: sent, gone, or claimed.
    DeliverySkipped,
    /// The outbox was swept.
    OutboxSwept,
    /// A reminder was sent.
    ReminderSent,
    /// An attempt to send a reminder failed; the next run tries again.
    ReminderFailed,
    /// A reminder could not be sent in its days, or may have gone without our knowing: removed.
    ReminderGivenUp,
    /// The reminders that are due were looked at.
    RemindersLookedAt,
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
            Self::DeliveryFailed => "delivery_failed",
            Self::DeliveryGivenUp => "delivery_given_up",
            Self::DeliverySkipped => "delivery_skipped",
            Self::OutboxSwept => "outbox_swept",
            Self::ReminderSent => "reminder_sent",
            Self::ReminderFailed => "reminder_failed",
            Self::ReminderGivenUp => "reminder_given_up",
            Self::RemindersLookedAt => "reminders_looked_at",
        }
    }
}

/// Writes one line to standard output, which Lambda takes to CloudWatch.
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

/// What a line has more where its call failed by us: CloudWatch counts such lines by itself, by function (Embedded Metric Format). AWS names
/// each function of each stack apart.
pub(crate) fn own_failure(function: &str, at: Moment) -> [(&'static str, Value); 3] {
    let metric = json!({ "Namespace": NAMESPACE, "Dimensions": [["FunctionName"]], "Metrics": [{ "Name": FAILURES, "Unit": "Count" }] });
    let milliseconds = at.epoch_seconds().saturating_mul(1000);
    [("_aws", json!({ "Timestamp": milliseconds, "CloudWatchMetrics": [metric] })), ("FunctionName", json!(function)), (FAILURES, json!(1))]
}

/// Notes a side call that failed: nothing depends on it.
pub fn side_call<E: std::fmt::Display>(operation: &str, result: Result<(), E>) {
    if let Err(error) = result {
        line(operation, LogCode::SideCallFailed, &[("cause", json!(error.to_string()))]);
    }
}
