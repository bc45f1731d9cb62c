//! DELETE /v1/session: ends the session at once, closes the case that a clerk of a KEP has open in it, and returns the URL that ends the
//! session at TAXISnet.

use edge::{Call, Failure, Reply, Setup, log};
use serde::Serialize;
use storage::case_closing::CaseClosing;

struct Deps {
    closing: CaseClosing,
    taxisnet_url: String,
    taxisnet_server: String,
    client_id: String,
}

#[derive(Serialize)]
struct Response {
    taxisnet_sign_out: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps {
        closing: setup.case_closing(),
        taxisnet_url: setup.text("TAXISNET_URL"),
        taxisnet_server: setup.text("TAXISNET_SERVER"),
        client_id: setup.text("TAXISNET_CLIENT_ID"),
    };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

/// Uses no guard, because the token alone is sufficient to end its session. Works at any stage, and also after the session has ended.
async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    if let Ok(token) = call.session_token() {
        let closed = deps.closing.close_with_session(&token, call.now).await;
        if !matches!(closed, Ok(true)) {
            deps.closing.sessions.end(&token).await?;
        }
        // If the case could not be closed, it ends when it expires.
        log::side_call(env!("CARGO_BIN_NAME"), closed.map(drop));
    }
    let home = format!("{}/", call.public_origin());
    let taxisnet_sign_out = registers::sign_out_url(&deps.taxisnet_url, &deps.taxisnet_server, &deps.client_id, &home);
    Ok(Reply::json(200, &Response { taxisnet_sign_out })?.without_session(call))
}
