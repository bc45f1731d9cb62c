//! Rules that make messages to certain recipients fail.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::{World, bad_request};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Failure {
    Throttling,
    InternalError,
    Rejected,
    /// The message arrives, but the connection breaks before the response.
    LostResponse,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Fail {
    /// This number of calls fail. All later calls succeed.
    First(usize),
    Always(Always),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Always {
    Always,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// A mobile number or an email address.
    pub(crate) to: String,
    pub(crate) fail: Fail,
    pub(crate) error: Failure,
    #[serde(default)]
    pub(crate) note: String,
}

/// Maximum number of rules, including those of the seed.
const RULES_MAX: usize = 10_000;

pub(crate) struct Failures {
    rules: Mutex<HashMap<String, Counted>>,
}

struct Counted {
    rule: Rule,
    failed_calls: usize,
    /// Invocation IDs of the calls that failed. The AWS SDK's retries of a call have the same ID and fail too.
    invocations: HashSet<String>,
}

impl Failures {
    pub(crate) fn new(rules: Vec<Rule>) -> Self {
        let failures = Self { rules: Mutex::default() };
        for rule in rules {
            failures.set(rule);
        }
        failures
    }

    /// Adds a rule, or replaces the rule for the same recipient. Returns `false` if there are too many rules.
    fn set(&self, rule: Rule) -> bool {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = Counted { rule, failed_calls: 0, invocations: HashSet::new() };
        let to = counted.rule.to.to_lowercase();
        if rules.len() >= RULES_MAX && !rules.contains_key(&to) {
            return false;
        }
        rules.insert(to, counted);
        true
    }

    /// Returns how this call fails, or `None` if it succeeds.
    pub(crate) fn next(&self, to: &str, invocation: Option<&str>) -> Option<Failure> {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = rules.get_mut(&to.to_lowercase())?;
        let Fail::First(times) = counted.rule.fail else {
            return Some(counted.rule.error);
        };
        if invocation.is_some_and(|id| counted.invocations.contains(id)) {
            return Some(counted.rule.error);
        }
        if counted.failed_calls >= times {
            return None;
        }
        counted.failed_calls += 1;
        counted.invocations.extend(invocation.map(str::to_owned));
        Some(counted.rule.error)
    }

    pub(crate) fn rules(&self) -> Vec<Rule> {
        let rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rules: Vec<Rule> = rules.values().map(|counted| counted.rule.clone()).collect();
        rules.sort_by(|one, other| one.to.cmp(&other.to));
        rules
    }
}

/// `POST /failures {to, fail, error}`: adds a rule for a recipient, or replaces the recipient's rule and sets its count of failed calls to
/// 0. The rule is lost when the sandbox stops.
pub(crate) async fn create(State(world): State<World>, body: axum::body::Bytes) -> Response {
    match serde_json::from_slice::<Rule>(&body).map(|rule| world.failures.set(rule)) {
        Ok(true) => StatusCode::NO_CONTENT.into_response(),
        Ok(false) => StatusCode::INSUFFICIENT_STORAGE.into_response(),
        Err(error) => bad_request(&error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_of_one_call_count_as_one_failure() {
        let failures = Failures::new(vec![Rule {
            to: "Later@fails.example".to_owned(),
            fail: Fail::First(2),
            error: Failure::Throttling,
            note: String::new(),
        }]);
        let next = |id| failures.next("later@FAILS.example", id);
        assert_eq!(next(Some("one")), Some(Failure::Throttling));
        assert_eq!(next(Some("one")), Some(Failure::Throttling));
        assert_eq!(next(Some("two")), Some(Failure::Throttling));
        assert_eq!(next(Some("three")), None);
        assert_eq!(next(None), None);
        assert_eq!(failures.next("other@fails.example", None), None);
    }
}
