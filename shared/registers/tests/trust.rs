//! Tests which server certificates the client of the registers trusts, with a server that uses TLS.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test that calls it")]

use std::{process::Command, sync::atomic::Ordering};

use domain::{Afm, Secret};
use registers::{NationalRegisters, RegisterError, http_client};

/// Environment variable with the URL of the register, for the child process.
const URL_VARIABLE: &str = "REGISTER_OF_THIS_TEST";
/// Response of the register for a person without businesses.
const RESPONSE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 35\r\n\r\n{\"afm\":\"068933130\",\"businesses\":[]}";

async fn count_businesses(base_url: String) -> Result<usize, RegisterError> {
    let registers = NationalRegisters::new(http_client().unwrap(), base_url, Secret::new("token"));
    registers.businesses(&Afm::parse("068933130").unwrap()).await.map(|businesses| businesses.len())
}

#[tokio::test]
async fn a_register_with_an_untrusted_certificate_receives_no_request() {
    let (register, received_request) = tls::answering(RESPONSE).await;
    assert!(matches!(count_businesses(register.url).await, Err(RegisterError::Unavailable(_))));
    assert!(!received_request.load(Ordering::SeqCst), "the request was sent");
}

#[tokio::test]
async fn roots_named_by_the_environment_are_trusted() {
    let (register, received_request) = tls::answering(RESPONSE).await;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root.pem");
    std::fs::write(&root, register.root).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "--ignored", "request_in_child_process"]).env(URL_VARIABLE, register.url).env("SSL_CERT_FILE", root);
    let output = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(received_request.load(Ordering::SeqCst));
}

#[tokio::test]
#[ignore = "started by roots_named_by_the_environment_are_trusted in a process with other environment variables"]
async fn request_in_child_process() {
    assert_eq!(count_businesses(std::env::var(URL_VARIABLE).unwrap()).await.unwrap(), 0);
}

#[test]
fn the_authority_that_certifies_greek_public_bodies_is_trusted() {
    let harica = b"Hellenic Academic and Research Institutions";
    let is_harica = |root: &&rustls::pki_types::TrustAnchor<'_>| root.subject.windows(harica.len()).any(|part| part == harica);
    assert!(webpki_roots::TLS_SERVER_ROOTS.iter().filter(is_harica).count() >= 2);
}
