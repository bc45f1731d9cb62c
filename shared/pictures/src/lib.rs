//! Pictures: what a JPEG says of itself, whether it may be used, what is taken out of it, its preview, and what it shows.
//!
//! Rules and limits are `domain::photo`'s and `domain::picture_report`'s; this crate measures. How, and how often it errs: docs/pictures.md.

mod colour_profile;
mod face;
mod jpeg;
mod levels;
mod preview;
mod scan;
mod signature;

use std::fmt;

use domain::{
    photo::{self, FileProfile, ImageKind, PictureFault},
    picture_report::{self, FileMeasures, Finding, HeaderMeasures, Report},
};
use image::DynamicImage;

/// A picture that keeps every rule, without its metadata, and its preview.
pub struct Accepted {
    /// The uploaded JPEG less metadata and whatever followed its end; image data to the byte as it came. Of a colour profile only numbers.
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
/// The first rule that the picture breaks, with what was measured. Warnings are none.
pub fn accept(profile: FileProfile, kind: ImageKind, file: &[u8]) -> Result<Accepted, PictureFault> {
    photo::check_bytes(length(file))?;
    let header = jpeg::read_header(file)?;
    photo::check_header(profile, kind, header.width, header.height, header.orientation)?;
    let (jpeg, copy) = read(file)?;
    if let Some(error) = shown(profile, kind, &copy).into_iter().find(Finding::blocks) {
        return Err(PictureFault::Shown(error));
    }
    let preview = preview::make(&copy)?;
    Ok(Accepted { jpeg, width: header.width, height: header.height, preview })
}

/// Everything that can be said of an uploaded file, good and bad. It blocks exactly where [`accept`] refuses. A file that is too large to
/// be decoded, or cannot be, is told by its header alone.
pub fn inspect(profile: FileProfile, kind: ImageKind, file: &[u8]) -> Report {
    let bytes = length(file);
    let header = jpeg::read_header(file);
    let pixels = header.as_ref().map_or(0, |header| u64::from(header.width) * u64::from(header.height));
    let read = match &header {
        Ok(_) if bytes <= photo::PHOTO_BYTES_MAX && pixels <= photo::PHOTO_PIXELS_MAX => Some(read(file)),
        Ok(_) => None,
        Err(fault) => Some(Err(*fault)),
    };
    let measured = FileMeasures {
        bytes,
        is_jpeg: !matches!(header, Err(PictureFault::NotJpeg)),
        header: header.ok().map(|header| HeaderMeasures { width: header.width, height: header.height, orientation: header.orientation }),
        whole: read.as_ref().map(Result::is_ok),
    };
    let mut findings = picture_report::file_findings(profile, kind, &measured);
    if let Some(Ok((_, copy))) = read {
        findings.extend(shown(profile, kind, &copy));
    }
    Report { findings }
}

fn length(file: &[u8]) -> u64 {
    u64::try_from(file.len()).unwrap_or(u64::MAX)
}

/// The file without metadata and whatever followed its end, if all of its image data is there. Looks at no size: [`accept`] does before.
///
/// # Errors
/// [`PictureFault::NotJpeg`], [`PictureFault::Damaged`].
pub fn clean(file: &[u8]) -> Result<Vec<u8>, PictureFault> {
    let jpeg = jpeg::without_metadata(file)?;
    scan::check(&jpeg)?;
    Ok(jpeg)
}

/// The file without metadata, proven to be whole, and a small copy of its pixels.
fn read(file: &[u8]) -> Result<(Vec<u8>, DynamicImage), PictureFault> {
    let jpeg = clean(file)?;
    let copy = preview::decode(&jpeg)?;
    Ok((jpeg, copy))
}

/// What the pixels show.
fn shown(profile: FileProfile, kind: ImageKind, copy: &DynamicImage) -> Vec<Finding> {
    let copy = copy.to_rgb8();
    match kind {
        ImageKind::Face => picture_report::face_findings(profile, &face::measure(&copy)),
        ImageKind::Signature => picture_report::signature_findings(profile, &signature::measure(&copy)),
    }
}
