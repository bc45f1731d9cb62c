//! Random tokens that only the client stores: session tokens and exchange codes.

use std::fmt;

use aws_lc_rs::{digest, hmac};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{Secret, SubjectId, business::BusinessId, otp::Otp};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{SealingKey, derive};
use crate::error::StorageError;

/// Decodes 32 bytes from unpadded URL-safe base64.
fn secret_bytes(text: &str) -> Option<[u8; 32]> {
    let decoded = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
    decoded.as_slice().try_into().ok()
}

/// The token of a session: 256 random bits that are stored only in the person's browser or app.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SessionToken([u8; 32]);

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken([redacted])")
    }
}

impl SessionToken {
    /// Generates a random value.
    ///
    /// # Errors
    /// If the operating system provides no random bytes.
    pub fn random() -> Result<Self, StorageError> {
        Ok(Self(aws::random_bytes()?))
    }

    /// Parses a token from a cookie or a header. Returns `None` unless it is 32 bytes in unpadded URL-safe base64.
    pub fn parse(text: &str) -> Option<Self> {
        secret_bytes(text).map(Self)
    }

    /// Returns the text for the cookie. Must not be logged.
    pub fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Returns the database key of the session. The token cannot be computed from it.
    pub fn session_id(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &self.0))
    }

    /// Derives the key that seals personal and secret data in the session's item.
    pub fn key(&self) -> SealingKey {
        SealingKey(*derive(&self.0, b"session"))
    }

    /// Derives the key with which a photographer's page encrypts unsent pictures in the browser. The key is in unpadded URL-safe base64,
    /// and is different for each session and each business. It also depends on the photographer's subject ID, which never leaves the
    /// service. A thief who copies the session cookie from the device's disk therefore cannot compute the key.
    pub fn draft_key(&self, subject: &SubjectId, business: &BusinessId) -> Secret {
        let label = format!("draft key, {}, {}", subject.as_str(), business.as_str());
        Secret::new(URL_SAFE_NO_PAD.encode(*derive(&self.0, label.as_bytes())))
    }

    /// Returns the hash under which a one-time password is stored. It is keyed with the token, so that nobody without the token can try the
    /// million possible passwords.
    pub fn otp_hash(&self, otp: &Otp) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, derive(&self.0, b"one-time password").as_slice());
        let mut hash = [0; 32];
        hash.copy_from_slice(hmac::sign(&key, otp.expose().as_bytes()).as_ref());
        hash
    }
}

/// The code that an app exchanges for its session: 256 random bits that can be used once.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ExchangeCode([u8; 32]);

impl fmt::Debug for ExchangeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExchangeCode([redacted])")
    }
}

impl ExchangeCode {
    /// Generates a random value.
    ///
    /// # Errors
    /// If the operating system provides no random bytes.
    pub fn random() -> Result<Self, StorageError> {
        Ok(Self(aws::random_bytes()?))
    }

    /// Parses a code from an app's request. Returns `None` unless it is 32 bytes in unpadded URL-safe base64.
    pub fn parse(text: &str) -> Option<Self> {
        secret_bytes(text).map(Self)
    }

    /// Returns the text for the redirect to the app. Must not be logged.
    pub fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Returns the ID of the exchange code, which is part of the database key of its item. The code cannot be computed from the ID.
    pub fn id(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &self.0))
    }

    /// Derives the key that seals the session token until the app fetches it, so that a copy of the table does not reveal session tokens.
    pub fn key(&self) -> SealingKey {
        SealingKey(*derive(&self.0, b"exchange code"))
    }
}

#[cfg(test)]
mod tests {
    use domain::CodeNumber;

    use super::*;
    use crate::sealing::equal;

    /// Checks at compile time that these types are wiped when they are dropped. They contain only bytes, so `needs_drop` is true only
    /// because of the wiping.
    const _: () = {
        assert!(std::mem::needs_drop::<SealingKey>());
        assert!(std::mem::needs_drop::<SessionToken>());
        assert!(std::mem::needs_drop::<ExchangeCode>());
        assert!(std::mem::needs_drop::<CodeNumber>());
    };

    #[test]
    fn secrets_are_wiped_when_dropped_and_never_printed() {
        fn wiped<T: ZeroizeOnDrop>() {}
        wiped::<Otp>();
        wiped::<domain::Secret>();
        let (key, token, code) = (SealingKey::from_bytes([7; 32]), SessionToken([7; 32]), ExchangeCode([7; 32]));
        let (otp, secret) = (Otp::parse("123456").unwrap(), domain::Secret::new("hush"));
        let printed = format!("{key:?} {token:?} {code:?} {otp:?} {secret:?}");
        let hidden = ["7, 7", "123456", "hush", &token.expose(), &code.expose()];
        assert!(hidden.iter().all(|one| !printed.contains(one)), "{printed}");
    }

    #[test]
    fn a_session_token_is_parsed_from_its_cookie() {
        let token = SessionToken::random().unwrap();
        let again = SessionToken::parse(&token.expose()).unwrap();
        assert_eq!(again.session_id(), token.session_id());
        for text in ["", "short", &"A".repeat(44), "!"] {
            assert!(SessionToken::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_draft_key_belongs_to_one_session_one_person_and_one_business() {
        let (token, other) = (SessionToken([7; 32]), SessionToken([8; 32]));
        let [subject, another] = [1, 2].map(|byte| SubjectId::from_random([byte; 16]));
        let [business, second] = ["a", "b"].map(|hash| BusinessId::from_hash(hash.to_owned()));
        let key = token.draft_key(&subject, &business);
        assert_eq!(secret_bytes(key.expose()).map(|bytes| bytes.len()), Some(32));
        assert_eq!(token.draft_key(&subject, &business).expose(), key.expose());
        for different in [other.draft_key(&subject, &business), token.draft_key(&another, &business), token.draft_key(&subject, &second)] {
            assert_ne!(different.expose(), key.expose());
        }
        assert_ne!(key.expose(), URL_SAFE_NO_PAD.encode(token.key().bytes()));
    }

    #[test]
    fn an_exchange_code_is_parsed_from_its_text_and_opens_data_sealed_with_it() {
        let code = ExchangeCode::random().unwrap();
        let sealed = code.key().seal("token", b"a token").unwrap();
        let again = ExchangeCode::parse(&code.expose()).unwrap();
        assert_eq!(again.key().open("token", &sealed).unwrap(), b"a token");
        assert!(ExchangeCode::random().unwrap().key().open("token", &sealed).is_err());
        // A key derived from the stored ID instead of the code does not open the token.
        let id = ExchangeCode::parse(&code.id()).unwrap();
        assert!(id.key().open("token", &sealed).is_err());
        assert!(ExchangeCode::parse("short").is_none());
    }

    #[test]
    fn the_hash_of_an_otp_depends_on_the_session_token() {
        let otp = Otp::parse("123456").unwrap();
        let token = SessionToken::random().unwrap();
        assert!(equal(&token.otp_hash(&otp), &token.otp_hash(&otp)));
        assert!(!equal(&token.otp_hash(&otp), &SessionToken::random().unwrap().otp_hash(&otp)));
    }
}
