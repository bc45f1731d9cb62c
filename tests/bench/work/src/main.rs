//! Time and memory of what functions do with pictures, beside other libraries. Run by `make bench-work`; what it prints is explained in
//! docs/benchmarks.md.
//!
//! Each case has a process of its own, so that its memory is its own; cases take turns, round after round, so that whatever else the
//! machine does falls upon all of them.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a program that measures, and says what it measured")]

mod cases;
mod portraits;

use std::{
    collections::BTreeMap,
    fs,
    hint::black_box,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use cases::{Case, GROUPS};
use clap::Parser;
use serde::{Deserialize, Serialize};

/// Of one process; the first is not counted.
const TIMES: usize = 4;

/// Measures work on pictures.
#[derive(Parser)]
struct Arguments {
    /// How often each case is run in a process of its own.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// The two pictures are made here.
    #[arg(long, default_value = "target/bench/pictures")]
    folder: PathBuf,
    /// Where the figures go, as JSON.
    #[arg(long, default_value = "target/work.json")]
    report: PathBuf,
    /// One case, for the program itself: the numbers of its group and of it.
    #[arg(long, num_args = 2, hide = true)]
    case: Option<Vec<usize>>,
    /// Its picture.
    #[arg(long, hide = true)]
    picture: Option<PathBuf>,
}

/// What a case's process says.
#[derive(Serialize, Deserialize)]
struct Seen {
    ms: Vec<f64>,
    peak_kb: u64,
}

#[derive(Serialize)]
struct Row {
    group: &'static str,
    case: &'static str,
    picture: String,
    ms: f64,
    spread: (f64, f64),
    /// To the first of its group.
    ratio: f64,
    /// Of the process; None where another one does the work.
    peak_mb: Option<f64>,
}

fn main() {
    let arguments = Arguments::parse();
    if let (Some(at), Some(picture)) = (&arguments.case, &arguments.picture) {
        println!("{}", serde_json::to_string(&work(&GROUPS[at[0]].cases[at[1]], picture)).expect("JSON"));
        return;
    }
    fs::create_dir_all(&arguments.folder).expect("a folder");
    let pictures = portraits::make(&arguments.folder);
    let mut seen = BTreeMap::<(usize, usize, usize), Vec<Seen>>::new();
    for _ in 0..arguments.rounds {
        for (group, cases) in GROUPS.iter().enumerate().map(|(at, group)| (at, group.cases)) {
            for (picture, portrait) in pictures.iter().enumerate() {
                for (at, _) in cases.iter().enumerate().filter(|(_, case)| is_possible(case)) {
                    seen.entry((group, picture, at)).or_default().push(apart(group, at, &portrait.path));
                }
            }
        }
    }
    let (mut rows, mut first) = (Vec::new(), 0.0);
    for ((group, picture, at), seen) in &seen {
        let mut times: Vec<f64> = seen.iter().flat_map(|one| one.ms.iter().copied()).collect();
        times.sort_by(f64::total_cmp);
        let part = |of: usize| times[(times.len() - 1) * of / 4];
        // Each group begins with its first case.
        if *at == 0 {
            first = part(2);
        }
        let case = &GROUPS[*group].cases[*at];
        rows.push(Row {
            group: GROUPS[*group].name,
            case: case.name,
            picture: pictures[*picture].name.clone(),
            ms: part(2),
            spread: (part(1), part(3)),
            ratio: part(2) / first,
            peak_mb: seen.iter().map(|one| one.peak_kb).max().filter(|_| !is_elsewhere(case)).map(|kb| kb as f64 * 1.024 / 1_000.0),
        });
    }
    tell(&rows);
    fs::write(&arguments.report, serde_json::to_string_pretty(&rows).expect("JSON")).expect("the report");
}

/// Whether another program does the work.
fn is_elsewhere(case: &Case) -> bool {
    case.name.contains("djpeg")
}

fn is_possible(case: &Case) -> bool {
    !is_elsewhere(case) || Command::new("djpeg").arg("-version").output().is_ok()
}

/// A case in a process of its own.
fn apart(group: usize, case: usize, picture: &Path) -> Seen {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program).arg("--case").arg(group.to_string()).arg(case.to_string()).arg("--picture").arg(picture).output();
    let output = output.expect("a process");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn work(case: &Case, picture: &Path) -> Seen {
    let ready = (case.ready)(picture);
    let mut ms = Vec::new();
    for _ in 0..TIMES {
        let started = Instant::now();
        black_box(ready());
        ms.push(started.elapsed().as_secs_f64() * 1_000.0);
    }
    ms.remove(0);
    let status = fs::read_to_string("/proc/self/status").expect("what the system says of this process");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse().ok());
    Seen { ms, peak_kb: peak.expect("a number") }
}

fn tell(rows: &[Row]) {
    println!("| work | picture | ms | spread | times the first | MB peak |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for row in rows {
        let (low, high) = row.spread;
        let peak = row.peak_mb.map_or_else(String::new, |mb| format!("{mb:.0}"));
        let work = if row.ratio == 1.0 { format!("**{}**: {}", row.group, row.case) } else { row.case.to_owned() };
        println!("| {work} | {} | {:.2} | {low:.2} to {high:.2} | {:.2} | {peak} |", row.picture, row.ms, row.ratio);
    }
}
