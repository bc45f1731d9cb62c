//! Prepares infra/openapi.yaml for two functions. `unknown_route` includes `methods.rs`, which lists the methods of each path.
//! `show_openapi` includes `openapi.json`, the document for clients. This document leaves out the paths of pages. It also leaves out
//! extensions and greedy paths, because only API Gateway needs them and no generator of clients accepts them.

use std::{collections::BTreeSet, env, error::Error, fmt::Write as _, fs, path::Path};

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

const DOCUMENT: &str = "../../infra/openapi.yaml";
/// show_openapi replaces the placeholder with the origin of the service.
const SERVER_PLACEHOLDER: &str = "PUBLIC_ORIGIN";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={DOCUMENT}");
    println!("cargo::rerun-if-changed=build.rs");
    let text = fs::read_to_string(DOCUMENT)?;
    let document = Yaml::load_from_str(&text)?.into_iter().next().ok_or("openapi.yaml is empty")?;
    let document = json(document)?;
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("methods.rs"), methods(&document)?)?;
    let mut for_clients = without_extensions(document);
    if let Some(paths) = for_clients["paths"].as_object_mut() {
        paths.retain(|path, _| path.starts_with("/v1/") && !path.contains("{proxy+}"));
    }
    for_clients["servers"] = json!([{ "url": SERVER_PLACEHOLDER }]);
    fs::write(Path::new(&out).join("openapi.json"), for_clients.to_string())?;
    Ok(())
}

/// Returns the methods of each path as a Rust slice of pairs.
fn methods(document: &Value) -> Result<String, Box<dyn Error>> {
    let mut rows = String::from("&[\n");
    for (path, methods) in document["paths"].as_object().ok_or("openapi.yaml has no paths")? {
        let methods = methods.as_object().ok_or_else(|| format!("{path} has no methods"))?;
        // The key `x-amazon-apigateway-any-method` describes requests with any other method. It is not the name of a method.
        let methods: BTreeSet<_> = methods.keys().filter(|name| !name.starts_with("x-")).map(|name| name.to_uppercase()).collect();
        writeln!(rows, "    ({path:?}, {:?}),", methods.into_iter().collect::<Vec<_>>().join(", "))?;
    }
    rows.push(']');
    Ok(rows)
}

/// Removes the OpenAPI extensions, which are keys that begin with `x-`. Only API Gateway needs them.
fn without_extensions(value: Value) -> Value {
    match value {
        Value::Object(entries) => entries
            .into_iter()
            .filter(|(key, _)| !key.starts_with("x-"))
            .map(|(key, item)| (key, without_extensions(item)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.into_iter().map(without_extensions).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

fn json(node: Yaml<'_>) -> Result<Value, Box<dyn Error>> {
    Ok(match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => json!(value),
        Yaml::Value(Scalar::Integer(value)) => json!(value),
        Yaml::Value(Scalar::FloatingPoint(value)) => json!(value.into_inner()),
        Yaml::Value(Scalar::String(value)) => json!(value),
        Yaml::Sequence(items) => items.into_iter().map(json).collect::<Result<_, _>>()?,
        Yaml::Mapping(entries) => {
            let entries = entries.into_iter().map(|(key, item)| match json(key)? {
                Value::String(key) => Ok((key, json(item)?)),
                other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                    Err(format!("the key {other} is not a string").into())
                }
            });
            Value::Object(entries.collect::<Result<_, Box<dyn Error>>>()?)
        }
        other @ (Yaml::Tagged(..) | Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue) => {
            return Err(format!("{other:?} is not used in an OpenAPI document").into());
        }
    })
}
