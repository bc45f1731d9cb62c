//! Sealing of the personal and secret attributes of a session. Each attribute has its own context, so that the sealed value of one
//! attribute cannot be used for another.

use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use crate::{
    error::StorageError,
    sealing::{SealingKey, SessionToken},
};

pub(super) const PERSON: &str = "session person";
pub(super) const SUBMISSION: &str = "session submission";
pub(super) const ASSOCIATED: &str = "session associated";
pub(super) const MINORS: &str = "session minors";
pub(super) const CASE: &str = "session case";
pub(super) const REJECTIONS: &str = "session rejections";
pub(super) const SUCCESSOR: &str = "session successor";

/// Serializes and seals the value of an attribute.
pub(super) fn seal<T: Serialize + ?Sized>(key: &SealingKey, context: &str, value: &T) -> Result<Vec<u8>, StorageError> {
    let plain = Zeroizing::new(serde_json::to_vec(value).map_err(|_| StorageError::Corrupt("a value cannot be serialized"))?);
    key.seal(context, &plain)
}

/// Opens and deserializes the value of an attribute.
pub(super) fn open<T: DeserializeOwned>(key: &SealingKey, context: &str, sealed: &[u8]) -> Result<T, StorageError> {
    let plain = Zeroizing::new(key.open(context, sealed)?);
    serde_json::from_slice(&plain).map_err(|_| StorageError::Corrupt("a sealed value has another shape"))
}

/// Opens the token that has replaced the token of this session.
pub(super) fn open_successor(key: &SealingKey, sealed: &[u8]) -> Result<SessionToken, StorageError> {
    let plain = Zeroizing::new(key.open(SUCCESSOR, sealed)?);
    std::str::from_utf8(&plain).ok().and_then(SessionToken::parse).ok_or(StorageError::Corrupt("a successor"))
}
