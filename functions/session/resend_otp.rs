//! POST /v1/session/otp/resend: sends another one-time password, which replaces the previous one.

use domain::otp::RESENDS_MAX;
use edge::{Call, Failure, Reply, Setup, guard::Visitor, log, views::OtpView};
use messages::problem::Problem;
use sending::Sms;
use serde::Deserialize;
use storage::{
    quotas::Quotas,
    sessions::{AwaitedOtp, Sessions},
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
    let Visitor { session } = Visitor::from(call, &deps.sessions).await?;
    let Body {} = call.json()?;
    let Some(awaited) = &session.otp else {
        return Err(Problem::NotAwaitingOtp.into());
    };
    if awaited.resends >= RESENDS_MAX {
        return Err(Problem::OtpResendsExhausted.into());
    }
    edge::otp::count_message(&deps.quotas, &session.subject_id, &call.request_id, call.now).await?;
    let (otp, next) = edge::otp::draw(&session, awaited.resends + 1, call.now)?;
    // If two requests are concurrent, only the one that replaces the password sends a message.
    if !deps.sessions.replace_otp(&session, awaited.resends, &next).await? {
        return Err(Problem::Conflict.into());
    }
    if let Err(unsent) = session_functions::send_otp(&deps.sms, &session, &otp, call.public_origin(), call.language).await {
        // Nothing was sent, so the previous password, which may have arrived, becomes valid again.
        if !unsent.may_have_been_sent {
            let previous = AwaitedOtp { resends: next.resends, ..awaited.clone() };
            log::side_call(env!("CARGO_BIN_NAME"), deps.sessions.replace_otp(&session, next.resends, &previous).await.map(|_| ()));
        }
        return Err(unsent.into());
    }
    Reply::json(200, &OtpView::of(&session, next.expires_at, next.resends))
}
