//! Registers applications of public bodies with the operators' command, and sends their signed requests. Each application has its own keys.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use domain::{
    FileProfile, ImageKind, Language,
    application::{Purpose, SigningAlgorithm},
};
use operator::{Cli, OperatorError};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    browser::{Browser, Request, Response},
    people::Visit,
    stack,
};

pub const PULLS: &str = "/v1/pulls";
pub const VERDICTS: &str = "/v1/verdicts";

/// A key pair with the id (`kid`) under which its public key is registered.
pub struct SigningKey {
    pub kid: String,
    pair: Pair,
}

enum Pair {
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl SigningKey {
    pub fn new(kid: &str, algorithm: SigningAlgorithm) -> Self {
        let pair = match algorithm {
            SigningAlgorithm::Es256 => Pair::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key pair")),
            SigningAlgorithm::Rs256 => Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa3072).expect("a key pair")),
            SigningAlgorithm::EdDsa => Pair::Ed(Ed25519KeyPair::generate().expect("a key pair")),
        };
        Self { kid: kid.to_owned(), pair }
    }

    pub const fn algorithm(&self) -> SigningAlgorithm {
        match self.pair {
            Pair::Ec(_) => SigningAlgorithm::Es256,
            Pair::Rsa(_) => SigningAlgorithm::Rs256,
            Pair::Ed(_) => SigningAlgorithm::EdDsa,
        }
    }

    /// Returns the public key as PEM.
    pub fn pem(&self) -> String {
        let der: PublicKeyX509Der<'_> = match &self.pair {
            Pair::Ec(pair) => pair.public_key().as_der(),
            Pair::Rsa(pair) => pair.public_key().as_der(),
            Pair::Ed(pair) => pair.public_key().as_der(),
        }
        .expect("a public key");
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der.as_ref()))
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ec(pair) => pair.sign(&random, message).expect("a signature").as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).expect("a signature");
                signature
            }
            Pair::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// Returns the JWT header for this key.
    pub fn header(&self) -> Value {
        json!({ "alg": self.algorithm().name(), "kid": self.kid, "typ": "JWT" })
    }
}

/// Returns the signing input of a token: header and claims, each base64url-encoded.
pub fn message(header: &Value, claims: &Value) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// Returns a signed token with this header.
pub fn token(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let message = message(header, claims);
    let signature = URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes()));
    format!("{message}.{signature}")
}

/// Runs the operators' command with these arguments, such as `["withdraw", "passports"]`.
///
/// # Errors
/// If the command rejects the change.
///
/// # Panics
/// If the arguments are not valid.
pub async fn operate(arguments: &[&str]) -> Result<String, OperatorError> {
    use clap::Parser;
    let table = stack::variable("APPLICATIONS_TABLE");
    let all = ["applications", "--table", &table].into_iter().chain(arguments.iter().copied());
    operator::run(Cli::try_parse_from(all).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))).await
}

/// Registers a public key.
///
/// # Errors
/// If the operators' command rejects it.
///
/// # Panics
/// If no temporary file can be written.
pub async fn add_key(application: &str, key: &SigningKey) -> Result<String, OperatorError> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), key.pem()).expect("a file");
    operate(&["key", "add", application, "--kid", &key.kid, file.path().to_str().expect("a path")]).await
}

/// An application of one test, with its signing key.
pub struct Application {
    pub id: String,
    pub name_el: String,
    pub name_en: String,
    pub key: SigningKey,
    browser: Browser,
}

/// Returns 6 random bytes in hexadecimal.
fn unique() -> String {
    let mut bytes = [0; 6];
    aws_lc_rs::rand::fill(&mut bytes).expect("randomness");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Registers a new application with a new Ed25519 key.
pub async fn fresh(purpose: Purpose) -> Application {
    fresh_with(purpose, FileProfile::Standard, SigningAlgorithm::EdDsa).await
}

/// Registers a new application with a new key.
///
/// # Panics
/// If it cannot be registered.
pub async fn fresh_with(purpose: Purpose, profile: FileProfile, algorithm: SigningAlgorithm) -> Application {
    let unique = unique();
    let (id, name_el, name_en) = (format!("test-{unique}"), format!("Δοκιμή {unique}"), format!("Test {unique}"));
    let (purpose, profile) = (purpose.name(), profile.name());
    operate(&["add", &id, "--name-el", &name_el, "--name-en", &name_en, "--purpose", purpose, "--profile", profile])
        .await
        .expect("a new application");
    let key = SigningKey::new("first", algorithm);
    add_key(&id, &key).await.expect("its key");
    Application { id, name_el, name_en, key, browser: Browser::new(Language::El) }
}

/// Returns the current time in seconds since 1970.
///
/// # Panics
/// If the clock is before 1970.
pub fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(elapsed.as_secs()).expect("seconds")
}

impl Application {
    /// Returns the claims that every request has, extended by the claims in `additional`. The `jti` is new, and the claims are valid for 30
    /// seconds.
    pub fn claims(&self, path: &str, additional: Value) -> Value {
        let (now, audience) = (now(), format!("{}{path}", stack::origin()));
        let mut claims = json!({ "iss": self.id, "aud": audience, "iat": now, "exp": now + 30, "jti": format!("jti-{}", unique()) });
        let Value::Object(additional) = additional else { panic!("claims are an object") };
        claims.as_object_mut().expect("an object").extend(additional);
        claims
    }

    pub fn pull_claims(&self, subject: &str, image: ImageKind) -> Value {
        self.claims(PULLS, json!({ "sub": subject, "image": image.name(), "case": format!("case {}", unique()) }))
    }

    /// Signs claims with the application's first key.
    pub fn sign(&self, claims: &Value) -> String {
        token(&self.key, &self.key.header(), claims)
    }

    /// Returns a request with this token. The caller may change it before sending.
    pub fn request(&self, path: &str, token: &str) -> Request<'_> {
        let request = self.browser.request(Method::POST, path).without("origin");
        request.header("authorization", &format!("Bearer {token}"))
    }

    pub async fn send(&self, path: &str, token: &str) -> Response {
        self.request(path, token).send().await
    }

    /// Pulls an image. `subject` is the type and the value of an identification number, such as `afm:068933130`.
    pub async fn pull(&self, subject: &str, image: ImageKind) -> Response {
        self.send(PULLS, &self.sign(&self.pull_claims(subject, image))).await
    }

    /// Pulls an image. Returns the case number and the response. The person finds the pull by its case number in their access log.
    ///
    /// # Panics
    /// Never, because the claims of a pull always contain a case.
    pub async fn pull_with_case(&self, subject: &str, image: ImageKind) -> (String, Response) {
        let claims = self.pull_claims(subject, image);
        let case = claims["case"].as_str().expect("a case").to_owned();
        (case, self.send(PULLS, &self.sign(&claims)).await)
    }

    /// Pulls an image and returns the pull's id.
    ///
    /// # Panics
    /// If the pull is rejected.
    pub async fn pulled(&self, subject: &str, image: ImageKind) -> String {
        let response = self.pull(subject, image).await.expect(200);
        response.header("pull-id").expect("an id").to_owned()
    }

    /// Reports a verdict on a pulled image. `verdict` has the members `verdict`, `reason` (if refused) and optionally `text`.
    pub async fn report(&self, pull: &str, verdict: &Value) -> Response {
        let mut claims = self.claims(VERDICTS, verdict.clone());
        claims["pull"] = json!(pull);
        self.send(VERDICTS, &self.sign(&claims)).await
    }
}

// ---- Calls of citizens

/// Authorises applications to pull the citizen's photos.
pub async fn authorize(visit: &Visit, applications: &[&str]) -> Response {
    visit.browser.post("/v1/subjects/self/authorizations", &json!({ "applications": applications })).await
}

pub async fn revoke(visit: &Visit, application: &str) -> Response {
    visit.browser.delete(&format!("/v1/subjects/self/authorizations/{application}")).await
}

pub async fn dissociate(visit: &Visit) -> Response {
    visit.browser.delete("/v1/subjects/self/association").await
}

/// Returns the citizen's access log, newest first: which application pulled or tried to pull which image.
///
/// # Panics
/// If the response has no such list.
pub async fn accesses(visit: &Visit) -> Vec<Value> {
    let response = visit.browser.get("/v1/subjects/self/accesses").await.expect(200).json();
    response["accesses"].as_array().expect("a list").clone()
}
