//! Which processes use the processors: the emulator, the functions that it starts, the sandbox, this program, others. Read from /proc.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Duration,
};

use journeys::stack;
use tokio::{sync::oneshot, task::JoinHandle};

/// Processes that end between two looks are not counted to their end. Functions live for minutes.
const EVERY: Duration = Duration::from_secs(2);
/// Linux counts in hundredths of a second, whatever its own clock's pace.
const TICK: f64 = 0.01;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Whose {
    Emulator,
    /// By the operation's name.
    Function(String),
    Sandbox,
    Load,
}

/// Seconds of processor time.
pub(crate) struct Used {
    pub(crate) by: BTreeMap<Whose, f64>,
    /// Of all processors, idle or not.
    pub(crate) all: f64,
    pub(crate) idle: f64,
}

struct Seen {
    whose: Whose,
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

/// Counts from now on.
pub(crate) fn count() -> Counting {
    let (stop, mut stopped) = oneshot::channel();
    let roots = [(daemon("emulator"), Whose::Emulator), (daemon("sandbox"), Whose::Sandbox), (std::process::id(), Whose::Load)];
    let mut seen = BTreeMap::new();
    look(&roots, &mut seen, true);
    let (all, idle) = machine();
    let task = tokio::spawn(async move {
        while tokio::time::timeout(EVERY, &mut stopped).await.is_err() {
            look(&roots, &mut seen, false);
        }
        look(&roots, &mut seen, false);
        let (all_then, idle_then) = machine();
        let mut by = BTreeMap::new();
        for process in seen.values() {
            *by.entry(process.whose.clone()).or_default() += seconds(process.last - process.first);
        }
        Used { by, all: seconds(all_then - all), idle: seconds(idle_then - idle) }
    });
    Counting { stop, task }
}

/// The id of a process that `infra/local/stack.py` started.
fn daemon(name: &str) -> u32 {
    let file = Path::new(&stack::variable("STACK_FOLDER")).join(format!("{name}.pid"));
    fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok()).expect("the stack runs on this machine")
}

/// Whoever is new after the first look has used nothing before it.
fn look(roots: &[(u32, Whose)], seen: &mut BTreeMap<u32, Seen>, is_first: bool) {
    let all = all();
    for (root, whose) in roots {
        // Functions are the emulator's own children; they have none.
        let mut family = BTreeSet::from([*root]);
        family.extend(all.iter().filter(|(_, process)| process.parent == *root).map(|(id, _)| *id));
        for id in family {
            let Some(process) = all.get(&id) else { continue };
            let ticks = process.ticks;
            let entry = seen.entry(id).or_insert_with(|| Seen {
                whose: if id == *root { whose.clone() } else { function(id).unwrap_or_else(|| whose.clone()) },
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

/// Nothing where it has ended.
fn process(id: u32) -> Option<Process> {
    let line = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // After the name, which may hold anything, from the third field on: state, parent, ..., user and system time.
    let fields: Vec<&str> = line.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some(Process { parent: u32::try_from(number(1)?).ok()?, ticks: number(11)? + number(12)? })
}

/// The operation of a function's process: `myphoto-ShowSession-1A2B` is `show_session`.
fn function(id: u32) -> Option<Whose> {
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
    Some(Whose::Function(operation))
}

/// All time of all processors, and what of it was idle.
fn machine() -> (u64, u64) {
    let text = fs::read_to_string("/proc/stat").expect("Linux");
    let line = text.lines().next().expect("a first line");
    // User, nice, system, idle, waiting, interrupts (2), stolen; guests are counted in the first two.
    let ticks: Vec<u64> = line.split_whitespace().skip(1).take(8).filter_map(|field| field.parse().ok()).collect();
    (ticks.iter().sum(), ticks[3] + ticks[4])
}

fn seconds(ticks: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let ticks = ticks as f64;
    ticks * TICK
}
