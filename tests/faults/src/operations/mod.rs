//! Every operation that makes calls to AWS: how to prepare it, the request of its client, and what must hold after the last response.

mod application;
mod citizen;
mod photographer;
mod session;
mod system;

use std::rc::Rc;

use futures_util::{FutureExt, future::LocalBoxFuture};
use journeys::{
    browser::Response,
    people::{self, Visit},
    photographer::Issued,
};

/// State that all cases of an operation share and none changes.
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

/// A client's request that can be made, and the check after it.
pub(crate) struct Prepared {
    /// Makes the request. Called again after a failure, as a client repeats a request.
    pub(crate) act: Box<dyn Fn() -> LocalBoxFuture<'static, Response>>,
    /// Asserts what must hold after the last response.
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

type Prepare = for<'a> fn(&'a World) -> LocalBoxFuture<'a, Prepared>;

pub(crate) struct Operation {
    /// Name of the function.
    pub(crate) name: &'static str,
    /// Distinguishes several variants of the same operation. Empty if there is only one.
    pub(crate) variant: &'static str,
    pub(crate) prepare: Prepare,
    /// Problems (status and code) that a repeated request may get because the first request was used up. Its client then starts again.
    pub(crate) accepted_problems: &'static [(u16, &'static str)],
    /// Whether a schedule runs the operation, so that no caller waits for a response.
    pub(crate) is_run: bool,
}

impl Operation {
    const fn new(name: &'static str, prepare: Prepare) -> Self {
        Self { name, variant: "", prepare, accepted_problems: &[], is_run: false }
    }

    const fn variant(mut self, variant: &'static str) -> Self {
        self.variant = variant;
        self
    }

    const fn or_problems(mut self, accepted_problems: &'static [(u16, &'static str)]) -> Self {
        self.accepted_problems = accepted_problems;
        self
    }

    const fn on_schedule(mut self) -> Self {
        self.is_run = true;
        self
    }

    pub(crate) fn title(&self) -> String {
        if self.variant.is_empty() { self.name.to_owned() } else { format!("{} {}", self.name, self.variant) }
    }

    /// Returns a part of the deployed function's name that occurs in the user agent of its calls: `-SubmitCode-`.
    pub(crate) fn function(&self) -> String {
        let words = self.name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]);
        format!("-{}-", words.collect::<String>())
    }
}

pub(crate) fn all() -> Vec<Operation> {
    [session::all(), photographer::all(), citizen::all(), application::all(), system::all()].into_iter().flatten().collect()
}

/// A closure that borrows its argument and returns a boxed future.
macro_rules! boxed {
    (|$($argument:ident),+| $body:expr) => {
        |$($argument),+| futures_util::FutureExt::boxed_local(async move { $body })
    };
}
use boxed;

/// Asserts only that the last response is a success.
fn succeeds<'a, S>(_: &'a S, response: &'a Response) -> LocalBoxFuture<'a, ()> {
    assert!(response.status < 400, "{}", response.text());
    async {}.boxed_local()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use super::all;

    /// Functions that make no calls to AWS.
    const WITHOUT_AWS_CALLS: [&str; 2] = ["serve_web", "unknown_route"];

    #[test]
    fn every_function_that_calls_aws_is_an_operation() {
        let mut functions = BTreeSet::new();
        for folder in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../functions")).expect("the functions").flatten() {
            let list = fs::read_to_string(folder.path().join("Cargo.toml")).expect("a folder's list");
            let list: toml::Table = list.parse().expect("TOML");
            let names =
                list["bin"].as_array().expect("functions").iter().map(|function| function["name"].as_str().expect("a name").to_owned());
            functions.extend(names.filter(|name| !WITHOUT_AWS_CALLS.contains(&name.as_str())));
        }
        let broken: BTreeSet<String> = all().iter().map(|operation| operation.name.to_owned()).collect();
        assert_eq!(broken, functions);
    }
}
