//! POST /v1/session/consent: agrees to the text on personal data, or refuses it. A refusal ends the session, unless a clerk of a KEP sends
//! it. A clerk agrees for the person at the counter, who has signed the text on paper.

use domain::{
    consent::PERSONAL_DATA_VERSION,
    kep::{ActKind, CaseStage},
};
use edge::{
    Call, Failure, Reply, Setup,
    guard::{Acting, CaseInBody, Subject},
    views::SessionView,
};
use messages::problem::Problem;
use serde::Deserialize;
use storage::{
    Transaction, TransactionError,
    consents::Consents,
    history::History,
    sessions::{Case, LastCase, Session, Sessions},
};

struct Deps {
    sessions: Sessions,
    consents: Consents,
    history: History,
    transaction: Transaction,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    /// Version of the text that the person read.
    version: String,
    agree: bool,
    /// The handle of the open case. Required for a clerk.
    case: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps { sessions: setup.sessions(), consents: setup.consents(), history: setup.history(), transaction: setup.transaction() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let caller = CaseInBody::from(call, &deps.sessions).await?;
    let body: Body = call.json()?;
    let acting = caller.named_before_consent(body.case.as_deref())?;
    let session = match acting.case() {
        // A refusal in a case ends neither the case nor the session. The clerk closes the case, so that the person gets the message about
        // it.
        Some(_) if !body.agree => return Err(Problem::MissingConsent.into()),
        None if !body.agree => {
            deps.sessions.end(&acting.session.token).await?;
            return Ok(Reply::no_content().without_session(call));
        }
        Some(_) | None if body.version != PERSONAL_DATA_VERSION => return Err(Problem::ConsentVersionOld.into()),
        None => agree(deps, call, acting.session).await?,
        Some(case) if case.stage() == CaseStage::Ready => acting.session,
        Some(case) => agree_in_case(deps, call, &acting, case.clone()).await?,
    };
    Reply::json(200, &SessionView::of(&session, None, call.language, call.now))
}

async fn agree(deps: &Deps, call: &Call, mut session: Session) -> Result<Session, Failure> {
    // The record of the consent is written first, so that no session contains a consent without a record.
    deps.consents.agree_personal_data(&session.subject_id, call.now).await?;
    if !deps.sessions.agree(&session, PERSONAL_DATA_VERSION, call.now).await? {
        return Err(Problem::SessionExpired.into());
    }
    session.consent = Some(PERSONAL_DATA_VERSION.to_owned());
    Ok(session)
}

/// Stores the agreement of the person at the counter, with the case in which it was given, and records the agreement in the case.
async fn agree_in_case(deps: &Deps, call: &Call, acting: &Acting, case: Case) -> Result<Session, Failure> {
    let person = Subject { id: case.person.subject_id.clone(), handle: case.handle.as_str().to_owned(), minor: None };
    let agreed = Case { consent: Some(PERSONAL_DATA_VERSION.to_owned()), ..case };
    // The person may have agreed on their own device since the case was opened. The time of that agreement is not changed.
    let is_recorded = deps.consents.has_agreed_to_personal_data(&person.id, call.now).await?;
    let record =
        (!is_recorded).then(|| deps.consents.agree_personal_data_at_kep_write(&person.id, &agreed.at_kep, call.now)).transpose()?;
    let result = acting
        .begin(&deps.transaction, &deps.history, ActKind::Consented, &person, call)?
        .with(deps.sessions.replace_case_write(&acting.session, agreed.clone())?)
        .with_some(record)
        .commit()
        .await;
    match result {
        Ok(()) => {}
        Err(error) if acting.is_case_over(&error) => return Err(Problem::CaseOver.into()),
        Err(TransactionError::Refused(_) | TransactionError::Conflict) => return Err(Problem::Conflict.into()),
        Err(TransactionError::Storage(error)) => return Err(error.into()),
    }
    let mut session = acting.session.clone();
    session.case = Some(LastCase::Open(Box::new(agreed)));
    Ok(session)
}
