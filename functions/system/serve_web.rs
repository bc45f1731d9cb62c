//! GET / and every path that is not under /v1: serves the files of the web application, which are compiled into this binary. Calls no other
//! service.

use edge::{Call, Failure, Reply, Variables};
use lambda_http::http::{HeaderName, StatusCode, header};
use messages::problem::Problem;
use web_assets::{Asset, CONTENT_SECURITY_POLICY};

/// Prefix of files whose name contains a hash of their content, so that a file of that name never changes.
const HASHED: &str = "assets/";
const CACHE_FOREVER: &str = "public, max-age=31536000, immutable";
/// Caches may store the file, but must revalidate it before each use.
const REVALIDATE: &str = "no-cache";
const INDEX: &str = "index.html";

struct Deps {
    content_security_policy: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Variables::default();
    let deps = Deps { content_security_policy: content_security_policy(&setup.text("UPLOADS_ORIGIN")) };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

#[expect(clippy::unused_async, reason = "handlers are async")]
async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let asset = asset(call.path("proxy").unwrap_or_default()).ok_or(Problem::NotFound)?;
    let (encoding, body) = smallest_accepted(asset, call.header(header::ACCEPT_ENCODING).unwrap_or_default());
    let etag = format!("\"{}{}\"", asset.digest, encoding.map(|name| format!("-{name}")).unwrap_or_default());
    let is_page = asset.content_type.starts_with("text/html");
    let is_unchanged = !is_page && call.header(header::IF_NONE_MATCH).is_some_and(|validators| contains(validators, &etag));
    let (status, body) = if is_unchanged { (StatusCode::NOT_MODIFIED, &[][..]) } else { (StatusCode::OK, body) };
    let mut headers = vec![
        (header::CONTENT_TYPE, asset.content_type),
        (header::CACHE_CONTROL, caching(asset, is_page)),
        (header::CONTENT_SECURITY_POLICY, deps.content_security_policy.as_str()),
        (header::VARY, "Accept-Encoding"),
    ];
    headers.extend(encoding.map(|name| (header::CONTENT_ENCODING, name)));
    if !is_page {
        headers.push((header::ETAG, &etag));
    }
    let reply = Reply::public(status, if call.is_head() { Vec::new() } else { body.to_vec() });
    Ok(headers.into_iter().fold(reply, |reply: Reply, (name, value): (HeaderName, &str)| reply.header(name, value)))
}

/// Returns the Content-Security-Policy on one line, with the origin of the bucket to which pages upload.
fn content_security_policy(uploads_origin: &str) -> String {
    CONTENT_SECURITY_POLICY.lines().collect::<Vec<_>>().join("; ").replace("UPLOADS_ORIGIN", uploads_origin)
}

/// Returns the file with this path. For the path of a page returns the application's start page, because only the application in the
/// browser knows the pages.
fn asset(path: &str) -> Option<&'static Asset> {
    web_assets::find(path).or_else(|| if is_page(path) { web_assets::find(INDEX) } else { None })
}

/// Returns whether a path may be that of a page. Paths with a dot and paths under `assets` are those of files. Paths under `v1` are those
/// of the API.
fn is_page(path: &str) -> bool {
    let first = path.split('/').find(|part| !part.is_empty());
    !path.contains('.') && !matches!(first, Some("assets" | "v1"))
}

/// Returns the `Cache-Control` of a file. Pages are not cached, because a page of an older version would refer to
/// files that this version does not contain.
fn caching(asset: &Asset, is_page: bool) -> &'static str {
    if is_page {
        "no-store"
    } else if asset.name.starts_with(HASHED) {
        CACHE_FOREVER
    } else {
        REVALIDATE
    }
}

/// Returns the smallest form of the file that the caller accepts, with the name of its content encoding.
fn smallest_accepted(asset: &Asset, accept: &str) -> (Option<&'static str>, &'static [u8]) {
    let brotli = asset.brotli.filter(|_| accepts(accept, "br")).map(|bytes| (Some("br"), bytes));
    let gzip = || asset.gzip.filter(|_| accepts(accept, "gzip")).map(|bytes| (Some("gzip"), bytes));
    brotli.or_else(gzip).unwrap_or((None, asset.identity))
}

/// Returns whether `Accept-Encoding` accepts an encoding (RFC 9110, 12.5.3). An encoding that is not listed is not accepted.
fn accepts(accept: &str, encoding: &str) -> bool {
    let quality = |coding_name: &str| {
        let mut codings = accept.split(',').map(|coding| coding.split(';').map(str::trim));
        let mut named = codings.find_map(|mut parts| parts.next().filter(|name| name.eq_ignore_ascii_case(coding_name)).map(|_| parts))?;
        Some(named.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0)))
    };
    quality(encoding).or_else(|| quality("*")).is_some_and(|q| q > 0.0)
}

/// Returns whether `If-None-Match` contains this validator.
fn contains(validators: &str, etag: &str) -> bool {
    validators.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_without_a_file_is_a_page_unless_it_looks_like_a_file_or_belongs_to_the_api() {
        for path in ["", "/", "//", "sign-in/problem", "photographer/uploads/", "κωδικός", "assetsx", "v10"] {
            assert!(is_page(path), "{path}");
        }
        for path in [
            "assets",
            "assets/x",
            "/assets/x",
            "v1",
            "v1/session",
            "//v1/session",
            "x.js",
            "a/../v1",
            "..%2fv1",
            ".well-known/x",
            "favicon.ico",
        ] {
            assert!(!is_page(path), "{path}");
        }
        assert_eq!(asset("sign-in").map(|asset| asset.name), Some(INDEX));
        assert!(asset("assets/../index.html").is_none());
    }

    #[test]
    fn a_compressed_form_is_sent_to_callers_that_accept_it() {
        let asset = Asset {
            name: "x.js",
            content_type: "text/javascript",
            digest: "1",
            identity: b"identity",
            brotli: Some(b"brotli"),
            gzip: Some(b"gzip"),
        };
        for (accept, encoding) in [
            ("gzip, deflate, br, zstd", Some("br")),
            ("gzip;q=1.0, br;q=0", Some("gzip")),
            ("GZIP", Some("gzip")),
            ("*", Some("br")),
            ("br;q=0, *", Some("gzip")),
            ("*;q=0", None),
            ("", None),
            ("identity", None),
            ("brx, xgzip", None),
            ("br;q=high", None),
        ] {
            assert_eq!(smallest_accepted(&asset, accept).0, encoding, "{accept}");
        }
    }

    #[test]
    fn a_validator_is_found_among_others() {
        for validators in ["\"1\"", "W/\"1\"", "\"0\", \"1\"", "*"] {
            assert!(contains(validators, "\"1\""), "{validators}");
        }
        for validators in ["", "1", "\"11\"", "\"1-br\""] {
            assert!(!contains(validators, "\"1\""), "{validators}");
        }
    }

    #[test]
    fn the_policy_names_the_bucket_and_forbids_inline_scripts_and_eval() {
        let policy = content_security_policy("https://bucket.example");
        assert!(policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "), "{policy}");
        assert!(policy.contains("; connect-src 'self' https://bucket.example; "), "{policy}");
        // Phones share pictures with the application through its manifest and service worker, so the policy must allow both.
        assert!(policy.contains("; manifest-src 'self'; worker-src 'self'; "), "{policy}");
        for loose in ["'unsafe-inline'", "'unsafe-eval'", "*", "http:", "\n"] {
            assert!(!policy.contains(loose), "{loose}");
        }
    }
}
