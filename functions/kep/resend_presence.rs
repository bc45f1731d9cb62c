//! POST /v1/kep/cases/{case}/presence/resend: sends a new one-time password to the person at the counter. The new password replaces the
//! previous one.

use domain::otp::RESENDS_MAX;
use edge::{Call, Failure, Reply, Setup, guard::InCase, log, views::CaseView};
use messages::problem::Problem;
use sending::Sms;
use serde::Deserialize;
use storage::{
    StorageError,
    quotas::Quotas,
    sealing::{SessionToken, equal},
    sessions::{AwaitedOtp, Case, Sessions},
};

struct Deps {
    sessions: Sessions,
    quotas: Quotas,
    sms: Sms,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps { sessions: setup.sessions(), quotas: setup.quotas(), sms: setup.sms() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let InCase { session, case } = InCase::from(call, &deps.sessions).await?;
    let Body {} = call.json()?;
    let (Some(awaited), Some(mobile)) = (&case.otp, &case.person.mobile) else {
        return Err(Problem::NotAwaitingOtp.into());
    };
    if awaited.resends >= RESENDS_MAX {
        return Err(Problem::OtpResendsExhausted.into());
    }
    edge::otp::count_message(&deps.quotas, &case.person.subject_id, &call.request_id, call.now).await?;
    let (otp, next) = edge::otp::draw(&session, awaited.resends + 1, call.now)?;
    let with = |otp: AwaitedOtp| Case { otp: Some(otp), ..case.clone() };
    // If two requests are concurrent, only the one that replaces the password sends a message.
    if !deps.sessions.replace_case(&session, with(next.clone())).await? {
        return Err(Problem::Conflict.into());
    }
    if let Err(unsent) = kep_functions::send_otp(&deps.sms, mobile, &otp, &case).await {
        // Nothing was sent, so the previous password, which may have arrived, becomes valid again.
        if !unsent.may_have_been_sent {
            let previous = with(AwaitedOtp { resends: next.resends, ..awaited.clone() });
            log::side_call(env!("CARGO_BIN_NAME"), restore(deps, call, &session.token, &next, previous).await);
        }
        return Err(unsent.into());
    }
    Reply::json(200, &CaseView::of(&session, &with(next), None, Vec::new(), call.language))
}

/// Stores the previous password again, unless the case has changed since the unsent password was stored.
async fn restore(deps: &Deps, call: &Call, token: &SessionToken, unsent: &AwaitedOtp, previous: Case) -> Result<(), StorageError> {
    let Some(session) = deps.sessions.load(token, call.now).await? else { return Ok(()) };
    let open = session.open_case(call.now).filter(|open| open.handle == previous.handle);
    let is_unchanged = open.and_then(|open| open.otp.as_ref()).is_some_and(|otp| equal(&otp.hash, &unsent.hash));
    if is_unchanged { deps.sessions.replace_case(&session, previous).await.map(drop) } else { Ok(()) }
}
