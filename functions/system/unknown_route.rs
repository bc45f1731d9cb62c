//! Any other path or method: problem+json like everything else.

use edge::{Call, Failure, Reply, Variables};
use messages::problem::Problem;

struct Deps;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    edge::serve(env!("CARGO_BIN_NAME"), Variables::default(), Deps, |deps, call| Box::pin(handle(deps, call))).await
}

/// Beneath /v1 the greedy path catches what no route has (404). On a route's own path only its other methods come here, and of pages all
/// but GET and HEAD (405).
#[expect(clippy::unused_async, reason = "handlers are async")]
async fn handle(_deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let is_no_route = call.path("proxy").is_some() && call.is_of_api();
    Err(if is_no_route { Problem::NotFound } else { Problem::MethodNotAllowed }.into())
}
