//! What each operation asks of AWS and what that costs, on a quiet day: for `make usage`.

use std::{collections::BTreeMap, fs, path::Path};

use serde::{Deserialize, Serialize};

use crate::operations::{self, Operation, World};

/// A line of what the proxies record (tests/faults/record.py).
#[derive(Deserialize)]
struct Line {
    function: String,
    service: String,
    operation: String,
    #[serde(default)]
    read_units: f64,
    #[serde(default)]
    write_units: f64,
}

#[derive(Default, Serialize)]
struct Requests {
    function: &'static str,
    read_units: f64,
    write_units: f64,
    /// By service and operation; of DynamoDB the units count.
    calls: BTreeMap<String, usize>,
}

/// # Panics
/// Where an operation fails, or asks nothing.
pub(crate) async fn write(world: &World, file: &Path) {
    let recorded = std::env::var("MYPHOTO_RECORD").expect("MYPHOTO_RECORD names what the proxies record");
    let mut all = BTreeMap::new();
    for operation in operations::all() {
        let prepared = (operation.prepare)(world).await;
        let before = fs::read_to_string(&recorded).expect("a record").len();
        let answer = (prepared.act)().await;
        let after = fs::read_to_string(&recorded).expect("a record");
        assert!(answer.status < 400, "{}: {}", operation.title(), answer.text());
        (prepared.settled)(answer).await;
        let requests = of(&operation, &after[before..]);
        assert!(!requests.calls.is_empty(), "{} asks nothing", operation.title());
        println!("{}: {} reads, {} writes, {:?}", operation.title(), requests.read_units, requests.write_units, requests.calls);
        all.insert(operation.title(), requests);
    }
    fs::write(file, serde_json::to_string_pretty(&all).expect("JSON") + "\n").expect("written");
}

fn of(operation: &Operation, recorded: &str) -> Requests {
    let mut requests = Requests { function: operation.name, ..Requests::default() };
    let lines = recorded.lines().map(|line| serde_json::from_str::<Line>(line).expect("a line"));
    for line in lines.filter(|line| line.function.contains(&operation.function())) {
        requests.read_units += line.read_units;
        requests.write_units += line.write_units;
        *requests.calls.entry(format!("{} {}", line.service, line.operation)).or_default() += 1;
    }
    requests
}
