//! Tests how the service serves the web application: headers, caching, compression and paths. The pages themselves are tested in a browser
//! (tests/browser).

use std::collections::BTreeSet;

use domain::{FileProfile, Language};
use journeys::{
    browser::{Browser, Response},
    people::fresh_photographer,
    photographer, stack,
};
use reqwest::Method;
use url::Url;

use crate::raw::{Raw, raw};

async fn get(path: &str) -> Response {
    Browser::new(Language::El).get(path).await
}

/// Returns the paths of the assets that the home page loads.
async fn files() -> Vec<String> {
    let page = get("/").await.expect(200).text();
    let found: Vec<_> = page.split('"').filter(|text| text.starts_with("/assets/")).map(str::to_owned).collect();
    assert!(found.iter().any(|path| path.ends_with(".js")), "{page}");
    found
}

#[tokio::test]
async fn every_response_has_the_security_headers() {
    let script = files().await.remove(0);
    for path in ["/", "/sign-in/problem?code=x", &script, "/absent.js", "/v1/session", "/v1/nothing"] {
        let response = get(path).await;
        for (name, value) in [
            ("strict-transport-security", "max-age=63072000; includeSubDomains"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(response.header(name), Some(value), "{path}");
        }
        let permissions = response.header("permissions-policy").expect("a policy");
        assert!(permissions.starts_with("camera=(self), ") && permissions.contains("microphone=()"), "{permissions}");
        let policy = response.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'; ") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{path}: {policy}");
    }
}

#[tokio::test]
async fn pages_may_connect_only_to_this_site_and_the_upload_bucket() {
    let policy = get("/").await.header("content-security-policy").expect("a policy").to_owned();
    let directive = |name: &str| policy.split("; ").find_map(|text| text.strip_prefix(&format!("{name} "))).map(str::to_owned);
    let visit = fresh_photographer().await;
    let upload = photographer::request_upload(&visit, FileProfile::Standard, &photographer::both()).await.expect(201).json();
    let address = Url::parse(upload["face"]["url"].as_str().expect("a URL")).expect("a URL");
    assert_eq!(directive("connect-src"), Some(format!("'self' {}", address.origin().ascii_serialization())));
    assert_eq!(directive("script-src").as_deref(), Some("'self' 'wasm-unsafe-eval'"));
    assert_eq!(directive("require-trusted-types-for").as_deref(), Some("'script'"));

    // In a CORS preflight, the bucket must allow the headers of the upload, but only to the service's own origin.
    let names = upload["face"]["headers"].as_object().expect("headers").keys();
    // Browsers set `Content-Length` themselves and do not list it in a preflight.
    let mut names: Vec<_> = names.map(|name| name.to_ascii_lowercase()).filter(|name| name != "content-length").collect();
    names.sort();
    // On both emulators, functions have a trace ID, which the SDK sends as a header of its own requests. A presigned upload must not
    // require this header.
    assert_eq!(names, ["content-type", "x-amz-checksum-sha256"]);
    let signed = address.query_pairs().find_map(|(name, value)| (name == "X-Amz-SignedHeaders").then(|| value.into_owned()));
    assert_eq!(signed.as_deref(), Some("content-length;content-type;host;x-amz-checksum-sha256"));
    for (origin, is_allowed) in [(stack::origin(), true), ("https://evil.example".to_owned(), false)] {
        let preflight = stack::client()
            .request(Method::OPTIONS, address.clone())
            .header("origin", &origin)
            .header("access-control-request-method", "PUT")
            .header("access-control-request-headers", names.join(","));
        let response = Response::read(format!("OPTIONS for {origin}"), preflight).await;
        assert_eq!(response.status == 200, is_allowed, "{origin}: {}", response.status);
        assert_eq!(response.header("access-control-allow-origin"), is_allowed.then_some(origin.as_str()));
        if is_allowed {
            let allowed = response.header("access-control-allow-headers").expect("headers").to_ascii_lowercase();
            assert!(names.iter().all(|name| allowed.split(',').any(|one| one.trim() == name)), "{names:?}: {allowed}");
        }
    }
}

#[tokio::test]
async fn assets_are_cached_for_a_year_pages_never_and_other_files_are_revalidated() {
    for path in files().await {
        let response = get(&path).await.expect(200);
        assert_eq!(response.header("cache-control"), Some("public, max-age=31536000, immutable"), "{path}");
    }
    let browser = Browser::new(Language::El);
    for path in ["/", "/offline.html", "/sign-in"] {
        let response = browser.request(Method::GET, path).header("if-none-match", "*").send().await.expect(200);
        assert_eq!((response.header("cache-control"), response.header("etag")), (Some("no-store"), None), "{path}");
        assert_eq!(response.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
    }
    for (path, kind) in [("/sw.js", "text/javascript; charset=utf-8"), ("/manifest.webmanifest", "application/manifest+json")] {
        let first = browser.get(path).await.expect(200);
        assert_eq!((first.header("cache-control"), first.header("content-type")), (Some("no-cache"), Some(kind)), "{path}");
        let etag = first.header("etag").expect("a validator").to_owned();
        let again = browser.request(Method::GET, path).header("if-none-match", &etag).send().await.expect(304);
        assert!(again.body.is_empty() && again.header("etag") == Some(&etag), "{path}");
        browser.request(Method::GET, path).header("if-none-match", "\"another\"").send().await.expect(200);
    }
}

#[tokio::test]
async fn a_file_is_served_in_the_smallest_encoding_that_the_browser_accepts() {
    let browser = Browser::new(Language::El);
    let mut compressed = 0;
    for path in files().await {
        let plain = browser.get(&path).await.expect(200);
        assert_eq!((plain.header("content-encoding"), plain.header("vary")), (None, Some("Accept-Encoding")), "{path}");
        for (accept, encoding) in [("gzip, deflate, br, zstd", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip")] {
            let small = browser.request(Method::GET, &path).header("accept-encoding", accept).send().await.expect(200);
            // Small files are not compressed, because they would grow.
            let Some(used) = small.header("content-encoding") else { continue };
            assert_eq!(used, encoding, "{path}");
            assert!(small.body.len() < plain.body.len(), "{path}");
            assert_eq!(small.body.starts_with(&[0x1f, 0x8b]), encoding == "gzip", "{path}");
            assert_ne!(small.header("etag"), plain.header("etag"), "{path}: each encoding has its own ETag");
            compressed += 1;
        }
    }
    assert!(compressed > 0);
}

#[tokio::test]
async fn a_path_of_the_application_returns_its_page_and_a_missing_file_is_not_found() {
    let page = get("/").await.expect(200).body;
    for path in ["/sign-in", "/sign-in/problem?code=x&return_to=/", "/photos/face/", "/a/b/c/d", "/v10", "/?x=y.z"] {
        assert_eq!(get(path).await.expect(200).body, page, "{path}");
    }
    for path in
        ["/absent.js", "/assets/", "/assets/absent", "/assets/absent-Abc.js", "/photos/face.jpg", "/.env", "/.well-known/x", "/v1", "/v1/"]
    {
        get(path).await.rejected(404, "not_found");
    }
}

#[tokio::test]
async fn head_returns_the_headers_of_get_without_the_body() {
    let browser = Browser::new(Language::El);
    let script = files().await.remove(0);
    for path in ["/", "/sign-in", &script] {
        let (head, get) = (browser.request(Method::HEAD, path).send().await.expect(200), browser.get(path).await);
        assert!(head.body.is_empty(), "{path}");
        for name in ["content-type", "cache-control", "content-security-policy", "etag", "vary"] {
            assert_eq!(head.header(name), get.header(name), "{path}: {name}");
        }
    }
    assert_eq!(browser.request(Method::HEAD, "/absent.js").send().await.status, 404);
}

#[test]
fn no_spelling_of_a_path_leads_out_of_the_files() {
    for path in [
        "/../Cargo.toml",
        "/..%2fCargo.toml",
        "/%2e%2e/Cargo.toml",
        "/assets/../v1/session",
        "/assets/..%2fv1%2fsession",
        "/assets/%2e%2e/%2e%2e/etc/passwd",
        "/..\\..\\etc\\passwd",
        "/etc/passwd.",
        "//evil.example/",
        "/index.html/x",
        "/assets//",
    ] {
        let Raw { status, media_type, .. } = raw(path, None);
        assert!(matches!(status, 400..=404) && !media_type.starts_with("text/html"), "{path}: {status} {media_type}");
    }
    // These paths name no file, so the service returns the application's page. The page's script then shows that the path is unknown.
    for path in ["//", "/%00", "/%0d%0aX-Header:%20x", "/a%2fb", "/%CE%BA"] {
        let response = raw(path, None);
        assert_eq!((response.status, response.media_type.as_str()), (200, "text/html; charset=utf-8"), "{path}");
        assert!(!response.head.contains("\nx-header"), "{path}: {}", response.head);
    }
}

#[tokio::test]
async fn the_service_describes_its_api_for_generators_of_clients() {
    let response = get("/v1/openapi.json").await.expect(200);
    assert_eq!(response.header("content-type"), Some("application/json"));
    let document = response.json();
    assert_eq!(document["servers"][0]["url"], stack::origin());
    assert!(!document.to_string().contains("x-amazon-"), "what concerns API Gateway alone is left out");
    let paths = document["paths"].as_object().expect("paths");
    assert!(paths.keys().all(|path| path.starts_with("/v1/") && !path.contains('+')), "generators accept no greedy paths");
    let paths = paths.values();
    let described: BTreeSet<&str> = paths
        .flat_map(|path| path.as_object().expect("methods").values())
        .filter_map(|operation| operation["operationId"].as_str())
        .collect();
    for operation in ["show_session", "issue_code", "pull_photo", "show_openapi"] {
        assert!(described.contains(operation), "{operation}");
    }
    // Other sites may request the OpenAPI document, because it contains no personal data.
    let elsewhere = Browser::new(Language::El).request(Method::GET, "/v1/openapi.json").header("sec-fetch-site", "cross-site").send().await;
    elsewhere.expect(200);
}
