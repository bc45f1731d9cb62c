//! Defines how a caller sends its session token. A browser sends the token in a cookie that no script can read. An app sends the token in
//! the `Authorization` header.
//!
//! A response returns a new token in the same way, so that no script can obtain a readable token by sending a request with the cookie.

use lambda_http::http::header;
use messages::problem::Problem;
use serde::Serialize;
use storage::sealing::SessionToken;

use crate::{
    call::{Call, SESSION_COOKIE},
    failure::Failure,
    reply::Reply,
    views::SessionView,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenTransport {
    /// A browser's cookie. Also used for requests without any token.
    Cookie,
    /// `Authorization: Bearer TOKEN`. If the header is present, the cookie is ignored, even if the header is invalid.
    Bearer,
}

/// Response body for an app: the session and the token for its next requests.
#[derive(Serialize)]
struct SessionWithToken<'a> {
    token: String,
    token_type: &'static str,
    #[serde(flatten)]
    session: &'a SessionView,
}

impl Call {
    pub fn token_transport(&self) -> TokenTransport {
        if self.has_header(&header::AUTHORIZATION) { TokenTransport::Bearer } else { TokenTransport::Cookie }
    }

    /// Returns the session token of the request. Checks its format only, not whether the session exists.
    ///
    /// # Errors
    /// [`Problem::NoSession`], [`Problem::SessionExpired`].
    pub fn session_token(&self) -> Result<SessionToken, Problem> {
        let text = match self.token_transport() {
            TokenTransport::Cookie => self.cookie(SESSION_COOKIE).filter(|cookie| !cookie.is_empty()).ok_or(Problem::NoSession)?,
            TokenTransport::Bearer => self.only_header(&header::AUTHORIZATION).and_then(bearer).ok_or(Problem::SessionExpired)?,
        };
        SessionToken::parse(text).ok_or(Problem::SessionExpired)
    }
}

/// Returns the token of a `Bearer` header value. The scheme's name is case-insensitive (RFC 9110, 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then_some(token.trim_matches(' '))
}

impl Reply {
    /// Returns the session with its new token. The token is in the body if the request has an `Authorization` header, otherwise in the
    /// cookie.
    ///
    /// # Errors
    /// If the response cannot be serialized.
    pub fn session(call: &Call, session: &SessionView, token: &SessionToken) -> Result<Self, Failure> {
        match call.token_transport() {
            TokenTransport::Cookie => Ok(Self::json(200, session)?.set_session(token)),
            TokenTransport::Bearer => Self::json(200, &SessionWithToken { token: token.expose(), token_type: "Bearer", session }),
        }
    }

    /// Deletes the cookie of a browser whose session has ended. An app discards its token itself.
    #[must_use]
    pub fn without_session(self, call: &Call) -> Self {
        match call.token_transport() {
            TokenTransport::Cookie => self.clear_session(),
            TokenTransport::Bearer => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{Afm, Language, Moment, SubjectId, business::BusinessId, minor::BirthDate, session::Role};
    use lambda_http::{Body, http};
    use storage::sessions::{Minor, Person, Session};

    use super::*;

    fn call(headers: &[(&str, &str)]) -> Call {
        let mut request = http::Request::builder().uri("https://x/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Call::new(request.body(Body::Empty).unwrap(), "https://myphoto.example", Moment::from_epoch_seconds(0))
    }

    fn session_id(headers: &[(&str, &str)]) -> Result<String, Problem> {
        call(headers).session_token().map(|token| token.session_id())
    }

    #[test]
    fn an_authorization_header_takes_precedence_over_the_cookie_even_if_invalid() {
        let (ours, other) = (SessionToken::random().unwrap(), SessionToken::random().unwrap());
        let cookie = format!("{SESSION_COOKIE}={}", ours.expose());
        let bearer = |scheme: &str| format!("{scheme} {}", other.expose());
        assert_eq!(session_id(&[]), Err(Problem::NoSession));
        assert_eq!(session_id(&[("cookie", &format!("{SESSION_COOKIE}="))]), Err(Problem::NoSession));
        assert_eq!(session_id(&[("cookie", &cookie)]), Ok(ours.session_id()));
        for scheme in ["Bearer", "bearer", "BEARER"] {
            assert_eq!(session_id(&[("cookie", &cookie), ("authorization", &bearer(scheme))]), Ok(other.session_id()));
        }
        for invalid in ["", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", &other.expose(), &bearer("Token"), "Bearer \u{e9}", "Bearer a b"] {
            assert_eq!(session_id(&[("cookie", &cookie), ("authorization", invalid)]), Err(Problem::SessionExpired), "{invalid}");
        }
        let twice = [("authorization", bearer("Bearer")), ("authorization", bearer("Bearer"))];
        assert_eq!(session_id(&twice.each_ref().map(|(name, value)| (*name, value.as_str()))), Err(Problem::SessionExpired));
    }

    fn view(token: &SessionToken) -> SessionView {
        let person = Person {
            first_name: "ΜΑΡΙΑ".to_owned(),
            last_name: "ΠΑΠΑΔΟΠΟΥΛΟΥ".to_owned(),
            afm: Afm::parse("068933130").unwrap(),
            birth_date: "1980-01-01".to_owned(),
            mobile: None,
            businesses: Vec::new(),
            offices: Vec::new(),
        };
        let session = Session::begin(token.clone(), SubjectId::from_random([1; 16]), person, Moment::from_epoch_seconds(0));
        SessionView::of(&session, None, Language::El, Moment::from_epoch_seconds(0))
    }

    #[test]
    fn fields_of_a_role_are_shown_only_in_that_role() {
        let person = Person {
            first_name: String::new(),
            last_name: String::new(),
            afm: Afm::parse("068933130").unwrap(),
            birth_date: String::new(),
            mobile: None,
            businesses: Vec::new(),
            offices: Vec::new(),
        };
        let now = Moment::from_epoch_seconds(0);
        let mut session = Session::begin(SessionToken::random().unwrap(), SubjectId::from_random([1; 16]), person, now);
        session.minors = vec![Minor {
            handle: "m".to_owned(),
            subject_id: SubjectId::from_random([2; 16]),
            first_name: String::new(),
            last_name: String::new(),
            birth_date: BirthDate::parse("2020-01-01").unwrap(),
            afm: None,
            amka: None,
            paaypa: None,
            case: None,
        }];
        let view = |session: &Session| serde_json::to_value(SessionView::of(session, Some(5), Language::El, now)).unwrap();
        let as_citizen = view(&session);
        assert!(as_citizen["submissions_left"] == 5 && as_citizen["minors"][0]["subject"] == "m", "{as_citizen}");
        assert!(as_citizen["draft_key"].is_null(), "{as_citizen}");
        session.role = Some(Role::Photographer { business: BusinessId::from_hash("b".to_owned()) });
        let as_photographer = view(&session);
        for name in ["submissions_left", "minors", "consent"] {
            assert!(as_photographer[name].as_array().map_or(as_photographer[name].is_null(), Vec::is_empty), "{as_photographer}");
        }
        assert_eq!(as_photographer["draft_key"].as_str().map(str::len), Some(43), "{as_photographer}");
        assert!(
            !format!("{:?}", SessionView::of(&session, None, Language::El, now)).contains(as_photographer["draft_key"].as_str().unwrap())
        );
    }

    #[test]
    fn a_new_token_is_sent_in_the_cookie_or_in_the_body_but_never_in_both() {
        let token = SessionToken::random().unwrap();
        for (request_header, in_cookie) in [("cookie", true), ("authorization", false)] {
            let caller = call(&[(request_header, "x")]);
            let response = Reply::session(&caller, &view(&token), &token).unwrap().into_response(Language::El);
            let cookie = response.headers().get(header::SET_COOKIE).and_then(|value| value.to_str().ok());
            assert_eq!(cookie.is_some_and(|cookie| cookie.contains(&token.expose())), in_cookie);
            let Body::Text(body) = response.body() else { panic!("JSON") };
            assert_eq!(body.contains(&token.expose()), !in_cookie, "{body}");
            assert!(body.contains("\"stage\":\"consent\""), "{body}");
            let signed_out = Reply::no_content().without_session(&caller).into_response(Language::El);
            assert_eq!(signed_out.headers().contains_key(header::SET_COOKIE), in_cookie);
        }
    }
}
