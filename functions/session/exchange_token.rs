//! POST /v1/session/token: an app exchanges the code that it received from the system browser for its session (RFC 8252, PKCE).

use domain::{Secret, native_app::CodeVerifier};
use edge::{Call, Failure, Reply, Setup, views::SessionView};
use messages::problem::Problem;
use serde::{Deserialize, Serialize};
use storage::{
    nonces::{Exchange, Nonces},
    sealing::{ExchangeCode, equal, sha256_base64url},
    sessions::Sessions,
};

struct Deps {
    nonces: Nonces,
    sessions: Sessions,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    code: Secret,
    code_verifier: Secret,
    redirect_uri: String,
}

#[derive(Serialize)]
struct Response {
    token: String,
    token_type: &'static str,
    session: SessionView,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps { nonces: setup.nonces(), sessions: setup.sessions() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

/// Uses no guard, because the caller proves its right with the code and the verifier. An existing session of the caller is ignored.
async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let body: Body = call.json()?;
    let code = ExchangeCode::parse(body.code.expose()).ok_or(Problem::ExchangeRefused)?;
    // The code is used up before anything is compared, so that it cannot be tried with several verifiers.
    let exchange = deps.nonces.take_exchange(&code, call.now).await?.ok_or(Problem::ExchangeRefused)?;
    if !is_from_initiator(&exchange, &body) {
        return Err(Problem::ExchangeRefused.into());
    }
    let session = deps.sessions.load(&exchange.token, call.now).await?.ok_or(Problem::ExchangeRefused)?;
    let view = SessionView::of(&session, None, call.language, call.now);
    Reply::json(200, &Response { token: session.token.expose(), token_type: "Bearer", session: view })
}

/// Returns whether the request comes from the app that began the sign-in.
fn is_from_initiator(exchange: &Exchange, body: &Body) -> bool {
    CodeVerifier::parse(body.code_verifier.expose())
        .is_some_and(|verifier| equal(sha256_base64url(verifier.expose()).as_bytes(), exchange.code_challenge.as_str().as_bytes()))
        && exchange.redirect_uri.as_str() == body.redirect_uri
}
