//! Responses: JSON, files, redirects, and problems in the caller's language.

use domain::{Language, Moment, native_app::AppSignIn, quota};
use lambda_http::{
    Body, Response,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use messages::problem::Problem;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    call::{SESSION_COOKIE, SIGN_IN_COOKIE},
    failure::{Failure, status},
};

/// Maximum number of bytes that the encoded body takes in Lambda's response. Lambda limits the whole response to 6,291,556 bytes of JSON,
/// in which files are encoded in base64.
const RESPONSE_BYTES_MAX: usize = 6_000_000;

/// Headers of every response. They require TLS, forbid content sniffing, keep other sites from embedding the response or sharing a browsing
/// context group with it, and send no `Referer`.
const COMMON_HEADERS: [(HeaderName, &str); 6] = [
    (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
];
/// The value of `Permissions-Policy`. A page may use the camera, to read a QR code. All other features that browsers have are disabled by
/// name, because this header has no wildcard for features.
const PERMISSIONS: &str = "camera=(self), accelerometer=(), autoplay=(), browsing-topics=(), display-capture=(), \
     encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), hid=(), identity-credentials-get=(), idle-detection=(), \
     local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-create=(), \
     publickey-credentials-get=(), screen-wake-lock=(), serial=(), storage-access=(), usb=(), window-management=(), \
     xr-spatial-tracking=()";
/// Headers of responses about one person. Caches must not store these responses, and browsers must not run or frame them.
const PERSONAL_HEADERS: [(HeaderName, &str); 3] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    (header::VARY, "Accept, Accept-Language, Authorization, Cookie, Origin"),
];

/// Returns the number of bytes that a JSON text takes in Lambda's response, which contains the text as an escaped string. Only quotation
/// marks and backslashes need an escape, because JSON contains no raw control characters.
pub(crate) fn escaped_length(json: &[u8]) -> usize {
    json.len() + json.iter().filter(|byte| matches!(byte, b'"' | b'\\')).count()
}

#[derive(Debug)]
pub struct Reply {
    pub(crate) status: StatusCode,
    is_public: bool,
    headers: Vec<(HeaderName, String)>,
    body: Vec<u8>,
}

impl Reply {
    fn new(status: StatusCode, content_type: Option<&str>, body: Vec<u8>) -> Self {
        let headers = content_type.map(|text| (header::CONTENT_TYPE, text.to_owned())).into_iter().collect();
        Self { status, is_public: false, headers, body }
    }

    /// Returns a JSON response.
    ///
    /// # Errors
    /// If the value cannot be serialized.
    pub fn json<T: Serialize>(status: u16, value: &T) -> Result<Self, Failure> {
        let body = serde_json::to_vec(value).map_err(Failure::internal)?;
        Ok(Self::new(StatusCode::from_u16(status).map_err(Failure::internal)?, Some("application/json"), body))
    }

    pub fn no_content() -> Self {
        Self::new(StatusCode::NO_CONTENT, None, Vec::new())
    }

    /// Redirects to `location`, which the browser requests with GET.
    pub fn see_other(location: &str) -> Self {
        Self::new(StatusCode::SEE_OTHER, None, Vec::new()).header(header::LOCATION, location)
    }

    pub fn file(status: StatusCode, content_type: &str, body: Vec<u8>) -> Self {
        Self::new(status, Some(content_type), body)
    }

    /// Returns a response that is the same for every caller. It has none of the headers of personal responses, so the caller of this
    /// function must set `Cache-Control` and `Content-Security-Policy`.
    pub fn public(status: StatusCode, body: Vec<u8>) -> Self {
        Self { is_public: true, ..Self::new(status, None, body) }
    }

    #[must_use]
    pub fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Makes a browser save the response as a file with this name.
    #[must_use]
    pub fn attachment(self, name: &str) -> Self {
        self.header(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))
    }

    /// Sets the session cookie. The browser deletes the cookie when the browser is closed.
    #[must_use]
    pub fn set_session(self, token: &storage::sealing::SessionToken) -> Self {
        self.cookie(SESSION_COOKIE, &token.expose(), "")
    }

    #[must_use]
    pub(crate) fn clear_session(self) -> Self {
        self.cookie(SESSION_COOKIE, "", "; Max-Age=0")
    }

    /// Sets the cookie that binds a sign-in to this browser. The cookie is valid for `seconds`.
    #[must_use]
    pub fn set_sign_in(self, value: &str, seconds: i64) -> Self {
        self.cookie(SIGN_IN_COOKIE, value, &format!("; Max-Age={seconds}"))
    }

    fn cookie(self, name: &str, value: &str, age: &str) -> Self {
        self.header(header::SET_COOKIE, format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{age}"))
    }

    /// Returns a problem document, `application/problem+json` (RFC 9457). Its member `code` does not change with the language.
    pub(crate) fn problem(problem: &Problem, language: Language, now: Moment) -> Self {
        let status = status(problem);
        let mut document = Map::new();
        document.insert("type".to_owned(), Value::from(format!("/problems/{}", problem.code())));
        document.insert("title".to_owned(), Value::from(problem.title(language)));
        document.insert("status".to_owned(), Value::from(status.as_u16()));
        document.insert("detail".to_owned(), Value::from(problem.detail(language)));
        document.insert("code".to_owned(), Value::from(problem.code()));
        for (name, value) in problem.extensions() {
            document.insert(name.to_owned(), value);
        }
        let body = Value::Object(document).to_string().into_bytes();
        let reply = Self::new(status, Some("application/problem+json"), body);
        let until_midnight = matches!(
            problem,
            Problem::OtpDailyLimit { .. }
                | Problem::OtpMessagesDailyLimit { .. }
                | Problem::SubmissionsExhausted { .. }
                | Problem::CaseLimit { .. }
                | Problem::CodeLimitReached { .. }
        );
        if until_midnight {
            reply.header(header::RETRY_AFTER, quota::until_renewal(now).as_seconds().to_string())
        } else if let Problem::RangeNotSatisfiable { total } = problem {
            reply.header(header::CONTENT_RANGE, format!("bytes */{total}"))
        } else if let Problem::MethodNotAllowed { allow } = problem {
            reply.header(header::ALLOW, *allow)
        } else if matches!(problem, Problem::Throttled) {
            reply.header(header::RETRY_AFTER, "1")
        } else {
            reply
        }
    }

    /// Reports a problem to an app by redirecting to the app's redirect URI (RFC 6749, 4.1.2.1). The `error_description` is the problem's
    /// code.
    pub(crate) fn problem_to_app(problem: &Problem, app: &AppSignIn) -> Self {
        let error = if status(problem).is_server_error() { "server_error" } else { "access_denied" };
        Self::see_other(&app.with_error(error, problem.code()))
    }

    /// Redirects a browser to the web application's problem page, which explains the problem. `return_to` is the path at which the person
    /// continues from the problem page.
    pub(crate) fn problem_to_page(problem: &Problem, return_to: Option<&str>) -> Self {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("code", problem.code());
        if let Some(path) = return_to {
            query.append_pair("return_to", path);
        }
        Self::see_other(&format!("/sign-in/problem?{}", query.finish()))
    }

    /// Redirects to the page of the web application that shows the app's name. The sign-in begins when the person presses a button there.
    /// `language` is the language that the app has chosen for the SMS.
    pub fn to_app_page(app: &AppSignIn, language: Option<Language>) -> Self {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(app.parameters()).extend_pairs(language.map(|language| ("language", language.tag())));
        Self::see_other(&format!("/sign-in/app?{}", query.finish()))
    }

    /// Returns whether the response is small enough for Lambda.
    pub(crate) fn fits(&self) -> bool {
        let encoded_length = if self.is_text() { escaped_length(&self.body) } else { self.body.len().div_ceil(3) * 4 };
        encoded_length < RESPONSE_BYTES_MAX
    }

    fn is_text(&self) -> bool {
        self.headers.iter().any(|(name, value)| name == header::CONTENT_TYPE && value.ends_with("json"))
    }

    pub(crate) fn into_response(self, language: Language) -> Response<Body> {
        let is_text = self.is_text();
        let body = if self.body.is_empty() {
            Body::Empty
        } else if is_text {
            Body::Text(String::from_utf8(self.body).unwrap_or_default())
        } else {
            Body::Binary(self.body)
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        for (name, value) in COMMON_HEADERS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if !self.is_public {
            for (name, value) in PERSONAL_HEADERS {
                headers.insert(name, HeaderValue::from_static(value));
            }
            headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.append(name, value);
            }
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use domain::native_app::{CodeChallenge, RedirectList};

    use super::*;

    #[test]
    fn an_app_receives_the_kind_of_error_and_the_code_of_the_problem_by_redirect() {
        let app = AppSignIn {
            redirect_uri: RedirectList::parse("gr.gov.myphoto:/signed-in").unwrap().allow("gr.gov.myphoto:/signed-in").unwrap(),
            code_challenge: CodeChallenge::parse(&"A".repeat(43)).unwrap(),
            state: None,
        };
        for (problem, error) in [
            (Problem::NoConfirmedMobile, "access_denied"),
            (Problem::SignInState, "access_denied"),
            (Problem::RegistersUnavailable, "server_error"),
            (Problem::Internal, "server_error"),
            (Problem::Timeout, "server_error"),
        ] {
            let response = Reply::problem_to_app(&problem, &app).into_response(Language::El);
            let expected = format!("gr.gov.myphoto:/signed-in?error={error}&error_description={}", problem.code());
            assert_eq!(response.status(), StatusCode::SEE_OTHER);
            assert_eq!(response.headers().get(header::LOCATION).unwrap(), expected.as_str());
            assert!(!response.headers().contains_key(header::SET_COOKIE));
        }
    }
}
