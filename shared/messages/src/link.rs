//! The link that opens the service with a code number filled in.

use domain::CodeNumber;

/// `{origin}/#code={code}`. The code is in the fragment, which browsers never send: no server log sees it.
pub fn code_link(public_origin: &str, code: &CodeNumber) -> String {
    format!("{}/#code={}", public_origin.trim_end_matches('/'), portable(code))
}

/// The written code in the base64 alphabet that links and file names bear. Codes that we draw are the same in both.
pub(crate) fn portable(code: &CodeNumber) -> String {
    code.expose().replace('+', "-").replace('/', "_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ORIGIN, code};

    #[test]
    fn the_code_stands_in_the_fragment() {
        assert_eq!(code_link(ORIGIN, &code()), "https://myphoto.example.gr/#code=adEC3wlknv5LcQn5W65twA");
        assert_eq!(code_link("https://myphoto.example.gr/", &code()), code_link(ORIGIN, &code()));
    }

    #[test]
    fn a_code_with_plus_or_slash_comes_back_from_its_link() {
        let awkward = CodeNumber::from_bytes([0xfb; 16]);
        let link = code_link(ORIGIN, &awkward);
        let written = link.split_once("#code=").unwrap().1;
        assert!(!written.contains(['+', '/']) && CodeNumber::parse(written).unwrap() == awkward);
    }
}
