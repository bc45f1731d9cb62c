//! Businesses of photographers.

use serde::{Deserialize, Serialize};

/// Activity code of photographic services in the tax registry.
const PHOTOGRAPHY_ACTIVITY: &str = "74.20";

/// Internal ID of a business: a keyed hash of its AFM, so that stored keys and lists do not identify anybody.
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

/// Returns whether an activity code is 74.20 or a subdivision of it, such as `74.20.22`.
pub fn is_photography(activity: &str) -> bool {
    activity.strip_prefix(PHOTOGRAPHY_ACTIVITY).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::is_photography;

    #[test]
    fn photographers_are_recognised_by_their_activity_code() {
        for (activity, expected) in
            [("74.20", true), ("74.20.22", true), ("74.2", false), ("74.201", false), ("47.78.1", false), ("", false)]
        {
            assert_eq!(is_photography(activity), expected, "{activity}");
        }
    }
}
