//! The settings of each function: time limit, memory, schedule, log group, environment variables.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, json};

use crate::{
    project::{functions, read, routes, template},
    support::{assert_no_faults, differences, lambda, lambdas, literals, logs, of_type},
};

#[test]
fn every_function_has_a_route_or_an_event() {
    let called: BTreeSet<_> = routes().into_iter().map(|route| route.function).collect();
    for (id, function) in lambdas() {
        let has_events = function["Properties"]["Events"].as_object().is_some_and(|events| !events.is_empty());
        assert!(
            called.contains(&id) != has_events,
            "{id} has to have either a route in infra/openapi.yaml or Events in template.yaml, and not both"
        );
    }
}

#[test]
fn every_function_has_a_time_limit_a_memory_size_and_the_alias_live() {
    let template = template();
    let common = &template["Globals"]["Function"];
    assert_eq!(common["AutoPublishAlias"], "live");
    for (id, function) in lambdas() {
        let own = &function["Properties"];
        let setting = |key: &str| if own[key].is_null() { &common[key] } else { &own[key] };
        let number = |key: &str| setting(key).as_u64().unwrap_or_else(|| panic!("{id} has no {key}"));
        assert_eq!(setting("AutoPublishAlias"), "live", "{id}");
        assert_eq!(setting("Runtime"), "provided.al2023", "{id}");
        // Maximum of the setting `Timeout`, in seconds. API Gateway waits 29 seconds for a function. A function that sends messages has to
        // end before its claim on a message expires. The sweep has to end before its next run.
        let longest = match id.as_str() {
            "SweepOutbox" => 59,
            "DeliverCode" => domain::delivery::CLAIM.as_seconds().unsigned_abs() - 1,
            "SendReminders" => domain::reminder::CLAIM.as_seconds().unsigned_abs() - 1,
            // A function that acts in a case at a KEP has to write the act before the message about the case is due.
            _ => 28_u64.min(domain::kep::ACT_TIME_MAX.as_seconds().unsigned_abs() - 1),
        };
        assert!((1..=longest).contains(&number("Timeout")), "{id}");
        assert!((128..=10_240).contains(&number("MemorySize")), "{id}");
    }
}

#[test]
fn reminders_are_sent_during_the_day_in_athens_in_winter_and_summer() {
    let lambdas = lambdas();
    let own = &lambdas["SendReminders"]["Properties"];
    let schedule = own["Events"]["ByDay"]["Properties"]["Schedule"].as_str().expect("a schedule");
    let hours =
        schedule.strip_prefix("cron(5 ").and_then(|rest| rest.strip_suffix(" * * ? *)")).expect("minute 5 of some hours of every day");
    let (first, last) = hours.split_once('-').expect("a range of hours");
    for hour in first.parse::<i64>().expect("an hour")..=last.parse().expect("an hour") {
        // 15 January and 15 July 2026, one day in winter time and one in summer time, as days since 1970.
        for day in [20_468, 20_649] {
            let at = domain::Moment::from_epoch_seconds((day * 24 + hour) * 3_600 + 300).athens_clock();
            assert!(domain::reminder::HOURS.contains(&at.hour), "{at:?}");
        }
    }
    // The additional minute leaves time to finish the reminders that a run has started to send.
    assert!(own["Timeout"].as_i64().expect("a limit") > domain::reminder::REMINDER_RUN_TIME_MAX.as_seconds() + 60);
}

#[test]
fn the_sweep_ends_within_its_time_limit_and_processes_a_full_backlog() {
    use domain::delivery::{SWEEP_CONCURRENCY, SWEEP_MESSAGES_MAX, SWEEP_RUN_TIME_MAX};

    // The sweep makes three calls for each message: a read, a transaction and a delete (functions/system/sweep_outbox.rs).
    const CALLS_PER_MESSAGE: usize = 3;
    // Longest duration of a call to AWS including its retries (shared/aws).
    const CALL_SECONDS_MAX: i64 = 8;
    // Ten times the usual duration of a call to DynamoDB on AWS, as measured by a function with 256 MB and its small share of a processor.
    const SLOW_CALL_MS: usize = 100;

    let own = &lambdas()["SweepOutbox"]["Properties"];
    assert_eq!(own["Events"]["EveryMinute"]["Properties"]["Schedule"], "rate(1 minute)");
    let calls = i64::try_from(CALLS_PER_MESSAGE).expect("a small number");
    assert!(
        own["Timeout"].as_i64().expect("a limit") > SWEEP_RUN_TIME_MAX.as_seconds() + calls * CALL_SECONDS_MAX,
        "the time limit has to leave time for a message that is started at the end of a run"
    );
    let backlog_ms = SWEEP_MESSAGES_MAX.div_ceil(SWEEP_CONCURRENCY) * CALLS_PER_MESSAGE * SLOW_CALL_MS;
    assert!(backlog_ms < usize::try_from(SWEEP_RUN_TIME_MAX.as_seconds() * 1_000).expect("positive"), "{backlog_ms} ms");
}

#[test]
fn every_function_has_its_own_log_group_with_a_limited_retention() {
    let groups = of_type("AWS::Logs::LogGroup");
    for (id, function) in lambdas() {
        let group = format!("{id}Log");
        let output = json!({ "Fn::GetAtt": ["Logs", format!("Outputs.{group}")] });
        assert_eq!(function["Properties"]["LoggingConfig"]["LogGroup"], output, "{id}");
        assert_eq!(logs()["Outputs"][&group]["Value"], json!({ "Ref": group }), "infra/logs.yaml, output {group}");
        assert!(groups.contains_key(&group), "missing in infra/logs.yaml: {group}");
    }
    for (id, group) in &groups {
        let days = group["Properties"]["RetentionInDays"].as_u64().unwrap_or_else(|| panic!("{id} has no RetentionInDays"));
        assert!((1..=90).contains(&days), "{id}: {days} days");
    }
}

/// Returns the environment variables that each method of `Setup` reads, from its source.
fn variables_of_setup() -> BTreeMap<String, BTreeSet<String>> {
    let source = read("shared/edge/src/setup.rs");
    let mut bodies = BTreeMap::new();
    for part in source.split("pub fn ").skip(1) {
        let name = part.split('(').next().expect("a name").to_owned();
        bodies.insert(name, part.to_owned());
    }
    let mut variables_of_methods = BTreeMap::new();
    for (name, body) in &bodies {
        let own = |body: &str| {
            ["self.text(", "self.secret(", "self.variables.number("].iter().flat_map(|call| literals(body, call)).collect::<Vec<_>>()
        };
        let mut variables: BTreeSet<_> = own(body).into_iter().collect();
        for (other, inner) in &bodies {
            if other != name && body.contains(&format!("self.{other}()")) {
                variables.extend(own(inner));
            }
        }
        variables_of_methods.insert(name.clone(), variables);
    }
    variables_of_methods
}

#[test]
fn every_function_is_given_exactly_the_variables_that_it_reads() {
    let template = template();
    let common: BTreeSet<_> =
        template["Globals"]["Function"]["Environment"]["Variables"].as_object().expect("variables").keys().cloned().collect();
    // `Setup::finish` reads PUBLIC_ORIGIN for every function.
    assert_eq!(common, BTreeSet::from(["PUBLIC_ORIGIN".to_owned()]));
    let setup = variables_of_setup();
    let lambdas = lambdas();
    let mut faults = Vec::new();
    for (name, folder) in functions() {
        let source = read(&format!("functions/{folder}/{name}.rs"));
        let calls = ["setup.text(", "setup.text_or_empty(", "setup.secret("];
        let mut variables_read: BTreeSet<_> = calls.into_iter().flat_map(|call| literals(&source, call)).collect();
        for call in source.split("setup.").skip(1).filter_map(|rest| rest.split('(').next()) {
            let variables =
                setup.get(call).unwrap_or_else(|| panic!("{name} calls setup.{call}, which shared/edge/src/setup.rs does not have"));
            variables_read.extend(variables.iter().cloned());
        }
        let variables_read: BTreeSet<_> = variables_read.difference(&common).cloned().collect();
        let given = lambda(&lambdas, &name)["Properties"]["Environment"]["Variables"].as_object();
        // Excludes the variables `AWS_ENDPOINT_URL_...`, which the AWS SDK reads and our code does not. They are set only if a sandbox is
        // used.
        let given = given.into_iter().flat_map(Map::keys).filter(|variable| !variable.starts_with("AWS_ENDPOINT_URL_")).cloned().collect();
        faults.extend(differences(
            &format!("template.yaml, variables of {name}"),
            &given,
            &variables_read,
            "which the function does not read",
        ));
    }
    assert_no_faults(&faults);
}
