//! Cryptography that makes a full copy of the storage useless to a thief: authenticated encryption ("sealing"), keys derived from code
//! numbers and tokens, and keyed hashes. `docs/security.md` explains the design.

mod hashers;
mod pulls;
mod tokens;

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    constant_time, digest, hkdf,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::CodeNumber;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

pub use self::{
    hashers::{IdentifierHasher, RecipientHasher},
    pulls::{PullIds, VerdictSlot},
    tokens::{ExchangeCode, SessionToken},
};
use crate::error::StorageError;

/// Version of the format. It is the first byte of sealed data, so that the format can be changed.
const FORMAT: u8 = 1;

/// A 256-bit AES-GCM key, wiped from memory when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SealingKey([u8; 32]);

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey([redacted])")
    }
}

impl SealingKey {
    /// Generates a random key.
    ///
    /// # Errors
    /// If the operating system provides no random bytes.
    pub fn random() -> Result<Self, StorageError> {
        Ok(Self(aws::random_bytes()?))
    }

    /// Creates a key from its bytes, which the caller has decrypted.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn aead(&self) -> Result<LessSafeKey, StorageError> {
        UnboundKey::new(&AES_256_GCM, &self.0).map(LessSafeKey::new).map_err(|_| StorageError::Corrupt("a key has another length"))
    }

    /// Encrypts `plain`. Returns the format byte, a random nonce, the ciphertext and the tag. `context` is authenticated as associated
    /// data, so [`Self::open`] must be given the same context.
    ///
    /// # Errors
    /// If the operating system provides no random bytes.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, StorageError> {
        let nonce: [u8; NONCE_LEN] = aws::random_bytes()?;
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.push(FORMAT);
        sealed.extend_from_slice(&nonce);
        let start = sealed.len();
        sealed.extend_from_slice(plain);
        let tag = self
            .aead()?
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context.as_bytes()), &mut sealed[start..])
            .map_err(|_| StorageError::Corrupt("sealing failed"))?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Decrypts sealed data.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`] if the data was sealed with another key or context, or was changed.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, StorageError> {
        const BROKEN: StorageError = StorageError::Corrupt("sealed data does not open");
        let (&format, rest) = sealed.split_first().ok_or(BROKEN)?;
        let (nonce, ciphertext) = rest.split_at_checked(NONCE_LEN).ok_or(BROKEN)?;
        if format != FORMAT {
            return Err(BROKEN);
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| BROKEN)?;
        let mut data = ciphertext.to_vec();
        let length = self.aead()?.open_in_place(nonce, Aad::from(context.as_bytes()), &mut data).map_err(|_| BROKEN)?.len();
        data.truncate(length);
        Ok(data)
    }
}

/// Derives a key from a secret with HKDF-SHA256. Each use of a secret has its own label.
fn derive(secret: &[u8], label: &[u8]) -> Zeroizing<[u8; 32]> {
    struct Length;
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            32
        }
    }
    let mut output = Zeroizing::new([0; 32]);
    // Expansion to 32 bytes cannot fail, because HKDF-SHA256 can output up to 255 x 32 bytes.
    let filled = hkdf::Salt::new(hkdf::HKDF_SHA256, b"myphoto")
        .extract(secret)
        .expand(&[label], Length)
        .and_then(|okm| okm.fill(output.as_mut_slice()));
    debug_assert!(filled.is_ok());
    output
}

/// Derives the database key of a code number. The code number cannot be computed from it.
pub fn code_id(code: &CodeNumber) -> String {
    URL_SAFE_NO_PAD.encode(*derive(code.bytes(), b"code id"))
}

/// Derives the key-encryption key of a code number. It decrypts the data key of the code's photos.
pub fn code_key(code: &CodeNumber) -> SealingKey {
    SealingKey(*derive(code.bytes(), b"code key"))
}

/// Returns the SHA-256 of a text in unpadded URL-safe base64. For a code verifier, this is the code challenge of the method `S256` of RFC
/// 7636.
pub fn sha256_base64url(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

/// Returns the SHA-256 of a file in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    digest::digest(&digest::SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Compares two values in constant time.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// Derives the key that seals the identities of photographers' staff. `secret` is also the secret of [`IdentifierHasher`]. The label
/// `staff` makes this key independent of the hashes.
pub fn staff_key(secret: &str) -> SealingKey {
    SealingKey(*derive(secret.as_bytes(), b"staff"))
}

/// Derives the key that seals a photographer's texts about a customer in the history of the business. `secret` is used for nothing else, so
/// that the functions that issue codes do not need the secret of [`IdentifierHasher`].
pub fn issuance_key(secret: &str) -> SealingKey {
    SealingKey(*derive(secret.as_bytes(), b"issuance"))
}

/// Derives the key that seals the office, application number and clerk of a case at a KEP. The functions that open cases and the functions
/// that show people their history have this secret.
pub fn kep_key(secret: &str) -> SealingKey {
    SealingKey(*derive(secret.as_bytes(), b"kep"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_data_opens_only_with_the_same_key_and_context() {
        let key = SealingKey::random().unwrap();
        let sealed = key.seal("set 1, face", b"a face").unwrap();
        assert_eq!(key.open("set 1, face", &sealed).unwrap(), b"a face");
        assert!(key.open("set 1, signature", &sealed).is_err());
        assert!(SealingKey::random().unwrap().open("set 1, face", &sealed).is_err());
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert!(key.open("set 1, face", &changed).is_err(), "byte {position}");
        }
        for length in 0..sealed.len() {
            assert!(key.open("set 1, face", &sealed[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn sealing_a_text_twice_gives_different_results() {
        let key = SealingKey::random().unwrap();
        assert_ne!(key.seal("c", b"x").unwrap(), key.seal("c", b"x").unwrap());
    }

    #[test]
    fn the_id_of_a_code_is_deterministic_and_differs_from_its_key() {
        let code = CodeNumber::from_bytes([9; 16]);
        assert_eq!(code_id(&code), code_id(&CodeNumber::from_bytes([9; 16])));
        assert_ne!(code_id(&code), code_id(&CodeNumber::from_bytes([8; 16])));
        assert_ne!(code_id(&code), URL_SAFE_NO_PAD.encode(code_key(&code).bytes()));
    }

    #[test]
    fn the_digest_of_a_verifier_is_the_challenge_of_rfc_7636() {
        assert_eq!(sha256_base64url("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
