//! POST /v1/subjects/{subject}/submissions/current/confirmation: the person confirms that the photos are theirs. The response contains the
//! text to which the person must agree next.

use domain::kep::ActKind;
use edge::{
    Call, Failure, Reply, Setup,
    guard::{Acting, Subject},
    views::SubmissionView,
};
use messages::problem::Problem;
use serde::Deserialize;
use storage::{
    Transaction, TransactionError,
    history::History,
    sessions::{PendingSubmission, Sessions},
};

struct Deps {
    sessions: Sessions,
    history: History,
    transaction: Transaction,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps { sessions: setup.sessions(), history: setup.history(), transaction: setup.transaction() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let acting = Acting::from(call, &deps.sessions).await?;
    let subject = acting.subject(call)?;
    let Body {} = call.json()?;
    let mut submission =
        acting.session.submission.clone().filter(|submission| submission.subject_id == subject.id).ok_or(Problem::NoSubmission)?;
    if call.now.has_reached(submission.code_expires_at) {
        return Err(Problem::CodeNotActive.into());
    }
    if !submission.confirmed {
        submission.confirmed = true;
        if !store(deps, call, &acting, &subject, &submission).await? {
            // The session has changed since it was read: it ended, or another request replaced, removed or confirmed this submission.
            let session = deps.sessions.load(&acting.session.token, call.now).await?.ok_or(Problem::SessionExpired)?;
            let is_confirmed = session.submission.is_some_and(|stored| stored.confirmed && stored.set_id == submission.set_id);
            if !is_confirmed {
                return Err(Problem::Conflict.into());
            }
        }
    }
    Reply::json(200, &SubmissionView::of(&submission, call.language))
}

/// Stores the confirmed submission. In a case, the same transaction records the confirmation. Returns `false` if the submission has changed
/// or the session has ended.
async fn store(deps: &Deps, call: &Call, acting: &Acting, subject: &Subject, confirmed: &PendingSubmission) -> Result<bool, Failure> {
    if acting.case().is_none() {
        return Ok(deps.sessions.confirm(&acting.session, confirmed, call.now).await?);
    }
    let transaction = acting.begin(&deps.transaction, &deps.history, ActKind::PhotosConfirmed, subject, call)?;
    match transaction.with(deps.sessions.confirm_write(&acting.session, confirmed, call.now)?).commit().await {
        Ok(()) => Ok(true),
        Err(error) if acting.is_case_over(&error) => Err(Problem::CaseOver.into()),
        Err(TransactionError::Refused(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
