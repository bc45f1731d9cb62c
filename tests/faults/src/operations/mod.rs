//! Defines the cases for every operation that makes calls to AWS: the preparation, the request of the client, and the state that must hold
//! after the last response.

mod application;
mod citizen;
mod kep;
mod photographer;
mod session;
mod system;

use std::rc::Rc;

use futures_util::{FutureExt, future::LocalBoxFuture};
use journeys::{
    browser::Response,
    people::{self, Visit},
    photographer::Issued,
    routes,
};

/// A closure that borrows its arguments and returns a boxed future.
macro_rules! boxed {
    (|$($argument:ident),+| $body:expr) => {
        |$($argument),+| futures_util::FutureExt::boxed_local(async move { $body })
    };
}
use boxed;

/// State that all cases of an operation share. No case changes it.
pub(crate) struct World {
    pub(crate) studio: Visit,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self { studio: people::fresh_photographer().await }
    }

    /// Issues a code number by SMS to a new person.
    pub(crate) async fn issued(&self) -> Issued {
        let person = people::fresh("citizen").await;
        journeys::photographer::issue_by_sms(&self.studio, person.mobile()).await
    }
}

/// A prepared case: the request of a client, and the check of its result.
pub(crate) struct Prepared {
    /// Makes the request. The test calls it again after a failure, just as a client would repeat the request.
    pub(crate) act: Box<dyn Fn() -> LocalBoxFuture<'static, Response>>,
    /// Asserts the state that must hold after the last response.
    pub(crate) settled: Box<dyn Fn(Response) -> LocalBoxFuture<'static, ()>>,
}

type Act<S> = for<'a> fn(&'a S) -> LocalBoxFuture<'a, Response>;
type Settled<S> = for<'a> fn(&'a S, &'a Response) -> LocalBoxFuture<'a, ()>;

fn prepared<S: 'static>(state: S, act: Act<S>, settled: Settled<S>) -> Prepared {
    let state = Rc::new(state);
    let settled_state = Rc::clone(&state);
    Prepared {
        act: Box::new(move || {
            let state = Rc::clone(&state);
            async move { act(&state).await }.boxed_local()
        }),
        settled: Box::new(move |response| {
            let state = Rc::clone(&settled_state);
            async move { settled(&state, &response).await }.boxed_local()
        }),
    }
}

type PrepareFn = for<'a> fn(&'a World) -> LocalBoxFuture<'a, Prepared>;
type Prepare = Box<dyn for<'a> Fn(&'a World) -> LocalBoxFuture<'a, Prepared>>;

/// The text of infra/operations.toml, which lists every operation.
const OPERATIONS: &str = include_str!("../../../../infra/operations.toml");

pub(crate) struct Operation {
    /// Name of the function.
    pub(crate) name: String,
    /// Distinguishes several variants of the same operation. Empty if there is only one.
    pub(crate) variant: &'static str,
    pub(crate) prepare: Prepare,
    /// Problems (status and code) that a repeated request may get because the first request used up a state, code or password. A client
    /// that gets such a problem starts over.
    pub(crate) accepted_problems: &'static [(u16, &'static str)],
    /// Whether a schedule or EventBridge invokes the operation, so that no caller waits for a response.
    pub(crate) is_run: bool,
}

impl Operation {
    fn new(name: &str, prepare: PrepareFn) -> Self {
        Self::with_preparation(name, Box::new(prepare))
    }

    fn with_preparation(name: &str, prepare: Prepare) -> Self {
        Self { name: name.to_owned(), variant: "", prepare, accepted_problems: &[], is_run: false }
    }

    /// Creates an operation that is a GET request and needs nothing but a signed-in caller.
    fn read(name: &str, path: &str) -> Self {
        let (path, is_photographers) = (path.replace("{subject}", "self"), path.starts_with("/v1/photographer/"));
        let prepare: Prepare = Box::new(move |_| {
            let path = path.clone();
            async move {
                let visit = if is_photographers { people::fresh_photographer().await } else { people::fresh_citizen().await };
                prepared((visit, path), boxed!(|state| state.0.browser.get(&state.1).await), succeeds)
            }
            .boxed_local()
        });
        Self::with_preparation(name, prepare)
    }

    fn variant(mut self, variant: &'static str) -> Self {
        self.variant = variant;
        self
    }

    fn or_problems(mut self, accepted_problems: &'static [(u16, &'static str)]) -> Self {
        self.accepted_problems = accepted_problems;
        self
    }

    fn on_schedule(mut self) -> Self {
        self.is_run = true;
        self
    }

    pub(crate) fn title(&self) -> String {
        if self.variant.is_empty() { self.name.clone() } else { format!("{} {}", self.name, self.variant) }
    }

    /// Returns a part of the deployed function's name, such as `-SubmitCode-`. The user agent of the function's calls to AWS contains it.
    pub(crate) fn function(&self) -> String {
        let words = self.name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]);
        format!("-{}-", words.collect::<String>())
    }
}

/// Returns the operations that call AWS: all that the modules in this folder prepare, and every other GET request whose path has no
/// parameter except `{subject}`.
pub(crate) fn all() -> Vec<Operation> {
    let mut all: Vec<Operation> = [session::all(), photographer::all(), citizen::all(), kep::all(), application::all(), system::all()]
        .into_iter()
        .flatten()
        .collect();
    for name in names() {
        if !all.iter().any(|operation| operation.name == name)
            && let Some(path) = routes::path_of_read(&name)
        {
            all.push(Operation::read(&name, &path));
        }
    }
    all
}

/// Returns the names of all functions that call AWS.
fn names() -> Vec<String> {
    let operations: toml::Table = OPERATIONS.parse().expect("TOML");
    let calls_aws = |facts: &toml::Value| facts.get("calls").and_then(toml::Value::as_integer) != Some(0);
    operations.iter().filter(|(_, facts)| calls_aws(facts)).map(|(name, _)| name.clone()).collect()
}

/// Asserts only that the last response is a success.
fn succeeds<'a, S>(_: &'a S, response: &'a Response) -> LocalBoxFuture<'a, ()> {
    assert!(response.status < 400, "{}", response.text());
    async {}.boxed_local()
}

#[cfg(test)]
mod tests {
    use super::{all, names};

    #[test]
    fn every_function_that_calls_aws_is_an_operation() {
        let broken: Vec<String> = all().into_iter().map(|operation| operation.name).collect();
        let missing: Vec<String> = names()
            .into_iter()
            .filter(|name| !broken.contains(name))
            .map(|name| format!("missing in tests/faults/src/operations: {name}"))
            .collect();
        assert!(missing.is_empty(), "{}", missing.join("\n"));
    }
}
