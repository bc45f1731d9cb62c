//! PUT /v1/kep/cases/{case}/presence: proves the presence of the person at the counter by the one-time password, or by the clerk's
//! declaration for a person without a mobile number. The transaction that stores the proof also stores a message to the person, which is
//! due when the case ends.

use domain::{
    Secret,
    kep::{Presence, PresenceProof, message_due_at},
    otp::{Otp, WRONG_OTPS_MAX},
    quota::{self, Quota},
    typed::{self, TypedError},
};
use edge::{
    Call, Failure, Reply, Setup,
    guard::InCase,
    views::{ActView, CaseView},
};
use messages::problem::{FieldReason, Problem};
use serde::Deserialize;
use storage::{
    TransactionError,
    applications::Applications,
    case_closing::CaseClosing,
    consents::Consents,
    history::Event,
    kms::KmsKey,
    quotas::{Quotas, Use},
    reminders::cases::{CaseMessage, CaseMessageItem, SealedCaseMessage},
    sealing::equal,
    sessions::{AwaitedOtp, Case, Session, Try},
};

struct Deps {
    closing: CaseClosing,
    quotas: Quotas,
    consents: Consents,
    applications: Applications,
    kms: KmsKey,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    otp: Option<Secret>,
    declare: Option<bool>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps {
        closing: setup.case_closing(),
        quotas: setup.quotas(),
        consents: setup.consents(),
        applications: setup.applications(),
        kms: setup.reminders_key(),
    };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let InCase { session, case } = InCase::from(call, &deps.closing.sessions).await?;
    let body: Body = call.json()?;
    let otp = typed_otp(&body, case.proof)?;
    if case.proven_at.is_some() {
        return respond_again(deps, call, &session, &case).await;
    }
    if let Some(otp) = otp {
        let awaited = case.otp.as_ref().ok_or(Problem::NotAwaitingOtp)?;
        record_try_and_compare(deps, call, &session, &case, awaited, &otp).await?;
    }
    let proven = proven(deps, call, &case).await?;
    match store(deps, call, &session, &proven).await {
        Ok(()) => respond(deps, call, &session, &proven, Vec::new()).await,
        // Another request has already proven the presence or changed the case, or the case was closed.
        Err(TransactionError::Refused(_) | TransactionError::Conflict) => {
            let current = deps.closing.sessions.load(&session.token, call.now).await?.ok_or(Problem::SessionExpired)?;
            match current.open_case(call.now).filter(|open| open.handle == case.handle) {
                Some(open) if open.proven_at.is_some() => respond_again(deps, call, &current, open).await,
                Some(_) => Err(Problem::Conflict.into()),
                None => Err(Problem::CaseOver.into()),
            }
        }
        Err(TransactionError::Storage(error)) => Err(error.into()),
    }
}

/// Returns the password in the body, or `None` for a declaration. Fails if the body has another proof than the case requires.
fn typed_otp(body: &Body, proof: PresenceProof) -> Result<Option<Otp>, Problem> {
    let invalid = |field: &str, reason| Problem::InvalidField { field: field.to_owned(), reason };
    match (proof, &body.otp, body.declare) {
        (PresenceProof::Otp, Some(otp), None) => match typed::otp(otp.expose()) {
            Ok(typed) => Ok(Some(typed.value)),
            // A text that contains no password does not count as a wrong try.
            Err(TypedError::Invalid) => Err(Problem::OtpMalformed),
            Err(TypedError::Several) => Err(invalid("otp", FieldReason::SeveralValues)),
        },
        (PresenceProof::Otp, None, None) => Err(invalid("otp", FieldReason::Missing)),
        // A person with a mobile number proves their presence by the password alone.
        (PresenceProof::Otp, _, Some(_)) => Err(invalid("declare", FieldReason::NotAllowed)),
        (PresenceProof::Declaration, None, Some(true)) => Ok(None),
        (PresenceProof::Declaration, None, Some(false)) => Err(invalid("declare", FieldReason::NotAllowed)),
        (PresenceProof::Declaration, None, None) => Err(invalid("declare", FieldReason::Missing)),
        (PresenceProof::Declaration, Some(_), _) => Err(invalid("otp", FieldReason::NotAllowed)),
    }
}

/// Records the try, then compares the password. In this order, concurrent tries are all counted. Wrong tries also count towards the
/// person's daily limit, together with those of the person's own sign-in. The third wrong password closes the case.
async fn record_try_and_compare(
    deps: &Deps,
    call: &Call,
    session: &Session,
    case: &Case,
    awaited: &AwaitedOtp,
    otp: &Otp,
) -> Result<(), Failure> {
    let (try_id, person) = (call.request_id.as_str(), &case.person.subject_id);
    let noted = match deps.closing.sessions.note_case_try(session, try_id, WRONG_OTPS_MAX).await? {
        Try::Noted(noted) => u32::try_from(noted).unwrap_or(u32::MAX),
        Try::Exhausted => return Err(Problem::OtpExhausted.into()),
        Try::Gone => return Err(Problem::SessionExpired.into()),
    };
    match deps.quotas.use_one(Quota::WrongOtps, person, try_id, call.now).await? {
        Use::WithinLimit { .. } => {}
        Use::Exhausted => return Err(Problem::OtpDailyLimit { renews_at: quota::renews_at(call.now) }.into()),
    }
    let right = equal(&session.token.otp_hash(otp), &awaited.hash);
    if right && !call.now.has_reached(awaited.expires_at) {
        deps.quotas.give_back(Quota::WrongOtps, person, try_id, call.now).await?;
        return Ok(());
    }
    if noted >= WRONG_OTPS_MAX {
        return match deps.closing.close_case(session, case, call.now).await {
            // After a conflict with another request, the case may still be open. It accepts no further password and ends when it expires.
            Ok(()) | Err(TransactionError::Refused(_) | TransactionError::Conflict) => Err(Problem::OtpExhausted.into()),
            Err(TransactionError::Storage(error)) => Err(error.into()),
        };
    }
    if right { Err(Problem::OtpExpired.into()) } else { Err(Problem::OtpWrong { left: WRONG_OTPS_MAX - noted }.into()) }
}

/// Returns the case with the presence proven, and with the message that is sent when the case ends.
async fn proven(deps: &Deps, call: &Call, case: &Case) -> Result<Case, Failure> {
    let sealing = async {
        match &case.person.mobile {
            Some(mobile) => {
                let message = CaseMessage {
                    mobile: mobile.clone(),
                    office: case.office.name.clone(),
                    application_number: case.application_number.clone(),
                    language: case.language,
                };
                SealedCaseMessage::seal(&deps.kms, &case.record, &message).await.map(Some)
            }
            None => Ok(None),
        }
    };
    let agreed = deps.consents.has_agreed_to_personal_data(&case.person.subject_id, call.now);
    let (message, agreed) = tokio::try_join!(sealing, agreed)?;
    let consent = agreed.then(|| domain::consent::PERSONAL_DATA_VERSION.to_owned());
    Ok(Case { proven_at: Some(call.now), otp: None, consent, message, ..case.clone() })
}

/// Stores the proof and the message in one transaction. The proof is stored in the session and in the record of the case.
async fn store(deps: &Deps, call: &Call, session: &Session, proven: &Case) -> Result<(), TransactionError> {
    let CaseClosing { sessions, history, reminders, transaction, .. } = &deps.closing;
    let person = &proven.person.subject_id;
    let item =
        proven.message.as_ref().map(|message| CaseMessageItem::new(message, person, &proven.record, message_due_at(proven.expires_at)));
    transaction
        .clone()
        .with(sessions.replace_case_write(session, proven.clone())?)
        .with(history.prove_presence_write(person, &proven.record, Presence::from(proven.proof), call.now)?)
        .with_some(item.map(|item| reminders.put_case_message_write(&item)).transpose()?)
        .commit()
        .await
}

/// Responds to a repeated request. Lists what was done in the case since the first request.
async fn respond_again(deps: &Deps, call: &Call, session: &Session, case: &Case) -> Result<Reply, Failure> {
    let record = deps.closing.history.find(&case.person.subject_id, &case.record, call.now);
    let (record, applications) = tokio::try_join!(record, deps.applications.all())?;
    let Some(Event::Case(record)) = record.map(|record| record.what) else { return Err(Problem::CaseOver.into()) };
    let done = record.acts().into_iter().map(|act| ActView::of(act, &applications, &session.minors, call.language)).collect();
    respond(deps, call, session, case, done).await
}

async fn respond(deps: &Deps, call: &Call, session: &Session, case: &Case, done: Vec<ActView>) -> Result<Reply, Failure> {
    let left = deps.quotas.submissions_left(&case.person.subject_id, call.now).await?;
    Reply::json(200, &CaseView::of(session, case, Some(left), done, call.language))
}
