//! What the citizen's functions share: opening the photos of the association in force, and ending it.

use std::collections::BTreeSet;

use domain::{ImageKind, Moment, SubjectId};
use edge::Failure;
use messages::problem::Problem;
use storage::{
    StorageError, Transaction,
    associations::{Association, Associations},
    history::History,
    keys::{self, Keys, OpenedKey},
    kms::KmsKey,
    reminders::{About, Reminders},
    vault::{ObjectRole, StoragePrefix, Vault},
};

/// What opens the key of a subject's photos, and names their code.
pub struct KeyAccess {
    pub associations: Associations,
    pub keys: Keys,
    pub kms: KmsKey,
}

impl KeyAccess {
    /// The association in force and its opened key.
    ///
    /// # Errors
    /// [`Problem::NothingAssociated`].
    pub async fn open(&self, subject: &SubjectId, now: Moment) -> Result<(Association, OpenedKey), Failure> {
        let in_force = keys::in_force(&self.associations, &self.keys, subject, now).await?;
        let (association, key) = in_force.ok_or(Problem::NothingAssociated)?;
        let opened = key.open(&self.kms).await?;
        Ok((association, opened))
    }
}

/// All that opens a subject's photos.
pub struct PhotoAccess {
    pub key: KeyAccess,
    pub vault: Vault,
}

impl PhotoAccess {
    /// One full image.
    ///
    /// # Errors
    /// [`Problem::ImageAbsent`] where the set has none of this kind.
    pub async fn image(&self, association: &Association, key: &OpenedKey, kind: ImageKind) -> Result<Vec<u8>, Failure> {
        if !association.images.iter().any(|image| image.kind == kind) {
            return Err(Problem::ImageAbsent.into());
        }
        Ok(self.vault.open(&key.data_key, StoragePrefix::Associated, &association.set_id, ObjectRole::Image(kind)).await?)
    }
}

/// How often a change is decided anew because another one came in between.
pub const ATTEMPTS_MAX: usize = 4;

/// All that an association leaves behind when it ends.
pub struct Ending {
    pub associations: Associations,
    pub keys: Keys,
    pub history: History,
    pub reminders: Reminders,
}

impl Ending {
    /// Adds to a transaction what ends an association as it was read: its key goes, its reminder, and every authorization, in all records
    /// but those that are `lost`.
    ///
    /// # Errors
    /// Where the parts cannot be written.
    pub fn of(
        &self,
        transaction: Transaction,
        association: &Association,
        lost: &BTreeSet<String>,
        now: Moment,
    ) -> Result<Transaction, StorageError> {
        let subject = &association.subject_id;
        let mut transaction = transaction.with(self.associations.end_write(association)?).with(self.keys.delete_write(subject)?);
        if association.reminder.is_some() {
            let about = About::Association { subject: subject.clone() };
            transaction = transaction.with(self.reminders.delete_write(&about, association.expires_at)?);
        }
        for record in records(association, now).filter(|record| !lost.contains(*record)) {
            transaction = transaction.with(self.history.end_authorization_write(subject, record, now)?);
        }
        Ok(transaction)
    }

    /// The records of its authorizations that cannot be ended. Asked for once a transaction was refused: what is lost of the history is to
    /// keep nobody from ending the use of their photos.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn lost(&self, association: &Association, now: Moment) -> Result<BTreeSet<String>, StorageError> {
        self.history.not_open(&association.subject_id, records(association, now), now).await
    }
}

fn records(association: &Association, now: Moment) -> impl Iterator<Item = &String> {
    association.applications.values().filter(move |authorization| authorization.in_force(now)).map(|authorization| &authorization.record)
}
