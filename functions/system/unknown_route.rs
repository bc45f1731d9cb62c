<<<<<<< HEAD
//! Responds to paths and methods that no other function serves, with a problem document.
=======
//! Responds to every path and method without a route with a problem document, as other functions do for errors.
>>>>>>> c7e54734b75f662a5c1bc229cdc7bf45da50727f

use edge::Call;
use messages::problem::Problem;

<<<<<<< HEAD
/// The methods of each path in infra/openapi.yaml, such as `("/v1/session", "DELETE, GET")`. A 405 response names them (RFC 9110, section 15.5.6).
const METHODS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/methods.rs"));
=======
/// The methods of each path in infra/openapi.yaml, for the header `Allow` of a 405 response (RFC 9110, 15.5.6). A test compares them.
const METHODS: [(&str, &str); 33] = [
    ("/", "GET, HEAD"),
    ("/v1/applications", "GET"),
    ("/v1/minors", "POST"),
    ("/v1/photographer/issuances", "GET, POST"),
    ("/v1/photographer/issuances/{upload}/resend", "POST"),
    ("/v1/photographer/staff", "GET, POST"),
    ("/v1/photographer/staff/{employee}", "DELETE"),
    ("/v1/photographer/uploads", "POST"),
    ("/v1/photographer/uploads/{upload}/check", "POST"),
    ("/v1/pulls", "POST"),
    ("/v1/session", "DELETE, GET"),
    ("/v1/session/consent", "POST"),
    ("/v1/session/otp", "POST"),
    ("/v1/session/otp/resend", "POST"),
    ("/v1/session/role", "PUT"),
    ("/v1/session/token", "POST"),
    ("/v1/sign-in", "GET"),
    ("/v1/sign-in/callback", "GET"),
    ("/v1/subjects/{subject}/accesses", "GET"),
    ("/v1/subjects/{subject}/association", "DELETE, GET, PUT"),
    ("/v1/subjects/{subject}/association/code", "GET"),
    ("/v1/subjects/{subject}/association/photos.zip", "GET"),
    ("/v1/subjects/{subject}/association/photos/{image}", "GET"),
    ("/v1/subjects/{subject}/association/reminder", "PUT"),
    ("/v1/subjects/{subject}/authorizations", "GET, POST"),
    ("/v1/subjects/{subject}/authorizations/{application}", "DELETE"),
    ("/v1/subjects/{subject}/erasure", "POST"),
    ("/v1/subjects/{subject}/export", "GET"),
    ("/v1/subjects/{subject}/submissions", "POST"),
    ("/v1/subjects/{subject}/submissions/current", "DELETE"),
    ("/v1/subjects/{subject}/submissions/current/confirmation", "POST"),
    ("/v1/verdicts", "POST"),
    ("/{proxy+}", "GET, HEAD"),
];
>>>>>>> c7e54734b75f662a5c1bc229cdc7bf45da50727f

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    edge::serve_refusals(env!("CARGO_BIN_NAME"), refusal).await
}

<<<<<<< HEAD
/// Returns 404 for paths under /v1 that have no route. On the path of a route, and on pages, only methods without a function come here: these get 405.
=======
/// Returns the problem for a request without a route.
///
/// Under /v1 the gateway's greedy path `{proxy+}` matches every path that has no route (404). All other requests that reach this function
/// have a known path and another method: one that the route does not have, or for a page, any except GET and HEAD (405).
>>>>>>> c7e54734b75f662a5c1bc229cdc7bf45da50727f
fn refusal(call: &Call) -> Problem {
    let is_no_route = call.path("proxy").is_some() && call.is_of_api();
    let methods = METHODS.iter().find(|(path, _)| *path == call.route()).map_or("", |(_, methods)| methods);
    if is_no_route { Problem::NotFound } else { Problem::MethodNotAllowed { allow: methods } }
}
