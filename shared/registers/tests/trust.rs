//! Whom the client of the registers believes to be a register, over real TLS.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test that calls it")]

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use domain::{Afm, Secret};
use registers::{NationalRegisters, RegisterError, http_client};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const ADDRESS: &str = "REGISTER_OF_THIS_TEST";

/// A register over TLS, whose root nobody knows; and whether anything was ever said to it.
async fn register() -> (tls::Endpoint, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(AtomicBool::new(false));
    let asking = Arc::clone(&asked);
    tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            if connection.read(&mut [0; 4096]).await.unwrap() > 0 {
                asking.store(true, Ordering::SeqCst);
                let body = r#"{"businesses":[]}"#;
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
                connection.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    });
    (tls::start(address).await, asked)
}

async fn ask(base: String) -> Result<usize, RegisterError> {
    let registers = NationalRegisters::new(http_client().unwrap(), base, Secret::new("token"));
    registers.businesses(&Afm::parse("068933130").unwrap()).await.map(|businesses| businesses.len())
}

#[tokio::test]
async fn a_register_for_which_nobody_vouches_is_told_nothing() {
    let (register, asked) = register().await;
    assert!(matches!(ask(register.url).await, Err(RegisterError::Unavailable(_))));
    assert!(!asked.load(Ordering::SeqCst), "not even the question");
}

#[tokio::test]
async fn what_is_said_to_be_trusted_is_trusted() {
    let (register, asked) = register().await;
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
