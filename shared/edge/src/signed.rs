//! Signed requests of applications: everything is in one JWT (RFC 7519) in `Authorization`, and nothing anywhere else.
//!
//! [`SignedRequest`] -> [`Verified`] -> [`Application`]: as it came; its signature, audience and times were right; and it
//! was not used before. Only the last is a guard. The steps are apart so that a handler can look things up meanwhile.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    Moment,
    application::{ApplicationId, JTI_RETENTION, JTI_LENGTH, REQUEST_LENGTH, SignatureFault, SigningAlgorithm, check_times},
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

/// A request as it came. Nothing of it is proven: what it says may be looked up, and not acted on.
pub struct SignedRequest<C> {
    /// Header and claims, as they were signed.
    message: String,
    signature: String,
    algorithm: SigningAlgorithm,
    key_id: String,
    /// None where no application can have such an id.
    issuer: Option<ApplicationId>,
    common: Map<String, Value>,
    own: Result<C, Problem>,
}

/// Of a JWT's header we take these members and no others: what we do not understand might change what the rest means.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
    #[serde(rename = "typ", default)]
    _typ: Option<String>,
}

/// Claims of every request; the others are the operation's own.
const COMMON: [&str; 5] = ["iss", "aud", "iat", "exp", "jti"];

impl<C: DeserializeOwned> SignedRequest<C> {
    /// # Errors
    /// [`Problem::RequestUnsigned`]; [`Problem::SignatureRefused`] where no key is needed to see why.
    pub fn read(call: &Call) -> Result<Self, Problem> {
        let authorization = call.header(header::AUTHORIZATION).ok_or(Problem::RequestUnsigned)?;
        let (scheme, token) = authorization.split_once(' ').ok_or(Problem::RequestUnsigned)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Problem::RequestUnsigned);
        }
        // What stands in a body is not signed: nobody shall think that it counts.
        if call.has_body() {
            return Err(refused(SignatureFault::Malformed));
        }
        Self::parse(token)
    }

    fn parse(token: &str) -> Result<Self, Problem> {
        const MALFORMED: Problem = refused(SignatureFault::Malformed);
        if token.len() > REQUEST_LENGTH {
            return Err(MALFORMED);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(MALFORMED)?;
        let (header, claims) = message.split_once('.').ok_or(MALFORMED)?;
        let header: Header = decoded(header).ok_or(MALFORMED)?;
        let mut claims: Map<String, Value> = decoded(claims).ok_or(MALFORMED)?;
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

    /// What the request says that it is about; for looking up only.
    pub fn unproven(&self) -> Option<&C> {
        self.own.as_ref().ok()
    }

    /// The application that the request says to come from.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn sender(&self, applications: &Applications, now: Moment) -> Result<Option<Registered>, StorageError> {
        match &self.issuer {
            Some(issuer) => applications.find(issuer, now).await,
            None => Ok(None),
        }
    }

    /// Whether `sender` has signed it, for this address of ours, just now.
    ///
    /// # Errors
    /// [`Problem::SignatureRefused`], and [`Problem::InvalidField`] for a claim of the operation's own.
    pub fn verify(self, sender: Option<Registered>, call: &Call, path: &str) -> Result<Verified<C>, Failure> {
        let sender = sender.filter(|sender| sender.in_service() && Some(&sender.application) == self.issuer.as_ref());
        let sender = sender.ok_or(refused(SignatureFault::Signature))?;
        // The algorithm is the registered key's, whatever the request says: it only has to say the same.
        let key = sender.keys.get(&self.key_id).filter(|key| key.algorithm == self.algorithm);
        let key = key.ok_or(refused(SignatureFault::Signature))?;
        if !is_signed(&self.message, &self.signature, key)? {
            return Err(refused(SignatureFault::Signature).into());
        }
        // From here on it is the application that we speak to.
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

/// A request that its application has signed, for this address, just now. It may have been used before.
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

/// An application of a public body, that speaks now.
pub struct Application<C> {
    pub registered: Registered,
    pub claims: C,
}

impl<C> Application<C> {
    /// Uses the request, once.
    ///
    /// # Errors
    /// [`Problem::SignatureRefused`] where it was used before.
    pub async fn from(verified: Verified<C>, nonces: &Nonces, call: &Call) -> Result<Self, Failure> {
        let Verified { application: registered, claims, jti, expires_at } = verified;
        let until = expires_at.plus(JTI_RETENTION);
        let first = nonces.use_jti(&registered.application, &jti, &call.request_id, until, call.now).await?;
        if first { Ok(Self { registered, claims }) } else { Err(refused(SignatureFault::Replayed).into()) }
    }
}

const fn refused(fault: SignatureFault) -> Problem {
    Problem::SignatureRefused { fault }
}

fn decoded<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn is_jti(text: &str) -> bool {
    (1..=JTI_LENGTH).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether the key's owner has signed the message, with the algorithm that is pinned for the key.
fn is_signed(message: &str, signature: &str, key: &PublicKey) -> Result<bool, StorageError> {
    const CORRUPT: StorageError = StorageError::Corrupt("a public key");
    let jwk: Jwk = serde_json::from_str(&key.jwk).map_err(|_| CORRUPT)?;
    let public = DecodingKey::from_jwk(&jwk).map_err(|_| CORRUPT)?;
    let pinned = match key.algorithm {
        SigningAlgorithm::Es256 => Algorithm::ES256,
        SigningAlgorithm::Rs256 => Algorithm::RS256,
        SigningAlgorithm::EdDsa => Algorithm::EdDSA,
    };
    // An error is a signature that is none, or a key of another family: not signed, either way.
    Ok(crypto::verify(signature, message.as_bytes(), &public, pinned).unwrap_or(false))
}

#[cfg(test)]
mod tests;
