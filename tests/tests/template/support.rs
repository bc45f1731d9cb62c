//! Reads the templates for the tests of this program, and compares sets of names.

use std::{collections::BTreeSet, fs};

use serde_json::{Map, Value};

use crate::project::{logical_id, read, root, template, yaml};

/// Returns infra/watch.yaml, the template of the nested stack, with its `Fn::FindInMap` replaced by the values.
pub(crate) fn watch() -> Value {
    let watch = yaml("infra/watch.yaml");
    let mappings = watch["Mappings"].clone();
    with_mappings_resolved(watch, &mappings)
}

fn with_mappings_resolved(value: Value, mappings: &Value) -> Value {
    match value {
        Value::Object(entries) => match entries.get("Fn::FindInMap").and_then(Value::as_array).map(Vec::as_slice) {
            Some([Value::String(map), Value::String(key), Value::String(name)]) => {
                let found = &mappings[map][key][name];
                assert!(!found.is_null(), "infra/watch.yaml has no mapping {map}, {key}, {name}");
                found.clone()
            }
            _ => entries.into_iter().map(|(key, item)| (key, with_mappings_resolved(item, mappings))).collect::<Map<_, _>>().into(),
        },
        Value::Array(items) => items.into_iter().map(|item| with_mappings_resolved(item, mappings)).collect(),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
    }
}

/// Returns infra/gateway.yaml, the template of the nested stack with the permissions of the gateway.
pub(crate) fn gateway() -> Value {
    yaml("infra/gateway.yaml")
}

/// Returns infra/logs.yaml, the template of the nested stack with the log groups of the functions.
pub(crate) fn logs() -> Value {
    yaml("infra/logs.yaml")
}

/// Returns all resources of a type in template.yaml and the nested stacks, by logical ID.
pub(crate) fn of_type(kind: &str) -> Map<String, Value> {
    let mut found = Map::new();
    for mut template in [template(), watch(), gateway(), logs()] {
        let Value::Object(resources) = template["Resources"].take() else { panic!("a template has no resources") };
        for (id, resource) in resources.into_iter().filter(|(_, resource)| resource["Type"] == kind) {
            assert!(
                found.insert(id.clone(), resource).is_none(),
                "{id} is in two of template.yaml, infra/watch.yaml, infra/gateway.yaml and infra/logs.yaml"
            );
        }
    }
    assert!(!found.is_empty(), "no resource has the type {kind}");
    found
}

/// Returns the Lambda functions by logical ID.
pub(crate) fn lambdas() -> Map<String, Value> {
    of_type("AWS::Serverless::Function")
}

/// Returns the resource of an operation, such as `submit_code`.
pub(crate) fn lambda<'a>(lambdas: &'a Map<String, Value>, operation: &str) -> &'a Value {
    let id = logical_id(operation);
    lambdas.get(&id).unwrap_or_else(|| panic!("missing in template.yaml: function {id}"))
}

/// Returns the items of an array, or the value itself if it is not an array.
pub(crate) fn list(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |items| items.iter().collect())
}

/// Returns the resource of a policy as text: the argument of `!Sub` unchanged, and `!GetAtt` as `Table.Arn`.
pub(crate) fn resource_text(resource: &Value) -> String {
    if let Some(parts) = resource["Fn::GetAtt"].as_array() {
        return parts.iter().map(|part| part.as_str().expect("a name")).collect::<Vec<_>>().join(".");
    }
    match &resource["Fn::Sub"] {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts[0].as_str().expect("a text").to_owned(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => resource.as_str().expect("a resource").to_owned(),
    }
}

/// Returns the policy statements of a function's role. Fails on SAM's policy templates, which allow more than a function needs.
pub(crate) fn statements(function: &Value) -> Vec<Value> {
    let Some(policies) = function["Properties"]["Policies"].as_array() else { return Vec::new() };
    policies.iter().flat_map(|policy| policy["Statement"].as_array().expect("a policy with statements").clone()).collect()
}

/// Returns the string literals that directly follow `call` in a source, such as `X` in `setup.text("X")` for `setup.text(`.
pub(crate) fn literals<'a>(source: &'a str, call: &'a str) -> impl Iterator<Item = String> + 'a {
    source.split(call).skip(1).filter_map(|rest| rest.strip_prefix('"')?.split('"').next().map(str::to_owned))
}

/// Returns the anchors that links to a Markdown file may use: the values of `id` attributes, and the anchors that sites such as GitHub
/// derive from headings.
pub(crate) fn anchors(markdown: &str) -> BTreeSet<String> {
    let ids = markdown.split("id=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned);
    let headings = markdown.lines().filter(|line| line.starts_with('#')).map(|line| {
        let text = line.trim_start_matches('#').trim().replace('`', "").to_lowercase();
        text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).collect::<String>().replace(' ', "-")
    });
    ids.chain(headings).collect()
}

/// Returns the recipe of a target of the Makefile.
pub(crate) fn recipe(target: &str) -> String {
    let makefile = read("Makefile");
    let (_, recipe) = makefile.split_once(&format!("\n{target}: ")).unwrap_or_else(|| panic!("the Makefile has no target {target}"));
    recipe.split("\n\n").next().expect("a recipe").to_owned()
}

/// Returns the paths of all Rust files in a folder and the folders below it.
pub(crate) fn rust_files(folder: &str) -> Vec<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}")) {
        let entry = entry.expect("an entry");
        let path = format!("{folder}/{}", entry.file_name().to_str().expect("a name"));
        if entry.path().is_dir() {
            files.extend(rust_files(&path));
        } else if path.ends_with(".rs") {
            files.push(path);
        }
    }
    files
}

/// Returns one line for each name that only one of two sets has. `place` names the file or resource from which `found` was read. `reason`
/// says what is wrong with a name in `found` that `expected` does not contain.
pub(crate) fn differences(place: &str, found: &BTreeSet<String>, expected: &BTreeSet<String>, reason: &str) -> Vec<String> {
    let missing = expected.difference(found).map(|name| format!("missing in {place}: {name}"));
    let surplus = found.difference(expected).map(|name| format!("{place} has {name}, {reason}"));
    missing.chain(surplus).collect()
}

/// Fails the test with one line for each fault.
pub(crate) fn assert_no_faults(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}
