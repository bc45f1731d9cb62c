//! DELETE /v1/subjects/{subject}/submissions/current: the person says that the photos are not theirs. Removes the submission from the
//! session. The photos are not deleted, because they may belong to somebody else.

use domain::kep::ActKind;
use edge::{Call, Failure, Reply, Setup, guard::Acting};
use messages::problem::Problem;
use storage::{Transaction, TransactionError, history::History, sessions::Sessions};

struct Deps {
    sessions: Sessions,
    history: History,
    transaction: Transaction,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps { sessions: setup.sessions(), history: setup.history(), transaction: setup.transaction() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

/// Also succeeds if the subject has no submission, so that the request can be repeated.
async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let acting = Acting::from(call, &deps.sessions).await?;
    let subject = acting.subject(call)?;
    // A submission for another subject remains in the session.
    if acting.session.submission.as_ref().is_none_or(|submission| submission.subject_id != subject.id) {
        return Ok(Reply::no_content());
    }
    if acting.case().is_none() {
        let is_stored = deps.sessions.store_submission(&acting.session, None, call.now).await?;
        return if is_stored { Ok(Reply::no_content()) } else { Err(Problem::SessionExpired.into()) };
    }
    // In a case, the rejection is recorded.
    let transaction = acting.begin(&deps.transaction, &deps.history, ActKind::PhotosRejected, &subject, call)?;
    match transaction.with(deps.sessions.store_submission_write(&acting.session, None, call.now)?).commit().await {
        Ok(()) => Ok(Reply::no_content()),
        Err(error) if acting.is_case_over(&error) => Err(Problem::CaseOver.into()),
        Err(TransactionError::Refused(_)) => Err(Problem::SessionExpired.into()),
        Err(error) => Err(error.into()),
    }
}
