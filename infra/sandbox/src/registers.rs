//! The national registers, as `infra/registers.yaml` describes them.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::people::{Identifier, Person, Registers};
use crate::{Sandbox, World, identifiers};

const SLOW: Duration = Duration::from_secs(20);

pub(crate) enum Refusal {
    Unauthorized,
    BadRequest,
    PersonUnknown,
    Broken,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code) = match self {
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized"),
            Self::BadRequest => (StatusCode::BAD_REQUEST, "bad_request"),
            Self::PersonUnknown => (StatusCode::NOT_FOUND, "person_unknown"),
            Self::Broken => (StatusCode::INTERNAL_SERVER_ERROR, "internal_error"),
        };
        (status, Json(json!({ "code": code }))).into_response()
    }
}

type Answer = Result<Json<Value>, Refusal>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ByAfm {
    afm: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ByCustody {
    custodian_afm: String,
    minor: MinorIdentifier,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MinorIdentifier {
    kind: Identifier,
    value: String,
}

pub(crate) async fn person(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Answer {
    let person = asked_for(&world, &headers, &body).await?;
    Ok(Json(described(&person)))
}

pub(crate) async fn contact(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Answer {
    let person = asked_for(&world, &headers, &body).await?;
    Ok(Json(json!({ "afm": person.afm, "mobile": person.mobile })))
}

pub(crate) async fn businesses(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Answer {
    let person = asked_for(&world, &headers, &body).await?;
    Ok(Json(json!({ "afm": person.afm, "businesses": world.people.businesses_of(&person) })))
}

pub(crate) async fn custody(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Answer {
    let query: ByCustody = parse(&world, &headers, &body)?;
    let valid = match query.minor.kind {
        Identifier::Afm => identifiers::is_afm(&query.minor.value),
        // Of an AMKA and a PAAYPA only the form can be told before the person is found.
        Identifier::Amka | Identifier::Paaypa => identifiers::is_paaypa(&query.minor.value),
    };
    if !valid {
        return Err(Refusal::BadRequest);
    }
    let custodian = by_afm(&world, &query.custodian_afm).await?;
    let minor = answered(&world, world.people.find(query.minor.kind, &query.minor.value)).await?;
    let custody = world.custody.is_in_force(&custodian, &minor);
    Ok(Json(json!({ "custodian_afm": custodian.afm, "minor": described(&minor), "custody": custody })))
}

fn described(person: &Person) -> Value {
    json!({
        "afm": person.afm,
        "amka": person.amka,
        "paaypa": person.paaypa,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "birth_date": person.birth_date,
    })
}

async fn asked_for(world: &Sandbox, headers: &HeaderMap, body: &[u8]) -> Result<Arc<Person>, Refusal> {
    let query: ByAfm = parse(world, headers, body)?;
    by_afm(world, &query.afm).await
}

async fn by_afm(world: &Sandbox, afm: &str) -> Result<Arc<Person>, Refusal> {
    if !identifiers::is_afm(afm) {
        return Err(Refusal::BadRequest);
    }
    answered(world, world.people.find(Identifier::Afm, afm)).await
}

/// What the registers do about a person.
async fn answered(world: &Sandbox, person: Option<Arc<Person>>) -> Result<Arc<Person>, Refusal> {
    let person = person.ok_or(Refusal::PersonUnknown)?;
    match person.registers {
        Registers::Answer => {}
        Registers::Unknown => return Err(Refusal::PersonUnknown),
        Registers::Fail => return Err(Refusal::Broken),
        Registers::Slow => tokio::time::sleep(SLOW).await,
        Registers::Mixed => return world.people.mixed_up_with(&person).ok_or(Refusal::Broken),
    }
    Ok(person)
}

fn parse<T: DeserializeOwned>(world: &Sandbox, headers: &HeaderMap, body: &[u8]) -> Result<T, Refusal> {
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Bearer "));
    if token != Some(world.registers_token.as_str()) {
        return Err(Refusal::Unauthorized);
    }
    serde_json::from_slice(body).map_err(|_| Refusal::BadRequest)
}
