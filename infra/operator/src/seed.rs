//! A file of applications: for the local stack, or to begin with.

use std::collections::BTreeMap;

use domain::application::ApplicationId;

use crate::command::Entry;

/// By id.
pub(crate) fn parse(text: &str) -> Result<BTreeMap<ApplicationId, Entry>, toml::de::Error> {
    // Ids as texts first: a table's key is a plain text to the reader.
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
