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

/// Delay of a response about a person with [`Registers::Slow`].
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
    minor: Number,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ByNumber {
    number: Number,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Number {
    kind: Identifier,
    value: String,
}

impl Number {
    fn is_valid(&self) -> bool {
        match self.kind {
            Identifier::Afm => identifiers::is_afm(&self.value),
            // Only the format of an AMKA or a PAAYPA is checked. It is the same for both: 11 digits.
            Identifier::Amka | Identifier::Paaypa => identifiers::is_paaypa(&self.value),
        }
    }
}

pub(crate) async fn person(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Reply {
    let person = requested_person(&world, &headers, &body).await?;
    Ok(Json(described(&person)))
}

pub(crate) async fn person_by_number(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Reply {
    let ByNumber { number } = parse(&world, &headers, &body)?;
    let person = by_number(&world, &number).await?;
    Ok(Json(described(&person)))
}

pub(crate) async fn contact(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Reply {
    let person = requested_person(&world, &headers, &body).await?;
    let person = respond_as(person.contact_register, &world, person).await?;
    Ok(Json(json!({ "afm": person.afm, "mobile": person.mobile })))
}

pub(crate) async fn businesses(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Reply {
    let person = requested_person(&world, &headers, &body).await?;
    let person = respond_as(person.tax_register, &world, person).await?;
    Ok(Json(json!({ "afm": person.afm, "businesses": world.people.businesses_of(&person) })))
}

pub(crate) async fn kep_offices(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Reply {
    let person = requested_person(&world, &headers, &body).await?;
    let person = respond_as(person.clerk_register, &world, person).await?;
    let offices: Vec<Value> = person.current_offices().map(|office| json!({ "id": office.id, "name": office.name })).collect();
    Ok(Json(json!({ "afm": person.afm, "offices": offices })))
}

pub(crate) async fn custody(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Reply {
    let query: ByCustody = parse(&world, &headers, &body)?;
    if !query.minor.is_valid() {
        return Err(Rejection::BadRequest);
    }
    let custodian = by_afm(&world, &query.custodian_afm).await?;
    let minor = by_number(&world, &query.minor).await?;
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
    by_number(world, &Number { kind: Identifier::Afm, value: afm.to_owned() }).await
}

async fn by_number(world: &Sandbox, number: &Number) -> Result<Arc<Person>, Rejection> {
    if !number.is_valid() {
        return Err(Rejection::BadRequest);
    }
    let person = world.people.find(number.kind, &number.value).ok_or(Rejection::PersonUnknown)?;
    respond_as(person.registers, world, person).await
}

/// Returns the person. Depending on `behaviour`, returns an error or another person instead, or waits before it returns.
async fn respond_as(behaviour: Registers, world: &Sandbox, person: Arc<Person>) -> Result<Arc<Person>, Rejection> {
    match behaviour {
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
