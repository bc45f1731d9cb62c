//! One HTTP request, as handlers see it.

mod background;
mod error_target;
mod page_request;
mod request;

use std::{
    fmt,
    sync::{Mutex, OnceLock},
};

use aws::CallStatistics;
use domain::{Language, Moment, native_app::AppSignIn};
use lambda_http::{
    Body, Request, RequestExt,
    http::{HeaderMap, Method, header},
    request::RequestContext,
};
use messages::problem::{BodyType, Problem};
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

pub use page_request::PageRequest;
pub(crate) use request::field_problem;

/// Name of the cookie that carries a browser's session token. Browsers accept a cookie with the prefix `__Host-` only from this host, with
/// `Secure` and for the path `/`.
pub const SESSION_COOKIE: &str = "__Host-session";
/// Name of the cookie that binds a sign-in to the browser that began it.
pub const SIGN_IN_COOKIE: &str = "__Host-sign-in";

/// The API routes to which another site may send a browser. TAXISnet redirects browsers to `callback`, and `sign_in` has its own check of
/// the requesting site. `openapi.json` is the public description of the API, to which other sites may link.
const CROSS_SITE_ROUTES: &[&str] = &["/v1/sign-in", "/v1/sign-in/callback", "/v1/openapi.json"];

/// Limit of a JSON body, in bytes. A body has a few hundred bytes, unless a person pasted a whole message into a field.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// The request body that an operation accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AcceptedBody {
    body_type: BodyType,
    bytes_max: usize,
}

impl AcceptedBody {
    pub const JSON: Self = Self { body_type: BodyType::Json, bytes_max: BODY_BYTES_MAX };

    /// A JPEG file of at most `bytes_max` bytes.
    pub const fn jpeg(bytes_max: usize) -> Self {
        Self { body_type: BodyType::Jpeg, bytes_max }
    }
}

/// One request. Headers, query, path and body are as the caller sent them. Code that uses them must check them.
pub struct Call {
    /// The time of the call. Read once, so that all decisions of a call use the same time.
    pub now: Moment,
    pub language: Language,
    pub request_id: String,
    pub(crate) method: Method,
    headers: HeaderMap,
    query: Vec<(String, String)>,
    path: Vec<(String, String)>,
    body: Zeroizing<Vec<u8>>,
    is_api_request: bool,
    route: String,
    public_origin: String,
    app: OnceLock<AppSignIn>,
    problem_page: OnceLock<()>,
    return_path: OnceLock<String>,
    background: Mutex<Vec<JoinHandle<CallStatistics>>>,
}

/// Prints the method and the request ID only. All other parts of a request may contain cookies, tokens, codes and passwords.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("method", &self.method).field("request_id", &self.request_id).finish_non_exhaustive()
    }
}

impl Call {
    /// Creates a call from an API gateway request, as the Lambda runtime passes it.
    pub fn new(request: Request, public_origin: &str, now: Moment) -> Self {
        let query = request.query_string_parameters().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let path = request.path_parameters().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        // Uses the raw path, because the path in the runtime's URI begins with the stage of the gateway.
        let is_api_request = request.raw_http_path() == "/v1" || request.raw_http_path().starts_with("/v1/");
        let route = match request.request_context_ref() {
            Some(RequestContext::ApiGatewayV1(context)) => context.resource_path.clone().unwrap_or_default(),
            Some(_) | None => String::new(),
        };
        let request_id = request.lambda_context_ref().map(|context| context.request_id.clone()).unwrap_or_default();
        let (parts, body) = request.into_parts();
        let accept = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Self {
            now,
            language: Language::from_accept_language(accept),
            request_id,
            method: parts.method,
            is_api_request,
            route,
            headers: parts.headers,
            query,
            path,
            body: Zeroizing::new(match body {
                Body::Empty => Vec::new(),
                Body::Text(text) => text.into_bytes(),
                Body::Binary(bytes) => bytes,
                // `Body` is non-exhaustive: later versions of the runtime may add kinds.
                _ => Vec::new(),
            }),
            public_origin: public_origin.to_owned(),
            app: OnceLock::new(),
            problem_page: OnceLock::new(),
            return_path: OnceLock::new(),
            background: Mutex::default(),
        }
    }

    /// Returns whether the header `Sec-Fetch-Site` says that a page of another site, or of another host of our site, caused this request.
    ///
    /// Returns `false` for URLs that a person types or opens from another program (`none`). Also returns `false` if the header is absent,
    /// because the header is sent neither by browsers released before 2023, nor by apps, nor by the applications of public bodies.
    pub fn is_from_another_site(&self) -> bool {
        // The header is compared as bytes, so that a value that is not text counts as another site.
        self.headers.get("sec-fetch-site").is_some_and(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"))
    }

    /// Rejects API requests that a page of another site caused, whatever their method. The routes in `CROSS_SITE_ROUTES` are exempt.
    ///
    /// This also protects `GET` requests. When another site opens a URL of the API, the browser sends the session's cookie. That site
    /// cannot read the response, but could detect whether the response is a download or an error.
    ///
    /// # Errors
    /// [`Problem::ForeignOrigin`].
    pub fn check_site(&self) -> Result<(), Problem> {
        let is_closed = self.is_api_request() && !CROSS_SITE_ROUTES.contains(&self.route());
        if is_closed && self.is_from_another_site() { Err(Problem::ForeignOrigin) } else { Ok(()) }
    }

    /// Protects requests that change something against cross-site request forgery. Such a request must come from one of our pages or from a
    /// client that is not a browser, and its body must have the accepted type.
    ///
    /// A form on another site can send neither JSON nor a JPEG as the body. A script on another site can do so only after a preflight
    /// request, which the service never permits. In some old browsers, `sendBeacon` sends `image/jpeg` without a preflight request. Such a
    /// request is rejected, because its header `Origin` names the other site.
    ///
    /// A JSON body may be empty in a `DELETE` request, and in a request with an `Authorization` header, because a form on another site can
    /// send neither of these requests.
    ///
    /// # Errors
    /// [`Problem::ForeignOrigin`], [`Problem::BodyTooLarge`], [`Problem::UnsupportedMediaType`].
    pub fn check_unsafe(&self, accepted: AcceptedBody) -> Result<(), Problem> {
        if self.method == Method::GET || self.method == Method::HEAD || self.method == Method::OPTIONS {
            return Ok(());
        }
        // The header is compared as bytes, so that an origin that is not text counts as foreign.
        let foreign = self.headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes() != self.public_origin.as_bytes());
        if foreign || self.is_from_another_site() {
            return Err(Problem::ForeignOrigin);
        }
        let AcceptedBody { body_type, bytes_max } = accepted;
        if self.body.len() > bytes_max {
            return Err(Problem::BodyTooLarge { limit: bytes_max });
        }
        let media_type = self.header(header::CONTENT_TYPE).unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let may_be_empty = match body_type {
            BodyType::Json => self.method == Method::DELETE || self.has_header(&header::AUTHORIZATION),
            BodyType::Jpeg => false,
        };
        let needs_type = !may_be_empty || !self.body.is_empty();
        if needs_type && !media_type.eq_ignore_ascii_case(body_type.media_type()) {
            return Err(Problem::UnsupportedMediaType { accepted: body_type });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
