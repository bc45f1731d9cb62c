//! Measures the same function with and without TLS in its calls to AWS. On AWS, these calls use TLS. The difference between the times of
//! the first event is the cost of TLS in the first call.

use std::{collections::BTreeMap, net::ToSocketAddrs, path::PathBuf};

use crate::{Program, binary, sample};

/// A function that makes a single call to DynamoDB.
const FUNCTION: &str = "show_session";

pub(crate) async fn programs(mut environments: BTreeMap<String, BTreeMap<String, String>>, beside: Option<&PathBuf>) -> Vec<Program> {
    let variables = environments.remove(FUNCTION).expect("the function's variables");
    let emulator = journeys::stack::variable("AWS_ENDPOINT_URL");
    let upstream = emulator.strip_prefix("http://").and_then(|address| address.to_socket_addrs().ok()?.next());
    let endpoint = tls::start(upstream.expect("an address of the emulator")).await;
    let trusted = journeys::docs::root().join("target/bench/root.pem");
    std::fs::write(&trusted, &endpoint.root).expect("a file");
    let event = sample(FUNCTION).expect("a sample event");
    let program = |name: &str, binary: PathBuf, over_tls: bool| {
        let mut variables = variables.clone();
        if over_tls {
            variables.insert("AWS_ENDPOINT_URL".to_owned(), endpoint.url.clone());
            variables.insert("SSL_CERT_FILE".to_owned(), trusted.to_string_lossy().into_owned());
        }
        Program { name: name.to_owned(), command: vec![binary], variables, event: event.clone(), expected_body: None }
    };
    let mut all = vec![program("without TLS", binary(FUNCTION), false), program("over TLS", binary(FUNCTION), true)];
    all.extend(beside.map(|folder| program("over TLS, of the other folder", folder.join(FUNCTION).join("bootstrap"), true)));
    all
}
