//! Responds to paths and methods that no other function serves, with a problem document.

use edge::Call;
use messages::problem::Problem;

/// The methods of each path in infra/openapi.yaml, such as `("/v1/session", "DELETE, GET")`. A 405 response names them (RFC 9110, section 15.5.6).
const METHODS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/methods.rs"));

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    edge::serve_refusals(env!("CARGO_BIN_NAME"), refusal).await
}

/// Returns 404 for paths under /v1 that have no route. On the path of a route, and on pages, only methods without a function come here: these get 405.
fn refusal(call: &Call) -> Problem {
    let is_no_route = call.path("proxy").is_some() && call.is_of_api();
    let methods = METHODS.iter().find(|(path, _)| *path == call.route()).map_or("", |(_, methods)| methods);
    if is_no_route { Problem::NotFound } else { Problem::MethodNotAllowed { allow: methods } }
}
