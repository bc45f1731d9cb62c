//! A person's HTTP client: a browser, which stores cookies and sends `Origin`, or an app, which sends a bearer token.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use domain::Language;
use reqwest::{
    Method,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use serde_json::Value;

use crate::stack;

pub const SESSION_COOKIE: &str = "__Host-session";

pub struct Browser {
    pub language: Language,
    /// The session token of an app, sent with each request instead of cookies.
    token: Option<String>,
    jar: Mutex<Jar>,
}

#[derive(Default, Clone)]
struct Jar {
    current: BTreeMap<String, String>,
    /// All values that cookies ever had. Tests check that none of them is stored or logged.
    history: Vec<String>,
}

impl Browser {
    pub fn new(language: Language) -> Self {
        Self { language, token: None, jar: Mutex::default() }
    }

    /// Returns an app, which sends this token as `Authorization: Bearer`, and neither `Origin` nor cookies. Responses to it must set no
    /// cookie.
    pub fn app(language: Language, token: &str) -> Self {
        Self { language, token: Some(token.to_owned()), jar: Mutex::default() }
    }

    /// Returns the session token of an app, for another client that uses the same session.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Returns another browser with the same cookies, such as a second tab. If the first browser then makes a request, the other browser
    /// does not get the cookies of the response, as if the response had been lost.
    #[must_use]
    pub fn twin(&self) -> Self {
        let jar = self.jar(|jar| jar.clone());
        Self { language: self.language, token: self.token.clone(), jar: Mutex::new(jar) }
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.jar(|jar| jar.current.get(name).cloned())
    }

    pub fn put_cookie(&self, name: &str, value: &str) {
        self.jar(|jar| jar.current.insert(name.to_owned(), value.to_owned()));
    }

    pub fn all_cookie_values(&self) -> Vec<String> {
        self.jar(|jar| jar.history.clone())
    }

    fn jar<T>(&self, work: impl FnOnce(&mut Jar) -> T) -> T {
        work(&mut self.jar.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Response {
        self.request(Method::POST, path).json(body).send().await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Response {
        self.request(Method::PUT, path).json(body).send().await
    }

    pub async fn delete(&self, path: &str) -> Response {
        self.request(Method::DELETE, path).send().await
    }

    /// Reads all pages of a list. Returns the entries in the order of the list.
    ///
    /// # Panics
    /// If a response has no such list.
    pub async fn all_of(&self, path: &str, list: &str) -> Vec<Value> {
        let (mut all, mut query) = (Vec::new(), "?limit=100".to_owned());
        loop {
            let page = self.get(&format!("{path}{query}")).await.expect(200).json();
            all.extend(page[list].as_array().expect("a list").iter().cloned());
            let Some(next) = page["next"].as_str() else { return all };
            query = format!("?limit=100&cursor={next}");
        }
    }

    /// Returns a request that the caller may change before sending. `path` is a path or an absolute URL of the service.
    pub fn request(&self, method: Method, path: &str) -> Request<'_> {
        let origin = stack::origin();
        let url = if path.starts_with('/') { format!("{origin}{path}") } else { path.to_owned() };
        assert!(url.starts_with(&format!("{origin}/")), "{url} is not a URL of the service, so cookies would be sent elsewhere");
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(self.language.tag()));
        if let Some(token) = &self.token {
            headers.insert(header::AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {token}")).unwrap());
        } else if method != Method::GET {
            headers.insert(header::ORIGIN, HeaderValue::from_str(&origin).unwrap());
        }
        Request { browser: self, method, url, headers, body: Vec::new() }
    }

    /// Checks the name and the attributes of a cookie, and stores the cookie. All cookies of the service are named `__Host-...`. Browsers
    /// reject such a cookie if it lacks `Secure` or `Path=/`, or if it has `Domain`.
    fn store_cookie(&self, set_cookie: &str) {
        let mut parts = set_cookie.split(';').map(str::trim);
        let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("a cookie has a name and a value");
        let attributes: Vec<String> = parts.map(str::to_ascii_lowercase).collect();
        let has = |name: &str| attributes.iter().any(|attribute| attribute == name);
        assert!(name.starts_with("__Host-"), "{name} is not a __Host- cookie");
        assert!(has("secure") && has("path=/") && !attributes.iter().any(|attribute| attribute.starts_with("domain")), "{attributes:?}");
        assert!(has("httponly") && has("samesite=lax"), "{name}: {attributes:?}");
        self.jar(|jar| {
            if has("max-age=0") {
                jar.current.remove(name);
            } else {
                jar.current.insert(name.to_owned(), value.to_owned());
                jar.history.push(value.to_owned());
            }
        });
    }
}

#[must_use]
pub struct Request<'b> {
    browser: &'b Browser,
    method: Method,
    url: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Request<'_> {
    /// Sets a header, replacing the value that a browser would send.
    ///
    /// # Panics
    /// If name or value is not valid.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header(header::CONTENT_TYPE.as_str(), content_type)
    }

    /// Converts the request to a `reqwest` request, which the caller sends. The cookies that the response sets are then not stored.
    pub fn builder(self) -> reqwest::RequestBuilder {
        let cookies =
            self.browser.jar(|jar| jar.current.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; "));
        let request = stack::client().request(self.method, &self.url).headers(self.headers).body(self.body);
        if cookies.is_empty() { request } else { request.header(header::COOKIE, cookies) }
    }

    /// Sends the request and stores the cookies of its response.
    ///
    /// # Panics
    /// If no response arrives, or if the response to an app sets a cookie.
    pub async fn send(self) -> Response {
        let (browser, call) = (self.browser, format!("{} {}", self.method, self.url));
        let request = self.builder();
        let response = Response::read(call, request).await;
        for cookie in response.headers.get_all(header::SET_COOKIE) {
            assert!(browser.token.is_none(), "{}: the response sets a cookie for an app", response.call);
            browser.store_cookie(cookie.to_str().expect("a cookie is ASCII"));
        }
        response
    }
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    pub(crate) call: String,
}

impl Response {
    /// Sends a request and reads the whole response. `call` names the request in panic messages.
    ///
    /// # Panics
    /// If no response arrives.
    pub async fn read(call: String, request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap_or_else(|error| panic!("{call}: {error:?}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.unwrap_or_else(|error| panic!("{call}: {error:?}")).to_vec();
        Self { status, headers, body, call }
    }

    /// Creates a response from the result of a function that was invoked without HTTP. The status is 200, or 500 if the function failed.
    pub fn from_invocation(call: &str, result: Result<String, String>) -> Self {
        let (status, body) = result.map_or_else(|error| (500, error), |output| (200, output));
        Self { status, headers: HeaderMap::new(), body: body.into_bytes(), call: call.to_owned() }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns the response if it has this status.
    ///
    /// # Panics
    /// If it has another status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        let excerpt: String = self.text().chars().take(600).collect();
        assert_eq!(self.status, status, "{}: {excerpt}", self.call);
        self
    }

    /// Parses the body as JSON.
    ///
    /// # Panics
    /// If the body is not JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{}: {}", self.call, self.text());
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{}: {error}: {}", self.call, self.text()))
    }

    /// Parses the problem document and checks the rules for every problem document: RFC 9457, and texts in the language that the header
    /// `Content-Language` states.
    ///
    /// # Panics
    /// If the body is not a problem document, or breaks a rule.
    #[track_caller]
    pub fn problem(&self) -> Problem {
        let context = || format!("{}: {} {}", self.call, self.status, self.text());
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", context());
        let members: Value = serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", context()));
        let text = |name: &str| members[name].as_str().unwrap_or_else(|| panic!("no {name}: {}", context())).to_owned();
        let problem = Problem { status: self.status, code: text("code"), title: text("title"), detail: text("detail"), members };
        assert_eq!(problem.members["status"], self.status, "{}", context());
        assert_eq!(problem.members["type"], format!("/problems/{}", problem.code), "{}", context());
        let greek = self.header("content-language").map(|tag| tag == "el").expect("a problem states its language");
        assert_eq!((has_greek(&problem.title), has_greek(&problem.detail)), (greek, greek), "{}", context());
        problem
    }

    /// Returns the problem document if the request was rejected with this status and problem code.
    ///
    /// # Panics
    /// If the request was not rejected in this way.
    #[track_caller]
    pub fn rejected(&self, status: u16, code: &str) -> Problem {
        let problem = self.problem();
        assert_eq!((problem.status, problem.code.as_str()), (status, code), "{}: {}", self.call, self.text());
        problem
    }
}

/// A problem document (RFC 9457) in the caller's language.
#[derive(Debug)]
pub struct Problem {
    pub status: u16,
    pub code: String,
    pub title: String,
    pub detail: String,
    /// The whole document, with the additional members that some codes have.
    pub members: Value,
}

/// Returns whether a text contains Greek letters.
pub fn has_greek(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}'))
}
