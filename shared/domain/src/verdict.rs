//! What a public body says of a photo that it pulled.

use serde::{Deserialize, Serialize};

/// Characters of the clerk's text for the citizen.
pub const TEXT_LENGTH: usize = 500;

/// Whether a text may be a clerk's: not empty, not too long, without control characters.
pub fn is_text(text: &str) -> bool {
    (1..=TEXT_LENGTH).contains(&text.chars().count()) && !text.chars().any(char::is_control) && !text.trim().is_empty()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "verdict", content = "reason", rename_all = "snake_case")]
pub enum Verdict {
    Accepted,
    Refused(RefusalReason),
}

/// Why a photo was refused: the list to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalReason {
    /// Does not show how the person looks now.
    NotRecent,
    /// Shows somebody else, as far as the clerk can see.
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
    /// Changed with a program.
    Retouched,
    SignatureUnclear,
    SignatureCropped,
    /// See the text.
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
    fn a_clerks_text_is_one_line_of_500_characters_at_most() {
        for text in ["x", "Το πρόσωπο δεν είναι στραμμένο προς τον φακό.", &"ω".repeat(TEXT_LENGTH)] {
            assert!(is_text(text), "{text}");
        }
        for text in ["", "  ", "two\nlines", "bell\u{7}", &"ω".repeat(TEXT_LENGTH + 1)] {
            assert!(!is_text(text), "{text:?}");
        }
    }
}
