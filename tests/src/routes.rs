//! Finds routes of infra/openapi.yaml that a test can call without knowing the operation.

const DOCUMENT: &str = include_str!("../../infra/openapi.yaml");

/// Returns the path of an operation if its method is GET and its path has no parameter except `{subject}`, such as
/// `/v1/subjects/{subject}/accesses`.
///
/// Searches the document line by line and does not parse it, because `make run` builds this crate, and a YAML parser would take time to
/// build.
pub fn path_of_read(operation: &str) -> Option<String> {
    let id = format!("      operationId: {operation}");
    let mut lines = DOCUMENT.lines().collect::<Vec<_>>().into_iter().rev().skip_while(|line| *line != id);
    let method = lines.find(|line| line.starts_with("    ") && !line.starts_with("     "))?.trim();
    let path = lines.find(|line| line.starts_with("  /"))?.trim().trim_end_matches(':');
    let has_other_parameters = path.replace("{subject}", "").contains('{');
    (method == "get:" && !has_other_parameters).then(|| path.to_owned())
}

/// Returns the paths of all GET requests that need only a session. Omits the two operations of signing in, and `photos.zip`, which tests
/// download separately.
pub fn reads() -> Vec<String> {
    let operations = DOCUMENT.lines().filter_map(|line| line.strip_prefix("      operationId: "));
    operations
        .filter_map(path_of_read)
        .filter(|path| path.starts_with("/v1/") && !path.starts_with("/v1/sign-in") && !path.ends_with(".zip"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{path_of_read, reads};

    #[test]
    fn only_reads_without_further_parameters_have_a_path() {
        assert_eq!(path_of_read("access_log").as_deref(), Some("/v1/subjects/{subject}/accesses"));
        assert_eq!(path_of_read("list_applications").as_deref(), Some("/v1/applications"));
        assert_eq!(path_of_read("show_association").as_deref(), Some("/v1/subjects/{subject}/association"));
        assert!(reads().contains(&"/v1/session".to_owned()) && !reads().contains(&"/v1/sign-in/callback".to_owned()));
        for other in ["show_photo", "associate", "list", "nothing"] {
            assert_eq!(path_of_read(other), None, "{other}");
        }
    }
}
