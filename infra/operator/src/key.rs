//! Parses public keys of applications from PEM or JWK, and accepts only keys that the service can verify signatures with.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::application::SigningAlgorithm;
use jsonwebtoken::{
    DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, ThumbprintHash},
};
use serde_json::{Value, json};

/// Permitted size of an RSA key's modulus.
const RSA_BITS: std::ops::RangeInclusive<usize> = 3072..=8192;

/// The reason for which the key in a file is rejected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    #[error(
        "THIS IS A PRIVATE KEY. It must not be used any more, because it has left its owner's systems. The owner must create a new key \
         pair and send only the public key (openssl pkey -in key.pem -pubout)"
    )]
    Private,
    #[error("this is a certificate: extract its public key (openssl x509 -in FILE -pubkey -noout)")]
    Certificate,
    #[error("this is neither a public key in PEM (BEGIN PUBLIC KEY) nor a JWK")]
    Unreadable,
    #[error("this is a set of keys: use a file with a single JWK")]
    Set,
    #[error("this is a shared secret: applications must sign with a key pair")]
    Shared,
    #[error("the key is on another curve than P-256 and Ed25519, or is not a point on its curve")]
    Curve,
    #[error("this is an RSA key of {0} bits: it must have 3072 to 8192 bits, and an exponent of at least 65537")]
    Rsa(usize),
    #[error("the JWK's alg is {named}, but the key is for {fits}")]
    Algorithm { named: String, fits: &'static str },
}

/// A public key that has passed all checks.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    pub algorithm: SigningAlgorithm,
    /// The key as a JWK with only the members that RFC 7638 requires.
    pub jwk: String,
}

/// Parses and checks a public key in PEM or JWK.
///
/// # Errors
/// If the text is not a public key that the service accepts. The error says so explicitly if the text is a private key.
pub fn read_key(text: &str) -> Result<Key, BadKey> {
    let text = text.trim();
    if text.contains("PRIVATE KEY") {
        return Err(BadKey::Private);
    }
    if text.starts_with('{') { from_jwk(text) } else { from_pem(text) }
}

fn from_pem(text: &str) -> Result<Key, BadKey> {
    if text.contains("BEGIN CERTIFICATE") {
        return Err(BadKey::Certificate);
    }
    let bytes = text.as_bytes();
    let key = DecodingKey::from_ed_pem(bytes).or_else(|_| DecodingKey::from_ec_pem(bytes)).or_else(|_| DecodingKey::from_rsa_pem(bytes));
    let key = key.map_err(|_| BadKey::Unreadable)?;
    // The conversion to a JWK fails if the length of the key's point fits neither P-256 nor P-384.
    checked(&Jwk::from_decoding_key(&key, None).map_err(|_| BadKey::Curve)?)
}

fn from_jwk(text: &str) -> Result<Key, BadKey> {
    let members: Value = serde_json::from_str(text).map_err(|_| BadKey::Unreadable)?;
    if members.get("keys").is_some() {
        return Err(BadKey::Set);
    }
    if members["kty"] == "oct" {
        return Err(BadKey::Shared);
    }
    if ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].iter().any(|secret| members.get(secret).is_some()) {
        return Err(BadKey::Private);
    }
    let key = checked(&serde_json::from_value(members.clone()).map_err(|_| BadKey::Unreadable)?)?;
    match members.get("alg").and_then(Value::as_str) {
        Some(named) if named != key.algorithm.name() => Err(BadKey::Algorithm { named: named.to_owned(), fits: key.algorithm.name() }),
        Some(_) | None => Ok(key),
    }
}

fn checked(jwk: &Jwk) -> Result<Key, BadKey> {
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| BadKey::Unreadable);
    match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(own) if own.curve == EllipticCurve::P256 => {
            let (x, y) = (bytes(&own.x)?, bytes(&own.y)?);
            if (x.len(), y.len()) != (32, 32) {
                return Err(BadKey::Curve);
            }
            ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, [&[4], x.as_slice(), &y].concat()).map_err(|_| BadKey::Curve)?;
            Ok(key(SigningAlgorithm::Es256, &json!({ "crv": "P-256", "kty": "EC", "x": own.x, "y": own.y })))
        }
        AlgorithmParameters::OctetKeyPair(own) if own.curve == EllipticCurve::Ed25519 => {
            ParsedPublicKey::new(&ED25519, bytes(&own.x)?).map_err(|_| BadKey::Curve)?;
            Ok(key(SigningAlgorithm::EdDsa, &json!({ "crv": "Ed25519", "kty": "OKP", "x": own.x })))
        }
        AlgorithmParameters::EllipticCurve(_) | AlgorithmParameters::OctetKeyPair(_) => Err(BadKey::Curve),
        AlgorithmParameters::RSA(own) => {
            let (n, e) = (bytes(&own.n)?, bytes(&own.e)?);
            let modulus: Vec<u8> = n.into_iter().skip_while(|byte| *byte == 0).collect();
            let bits = modulus.first().map_or(0, |first| modulus.len() * 8 - usize::try_from(first.leading_zeros()).unwrap_or(0));
            let exponent = e
                .iter()
                .skip_while(|byte| **byte == 0)
                .try_fold(0_u64, |value, byte| value.checked_mul(256).and_then(|value| value.checked_add(u64::from(*byte))));
            let exponent_fits = exponent.is_some_and(|exponent| exponent >= 65_537 && exponent % 2 == 1);
            if !RSA_BITS.contains(&bits) || !exponent_fits {
                return Err(BadKey::Rsa(bits));
            }
            Ok(key(SigningAlgorithm::Rs256, &json!({ "e": own.e, "kty": "RSA", "n": own.n })))
        }
        AlgorithmParameters::OctetKey(_) => Err(BadKey::Shared),
        // All other kinds of keys, including kinds that a later version of the library may add.
        AlgorithmParameters::Other(_) | _ => Err(BadKey::Unreadable),
    }
}

fn key(algorithm: SigningAlgorithm, jwk: &Value) -> Key {
    Key { algorithm, jwk: jwk.to_string() }
}

/// Returns the SHA-256 thumbprint of RFC 7638, by which two people can compare a key on the telephone.
pub(crate) fn fingerprint(jwk: &str) -> String {
    let jwk = serde_json::from_str::<Jwk>(jwk).ok();
    jwk.and_then(|jwk| jwk.thumbprint(ThumbprintHash::SHA256).ok()).unwrap_or_else(|| "unreadable".to_owned())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Runs a script with openssl in a temporary folder, and returns its output.
    fn openssl(script: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let output = Command::new("bash").args(["-euc", script]).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn public(algorithm: &str) -> String {
        openssl(&format!("openssl genpkey -quiet -algorithm {algorithm} -out key.pem; openssl pkey -in key.pem -pubout"))
    }

    const P256: &str = "EC -pkeyopt ec_paramgen_curve:P-256";

    #[test]
    fn the_key_determines_the_algorithm() {
        for (generated_by, algorithm) in [
            ("ed25519", SigningAlgorithm::EdDsa),
            (P256, SigningAlgorithm::Es256),
            ("RSA -pkeyopt rsa_keygen_bits:3072", SigningAlgorithm::Rs256),
        ] {
            let key = read_key(&public(generated_by)).unwrap();
            assert_eq!(key.algorithm, algorithm);
            // Parsing the resulting JWK returns the same key. The JWK may state the key's own algorithm, but no other.
            assert_eq!(read_key(&key.jwk), Ok(Key { algorithm, jwk: key.jwk.clone() }));
            let mut jwk: Value = serde_json::from_str(&key.jwk).unwrap();
            jwk["kid"] = json!("theirs");
            jwk["alg"] = json!(algorithm.name());
            assert_eq!(read_key(&jwk.to_string()).unwrap(), key);
            jwk["alg"] = json!("PS256");
            assert_eq!(read_key(&jwk.to_string()), Err(BadKey::Algorithm { named: "PS256".to_owned(), fits: algorithm.name() }));
            assert_eq!(fingerprint(&key.jwk).len(), 43);
        }
    }

    #[test]
    fn each_coordinate_has_its_own_length() {
        let mut jwk: Value = serde_json::from_str(&read_key(&public(P256)).unwrap().jwk).unwrap();
        let bytes = |jwk: &Value, name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
        let (mut x, mut y) = (bytes(&jwk, "x"), bytes(&jwk, "y"));
        // Moves one byte from `y` to `x`. A parser that joins the coordinates without checking their lengths would read the same point.
        x.push(y.remove(0));
        jwk["x"] = json!(URL_SAFE_NO_PAD.encode(x));
        jwk["y"] = json!(URL_SAFE_NO_PAD.encode(y));
        assert_eq!(read_key(&jwk.to_string()), Err(BadKey::Curve));
    }

    #[test]
    fn private_keys_are_rejected_with_a_warning() {
        for generated_by in ["ed25519", P256, "RSA -pkeyopt rsa_keygen_bits:3072"] {
            let pem = openssl(&format!("openssl genpkey -quiet -algorithm {generated_by}"));
            assert_eq!(read_key(&pem), Err(BadKey::Private));
        }
        let traditional = openssl("openssl ecparam -name prime256v1 -genkey -noout");
        assert_eq!(read_key(&traditional), Err(BadKey::Private));
        assert_eq!(read_key(&json!({ "kty": "OKP", "crv": "Ed25519", "x": "AA", "d": "AA" }).to_string()), Err(BadKey::Private));
        assert!(BadKey::Private.to_string().contains("PRIVATE KEY"));
    }

    #[test]
    fn other_keys_are_rejected_with_the_reason() {
        for (text, expected) in [
            (public("RSA -pkeyopt rsa_keygen_bits:2048"), BadKey::Rsa(2048)),
            (public("EC -pkeyopt ec_paramgen_curve:P-384"), BadKey::Curve),
            (public("EC -pkeyopt ec_paramgen_curve:secp256k1"), BadKey::Curve),
            (openssl("openssl req -x509 -newkey ed25519 -noenc -subj /CN=x -keyout /dev/null"), BadKey::Certificate),
            (json!({ "kty": "oct", "k": "c2VjcmV0" }).to_string(), BadKey::Shared),
            (json!({ "keys": [] }).to_string(), BadKey::Set),
            (json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" }).to_string(), BadKey::Curve),
            ("ssh-ed25519 AAAA".to_owned(), BadKey::Unreadable),
            (public("RSA -pkeyopt rsa_keygen_bits:3072 -pkeyopt rsa_keygen_pubexp:3"), BadKey::Rsa(3072)),
            (String::new(), BadKey::Unreadable),
            ("{".to_owned(), BadKey::Unreadable),
        ] {
            assert_eq!(read_key(&text), Err(expected), "{text}");
        }
        for other in ["X25519", "ed448"] {
            assert!(read_key(&public(other)).is_err(), "{other}");
        }
        // A point that is not on the curve.
        let off_curve = URL_SAFE_NO_PAD.encode([1; 32]);
        assert_eq!(read_key(&json!({ "kty": "EC", "crv": "P-256", "x": off_curve, "y": off_curve }).to_string()), Err(BadKey::Curve));
    }
}
