//! Applications of public bodies: what each is for, and what it may pull.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{photo::ImageKind, time::Span};

/// Applications that one subject may have authorised at a time.
pub const AUTHORIZED_AT_MOST: usize = 50;
/// Keys that one application may have at a time: the old and the new one while it changes them.
pub const KEYS_AT_MOST: usize = 2;
/// The longest that a signed request may be valid, from `iat` to `exp`.
pub const REQUEST_VALID: Span = Span::seconds(60);
/// How far an application's clock may be ahead of ours.
pub const CLOCK_SKEW: Span = Span::seconds(5);
/// Characters of the application's own reference for a pull.
pub const CASE_LENGTH: usize = 64;

/// The name by which an application is known: lower-case letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApplicationId(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an application's id has 3 to 40 lower-case letters, digits and hyphens, and begins with a letter")]
pub struct InvalidApplicationId;

impl ApplicationId {
    pub fn parse(text: &str) -> Result<Self, InvalidApplicationId> {
        let fits = (3..=40).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidApplicationId) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ApplicationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<ApplicationId> for String {
    fn from(id: ApplicationId) -> Self {
        id.0
    }
}

impl TryFrom<String> for ApplicationId {
    type Error = InvalidApplicationId;

    fn try_from(text: String) -> Result<Self, InvalidApplicationId> {
        Self::parse(&text)
    }
}

/// What an application uses photos for. What it may pull follows from it, and is no setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    DrivingLicenceIssue,
    DrivingLicenceRenewal,
    DrivingLicenceReplacement,
    IdentityCard,
    Passport,
    DisabilityCard,
    LanguageExam,
}

impl Purpose {
    pub const ALL: [Self; 7] = [
        Self::DrivingLicenceIssue,
        Self::DrivingLicenceRenewal,
        Self::DrivingLicenceReplacement,
        Self::IdentityCard,
        Self::Passport,
        Self::DisabilityCard,
        Self::LanguageExam,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::DrivingLicenceIssue => "driving_licence_issue",
            Self::DrivingLicenceRenewal => "driving_licence_renewal",
            Self::DrivingLicenceReplacement => "driving_licence_replacement",
            Self::IdentityCard => "identity_card",
            Self::Passport => "passport",
            Self::DisabilityCard => "disability_card",
            Self::LanguageExam => "language_exam",
        }
    }

    /// The signature goes to driving licences alone.
    pub const fn gets(self, image: ImageKind) -> bool {
        match (image, self) {
            (ImageKind::Face, _)
            | (ImageKind::Signature, Self::DrivingLicenceIssue | Self::DrivingLicenceRenewal | Self::DrivingLicenceReplacement) => true,
            (ImageKind::Signature, Self::IdentityCard | Self::Passport | Self::DisabilityCard | Self::LanguageExam) => false,
        }
    }
}

/// How an application signs; pinned for each of its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SigningAlgorithm {
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// RSA with SHA-256, 2048 bits or more.
    #[serde(rename = "RS256")]
    Rs256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_goes_to_driving_licences_alone() {
        for purpose in Purpose::ALL {
            assert!(purpose.gets(ImageKind::Face));
            assert_eq!(purpose.gets(ImageKind::Signature), purpose.name().starts_with("driving_licence"), "{purpose:?}");
            assert_eq!(serde_name(purpose), purpose.name());
        }
    }

    fn serde_name(purpose: Purpose) -> String {
        // No JSON in this crate: the variant's stored name, by serde's own deserializer.
        use serde::{Deserialize, de::value::StrDeserializer};
        let read = Purpose::deserialize(StrDeserializer::<serde::de::value::Error>::new(purpose.name())).unwrap();
        assert_eq!(read, purpose);
        read.name().to_owned()
    }

    #[test]
    fn ids_are_short_plain_words() {
        for text in ["edl", "driving-licence", "a23"] {
            assert_eq!(ApplicationId::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "ab", "Abc", "1ab", "-ab", "a b", "a_b", "άδεια", &"a".repeat(41)] {
            assert!(ApplicationId::parse(text).is_err(), "{text}");
        }
    }
}
