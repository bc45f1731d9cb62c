//! Reads the parts of a request: headers, cookies, query, path and JSON body.

use lambda_http::http::{HeaderName, Method, header};
use messages::problem::{FieldReason, Problem};
use serde::de::{DeserializeOwned, IgnoredAny};

use super::Call;

impl Call {
    pub fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn has_header(&self, name: &HeaderName) -> bool {
        self.headers.contains_key(name)
    }

    /// Returns the value of a header. Returns `None` if the header is absent, occurs more than once, or is not text.
    pub(crate) fn only_header(&self, name: &HeaderName) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        values.next().filter(|_| values.next().is_none()).and_then(|value| value.to_str().ok())
    }

    /// Returns the first cookie of this name.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
    }

    /// Returns the first query parameter of this name.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns a path parameter, such as `subject` for the `{subject}` of a route.
    pub fn path(&self, name: &str) -> Option<&str> {
        self.path.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns whether the request is under `/v1`. All other paths belong to the web application.
    pub fn is_api_request(&self) -> bool {
        // The route is checked in addition to the path, because the caller may percent-encode characters of the path.
        self.is_api_request || self.route.starts_with("/v1/")
    }

    /// Returns the path in infra/openapi.yaml by which the gateway selected this function, such as `/v1/pulls`.
    pub fn route(&self) -> &str {
        &self.route
    }

    /// Returns whether the method is `HEAD`, which requests the headers of the response without its body.
    pub fn is_head(&self) -> bool {
        self.method == Method::HEAD
    }

    /// Returns the service's own origin, such as `https://myphoto.gov.gr`.
    pub fn public_origin(&self) -> &str {
        &self.public_origin
    }

    pub(crate) fn has_body(&self) -> bool {
        !self.body.is_empty()
    }

    /// Returns the body as the caller sent it.
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// Parses the body as JSON of exactly the shape `T`. An error names the field, but never contains its value.
    ///
    /// # Errors
    /// [`Problem::MalformedJson`], [`Problem::InvalidField`].
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let mut deserializer = serde_json::Deserializer::from_slice(&self.body);
        let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            let path = error.path().to_string();
            // Checks whether the body is JSON at all. The kind of the error does not show this, because serde_json also reports a syntax
            // error if it finds a list or a number in place of the name of an enum variant.
            let is_json = serde_json::from_slice::<IgnoredAny>(&self.body).is_ok();
            field_problem(&path, error.inner(), is_json)
        })?;
        deserializer.end().map_err(|_| Problem::MalformedJson)?;
        Ok(value)
    }
}

/// Converts a serde error into a problem that names the field. serde's own text is not passed on, because it may contain values.
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
    let field = match named {
        Some(name) if path.is_empty() => name.to_owned(),
        // For an unknown field the path already ends with the field's name, so the name is not appended again.
        Some(name) if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        Some(name) => format!("{path}.{name}"),
        None => path.to_owned(),
    };
    // The caller chooses the names of unknown fields, so the text is shortened and stripped of control characters.
    let field = field.chars().filter(|c| !c.is_control()).take(80).collect();
    Problem::InvalidField { field, reason }
}
