//! DELETE /v1/photographer/staff/{employee}: the employee's next request for the business is refused. Repeating it answers the
//! same.

use domain::staff::EmployeeId;
use edge::{Call, Failure, Reply, Setup, guard::Owner};
use storage::{Transaction, sessions::Sessions, staff::Staff};

struct Deps {
    sessions: Sessions,
    staff: Staff,
    transaction: Transaction,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps { sessions: setup.sessions(), staff: setup.staff(), transaction: setup.transaction() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let Owner { business, .. } = Owner::from(call, &deps.sessions).await?;
    // What cannot be an employee is authorised for nothing already.
    if let Some(employee) = call.path("employee").and_then(EmployeeId::parse) {
        let (deleted, left) = (deps.staff.delete_part(&business, &employee)?, deps.staff.leave_part(&business, &employee)?);
        deps.transaction.clone().with(deleted).with(left).commit().await?;
    }
    Ok(Reply::no_content())
}
