//! GET /v1/subjects/{subject}/authorizations: lists all authorizations, in force and ended, with their periods. The newest comes first.

use edge::{
    Call, Failure, PageRequest, Reply, Setup,
    guard::Citizen,
    page::{PAGE_BYTES, Page},
    records::{ApplicationNames, AuthorizationRecordView},
};
use serde::Serialize;
use storage::{
    applications::Applications,
    history::{History, Kind},
    sealing::SealingKey,
    sessions::Sessions,
};

struct Deps {
    sessions: Sessions,
    applications: Applications,
    history: History,
    kep_key: SealingKey,
}

#[derive(Serialize)]
struct ResponseBody {
    authorizations: Vec<AuthorizationRecordView>,
    /// The `cursor` of the next page. Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps { sessions: setup.sessions(), applications: setup.applications(), history: setup.history(), kep_key: setup.kep_key() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    // Clerks cannot call this operation. To withdraw an authorization they need only those in force, which `show_association` returns.
    let citizen = Citizen::from(call, &deps.sessions).await?;
    let subject = citizen.subject(call)?;
    let PageRequest { limit, after } = call.page()?;
    let (applications, page) =
        tokio::try_join!(deps.applications.all(), deps.history.list(&subject.id, Kind::Authorizations, after, limit, call.now))?;
    let names = ApplicationNames::of(&applications);
    let entries = page.records.iter().filter_map(|record| {
        let authorization = AuthorizationRecordView::of(record, &names, &deps.kep_key, call.language, call.now)?;
        Some((record.id().to_owned(), authorization))
    });
    let page = Page::within(PAGE_BYTES, entries, page.next)?;
    Reply::json(200, &ResponseBody { authorizations: page.entries, next: page.next })
}
