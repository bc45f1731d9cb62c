//! GET /v1/subjects/{subject}/association: shows which photos are associated, their expiry, the authorizations and the reminder.

use edge::{Call, Failure, Reply, Setup, guard::Acting, views::AssociationView};
use messages::problem::Problem;
use storage::{associations::Associations, sessions::Sessions};

struct Deps {
    sessions: Sessions,
    associations: Associations,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps { sessions: setup.sessions(), associations: setup.associations() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let acting = Acting::from(call, &deps.sessions).await?;
    let subject = acting.subject(call)?;
    let association = deps.associations.of(&subject.id, call.now).await?.ok_or(Problem::NothingAssociated)?;
    Reply::json(200, &AssociationView::of(&association, &subject, call.now))
}
