//! GET /v1/photographer/staff: lists the employees whom the owner has authorised, in the order of their authorization.

use edge::{Call, Failure, Reply, Setup, guard::Owner, views::StaffView};
use serde::Serialize;
use storage::{
    sealing::{IdentifierHasher, SealingKey},
    sessions::Sessions,
    staff::Staff,
};

struct Deps {
    sessions: Sessions,
    staff: Staff,
    key: SealingKey,
    hasher: IdentifierHasher,
}

#[derive(Serialize)]
struct ResponseBody {
    staff: Vec<StaffView>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps { sessions: setup.sessions(), staff: setup.staff(), key: setup.staff_key(), hasher: setup.identifier_hasher() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let owner = Owner::from(call, &deps.sessions).await?;
    let mut items = deps.staff.of_business(&owner.business).await?;
    items.sort_by(|a, b| (a.authorized_at, &a.employee).cmp(&(b.authorized_at, &b.employee)));
    let mut staff = Vec::new();
    for item in &items {
        staff.push(StaffView::of(&deps.hasher, item, &item.open(&deps.key)?));
    }
    Reply::json(200, &ResponseBody { staff })
}
