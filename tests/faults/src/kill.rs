//! The process of a function ends in the middle of its work, as where a machine fails.

use std::{cell::Cell, fs, time::Duration};

use journeys::browser::Response;
use serde_json::json;

use crate::proxy::{self, AwsCall};

/// How long the call is held, so that its process can be found and ended; then its connection breaks, and AWS has not heard of it.
const HELD: u32 = 1_500;

/// Makes a call, and ends the function's process when it asks this of AWS.
///
/// # Panics
/// Where no process asks.
pub(crate) async fn before(function: &str, call: &AwsCall, act: impl Future<Output = Response>) -> Response {
    proxy::break_call(function, call, &json!({ "latency": HELD, "reset": true }), true).await;
    let answered = Cell::new(false);
    let act = async {
        let answer = act.await;
        answered.set(true);
        answer
    };
    let end = async {
        while !answered.get() {
            tokio::time::sleep(Duration::from_millis(25)).await;
            if proxy::has_met(call).await {
                assert!(end_processes_of(function) > 0, "no process of {function}");
                return;
            }
        }
        assert!(!proxy::has_met(call).await, "its process was not found in time");
    };
    let (answer, ()) = tokio::join!(act, end);
    answer
}

/// Ends those whose environment names the function; answers how many.
fn end_processes_of(function: &str) -> usize {
    let mut ended = 0;
    for entry in fs::read_dir("/proc").expect("the processes").flatten() {
        let Ok(process) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let Ok(environment) = fs::read(entry.path().join("environ")) else { continue };
        if environment.split(|byte| *byte == 0).any(|variable| {
            let variable = String::from_utf8_lossy(variable);
            variable.starts_with("AWS_LAMBDA_FUNCTION_NAME=") && variable.contains(function)
        }) {
            let done = std::process::Command::new("kill").args(["-9", &process.to_string()]).status();
            ended += usize::from(done.is_ok_and(|status| status.success()));
        }
    }
    ended
}
