//! IDs of pulls, and the slots of verdicts in the photographers' records.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{ImageKind, SubjectId, application::ApplicationId};

use super::{SealingKey, derive};
use crate::error::StorageError;

/// The key under which the verdict of an application on an image is stored in the item of the upload. It is a keyed hash of application,
/// image and upload, so that the item does not reveal the application, and the slots of different uploads cannot be linked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictSlot(String);

impl VerdictSlot {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Creates and opens the IDs by which applications refer to their pulls. A pull ID is the key of the pull's record in the history, sealed,
/// so that it reveals nothing about the subject and no other application can use it.
#[derive(Debug, Clone)]
pub struct PullIds(SealingKey);

impl PullIds {
    /// Derives the key from the secret of [`super::IdentifierHasher`], with its own label.
    pub fn new(secret: &str) -> Self {
        Self(SealingKey(*derive(secret.as_bytes(), b"pull id")))
    }

    /// Creates the ID of a pull. `event` is the sort key of its record in the history.
    ///
    /// # Errors
    /// If the operating system provides no random bytes.
    pub fn seal(&self, application: &ApplicationId, subject: &SubjectId, event: &str) -> Result<String, StorageError> {
        let plain = serde_json::to_vec(&(subject, event)).map_err(|_| StorageError::Corrupt("a pull id cannot be serialized"))?;
        Ok(URL_SAFE_NO_PAD.encode(self.0.seal(application.as_str(), &plain)?))
    }

    /// Derives the slot of a verdict in the item of the upload.
    pub fn verdict_slot(&self, upload_id: &str, application: &ApplicationId, image: ImageKind) -> VerdictSlot {
        let key = hmac::Key::new(hmac::HMAC_SHA256, derive(self.0.bytes(), b"verdict slot").as_slice());
        let input = format!("{upload_id}#{application}#{}", image.name());
        VerdictSlot(URL_SAFE_NO_PAD.encode(hmac::sign(&key, input.as_bytes())))
    }

    /// Returns the subject and sort key of the pull's record. Returns `None` unless the ID was issued to this application.
    pub fn open(&self, application: &ApplicationId, id: &str) -> Option<(SubjectId, String)> {
        let plain = self.0.open(application.as_str(), &URL_SAFE_NO_PAD.decode(id).ok()?).ok()?;
        serde_json::from_slice(&plain).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pull_id_opens_only_for_its_own_application_and_does_not_contain_the_subject() {
        let ids = PullIds::new("secret");
        let [own, other] = ["driving-licence", "passport"].map(|id| ApplicationId::parse(id).unwrap());
        let subject = SubjectId::from_random([7; 16]);
        let id = ids.seal(&own, &subject, "access#1").unwrap();
        assert_eq!(ids.open(&own, &id), Some((subject.clone(), "access#1".to_owned())));
        assert_eq!(ids.open(&other, &id), None);
        assert_eq!(PullIds::new("other").open(&own, &id), None);
        assert!(["", "!", "AAAA", &id[1..], &format!("{id}A")].iter().all(|text| ids.open(&own, text).is_none()));
        let bytes = URL_SAFE_NO_PAD.decode(&id).unwrap();
        assert!(!bytes.windows(6).any(|window| subject.as_str().as_bytes().starts_with(window)));
        assert_ne!(id, ids.seal(&own, &subject, "access#1").unwrap());
    }

    #[test]
    fn a_verdict_slot_is_deterministic_and_differs_by_upload_application_and_image() {
        let ids = PullIds::new("secret");
        let [licence, passport] = ["driving-licence", "passport"].map(|id| ApplicationId::parse(id).unwrap());
        let slots = [("u", &licence, ImageKind::Face), ("v", &licence, ImageKind::Face), ("u", &passport, ImageKind::Face)]
            .map(|(upload, application, image)| ids.verdict_slot(upload, application, image));
        let signature = ids.verdict_slot("u", &licence, ImageKind::Signature);
        assert_eq!(slots[0], ids.verdict_slot("u", &licence, ImageKind::Face));
        assert_ne!(slots[0], PullIds::new("other").verdict_slot("u", &licence, ImageKind::Face), "the slot does not depend on the secret");
        assert!(slots[0] != slots[1] && slots[0] != slots[2] && slots[0] != signature);
        assert!(
            slots.iter().all(|slot| !slot.as_str().contains(':')),
            "a slot contains a colon, which marks keys in the format used before slots"
        );
    }
}
