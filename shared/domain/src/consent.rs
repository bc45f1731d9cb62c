//! Texts that people agree to. The record of a consent contains the version of the text, and people are asked again when the text changes.

use serde::{Deserialize, Serialize};

/// Version of the text on personal data.
pub const PERSONAL_DATA_VERSION: &str = "2026-12.3";
/// Version of the text to which a citizen agrees when associating photos.
pub const ASSOCIATION_VERSION: &str = "2026-12";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentKind {
    PersonalData,
    Association,
}

impl ConsentKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::PersonalData => "personal_data",
            Self::Association => "association",
        }
    }

    /// Returns the current version of the text.
    pub const fn current_version(self) -> &'static str {
        match self {
            Self::PersonalData => PERSONAL_DATA_VERSION,
            Self::Association => ASSOCIATION_VERSION,
        }
    }
}
