//! Prints the results and writes them as JSON. They contain nothing that identifies the machine or a person, such as addresses and paths.

use std::{collections::BTreeMap, fs, io, path::Path, time::Duration};

use goose::metrics::{GooseMetrics, GooseRequestMetricTimingData};
use serde::Serialize;

use crate::{
    Arguments,
    afterwards::Invariant,
    mix,
    own_time::LogSummary,
    processes::{Owner, Used},
};

#[derive(Serialize)]
pub(crate) struct Report {
    seconds: f64,
    users: u8,
    all: CallerTimes,
    /// Percentage of all requests, by kind of caller.
    mix: BTreeMap<String, f64>,
    operations: BTreeMap<String, Operation>,
    time: Time,
    /// Percentage of processor time, by owner.
    processors: BTreeMap<String, f64>,
    errors: BTreeMap<String, usize>,
    invariants: BTreeMap<String, bool>,
}

/// Times in milliseconds from sending the request until the response begins to arrive, as a caller measures them.
#[derive(Serialize)]
struct CallerTimes {
    requests: usize,
    requests_a_second: f64,
    p50: f64,
    p99: f64,
    mean: f64,
}

#[derive(Serialize)]
struct Operation {
    #[serde(flatten)]
    times: CallerTimes,
    /// Measurements from the function's log lines. Absent for uploads, which go to no function.
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<Function>,
}

/// Averages per call. Times are in milliseconds.
#[derive(Serialize)]
struct Function {
    /// Time from the event to the response.
    took: f64,
    /// Processor time of the function's process.
    processor: f64,
    aws_calls: f64,
}

/// Shares, in percent, of the time that callers waited for functions.
#[derive(Serialize)]
struct Time {
    /// Time before the function received the event and after it responded. In this time, the emulator forwards the request and the
    /// response.
    outside: f64,
    /// Time in which the function waited for the emulator's responses to its calls to AWS, or for a processor.
    waiting: f64,
    /// Time in which the function used a processor.
    working: f64,
}

impl Report {
    pub(crate) fn new(
        arguments: &Arguments,
        took: Duration,
        metrics: &GooseMetrics,
        logs: &LogSummary,
        used: &Used,
        failed: Vec<String>,
        invariants: &[Invariant],
    ) -> Self {
        let (mut all, mut callers, mut by_who) = (GooseRequestMetricTimingData::default(), Sum::default(), BTreeMap::new());
        let mut operations = BTreeMap::new();
        for (name, times) in metrics.requests.values().map(|of| (&of.path, &of.raw_data)) {
            add(&mut all, times);
            *by_who.entry(mix::part_of(name)).or_default() += times.counter;
            let function = logs.operations.get(name).map(|own| {
                let processor = used.by.get(&Owner::Function(name.clone())).copied().unwrap_or_default() * 1_000.0;
                callers.add(number(times.total_time_us) / 1_000.0, number(own.milliseconds), processor);
                let calls = number(own.calls);
                Function {
                    took: rounded(number(own.milliseconds) / calls),
                    processor: rounded(processor / calls),
                    aws_calls: rounded(number(own.aws_calls) / calls),
                }
            });
            operations.insert(name.clone(), Operation { times: CallerTimes::of(times, took), function });
        }
        let mut errors = BTreeMap::new();
        for error in failed.into_iter().chain(logs.failures.iter().map(|failure| format!("logged: {failure}"))) {
            *errors.entry(error).or_default() += 1;
        }
        let requests = all.counter;
        Self {
            seconds: rounded(took.as_secs_f64()),
            users: arguments.users,
            all: CallerTimes::of(&all, took),
            mix: by_who.into_iter().map(|(who, count): (&str, usize)| (who.to_owned(), percent(number(count), number(requests)))).collect(),
            operations,
            time: callers.shares(),
            processors: processors(used),
            errors,
            invariants: invariants.iter().map(|invariant| (invariant.name.to_owned(), invariant.holds)).collect(),
        }
    }

    /// Returns whether requests were made, without errors and without broken invariants.
    pub(crate) fn is_good(&self) -> bool {
        self.errors.is_empty() && self.invariants.values().all(|holds| *holds) && self.all.requests > 0
    }

    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        fs::write(path, format!("{}\n", serde_json::to_string_pretty(self)?))
    }

    pub(crate) fn print(&self) {
        println!(
            "\n{:22} {:>8} {:>6} {:>8} {:>8} {:>8} | {:>8} {:>9} {:>9}",
            "", "requests", "/s", "p50 ms", "p99 ms", "mean", "function", "processor", "AWS calls"
        );
        for (name, Operation { times, function }) in &self.operations {
            let own = function
                .as_ref()
                .map_or_else(String::new, |own| format!("{:>8.1} {:>9.1} {:>9.1}", own.took, own.processor, own.aws_calls));
            println!("{} | {own}", line(name, times));
        }
        println!("{} |", line("all", &self.all));
        println!("\nOf all requests: {}.", listed(&self.mix));
        let Time { outside, waiting, working } = self.time;
        println!(
            "Of the time that callers waited for functions: the gateway and running functions {outside:.0}%, functions that wait for AWS or for a processor {waiting:.0}%, functions that work {working:.0}%."
        );
        println!("Of the processors' time: {}.", listed(&self.processors));
        println!("\nerrors: {}", self.errors.values().sum::<usize>());
        for (error, times) in &self.errors {
            println!("  {times} x {error}");
        }
        let broken = self.invariants.iter().filter(|(_, holds)| !**holds);
        println!("invariants: {}, broken: {}", self.invariants.len(), broken.clone().count());
        for (name, _) in broken {
            println!("  BROKEN: {name}");
        }
    }
}

/// Sums of times, in milliseconds.
#[derive(Default)]
struct Sum {
    caller: f64,
    function: f64,
    processor: f64,
}

impl Sum {
    fn add(&mut self, caller: f64, function: f64, processor: f64) {
        self.caller += caller;
        self.function += function;
        self.processor += processor;
    }

    fn shares(&self) -> Time {
        let share = |part: f64| percent(part, self.caller);
        Time { outside: share(self.caller - self.function), waiting: share(self.function - self.processor), working: share(self.processor) }
    }
}

impl CallerTimes {
    fn of(times: &GooseRequestMetricTimingData, took: Duration) -> Self {
        let at = |share| rounded(number(times.percentile_us(share)) / 1_000.0);
        Self {
            requests: times.counter,
            requests_a_second: rounded(number(times.counter) / took.as_secs_f64()),
            p50: at(0.5),
            p99: at(0.99),
            mean: rounded(number(times.total_time_us) / number(times.counter).max(1.0) / 1_000.0),
        }
    }
}

/// Adds the times of an operation to the totals of all operations. Goose itself does not compute these totals.
fn add(all: &mut GooseRequestMetricTimingData, times: &GooseRequestMetricTimingData) {
    for (bucket, count) in times.times_us.iter() {
        let before = all.times_us.get(bucket).copied().unwrap_or_default();
        all.times_us.insert(*bucket, before + count);
    }
    all.minimum_time_us = if all.counter == 0 { times.minimum_time_us } else { all.minimum_time_us.min(times.minimum_time_us) };
    all.maximum_time_us = all.maximum_time_us.max(times.maximum_time_us);
    all.total_time_us += times.total_time_us;
    all.counter += times.counter;
}

fn processors(used: &Used) -> BTreeMap<String, f64> {
    let mut by = BTreeMap::<&str, f64>::new();
    for (owner, seconds) in &used.by {
        let name = match owner {
            Owner::Emulator => "emulator",
            Owner::Function(_) => "functions",
            Owner::Sandbox => "sandbox",
            Owner::Load => "load",
        };
        *by.entry(name).or_default() += seconds;
    }
    let others = used.all - used.idle - by.values().sum::<f64>();
    by.extend([("others", others.max(0.0)), ("idle", used.idle)]);
    by.into_iter().map(|(name, seconds)| (name.to_owned(), percent(seconds, used.all))).collect()
}

fn line(name: &str, times: &CallerTimes) -> String {
    let CallerTimes { requests, requests_a_second, p50, p99, mean } = times;
    format!("{name:22} {requests:>8} {requests_a_second:>6.1} {p50:>8.1} {p99:>8.1} {mean:>8.1}")
}

fn listed(shares: &BTreeMap<String, f64>) -> String {
    shares.iter().map(|(name, share)| format!("{name} {share:.1}%")).collect::<Vec<_>>().join(", ")
}

fn percent(part: f64, of: f64) -> f64 {
    if of > 0.0 { rounded(part / of * 100.0) } else { 0.0 }
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[expect(clippy::cast_precision_loss, reason = "counts and microseconds of some minutes")]
fn number(count: impl TryInto<u64>) -> f64 {
    count.try_into().unwrap_or_default() as f64
}
