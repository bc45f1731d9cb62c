//! Gives access to the stack under test. Its URLs and resource names are in environment variables, which `infra/local/stack.py` writes to
//! the file `env` of the stack's folder.

use std::{env, net::SocketAddr, process::Command, sync::LazyLock, time::Duration};

/// Returns a variable of the stack's environment.
///
/// # Panics
/// If it is not set, so that tests without a stack fail instead of being skipped.
pub fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run `make test`, or take a running stack's settings first: `set -a; . .local/dev/env; set +a`")
    })
}

/// Returns the origin of the service, as browsers see it.
pub fn origin() -> String {
    variable("MYPHOTO_URL")
}

/// Returns the URL of the sandbox, which simulates TAXISnet, the registers and the recipients' inboxes.
pub fn sandbox() -> String {
    variable("SANDBOX_URL")
}

/// Returns all environment variables with a suffix, such as `_TABLE`, as (variable, resource name), sorted.
///
/// # Panics
/// If there is none.
pub fn resources(suffix: &str) -> Vec<(String, String)> {
    let mut found: Vec<_> = env::vars().filter(|(name, _)| name.ends_with(suffix)).collect();
    assert!(!found.is_empty(), "no variable ends with {suffix}: run `make test`, or take a running stack's settings first");
    found.sort();
    found
}

/// Returns a builder for HTTP clients that reach the stack. A client that pools connections must be used in one runtime only. Clients of a
/// stack with TLS trust only the certificate authority in the file that `MYPHOTO_CA` names.
///
/// # Panics
/// If this file cannot be read.
pub fn client_builder() -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        // Browsers and curl resolve *.localhost to the loopback address, but the system's resolver may not do so.
        .resolve("myphoto.localhost", SocketAddr::from(([127, 0, 0, 1], 0)))
        .no_proxy()
        .timeout(Duration::from_secs(60));
    match env::var("MYPHOTO_CA") {
        Ok(path) => {
            let pem = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
            builder.tls_certs_only([reqwest::Certificate::from_pem(&pem).expect("a certificate")])
        }
        Err(_) => builder,
    }
}

/// Returns the HTTP client for all calls. It pools no connections, because each test has a separate runtime.
pub fn client() -> &'static reqwest::Client {
    static CLIENT: LazyLock<reqwest::Client> =
        LazyLock::new(|| client_builder().pool_max_idle_per_host(0).build().expect("an HTTP client"));
    &CLIENT
}

/// Runs a Python script of the project with the Python of the AWS tools (`.tools/aws`). Returns the script's standard output, or its
/// standard error in `Err` if the script fails.
///
/// # Panics
/// If the AWS tools are not installed.
pub fn python(script: &str, arguments: &[String]) -> Result<Vec<u8>, String> {
    let root = crate::docs::root();
    let output = Command::new(root.join(".tools/aws/bin/python")).arg(root.join(script)).args(arguments).output();
    let output = output.expect("the AWS tools in .tools (`make tools`)");
    if output.status.success() { Ok(output.stdout) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// Invokes the function whose name is in this variable, with the event `{}`. Returns the function's output, or the error in `Err`.
pub async fn invoke(function_variable: &str) -> Result<String, String> {
    invoke_with(function_variable, &serde_json::json!({})).await
}

/// Invokes the function whose name is in this variable, with the event `input`. Returns the function's output, or the error in `Err`.
pub async fn invoke_with(function_variable: &str, input: &serde_json::Value) -> Result<String, String> {
    let arguments = [variable(function_variable), input.to_string()];
    let result = tokio::task::spawn_blocking(move || python("tests/invoke.py", &arguments)).await.expect("a thread");
    result.map(|output| String::from_utf8_lossy(&output).into_owned())
}

/// Creates a copy of a function with these environment variables changed, invokes the copy and deletes it. `function` is the logical ID in
/// template.yaml. Returns the output, or the error in `Err`.
pub async fn invoke_copy(function: &str, changes: &serde_json::Value, event: &serde_json::Value) -> Result<String, String> {
    let arguments = [function.to_owned(), changes.to_string(), event.to_string()];
    let result = tokio::task::spawn_blocking(move || python("tests/invoke_copy.py", &arguments)).await.expect("a thread");
    result.map(|output| String::from_utf8_lossy(&output).into_owned())
}

/// Switches all schedules off. Functions with a schedule run only through [`invoke`] afterwards.
///
/// # Panics
/// If a schedule cannot be switched off.
pub fn end_schedules() {
    python("tests/end_schedules.py", &[]).expect("disabled schedules");
}

/// Returns the log lines of all functions between two times in milliseconds since 1970, as (variable of the log group, line).
pub fn log_lines(since: i64, until: i64) -> Vec<(String, String)> {
    let groups = resources("_LOG");
    let mut arguments = vec!["--between".to_owned(), since.to_string(), until.to_string()];
    arguments.extend(groups.iter().map(|(_, group)| group.clone()));
    let printed = python("tests/read_logs.py", &arguments).expect("the logs");
    let lines: Vec<(String, String)> = serde_json::from_slice(&printed).expect("JSON");
    let variable = |group: &str| groups.iter().find(|(_, name)| name == group).expect("a requested group").0.clone();
    lines.into_iter().map(|(group, line)| (variable(&group), line)).collect()
}
