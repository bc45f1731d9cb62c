//! PUT /v1/session/role: as whom to act. Also switches role or business later, without signing in again.

use domain::{business::BusinessId, session::Role};
use edge::{Call, Failure, Reply, Setup, guard::SignedIn, views::SessionView};
use messages::problem::{FieldReason, Problem};
use serde::Deserialize;
use storage::sessions::Sessions;

struct Deps {
    sessions: Sessions,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Citizen,
    Photographer,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    kind: Kind,
    business: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::new().await;
    let deps = Deps { sessions: setup.sessions() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let SignedIn { mut session } = SignedIn::from(call, &deps.sessions).await?;
    let role = match call.json::<Body>()? {
        Body { kind: Kind::Citizen, business: None } => Role::Citizen,
        Body { kind: Kind::Photographer, business: Some(business) } => {
            if !session.person.businesses.iter().any(|own| own.id.as_str() == business) {
                return Err(Problem::RoleNotYours.into());
            }
            Role::Photographer { business: BusinessId::from_hash(business) }
        }
        Body { kind: Kind::Citizen, business: Some(_) } => return Err(business_problem(FieldReason::Unknown)),
        Body { kind: Kind::Photographer, business: None } => return Err(business_problem(FieldReason::Missing)),
    };
    if !deps.sessions.choose_role(&session, &role, call.now).await? {
        return Err(Problem::SessionExpired.into());
    }
    session.role = Some(role);
    session.submission = None;
    Reply::json(200, &SessionView::of(&session, None, call.language))
}

fn business_problem(reason: FieldReason) -> Failure {
    Problem::InvalidField { field: "business".to_owned(), reason }.into()
}
