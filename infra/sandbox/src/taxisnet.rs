//! TAXISnet, the OAuth 2.0 server of the General Secretariat of Information Systems (GSIS), with its wire format.

mod page;

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use quick_xml::escape::escape;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::expiring::Expiring;
use crate::layout::{Lang, error_page};
use crate::people::{Identifier, Person};
use crate::{Sandbox, World};

const CODE_LIFETIME: Duration = Duration::from_secs(60);
const TOKEN_LIFETIME: Duration = Duration::from_secs(300);

/// Number of people created at run time for whom the sign-in page has a button. The others can sign in by their AFM.
const CREATED_PEOPLE_SHOWN_MAX: usize = 20;

/// The two servers of TAXISnet. The second one asks for a one-time password itself, but the sandbox skips that step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Server {
    OAuth2Server,
    OAuth2ServerOtp,
}

pub(crate) struct Taxisnet {
    codes: Mutex<Expiring<Grant>>,
    tokens: Mutex<Expiring<AccessToken>>,
}

/// The data of an authorization code.
struct Grant {
    server: Server,
    redirect_uri: String,
    afm: String,
}

struct AccessToken {
    server: Server,
    afm: String,
}

impl Taxisnet {
    pub(crate) fn new() -> Self {
        Self { codes: Mutex::new(Expiring::new(CODE_LIFETIME)), tokens: Mutex::new(Expiring::new(TOKEN_LIFETIME)) }
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Authorize {
    #[serde(default)]
    pub(crate) client_id: String,
    #[serde(default)]
    pub(crate) redirect_uri: String,
    #[serde(default)]
    pub(crate) response_type: String,
    #[serde(default)]
    pub(crate) scope: String,
    pub(crate) state: Option<String>,
    /// Language of the page. Only the sandbox has this parameter.
    pub(crate) lang: Option<String>,
    /// Field of the form: AFM of the person who signs in.
    afm: Option<String>,
    /// Field of the form: present if the person denies the sign-in.
    deny: Option<String>,
}

/// The notice above the list of people on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    None,
    UnknownAfm,
}

pub(crate) async fn authorize_page(
    State(world): State<World>,
    Path(_): Path<Server>,
    headers: HeaderMap,
    Query(query): Query<Authorize>,
) -> Response {
    match query.redirect(&world) {
        Ok(_) => query.page(&world, &headers, Notice::None),
        Err(invalid) => invalid.into_response(Lang::of(query.lang.as_deref(), &headers)),
    }
}

pub(crate) async fn authorize(State(world): State<World>, Path(server): Path<Server>, headers: HeaderMap, body: Bytes) -> Response {
    let query: Authorize = match serde_json::to_value(form(&body)).and_then(serde_json::from_value) {
        Ok(query) => query,
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    };
    let redirect = match query.redirect(&world) {
        Ok(redirect) => redirect,
        Err(invalid) => return invalid.into_response(Lang::of(query.lang.as_deref(), &headers)),
    };
    if query.deny.is_some() {
        return found(&query.back(redirect, ("error", "access_denied")));
    }
    let afm = query.afm.as_deref().unwrap_or_default().trim();
    let person = world.people.find(Identifier::Afm, afm);
    if !person.is_some_and(|person| person.taxisnet) {
        return query.page(&world, &headers, Notice::UnknownAfm);
    }
    let grant = Grant { server, redirect_uri: query.redirect_uri.clone(), afm: afm.to_owned() };
    let code = world.taxisnet.codes.lock().unwrap_or_else(PoisonError::into_inner).put(Instant::now(), grant);
    found(&query.back(redirect, ("code", &code)))
}

/// The reason for which a request cannot start a sign-in.
enum InvalidRequest {
    Client,
    RedirectUri,
    /// The error is reported to the client at this URL.
    Reported(Url),
}

impl InvalidRequest {
    fn into_response(self, lang: Lang) -> Response {
        let text = match self {
            Self::Client => lang.text("Άγνωστο client_id.", "Unknown client_id."),
            Self::RedirectUri => lang.text(
                "Το redirect_uri λείπει ή δεν είναι απόλυτη διεύθυνση http(s).",
                "redirect_uri is missing or not an absolute http(s) URL.",
            ),
            Self::Reported(url) => return found(&url),
        };
        (StatusCode::BAD_REQUEST, error_page(lang, text)).into_response()
    }
}

impl Authorize {
    /// Returns the redirect URI. Errors of the client ID or the URI itself are never reported to that URI (RFC 6749, 4.1.2.1). All other
    /// errors are reported to it.
    fn redirect(&self, world: &Sandbox) -> Result<Url, InvalidRequest> {
        if self.client_id != world.client_id {
            return Err(InvalidRequest::Client);
        }
        let redirect = absolute_url(&self.redirect_uri).ok_or(InvalidRequest::RedirectUri)?;
        let error = match (self.response_type.as_str(), self.scope.as_str()) {
            ("code", "read") => return Ok(redirect),
            ("code", _) => "invalid_scope",
            _ => "unsupported_response_type",
        };
        Err(InvalidRequest::Reported(self.back(redirect, ("error", error))))
    }

    fn back(&self, mut redirect: Url, (name, value): (&str, &str)) -> Url {
        redirect.query_pairs_mut().append_pair(name, value);
        if let Some(state) = &self.state {
            redirect.query_pairs_mut().append_pair("state", state);
        }
        redirect
    }

    fn page(&self, world: &Sandbox, headers: &HeaderMap, notice: Notice) -> Response {
        let lang = Lang::of(self.lang.as_deref(), headers);
        let (created, mut people): (Vec<_>, Vec<_>) =
            world.people.all().into_iter().filter(|person| person.taxisnet).partition(|person| person.created);
        people.extend(created.into_iter().rev().take(CREATED_PEOPLE_SHOWN_MAX));
        page::sign_in_page(lang, self, &people, notice).into_response()
    }
}

/// Returns a redirect with status 302, as GSIS does. A browser follows it with GET.
fn found(url: &Url) -> Response {
    (StatusCode::FOUND, [(header::LOCATION, url.as_str())]).into_response()
}

/// Parses an absolute http(s) URL without a fragment.
fn absolute_url(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.fragment().is_none())
}

fn form(body: &[u8]) -> std::collections::HashMap<String, String> {
    url::form_urlencoded::parse(body).into_owned().collect()
}

fn oauth_error(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({ "error": error }))).into_response()
}

/// Returns the client ID and secret of `Authorization: Basic`.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let decoded = STANDARD.decode(value.strip_prefix("Basic ")?).ok()?;
    let (name, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    // Clients form-encode the ID and the secret before they encode both in base64 (RFC 6749, 2.3.1).
    let decode = |text: &str| url::form_urlencoded::parse(format!("v={text}").as_bytes()).next().map(|(_, value)| value.into_owned());
    Some((decode(name)?, decode(password)?))
}

pub(crate) async fn token(State(world): State<World>, Path(server): Path<Server>, headers: HeaderMap, body: Bytes) -> Response {
    let mut response = exchange(&world, server, &headers, &body);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn exchange(world: &Sandbox, server: Server, headers: &HeaderMap, body: &[u8]) -> Response {
    let form = form(body);
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let (id, secret) = basic(headers).unwrap_or_else(|| (field("client_id").to_owned(), field("client_secret").to_owned()));
    if id != world.client_id || secret != world.client_secret {
        let mut response = oauth_error(StatusCode::UNAUTHORIZED, "invalid_client");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"oauth2/client\""));
        return response;
    }
    match field("grant_type") {
        "authorization_code" => {}
        "" => return oauth_error(StatusCode::BAD_REQUEST, "invalid_request"),
        _ => return oauth_error(StatusCode::BAD_REQUEST, "unsupported_grant_type"),
    }
    let now = Instant::now();
    let grant = world
        .taxisnet
        .codes
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take(now, field("code"))
        .filter(|grant| grant.server == server && grant.redirect_uri == field("redirect_uri"));
    let Some(grant) = grant else {
        return oauth_error(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    let mut tokens = world.taxisnet.tokens.lock().unwrap_or_else(PoisonError::into_inner);
    let lifetime = tokens.lifetime().as_secs();
    let access_token = tokens.put(now, AccessToken { server, afm: grant.afm });
    Json(json!({
        "access_token": access_token,
        "token_type": "bearer",
        "expires_in": lifetime,
        "scope": "read",
    }))
    .into_response()
}

#[derive(Deserialize)]
pub(crate) struct UserInfo {
    format: Option<String>,
}

pub(crate) async fn userinfo(
    State(world): State<World>,
    Path(server): Path<Server>,
    headers: HeaderMap,
    Query(query): Query<UserInfo>,
) -> Response {
    let person = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .and_then(|token| person_of_token(&world, server, token));
    let Some(person) = person else {
        let realm = "Bearer realm=\"oauth2\", error=\"invalid_token\"";
        let xml = "<oauth><error>invalid_token</error></oauth>";
        let headers = [(header::WWW_AUTHENTICATE, realm), (header::CONTENT_TYPE, "application/xml;charset=UTF-8")];
        return (StatusCode::UNAUTHORIZED, headers, xml).into_response();
    };
    if query.format.as_deref() != Some("xml") {
        return (StatusCode::BAD_REQUEST, "format=xml").into_response();
    }
    let headers = [(header::CONTENT_TYPE, "application/xml;charset=UTF-8")];
    (headers, user_info(&person)).into_response()
}

fn person_of_token(world: &Sandbox, server: Server, token: &str) -> Option<std::sync::Arc<Person>> {
    let tokens = world.taxisnet.tokens.lock().unwrap_or_else(PoisonError::into_inner);
    let access = tokens.get(Instant::now(), token)?;
    (access.server == server).then(|| world.people.find(Identifier::Afm, &access.afm)).flatten()
}

/// Returns the user info in XML. Like GSIS, it pads the values with spaces to a fixed width.
fn user_info(person: &Person) -> String {
    let afm = person.afm.as_deref().unwrap_or_default();
    let padded = |value: &str| format!("{:<30}", escape(value));
    format!(
        "<root><userinfo userid=\"{}\" taxid=\"{:<12}\" lastname=\"{}\" firstname=\"{}\" fathername=\"{}\" \
         mothername=\"{}\" birthyear=\"{:<6}\"/></root>",
        padded(&format!("USER{afm}")),
        afm,
        padded(&person.last_name),
        padded(&person.first_name),
        padded(&person.father_name),
        padded(&person.mother_name),
        Date::year(person.birth_date),
    )
}

#[derive(Deserialize)]
pub(crate) struct Logout {
    #[serde(default)]
    url: String,
}

pub(crate) async fn logout(
    State(world): State<World>,
    Path((_, client_id)): Path<(Server, String)>,
    headers: HeaderMap,
    Query(query): Query<Logout>,
) -> Response {
    let lang = Lang::of(None, &headers);
    if client_id != world.client_id {
        return InvalidRequest::Client.into_response(lang);
    }
    match absolute_url(&query.url) {
        Some(url) => found(&url),
        None => {
            let text = lang.text("Το url δεν είναι απόλυτη διεύθυνση http(s).", "url is not an absolute http(s) URL.");
            (StatusCode::BAD_REQUEST, error_page(lang, text)).into_response()
        }
    }
}
