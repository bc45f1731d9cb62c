//! Everything that makes a full copy of our storage useless to a thief: key derivation from codes and session tokens,
//! and authenticated encryption.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    constant_time, digest, hkdf, hmac,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    AthensDay, CodeNumber, Identifier, ImageKind, SubjectId,
    application::ApplicationId,
    business::BusinessId,
    code_limit::counted_as,
    otp::Otp,
    recipient::Recipient,
    staff::{EmployeeId, MemberId},
};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::error::StorageError;

/// First byte of everything sealed here, so that the format can change.
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
    /// A new random key.
    ///
    /// # Errors
    /// Where there is no randomness.
    pub fn random() -> Result<Self, StorageError> {
        Ok(Self(aws::random_bytes()?))
    }

    /// From bytes that were sealed themselves.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn aead(&self) -> Result<LessSafeKey, StorageError> {
        UnboundKey::new(&AES_256_GCM, &self.0).map(LessSafeKey::new).map_err(|_| StorageError::Corrupt("a key has another length"))
    }

    /// Seals `plain`: format byte, random nonce, ciphertext, tag. `context` must be given again to open it.
    ///
    /// # Errors
    /// Where there is no randomness.
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

    /// # Errors
    /// [`StorageError::Corrupt`] where the key, the context or a single bit is another.
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

/// HKDF-SHA256 with a label of its own for each use.
fn derive(secret: &[u8], label: &[u8]) -> Zeroizing<[u8; 32]> {
    struct Length;
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            32
        }
    }
    let mut output = Zeroizing::new([0; 32]);
    // Expanding to 32 bytes cannot fail: HKDF-SHA256 gives up to 255 x 32.
    let filled = hkdf::Salt::new(hkdf::HKDF_SHA256, b"myphoto")
        .extract(secret)
        .expand(&[label], Length)
        .and_then(|okm| okm.fill(output.as_mut_slice()));
    debug_assert!(filled.is_ok());
    output
}

/// The database key of a code number. The code cannot be had back from it.
pub fn code_id(code: &CodeNumber) -> String {
    URL_SAFE_NO_PAD.encode(*derive(code.bytes(), b"code id"))
}

/// The key-encryption key of a code number: whoever has the code opens its photos, nobody else does.
pub fn code_key(code: &CodeNumber) -> SealingKey {
    SealingKey(*derive(code.bytes(), b"code key"))
}

fn secret_bytes(text: &str) -> Option<[u8; 32]> {
    let decoded = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
    decoded.as_slice().try_into().ok()
}

/// The token of a session: 256 random bits that only the person's browser or telephone holds.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SessionToken([u8; 32]);

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken([redacted])")
    }
}

impl SessionToken {
    /// # Errors
    /// Where there is no randomness.
    pub fn random() -> Result<Self, StorageError> {
        Ok(Self(aws::random_bytes()?))
    }

    /// From a cookie. None where it cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        secret_bytes(text).map(Self)
    }

    /// For the cookie. Never for a log.
    pub fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// The database key: the token cannot be had back from it.
    pub fn session_id(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &self.0))
    }

    /// Seals what is personal or secret in the session's item.
    pub fn key(&self) -> SealingKey {
        SealingKey(*derive(&self.0, b"session"))
    }

    /// How a one-time password is stored: without the token, its million possibilities cannot be tried.
    pub fn otp_hash(&self, otp: &Otp) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, derive(&self.0, b"one-time password").as_slice());
        let mut hash = [0; 32];
        hash.copy_from_slice(hmac::sign(&key, otp.expose().as_bytes()).as_ref());
        hash
    }
}

/// The code that an app exchanges for its session: 256 random bits, used once.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ExchangeCode([u8; 32]);

impl fmt::Debug for ExchangeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExchangeCode([redacted])")
    }
}

impl ExchangeCode {
    /// # Errors
    /// Where there is no randomness.
    pub fn random() -> Result<Self, StorageError> {
        Ok(Self(aws::random_bytes()?))
    }

    /// From the app. None where it cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        secret_bytes(text).map(Self)
    }

    /// For the redirect to the app. Never for a log.
    pub fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Part of the database key: the code cannot be had back from it.
    pub fn id(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &self.0))
    }

    /// Seals the session's token until the app comes for it: a copy of the table opens no session.
    pub fn key(&self) -> SealingKey {
        SealingKey(*derive(&self.0, b"exchange code"))
    }
}

/// SHA-256 in unpadded URL-safe base64, for used-once values; so also `S256` of RFC 7636.
pub fn digest_text(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

/// SHA-256 of a file, in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    digest::digest(&digest::SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Compares in a time that does not depend on where they differ.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// The keyed hash under which identity numbers are looked up: a copy of the table is no list of AFMs.
#[derive(Clone)]
pub struct IdentifierHasher(hmac::Key);

impl fmt::Debug for IdentifierHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentifierHasher([redacted])")
    }
}

impl IdentifierHasher {
    pub fn new(secret: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()))
    }

    fn hash(&self, label: &str, value: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, format!("{label}#{value}").as_bytes()))
    }

    pub fn identifier(&self, identifier: &Identifier) -> String {
        self.hash(identifier.kind(), identifier.expose())
    }

    pub fn business(&self, afm: &domain::Afm) -> BusinessId {
        BusinessId::from_hash(self.hash("business", afm.expose()))
    }

    /// Another value at each business, and another than the person's as a citizen.
    pub fn member(&self, business: &BusinessId, afm: &domain::Afm) -> MemberId {
        MemberId::from_hash(self.hash(&format!("member#{}", business.as_str()), afm.expose()))
    }

    /// Another value than the person's as a citizen: who is staff does not say which photos are theirs.
    pub fn employee(&self, afm: &domain::Afm) -> EmployeeId {
        EmployeeId::from_hash(self.hash("employee", afm.expose()))
    }
}

/// The keyed hash by which it is known whether a message goes to an address, without opening it: masked, two addresses may look alike.
#[derive(Clone)]
pub struct RecipientHasher(hmac::Key);

impl fmt::Debug for RecipientHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecipientHasher([redacted])")
    }
}

impl RecipientHasher {
    pub fn new(secret: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()))
    }

    fn named(message_id: &str, recipient: &Recipient) -> Zeroizing<String> {
        Zeroizing::new(format!("{message_id}#{}", recipient.expose()))
    }

    /// Of one message: two messages to one address have nothing in common.
    pub fn hash(&self, message_id: &str, recipient: &Recipient) -> Vec<u8> {
        hmac::sign(&self.0, Self::named(message_id, recipient).as_bytes()).as_ref().to_vec()
    }

    /// Returns the name under which the messages to a recipient are counted on one day. The name on another day has nothing in common with it.
    pub fn of_day(&self, recipient: &Recipient, day: AthensDay) -> String {
        let named = Zeroizing::new(format!("{day}#{}", *counted_as(recipient)));
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, named.as_bytes()))
    }

    pub fn is_of(&self, hash: &[u8], message_id: &str, recipient: &Recipient) -> bool {
        hmac::verify(&self.0, Self::named(message_id, recipient).as_bytes(), hash).is_ok()
    }
}

/// Seals who the staff of photographers are. Of the same secret as the keyed hash, and no other key of it.
pub fn staff_key(secret: &str) -> SealingKey {
    SealingKey(*derive(secret.as_bytes(), b"staff"))
}

/// Where the verdict of one application on one image of one upload stands in the upload's row. A keyed hash of the three, so that the row does
/// not tell which application it was, and two uploads have no slot in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictSlot(String);

impl VerdictSlot {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Makes the ids by which applications name their pulls: the key of the record, sealed, so that nothing about the subject
/// can be read from one, and no other application can use it.
#[derive(Debug, Clone)]
pub struct PullIds(SealingKey);

impl PullIds {
    /// From the same secret as [`IdentifierHasher`], under a label of its own.
    pub fn new(secret: &str) -> Self {
        Self(SealingKey(*derive(secret.as_bytes(), b"pull id")))
    }

    /// # Errors
    /// Where there is no randomness.
    pub fn seal(&self, application: &ApplicationId, subject: &SubjectId, event: &str) -> Result<String, StorageError> {
        let plain = serde_json::to_vec(&(subject, event)).map_err(|_| StorageError::Corrupt("a pull id cannot be written"))?;
        Ok(URL_SAFE_NO_PAD.encode(self.0.seal(application.as_str(), &plain)?))
    }

    /// Derives the slot of a verdict in the row of the upload.
    pub fn verdict_slot(&self, upload_id: &str, application: &ApplicationId, image: ImageKind) -> VerdictSlot {
        let key = hmac::Key::new(hmac::HMAC_SHA256, derive(self.0.bytes(), b"verdict slot").as_slice());
        let named = format!("{upload_id}#{application}#{}", image.name());
        VerdictSlot(URL_SAFE_NO_PAD.encode(hmac::sign(&key, named.as_bytes())))
    }

    /// The record's key. None where it is not an id that this application was given.
    pub fn open(&self, application: &ApplicationId, id: &str) -> Option<(SubjectId, String)> {
        let plain = self.0.open(application.as_str(), &URL_SAFE_NO_PAD.decode(id).ok()?).ok()?;
        serde_json::from_slice(&plain).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_the_same_key_and_context_only() {
        let key = SealingKey::random().unwrap();
        let sealed = key.seal("set 1, face", b"a face").unwrap();
        assert_eq!(key.open("set 1, face", &sealed).unwrap(), b"a face");
        assert!(key.open("set 1, signature", &sealed).is_err());
        assert!(SealingKey::random().unwrap().open("set 1, face", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open("set 1, face", &changed).is_err(), "byte {at}");
        }
        for length in 0..sealed.len() {
            assert!(key.open("set 1, face", &sealed[..length]).is_err(), "{length} bytes");
        }
    }

    /// What is plain bytes has a drop only where somebody wipes it.
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
    fn the_same_plain_text_never_looks_the_same() {
        let key = SealingKey::random().unwrap();
        assert_ne!(key.seal("c", b"x").unwrap(), key.seal("c", b"x").unwrap());
    }

    #[test]
    fn a_code_gives_two_values_that_do_not_tell_each_other() {
        let code = CodeNumber::from_bytes([9; 16]);
        assert_eq!(code_id(&code), code_id(&CodeNumber::from_bytes([9; 16])));
        assert_ne!(code_id(&code), code_id(&CodeNumber::from_bytes([8; 16])));
        assert_ne!(code_id(&code), URL_SAFE_NO_PAD.encode(code_key(&code).bytes()));
    }

    #[test]
    fn a_session_token_comes_back_from_its_cookie() {
        let token = SessionToken::random().unwrap();
        let again = SessionToken::parse(&token.expose()).unwrap();
        assert_eq!(again.session_id(), token.session_id());
        for text in ["", "short", &"A".repeat(44), "!"] {
            assert!(SessionToken::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn an_exchange_code_comes_back_from_its_text_and_opens_what_it_sealed() {
        let code = ExchangeCode::random().unwrap();
        let sealed = code.key().seal("token", b"a token").unwrap();
        let again = ExchangeCode::parse(&code.expose()).unwrap();
        assert_eq!(again.key().open("token", &sealed).unwrap(), b"a token");
        assert!(ExchangeCode::random().unwrap().key().open("token", &sealed).is_err());
        // What is stored beside it does not open it either.
        let id = ExchangeCode::parse(&code.id()).unwrap();
        assert!(id.key().open("token", &sealed).is_err());
        assert!(ExchangeCode::parse("short").is_none());
    }

    #[test]
    fn the_digest_of_a_verifier_is_the_challenge_of_rfc_7636() {
        assert_eq!(digest_text("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn an_otps_hash_needs_the_token() {
        let otp = Otp::parse("123456").unwrap();
        let token = SessionToken::random().unwrap();
        assert!(equal(&token.otp_hash(&otp), &token.otp_hash(&otp)));
        assert!(!equal(&token.otp_hash(&otp), &SessionToken::random().unwrap().otp_hash(&otp)));
    }

    #[test]
    fn identifiers_of_different_kinds_never_meet() {
        let hasher = IdentifierHasher::new("secret");
        let digits = "01018000003";
        let paaypa = Identifier::Paaypa(domain::Paaypa::parse(digits).unwrap());
        assert_ne!(hasher.hash("amka", digits), hasher.identifier(&paaypa));
        assert_ne!(hasher.identifier(&paaypa), IdentifierHasher::new("other").identifier(&paaypa));
        let afm = domain::Afm::parse("068933130").unwrap();
        let employee = hasher.employee(&afm);
        let [one, other] = ["b", "c"].map(|business| hasher.member(&BusinessId::from_hash(business.to_owned()), &afm));
        assert_ne!(one, other, "another one at each business");
        assert!(one.as_str() != employee.as_str() && one.as_str() != hasher.identifier(&Identifier::Afm(afm.clone())));
        assert_ne!(employee.as_str(), hasher.business(&afm).as_str());
        assert_ne!(employee.as_str(), hasher.identifier(&Identifier::Afm(afm)));
    }

    #[test]
    fn a_pull_id_leads_its_own_application_to_the_record_and_says_nothing() {
        let ids = PullIds::new("secret");
        let [ours, other] = ["driving-licence", "passport"].map(|id| ApplicationId::parse(id).unwrap());
        let subject = SubjectId::from_random([7; 16]);
        let id = ids.seal(&ours, &subject, "access#1").unwrap();
        assert_eq!(ids.open(&ours, &id), Some((subject.clone(), "access#1".to_owned())));
        assert_eq!(ids.open(&other, &id), None);
        assert_eq!(PullIds::new("other").open(&ours, &id), None);
        assert!(["", "!", "AAAA", &id[1..], &format!("{id}A")].iter().all(|text| ids.open(&ours, text).is_none()));
        let bytes = URL_SAFE_NO_PAD.decode(&id).unwrap();
        assert!(!bytes.windows(6).any(|window| subject.as_str().as_bytes().starts_with(window)));
        assert_ne!(id, ids.seal(&ours, &subject, "access#1").unwrap());
    }

    #[test]
    fn the_slot_of_a_verdict_is_the_same_again_and_differs_by_upload_application_and_image() {
        let ids = PullIds::new("secret");
        let [licence, passport] = ["driving-licence", "passport"].map(|id| ApplicationId::parse(id).unwrap());
        let slots = [("u", &licence, ImageKind::Face), ("v", &licence, ImageKind::Face), ("u", &passport, ImageKind::Face)]
            .map(|(upload, application, image)| ids.verdict_slot(upload, application, image));
        let signature = ids.verdict_slot("u", &licence, ImageKind::Signature);
        assert_eq!(slots[0], ids.verdict_slot("u", &licence, ImageKind::Face));
        assert_ne!(slots[0], PullIds::new("other").verdict_slot("u", &licence, ImageKind::Face), "needs the secret");
        assert!(slots[0] != slots[1] && slots[0] != slots[2] && slots[0] != signature);
        assert!(slots.iter().all(|slot| !slot.as_str().contains(':')), "a colon marks the keys of old rows");
    }
}
