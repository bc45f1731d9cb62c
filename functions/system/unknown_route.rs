//! Responds with a problem document to every request whose path or method has no route. A request with a picture that a phone shares with
//! the web application is redirected to a page of the application instead.

use edge::{Call, Reply};
use messages::problem::Problem;

/// The methods of each path in infra/openapi.yaml, such as `("/v1/session", "DELETE, GET")`. A 405 response names them (RFC 9110, section
/// 15.5.6).
const METHODS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/methods.rs"));

/// The path, without its first slash, to which a browser posts a picture that a person shares with the installed web application
/// (`share_target` in web/public/manifest.webmanifest). The service worker handles the request on the device. The request reaches the
/// service only if the service worker is not installed yet or was removed.
const SHARE_PATH: &str = "photographer/share";
/// The page for a new photo set. Its query makes the page say that the picture did not arrive.
const SHARE_FAILED_PAGE: &str = "/photographer/new?from=share_failed";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    edge::serve_unchecked(env!("CARGO_BIN_NAME"), reply_to).await
}

/// Redirects a request with a shared picture to the page that says what to do next. The picture itself is neither read nor stored. GET and
/// HEAD requests for [`SHARE_PATH`] do not reach this function.
fn reply_to(call: &Call) -> Result<Reply, Problem> {
    if call.path("proxy") == Some(SHARE_PATH) { Ok(Reply::see_other(SHARE_FAILED_PAGE)) } else { Err(refusal(call)) }
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
