//! Parses a file of applications with which the table of a local stack or a new installation is filled.

use std::collections::BTreeMap;

use domain::application::ApplicationId;

use crate::command::Entry;

/// Returns the applications of the file by ID.
pub(crate) fn parse(text: &str) -> Result<BTreeMap<ApplicationId, Entry>, toml::de::Error> {
    // IDs are parsed in a second step, because the TOML parser returns the keys of tables as plain strings.
    let entries: BTreeMap<String, Entry> = toml::from_str(text)?;
    let entries = entries.into_iter().map(|(id, entry)| {
        let id = ApplicationId::parse(&id).map_err(|error| serde::de::Error::custom(format!("{id}: {error}")))?;
        Ok((id, entry))
    });
    entries.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sandboxs_applications_can_be_parsed() {
        let seed = parse(include_str!("../../sandbox/applications.toml")).expect("applications");
        assert!(seed.len() >= 5);
        assert!(parse("[Wrong]\nname_el = \"Α\"\nname_en = \"A\"\npurpose = \"passport\"\n").is_err());
        assert!(parse("[passports]\nname_el = \"Α\"\nname_en = \"A\"\npurpose = \"holiday\"\n").is_err());
        assert!(parse("[passports]\nname_el = \"Α\"\nname_en = \"A\"\npurpose = \"passport\"\ngets_signature = true\n").is_err());
    }
}
