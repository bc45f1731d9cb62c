//! Photographers' businesses.

use serde::{Deserialize, Serialize};

/// Activity codes of the tax registry for photographic services.
const PHOTOGRAPHY: &str = "74.20";

/// A business as we know it inside: a keyed hash of its AFM, so that lists and keys name nobody.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BusinessId(String);

impl BusinessId {
    pub const fn from_hash(hash: String) -> Self {
        Self(hash)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// True for 74.20 and everything below it, such as `74.20.22`.
pub fn is_photography(activity: &str) -> bool {
    activity.strip_prefix(PHOTOGRAPHY).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::is_photography;

    #[test]
    fn photographers_are_told_by_their_activity() {
        for (activity, expected) in
            [("74.20", true), ("74.20.22", true), ("74.2", false), ("74.201", false), ("47.78.1", false), ("", false)]
        {
            assert_eq!(is_photography(activity), expected, "{activity}");
        }
    }
}
