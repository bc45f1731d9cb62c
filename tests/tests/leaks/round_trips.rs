//! Compares the calls to AWS that functions log with the budget in infra/operations.toml.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use serde_json::Value;

/// The number of rounds where every logged call was repeated by the SDK because the emulator was slow.
const UNKNOWN: u64 = u64::MAX;
const BUDGET: &str = include_str!("../../../infra/operations.toml");

/// Asserts that no operation makes more calls to AWS than its budget, or more rounds of them. An operation that makes fewer calls fails too, so that the
/// budget stays true.
pub(crate) fn assert_those_of_the_budget(lines: &[(String, String)], operations: BTreeSet<String>) {
    let budget = budget();
    assert_eq!(budget.keys().collect::<Vec<_>>(), operations.iter().collect::<Vec<_>>(), "infra/operations.toml has each operation");
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
                    wrong.push(format!("{operation}: {own} calls in {rounds} rounds, the budget is {calls} in {most}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "infra/operations.toml: {wrong:#?}");
}

/// Calls and rounds by operation; `None` where both depend on how much there is to do.
fn budget() -> BTreeMap<String, Option<(u64, u64)>> {
    let operations: toml::Table = BUDGET.parse().expect("TOML");
    let number = |facts: &toml::Value, key: &str| facts.get(key)?.as_integer()?.try_into().ok();
    operations.into_iter().map(|(name, facts)| (name, number(&facts, "calls").zip(number(&facts, "rounds")))).collect()
}
