//! DELETE /v1/photographer/staff/{employee}: withdraws an employee's authorization. The employee's next request for the business is
//! rejected. A repeated request gets the same response.

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
    // An unknown employee is not an error, because there is no authorization to withdraw.
    if let Some(employee) = find(deps, &business, call.path("employee").unwrap_or_default()).await? {
        let (delete, leave) = (deps.staff.delete_write(&business, &employee)?, deps.staff.remove_from_roster_write(&business, &employee)?);
        deps.transaction.clone().with(delete).with(leave).commit().await?;
    }
    Ok(Reply::no_content())
}

/// Finds the employee with the member ID that `list_staff` shows. Pages and programs of an older version send the employee's hash instead.
async fn find(deps: &Deps, business: &BusinessId, requested_id: &str) -> Result<Option<EmployeeId>, Failure> {
    let is_named = |id: &str| equal(id.as_bytes(), requested_id.as_bytes());
    for item in deps.staff.of_business(business).await? {
        // If an item cannot be opened, only its hash is compared, so that the authorizations of other employees can still be withdrawn.
        let member = item.open(&deps.key).map(|facts| deps.hasher.member(business, &facts.afm));
        if is_named(item.employee.as_str()) || member.is_ok_and(|member| is_named(member.as_str())) {
            return Ok(Some(item.employee));
        }
    }
    Ok(None)
}
