//! GET /v1/sign-in: begins a sign-in, and sends the browser to TAXISnet.

use edge::{Call, Failure, Reply, SIGN_IN_COOKIE, Setup};
use messages::problem::Problem;
use storage::{
    nonces::{Nonces, SignIn},
    sealing::{SessionToken, digest_text},
};

struct Deps {
    nonces: Nonces,
    taxisnet_url: String,
    taxisnet_server: String,
    client_id: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::new().await;
    let deps = Deps {
        nonces: setup.nonces(),
        taxisnet_url: setup.text("TAXISNET_URL"),
        taxisnet_server: setup.text("TAXISNET_SERVER"),
        client_id: setup.text("TAXISNET_CLIENT_ID"),
    };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let return_to = call.query("return_to").filter(|path| is_own_path(path)).unwrap_or("/").to_owned();
    // A second sign-in of the same browser keeps the first one's cookie, so that both tabs can end well; it goes by itself.
    let browser = match call.cookie(SIGN_IN_COOKIE).and_then(SessionToken::parse) {
        Some(browser) => browser,
        None => SessionToken::random()?,
    };
    let state = SessionToken::random()?.expose();
    let sign_in = SignIn { browser: digest_text(&browser.expose()), return_to };
    if !deps.nonces.begin_sign_in(&state, sign_in, call.now).await? {
        return Err(Problem::Conflict.into());
    }
    let redirect_uri = session_functions::redirect_uri(call.public_origin());
    let location = registers::authorize_url(&deps.taxisnet_url, &deps.taxisnet_server, &deps.client_id, &redirect_uri, &state);
    Ok(Reply::see_other(&location).set_sign_in(&browser.expose(), domain::session::SIGN_IN_VALID.as_seconds()))
}

/// A path of this site and nothing else: `//host` and `/\host` lead elsewhere, and control characters do in some browsers.
fn is_own_path(path: &str) -> bool {
    path.len() <= 200
        && path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::is_own_path;

    #[test]
    fn only_paths_of_this_site_are_returned_to() {
        for path in ["/", "/v1/session", "/home?tab=1#x"] {
            assert!(is_own_path(path), "{path}");
        }
        for path in ["", "home", "//evil.example", "/\\evil.example", "https://evil.example", "/a\tb", "/a b", "/\u{3b1}", "/\r\nX: y"] {
            assert!(!is_own_path(path), "{path}");
        }
    }
}
