//! Closes cases at a KEP before they expire, because the clerk closes them or the clerk's session ends.

use domain::{Moment, kep::message_due_at};

use crate::{
    error::StorageError,
    history::History,
    quotas::Quotas,
    reminders::{
        Reminders,
        cases::{CaseMessageItem, SealedCaseMessage},
    },
    sealing::SessionToken,
    sessions::{Case, LastCase, Session, Sessions},
    transaction::{Transaction, TransactionError},
};

/// Maximum number of attempts to close the open case of a session that is being deleted. An attempt fails if another request changes the
/// case at the same time.
const ATTEMPTS_MAX: u32 = 4;

/// The tables that are written when a case is closed.
#[derive(Debug, Clone)]
pub struct CaseClosing {
    pub sessions: Sessions,
    pub history: History,
    pub reminders: Reminders,
    pub quotas: Quotas,
    pub transaction: Transaction,
}

impl CaseClosing {
    /// Closes the open case of a session in one transaction: removes the person from the session, ends the record of the case, lets the
    /// clerk open another case, and makes the message to the person due now.
    ///
    /// # Errors
    /// [`TransactionError::Refused`] if the case was changed, closed or expired in the meantime.
    pub async fn close_case(&self, session: &Session, case: &Case, now: Moment) -> Result<(), TransactionError> {
        let transaction = self.transaction.clone().with(self.sessions.close_case_write(session, &case.handle)?);
        self.end_case(transaction, session, case, now)?.commit().await
    }

    /// Closes the open case of a session, if it has one, and deletes the session in the same transaction. Returns `false` if there is no
    /// open case. If the result is `false` or an error, the caller must delete the session. If the open case could not be closed, it ends
    /// when it expires.
    ///
    /// # Errors
    /// [`TransactionError::Refused`] or [`TransactionError::Conflict`] if other requests changed the case at the same time in each attempt.
    pub async fn close_with_session(&self, token: &SessionToken, now: Moment) -> Result<bool, TransactionError> {
        let mut attempts = 1;
        loop {
            let Some(session) = self.sessions.load(token, now).await? else { return Ok(false) };
            let case = match &session.case {
                Some(LastCase::Open(case)) if !now.has_reached(case.expires_at) => case,
                Some(LastCase::Open(_) | LastCase::Closed(_)) | None => return Ok(false),
            };
            let transaction = self.transaction.clone().with(self.sessions.end_with_case_write(&session)?);
            match self.end_case(transaction, &session, case, now)?.commit().await {
                Ok(()) => return Ok(true),
                Err(TransactionError::Refused(_) | TransactionError::Conflict) if attempts < ATTEMPTS_MAX => attempts += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Adds the writes that end the record of the case, let the clerk open another case, and make the message due now.
    fn end_case(&self, transaction: Transaction, session: &Session, case: &Case, now: Moment) -> Result<Transaction, TransactionError> {
        let transaction = end_record(transaction, &self.history, &self.quotas, session, case, now)?;
        match &case.message {
            Some(message) => self.make_due(transaction, case, message, now),
            None => Ok(transaction),
        }
    }

    /// Adds the writes that make the message due now. The time is part of the sort key, so one write deletes the old item and the other
    /// stores a new one.
    fn make_due(
        &self,
        transaction: Transaction,
        case: &Case,
        message: &SealedCaseMessage,
        now: Moment,
    ) -> Result<Transaction, TransactionError> {
        let due = CaseMessageItem::new(message, &case.person.subject_id, &case.record, now);
        Ok(transaction
            .with(self.reminders.delete_case_message_write(&case.record, message_due_at(case.expires_at))?)
            .with(self.reminders.put_case_message_write(&due)?))
    }
}

/// Adds the writes that end the record of a case and let the clerk open another one. These writes do not change the message to the person.
/// If there is one (`Case::message`), the caller must make it due.
///
/// # Errors
/// If a write cannot be built.
pub fn end_record(
    transaction: Transaction,
    history: &History,
    quotas: &Quotas,
    session: &Session,
    case: &Case,
    now: Moment,
) -> Result<Transaction, StorageError> {
    Ok(transaction
        .with(history.close_case_write(&case.person.subject_id, &case.record, now)?)
        .with(quotas.close_case_write(&session.subject_id, &case.handle)?))
}
