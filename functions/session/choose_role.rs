//! PUT /v1/session/role: chooses the role in which the person acts. Also switches the role or business later, without a new sign-in.

use domain::{business::BusinessId, session::Role};
use edge::{
    Call, Failure, Reply, Setup,
    guard::{SignedIn, check_still_staff},
    views::SessionView,
};
use messages::problem::{FieldReason, Problem};
use serde::Deserialize;
use storage::{sessions::Sessions, staff::Staff};

struct Deps {
    sessions: Sessions,
    staff: Staff,
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
    let setup = Setup::from_environment();
    let deps = Deps { sessions: setup.sessions(), staff: setup.staff() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let SignedIn { mut session } = SignedIn::from(call, &deps.sessions).await?;
    let role = match call.json::<Body>()? {
        Body { kind: Kind::Citizen, business: None } => Role::Citizen,
        Body { kind: Kind::Photographer, business: Some(business) } => {
            let own = session.business(&BusinessId::from_hash(business)).ok_or(Problem::RoleNotYours)?;
            check_still_staff(&deps.staff, &own.id, own.staff.as_ref(), call).await?;
            Role::Photographer { business: own.id.clone() }
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
