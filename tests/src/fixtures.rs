//! The valid pictures that most journeys upload. fixtures/README.md gives their origin.

use crate::pictures;

/// Returns a face that is valid for the `standard` profile, with EXIF metadata.
pub fn portrait() -> Vec<u8> {
    pictures::PORTRAIT.to_vec()
}

/// Returns a face that is valid for the `identity_card` profile, with EXIF metadata.
pub fn identity_card_portrait() -> Vec<u8> {
    pictures::PORTRAIT_4X5.to_vec()
}

/// Returns a signature that is valid for both profiles.
pub fn signature() -> Vec<u8> {
    pictures::SIGNATURE.to_vec()
}
