//! Clients of TAXISnet (OAuth 2.0 of the General Secretariat of Information Systems) and of the national registers.
//!
//! The wire format of TAXISnet is public. That of the registers is defined by our own contract, `infra/registers.yaml`.

mod national;
mod taxisnet;

use std::{ffi::OsString, sync::Arc, time::Duration};

pub use national::{CustodyResponse, NationalRegisters, OwnedBusiness, RegisteredPerson};
pub use reqwest::Client as HttpClient;
use rustls::{ClientConfig, RootCertStore};
pub use taxisnet::{Taxisnet, TaxisnetPerson, authorize_url, parse_userinfo, sign_out_url};

/// Error of a request to TAXISnet or a register. The messages contain no data about the person.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The register does not know the person.
    #[error("person unknown")]
    PersonUnknown,
    /// TAXISnet rejects the authorization code, because it was used, has expired or was issued to another client.
    #[error("authorization code rejected")]
    CodeRefused,
    #[error("unavailable: {0}")]
    Unavailable(String),
    #[error("unexpected response: {0}")]
    Unexpected(&'static str),
    /// The response may be about another person, because it does not contain the requested identity number, or because TAXISnet and the
    /// citizens' registry state different birth years. The alarm `RegisterMismatches` (`infra/watch.yaml`) matches the first word of the
    /// message.
    #[error("another_person: {0}")]
    AnotherPerson(&'static str),
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Time limit of a call, from connecting to the end of the response.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// Creates the HTTP client for TAXISnet and the registers. It trusts Mozilla's root certificates, or those in `SSL_CERT_FILE` or
/// `SSL_CERT_DIR` if one of these variables is set.
///
/// # Errors
/// Returns an error if TLS cannot be set up.
pub fn http_client() -> Result<reqwest::Client, RegisterError> {
    let has_custom_roots = has_custom_roots(std::env::var_os);
    client(if has_custom_roots { None } else { Some(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }) })
}

/// Returns whether an environment variable says which root certificates to trust.
fn has_custom_roots(variable: impl Fn(&'static str) -> Option<OsString>) -> bool {
    ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().any(|name| variable(name).is_some_and(|path| !path.is_empty()))
}

/// Creates an HTTP client that trusts `roots`, or, if `roots` is `None`, the certificates in `SSL_CERT_FILE` or `SSL_CERT_DIR`. The default
/// roots are compiled into the binary, because loading the system's roots took longer than everything else that a function does before its
/// first event.
fn client(roots: Option<RootCertStore>) -> Result<reqwest::Client, RegisterError> {
    let builder = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(CALL_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        // No connection is reused, because the server may close a pooled connection while Lambda has frozen the process between two events.
        // The next request would then fail, and an authorization code cannot be exchanged again (docs/decisions/delivery.md).
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

/// Returns the error without its URL, which may contain a code or a number.
fn unavailable(error: reqwest::Error) -> RegisterError {
    RegisterError::Unavailable(error.without_url().to_string())
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::{CertificateDer, pem::PemObject};

    use super::*;

    #[tokio::test]
    async fn only_servers_certified_by_a_trusted_root_are_called() {
        let (endpoint, _) = tls::answering("HTTP/1.1 204 No Content\r\n\r\n").await;
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(endpoint.root.as_bytes()).unwrap()).unwrap();
        assert_eq!(client(Some(roots)).unwrap().get(&endpoint.url).send().await.unwrap().status(), 204);
        let mozilla_roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let error = client(Some(mozilla_roots)).unwrap().get(&endpoint.url).send().await.unwrap_err();
        assert!(format!("{error:?}").contains("UnknownIssuer"), "{error:?}");
    }

    #[test]
    fn mozillas_roots_are_trusted_unless_the_environment_names_others() {
        let custom = |name, path: &str| has_custom_roots(|variable| (variable == name).then(|| path.into()));
        assert!(custom("SSL_CERT_FILE", "/etc/pki/tls/certs/ca-bundle.crt") && custom("SSL_CERT_DIR", "/etc/ssl/certs"));
        assert!(!custom("SSL_CERT_FILE", "") && !custom("SSL_CERT_DIR", "") && !custom("OTHER", "/etc/ssl/certs"));
    }
}
