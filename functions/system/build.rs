//! Writes the methods of each path in infra/openapi.yaml into `methods.rs`, which unknown_route includes.

#![expect(clippy::print_stdout, reason = "Cargo reads it")]

use std::{collections::BTreeSet, env, error::Error, fmt::Write as _, fs, path::Path};

use saphyr::{LoadableYamlNode, Yaml};

const DOCUMENT: &str = "../../infra/openapi.yaml";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={DOCUMENT}");
    println!("cargo::rerun-if-changed=build.rs");
    let text = fs::read_to_string(DOCUMENT)?;
    let documents = Yaml::load_from_str(&text)?;
    let document = documents.first().and_then(Yaml::as_mapping).ok_or("openapi.yaml is empty")?;
    let paths = document.get(&Yaml::value_from_str("paths")).and_then(Yaml::as_mapping).ok_or("openapi.yaml has no paths")?;
    let mut rows = String::from("&[\n");
    for (path, methods) in paths {
        let path = path.as_str().ok_or("a path is not a string")?;
        let methods = methods.as_mapping().ok_or_else(|| format!("{path} has no methods"))?;
        // The method for all others has a name of API Gateway.
        let methods: BTreeSet<_> = methods.keys().filter_map(Yaml::as_str).filter(|name| !name.starts_with("x-")).map(str::to_uppercase).collect();
        writeln!(rows, "    ({path:?}, {:?}),", methods.into_iter().collect::<Vec<_>>().join(", "))?;
    }
    rows.push(']');
    Ok(fs::write(Path::new(&env::var("OUT_DIR")?).join("methods.rs"), rows)?)
}
