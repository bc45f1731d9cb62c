//! GET / and all that is not under /v1: the web application, from this binary. It asks nothing of anybody.

use edge::{Call, Failure, Reply, Variables};
use lambda_http::http::{HeaderName, StatusCode, header};
use messages::problem::Problem;
use web_assets::{Asset, CONTENT_SECURITY_POLICY};

/// Files whose name is made of their content: a name never means anything else.
const HASHED: &str = "assets/";
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Kept, and asked for again each time.
const CHECKED: &str = "no-cache";
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
    let (encoding, body) = form(asset, call.header(header::ACCEPT_ENCODING).unwrap_or_default());
    let etag = format!("\"{}{}\"", asset.digest, encoding.map(|name| format!("-{name}")).unwrap_or_default());
    let is_page = asset.content_type.starts_with("text/html");
    let is_known = !is_page && call.header(header::IF_NONE_MATCH).is_some_and(|known| names(known, &etag));
    let (status, body) = if is_known { (StatusCode::NOT_MODIFIED, &[][..]) } else { (StatusCode::OK, body) };
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

fn content_security_policy(uploads_origin: &str) -> String {
    CONTENT_SECURITY_POLICY.lines().collect::<Vec<_>>().join("; ").replace("UPLOADS_ORIGIN", uploads_origin)
}

/// The file of this path; for an address of a page, which only the application in the browser knows, its beginning.
fn asset(path: &str) -> Option<&'static Asset> {
    web_assets::find(path).or_else(|| if is_page(path) { web_assets::find(INDEX) } else { None })
}

/// Pages have names without dots. What looks like a file and is none is absent, and so is what belongs to the API.
fn is_page(path: &str) -> bool {
    let first = path.split('/').find(|part| !part.is_empty());
    !path.contains('.') && !matches!(first, Some("assets" | "v1"))
}

/// What caches may do. A page names the files of its version: it must not be older than they.
fn caching(asset: &Asset, is_page: bool) -> &'static str {
    if is_page {
        "no-store"
    } else if asset.name.starts_with(HASHED) {
        FOR_EVER
    } else {
        CHECKED
    }
}

/// The smallest form that the caller takes, and its name where it is encoded.
fn form(asset: &Asset, accept: &str) -> (Option<&'static str>, &'static [u8]) {
    let brotli = asset.brotli.filter(|_| accepts(accept, "br")).map(|bytes| (Some("br"), bytes));
    let gzip = || asset.gzip.filter(|_| accepts(accept, "gzip")).map(|bytes| (Some("gzip"), bytes));
    brotli.or_else(gzip).unwrap_or((None, asset.identity))
}

/// RFC 9110, 12.5.3; what is not said is not accepted.
fn accepts(accept: &str, encoding: &str) -> bool {
    let quality = |wanted: &str| {
        let mut codings = accept.split(',').map(|coding| coding.split(';').map(str::trim));
        let mut named = codings.find_map(|mut parts| parts.next().filter(|name| name.eq_ignore_ascii_case(wanted)).map(|_| parts))?;
        Some(named.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0)))
    };
    quality(encoding).or_else(|| quality("*")).is_some_and(|q| q > 0.0)
}

/// Whether `If-None-Match` has this validator.
fn names(known: &str, etag: &str) -> bool {
    known.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_file_is_the_applications_unless_it_looks_like_a_file_or_the_apis() {
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
    fn a_compressed_form_is_given_to_whoever_takes_it() {
        let asset = Asset {
            name: "x.js",
            content_type: "text/javascript",
            digest: "1",
            identity: b"identity",
            brotli: Some(b"brotli"),
            gzip: Some(b"gzip"),
        };
        for (accept, wanted) in [
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
            assert_eq!(form(&asset, accept).0, wanted, "{accept}");
        }
    }

    #[test]
    fn a_validator_is_found_among_others() {
        for known in ["\"1\"", "W/\"1\"", "\"0\", \"1\"", "*"] {
            assert!(names(known, "\"1\""), "{known}");
        }
        for known in ["", "1", "\"11\"", "\"1-br\""] {
            assert!(!names(known, "\"1\""), "{known}");
        }
    }

    #[test]
    fn the_policy_is_one_line_that_names_the_bucket_and_allows_no_text_to_become_script() {
        let policy = content_security_policy("https://bucket.example");
        assert!(policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "), "{policy}");
        assert!(policy.contains("; connect-src 'self' https://bucket.example; "), "{policy}");
        for loose in ["'unsafe-inline'", "'unsafe-eval'", "*", "http:", "\n"] {
            assert!(!policy.contains(loose), "{loose}");
        }
    }
}
