//! GET /v1/kep/cases/{case}: the open case of the clerk, with what was done in it.

use domain::kep::{Act, CaseStage};
use edge::{
    Call, Failure, Reply, Setup,
    guard::InCase,
    views::{ActView, CaseView},
};
use messages::problem::Problem;
use storage::{
    applications::Applications,
    history::{Event, History},
    quotas::Quotas,
    sessions::Sessions,
};

struct Deps {
    sessions: Sessions,
    history: History,
    quotas: Quotas,
    applications: Applications,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps { sessions: setup.sessions(), history: setup.history(), quotas: setup.quotas(), applications: setup.applications() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let InCase { session, case } = InCase::from(call, &deps.sessions).await?;
    let person = &case.person.subject_id;
    let (record, applications) = tokio::try_join!(deps.history.find(person, &case.record, call.now), deps.applications.all())?;
    let Some(Event::Case(record)) = record.map(|record| record.what) else { return Err(Problem::CaseOver.into()) };
    let view = |act: &Act| ActView::of(act, &applications, &session.minors, call.language);
    let done = record.acts().into_iter().map(view).collect();
    let left = match case.stage() {
        CaseStage::Ready => Some(deps.quotas.submissions_left(person, call.now).await?),
        CaseStage::Presence | CaseStage::Consent => None,
    };
    Reply::json(200, &CaseView::of(&session, &case, left, done, call.language))
}
