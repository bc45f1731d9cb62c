//! Parsing of requests, and the checks that every request must pass.

use lambda_http::{aws_lambda_events::apigw::ApiGatewayProxyRequestContext, http};
use messages::problem::FieldReason;
use serde::Deserialize;

use super::{error_target::prefers_html, *};

fn call(method: Method, headers: &[(&str, &str)], body: &str) -> Call {
    let mut request = http::Request::builder().method(method).uri("https://x/");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Call::new(request.body(Body::from(body)).unwrap(), "https://myphoto.example", Moment::from_epoch_seconds(0))
}

#[test]
fn the_debug_output_contains_no_header_or_body() {
    let headers = [("cookie", "__Host-session=hush"), ("authorization", "Bearer hush")];
    let printed = format!("{:?}", call(Method::POST, &headers, "{\"otp\":\"hush\"}"));
    assert!(printed.contains("POST") && !printed.contains("hush"), "{printed}");
}

#[test]
fn an_origin_that_is_not_text_is_rejected() {
    let mut request = http::Request::builder().method(Method::DELETE).uri("https://x/").body(Body::Empty).unwrap();
    request.headers_mut().insert(header::ORIGIN, header::HeaderValue::from_bytes(b"https://myphoto.example\xff").unwrap());
    let call = Call::new(request, "https://myphoto.example", Moment::from_epoch_seconds(0));
    assert!(matches!(call.check_unsafe(AcceptedBody::JSON), Err(Problem::ForeignOrigin)));
}

#[test]
fn the_first_of_two_cookies_with_the_same_name_is_used() {
    let call = call(Method::GET, &[("cookie", "a=1; __Host-session=first"), ("cookie", "__Host-session=second")], "");
    assert_eq!(call.cookie("__Host-session"), Some("first"));
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the shape of the JSON matters")]
struct Outer {
    inner: Inner,
    choice: Option<Choice>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the shape of the JSON matters")]
struct Inner {
    number: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Choice {
    One,
}

#[test]
fn a_page_is_preferred_only_when_a_browser_navigates() {
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
fn errors_in_a_body_name_the_field_and_never_its_value() {
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
fn unsafe_requests_must_be_json_and_come_from_our_own_pages() {
    let json = ("content-type", "application/json; charset=utf-8");
    let ours = ("origin", "https://myphoto.example");
    let check = |headers: &[(&str, &str)]| call(Method::POST, headers, "{}").check_unsafe(AcceptedBody::JSON);
    assert_eq!(check(&[json]), Ok(()));
    assert_eq!(check(&[json, ours, ("sec-fetch-site", "same-origin")]), Ok(()));
    assert_eq!(check(&[json, ("origin", "https://evil.example")]), Err(Problem::ForeignOrigin));
    assert_eq!(check(&[json, ("origin", "null")]), Err(Problem::ForeignOrigin));
    assert_eq!(check(&[json, ("sec-fetch-site", "cross-site")]), Err(Problem::ForeignOrigin));
    assert_eq!(check(&[ours]), Err(Problem::UnsupportedMediaType { accepted: BodyType::Json }));
    assert_eq!(check(&[("content-type", "text/plain")]), Err(Problem::UnsupportedMediaType { accepted: BodyType::Json }));
    assert_eq!(call(Method::DELETE, &[], "").check_unsafe(AcceptedBody::JSON), Ok(()));
    let signed = ("authorization", "Bearer x");
    assert_eq!(call(Method::POST, &[signed], "").check_unsafe(AcceptedBody::JSON), Ok(()));
    assert_eq!(
        call(Method::POST, &[signed], "{}").check_unsafe(AcceptedBody::JSON),
        Err(Problem::UnsupportedMediaType { accepted: BodyType::Json })
    );
    assert_eq!(
        call(Method::POST, &[signed, ("origin", "https://evil.example")], "").check_unsafe(AcceptedBody::JSON),
        Err(Problem::ForeignOrigin)
    );
    assert_eq!(
        call(Method::POST, &[], "").check_unsafe(AcceptedBody::JSON),
        Err(Problem::UnsupportedMediaType { accepted: BodyType::Json })
    );
    assert_eq!(call(Method::GET, &[("origin", "https://evil.example")], "").check_unsafe(AcceptedBody::JSON), Ok(()));
    let large = "x".repeat(BODY_BYTES_MAX + 1);
    assert_eq!(call(Method::POST, &[json], &large).check_unsafe(AcceptedBody::JSON), Err(Problem::BodyTooLarge { limit: BODY_BYTES_MAX }));
}

#[test]
fn an_operation_that_accepts_a_jpeg_rejects_everything_that_another_site_can_send() {
    let ours = ("origin", "https://myphoto.example");
    let check = |headers: &[(&str, &str)], body: &str| call(Method::POST, headers, body).check_unsafe(AcceptedBody::jpeg(100));
    for kind in ["image/jpeg", "IMAGE/JPEG", "image/jpeg; x=y"] {
        let jpeg = ("content-type", kind);
        assert_eq!(check(&[jpeg], "x"), Ok(()));
        assert_eq!(check(&[jpeg, ours, ("sec-fetch-site", "same-origin")], "x"), Ok(()));
        for origin in ["https://evil.example", "null", "http://myphoto.example", "https://myphoto.example.evil.example"] {
            assert_eq!(check(&[jpeg, ("origin", origin)], "x"), Err(Problem::ForeignOrigin));
            assert_eq!(check(&[jpeg, ("origin", origin), ("authorization", "Bearer x")], "x"), Err(Problem::ForeignOrigin));
        }
        for site in ["cross-site", "same-site"] {
            assert_eq!(check(&[jpeg, ("sec-fetch-site", site)], "x"), Err(Problem::ForeignOrigin));
        }
        assert_eq!(check(&[jpeg], &"x".repeat(100)), Ok(()));
        assert_eq!(check(&[jpeg], &"x".repeat(101)), Err(Problem::BodyTooLarge { limit: 100 }));
    }
    // Every media type except `image/jpeg` is rejected, even if the body is empty. A form on another site can send the first three types.
    let unsupported = Err(Problem::UnsupportedMediaType { accepted: BodyType::Jpeg });
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json",
        "image/png",
        "image/jpegx",
        "",
    ] {
        for body in ["x", ""] {
            assert_eq!(check(&[("content-type", kind), ours], body), unsupported, "{kind}");
            assert_eq!(check(&[("content-type", kind), ("authorization", "Bearer x")], body), unsupported, "{kind}");
        }
    }
    assert_eq!(check(&[ours], "x"), unsupported);
    let json = call(Method::POST, &[("content-type", "image/jpeg"), ours], "{}").check_unsafe(AcceptedBody::JSON);
    assert_eq!(json, Err(Problem::UnsupportedMediaType { accepted: BodyType::Json }));
}

#[test]
fn another_site_can_open_only_pages_and_the_two_sign_in_routes() {
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
            "a percent-encoded path is checked by its route"
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
fn with_an_authorization_header_an_empty_body_needs_no_content_type() {
    let bearer = ("authorization", "Bearer x");
    for method in [Method::POST, Method::PUT] {
        let check = |headers: &[(&str, &str)], body: &str| call(method.clone(), headers, body).check_unsafe(AcceptedBody::JSON);
        assert_eq!(check(&[bearer], ""), Ok(()));
        assert_eq!(check(&[bearer], "{}"), Err(Problem::UnsupportedMediaType { accepted: BodyType::Json }));
        assert_eq!(check(&[bearer, ("content-type", "text/plain")], "{}"), Err(Problem::UnsupportedMediaType { accepted: BodyType::Json }));
        assert_eq!(check(&[bearer, ("content-type", "application/json")], "{}"), Ok(()));
        assert_eq!(check(&[bearer, ("origin", "https://evil.example")], ""), Err(Problem::ForeignOrigin));
        assert_eq!(check(&[bearer, ("sec-fetch-site", "cross-site")], ""), Err(Problem::ForeignOrigin));
    }
}

#[test]
fn cookies_are_found_by_their_full_name() {
    let call = call(Method::GET, &[("cookie", "x__Host-session=1; __Host-session=abc=; __Host-sessions=2")], "");
    assert_eq!(call.cookie(SESSION_COOKIE), Some("abc="));
    assert_eq!(call.cookie("__Host-none"), None);
}
