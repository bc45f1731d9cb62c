//! DELETE /v1/subjects/{subject}/association: ends the association and all its authorizations in one transaction. To use the photos after
//! that, somebody must enter the code number again.

use std::collections::BTreeSet;

use citizen_functions::{ATTEMPTS_MAX, AssociationEnding};
use domain::kep::ActKind;
use edge::{
    Call, Failure, Reply, Setup,
    guard::{Acting, Subject},
};
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
    let acting = Acting::from(call, &deps.sessions).await?;
    let subject = acting.subject(call)?;
    let mut missing_records = BTreeSet::new();
    // After a conflict the association is read again, because another request has changed its authorizations.
    for _ in 0..ATTEMPTS_MAX {
        let association = deps.ending.associations.of(&subject.id, call.now).await?.ok_or(Problem::NothingAssociated)?;
        match end(deps, call, (&acting, &subject), &association, &missing_records).await {
            Ok(()) => return Ok(Reply::no_content()),
            Err(error) if acting.is_case_over(&error) => return Err(Problem::CaseOver.into()),
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
    (acting, subject): (&Acting, &Subject),
    association: &Association,
    missing_records: &BTreeSet<String>,
) -> Result<(), TransactionError> {
    let dissociated = Event::Dissociated { set_id: association.set_id.clone(), by: acting.person().clone() };
    let record = Record::new(&subject.id, dissociated, call.now, association.expires_at).at_kep(acting.channel());
    let transaction = acting
        .begin(&deps.transaction, &deps.ending.history, ActKind::Dissociated, subject, call)?
        .with(deps.codes.dissociate_write(&association.code_id, &subject.id)?)
        .with(deps.ending.history.put_write(&record)?);
    deps.ending.add_to(transaction, association, missing_records, acting.channel(), call.now)?.commit().await
}
