//! The web application as the service serves it: headers, caching, compression, and which addresses are its own. What its pages do is
//! tested in a browser (tests/browser).

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

/// Paths of the files that the first page names.
async fn files() -> Vec<String> {
    let page = get("/").await.expect(200).text();
    let found: Vec<_> = page.split('"').filter(|text| text.starts_with("/assets/")).map(str::to_owned).collect();
    assert!(found.iter().any(|path| path.ends_with(".js")), "{page}");
    found
}

#[tokio::test]
async fn every_answer_has_the_headers_of_a_careful_site() {
    let script = files().await.remove(0);
    for path in ["/", "/sign-in/problem?code=x", &script, "/absent.js", "/v1/session", "/v1/nothing"] {
        let answer = get(path).await;
        for (name, value) in [
            ("strict-transport-security", "max-age=63072000; includeSubDomains"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}");
        }
        let permissions = answer.header("permissions-policy").expect("a policy");
        assert!(permissions.starts_with("camera=(self), ") && permissions.contains("microphone=()"), "{permissions}");
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'; ") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{path}: {policy}");
    }
}

#[tokio::test]
async fn pages_may_call_this_site_and_the_bucket_that_takes_pictures_and_nobody_else() {
    let policy = get("/").await.header("content-security-policy").expect("a policy").to_owned();
    let directive = |name: &str| policy.split("; ").find_map(|text| text.strip_prefix(&format!("{name} "))).map(str::to_owned);
    let visit = fresh_photographer().await;
    let upload = photographer::request_upload(&visit, FileProfile::Standard, &photographer::both()).await.expect(201).json();
    let address = Url::parse(upload["face"]["url"].as_str().expect("an address")).expect("an address");
    assert_eq!(directive("connect-src"), Some(format!("'self' {}", address.origin().ascii_serialization())));
    assert_eq!(directive("script-src").as_deref(), Some("'self' 'wasm-unsafe-eval'"));
    assert_eq!(directive("require-trusted-types-for").as_deref(), Some("'script'"));

    // What a browser asks before it sends such a picture: the bucket lets this origin send these headers, and no other origin.
    let names = upload["face"]["headers"].as_object().expect("headers").keys();
    // The browser sets this one itself, without asking in a preflight.
    let mut names: Vec<_> = names.map(|name| name.to_ascii_lowercase()).filter(|name| name != "content-length").collect();
    names.sort();
    // Functions get a trace ID, on both emulators, and the SDK adds it to what it sends. It must not reach a browser.
    assert_eq!(names, ["content-type", "x-amz-checksum-sha256"]);
    let signed = address.query_pairs().find_map(|(name, value)| (name == "X-Amz-SignedHeaders").then(|| value.into_owned()));
    assert_eq!(signed.as_deref(), Some("content-length;content-type;host;x-amz-checksum-sha256"));
    for (origin, is_allowed) in [(stack::origin(), true), ("https://evil.example".to_owned(), false)] {
        let asked = stack::client()
            .request(Method::OPTIONS, address.clone())
            .header("origin", &origin)
            .header("access-control-request-method", "PUT")
            .header("access-control-request-headers", names.join(","));
        let answer = Response::read(format!("OPTIONS for {origin}"), asked).await;
        assert_eq!(answer.status == 200, is_allowed, "{origin}: {}", answer.status);
        assert_eq!(answer.header("access-control-allow-origin"), is_allowed.then_some(origin.as_str()));
        if is_allowed {
            let allowed = answer.header("access-control-allow-headers").expect("headers").to_ascii_lowercase();
            assert!(names.iter().all(|name| allowed.split(',').any(|one| one.trim() == name)), "{names:?}: {allowed}");
        }
    }
}

#[tokio::test]
async fn files_are_kept_for_a_year_pages_never_and_the_rest_is_asked_for_again() {
    for path in files().await {
        let answer = get(&path).await.expect(200);
        assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"), "{path}");
    }
    let browser = Browser::new(Language::El);
    for path in ["/", "/offline.html", "/sign-in"] {
        let answer = browser.request(Method::GET, path).header("if-none-match", "*").send().await.expect(200);
        assert_eq!((answer.header("cache-control"), answer.header("etag")), (Some("no-store"), None), "{path}");
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
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
async fn a_file_comes_in_the_smallest_form_that_the_browser_takes() {
    let browser = Browser::new(Language::El);
    let mut compressed = 0;
    for path in files().await {
        let plain = browser.get(&path).await.expect(200);
        assert_eq!((plain.header("content-encoding"), plain.header("vary")), (None, Some("Accept-Encoding")), "{path}");
        for (accept, encoding) in [("gzip, deflate, br, zstd", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip")] {
            let small = browser.request(Method::GET, &path).header("accept-encoding", accept).send().await.expect(200);
            // Small ones would only grow.
            let Some(used) = small.header("content-encoding") else { continue };
            assert_eq!(used, encoding, "{path}");
            assert!(small.body.len() < plain.body.len(), "{path}");
            assert_eq!(small.body.starts_with(&[0x1f, 0x8b]), encoding == "gzip", "{path}");
            assert_ne!(small.header("etag"), plain.header("etag"), "{path}: another form is another validator");
            compressed += 1;
        }
    }
    assert!(compressed > 0);
}

#[tokio::test]
async fn an_address_within_the_application_answers_its_page_and_what_looks_like_a_file_does_not() {
    let page = get("/").await.expect(200).body;
    for path in ["/sign-in", "/sign-in/problem?code=x&return_to=/", "/photos/face/", "/a/b/c/d", "/v10", "/?x=y.z"] {
        assert_eq!(get(path).await.expect(200).body, page, "{path}");
    }
    for path in
        ["/absent.js", "/assets/", "/assets/absent", "/assets/absent-Abc.js", "/photos/face.jpg", "/.env", "/.well-known/x", "/v1", "/v1/"]
    {
        get(path).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn head_answers_as_get_does_without_the_body() {
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
fn no_way_of_writing_an_address_leads_out_of_the_files() {
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
    // Strange, and the application's to call unknown.
    for path in ["//", "/%00", "/%0d%0aX-Header:%20x", "/a%2fb", "/%CE%BA"] {
        let answer = raw(path, None);
        assert_eq!((answer.status, answer.media_type.as_str()), (200, "text/html; charset=utf-8"), "{path}");
        assert!(!answer.head.contains("\nx-header"), "{path}: {}", answer.head);
    }
}
