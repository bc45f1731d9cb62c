//! POST /v1/session/consent: agrees to the text on personal data, or refuses, which ends the session.

use domain::{consent::PERSONAL_DATA_VERSION, session::Role};
use edge::{Call, Failure, Reply, Setup, guard::SignedIn, views::SessionView};
use messages::problem::Problem;
use serde::Deserialize;
use storage::{consents::Consents, sessions::Sessions};

struct Deps {
    sessions: Sessions,
    consents: Consents,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    /// Version of the text that the person read.
    version: String,
    agree: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps { sessions: setup.sessions(), consents: setup.consents() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let SignedIn { mut session } = SignedIn::from(call, &deps.sessions).await?;
    match session.role {
        Some(Role::Citizen) => {}
        Some(Role::Photographer { .. }) => return Err(Problem::WrongRole.into()),
        None => return Err(Problem::RoleNotChosen.into()),
    }
    let body: Body = call.json()?;
    if !body.agree {
        deps.sessions.end(&session.token).await?;
        return Ok(Reply::no_content().without_session(call));
    }
    if body.version != PERSONAL_DATA_VERSION {
        return Err(Problem::ConsentVersionOld.into());
    }
    // The record is written first, so that every session with a consent has a record of it.
    deps.consents.agree_personal_data(&session.subject_id, call.now).await?;
    if !deps.sessions.agree(&session, PERSONAL_DATA_VERSION, call.now).await? {
        return Err(Problem::SessionExpired.into());
    }
    session.consent = Some(PERSONAL_DATA_VERSION.to_owned());
    Reply::json(200, &SessionView::of(&session, None, call.language))
}
