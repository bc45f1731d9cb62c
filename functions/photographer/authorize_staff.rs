//! POST /v1/photographer/staff: the owner lets an employee act for the business. Repeating it answers the same; another label
//! takes the place of the one before.

use domain::{
    Afm, Secret,
    staff::{EmployeeId, STAFF_MAX, StaffLabel},
};
use edge::{Call, Failure, Reply, Setup, guard::Owner, views::StaffView};
use messages::problem::{FieldReason, Problem};
use serde::Deserialize;
use storage::{
    Transaction, TransactionError,
    sealing::{IdentifierHasher, SealingKey},
    sessions::Sessions,
    staff::{Staff, StaffFacts, StaffItem},
};

struct Deps {
    sessions: Sessions,
    staff: Staff,
    hasher: IdentifierHasher,
    key: SealingKey,
    transaction: Transaction,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    afm: Secret,
    label: Option<Secret>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps {
        sessions: setup.sessions(),
        staff: setup.staff(),
        hasher: setup.identifier_hasher(),
        key: setup.staff_key(),
        transaction: setup.transaction(),
    };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let owner = Owner::from(call, &deps.sessions).await?;
    let body: Body = call.json()?;
    let invalid = |field: &str, reason| Problem::InvalidField { field: field.to_owned(), reason };
    let afm = Afm::parse(body.afm.expose()).map_err(|_| invalid("afm", FieldReason::InvalidNumber))?;
    let label = body.label.map(|label| StaffLabel::parse(label.expose())).transpose();
    let label = label.map_err(|_| invalid("label", FieldReason::InvalidText { limit: domain::staff::LABEL_LENGTH }))?;
    if afm == owner.session.person.afm {
        return Err(Problem::StaffIsOwner.into());
    }
    let employee = deps.hasher.employee(&afm);
    let facts = StaffFacts { afm, label, business_afm: owner.business_afm.clone(), owner_afm: owner.session.person.afm.clone() };
    if let Some(read) = deps.staff.find(&owner.business, &employee, call.now).await? {
        return authorized_before(deps, &owner, &read, facts).await;
    }
    authorize(deps, call, &owner, employee, facts).await
}

async fn authorize(deps: &Deps, call: &Call, owner: &Owner, employee: EmployeeId, facts: StaffFacts) -> Result<Reply, Failure> {
    let item = StaffItem::seal(&deps.key, owner.business.clone(), employee, &facts, owner.member.clone(), call.now)?;
    let entered = deps.staff.enter_write(&item.business, &item.employee)?;
    match deps.transaction.clone().with(deps.staff.put_write(&item)?).with(entered).commit().await {
        Ok(()) => Reply::json(201, &StaffView::of(&deps.hasher, &item, &facts)),
        // Two calls at once for the same employee: the other one did it.
        Err(TransactionError::Refused(parts)) if parts.contains(&0) => {
            let read = deps.staff.find(&item.business, &item.employee, call.now).await?.ok_or(Problem::Conflict)?;
            authorized_before(deps, owner, &read, facts).await
        }
        Err(TransactionError::Refused(_)) => Err(Problem::StaffExhausted { limit: STAFF_MAX }.into()),
        Err(error @ (TransactionError::Conflict | TransactionError::Storage(_))) => Err(error.into()),
    }
}

/// Stays as it is, but for another label.
async fn authorized_before(deps: &Deps, owner: &Owner, read: &StaffItem, wanted: StaffFacts) -> Result<Reply, Failure> {
    let before = read.open(&deps.key)?;
    let facts = StaffFacts { label: wanted.label.or_else(|| before.label.clone()), ..wanted };
    if facts != before {
        let item = read.with(&deps.key, &facts, owner.member.clone())?;
        deps.transaction.clone().with(deps.staff.replace_write(read, &item)?).commit().await?;
    }
    Reply::json(200, &StaffView::of(&deps.hasher, read, &facts))
}
