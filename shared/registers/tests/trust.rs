//! Whom the client of the registers believes to be a register, over real TLS.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test that calls it")]

use std::{process::Command, sync::atomic::Ordering};

use domain::{Afm, Secret};
use registers::{NationalRegisters, RegisterError, http_client};

const ADDRESS: &str = "REGISTER_OF_THIS_TEST";
/// Of a register that knows of no businesses.
const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 35\r\n\r\n{\"afm\":\"068933130\",\"businesses\":[]}";

async fn ask(base: String) -> Result<usize, RegisterError> {
    let registers = NationalRegisters::new(http_client().unwrap(), base, Secret::new("token"));
    registers.businesses(&Afm::parse("068933130").unwrap()).await.map(|businesses| businesses.len())
}

#[tokio::test]
async fn a_register_for_which_nobody_vouches_is_told_nothing() {
    let (register, asked) = tls::answering(ANSWER).await;
    assert!(matches!(ask(register.url).await, Err(RegisterError::Unavailable(_))));
    assert!(!asked.load(Ordering::SeqCst), "not even the question");
}

#[tokio::test]
async fn what_is_said_to_be_trusted_is_trusted() {
    let (register, asked) = tls::answering(ANSWER).await;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root.pem");
    std::fs::write(&root, register.root).unwrap();
    let mut asking = Command::new(std::env::current_exe().unwrap());
    asking.args(["--exact", "--ignored", "one_question"]).env(ADDRESS, register.url).env("SSL_CERT_FILE", root);
    let done = tokio::task::spawn_blocking(move || asking.output().unwrap()).await.unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    assert!(asked.load(Ordering::SeqCst));
}

#[tokio::test]
#[ignore = "what_is_said_to_be_trusted_is_trusted starts it, in a process with other variables"]
async fn one_question() {
    assert_eq!(ask(std::env::var(ADDRESS).unwrap()).await.unwrap(), 0);
}

#[test]
fn who_certifies_greek_public_bodies_is_known() {
    let harica = b"Hellenic Academic and Research Institutions";
    let known = |root: &&rustls::pki_types::TrustAnchor<'_>| root.subject.windows(harica.len()).any(|part| part == harica);
    assert!(webpki_roots::TLS_SERVER_ROOTS.iter().filter(known).count() >= 2);
}
