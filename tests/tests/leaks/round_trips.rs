//! Compares the number of requests to AWS, which functions log, with the budget in infra/operations.toml. Requests that run concurrently
//! count as one round trip ("round").

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use serde_json::Value;

/// Stands for the number of rounds of an invocation in which the SDK retried a request. The true number is unknown, because retries add
/// rounds. Retries happen if the emulator is slow.
const UNKNOWN: u64 = u64::MAX;
const BUDGET: &str = include_str!("../../../infra/operations.toml");

/// Asserts that each operation makes exactly as many calls to AWS as its budget says (`calls`), and at most as many rounds (`rounds`). An
/// operation that makes fewer calls also fails the test, because its budget is out of date.
pub(crate) fn assert_budget_is_kept(lines: &[(String, String)], operations: BTreeSet<String>) {
    let budget = budget();
    assert_eq!(budget.keys().collect::<Vec<_>>(), operations.iter().collect::<Vec<_>>(), "infra/operations.toml has each operation");
    let mut measured = BTreeMap::<String, (u64, Reverse<u64>)>::new();
    for line in lines.iter().filter_map(|(_, line)| serde_json::from_str::<Value>(line).ok()) {
        let number = |name: &str| line[name].as_u64().unwrap_or_default();
        let operation = line["operation"].as_str().unwrap_or_default();
        if line["code"] != "answered" || line["outcome"] != "ok" && operation != "unknown_route" {
            continue;
        }
        let retries = number("aws_retries");
        // Does not count retries by the SDK, nor calls that the response does not wait for, such as the one that records the use of a
        // session.
        let own = number("aws_calls").saturating_sub(number("aws_beside") + retries);
        // Calls that depend on each other always need separate rounds, but independent calls may also get separate rounds by chance.
        // Therefore, of the invocations with the most calls, the one with the fewest rounds is compared with the budget.
        let rounds = if retries > 0 { UNKNOWN } else { number("aws_rounds").min(own) };
        let most = measured.entry(operation.to_owned()).or_insert((own, Reverse(rounds)));
        *most = (*most).max((own, Reverse(rounds)));
    }
    let mut wrong = Vec::new();
    for (operation, budget) in budget {
        match (budget, measured.get(&operation)) {
            (None, _) => {}
            (Some(_), None) => wrong.push(format!("{operation} never succeeded")),
            (Some((calls, rounds_max)), Some(&(own, Reverse(rounds)))) => {
                if own != calls || rounds > rounds_max && rounds != UNKNOWN {
                    wrong.push(format!("{operation}: {own} calls in {rounds} rounds, but the budget is {calls} in {rounds_max}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "infra/operations.toml: {wrong:#?}");
}

/// Returns the permitted numbers of calls and rounds of each operation, or `None` if they depend on the amount of work.
fn budget() -> BTreeMap<String, Option<(u64, u64)>> {
    let operations: toml::Table = BUDGET.parse().expect("TOML");
    let number = |facts: &toml::Value, key: &str| facts.get(key)?.as_integer()?.try_into().ok();
    operations.into_iter().map(|(name, facts)| (name, number(&facts, "calls").zip(number(&facts, "rounds")))).collect()
}
