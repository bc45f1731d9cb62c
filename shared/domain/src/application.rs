//! Applications of public bodies: their purposes, the images that they may pull, and the rules for their signed requests.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    photo::ImageKind,
    time::{Moment, Span},
};

/// Maximum number of applications that one subject may have authorised at a time.
pub const AUTHORIZED_APPLICATIONS_MAX: usize = 50;
/// Maximum number of keys that one application may have at a time: the old and the new one during a key rotation.
pub const KEYS_PER_APPLICATION_MAX: usize = 2;
/// Longest validity of a signed request, from `iat` to `exp`.
pub const REQUEST_VALID: Span = Span::seconds(60);
/// Maximum time by which the clock of an application may be ahead of the service's clock.
pub const CLOCK_SKEW: Span = Span::seconds(5);
/// Maximum number of characters in the reference (`case`) that an application gives for a pull.
pub const CASE_CHARACTERS_MAX: usize = 64;
/// Maximum size of a signed request in bytes. A longer one is rejected without being parsed.
pub const REQUEST_BYTES_MAX: usize = 4096;
/// Maximum number of characters in `jti`, the ID that prevents replays of a signed request.
pub const JTI_CHARACTERS_MAX: usize = 64;
/// Time for which a used `jti` is stored after its request has expired. Without this time, a function whose clock is behind could accept
/// the request again.
pub const JTI_RETENTION: Span = Span::minutes(5);

/// Returns whether `text` is a valid reference for a pull: not blank, without control characters, and at most [`CASE_CHARACTERS_MAX`]
/// characters.
pub fn is_case(text: &str) -> bool {
    (1..=CASE_CHARACTERS_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control) && !text.trim().is_empty()
}

/// ID of an application: 3 to 40 lower-case letters, digits and hyphens, beginning with a letter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApplicationId(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an application's id has 3 to 40 lower-case letters, digits and hyphens, and begins with a letter")]
pub struct InvalidApplicationId;

impl ApplicationId {
    pub fn parse(text: &str) -> Result<Self, InvalidApplicationId> {
        let is_valid = (3..=40).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if is_valid { Ok(Self(text.to_owned())) } else { Err(InvalidApplicationId) }
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

/// Purpose for which an application uses photos. The purpose alone decides which images the application may pull. There is no separate
/// setting.
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

    /// Returns whether applications with this purpose may pull `image`. Only applications for driving licences may pull the signature.
    pub const fn gets(self, image: ImageKind) -> bool {
        match (image, self) {
            (ImageKind::Face, _)
            | (ImageKind::Signature, Self::DrivingLicenceIssue | Self::DrivingLicenceRenewal | Self::DrivingLicenceReplacement) => true,
            (ImageKind::Signature, Self::IdentityCard | Self::Passport | Self::DisabilityCard | Self::LanguageExam) => false,
        }
    }
}

/// Signature algorithm of an application's key, stored with the key. Requests with any other algorithm are rejected, for example `none` and
/// the HMAC algorithms.
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

    /// Returns the `alg` value in JSON Web Signatures (RFC 7518, RFC 8037).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Parses an `alg` value. Case-sensitive.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// Reason for rejecting a signed request. All faults that depend on the key are deliberately reported as [`Self::Signature`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureFault {
    /// The request is not a JWT in the accepted form. Detected without a key.
    Malformed,
    /// The algorithm is not in [`SigningAlgorithm`]. Detected without a key.
    Algorithm,
    /// The application is unknown or withdrawn, the key is unknown, the algorithm is not the key's, or the signature is wrong. All these
    /// faults get the same response, so that the response does not reveal which applications and keys exist.
    Signature,
    // The following faults are reported only after the signature has been verified.
    Expired,
    NotYetValid,
    Audience,
    /// A claim is missing or has an invalid value.
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

/// Checks the validity period that a signed request claims.
///
/// # Errors
/// Returns the fault if the request is not valid at `now`, or if its validity is not positive or exceeds [`REQUEST_VALID`].
pub const fn check_times(issued_at: Moment, expires_at: Moment, now: Moment) -> Result<(), SignatureFault> {
    let validity = expires_at.epoch_seconds().saturating_sub(issued_at.epoch_seconds());
    if validity <= 0 || validity > REQUEST_VALID.as_seconds() {
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
        // Deserializes the name with serde itself, because this crate does not depend on a JSON library.
        use serde::{Deserialize, de::value::StrDeserializer};
        let parsed = Purpose::deserialize(StrDeserializer::<serde::de::value::Error>::new(purpose.name())).unwrap();
        assert_eq!(parsed, purpose);
        parsed.name().to_owned()
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
    fn a_reference_is_printable_and_has_at_most_64_characters() {
        for text in ["1", "ΑΠ 2026/118", &"ω".repeat(CASE_CHARACTERS_MAX)] {
            assert!(is_case(text), "{text}");
        }
        for text in ["", " ", "a\nb", "a\u{7f}", &"a".repeat(CASE_CHARACTERS_MAX + 1)] {
            assert!(!is_case(text), "{text:?}");
        }
    }

    #[test]
    fn an_id_has_3_to_40_lower_case_letters_digits_and_hyphens() {
        for text in ["edl", "driving-licence", "a23"] {
            assert_eq!(ApplicationId::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "ab", "Abc", "1ab", "-ab", "a b", "a_b", "άδεια", &"a".repeat(41)] {
            assert!(ApplicationId::parse(text).is_err(), "{text}");
        }
    }
}
