//! Keyed hashes (HMAC-SHA-256) of identity numbers and recipients.

use std::fmt;

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    AthensDay, Identifier,
    business::BusinessId,
    code_limit::counting_address,
    kep::{ClerkId, OfficeId},
    recipient::Recipient,
    staff::{EmployeeId, MemberId},
};
use zeroize::Zeroizing;

/// Hashes identity numbers for storage and lookup. The hash is keyed, so that a copy of the tables does not reveal the numbers.
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

    /// Returns the hash under which an identifier of a person is stored.
    pub fn identifier(&self, identifier: &Identifier) -> String {
        self.hash(identifier.kind(), identifier.expose())
    }

    /// Returns the ID of the business with this AFM.
    pub fn business(&self, afm: &domain::Afm) -> BusinessId {
        BusinessId::from_hash(self.hash("business", afm.expose()))
    }

    /// Returns the ID of a person within a business. The person has other IDs at other businesses and as a citizen. The IDs cannot be
    /// linked to each other.
    pub fn member(&self, business: &BusinessId, afm: &domain::Afm) -> MemberId {
        MemberId::from_hash(self.hash(&format!("member#{}", business.as_str()), afm.expose()))
    }

    /// Returns the ID of a clerk at a KEP office. The clerk has other IDs at other offices and as a citizen. The IDs cannot be linked to
    /// each other.
    pub fn clerk(&self, office: &OfficeId, afm: &domain::Afm) -> ClerkId {
        ClerkId::from_hash(self.hash(&format!("clerk#{}", office.as_str()), afm.expose()))
    }

    /// Returns the ID of a person as an employee. It differs from the person's ID as a citizen, so that the staff of a business cannot be
    /// linked to photos.
    pub fn employee(&self, afm: &domain::Afm) -> EmployeeId {
        EmployeeId::from_hash(self.hash("employee", afm.expose()))
    }
}

/// Hashes recipients, so that a function can check the recipient of a message that it cannot open. Comparing masked addresses is not
/// enough, because two addresses can have the same mask.
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

    /// Returns the input of [`Self::hash`].
    fn hash_input(message_id: &str, recipient: &Recipient) -> Zeroizing<String> {
        Zeroizing::new(format!("{message_id}#{}", recipient.expose()))
    }

    /// Returns the hash of a message's recipient. It also depends on the message, so that messages to the same recipient cannot be linked.
    pub fn hash(&self, message_id: &str, recipient: &Recipient) -> Vec<u8> {
        hmac::sign(&self.0, Self::hash_input(message_id, recipient).as_bytes()).as_ref().to_vec()
    }

    /// Returns the hash under which the messages to a recipient are counted on one day. The hashes of different days cannot be linked.
    pub fn of_day(&self, recipient: &Recipient, day: AthensDay) -> String {
        let input = Zeroizing::new(format!("{day}#{}", *counting_address(recipient)));
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, input.as_bytes()))
    }

    /// Returns whether `hash` is the hash of this message and recipient. Compares in constant time.
    pub fn is_of(&self, hash: &[u8], message_id: &str, recipient: &Recipient) -> bool {
        hmac::verify(&self.0, Self::hash_input(message_id, recipient).as_bytes(), hash).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_differ_by_kind_of_identifier_role_business_and_secret() {
        let hasher = IdentifierHasher::new("secret");
        let digits = "01018000003";
        let paaypa = Identifier::Paaypa(domain::Paaypa::parse(digits).unwrap());
        assert_ne!(hasher.hash("amka", digits), hasher.identifier(&paaypa));
        assert_ne!(hasher.identifier(&paaypa), IdentifierHasher::new("other").identifier(&paaypa));
        let afm = domain::Afm::parse("068933130").unwrap();
        let employee = hasher.employee(&afm);
        let [one, other] = ["b", "c"].map(|business| hasher.member(&BusinessId::from_hash(business.to_owned()), &afm));
        assert_ne!(one, other, "the member IDs at two businesses are equal");
        assert!(one.as_str() != employee.as_str() && one.as_str() != hasher.identifier(&Identifier::Afm(afm.clone())));
        assert_ne!(employee.as_str(), hasher.business(&afm).as_str());
        assert_ne!(employee.as_str(), hasher.identifier(&Identifier::Afm(afm)));
    }
}
