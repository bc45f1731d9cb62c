//! Simulates the surroundings of a function on Lambda, for tests: environment variables, the Runtime API, and an HTTP endpoint in place of
//! AWS, TAXISnet and the registers.
//!
//! Environment variables cannot be changed safely in a running process. A test that needs particular variables therefore starts its test
//! program again, as a new process that runs only one `#[ignore]`d test ([`process`], [`invoke`]).

#![expect(clippy::expect_used, clippy::panic, reason = "for tests: a panic here fails the calling test")]

mod endpoint;
mod environment;
mod forgetful;
mod runtime_api;

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
pub use endpoint::{Endpoint, Received, Response};
pub use environment::{LAMBDA, OPERATOR, Variable};
pub use forgetful::{Forgetful, Idle};
pub use runtime_api::{REQUEST_ID, RuntimeApi, Sent, TRACE_ID, gateway_event};
use serde_json::Value;

/// Time limit for the response of a test's function. It is long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Returns a configuration of the SDK for clients that call an endpoint in place of AWS.
pub fn sdk_config(url: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-south-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("id", "secret", None, None, "test")))
        .endpoint_url(url)
        .build()
}

/// Returns a command that runs the `#[ignore]`d test `name` of the calling test program, with these environment variables and no others.
///
/// # Panics
/// If the path of the test program is unknown.
pub fn process<'a>(name: &str, variables: impl IntoIterator<Item = (&'a str, String)>) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("the test program's path"));
    command.args(["--exact", "--ignored", "--nocapture", "--test-threads=2", name]).env_clear().envs(variables);
    command
}

/// Runs the `#[ignore]`d test `name` in a new process. This test must run a Lambda function. Sends one event to the function and returns
/// the response.
///
/// # Panics
/// If the function does not respond, or responds with an error.
pub async fn invoke<'a>(
    name: &str,
    variables: impl IntoIterator<Item = (&'a str, String)>,
    event: Value,
    trace_id: Option<&'static str>,
) -> Value {
    let mut api = RuntimeApi::start(event, trace_id).await;
    let mut command = process(name, variables);
    let command = command.env("AWS_LAMBDA_RUNTIME_API", api.address()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().expect("a process");
    let sent = tokio::time::timeout(PATIENCE, api.sent()).await;
    let _ = running.kill();
    let output = running.wait_with_output().expect("the process's output");
    match sent {
        Ok(Sent { path, body }) if path.ends_with("/response") => body,
        other => panic!("{other:?}\n{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)),
    }
}
