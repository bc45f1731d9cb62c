//! The template is code: who may do what, what is watched, and that template, routes, sources and rules speak of the same things.

#![expect(clippy::expect_used, reason = "what fails here fails the test")]

mod documents;
#[path = "template/firewall.rs"]
mod firewall;
mod project;
#[path = "template/session_attributes.rs"]
mod session_attributes;

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

/// infra/watch.yaml, the stack nested in template.yaml, with its mappings looked up (`Fn::FindInMap`).
fn watch() -> Value {
    let watch = yaml("infra/watch.yaml");
    let mappings = watch["Mappings"].clone();
    looked_up(watch, &mappings)
}

fn looked_up(value: Value, mappings: &Value) -> Value {
    match value {
        Value::Object(entries) => match entries.get("Fn::FindInMap").and_then(Value::as_array).map(Vec::as_slice) {
            Some([Value::String(map), Value::String(key), Value::String(name)]) => {
                let found = &mappings[map][key][name];
                assert!(!found.is_null(), "{map}, {key}, {name}");
                found.clone()
            }
            _ => entries.into_iter().map(|(key, item)| (key, looked_up(item, mappings))).collect::<Map<_, _>>().into(),
        },
        Value::Array(items) => items.into_iter().map(|item| looked_up(item, mappings)).collect(),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
    }
}

/// The resources of a type, of the template and of the stack nested in it.
fn of_type(kind: &str) -> Map<String, Value> {
    let mut found = Map::new();
    for mut template in [template(), watch()] {
        let Value::Object(resources) = template["Resources"].take() else { panic!("resources") };
        for (name, resource) in resources.into_iter().filter(|(_, resource)| resource["Type"] == kind) {
            assert!(found.insert(name.clone(), resource).is_none(), "{name} is in both templates");
        }
    }
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

/// The right to hand an SMS to AWS End User Messaging, as `AmazonSNSFullAccess` has it: only in a call that SNS makes for the role.
fn sends_sms_through_sns() -> Value {
    json!({
        "Effect": "Allow",
        "Action": ["sms-voice:SendTextMessage"],
        "Resource": "*",
        "Condition": { "StringEquals": { "aws:CalledViaLast": "sns.amazonaws.com" } },
    })
}

#[test]
fn roles_that_publish_sms_may_also_send_them_through_sns_and_no_other_role_may() {
    let mut publishers = 0;
    for (name, function) in lambdas() {
        let statements = statements(&function);
        let publishes = statements.iter().any(|s| s["Effect"] == "Allow" && list(&s["Action"]).contains(&&json!("sns:Publish")));
        let sms: Vec<&Value> = statements
            .iter()
            .filter(|s| list(&s["Action"]).into_iter().filter_map(Value::as_str).any(|action| action.starts_with("sms-voice:")))
            .collect();
        let wanted = sends_sms_through_sns();
        assert_eq!(sms, if publishes { vec![&wanted] } else { Vec::new() }, "{name}");
        publishers += usize::from(publishes);
    }
    assert_eq!(publishers, 4);
}

#[test]
fn no_role_may_do_everything_or_anything_to_everything() {
    let sends_sms_through_sns = sends_sms_through_sns();
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
                // A phone number has no ARN. These two exceptions are for SMS alone: topics are denied, and the other right counts only within SNS.
                let is_sms = resource == "*" && statement["Action"] == json!(["sns:Publish"]) && topics_denied;
                let is_sms = is_sms || *statement == sends_sms_through_sns;
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
        // API Gateway gives up after 29 seconds. A sender must end before its claim on a message does, the sweep before its next run.
        let longest = match name.as_str() {
            "SweepOutbox" => 59,
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
fn the_sweep_ends_within_its_time_limit_and_looks_at_a_whole_backlog() {
    use domain::delivery::{SWEEP_CONCURRENCY, SWEEP_MESSAGES_MAX, SWEEP_RUN};

    // Read, transaction, delete (functions/system/sweep_outbox.rs).
    const CALLS_OF_A_MESSAGE: usize = 3;
    // A whole call to AWS, with its retries (shared/aws).
    const LONGEST_CALL: i64 = 8;
    // Ten times what a call to DynamoDB usually takes on AWS, the processor of 256 MB included.
    const SLOW_CALL_MS: usize = 100;

    let own = &lambdas()["SweepOutbox"]["Properties"];
    assert_eq!(own["Events"]["EveryMinute"]["Properties"]["Schedule"], "rate(1 minute)");
    let calls = i64::try_from(CALLS_OF_A_MESSAGE).expect("a few");
    assert!(own["Timeout"].as_i64().expect("a limit") > SWEEP_RUN.as_seconds() + calls * LONGEST_CALL, "what it begins it can end");
    let backlog_ms = SWEEP_MESSAGES_MAX.div_ceil(SWEEP_CONCURRENCY) * CALLS_OF_A_MESSAGE * SLOW_CALL_MS;
    assert!(backlog_ms < usize::try_from(SWEEP_RUN.as_seconds() * 1_000).expect("positive"), "{backlog_ms} ms");
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
        let own = |body: &str| {
            ["self.text(", "self.secret(", "self.variables.number("].iter().flat_map(|read| literals(body, read)).collect::<Vec<_>>()
        };
        let mut variables: BTreeSet<_> = own(body).into_iter().collect();
        for (other, inner) in &bodies {
            if other != name && body.contains(&format!("self.{other}()")) {
                variables.extend(own(inner));
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
        let reads = ["setup.text(", "setup.text_or_empty(", "setup.secret("];
        let mut wanted: BTreeSet<_> = reads.into_iter().flat_map(|read| literals(&source, read)).collect();
        for call in source.split("setup.").skip(1).filter_map(|rest| rest.split('(').next()) {
            wanted.extend(setup.get(call).unwrap_or_else(|| panic!("{name} calls setup.{call}")).iter().cloned());
        }
        let wanted: BTreeSet<_> = wanted.difference(&common).cloned().collect();
        let given = lambdas[&logical_id(&name)]["Properties"]["Environment"]["Variables"].as_object();
        // The SDK reads the endpoints, which are given where there is a sandbox.
        let given: BTreeSet<_> =
            given.into_iter().flat_map(Map::keys).filter(|name| !name.starts_with("AWS_ENDPOINT_URL_")).cloned().collect();
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

// ---- What is watched

/// The metrics that alarms look at, without those of AWS: of the stack's own namespace.
fn own_metrics(alarms: &Map<String, Value>) -> BTreeSet<String> {
    let own = alarms.values().map(|alarm| &alarm["Properties"]).filter(|own| own["Namespace"] == json!({ "Ref": "Stack" }));
    own.map(|own| own["MetricName"].as_str().expect("a metric").to_owned()).collect()
}

/// The names with which values of a kind are written, as the source's `match` has them.
fn names(source: &str) -> BTreeSet<String> {
    read(source).split("=> \"").skip(1).filter_map(|rest| rest.split('"').next().map(str::to_owned)).collect()
}

/// What a filter compares: fields and texts, numbers as they stand.
fn comparisons(pattern: &str) -> Vec<(String, String)> {
    let inner = pattern.strip_prefix("{ ").and_then(|rest| rest.strip_suffix(" }")).unwrap_or_else(|| panic!("{pattern}"));
    let parts = inner.split(" || ").flat_map(|part| part.split(" && "));
    parts
        .map(|part| {
            let [field, sign, value] = part.split(' ').collect::<Vec<_>>().try_into().unwrap_or_else(|_| panic!("{part}"));
            assert!(["=", "!=", ">"].contains(&sign), "{part}");
            (field.strip_prefix("$.").unwrap_or_else(|| panic!("{part}")).to_owned(), value.trim_matches('"').to_owned())
        })
        .collect()
}

/// Filters by the function whose log they read.
fn filters() -> Vec<(String, Value)> {
    let of_log = |filter: &Value| {
        let group = filter["LogGroupName"]["Ref"].as_str().expect("a log group");
        group.strip_suffix("Log").unwrap_or_else(|| panic!("{group}")).to_owned()
    };
    of_type("AWS::Logs::MetricFilter").into_values().map(|mut filter| filter["Properties"].take()).map(|own| (of_log(&own), own)).collect()
}

/// A metric of a function, as alarms name it.
fn of_function(namespace: &str, metric: &str, function: &str) -> [(&'static str, Value); 3] {
    let dimensions = json!([{ "Name": "FunctionName", "Value": { "Ref": function } }]);
    [("Namespace", json!(namespace)), ("MetricName", json!(metric)), ("Dimensions", dimensions)]
}

#[test]
fn every_function_has_alarms_for_failures_and_for_slowness() {
    let alarms = of_type("AWS::CloudWatch::Alarm");
    for name in lambdas().keys() {
        let own = |alarm: &str| &alarms.get(&format!("{name}{alarm}")).unwrap_or_else(|| panic!("{name}{alarm}"))["Properties"];
        // Milliseconds and periods: functions that decode pictures or send may take longer, and reminders go out once an hour.
        let (after, periods) = match name.as_str() {
            "CheckPhotos" | "IssueCode" => (15_000, 3),
            "DeliverCode" => (60_000, 3),
            "SendReminders" => (600_000, 1),
            _ => (5_000, 3),
        };
        let mut slow = json!({
            "AlarmDescription": "docs/operating/alarms/availability.md#Slow",
            "AlarmActions": { "Fn::If": ["NotifiesTopic", [{ "Ref": "AlarmTopic" }], { "Ref": "AWS::NoValue" }] },
            "ExtendedStatistic": "p99",
            "Period": 300,
            "EvaluationPeriods": periods,
            "Threshold": after,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
        });
        for (key, value) in of_function("AWS/Lambda", "Duration", name) {
            slow[key] = value;
        }
        assert_eq!(*own("Slow"), slow, "{name}");
        assert_eq!(own("Errors")["AlarmDescription"], format!("docs/operations.md#{name}"));
    }
}

#[test]
fn a_functions_alarm_hears_of_calls_that_it_could_not_answer_and_of_those_that_it_answered_with_internal() {
    let (alarms, source) = (of_type("AWS::CloudWatch::Alarm"), read("shared/edge/src/log.rs"));
    let constant = |name: &str| literals(&source, &format!("const {name}: &str = ")).next().unwrap_or_else(|| panic!("{name}"));
    let (namespace, failures) = (constant("NAMESPACE"), constant("FAILURES"));
    for name in lambdas().keys() {
        let own = &alarms[&format!("{name}Errors")]["Properties"];
        let Some([on_aws, production, none]) = own["Metrics"]["Fn::If"].as_array().map(Vec::as_slice) else { panic!("{name}") };
        assert_eq!((on_aws, none), (&json!("IsProduction"), &json!({ "Ref": "AWS::NoValue" })));
        let (sum, parts): (Vec<_>, Vec<_>) = list(production).into_iter().partition(|metric| metric["ReturnData"] == true);
        let ids: Vec<_> = parts.iter().map(|part| part["Id"].as_str().expect("an id")).collect();
        assert_eq!(sum.len(), 1, "{name}");
        assert_eq!(sum[0]["Expression"], format!("SUM([{}])", ids.join(", ")), "{name}");
        let looked_at: Vec<_> = parts.iter().map(|part| part["MetricStat"]["Metric"].clone()).collect();
        let wanted = [of_function("AWS/Lambda", "Errors", name), of_function(&namespace, &failures, name)];
        let wanted = wanted.map(|metric| Value::from_iter(metric.map(|(key, value)| (key.to_owned(), value))));
        assert_eq!(looked_at, wanted, "{name}");
        assert!(parts.iter().all(|part| part["MetricStat"]["Stat"] == "Sum" && part["MetricStat"]["Period"] == 60), "{name}");
        // The emulator knows no sums: what it is given is the first of both, and on AWS nothing of it.
        for (key, value) in
            of_function("AWS/Lambda", "Errors", name).into_iter().chain([("Statistic", json!("Sum")), ("Period", json!(60))])
        {
            assert_eq!(own[key], json!({ "Fn::If": ["IsProduction", { "Ref": "AWS::NoValue" }, value] }), "{name}: {key}");
        }
        // What is made of lines may come when its minute has been looked at.
        let numbers = ["EvaluationPeriods", "DatapointsToAlarm", "Threshold"].map(|key| own[key].as_u64());
        assert_eq!(numbers, [Some(3), Some(1), Some(1)], "{name}");
    }
}

#[test]
fn every_alarm_leads_to_its_place_in_the_runbook_and_tells_the_topic() {
    for (name, alarm) in of_type("AWS::CloudWatch::Alarm") {
        let own = &alarm["Properties"];
        let description = own["AlarmDescription"].as_str().unwrap_or_else(|| panic!("{name} says nothing"));
        let (page, anchor) = description.split_once('#').unwrap_or_else(|| panic!("{name}: {description}"));
        assert!(page.starts_with("docs/operating/alarms/"), "{name}: {description}");
        assert!(anchors(&read(page)).contains(anchor), "{description} leads nowhere");
        let notifies = |condition: &str| json!({ "Fn::If": [condition, [{ "Ref": "AlarmTopic" }], { "Ref": "AWS::NoValue" }] });
        assert!([notifies("TellsTopic"), notifies("NotifiesTopic")].contains(&own["AlarmActions"]), "{name}");
        assert!(alarm["Condition"].is_null(), "{name} is there always");
        // Where nothing is said nothing is wrong, but where the sweep says nothing.
        assert_eq!(own["TreatMissingData"], if name == "OutboxAge" { "breaching" } else { "notBreaching" }, "{name}");
    }
}

#[test]
fn every_filter_looks_for_what_its_function_logs() {
    let (codes, problems) = (names("shared/edge/src/log.rs"), names("shared/messages/src/problem.rs"));
    let folders = functions();
    for (function, filter) in filters() {
        let pattern = filter["FilterPattern"].as_str().expect("a pattern");
        let name = folders.keys().find(|name| logical_id(name) == function).unwrap_or_else(|| panic!("{function} is no function"));
        let source = read(&format!("functions/{}/{name}.rs", folders[name]));
        for (field, value) in comparisons(pattern) {
            match field.as_str() {
                "code" => assert!(codes.contains(&value), "{pattern}: no line has the code {value}"),
                "outcome" => assert!(problems.contains(&value), "{pattern}: no problem has the code {value}"),
                "cause" => {}
                other => assert!(source.contains(&format!("(\"{other}\", ")), "{name} logs no {other}"),
            }
        }
        let value = filter["MetricTransformations"][0]["MetricValue"].as_str().expect("a value");
        if let Some(field) = value.strip_prefix("$.") {
            assert!(source.contains(&format!("(\"{field}\", ")), "{name} logs no {field}");
        } else {
            assert_eq!(value, "1", "{pattern}");
        }
    }
}

#[test]
fn every_metric_of_ours_that_an_alarm_looks_at_is_counted() {
    let counted: BTreeSet<_> = filters()
        .iter()
        .map(|(_, filter)| {
            let metric = &filter["MetricTransformations"][0];
            assert_eq!(metric["MetricNamespace"], json!({ "Ref": "Stack" }));
            metric["MetricName"].as_str().expect("a metric").to_owned()
        })
        .collect();
    let mut wanted = own_metrics(&of_type("AWS::CloudWatch::Alarm"));
    // On the dashboard only.
    wanted.extend(["CodesSent", "CodeRefusals"].map(str::to_owned));
    assert_eq!(counted, wanted);
}

#[test]
fn every_refusal_for_a_limit_is_counted() {
    let document = project::yaml("infra/openapi.yaml");
    let filters = filters();
    let mut seen = 0;
    for operation in document["paths"].as_object().expect("paths").values().flat_map(|path| path.as_object().expect("methods").values()) {
        let Some(problems) = operation["responses"]["429"]["description"].as_str() else { continue };
        let function = logical_id(operation["operationId"].as_str().expect("a name"));
        for problem in problems.split(", ").filter_map(|text| text.split(' ').next()) {
            let is_counted = filters.iter().any(|(of, filter)| {
                *of == function
                    && comparisons(filter["FilterPattern"].as_str().expect("a pattern"))
                        .contains(&("outcome".to_owned(), problem.to_owned()))
            });
            assert!(is_counted, "{function}: {problem}");
            seen += 1;
        }
    }
    assert!(seen >= 4, "{seen}");
}

#[test]
fn denials_are_counted_of_whoever_uses_keys_photos_sms_or_email() {
    let may_be_denied = |function: &Value| {
        let actions: Vec<_> =
            statements(function).iter().flat_map(|s| list(&s["Action"]).into_iter().cloned().collect::<Vec<_>>()).collect();
        actions
            .iter()
            .filter_map(Value::as_str)
            .any(|action| ["kms:", "s3:", "sns:", "ses:"].iter().any(|service| action.starts_with(service)))
    };
    let wanted: BTreeSet<_> = lambdas().into_iter().filter(|(_, function)| may_be_denied(function)).map(|(name, _)| name).collect();
    let counted = filters().into_iter().filter(|(_, filter)| filter["MetricTransformations"][0]["MetricName"] == "Denials");
    assert_eq!(counted.map(|(function, _)| function).collect::<BTreeSet<_>>(), wanted);
}

#[test]
fn uploads_that_are_absent_or_may_not_be_read_are_counted_of_whoever_reads_them() {
    // Without the right to list the bucket S3 says the same of both, and so does storage.
    let reads_originals = |function: &Value| {
        statements(function).iter().any(|statement| {
            list(&statement["Action"]).contains(&&json!("s3:GetObject"))
                && list(&statement["Resource"]).into_iter().any(|resource| resource_text(resource) == "${Photos.Arn}/incoming/*")
        })
    };
    let wanted: BTreeSet<_> = lambdas().into_iter().filter(|(_, function)| reads_originals(function)).map(|(name, _)| name).collect();
    let counted = filters().into_iter().filter(|(_, filter)| filter["MetricTransformations"][0]["MetricName"] == "UploadsIncomplete");
    assert_eq!(counted.map(|(function, _)| function).collect::<BTreeSet<_>>(), wanted);
}

#[test]
fn the_gateways_alarm_knows_it_by_its_name() {
    let alarms = of_type("AWS::CloudWatch::Alarm");
    let title = &project::yaml("infra/openapi.yaml")["info"]["title"];
    let stage = &template()["Resources"]["Api"]["Properties"]["StageName"];
    assert_eq!(
        alarms["GatewayFailures"]["Properties"]["Dimensions"],
        json!([{ "Name": "ApiName", "Value": title }, { "Name": "Stage", "Value": stage }])
    );
}

#[test]
fn the_nested_stack_is_given_each_of_its_parameters_by_the_same_name() {
    let (template, watch) = (template(), watch());
    let given = template["Resources"]["Watch"]["Properties"]["Parameters"].as_object().expect("parameters").clone();
    let declared = watch["Parameters"].as_object().expect("parameters");
    assert_eq!(given.keys().collect::<BTreeSet<_>>(), declared.keys().collect::<BTreeSet<_>>());
    for (name, value) in given {
        assert_eq!(value, json!({ "Ref": if name == "Stack" { "AWS::StackName" } else { &name } }), "{name}");
    }
    // What a deployment rolls back by must be there before the functions are.
    let rolls_back = |name: &String| name == "GatewayFailures" || name.ends_with("Errors");
    assert!(!watch["Resources"].as_object().expect("resources").keys().any(rolls_back));
}

/// The dashboard's JSON, before CloudFormation fills it in.
fn dashboard() -> String {
    let dashboards = of_type("AWS::CloudWatch::Dashboard");
    dashboards["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"][0].as_str().expect("a text").to_owned()
}

#[test]
fn the_dashboard_shows_every_alarm_of_the_whole_and_every_metric_of_ours() {
    let body = dashboard();
    let _: Value = serde_json::from_str(&body).expect("JSON");
    let alarms = of_type("AWS::CloudWatch::Alarm");
    let functions = lambdas();
    let of_functions: BTreeSet<_> = functions.keys().flat_map(|name| [format!("{name}Errors"), format!("{name}Slow")]).collect();
    for name in alarms.keys().filter(|name| !of_functions.contains(*name)) {
        assert!(body.contains(&format!("\"${{Alarm}}:${{{name}}}\"")), "{name}");
    }
    for metric in own_metrics(&alarms) {
        assert!(body.contains(&format!(", \"{metric}\"")), "{metric}");
    }
}

#[test]
fn the_dashboard_searches_for_whole_metric_names_and_for_the_first_word_of_resource_names() {
    let body = dashboard();
    let searches: Vec<&str> = body.split("SEARCH('").skip(1).filter_map(|rest| rest.split('\'').next()).collect();
    assert_eq!(searches.len(), 4);
    for search in searches {
        let (schema, terms) = search.split_once("} ").expect("a schema in braces");
        let [metric, name] = terms.split(' ').collect::<Vec<_>>().try_into().unwrap_or_else(|_| panic!("{search}"));
        // A term in double quotes has to be the whole value, and a resource's name only begins with the stack's.
        assert!(metric.starts_with("MetricName=\\\"") && metric.ends_with("\\\""), "{search}");
        let (dimension, value) = name.split_once('=').expect("a dimension");
        assert!(schema.split(',').any(|part| part == dimension), "{search}");
        assert_eq!(value, "${Stack}", "{search}");
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

// ---- Traffic

#[test]
fn every_function_goes_back_by_its_own_alarm_and_by_the_gateways() {
    let common = &template()["Globals"]["Function"]["DeploymentPreference"];
    assert_eq!(common["Alarms"], json!([{ "Ref": "GatewayFailures" }]));
    assert_eq!(common["Type"], json!({ "Ref": "TrafficShift" }));
    assert_eq!(common["Enabled"], json!({ "Fn::FindInMap": ["TrafficShift", { "Ref": "TrafficShift" }, "IsOn"] }));
    // Every choice is on but one, which is the emulator's.
    let template = template();
    for choice in template["Parameters"]["TrafficShift"]["AllowedValues"].as_array().expect("choices") {
        let choice = choice.as_str().expect("a choice");
        assert_eq!(template["Mappings"]["TrafficShift"][choice]["IsOn"], if choice == "none" { "false" } else { "true" }, "{choice}");
    }
    assert!(read("samconfig.toml").contains("TrafficShift=Canary10Percent5Minutes"));
    for (name, function) in lambdas() {
        let own = &function["Properties"]["DeploymentPreference"];
        assert_eq!(own["Alarms"], json!([{ "Ref": format!("{name}Errors") }]), "{name}");
        // The pages' files are those of one version: some from one and some from the other would be no page.
        assert_eq!(own["Type"], if name == "ServeWeb" { json!("AllAtOnce") } else { Value::Null }, "{name}");
    }
}

#[test]
fn the_firewall_stands_before_the_api_and_keeps_nothing_of_requests() {
    let template = template();
    let firewall = &template["Resources"]["Firewall"]["Properties"];
    assert_eq!(firewall["Scope"], "REGIONAL");
    assert_eq!(template["Resources"]["FirewallOfApi"]["Properties"]["WebACLArn"], json!({ "Fn::GetAtt": ["Firewall", "Arn"] }));
    let rules = firewall["Rules"].as_array().expect("rules").iter();
    // One of two rules, by a condition.
    let rules: Vec<&Value> =
        rules.flat_map(|rule| rule["Fn::If"].as_array().map_or_else(|| vec![rule], |parts| parts[1..].iter().collect())).collect();
    for part in rules.iter().copied().chain([firewall]) {
        // A sample has the request's headers: the cookie of somebody's session.
        assert_eq!(part["VisibilityConfig"]["SampledRequestsEnabled"], false, "{part}");
    }
    let watched = rules.iter().find(|rule| rule["Name"] == "SignInsPerAddress").expect("the stricter rule");
    let watched = &watched["Statement"]["RateBasedStatement"]["ScopeDownStatement"]["RegexMatchStatement"]["RegexString"];
    let paths = watched.as_str().and_then(|regex| regex.strip_prefix("^/v1/(")?.strip_suffix(')')).expect("a list of paths");
    for path in paths.split('|') {
        let path = format!("/v1/{}", path.trim_end_matches("/*$").replace("[^/]+", "{subject}"));
        assert!(routes().iter().any(|route| route.path == path), "{path} is no path of ours");
    }
}

#[test]
fn the_sandbox_is_never_used_in_production() {
    let template = template();
    let rule = &template["Rules"]["NoSandboxInProduction"];
    assert_eq!(rule["RuleCondition"], json!({ "Fn::Equals": [{ "Ref": "Production" }, "true"] }));
    assert_eq!(rule["Assertions"][0]["Assert"], json!({ "Fn::Equals": [{ "Ref": "SandboxUrl" }, ""] }));
    // The condition says it once more, because an emulator of CloudFormation may pass over rules.
    let uses = json!({ "Fn::And": [
        { "Fn::Equals": [{ "Ref": "Production" }, "false"] },
        { "Fn::Not": [{ "Fn::Equals": [{ "Ref": "SandboxUrl" }, ""] }] },
    ] });
    assert_eq!(template["Conditions"]["UsesSandbox"], uses);
    for (name, function) in lambdas() {
        for (variable, value) in function["Properties"]["Environment"]["Variables"].as_object().into_iter().flatten() {
            if value.to_string().contains("SandboxUrl") {
                let [condition, sandbox, otherwise] = value["Fn::If"].as_array().expect("a condition").as_slice() else {
                    panic!("{value}")
                };
                assert!(condition == "UsesSandbox" && !otherwise.to_string().contains("SandboxUrl"), "{name}: {variable}: {sandbox}");
            }
        }
        let publishes = statements(&function).iter().any(|statement| statement["Action"] == json!(["sns:Publish"]));
        let given = !function["Properties"]["Environment"]["Variables"]["AWS_ENDPOINT_URL_SNS"].is_null();
        assert_eq!(publishes, given, "{name}: SMS goes to the sandbox where one is used");
        let emails = statements(&function).iter().any(|statement| list(&statement["Action"]).contains(&&json!("ses:SendEmail")));
        let given = !function["Properties"]["Environment"]["Variables"]["AWS_ENDPOINT_URL_SESV2"].is_null();
        assert_eq!(emails, given, "{name}: email goes to the sandbox where one is used");
    }
}

#[test]
fn what_stands_behind_production_is_what_the_emulator_cannot_do() {
    let template = template();
    let resources = template["Resources"].as_object().expect("resources").iter();
    let conditional: BTreeSet<_> =
        resources.filter(|(_, resource)| !resource["Condition"].is_null()).map(|(name, _)| name.as_str()).collect();
    assert_eq!(conditional, BTreeSet::from(["Firewall", "FirewallOfApi", "PhotosOverTlsOnly", "PullAddressRanges"]));
}

#[test]
fn what_has_a_limit_at_the_gateway_is_a_route() {
    let template = template();
    for setting in template["Resources"]["Api"]["Properties"]["MethodSettings"].as_array().expect("settings") {
        let path = setting["ResourcePath"].as_str().expect("a path").replace("~1", "/");
        let path = path.strip_prefix('/').expect("a slash before the coded one");
        let is_there = routes().iter().any(|route| route.path == path && setting["HttpMethod"] == route.method);
        assert!(is_there, "{setting}");
        // What logs requests or their bodies stays off.
        let known = ["ResourcePath", "HttpMethod", "ThrottlingRateLimit", "ThrottlingBurstLimit", "MetricsEnabled"];
        assert!(setting.as_object().expect("a setting").keys().all(|key| known.contains(&key.as_str())), "{setting}");
    }
}

#[test]
fn requests_leave_no_trace_of_who_called() {
    let template = template();
    let api = &template["Resources"]["Api"]["Properties"];
    for setting in ["TracingEnabled", "AccessLogSetting"] {
        assert!(api[setting].is_null(), "{setting} keeps callers' addresses, and the codes with which TAXISnet sends people back");
    }
    assert_eq!(template["Parameters"]["Traces"]["Default"], "Disabled");
}

#[test]
fn everything_is_tagged_for_the_bill() {
    let config: toml::Table = read("samconfig.toml").parse().expect("TOML");
    for (name, section) in config.iter().filter(|(name, _)| *name != "version") {
        let tags: Vec<_> = section["deploy"]["parameters"]["tags"].as_array().unwrap_or_else(|| panic!("{name}")).iter().collect();
        for wanted in ["service=", "environment="] {
            assert!(tags.iter().any(|tag| tag.as_str().is_some_and(|tag| tag.starts_with(wanted))), "{name}: {wanted}");
        }
    }
}

// ---- Routes

#[test]
fn a_refused_method_is_told_the_methods_that_there_are() {
    let mut methods = BTreeMap::<String, BTreeSet<String>>::new();
    for route in routes().into_iter().filter(|route| route.method != "ANY") {
        methods.entry(route.path).or_default().insert(route.method);
    }
    let source = read("functions/system/unknown_route.rs");
    let rows = methods
        .iter()
        .map(|(path, methods)| format!("    (\"{path}\", \"{}\"),\n", methods.iter().cloned().collect::<Vec<_>>().join(", ")));
    let table = source.split_once("] = [\n").and_then(|(_, rest)| rest.split_once("];")).expect("the table").0;
    assert_eq!(table, rows.collect::<String>());
}

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
        assert_eq!(own["DeletionProtectionEnabled"], json!({ "Fn::If": ["ProtectsTables", true, false] }), "{name}");
        assert_eq!(table["DeletionPolicy"], "RetainExceptOnCreate", "{name}");
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
fn a_first_deployment_that_fails_can_delete_its_tables_and_the_next_one_protects_them() {
    let template = template();
    // A protected table refuses to be deleted, and the stack would end in ROLLBACK_FAILED.
    assert_eq!(template["Parameters"]["DeletionProtection"]["Default"], "false");
    assert_eq!(template["Conditions"]["ProtectsTables"], json!({ "Fn::Equals": [{ "Ref": "DeletionProtection" }, "true"] }));
    // The parameter is left to deploy.py, which asks CloudFormation whether the stack exists.
    assert!(!read("samconfig.toml").contains("DeletionProtection="));
    assert!(recipe("deploy").contains("infra/operator/deploy.py"));
}

/// A target of the Makefile.
fn recipe(target: &str) -> String {
    let makefile = read("Makefile");
    let (_, recipe) = makefile.split_once(&format!("\n{target}: ")).unwrap_or_else(|| panic!("no target {target}"));
    recipe.split("\n\n").next().expect("its recipe").to_owned()
}

#[test]
fn a_rehearsal_prepares_what_a_deployment_carries_out_and_comes_first_in_the_runbook() {
    for target in ["rehearse", "deploy"] {
        // Both make the same change: a new version of each function.
        let (recipe, script) = (recipe(target), format!("infra/operator/{target}.py"));
        assert!(recipe.contains(&script) && recipe.contains("for folder in target/lambda/*/"), "{recipe}");
    }
    for (page, heading, before, after) in [
        ("deploying.md", "## The first deployment", "1. `make rehearse", "2. `make deploy"),
        ("upgrading.md", "# Upgrading", "`make rehearse", "`make deploy"),
    ] {
        let page = read(&format!("docs/operating/{page}"));
        let (_, section) = page.split_once(heading).unwrap_or_else(|| panic!("{heading}"));
        let at = |text: &str| section.find(text).unwrap_or_else(|| panic!("{heading}: {text}"));
        assert!(at(before) < at(after), "{heading}");
    }
}

#[test]
fn tables_that_operators_make_again_are_those_of_the_template() {
    let page = read("docs/operating/restoring.md").replace("\\\n", " ");
    let command = |start: &str| {
        let found: Vec<&str> = page.lines().map(str::trim).filter(|line| line.starts_with(start)).collect();
        assert_eq!(found.len(), 1, "{start}");
        found[0].to_owned()
    };
    let schema = |keys: &Value| -> Vec<String> {
        let keys = list(keys).into_iter();
        keys.map(|key| {
            format!("AttributeName={},KeyType={}", key["AttributeName"].as_str().expect("a name"), key["KeyType"].as_str().expect("a type"))
        })
        .collect()
    };
    let tables = of_type("AWS::DynamoDB::Table");
    for name in WITHOUT_RECOVERY {
        let (own, typed) = (&tables[name]["Properties"], command(&format!("remake \"$(output {name}Table)\"")));
        let attributes = list(&own["AttributeDefinitions"]).into_iter().map(|attribute| {
            format!(
                "AttributeName={},AttributeType={}",
                attribute["AttributeName"].as_str().expect("a name"),
                attribute["AttributeType"].as_str().expect("a type")
            )
        });
        let mut wanted: Vec<String> = attributes.chain(schema(&own["KeySchema"])).collect();
        for index in own["GlobalSecondaryIndexes"].as_array().into_iter().flatten() {
            let keys = schema(&index["KeySchema"]).into_iter().map(|key| format!("{{{key}}}")).collect::<Vec<_>>().join(",");
            let (name, kind) =
                (index["IndexName"].as_str().expect("a name"), index["Projection"]["ProjectionType"].as_str().expect("a type"));
            wanted.push(format!("IndexName={name},KeySchema=[{keys}],Projection={{ProjectionType={kind}}}"));
        }
        if let Some(view) = own["StreamSpecification"]["StreamViewType"].as_str() {
            wanted.push(format!("StreamEnabled=true,StreamViewType={view}"));
        }
        for part in &wanted {
            assert!(typed.contains(part.as_str()), "{name}: {part}: {typed}");
        }
        let key = |text: &str| typed.matches(text).count();
        let count = |text: &str| wanted.iter().map(|part| part.matches(text).count()).sum::<usize>();
        assert_eq!((key("AttributeName="), key("IndexName=")), (count("AttributeName="), count("IndexName=")), "{name}: more: {typed}");
    }
    // What wakes the sender, with the new table's stream.
    let typed = command("aws lambda create-event-source-mapping");
    let mut stream = lambdas()["DeliverCode"]["Properties"]["Events"]["Outbox"]["Properties"].take();
    let number = |key: &str| stream[key].as_u64().unwrap_or_else(|| panic!("{key}"));
    let mut wanted = vec![
        format!("--batch-size {}", number("BatchSize")),
        format!("--parallelization-factor {}", number("ParallelizationFactor")),
        format!("--maximum-retry-attempts {}", number("MaximumRetryAttempts")),
        format!("--starting-position {}", stream["StartingPosition"].as_str().expect("a position")),
        format!("--function-response-types {}", stream["FunctionResponseTypes"][0].as_str().expect("a type")),
        "--bisect-batch-on-function-error".to_owned(),
    ];
    assert_eq!((&stream["BisectBatchOnFunctionError"], stream.as_object().map(Map::len)), (&json!(true), Some(8)), "is something new?");
    let filter = stream["FilterCriteria"].take();
    wanted.push(format!("--filter-criteria '{{\"Filters\": [{{\"Pattern\": {}}}]}}'", filter["Filters"][0]["Pattern"]));
    for part in wanted {
        assert!(typed.contains(&part), "{part}: {typed}");
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
fn secrets_and_their_digests_are_compared_in_constant_time_alone() {
    const SECRET: [&str; 5] = ["digest_text(", "otp_hash(", "sha256_hex(", ".hash", "code_challenge"];
    let mut compared = 0;
    for file in rust_files("functions") {
        for (number, line) in code(&read(&file)).into_iter().enumerate() {
            if SECRET.iter().any(|secret| line.contains(secret)) {
                assert!(!line.contains(" == ") && !line.contains(" != "), "{file}:{}: {line}", number + 1);
                compared += usize::from(line.contains("equal("));
            }
        }
    }
    assert_eq!(compared, 4, "a password, a browser's cookie, an app's verifier, a picture's digest");
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
    let mut measured = 0;
    for file in rust_files("functions") {
        let source = read(&file);
        let lines = code(&source);
        assert!(lines.len() <= LONGEST_FILE, "{file} has {} lines", lines.len());
        for (number, line) in lines.iter().enumerate() {
            let (begins, indent) = (line.trim_start(), line.len() - line.trim_start().len());
            let begins =
                ["pub ", "pub(crate) ", "const ", "async "].iter().fold(begins, |rest, word| rest.strip_prefix(word).unwrap_or(rest));
            if begins.starts_with("fn ") && !line.ends_with('}') {
                let end = format!("{}}}", " ".repeat(indent));
                let length =
                    lines[number..].iter().position(|line| *line == end).unwrap_or_else(|| panic!("{file}:{}: no end", number + 1)) + 1;
                assert!(length <= LONGEST_FUNCTION, "{file}:{}: a function of {length} lines", number + 1);
                measured += 1;
            }
        }
    }
    assert!(measured > 150, "{measured}");
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
    let readme = read("tests/README.md");
    let named = readme.split('`').filter_map(|text| text.split_once("::")).filter(|(file, _)| !file.contains(' '));
    let mut count = 0;
    for (file, name) in named {
        assert!(documents::is_test(file, name), "{file}::{name}");
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
