//! The process of a function ends in the middle of its work, as where a machine fails.

use std::{cell::Cell, fs, time::Duration};

use journeys::{browser::Response, stack};
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

/// Ends the processes of this function, of this stack: another stack may run on the same machine. Returns how many.
fn end_processes_of(function: &str) -> usize {
    let origin = format!("PUBLIC_ORIGIN={}", stack::origin());
    let mut ended = 0;
    for entry in fs::read_dir("/proc").expect("the processes").flatten() {
        let Ok(process) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let Ok(environment) = fs::read(entry.path().join("environ")) else { continue };
        let variables: Vec<_> = environment.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
        let is_function = variables.iter().any(|one| one.starts_with("AWS_LAMBDA_FUNCTION_NAME=") && one.contains(function));
        if is_function && variables.iter().any(|one| *one == origin) {
            let done = std::process::Command::new("kill").args(["-9", &process.to_string()]).status();
            ended += usize::from(done.is_ok_and(|status| status.success()));
        }
    }
    ended
}
