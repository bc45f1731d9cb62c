//! One person's browser: it keeps cookies as a browser would, and says which language its owner reads. Or an app, which has a token.

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
    /// Of an app: its session, sent with each call in place of cookies.
    token: Option<String>,
    jar: Mutex<Jar>,
}

#[derive(Default, Clone)]
struct Jar {
    now: BTreeMap<String, String>,
    /// Every value that a cookie ever had here: what must not be found anywhere else.
    ever: Vec<String>,
}

impl Browser {
    pub fn new(language: Language) -> Self {
        Self { language, token: None, jar: Mutex::default() }
    }

    /// No browser but an app, which sends this token as `Authorization: Bearer`, no Origin and no cookies, and is to be given none.
    pub fn app(language: Language, token: &str) -> Self {
        Self { language, token: Some(token.to_owned()), jar: Mutex::default() }
    }

    /// Of an app, for whoever else is to speak in its name.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Another browser with the same cookies: a second tab, or one whose answer got lost.
    #[must_use]
    pub fn twin(&self) -> Self {
        let jar = self.jar(|jar| jar.clone());
        Self { language: self.language, token: self.token.clone(), jar: Mutex::new(jar) }
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.jar(|jar| jar.now.get(name).cloned())
    }

    pub fn put_cookie(&self, name: &str, value: &str) {
        self.jar(|jar| jar.now.insert(name.to_owned(), value.to_owned()));
    }

    pub fn all_cookie_values(&self) -> Vec<String> {
        self.jar(|jar| jar.ever.clone())
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

    /// All of a list that comes in pages, in its order.
    ///
    /// # Panics
    /// Where it is no list.
    pub async fn all_of(&self, path: &str, list: &str) -> Vec<Value> {
        let (mut all, mut query) = (Vec::new(), "?limit=100".to_owned());
        loop {
            let page = self.get(&format!("{path}{query}")).await.expect(200).json();
            all.extend(page[list].as_array().expect("a list").iter().cloned());
            let Some(next) = page["next"].as_str() else { return all };
            query = format!("?limit=100&cursor={next}");
        }
    }

    /// A call to be changed before it is sent. `path` may be a whole address of the service.
    pub fn request(&self, method: Method, path: &str) -> Request<'_> {
        let origin = stack::origin();
        let url = if path.starts_with('/') { format!("{origin}{path}") } else { path.to_owned() };
        assert!(url.starts_with(&format!("{origin}/")), "{url} is not the service's: cookies would go elsewhere");
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

    /// Takes a cookie if a browser would: ours are all `__Host-`, and such ones are refused without these attributes.
    fn keep(&self, set_cookie: &str) {
        let mut parts = set_cookie.split(';').map(str::trim);
        let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("a cookie has a name and a value");
        let attributes: Vec<String> = parts.map(str::to_ascii_lowercase).collect();
        let has = |wanted: &str| attributes.iter().any(|attribute| attribute == wanted);
        assert!(name.starts_with("__Host-"), "{name} is no __Host- cookie");
        assert!(has("secure") && has("path=/") && !attributes.iter().any(|attribute| attribute.starts_with("domain")), "{attributes:?}");
        assert!(has("httponly") && has("samesite=lax"), "{name}: {attributes:?}");
        self.jar(|jar| {
            if has("max-age=0") {
                jar.now.remove(name);
            } else {
                jar.now.insert(name.to_owned(), value.to_owned());
                jar.ever.push(value.to_owned());
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
    /// Sets a header, in place of what a browser would send.
    ///
    /// # Panics
    /// Where it is no header.
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

    /// What is sent, for who sends it with a client of their own. Cookies of its answer are not kept.
    pub fn builder(self) -> reqwest::RequestBuilder {
        let cookies = self.browser.jar(|jar| jar.now.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; "));
        let request = stack::client().request(self.method, &self.url).headers(self.headers).body(self.body);
        if cookies.is_empty() { request } else { request.header(header::COOKIE, cookies) }
    }

    /// # Panics
    /// Where no answer comes.
    pub async fn send(self) -> Response {
        let (browser, call) = (self.browser, format!("{} {}", self.method, self.url));
        let request = self.builder();
        let response = Response::read(call, request).await;
        for cookie in response.headers.get_all(header::SET_COOKIE) {
            assert!(browser.token.is_none(), "{}: an app is given a cookie", response.call);
            browser.keep(cookie.to_str().expect("a cookie is ASCII"));
        }
        response
    }
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    call: String,
}

impl Response {
    /// Sends a request and reads the whole answer. `call` names it in panics.
    ///
    /// # Panics
    /// Where no answer comes.
    pub async fn read(call: String, request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap_or_else(|error| panic!("{call}: {error:?}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.unwrap_or_else(|error| panic!("{call}: {error:?}")).to_vec();
        Self { status, headers, body, call }
    }

    /// How a run went that nobody called over HTTP: 200 or 500.
    pub fn of_run(call: &str, ended: Result<String, String>) -> Self {
        let (status, body) = ended.map_or_else(|said| (500, said), |said| (200, said));
        Self { status, headers: HeaderMap::new(), body: body.into_bytes(), call: call.to_owned() }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// # Panics
    /// Where the status is another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        let shown: String = self.text().chars().take(600).collect();
        assert_eq!(self.status, status, "{}: {shown}", self.call);
        self
    }

    /// # Panics
    /// Where it is no JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{}: {}", self.call, self.text());
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{}: {error}: {}", self.call, self.text()))
    }

    /// The problem document, after the checks that hold for every one.
    ///
    /// # Panics
    /// Where it is none, or not as RFC 9457 and our rules have it.
    #[track_caller]
    pub fn problem(&self) -> Problem {
        let shown = || format!("{}: {} {}", self.call, self.status, self.text());
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", shown());
        let members: Value = serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", shown()));
        let text = |name: &str| members[name].as_str().unwrap_or_else(|| panic!("no {name}: {}", shown())).to_owned();
        let problem = Problem { status: self.status, code: text("code"), title: text("title"), detail: text("detail"), members };
        assert_eq!(problem.members["status"], self.status, "{}", shown());
        assert_eq!(problem.members["type"], format!("/problems/{}", problem.code), "{}", shown());
        let greek = self.header("content-language").map(|tag| tag == "el").expect("a problem says its language");
        assert_eq!((has_greek(&problem.title), has_greek(&problem.detail)), (greek, greek), "{}", shown());
        problem
    }

    /// # Panics
    /// Where it is not refused with this status and code.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Problem {
        let problem = self.problem();
        assert_eq!((problem.status, problem.code.as_str()), (status, code), "{}: {}", self.call, self.text());
        problem
    }
}

/// A refusal, as its reader gets it.
#[derive(Debug)]
pub struct Problem {
    pub status: u16,
    pub code: String,
    pub title: String,
    pub detail: String,
    /// All of it, for the members that some codes have beside these.
    pub members: Value,
}

pub fn has_greek(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}'))
}
