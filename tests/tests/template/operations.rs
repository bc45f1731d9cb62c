//! Every operation is listed in several files. These tests report each file that lacks an operation, or lists one that does not exist.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    project::{folders, functions, logical_id, read, template, yaml},
    support::{assert_no_faults, differences, gateway, logs, rust_files},
};

/// Facts about an operation that have to be in infra/operations.toml and may not be empty texts.
const FACTS: &[&str] = &["summary", "who_may", "if_taken_over", "when_failing"];
/// The class of access of functions that are invoked by a stream, a schedule or a rule of EventBridge.
const NO_CALLER: &str = "no caller";
/// Classes of access that no operation has. `another method` is the class of requests with a method that their path does not allow.
const CLASSES_WITHOUT_OPERATION: &[&str] = &["another method"];
/// Parameters of infra/watch.yaml with type String that are neither functions nor log groups.
const OTHER_PARAMETERS: &[&str] = &["Stack", "AlarmTopic", "GatewayFailures", "Production"];
const NO_FUNCTION: &str = "which is no function in functions/*/Cargo.toml";
const FACTS_FILE: &str = "infra/operations.toml";
const ACCESS_FILE: &str = "tests/tests/journeys/who_may.txt";

/// Returns two sets: the operations with a route, and those that `Events` in template.yaml trigger.
fn operations() -> (BTreeSet<String>, BTreeSet<String>) {
    let template = template();
    let has_events = |name: &String| !template["Resources"][logical_id(name)]["Properties"]["Events"].is_null();
    let (triggered, routed) = functions().into_keys().partition(has_events);
    (routed, triggered)
}

fn ids(names: &BTreeSet<String>) -> BTreeSet<String> {
    names.iter().map(|name| logical_id(name)).collect()
}

fn all(routed: &BTreeSet<String>, triggered: &BTreeSet<String>) -> BTreeSet<String> {
    routed.union(triggered).cloned().collect()
}

fn operation_facts() -> toml::Table {
    read(FACTS_FILE).parse().unwrap_or_else(|error| panic!("{FACTS_FILE}: {error}"))
}

/// Returns a fact about an operation. Returns the empty string if the fact is absent or not a string.
fn fact<'a>(facts: &'a toml::Table, operation: &str, name: &str) -> &'a str {
    facts.get(operation).and_then(|facts| facts.get(name)).and_then(toml::Value::as_str).unwrap_or_default().trim()
}

#[test]
fn every_operation_is_written_in_all_its_places() {
    let (routed, triggered) = operations();
    let every = all(&routed, &triggered);
    let mut faults = faults_in_sources();
    faults.extend(faults_in_template(&routed, &triggered));
    faults.extend(faults_in_watch(&ids(&every)));
    faults.extend(differences("events/", &folders("events").into_iter().collect(), &every, NO_FUNCTION));
    faults.extend(faults_in_routes(&routed, &triggered));
    faults.extend(faults_in_facts(&every));
    let page = read("docs/operations.md");
    let sections = page.split("<a id=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect();
    faults.extend(differences("docs/operations.md (run `make operations`)", &sections, &ids(&every), NO_FUNCTION));
    assert_no_faults(&faults);
}

/// Returns handler files that no manifest lists as a binary, and binaries whose first line does not describe the operation. A binary
/// without a file already makes `functions` panic.
fn faults_in_sources() -> Vec<String> {
    let binaries: BTreeSet<_> = functions().into_iter().map(|(name, folder)| format!("functions/{folder}/{name}.rs")).collect();
    let files = rust_files("functions").into_iter().filter(|file| !file.ends_with("/lib.rs") && !file.ends_with("/build.rs"));
    let unlisted = files.filter(|file| !binaries.contains(file)).map(|file| format!("missing in functions/*/Cargo.toml: {file}"));
    // `make operation` writes a placeholder that begins with TODO into the first line.
    let undescribed = binaries.iter().filter(|file| read(file).lines().next().is_none_or(|line| line.contains("TODO")));
    unlisted.chain(undescribed.map(|file| format!("missing in {file}: what the operation does"))).collect()
}

/// Returns a fault for each missing or surplus function or alarm in template.yaml, for each missing or surplus permission in
/// infra/gateway.yaml, and for each missing or surplus log group in infra/logs.yaml.
fn faults_in_template(routed: &BTreeSet<String>, triggered: &BTreeSet<String>) -> Vec<String> {
    let template = template();
    let resources = template["Resources"].as_object().expect("resources");
    let of_type = |kind: &'static str| resources.iter().filter(move |(_, resource)| resource["Type"] == kind);
    let every = all(routed, triggered);
    let deployed = of_type("AWS::Serverless::Function").map(|(id, _)| id.clone()).collect();
    let mut faults = differences("template.yaml", &deployed, &ids(&every), NO_FUNCTION);
    for name in every.iter().filter(|name| deployed.contains(&logical_id(name))) {
        let expected = format!("target/lambda/{name}");
        if resources[&logical_id(name)]["Properties"]["CodeUri"] != expected.as_str() {
            faults.push(format!("missing in template.yaml: CodeUri {expected} of {}", logical_id(name)));
        }
    }
    // The template creates an alarm for each function in the lists `&routed` and `&triggered`. It passes only the functions in `&routed` to
    // infra/gateway.yaml.
    let alarms = resources.keys().filter_map(|id| id.strip_suffix("Errors"));
    let alarms: BTreeSet<_> = alarms.map(str::to_owned).collect();
    let log_groups = logs();
    let log_groups = log_groups["Resources"].as_object().expect("resources").keys();
    let log_groups = log_groups.map(|id| id.strip_suffix("Log").unwrap_or(id).to_owned()).collect();
    let passed = resources["GatewayRights"]["Properties"]["Parameters"].as_object().expect("parameters");
    let listed_as_routed = passed.keys().filter(|name| *name != "Api").cloned().collect();
    let gateway = gateway();
    let permissions = gateway["Resources"].as_object().expect("resources").keys();
    let invokes = permissions.map(|id| id.strip_suffix("Invoke").unwrap_or(id).to_owned()).collect();
    let listed_as_triggered = alarms.difference(&listed_as_routed).cloned().collect();
    let without_route = "which is no function with a route";
    faults.extend(differences("template.yaml, list &routed", &listed_as_routed, &ids(routed), without_route));
    faults.extend(differences("infra/gateway.yaml", &invokes, &ids(routed), without_route));
    faults.extend(differences("infra/logs.yaml", &log_groups, &ids(&every), NO_FUNCTION));
    let without_events = "which is no function with Events";
    faults.extend(differences("template.yaml, list &triggered", &listed_as_triggered, &ids(triggered), without_events));
    faults
}

fn faults_in_watch(ids: &BTreeSet<String>) -> Vec<String> {
    let watch = yaml("infra/watch.yaml");
    let parameters = watch["Parameters"].as_object().expect("parameters").iter();
    // A name that ends in `Log` is not always a log group. `AccessLog` is a function, and its log group is `AccessLogLog`.
    let is_log_group = |name: &String| !ids.contains(name) && name.strip_suffix("Log").is_some_and(|function| ids.contains(function));
    let parameters = parameters.filter(|(_, parameter)| parameter["Type"] == "String").map(|(name, _)| name);
    let parameters = parameters.filter(|name| !OTHER_PARAMETERS.contains(&name.as_str()) && !is_log_group(name)).cloned().collect();
    let mut faults = differences("infra/watch.yaml, parameters", &parameters, ids, NO_FUNCTION);

    let alarms =
        watch["Resources"].as_object().expect("resources").iter().filter(|(_, resource)| resource["Type"] == "AWS::CloudWatch::Alarm");
    let slow = alarms.filter(|(id, _)| id.ends_with("Slow")).map(|(id, _)| format!("alarm {id}")).collect();
    let expected = ids.iter().map(|id| format!("alarm {id}Slow")).collect();
    faults.extend(differences("infra/watch.yaml", &slow, &expected, "which is of no function in functions/*/Cargo.toml"));
    faults
}

fn faults_in_routes(routed: &BTreeSet<String>, triggered: &BTreeSet<String>) -> Vec<String> {
    let document = yaml("infra/openapi.yaml");
    let methods = document["paths"].as_object().expect("paths").values().flat_map(|path| path.as_object().expect("methods").values());
    let found: BTreeSet<_> = methods.filter_map(|method| method["operationId"].as_str()).map(str::to_owned).collect();
    let with_events = found.intersection(triggered).map(|name| format!("infra/openapi.yaml has {name}, which has Events in template.yaml"));
    let mut faults: Vec<_> = with_events.collect();
    let others = found.difference(triggered).cloned().collect();
    faults.extend(differences("infra/openapi.yaml", &others, routed, NO_FUNCTION));
    faults
}

fn faults_in_facts(every: &BTreeSet<String>) -> Vec<String> {
    let facts = operation_facts();
    let mut faults = differences(FACTS_FILE, &facts.keys().cloned().collect(), every, NO_FUNCTION);
    for name in every.iter().filter(|name| facts.contains_key(*name)) {
        let missing = FACTS.iter().filter(|key| fact(&facts, name, key).is_empty());
        faults.extend(missing.map(|key| format!("missing in {FACTS_FILE}: {key} of {name}")));
        // The list `usage` may be empty, because some operations are called so rarely that docs/usage.md does not count them.
        if !facts[name].get("usage").is_some_and(toml::Value::is_array) {
            faults.push(format!("missing in {FACTS_FILE}: usage of {name}"));
        }
    }
    faults
}

/// Returns the cells of a row. Cells are separated by two or more spaces.
fn cells(row: &str) -> Vec<&str> {
    row.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
}

/// Parses the table of access: for each class, the result for each kind of caller. Adds errors in the table itself to `faults`.
fn access_table(faults: &mut Vec<String>) -> BTreeMap<String, Vec<String>> {
    let text = read(ACCESS_FILE);
    let mut rows = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()).map(cells);
    let columns = rows.next().expect("a row of headings").len();
    let mut table = BTreeMap::new();
    for row in rows {
        if row.len() != columns {
            faults.push(format!(
                "{ACCESS_FILE}: the row {:?} has {} cells instead of {columns}, separated by two or more spaces",
                row[0],
                row.len()
            ));
        }
        let results = row[1..].iter().map(|&cell| cell.to_owned()).collect();
        if table.insert(row[0].to_owned(), results).is_some() {
            faults.push(format!("{ACCESS_FILE} has two rows {:?}", row[0]));
        }
    }
    table
}

#[test]
fn every_operation_has_a_class_of_access_with_a_row_in_the_table() {
    let mut faults = Vec::new();
    let (facts, table) = (operation_facts(), access_table(&mut faults));
    let (routed, triggered) = operations();
    let mut used: BTreeSet<&str> = CLASSES_WITHOUT_OPERATION.iter().copied().collect();
    let mut unknown = BTreeMap::<&str, Vec<&str>>::new();
    for name in &routed {
        let class = fact(&facts, name, "who_may");
        used.insert(class);
        if !class.is_empty() && !table.contains_key(class) {
            unknown.entry(class).or_default().push(name);
        }
    }
    faults.extend(
        unknown.into_iter().map(|(class, names)| format!("missing in {ACCESS_FILE}: {class:?}, the class of {}", names.join(", "))),
    );
    for name in &triggered {
        if fact(&facts, name, "who_may") != NO_CALLER {
            faults.push(format!("{FACTS_FILE}: who_may of {name} has to be {NO_CALLER:?}, because it has no route"));
        }
    }
    for (class, results) in &table {
        if !used.contains(class.as_str()) {
            faults.push(format!("{ACCESS_FILE} has the class {class:?}, which no operation in {FACTS_FILE} has"));
        }
        let rejects_all = class == "another method" || class.starts_with("nobody");
        if !rejects_all && !results.iter().any(|result| result == "ok") {
            faults.push(format!("{ACCESS_FILE}: no kind of caller has access to the class {class:?}"));
        }
    }
    faults.extend(
        CLASSES_WITHOUT_OPERATION
            .iter()
            .filter(|class| !table.contains_key(**class))
            .map(|class| format!("missing in {ACCESS_FILE}: {class:?}")),
    );
    assert_no_faults(&faults);
}
