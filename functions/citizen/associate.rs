//! PUT /v1/subjects/{subject}/association: associates the confirmed photos with the subject, who must agree explicitly.
//!
//! First copies the photos to the storage prefix where objects live for a year, then writes everything else in one transaction. A repeated
//! request gets the same response.

use std::collections::BTreeMap;

use citizen_functions::ExistingAssociation;
use domain::{association, consent::ASSOCIATION_VERSION, kep::ActKind, retention, submission::CodeState};
use edge::{
    Call, Failure, Reply, Setup,
    guard::{Acting, Subject},
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
    sessions::{Associated, PendingSubmission, Session, Sessions},
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
    /// The version of the text on storage and use that the person agreed to.
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
    let acting = Acting::from(call, &deps.sessions).await?;
    let subject = acting.subject(call)?;
    let body: Body = call.json()?;
    if !body.agree {
        return Err(Problem::MissingConsent.into());
    }
    if body.version != ASSOCIATION_VERSION {
        return Err(Problem::ConsentVersionOld.into());
    }
    let pending = acting.session.submission.as_ref().filter(|submission| submission.subject_id == subject.id);
    let Some(submission) = pending else { return respond_to_repeated(deps, call, &acting.session, &subject).await };
    if !submission.confirmed {
        return Err(Problem::SubmissionNotConfirmed.into());
    }
    if call.now.has_reached(submission.code_expires_at) {
        return Err(Problem::CodeNotActive.into());
    }
    if !submission.may_be_associated(&acting.managed(call), call.now) {
        return Err(Problem::CodeTaken.into());
    }
    let code_id = code_id(&submission.code);
    // Reads the code and an existing association before copying, because photos that cannot be associated must not be copied to the prefix
    // where they would stay for a year. Skips the association if `submit_code` found less than 10 minutes ago that the subject has none.
    // The transaction detects what has changed since these lookups.
    let first = submission.is_first();
    let looks_for_association = first && !submission.subject_was_recently_unassociated(call.now);
    let existing = async { if looks_for_association { deps.associations.of(&subject.id, call.now).await } else { Ok(None) } };
    let code = async { if first { deps.codes.find(&submission.code, call.now).await } else { Ok(None) } };
    let (existing, code) = tokio::try_join!(existing, code)?;
    if let Some(existing) = existing {
        return answer_existing(deps, call, (&acting, &subject), &existing, &code_id).await;
    }
    let association = Association {
        subject_id: subject.id.clone(),
        code_id,
        set_id: submission.set_id.clone(),
        profile: submission.profile,
        images: submission.images.clone(),
        // The objects are copied after this time, and the bucket's lifecycle rule counts from the copying. The association therefore
        // expires before the rule deletes its objects.
        associated_at: call.now,
        expires_at: association::expiry(submission.state, submission.code_expires_at, call.now),
        business: submission.business.clone(),
        upload_id: submission.upload_id.clone(),
        revision: storage::time_ordered_id(),
        applications: BTreeMap::new(),
        reminder: None,
    };
    // The code ends when the photographer corrects the recipient, or another person may have associated it.
    if first && !code.is_some_and(|code| code.awaits(&submission.set_id)) {
        return respond_to_conflict(deps, call, (&acting, &subject), submission, association).await;
    }
    match store_association(deps, call, (&acting, &subject), submission, &association).await {
        Ok(()) => Reply::json(201, &AssociationView::of(&association, &subject, call.now)),
        Err(error) if acting.is_case_over(&error) => Err(Problem::CaseOver.into()),
        Err(TransactionError::Refused(_) | TransactionError::Conflict) => {
            respond_to_conflict(deps, call, (&acting, &subject), submission, association).await
        }
        // Copying fails if the photos were erased in the meantime. That is not an internal error.
        Err(TransactionError::Storage(error)) => match deps.codes.find(&submission.code, call.now).await {
            Ok(None) => Err(Problem::CodeNotActive.into()),
            Ok(Some(_)) | Err(_) => Err(error.into()),
        },
    }
}

/// Responds to a request without a pending submission. If this session created the association in an earlier request, returns it.
async fn respond_to_repeated(deps: &Deps, call: &Call, session: &Session, subject: &Subject) -> Result<Reply, Failure> {
    let done = session.associated.as_ref().filter(|associated| associated.subject_id == subject.id).ok_or(Problem::NoSubmission)?;
    let existing = deps.associations.of(&subject.id, call.now).await?.filter(|existing| existing.code_id == done.code_id);
    Reply::json(200, &AssociationView::of(&existing.ok_or(Problem::NoSubmission)?, subject, call.now))
}

/// Copies the photos, seals their key, and writes the association with everything that belongs to it in one transaction.
async fn store_association(
    deps: &Deps,
    call: &Call,
    (acting, subject): (&Acting, &Subject),
    submission: &PendingSubmission,
    association: &Association,
) -> Result<(), TransactionError> {
    let (person, set_id) = (acting.person(), association.set_id.as_str());
    let opened = OpenedKey { data_key: unwrap_key(&submission.wrapped_key, &submission.code, set_id)?, code: submission.code.clone() };
    let first = submission.is_first();
    // Photos that were associated before are not copied, because the bucket would store a new copy for another year.
    let roles =
        submission.images.iter().filter(|_| first).flat_map(|image| [ObjectRole::Image(image.kind), ObjectRole::Preview(image.kind)]);
    let copying = try_join_all(roles.map(|role| deps.vault.copy_to_associated(set_id, role)));
    let sealing = KeyItem::seal(&deps.kms, &subject.id, set_id, &opened, association.expires_at);
    let (_, key) = tokio::try_join!(copying, sealing)?;
    let (at, end) = (association.associated_at, association.expires_at);
    let associated = Event::Associated { set_id: set_id.to_owned(), code_id: association.code_id.clone(), by: person.clone() };
    let owner = NewOwner {
        subject: &subject.id,
        associated_at: at,
        expires_at: end,
        from: submission.state,
        dissociations: submission.dissociations,
    };
    // Identifies the reminder about the code's expiry, which the transaction deletes because the code is now used.
    let code_reminder = About::Code { code_id: association.code_id.clone() };
    let version = acting.consent().unwrap_or_default();
    let in_session = Associated { subject_id: subject.id.clone(), code_id: association.code_id.clone() };
    let record = Record::new(&subject.id, associated, at, end).at_kep(acting.channel());
    acting
        .begin(&deps.transaction, &deps.history, ActKind::Associated, subject, call)?
        .with(deps.codes.associate_write(&submission.code, &owner)?)
        .with(deps.associations.put_write(association)?)
        .with(deps.keys.put_write(&key)?)
        .with(deps.history.put_write(&record)?)
        // Removes the code from the session, so that after a dissociation the person must enter the code again to open the photos.
        .with(deps.sessions.associated_write(&acting.session, &in_session)?)
        .with(deps.consents.associate_write(person, set_id, at, end, acting.channel())?)
        // Extends the retention of the agreement to the text on personal data, as if the photos expired in a full year. These photos may
        // expire earlier, but the person's other photos may expire later.
        .with(deps.consents.extend_personal_data_write(person, version, retention::association_expiry(at))?)
        .with_some(first.then(|| deps.outbox.delete_used_write(&submission.message_id)).transpose()?)
        .with_some(first.then(|| deps.issuances.associated_write(&submission.business, &submission.upload_id)).transpose()?)
        .with_some(first.then(|| deps.reminders.delete_write(&code_reminder, submission.code_expires_at)).transpose()?)
        .commit()
        .await
}

/// Returns the response if the subject already has an association. If the association has the same code, another session or a concurrent
/// request has created it. This request then succeeds, the session forgets the code, and the person's agreement is recorded unless it is
/// recorded already. If the association has another code, the person must end it first.
async fn answer_existing(
    deps: &Deps,
    call: &Call,
    (acting, subject): (&Acting, &Subject),
    existing: &Association,
    code_id: &str,
) -> Result<Reply, Failure> {
    if existing.code_id != code_id {
        return Err(Problem::AssociationExists { associated_at: existing.associated_at, expires_at: existing.expires_at }.into());
    }
    let Deps { sessions, history, consents, transaction, .. } = deps;
    match (ExistingAssociation { sessions, history, consents, transaction }).record_agreement(call, acting, subject, existing).await {
        Ok(()) => Reply::json(200, &AssociationView::of(existing, subject, call.now)),
        Err(error) if acting.is_case_over(&error) => Err(Problem::CaseOver.into()),
        Err(error) => Err(error.into()),
    }
}

/// Returns the response if the code has changed or the transaction was rejected. Possible causes: an earlier attempt of this request
/// succeeded, another association exists, or another request has changed the code.
async fn respond_to_conflict(
    deps: &Deps,
    call: &Call,
    (acting, subject): (&Acting, &Subject),
    submission: &PendingSubmission,
    requested: Association,
) -> Result<Reply, Failure> {
    let (association, code) =
        tokio::try_join!(deps.associations.of(&requested.subject_id, call.now), deps.codes.find(&submission.code, call.now))?;
    if let Some(existing) = association {
        return answer_existing(deps, call, (acting, subject), &existing, &requested.code_id).await;
    }
    match code {
        None => Err(Problem::CodeNotActive.into()),
        Some(code) if (code.state, code.dissociations) == (submission.state, submission.dissociations) => Err(Problem::Conflict.into()),
        // Since this session submitted the code, it has been associated and dissociated, so anybody may submit it again. This session
        // forgets its submission, which is no longer valid.
        Some(code) if code.state == CodeState::Dissociated => {
            let forgotten = deps.sessions.remove_submission(&acting.session).await?;
            Err(if forgotten { Problem::NoSubmission } else { Problem::Conflict }.into())
        }
        Some(_) => Err(Problem::AssociationRaced.into()),
    }
}
