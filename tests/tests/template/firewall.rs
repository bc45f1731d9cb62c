//! The firewall's managed rules against the requests of this service: a rule that would block one of them has to count instead.
//!
//! AWS documents what a rule looks for in a sentence and an example, and keeps the patterns to itself. The matchers below are those sentences and
//! examples, so they find requests that a rule certainly blocks. They do not prove that a rule lets the others pass: that is seen on AWS, by the
//! metrics of the rules (docs/operating/deploying.md).

use std::{collections::BTreeSet, fs};

use lambda_http::{Body, RequestExt, http::HeaderMap};

use super::project::{read, root, template};

/// Largest body that the functions read, in bytes.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// What the rules read of a request, in lower case.
#[derive(Clone)]
struct Seen {
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

/// A managed rule: its name in AWS's documentation, and whether a request is one that it looks for.
type Rule = (&'static str, fn(&Seen) -> bool);

/// AWSManagedRulesCommonRuleSet.
const COMMON: [Rule; 22] = [
    ("NoUserAgent_HEADER", |seen| seen.user_agent.is_none()),
    ("UserAgent_BadBots_HEADER", |seen| seen.user_agent.as_ref().is_some_and(|agent| agent.contains("nessus") || agent.contains("nmap"))),
    ("SizeRestrictions_QUERYSTRING", |seen| seen.query.len() > 2_048),
    ("SizeRestrictions_Cookie_HEADER", |seen| seen.cookie.len() > 10_240),
    ("SizeRestrictions_BODY", |seen| seen.body.len() > 8_192),
    ("SizeRestrictions_URIPATH", |seen| seen.path.len() > 1_024),
    ("EC2MetaDataSSRF_BODY", |seen| reaches_metadata(&seen.body)),
    ("EC2MetaDataSSRF_COOKIE", |seen| reaches_metadata(&seen.cookie)),
    ("EC2MetaDataSSRF_URIPATH", |seen| reaches_metadata(&seen.path)),
    ("EC2MetaDataSSRF_QUERYARGUMENTS", |seen| reaches_metadata(&seen.query)),
    ("GenericLFI_QUERYARGUMENTS", |seen| leaves_its_folder(&seen.query)),
    ("GenericLFI_URIPATH", |seen| leaves_its_folder(&seen.path)),
    ("GenericLFI_BODY", |seen| leaves_its_folder(&seen.body)),
    ("RestrictedExtensions_URIPATH", |seen| has_restricted_extension(&seen.path)),
    ("RestrictedExtensions_QUERYARGUMENTS", |seen| has_restricted_extension(&seen.query)),
    ("GenericRFI_QUERYARGUMENTS", |seen| has_url_of_ipv4_address(&seen.query)),
    ("GenericRFI_BODY", |seen| has_url_of_ipv4_address(&seen.body)),
    ("GenericRFI_URIPATH", |seen| has_url_of_ipv4_address(&seen.path)),
    ("CrossSiteScripting_COOKIE", |seen| has_script(&seen.cookie)),
    ("CrossSiteScripting_QUERYARGUMENTS", |seen| has_script(&seen.query)),
    ("CrossSiteScripting_BODY", |seen| has_script(&seen.body)),
    ("CrossSiteScripting_URIPATH", |seen| has_script(&seen.path)),
];

/// AWSManagedRulesKnownBadInputsRuleSet.
const KNOWN_BAD_INPUTS: [Rule; 11] = [
    ("JavaDeserializationRCE_HEADER", |seen| runs_java(&seen.headers)),
    ("JavaDeserializationRCE_BODY", |seen| runs_java(&seen.body)),
    ("JavaDeserializationRCE_URIPATH", |seen| runs_java(&seen.path)),
    ("JavaDeserializationRCE_QUERYSTRING", |seen| runs_java(&seen.query)),
    ("Host_localhost_HEADER", |seen| seen.host.contains("localhost")),
    ("PROPFIND_METHOD", |seen| seen.method == "propfind"),
    ("ExploitablePaths_URIPATH", |seen| seen.path.contains("web-inf")),
    ("Log4JRCE_HEADER", |seen| looks_up_names(&seen.headers)),
    ("Log4JRCE_QUERYSTRING", |seen| looks_up_names(&seen.query)),
    ("Log4JRCE_BODY", |seen| looks_up_names(&seen.body)),
    ("Log4JRCE_URIPATH", |seen| looks_up_names(&seen.path)),
];

fn reaches_metadata(text: &str) -> bool {
    text.contains("169.254.169.254")
}

fn leaves_its_folder(text: &str) -> bool {
    text.contains("../")
}

fn has_restricted_extension(text: &str) -> bool {
    [".log", ".ini"].iter().any(|extension| text.contains(extension))
}

fn has_script(text: &str) -> bool {
    text.contains("<script") || text.contains("javascript:")
}

fn runs_java(text: &str) -> bool {
    text.contains("java.lang.runtime")
}

fn looks_up_names(text: &str) -> bool {
    text.contains("${jndi:")
}

/// `http://`, `https://`, `ftp://`, `ftps://` or `file://`, with an IPv4 address for a host.
fn has_url_of_ipv4_address(text: &str) -> bool {
    text.split("://").zip(text.split("://").skip(1)).any(|(before, host)| {
        let host = host.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default();
        ["http", "https", "ftp", "ftps", "file"].iter().any(|scheme| before.ends_with(scheme)) && host.parse::<std::net::Ipv4Addr>().is_ok()
    })
}

fn lower(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| value.to_str().expect("text").to_lowercase())
}

fn seen(name: String, event: &str) -> Option<Seen> {
    let request = lambda_http::request::from_str(event).ok()?;
    let query = request.query_string_parameters();
    let query: Vec<_> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let headers = request.headers();
    Some(Seen {
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

/// The sample events of all routes, and what no sample shows.
fn requests() -> Vec<Seen> {
    let mut found = Vec::new();
    for folder in super::folders("events") {
        for entry in fs::read_dir(root().join("events").join(&folder)).expect("a folder") {
            let file = format!("events/{folder}/{}", entry.expect("an entry").file_name().to_str().expect("a name"));
            found.extend(seen(file.clone(), &read(&file)));
        }
    }
    assert!(found.len() > 40, "{}", found.len());
    let sample = |name: &str| found.iter().find(|seen| seen.name == format!("events/{name}/request.json")).expect("a sample").clone();
    // Applications of public bodies are programs, and may name none.
    let pull = Seen { name: "a pull without User-Agent".to_owned(), user_agent: None, ..sample("pull_photo") };
    // Functions answer 413 with a problem, which the firewall's 403 would hide.
    let large = Seen { name: "a body that is too large".to_owned(), body: " ".repeat(BODY_BYTES_MAX + 1), ..sample("submit_code") };
    // The owner's note on an employee is the one free text in a body. (A verdict's text is inside a signed header.)
    let note = "«Νίκη & Σία» – ταμείο / εκτυπώσεις, τηλ. 210 1234567; βλ. https://studio.example.gr/staff?id=1".to_lowercase();
    let note = Seen { name: "a note on an employee".to_owned(), body: format!("{{\"label\":\"{note}\"}}"), ..sample("authorize_staff") };
    found.extend([pull, large, note]);
    found
}

#[test]
fn managed_rules_that_would_block_a_request_of_ours_count_and_all_others_block() {
    let template = template();
    let rules = template["Resources"]["Firewall"]["Properties"]["Rules"].as_array().expect("rules").clone();
    let requests = requests();
    for (group, known) in [("AWSManagedRulesCommonRuleSet", &COMMON[..]), ("AWSManagedRulesKnownBadInputsRuleSet", &KNOWN_BAD_INPUTS[..])] {
        let managed = |rule: &serde_json::Value| rule["Statement"]["ManagedRuleGroupStatement"]["Name"] == group;
        let rule = rules.iter().find(|rule| managed(rule)).unwrap_or_else(|| panic!("{group}"));
        assert_eq!(rule["OverrideAction"], serde_json::json!({ "None": {} }), "{group}");
        let overrides = rule["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"].as_array().cloned().unwrap_or_default();
        let counted: BTreeSet<String> = overrides
            .iter()
            .map(|change| {
                assert_eq!(change["ActionToUse"], serde_json::json!({ "Count": {} }), "{change}");
                change["Name"].as_str().expect("a name").to_owned()
            })
            .collect();
        for (name, looks_for) in known {
            let met: Vec<&str> = requests.iter().filter(|seen| looks_for(seen)).map(|seen| seen.name.as_str()).collect();
            assert_eq!(counted.contains(*name), !met.is_empty(), "{name} is met by {met:?}");
        }
        let names: BTreeSet<String> = known.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert!(counted.is_subset(&names), "{group} has no such rule: {:?}", counted.difference(&names));
    }
}

#[test]
fn urls_of_ipv4_addresses_are_found() {
    assert!(has_url_of_ipv4_address("{\"redirect_uri\":\"http://127.0.0.1:51004/signed-in\"}"));
    for other in ["https://studio.example.gr/1.2.3.4", "gr.gov.myphoto:/signed-in", "http://[::1]:51004/", "127.0.0.1"] {
        assert!(!has_url_of_ipv4_address(other), "{other}");
    }
}
