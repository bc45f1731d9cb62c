//! DELETE /v1/photographer/staff/{employee}: the employee's next request for the business is refused. Repeating it answers the
//! same.

use domain::{business::BusinessId, staff::EmployeeId};
use edge::{Call, Failure, Reply, Setup, guard::Owner};
use storage::{
    Transaction,
    sealing::{IdentifierHasher, SealingKey, equal},
    sessions::Sessions,
    staff::Staff,
};

struct Deps {
    sessions: Sessions,
    staff: Staff,
    key: SealingKey,
    hasher: IdentifierHasher,
    transaction: Transaction,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps {
        sessions: setup.sessions(),
        staff: setup.staff(),
        key: setup.staff_key(),
        hasher: setup.identifier_hasher(),
        transaction: setup.transaction(),
    };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let Owner { business, .. } = Owner::from(call, &deps.sessions).await?;
    // Who is not among the employees is authorised for nothing already.
    if let Some(employee) = find(deps, &business, call.path("employee").unwrap_or_default()).await? {
        let (deleted, left) = (deps.staff.delete_write(&business, &employee)?, deps.staff.leave_write(&business, &employee)?);
        deps.transaction.clone().with(deleted).with(left).commit().await?;
    }
    Ok(Reply::no_content())
}

/// Returns the employee whom `list_staff` names so. A page or program of before an update names the employee's hash.
async fn find(deps: &Deps, business: &BusinessId, named: &str) -> Result<Option<EmployeeId>, Failure> {
    let is_named = |id: &str| equal(id.as_bytes(), named.as_bytes());
    for item in deps.staff.of_business(business).await? {
        // An item that does not open has no AFM to tell, and keeps nobody else from being withdrawn.
        let member = item.open(&deps.key).map(|facts| deps.hasher.member(business, &facts.afm));
        if is_named(item.employee.as_str()) || member.is_ok_and(|member| is_named(member.as_str())) {
            return Ok(Some(item.employee));
        }
    }
    Ok(None)
}
