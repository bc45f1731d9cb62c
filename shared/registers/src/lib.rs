//! Clients of TAXISnet (OAuth 2.0 of the General Secretariat of Information Systems) and of the national registers.
//!
//! TAXISnet's wire format is the public one; the registers' is our own contract, `infra/registers.yaml`.

mod national;
mod taxisnet;

use std::time::Duration;

pub use national::{CustodyAnswer, NationalRegisters, OwnedBusiness, RegisteredPerson};
pub use reqwest::Client as HttpClient;
pub use taxisnet::{Taxisnet, TaxisnetPerson, authorize_url, parse_userinfo, sign_out_url};

/// What can go wrong with the outside world. Texts never hold what was asked or answered about a person.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// No such person there.
    #[error("person unknown")]
    PersonUnknown,
    /// TAXISnet refuses the authorization code: used, expired, or not ours.
    #[error("authorization code refused")]
    CodeRefused,
    #[error("unavailable: {0}")]
    Unavailable(String),
    #[error("unexpected answer: {0}")]
    Unexpected(&'static str),
}

/// Connecting, and a whole call.
const CONNECT: Duration = Duration::from_secs(2);
const CALL: Duration = Duration::from_secs(5);

/// The HTTP client that both share.
///
/// # Errors
/// Where TLS cannot be set up.
pub fn http_client() -> Result<reqwest::Client, RegisterError> {
    reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .timeout(CALL)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|_| RegisterError::Unexpected("no HTTP client"))
}

/// An error without its address, which may hold a code or a number.
fn unavailable(error: reqwest::Error) -> RegisterError {
    RegisterError::Unavailable(error.without_url().to_string())
}
