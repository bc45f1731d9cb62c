//! Measures the processor time of the emulator, of the functions that it starts, of the sandbox, of this program, and of all other
//! processes. Reads /proc.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Duration,
};

use journeys::stack;
use tokio::{sync::oneshot, task::JoinHandle};

/// Interval between samples. The processor time that a process uses after its last sample is not counted. The error is small, because the
/// processes of functions live for minutes.
const SAMPLING_INTERVAL: Duration = Duration::from_secs(2);
/// Seconds in a tick. /proc counts in hundredths of a second, whatever the frequency of the kernel's timer.
const TICK: f64 = 0.01;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owner {
    Emulator,
    /// The process of a function. Contains the name of the operation.
    Function(String),
    Sandbox,
    Load,
}

/// Seconds of processor time.
pub(crate) struct Used {
    pub(crate) by: BTreeMap<Owner, f64>,
    /// Total time of all processors, idle or not.
    pub(crate) all: f64,
    pub(crate) idle: f64,
}

/// Ticks of a process at its first and last sample.
struct Sampled {
    owner: Owner,
    first: u64,
    last: u64,
}

pub(crate) struct Counting {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Used>,
}

impl Counting {
    pub(crate) async fn finish(self) -> Used {
        drop(self.stop);
        self.task.await.expect("the count")
    }
}

/// Starts to count processor time.
pub(crate) fn count() -> Counting {
    let (stop, mut stopped) = oneshot::channel();
    let roots = [(daemon("emulator"), Owner::Emulator), (daemon("sandbox"), Owner::Sandbox), (std::process::id(), Owner::Load)];
    let mut samples = BTreeMap::new();
    sample(&roots, &mut samples, true);
    let (all, idle) = machine();
    let task = tokio::spawn(async move {
        while tokio::time::timeout(SAMPLING_INTERVAL, &mut stopped).await.is_err() {
            sample(&roots, &mut samples, false);
        }
        sample(&roots, &mut samples, false);
        let (all_then, idle_then) = machine();
        let mut by = BTreeMap::new();
        for process in samples.values() {
            *by.entry(process.owner.clone()).or_default() += seconds(process.last - process.first);
        }
        Used { by, all: seconds(all_then - all), idle: seconds(idle_then - idle) }
    });
    Counting { stop, task }
}

/// Returns the id of a process that `infra/local/stack.py` started.
fn daemon(name: &str) -> u32 {
    let file = Path::new(&stack::variable("STACK_FOLDER")).join(format!("{name}.pid"));
    fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok()).expect("the stack runs on this machine")
}

/// Samples the processes in `roots` and their children. If a process began after the first sample, all of its processor time is counted.
fn sample(roots: &[(u32, Owner)], samples: &mut BTreeMap<u32, Sampled>, is_first: bool) {
    let all = all();
    for (root, owner) in roots {
        // The processes of functions are direct children of the emulator and have no children.
        let mut family = BTreeSet::from([*root]);
        family.extend(all.iter().filter(|(_, process)| process.parent == *root).map(|(id, _)| *id));
        for id in family {
            let Some(process) = all.get(&id) else { continue };
            let ticks = process.ticks;
            let entry = samples.entry(id).or_insert_with(|| Sampled {
                owner: if id == *root { owner.clone() } else { function(id).unwrap_or_else(|| owner.clone()) },
                first: if is_first { ticks } else { 0 },
                last: ticks,
            });
            entry.last = entry.last.max(ticks);
        }
    }
}

struct Process {
    parent: u32,
    ticks: u64,
}

fn all() -> BTreeMap<u32, Process> {
    let folders = fs::read_dir("/proc").expect("Linux").filter_map(Result::ok);
    folders.filter_map(|folder| folder.file_name().to_str()?.parse().ok()).filter_map(|id| Some((id, process(id)?))).collect()
}

/// Returns `None` if the process has ended.
fn process(id: u32) -> Option<Process> {
    let line = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The second field is the name in brackets, and the name may contain any character. Fields after it: state, parent, ..., user time,
    // system time.
    let fields: Vec<&str> = line.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some(Process { parent: u32::try_from(number(1)?).ok()?, ticks: number(11)? + number(12)? })
}

/// Returns the operation of a function's process: `show_session` for the function `myphoto-ShowSession-1A2B`.
fn function(id: u32) -> Option<Owner> {
    let environment = fs::read(format!("/proc/{id}/environ")).ok()?;
    let mut variables = environment.split(|byte| *byte == 0).filter_map(|variable| std::str::from_utf8(variable).ok());
    let name = variables.find_map(|variable| variable.strip_prefix("AWS_LAMBDA_FUNCTION_NAME="))?;
    let mut operation = String::new();
    for letter in name.split('-').nth(1)?.chars() {
        if letter.is_ascii_uppercase() && !operation.is_empty() {
            operation.push('_');
        }
        operation.push(letter.to_ascii_lowercase());
    }
    Some(Owner::Function(operation))
}

/// Returns the total ticks of all processors, and the idle ticks.
fn machine() -> (u64, u64) {
    let text = fs::read_to_string("/proc/stat").expect("Linux");
    let line = text.lines().next().expect("a first line");
    // The fields are: user, nice, system, idle, I/O wait, two kinds of interrupts, stolen. The last fields, time of virtual guests, are
    // skipped, because `user` and `nice` include them.
    let ticks: Vec<u64> = line.split_whitespace().skip(1).take(8).filter_map(|field| field.parse().ok()).collect();
    (ticks.iter().sum(), ticks[3] + ticks[4])
}

fn seconds(ticks: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let ticks = ticks as f64;
    ticks * TICK
}
