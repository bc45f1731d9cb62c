//! Panics of functions. Each test runs a function as a separate process, which receives one event from a Runtime API over HTTP.

#![expect(clippy::unwrap_used, clippy::panic, reason = "an error here fails the test")]

use std::process::Output;

use edge::Variables;
use lambda::{REQUEST_ID, RuntimeApi, Sent};
use serde_json::{Value, json};

/// Personal data that the message of the panic quotes.
const QUOTED: &str = "Μαρία";

/// Runs the ignored test `function` in a separate process that acts as a Lambda function, and sends it an event. Returns the output of the
/// process and, if there is one, its response to the Runtime API.
async fn run(function: &str) -> (Output, Option<Sent>) {
    let mut api = RuntimeApi::start(lambda::gateway_event(), None).await;
    let variables = lambda::LAMBDA.into_iter().map(|variable| (variable.name, variable.value.to_owned()));
    let mut process = lambda::process(function, variables);
    process.env("AWS_LAMBDA_RUNTIME_API", api.address()).env("PUBLIC_ORIGIN", "https://myphoto.example");
    let output = tokio::task::spawn_blocking(move || process.output().unwrap()).await.unwrap();
    (output, api.sent_so_far())
}

/// Checks that the function exits with one log line, which contains the location of the panic but not its message.
async fn assert_only_the_location_is_logged(function: &str) {
    let (output, sent) = run(function).await;
    let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(101), "{stdout}\n{stderr}");
    assert!(sent.is_none(), "Lambda detects the failure by the end of the process");
    let lines: Vec<Value> = stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let [line] = &lines[..] else { panic!("expected one line, got {lines:?}") };
    assert_eq!((&line["operation"], &line["code"], &line["request_id"]), (&json!("test"), &json!("panicked"), &json!(REQUEST_ID)));
    assert!(line["cause"].as_str().unwrap().starts_with(file!()), "{line}");
    assert!(!stdout.contains(QUOTED) && !stderr.contains(QUOTED), "{stdout}\n{stderr}");
}

#[tokio::test]
async fn a_panic_in_an_http_function_ends_the_process_and_logs_only_its_location() {
    assert_only_the_location_is_logged("panics_in_http_handler").await;
}

#[tokio::test]
async fn a_panic_in_an_event_function_ends_the_process_and_logs_only_its_location() {
    assert_only_the_location_is_logged("panics_in_event_handler").await;
}

/// Panics by slicing inside a character. The message of such a panic quotes the text.
fn quote(name: &str) -> &str {
    &name[1..]
}

#[tokio::test]
#[ignore = "the test of HTTP functions starts it in a separate process"]
async fn panics_in_http_handler() {
    edge::serve("test", Variables::default(), (), |(), _| Box::pin(async { panic!("{}", quote(QUOTED)) })).await.unwrap();
}

#[tokio::test]
#[ignore = "the test of event functions starts it in a separate process"]
async fn panics_in_event_handler() {
    edge::serve_event("test", Variables::default(), (), |(), _: Value| Box::pin(async { panic!("{}", quote(QUOTED)) })).await.unwrap();
}
