//! POST /v1/subjects/{subject}/authorizations: authorises one or more applications to pull the associated photos.

use std::collections::BTreeSet;

use citizen_functions::ATTEMPTS_MAX;
use domain::{
    Moment,
    application::{AUTHORIZED_APPLICATIONS_MAX, ApplicationId},
    authorization::{Authorization, NotAuthorizable, authorizable},
    kep::ActKind,
};
use edge::{
    Call, Failure, Reply, Setup,
    guard::{Acting, Subject},
    views::AssociationView,
};
use messages::problem::{FieldReason, Problem};
use serde::Deserialize;
use storage::{
    Transaction, TransactionError,
    applications::{Application, Applications},
    associations::{Association, Associations},
    history::{Event, History, Record},
    sessions::Sessions,
};

struct Deps {
    sessions: Sessions,
    applications: Applications,
    associations: Associations,
    history: History,
    transaction: Transaction,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    applications: Vec<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps {
        sessions: setup.sessions(),
        applications: setup.applications(),
        associations: setup.associations(),
        history: setup.history(),
        transaction: setup.transaction(),
    };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let acting = Acting::from(call, &deps.sessions).await?;
    let subject = acting.subject(call)?;
    let requested = requested_ids(call.json::<Body>()?)?;
    let (known, association) = tokio::try_join!(deps.applications.all(), deps.associations.of(&subject.id, call.now))?;
    let mut association = association.ok_or(Problem::NothingAssociated)?;
    // After a conflict the association is read again, because another request has changed its authorizations.
    for _ in 0..ATTEMPTS_MAX {
        let applications = find_authorizable(&requested, &known, &association)?;
        match authorize(deps, call, &acting, &subject, &mut association, &applications).await {
            Ok(()) => return Reply::json(200, &AssociationView::of(&association, &subject, call.now)),
            Err(Failure::Refused(Problem::Conflict)) => {}
            Err(failure) => return Err(failure),
        }
        association = deps.associations.of(&subject.id, call.now).await?.ok_or(Problem::NothingAssociated)?;
    }
    Err(Problem::Conflict.into())
}

fn requested_ids(body: Body) -> Result<BTreeSet<String>, Problem> {
    let ids: BTreeSet<String> = body.applications.into_iter().collect();
    if ids.is_empty() {
        return Err(Problem::InvalidField { field: "applications".to_owned(), reason: FieldReason::Missing });
    }
    if ids.len() > AUTHORIZED_APPLICATIONS_MAX {
        return Err(Problem::AuthorizationsExhausted { limit: AUTHORIZED_APPLICATIONS_MAX });
    }
    Ok(ids)
}

/// Returns the applications with the requested IDs. Fails if any of them is unknown or cannot be authorised for these photos.
fn find_authorizable<'a>(
    requested: &BTreeSet<String>,
    known: &'a [Application],
    association: &Association,
) -> Result<Vec<&'a Application>, Problem> {
    let images = || association.images.iter().map(|image| image.kind);
    requested
        .iter()
        .map(|id| {
            // The requested ID is the caller's text, so the error response shows a shortened form without control characters.
            let printable_id = || id.chars().filter(|c| !c.is_control()).take(40).collect::<String>();
            let found = known.iter().find(|known| known.application.as_str() == id && known.withdrawn_at.is_none());
            let application = found.ok_or_else(|| Problem::ApplicationUnknown { application: printable_id() })?;
            authorizable(application.profile, association.profile, images()).map_err(|reason| match reason {
                NotAuthorizable::ProfileMismatch { needed } => {
                    Problem::ProfileMismatch { application: printable_id(), needed, profile: association.profile }
                }
                NotAuthorizable::FaceAbsent => Problem::FaceAbsent,
            })?;
            Ok(application)
        })
        .collect()
}

/// Adds authorizations for the applications that have none in force, and writes a history record for each.
async fn authorize(
    deps: &Deps,
    call: &Call,
    acting: &Acting,
    subject: &Subject,
    association: &mut Association,
    requested: &[&Application],
) -> Result<(), Failure> {
    let mut applications = association.applications.clone();
    // An authorization that a guardian gave may have ended. Ended authorizations do not count towards the limit.
    applications.retain(|_, authorization| authorization.in_force(call.now));
    let new: Vec<&&Application> = requested.iter().filter(|application| !applications.contains_key(&application.application)).collect();
    if new.is_empty() {
        return Ok(());
    }
    if applications.len() + new.len() > AUTHORIZED_APPLICATIONS_MAX {
        return Err(Problem::AuthorizationsExhausted { limit: AUTHORIZED_APPLICATIONS_MAX }.into());
    }
    let photos_end = association.expires_at;
    // An authorization from a guardian ends when the subject turns 18.
    let adult_from = subject.minor.as_ref().map(|minor| minor.birth_date.adult_from()).filter(|&from| from < photos_end);
    let ids: Vec<&ApplicationId> = new.iter().map(|application| &application.application).collect();
    let mut transaction = acting.begin_for_applications(&deps.transaction, &deps.history, ActKind::Authorized, subject, &ids, call)?;
    for application in new {
        let record = record(acting, association, application, call.now, adult_from.unwrap_or(photos_end));
        transaction = transaction.with(deps.history.put_write(&record)?);
        let given = Authorization { since: call.now, record: record.event, until: adult_from };
        applications.insert(application.application.clone(), given);
    }
    match transaction.with(deps.associations.applications_write(association, &applications)?).commit().await {
        Ok(()) => {
            association.applications = applications;
            Ok(())
        }
        Err(error) if acting.is_case_over(&error) => Err(Problem::CaseOver.into()),
        Err(TransactionError::Refused(_) | TransactionError::Conflict) => Err(Problem::Conflict.into()),
        Err(TransactionError::Storage(error)) => Err(error.into()),
    }
}

fn record(acting: &Acting, association: &Association, application: &Application, at: Moment, until: Moment) -> Record {
    let id: ApplicationId = application.application.clone();
    let by = acting.person().clone();
    let event = Event::Authorized { application: id, purpose: application.purpose, by, until, ended_at: None, ended_at_kep: None };
    Record::new(&association.subject_id, event, at, association.expires_at).at_kep(acting.channel())
}
