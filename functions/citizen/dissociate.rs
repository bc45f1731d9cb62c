//! DELETE /v1/subjects/{subject}/association: from this moment no use can be made of the photos without the code number,
//! and every authorization ends. All in one transaction.

use std::collections::BTreeSet;

use citizen_functions::{ATTEMPTS_MAX, Ending};
use edge::{Call, Failure, Reply, Setup, guard::Citizen};
use messages::problem::Problem;
use storage::{
    Transaction, TransactionError,
    associations::Association,
    codes::Codes,
    history::{Event, Record},
    sessions::Sessions,
};

struct Deps {
    sessions: Sessions,
    codes: Codes,
    ending: Ending,
    transaction: Transaction,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let ending = Ending { associations: setup.associations(), keys: setup.keys(), history: setup.history(), reminders: setup.reminders() };
    let deps = Deps { sessions: setup.sessions(), codes: setup.codes(), ending, transaction: setup.transaction() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let citizen = Citizen::from(call, &deps.sessions).await?;
    let subject = citizen.subject(call)?;
    let mut lost = BTreeSet::new();
    // An authorization given or withdrawn meanwhile makes another association of it: read again.
    for _ in 0..ATTEMPTS_MAX {
        let association = deps.ending.associations.of(&subject.id, call.now).await?.ok_or(Problem::NothingAssociated)?;
        match end(deps, call, &citizen, &association, &lost).await {
            Ok(()) => return Ok(Reply::no_content()),
            Err(TransactionError::Conflict) => {}
            Err(TransactionError::Refused(_)) => lost = deps.ending.lost(&association, call.now).await?,
            Err(TransactionError::Storage(error)) => return Err(error.into()),
        }
    }
    Err(Problem::Conflict.into())
}

async fn end(
    deps: &Deps,
    call: &Call,
    citizen: &Citizen,
    association: &Association,
    lost: &BTreeSet<String>,
) -> Result<(), TransactionError> {
    let subject = &association.subject_id;
    let dissociated = Event::Dissociated { set_id: association.set_id.clone(), by: citizen.session.subject_id.clone() };
    let record = Record::new(subject, dissociated, call.now, association.expires_at);
    let transaction = deps
        .transaction
        .clone()
        .with(deps.codes.dissociate_write(&association.code_id, subject)?)
        .with(deps.ending.history.put_write(&record)?);
    deps.ending.of(transaction, association, lost, call.now)?.commit().await
}
