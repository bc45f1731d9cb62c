//! GET /v1/subjects/{subject}/association/code: shows the code number of the associated photos. People need to note it before they
//! dissociate, because afterwards the service cannot show it.

use citizen_functions::KeyAccess;
use edge::{Call, Failure, Reply, Setup, guard::Citizen};
use messages::link::code_link;
use serde::Serialize;
use storage::sessions::Sessions;

struct Deps {
    sessions: Sessions,
    key: KeyAccess,
}

#[derive(Serialize)]
struct ResponseBody {
    code: String,
    /// The content of the QR code.
    link: String,
    expires_at: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let key = KeyAccess { associations: setup.associations(), keys: setup.keys(), kms: setup.associations_key() };
    let deps = Deps { sessions: setup.sessions(), key };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let citizen = Citizen::from(call, &deps.sessions).await?;
    let subject = citizen.subject(call)?;
    let (association, key) = deps.key.open(&subject.id, call.now).await?;
    let link = code_link(call.public_origin(), &key.code);
    Reply::json(200, &ResponseBody { code: key.code.expose(), link, expires_at: association.expires_at.rfc3339() })
}
