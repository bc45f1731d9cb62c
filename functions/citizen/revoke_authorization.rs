//! DELETE /v1/subjects/{subject}/authorizations/{application}: revokes the authorization, so that the application can no longer pull. A
//! repeated request gets the same response.

use std::collections::BTreeSet;

use citizen_functions::ATTEMPTS_MAX;
use domain::{application::ApplicationId, kep::ActKind};
use edge::{
    Call, Failure, Reply, Setup,
    guard::{Acting, Subject},
};
use messages::problem::Problem;
use storage::{
    Transaction, TransactionError,
    associations::{Association, Associations},
    history::History,
    sessions::Sessions,
};

struct Deps {
    sessions: Sessions,
    associations: Associations,
    history: History,
    transaction: Transaction,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps =
        Deps { sessions: setup.sessions(), associations: setup.associations(), history: setup.history(), transaction: setup.transaction() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let acting = Acting::from(call, &deps.sessions).await?;
    let subject = acting.subject(call)?;
    let id = call.path("application").unwrap_or_default();
    let application = ApplicationId::parse(id).map_err(|_| Problem::NotFound)?;
    let mut missing_records = BTreeSet::new();
    // After a conflict the association is read again, because another request has changed its authorizations.
    for _ in 0..ATTEMPTS_MAX {
        let association = deps.associations.of(&subject.id, call.now).await?.ok_or(Problem::NothingAssociated)?;
        if !association.applications.get(&application).is_some_and(|given| given.in_force(call.now)) {
            return Ok(Reply::no_content());
        }
        match revoke(deps, call, (&acting, &subject), &association, &application, &missing_records).await {
            Ok(()) => return Ok(Reply::no_content()),
            Err(error) if acting.is_case_over(&error) => return Err(Problem::CaseOver.into()),
            Err(TransactionError::Conflict) => {}
            Err(TransactionError::Refused(_)) => {
                let record = association.applications.get(&application).map(|given| &given.record);
                missing_records = deps.history.without_open_record(&subject.id, record.into_iter(), call.now).await?;
            }
            Err(TransactionError::Storage(error)) => return Err(error.into()),
        }
    }
    Err(Problem::Conflict.into())
}

/// Removes the authorization from the association and ends its record, unless the record is in `missing_records`.
async fn revoke(
    deps: &Deps,
    call: &Call,
    (acting, subject): (&Acting, &Subject),
    association: &Association,
    application: &ApplicationId,
    missing_records: &BTreeSet<String>,
) -> Result<(), TransactionError> {
    let mut applications = association.applications.clone();
    let mut transaction =
        acting.begin_for_applications(&deps.transaction, &deps.history, ActKind::Withdrawn, subject, &[application], call)?;
    if let Some(ended) = applications.remove(application).filter(|ended| !missing_records.contains(&ended.record)) {
        transaction =
            transaction.with(deps.history.end_authorization_write(&association.subject_id, &ended.record, call.now, acting.channel())?);
    }
    transaction.with(deps.associations.applications_write(association, &applications)?).commit().await
}
