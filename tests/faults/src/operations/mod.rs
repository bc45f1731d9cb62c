//! Every operation that asks something of AWS: how to come to where it is called, the call as a client makes it and makes it again,
//! and what must hold once it has been answered.

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

/// What all cases share, and none changes.
pub(crate) struct World {
    pub(crate) studio: Visit,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self { studio: people::fresh_photographer().await }
    }

    /// A code number that came by SMS to nobody in particular.
    pub(crate) async fn issued(&self) -> Issued {
        let person = people::fresh("citizen").await;
        journeys::photographer::issue_by_sms(&self.studio, person.mobile()).await
    }
}

/// One call, ready to be made.
pub(crate) struct Prepared {
    /// As a client makes it, and makes it again after a failure.
    pub(crate) act: Box<dyn Fn() -> LocalBoxFuture<'static, Response>>,
    /// What must hold after this last answer.
    pub(crate) settled: Box<dyn Fn(Response) -> LocalBoxFuture<'static, ()>>,
}

type Act<S> = for<'a> fn(&'a S) -> LocalBoxFuture<'a, Response>;
type Settled<S> = for<'a> fn(&'a S, &'a Response) -> LocalBoxFuture<'a, ()>;

fn prepared<S: 'static>(state: S, act: Act<S>, settled: Settled<S>) -> Prepared {
    let state = Rc::new(state);
    let same = Rc::clone(&state);
    Prepared {
        act: Box::new(move || {
            let state = Rc::clone(&state);
            async move { act(&state).await }.boxed_local()
        }),
        settled: Box::new(move |answer| {
            let state = Rc::clone(&same);
            async move { settled(&state, &answer).await }.boxed_local()
        }),
    }
}

type Prepare = for<'a> fn(&'a World) -> LocalBoxFuture<'a, Prepared>;

pub(crate) struct Operation {
    /// The function's.
    pub(crate) name: &'static str,
    /// Of several ways to call it.
    pub(crate) way: &'static str,
    pub(crate) prepare: Prepare,
    /// How a repeated call may be refused, where the first one was used up: its client then begins anew.
    pub(crate) or: &'static [(u16, &'static str)],
    /// Nobody waits for its answer: a schedule calls it, and calls it again.
    pub(crate) is_run: bool,
}

impl Operation {
    const fn new(name: &'static str, prepare: Prepare) -> Self {
        Self { name, way: "", prepare, or: &[], is_run: false }
    }

    const fn way(mut self, way: &'static str) -> Self {
        self.way = way;
        self
    }

    const fn or(mut self, or: &'static [(u16, &'static str)]) -> Self {
        self.or = or;
        self
    }

    const fn on_schedule(mut self) -> Self {
        self.is_run = true;
        self
    }

    pub(crate) fn title(&self) -> String {
        if self.way.is_empty() { self.name.to_owned() } else { format!("{} {}", self.name, self.way) }
    }

    /// A part of the deployed function's name, which its calls bear: `-SubmitCode-`.
    pub(crate) fn function(&self) -> String {
        let words = self.name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]);
        format!("-{}-", words.collect::<String>())
    }
}

pub(crate) fn all() -> Vec<Operation> {
    [session::all(), photographer::all(), citizen::all(), application::all(), system::all()].into_iter().flatten().collect()
}

/// A future of a closure that borrows its argument, boxed.
macro_rules! boxed {
    (|$($argument:ident),+| $body:expr) => {
        |$($argument),+| futures_util::FutureExt::boxed_local(async move { $body })
    };
}
use boxed;

/// Nothing more than that it was answered as on a quiet day.
fn answered<'a, S>(_: &'a S, answer: &'a Response) -> LocalBoxFuture<'a, ()> {
    assert!(answer.status < 400, "{}", answer.text());
    async {}.boxed_local()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use super::all;

    /// What asks nothing of AWS.
    const NOTHING_TO_BREAK: [&str; 2] = ["serve_web", "unknown_route"];

    #[test]
    fn every_function_is_among_them() {
        let mut functions = BTreeSet::new();
        for folder in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../functions")).expect("the functions").flatten() {
            let list = fs::read_to_string(folder.path().join("Cargo.toml")).expect("a folder's list");
            let list: toml::Table = list.parse().expect("TOML");
            let names =
                list["bin"].as_array().expect("functions").iter().map(|function| function["name"].as_str().expect("a name").to_owned());
            functions.extend(names.filter(|name| !NOTHING_TO_BREAK.contains(&name.as_str())));
        }
        let broken: BTreeSet<String> = all().iter().map(|operation| operation.name.to_owned()).collect();
        assert_eq!(broken, functions);
    }
}
