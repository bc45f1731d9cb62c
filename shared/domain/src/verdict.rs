//! Verdicts of public bodies on photos that they have pulled.

use serde::{Deserialize, Serialize};

/// Maximum number of characters in a clerk's text for the citizen.
pub const TEXT_CHARACTERS_MAX: usize = 500;

/// Returns whether a clerk's text is valid: not blank, without control characters, and at most [`TEXT_CHARACTERS_MAX`] characters.
pub fn is_text(text: &str) -> bool {
    (1..=TEXT_CHARACTERS_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control) && !text.trim().is_empty()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "verdict", content = "reason", rename_all = "snake_case")]
pub enum Verdict {
    Accepted,
    Refused(RefusalReason),
}

/// Reasons for which a clerk can refuse a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalReason {
    /// The photo does not show how the person looks now.
    NotRecent,
    /// The clerk thinks that the photo shows somebody else.
    NotThePerson,
    FaceNotFrontal,
    FacePosition,
    EyesNotVisible,
    Expression,
    HeadCovered,
    Glasses,
    Background,
    Light,
    NotSharp,
    /// The photo was altered with software.
    Retouched,
    SignatureUnclear,
    SignatureCropped,
    /// Another reason, which the text explains.
    Other,
}

impl RefusalReason {
    pub const ALL: [Self; 15] = [
        Self::NotRecent,
        Self::NotThePerson,
        Self::FaceNotFrontal,
        Self::FacePosition,
        Self::EyesNotVisible,
        Self::Expression,
        Self::HeadCovered,
        Self::Glasses,
        Self::Background,
        Self::Light,
        Self::NotSharp,
        Self::Retouched,
        Self::SignatureUnclear,
        Self::SignatureCropped,
        Self::Other,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clerks_text_is_one_line_of_at_most_500_characters() {
        for text in ["x", "Το πρόσωπο δεν είναι στραμμένο προς τον φακό.", &"ω".repeat(TEXT_CHARACTERS_MAX)]
        {
            assert!(is_text(text), "{text}");
        }
        for text in ["", "  ", "two\nlines", "bell\u{7}", &"ω".repeat(TEXT_CHARACTERS_MAX + 1)] {
            assert!(!is_text(text), "{text:?}");
        }
    }
}
