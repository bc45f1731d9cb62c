//! The good pictures that the journeys are made with; see fixtures/README.md for where they come from.

use crate::pictures;

/// A face that keeps the `standard` profile, with EXIF in it.
pub fn portrait() -> Vec<u8> {
    pictures::PORTRAIT.to_vec()
}

/// A face that keeps the `identity_card` profile, with EXIF in it.
pub fn identity_card_portrait() -> Vec<u8> {
    pictures::PORTRAIT_4X5.to_vec()
}

/// A signature, for either profile.
pub fn signature() -> Vec<u8> {
    pictures::SIGNATURE.to_vec()
}
