//! POST /v1/photographer/issuances: issues a code number for an upload and queues it for sending.
//!
//! The pictures are checked, stripped of metadata and sealed. Then code, history and message are written in one transaction. A repeated
//! request gets the same response.

use domain::{CodeNumber, Language, Moment, Reference, Secret, retention, without_face::WithoutFace};
use edge::{
    Call, Failure, Reply, Setup,
    guard::Photographer,
    log::{self, LogCode},
    views::IssuanceView,
};
use futures_util::future::try_join_all;
use messages::problem::Problem;
use photographer_functions::{
    CheckedPicture, RecipientBody, WithoutFaceBody, check, delete_originals, has_same_texts, is_without_face, limit_reached, log_limits,
    note_no_face, parse_reference,
};
use serde::Deserialize;
use storage::{
    Transaction, TransactionError,
    code_limits::{CodeLimits, CommitError, Counters, Wanted},
    codes::{CodeItem, Codes, wrap_key},
    issuances::{Issuance, Issuances, Issued, SealedReference, SealedWithoutFace, UploadState},
    kms::KmsKey,
    outbox::{Message, Outbox, OutboxItem},
    reminders::{About, Address, ReminderItem, Reminders},
    sealing::{RecipientHasher, SealingKey, code_id},
    sessions::{Session, Sessions},
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
    issuance_key: SealingKey,
    transaction: Transaction,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    upload_id: String,
    recipient: RecipientBody,
    language: Language,
    /// True if the citizen agreed to a reminder before the code expires. Only then is the recipient's address stored for longer than a day.
    #[serde(default)]
    reminder: bool,
    /// Reason for issuing a code although no face is found in the face photo.
    without_face: Option<WithoutFaceBody>,
    /// The photographer's own reference, such as an order number.
    reference: Option<Secret>,
}

/// The parsed body of a request, without the ID of the upload.
struct Order {
    to: Address,
    reminder: bool,
    without_face: Option<WithoutFace>,
    reference: Option<Reference>,
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
        issuance_key: setup.issuance_key(),
        transaction: setup.transaction(),
    };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let Photographer { session, business, member, .. } = Photographer::from(call, &deps.sessions, &deps.staff).await?;
    let body: Body = call.json()?;
    let order = Order {
        to: Address { recipient: body.recipient.parse()?, language: body.language },
        reminder: body.reminder,
        without_face: body.without_face.as_ref().map(WithoutFaceBody::parse).transpose()?,
        reference: body.reference.as_ref().map_or(Ok(None), |text| parse_reference(text.expose()))?,
    };
    if !storage::is_time_ordered_id(&body.upload_id) {
        return Err(Problem::UploadUnknown.into());
    }
    let find = async || Ok::<_, Failure>(deps.issuances.find(&business, &body.upload_id, call.now).await?.ok_or(Problem::UploadUnknown)?);
    let counted = Wanted { issuing_business: Some(&business), recipient: &order.to.recipient };
    let (upload, counters) = tokio::try_join!(find(), async { Ok(deps.limits.read(counted, call.now).await?) })?;
    let view = |upload: &Issuance, issued: &Issued| {
        let view = IssuanceView::of(upload, issued, (&session, &member), &deps.issuance_key, call.language, call.now);
        view.suggesting_for(&order.to.recipient)
    };
    // Returns the response if an earlier request has already issued a code for the upload, or marked the upload as refused.
    let settled = async |upload: &Issuance| match (upload.state, &upload.issued) {
        (UploadState::Issued, Some(issued)) => Some(match is_for(deps, upload, issued, &order).await {
            Ok(true) => Reply::json(200, &view(upload, issued)),
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
    // The rejections are checked before the pictures, so that a request with `without_face` that comes too early does not mark the upload
    // as refused. The upload can still be used once the session has two rejections.
    if order.without_face.is_some() && !session.rejections.permit(&business, call.now) {
        return Err(Problem::WithoutFaceTooEarly.into());
    }
    let counters = counters.map_err(|limit| limit_reached(env!("CARGO_BIN_NAME"), limit, call.now))?;
    let checked = match check(&deps.vault, &upload, order.without_face.is_some()).await {
        Ok(checked) => checked,
        Err(failure) => {
            // Another request may have issued the code and deleted the originals in the meantime.
            if let Some(response) = settled(&find().await?).await {
                delete_originals(&deps.vault, &upload).await;
                return response;
            }
            if matches!(failure, Failure::Refused(Problem::BadPicture { .. } | Problem::UploadAltered { .. })) {
                // Stores the rejection before marking the upload as refused, so that the request can be repeated if storing it fails.
                if is_without_face(&failure) {
                    note_no_face(&deps.sessions, &session, &upload, call.now).await?;
                }
                deps.issuances.refuse(&business, &body.upload_id).await?;
                delete_originals(&deps.vault, &upload).await;
            }
            return Err(failure);
        }
    };
    match issue(deps, call.now, &session, &upload, checked, &order, counters).await {
        Ok(issued) => {
            delete_originals(&deps.vault, &upload).await;
            Reply::json(201, &view(&upload, &issued))
        }
        Err(Failure::Refused(Problem::Conflict)) => settled(&find().await?).await.unwrap_or_else(|| Err(Problem::Conflict.into())),
        Err(failure) => Err(failure),
    }
}

/// Returns whether a repeated request has the same [`Order`] as the request that issued the code.
///
/// Two recipients may look the same when masked. As long as the message exists, which is for a day or until the code is associated, the
/// hash of the recipient in the message is compared too.
async fn is_for(deps: &Deps, upload: &Issuance, issued: &Issued, order: &Order) -> Result<bool, Failure> {
    let Order { to, reminder, without_face, reference } = order;
    let looks_alike = issued.recipient_kind == to.recipient.kind() && issued.recipient_masked == to.recipient.masked();
    let has_same_texts = || has_same_texts(upload, issued, &deps.issuance_key, without_face.as_ref(), reference.as_ref());
    if !looks_alike || issued.language != to.language || issued.reminder != *reminder || !has_same_texts() {
        return Ok(false);
    }
    let message = deps.outbox.find(&issued.message_id).await?;
    Ok(message.is_none_or(|message| message.is_for(&deps.recipient_hasher, &to.recipient)))
}

/// Generates the code, seals the pictures and the message, and writes code, history and message in one transaction. If the code is issued
/// without a recognised face, the transaction also removes the rejections that permit it.
async fn issue(
    deps: &Deps,
    now: Moment,
    session: &Session,
    upload: &Issuance,
    checked: Vec<CheckedPicture>,
    order: &Order,
    counters: Counters,
) -> Result<Issued, Failure> {
    let Order { to, reminder, without_face, reference } = order;
    let without_face = without_face.as_ref().filter(|_| checked.iter().any(|checked| checked.picture.waived));
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
        if !*reminder {
            return Ok(None);
        }
        ReminderItem::seal(&deps.reminders_key, &about, to, &set_id, expires_at, None).await.map(Some)
    };
    let (_, message, reminder_item) = tokio::try_join!(storing, sealing_message, sealing_reminder)?;
    let seal_reason = |reason| SealedWithoutFace::seal(&deps.issuance_key, &upload.business, &upload.upload_id, reason);
    let seal_reference = |reference| SealedReference::seal(&deps.issuance_key, &upload.business, &upload.upload_id, reference);
    let issued = Issued {
        reminder: *reminder,
        without_face: without_face.map(seal_reason).transpose()?,
        reference: reference.as_ref().map(seal_reference).transpose()?,
        ..Issued::queued(&to.recipient, to.language, message_id, now, expires_at)
    };
    let wrapped_key = wrap_key(&data_key, &code, &set_id)?;
    let images = checked.iter().map(CheckedPicture::facts).collect();
    let item = CodeItem { images, ..CodeItem::issued(code_id(&code), wrapped_key, set_id.clone(), upload, &issued) };
    let mut writes = vec![
        deps.issuances.issue_write(&upload.business, &upload.upload_id, &issued)?,
        deps.codes.put_write(&item)?,
        deps.outbox.put_write(&message)?,
    ];
    writes.extend(reminder_item.map(|item| deps.reminders.put_write(&item)).transpose()?);
    if without_face.is_some() {
        writes.push(deps.sessions.remove_rejections_write(session)?);
    }
    let counted = Wanted { issuing_business: Some(&upload.business), recipient: &to.recipient };
    let problem = match deps.limits.commit(&deps.transaction, counters, &writes, counted, now).await {
        Ok(counters) => {
            log_limits(env!("CARGO_BIN_NAME"), &counters);
            if without_face.is_some() {
                log::line(env!("CARGO_BIN_NAME"), LogCode::IssuedWithoutFace, &[]);
            }
            return Ok(issued);
        }
        Err(CommitError::Reached(limit)) => limit_reached(env!("CARGO_BIN_NAME"), limit, now),
        Err(CommitError::Transaction(TransactionError::Refused(_) | TransactionError::Conflict)) => Problem::Conflict,
        Err(CommitError::Transaction(TransactionError::Storage(error))) => return Err(error.into()),
    };
    // Nothing was written, because another request changed the data or a daily limit was reached. Deletes the objects of this request.
    for role in checked.iter().flat_map(|checked| [ObjectRole::Image(checked.kind), ObjectRole::Preview(checked.kind)]) {
        log::side_call(env!("CARGO_BIN_NAME"), deps.vault.delete_pending(&set_id, role).await);
    }
    Err(problem.into())
}
