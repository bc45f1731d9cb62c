//! What the functions say of themselves: a line for each call (docs/logging.md).

use std::collections::BTreeMap;

use journeys::stack;
use serde_json::Value;

/// Codes of lines that tell of a failure, also where the caller saw none.
const FAILURES: [&str; 5] = ["panicked", "not_started", "side_call_failed", "delivery_failed", "delivery_given_up"];

/// Of an operation's calls.
#[derive(Default)]
pub(crate) struct OwnTime {
    pub(crate) calls: u64,
    pub(crate) milliseconds: u64,
    pub(crate) aws_calls: u64,
}

#[derive(Default)]
pub(crate) struct Said {
    pub(crate) operations: BTreeMap<String, OwnTime>,
    /// Failures: what a line is about, and of which operation.
    pub(crate) failures: Vec<String>,
}

/// Of calls that were answered between two moments, in milliseconds since 1970.
pub(crate) fn between(since: i64, until: i64) -> Said {
    let lines = stack::log_lines(since, until);
    let mut said = Said::default();
    // Lambda's own lines are no JSON.
    for line in lines.iter().filter_map(|(_, line)| serde_json::from_str::<Value>(line).ok()) {
        let (operation, code) = (line["operation"].as_str().unwrap_or_default(), line["code"].as_str().unwrap_or_default());
        if FAILURES.contains(&code) || (code == "answered" && !line["cause"].is_null()) {
            said.failures.push(format!("{operation}: {code}"));
        }
        if code == "answered" {
            let own = said.operations.entry(operation.to_owned()).or_default();
            own.calls += 1;
            own.milliseconds += line["ms"].as_u64().unwrap_or_default();
            own.aws_calls += line["aws_calls"].as_u64().unwrap_or_default();
        }
    }
    said
}
