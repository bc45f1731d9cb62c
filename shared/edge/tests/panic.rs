//! What becomes of a function that panics: a process of its own, which takes one event of a Runtime API over HTTP.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails here fails the test that calls it")]

use std::process::{Command, Output};

use edge::Variables;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const REQUEST_ID: &str = "00000000-0000-4000-8000-000000000007";
/// What a panic could quote of somebody.
const QUOTED: &str = "Μαρία";

fn event() -> Value {
    json!({
        "httpMethod": "GET", "path": "/", "resource": "/", "headers": {}, "multiValueHeaders": {}, "isBase64Encoded": false, "body": null,
        "requestContext": { "accountId": "1", "apiId": "a", "httpMethod": "GET", "path": "/", "resourceId": "r", "resourcePath": "/", "stage": "s",
            "requestId": "q", "identity": { "sourceIp": "192.0.2.1" } },
    })
}

/// Starts the ignored test of that name and gives it the event: its end, and what it told Lambda before, if anything.
async fn ended(function: &str) -> (Output, Option<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut process = Command::new(std::env::current_exe().unwrap());
    process
        .args(["--exact", "--ignored", "--nocapture", "--test-threads=2", function])
        .env("AWS_LAMBDA_RUNTIME_API", listener.local_addr().unwrap().to_string());
    for (name, value) in [("FUNCTION_NAME", "test"), ("FUNCTION_MEMORY_SIZE", "256"), ("FUNCTION_VERSION", "1"), ("LOG_GROUP_NAME", "")] {
        process.env(format!("AWS_LAMBDA_{name}"), value);
    }
    process.env("AWS_LAMBDA_LOG_STREAM_NAME", "").env("PUBLIC_ORIGIN", "https://myphoto.example");
    let api = tokio::spawn(runtime_api(listener));
    let output = tokio::task::spawn_blocking(move || process.output().unwrap()).await.unwrap();
    api.abort();
    (output, api.await.ok())
}

/// One event for the first question; ends, without an answer, with whatever is asked then.
async fn runtime_api(listener: TcpListener) -> String {
    let mut handed_over = false;
    loop {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut read = vec![0; 65_536];
        while let Ok(length @ 1..) = connection.read(&mut read).await {
            if handed_over {
                return String::from_utf8_lossy(&read[..length]).into_owned();
            }
            handed_over = true;
            let event = event().to_string();
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nlambda-runtime-aws-request-id: {REQUEST_ID}\r\n\
                 lambda-runtime-deadline-ms: 4000000000000\r\nlambda-runtime-invoked-function-arn: arn:aws:lambda:eu-south-1:1:function:test\r\n\r\n",
                event.len()
            );
            connection.write_all((head + &event).as_bytes()).await.unwrap();
        }
    }
}

async fn ends_with_its_place_and_nothing_else(function: &str) {
    let (output, told) = ended(function).await;
    let (said, complained) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(101), "{said}\n{complained}");
    assert_eq!(told, None, "Lambda knows by the process's end");
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
