//! How long each function takes to start, to answer its first event and the next ones, and how much memory it has, beside a function
//! that does nothing. Run by `make bench`, with a stack's settings; what it prints is explained in docs/benchmarks.md.
//!
//! Programs take turns, round after round, so that whatever else the machine does falls upon all of them.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a program that measures, and says what it measured")]

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

/// Events after the first one.
const WARM: usize = 20;
/// For one process, all of it.
const PATIENCE: Duration = Duration::from_secs(30);
const HELLO: &str = "hello_world";

/// Measures functions.
#[derive(Parser)]
struct Arguments {
    /// Only functions whose names hold one of these.
    functions: Vec<String>,
    /// Nothing but this.
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// A folder like target/lambda with functions that were built otherwise: `tls` measures them beside ours.
    #[arg(long)]
    beside: Option<PathBuf>,
    /// How often each program is started.
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// Where the figures go, as JSON.
    #[arg(long, default_value = "target/bench.json")]
    report: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// All functions.
    Starts,
    /// submit_code beside the same work in other languages.
    Peers,
    /// show_session over TLS, and without.
    Tls,
}

/// A program to be measured.
struct Program {
    name: String,
    command: Vec<PathBuf>,
    variables: BTreeMap<String, String>,
    event: Vec<u8>,
    /// What every answer must say, where that is known.
    answer: Option<Value>,
}

impl Program {
    /// Bytes of a program that is one file; 0 of a script, whose language is elsewhere.
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

/// All of them, one after the other, round after round.
async fn measure(api: &RuntimeApi, address: &str, programs: &[Program], rounds: usize) -> Vec<report::Row> {
    let mut measured = BTreeMap::<String, Vec<Measured>>::new();
    // Files are read once before anything counts.
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
    report::tell(&rows, &programs[0].name);
    rows
}

/// The variables of every deployed function.
fn environments() -> BTreeMap<String, BTreeMap<String, String>> {
    let printed = journeys::stack::python("tests/bench/environments.py", &[]).expect("the functions of a stack that runs");
    serde_json::from_slice(&printed).expect("JSON")
}

/// The binary that is deployed.
fn binary(function: &str) -> PathBuf {
    journeys::docs::root().join("target/lambda").join(function).join("bootstrap")
}

fn functions(wanted: &[String]) -> Vec<Program> {
    let event = |name: &str| sample(name).expect("a sample event");
    let hello = Program {
        name: HELLO.to_owned(),
        command: vec![journeys::docs::root().join("target/bench").join(HELLO).join("bootstrap")],
        variables: BTreeMap::new(),
        event: event("show_session"),
        answer: None,
    };
    let mut all = vec![hello];
    for (name, variables) in environments() {
        if wanted.is_empty() || wanted.iter().any(|text| name.contains(text.as_str())) {
            let event = event(&name);
            all.push(Program { command: vec![binary(&name)], name, variables, event, answer: None });
        }
    }
    all
}

/// The first of the function's sample events.
fn sample(function: &str) -> Option<Vec<u8>> {
    let mut files: Vec<_> = std::fs::read_dir(journeys::docs::root().join("events").join(function))
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.sort();
    std::fs::read(files.first()?).ok()
}

/// Starts a program, has it answer, and ends it.
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
    let watched = timeout(PATIENCE, done).await.unwrap_or_else(|_| panic!("{}: no answer", program.name)).expect("watched");
    let peak = memory(pid, "VmHWM");
    process.kill().await.expect("ended");
    assert!(watched.failure.is_none(), "{}: {:?}", program.name, watched.failure);
    let statuses = &watched.statuses;
    assert!(statuses.iter().all(|status| *status == statuses[0] && *status < 500), "{}: {statuses:?}", program.name);
    if let Some(answer) = &program.answer {
        assert_eq!(watched.answered, vec![answer.clone(); 1 + WARM], "{}", program.name);
    }
    let polled = watched.polled.expect("polled");
    Measured {
        init: polled - started,
        first: watched.answers[0],
        warm: watched.answers[1..].to_vec(),
        resident_at_poll: watched.resident_at_poll,
        peak,
        status: Value::from(statuses[0]),
    }
}
