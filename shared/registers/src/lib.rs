//! Clients of TAXISnet (OAuth 2.0 of the General Secretariat of Information Systems) and of the national registers.
//!
//! TAXISnet's wire format is the public one; the registers' is our own contract, `infra/registers.yaml`.

mod national;
mod taxisnet;

use std::{ffi::OsString, sync::Arc, time::Duration};

pub use national::{CustodyAnswer, NationalRegisters, OwnedBusiness, RegisteredPerson};
pub use reqwest::Client as HttpClient;
use rustls::{ClientConfig, RootCertStore};
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
    /// The response does not hold the number that was asked about, so it may be somebody else's. An alarm looks for the first word
    /// (`RegisterMismatches` in `infra/watch.yaml`).
    #[error("another_person: {0}")]
    AnotherPerson(&'static str),
}

/// Connecting, and a whole call.
const CONNECT: Duration = Duration::from_secs(2);
const CALL: Duration = Duration::from_secs(5);

/// The HTTP client that both share. It trusts whom Mozilla trusts, or what `SSL_CERT_FILE` or `SSL_CERT_DIR` say.
///
/// # Errors
/// Where TLS cannot be set up.
pub fn http_client() -> Result<reqwest::Client, RegisterError> {
    let is_said = is_said(std::env::var_os);
    client(if is_said { None } else { Some(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }) })
}

/// Whether it is said whom to trust.
fn is_said(variable: impl Fn(&'static str) -> Option<OsString>) -> bool {
    ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().any(|name| variable(name).is_some_and(|path| !path.is_empty()))
}

/// Trusts these roots, which are in the binary as TLS needs them: reading what a system trusts took longer than all else that a function does before
/// its first event. Without any it reads what is said.
fn client(roots: Option<RootCertStore>) -> Result<reqwest::Client, RegisterError> {
    let builder = reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .timeout(CALL)
        .redirect(reqwest::redirect::Policy::none())
        // Lambda freezes a process between events: a kept connection would be closed by the other side when the next request needs it, and
        // an authorization code cannot be exchanged again (docs/decisions/delivery.md).
        .pool_max_idle_per_host(0);
    let builder = match roots {
        None => builder,
        Some(roots) => {
            let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .map_err(|_| RegisterError::Unexpected("no TLS"))?;
            builder.tls_backend_preconfigured(config.with_root_certificates(roots).with_no_client_auth())
        }
    };
    builder.build().map_err(|_| RegisterError::Unexpected("no HTTP client"))
}

/// An error without its address, which may hold a code or a number.
fn unavailable(error: reqwest::Error) -> RegisterError {
    RegisterError::Unavailable(error.without_url().to_string())
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::{CertificateDer, pem::PemObject};

    use super::*;

    #[tokio::test]
    async fn who_is_certified_by_a_root_is_spoken_to_and_nobody_else_is() {
        let (endpoint, _) = tls::answering("HTTP/1.1 204 No Content\r\n\r\n").await;
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(endpoint.root.as_bytes()).unwrap()).unwrap();
        assert_eq!(client(Some(roots)).unwrap().get(&endpoint.url).send().await.unwrap().status(), 204);
        let mozillas = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let error = client(Some(mozillas)).unwrap().get(&endpoint.url).send().await.unwrap_err();
        assert!(format!("{error:?}").contains("UnknownIssuer"), "{error:?}");
    }

    #[test]
    fn mozilla_is_asked_unless_it_is_said_whom_to_trust() {
        let said = |name, path: &str| is_said(|asked| (asked == name).then(|| path.into()));
        assert!(said("SSL_CERT_FILE", "/etc/pki/tls/certs/ca-bundle.crt") && said("SSL_CERT_DIR", "/etc/ssl/certs"));
        assert!(!said("SSL_CERT_FILE", "") && !said("SSL_CERT_DIR", "") && !said("OTHER", "/etc/ssl/certs"));
    }
}
