//! GET /v1/photographer/issuances: the business's uploads, newest first: to whom (masked), when, whether sent, whether
//! associated. Never the code, never by whom.

use edge::{Call, Failure, Reply, Setup, guard::Photographer, views::IssuanceView};
use messages::problem::{FieldReason, Problem};
use serde::Serialize;
use storage::{issuances::Issuances, sessions::Sessions};

const PAGE: usize = 50;
const LARGEST_PAGE: usize = 100;

struct Deps {
    sessions: Sessions,
    issuances: Issuances,
}

#[derive(Serialize)]
struct Answer {
    issuances: Vec<IssuanceView>,
    /// For `cursor`, to read on; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::new().await;
    let deps = Deps { sessions: setup.sessions(), issuances: setup.issuances() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let Photographer { session, business } = Photographer::from(call, &deps.sessions).await?;
    let invalid = |field: &str, reason| Problem::InvalidField { field: field.to_owned(), reason };
    let limit = match call.query("limit") {
        None => PAGE,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=LARGEST_PAGE).contains(limit))
            .ok_or_else(|| invalid("limit", FieldReason::InvalidNumber))?,
    };
    // A cursor is an upload id.
    let is_id = |text: &&str| storage::is_time_ordered_id(text);
    let after = match call.query("cursor") {
        None => None,
        Some(text) => Some(Some(text).filter(is_id).ok_or_else(|| invalid("cursor", FieldReason::NotAllowed))?),
    };
    let page = deps.issuances.list(&business, after, limit, call.now).await?;
    let views = page.issuances.iter().filter_map(|issuance| {
        let issued = issuance.issued.as_ref()?;
        Some(IssuanceView::of(issuance, issued, &session))
    });
    Reply::json(200, &Answer { issuances: views.collect(), next: page.next })
}
