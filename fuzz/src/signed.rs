//! Checks of signed requests, which applications of public bodies send.

use std::{collections::BTreeMap, sync::LazyLock};

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    FileProfile, Moment,
    application::{ApplicationId, Purpose, SigningAlgorithm},
};
use edge::{Call, signed::SignedRequest};
use lambda_http::{
    Body,
    http::{HeaderValue, Request, header},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use storage::applications::{Application, PublicKey};

use crate::text;

const ORIGIN: &str = "https://myphoto.example";
const PATH: &str = "/v1/pulls";
const AUDIENCE: &str = "https://myphoto.example/v1/pulls";
const NOW: i64 = 1_800_000_000;

/// The claims of the only request that the application has sent. The corpus contains the token of this request, so the fuzzer can modify
/// it.
const SENT_CLAIMS: &str =
    r#"{"aud":"https://myphoto.example/v1/pulls","exp":1800000060,"iat":1800000000,"iss":"passports","jti":"a-1","sub":"afm:068933130"}"#;

/// Claims of a pull, in addition to the claims that every signed request has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OperationClaims {
    sub: String,
}

struct Sender {
    ed: Ed25519KeyPair,
    ec: EcdsaKeyPair,
    rsa: RsaKeyPair,
    registered: Application,
}

static APPLICATION: LazyLock<Sender> = LazyLock::new(|| {
    // A fixed key, because the corpus contains a request signed by it. The other two keys sign only requests made in this process.
    let ed = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let rsa = RsaKeyPair::generate(KeySize::Rsa3072).unwrap();
    let jwk = |algorithm| match algorithm {
        SigningAlgorithm::EdDsa => json!({ "kty": "OKP", "crv": "Ed25519", "x": base64(ed.public_key()) }),
        SigningAlgorithm::Es256 => {
            let point = ec.public_key().as_ref();
            json!({ "kty": "EC", "crv": "P-256", "x": base64(&point[1..33]), "y": base64(&point[33..]) })
        }
        SigningAlgorithm::Rs256 => {
            let (n, e) = (rsa.public_key().modulus(), rsa.public_key().exponent());
            json!({ "kty": "RSA", "n": base64(n.big_endian_without_leading_zero()), "e": base64(e.big_endian_without_leading_zero()) })
        }
    };
    let key = |algorithm: SigningAlgorithm| {
        let key = PublicKey { algorithm, jwk: jwk(algorithm).to_string(), added_at: Moment::from_epoch_seconds(0) };
        (algorithm.name().to_owned(), key)
    };
    let registered = Application {
        application: ApplicationId::parse("passports").unwrap(),
        name_el: "Διαβατήρια".to_owned(),
        name_en: "Passports".to_owned(),
        purpose: Purpose::Passport,
        profile: FileProfile::Standard,
        keys: BTreeMap::from(SigningAlgorithm::ALL.map(key)),
        withdrawn_at: None,
        revision: "1".to_owned(),
    };
    Sender { ed, ec, rsa, registered }
});

/// Asserts that only valid requests that the application has signed are accepted. There are two kinds of input:
///
/// - One line is a token from anybody. It may be accepted only if the application has signed it.
/// - Three lines are the name of an algorithm, a header and claims. The application signs them. The request must be accepted exactly if it
///   complies with the rules.
pub(crate) fn signed_request(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let lines: Vec<&str> = text.split('\n').collect();
    match *lines.as_slice() {
        [token] if accepted(token) => {
            let sent = format!("{}.{}.", base64(header(SigningAlgorithm::EdDsa)), base64(SENT_CLAIMS));
            assert!(token.starts_with(&sent), "a token that the application has not signed is accepted");
        }
        [name, header_json, claims_json] => {
            let Some(algorithm) = SigningAlgorithm::parse(name) else { return };
            let message = format!("{}.{}", base64(header_json), base64(claims_json));
            let token = format!("{message}.{}", base64(sign(algorithm, message.as_bytes())));
            assert_eq!(accepted(&token), complies_with_the_rules(algorithm, &token, header_json, claims_json), "{token}");
        }
        _ => {}
    }
}

fn accepted(token: &str) -> bool {
    let Ok(value) = HeaderValue::from_str(&format!("Bearer {token}")) else { return false };
    let request = Request::builder().method("POST").uri("https://x/").header(header::AUTHORIZATION, value).body(Body::Empty).unwrap();
    let call = Call::new(request, ORIGIN, Moment::from_epoch_seconds(NOW));
    let Ok(request) = SignedRequest::<OperationClaims>::read(&call) else { return false };
    request.verify(Some(APPLICATION.registered.clone()), &call, PATH).is_ok_and(|verified| {
        assert_eq!(verified.application().as_str(), "passports");
        let _ = &verified.claims().sub;
        true
    })
}

/// Returns whether a token complies with the rules. This is a second implementation of the rules, independent of the code under test. If a
/// member occurs twice in the claims, its last value counts. A header must not contain a member twice.
fn complies_with_the_rules(algorithm: SigningAlgorithm, token: &str, header_json: &str, claims_json: &str) -> bool {
    let (Ok(header), Ok(claims)) =
        (serde_json::from_str::<StrictHeader>(header_json), serde_json::from_str::<Map<String, Value>>(claims_json))
    else {
        return false;
    };
    let number = |name| claims.get(name).and_then(Value::as_i64);
    let (Some(issued), Some(expires)) = (number("iat"), number("exp")) else { return false };
    let text = |name| claims.get(name).and_then(Value::as_str);
    token.len() <= 4096
        && header.alg == algorithm.name()
        && header.kid == algorithm.name()
        && claims.len() == 6
        && text("iss") == Some("passports")
        && text("aud") == Some(AUDIENCE)
        && text("sub").is_some()
        && text("jti").is_some_and(|jti| (1..=64).contains(&jti.len()) && jti.bytes().all(|byte| byte.is_ascii_graphic()))
        && issued <= NOW + 5
        && expires > NOW
        && expires > issued
        && expires.checked_sub(issued).is_some_and(|valid| valid <= 60)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrictHeader {
    alg: String,
    kid: String,
    #[serde(rename = "typ")]
    _typ: Option<String>,
}

fn header(algorithm: SigningAlgorithm) -> String {
    format!(r#"{{"alg":"{0}","kid":"{0}","typ":"JWT"}}"#, algorithm.name())
}

fn sign(algorithm: SigningAlgorithm, message: &[u8]) -> Vec<u8> {
    let (Sender { ed, ec, rsa, .. }, random) = (&*APPLICATION, SystemRandom::new());
    match algorithm {
        SigningAlgorithm::EdDsa => ed.sign(message).as_ref().to_vec(),
        SigningAlgorithm::Es256 => ec.sign(&random, message).unwrap().as_ref().to_vec(),
        SigningAlgorithm::Rs256 => {
            let mut signature = vec![0; rsa.public_modulus_len()];
            rsa.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
            signature
        }
    }
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
