//! Tests with valid and forged requests of applications.

use std::{collections::BTreeMap, sync::LazyLock};

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use domain::{FileProfile, application::Purpose};
use lambda_http::{Body, http::Request};
use proptest::prelude::*;
use serde_json::json;

use super::*;

const PATH: &str = "/v1/pulls";
const NOW: i64 = 1_800_000_000;

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    sub: String,
}

/// A key pair for each algorithm.
struct Pairs {
    ec: EcdsaKeyPair,
    rsa: RsaKeyPair,
    ed: Ed25519KeyPair,
}

static PAIRS: LazyLock<Pairs> = LazyLock::new(|| Pairs {
    ec: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
    rsa: RsaKeyPair::generate(KeySize::Rsa3072).unwrap(),
    ed: Ed25519KeyPair::generate().unwrap(),
});

fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn jwk(algorithm: SigningAlgorithm) -> Value {
    match algorithm {
        SigningAlgorithm::Es256 => {
            let point = PAIRS.ec.public_key().as_ref();
            json!({ "kty": "EC", "crv": "P-256", "x": base64(&point[1..33]), "y": base64(&point[33..]) })
        }
        SigningAlgorithm::Rs256 => {
            let public = PAIRS.rsa.public_key();
            let (n, e) = (public.modulus().big_endian_without_leading_zero(), public.exponent().big_endian_without_leading_zero());
            json!({ "kty": "RSA", "n": base64(n), "e": base64(e) })
        }
        SigningAlgorithm::EdDsa => json!({ "kty": "OKP", "crv": "Ed25519", "x": base64(PAIRS.ed.public_key()) }),
    }
}

fn sign(algorithm: SigningAlgorithm, message: &str) -> Vec<u8> {
    let (random, message) = (SystemRandom::new(), message.as_bytes());
    match algorithm {
        SigningAlgorithm::Es256 => PAIRS.ec.sign(&random, message).unwrap().as_ref().to_vec(),
        SigningAlgorithm::Rs256 => {
            let mut signature = vec![0; PAIRS.rsa.public_modulus_len()];
            PAIRS.rsa.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
            signature
        }
        SigningAlgorithm::EdDsa => PAIRS.ed.sign(message).as_ref().to_vec(),
    }
}

/// Returns an application with a key for each algorithm. The ID of a key is the name of its algorithm.
fn registered() -> Registered {
    let key = |algorithm: SigningAlgorithm| {
        let key = PublicKey { algorithm, jwk: jwk(algorithm).to_string(), added_at: Moment::from_epoch_seconds(0) };
        (algorithm.name().to_owned(), key)
    };
    Registered {
        application: ApplicationId::parse("passports").unwrap(),
        name_el: "Διαβατήρια".to_owned(),
        name_en: "Passports".to_owned(),
        purpose: Purpose::Passport,
        profile: FileProfile::Standard,
        keys: BTreeMap::from(SigningAlgorithm::ALL.map(key)),
        withdrawn_at: None,
        revision: "1".to_owned(),
    }
}

fn claims() -> Value {
    let audience = format!("https://myphoto.example{PATH}");
    json!({ "iss": "passports", "aud": audience, "iat": NOW, "exp": NOW + 60, "jti": "a-1", "sub": "afm:068933130" })
}

fn changed(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

fn message(header: &Value, claims: &Value) -> String {
    format!("{}.{}", base64(header.to_string()), base64(claims.to_string()))
}

/// Returns a token with the given header, signed with the key of `algorithm`.
fn token_under(header: &Value, algorithm: SigningAlgorithm, claims: &Value) -> String {
    let message = message(header, claims);
    let signature = base64(sign(algorithm, &message));
    format!("{message}.{signature}")
}

fn header(algorithm: SigningAlgorithm) -> Value {
    json!({ "alg": algorithm.name(), "kid": algorithm.name(), "typ": "JWT" })
}

fn token(algorithm: SigningAlgorithm, claims: &Value) -> String {
    token_under(&header(algorithm), algorithm, claims)
}

fn call(authorization: Option<&str>, body: &str) -> Call {
    let mut request = Request::builder().method("POST").uri("https://x/");
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    Call::new(request.body(Body::from(body)).unwrap(), "https://myphoto.example", Moment::from_epoch_seconds(NOW))
}

fn check_from(token: &str, sender: Option<Registered>) -> Result<Own, Problem> {
    let call = call(Some(&format!("Bearer {token}")), "");
    let request = SignedRequest::<Own>::read(&call)?;
    match request.verify(sender, &call, PATH) {
        Ok(verified) => Ok(verified.claims),
        Err(failure) => Err(failure.problem().clone()),
    }
}

fn check(token: &str) -> Result<Own, Problem> {
    check_from(token, Some(registered()))
}

fn fault(token: &str) -> SignatureFault {
    match check(token) {
        Err(Problem::SignatureRefused { fault }) => fault,
        other => panic!("{other:?}: {token}"),
    }
}

use SigningAlgorithm::{EdDsa, Es256, Rs256};

#[test]
fn a_request_signed_by_the_application_is_accepted_with_each_algorithm() {
    for algorithm in SigningAlgorithm::ALL {
        assert_eq!(check(&token(algorithm, &claims())), Ok(Own { sub: "afm:068933130".to_owned() }), "{algorithm:?}");
    }
    let untyped = json!({ "alg": "EdDSA", "kid": "EdDSA" });
    assert!(check(&token_under(&untyped, EdDsa, &claims())).is_ok());
}

#[test]
fn a_request_without_a_bearer_token_or_with_a_body_is_rejected() {
    for authorization in [None, Some(""), Some("Bearer"), Some("Basic YTpi"), Some("AWS4-HMAC-SHA256 Credential=x")] {
        let read = SignedRequest::<Own>::read(&call(authorization, ""));
        assert_eq!(read.err(), Some(Problem::RequestUnsigned), "{authorization:?}");
    }
    let good = token(EdDsa, &claims());
    assert!(SignedRequest::<Own>::read(&call(Some(&format!("bearer {good}")), "")).is_ok());
    let with_body = SignedRequest::<Own>::read(&call(Some(&format!("Bearer {good}")), "{}"));
    assert_eq!(with_body.err(), Some(refused(SignatureFault::Malformed)));
}

#[test]
fn the_algorithm_none_and_hmacs_are_rejected() {
    for name in ["none", "None", "NONE", "nOnE", ""] {
        let unsigned = message(&json!({ "alg": name, "kid": "EdDSA" }), &claims());
        assert_eq!(fault(&format!("{unsigned}.")), SignatureFault::Algorithm, "{name}");
    }
    // Key confusion: an attacker uses the bytes of the public key as the secret of an HMAC.
    for algorithm in SigningAlgorithm::ALL {
        for secret in
            [jwk(algorithm).to_string().into_bytes(), PAIRS.ed.public_key().as_ref().to_vec(), PAIRS.ec.public_key().as_ref().to_vec()]
        {
            for claimed in ["HS256", algorithm.name()] {
                let message = message(&json!({ "alg": claimed, "kid": algorithm.name() }), &claims());
                let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), message.as_bytes());
                let expected = if claimed == "HS256" { SignatureFault::Algorithm } else { SignatureFault::Signature };
                assert_eq!(fault(&format!("{message}.{}", base64(mac))), expected);
            }
        }
    }
    for name in ["ES384", "PS256", "RS512", "ES256K", "Ed25519"] {
        assert_eq!(fault(&token_under(&json!({ "alg": name, "kid": "EdDSA" }), EdDsa, &claims())), SignatureFault::Algorithm);
    }
}

#[test]
fn each_key_accepts_only_its_own_algorithm() {
    for key in SigningAlgorithm::ALL {
        for signed_by in SigningAlgorithm::ALL {
            for claimed in SigningAlgorithm::ALL {
                let token = token_under(&json!({ "alg": claimed.name(), "kid": key.name() }), signed_by, &claims());
                if key == claimed && key == signed_by {
                    assert!(check(&token).is_ok());
                } else {
                    assert_eq!(fault(&token), SignatureFault::Signature, "{key:?} {signed_by:?} {claimed:?}");
                }
            }
        }
    }
    // A key stored under the wrong algorithm verifies nothing.
    let mut confused = registered();
    confused.keys.get_mut("EdDSA").unwrap().jwk = jwk(Es256).to_string();
    assert_eq!(check_from(&token(EdDsa, &claims()), Some(confused)), Err(refused(SignatureFault::Signature)));
}

#[test]
fn unknown_applications_unknown_keys_and_wrong_signatures_get_the_same_error() {
    let same_error = Err(refused(SignatureFault::Signature));
    let good = token(Es256, &claims());
    assert_eq!(check_from(&good, None), same_error);
    let mut withdrawn = registered();
    withdrawn.withdrawn_at = Some(Moment::from_epoch_seconds(NOW));
    assert_eq!(check_from(&good, Some(withdrawn)), same_error);
    let mut without_key = registered();
    without_key.keys.remove("ES256");
    assert_eq!(check_from(&good, Some(without_key)), same_error);
    // The stored application is not the issuer that the request names.
    let mut other = registered();
    other.application = ApplicationId::parse("identity-cards").unwrap();
    assert_eq!(check_from(&good, Some(other)), same_error);
    for iss in [json!("Passports"), json!(""), json!(7), json!(["passports"]), Value::Null] {
        assert_eq!(check(&token(Es256, &changed("iss", iss))), same_error);
    }
    assert_eq!(check(&token(Es256, &without("iss"))), same_error);
    assert_eq!(check(&token_under(&json!({ "alg": "ES256", "kid": "es256" }), Es256, &claims())), same_error);
    // If the signature is wrong, the error does not reveal faults of the claims.
    for wrong in [changed("exp", json!(NOW - 100)), changed("aud", json!("x")), without("jti"), changed("sub", json!(1))] {
        let forged = format!("{}.{}", message(&header(Rs256), &wrong), base64([0; 256]));
        assert_eq!(check(&forged), same_error);
    }
}

#[test]
fn times_audience_and_id_are_checked_after_the_signature() {
    let audience = |text: &str| changed("aud", json!(text));
    let times = |from: i64, until: i64| {
        let mut claims = changed("iat", json!(NOW + from));
        claims["exp"] = json!(NOW + until);
        claims
    };
    for (claims, expected) in [
        (times(-60, 0), SignatureFault::Expired),
        (times(6, 60), SignatureFault::NotYetValid),
        (times(0, 61), SignatureFault::Claims { claim: "exp" }),
        (times(0, 0), SignatureFault::Claims { claim: "exp" }),
        (without("exp"), SignatureFault::Claims { claim: "exp" }),
        (changed("exp", json!("soon")), SignatureFault::Claims { claim: "exp" }),
        (changed("exp", json!(1.8e9 + 60.5)), SignatureFault::Claims { claim: "exp" }),
        (without("iat"), SignatureFault::Claims { claim: "iat" }),
        (without("jti"), SignatureFault::Claims { claim: "jti" }),
        (changed("jti", json!("")), SignatureFault::Claims { claim: "jti" }),
        (changed("jti", json!("a b")), SignatureFault::Claims { claim: "jti" }),
        (changed("jti", json!("j".repeat(JTI_CHARACTERS_MAX + 1))), SignatureFault::Claims { claim: "jti" }),
        (without("aud"), SignatureFault::Audience),
        (audience("https://myphoto.example/v1/verdicts"), SignatureFault::Audience),
        (audience("https://other.example/v1/pulls"), SignatureFault::Audience),
        (audience("https://myphoto.example/v1/pulls/"), SignatureFault::Audience),
        (changed("aud", json!(["https://myphoto.example/v1/pulls"])), SignatureFault::Audience),
    ] {
        assert_eq!(fault(&token(EdDsa, &claims)), expected, "{claims}");
    }
    assert!(check(&token(EdDsa, &times(5, 65))).is_ok());
    assert!(check(&token(EdDsa, &times(-59, 1))).is_ok());
}

#[test]
fn missing_invalid_and_unknown_claims_of_the_operation_are_rejected() {
    use messages::problem::FieldReason::{Missing, Unknown, WrongType};
    for (claims, field, reason) in
        [(without("sub"), "sub", Missing), (changed("sub", json!(1)), "sub", WrongType), (changed("nbf", json!(NOW)), "nbf", Unknown)]
    {
        let expected = Err(Problem::InvalidField { field: field.to_owned(), reason });
        assert_eq!(check(&token(EdDsa, &claims)), expected);
    }
}

#[test]
fn malformed_tokens_and_unknown_header_members_are_rejected() {
    let good = token(EdDsa, &claims());
    let parts: Vec<&str> = good.split('.').collect();
    let with_header = |header: Value| token_under(&header, EdDsa, &claims());
    for malformed in [
        String::new(),
        "a".to_owned(),
        "a.b.c".to_owned(),
        parts[..2].join("."),
        format!("{good}.{}", parts[2]),
        format!(".{good}"),
        format!(" {good}"),
        format!("{}..{}", parts[0], parts[2]),
        format!("{}=.{}.{}", parts[0], parts[1], parts[2]),
        with_header(json!({ "alg": "EdDSA" })),
        with_header(json!({ "kid": "EdDSA" })),
        with_header(json!({ "alg": "EdDSA", "kid": "EdDSA", "crit": ["exp"] })),
        with_header(json!({ "alg": "EdDSA", "kid": "EdDSA", "b64": false })),
        with_header(json!({ "alg": "EdDSA", "kid": "EdDSA", "jwk": jwk(EdDsa) })),
        with_header(json!({ "alg": "EdDSA", "kid": "EdDSA", "jku": "https://evil.example/keys" })),
        with_header(json!(["EdDSA"])),
        token(EdDsa, &json!([])),
        token(EdDsa, &changed("padding", json!("x".repeat(REQUEST_BYTES_MAX)))),
        "x".repeat(10_000_000),
    ] {
        assert_eq!(fault(&malformed), SignatureFault::Malformed, "{}", &malformed[..malformed.len().min(200)]);
    }
    // The signature is missing, truncated, too long or not base64, or is another part of the token.
    for other in [String::new(), parts[2][..40].to_owned(), format!("{}AAAA", parts[2]), "!".to_owned(), parts[1].to_owned()] {
        assert_eq!(fault(&format!("{}.{}.{other}", parts[0], parts[1])), SignatureFault::Signature);
    }
    // The header contains `alg` twice, and two parsers could read different values.
    let twice = format!("{}.{}", base64(r#"{"alg":"EdDSA","alg":"none","kid":"EdDSA"}"#), parts[1]);
    assert_eq!(fault(&format!("{twice}.{}", base64(sign(EdDsa, &twice)))), SignatureFault::Malformed);
}

#[test]
fn changed_claims_with_the_old_signature_are_rejected() {
    for algorithm in SigningAlgorithm::ALL {
        let good = token(algorithm, &claims());
        let (_, signature) = good.rsplit_once('.').unwrap();
        let other = message(&header(algorithm), &changed("sub", json!("afm:999999999")));
        assert_eq!(fault(&format!("{other}.{signature}")), SignatureFault::Signature);
    }
}

proptest! {
    #[test]
    fn a_valid_token_with_any_byte_changed_is_rejected(
        algorithm in proptest::sample::select(SigningAlgorithm::ALL.to_vec()),
        at in any::<proptest::sample::Index>(),
        byte in 0x21_u8..0x7f,
    ) {
        let mut bytes = token(algorithm, &claims()).into_bytes();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        prop_assert!(check(&String::from_utf8(bytes).unwrap()).is_err());
    }

    #[test]
    fn parsing_any_text_never_panics(text in "[ -~]{0,300}") {
        prop_assert!(check(&text).is_err());
    }
}
