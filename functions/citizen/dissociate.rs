//! DELETE /v1/subjects/{subject}/association: ends the association and all its authorizations in one transaction. Afterwards the photos
//! cannot be used without the code number.

use std::collections::BTreeSet;

use citizen_functions::{ATTEMPTS_MAX, AssociationEnding};
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
    ending: AssociationEnding,
    transaction: Transaction,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let ending = AssociationEnding {
        associations: setup.associations(),
        keys: setup.keys(),
        history: setup.history(),
        reminders: setup.reminders(),
    };
    let deps = Deps { sessions: setup.sessions(), codes: setup.codes(), ending, transaction: setup.transaction() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let citizen = Citizen::from(call, &deps.sessions).await?;
    let subject = citizen.subject(call)?;
    let mut missing_records = BTreeSet::new();
    // After a conflict the association is read again, because another request has changed its authorizations.
    for _ in 0..ATTEMPTS_MAX {
        let association = deps.ending.associations.of(&subject.id, call.now).await?.ok_or(Problem::NothingAssociated)?;
        match end(deps, call, &citizen, &association, &missing_records).await {
            Ok(()) => return Ok(Reply::no_content()),
            Err(TransactionError::Conflict) => {}
            Err(TransactionError::Refused(_)) => missing_records = deps.ending.missing_records(&association, call.now).await?,
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
    missing_records: &BTreeSet<String>,
) -> Result<(), TransactionError> {
    let subject = &association.subject_id;
    let dissociated = Event::Dissociated { set_id: association.set_id.clone(), by: citizen.session.subject_id.clone() };
    let record = Record::new(subject, dissociated, call.now, association.expires_at);
    let transaction = deps
        .transaction
        .clone()
        .with(deps.codes.dissociate_write(&association.code_id, subject)?)
        .with(deps.ending.history.put_write(&record)?);
    deps.ending.add_to(transaction, association, missing_records, call.now)?.commit().await
}
