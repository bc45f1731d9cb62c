//! GET /v1/sign-in: begins a sign-in and redirects the browser to TAXISnet. The sign-in is for the browser itself, or for an app that
//! opened the browser (RFC 8252).

use domain::{
    Language,
    native_app::{
        AppSignIn, AppState, CODE_CHALLENGE, CODE_CHALLENGE_METHOD, CodeChallenge, PARAMETERS, REDIRECT_URI, RedirectList, S256, STATE,
    },
};
use edge::{Call, Failure, Reply, SIGN_IN_COOKIE, Setup};
use messages::problem::{FieldReason, Problem};
use storage::{
    nonces::{Nonces, SignIn},
    sealing::{SessionToken, sha256_base64url},
};

struct Deps {
    nonces: Nonces,
    taxisnet_url: String,
    taxisnet_server: String,
    client_id: String,
    redirects: RedirectList,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps {
        nonces: setup.nonces(),
        taxisnet_url: setup.text("TAXISNET_URL"),
        taxisnet_server: setup.text("TAXISNET_SERVER"),
        client_id: setup.text("TAXISNET_CLIENT_ID"),
        redirects: RedirectList::parse(&setup.text_or_empty("MOBILE_REDIRECTS"))?,
    };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let app = app_sign_in(&deps.redirects, call)?;
    // The page's language may differ from the browser's, which is all that a navigation sends.
    let language = call.query("language").and_then(Language::parse);
    // TAXISnet does not prompt users who are still signed in there. Another web site could therefore make the service send SMS to its
    // visitors until their daily limit locks them out. Requests from other sites are redirected to a page of ours with a button to sign in.
    if call.is_from_another_site() {
        return Ok(app.map_or_else(|| Reply::see_other("/"), |app| Reply::to_app_page(&app, language)));
    }
    let return_to = call.query("return_to").filter(|path| is_own_path(path)).unwrap_or("/").to_owned();
    if app.is_none() {
        call.redirect_errors_to_page();
        call.set_return_path(&return_to);
    }
    // A second sign-in in the same browser reuses the cookie of the first one, so that both tabs can complete their sign-in. The cookie
    // expires by itself.
    let browser = match call.cookie(SIGN_IN_COOKIE).and_then(SessionToken::parse) {
        Some(browser) => browser,
        None => SessionToken::random()?,
    };
    let state = SessionToken::random()?.expose();
    let sign_in = SignIn { browser: sha256_base64url(&browser.expose()), return_to, language, app };
    deps.nonces.begin_sign_in(&state, sign_in, call.now).await?;
    let redirect_uri = session_functions::redirect_uri(call.public_origin());
    let location = registers::authorize_url(&deps.taxisnet_url, &deps.taxisnet_server, &deps.client_id, &redirect_uri, &state);
    Ok(Reply::see_other(&location).set_sign_in(&browser.expose(), domain::session::SIGN_IN_VALID.as_seconds()))
}

/// Returns the sign-in of an app if the request contains its parameters. If a parameter is invalid, the response is an error and not a
/// redirect, because the browser must not be redirected to a URI that is not allowed.
fn app_sign_in(redirects: &RedirectList, call: &Call) -> Result<Option<AppSignIn>, Problem> {
    let invalid = |field: &str, reason| Problem::InvalidField { field: field.to_owned(), reason };
    let missing = |field: &str| invalid(field, FieldReason::Missing);
    let not_allowed = |field: &str| invalid(field, FieldReason::NotAllowed);
    let Some(first) = PARAMETERS.into_iter().find(|name| call.query(name).is_some()) else { return Ok(None) };
    if redirects.is_empty() {
        return Err(not_allowed(first));
    }
    let redirect_uri = call.query(REDIRECT_URI).ok_or_else(|| missing(REDIRECT_URI))?;
    let redirect_uri = redirects.allow(redirect_uri).ok_or_else(|| not_allowed(REDIRECT_URI))?;
    let code_challenge = call.query(CODE_CHALLENGE).ok_or_else(|| missing(CODE_CHALLENGE))?;
    let method = call.query(CODE_CHALLENGE_METHOD).ok_or_else(|| missing(CODE_CHALLENGE_METHOD))?;
    if method != S256 {
        return Err(not_allowed(CODE_CHALLENGE_METHOD));
    }
    let code_challenge = CodeChallenge::parse(code_challenge).ok_or_else(|| not_allowed(CODE_CHALLENGE))?;
    let state = call.query(STATE).map(|state| AppState::parse(state).ok_or_else(|| not_allowed(STATE))).transpose()?;
    Ok(Some(AppSignIn { redirect_uri, code_challenge, state }))
}

/// Returns whether `path` is a path of this site. `//host` and `/\host` lead to other sites, and so do control characters in some browsers.
fn is_own_path(path: &str) -> bool {
    path.len() <= 200
        && path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use domain::Moment;
    use lambda_http::{Body, Request, RequestExt};

    use super::*;

    #[test]
    fn without_listed_addresses_every_parameter_of_an_app_is_rejected_by_name() {
        let call = |parameters: &[(&str, &str)]| {
            let query: HashMap<_, _> = parameters.iter().map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()])).collect();
            Call::new(
                Request::new(Body::Empty).with_query_string_parameters(query),
                "https://myphoto.example",
                Moment::from_epoch_seconds(0),
            )
        };
        let none = RedirectList::parse("").unwrap();
        let challenge = "A".repeat(43);
        let all = [(REDIRECT_URI, "gr.gov.myphoto:/signed-in"), (CODE_CHALLENGE, &challenge), (CODE_CHALLENGE_METHOD, S256), (STATE, "x")];
        let not_allowed = |field: &str| Err(Problem::InvalidField { field: field.to_owned(), reason: FieldReason::NotAllowed });
        assert_eq!(app_sign_in(&none, &call(&all)), not_allowed(REDIRECT_URI));
        for parameter in all {
            assert_eq!(app_sign_in(&none, &call(&[parameter])), not_allowed(parameter.0));
        }
        assert_eq!(app_sign_in(&none, &call(&[("return_to", "/")])), Ok(None));
        let one = RedirectList::parse("gr.gov.myphoto:/signed-in").unwrap();
        assert!(app_sign_in(&one, &call(&all)).unwrap().is_some());
    }

    #[test]
    fn only_paths_of_this_site_are_returned_to() {
        for path in ["/", "/v1/session", "/home?tab=1#x"] {
            assert!(is_own_path(path), "{path}");
        }
        for path in ["", "home", "//evil.example", "/\\evil.example", "https://evil.example", "/a\tb", "/a b", "/\u{3b1}", "/\r\nX: y"] {
            assert!(!is_own_path(path), "{path}");
        }
        assert!(is_own_path(&format!("/{}", "a".repeat(199))));
        assert!(!is_own_path(&format!("/{}", "a".repeat(200))));
    }
}
