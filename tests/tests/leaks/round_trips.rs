//! How often functions ask AWS, by their own lines, against the budget in docs/benchmarks.md.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use journeys::docs;
use serde_json::Value;

/// No operation asks AWS for more than docs/benchmarks.md says, nor in more rounds; where it asks for less than it says, the page is behind.
pub(crate) fn assert_those_of_the_budget(lines: &[(String, String)], operations: BTreeSet<String>) {
    let page = docs::page("benchmarks.md");
    let budget: BTreeMap<String, Option<(u64, u64)>> = docs::section(&page, "## Round trips").lines().filter_map(row).collect();
    assert_eq!(budget.keys().collect::<Vec<_>>(), operations.iter().collect::<Vec<_>>(), "one row for each operation");
    let mut met = BTreeMap::<String, (u64, Reverse<u64>)>::new();
    for line in lines.iter().filter_map(|(_, line)| serde_json::from_str::<Value>(line).ok()) {
        let number = |name: &str| line[name].as_u64().unwrap_or_default();
        // The emulator was slow, and was asked again.
        if line["code"] != "answered" || line["outcome"] != "ok" || number("aws_retries") > 0 {
            continue;
        }
        // A session's use is noted as soon as the session is read.
        let rounds = if number("aws_beside") > 0 && number("aws_rounds") == 2 { 1 } else { number("aws_rounds") };
        let own = number("aws_calls").saturating_sub(number("aws_beside"));
        // What waits for another call always follows it; what does not may do so by chance. So of equal work the fewest rounds.
        let most = met.entry(line["operation"].as_str().expect("an operation").to_owned()).or_default();
        *most = (*most).max((own, Reverse(rounds)));
    }
    let wrong: Vec<_> = budget
        .iter()
        .filter_map(|(operation, budget)| Some((operation, (*budget)?, met.get(operation).map_or((0, 0), |most| (most.0, most.1.0)))))
        .filter(|(_, budget, met)| met.0 != budget.0 || met.1 > budget.1)
        .map(|(operation, budget, met)| {
            format!("{operation}: {} calls in {} rounds, the page says {} in {}", met.0, met.1, budget.0, budget.1)
        })
        .collect();
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
