//! The link that opens the service with a code number filled in.

use domain::CodeNumber;

/// Returns `{origin}/#code={code}`. Browsers never send the fragment of a URL, so the code appears in no server log.
pub fn code_link(public_origin: &str, code: &CodeNumber) -> String {
    format!("{}/#code={}", public_origin.trim_end_matches('/'), url_safe(code))
}

/// Returns the code in the URL-safe base64 alphabet, for links and file names. This changes only codes of another issuer, because codes
/// that we generate contain neither `+` nor `/`.
pub(crate) fn url_safe(code: &CodeNumber) -> String {
    code.expose().replace('+', "-").replace('/', "_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ORIGIN, code};

    #[test]
    fn the_code_is_in_the_fragment() {
        assert_eq!(code_link(ORIGIN, &code()), "https://myphoto.example.gr/#code=adEC3wlknv5LcQn5W65twA");
        assert_eq!(code_link("https://myphoto.example.gr/", &code()), code_link(ORIGIN, &code()));
    }

    #[test]
    fn a_code_with_plus_or_slash_can_be_parsed_from_its_link() {
        let awkward = CodeNumber::from_bytes([0xfb; 16]);
        let link = code_link(ORIGIN, &awkward);
        let written = link.split_once("#code=").unwrap().1;
        assert!(!written.contains(['+', '/']) && CodeNumber::parse(written).unwrap() == awkward);
    }
}
