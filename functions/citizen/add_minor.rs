//! POST /v1/minors: adds a minor to the session after the registers have confirmed that the signed-in person has custody.

use domain::{
    Afm, Identifier,
    minor::{self, BirthDate, Custody, MinorFacts},
    typed::{self, TypedError},
};
use edge::{Call, Failure, Reply, Setup, guard::Citizen, views::MinorView};
use messages::problem::{FieldReason, Problem};
use registers::{NationalRegisters, RegisterError, RegisteredPerson};
use serde::Deserialize;
use storage::{
    sessions::{Minor, Sessions},
    subjects::Subjects,
};

struct Deps {
    sessions: Sessions,
    subjects: Subjects,
    registers: NationalRegisters,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    identifier: IdentifierBody,
    /// Required if the minor has an AFM.
    afm: Option<String>,
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
    let deps = Deps { sessions: setup.sessions(), subjects: setup.subjects(), registers: setup.national_registers(&client) };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let Citizen { session } = Citizen::from(call, &deps.sessions).await?;
    let body: Body = call.json()?;
    let identifier = identifier(&body.identifier)?;
    let afm =
        body.afm.as_deref().map(|text| typed::afm(text).map(|typed| typed.value).map_err(|error| invalid("afm", error))).transpose()?;
    let registered = confirm_custody(deps, &session.person.afm, &identifier, afm.as_ref(), call).await?;
    let subject_id = deps.subjects.resolve(&registered.identifiers(), call.now).await?;
    let known = session.minors.iter().find(|minor| minor.subject_id == subject_id);
    let minor = Minor {
        // Each session gets a new random handle, so that a handle reveals nothing and is useless in another session.
        handle: known.map_or_else(storage::random_id, |minor| Ok(minor.handle.clone()))?,
        subject_id,
        birth_date: birth_date(&registered)?,
        first_name: registered.first_name,
        last_name: registered.last_name,
        afm: registered.afm,
        amka: registered.amka,
        paaypa: registered.paaypa,
    };
    let status = if known.is_some() { 200 } else { 201 };
    let mut minors: Vec<Minor> = session.minors.iter().filter(|other| other.subject_id != minor.subject_id).cloned().collect();
    if minors.len() >= minor::MINORS_PER_SESSION_MAX {
        return Err(Problem::TooManyMinors { limit: minor::MINORS_PER_SESSION_MAX }.into());
    }
    let view = MinorView::of(&minor);
    minors.push(minor);
    if !deps.sessions.set_minors(&session, &minors).await? {
        return Err(Problem::Conflict.into());
    }
    Reply::json(status, &view)
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

fn birth_date(registered: &RegisteredPerson) -> Result<BirthDate, Failure> {
    BirthDate::parse(&registered.birth_date).map_err(|_| RegisterError::Unexpected("a birth date breaks the contract").into())
}

/// Returns the minor's data from the registers if the signed-in person may act for the minor.
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
        is_minor: birth_date(&registered)?.is_minor(call.now),
    };
    match minor::decide(facts) {
        Custody::Confirmed => Ok(registered),
        Custody::NotConfirmed => Err(Problem::CustodyNotConfirmed.into()),
        Custody::Adult => Err(Problem::MinorIsAdult.into()),
        Custody::AfmRequired => Err(Problem::MinorAfmRequired.into()),
        Custody::NumbersDiffer => Err(Problem::MinorNumbersDiffer.into()),
    }
}
