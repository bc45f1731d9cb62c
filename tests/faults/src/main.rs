//! Makes each operation's calls to AWS fail, one call and one kind of fault at a time, and asserts that nothing is lost, done twice or left
//! half done. Run by `make faults`, on a stack with proxies (`stack.py up --faulty`).
//!
//! The program first runs an operation without faults and records its calls to AWS. Each combination of a call and a fault is then a case:
//! 1. The client's request is made while that call fails. The client must get a response before the gateway's timeout, either a success or
//!    a problem.
//! 2. The fault is removed and the client repeats the request. The intended effect must exist exactly once.
//!
//! A case also fails if its fault did not occur.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a test program that prints its progress")]

#[path = "../../tests/aws/mod.rs"]
mod aws;
mod invariants;
#[path = "../../tests/aws/items.rs"]
mod items;
mod kill;
#[path = "../../tests/aws/objects.rs"]
mod objects;
mod operations;
#[path = "../../tests/aws/outbox.rs"]
mod outbox;
mod proxy;
mod requests;
#[path = "../../tests/aws/reminders.rs"]
mod stored_reminders;

use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    process::ExitCode,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use clap::Parser;
use futures_util::{FutureExt, future::join_all};
use journeys::browser::Response;
use operations::{Operation, Prepared, World};
use proxy::{AwsCall, FAULTS, Fault};

/// The integration timeout of API Gateway.
const GATEWAY_TIMEOUT: Duration = Duration::from_secs(29);
/// Number of cases of an operation that are prepared concurrently.
const CONCURRENT_PREPARATIONS: usize = 6;

/// Makes calls to AWS fail and checks that the service recovers.
#[derive(Parser)]
struct Arguments {
    /// Tests only operations whose names contain one of these texts.
    operations: Vec<String>,
    /// Tests only this fault: throttle, server_error, conflict, reset_before, reset_after, timeout, late or kill.
    #[arg(long)]
    fault: Option<String>,
    /// Causes no faults. Runs each operation once and writes its requests to AWS and their cost to this file. The environment variable
    /// `MYPHOTO_RECORD` must be the path of the file that the proxies write.
    #[arg(long)]
    requests: Option<std::path::PathBuf>,
    /// Tests only a few cases: writes to tables, with the faults that are hardest to handle.
    #[arg(long)]
    sample: bool,
}

/// The way in which a call to AWS is made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    /// The call gets a fault, either once (`true`) or at each attempt during the client's first request (`false`).
    Broken(Fault, bool),
    /// The function's process is killed before AWS receives the call.
    Killed,
}

impl Failure {
    fn name(self) -> String {
        match self {
            Self::Broken(fault, once) => format!("{}{}", fault.name(), if once { " once" } else { "" }),
            Self::Killed => "kill".to_owned(),
        }
    }
}

struct Case {
    call: AwsCall,
    failure: Failure,
}

impl Case {
    fn name(&self) -> String {
        let AwsCall { service, operation, nth } = &self.call;
        let number = if *nth > 0 { format!(" {}", nth + 1) } else { String::new() };
        format!("{service} {operation}{number}: {}", self.failure.name())
    }
}

static LAST_PANIC: Mutex<String> = Mutex::new(String::new());

/// Returns the message of the last panic in one line.
fn last_panic() -> String {
    LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    journeys::stack::end_schedules();
    proxy::warm().await;
    proxy::clear().await;
    let since = domain::Moment::from_epoch_seconds(journeys::application::now());
    if let Some(file) = &arguments.requests {
        requests::write(&World::new().await, file).await;
        return ExitCode::SUCCESS;
    }
    std::panic::set_hook(Box::new(|info| {
        *LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner) = info.to_string().replace('\n', " ");
    }));
    let (mut count, mut failures) = (BTreeMap::<String, usize>::new(), Vec::new());
    for operation in operations::all() {
        let is_selected = arguments.operations.iter().any(|text| operation.name.contains(text.as_str()));
        if !(is_selected || arguments.operations.is_empty()) {
            continue;
        }
        let started = Instant::now();
        // Each operation gets separate people and sessions, because the cases of deliver_code take longer than a session may be idle (30
        // minutes).
        let world = World::new().await;
        let Ok(cases) = AssertUnwindSafe(cases(&world, &operation, &arguments)).catch_unwind().await else {
            failures.push(format!("{}: without faults: {}", operation.title(), last_panic()));
            println!("FAILED {}", failures[failures.len() - 1]);
            continue;
        };
        // A scheduled run processes the due messages and reminders of all cases that are prepared, so these cases are prepared one by one.
        for some in cases.chunks(if operation.is_run { 1 } else { CONCURRENT_PREPARATIONS }) {
            let preparations = join_all(some.iter().map(|_| AssertUnwindSafe((operation.prepare)(&world)).catch_unwind())).await;
            for (case, prepared) in some.iter().zip(preparations) {
                let attempt = async { attempt(&operation, case, prepared.expect("prepared")).await };
                let result = AssertUnwindSafe(attempt).catch_unwind().await;
                proxy::clear().await;
                *count.entry(case.failure.name()).or_default() += 1;
                if result.is_err() {
                    println!("FAILED {}: {}: {}", operation.title(), case.name(), last_panic());
                    failures.push(format!("{}: {}", operation.title(), case.name()));
                }
            }
        }
        if let Err(_panic) = AssertUnwindSafe(invariants::assert_consistent(since)).catch_unwind().await {
            println!("FAILED {}: consistency of the tables: {}", operation.title(), last_panic());
            failures.push(format!("{}: invariants", operation.title()));
        }
        println!("{}: {} cases in {} s", operation.title(), cases.len(), started.elapsed().as_secs());
    }
    println!("cases: {}; by failure: {count:?}; failed: {}", count.values().sum::<usize>(), failures.len());
    for failure in &failures {
        println!("  {failure}");
    }
    if failures.is_empty() && !count.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs an operation once without faults and returns its cases.
async fn cases(world: &World, operation: &Operation, arguments: &Arguments) -> Vec<Case> {
    let prepared = (operation.prepare)(world).await;
    proxy::watch(&operation.function()).await;
    let response = (prepared.act)().await;
    let calls = proxy::calls().await;
    proxy::clear().await;
    assert!(response.status < 400, "{} without faults: {}", operation.title(), response.text());
    assert!(!calls.is_empty(), "{} makes no calls: does this stack have proxies?", operation.title());
    (prepared.settled)(response).await;
    let mut cases = Vec::new();
    for call in &calls {
        // If a scheduled run repeats a call, faults are injected only into the first and the last of the repeated calls. For example,
        // `send_reminders` makes one query for each day and shard, sixteen in total.
        let is_last = !calls.iter().any(|other| other.service == call.service && other.operation == call.operation && other.nth > call.nth);
        if operation.is_run && call.nth > 0 && !is_last {
            continue;
        }
        for failure in failures_of(call, arguments.sample) {
            if arguments.fault.as_ref().is_none_or(|selected| failure.name().starts_with(selected.as_str())) {
                cases.push(Case { call: call.clone(), failure });
            }
        }
    }
    cases
}

/// Returns the ways in which a call is made to fail. A fault occurs either once, so that a retry by the SDK can succeed, or at every
/// attempt, so that the SDK gives up.
fn failures_of(call: &AwsCall, sample: bool) -> Vec<Failure> {
    let possible = |fault: &Fault| fault.effect(call).is_some();
    if sample {
        let broken = |faults: &[Fault]| faults.iter().copied().filter(possible).map(|fault| Failure::Broken(fault, false)).collect();
        return match (call.service.as_str(), call.operation.as_str()) {
            ("dynamodb", "GetItem" | "BatchGetItem" | "Query") => Vec::new(),
            ("dynamodb", "TransactWriteItems") => {
                let mut some: Vec<Failure> = broken(&[Fault::ResetAfter, Fault::Throttle, Fault::Conflict]);
                some.push(Failure::Killed);
                some
            }
            ("dynamodb", _) => broken(&[Fault::ResetAfter, Fault::Throttle, Fault::Conflict]),
            _ => Vec::new(),
        };
    }
    let lasting = FAULTS.into_iter().filter(|fault| *fault != Fault::Late).filter(possible).map(|fault| Failure::Broken(fault, false));
    let once = [Fault::Conflict, Fault::ResetAfter, Fault::Late].into_iter().filter(possible).map(|fault| Failure::Broken(fault, true));
    lasting.chain(once).chain([Failure::Killed]).collect()
}

/// Runs one case.
async fn attempt(operation: &Operation, case: &Case, prepared: Prepared) {
    let started = Instant::now();
    let first = match case.failure {
        Failure::Broken(fault, once) => {
            let effect = fault.effect(&case.call).expect("a fault that applies to the call");
            proxy::break_call(&operation.function(), &case.call, &effect, once).await;
            (prepared.act)().await
        }
        Failure::Killed => kill::before(&operation.function(), &case.call, (prepared.act)()).await,
    };
    let took = started.elapsed();
    assert!(operation.is_run || took < GATEWAY_TIMEOUT, "the response took {took:?}");
    assert!(proxy::has_met(&case.call).await, "the fault did not occur");
    proxy::clear().await;
    if first.status >= 400 && !operation.is_run {
        match case.failure {
            Failure::Broken(fault, once) => {
                assert!(!(fault == Fault::Conflict && once), "the client sees a single conflict: {}", first.text());
                assert_expected_problem(operation, fault, &first);
            }
            Failure::Killed => {}
        }
    }
    let mut last = first;
    // Repeats the request after a pause, as a client would.
    for pause in [50, 500, 2_000, 4_000] {
        if last.status < 500 && last.status != 409 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(pause)).await;
        last = (prepared.act)().await;
    }
    if operation.is_run {
        last = last.expect(200);
    } else if last.status >= 400 {
        let problem = last.problem();
        let expected = operation.accepted_problems.iter().any(|(status, code)| (*status, *code) == (problem.status, problem.code.as_str()));
        assert!(expected, "the last response: {problem:?}");
    }
    (prepared.settled)(last).await;
}

/// Asserts that the client got a problem that the fault can cause. The problem `conflict` and the operation's `accepted_problems` are
/// accepted after every fault. A server error (5xx) is accepted too, but not after `Fault::Conflict`.
fn assert_expected_problem(operation: &Operation, fault: Fault, response: &Response) {
    let problem = response.problem();
    let is_failure = match (problem.status, problem.code.as_str()) {
        (409, "conflict") => true,
        (500, "internal") | (502, "otp_not_sent") | (503, "throttled") | (504, "timeout") => fault != Fault::Conflict,
        _ => false,
    };
    let expected = operation.accepted_problems.iter().any(|(status, code)| (*status, *code) == (problem.status, problem.code.as_str()));
    assert!(is_failure || expected, "the first response: {problem:?}");
}
