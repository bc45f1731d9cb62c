//! PUT /v1/subjects/{subject}/association: the confirmed photos become the subject's, with explicit agreement.
//!
//! Copied to where they are kept for a year, then everything in one transaction. Repeating it answers the same.

use std::collections::BTreeMap;

use domain::{association, consent::ASSOCIATION_VERSION, retention, submission::CodeState};
use edge::{
    Call, Failure, Reply, Setup,
    guard::{Citizen, Subject},
    views::AssociationView,
};
use futures_util::future::try_join_all;
use messages::problem::Problem;
use serde::Deserialize;
use storage::{
    Transaction, TransactionError,
    associations::{Association, Associations},
    codes::{Codes, NewOwner, unwrap_key},
    consents::Consents,
    history::{Event, History, Record},
    issuances::Issuances,
    keys::{KeyItem, Keys, OpenedKey},
    kms::KmsKey,
    outbox::Outbox,
    reminders::{About, Reminders},
    sealing::code_id,
    sessions::{Associated, Session, Sessions, PendingSubmission},
    vault::{ObjectRole, Vault},
};

struct Deps {
    sessions: Sessions,
    codes: Codes,
    associations: Associations,
    keys: Keys,
    history: History,
    consents: Consents,
    issuances: Issuances,
    outbox: Outbox,
    reminders: Reminders,
    vault: Vault,
    kms: KmsKey,
    transaction: Transaction,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    agree: bool,
    /// Of the text on storage and use that the person saw.
    version: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps {
        sessions: setup.sessions(),
        codes: setup.codes(),
        associations: setup.associations(),
        keys: setup.keys(),
        history: setup.history(),
        consents: setup.consents(),
        issuances: setup.issuances(),
        outbox: setup.outbox(),
        reminders: setup.reminders(),
        vault: setup.vault(),
        kms: setup.associations_key(),
        transaction: setup.transaction(),
    };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let citizen = Citizen::from(call, &deps.sessions).await?;
    let subject = citizen.subject(call)?;
    let body: Body = call.json()?;
    if !body.agree {
        return Err(Problem::MissingConsent.into());
    }
    if body.version != ASSOCIATION_VERSION {
        return Err(Problem::ConsentVersionOld.into());
    }
    let pending = citizen.session.submission.as_ref().filter(|submission| submission.subject_id == subject.id);
    let Some(submission) = pending else { return repeated(deps, call, &citizen.session, &subject).await };
    if !submission.confirmed {
        return Err(Problem::SubmissionNotConfirmed.into());
    }
    if call.now.has_reached(submission.code_expires_at) {
        return Err(Problem::CodeNotActive.into());
    }
    if !submission.may_be_associated(&citizen.managed(call), call.now) {
        return Err(Problem::CodeTaken.into());
    }
    let code_id = code_id(&submission.code);
    // Photos that are not associated must not come to lie where they are kept for a year: unless it was seen just now, when the code was
    // entered, that there is no association, one is looked for before anything is copied. One that came between is met by the transaction.
    let looks_first = submission.is_first() && !submission.nothing_was_associated(call.now);
    if looks_first && let Some(existing) = deps.associations.of(&subject.id, call.now).await? {
        return answer_existing(deps, call, &citizen.session, &existing, code_id, &subject).await;
    }
    let association = Association {
        subject_id: subject.id.clone(),
        code_id,
        set_id: submission.set_id.clone(),
        profile: submission.profile,
        images: submission.images.clone(),
        // Taken before anything is copied: the bucket's rule, which counts from the copy, never removes a live object.
        associated_at: call.now,
        expires_at: association::expiry(submission.state, submission.code_expires_at, call.now),
        business: submission.business.clone(),
        upload_id: submission.upload_id.clone(),
        revision: storage::time_ordered_id(),
        applications: BTreeMap::new(),
        reminder: None,
    };
    match bind(deps, &citizen.session, submission, &association).await {
        Ok(()) => Reply::json(201, &AssociationView::of(&association, &subject, call.now)),
        Err(TransactionError::Refused(_) | TransactionError::Conflict) => {
            explain(deps, call, &citizen.session, submission, association, &subject).await
        }
        // What is erased meanwhile cannot be copied, which is nobody's failure.
        Err(TransactionError::Storage(error)) => match deps.codes.find(&submission.code, call.now).await {
            Ok(None) => Err(Problem::CodeNotActive.into()),
            Ok(Some(_)) | Err(_) => Err(error.into()),
        },
    }
}

/// Nothing is in hand: this very call may have associated it.
async fn repeated(deps: &Deps, call: &Call, session: &Session, subject: &Subject) -> Result<Reply, Failure> {
    let done = session.associated.as_ref().filter(|associated| associated.subject_id == subject.id).ok_or(Problem::NoSubmission)?;
    let existing = deps.associations.of(&subject.id, call.now).await?.filter(|existing| existing.code_id == done.code_id);
    Reply::json(200, &AssociationView::of(&existing.ok_or(Problem::NoSubmission)?, subject, call.now))
}

/// Copies, seals the key, and writes it all at once.
async fn bind(deps: &Deps, session: &Session, submission: &PendingSubmission, association: &Association) -> Result<(), TransactionError> {
    let (person, subject, set_id) = (&session.subject_id, &association.subject_id, association.set_id.as_str());
    let opened = OpenedKey { data_key: unwrap_key(&submission.wrapped_key, &submission.code, set_id)?, code: submission.code.clone() };
    let first = submission.is_first();
    // Associated again, the photos stay where they are: copying would begin their year anew.
    let parts = submission.images.iter().filter(|_| first).flat_map(|image| [ObjectRole::Image(image.kind), ObjectRole::Preview(image.kind)]);
    let copying = try_join_all(parts.map(|part| deps.vault.copy_to_associated(set_id, part)));
    let sealing = KeyItem::seal(&deps.kms, subject, set_id, &opened, association.expires_at);
    let (_, key) = tokio::try_join!(copying, sealing)?;
    let (at, end) = (association.associated_at, association.expires_at);
    let associated = Event::Associated { set_id: set_id.to_owned(), code_id: association.code_id.clone(), by: person.clone() };
    let owner = NewOwner { subject, associated_at: at, expires_at: end, from: submission.state, dissociations: submission.dissociations };
    // Of a code that is associated nobody needs to be reminded.
    let reminded = About::Code { code_id: association.code_id.clone() };
    let version = session.consent.as_deref().unwrap_or_default();
    let in_session = Associated { subject_id: subject.clone(), code_id: association.code_id.clone() };
    deps.transaction
        .clone()
        .with(deps.codes.associate_write(&submission.code, &owner)?)
        .with(deps.associations.put_write(association)?)
        .with(deps.keys.put_write(&key)?)
        .with(deps.history.put_write(&Record::new(subject, associated, at, end))?)
        // Dissociated, the photos are to open with the code alone: this session forgets it.
        .with(deps.sessions.associated_write(session, &in_session)?)
        .with(deps.consents.associate_write(person, set_id, at, end)?)
        // Counted from now, also where these photos end sooner: what was agreed to for others must not end before them.
        .with(deps.consents.extend_personal_data_write(person, version, retention::association_expiry(at))?)
        .with_some(first.then(|| deps.outbox.used_write(&submission.message_id)).transpose()?)
        .with_some(first.then(|| deps.issuances.associated_write(&submission.business, &submission.upload_id)).transpose()?)
        .with_some(first.then(|| deps.reminders.delete_write(&reminded, submission.code_expires_at)).transpose()?)
        .commit()
        .await
}

/// One is in force: by this very code, then it is what was asked for, in another browser or at the same moment, and this session forgets
/// the code too; by another, which must be dissociated first.
async fn answer_existing(
    deps: &Deps,
    call: &Call,
    session: &Session,
    existing: &Association,
    code_id: String,
    subject: &Subject,
) -> Result<Reply, Failure> {
    if existing.code_id != code_id {
        return Err(Problem::AssociationExists { associated_at: existing.associated_at, expires_at: existing.expires_at }.into());
    }
    let forget = deps.sessions.associated_write(session, &Associated { subject_id: subject.id.clone(), code_id })?;
    match deps.transaction.clone().with(forget).commit().await {
        // Refused where it is forgotten already.
        Ok(()) | Err(TransactionError::Refused(_)) => Reply::json(200, &AssociationView::of(existing, subject, call.now)),
        Err(error) => Err(error.into()),
    }
}

/// Nothing was written. Was it this very call's first try, another association in force, or somebody quicker?
async fn explain(
    deps: &Deps,
    call: &Call,
    session: &Session,
    submission: &PendingSubmission,
    wanted: Association,
    subject: &Subject,
) -> Result<Reply, Failure> {
    let (association, code) =
        tokio::try_join!(deps.associations.of(&wanted.subject_id, call.now), deps.codes.find(&submission.code, call.now))?;
    if let Some(existing) = association {
        return answer_existing(deps, call, session, &existing, wanted.code_id, subject).await;
    }
    match code {
        None => Err(Problem::CodeNotActive.into()),
        Some(code) if (code.state, code.dissociations) == (submission.state, submission.dissociations) => Err(Problem::Conflict.into()),
        // Free again, for whoever enters it: with an association ends also what was entered before, and this session forgets it.
        Some(code) if code.state == CodeState::Dissociated => {
            let forgotten = deps.sessions.forget_submission(session).await?;
            Err(if forgotten { Problem::NoSubmission } else { Problem::Conflict }.into())
        }
        Some(_) => Err(Problem::AssociationRaced.into()),
    }
}
