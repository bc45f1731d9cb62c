//! GET /v1/subjects/{subject}/association/code: shows the code number of the associated photos. People need to note it before they
//! dissociate, because afterwards the service cannot show it.

use citizen_functions::KeyAccess;
use domain::kep::ActKind;
use edge::{Call, Failure, Reply, Setup, guard::Acting};
use messages::link::code_link;
use serde::Serialize;
use storage::{history::History, sessions::Sessions};

struct Deps {
    sessions: Sessions,
    key: KeyAccess,
    history: History,
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
    let deps = Deps { sessions: setup.sessions(), key, history: setup.history() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let acting = Acting::from(call, &deps.sessions).await?;
    let subject = acting.subject(call)?;
    let (association, key) = deps.key.open(&subject.id, call.now).await?;
    // In a case, all requests for the code of one set are recorded as one act.
    acting.record_act(&deps.history, &format!("code_shown {}", association.set_id), ActKind::CodeShown, &subject, call).await?;
    let link = code_link(call.public_origin(), &key.code);
    Reply::json(200, &ResponseBody { code: key.code.expose(), link, expires_at: association.expires_at.rfc3339() })
}
