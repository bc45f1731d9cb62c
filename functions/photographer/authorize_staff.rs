//! POST /v1/photographer/staff: the owner authorises an employee to act for the business. A repeated request gets the same response. A new
//! label replaces the previous one.

use domain::{
    Secret,
    staff::{EmployeeId, STAFF_MAX, StaffLabel},
    typed,
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
    let afm = typed::afm(body.afm.expose()).map_err(|error| invalid("afm", FieldReason::InvalidNumber.unless_several(error)))?.value;
    let label = body.label.map(|label| StaffLabel::parse(label.expose())).transpose();
    let label = label.map_err(|_| invalid("label", FieldReason::InvalidText { limit: domain::staff::LABEL_CHARACTERS_MAX }))?;
    if afm == owner.session.person.afm {
        return Err(Problem::StaffIsOwner.into());
    }
    let employee = deps.hasher.employee(&afm);
    let facts = StaffFacts { afm, label, business_afm: owner.business_afm.clone(), owner_afm: owner.session.person.afm.clone() };
    if let Some(existing) = deps.staff.find(&owner.business, &employee, call.now).await? {
        return update_existing(deps, &owner, &existing, facts).await;
    }
    authorize(deps, call, &owner, employee, facts).await
}

async fn authorize(deps: &Deps, call: &Call, owner: &Owner, employee: EmployeeId, facts: StaffFacts) -> Result<Reply, Failure> {
    let item = StaffItem::seal(&deps.key, owner.business.clone(), employee, &facts, owner.member.clone(), call.now)?;
    let enter = deps.staff.add_to_roster_write(&item.business, &item.employee)?;
    match deps.transaction.clone().with(deps.staff.put_write(&item)?).with(enter).commit().await {
        Ok(()) => Reply::json(201, &StaffView::of(&deps.hasher, &item, &facts)),
        // Another request authorised the same employee at the same time.
        Err(TransactionError::Refused(failed_writes)) if failed_writes.contains(&0) => {
            let existing = deps.staff.find(&item.business, &item.employee, call.now).await?.ok_or(Problem::Conflict)?;
            update_existing(deps, owner, &existing, facts).await
        }
        Err(TransactionError::Refused(_)) => Err(Problem::StaffExhausted { limit: STAFF_MAX }.into()),
        Err(error @ (TransactionError::Conflict | TransactionError::Storage(_))) => Err(error.into()),
    }
}

/// Updates an existing authorization. If the request has no label, the authorization's label does not change.
async fn update_existing(deps: &Deps, owner: &Owner, existing: &StaffItem, requested: StaffFacts) -> Result<Reply, Failure> {
    let before = existing.open(&deps.key)?;
    let facts = StaffFacts { label: requested.label.or_else(|| before.label.clone()), ..requested };
    if facts != before {
        let item = existing.with(&deps.key, &facts, owner.member.clone())?;
        deps.transaction.clone().with(deps.staff.replace_write(existing, &item)?).commit().await?;
    }
    Reply::json(200, &StaffView::of(&deps.hasher, existing, &facts))
}
