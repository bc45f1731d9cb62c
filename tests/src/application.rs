//! What applications of public bodies do: each with keys of its own, registered as operators do it.

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

/// A key pair, and the id under which it is registered.
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

    /// The public half.
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

    /// The header that goes with this key.
    pub fn header(&self) -> Value {
        json!({ "alg": self.algorithm().name(), "kid": self.kid, "typ": "JWT" })
    }
}

/// What is signed of a token.
pub fn message(header: &Value, claims: &Value) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// A whole token, under the header given.
pub fn token(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let message = message(header, claims);
    let signature = URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes()));
    format!("{message}.{signature}")
}

/// Runs a command of the operators', such as `["withdraw", "passports"]`.
///
/// # Errors
/// Where it changes nothing.
///
/// # Panics
/// Where it is no command.
pub async fn operate(arguments: &[&str]) -> Result<String, OperatorError> {
    use clap::Parser;
    let table = stack::variable("APPLICATIONS_TABLE");
    let all = ["applications", "--table", &table].into_iter().chain(arguments.iter().copied());
    operator::run(Cli::try_parse_from(all).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))).await
}

/// Registers a key's public half.
///
/// # Errors
/// Where the operators' command refuses it.
///
/// # Panics
/// Where no file can be written.
pub async fn add_key(application: &str, key: &SigningKey) -> Result<String, OperatorError> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), key.pem()).expect("a file");
    operate(&["key", "add", application, "--kid", &key.kid, file.path().to_str().expect("a path")]).await
}

/// An application that nobody else uses, with its key.
pub struct Application {
    pub id: String,
    pub name_el: String,
    pub name_en: String,
    pub key: SigningKey,
    browser: Browser,
}

/// A text that no other test has.
fn unique() -> String {
    let mut bytes = [0; 6];
    aws_lc_rs::rand::fill(&mut bytes).expect("randomness");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A new application with a new Ed25519 key.
pub async fn fresh(purpose: Purpose) -> Application {
    fresh_with(purpose, FileProfile::Standard, SigningAlgorithm::EdDsa).await
}

/// # Panics
/// Where it cannot be registered.
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

/// Seconds since 1970.
///
/// # Panics
/// Before 1970.
pub fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(elapsed.as_secs()).expect("seconds")
}

impl Application {
    /// The claims of every request, with a new `jti`, valid for half a minute; and others.
    pub fn claims(&self, path: &str, own: Value) -> Value {
        let (now, audience) = (now(), format!("{}{path}", stack::origin()));
        let mut claims = json!({ "iss": self.id, "aud": audience, "iat": now, "exp": now + 30, "jti": format!("jti-{}", unique()) });
        let Value::Object(own) = own else { panic!("claims are an object") };
        claims.as_object_mut().expect("an object").extend(own);
        claims
    }

    pub fn pull_claims(&self, subject: &str, image: ImageKind) -> Value {
        self.claims(PULLS, json!({ "sub": subject, "image": image.name(), "case": format!("case {}", unique()) }))
    }

    /// Signed with the application's (first) key.
    pub fn sign(&self, claims: &Value) -> String {
        token(&self.key, &self.key.header(), claims)
    }

    /// A call with a token, to be changed before it is sent.
    pub fn request(&self, path: &str, token: &str) -> Request<'_> {
        let request = self.browser.request(Method::POST, path).without("origin");
        request.header("authorization", &format!("Bearer {token}"))
    }

    pub async fn send(&self, path: &str, token: &str) -> Response {
        self.request(path, token).send().await
    }

    /// `subject` is a kind and a number, such as `afm:068933130`.
    pub async fn pull(&self, subject: &str, image: ImageKind) -> Response {
        self.send(PULLS, &self.sign(&self.pull_claims(subject, image))).await
    }

    /// Pulls, and answers the case too, by which the person finds the pull in their log.
    ///
    /// # Panics
    /// Never: claims of a pull name a case.
    pub async fn pull_with_case(&self, subject: &str, image: ImageKind) -> (String, Response) {
        let claims = self.pull_claims(subject, image);
        let case = claims["case"].as_str().expect("a case").to_owned();
        (case, self.send(PULLS, &self.sign(&claims)).await)
    }

    /// Pulls, and answers the pull's id.
    ///
    /// # Panics
    /// Where the image is not given.
    pub async fn pulled(&self, subject: &str, image: ImageKind) -> String {
        let response = self.pull(subject, image).await.expect(200);
        response.header("pull-id").expect("an id").to_owned()
    }

    /// `verdict` holds `verdict`, and with `refused` a `reason`, and perhaps a `text`.
    pub async fn report(&self, pull: &str, verdict: &Value) -> Response {
        let mut claims = self.claims(VERDICTS, verdict.clone());
        claims["pull"] = json!(pull);
        self.send(VERDICTS, &self.sign(&claims)).await
    }
}

// ---- What people do about applications

/// Lets applications pull.
pub async fn authorize(visit: &Visit, applications: &[&str]) -> Response {
    visit.browser.post("/v1/subjects/self/authorizations", &json!({ "applications": applications })).await
}

pub async fn revoke(visit: &Visit, application: &str) -> Response {
    visit.browser.delete(&format!("/v1/subjects/self/authorizations/{application}")).await
}

pub async fn dissociate(visit: &Visit) -> Response {
    visit.browser.delete("/v1/subjects/self/association").await
}

/// Who asked for which image, newest first.
///
/// # Panics
/// Where there is no such list.
pub async fn accesses(visit: &Visit) -> Vec<Value> {
    let answer = visit.browser.get("/v1/subjects/self/accesses").await.expect(200).json();
    answer["accesses"].as_array().expect("a list").clone()
}
