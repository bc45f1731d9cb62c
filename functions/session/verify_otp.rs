//! POST /v1/session/otp: verifies the one-time password. If it is correct, the session continues under a new token. The third wrong
//! password ends the session.

use domain::{
    Secret,
    otp::{Otp, WRONG_OTPS_MAX},
    quota::{self, Quota},
    time::Span,
    typed::{self, TypedError},
};
use edge::{Call, Failure, Reply, Setup, guard::Visitor, views::SessionView};
use messages::problem::{FieldReason, Problem};
use serde::Deserialize;
use storage::{
    Transaction, TransactionError,
    consents::Consents,
    quotas::{Quotas, Use},
    sealing::{SessionToken, equal},
    sessions::{AwaitedOtp, Session, Sessions, Try},
};

/// Period in which a request with the superseded token and the same password still returns the new token, so that a caller that did not
/// receive the response can repeat the request.
const SUPERSEDED_TOKEN_VALID: Span = Span::minutes(1);

struct Deps {
    sessions: Sessions,
    quotas: Quotas,
    consents: Consents,
    transaction: Transaction,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    otp: Secret,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps { sessions: setup.sessions(), quotas: setup.quotas(), consents: setup.consents(), transaction: setup.transaction() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let Visitor { session } = Visitor::from_current_or_rotated(call, &deps.sessions).await?;
    let Some(awaited) = session.otp.clone() else {
        return Err(Problem::NotAwaitingOtp.into());
    };
    let otp = typed_otp(&call.json()?)?;
    record_try_and_compare(deps, call, &session, &awaited, &otp).await?;
    match &session.successor {
        Some(successor) => repeat_response(deps, call, successor).await,
        None => rotate_session(deps, call, &session).await,
    }
}

/// Finds the password in the field, which may contain the whole SMS. A text without a password does not count as a try.
fn typed_otp(body: &Body) -> Result<Otp, Problem> {
    typed::otp(body.otp.expose()).map(|typed| typed.value).map_err(|error| match error {
        TypedError::Invalid => Problem::OtpMalformed,
        TypedError::Several => Problem::InvalidField { field: "otp".to_owned(), reason: FieldReason::SeveralValues },
    })
}

/// Records the try, then compares the password. In this order, concurrent tries are all counted. The error for a wrong password contains
/// the number of tries left.
async fn record_try_and_compare(deps: &Deps, call: &Call, session: &Session, awaited: &AwaitedOtp, otp: &Otp) -> Result<(), Failure> {
    // The request ID of Lambda identifies a try, so that a write that the SDK retries is counted only once, while every request is counted.
    let try_id = call.request_id.as_str();
    let noted = match deps.sessions.note_try(session, try_id, WRONG_OTPS_MAX).await? {
        Try::Noted(noted) => u32::try_from(noted).unwrap_or(u32::MAX),
        // The session is not ended here, because the third try may be a correct one that is still being processed. If the third try is
        // wrong, its own request ends the session.
        Try::Exhausted => return Err(Problem::OtpExhausted.into()),
        Try::Gone => return Err(Problem::SessionExpired.into()),
    };
    match deps.quotas.use_one(Quota::WrongOtps, &session.subject_id, try_id, call.now).await? {
        Use::WithinLimit { .. } => {}
        Use::Exhausted => return Err(Problem::OtpDailyLimit { renews_at: quota::renews_at(call.now) }.into()),
    }
    let right = equal(&session.token.otp_hash(otp), &awaited.hash);
    if right && !call.now.has_reached(awaited.expires_at) {
        deps.quotas.give_back(Quota::WrongOtps, &session.subject_id, try_id, call.now).await?;
        return Ok(());
    }
    if noted >= WRONG_OTPS_MAX {
        return end(deps, session).await;
    }
    if right { Err(Problem::OtpExpired.into()) } else { Err(Problem::OtpWrong { left: WRONG_OTPS_MAX - noted }.into()) }
}

/// Ends the session and returns [`Problem::OtpExhausted`] as the error.
async fn end(deps: &Deps, session: &Session) -> Result<(), Failure> {
    deps.sessions.end(&session.token).await?;
    Err(Problem::OtpExhausted.into())
}

/// Continues the session under a new token, so that a token that was known to somebody else or planted before the sign-in becomes useless.
async fn rotate_session(deps: &Deps, call: &Call, old: &Session) -> Result<Reply, Failure> {
    let agreed = deps.consents.has_agreed_to_personal_data(&old.subject_id, call.now).await?;
    let mut session = old.clone();
    session.token = SessionToken::random()?;
    session.otp = None;
    session.used_at = call.now;
    session.expires_at = domain::session::ends_at(call.now, session.hard_end);
    session.consent = agreed.then(|| domain::consent::PERSONAL_DATA_VERSION.to_owned());
    let result = deps
        .transaction
        .clone()
        .with(deps.sessions.rotate_write(old, &call.request_id, &session.token, call.now.plus(SUPERSEDED_TOKEN_VALID))?)
        .with(deps.sessions.put_write(&session)?)
        .commit()
        .await;
    match result {
        Ok(()) => {}
        // A concurrent request with the same password has already rotated the session.
        Err(TransactionError::Refused(_) | TransactionError::Conflict) => return Err(Problem::Conflict.into()),
        Err(TransactionError::Storage(error)) => return Err(error.into()),
    }
    Reply::session(call, &SessionView::of(&session, None, call.language, call.now), &session.token)
}

/// Repeats the response with the new token, for a caller that did not receive it.
async fn repeat_response(deps: &Deps, call: &Call, successor: &SessionToken) -> Result<Reply, Failure> {
    let session = deps.sessions.load(successor, call.now).await?.ok_or(Problem::SessionExpired)?;
    Reply::session(call, &SessionView::of(&session, None, call.language, call.now), successor)
}
