//! GET /v1/session: the signed-in person, their roles and consent, and how many codes they may still submit today.

use domain::session::{Role, Stage};
use edge::{Call, Failure, Reply, Setup, guard::Visitor, views::SessionView};
use storage::{quotas::Quotas, sessions::Sessions};

struct Deps {
    sessions: Sessions,
    quotas: Quotas,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps { sessions: setup.sessions(), quotas: setup.quotas() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let Visitor { session } = Visitor::from(call, &deps.sessions).await?;
    let submits_codes = session.stage() == Stage::Ready && session.role == Some(Role::Citizen);
    let submissions_left = match submits_codes {
        true => Some(deps.quotas.submissions_left(&session.subject_id, call.now).await?),
        false => None,
    };
    Reply::json(200, &SessionView::of(&session, submissions_left, call.language, call.now))
}
