//! What the functions' logs say.

use std::{collections::BTreeSet, time::Duration};

use journeys::{application::now, stack};
use serde_json::Value;

/// All lines of all functions' log groups since then (seconds since 1970), with the variable that names the group.
pub(crate) async fn lines(since: i64) -> Vec<(String, String)> {
    // A line may come a moment after its answer.
    tokio::time::sleep(Duration::from_secs(3)).await;
    stack::log_lines(since * 1_000, now() * 1_000)
}

/// Each of these has answered well in these lines. `unknown_route` has nothing better to say than that there is nothing.
pub(crate) fn assert_all_answered(lines: &[(String, String)], wanted: BTreeSet<String>) {
    let read = lines.iter().filter_map(|(_, line)| serde_json::from_str::<Value>(line).ok());
    let well = read.filter(|line| line["code"] == "answered" && (line["outcome"] == "ok" || line["operation"] == "unknown_route"));
    let answered: BTreeSet<String> = well.filter_map(|line| line["operation"].as_str().map(str::to_owned)).collect();
    let missing: Vec<_> = wanted.difference(&answered).collect();
    assert!(!wanted.is_empty() && missing.is_empty(), "leaks/everything.rs does not call {missing:?}, or they failed");
}
