//! Signed requests of applications. The whole request is one JWT (RFC 7519) in the `Authorization` header.
//!
//! A request is checked in three steps, and each step has a type:
//!
//! 1. [`SignedRequest`]: the request was parsed, but not verified.
//! 2. [`Verified`]: the signature, the audience and the times are valid.
//! 3. [`Application`]: in addition, the request was not used before. Only this type proves who the caller is.
//!
//! The steps are separate so that a handler can read from storage between them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    Moment,
    application::{ApplicationId, JTI_CHARACTERS_MAX, JTI_RETENTION, REQUEST_BYTES_MAX, SignatureFault, SigningAlgorithm, check_times},
};
use jsonwebtoken::{Algorithm, DecodingKey, crypto, jwk::Jwk};
use lambda_http::http::header;
use messages::problem::Problem;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use storage::{
    StorageError,
    applications::{Application as Registered, Applications, PublicKey},
    nonces::Nonces,
};

use crate::{
    call::{Call, field_problem},
    failure::Failure,
};

/// A parsed request that is not verified. Its values may be used for reading from storage, but for no other action.
pub struct SignedRequest<C> {
    /// The encoded header and claims, which the signature covers.
    message: String,
    signature: String,
    algorithm: SigningAlgorithm,
    key_id: String,
    /// `None` if `iss` is not a valid application ID.
    issuer: Option<ApplicationId>,
    /// The claims in [`COMMON`].
    common: Map<String, Value>,
    /// The claims of the operation.
    own: Result<C, Problem>,
}

/// The header of a JWT. Headers with other fields are rejected, because an unknown field might change the meaning of the known ones.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
    #[serde(rename = "typ", default)]
    _typ: Option<String>,
}

/// The claims that every request has. All other claims belong to the operation.
const COMMON: [&str; 5] = ["iss", "aud", "iat", "exp", "jti"];

impl<C: DeserializeOwned> SignedRequest<C> {
    /// Parses the request.
    ///
    /// # Errors
    /// [`Problem::RequestUnsigned`]; [`Problem::SignatureRefused`] for faults that can be found without the application's key.
    pub fn read(call: &Call) -> Result<Self, Problem> {
        let authorization = call.header(header::AUTHORIZATION).ok_or(Problem::RequestUnsigned)?;
        let (scheme, token) = authorization.split_once(' ').ok_or(Problem::RequestUnsigned)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Problem::RequestUnsigned);
        }
        // The signature does not cover a body. A request with a body is rejected, so that no application relies on an unsigned body.
        if call.has_body() {
            return Err(refused(SignatureFault::Malformed));
        }
        Self::parse(token)
    }

    fn parse(token: &str) -> Result<Self, Problem> {
        const MALFORMED: Problem = refused(SignatureFault::Malformed);
        if token.len() > REQUEST_BYTES_MAX {
            return Err(MALFORMED);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(MALFORMED)?;
        let (header, claims) = message.split_once('.').ok_or(MALFORMED)?;
        let header: Header = decode_json(header).ok_or(MALFORMED)?;
        let mut claims: Map<String, Value> = decode_json(claims).ok_or(MALFORMED)?;
        let algorithm = SigningAlgorithm::parse(&header.alg).ok_or(refused(SignatureFault::Algorithm))?;
        let common: Map<_, _> = COMMON.iter().filter_map(|name| claims.remove_entry(*name)).collect();
        Ok(Self {
            message: message.to_owned(),
            signature: signature.to_owned(),
            algorithm,
            key_id: header.kid,
            issuer: common.get("iss").and_then(Value::as_str).and_then(|iss| ApplicationId::parse(iss).ok()),
            common,
            own: serde_path_to_error::deserialize(Value::Object(claims))
                .map_err(|error| field_problem(&error.path().to_string(), error.inner(), true)),
        })
    }

    /// Returns the operation's claims, or `None` if these claims are invalid. The request is not verified yet, so the claims may be used
    /// only for reading from storage.
    pub fn unproven(&self) -> Option<&C> {
        self.own.as_ref().ok()
    }

    /// Finds the application that the request names as its issuer. The signature is not verified yet.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn sender(&self, applications: &Applications, now: Moment) -> Result<Option<Registered>, StorageError> {
        match &self.issuer {
            Some(issuer) => applications.find(issuer, now).await,
            None => Ok(None),
        }
    }

    /// Verifies that `sender` signed the request, that its audience is the URL of `path`, and that it is valid now.
    ///
    /// # Errors
    /// [`Problem::SignatureRefused`], and [`Problem::InvalidField`] for an invalid claim of the operation.
    pub fn verify(self, sender: Option<Registered>, call: &Call, path: &str) -> Result<Verified<C>, Failure> {
        let sender = sender.filter(|sender| sender.in_service() && Some(&sender.application) == self.issuer.as_ref());
        let sender = sender.ok_or(refused(SignatureFault::Signature))?;
        // The signature is verified with the algorithm of the registered key. A request that names another algorithm is rejected.
        let key = sender.keys.get(&self.key_id).filter(|key| key.algorithm == self.algorithm);
        let key = key.ok_or(refused(SignatureFault::Signature))?;
        if !is_signed(&self.message, &self.signature, key)? {
            return Err(refused(SignatureFault::Signature).into());
        }
        // From here on the sender is authenticated, so an error may say which claim is wrong.
        let audience = format!("{}{path}", call.public_origin());
        if self.common.get("aud").and_then(Value::as_str) != Some(audience.as_str()) {
            return Err(refused(SignatureFault::Audience).into());
        }
        let seconds = |claim: &'static str| {
            let value = self.common.get(claim).and_then(Value::as_i64).map(Moment::from_epoch_seconds);
            value.ok_or(refused(SignatureFault::Claims { claim }))
        };
        let (issued_at, expires_at) = (seconds("iat")?, seconds("exp")?);
        check_times(issued_at, expires_at, call.now).map_err(refused)?;
        let jti = self.common.get("jti").and_then(Value::as_str).filter(|jti| is_jti(jti));
        let jti = jti.ok_or(refused(SignatureFault::Claims { claim: "jti" }))?.to_owned();
        Ok(Verified { application: sender, claims: self.own?, jti, expires_at })
    }
}

/// A request with a valid signature, audience and times. It may have been used before.
pub struct Verified<C> {
    application: Registered,
    claims: C,
    jti: String,
    expires_at: Moment,
}

impl<C> Verified<C> {
    pub const fn claims(&self) -> &C {
        &self.claims
    }

    pub const fn application(&self) -> &ApplicationId {
        &self.application.application
    }
}

/// An authenticated application of a public body, and the claims of its request.
pub struct Application<C> {
    pub registered: Registered,
    pub claims: C,
}

impl<C> Application<C> {
    /// Records the request's `jti` as used, so that the request is accepted only once.
    ///
    /// # Errors
    /// [`Problem::SignatureRefused`] if the request was used before.
    pub async fn from(verified: Verified<C>, nonces: &Nonces, call: &Call) -> Result<Self, Failure> {
        let Verified { application: registered, claims, jti, expires_at } = verified;
        let until = expires_at.plus(JTI_RETENTION);
        let is_first_use = nonces.use_jti(&registered.application, &jti, &call.request_id, until, call.now).await?;
        if is_first_use { Ok(Self { registered, claims }) } else { Err(refused(SignatureFault::Replayed).into()) }
    }
}

const fn refused(fault: SignatureFault) -> Problem {
    Problem::SignatureRefused { fault }
}

fn decode_json<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn is_jti(text: &str) -> bool {
    (1..=JTI_CHARACTERS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Verifies the signature with the algorithm that is stored with the key.
fn is_signed(message: &str, signature: &str, key: &PublicKey) -> Result<bool, StorageError> {
    const CORRUPT: StorageError = StorageError::Corrupt("a public key");
    let jwk: Jwk = serde_json::from_str(&key.jwk).map_err(|_| CORRUPT)?;
    let public = DecodingKey::from_jwk(&jwk).map_err(|_| CORRUPT)?;
    let pinned = match key.algorithm {
        SigningAlgorithm::Es256 => Algorithm::ES256,
        SigningAlgorithm::Rs256 => Algorithm::RS256,
        SigningAlgorithm::EdDsa => Algorithm::EdDSA,
    };
    // Verification fails with an error if the signature cannot be decoded, or if the algorithm needs another type of key. In both cases the
    // signature counts as wrong.
    Ok(crypto::verify(signature, message.as_bytes(), &public, pinned).unwrap_or(false))
}

#[cfg(test)]
mod tests;
