//! An endpoint over TLS before one without. As AWS's are: RSA keys of 2048 bits, a certificate signed by one that a root signed, HTTP/1.1.

#![expect(clippy::expect_used, reason = "for tests: what fails here fails the test that calls it")]

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

/// Of `localhost`.
pub struct Endpoint {
    pub url: String,
    /// Its root's certificate, as PEM: who trusts it trusts the endpoint.
    pub root: String,
}

/// Answers every request with this, as it is; and whether one has come.
///
/// # Panics
/// As [`start`].
pub async fn answering(answer: &'static str) -> (Endpoint, Arc<AtomicBool>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("a port");
    let asked = Arc::new(AtomicBool::new(false));
    let asking = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let asking = Arc::clone(&asking);
            tokio::spawn(async move {
                let mut request = vec![0; 16_384];
                while connection.read(&mut request).await.is_ok_and(|length| length > 0) {
                    asking.store(true, Ordering::SeqCst);
                    connection.write_all(answer.as_bytes()).await.expect("written");
                }
            });
        }
    });
    (start(address).await, asked)
}

/// Hands all that comes on to `upstream`, until the runtime ends.
///
/// # Panics
/// Where certificates or the port cannot be had.
pub async fn start(upstream: SocketAddr) -> Endpoint {
    let root = Authority::new("Root", None);
    let middle = Authority::new("Intermediate", Some(&root));
    let (leaf, key) = signed("localhost", IsCa::NoCa, Some(&middle.issuer));
    let chain = vec![leaf.der().clone(), middle.certificate.der().clone()];
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
                // A caller that does not trust us hangs up.
                let (Ok(mut caller), Ok(mut upstream)) = (acceptor.accept(connection).await, TcpStream::connect(upstream).await) else {
                    return;
                };
                let _ = upstream.set_nodelay(true);
                let _ = copy_bidirectional(&mut caller, &mut upstream).await;
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
    fn new(name: &str, above: Option<&Self>) -> Self {
        let is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let (certificate, key) = signed(name, is_ca, above.map(|authority| &authority.issuer));
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

/// By the issuer, or by itself.
fn signed(name: &str, is_ca: IsCa, issuer: Option<&Issuer<'static, KeyPair>>) -> (Certificate, KeyPair) {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).expect("a key");
    let params = params(name, is_ca);
    let certificate = issuer.map_or_else(|| params.self_signed(&key), |issuer| params.signed_by(&key, issuer));
    (certificate.expect("a certificate"), key)
}
