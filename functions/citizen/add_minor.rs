//! POST /v1/minors: adds a minor to the session after the registers have confirmed custody. The custodian is the signed-in person or, in a
//! case at a KEP, the person at the counter.

use domain::{
    Afm, Identifier,
    kep::ActKind,
    minor::{self, Custody, MinorFacts},
    typed::{self, TypedError},
};
use edge::{
    Call, Failure, Reply, Setup,
    guard::{Acting, CaseInBody, Subject},
    views::MinorView,
};
use messages::problem::{FieldReason, Problem};
use registers::{NationalRegisters, RegisterError, RegisteredPerson};
use serde::Deserialize;
use storage::{
    Transaction, TransactionError,
    history::History,
    sessions::{Minor, Sessions},
    subjects::Subjects,
};

struct Deps {
    sessions: Sessions,
    subjects: Subjects,
    registers: NationalRegisters,
    history: History,
    transaction: Transaction,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    identifier: IdentifierBody,
    /// The minor's own AFM. Required if the minor has one.
    afm: Option<String>,
    /// The handle of the open case. Required for a clerk.
    case: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentifierBody {
    kind: Kind,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Amka,
    Paaypa,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let client = registers::http_client()?;
    let deps = Deps {
        sessions: setup.sessions(),
        subjects: setup.subjects(),
        registers: setup.national_registers(&client),
        history: setup.history(),
        transaction: setup.transaction(),
    };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let caller = CaseInBody::from(call, &deps.sessions).await?;
    let body: Body = call.json()?;
    let acting = caller.named(body.case.as_deref())?;
    let session = &acting.session;
    let identifier = identifier(&body.identifier)?;
    let afm =
        body.afm.as_deref().map(|text| typed::afm(text).map(|typed| typed.value).map_err(|error| invalid("afm", error))).transpose()?;
    // The registers identify custodians by their AFM, so a person without an AFM cannot add a minor.
    let custodian = acting.case().map_or(Some(&session.person.afm), |case| case.person.afm.as_ref()).ok_or(Problem::CustodyNotConfirmed)?;
    let registered = confirm_custody(deps, custodian, &identifier, afm.as_ref(), call).await?;
    let subject_id = deps.subjects.resolve(&registered.identifiers(), call.now).await?;
    let known = session.minors.iter().find(|minor| minor.subject_id == subject_id);
    let minor = Minor {
        // Each session gets a new random handle, so that a handle reveals nothing and is useless in another session.
        handle: known.map_or_else(storage::random_id, |minor| Ok(minor.handle.clone()))?,
        subject_id,
        birth_date: registered.birth_date()?,
        first_name: registered.first_name,
        last_name: registered.last_name,
        afm: registered.afm,
        amka: registered.amka,
        paaypa: registered.paaypa,
        case: acting.case().map(|case| case.handle.clone()),
    };
    let status = if known.is_some() { 200 } else { 201 };
    let mut minors: Vec<Minor> = session.minors.iter().filter(|other| other.subject_id != minor.subject_id).cloned().collect();
    if minors.len() >= minor::MINORS_PER_SESSION_MAX {
        return Err(Problem::TooManyMinors { limit: minor::MINORS_PER_SESSION_MAX }.into());
    }
    let view = MinorView::of(&minor);
    minors.push(minor.clone());
    store(deps, call, &acting, (status == 201).then_some(&minor), &minors).await?;
    Reply::json(status, &view)
}

/// Stores the minors in the session. In a case, the same transaction records that a minor was added.
async fn store(deps: &Deps, call: &Call, acting: &Acting, new: Option<&Minor>, minors: &[Minor]) -> Result<(), Failure> {
    let Some(minor) = new.filter(|_| acting.case().is_some()) else {
        return if deps.sessions.set_minors(&acting.session, minors).await? { Ok(()) } else { Err(Problem::Conflict.into()) };
    };
    let subject = Subject { id: minor.subject_id.clone(), handle: minor.handle.clone(), minor: Some(minor.clone()) };
    let transaction = acting.begin(&deps.transaction, &deps.history, ActKind::MinorAdded, &subject, call)?;
    match transaction.with(deps.sessions.set_minors_write(&acting.session, minors)?).commit().await {
        Ok(()) => Ok(()),
        Err(error) if acting.is_case_over(&error) => Err(Problem::CaseOver.into()),
        Err(TransactionError::Refused(_) | TransactionError::Conflict) => Err(Problem::Conflict.into()),
        Err(TransactionError::Storage(error)) => Err(error.into()),
    }
}

fn invalid(field: &str, error: TypedError) -> Problem {
    Problem::InvalidField { field: field.to_owned(), reason: FieldReason::InvalidNumber.unless_several(error) }
}

fn identifier(body: &IdentifierBody) -> Result<Identifier, Problem> {
    match body.kind {
        Kind::Amka => typed::amka(&body.value).map(|typed| Identifier::Amka(typed.value)),
        Kind::Paaypa => typed::paaypa(&body.value).map(|typed| Identifier::Paaypa(typed.value)),
    }
    .map_err(|error| invalid("identifier.value", error))
}

/// Returns the minor's data from the registers if the custodian may act for the minor.
async fn confirm_custody(
    deps: &Deps,
    custodian: &Afm,
    identifier: &Identifier,
    afm: Option<&Afm>,
    call: &Call,
) -> Result<RegisteredPerson, Failure> {
    let response = match deps.registers.custody(custodian, identifier).await {
        Ok(response) => response,
        Err(RegisterError::PersonUnknown) => return Err(Problem::CustodyNotConfirmed.into()),
        Err(
            error @ (RegisterError::CodeRefused
            | RegisterError::Unavailable(_)
            | RegisterError::Unexpected(_)
            | RegisterError::AnotherPerson(_)),
        ) => return Err(error.into()),
    };
    let registered = response.minor;
    let facts = MinorFacts {
        custody: response.custody,
        has_afm: registered.afm.is_some(),
        afm_given: afm.is_some(),
        afm_matches: afm.is_some() && registered.afm.as_ref() == afm,
        is_minor: registered.birth_date()?.is_minor(call.now),
    };
    match minor::decide(facts) {
        Custody::Confirmed => Ok(registered),
        Custody::NotConfirmed => Err(Problem::CustodyNotConfirmed.into()),
        Custody::Adult => Err(Problem::MinorIsAdult.into()),
        Custody::AfmRequired => Err(Problem::MinorAfmRequired.into()),
        Custody::NumbersDiffer => Err(Problem::MinorNumbersDiffer.into()),
    }
}
