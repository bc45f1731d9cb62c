//! POST /v1/photographer/issuances/{upload}/resend: sends the code again to the same recipient, or sends a new code after a correction.
//!
//! A correction changes the recipient or the language. It replaces the old code by a new one in one transaction.

use domain::{
    CodeNumber, Language, Recipient,
    delivery::{self, DeliveryState},
    staff::MemberId,
    submission::CodeState,
};
use edge::{Call, Failure, Reply, Setup, guard::Photographer, views::IssuanceView};
use messages::problem::Problem;
use photographer_functions::{RecipientBody, limit_reached, log_limits, refuse_resend as refuse};
use serde::Deserialize;
use storage::{
    Transaction,
    code_limits::{CodeLimits, CommitError, Counters, Wanted},
    codes::{CodeItem, Codes, unwrap_key, wrap_key},
    issuances::{Issuance, Issuances, Issued, Resent, UploadState},
    kms::KmsKey,
    outbox::{Message, Outbox, OutboxItem},
    reminders::{About, Address, ReminderItem, Reminders},
    sealing::{RecipientHasher, SealingKey, code_id},
    sessions::Sessions,
    staff::Staff,
    transaction::TransactWrite,
};

struct Deps {
    sessions: Sessions,
    staff: Staff,
    issuances: Issuances,
    limits: CodeLimits,
    codes: Codes,
    outbox: Outbox,
    outbox_key: KmsKey,
    recipient_hasher: RecipientHasher,
    reminders: Reminders,
    reminders_key: KmsKey,
    issuance_key: SealingKey,
    transaction: Transaction,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    recipient: Option<RecipientBody>,
    language: Option<Language>,
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
        outbox_key: setup.outbox_key(),
        recipient_hasher: setup.recipient_hasher(),
        reminders: setup.reminders(),
        reminders_key: setup.reminders_key(),
        issuance_key: setup.issuance_key(),
        transaction: setup.transaction(),
    };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let Photographer { session, business, member, .. } = Photographer::from(call, &deps.sessions, &deps.staff).await?;
    let body: Body = call.json()?;
    let recipient = body.recipient.as_ref().map(RecipientBody::parse).transpose()?;
    let upload_id = call.path("upload").filter(|id| storage::is_time_ordered_id(id)).ok_or(Problem::UploadUnknown)?;
    let upload = deps.issuances.find(&business, upload_id, call.now).await?.ok_or(Problem::UploadUnknown)?;
    let issued = match (upload.state, &upload.issued) {
        (UploadState::Issued, Some(issued)) => issued,
        (UploadState::Refused, _) => return Err(Problem::UploadRefused.into()),
        (UploadState::Issued | UploadState::Uploading, _) => return Err(Problem::UploadUnknown.into()),
    };
    refuse(delivery::resend(&issued.resend_facts(), call.now))?;
    let Some(item) = deps.outbox.find(&issued.message_id).await? else {
        return Err(conflict_failure(deps, call, &upload, Some(&issued.message_id)).await?);
    };
    let message = item.open(&deps.outbox_key).await?;
    let correction = correction(&message, recipient, body.language)?;
    refuse(delivery::resend_message(Some(&item.facts()), correction.is_some(), call.now))?;
    let to = correction.as_ref().map_or(&message.recipient, |correction| &correction.recipient).clone();
    if let Some(reason) = message.undeliverable_to(&to, item.failure) {
        return Err(Problem::ResendUndeliverable { reason }.into());
    }
    let counted = Wanted { issuing_business: correction.as_ref().map(|_| &business), recipient: &to };
    let counters = deps.limits.read(counted, call.now).await?.map_err(|limit| limit_reached(env!("CARGO_BIN_NAME"), limit, call.now))?;
    let resend = Resending { deps, call, member: &member, upload: &upload, issued, item: &item, message: &message, counted };
    let result = match correction {
        None => resend.send_again(counters).await,
        Some(correction) => resend.correct(correction, counters).await,
    };
    match result {
        Ok(updated) => {
            let view = IssuanceView::of(&upload, &updated, (&session, &member), &deps.issuance_key, call.language, call.now);
            Reply::json(200, &view.suggesting_for(&to))
        }
        // In the meantime the code was associated, sent again by another request, or claimed by `deliver_code`.
        Err(Failure::Refused(Problem::Conflict)) => Err(conflict_failure(deps, call, &upload, None).await?),
        Err(failure) => Err(failure),
    }
}

/// A change of the recipient or the language.
struct Correction {
    /// The current code, which is replaced.
    code: CodeNumber,
    recipient: Recipient,
    language: Language,
}

/// Returns `None` if neither the recipient nor the language changes, so that the same message is sent again.
fn correction(message: &Message, recipient: Option<Recipient>, language: Option<Language>) -> Result<Option<Correction>, Failure> {
    let language = language.unwrap_or(message.language);
    let recipient = recipient.unwrap_or_else(|| message.recipient.clone());
    if recipient == message.recipient && language == message.language {
        return Ok(None);
    }
    Ok(Some(Correction { code: message.code()?, recipient, language }))
}

/// The data that was read before sending a code again.
struct Resending<'a> {
    deps: &'a Deps,
    call: &'a Call,
    member: &'a MemberId,
    upload: &'a Issuance,
    issued: &'a Issued,
    item: &'a OutboxItem,
    message: &'a Message,
    /// The daily limits that this request counts towards.
    counted: Wanted<'a>,
}

impl Resending<'_> {
    /// Queues the same message again.
    async fn send_again(&self, counters: Counters) -> Result<Issued, Failure> {
        let Self { deps, call, upload, issued, item, .. } = self;
        let updated = self.updated_issuance(false);
        let writes = [
            deps.issuances.resend_write(&upload.business, &upload.upload_id, issued, &updated)?,
            deps.outbox.requeue_write(item, call.now)?,
            deps.outbox.wake_again_write(&item.message_id, updated.resent.len(), call.now)?,
        ];
        self.commit(counters, &writes).await?;
        Ok(updated)
    }

    /// Replaces the code, because the old one may have reached a stranger. The new code opens the same photos and keeps the old expiry.
    async fn correct(&self, correction: Correction, counters: Counters) -> Result<Issued, Failure> {
        let Self { deps, call, upload, issued, item, .. } = self;
        let Correction { code: old_code, recipient, language } = correction;
        // The code is not associated, so its state must be `Issued`. If it is not found in this state, another request has replaced or
        // associated it in the meantime.
        let old = deps.codes.find(&old_code, call.now).await?.filter(|code| code.state == CodeState::Issued).ok_or(Problem::Conflict)?;
        let code = CodeNumber::draw(|bytes| aws::random(bytes))?;
        let data_key = unwrap_key(&old.wrapped_key, &old_code, &old.set_id)?;
        let message = Message::new(recipient.clone(), &code, language, old.expires_at).replacing(self.message, item.failure);
        let message_id = storage::time_ordered_id();
        let sealing = OutboxItem::seal(
            &deps.outbox_key,
            &deps.recipient_hasher,
            message_id.clone(),
            &message,
            &upload.business,
            &upload.upload_id,
            call.now,
        );
        let new = CodeItem {
            code_id: code_id(&code),
            wrapped_key: wrap_key(&data_key, &code, &old.set_id)?,
            message_id: message_id.clone(),
            ..old.clone()
        };
        let (old_about, about) = (About::Code { code_id: old.code_id.clone() }, About::Code { code_id: new.code_id.clone() });
        // If the citizen agreed to a reminder, it is set for the new recipient.
        let to = Address { recipient: recipient.clone(), language };
        let sealing_reminder = async {
            if !issued.reminder {
                return Ok(None);
            }
            ReminderItem::seal(&deps.reminders_key, &about, &to, &old.set_id, old.expires_at, None).await.map(Some)
        };
        let (message, reminder) = tokio::try_join!(sealing, sealing_reminder)?;
        let updated = Issued {
            recipient_kind: recipient.kind(),
            recipient_masked: recipient.masked(),
            language,
            message_id,
            ..self.updated_issuance(true)
        };
        let mut writes = vec![
            deps.issuances.resend_write(&upload.business, &upload.upload_id, issued, &updated)?,
            deps.outbox.withdraw_write(item)?,
            deps.outbox.put_write(&message)?,
            deps.codes.delete_write(&old)?,
            deps.codes.put_write(&new)?,
            deps.reminders.delete_write(&old_about, old.expires_at)?,
        ];
        writes.extend(reminder.map(|reminder| deps.reminders.put_write(&reminder)).transpose()?);
        self.commit(counters, &writes).await?;
        Ok(updated)
    }

    /// Returns the new state of the issuance: its message is queued again, and this resend is in the list of resends.
    fn updated_issuance(&self, corrected: bool) -> Issued {
        let mut updated = Issued { delivery: DeliveryState::Queued, attempts: 0, sent_at: None, failure: None, ..self.issued.clone() };
        updated.resent.push(Resent { at: self.call.now, by: self.member.clone(), corrected });
        updated
    }

    async fn commit(&self, counters: Counters, writes: &[TransactWrite]) -> Result<(), Failure> {
        let operation = env!("CARGO_BIN_NAME");
        match self.deps.limits.commit(&self.deps.transaction, counters, writes, self.counted, self.call.now).await {
            Ok(counters) => {
                log_limits(operation, &counters);
                Ok(())
            }
            Err(CommitError::Reached(limit)) => Err(limit_reached(operation, limit, self.call.now).into()),
            Err(CommitError::Transaction(error)) => Err(error.into()),
        }
    }
}

/// Reads the issuance again and returns the reason why nothing was written: the code must not be sent again, or another request changed the
/// data at the same time.
///
/// `gone` is the ID of a message that was not found. If the issuance still names this ID, the message was deleted after its 24 hours.
async fn conflict_failure(deps: &Deps, call: &Call, upload: &Issuance, gone: Option<&str>) -> Result<Failure, Failure> {
    let upload = deps.issuances.find(&upload.business, &upload.upload_id, call.now).await?;
    let Some(issued) = upload.and_then(|upload| upload.issued) else { return Ok(Problem::UploadUnknown.into()) };
    // A different message ID means that another request replaced the message.
    let otherwise = if gone == Some(issued.message_id.as_str()) { Problem::ResendTooLate } else { Problem::Conflict };
    Ok(refuse(delivery::resend(&issued.resend_facts(), call.now)).err().unwrap_or(otherwise).into())
}
