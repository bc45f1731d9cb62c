//! Reads the functions' logs.

use std::{collections::BTreeSet, time::Duration};

use journeys::{application::now, stack};
use serde_json::Value;

/// Returns all log lines of all functions since `since` (seconds since 1970). Each line comes with the name of the environment variable
/// that contains its log group.
pub(crate) async fn lines(since: i64) -> Vec<(String, String)> {
    // A line may appear a moment after the response.
    tokio::time::sleep(Duration::from_secs(3)).await;
    stack::log_lines(since * 1_000, now() * 1_000)
}

/// Asserts that each of these operations logged a successful response. For `unknown_route` any response is enough, because it always
/// responds with an error.
pub(crate) fn assert_all_succeeded(lines: &[(String, String)], operations: BTreeSet<String>) {
    let parsed = lines.iter().filter_map(|(_, line)| serde_json::from_str::<Value>(line).ok());
    let successful = parsed.filter(|line| line["code"] == "answered" && (line["outcome"] == "ok" || line["operation"] == "unknown_route"));
    let succeeded: BTreeSet<String> = successful.filter_map(|line| line["operation"].as_str().map(str::to_owned)).collect();
    let missing: Vec<_> = operations.difference(&succeeded).collect();
    assert!(!operations.is_empty() && missing.is_empty(), "leaks/everything.rs does not call {missing:?}, or they failed");
}
