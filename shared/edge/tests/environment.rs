//! No environment variable changes a request that others make for us or receive from us.
//!
//! Others are whoever is handed a presigned upload URL or a redirect, and TAXISnet and the registers. AWS itself may be sent more: see
//! [`FOR_AWS_ONLY`]. A function runs as a process, polls a Runtime API, and makes each kind of request that functions make: once with the
//! variables that it needs, and once with all that Lambda or an operator may set (`tests/lambda/src/environment.rs`).

#![expect(clippy::unwrap_used, reason = "what fails here fails the test that calls it")]

use std::collections::{BTreeMap, BTreeSet};

use domain::{Afm, EmailAddress, GreekMobile, ImageKind, business::BusinessId};
use edge::{Failure, Reply, Setup};
use lambda::{Endpoint, LAMBDA, OPERATOR, Received, Response, Variable};
use registers::{NationalRegisters, Taxisnet};
use sending::{Email, Sms};
use serde_json::{Value, json};
use storage::{issuances::Declared, kms::KmsKey, outbox::Outbox, vault::Vault};

const FUNCTION: &str = "makes_every_kind_of_request";
/// What a browser sends with an upload. `host` is not among them, because every client sends it.
const UPLOAD_HEADERS: [&str; 3] = ["content-length", "content-type", "x-amz-checksum-sha256"];
/// Headers of requests to AWS that may depend on the environment, and why.
const FOR_AWS_ONLY: [(&str, &str); 3] = [
    ("x-amzn-trace-id", "Lambda's trace of the event, by which AWS stops functions that call themselves for ever"),
    ("user-agent", "names the function and its environment, for CloudTrail"),
    ("x-amz-user-agent", "the same"),
];
/// What differs from one run to the next in any case.
const OF_THE_MOMENT: [&str; 2] = ["x-amz-date", "amz-sdk-invocation-id"];

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
#[ignore = "the tests below start it, in a process of its own"]
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

/// Makes each kind of request once, one after the other; responds with what a browser would be handed.
async fn handle(deps: &Deps) -> Result<Reply, Failure> {
    let (business, upload) = (BusinessId::from_hash("b".into()), "upload");
    deps.outbox.find("message").await?;
    deps.kms.seal(&[("message_id", "message")], b"plain").await?;
    deps.vault.incoming(&business, upload, ImageKind::Face).await?;
    deps.sms.send(&GreekMobile::parse("6900000001").unwrap(), "text").await.map_err(Failure::internal)?;
    deps.email.send(&EmailAddress::parse("anna@example.com").unwrap(), b"mime".to_vec()).await.map_err(Failure::internal)?;
    deps.taxisnet.person("code", "https://myphoto.example/v1/sign-in/callback").await?;
    deps.registers.businesses(&Afm::parse("068933130").unwrap()).await?;
    let declared = Declared { bytes: 4, sha256: "00".repeat(32) };
    let address = deps.vault.presign(&business, upload, ImageKind::Face, &declared).await?;
    let handed_out = json!({
        "url": address.url,
        "headers": address.headers.into_iter().collect::<BTreeMap<_, _>>(),
        "sign_in": registers::authorize_url(&deps.taxisnet_url, "server", "id", "https://myphoto.example/cb", "state"),
        "sign_out": registers::sign_out_url(&deps.taxisnet_url, "server", "id", "https://myphoto.example/"),
    });
    Reply::json(200, &handed_out)
}

/// Stands for AWS, TAXISnet and the registers.
fn respond(request: &Received) -> Response {
    let (json, xml) = ("application/x-amz-json-1.1", "text/xml");
    // A proxy is sent whole URLs.
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

/// What a run hands out, and the requests that it makes.
struct Run {
    handed_out: Value,
    made: Vec<Received>,
}

async fn run(endpoint: &Endpoint, variables: impl IntoIterator<Item = Variable>, trace_id: Option<&'static str>) -> Run {
    let ours = [
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
    let ours = ours.map(|(name, value)| (name, value.to_owned()));
    let urls = ["AWS_ENDPOINT_URL", "TAXISNET_URL", "REGISTERS_URL"].map(|name| (name, endpoint.url.clone()));
    let variables = variables.into_iter().map(|variable| (variable.name, variable.value.to_owned()));
    let reply = lambda::invoke(FUNCTION, variables.chain(ours).chain(urls), lambda::gateway_event(), trace_id).await;
    assert_eq!(reply["statusCode"], 200, "{reply}");
    Run { handed_out: serde_json::from_str(reply["body"].as_str().unwrap()).unwrap(), made: endpoint.take() }
}

/// The variables without which a function does not start.
fn needed() -> impl Iterator<Item = Variable> {
    const NEEDED: [&str; 7] = [
        "AWS_REGION",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
    ];
    LAMBDA.into_iter().filter(|variable| NEEDED.contains(&variable.name))
}

impl Run {
    fn to_aws(&self) -> impl Iterator<Item = &Received> {
        self.made.iter().filter(|request| request.header("authorization").starts_with("AWS4-HMAC-SHA256"))
    }

    fn to_others(&self) -> Vec<&Received> {
        self.made.iter().filter(|request| !request.header("authorization").starts_with("AWS4-HMAC-SHA256")).collect()
    }

    /// Requests to AWS, without what may depend on the environment and what depends on the moment.
    fn comparable_to_aws(&self) -> Vec<Received> {
        let comparable = |request: &Received| {
            let mut request = request.clone();
            request
                .headers
                .retain(|name, _| !FOR_AWS_ONLY.iter().any(|(other, _)| name == other) && !OF_THE_MOMENT.contains(&name.as_str()));
            let authorization = request.header("authorization");
            let signed = between(authorization, "SignedHeaders=", ",");
            let signed: Vec<_> = signed.split(';').filter(|name| !FOR_AWS_ONLY.iter().any(|(other, _)| name == other)).collect();
            let (key, scope) = between(authorization, "Credential=", ",").split_once('/').unwrap();
            // The scope begins with the date.
            let authorization = format!("{key} {} {}", &scope[8..], signed.join(";"));
            request.headers.insert("authorization".to_owned(), authorization);
            // The SDK writes the attributes of an SMS in any order.
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

    /// What is handed out, without the time and the signature in the presigned URL.
    fn comparable_handed_out(&self) -> Value {
        let mut handed_out = self.handed_out.clone();
        let url = handed_out["url"].as_str().unwrap();
        let (host_and_path, query) = url.split_once('?').unwrap();
        let pairs = query.split('&').map(|pair| match pair.split_once('=').unwrap() {
            ("X-Amz-Date" | "X-Amz-Signature", _) => String::new(),
            ("X-Amz-Credential", credential) => {
                let (key, scope) = credential.split_once("%2F").unwrap();
                format!("X-Amz-Credential={key}{}", &scope[8..])
            }
            _ => pair.to_owned(),
        });
        handed_out["url"] = json!(format!("{host_and_path}?{}", pairs.collect::<Vec<_>>().join("&")));
        handed_out
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap();
    rest.split(end).next().unwrap()
}

fn signed_headers(run: &Run) -> Vec<String> {
    between(run.handed_out["url"].as_str().unwrap(), "X-Amz-SignedHeaders=", "&").split("%3B").map(str::to_owned).collect()
}

#[tokio::test]
async fn the_whole_environment_of_lambda_changes_no_request_that_others_make_or_receive() {
    let endpoint = Endpoint::start(respond).await;
    let least = run(&endpoint, needed(), None).await;
    let most = run(&endpoint, LAMBDA.into_iter().chain(OPERATOR), Some(lambda::TRACE_ID)).await;

    let headers: Vec<_> = most.handed_out["headers"].as_object().unwrap().keys().collect();
    assert_eq!(headers, UPLOAD_HEADERS);
    assert_eq!(signed_headers(&most), ["content-length", "content-type", "host", "x-amz-checksum-sha256"]);
    assert_eq!(most.comparable_handed_out(), least.comparable_handed_out());

    // Token, userinfo, businesses: equal in each header.
    assert_eq!(most.to_others().len(), 3);
    assert_eq!(most.to_others(), least.to_others());

    // DynamoDB, KMS, S3, SNS, SES.
    assert_eq!(most.to_aws().count(), 5);
    assert_eq!(most.comparable_to_aws(), least.comparable_to_aws());
    // What would change a request did reach the process.
    assert!(most.to_aws().all(|request| request.header("x-amzn-trace-id") == lambda::TRACE_ID));
    assert!(least.to_aws().all(|request| request.header("x-amzn-trace-id").is_empty()));
    assert!(most.to_aws().all(|request| request.header("x-amz-user-agent").contains("exec-env/AWS_Lambda")));
}

#[tokio::test]
async fn a_proxy_receives_our_own_requests_and_changes_nothing_that_is_handed_out() {
    let endpoint = Endpoint::start(respond).await;
    let direct = run(&endpoint, needed(), None).await;
    let proxy = Endpoint::start(respond).await;
    let url = proxy.url.replace("http://", "http://user:password@");
    let url: &'static str = Box::leak(url.into_boxed_str());
    let through = ["HTTP_PROXY", "HTTPS_PROXY"].map(|name| Variable { name, value: url, effect: "" });
    let mut proxied = run(&endpoint, needed().chain(through), None).await;
    assert_eq!(proxied.made, [], "nothing passes by the proxy");
    proxied.made = proxy.take();

    assert_eq!(proxied.comparable_handed_out(), direct.comparable_handed_out());
    for request in &mut proxied.made {
        // Of the proxy alone: the whole URL, and who asks it.
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

/// The requests above stand for those of all functions only as long as these files alone read variables and build HTTP clients.
#[test]
fn functions_read_variables_and_build_clients_in_these_files_only() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let mut found: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for file in ["shared", "functions"].into_iter().flat_map(|folder| rust_files(&format!("{root}/{folder}"))) {
        let source = std::fs::read_to_string(&file).unwrap();
        let code = source.split("#[cfg(test)]").next().unwrap();
        let file = file.strip_prefix(root).unwrap().trim_start_matches('/');
        // Tests, and what runs while something is built.
        if file.contains("/tests/") || file.contains("/examples/") || file.ends_with("build.rs") {
            continue;
        }
        for what in ["env::var", "Client::builder()", "Client::from_conf(", "Client::new()", "reqwest::get("] {
            if code.contains(what) {
                found.entry(what).or_default().insert(file.to_owned());
            }
        }
    }
    let wanted = [
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
    let wanted = wanted.map(|(what, files)| (what, files.into_iter().map(str::to_owned).collect()));
    assert_eq!(found, BTreeMap::from(wanted));
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
