//! Reads the project's own files for tests: manifests of functions, template, routes.

use std::{collections::BTreeMap, fs, path::PathBuf};

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

pub(crate) fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns all functions, name -> folder, from the `[[bin]]` entries of the manifests.
pub(crate) fn functions() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for folder in folders("functions") {
        let manifest: toml::Table = read(&format!("functions/{folder}/Cargo.toml")).parse().expect("TOML");
        assert_eq!(manifest["package"]["autobins"].as_bool(), Some(false), "{folder}: binaries are listed");
        for bin in manifest["bin"].as_array().expect("binaries") {
            let name = bin["name"].as_str().expect("a name");
            assert_eq!(bin["path"].as_str(), Some(format!("{name}.rs").as_str()), "one name everywhere");
            // Functions without unit tests have `test = false`, because test builds of all functions would take minutes.
            let has_tests = read(&format!("functions/{folder}/{name}.rs")).contains("#[cfg(test)]");
            assert_eq!(
                bin.get("test").and_then(toml::Value::as_bool),
                (!has_tests).then_some(false),
                "{name}: `test = false` if it has no tests"
            );
            assert_eq!(found.insert(name.to_owned(), folder.clone()), None, "{name} is unique");
        }
    }
    assert!(!found.is_empty());
    found
}

/// Returns the names of the folders in a folder, sorted.
pub(crate) fn folders(path: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let entries = entries.map(|entry| entry.expect("an entry"));
    let mut names: Vec<_> =
        entries.filter(|entry| entry.path().is_dir()).map(|entry| entry.file_name().into_string().expect("a name")).collect();
    names.sort();
    names
}

/// Returns the logical id of a function in the template: `submit_code` -> `SubmitCode`.
pub(crate) fn logical_id(name: &str) -> String {
    name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

/// Reads a YAML file. CloudFormation's short forms become the long ones: `!Ref X` becomes `{"Ref": "X"}`.
pub(crate) fn yaml(path: &str) -> Value {
    let documents = Yaml::load_from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}")).into_iter();
    let [document] = documents.map(value).collect::<Vec<_>>().try_into().unwrap_or_else(|_| panic!("{path}: one document"));
    document
}

fn value(node: Yaml<'_>) -> Value {
    match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => json!(value),
        Yaml::Value(Scalar::Integer(value)) => json!(value),
        Yaml::Value(Scalar::FloatingPoint(value)) => json!(value.into_inner()),
        Yaml::Value(Scalar::String(value)) => json!(value),
        Yaml::Sequence(items) => items.into_iter().map(value).collect(),
        Yaml::Mapping(entries) => {
            let mut object = Map::new();
            for (key, item) in entries {
                let Value::String(key) = value(key) else { panic!("a key that is not a string") };
                assert!(object.insert(key.clone(), value(item)).is_none(), "{key} occurs twice");
            }
            Value::Object(object)
        }
        Yaml::Tagged(tag, node) => {
            let argument = value(*node);
            match tag.suffix.as_str() {
                "Ref" => json!({ "Ref": argument }),
                "GetAtt" => json!({ "Fn::GetAtt": argument.as_str().expect("a name").splitn(2, '.').collect::<Vec<_>>() }),
                other => Value::Object(Map::from_iter([(format!("Fn::{other}"), argument)])),
            }
        }
        other @ (Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue) => panic!("{other:?}"),
    }
}

/// Reads template.yaml and unrolls its loops (`Fn::ForEach`).
pub(crate) fn template() -> Value {
    unrolled(yaml("template.yaml"))
}

fn unrolled(value: Value) -> Value {
    match value {
        Value::Object(entries) => {
            let mut object = Map::new();
            for (key, item) in entries {
                if !key.starts_with("Fn::ForEach::") {
                    object.insert(key, unrolled(item));
                    continue;
                }
                let [variable, values, body] = item.as_array().expect("a loop").as_slice() else { panic!("a loop has three parts") };
                let placeholder = format!("${{{}}}", variable.as_str().expect("a variable"));
                for value in values.as_array().expect("values") {
                    let Value::Object(entries) = replaced(body, &placeholder, value.as_str().expect("a value")) else {
                        panic!("a loop makes entries")
                    };
                    for (key, item) in entries {
                        assert!(object.insert(key.clone(), unrolled(item)).is_none(), "{key} occurs twice");
                    }
                }
            }
            // An `Fn::Sub` without remaining placeholders becomes a plain string.
            match object.get("Fn::Sub").and_then(Value::as_str) {
                Some(text) if !text.contains("${") => json!(text),
                _ => Value::Object(object),
            }
        }
        Value::Array(items) => items.into_iter().map(unrolled).collect(),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
    }
}

fn replaced(value: &Value, from: &str, to: &str) -> Value {
    match value {
        Value::String(text) => json!(text.replace(from, to)),
        Value::Array(items) => items.iter().map(|item| replaced(item, from, to)).collect(),
        Value::Object(entries) => {
            entries.iter().map(|(key, item)| (key.replace(from, to), replaced(item, from, to))).collect::<Map<_, _>>().into()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// A route: one method of one path.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) path: String,
    /// The method in capitals. `ANY` stands for all methods of the path that have no separate route.
    pub(crate) method: String,
    pub(crate) operation: Option<String>,
    /// Logical id of the function that the gateway calls.
    pub(crate) function: String,
}

/// Returns the routes of the gateway, from `infra/openapi.yaml`.
pub(crate) fn routes() -> Vec<Route> {
    let document = yaml("infra/openapi.yaml");
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let integration = &operation["x-amazon-apigateway-integration"];
            let uri = integration["uri"]["Fn::Sub"].as_str().unwrap_or_else(|| panic!("{method} {path} has no integration"));
            let function =
                uri.split_once(":lambda:path/2015-03-31/functions/${").and_then(|(_, rest)| rest.strip_suffix(".Alias}/invocations"));
            assert_eq!((&integration["type"], &integration["httpMethod"]), (&json!("aws_proxy"), &json!("POST")), "{method} {path}");
            routes.push(Route {
                path: path.clone(),
                method: if method == "x-amazon-apigateway-any-method" { "ANY".to_owned() } else { method.to_uppercase() },
                operation: operation["operationId"].as_str().map(str::to_owned),
                function: function.unwrap_or_else(|| panic!("{method} {path} calls {uri}")).to_owned(),
            });
        }
    }
    routes
}
