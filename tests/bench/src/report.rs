//! Calculates medians and quartiles, and how many times longer each program takes to start than the reference program. Prints the results
//! and writes them as JSON.

use std::{collections::BTreeMap, path::Path, time::Duration};

use serde::Serialize;
use serde_json::Value;

/// Results of one process.
pub(crate) struct Measured {
    /// Time from process start to the first Runtime API poll.
    pub(crate) init: Duration,
    pub(crate) first: Duration,
    pub(crate) warm: Vec<Duration>,
    pub(crate) resident_at_poll: u64,
    pub(crate) peak: u64,
    pub(crate) status: Value,
}

/// A median with its lower and upper quartile, in milliseconds.
#[derive(Serialize)]
struct Figure {
    median: f64,
    spread: (f64, f64),
}

#[derive(Serialize)]
pub(crate) struct Row {
    function: String,
    status: Value,
    starts: usize,
    init_ms: Figure,
    /// The median of `init_ms` divided by the reference program's median.
    init_ratio: f64,
    first_ms: Figure,
    warm_ms: Figure,
    resident_mb: f64,
    peak_mb: f64,
    binary_mb: f64,
}

impl Figure {
    fn of(values: impl Iterator<Item = Duration>) -> Self {
        let mut values: Vec<f64> = values.map(|value| value.as_secs_f64() * 1_000.0).collect();
        values.sort_by(f64::total_cmp);
        Self { median: rounded(quantile(&values, 0.5)), spread: (rounded(quantile(&values, 0.25)), rounded(quantile(&values, 0.75))) }
    }
}

fn quantile(sorted: &[f64], part: f64) -> f64 {
    let at = part * (sorted.len().saturating_sub(1)) as f64;
    let (low, high) = (at.floor() as usize, at.ceil() as usize);
    let value = |at: usize| sorted.get(at).copied().unwrap_or_default();
    value(low) + (value(high) - value(low)) * at.fract()
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// Converts bytes to megabytes of 1,000,000 bytes.
fn megabytes(bytes: u64) -> f64 {
    rounded(bytes as f64 / 1e6)
}

fn median(values: impl Iterator<Item = u64>) -> u64 {
    let mut values: Vec<u64> = values.collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

pub(crate) fn rows(measured: &BTreeMap<String, Vec<Measured>>, sizes: &BTreeMap<String, u64>, reference: &str) -> Vec<Row> {
    let unit = Figure::of(measured[reference].iter().map(|one| one.init)).median;
    let rows = measured.iter().map(|(function, all)| {
        let init = Figure::of(all.iter().map(|one| one.init));
        Row {
            status: all[0].status.clone(),
            starts: all.len(),
            init_ratio: rounded(init.median / unit),
            init_ms: init,
            first_ms: Figure::of(all.iter().map(|one| one.first)),
            warm_ms: Figure::of(all.iter().flat_map(|one| one.warm.iter().copied())),
            resident_mb: megabytes(median(all.iter().map(|one| one.resident_at_poll))),
            peak_mb: megabytes(median(all.iter().map(|one| one.peak))),
            binary_mb: megabytes(sizes[function]),
            function: function.clone(),
        }
    });
    let mut rows: Vec<Row> = rows.collect();
    rows.sort_by(|one, other| one.init_ratio.total_cmp(&other.init_ratio));
    rows
}

pub(crate) fn print(rows: &[Row], reference: &str) {
    println!("\n| program | init ms | spread | times {reference} | first ms | warm ms | MB after init | MB peak | MB binary |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for row in rows {
        let (low, high) = row.init_ms.spread;
        let binary = if row.binary_mb > 0.0 { format!("{:.1}", row.binary_mb) } else { String::new() };
        println!(
            "| `{}` | {:.1} | {low:.1} to {high:.1} | {:.2} | {:.1} | {:.2} | {:.1} | {:.1} | {binary} |",
            row.function, row.init_ms.median, row.init_ratio, row.first_ms.median, row.warm_ms.median, row.resident_mb, row.peak_mb,
        );
    }
    println!();
}

pub(crate) fn write(reports: &[(&str, Vec<Row>)], file: &Path) {
    let all: BTreeMap<_, _> = reports.iter().map(|(name, rows)| (*name, rows)).collect();
    std::fs::write(file, serde_json::to_string_pretty(&all).expect("JSON")).expect("the report");
}
