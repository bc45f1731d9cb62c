//! What a public body says of a photo that it pulled.

use serde::{Deserialize, Serialize};

/// Characters of the clerk's text for the citizen.
pub const TEXT_LENGTH: usize = 500;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "verdict", content = "reason", rename_all = "snake_case")]
pub enum Verdict {
    Accepted,
    Refused(RefusalReason),
}

/// Why a photo was refused: the list to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
