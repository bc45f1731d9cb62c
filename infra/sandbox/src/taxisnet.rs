//! TAXISnet: the OAuth 2.0 server of the General Secretariat of Information Systems, on its wire format.

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
use crate::pages::{self, Lang};
use crate::people::{Identifier, Person};
use crate::{Sandbox, World};

const CODE_LIFE: Duration = Duration::from_secs(60);
const TOKEN_LIFE: Duration = Duration::from_secs(300);

/// Of those made at run time, so many are offered as buttons; the others enter their AFM.
const CREATED_SHOWN: usize = 20;

/// Its two servers: the second one does the one-time password itself, which nobody sees here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Server {
    OAuth2Server,
    OAuth2ServerOtp,
}

pub(crate) struct Taxisnet {
    codes: Mutex<Expiring<Grant>>,
    tokens: Mutex<Expiring<Signed>>,
}

struct Grant {
    server: Server,
    redirect_uri: String,
    afm: String,
}

struct Signed {
    server: Server,
    afm: String,
}

impl Taxisnet {
    pub(crate) fn new() -> Self {
        Self { codes: Mutex::new(Expiring::new(CODE_LIFE)), tokens: Mutex::new(Expiring::new(TOKEN_LIFE)) }
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
    /// The sandbox's own: the page's language.
    pub(crate) lang: Option<String>,
    /// Of the form: who signs in, or that they refuse.
    afm: Option<String>,
    deny: Option<String>,
}

/// What the page shows above the list of people.
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
        Err(refusal) => refusal.answer(Lang::of(query.lang.as_deref(), &headers)),
    }
}

pub(crate) async fn authorize(State(world): State<World>, Path(server): Path<Server>, headers: HeaderMap, body: Bytes) -> Response {
    let query: Authorize = match serde_json::to_value(form(&body)).and_then(serde_json::from_value) {
        Ok(query) => query,
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    };
    let redirect = match query.redirect(&world) {
        Ok(redirect) => redirect,
        Err(refusal) => return refusal.answer(Lang::of(query.lang.as_deref(), &headers)),
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

/// Why nobody can sign in by this request.
enum Unfit {
    Client,
    RedirectUri,
    /// Told to the client, at its address.
    Sent(Url),
}

impl Unfit {
    fn answer(self, lang: Lang) -> Response {
        let text = match self {
            Self::Client => lang.text("Άγνωστο client_id.", "Unknown client_id."),
            Self::RedirectUri => lang.text(
                "Το redirect_uri λείπει ή δεν είναι πλήρης διεύθυνση http(s).",
                "redirect_uri is missing or not a whole http(s) address.",
            ),
            Self::Sent(url) => return found(&url),
        };
        (StatusCode::BAD_REQUEST, pages::refusal(lang, text)).into_response()
    }
}

impl Authorize {
    /// Where to send the person back to. What is wrong with the client or the address is never sent there (RFC 6749,
    /// 4.1.2.1), everything else is.
    fn redirect(&self, world: &Sandbox) -> Result<Url, Unfit> {
        if self.client_id != world.client_id {
            return Err(Unfit::Client);
        }
        let redirect = web_address(&self.redirect_uri).ok_or(Unfit::RedirectUri)?;
        let error = match (self.response_type.as_str(), self.scope.as_str()) {
            ("code", "read") => return Ok(redirect),
            ("code", _) => "invalid_scope",
            _ => "unsupported_response_type",
        };
        Err(Unfit::Sent(self.back(redirect, ("error", error))))
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
        people.extend(created.into_iter().rev().take(CREATED_SHOWN));
        pages::authorize(lang, self, &people, notice).into_response()
    }
}

/// 302, as GSIS: a browser makes it a GET.
fn found(url: &Url) -> Response {
    (StatusCode::FOUND, [(header::LOCATION, url.as_str())]).into_response()
}

/// An absolute http(s) address without a fragment.
fn web_address(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.fragment().is_none())
}

fn form(body: &[u8]) -> std::collections::HashMap<String, String> {
    url::form_urlencoded::parse(body).into_owned().collect()
}

fn oauth_error(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({ "error": error }))).into_response()
}

/// Name and password of `Authorization: Basic`.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let decoded = STANDARD.decode(value.strip_prefix("Basic ")?).ok()?;
    let (name, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    // RFC 6749, 2.3.1: form-encoded before base64.
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
    let life = tokens.life().as_secs();
    let access_token = tokens.put(now, Signed { server, afm: grant.afm });
    Json(json!({
        "access_token": access_token,
        "token_type": "bearer",
        "expires_in": life,
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
        .and_then(|token| signed_person(&world, server, token));
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
    (headers, describe(&person)).into_response()
}

fn signed_person(world: &Sandbox, server: Server, token: &str) -> Option<std::sync::Arc<Person>> {
    let tokens = world.taxisnet.tokens.lock().unwrap_or_else(PoisonError::into_inner);
    let signed = tokens.get(Instant::now(), token)?;
    (signed.server == server).then(|| world.people.find(Identifier::Afm, &signed.afm)).flatten()
}

/// GSIS gives values of fixed width, filled up with blanks.
fn describe(person: &Person) -> String {
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
        return Unfit::Client.answer(lang);
    }
    match web_address(&query.url) {
        Some(url) => found(&url),
        None => {
            let text = lang.text("Το url δεν είναι πλήρης διεύθυνση http(s).", "url is not a whole http(s) address.");
            (StatusCode::BAD_REQUEST, pages::refusal(lang, text)).into_response()
        }
    }
}
