//! A function whose calls to AWS go over TLS, as on AWS, beside the same one without: what its first call costs more.

use std::{collections::BTreeMap, net::ToSocketAddrs, path::PathBuf};

use crate::{Program, binary, sample};

/// Asks DynamoDB once.
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
        Program { name: name.to_owned(), command: vec![binary], variables, event: event.clone(), answer: None }
    };
    let mut all = vec![program("without TLS", binary(FUNCTION), false), program("over TLS", binary(FUNCTION), true)];
    all.extend(beside.map(|folder| program("over TLS, of the other folder", folder.join(FUNCTION).join("bootstrap"), true)));
    all
}
