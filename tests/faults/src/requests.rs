//! Runs each operation without faults, and records its requests to AWS and their cost in DynamoDB's read and write units. Used by `make
//! usage`.

use std::{collections::BTreeMap, fs, path::Path};

use serde::{Deserialize, Serialize};

use crate::operations::{self, Operation, World};

/// A line of the file that the proxies write (tests/faults/record.py).
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
    function: String,
    read_units: f64,
    write_units: f64,
    /// Number of calls by service and operation.
    calls: BTreeMap<String, usize>,
}

/// Runs every operation once and writes its requests to a JSON file.
///
/// # Panics
/// If an operation fails or makes no request.
pub(crate) async fn write(world: &World, file: &Path) {
    let record_path = std::env::var("MYPHOTO_RECORD").expect("MYPHOTO_RECORD is the path of the proxies' record");
    let mut all = BTreeMap::new();
    for operation in operations::all() {
        let prepared = (operation.prepare)(world).await;
        let before = fs::read_to_string(&record_path).expect("a record").len();
        let response = (prepared.act)().await;
        let after = fs::read_to_string(&record_path).expect("a record");
        assert!(response.status < 400, "{}: {}", operation.title(), response.text());
        (prepared.settled)(response).await;
        let requests = requests_of(&operation, &after[before..]);
        assert!(!requests.calls.is_empty(), "{} makes no request", operation.title());
        println!("{}: {} reads, {} writes, {:?}", operation.title(), requests.read_units, requests.write_units, requests.calls);
        all.insert(operation.title(), requests);
    }
    fs::write(file, serde_json::to_string_pretty(&all).expect("JSON") + "\n").expect("written");
}

fn requests_of(operation: &Operation, recorded: &str) -> Requests {
    let mut requests = Requests { function: operation.name.clone(), ..Requests::default() };
    let lines = recorded.lines().map(|line| serde_json::from_str::<Line>(line).expect("a line"));
    for line in lines.filter(|line| line.function.contains(&operation.function())) {
        requests.read_units += line.read_units;
        requests.write_units += line.write_units;
        *requests.calls.entry(format!("{} {}", line.service, line.operation)).or_default() += 1;
    }
    requests
}
