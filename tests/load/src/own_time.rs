//! Evaluates the functions' own logs, which have a line for each call (docs/logging.md).

use std::collections::BTreeMap;

use journeys::stack;
use serde_json::Value;

/// Log codes of failures, including those that the caller does not see.
const FAILURES: [&str; 5] = ["panicked", "not_started", "side_call_failed", "delivery_failed", "delivery_given_up"];

/// Totals of an operation's calls.
#[derive(Default)]
pub(crate) struct OwnTime {
    pub(crate) calls: u64,
    pub(crate) milliseconds: u64,
    pub(crate) aws_calls: u64,
}

#[derive(Default)]
pub(crate) struct LogSummary {
    pub(crate) operations: BTreeMap<String, OwnTime>,
    /// Logged failures: operation and log code.
    pub(crate) failures: Vec<String>,
}

/// Summarises the log lines between two times in milliseconds since 1970.
pub(crate) fn between(since: i64, until: i64) -> LogSummary {
    let lines = stack::log_lines(since, until);
    let mut summary = LogSummary::default();
    // The lines that Lambda itself writes are not JSON.
    for line in lines.iter().filter_map(|(_, line)| serde_json::from_str::<Value>(line).ok()) {
        let (operation, code) = (line["operation"].as_str().unwrap_or_default(), line["code"].as_str().unwrap_or_default());
        if FAILURES.contains(&code) || (code == "answered" && !line["cause"].is_null()) {
            summary.failures.push(format!("{operation}: {code}"));
        }
        if code == "answered" {
            let own = summary.operations.entry(operation.to_owned()).or_default();
            own.calls += 1;
            own.milliseconds += line["ms"].as_u64().unwrap_or_default();
            own.aws_calls += line["aws_calls"].as_u64().unwrap_or_default();
        }
    }
    summary
}
