//! Any other path or method: problem+json like everything else.

use edge::{Call, Failure, Reply, Setup};
use messages::problem::Problem;

struct Deps;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::new().await;
    edge::serve(env!("CARGO_BIN_NAME"), setup, Deps, |deps, call| Box::pin(handle(deps, call))).await
}

/// The greedy paths catch what no route has (404); on a route's own path, only its other methods come here (405).
#[expect(clippy::unused_async, reason = "handlers are async")]
async fn handle(_deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let is_greedy = call.path("proxy").is_some() || call.is_root();
    Err(if is_greedy { Problem::NotFound } else { Problem::MethodNotAllowed }.into())
}
