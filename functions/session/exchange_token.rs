//! POST /v1/session/token: an app takes its session, with the code that the system's browser brought it (RFC 8252, PKCE).

use domain::{Secret, native_app::CodeVerifier};
use edge::{Call, Failure, Reply, Setup, views::SessionView};
use messages::problem::Problem;
use serde::{Deserialize, Serialize};
use storage::{
    nonces::{Exchange, Nonces},
    sealing::{ExchangeCode, digest_text, equal},
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
struct Answer {
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

/// No guard: the code and the verifier are what the caller proves itself with. A session of the caller's own plays no part.
async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let body: Body = call.json()?;
    let code = ExchangeCode::parse(body.code.expose()).ok_or(Problem::ExchangeRefused)?;
    // Taken before anything is compared: a wrong verifier uses the code up too.
    let exchange = deps.nonces.take_exchange(&code, call.now).await?.ok_or(Problem::ExchangeRefused)?;
    if !is_of_who_began(&exchange, &body) {
        return Err(Problem::ExchangeRefused.into());
    }
    let session = deps.sessions.load(&exchange.token, call.now).await?.ok_or(Problem::ExchangeRefused)?;
    let view = SessionView::of(&session, None, call.language);
    Reply::json(200, &Answer { token: session.token.expose(), token_type: "Bearer", session: view })
}

fn is_of_who_began(exchange: &Exchange, body: &Body) -> bool {
    CodeVerifier::parse(body.code_verifier.expose())
        .is_some_and(|verifier| equal(digest_text(verifier.expose()).as_bytes(), exchange.code_challenge.as_str().as_bytes()))
        && exchange.redirect_uri.as_str() == body.redirect_uri
}
