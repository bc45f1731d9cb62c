//! The photographer's own reference of an upload, sealed.

use std::fmt;

use domain::{Reference, business::BusinessId};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{error::StorageError, sealing::SealingKey};

/// A sealed [`Reference`]. The IDs of the business and the upload are its associated data, so it cannot be opened for another upload.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedReference(#[serde(with = "serde_bytes")] Vec<u8>);

impl fmt::Debug for SealedReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedReference([sealed])")
    }
}

impl SealedReference {
    /// Seals the reference of an upload.
    ///
    /// # Errors
    /// If the operating system provides no random bytes.
    pub fn seal(key: &SealingKey, business: &BusinessId, upload_id: &str, reference: &Reference) -> Result<Self, StorageError> {
        key.seal(&context(business, upload_id), reference.expose().as_bytes()).map(Self)
    }

    /// Opens the sealed reference.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`] if it was sealed with another key, or for another upload.
    pub fn open(&self, key: &SealingKey, business: &BusinessId, upload_id: &str) -> Result<Reference, StorageError> {
        let plain = Zeroizing::new(key.open(&context(business, upload_id), &self.0)?);
        let reference = std::str::from_utf8(&plain).ok().and_then(|text| Reference::parse(text).ok());
        reference.ok_or(StorageError::Corrupt("a reference has another shape"))
    }
}

fn context(business: &BusinessId, upload_id: &str) -> String {
    format!("reference {} {upload_id}", business.as_str())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use aws_sdk_dynamodb::types::AttributeValue;
    use domain::{
        EmailAddress, FileProfile, Language, Moment, Recipient,
        staff::{Capacity, MemberId},
    };

    use super::*;
    use crate::{
        issuances::{Issuance, Issued, UploadState},
        sealing::issuance_key,
        table::{Item, from_item, to_item},
    };

    const TEXT: &str = "Παραγγελία 17";

    fn business(name: &str) -> BusinessId {
        BusinessId::from_hash(name.to_owned())
    }

    fn sealed() -> SealedReference {
        SealedReference::seal(&issuance_key("secret"), &business("b"), "u", &Reference::parse(TEXT).unwrap()).unwrap()
    }

    fn issuance(reference: Option<SealedReference>) -> Issuance {
        let now = Moment::from_epoch_seconds(1);
        let made_by = (MemberId::from_hash("m".to_owned()), Capacity::Owner);
        let upload = Issuance::begin(business("b"), "u".to_owned(), made_by, FileProfile::Standard, BTreeMap::new(), now);
        let recipient = Recipient::Email(EmailAddress::parse("a@example.gr").unwrap());
        let issued = Issued { reference, ..Issued::queued(&recipient, Language::El, "m".to_owned(), now, now) };
        Issuance { state: UploadState::Issued, issued: Some(issued), ..upload }
    }

    #[test]
    fn a_sealed_reference_opens_only_for_its_own_upload() {
        let (key, sealed) = (issuance_key("secret"), sealed());
        assert_eq!(sealed.open(&key, &business("b"), "u").unwrap().expose(), TEXT);
        assert!(sealed.open(&key, &business("c"), "u").is_err() && sealed.open(&key, &business("b"), "v").is_err());
        assert!(sealed.open(&issuance_key("other"), &business("b"), "u").is_err());
        assert_eq!(format!("{sealed:?}"), "SealedReference([sealed])");
    }

    #[test]
    fn a_reference_is_stored_as_bytes_that_do_not_contain_it() {
        let item = to_item(&issuance(Some(sealed()))).unwrap();
        let stored = item["issued"].as_m().unwrap()["reference"].as_b().unwrap().as_ref().to_vec();
        // Only the long word is searched. The sealed bytes are random, so they sometimes contain the two bytes of the number.
        let word = TEXT.split(' ').next().unwrap().as_bytes();
        assert!(!stored.windows(word.len()).any(|window| window == word));
        let read: Issuance = from_item(item).unwrap();
        assert_eq!(read.issued.unwrap().reference.unwrap().open(&issuance_key("secret"), &business("b"), "u").unwrap().expose(), TEXT);
    }

    /// During a deployment, the older and the newer version of the code run at the same time. Each must be able to read the items of the
    /// other.
    #[test]
    fn an_item_without_a_reference_is_read_and_an_unknown_attribute_does_not_matter() {
        let without: Item = to_item(&issuance(None)).unwrap();
        assert!(!without["issued"].as_m().unwrap().contains_key("reference"), "the item is the same as that of the older version");
        assert_eq!(from_item::<Issuance>(without.clone()).unwrap().issued.unwrap().reference, None);
        // The older version does not know the attribute `reference`. To test that unknown attributes are ignored, this item has an
        // attribute `later` that the present version does not know.
        let mut with_more = without;
        let mut issued = with_more["issued"].as_m().unwrap().clone();
        issued.insert("later".to_owned(), AttributeValue::B(vec![1].into()));
        with_more.insert("issued".to_owned(), AttributeValue::M(issued));
        assert!(from_item::<Issuance>(with_more).unwrap().issued.is_some());
    }
}
