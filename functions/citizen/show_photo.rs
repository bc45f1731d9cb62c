//! GET /v1/subjects/{subject}/association/photos/{image}: returns one full image of the current association.

use citizen_functions::{KeyAccess, PhotoAccess};
use domain::{ImageKind, kep::ActKind};
use edge::{Call, Failure, Reply, Setup, guard::Acting};
use lambda_http::http::StatusCode;
use messages::problem::Problem;
use storage::{history::History, sessions::Sessions};

struct Deps {
    sessions: Sessions,
    photos: PhotoAccess,
    history: History,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let key = KeyAccess { associations: setup.associations(), keys: setup.keys(), kms: setup.associations_key() };
    let deps = Deps { sessions: setup.sessions(), photos: PhotoAccess { key, vault: setup.vault() }, history: setup.history() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let acting = Acting::from(call, &deps.sessions).await?;
    let subject = acting.subject(call)?;
    let kind = call.path("image").and_then(ImageKind::parse).ok_or(Problem::NotFound)?;
    let (association, key) = deps.photos.key.open(&subject.id, call.now).await?;
    // In a case, all views of the images of one set are recorded as one act.
    acting.record_act(&deps.history, &format!("photo_shown {}", association.set_id), ActKind::PhotoShown, &subject, call).await?;
    let image = deps.photos.image(&association, &key, kind).await?;
    Ok(Reply::file(StatusCode::OK, "image/jpeg", image))
}
