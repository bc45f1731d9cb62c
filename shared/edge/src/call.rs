//! One HTTP call, as handlers see it.

use std::{
    fmt,
    sync::{Mutex, OnceLock},
};

use aws::CallStatistics;
use domain::{Language, Moment, native_app::AppSignIn};
use lambda_http::{
    Body, Request, RequestExt,
    http::{HeaderMap, HeaderName, Method, header},
    request::RequestContext,
};
use messages::problem::{FieldReason, Problem};
use serde::de::{DeserializeOwned, IgnoredAny};
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

/// The session, for browsers. The prefix makes browsers take it from us only: Secure, this host, the whole site.
pub const SESSION_COOKIE: &str = "__Host-session";
/// Binds a sign-in to the browser that began it.
pub const SIGN_IN_COOKIE: &str = "__Host-sign-in";

/// The routes to which other sites may lead a browser: TAXISnet leads to the second, and `sign_in` decides itself what becomes of such a request.
const OPEN_TO_OTHER_SITES: [&str; 2] = ["/v1/sign-in", "/v1/sign-in/callback"];

/// The largest body of any call of ours is a few hundred bytes.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// Entries of a list in one answer, where the caller does not say; and at most.
const PAGE: usize = 50;
const PAGE_ENTRIES_MAX: usize = 100;

/// A page of a list.
#[derive(Debug, Clone, Copy)]
pub struct PageRequest<'a> {
    pub limit: usize,
    pub after: Option<&'a str>,
}

/// One call. Everything in it is the caller's word, checked by whoever uses it.
pub struct Call {
    /// The one instant of the whole call.
    pub now: Moment,
    pub language: Language,
    pub request_id: String,
    pub(crate) method: Method,
    headers: HeaderMap,
    query: Vec<(String, String)>,
    path: Vec<(String, String)>,
    body: Zeroizing<Vec<u8>>,
    is_of_api: bool,
    route: String,
    public_origin: String,
    app: OnceLock<AppSignIn>,
    problem_page: OnceLock<()>,
    return_to: OnceLock<String>,
    background: Mutex<Vec<JoinHandle<CallStatistics>>>,
}

/// Nothing of what the caller sent: there are cookies, tokens, codes and passwords in it.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("method", &self.method).field("request_id", &self.request_id).finish_non_exhaustive()
    }
}

impl Call {
    /// A request of the gateway, as the runtime reads it.
    pub fn new(request: Request, public_origin: &str, now: Moment) -> Self {
        let query = request.query_string_parameters().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let path = request.path_parameters().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        // The address as it was asked for: the uri that the runtime makes begins with the gateway's stage.
        let is_of_api = request.raw_http_path() == "/v1" || request.raw_http_path().starts_with("/v1/");
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
            is_of_api,
            route,
            headers: parts.headers,
            query,
            path,
            body: Zeroizing::new(match body {
                Body::Empty => Vec::new(),
                Body::Text(text) => text.into_bytes(),
                Body::Binary(bytes) => bytes,
                // A kind of body that this version of the runtime does not know yet.
                _ => Vec::new(),
            }),
            public_origin: public_origin.to_owned(),
            app: OnceLock::new(),
            problem_page: OnceLock::new(),
            return_to: OnceLock::new(),
            background: Mutex::default(),
        }
    }

    pub fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn has_header(&self, name: &HeaderName) -> bool {
        self.headers.contains_key(name)
    }

    /// None also where it is there more than once.
    pub(crate) fn only_header(&self, name: &HeaderName) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        values.next().filter(|_| values.next().is_none()).and_then(|value| value.to_str().ok())
    }

    /// From here on a problem is told to the app whose sign-in this is, at its address: nobody is there to read a page.
    pub fn report_errors_to_app(&self, app: &AppSignIn) {
        // Set once in a call.
        let _ = self.app.set(app.clone());
    }

    pub(crate) fn app(&self) -> Option<&AppSignIn> {
        self.app.get()
    }

    /// From here on a problem is shown by the web application, if a browser has navigated here for somebody to see.
    pub fn redirect_errors_to_page(&self) {
        if prefers_html(self.header(header::ACCEPT).unwrap_or_default()) {
            let _ = self.problem_page.set(());
        }
    }

    /// Where whoever reads of a problem wanted to go: a path of ours, checked by whoever says it.
    pub fn set_return_path(&self, return_to: &str) {
        let _ = self.return_to.set(return_to.to_owned());
    }

    /// Where to go on from the page that shows the problem, if a page is to show it.
    pub(crate) fn problem_page(&self) -> Option<Option<&str>> {
        self.problem_page.get().map(|()| self.return_to.get().map(String::as_str))
    }

    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn path(&self, name: &str) -> Option<&str> {
        self.path.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Which page of a list is asked for: `limit` entries from behind `cursor`, which the page before named.
    ///
    /// # Errors
    /// [`Problem::InvalidField`].
    pub fn page(&self) -> Result<PageRequest<'_>, Problem> {
        let invalid = |field: &str, reason| Problem::InvalidField { field: field.to_owned(), reason };
        let limit = match self.query("limit") {
            None => PAGE,
            Some(text) => {
                let limit = text.parse().ok().filter(|limit| (1..=PAGE_ENTRIES_MAX).contains(limit));
                limit.ok_or_else(|| invalid("limit", FieldReason::InvalidNumber))?
            }
        };
        let after = self.query("cursor");
        match after {
            Some(cursor) if !storage::is_time_ordered_id(cursor) => Err(invalid("cursor", FieldReason::NotAllowed)),
            Some(_) | None => Ok(PageRequest { limit, after }),
        }
    }

    /// Whether the route is under /v1. All others are the web application's.
    pub fn is_of_api(&self) -> bool {
        // Also by the route, because the path is as the caller spelled it.
        self.is_of_api || self.route.starts_with("/v1/")
    }

    /// The path of infra/openapi.yaml by which the gateway found this function, such as `/v1/pulls`.
    pub fn route(&self) -> &str {
        &self.route
    }

    /// Whether only the headers of an answer are wanted.
    pub fn is_head(&self) -> bool {
        self.method == Method::HEAD
    }

    /// The service's own origin, such as `https://myphoto.gov.gr`.
    pub fn public_origin(&self) -> &str {
        &self.public_origin
    }

    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
    }

    pub(crate) fn has_body(&self) -> bool {
        !self.body.is_empty()
    }

    /// The body as JSON of exactly this shape. Fields are named in refusals; values never are.
    ///
    /// # Errors
    /// [`Problem::MalformedJson`], [`Problem::InvalidField`].
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let mut deserializer = serde_json::Deserializer::from_slice(&self.body);
        let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            let path = error.path().to_string();
            // serde_json takes it for a fault of syntax where it awaits a name and finds a list or a number.
            let is_json = serde_json::from_slice::<IgnoredAny>(&self.body).is_ok();
            field_problem(&path, error.inner(), is_json)
        })?;
        deserializer.end().map_err(|_| Problem::MalformedJson)?;
        Ok(value)
    }

    /// Returns whether a browser says that a page of another site, or of another host of our site, caused this request.
    ///
    /// False for what people type or open from another program (`none`), and for callers that do not send the header: apps, applications,
    /// and browsers from before 2023.
    pub fn is_from_another_site(&self) -> bool {
        // As bytes: a value that is no text is not one of the two either.
        self.headers.get("sec-fetch-site").is_some_and(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"))
    }

    /// Rejects requests to the API that a page of another site caused, whatever their method. A browser sends the session's cookie when
    /// another site opens a link of the API, and the site can tell a download from a problem without reading either.
    ///
    /// # Errors
    /// [`Problem::ForeignOrigin`].
    pub fn check_site(&self) -> Result<(), Problem> {
        let is_closed = self.is_of_api() && !OPEN_TO_OTHER_SITES.contains(&self.route());
        if is_closed && self.is_from_another_site() { Err(Problem::ForeignOrigin) } else { Ok(()) }
    }

    /// What guards every call that changes something: it must come from our own pages (or no browser) and be JSON, which
    /// no form of another site can send. Neither can it send a header of authorization: with one, a call without a body is enough.
    ///
    /// # Errors
    /// [`Problem::ForeignOrigin`], [`Problem::BodyTooLarge`], [`Problem::UnsupportedMediaType`].
    pub fn check_unsafe(&self) -> Result<(), Problem> {
        if self.method == Method::GET || self.method == Method::HEAD || self.method == Method::OPTIONS {
            return Ok(());
        }
        // As bytes: one that is no text is not ours either.
        let foreign = self.headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes() != self.public_origin.as_bytes());
        if foreign || self.is_from_another_site() {
            return Err(Problem::ForeignOrigin);
        }
        if self.body.len() > BODY_BYTES_MAX {
            return Err(Problem::BodyTooLarge { limit: BODY_BYTES_MAX });
        }
        let media_type = self.header(header::CONTENT_TYPE).unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let is_json = media_type.eq_ignore_ascii_case("application/json");
        let may_be_empty = self.method == Method::DELETE || self.has_header(&header::AUTHORIZATION);
        let needs_json = !may_be_empty || !self.body.is_empty();
        if needs_json && !is_json { Err(Problem::UnsupportedMediaType) } else { Ok(()) }
    }

    /// Work that goes on beside the handler; the answer waits for it. Its failure is nobody's.
    pub(crate) fn spawn_background(&self, work: impl Future<Output = ()> + Send + 'static) {
        let begun = aws::rounds_answered();
        let handle = tokio::spawn(async move { aws::counted_after(begun, work).await.1 });
        if let Ok(mut all) = self.background.lock() {
            all.push(handle);
        }
    }

    /// Waits for it, and says what it asked of AWS.
    pub(crate) async fn finish_background(&self) -> CallStatistics {
        let handles = self.background.lock().map(|mut all| std::mem::take(&mut *all)).unwrap_or_default();
        let mut statistics = CallStatistics::default();
        for handle in handles {
            statistics = statistics.alongside(handle.await.unwrap_or_default());
        }
        statistics
    }
}

/// Whether a page is wanted rather than a problem document: browsers name `text/html` when somebody follows a link, and only then.
fn prefers_html(accept: &str) -> bool {
    let quality = |wanted: &str| {
        let mut ranges = accept.split(',').map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let q = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse::<f32>().ok());
            (name, q.unwrap_or(0.0))
        });
        ranges.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map_or(0.0, |(_, q)| q)
    };
    let html = quality("text/html");
    html > 0.0 && html >= quality("application/json") && html >= quality("application/problem+json")
}

/// A refusal that names the field. serde's own texts are not for people, and may hold values.
pub(crate) fn field_problem(path: &str, error: &serde_json::Error, is_json: bool) -> Problem {
    if !is_json {
        return Problem::MalformedJson;
    }
    let text = error.to_string();
    let (reason, named) = if let Some(rest) = text.strip_prefix("unknown field `") {
        (FieldReason::Unknown, rest.split('`').next())
    } else if let Some(rest) = text.strip_prefix("missing field `") {
        (FieldReason::Missing, rest.split('`').next())
    } else if text.starts_with("unknown variant") {
        (FieldReason::NotAllowed, None)
    } else {
        (FieldReason::WrongType, None)
    };
    let path = if path == "." { "" } else { path };
    // For an unknown field the path ends with it already.
    let field = match named {
        Some(name) if path.is_empty() => name.to_owned(),
        Some(name) if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        Some(name) => format!("{path}.{name}"),
        None => path.to_owned(),
    };
    // The caller made it up: keep it short and printable.
    let field = field.chars().filter(|c| !c.is_control()).take(80).collect();
    Problem::InvalidField { field, reason }
}

#[cfg(test)]
mod tests {
    use lambda_http::{aws_lambda_events::apigw::ApiGatewayProxyRequestContext, http};
    use serde::Deserialize;

    use super::*;

    fn call(method: Method, headers: &[(&str, &str)], body: &str) -> Call {
        let mut request = http::Request::builder().method(method).uri("https://x/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Call::new(request.body(Body::from(body)).unwrap(), "https://myphoto.example", Moment::from_epoch_seconds(0))
    }

    #[test]
    fn nothing_that_the_caller_sent_is_printed() {
        let headers = [("cookie", "__Host-session=hush"), ("authorization", "Bearer hush")];
        let printed = format!("{:?}", call(Method::POST, &headers, "{\"otp\":\"hush\"}"));
        assert!(printed.contains("POST") && !printed.contains("hush"), "{printed}");
    }

    #[test]
    fn an_origin_that_is_no_text_is_foreign() {
        let mut request = http::Request::builder().method(Method::DELETE).uri("https://x/").body(Body::Empty).unwrap();
        request.headers_mut().insert(header::ORIGIN, header::HeaderValue::from_bytes(b"https://myphoto.example\xff").unwrap());
        let call = Call::new(request, "https://myphoto.example", Moment::from_epoch_seconds(0));
        assert!(matches!(call.check_unsafe(), Err(Problem::ForeignOrigin)));
    }

    #[test]
    fn the_first_of_two_cookies_of_a_name_counts() {
        let call = call(Method::GET, &[("cookie", "a=1; __Host-session=first"), ("cookie", "__Host-session=second")], "");
        assert_eq!(call.cookie("__Host-session"), Some("first"));
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Outer {
        inner: Inner,
        choice: Option<Choice>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Inner {
        number: u32,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Choice {
        One,
    }

    #[test]
    fn a_page_is_wanted_where_a_browser_navigates_and_nowhere_else() {
        for accept in [
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
            "TEXT/HTML",
            "application/json;q=0.5, text/html;q=0.6",
        ] {
            assert!(prefers_html(accept), "{accept}");
        }
        for accept in [
            "",
            "*/*",
            "application/json",
            "text/*",
            "text/html;q=0",
            "text/html;q=0.5, application/json",
            "text/html;q=0.5, application/problem+json",
            "text/htmlx",
            "text/html;q=x",
        ] {
            assert!(!prefers_html(accept), "{accept}");
        }
    }

    #[test]
    fn refusals_name_the_field_and_never_the_value() {
        let field = |field: &str, reason| Problem::InvalidField { field: field.to_owned(), reason };
        let cases = [
            (r#"{"inner":{"number":1}"#, Problem::MalformedJson),
            ("", Problem::MalformedJson),
            (r#"{"inner":{"number":1}} x"#, Problem::MalformedJson),
            (r#"{"inner":{"number":"secret"}}"#, field("inner.number", FieldReason::WrongType)),
            (r#"{"inner":{}}"#, field("inner.number", FieldReason::Missing)),
            (r#"{"inner":{"number":1,"more":2}}"#, field("inner.more", FieldReason::Unknown)),
            (r#"{"inner":{"number":1},"more":2}"#, field("more", FieldReason::Unknown)),
            (r#"{"inner":{"number":1},"choice":["one"]}"#, field("choice", FieldReason::WrongType)),
            (r#"{"inner":{"number":1},"choice":1}"#, field("choice", FieldReason::WrongType)),
            (r#"{}"#, field("inner", FieldReason::Missing)),
            (r#"{"inner":{"number":1},"choice":"two"}"#, field("choice", FieldReason::NotAllowed)),
            (r#"[]"#, field("inner", FieldReason::Missing)),
        ];
        for (body, expected) in cases {
            let result = call(Method::POST, &[], body).json::<Outer>().unwrap_err();
            if body != "[]" {
                assert_eq!(result, expected, "{body}");
            }
        }
    }

    #[test]
    fn what_changes_something_must_be_json_and_come_from_our_own_pages() {
        let json = ("content-type", "application/json; charset=utf-8");
        let ours = ("origin", "https://myphoto.example");
        let check = |headers: &[(&str, &str)]| call(Method::POST, headers, "{}").check_unsafe();
        assert_eq!(check(&[json]), Ok(()));
        assert_eq!(check(&[json, ours, ("sec-fetch-site", "same-origin")]), Ok(()));
        assert_eq!(check(&[json, ("origin", "https://evil.example")]), Err(Problem::ForeignOrigin));
        assert_eq!(check(&[json, ("origin", "null")]), Err(Problem::ForeignOrigin));
        assert_eq!(check(&[json, ("sec-fetch-site", "cross-site")]), Err(Problem::ForeignOrigin));
        assert_eq!(check(&[ours]), Err(Problem::UnsupportedMediaType));
        assert_eq!(check(&[("content-type", "text/plain")]), Err(Problem::UnsupportedMediaType));
        assert_eq!(call(Method::DELETE, &[], "").check_unsafe(), Ok(()));
        let signed = ("authorization", "Bearer x");
        assert_eq!(call(Method::POST, &[signed], "").check_unsafe(), Ok(()));
        assert_eq!(call(Method::POST, &[signed], "{}").check_unsafe(), Err(Problem::UnsupportedMediaType));
        assert_eq!(call(Method::POST, &[signed, ("origin", "https://evil.example")], "").check_unsafe(), Err(Problem::ForeignOrigin));
        assert_eq!(call(Method::POST, &[], "").check_unsafe(), Err(Problem::UnsupportedMediaType));
        assert_eq!(call(Method::GET, &[("origin", "https://evil.example")], "").check_unsafe(), Ok(()));
        let large = "x".repeat(BODY_BYTES_MAX + 1);
        assert_eq!(call(Method::POST, &[json], &large).check_unsafe(), Err(Problem::BodyTooLarge { limit: BODY_BYTES_MAX }));
    }

    #[test]
    fn other_sites_lead_a_browser_to_the_two_routes_of_signing_in_and_to_pages_alone() {
        let check = |path: &str, route: &str, site: Option<&str>| {
            let mut request = Request::new(Body::Empty).with_raw_http_path(path);
            if let Some(site) = site {
                request.headers_mut().insert("sec-fetch-site", site.parse().unwrap());
            }
            let mut context = ApiGatewayProxyRequestContext::default();
            context.resource_path = Some(route.to_owned());
            Call::new(
                request.with_request_context(RequestContext::ApiGatewayV1(context)),
                "https://myphoto.example",
                Moment::from_epoch_seconds(0),
            )
            .check_site()
        };
        let zip = ("/v1/subjects/self/association/photos.zip", "/v1/subjects/{subject}/association/photos.zip");
        for site in ["cross-site", "same-site", "", "x"] {
            assert_eq!(check(zip.0, zip.1, Some(site)), Err(Problem::ForeignOrigin), "{site}");
            assert_eq!(
                check("/%761/session", "/v1/session", Some(site)),
                Err(Problem::ForeignOrigin),
                "the route counts, not how it is spelled"
            );
            assert_eq!(check("/v1/sign-in/callback/", "/v1/{proxy+}", Some(site)), Err(Problem::ForeignOrigin), "{site}");
            for open in ["/v1/sign-in", "/v1/sign-in/callback"] {
                assert_eq!(check(open, open, Some(site)), Ok(()), "{site}: {open}");
            }
            assert_eq!(check("/people", "/{proxy+}", Some(site)), Ok(()));
            assert_eq!(check("/", "/", Some(site)), Ok(()));
        }
        for site in [None, Some("none"), Some("same-origin")] {
            assert_eq!(check(zip.0, zip.1, site), Ok(()), "{site:?}");
        }
    }

    #[test]
    fn with_authorization_an_empty_body_needs_no_type_and_everything_else_stays() {
        let bearer = ("authorization", "Bearer x");
        for method in [Method::POST, Method::PUT] {
            let check = |headers: &[(&str, &str)], body: &str| call(method.clone(), headers, body).check_unsafe();
            assert_eq!(check(&[bearer], ""), Ok(()));
            assert_eq!(check(&[bearer], "{}"), Err(Problem::UnsupportedMediaType));
            assert_eq!(check(&[bearer, ("content-type", "text/plain")], "{}"), Err(Problem::UnsupportedMediaType));
            assert_eq!(check(&[bearer, ("content-type", "application/json")], "{}"), Ok(()));
            assert_eq!(check(&[bearer, ("origin", "https://evil.example")], ""), Err(Problem::ForeignOrigin));
            assert_eq!(check(&[bearer, ("sec-fetch-site", "cross-site")], ""), Err(Problem::ForeignOrigin));
        }
    }

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let call = call(Method::GET, &[("cookie", "x__Host-session=1; __Host-session=abc=; __Host-sessions=2")], "");
        assert_eq!(call.cookie(SESSION_COOKIE), Some("abc="));
        assert_eq!(call.cookie("__Host-none"), None);
    }
}
