//! Measures `submit_code` in comparison with the same work in idiomatic Python and JavaScript for Node.js. In every event the same citizen
//! submits the same code, which is accepted each time. Each program must return the same response as the Rust function.

use std::{collections::BTreeMap, path::PathBuf};

use journeys::{docs, people, photographer};
use serde_json::{Value, json};

use crate::{Program, binary, sample};

const FUNCTION: &str = "submit_code";

pub(crate) async fn programs(mut environments: BTreeMap<String, BTreeMap<String, String>>) -> Vec<Program> {
    let variables = environments.remove(FUNCTION).expect("the function's variables");
    let studio = people::fresh_photographer().await;
    let citizen = people::fresh_citizen().await;
    let issued = photographer::issue_by_sms(&studio, citizen.person.mobile()).await;
    let body = json!({ "code": issued.code });
    let expected_body = citizen.browser.post("/v1/subjects/self/submissions", &body).await.expect(200).json();
    let event = event(&citizen.browser.cookie("__Host-session").expect("a session"), &body);

    let (root, folder) = (docs::root(), docs::root().join("tests/bench/peers"));
    let program = |name: &str, command: Vec<PathBuf>, more: &[(&str, &str)]| {
        let mut variables = variables.clone();
        variables.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Program { name: name.to_owned(), command, variables, event: event.clone(), expected_body: Some(expected_body.clone()) }
    };
    // A Python program is deployed together with its compiled bytecode. Here the first run, which is not counted, compiles the program.
    let python = vec![root.join(".tools/aws/bin/python"), folder.join("submit_code.py")];
    let node = vec![PathBuf::from("node"), folder.join("submit_code.mjs")];
    vec![program("in Rust", vec![binary(FUNCTION)], &[]), program("in Python", python, &[]), program("for Node", node, &[])]
}

/// Returns the Lambda event of a `submit_code` request, with the headers that a browser sends from the service's own pages.
fn event(session: &str, body: &Value) -> Vec<u8> {
    let mut event: Value = serde_json::from_slice(&sample(FUNCTION).expect("a sample event")).expect("JSON");
    for (name, value) in [("Cookie", format!("__Host-session={session}")), ("Origin", journeys::stack::origin())] {
        event["headers"][name] = json!(value);
        event["multiValueHeaders"][name] = json!([value]);
    }
    event["body"] = json!(body.to_string());
    event["isBase64Encoded"] = json!(false);
    serde_json::to_vec(&event).expect("JSON")
}
