//! Applications of public bodies: what each is for, and what it may pull.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    photo::ImageKind,
    time::{Moment, Span},
};

/// Applications that one subject may have authorised at a time.
pub const AUTHORIZED_APPLICATIONS_MAX: usize = 50;
/// Keys that one application may have at a time: the old and the new one while it changes them.
pub const KEYS_PER_APPLICATION_MAX: usize = 2;
/// The longest that a signed request may be valid, from `iat` to `exp`.
pub const REQUEST_VALID: Span = Span::seconds(60);
/// How far an application's clock may be ahead of ours.
pub const CLOCK_SKEW: Span = Span::seconds(5);
/// Characters of the application's own reference for a pull.
pub const CASE_LENGTH: usize = 64;
/// Bytes of a signed request: what is longer is not looked at.
pub const REQUEST_LENGTH: usize = 4096;
/// Characters of the id by which a request is used once.
pub const JTI_LENGTH: usize = 64;
/// A used id is remembered this much longer than its request is valid: not all clocks of ours agree.
pub const JTI_RETENTION: Span = Span::minutes(5);

/// Whether a text may be an application's reference for a pull: printable, not empty, not too long.
pub fn is_case(text: &str) -> bool {
    (1..=CASE_LENGTH).contains(&text.chars().count()) && !text.chars().any(char::is_control) && !text.trim().is_empty()
}

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

/// How an application signs; pinned for each of its keys. There is no other, `none` and the HMACs least of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SigningAlgorithm {
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// RSA with SHA-256, 3072 bits or more.
    #[serde(rename = "RS256")]
    Rs256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl SigningAlgorithm {
    pub const ALL: [Self; 3] = [Self::Es256, Self::Rs256, Self::EdDsa];

    /// As JSON Web Signatures name it (RFC 7518, RFC 8037).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// By exactly that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// Why a signed request is refused. What depends on keys says less than we know: see [`Self::Signature`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureFault {
    /// Not a JWT of the form that we take; needs no key to be seen.
    Malformed,
    /// Another algorithm than those that exist here; needs no key to be seen either.
    Algorithm,
    /// Unknown or withdrawn application, unknown key, another key's algorithm, wrong signature: one answer for all.
    Signature,
    // From here on the signature was right.
    Expired,
    NotYetValid,
    Audience,
    /// A claim is missing or is not what it must be.
    Claims {
        claim: &'static str,
    },
    Replayed,
}

impl SignatureFault {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Algorithm => "algorithm",
            Self::Signature => "signature",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Audience => "audience",
            Self::Claims { .. } => "claims",
            Self::Replayed => "replayed",
        }
    }
}

/// From when to when a request may be used, as it says itself.
///
/// # Errors
/// Where it is not valid now, or would be for longer than a request may.
pub const fn check_times(issued_at: Moment, expires_at: Moment, now: Moment) -> Result<(), SignatureFault> {
    let valid = expires_at.epoch_seconds().saturating_sub(issued_at.epoch_seconds());
    if valid <= 0 || valid > REQUEST_VALID.as_seconds() {
        return Err(SignatureFault::Claims { claim: "exp" });
    }
    if now.has_reached(expires_at) {
        return Err(SignatureFault::Expired);
    }
    if now.plus(CLOCK_SKEW).epoch_seconds() < issued_at.epoch_seconds() { Err(SignatureFault::NotYetValid) } else { Ok(()) }
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
    fn a_request_is_valid_for_a_minute_at_most_and_its_clock_may_be_five_seconds_ahead() {
        let now = Moment::from_epoch_seconds(1_000_000);
        let check = |from: i64, until: i64| check_times(now.plus(Span::seconds(from)), now.plus(Span::seconds(until)), now);
        let too_long = Err(SignatureFault::Claims { claim: "exp" });
        for (from, until, expected) in [
            (0, 60, Ok(())),
            (0, 61, too_long),
            (0, 0, too_long),
            (1, 0, too_long),
            (-59, 1, Ok(())),
            (-60, 0, Err(SignatureFault::Expired)),
            (5, 65, Ok(())),
            (6, 66, Err(SignatureFault::NotYetValid)),
            (i64::MIN / 2, 1, too_long),
        ] {
            assert_eq!(check(from, until), expected, "{from} {until}");
        }
        for (from, until) in [(i64::MIN, i64::MAX), (i64::MAX, i64::MIN), (i64::MAX, i64::MAX)] {
            let far = Moment::from_epoch_seconds;
            assert!(check_times(far(from), far(until), now).is_err());
        }
    }

    #[test]
    fn only_three_algorithms_exist() {
        for algorithm in SigningAlgorithm::ALL {
            assert_eq!(SigningAlgorithm::parse(algorithm.name()), Some(algorithm));
        }
        for name in ["none", "None", "", "HS256", "es256", "ES384", "PS256", "EDDSA", "Ed25519"] {
            assert_eq!(SigningAlgorithm::parse(name), None, "{name}");
        }
    }

    #[test]
    fn a_reference_is_printable_and_short() {
        for text in ["1", "ΑΠ 2026/118", &"ω".repeat(CASE_LENGTH)] {
            assert!(is_case(text), "{text}");
        }
        for text in ["", " ", "a\nb", "a\u{7f}", &"a".repeat(CASE_LENGTH + 1)] {
            assert!(!is_case(text), "{text:?}");
        }
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
