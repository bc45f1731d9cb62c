//! The guard of operations that a citizen calls for themselves, and that a clerk of a KEP calls for the person at the counter.

use domain::{
    SubjectId,
    application::ApplicationId,
    kep::{Act, ActKind, CaseStage},
    session::{Role, Stage},
};
use messages::problem::{FieldReason, Problem};
use storage::{
    StorageError, Transaction, TransactionError,
    history::{AtKep, History},
    sessions::{Case, ClerkOffice, Session, Sessions},
};

use super::{SELF, Subject, managed_by, named_subject, session_with_role};
use crate::{call::Call, failure::Failure};

/// The caller of an operation that both citizens and clerks may call: a citizen who has agreed to the text on personal data, or a clerk
/// with an open case in which the presence of the person at the counter is proven and this person has agreed to the same text.
#[derive(Debug)]
pub struct Acting {
    pub session: Session,
    case: Option<Case>,
}

/// A clerk of a KEP, with or without an open case.
#[derive(Debug)]
pub struct Clerk {
    pub session: Session,
    /// The office at which the clerk acts.
    pub office: ClerkOffice,
}

impl Clerk {
    /// Loads the caller's session and checks its role.
    ///
    /// # Errors
    /// Those of [`super::SignedIn::from`], [`Problem::RoleNotChosen`], [`Problem::WrongRole`].
    pub async fn from(call: &Call, sessions: &Sessions) -> Result<Self, Failure> {
        let session = session_with_role(call, sessions).await?;
        let office = match &session.role {
            Some(Role::KepClerk { office }) => session.office(office).cloned(),
            Some(Role::Citizen | Role::Photographer { .. }) | None => None,
        };
        Ok(Self { session, office: office.ok_or(Problem::WrongRole)? })
    }
}

/// A clerk with an open case, at any stage of the case.
#[derive(Debug)]
pub struct InCase {
    pub session: Session,
    pub case: Case,
}

impl InCase {
    /// Loads the clerk's session and the open case. The path names the case by its handle.
    ///
    /// # Errors
    /// Those of [`super::SignedIn::from`], [`Problem::RoleNotChosen`], [`Problem::WrongRole`], [`Problem::CaseOver`].
    pub async fn from(call: &Call, sessions: &Sessions) -> Result<Self, Failure> {
        let Clerk { session, .. } = Clerk::from(call, sessions).await?;
        let case = session.open_case(call.now).cloned().ok_or(Problem::CaseOver)?;
        if call.path("case") == Some(case.handle.as_str()) { Ok(Self { session, case }) } else { Err(Problem::CaseOver.into()) }
    }
}

/// The caller of a route without a subject in its path. For a clerk, the body of the request names the case. [`Self::named`] converts the
/// guard to an [`Acting`] after the body has been read.
#[derive(Debug)]
pub struct CaseInBody(Acting);

impl CaseInBody {
    /// Loads the caller's session and, for a clerk, the open case.
    ///
    /// # Errors
    /// Those of [`super::SignedIn::from`], [`Problem::RoleNotChosen`], [`Problem::WrongRole`]; for a clerk also [`Problem::CaseOver`].
    pub async fn from(call: &Call, sessions: &Sessions) -> Result<Self, Failure> {
        Acting::at_any_stage(call, sessions).await.map(Self)
    }

    /// Checks the field `case` of the body, and then the stage of the case. A clerk must name the open case. A citizen must not name a
    /// case. The field is checked first, so that a browser tab that still shows an earlier case receives [`Problem::CaseOver`] at every
    /// stage of the open case.
    ///
    /// # Errors
    /// [`Problem::InvalidField`], [`Problem::CaseOver`], [`Problem::PresenceNotProven`], [`Problem::ConsentRequired`].
    pub fn named(self, case: Option<&str>) -> Result<Acting, Problem> {
        self.named_before_consent(case)?.agreed()
    }

    /// Checks the same as [`Self::named`] except the agreement to the text on personal data. The operation that records the agreement uses
    /// this function.
    ///
    /// # Errors
    /// Those of [`Self::named`] except [`Problem::ConsentRequired`].
    pub fn named_before_consent(self, case: Option<&str>) -> Result<Acting, Problem> {
        self.0.check_case(case)?;
        self.0.present()
    }
}

impl Acting {
    /// Loads the caller's session. A citizen must have agreed to the text on personal data. A clerk needs an open case in which the
    /// person's presence is proven and the person has agreed to the text. A subject in the path must belong to this case.
    ///
    /// # Errors
    /// Those of [`super::SignedIn::from`], [`Problem::RoleNotChosen`], [`Problem::WrongRole`], [`Problem::ConsentRequired`]; for a clerk
    /// also [`Problem::CaseOver`], [`Problem::PresenceNotProven`], and [`Problem::SubjectUnknown`] if the path names `self`.
    pub async fn from(call: &Call, sessions: &Sessions) -> Result<Self, Failure> {
        let acting = Self::at_any_stage(call, sessions).await?;
        acting.check_subject(call)?;
        Ok(acting.present()?.agreed()?)
    }

    /// Loads the caller's session and, for a clerk, the open case.
    async fn at_any_stage(call: &Call, sessions: &Sessions) -> Result<Self, Failure> {
        let session = session_with_role(call, sessions).await?;
        match &session.role {
            Some(Role::Citizen) => return Ok(Self { session, case: None }),
            Some(Role::KepClerk { .. }) => {}
            Some(Role::Photographer { .. }) | None => return Err(Problem::WrongRole.into()),
        }
        // Only citizens act for themselves, so a clerk must not send `self`.
        if call.path("subject") == Some(SELF) {
            return Err(Problem::SubjectUnknown.into());
        }
        let case = session.open_case(call.now).cloned().ok_or(Problem::CaseOver)?;
        Ok(Self { session, case: Some(case) })
    }

    /// Checks that a subject in the path belongs to the clerk's case. Called before the stage of the case is checked, so that a browser tab
    /// that still shows an earlier case receives [`Problem::CaseOver`]. Routes without a subject pass.
    fn check_subject(&self, call: &Call) -> Result<(), Problem> {
        match (&self.case, call.path("subject")) {
            (Some(case), Some(named)) => {
                let is_of_case = named == case.handle.as_str() || self.session.minors.iter().any(|minor| minor.handle == named);
                if is_of_case { Ok(()) } else { Err(Problem::CaseOver) }
            }
            (Some(_), None) | (None, _) => Ok(()),
        }
    }

    /// Checks that the presence of the person at the counter is proven.
    fn present(self) -> Result<Self, Problem> {
        let is_present = self.case.as_ref().is_none_or(|case| case.stage() != CaseStage::Presence);
        if is_present { Ok(self) } else { Err(Problem::PresenceNotProven) }
    }

    /// Checks that the person has agreed to the text on personal data.
    fn agreed(self) -> Result<Self, Problem> {
        let has_agreed = match &self.case {
            Some(case) => case.stage() == CaseStage::Ready,
            None => self.session.stage() == Stage::Ready,
        };
        if has_agreed { Ok(self) } else { Err(Problem::ConsentRequired) }
    }

    /// Returns the subject that the path names. A citizen is named `self`. The person at the counter is named by the handle of the case. A
    /// minor is named by a handle, if custody was confirmed in this session or case.
    ///
    /// # Errors
    /// [`Problem::SubjectUnknown`] for a citizen. For a clerk, [`Problem::CaseOver`] instead, because an unknown handle may be the handle
    /// of an earlier case. [`Problem::MinorIsAdult`] from the 18th birthday on.
    pub fn subject(&self, call: &Call) -> Result<Subject, Problem> {
        match &self.case {
            None => named_subject(&self.session, &self.session.subject_id, SELF, call),
            Some(case) => {
                let named = named_subject(&self.session, &case.person.subject_id, case.handle.as_str(), call);
                named.map_err(|problem| if problem == Problem::SubjectUnknown { Problem::CaseOver } else { problem })
            }
        }
    }

    /// Checks the field `case` of a request body.
    fn check_case(&self, named: Option<&str>) -> Result<(), Problem> {
        let invalid = |reason| Problem::InvalidField { field: "case".to_owned(), reason };
        match (&self.case, named) {
            (None, None) => Ok(()),
            (None, Some(_)) => Err(invalid(FieldReason::Unknown)),
            (Some(_), None) => Err(invalid(FieldReason::Missing)),
            (Some(case), Some(named)) if named == case.handle.as_str() => Ok(()),
            (Some(_), Some(_)) => Err(Problem::CaseOver),
        }
    }

    /// Returns all subjects for whom the caller may act now: the person and the minors of this session or case.
    pub fn managed(&self, call: &Call) -> Vec<SubjectId> {
        managed_by(&self.session, self.person(), call)
    }

    /// Returns the person who acts, or for whom the clerk acts: the citizen, or the person at the counter. Quotas and consents belong to
    /// this person.
    pub fn person(&self) -> &SubjectId {
        self.case.as_ref().map_or(&self.session.subject_id, |case| &case.person.subject_id)
    }

    /// Returns the case of a clerk. `None` for a citizen.
    pub const fn case(&self) -> Option<&Case> {
        self.case.as_ref()
    }

    /// Returns the version of the text on personal data to which the person has agreed.
    pub fn consent(&self) -> Option<&str> {
        self.case.as_ref().map_or(&self.session.consent, |case| &case.consent).as_deref()
    }

    /// Returns the sealed facts about the case: office, application number and clerk. Handlers store them in each record that they write in
    /// the case. `None` for a citizen.
    pub fn channel(&self) -> Option<&AtKep> {
        self.case.as_ref().map(|case| &case.at_kep)
    }

    /// Begins a transaction. For a clerk, the first write of the transaction records in the case what the clerk does (an act). The
    /// transaction fails if the case has ended in the meantime or has too many acts ([`Self::is_case_over`]). For a citizen, the
    /// transaction begins without a write.
    ///
    /// # Errors
    /// If the write cannot be serialized.
    pub fn begin(
        &self,
        transaction: &Transaction,
        history: &History,
        what: ActKind,
        subject: &Subject,
        call: &Call,
    ) -> Result<Transaction, StorageError> {
        self.begin_with(transaction, history, &[act(what, subject, None, call)], call)
    }

    /// Begins a transaction as [`Self::begin`] does, but records one act for each of the applications.
    ///
    /// # Errors
    /// If the write cannot be serialized.
    pub fn begin_for_applications(
        &self,
        transaction: &Transaction,
        history: &History,
        what: ActKind,
        subject: &Subject,
        applications: &[&ApplicationId],
        call: &Call,
    ) -> Result<Transaction, StorageError> {
        let acts: Vec<Act> = applications.iter().map(|application| act(what, subject, Some(application), call)).collect();
        self.begin_with(transaction, history, &acts, call)
    }

    fn begin_with(&self, transaction: &Transaction, history: &History, acts: &[Act], call: &Call) -> Result<Transaction, StorageError> {
        let write = self.case.as_ref().map(|case| history.acts_write(self.person(), &case.record, acts, call.now));
        Ok(transaction.clone().with_some(write.transpose()?))
    }

    /// Returns whether a transaction of [`Self::begin`] failed because no further act can be recorded in the case. The first write of the
    /// transaction records the act. Its condition is not met if the case has ended or has too many acts.
    pub fn is_case_over(&self, error: &TransactionError) -> bool {
        match error {
            TransactionError::Refused(positions) => self.case.is_some() && positions.contains(&0),
            TransactionError::Conflict | TransactionError::Storage(_) => false,
        }
    }

    /// Records an act that needs no other write, such as a download. Does nothing for a citizen, or if the case already has an act with
    /// this ID.
    ///
    /// # Errors
    /// [`Problem::CaseOver`] if the case has ended in the meantime or has the maximum number of acts.
    pub async fn record_act(&self, history: &History, act_id: &str, what: ActKind, subject: &Subject, call: &Call) -> Result<(), Failure> {
        let Some(case) = &self.case else { return Ok(()) };
        let is_recorded = history.add_act(self.person(), &case.record, act_id, &act(what, subject, None, call)).await?;
        if is_recorded { Ok(()) } else { Err(Problem::CaseOver.into()) }
    }

    /// Records in the case that a submitted code was not accepted ([`History::add_code_not_accepted`]). Does nothing for a citizen.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn record_code_not_accepted(&self, history: &History, code_id: &str, subject: &Subject, call: &Call) -> Result<(), Failure> {
        let Some(case) = &self.case else { return Ok(()) };
        let act = act(ActKind::CodeNotAccepted, subject, None, call);
        Ok(history.add_code_not_accepted(self.person(), &case.record, &format!("code_not_accepted {code_id}"), &act).await?)
    }
}

fn act(what: ActKind, subject: &Subject, application: Option<&ApplicationId>, call: &Call) -> Act {
    let minor = subject.minor.as_ref().map(|minor| minor.subject_id.clone());
    Act { what, at: call.now, application: application.cloned(), minor }
}

#[cfg(test)]
mod tests;
