//! Compares the firewall's managed rules with the requests of this service. A rule that matches one of these requests must be set to count
//! the request instead of blocking it.
//!
//! AWS documents each rule with a sentence and an example, but does not publish the patterns. The matchers below implement those sentences
//! and examples, so they detect requests that a rule certainly blocks. They do not prove that a rule lets other requests pass. Only the
//! metrics of the rules on AWS show that (docs/operating/deploying.md).

use std::{collections::BTreeSet, fs};

use lambda_http::{Body, RequestExt, http::HeaderMap};

use crate::project::{folders, read, root, template};

/// The longest body that functions accept, in bytes.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// The parts of a request that rules examine, in lower case, and a name for messages.
#[derive(Clone)]
struct Request {
    name: String,
    method: String,
    path: String,
    query: String,
    host: String,
    cookie: String,
    user_agent: Option<String>,
    headers: String,
    body: String,
}

/// A managed rule: its name in AWS's documentation, and a function that returns whether the rule matches a request.
type Rule = (&'static str, fn(&Request) -> bool);

/// AWSManagedRulesCommonRuleSet.
const COMMON: &[Rule] = &[
    ("NoUserAgent_HEADER", |request| request.user_agent.is_none()),
    ("UserAgent_BadBots_HEADER", |request| {
        request.user_agent.as_ref().is_some_and(|agent| agent.contains("nessus") || agent.contains("nmap"))
    }),
    ("SizeRestrictions_QUERYSTRING", |request| request.query.len() > 2_048),
    ("SizeRestrictions_Cookie_HEADER", |request| request.cookie.len() > 10_240),
    ("SizeRestrictions_BODY", |request| request.body.len() > 8_192),
    ("SizeRestrictions_URIPATH", |request| request.path.len() > 1_024),
    ("EC2MetaDataSSRF_BODY", |request| has_metadata_address(&request.body)),
    ("EC2MetaDataSSRF_COOKIE", |request| has_metadata_address(&request.cookie)),
    ("EC2MetaDataSSRF_URIPATH", |request| has_metadata_address(&request.path)),
    ("EC2MetaDataSSRF_QUERYARGUMENTS", |request| has_metadata_address(&request.query)),
    ("GenericLFI_QUERYARGUMENTS", |request| has_parent_folder(&request.query)),
    ("GenericLFI_URIPATH", |request| has_parent_folder(&request.path)),
    ("GenericLFI_BODY", |request| has_parent_folder(&request.body)),
    ("RestrictedExtensions_URIPATH", |request| has_restricted_extension(&request.path)),
    ("RestrictedExtensions_QUERYARGUMENTS", |request| has_restricted_extension(&request.query)),
    ("GenericRFI_QUERYARGUMENTS", |request| has_url_of_ipv4_address(&request.query)),
    ("GenericRFI_BODY", |request| has_url_of_ipv4_address(&request.body)),
    ("GenericRFI_URIPATH", |request| has_url_of_ipv4_address(&request.path)),
    ("CrossSiteScripting_COOKIE", |request| has_script(&request.cookie)),
    ("CrossSiteScripting_QUERYARGUMENTS", |request| has_script(&request.query)),
    ("CrossSiteScripting_BODY", |request| has_script(&request.body)),
    ("CrossSiteScripting_URIPATH", |request| has_script(&request.path)),
];

/// AWSManagedRulesKnownBadInputsRuleSet.
const KNOWN_BAD_INPUTS: &[Rule] = &[
    ("JavaDeserializationRCE_HEADER", |request| has_java_runtime(&request.headers)),
    ("JavaDeserializationRCE_BODY", |request| has_java_runtime(&request.body)),
    ("JavaDeserializationRCE_URIPATH", |request| has_java_runtime(&request.path)),
    ("JavaDeserializationRCE_QUERYSTRING", |request| has_java_runtime(&request.query)),
    ("Host_localhost_HEADER", |request| request.host.contains("localhost")),
    ("PROPFIND_METHOD", |request| request.method == "propfind"),
    ("ExploitablePaths_URIPATH", |request| request.path.contains("web-inf")),
    ("Log4JRCE_HEADER", |request| has_jndi_lookup(&request.headers)),
    ("Log4JRCE_QUERYSTRING", |request| has_jndi_lookup(&request.query)),
    ("Log4JRCE_BODY", |request| has_jndi_lookup(&request.body)),
    ("Log4JRCE_URIPATH", |request| has_jndi_lookup(&request.path)),
];

fn has_metadata_address(text: &str) -> bool {
    text.contains("169.254.169.254")
}

fn has_parent_folder(text: &str) -> bool {
    text.contains("../")
}

fn has_restricted_extension(text: &str) -> bool {
    [".log", ".ini"].iter().any(|extension| text.contains(extension))
}

fn has_script(text: &str) -> bool {
    text.contains("<script") || text.contains("javascript:")
}

fn has_java_runtime(text: &str) -> bool {
    text.contains("java.lang.runtime")
}

fn has_jndi_lookup(text: &str) -> bool {
    text.contains("${jndi:")
}

/// Returns whether a text has `http://`, `https://`, `ftp://`, `ftps://` or `file://`, followed by an IPv4 address.
fn has_url_of_ipv4_address(text: &str) -> bool {
    text.split("://").zip(text.split("://").skip(1)).any(|(before, host)| {
        let host = host.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default();
        ["http", "https", "ftp", "ftps", "file"].iter().any(|scheme| before.ends_with(scheme)) && host.parse::<std::net::Ipv4Addr>().is_ok()
    })
}

/// Returns the value of a header in lower case.
fn lower(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| value.to_str().expect("text").to_lowercase())
}

/// Parses an event. Returns `None` if it is not an HTTP request.
fn parse(name: String, event: &str) -> Option<Request> {
    let request = lambda_http::request::from_str(event).ok()?;
    let query = request.query_string_parameters();
    let query: Vec<_> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let headers = request.headers();
    Some(Request {
        name,
        method: request.method().as_str().to_lowercase(),
        path: request.raw_http_path().to_lowercase(),
        query: query.join("&").to_lowercase(),
        host: lower(headers, "host").expect("a host"),
        cookie: lower(headers, "cookie").unwrap_or_default(),
        user_agent: lower(headers, "user-agent"),
        headers: format!("{headers:?}").to_lowercase(),
        body: match request.body() {
            Body::Binary(bytes) => String::from_utf8_lossy(bytes).to_lowercase(),
            Body::Empty | Body::Text(_) | _ => String::new(),
        },
    })
}

/// Returns the sample events of all routes, and requests that are more likely to be blocked than the samples.
fn requests() -> Vec<Request> {
    let mut found = Vec::new();
    for folder in folders("events") {
        for entry in fs::read_dir(root().join("events").join(&folder)).expect("a folder") {
            let file = format!("events/{folder}/{}", entry.expect("an entry").file_name().to_str().expect("a name"));
            found.extend(parse(file.clone(), &read(&file)));
        }
    }
    assert!(found.len() > 40, "{}", found.len());
    let sample = |name: &str| found.iter().find(|request| request.name == format!("events/{name}/request.json")).expect("a sample").clone();
    // Pulls come from programs of public bodies, which may omit the header `User-Agent`.
    let pull = Request { name: "a pull without User-Agent".to_owned(), user_agent: None, ..sample("pull_photo") };
    // If a body is too large, functions respond with 413 and a problem. The firewall must not replace this response by its 403.
    let large = Request { name: "a body that is too large".to_owned(), body: " ".repeat(BODY_BYTES_MAX + 1), ..sample("submit_code") };
    // Two request bodies contain free text: that of `authorize_staff` has the owner's note on an employee, and that of `issue_code` has a
    // photographer's text about a customer. (The text of a verdict is not in a body, but in a signed header.)
    let note = "«Νίκη & Σία» – ταμείο / εκτυπώσεις, τηλ. 210 1234567; βλ. https://studio.example.gr/staff?id=1".to_lowercase();
    let note = Request { name: "a note on an employee".to_owned(), body: format!("{{\"label\":\"{note}\"}}"), ..sample("authorize_staff") };
    let text = note.body.replace("label", "text");
    let text = Request { name: "a text of issue_code".to_owned(), body: text, ..sample("issue_code") };
    found.extend([pull, large, note, text]);
    found
}

/// Returns the pictures that `locate_face` receives: the sample, and one whose bytes contain strings that rules look for. Any picture may
/// contain such strings by chance.
fn pictures() -> Vec<Request> {
    let sample = requests().into_iter().find(|request| request.name == "events/locate_face/request.json").expect("a sample");
    let body = ["../", "<script", "http://127.0.0.1", &" ".repeat(8_193)].concat();
    vec![Request { name: "a picture".to_owned(), body, ..sample.clone() }, sample]
}

#[test]
fn managed_rules_that_match_a_request_of_this_service_count_and_all_others_block() {
    let template = template();
    let rules = template["Resources"]["Firewall"]["Properties"]["Rules"].as_array().expect("rules").clone();
    let requests = requests();
    for (group, known) in [("AWSManagedRulesCommonRuleSet", COMMON), ("AWSManagedRulesKnownBadInputsRuleSet", KNOWN_BAD_INPUTS)] {
        let managed = |rule: &serde_json::Value| rule["Statement"]["ManagedRuleGroupStatement"]["Name"] == group;
        let rule = rules.iter().find(|rule| managed(rule)).unwrap_or_else(|| panic!("{group}"));
        // Some rules look for text that a picture may contain by chance. A group with such rules does not examine pictures.
        let scope =
            &rule["Statement"]["ManagedRuleGroupStatement"]["ScopeDownStatement"]["NotStatement"]["Statement"]["RegexMatchStatement"];
        let excludes_pictures =
            scope["RegexString"] == "^/v1/photographer/face/*$" && scope["FieldToMatch"] == serde_json::json!({ "UriPath": {} });
        let matches_pictures = known.iter().any(|(_, matches)| pictures().iter().any(matches));
        assert_eq!(excludes_pictures, matches_pictures, "{group}");
        let examined: Vec<_> =
            requests.iter().filter(|request| !excludes_pictures || !request.path.starts_with("/v1/photographer/face")).collect();
        assert_eq!(rule["OverrideAction"], serde_json::json!({ "None": {} }), "{group}");
        let overrides = rule["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"].as_array().cloned().unwrap_or_default();
        let counted: BTreeSet<String> = overrides
            .iter()
            .map(|change| {
                assert_eq!(change["ActionToUse"], serde_json::json!({ "Count": {} }), "{change}");
                change["Name"].as_str().expect("a name").to_owned()
            })
            .collect();
        for (name, matches) in known {
            let matched: Vec<&str> = examined.iter().filter(|request| matches(request)).map(|request| request.name.as_str()).collect();
            assert_eq!(
                counted.contains(*name),
                !matched.is_empty(),
                "{name} matches {matched:?}, and has to count exactly if it matches a request"
            );
        }
        let names: BTreeSet<String> = known.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert!(
            counted.is_subset(&names),
            "template.yaml overrides rules of {group} that this test does not know: {:?}",
            counted.difference(&names)
        );
    }
}

#[test]
fn urls_of_ipv4_addresses_are_found() {
    assert!(has_url_of_ipv4_address("{\"redirect_uri\":\"http://127.0.0.1:51004/signed-in\"}"));
    for other in ["https://studio.example.gr/1.2.3.4", "gr.gov.myphoto:/signed-in", "http://[::1]:51004/", "127.0.0.1"] {
        assert!(!has_url_of_ipv4_address(other), "{other}");
    }
}
