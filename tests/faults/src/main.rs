//! Every call to AWS of every operation fails in every way, one at a time, and once again as a client would: nothing is lost, doubled or
//! half done. Run by `make faults`, on a stack with proxies (`stack.py up --faulty`).
//!
//! What an operation calls is found by watching it on a quiet day. Then, for each call and each way to fail: it is made with that call
//! broken, and must be answered in time, by a success or by a problem; then nothing is broken any more, the same call is made again,
//! and what it should have brought about must be there, once. A fault that did not fire is a failure of the case.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a program of tests, which says how far it is")]

#[path = "../../tests/aws/mod.rs"]
mod aws;
mod invariants;
#[path = "../../tests/aws/items.rs"]
mod items;
#[path = "../../tests/aws/reminders.rs"]
mod kept_reminders;
mod kill;
#[path = "../../tests/aws/objects.rs"]
mod objects;
mod operations;
#[path = "../../tests/aws/outbox.rs"]
mod outbox;
mod proxy;
mod requests;

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

/// The gateway waits no longer.
const IN_TIME: Duration = Duration::from_secs(29);
/// Cases of one operation that are made ready side by side.
const TOGETHER: usize = 6;

/// Breaks calls to AWS.
#[derive(Parser)]
struct Arguments {
    /// Only operations whose names hold one of these.
    operations: Vec<String>,
    /// Only this fault: throttle, server_error, conflict, reset_before, reset_after, timeout, late, kill.
    #[arg(long)]
    fault: Option<String>,
    /// Breaks nothing: writes to this file what each operation costs (`MYPHOTO_RECORD` must name what the proxies record).
    #[arg(long)]
    requests: Option<std::path::PathBuf>,
    /// A few cases: of writes to tables, those that are hardest to get right.
    #[arg(long)]
    sample: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// The fault; once, or as long as the first attempt of the client lasts.
    Broken(Fault, bool),
    /// The function's process ends before the call.
    Killed,
}

impl How {
    fn name(self) -> String {
        match self {
            Self::Broken(fault, once) => format!("{}{}", fault.name(), if once { " once" } else { "" }),
            Self::Killed => "kill".to_owned(),
        }
    }
}

struct Case {
    call: AwsCall,
    how: How,
}

impl Case {
    fn name(&self) -> String {
        let AwsCall { service, operation, nth } = &self.call;
        let number = if *nth > 0 { format!(" {}", nth + 1) } else { String::new() };
        format!("{service} {operation}{number}: {}", self.how.name())
    }
}

static SAID: Mutex<String> = Mutex::new(String::new());

/// The last panic, in a line.
fn said() -> String {
    SAID.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
        *SAID.lock().unwrap_or_else(PoisonError::into_inner) = info.to_string().replace('\n', " ");
    }));
    let (mut count, mut failures) = (BTreeMap::<String, usize>::new(), Vec::new());
    for operation in operations::all() {
        let wanted = arguments.operations.iter().any(|text| operation.name.contains(text.as_str()));
        if !(wanted || arguments.operations.is_empty()) {
            continue;
        }
        let started = Instant::now();
        // For each its own: a session ends when it is not used for half an hour, which the sender's cases take.
        let world = World::new().await;
        let Ok(cases) = AssertUnwindSafe(cases(&world, &operation, &arguments)).catch_unwind().await else {
            failures.push(format!("{}: on a quiet day: {}", operation.title(), said()));
            println!("FAILED {}", failures[failures.len() - 1]);
            continue;
        };
        // One run takes all that is due.
        for some in cases.chunks(if operation.is_run { 1 } else { TOGETHER }) {
            let ready = join_all(some.iter().map(|_| AssertUnwindSafe((operation.prepare)(&world)).catch_unwind())).await;
            for (case, ready) in some.iter().zip(ready) {
                let done = async { attempt(&operation, case, ready.expect("made ready")).await };
                let end = AssertUnwindSafe(done).catch_unwind().await;
                proxy::clear().await;
                *count.entry(case.how.name()).or_default() += 1;
                if end.is_err() {
                    println!("FAILED {}: {}: {}", operation.title(), case.name(), said());
                    failures.push(format!("{}: {}", operation.title(), case.name()));
                }
            }
        }
        if let Err(_panic) = AssertUnwindSafe(invariants::hold(since)).catch_unwind().await {
            println!("FAILED {}: what must hold between tables: {}", operation.title(), said());
            failures.push(format!("{}: invariants", operation.title()));
        }
        println!("{}: {} cases in {} s", operation.title(), cases.len(), started.elapsed().as_secs());
    }
    println!("cases: {}; of each kind: {count:?}; failed: {}", count.values().sum::<usize>(), failures.len());
    for failure in &failures {
        println!("  {failure}");
    }
    if failures.is_empty() && !count.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// All of an operation, after watching it once.
async fn cases(world: &World, operation: &Operation, arguments: &Arguments) -> Vec<Case> {
    let quiet = (operation.prepare)(world).await;
    proxy::watch(&operation.function()).await;
    let answer = (quiet.act)().await;
    let calls = proxy::calls().await;
    proxy::clear().await;
    assert!(answer.status < 400, "{} on a quiet day: {}", operation.title(), answer.text());
    assert!(!calls.is_empty(), "{} calls nothing: is this a stack with proxies?", operation.title());
    (quiet.settled)(answer).await;
    let mut cases = Vec::new();
    for call in &calls {
        // A run asks for the reminders of each day in the same way, sixteen times: the first and the last of a kind tell of all.
        let is_last = !calls.iter().any(|other| other.service == call.service && other.operation == call.operation && other.nth > call.nth);
        if operation.is_run && call.nth > 0 && !is_last {
            continue;
        }
        for how in ways(call, arguments.sample) {
            if arguments.fault.as_ref().is_none_or(|wanted| how.name().starts_with(wanted.as_str())) {
                cases.push(Case { call: call.clone(), how });
            }
        }
    }
    cases
}

/// The ways in which a call is broken. Once: what the SDK's own repetition must bear. Longer: what the client hears of.
fn ways(call: &AwsCall, sample: bool) -> Vec<How> {
    let possible = |fault: &Fault| fault.effect(call).is_some();
    if sample {
        let broken = |faults: &[Fault]| faults.iter().copied().filter(possible).map(|fault| How::Broken(fault, false)).collect();
        return match (call.service.as_str(), call.operation.as_str()) {
            ("dynamodb", "GetItem" | "BatchGetItem" | "Query") => Vec::new(),
            ("dynamodb", "TransactWriteItems") => {
                let mut some: Vec<How> = broken(&[Fault::ResetAfter, Fault::Throttle, Fault::Conflict]);
                some.push(How::Killed);
                some
            }
            ("dynamodb", _) => broken(&[Fault::ResetAfter, Fault::Throttle, Fault::Conflict]),
            _ => Vec::new(),
        };
    }
    let lasting = FAULTS.into_iter().filter(|fault| *fault != Fault::Late).filter(possible).map(|fault| How::Broken(fault, false));
    let once = [Fault::Conflict, Fault::ResetAfter, Fault::Late].into_iter().filter(possible).map(|fault| How::Broken(fault, true));
    lasting.chain(once).chain([How::Killed]).collect()
}

async fn attempt(operation: &Operation, case: &Case, ready: Prepared) {
    let started = Instant::now();
    let first = match case.how {
        How::Broken(fault, once) => {
            let effect = fault.effect(&case.call).expect("a way to break it");
            proxy::break_call(&operation.function(), &case.call, &effect, once).await;
            (ready.act)().await
        }
        How::Killed => kill::before(&operation.function(), &case.call, (ready.act)()).await,
    };
    let took = started.elapsed();
    assert!(operation.is_run || took < IN_TIME, "answered after {took:?}");
    assert!(proxy::has_met(&case.call).await, "the fault did not fire");
    proxy::clear().await;
    if first.status >= 400 && !operation.is_run {
        match case.how {
            How::Broken(fault, once) => {
                assert!(!(fault == Fault::Conflict && once), "a single conflict is ours to bear: {}", first.text());
                is_a_failure(operation, fault, &first);
            }
            How::Killed => {}
        }
    }
    let mut last = first;
    // A client waits a little, and tries again.
    for pause in [50, 500, 2_000, 4_000] {
        if last.status < 500 && last.status != 409 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(pause)).await;
        last = (ready.act)().await;
    }
    if operation.is_run {
        last = last.expect(200);
    } else if last.status >= 400 {
        let problem = last.problem();
        let expected = operation.or.iter().any(|(status, code)| (*status, *code) == (problem.status, problem.code.as_str()));
        assert!(expected, "in the end: {problem:?}");
    }
    (ready.settled)(last).await;
}

/// An answer that says that we failed, or that somebody else was quicker; or one of those of a call that was used up. Of another transaction
/// the latter is said, and nothing else.
fn is_a_failure(operation: &Operation, fault: Fault, answer: &Response) {
    let problem = answer.problem();
    let ours = match (problem.status, problem.code.as_str()) {
        (409, "conflict") => true,
        (500, "internal") | (502, "otp_not_sent") | (503, "throttled") | (504, "timeout") => fault != Fault::Conflict,
        _ => false,
    };
    let expected = operation.or.iter().any(|(status, code)| (*status, *code) == (problem.status, problem.code.as_str()));
    assert!(ours || expected, "first: {problem:?}");
}
