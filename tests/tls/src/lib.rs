//! An endpoint that terminates TLS and forwards connections to an endpoint without TLS. Like the endpoints of AWS it has RSA keys of 2048
//! bits, a certificate chain of root, intermediate and leaf, and HTTP/1.1.

#![expect(clippy::expect_used, reason = "for tests: a panic here fails the calling test")]

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use base64::{Engine, engine::general_purpose::STANDARD};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, PKCS_RSA_SHA256, RsaKeySize,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

/// A TLS endpoint with a certificate for `localhost`.
pub struct Endpoint {
    pub url: String,
    /// The root certificate as PEM. A client that trusts it trusts the endpoint.
    pub root: String,
}

/// Starts a TLS endpoint that sends `response` unchanged to every request. The returned flag tells whether a request has arrived.
///
/// # Panics
/// In the same cases as [`start`].
pub async fn answering(response: &'static str) -> (Endpoint, Arc<AtomicBool>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("a port");
    let received = Arc::new(AtomicBool::new(false));
    let received_by_server = Arc::clone(&received);
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let received = Arc::clone(&received_by_server);
            tokio::spawn(async move {
                let mut request = vec![0; 16_384];
                while connection.read(&mut request).await.is_ok_and(|length| length > 0) {
                    received.store(true, Ordering::SeqCst);
                    connection.write_all(response.as_bytes()).await.expect("written");
                }
            });
        }
    });
    (start(address).await, received)
}

/// Starts a TLS endpoint that forwards all connections to `upstream` until the runtime ends.
///
/// # Panics
/// If certificates cannot be created or no port is free.
pub async fn start(upstream: SocketAddr) -> Endpoint {
    let root = Authority::new("Root", None);
    let intermediate = Authority::new("Intermediate", Some(&root));
    let (leaf, key) = signed("localhost", IsCa::NoCa, Some(&intermediate.issuer));
    let chain = vec![leaf.der().clone(), intermediate.certificate.der().clone()];
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).expect("a certificate and its key");
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("a port").port();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let _ = connection.set_nodelay(true);
                // A client that does not trust the certificate closes the connection.
                let (Ok(mut client), Ok(mut upstream)) = (acceptor.accept(connection).await, TcpStream::connect(upstream).await) else {
                    return;
                };
                let _ = upstream.set_nodelay(true);
                let _ = copy_bidirectional(&mut client, &mut upstream).await;
            });
        }
    });
    Endpoint { url: format!("https://localhost:{port}"), root: pem(&root.certificate) }
}

fn pem(certificate: &Certificate) -> String {
    let text = STANDARD.encode(certificate.der());
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str, parent: Option<&Self>) -> Self {
        let is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let (certificate, key) = signed(name, is_ca, parent.map(|authority| &authority.issuer));
        Self { certificate, issuer: Issuer::new(params(name, is_ca), key) }
    }
}

fn params(name: &str, is_ca: IsCa) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = is_ca;
    params
}

/// Returns a new certificate with its key, signed by the issuer or, without one, self-signed.
fn signed(name: &str, is_ca: IsCa, issuer: Option<&Issuer<'static, KeyPair>>) -> (Certificate, KeyPair) {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).expect("a key");
    let params = params(name, is_ca);
    let certificate = issuer.map_or_else(|| params.self_signed(&key), |issuer| params.signed_by(&key, issuer));
    (certificate.expect("a certificate"), key)
}
