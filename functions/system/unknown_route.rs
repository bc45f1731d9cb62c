//! Responds to every path and method without a route with a problem document, as other functions do for errors.

use edge::Call;
use messages::problem::Problem;

/// The methods of each path in infra/openapi.yaml, such as `("/v1/session", "DELETE, GET")`. A 405 response names them (RFC 9110, section
/// 15.5.6).
const METHODS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/methods.rs"));

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    edge::serve_problem(env!("CARGO_BIN_NAME"), refusal).await
}

/// Returns the problem for a request without a route.
///
/// Under /v1 the gateway's greedy path `{proxy+}` matches every path that has no route (404). All other requests that reach this function
/// have a known path, but a method that the path does not have (405). The paths of pages have only GET and HEAD.
fn refusal(call: &Call) -> Problem {
    let is_no_route = call.path("proxy").is_some() && call.is_api_request();
    let methods = METHODS.iter().find(|(path, _)| *path == call.route()).map_or("", |(_, methods)| methods);
    if is_no_route { Problem::NotFound } else { Problem::MethodNotAllowed { allow: methods } }
}
