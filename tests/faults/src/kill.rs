//! Kills the process of a function during its work, as if its machine failed.

use std::{cell::Cell, fs, time::Duration};

use journeys::{browser::Response, stack};
use serde_json::json;

use crate::proxy::{self, AwsCall};

/// Milliseconds for which the proxy delays the call, so that the process can be found and killed. Then the connection breaks, and AWS never
/// receives the call.
const DELAY: u32 = 1_500;

/// Makes the client's request `act`, and kills the function's process while the proxy delays `call`.
///
/// # Panics
/// If the function makes the call but its process cannot be found.
pub(crate) async fn before(function: &str, call: &AwsCall, act: impl Future<Output = Response>) -> Response {
    proxy::break_call(function, call, &json!({ "latency": DELAY, "reset": true }), true).await;
    let responded = Cell::new(false);
    let act = async {
        let response = act.await;
        responded.set(true);
        response
    };
    let kill = async {
        while !responded.get() {
            tokio::time::sleep(Duration::from_millis(25)).await;
            if proxy::has_met(call).await {
                assert!(kill_processes_of(function) > 0, "no process of {function}");
                return;
            }
        }
        assert!(!proxy::has_met(call).await, "the process was not found before the response");
    };
    let (response, ()) = tokio::join!(act, kill);
    response
}

/// Kills the processes of a function on this stack, not those of another stack on the same machine. Returns how many were killed.
fn kill_processes_of(function: &str) -> usize {
    let origin = format!("PUBLIC_ORIGIN={}", stack::origin());
    let mut killed = 0;
    for entry in fs::read_dir("/proc").expect("the processes").flatten() {
        let Ok(process) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let Ok(environment) = fs::read(entry.path().join("environ")) else { continue };
        let variables: Vec<_> = environment.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
        let is_function = variables.iter().any(|one| one.starts_with("AWS_LAMBDA_FUNCTION_NAME=") && one.contains(function));
        if is_function && variables.iter().any(|one| *one == origin) {
            let done = std::process::Command::new("kill").args(["-9", &process.to_string()]).status();
            killed += usize::from(done.is_ok_and(|status| status.success()));
        }
    }
    killed
}
