//! How often functions ask AWS, by their own lines, against the budget in docs/benchmarks.md.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use journeys::docs;
use serde_json::Value;

/// Every call that says so met a slow emulator.
const UNKNOWN: u64 = u64::MAX;

/// No operation asks AWS for more than docs/benchmarks.md says, nor in more rounds; where it asks for less than it says, the page is behind.
pub(crate) fn assert_those_of_the_budget(lines: &[(String, String)], operations: BTreeSet<String>) {
    let page = docs::page("benchmarks.md");
    let budget: BTreeMap<String, Option<(u64, u64)>> = docs::section(&page, "## Round trips").lines().filter_map(row).collect();
    assert_eq!(budget.keys().collect::<Vec<_>>(), operations.iter().collect::<Vec<_>>(), "one row for each operation");
    let mut met = BTreeMap::<String, (u64, Reverse<u64>)>::new();
    for line in lines.iter().filter_map(|(_, line)| serde_json::from_str::<Value>(line).ok()) {
        let number = |name: &str| line[name].as_u64().unwrap_or_default();
        let operation = line["operation"].as_str().unwrap_or_default();
        if line["code"] != "answered" || line["outcome"] != "ok" && operation != "unknown_route" {
            continue;
        }
        let retries = number("aws_retries");
        // Without what the SDK repeats where the emulator is slow, and what is noted of the session, as soon as that is read.
        let own = number("aws_calls").saturating_sub(number("aws_beside") + retries);
        // What waits for another call always follows it; what does not may do so by chance. So of equal work the fewest rounds.
        let rounds = if retries > 0 { UNKNOWN } else { number("aws_rounds").min(own) };
        let most = met.entry(operation.to_owned()).or_insert((own, Reverse(rounds)));
        *most = (*most).max((own, Reverse(rounds)));
    }
    let mut wrong = Vec::new();
    for (operation, budget) in budget {
        match (budget, met.get(&operation)) {
            (None, _) => {}
            (Some(_), None) => wrong.push(format!("{operation} never succeeded")),
            (Some((calls, most)), Some(&(own, Reverse(rounds)))) => {
                if own != calls || rounds > most && rounds != UNKNOWN {
                    wrong.push(format!("{operation}: {own} calls in {rounds} rounds, the page says {calls} in {most}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "docs/benchmarks.md: {wrong:#?}");
}

/// `| name | calls | rounds | … |`; as many as there is to do where it says `-`.
fn row(line: &str) -> Option<(String, Option<(u64, u64)>)> {
    let cells: Vec<_> = line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect();
    let &[operation, calls, rounds, ..] = cells.as_slice() else { return None };
    if calls == "-" {
        return Some((operation.to_owned(), None));
    }
    Some((operation.to_owned(), Some((calls.parse().ok()?, rounds.parse().ok()?))))
}
