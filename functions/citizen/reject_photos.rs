//! DELETE /v1/subjects/{subject}/submissions/current: the person says that the photos are not theirs. Removes the submission from the
//! session. The photos are not deleted, because they may belong to somebody else.

use edge::{Call, Failure, Reply, Setup, guard::Citizen};
use messages::problem::Problem;
use storage::sessions::Sessions;

struct Deps {
    sessions: Sessions,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps { sessions: setup.sessions() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

/// Also succeeds if there is no submission, so that the request can be repeated.
async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let citizen = Citizen::from(call, &deps.sessions).await?;
    citizen.subject(call)?;
    if !deps.sessions.store_submission(&citizen.session, None, call.now).await? {
        return Err(Problem::SessionExpired.into());
    }
    Ok(Reply::no_content())
}
