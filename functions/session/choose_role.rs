//! PUT /v1/session/role: chooses the role in which the person acts. Also switches the role or business later, without a new sign-in.

use domain::{business::BusinessId, kep::OfficeId, session::Role};
use edge::{
    Call, Failure, Reply, Setup,
    guard::{SignedIn, check_still_staff},
    views::SessionView,
};
use messages::problem::{FieldReason, Problem};
use serde::Deserialize;
use storage::{
    sessions::{Session, Sessions},
    staff::Staff,
};

struct Deps {
    sessions: Sessions,
    staff: Staff,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Citizen,
    Photographer,
    KepClerk,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    kind: Kind,
    business: Option<String>,
    office: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps { sessions: setup.sessions(), staff: setup.staff() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let SignedIn { mut session } = SignedIn::from(call, &deps.sessions).await?;
    let Body { kind, business, office } = call.json()?;
    let role = match (kind, business, office) {
        (Kind::Citizen, None, None) => Role::Citizen,
        (Kind::Photographer, Some(business), None) => {
            let own = session.business(&BusinessId::from_hash(business)).ok_or(Problem::RoleNotYours)?;
            check_still_staff(&deps.staff, &own.id, own.staff.as_ref(), call).await?;
            Role::Photographer { business: own.id.clone() }
        }
        (Kind::KepClerk, None, Some(office)) => {
            let office = OfficeId::parse(&office).map_err(|_| Problem::RoleNotYours)?;
            // The session contains the offices at which the clerk was authorised at sign-in, according to the registers.
            Role::KepClerk { office: session.office(&office).ok_or(Problem::RoleNotYours)?.office.id.clone() }
        }
        (Kind::Citizen | Kind::KepClerk, Some(_), _) => return Err(invalid("business", FieldReason::Unknown)),
        (Kind::Citizen | Kind::Photographer, _, Some(_)) => return Err(invalid("office", FieldReason::Unknown)),
        (Kind::Photographer, None, None) => return Err(invalid("business", FieldReason::Missing)),
        (Kind::KepClerk, None, None) => return Err(invalid("office", FieldReason::Missing)),
    };
    // The clerk must close a case before changing roles, so that no case is forgotten while it is open.
    if session.open_case(call.now).is_some() {
        return Err(Problem::CaseOpen.into());
    }
    if !deps.sessions.choose_role(&session, &role, call.now).await? {
        return Err(refusal(deps, call, &session).await?.into());
    }
    session.role = Some(role);
    session.submission = None;
    // Minors that were added in an expired case belong to the person at the counter, so they are removed.
    session.minors.retain(|minor| minor.case.is_none());
    Reply::json(200, &SessionView::of(&session, None, call.language, call.now))
}

/// Returns why the role was not stored: the session has ended, or another tab opened or closed a case at the same time.
async fn refusal(deps: &Deps, call: &Call, read: &Session) -> Result<Problem, Failure> {
    let current = deps.sessions.load(&read.token, call.now).await?.filter(|session| session.successor.is_none());
    Ok(match current {
        Some(session) if session.open_case(call.now).is_some() => Problem::CaseOpen,
        Some(_) => Problem::Conflict,
        None => Problem::SessionExpired,
    })
}

fn invalid(field: &str, reason: FieldReason) -> Failure {
    Problem::InvalidField { field: field.to_owned(), reason }.into()
}
