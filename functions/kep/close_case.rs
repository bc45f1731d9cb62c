//! DELETE /v1/kep/cases/{case}: closes the case. The person at the counter gets a message that says what was done.

use edge::{Call, Failure, Reply, Setup, guard::Clerk};
use messages::problem::Problem;
use storage::{
    TransactionError,
    case_closing::CaseClosing,
    sessions::{Case, LastCase, Session},
};

struct Deps {
    closing: CaseClosing,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps { closing: setup.case_closing() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

/// Maximum number of attempts. An attempt fails if another request changes the case at the same time.
const ATTEMPTS_MAX: usize = 4;

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let Clerk { mut session, .. } = Clerk::from(call, &deps.closing.sessions).await?;
    for _ in 0..ATTEMPTS_MAX {
        let last = session.case.as_ref().filter(|last| call.path("case") == Some(last.handle().as_str()));
        let result = match last {
            Some(LastCase::Open(case)) => close(deps, call, &session, case).await,
            // An earlier request has already closed this case.
            Some(LastCase::Closed(_)) => Ok(()),
            None => return Err(Problem::CaseOver.into()),
        };
        match result {
            Ok(()) => return Ok(Reply::no_content()),
            Err(TransactionError::Refused(_) | TransactionError::Conflict) => {}
            Err(TransactionError::Storage(error)) => return Err(error.into()),
        }
        session = deps.closing.sessions.load(&session.token, call.now).await?.ok_or(Problem::SessionExpired)?;
    }
    Err(Problem::Conflict.into())
}

async fn close(deps: &Deps, call: &Call, session: &Session, case: &Case) -> Result<(), TransactionError> {
    if !call.now.has_reached(case.expires_at) {
        return deps.closing.close_case(session, case, call.now).await;
    }
    // The case has expired, so its message is sent without this request. Only the person's data must still be removed from the session.
    let forget = deps.closing.sessions.close_case_write(session, &case.handle)?;
    deps.closing.transaction.clone().with(forget).commit().await
}
