//! The sandbox simulates the external services of myPhoto for local runs and tests: TAXISnet, the national registers, SNS and SES. It shows
//! the SMS and emails in an inbox. The program listens on a loopback address, or with `--private-address` on a private one.
//!
//! The sandbox is also a library, so that each test can start it on a separate port.

mod aws;
mod email;
mod expiring;
mod failures;
mod identifiers;
mod inbox;
mod journal;
mod layout;
mod minors;
mod pages;
mod people;
mod registers;
mod seed;
mod taxisnet;

use std::io;
use std::path::Path;
use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::civil::Date;

pub use seed::SeedError;

/// Maximum size of a request body. It permits an email of 10 MB in base64.
const BODY_BYTES_MAX: usize = 15 * 1024 * 1024;

/// The credentials that the service must use towards the sandbox.
pub struct Secrets {
    pub client_id: String,
    pub client_secret: String,
    pub registers_token: String,
}

pub(crate) struct Sandbox {
    client_id: String,
    client_secret: String,
    registers_token: String,
    people: people::People,
    custody: minors::Custodies,
    failures: failures::Failures,
    inbox: inbox::Inbox,
    taxisnet: taxisnet::Taxisnet,
}

type World = Arc<Sandbox>;

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the people of the seed: {0}")]
    Seed(#[from] SeedError),
    #[error("the state folder: {0}")]
    State(#[from] io::Error),
}

/// Returns the router of all services. `seed` is the text of people.toml. `state` is the folder for persistent data, which is
/// created if it does not exist.
///
/// # Errors
/// If the seed contains an invalid value, or the state folder cannot be used.
pub fn router(secrets: Secrets, seed: &str, state: &Path) -> Result<Router, StartError> {
    let seed = seed::Seed::parse(seed, today())?;
    std::fs::create_dir_all(state)?;
    let world = Arc::new(Sandbox {
        client_id: secrets.client_id,
        client_secret: secrets.client_secret,
        registers_token: secrets.registers_token,
        people: people::People::open(seed.people, state)?,
        custody: minors::Custodies::open(seed.custody, state)?,
        failures: failures::Failures::new(seed.failures),
        inbox: inbox::Inbox::open(state, inbox::BOUNDS)?,
        taxisnet: taxisnet::Taxisnet::new(),
    });
    Ok(Router::new()
        .route("/", get(pages::index).post(aws::sns))
        .route("/health", get(|| async { "ok" }))
        .route("/people.json", get(people::list))
        .route("/people", post(people::create))
        .route("/people/{key}", post(people::change))
        .route("/minors", post(minors::create))
        .route("/minors/{key}", post(minors::change))
        .route("/businesses/close", post(people::close_business))
        .route("/failures", post(failures::create))
        .route("/inbox", get(pages::inbox))
        .route("/inbox.json", get(inbox::list))
        .route("/inbox/{seq}", get(pages::message))
        .route("/inbox/{seq}/raw", get(pages::raw))
        .route("/v2/email/outbound-emails", post(aws::ses))
        .route("/registers/v1/person", post(registers::person))
        .route("/registers/v1/person-by-number", post(registers::person_by_number))
        .route("/registers/v1/contact", post(registers::contact))
        .route("/registers/v1/businesses", post(registers::businesses))
        .route("/registers/v1/kep-offices", post(registers::kep_offices))
        .route("/registers/v1/custody", post(registers::custody))
        .route("/{server}/oauth/authorize", get(taxisnet::authorize_page).post(taxisnet::authorize))
        .route("/{server}/oauth/token", post(taxisnet::token))
        .route("/{server}/userinfo", get(taxisnet::userinfo))
        .route("/{server}/logout/{client_id}/", get(taxisnet::logout))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(world))
}

/// Returns the current day in Athens, which determines ages and custody.
fn today() -> Date {
    let athens = jiff::tz::get!("Europe/Athens");
    jiff::Timestamp::now().to_zoned(athens).date()
}

fn bad_request(detail: &str) -> Response {
    let body = serde_json::json!({ "code": "bad_request", "detail": detail });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}
