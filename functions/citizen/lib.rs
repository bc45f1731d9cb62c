//! Code that the citizen's functions share: opening the photos of the current association, agreeing to an association that another session
//! has created, and ending an association.

use std::collections::BTreeSet;

use domain::{ImageKind, Moment, SubjectId, kep::ActKind, retention};
use edge::{
    Call, Failure,
    guard::{Acting, Subject},
};
use messages::problem::Problem;
use storage::{
    StorageError, Transaction, TransactionError,
    associations::{Association, Associations},
    consents::Consents,
    history::{AtKep, History},
    keys::{self, Keys, OpenedKey},
    kms::KmsKey,
    reminders::{About, Reminders},
    sessions::{Associated, Sessions},
    vault::{ObjectRole, StoragePrefix, Vault},
};

/// The tables and the KMS key for opening the data key and the code of a subject's photos.
pub struct KeyAccess {
    pub associations: Associations,
    pub keys: Keys,
    pub kms: KmsKey,
}

impl KeyAccess {
    /// Returns the current association and its opened key.
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

/// Everything that is needed to open a subject's photos.
pub struct PhotoAccess {
    pub key: KeyAccess,
    pub vault: Vault,
}

impl PhotoAccess {
    /// Opens one full image.
    ///
    /// # Errors
    /// [`Problem::ImageAbsent`] if the set has no image of this kind.
    pub async fn image(&self, association: &Association, key: &OpenedKey, kind: ImageKind) -> Result<Vec<u8>, Failure> {
        if !association.images.iter().any(|image| image.kind == kind) {
            return Err(Problem::ImageAbsent.into());
        }
        Ok(self.vault.open(&key.data_key, StoragePrefix::Associated, &association.set_id, ObjectRole::Image(kind)).await?)
    }
}

/// The tables that are written when a person agrees to an association that another session has created.
pub struct ExistingAssociation<'d> {
    pub sessions: &'d Sessions,
    pub history: &'d History,
    pub consents: &'d Consents,
    pub transaction: &'d Transaction,
}

impl ExistingAssociation<'_> {
    /// Removes the code from the session, and records the person's agreement and, in a case, the act. If the agreement is recorded already,
    /// only removes the code.
    ///
    /// # Errors
    /// [`Acting::is_case_over`] tells whether the case has ended.
    pub async fn record_agreement(
        &self,
        call: &Call,
        acting: &Acting,
        subject: &Subject,
        existing: &Association,
    ) -> Result<(), TransactionError> {
        let associated = Associated { subject_id: subject.id.clone(), code_id: existing.code_id.clone() };
        let forget = self.sessions.associated_write(&acting.session, &associated)?;
        let version = acting.consent().unwrap_or_default();
        // In a case, the write that records the act is before the agreement.
        let position_of_agreement = usize::from(acting.case().is_some());
        let agreed = acting
            .begin(self.transaction, self.history, ActKind::Associated, subject, call)?
            .with(self.consents.agree_existing_write(acting.person(), existing, call.now, acting.channel())?)
            .with(forget.clone())
            // The agreement to the text on personal data is retained as long as it would be if the photos expired in a full year from now.
            .with(self.consents.extend_personal_data_write(acting.person(), version, retention::association_expiry(call.now))?)
            .commit()
            .await;
        match agreed {
            Err(error) if acting.is_case_over(&error) => Err(error),
            Err(TransactionError::Refused(failed)) if failed.contains(&position_of_agreement) => {
                match self.transaction.clone().with(forget).commit().await {
                    // The transaction is rejected if the session has already forgotten the code.
                    Ok(()) | Err(TransactionError::Refused(_)) => Ok(()),
                    Err(error) => Err(error),
                }
            }
            result => result,
        }
    }
}

/// Maximum number of attempts to change an association. An attempt fails if another request changes the association at the same time, or if
/// the record of one of its authorizations cannot be ended.
pub const ATTEMPTS_MAX: usize = 4;

/// The tables that are written when an association ends.
pub struct AssociationEnding {
    pub associations: Associations,
    pub keys: Keys,
    pub history: History,
    pub reminders: Reminders,
}

impl AssociationEnding {
    /// Adds to a transaction the writes that end an association. They delete the association, its key and its reminder, and end the records
    /// of its authorizations, except the records in `missing_records`. `at_kep` is the case at a KEP in which the association ends.
    ///
    /// # Errors
    /// If a write cannot be serialized.
    pub fn add_to(
        &self,
        transaction: Transaction,
        association: &Association,
        missing_records: &BTreeSet<String>,
        at_kep: Option<&AtKep>,
        now: Moment,
    ) -> Result<Transaction, StorageError> {
        let subject = &association.subject_id;
        let mut transaction = transaction.with(self.associations.end_write(association)?).with(self.keys.delete_write(subject)?);
        if association.reminder.is_some() {
            let about = About::Association { subject: subject.clone() };
            transaction = transaction.with(self.reminders.delete_write(&about, association.expires_at)?);
        }
        for record in records(association, now).filter(|record| !missing_records.contains(*record)) {
            transaction = transaction.with(self.history.end_authorization_write(subject, record, now, at_kep)?);
        }
        Ok(transaction)
    }

    /// Returns the IDs of authorization records that cannot be ended, because they are missing from the history, unreadable, or already
    /// ended. Called after a transaction was rejected. The next attempt does not write to these records, so that a gap in the history does
    /// not prevent people from ending the use of their photos.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn missing_records(&self, association: &Association, now: Moment) -> Result<BTreeSet<String>, StorageError> {
        self.history.without_open_record(&association.subject_id, records(association, now), now).await
    }
}

/// Returns the IDs of the records of all authorizations in force.
fn records(association: &Association, now: Moment) -> impl Iterator<Item = &String> {
    association.applications.values().filter(move |authorization| authorization.in_force(now)).map(|authorization| &authorization.record)
}
