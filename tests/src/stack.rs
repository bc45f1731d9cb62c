//! Where the stack is: `infra/local/stack.py` writes it as variables, for whoever runs the tests.

use std::{env, net::SocketAddr, process::Command, sync::LazyLock, time::Duration};

/// A variable of the stack's environment.
///
/// # Panics
/// Where it is missing: without a stack tests fail, they never skip.
pub fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run `make test`, or take a running stack's settings first: `set -a; . .local/dev/env; set +a`")
    })
}

/// The service, as browsers see it.
pub fn origin() -> String {
    variable("MYPHOTO_URL")
}

/// The outside world: TAXISnet, registers, inbox.
pub fn sandbox() -> String {
    variable("SANDBOX_URL")
}

/// Names of all resources of a kind, such as `_TABLE`, with the variable that each comes from.
///
/// # Panics
/// Where there is none.
pub fn resources(suffix: &str) -> Vec<(String, String)> {
    let mut found: Vec<_> = env::vars().filter(|(name, _)| name.ends_with(suffix)).collect();
    assert!(!found.is_empty(), "no variable ends with {suffix}: run `make test`, or take a running stack's settings first");
    found.sort();
    found
}

/// How calls of one runtime reach the stack.
pub fn client_builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        // Browsers and curl know that *.localhost is here; the system's resolver may not.
        .resolve("myphoto.localhost", SocketAddr::from(([127, 0, 0, 1], 0)))
        .no_proxy()
        .timeout(Duration::from_secs(60))
}

/// For all calls. It keeps no connection, so that tests with a runtime each can share it.
pub fn client() -> &'static reqwest::Client {
    static CLIENT: LazyLock<reqwest::Client> =
        LazyLock::new(|| client_builder().pool_max_idle_per_host(0).build().expect("an HTTP client"));
    &CLIENT
}

/// What a Python program of the project prints, in the environment of the AWS tools; in `Err` what it complains of.
///
/// # Panics
/// Where the tools are not there.
pub fn python(script: &str, arguments: &[String]) -> Result<Vec<u8>, String> {
    let root = crate::docs::root();
    let output = Command::new(root.join(".tools/aws/bin/python")).arg(root.join(script)).args(arguments).output();
    let output = output.expect("the AWS tools in .tools (`make tools`)");
    if output.status.success() { Ok(output.stdout) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// Calls the function that this variable names, as its schedule would. What it answered; in `Err` where it failed.
pub async fn invoke(variable_of_function: &str) -> Result<String, String> {
    let name = variable(variable_of_function);
    let answered = tokio::task::spawn_blocking(move || python("tests/invoke.py", &[name])).await.expect("a thread");
    answered.map(|said| String::from_utf8_lossy(&said).into_owned())
}

/// No schedule calls a function any more: whoever wants a run calls it.
///
/// # Panics
/// Where that does not work.
pub fn end_schedules() {
    python("tests/end_schedules.py", &[]).expect("the account's owner may");
}

/// All lines of all functions' log groups between two moments, in milliseconds since 1970, with the variable that names the group.
pub fn log_lines(since: i64, until: i64) -> Vec<(String, String)> {
    let groups = resources("_LOG");
    let mut arguments = vec!["--between".to_owned(), since.to_string(), until.to_string()];
    arguments.extend(groups.iter().map(|(_, group)| group.clone()));
    let printed = python("tests/read_logs.py", &arguments).expect("the logs");
    let lines: Vec<(String, String)> = serde_json::from_slice(&printed).expect("JSON");
    let variable = |group: &str| groups.iter().find(|(_, name)| name == group).expect("asked for").0.clone();
    lines.into_iter().map(|(group, line)| (variable(&group), line)).collect()
}
