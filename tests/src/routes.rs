//! Routes of infra/openapi.yaml that a test can call without knowing the operation.

const DOCUMENT: &str = include_str!("../../infra/openapi.yaml");

/// Returns the path of an operation if its method is GET and its path has no parameter but `{subject}`, such as
/// `/v1/subjects/{subject}/accesses`.
///
/// Reads the lines of the document, because `make run` builds this crate, and a YAML parser takes time to build.
pub fn path_of_read(operation: &str) -> Option<String> {
    let id = format!("      operationId: {operation}");
    let mut lines = DOCUMENT.lines().collect::<Vec<_>>().into_iter().rev().skip_while(|line| *line != id);
    let method = lines.find(|line| line.starts_with("    ") && !line.starts_with("     "))?.trim();
    let path = lines.find(|line| line.starts_with("  /"))?.trim().trim_end_matches(':');
    let has_other_parameters = path.replace("{subject}", "").contains('{');
    (method == "get:" && !has_other_parameters).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::path_of_read;

    #[test]
    fn only_reads_without_further_parameters_have_a_path() {
        assert_eq!(path_of_read("access_log").as_deref(), Some("/v1/subjects/{subject}/accesses"));
        assert_eq!(path_of_read("list_applications").as_deref(), Some("/v1/applications"));
        assert_eq!(path_of_read("show_association").as_deref(), Some("/v1/subjects/{subject}/association"));
        for other in ["show_photo", "associate", "list", "nothing"] {
            assert_eq!(path_of_read(other), None, "{other}");
        }
    }
}
