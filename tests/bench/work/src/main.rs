//! Measures time and memory of the functions' work on pictures, and of the same work done with other libraries. Run by `make bench-work`.
//! docs/benchmarks.md explains the output.
//!
//! Each case runs in its own process, so that its memory is measured separately. In each round every case runs once, so that other load on
//! the machine affects all of them alike.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a measuring program that prints its results")]

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

/// Number of times that a process does the work of its case. The first time is not counted.
const REPETITIONS: usize = 4;

/// Measures work on pictures.
#[derive(Parser)]
struct Arguments {
    /// Number of runs of each case. Each run has its own process.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// The folder in which the large picture is created.
    #[arg(long, default_value = "target/bench/pictures")]
    folder: PathBuf,
    /// The file for the results, as JSON.
    #[arg(long, default_value = "target/work.json")]
    report: PathBuf,
    /// Runs a single case, given by the number of its group and its number in the group. To run each case in its own process, this program
    /// starts itself with this option.
    #[arg(long, num_args = 2, hide = true)]
    case: Option<Vec<usize>>,
    /// The picture for `--case`.
    #[arg(long, hide = true)]
    picture: Option<PathBuf>,
}

/// Output of a case's process.
#[derive(Serialize, Deserialize)]
struct Measured {
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
    /// Time of this case divided by that of the group's first case.
    ratio: f64,
    /// Peak memory of the process. `None` if another program does the work.
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
    let mut measured = BTreeMap::<(usize, usize, usize), Vec<Measured>>::new();
    for _ in 0..arguments.rounds {
        for (group, cases) in GROUPS.iter().enumerate().map(|(at, group)| (at, group.cases)) {
            for (picture, portrait) in pictures.iter().enumerate() {
                for (at, _) in cases.iter().enumerate().filter(|(_, case)| is_possible(case)) {
                    measured.entry((group, picture, at)).or_default().push(run_in_process(group, at, &portrait.path));
                }
            }
        }
    }
    let (mut rows, mut first) = (Vec::new(), 0.0);
    for ((group, picture, at), measured) in &measured {
        let mut times: Vec<f64> = measured.iter().flat_map(|one| one.ms.iter().copied()).collect();
        times.sort_by(f64::total_cmp);
        let part = |of: usize| times[(times.len() - 1) * of / 4];
        // The first case of a group is the reference for the ratios of the group.
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
            peak_mb: measured.iter().map(|one| one.peak_kb).max().filter(|_| !is_elsewhere(case)).map(|kb| kb as f64 * 1.024 / 1_000.0),
        });
    }
    print(&rows);
    fs::write(&arguments.report, serde_json::to_string_pretty(&rows).expect("JSON")).expect("the report");
}

/// Returns whether another program does the work.
fn is_elsewhere(case: &Case) -> bool {
    case.name.contains("djpeg")
}

fn is_possible(case: &Case) -> bool {
    !is_elsewhere(case) || Command::new("djpeg").arg("-version").output().is_ok()
}

/// Runs a case in a separate process.
fn run_in_process(group: usize, case: usize, picture: &Path) -> Measured {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program).arg("--case").arg(group.to_string()).arg(case.to_string()).arg("--picture").arg(picture).output();
    let output = output.expect("a process");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn work(case: &Case, picture: &Path) -> Measured {
    let work = (case.prepare)(picture);
    let mut ms = Vec::new();
    for _ in 0..REPETITIONS {
        let started = Instant::now();
        black_box(work());
        ms.push(started.elapsed().as_secs_f64() * 1_000.0);
    }
    ms.remove(0);
    let status = fs::read_to_string("/proc/self/status").expect("the status of this process");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse().ok());
    Measured { ms, peak_kb: peak.expect("a number") }
}

fn print(rows: &[Row]) {
    println!("| work | picture | ms | spread | times the first | MB peak |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for row in rows {
        let (low, high) = row.spread;
        let peak = row.peak_mb.map_or_else(String::new, |mb| format!("{mb:.0}"));
        let work = if row.ratio == 1.0 { format!("**{}**: {}", row.group, row.case) } else { row.case.to_owned() };
        println!("| {work} | {} | {:.2} | {low:.2} to {high:.2} | {:.2} | {peak} |", row.picture, row.ms, row.ratio);
    }
}
