//! What becomes of a function that panics: a process of its own, which takes one event of a Runtime API over HTTP.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails here fails the test that calls it")]

use std::process::Output;

use edge::Variables;
use lambda::{REQUEST_ID, RuntimeApi, Sent};
use serde_json::{Value, json};

/// What a panic could quote of somebody.
const QUOTED: &str = "Μαρία";

/// Runs the ignored test of that name and gives it an event. Returns how it ended, and what it sent to Lambda before, if anything.
async fn ended(function: &str) -> (Output, Option<Sent>) {
    let mut api = RuntimeApi::start(lambda::gateway_event(), None).await;
    let variables = lambda::LAMBDA.into_iter().map(|variable| (variable.name, variable.value.to_owned()));
    let mut process = lambda::process(function, variables);
    process.env("AWS_LAMBDA_RUNTIME_API", api.address()).env("PUBLIC_ORIGIN", "https://myphoto.example");
    let output = tokio::task::spawn_blocking(move || process.output().unwrap()).await.unwrap();
    (output, api.sent_so_far())
}

async fn ends_with_its_place_and_nothing_else(function: &str) {
    let (output, told) = ended(function).await;
    let (said, complained) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(101), "{said}\n{complained}");
    assert!(told.is_none(), "Lambda knows by the process's end");
    let lines: Vec<Value> = said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let [line] = &lines[..] else { panic!("one line, not {lines:?}") };
    assert_eq!((&line["operation"], &line["code"], &line["request_id"]), (&json!("test"), &json!("panicked"), &json!(REQUEST_ID)));
    assert!(line["cause"].as_str().unwrap().starts_with(file!()), "{line}");
    assert!(!said.contains(QUOTED) && !complained.contains(QUOTED), "{said}\n{complained}");
}

#[tokio::test]
async fn a_panic_ends_a_function_of_the_gateway_and_quotes_nothing() {
    ends_with_its_place_and_nothing_else("answers_calls").await;
}

#[tokio::test]
async fn a_panic_ends_a_function_of_events_and_quotes_nothing() {
    ends_with_its_place_and_nothing_else("takes_events").await;
}

/// As reading a name at the wrong byte would.
fn quote(name: &str) -> &str {
    &name[1..]
}

#[tokio::test]
#[ignore = "a_panic_ends_a_function_of_the_gateway_and_quotes_nothing starts it, in a process of its own"]
async fn answers_calls() {
    edge::serve("test", Variables::default(), (), |(), _| Box::pin(async { panic!("{}", quote(QUOTED)) })).await.unwrap();
}

#[tokio::test]
#[ignore = "a_panic_ends_a_function_of_events_and_quotes_nothing starts it, in a process of its own"]
async fn takes_events() {
    edge::serve_event("test", Variables::default(), (), |(), _: Value| Box::pin(async { panic!("{}", quote(QUOTED)) })).await.unwrap();
}
