//! Measures how long each function takes to start and to respond to events, and how much memory it uses. For comparison, also measures a
//! function that does nothing. `make bench` starts a stack and runs this program on it. docs/benchmarks.md explains the output.
//!
//! In each round every program runs once, so that other load on the machine affects all of them alike.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a measuring program that prints its results")]

mod over_tls;
mod peers;
mod report;
mod runtime_api;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::Stdio,
    time::{Duration, Instant},
};

use clap::{Parser, ValueEnum};
use report::Measured;
use runtime_api::{RuntimeApi, memory};
use serde_json::Value;
use tokio::{process::Command, time::timeout};

/// Number of events that each process gets after its first event.
const WARM: usize = 20;
/// Time limit for all events of one process.
const PROCESS_TIMEOUT: Duration = Duration::from_secs(30);
const HELLO: &str = "hello_world";

/// Measures functions.
#[derive(Parser)]
struct Arguments {
    /// Measures only functions whose names contain one of these texts.
    functions: Vec<String>,
    /// Runs only this group of benchmarks.
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// A folder with the functions of another build, laid out like target/lambda. The group `tls` also measures show_session from this
    /// folder.
    #[arg(long)]
    beside: Option<PathBuf>,
    /// How often each program is started.
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// The file for the results, as JSON.
    #[arg(long, default_value = "target/bench.json")]
    report: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Measures the deployed functions.
    Starts,
    /// Measures submit_code and programs in other languages that do the same work.
    Peers,
    /// Measures show_session with and without TLS.
    Tls,
}

/// A program to be measured.
struct Program {
    name: String,
    command: Vec<PathBuf>,
    variables: BTreeMap<String, String>,
    event: Vec<u8>,
    /// The body that every response must have, if known.
    expected_body: Option<Value>,
}

impl Program {
    /// Returns the size of the program's file in bytes, or 0 for a script, which is run by an interpreter.
    fn size(&self) -> u64 {
        if let [path] = self.command.as_slice() { path.metadata().map_or(0, |file| file.len()) } else { 0 }
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let arguments = Arguments::parse();
    let api = RuntimeApi::default();
    let address = api.start().await;
    let mut reports = Vec::new();
    for (part, name) in [(Part::Starts, "starts"), (Part::Peers, "peers"), (Part::Tls, "tls")] {
        if arguments.only.map_or(part == Part::Starts || arguments.functions.is_empty(), |only| only == part) {
            let programs = match part {
                Part::Starts => functions(&arguments.functions),
                Part::Peers => peers::programs(environments()).await,
                Part::Tls => over_tls::programs(environments(), arguments.beside.as_ref()).await,
            };
            reports.push((name, measure(&api, &address, &programs, arguments.rounds).await));
        }
    }
    report::write(&reports, &arguments.report);
}

/// Runs all programs one after the other in each round.
async fn measure(api: &RuntimeApi, address: &str, programs: &[Program], rounds: usize) -> Vec<report::Row> {
    let mut measured = BTreeMap::<String, Vec<Measured>>::new();
    // An uncounted run loads all files into the page cache.
    for program in programs {
        run(api, address, program).await;
    }
    for round in 1..=rounds {
        for program in programs {
            measured.entry(program.name.clone()).or_default().push(run(api, address, program).await);
        }
        println!("round {round} of {rounds}");
    }
    let sizes = programs.iter().map(|program| (program.name.clone(), program.size())).collect();
    let rows = report::rows(&measured, &sizes, &programs[0].name);
    report::print(&rows, &programs[0].name);
    rows
}

/// Returns the environment variables of every deployed function.
fn environments() -> BTreeMap<String, BTreeMap<String, String>> {
    let printed = journeys::stack::python("tests/bench/environments.py", &[]).expect("the functions of a running stack");
    serde_json::from_slice(&printed).expect("JSON")
}

/// Returns the path of a deployed function's binary.
fn binary(function: &str) -> PathBuf {
    journeys::docs::root().join("target/lambda").join(function).join("bootstrap")
}

/// Returns the function that does nothing, followed by the deployed functions. If `selected` is not empty, it includes only deployed
/// functions whose names contain one of the texts in `selected`.
fn functions(selected: &[String]) -> Vec<Program> {
    let event = |name: &str| sample(name).expect("a sample event");
    let hello = Program {
        name: HELLO.to_owned(),
        command: vec![journeys::docs::root().join("target/bench").join(HELLO).join("bootstrap")],
        variables: BTreeMap::new(),
        event: event("show_session"),
        expected_body: None,
    };
    let mut all = vec![hello];
    for (name, variables) in environments() {
        if selected.is_empty() || selected.iter().any(|text| name.contains(text.as_str())) {
            let event = event(&name);
            all.push(Program { command: vec![binary(&name)], name, variables, event, expected_body: None });
        }
    }
    all
}

/// Returns the first of the function's sample events.
fn sample(function: &str) -> Option<Vec<u8>> {
    let mut files: Vec<_> = std::fs::read_dir(journeys::docs::root().join("events").join(function))
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.sort();
    std::fs::read(files.first()?).ok()
}

/// Starts a program, sends all events to it, and ends it.
async fn run(api: &RuntimeApi, address: &str, program: &Program) -> Measured {
    let done = api.expect(&program.event, 1 + WARM);
    let mut command = Command::new(&program.command[0]);
    command
        .args(&program.command[1..])
        .env_clear()
        .envs(std::env::vars().filter(|(name, _)| name.starts_with("AWS_")))
        .envs(&program.variables)
        .env("AWS_LAMBDA_RUNTIME_API", address)
        .env("AWS_LAMBDA_FUNCTION_NAME", &program.name)
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let started = Instant::now();
    let mut process = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.name));
    let pid = process.id().expect("a process");
    api.started(pid);
    let watched = timeout(PROCESS_TIMEOUT, done).await.unwrap_or_else(|_| panic!("{}: no response", program.name)).expect("watched");
    let peak = memory(pid, "VmHWM");
    process.kill().await.expect("ended");
    assert!(watched.failure.is_none(), "{}: {:?}", program.name, watched.failure);
    let statuses = &watched.statuses;
    assert!(statuses.iter().all(|status| *status == statuses[0] && *status < 500), "{}: {statuses:?}", program.name);
    if let Some(body) = &program.expected_body {
        assert_eq!(watched.bodies, vec![body.clone(); 1 + WARM], "{}", program.name);
    }
    let polled = watched.polled.expect("a poll");
    Measured {
        init: polled - started,
        first: watched.durations[0],
        warm: watched.durations[1..].to_vec(),
        resident_at_poll: watched.resident_at_poll,
        peak,
        status: Value::from(statuses[0]),
    }
}
