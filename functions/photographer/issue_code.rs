//! POST /v1/photographer/issuances: issues a code number for an upload and queues it for sending.
//!
//! The pictures are checked, stripped of metadata and sealed. Then code, history and message are written in one transaction. A repeated
//! request gets the same response.

use domain::{CodeNumber, Language, Moment, delivery::DeliveryState, retention, submission::CodeState};
use edge::{Call, Failure, Reply, Setup, guard::Photographer, log, views::IssuanceView};
use futures_util::future::try_join_all;
use messages::problem::Problem;
use photographer_functions::{CheckedPicture, RecipientBody, check, delete_originals, limit_reached, log_limits};
use serde::Deserialize;
use storage::{
    Transaction, TransactionError,
    code_limits::{CodeLimits, CommitError, Counters, Wanted},
    codes::{CodeItem, Codes, ImageFacts, wrap_key},
    issuances::{Issuance, Issuances, Issued, UploadState, Verdicts},
    kms::KmsKey,
    outbox::{Message, Outbox, OutboxItem},
    reminders::{About, Address, ReminderItem, Reminders},
    sealing::{RecipientHasher, SealingKey, code_id},
    sessions::Sessions,
    staff::Staff,
    vault::{ObjectRole, Vault},
};

struct Deps {
    sessions: Sessions,
    staff: Staff,
    issuances: Issuances,
    limits: CodeLimits,
    codes: Codes,
    outbox: Outbox,
    reminders: Reminders,
    vault: Vault,
    outbox_key: KmsKey,
    recipient_hasher: RecipientHasher,
    reminders_key: KmsKey,
    transaction: Transaction,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    upload_id: String,
    recipient: RecipientBody,
    language: Language,
    /// True if the citizen agreed to a reminder before the code expires. Only then is the address stored for longer than a day.
    #[serde(default)]
    reminder: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps {
        sessions: setup.sessions(),
        staff: setup.staff(),
        issuances: setup.issuances(),
        limits: setup.code_limits(),
        codes: setup.codes(),
        outbox: setup.outbox(),
        reminders: setup.reminders(),
        vault: setup.vault(),
        outbox_key: setup.outbox_key(),
        recipient_hasher: setup.recipient_hasher(),
        reminders_key: setup.reminders_key(),
        transaction: setup.transaction(),
    };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let Photographer { session, business, member, .. } = Photographer::from(call, &deps.sessions, &deps.staff).await?;
    let body: Body = call.json()?;
    let to = Address { recipient: body.recipient.parse()?, language: body.language };
    if !storage::is_time_ordered_id(&body.upload_id) {
        return Err(Problem::UploadUnknown.into());
    }
    let find = async || Ok::<_, Failure>(deps.issuances.find(&business, &body.upload_id, call.now).await?.ok_or(Problem::UploadUnknown)?);
    let counted = Wanted { issuing_business: Some(&business), recipient: &to.recipient };
    let (upload, counters) = tokio::try_join!(find(), async { Ok(deps.limits.read(counted, call.now).await?) })?;
    // The response if an earlier request has issued a code for the upload or refused it.
    let settled = async |upload: &Issuance| match (upload.state, &upload.issued) {
        (UploadState::Issued, Some(issued)) => Some(match is_for(deps, issued, &to, body.reminder).await {
            Ok(true) => Reply::json(
                200,
                &IssuanceView::of(upload, issued, (&session, &member), call.language, call.now).suggesting_for(&to.recipient),
            ),
            Ok(false) => Err(Problem::IssuanceConflict.into()),
            Err(failure) => Err(failure),
        }),
        (UploadState::Issued, None) => Some(Err(Problem::IssuanceConflict.into())),
        (UploadState::Refused, _) => Some(Err(Problem::UploadRefused.into())),
        (UploadState::Uploading, _) => None,
    };
    if let Some(response) = settled(&upload).await {
        // The earlier request may have been interrupted before it deleted the originals.
        delete_originals(&deps.vault, &upload).await;
        return response;
    }
    let counters = counters.map_err(|limit| limit_reached(env!("CARGO_BIN_NAME"), limit, call.now))?;
    let checked = match check(&deps.vault, &upload).await {
        Ok(checked) => checked,
        Err(failure) => {
            // Another request may have issued the code and deleted the originals in the meantime.
            if let Some(response) = settled(&find().await?).await {
                delete_originals(&deps.vault, &upload).await;
                return response;
            }
            if matches!(failure, Failure::Refused(Problem::BadPicture { .. } | Problem::UploadAltered { .. })) {
                deps.issuances.refuse(&business, &body.upload_id).await?;
                delete_originals(&deps.vault, &upload).await;
            }
            return Err(failure);
        }
    };
    match issue(deps, call.now, &upload, checked, &to, body.reminder, counters).await {
        Ok(issued) => {
            delete_originals(&deps.vault, &upload).await;
            let view = IssuanceView::of(&upload, &issued, (&session, &member), call.language, call.now);
            Reply::json(201, &view.suggesting_for(&to.recipient))
        }
        Err(Failure::Refused(Problem::Conflict)) => settled(&find().await?).await.unwrap_or_else(|| Err(Problem::Conflict.into())),
        Err(failure) => Err(failure),
    }
}

/// Returns whether a repeated request has the same recipient, language and reminder as the one that issued the code.
///
/// Two recipients may look the same when masked. As long as the message exists, which is for a day or until the code is associated, the
/// hash of the recipient in it decides.
async fn is_for(deps: &Deps, issued: &Issued, to: &Address, reminder: bool) -> Result<bool, Failure> {
    let looks_alike = issued.recipient_kind == to.recipient.kind() && issued.recipient_masked == to.recipient.masked();
    if !looks_alike || issued.language != to.language || issued.reminder != reminder {
        return Ok(false);
    }
    let message = deps.outbox.find(&issued.message_id).await?;
    Ok(message.is_none_or(|message| message.is_for(&deps.recipient_hasher, &to.recipient)))
}

/// Draws the code, seals the pictures and the message, and writes code, history and message in one transaction.
async fn issue(
    deps: &Deps,
    now: Moment,
    upload: &Issuance,
    checked: Vec<CheckedPicture>,
    to: &Address,
    reminder: bool,
    counters: Counters,
) -> Result<Issued, Failure> {
    let code = CodeNumber::draw(|bytes| aws::random(bytes))?;
    let data_key = SealingKey::random()?;
    let set_id = storage::random_id()?;
    let expires_at = retention::code_expiry(now);
    let message = Message::new(to.recipient.clone(), &code, to.language, expires_at);
    let objects = checked.iter().flat_map(|checked| {
        [(ObjectRole::Image(checked.kind), &checked.picture.jpeg), (ObjectRole::Preview(checked.kind), &checked.picture.preview)]
    });
    let storing = try_join_all(objects.map(|(role, plain)| deps.vault.store(&data_key, &set_id, role, plain)));
    let message_id = storage::time_ordered_id();
    let sealing_message =
        OutboxItem::seal(&deps.outbox_key, &deps.recipient_hasher, message_id.clone(), &message, &upload.business, &upload.upload_id, now);
    let about = About::Code { code_id: code_id(&code) };
    let sealing_reminder = async {
        if !reminder {
            return Ok(None);
        }
        ReminderItem::seal(&deps.reminders_key, &about, to, &set_id, expires_at, None).await.map(Some)
    };
    let (_, message, reminder_item) = tokio::try_join!(storing, sealing_message, sealing_reminder)?;
    let issued = Issued {
        recipient_kind: to.recipient.kind(),
        recipient_masked: to.recipient.masked(),
        language: to.language,
        issued_at: now,
        code_expires_at: expires_at,
        delivery: DeliveryState::Queued,
        attempts: 0,
        sent_at: None,
        associated: false,
        message_id,
        reminder,
        resent: Vec::new(),
        verdicts: Verdicts::default(),
    };
    let images = checked.iter().map(|checked| ImageFacts {
        kind: checked.kind,
        width: checked.picture.width,
        height: checked.picture.height,
        bytes: u64::try_from(checked.picture.jpeg.len()).unwrap_or_default(),
    });
    let item = CodeItem {
        code_id: code_id(&code),
        state: CodeState::Issued,
        wrapped_key: wrap_key(&data_key, &code, &set_id)?,
        set_id: set_id.clone(),
        profile: upload.profile,
        images: images.collect(),
        business: upload.business.clone(),
        upload_id: upload.upload_id.clone(),
        message_id: message.message_id.clone(),
        issued_at: now,
        expires_at,
        first_subject: None,
        first_associated_at: None,
        dissociations: 0,
        subject: None,
    };
    let mut writes = vec![
        deps.issuances.issue_write(&upload.business, &upload.upload_id, &issued)?,
        deps.codes.put_write(&item)?,
        deps.outbox.put_write(&message)?,
    ];
    writes.extend(reminder_item.map(|item| deps.reminders.put_write(&item)).transpose()?);
    let counted = Wanted { issuing_business: Some(&upload.business), recipient: &to.recipient };
    let problem = match deps.limits.commit(&deps.transaction, counters, &writes, counted, now).await {
        Ok(counters) => {
            log_limits(env!("CARGO_BIN_NAME"), &counters);
            return Ok(issued);
        }
        Err(CommitError::Reached(limit)) => limit_reached(env!("CARGO_BIN_NAME"), limit, now),
        Err(CommitError::Transaction(TransactionError::Refused(_) | TransactionError::Conflict)) => Problem::Conflict,
        Err(CommitError::Transaction(TransactionError::Storage(error))) => return Err(error.into()),
    };
    // Another request issued the code for this upload, or used the last code of the day. Deletes the objects that this request stored.
    for checked in &checked {
        for role in [ObjectRole::Image(checked.kind), ObjectRole::Preview(checked.kind)] {
            log::side_call(env!("CARGO_BIN_NAME"), deps.vault.delete_pending(&set_id, role).await);
        }
    }
    Err(problem.into())
}
