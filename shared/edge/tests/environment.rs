//! Checks that no environment variable changes the presigned URLs and redirects that browsers receive, or the requests that TAXISnet and
//! the registers receive. Only requests to AWS may differ, and only in the headers that [`FOR_AWS_ONLY`] lists.
//!
//! A function runs as a process, polls a Runtime API, and makes each kind of request that functions make. It runs once with the variables
//! that it needs, and once with all variables that Lambda or an operator may set (`tests/lambda/src/environment.rs`).

#![expect(clippy::unwrap_used, reason = "an error here fails the test")]

use std::collections::{BTreeMap, BTreeSet};

use domain::{Afm, EmailAddress, GreekMobile, ImageKind, business::BusinessId};
use edge::{Failure, Reply, Setup};
use lambda::{Endpoint, LAMBDA, OPERATOR, Received, Response, Variable};
use registers::{NationalRegisters, Taxisnet};
use sending::{Email, Sms};
use serde_json::{Value, json};
use storage::{issuances::Declared, kms::KmsKey, outbox::Outbox, vault::Vault};

const FUNCTION: &str = "makes_every_kind_of_request";
/// Headers that a browser sends with an upload. `host` is not listed, because every client sends it.
const UPLOAD_HEADERS: [&str; 3] = ["content-length", "content-type", "x-amz-checksum-sha256"];
/// Headers of requests to AWS that may depend on the environment, each with the reason.
const FOR_AWS_ONLY: [(&str, &str); 3] = [
    ("x-amzn-trace-id", "Lambda's trace of the event, by which AWS stops functions that invoke themselves in a loop"),
    ("user-agent", "names the runtime environment of the function, for CloudTrail"),
    ("x-amz-user-agent", "contains the same as `user-agent`"),
];
/// Headers that differ between any two runs.
const DIFFERENT_IN_EACH_RUN: [&str; 2] = ["x-amz-date", "amz-sdk-invocation-id"];

struct Deps {
    outbox: Outbox,
    vault: Vault,
    kms: KmsKey,
    sms: Sms,
    email: Email,
    taxisnet: Taxisnet,
    registers: NationalRegisters,
    taxisnet_url: String,
}

#[tokio::test]
#[ignore = "the tests below start it in a separate process"]
async fn makes_every_kind_of_request() {
    let setup = Setup::from_environment();
    let client = registers::http_client().unwrap();
    let deps = Deps {
        outbox: setup.outbox(),
        vault: setup.vault(),
        kms: setup.outbox_key(),
        sms: setup.sms(),
        email: setup.email(),
        taxisnet: setup.taxisnet(&client),
        registers: setup.national_registers(&client),
        taxisnet_url: setup.text("TAXISNET_URL"),
    };
    edge::serve("test", setup, deps, |deps, _| Box::pin(handle(deps))).await.unwrap();
}

/// Makes each kind of request once, one after the other. Responds with the URLs and headers that a browser would receive.
async fn handle(deps: &Deps) -> Result<Reply, Failure> {
    let (business, upload_id) = (BusinessId::from_hash("b".into()), "upload");
    deps.outbox.find("message").await?;
    deps.kms.seal(&[("message_id", "message")], b"plain").await?;
    deps.vault.incoming(&business, upload_id, ImageKind::Face).await?;
    deps.sms.send(&GreekMobile::parse("6900000001").unwrap(), "text").await.map_err(Failure::internal)?;
    deps.email.send(&EmailAddress::parse("anna@example.com").unwrap(), b"mime".to_vec()).await.map_err(Failure::internal)?;
    deps.taxisnet.person("code", "https://myphoto.example/v1/sign-in/callback").await?;
    deps.registers.businesses(&Afm::parse("068933130").unwrap()).await?;
    let declared = Declared { bytes: 4, sha256: "00".repeat(32) };
    let upload = deps.vault.presign(&business, upload_id, ImageKind::Face, &declared).await?;
    let for_browser = json!({
        "url": upload.url,
        "headers": upload.headers.into_iter().collect::<BTreeMap<_, _>>(),
        "sign_in": registers::authorize_url(&deps.taxisnet_url, "server", "id", "https://myphoto.example/cb", "state"),
        "sign_out": registers::sign_out_url(&deps.taxisnet_url, "server", "id", "https://myphoto.example/"),
    });
    Reply::json(200, &for_browser)
}

/// Simulates AWS, TAXISnet and the registers.
fn respond(request: &Received) -> Response {
    let (json, xml) = ("application/x-amz-json-1.1", "text/xml");
    // A proxy receives absolute URLs, from which the scheme and the host are removed here.
    let target = request.target.split_once("://").map_or(request.target.as_str(), |(_, rest)| &rest[rest.find('/').unwrap_or_default()..]);
    let action = request.header("x-amz-target").rsplit('.').next().unwrap_or_default();
    match (action, target.split('?').next().unwrap_or_default()) {
        ("GetItem", _) => Response::ok(json, "{}"),
        ("Encrypt", _) => Response::ok(json, r#"{"CiphertextBlob":"AA==","KeyId":"key"}"#),
        (_, "/v2/email/outbound-emails") => Response::ok(json, r#"{"MessageId":"1"}"#),
        (_, "/server/oauth/token") => Response::ok(json, r#"{"access_token":"token"}"#),
        (_, "/server/userinfo") => Response::ok(xml, r#"<root><userinfo userid="u" taxid="068933130" lastname="A" firstname="B"/></root>"#),
        (_, "/v1/businesses" | "/") if !request.body.starts_with("Action=") => Response::ok(json, r#"{"afm":"068933130","businesses":[]}"#),
        (_, "/") => Response::ok(
            xml,
            "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult><ResponseMetadata/></PublishResponse>",
        ),
        _ => Response::ok("application/octet-stream", "object"),
    }
}

/// The result of one run of the function.
struct Run {
    /// The response, which contains the URLs and headers for a browser.
    for_browser: Value,
    /// The requests that the function made.
    requests: Vec<Received>,
}

async fn run(endpoint: &Endpoint, variables: impl IntoIterator<Item = Variable>, trace_id: Option<&'static str>) -> Run {
    let settings = [
        ("PUBLIC_ORIGIN", "https://myphoto.example"),
        ("OUTBOX_TABLE", "Outbox"),
        ("PHOTOS_BUCKET", "photos"),
        ("OUTBOX_KEY", "key"),
        ("SMS_SENDER", "myPhoto"),
        ("EMAIL_SENDER", "no-reply@myphoto.example"),
        ("TAXISNET_SERVER", "server"),
        ("TAXISNET_CLIENT_ID", "id"),
        ("TAXISNET_CLIENT_SECRET", "secret"),
        ("REGISTERS_TOKEN", "token"),
    ];
    let settings = settings.map(|(name, value)| (name, value.to_owned()));
    let urls = ["AWS_ENDPOINT_URL", "TAXISNET_URL", "REGISTERS_URL"].map(|name| (name, endpoint.url.clone()));
    let variables = variables.into_iter().map(|variable| (variable.name, variable.value.to_owned()));
    let reply = lambda::invoke(FUNCTION, variables.chain(settings).chain(urls), lambda::gateway_event(), trace_id).await;
    assert_eq!(reply["statusCode"], 200, "{reply}");
    Run { for_browser: serde_json::from_str(reply["body"].as_str().unwrap()).unwrap(), requests: endpoint.take() }
}

/// Returns the variables without which a function does not start.
fn required() -> impl Iterator<Item = Variable> {
    const REQUIRED: [&str; 7] = [
        "AWS_REGION",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
    ];
    LAMBDA.into_iter().filter(|variable| REQUIRED.contains(&variable.name))
}

impl Run {
    fn to_aws(&self) -> impl Iterator<Item = &Received> {
        self.requests.iter().filter(|request| request.header("authorization").starts_with("AWS4-HMAC-SHA256"))
    }

    fn to_others(&self) -> Vec<&Received> {
        self.requests.iter().filter(|request| !request.header("authorization").starts_with("AWS4-HMAC-SHA256")).collect()
    }

    /// Returns the requests to AWS without the values that may depend on the environment or the time.
    fn comparable_to_aws(&self) -> Vec<Received> {
        let comparable = |request: &Received| {
            let mut request = request.clone();
            request
                .headers
                .retain(|name, _| !FOR_AWS_ONLY.iter().any(|(other, _)| name == other) && !DIFFERENT_IN_EACH_RUN.contains(&name.as_str()));
            let authorization = request.header("authorization");
            let signed = between(authorization, "SignedHeaders=", ",");
            let signed: Vec<_> = signed.split(';').filter(|name| !FOR_AWS_ONLY.iter().any(|(other, _)| name == other)).collect();
            let (key, scope) = between(authorization, "Credential=", ",").split_once('/').unwrap();
            // Removes the date, which is the first eight digits of the credential scope.
            let authorization = format!("{key} {} {}", &scope[8..], signed.join(";"));
            request.headers.insert("authorization".to_owned(), authorization);
            // The SDK writes the attributes of an SMS in random order.
            if request.body.starts_with("Action=") {
                let mut pairs: Vec<_> =
                    request.body.split('&').map(|pair| pair.replace(".entry.1.", ".").replace(".entry.2.", ".")).collect();
                pairs.sort();
                request.body = pairs.join("&");
            }
            request
        };
        self.to_aws().map(comparable).collect()
    }

    /// Returns the response without the time and the signature in the presigned URL.
    fn comparable_for_browser(&self) -> Value {
        let mut for_browser = self.for_browser.clone();
        let url = for_browser["url"].as_str().unwrap();
        let (host_and_path, query) = url.split_once('?').unwrap();
        let pairs = query.split('&').map(|pair| match pair.split_once('=').unwrap() {
            ("X-Amz-Date" | "X-Amz-Signature", _) => String::new(),
            ("X-Amz-Credential", credential) => {
                let (key, scope) = credential.split_once("%2F").unwrap();
                format!("X-Amz-Credential={key}{}", &scope[8..])
            }
            _ => pair.to_owned(),
        });
        for_browser["url"] = json!(format!("{host_and_path}?{}", pairs.collect::<Vec<_>>().join("&")));
        for_browser
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap();
    rest.split(end).next().unwrap()
}

fn signed_headers(run: &Run) -> Vec<String> {
    between(run.for_browser["url"].as_str().unwrap(), "X-Amz-SignedHeaders=", "&").split("%3B").map(str::to_owned).collect()
}

#[tokio::test]
async fn the_environment_variables_of_lambda_change_no_request_of_browsers_taxisnet_or_the_registers() {
    let endpoint = Endpoint::start(respond).await;
    let minimal = run(&endpoint, required(), None).await;
    let full = run(&endpoint, LAMBDA.into_iter().chain(OPERATOR), Some(lambda::TRACE_ID)).await;

    let headers: Vec<_> = full.for_browser["headers"].as_object().unwrap().keys().collect();
    assert_eq!(headers, UPLOAD_HEADERS);
    assert_eq!(signed_headers(&full), ["content-length", "content-type", "host", "x-amz-checksum-sha256"]);
    assert_eq!(full.comparable_for_browser(), minimal.comparable_for_browser());

    // The three requests are for the token, the user information and the businesses. All their headers are compared.
    assert_eq!(full.to_others().len(), 3);
    assert_eq!(full.to_others(), minimal.to_others());

    // One request to each of DynamoDB, KMS, S3, SNS and SES.
    assert_eq!(full.to_aws().count(), 5);
    assert_eq!(full.comparable_to_aws(), minimal.comparable_to_aws());
    // Checks that the variables have reached the process.
    assert!(full.to_aws().all(|request| request.header("x-amzn-trace-id") == lambda::TRACE_ID));
    assert!(minimal.to_aws().all(|request| request.header("x-amzn-trace-id").is_empty()));
    assert!(full.to_aws().all(|request| request.header("x-amz-user-agent").contains("exec-env/AWS_Lambda")));
}

#[tokio::test]
async fn a_proxy_receives_the_functions_requests_and_changes_no_url_for_browsers() {
    let endpoint = Endpoint::start(respond).await;
    let direct = run(&endpoint, required(), None).await;
    let proxy = Endpoint::start(respond).await;
    let url = proxy.url.replace("http://", "http://user:password@");
    let url: &'static str = Box::leak(url.into_boxed_str());
    let proxy_variables = ["HTTP_PROXY", "HTTPS_PROXY"].map(|name| Variable { name, value: url, effect: "" });
    let mut proxied = run(&endpoint, required().chain(proxy_variables), None).await;
    assert_eq!(proxied.requests, [], "no request bypasses the proxy");
    proxied.requests = proxy.take();

    assert_eq!(proxied.comparable_for_browser(), direct.comparable_for_browser());
    for request in &mut proxied.requests {
        // A request to a proxy also contains the origin in its URL, and the credentials for the proxy. Both are removed before comparing.
        assert!(request.target.starts_with(&endpoint.url), "{}", request.target);
        request.target.drain(..endpoint.url.len());
        assert_eq!(request.headers.remove("proxy-authorization").as_deref(), Some("Basic dXNlcjpwYXNzd29yZA=="));
    }
    assert_eq!(proxied.to_others(), direct.to_others());
    assert_eq!(proxied.comparable_to_aws(), direct.comparable_to_aws());
}

#[test]
fn every_variable_is_listed_once() {
    let names: Vec<_> = LAMBDA.iter().chain(&OPERATOR).map(|variable| variable.name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    assert!(LAMBDA.iter().chain(&OPERATOR).all(|variable| !variable.effect.is_empty()));
}

/// Checks that the tests above cover all functions: apart from the files listed here, no file reads environment variables or builds HTTP
/// clients.
#[test]
fn only_these_files_read_environment_variables_and_build_clients() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let mut found: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for file in ["shared", "functions"].into_iter().flat_map(|folder| rust_files(&format!("{root}/{folder}"))) {
        let source = std::fs::read_to_string(&file).unwrap();
        let code = source.split("#[cfg(test)]").next().unwrap();
        let file = file.strip_prefix(root).unwrap().trim_start_matches('/');
        // Tests, examples and build scripts are not part of a function.
        if file.contains("/tests/") || file.contains("/examples/") || file.ends_with("build.rs") {
            continue;
        }
        for pattern in ["env::var", "Client::builder()", "Client::from_conf(", "Client::new()", "reqwest::get("] {
            if code.contains(pattern) {
                found.entry(pattern).or_default().insert(file.to_owned());
            }
        }
    }
    let expected = [
        (
            "env::var",
            vec!["shared/aws/src/lib.rs", "shared/edge/src/setup.rs", "shared/registers/src/lib.rs", "shared/storage/src/vault.rs"],
        ),
        ("Client::builder()", vec!["shared/registers/src/lib.rs"]),
        (
            "Client::from_conf(",
            vec!["shared/sending/src/lib.rs", "shared/storage/src/kms.rs", "shared/storage/src/lib.rs", "shared/storage/src/vault.rs"],
        ),
    ];
    let expected = expected.map(|(pattern, files)| (pattern, files.into_iter().map(str::to_owned).collect()));
    assert_eq!(found, BTreeMap::from(expected));
}

fn rust_files(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .flat_map(|entry| {
            let path = entry.path().to_str().unwrap().to_owned();
            match entry.file_type().unwrap().is_dir() {
                true => rust_files(&path),
                false => Vec::from_iter(path.ends_with(".rs").then_some(path)),
            }
        })
        .collect()
}
