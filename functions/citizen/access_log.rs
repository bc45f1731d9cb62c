//! GET /v1/subjects/{subject}/accesses: lists the pulls of the subject's images by applications, with time, purpose and verdict. Pulls that
//! were refused are included. The newest comes first.

use edge::{
    Call, Failure, PageRequest, Reply, Setup,
    guard::Citizen,
    page::{PAGE_BYTES, Page},
    records::{AccessView, ApplicationNames},
};
use serde::Serialize;
use storage::{
    applications::Applications,
    history::{History, Kind},
    sessions::Sessions,
};

struct Deps {
    sessions: Sessions,
    applications: Applications,
    history: History,
}

#[derive(Serialize)]
struct ResponseBody {
    accesses: Vec<AccessView>,
    /// The `cursor` of the next page. Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps { sessions: setup.sessions(), applications: setup.applications(), history: setup.history() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    // Clerks cannot call this operation, because the purposes and verdicts of pulls are for the person alone.
    let citizen = Citizen::from(call, &deps.sessions).await?;
    let subject = citizen.subject(call)?;
    let PageRequest { limit, after } = call.page()?;
    let (applications, page) =
        tokio::try_join!(deps.applications.all(), deps.history.list(&subject.id, Kind::Accesses, after, limit, call.now))?;
    let names = ApplicationNames::of(&applications);
    let entries = page.records.iter().filter_map(|record| Some((record.id().to_owned(), AccessView::of(record, &names, call.language)?)));
    let page = Page::within(PAGE_BYTES, entries, page.next)?;
    Reply::json(200, &ResponseBody { accesses: page.entries, next: page.next })
}
