//! Pictures: what a JPEG says of itself, whether it may be used, what is taken out of it, and its preview.
//!
//! Rules and limits are `domain::photo`'s; this crate measures.

mod jpeg;
mod preview;
mod scan;

use std::fmt;

use domain::photo::{self, FileProfile, ImageKind, PictureFault};

/// A picture that keeps every rule, without its metadata, and its preview.
pub struct Accepted {
    /// The uploaded JPEG less metadata and whatever followed its end; image data to the byte as it came.
    pub jpeg: Vec<u8>,
    pub width: u32,
    pub height: u32,
    /// A small JPEG.
    pub preview: Vec<u8>,
}

/// Nobody's face in a log.
impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepted").field("width", &self.width).field("height", &self.height).finish_non_exhaustive()
    }
}

/// Checks an uploaded file against its profile. Cheap checks come first: nothing is decoded that its header forbids.
///
/// # Errors
/// The first rule that the picture breaks, with what was measured.
pub fn accept(profile: FileProfile, kind: ImageKind, file: &[u8]) -> Result<Accepted, PictureFault> {
    photo::check_bytes(u64::try_from(file.len()).unwrap_or(u64::MAX))?;
    let header = jpeg::read_header(file)?;
    photo::check_header(profile, kind, header.width, header.height, header.orientation)?;
    let jpeg = jpeg::without_metadata(file)?;
    scan::check(&jpeg)?;
    let preview = preview::make(&jpeg)?;
    Ok(Accepted { jpeg, width: header.width, height: header.height, preview })
}
