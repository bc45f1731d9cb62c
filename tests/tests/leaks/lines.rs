//! What the functions' logs say.

use std::{collections::BTreeSet, path::Path, process::Command, time::Duration};

use journeys::{application::now, stack};
use serde_json::Value;

/// All lines of all functions' log groups since then (seconds since 1970), with the variable that names the group.
pub(crate) async fn lines(since: i64) -> Vec<(String, String)> {
    // A line may come a moment after its answer.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let groups = stack::resources("_LOG");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = Command::new(root.join(".tools/aws/bin/python"))
        .arg(root.join("tests/read_logs.py"))
        .args(groups.iter().map(|(_, group)| group))
        .args(["--between".to_owned(), (since * 1_000).to_string(), (now() * 1_000).to_string()])
        .output()
        .expect("the AWS tools in .tools (`make tools`)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<(String, String)> = serde_json::from_slice(&output.stdout).expect("JSON");
    let variable = |group: &str| groups.iter().find(|(_, name)| name == group).expect("asked for").0.clone();
    lines.into_iter().map(|(group, line)| (variable(&group), line)).collect()
}

/// Each of these has answered well in these lines. `unknown_route` has nothing better to say than that there is nothing.
pub(crate) fn assert_all_answered(lines: &[(String, String)], wanted: BTreeSet<String>) {
    let read = lines.iter().filter_map(|(_, line)| serde_json::from_str::<Value>(line).ok());
    let well = read.filter(|line| line["code"] == "answered" && (line["outcome"] == "ok" || line["operation"] == "unknown_route"));
    let answered: BTreeSet<String> = well.filter_map(|line| line["operation"].as_str().map(str::to_owned)).collect();
    let missing: Vec<_> = wanted.difference(&answered).collect();
    assert!(!wanted.is_empty() && missing.is_empty(), "leaks/everything.rs does not call {missing:?}, or they failed");
}
