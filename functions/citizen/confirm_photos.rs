//! POST /v1/subjects/{subject}/submissions/current/confirmation: the person confirms that the photos are theirs. The response contains the
//! text to agree to next.

use edge::{Call, Failure, Reply, Setup, guard::Citizen, views::SubmissionView};
use messages::problem::Problem;
use serde::Deserialize;
use storage::sessions::Sessions;

struct Deps {
    sessions: Sessions,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps { sessions: setup.sessions() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let citizen = Citizen::from(call, &deps.sessions).await?;
    let subject = citizen.subject(call)?;
    let Body {} = call.json()?;
    let mut submission =
        citizen.session.submission.clone().filter(|submission| submission.subject_id == subject.id).ok_or(Problem::NoSubmission)?;
    if call.now.has_reached(submission.code_expires_at) {
        return Err(Problem::CodeNotActive.into());
    }
    if !submission.confirmed {
        submission.confirmed = true;
        if !deps.sessions.confirm(&citizen.session, &submission, call.now).await? {
            // In the meantime the session ended, another code was entered, or another request confirmed this submission.
            let session = deps.sessions.load(&citizen.session.token, call.now).await?.ok_or(Problem::SessionExpired)?;
            let is_confirmed = session.submission.is_some_and(|stored| stored.confirmed && stored.set_id == submission.set_id);
            if !is_confirmed {
                return Err(Problem::Conflict.into());
            }
        }
    }
    Reply::json(200, &SubmissionView::of(&submission, call.language))
}
