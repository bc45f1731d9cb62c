//! The national registers, with the API of `infra/registers.yaml`.

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

/// Delay of the response for people whose registers are slow.
const SLOW_RESPONSE: Duration = Duration::from_secs(20);

pub(crate) enum Rejection {
    Unauthorized,
    BadRequest,
    PersonUnknown,
    InternalError,
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let (status, code) = match self {
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized"),
            Self::BadRequest => (StatusCode::BAD_REQUEST, "bad_request"),
            Self::PersonUnknown => (StatusCode::NOT_FOUND, "person_unknown"),
            Self::InternalError => (StatusCode::INTERNAL_SERVER_ERROR, "internal_error"),
        };
        (status, Json(json!({ "code": code }))).into_response()
    }
}

type Reply = Result<Json<Value>, Rejection>;

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

pub(crate) async fn person(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Reply {
    let person = requested_person(&world, &headers, &body).await?;
    Ok(Json(described(&person)))
}

pub(crate) async fn contact(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Reply {
    let person = requested_person(&world, &headers, &body).await?;
    Ok(Json(json!({ "afm": person.afm, "mobile": person.mobile })))
}

pub(crate) async fn businesses(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Reply {
    let person = requested_person(&world, &headers, &body).await?;
    Ok(Json(json!({ "afm": person.afm, "businesses": world.people.businesses_of(&person) })))
}

pub(crate) async fn custody(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Reply {
    let query: ByCustody = parse(&world, &headers, &body)?;
    let valid = match query.minor.kind {
        Identifier::Afm => identifiers::is_afm(&query.minor.value),
        // An AMKA and a PAAYPA have the same form, and only that can be checked without the person's birth date.
        Identifier::Amka | Identifier::Paaypa => identifiers::is_paaypa(&query.minor.value),
    };
    if !valid {
        return Err(Rejection::BadRequest);
    }
    let custodian = by_afm(&world, &query.custodian_afm).await?;
    let minor = apply_behaviour(&world, world.people.find(query.minor.kind, &query.minor.value)).await?;
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

async fn requested_person(world: &Sandbox, headers: &HeaderMap, body: &[u8]) -> Result<Arc<Person>, Rejection> {
    let query: ByAfm = parse(world, headers, body)?;
    by_afm(world, &query.afm).await
}

async fn by_afm(world: &Sandbox, afm: &str) -> Result<Arc<Person>, Rejection> {
    if !identifiers::is_afm(afm) {
        return Err(Rejection::BadRequest);
    }
    apply_behaviour(world, world.people.find(Identifier::Afm, afm)).await
}

/// Returns the person, or responds in the way that the seed configures for this person.
async fn apply_behaviour(world: &Sandbox, person: Option<Arc<Person>>) -> Result<Arc<Person>, Rejection> {
    let person = person.ok_or(Rejection::PersonUnknown)?;
    match person.registers {
        Registers::Answer => {}
        Registers::Unknown => return Err(Rejection::PersonUnknown),
        Registers::Fail => return Err(Rejection::InternalError),
        Registers::Slow => tokio::time::sleep(SLOW_RESPONSE).await,
        Registers::Mixed => return world.people.mixed_up_with(&person).ok_or(Rejection::InternalError),
    }
    Ok(person)
}

fn parse<T: DeserializeOwned>(world: &Sandbox, headers: &HeaderMap, body: &[u8]) -> Result<T, Rejection> {
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Bearer "));
    if token != Some(world.registers_token.as_str()) {
        return Err(Rejection::Unauthorized);
    }
    serde_json::from_slice(body).map_err(|_| Rejection::BadRequest)
}
