//! Alarms, metric filters and the dashboard.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::{
    project::{functions, logical_id, read, template, yaml},
    support::{anchors, assert_no_faults, differences, lambdas, list, literals, logs, of_type, resource_text, statements, watch},
};

/// Metrics without an alarm, which only the dashboard shows.
const DASHBOARD_METRICS: &[&str] = &["CodesSent", "CodeRefusals", "CaseRefusals"];

/// Returns the metrics of the stack's own namespace that alarms use.
fn own_metrics(alarms: &Map<String, Value>) -> BTreeSet<String> {
    let own = alarms.values().map(|alarm| &alarm["Properties"]).filter(|own| own["Namespace"] == json!({ "Ref": "Stack" }));
    own.map(|own| own["MetricName"].as_str().expect("a metric").to_owned()).collect()
}

/// Returns the string literals to the right of each `=>` in a source. These are the names under which log codes are written.
fn codes(source: &str) -> BTreeSet<String> {
    read(source).split("=> \"").skip(1).filter_map(|rest| rest.split('"').next().map(str::to_owned)).collect()
}

/// Returns the fields of a filter pattern and the values with which it compares them.
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

/// Returns the properties of all metric filters, each with the logical ID of the function whose log it reads.
fn filters() -> Vec<(String, Value)> {
    let function = |filter: &Value| {
        let group = filter["LogGroupName"]["Ref"].as_str().expect("a log group");
        group.strip_suffix("Log").unwrap_or_else(|| panic!("{group}")).to_owned()
    };
    of_type("AWS::Logs::MetricFilter")
        .into_values()
        .map(|mut filter| filter["Properties"].take())
        .map(|filter| (function(&filter), filter))
        .collect()
}

/// Returns the functions with a filter for a metric.
fn functions_with_filter(metric: &str) -> BTreeSet<String> {
    let filters = filters().into_iter().filter(|(_, filter)| filter["MetricTransformations"][0]["MetricName"] == metric);
    filters.map(|(function, _)| function).collect()
}

/// Returns the properties by which an alarm selects a metric of one function.
fn function_metric(namespace: &str, metric: &str, function: &str) -> [(&'static str, Value); 3] {
    let dimensions = json!([{ "Name": "FunctionName", "Value": { "Ref": function } }]);
    [("Namespace", json!(namespace)), ("MetricName", json!(metric)), ("Dimensions", dimensions)]
}

#[test]
fn every_function_has_alarms_for_failures_and_for_slowness() {
    let alarms = of_type("AWS::CloudWatch::Alarm");
    for id in lambdas().keys() {
        let own = |file: &str, kind: &str| {
            let alarm = alarms.get(&format!("{id}{kind}"));
            &alarm.unwrap_or_else(|| panic!("missing in {file}: alarm {id}{kind}"))["Properties"]
        };
        // Threshold in milliseconds, and number of evaluation periods. Functions that decode pictures or send messages may take longer.
        // `SendReminders` has only one period. It sends reminders once an hour, so a slow run is in one period and not in the next ones.
        let (threshold, periods) = match id.as_str() {
            "CheckPhotos" | "LocateFace" | "IssueCode" => (15_000, 3),
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
            "Threshold": threshold,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
        });
        for (key, value) in function_metric("AWS/Lambda", "Duration", id) {
            slow[key] = value;
        }
        assert_eq!(*own("infra/watch.yaml", "Slow"), slow, "{id}");
        assert_eq!(own("template.yaml", "Errors")["AlarmDescription"], format!("docs/operations.md#{id}"));
    }
}

#[test]
fn the_alarm_of_each_function_counts_lambda_errors_and_internal_responses() {
    let (alarms, source) = (of_type("AWS::CloudWatch::Alarm"), read("shared/edge/src/log.rs"));
    let constant = |name: &str| literals(&source, &format!("const {name}: &str = ")).next().unwrap_or_else(|| panic!("{name}"));
    let (namespace, failures) = (constant("NAMESPACE"), constant("FAILURES"));
    for id in lambdas().keys() {
        let own = &alarms.get(&format!("{id}Errors")).unwrap_or_else(|| panic!("missing in template.yaml: alarm {id}Errors"))["Properties"];
        let Some([condition, production, none]) = own["Metrics"]["Fn::If"].as_array().map(Vec::as_slice) else { panic!("{id}") };
        assert_eq!((condition, none), (&json!("IsProduction"), &json!({ "Ref": "AWS::NoValue" })));
        let (sum, parts): (Vec<_>, Vec<_>) = list(production).into_iter().partition(|metric| metric["ReturnData"] == true);
        // Each part has the value 0 until its metric has data.
        let terms: Vec<_> = parts.iter().map(|part| format!("FILL({}, 0)", part["Id"].as_str().expect("an id"))).collect();
        assert_eq!(sum.len(), 1, "{id}");
        assert_eq!(sum[0]["Expression"], format!("SUM([{}])", terms.join(", ")), "{id}");
        let metrics: Vec<_> = parts.iter().map(|part| part["MetricStat"]["Metric"].clone()).collect();
        let expected = [function_metric("AWS/Lambda", "Errors", id), function_metric(&namespace, &failures, id)];
        let expected = expected.map(|metric| Value::from_iter(metric.map(|(key, value)| (key.to_owned(), value))));
        assert_eq!(metrics, expected, "{id}");
        assert!(parts.iter().all(|part| part["MetricStat"]["Stat"] == "Sum" && part["MetricStat"]["Period"] == 60), "{id}");
        // The emulator does not support sums of metrics. On the emulator the alarm therefore has only the first metric, in properties that
        // are absent on AWS.
        for (key, value) in
            function_metric("AWS/Lambda", "Errors", id).into_iter().chain([("Statistic", json!("Sum")), ("Period", json!(60))])
        {
            assert_eq!(own[key], json!({ "Fn::If": ["IsProduction", { "Ref": "AWS::NoValue" }, value] }), "{id}: {key}");
        }
        // A metric made from log lines may arrive after its minute was evaluated, so one breaching minute of the last three is enough.
        let numbers = ["EvaluationPeriods", "DatapointsToAlarm", "Threshold"].map(|key| own[key].as_u64());
        assert_eq!(numbers, [Some(3), Some(1), Some(1)], "{id}");
    }
}

/// Maximum number of metrics that one CloudWatch alarm can read.
const METRICS_PER_ALARM_MAX: usize = 10;

/// Returns the metrics that an alarm reads on AWS, if it combines several.
fn combined_metrics(alarm: &Value) -> Vec<Value> {
    let metrics = &alarm["Properties"]["Metrics"];
    let metrics = metrics["Fn::If"].as_array().map_or(metrics, |choice| &choice[1]);
    metrics.as_array().into_iter().flatten().filter(|metric| !metric["MetricStat"].is_null()).cloned().collect()
}

#[test]
fn no_alarm_reads_more_metrics_than_cloudwatch_allows() {
    let counts: Vec<_> = of_type("AWS::CloudWatch::Alarm").iter().map(|(id, alarm)| (id.clone(), combined_metrics(alarm).len())).collect();
    assert!(counts.iter().any(|(_, count)| *count > 2), "no alarm combines metrics");
    for (id, count) in counts {
        assert!(count <= METRICS_PER_ALARM_MAX, "{id} reads {count} metrics");
    }
}

#[test]
fn two_alarms_count_the_rejections_of_exactly_the_methods_with_a_limit() {
    let template = template();
    let limited: BTreeSet<_> = list(&template["Resources"]["Api"]["Properties"]["MethodSettings"])
        .into_iter()
        .filter(|setting| setting["ThrottlingRateLimit"].is_number() && setting["ResourcePath"] != "/*")
        .map(|setting| {
            assert_eq!(setting["MetricsEnabled"], true, "{setting}");
            let path = setting["ResourcePath"].as_str().expect("a path").replace("~1", "/");
            (setting["HttpMethod"].as_str().expect("a method").to_owned(), path[1..].to_owned())
        })
        .collect();
    let alarms = of_type("AWS::CloudWatch::Alarm");
    let mut counted = BTreeSet::new();
    for id in ["GatewayThrottles", "PictureThrottles"] {
        let metrics = combined_metrics(&alarms[id]);
        let mut terms = Vec::new();
        for (number, pair) in (1..).zip(metrics.chunks(2)) {
            let part = |metric: &Value| {
                let own = &metric["MetricStat"]["Metric"];
                let dimension = |name: &str| {
                    let found = list(&own["Dimensions"]).into_iter().find(|dimension| dimension["Name"] == name);
                    found.unwrap_or_else(|| panic!("{id} has no dimension {name}"))["Value"].as_str().expect("a value").to_owned()
                };
                let stat = metric["MetricStat"]["Stat"].as_str().expect("a statistic").to_owned();
                (own["MetricName"].as_str().expect("a name").to_owned(), stat, (dimension("Method"), dimension("Resource")))
            };
            let [(asked, sum, method), (passed, count, same)] = [part(&pair[0]), part(&pair[1])];
            assert_eq!([&*asked, &*sum, &*passed, &*count], ["Count", "Sum", "IntegrationLatency", "SampleCount"], "{id}");
            assert_eq!(method, same, "{id}");
            assert_eq!([&pair[0]["Id"], &pair[1]["Id"]], [&json!(format!("asked{number}")), &json!(format!("passed{number}"))], "{id}");
            assert!(counted.insert(method), "{id} counts a method twice");
            terms.push(format!("FILL(asked{number}, 0) - FILL(passed{number}, 0)"));
        }
        let production = &alarms[id]["Properties"]["Metrics"]["Fn::If"][1];
        let expressions: Vec<_> = list(production).iter().filter_map(|metric| metric["Expression"].as_str().map(str::to_owned)).collect();
        assert_eq!(expressions, [terms.join(" + ")], "{id}");
    }
    assert_eq!(counted, limited);
}

#[test]
fn every_alarm_links_to_the_runbook_and_notifies_the_topic() {
    for (id, alarm) in of_type("AWS::CloudWatch::Alarm") {
        let own = &alarm["Properties"];
        let description = own["AlarmDescription"].as_str().unwrap_or_else(|| panic!("{id} has no AlarmDescription"));
        let (page, anchor) = description.split_once('#').unwrap_or_else(|| panic!("{id}: {description}"));
        // Sections about functions are generated from infra/operations.toml. All other sections are written by hand.
        assert!(page == "docs/operations.md" || page.starts_with("docs/operating/alarms/"), "{id}: {description}");
        assert!(anchors(&read(page)).contains(anchor), "missing in {page}: section {anchor}");
        let notifies = |condition: &str| json!({ "Fn::If": [condition, [{ "Ref": "AlarmTopic" }], { "Ref": "AWS::NoValue" }] });
        assert!([notifies("TellsTopic"), notifies("NotifiesTopic")].contains(&own["AlarmActions"]), "{id}");
        assert!(alarm["Condition"].is_null(), "{id} is conditional");
        // Missing data does not count as a failure, with one exception: the sweep reports the age of the outbox in every run, so missing
        // data means that the sweep does not run.
        assert_eq!(own["TreatMissingData"], if id == "OutboxAge" { "breaching" } else { "notBreaching" }, "{id}");
    }
}

#[test]
fn every_metric_filter_matches_codes_and_fields_that_its_function_logs() {
    let (codes, problems) = (codes("shared/edge/src/log.rs"), codes("shared/messages/src/problem.rs"));
    let folders = functions();
    for (function, filter) in filters() {
        let pattern = filter["FilterPattern"].as_str().expect("a pattern");
        let name = folders.keys().find(|name| logical_id(name) == function).unwrap_or_else(|| panic!("{function} is not a function"));
        let source = read(&format!("functions/{}/{name}.rs", folders[name]));
        for (field, value) in comparisons(pattern) {
            match field.as_str() {
                "code" => assert!(codes.contains(&value), "{pattern}: {value} is not a log code"),
                "outcome" => assert!(problems.contains(&value), "{pattern}: {value} is not a problem code"),
                "cause" => {}
                other => assert!(source.contains(&format!("(\"{other}\", ")), "{name} does not log the field {other}"),
            }
        }
        let value = filter["MetricTransformations"][0]["MetricValue"].as_str().expect("a value");
        if let Some(field) = value.strip_prefix("$.") {
            assert!(source.contains(&format!("(\"{field}\", ")), "{name} does not log the field {field}");
        } else {
            assert_eq!(value, "1", "{pattern}");
        }
    }
}

#[test]
fn every_own_metric_of_an_alarm_or_the_dashboard_has_a_filter() {
    let filtered: BTreeSet<_> = filters()
        .iter()
        .map(|(_, filter)| {
            let metric = &filter["MetricTransformations"][0];
            assert_eq!(metric["MetricNamespace"], json!({ "Ref": "Stack" }));
            metric["MetricName"].as_str().expect("a metric").to_owned()
        })
        .collect();
    let mut used = own_metrics(&of_type("AWS::CloudWatch::Alarm"));
    used.extend(DASHBOARD_METRICS.iter().map(|metric| (*metric).to_owned()));
    assert_no_faults(&differences("infra/watch.yaml, metrics of filters", &filtered, &used, "which no alarm uses"));
}

#[test]
fn every_429_problem_of_the_api_has_a_filter() {
    let document = yaml("infra/openapi.yaml");
    let filters = filters();
    let mut count = 0;
    for operation in document["paths"].as_object().expect("paths").values().flat_map(|path| path.as_object().expect("methods").values()) {
        let Some(problems) = operation["responses"]["429"]["description"].as_str() else { continue };
        let function = logical_id(operation["operationId"].as_str().expect("a name"));
        for problem in problems.split(", ").filter_map(|text| text.split(' ').next()) {
            let has_filter = filters.iter().any(|(of, filter)| {
                *of == function
                    && comparisons(filter["FilterPattern"].as_str().expect("a pattern"))
                        .contains(&("outcome".to_owned(), problem.to_owned()))
            });
            assert!(has_filter, "missing in infra/watch.yaml: filter for the problem {problem} of {function}");
            count += 1;
        }
    }
    assert!(count >= 4, "{count}");
}

#[test]
fn denials_are_counted_for_every_function_that_uses_kms_s3_sns_or_ses() {
    let uses_them = |function: &Value| {
        let actions: Vec<_> =
            statements(function).iter().flat_map(|s| list(&s["Action"]).into_iter().cloned().collect::<Vec<_>>()).collect();
        actions
            .iter()
            .filter_map(Value::as_str)
            .any(|action| ["kms:", "s3:", "sns:", "ses:"].iter().any(|service| action.starts_with(service)))
    };
    let users = lambdas().into_iter().filter(|(_, function)| uses_them(function)).map(|(id, _)| id).collect();
    let place = "infra/watch.yaml, functions with a filter for the metric Denials";
    assert_no_faults(&differences(place, &functions_with_filter("Denials"), &users, "which uses neither KMS nor S3, SNS or SES"));
}

#[test]
fn missing_or_unreadable_uploads_are_counted_for_every_function_that_reads_originals() {
    // S3 returns the same error for a missing object and for an object that the function may not read, because the function has no right to
    // list the bucket. So the metric counts both.
    let reads_originals = |function: &Value| {
        statements(function).iter().any(|statement| {
            list(&statement["Action"]).contains(&&json!("s3:GetObject"))
                && list(&statement["Resource"]).into_iter().any(|resource| resource_text(resource) == "${Photos.Arn}/incoming/*")
        })
    };
    let readers = lambdas().into_iter().filter(|(_, function)| reads_originals(function)).map(|(id, _)| id).collect();
    let place = "infra/watch.yaml, functions with a filter for the metric UploadsIncomplete";
    assert_no_faults(&differences(place, &functions_with_filter("UploadsIncomplete"), &readers, "which reads no originals"));
}

#[test]
fn the_gateway_alarm_uses_the_name_and_the_stage_of_the_gateway() {
    let alarms = of_type("AWS::CloudWatch::Alarm");
    let title = &yaml("infra/openapi.yaml")["info"]["title"];
    let stage = &template()["Resources"]["Api"]["Properties"]["StageName"];
    assert_eq!(
        alarms["GatewayFailures"]["Properties"]["Dimensions"],
        json!([{ "Name": "ApiName", "Value": title }, { "Name": "Stage", "Value": stage }])
    );
}

#[test]
fn every_parameter_of_the_nested_stack_has_the_name_of_its_value() {
    let (template, watch) = (template(), watch());
    let given = template["Resources"]["Watch"]["Properties"]["Parameters"].as_object().expect("parameters").clone();
    let declared: BTreeSet<_> = watch["Parameters"].as_object().expect("parameters").keys().cloned().collect();
    let place = "template.yaml, parameters of the resource Watch";
    assert_no_faults(&differences(place, &given.keys().cloned().collect(), &declared, "which infra/watch.yaml does not declare"));
    for (name, value) in given {
        let expected = if logs()["Outputs"][&name].is_object() {
            json!({ "Fn::GetAtt": ["Logs", format!("Outputs.{name}")] })
        } else {
            json!({ "Ref": if name == "Stack" { "AWS::StackName" } else { &name } })
        };
        assert_eq!(value, expected, "{name}");
    }
    // Alarms that roll a deployment back must exist before the functions are updated, so they belong in template.yaml.
    for id in watch["Resources"].as_object().expect("resources").keys() {
        assert!(id != "GatewayFailures" && !id.ends_with("Errors"), "infra/watch.yaml has the alarm {id}, which belongs in template.yaml");
    }
}

/// Returns the JSON of the dashboard, with CloudFormation's placeholders.
fn dashboard() -> String {
    let dashboards = of_type("AWS::CloudWatch::Dashboard");
    dashboards["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"][0].as_str().expect("a text").to_owned()
}

#[test]
fn the_dashboard_shows_every_service_wide_alarm_and_every_own_metric() {
    let body = dashboard();
    let _: Value = serde_json::from_str(&body).expect("JSON");
    let alarms = of_type("AWS::CloudWatch::Alarm");
    let functions = lambdas();
    let of_functions: BTreeSet<_> = functions.keys().flat_map(|id| [format!("{id}Errors"), format!("{id}Slow")]).collect();
    for id in alarms.keys().filter(|id| !of_functions.contains(*id)) {
        assert!(body.contains(&format!("\"${{Alarm}}:${{{id}}}\"")), "missing on the dashboard: alarm {id}");
    }
    for metric in own_metrics(&alarms) {
        assert!(body.contains(&format!(", \"{metric}\"")), "missing on the dashboard: metric {metric}");
    }
}

#[test]
fn dashboard_searches_match_whole_metric_names_and_the_stack_prefix_of_resource_names() {
    let body = dashboard();
    let searches: Vec<&str> = body.split("SEARCH('").skip(1).filter_map(|rest| rest.split('\'').next()).collect();
    assert_eq!(searches.len(), 4);
    for search in searches {
        let (schema, terms) = search.split_once("} ").expect("a schema in braces");
        let [metric, name] = terms.split(' ').collect::<Vec<_>>().try_into().unwrap_or_else(|_| panic!("{search}"));
        // In a search of CloudWatch, a term in double quotes must equal the whole value. So names of metrics are quoted, but the name of
        // the stack is not, because it is only the beginning of a resource's name.
        assert!(metric.starts_with("MetricName=\\\"") && metric.ends_with("\\\""), "{search}");
        let (dimension, value) = name.split_once('=').expect("a dimension");
        assert!(schema.split(',').any(|part| part == dimension), "{search}");
        assert_eq!(value, "${Stack}", "{search}");
    }
}
