//! The template is code: who may do what, what is watched, and that template, routes, sources and rules speak of the same things.

#![expect(clippy::expect_used, reason = "what fails here fails the test")]

mod documents;
mod project;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use project::{folders, functions, logical_id, read, root, routes, template, yaml};
use serde_json::{Map, Value, json};

/// Lines of one function's code, and of one file, before it is to be taken apart (handlers are about 100 lines at most, most far shorter).
const LONGEST_FUNCTION: usize = 100;
const LONGEST_FILE: usize = 250;
/// Tables whose items must not come back from a backup.
const WITHOUT_RECOVERY: [&str; 3] = ["Keys", "Outbox", "Reminders"];

/// The template's resources of a type.
fn of_type(kind: &str) -> Map<String, Value> {
    let mut template = template();
    let Value::Object(resources) = template["Resources"].take() else { panic!("resources") };
    let found: Map<_, _> = resources.into_iter().filter(|(_, resource)| resource["Type"] == kind).collect();
    assert!(!found.is_empty(), "no {kind}");
    found
}

fn lambdas() -> Map<String, Value> {
    of_type("AWS::Serverless::Function")
}

fn list(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |items| items.iter().collect())
}

/// A policy's resource as text: `!Sub` as it is written, attributes as `Table.Arn`.
fn resource_text(resource: &Value) -> String {
    if let Some(parts) = resource["Fn::GetAtt"].as_array() {
        return parts.iter().map(|part| part.as_str().expect("a name")).collect::<Vec<_>>().join(".");
    }
    match &resource["Fn::Sub"] {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts[0].as_str().expect("a text").to_owned(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => resource.as_str().expect("a resource").to_owned(),
    }
}

/// The statements of a function's role.
fn statements(function: &Value) -> Vec<Value> {
    let Some(policies) = function["Properties"]["Policies"].as_array() else { return Vec::new() };
    // Ready-made policies come with more than is needed.
    policies.iter().flat_map(|policy| policy["Statement"].as_array().expect("statements of our own").clone()).collect()
}

// ---- Who may do what

#[test]
fn no_role_may_do_everything_or_anything_to_everything() {
    for (name, function) in lambdas() {
        assert!(function["Properties"]["Role"].is_null(), "{name} has a role of its own");
        let statements = statements(&function);
        let topics_denied = statements.iter().any(|statement| {
            statement["Effect"] == "Deny"
                && statement["Action"] == json!(["sns:Publish"])
                && resource_text(&statement["Resource"]) == "arn:${AWS::Partition}:sns:*:*:*"
                && statement["Condition"].is_null()
        });
        for statement in statements.iter().filter(|statement| statement["Effect"] != "Deny") {
            assert_eq!(statement["Effect"], "Allow", "{name}");
            assert!(statement["NotAction"].is_null() && statement["NotResource"].is_null(), "{name}: {statement}");
            for action in list(&statement["Action"]) {
                let action = action.as_str().expect("an action");
                assert!(action.contains(':') && !action.contains('*'), "{name}: {action}");
            }
            for resource in list(&statement["Resource"]).into_iter().map(resource_text) {
                // A phone number has no ARN: the one exception, with topics taken out of it.
                let is_sms = resource == "*" && statement["Action"] == json!(["sns:Publish"]) && topics_denied;
                let is_prefix = resource.strip_prefix("${Photos.Arn}/").and_then(|rest| rest.strip_suffix("/*"));
                let is_prefix = is_prefix.is_some_and(|prefix| ["incoming", "pending", "associated"].contains(&prefix));
                assert!(!resource.contains('*') || is_sms || is_prefix, "{name}: {resource}");
            }
        }
    }
}

#[test]
fn a_key_open_to_everybody_is_so_through_our_own_tables_and_bucket_only() {
    for (name, key) in of_type("AWS::KMS::Key") {
        assert_eq!(key["Properties"]["EnableKeyRotation"], true, "{name}");
        for statement in key["Properties"]["KeyPolicy"]["Statement"].as_array().expect("statements") {
            if statement["Principal"]["AWS"] == "*" || statement["Principal"] == "*" {
                let only = &statement["Condition"]["StringEquals"];
                assert!(!only["kms:CallerAccount"].is_null() && !only["kms:ViaService"].is_null(), "{name}: {statement}");
            }
        }
    }
}

#[test]
fn the_keys_of_secrets_are_split_between_those_who_seal_and_those_who_open() {
    let mut rights = BTreeMap::<String, BTreeSet<String>>::new();
    for (name, function) in lambdas() {
        for statement in statements(&function) {
            for action in list(&statement["Action"]).into_iter().filter_map(Value::as_str).filter(|action| action.starts_with("kms:")) {
                rights.entry(format!("{action} {}", resource_text(&statement["Resource"]))).or_default().insert(name.clone());
            }
        }
    }
    let wanted = [
        ("kms:Encrypt OutboxKey.Arn", vec!["IssueCode", "ResendCode"]),
        // One alone may do both: it makes a new message of an old one.
        ("kms:Decrypt OutboxKey.Arn", vec!["DeliverCode", "ResendCode"]),
        ("kms:Encrypt RemindersKey.Arn", vec!["IssueCode", "ResendCode", "SetReminder"]),
        ("kms:Decrypt RemindersKey.Arn", vec!["SendReminders"]),
        ("kms:Encrypt AssociationsKey.Arn", vec!["Associate"]),
        ("kms:Decrypt AssociationsKey.Arn", vec!["ShowPhoto", "DownloadPhotos", "ShowCode", "PullPhoto"]),
    ];
    let wanted = wanted.map(|(right, names)| (right.to_owned(), names.into_iter().map(str::to_owned).collect()));
    assert_eq!(rights, BTreeMap::from(wanted));
}

// ---- Functions

#[test]
fn every_binary_is_a_function_and_every_function_a_binary() {
    let built: BTreeMap<_, _> = functions().into_keys().map(|name| (logical_id(&name), format!("target/lambda/{name}"))).collect();
    let deployed: BTreeMap<_, _> = lambdas()
        .into_iter()
        .map(|(name, function)| (name, function["Properties"]["CodeUri"].as_str().expect("a CodeUri").to_owned()))
        .collect();
    assert_eq!(deployed, built);
}

#[test]
fn every_function_has_a_route_or_an_event() {
    let called: BTreeSet<_> = routes().into_iter().map(|route| route.function).collect();
    for (name, function) in lambdas() {
        let has_events = function["Properties"]["Events"].as_object().is_some_and(|events| !events.is_empty());
        assert!(called.contains(&name) != has_events, "{name} is woken by a route, or by an event");
    }
}

#[test]
fn every_function_has_a_time_limit_memory_and_traffic_by_the_alias_live() {
    let template = template();
    let common = &template["Globals"]["Function"];
    assert_eq!(common["AutoPublishAlias"], "live");
    for (name, function) in lambdas() {
        let own = &function["Properties"];
        let setting = |key: &str| if own[key].is_null() { &common[key] } else { &own[key] };
        let number = |key: &str| setting(key).as_u64().unwrap_or_else(|| panic!("{name} has no {key}"));
        assert_eq!(setting("AutoPublishAlias"), "live", "{name}");
        assert_eq!(setting("Runtime"), "provided.al2023", "{name}");
        // The gateway gives up after 29 seconds; who sends must be done before its claim on a message ends.
        let longest = match name.as_str() {
            "DeliverCode" => domain::delivery::CLAIM.as_seconds().unsigned_abs() - 1,
            "SendReminders" => domain::reminder::CLAIM.as_seconds().unsigned_abs() - 1,
            _ => 28,
        };
        assert!((1..=longest).contains(&number("Timeout")), "{name}");
        assert!((128..=10_240).contains(&number("MemorySize")), "{name}");
    }
}

#[test]
fn reminders_go_out_by_day_in_athens_winter_and_summer() {
    let lambdas = lambdas();
    let own = &lambdas["SendReminders"]["Properties"];
    let schedule = own["Events"]["ByDay"]["Properties"]["Schedule"].as_str().expect("a schedule");
    let hours = schedule.strip_prefix("cron(5 ").and_then(|rest| rest.strip_suffix(" * * ? *)")).expect("minutes and hours of every day");
    let (first, last) = hours.split_once('-').expect("from, to");
    for hour in first.parse::<i64>().expect("an hour")..=last.parse().expect("an hour") {
        // Days of 2026 since 1970: 15 January and 15 July.
        for day in [20_468, 20_649] {
            let at = domain::Moment::from_epoch_seconds((day * 24 + hour) * 3_600 + 300).athens_clock();
            assert!(domain::reminder::HOURS.contains(&at.hour), "{at:?}");
        }
    }
    // What it begins it can end within its time limit.
    assert!(own["Timeout"].as_i64().expect("a limit") > domain::reminder::RUN.as_seconds() + 60);
}

#[test]
fn every_function_logs_into_a_group_of_its_own_and_every_group_is_kept_for_a_limited_time() {
    let groups = of_type("AWS::Logs::LogGroup");
    for (name, function) in lambdas() {
        let group =
            function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"].as_str().unwrap_or_else(|| panic!("{name} has no log group"));
        assert_eq!(group, format!("{name}Log"));
        assert!(groups.contains_key(group), "{group}");
    }
    for (name, group) in &groups {
        let days = group["Properties"]["RetentionInDays"].as_u64().unwrap_or_else(|| panic!("{name} is kept for ever"));
        assert!((1..=90).contains(&days), "{name}: {days} days");
    }
    assert_eq!(groups.len(), lambdas().len());
}

#[test]
fn every_function_has_an_alarm_whose_runbook_exists() {
    let alarms = of_type("AWS::CloudWatch::Alarm");
    let runbook = read("docs/operating.md");
    for name in lambdas().keys() {
        let alarm = &alarms.get(&format!("{name}Errors")).unwrap_or_else(|| panic!("{name} has no alarm"))["Properties"];
        assert_eq!(
            (&alarm["Namespace"], &alarm["MetricName"], &alarm["Dimensions"]),
            (&json!("AWS/Lambda"), &json!("Errors"), &json!([{ "Name": "FunctionName", "Value": { "Ref": name } }])),
            "{name}"
        );
        let description = alarm["AlarmDescription"].as_str().expect("a description");
        let anchor = description.strip_prefix("docs/operating.md#").unwrap_or_else(|| panic!("{name}: {description}"));
        assert!(anchors(&runbook).contains(anchor), "{description} leads nowhere");
    }
}

/// What links into a Markdown file can name: ids, and headings as code forges make anchors of them.
fn anchors(markdown: &str) -> BTreeSet<String> {
    let ids = markdown.split("id=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned);
    let headings = markdown.lines().filter(|line| line.starts_with('#')).map(|line| {
        let text = line.trim_start_matches('#').trim().replace('`', "").to_lowercase();
        text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).collect::<String>().replace(' ', "-")
    });
    ids.chain(headings).collect()
}

/// Variables that each of `Setup`'s methods reads, as its source says.
fn variables_of_setup() -> BTreeMap<String, BTreeSet<String>> {
    let source = read("shared/edge/src/setup.rs");
    let mut bodies = BTreeMap::new();
    for part in source.split("pub fn ").skip(1) {
        let name = part.split('(').next().expect("a name").to_owned();
        bodies.insert(name, part.to_owned());
    }
    let mut read = BTreeMap::new();
    for (name, body) in &bodies {
        let mut variables = literals(body, "self.text(").chain(literals(body, "self.secret(")).collect::<BTreeSet<_>>();
        for (other, inner) in &bodies {
            if other != name && body.contains(&format!("self.{other}()")) {
                variables.extend(literals(inner, "self.text(").chain(literals(inner, "self.secret(")));
            }
        }
        read.insert(name.clone(), variables);
    }
    read
}

/// The texts with which something is called, such as `call("X")`.
fn literals<'a>(source: &'a str, call: &'a str) -> impl Iterator<Item = String> + 'a {
    source.split(call).skip(1).filter_map(|rest| rest.strip_prefix('"')?.split('"').next().map(str::to_owned))
}

#[test]
fn every_function_is_given_exactly_the_variables_that_it_reads() {
    let template = template();
    let common: BTreeSet<_> =
        template["Globals"]["Function"]["Environment"]["Variables"].as_object().expect("variables").keys().cloned().collect();
    // Every function needs the origin: `Setup::finish` reads it.
    assert_eq!(common, BTreeSet::from(["PUBLIC_ORIGIN".to_owned()]));
    let setup = variables_of_setup();
    let lambdas = lambdas();
    for (name, folder) in functions() {
        let source = read(&format!("functions/{folder}/{name}.rs"));
        let mut wanted: BTreeSet<_> = literals(&source, "setup.text(").chain(literals(&source, "setup.secret(")).collect();
        for call in source.split("setup.").skip(1).filter_map(|rest| rest.split('(').next()) {
            wanted.extend(setup.get(call).unwrap_or_else(|| panic!("{name} calls setup.{call}")).iter().cloned());
        }
        let wanted: BTreeSet<_> = wanted.difference(&common).cloned().collect();
        let given = lambdas[&logical_id(&name)]["Properties"]["Environment"]["Variables"].as_object();
        let given: BTreeSet<_> = given.into_iter().flat_map(Map::keys).cloned().collect();
        assert_eq!(given, wanted, "{name}: given, and read");
    }
}

#[test]
fn every_table_variable_names_its_table_and_the_role_may_use_each_table_given() {
    for (name, function) in lambdas() {
        let rights: Vec<String> =
            statements(&function).iter().flat_map(|s| list(&s["Resource"]).into_iter().map(resource_text).collect::<Vec<_>>()).collect();
        for (variable, value) in function["Properties"]["Environment"]["Variables"].as_object().into_iter().flatten() {
            let Some(table) = variable.strip_suffix("_TABLE") else { continue };
            let table = logical_id(&table.to_lowercase());
            assert_eq!(value["Ref"], table, "{name}: {variable}");
            assert!(rights.contains(&format!("{table}.Arn")), "{name} may not use {table}");
        }
        for right in rights.iter().filter_map(|right| right.strip_suffix(".Arn")).filter(|right| !right.ends_with("Key")) {
            let variable = format!("{}_TABLE", right.to_uppercase());
            assert!(
                !function["Properties"]["Environment"]["Variables"][&variable].is_null(),
                "{name} has a right to {right}, and no {variable}"
            );
        }
    }
}

// ---- Routes

#[test]
fn every_route_calls_the_function_of_its_name_and_the_gateway_may_call_it() {
    let template = template();
    let (lambdas, functions) = (lambdas(), functions());
    let mut called = BTreeSet::new();
    let mut operations = BTreeSet::new();
    for route in routes() {
        assert!(lambdas.contains_key(&route.function), "{route:?}");
        match &route.operation {
            Some(operation) => {
                assert_eq!(logical_id(operation), route.function, "{route:?}");
                assert!(functions.contains_key(operation), "{operation} is a file");
                assert!(operations.insert(operation.clone()), "{operation} is one operation");
            }
            None if route.method == "ANY" => assert_eq!(route.function, "UnknownRoute", "{route:?}"),
            // Pages and files: one operation at all paths that are not the API's.
            None => {
                assert_eq!(route.function, "ServeWeb", "{route:?}");
                assert!(matches!(route.path.as_str(), "/" | "/{proxy+}") && matches!(route.method.as_str(), "GET" | "HEAD"), "{route:?}");
            }
        }
        let permission = &template["Resources"][format!("{}Invoke", route.function)];
        assert_eq!(permission["Type"], "AWS::Lambda::Permission", "{route:?}");
        let granted = &permission["Properties"];
        assert_eq!(granted["Action"], "lambda:InvokeFunction");
        assert_eq!(granted["FunctionName"], json!({ "Ref": format!("{}Aliaslive", route.function) }));
        assert_eq!(granted["Principal"], "apigateway.amazonaws.com");
        assert!(resource_text(&granted["SourceArn"]).ends_with(":${Api}/*"), "{granted}");
        called.insert(format!("{}Invoke", route.function));
    }
    assert_eq!(of_type("AWS::Lambda::Permission").into_iter().map(|(name, _)| name).collect::<BTreeSet<_>>(), called);
}

#[test]
fn every_path_answers_the_methods_that_it_does_not_have() {
    let routes = routes();
    let paths: BTreeSet<_> = routes.iter().map(|route| &route.path).collect();
    for path in paths {
        let any = routes.iter().find(|route| route.path == *path && route.method == "ANY");
        assert_eq!(any.unwrap_or_else(|| panic!("{path}")).function, "UnknownRoute");
    }
}

// ---- Storage

#[test]
fn every_table_is_on_demand_encrypted_protected_and_lets_items_go() {
    for (name, table) in of_type("AWS::DynamoDB::Table") {
        let own = &table["Properties"];
        assert_eq!(own["BillingMode"], "PAY_PER_REQUEST", "{name}");
        assert_eq!(own["TimeToLiveSpecification"], json!({ "AttributeName": storage::TTL_ATTRIBUTE, "Enabled": true }), "{name}");
        let encryption = json!({ "SSEEnabled": true, "SSEType": "KMS", "KMSMasterKeyId": { "Fn::GetAtt": ["DataKey", "Arn"] } });
        assert_eq!(own["SSESpecification"], encryption, "{name}");
        assert_eq!(own["DeletionProtectionEnabled"], json!({ "Fn::If": ["IsProduction", true, false] }), "{name}");
        let recovery = &own["PointInTimeRecoverySpecification"];
        if WITHOUT_RECOVERY.contains(&name.as_str()) {
            assert!(recovery.is_null(), "{name}: what is gone must not come back");
        } else {
            assert_eq!(recovery, &json!({ "PointInTimeRecoveryEnabled": true, "RecoveryPeriodInDays": 7 }), "{name}");
        }
        assert!(own["TableName"].is_null(), "{name}: CloudFormation names it");
        assert_eq!(table["UpdateReplacePolicy"], "Retain", "{name}");
    }
}

#[test]
fn the_buckets_rules_are_those_of_the_domain() {
    let buckets = of_type("AWS::S3::Bucket");
    assert_eq!(buckets.len(), 1);
    let bucket = &buckets["Photos"]["Properties"];
    let rules = bucket["LifecycleConfiguration"]["Rules"].as_array().expect("rules").iter();
    let rules: BTreeSet<_> = rules
        .map(|rule| {
            assert_eq!(rule["Status"], "Enabled");
            (rule["Prefix"].as_str().expect("a prefix").to_owned(), rule["ExpirationInDays"].as_i64().expect("days"))
        })
        .collect();
    assert_eq!(rules, domain::retention::LIFECYCLE.map(|(prefix, days)| (prefix.to_owned(), days)).into());
    assert!(bucket["PublicAccessBlockConfiguration"].as_object().expect("a block").values().all(|blocked| blocked == true));
    assert!(bucket["VersioningConfiguration"].is_null(), "what is deleted is gone");
    let encryption = &bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["ServerSideEncryptionByDefault"];
    assert_eq!(encryption, &json!({ "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": { "Fn::GetAtt": ["DataKey", "Arn"] } }));
}

// ---- Sources

/// A Rust file's code: lines before its tests, without comments.
fn code(source: &str) -> Vec<&str> {
    let own = source.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
    own.map(|line| line.split("//").next().unwrap_or_default()).collect()
}

fn rust_files(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}")) {
        let entry = entry.expect("an entry");
        let path = format!("{folder}/{}", entry.file_name().to_str().expect("a name"));
        if entry.path().is_dir() {
            if entry.file_name() != "tests" {
                found.extend(rust_files(&path));
            }
        } else if path.ends_with(".rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn nothing_panics_on_purpose_outside_tests() {
    for file in rust_files("functions").into_iter().chain(rust_files("shared")) {
        // Compiled for tests only, as the crate's root says.
        if file.ends_with("/testing.rs") || file.ends_with("/tests.rs") {
            continue;
        }
        for (number, line) in code(&read(&file)).into_iter().enumerate() {
            for forbidden in
                [".unwrap()", ".expect(", ".unwrap_err()", ".expect_err(", "panic!(", "unreachable!(", "todo!(", "unimplemented!("]
            {
                assert!(!line.contains(forbidden), "{file}:{}: {forbidden}", number + 1);
            }
        }
    }
}

#[test]
fn handlers_stay_short() {
    for file in rust_files("functions") {
        let source = read(&file);
        let lines = code(&source);
        assert!(lines.len() <= LONGEST_FILE, "{file} has {} lines", lines.len());
        let mut begun = 0;
        for (number, line) in lines.iter().enumerate() {
            if ["fn ", "async fn ", "pub fn ", "pub async fn ", "const fn "].iter().any(|start| line.starts_with(start)) {
                begun = number;
            } else if *line == "}" {
                assert!(number - begun < LONGEST_FUNCTION, "{file}:{}: a function of {} lines", begun + 1, number - begun + 1);
            }
        }
    }
}

#[test]
fn every_function_has_one_name_everywhere() {
    let files: BTreeSet<_> = rust_files("functions").into_iter().filter(|file| !file.ends_with("/lib.rs")).collect();
    let named: BTreeSet<_> = functions().into_iter().map(|(name, folder)| format!("functions/{folder}/{name}.rs")).collect();
    assert_eq!(files, named, "each file is a function of its name");
    assert_eq!(folders("events"), functions().into_keys().collect::<Vec<_>>());
}

#[test]
fn every_test_that_stands_for_a_promise_is_there() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");
    let readme = fs::read_to_string(format!("{folder}/../README.md")).expect("the promises");
    let named = readme.split('`').filter_map(|text| text.split_once("::")).filter(|(file, _)| !file.contains(' '));
    let mut count = 0;
    for (file, name) in named {
        let sources = ["", "journeys/", "journeys/refusals/"]
            .map(|part| [format!("{folder}/{part}{file}.rs"), format!("{folder}/{part}{file}/mod.rs")]);
        let is_there = sources
            .iter()
            .flatten()
            .filter_map(|path| fs::read_to_string(path).ok())
            .any(|source| source.contains(&format!("fn {name}()")));
        assert!(is_there, "{file}::{name}");
        count += 1;
    }
    assert!(count > 60, "{count}");
}

#[test]
fn every_route_has_a_line_that_says_who_may() {
    let table = read("tests/tests/journeys/who_may.txt");
    let lines = table.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()).skip(1);
    let rows: BTreeMap<&str, Vec<&str>> = lines
        .map(|line| {
            let mut cells = line.split_whitespace();
            (cells.next().expect("an operation"), cells.collect())
        })
        .collect();
    let document = yaml("infra/openapi.yaml");
    let paths = document["paths"].as_object().expect("paths").values();
    let operations = paths.flat_map(|path| path.as_object().expect("methods").values().filter_map(|route| route["operationId"].as_str()));
    // Two that have no name of their own: the first page, and methods that a path does not have.
    let wanted: BTreeSet<&str> = operations.chain(["web_page", "other_method"]).collect();
    assert_eq!(rows.keys().copied().collect::<BTreeSet<_>>(), wanted);
    for (operation, cells) in rows {
        assert!(["unknown_route", "other_method"].contains(&operation) || cells.contains(&"ok"), "{operation}: nobody may?");
    }
}
