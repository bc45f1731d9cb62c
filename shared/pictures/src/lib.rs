//! Checks uploaded JPEG files, strips their metadata, makes previews, and measures faces and signatures.
//!
//! This crate only measures. The rules and limits are in `domain::photo` and `domain::picture_report`. docs/pictures.md describes the
//! methods and their error rates.

mod colour_profile;
mod colour_space;
mod face;
mod jpeg;
mod levels;
mod preview;
mod rgb;
mod scan;
mod shrink;
mod signature;

use std::fmt;

use domain::{
    face_position::FacePosition,
    photo::{self, FileProfile, ImageKind, PictureFault},
    picture_report::{self, FileMeasures, Finding, HeaderMeasures, Report},
    small_copy,
};
use image::RgbImage;

use self::jpeg::Clean;

/// An accepted picture: the cleaned file, its size, and a preview.
pub struct Accepted {
    /// The uploaded JPEG without metadata and without bytes after its end. The image data is unchanged. Of a colour profile, only the
    /// numbers that define colours remain.
    pub jpeg: Vec<u8>,
    pub width: u32,
    pub height: u32,
    /// A small JPEG.
    pub preview: Vec<u8>,
    /// Whether an error was waived ([`accept_waiving`]).
    pub waived: bool,
}

/// Prints no image data, so that no face can get into a log.
impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepted").field("width", &self.width).field("height", &self.height).finish_non_exhaustive()
    }
}

/// Checks an uploaded file against its profile. Cheap checks come first, so that a file whose header breaks a rule is never decoded.
///
/// # Errors
/// The first violated rule, with the measured value. Warnings are not errors.
pub fn accept(profile: FileProfile, kind: ImageKind, file: &[u8]) -> Result<Accepted, PictureFault> {
    accept_waiving(profile, kind, file, |_| false)
}

/// Checks an uploaded file as [`accept`] does, but ignores errors in the content of the picture for which `is_waived` returns true.
///
/// # Errors
/// Those of [`accept`].
pub fn accept_waiving(
    profile: FileProfile,
    kind: ImageKind,
    file: &[u8],
    is_waived: impl Fn(&Finding) -> bool,
) -> Result<Accepted, PictureFault> {
    photo::check_bytes(length(file))?;
    let header = jpeg::read_header(file)?;
    photo::check_header(profile, kind, header.width, header.height, header.orientation)?;
    let (clean, copy) = clean_and_decode(file)?;
    let errors = inspect_pixels(profile, kind, &copy, (header.width, header.height)).findings.into_iter().filter(Finding::blocks);
    let (waived, remaining): (Vec<_>, Vec<_>) = errors.partition(is_waived);
    if let Some(error) = remaining.first() {
        return Err(PictureFault::Shown(*error));
    }
    let preview = preview::make(&copy)?;
    Ok(Accepted { jpeg: clean.jpeg, width: header.width, height: header.height, preview, waived: !waived.is_empty() })
}

/// Checks an uploaded file against every rule and reports all results, not only violations. The report has a blocking finding if and only
/// if [`accept`] rejects the file. If a file is too large to decode or cannot be decoded, no finding is about its pixels.
pub fn inspect(profile: FileProfile, kind: ImageKind, file: &[u8]) -> Report {
    let bytes = length(file);
    let header = jpeg::read_header(file);
    let pixels = header.as_ref().map_or(0, |header| u64::from(header.width) * u64::from(header.height));
    let decoded = match &header {
        Ok(_) if bytes <= photo::PHOTO_BYTES_MAX && pixels <= photo::PHOTO_PIXELS_MAX => Some(clean_and_decode(file)),
        Ok(_) => None,
        Err(fault) => Some(Err(*fault)),
    };
    let measures = FileMeasures {
        bytes,
        is_jpeg: !matches!(header, Err(PictureFault::NotJpeg)),
        header: header.ok().map(|header| HeaderMeasures { width: header.width, height: header.height, orientation: header.orientation }),
        decoded: decoded.as_ref().map(|decoded| decoded.as_ref().map(|(clean, _)| clean.colours()).map_err(|fault| *fault)),
    };
    let mut findings = picture_report::file_findings(profile, kind, &measures);
    let shown = match (decoded, measures.header) {
        (Some(Ok((_, copy))), Some(header)) => inspect_pixels(profile, kind, &copy, (header.width, header.height)),
        _ => Report::default(),
    };
    findings.extend(shown.findings);
    Report { findings, marks: shown.marks }
}

/// Finds the largest face in a picture of any size and proportion. The head may be tilted by up to 40 degrees, or the picture may lie on
/// its side or be upside down. A head that is much smaller than in a portrait must be about upright. Returns `None` if no face is found.
///
/// # Errors
/// [`PictureFault::TooManyBytes`], and those of [`clean`].
pub fn locate(file: &[u8]) -> Result<Option<FacePosition>, PictureFault> {
    photo::check_bytes(length(file))?;
    let header = jpeg::read_header(file)?;
    let (_, copy) = clean_and_decode(file)?;
    Ok(face::locate(&copy, (header.width, header.height)))
}

fn length(file: &[u8]) -> u64 {
    u64::try_from(file.len()).unwrap_or(u64::MAX)
}

/// Returns the file without metadata and without bytes after its end. Checks that the image data is complete. Does not check the file's
/// size, which [`accept`] checks before it cleans a file.
///
/// # Errors
/// [`PictureFault::NotJpeg`], [`PictureFault::Damaged`], [`PictureFault::Unsupported`] or [`PictureFault::ColourProfile`].
pub fn clean(file: &[u8]) -> Result<Vec<u8>, PictureFault> {
    let clean = jpeg::without_metadata(file)?;
    scan::decode(&clean.jpeg)?;
    Ok(clean.jpeg)
}

/// Returns the cleaned file as [`clean`] does, and the small copy of its pixels from which the preview and all measurements are made.
///
/// # Errors
/// Those of [`clean`].
pub fn decode(file: &[u8]) -> Result<(Vec<u8>, RgbImage), PictureFault> {
    clean_and_decode(file).map(|(clean, copy)| (clean.jpeg, copy))
}

/// Scales a picture from another decoder to the size of the small copy that [`decode`] returns, so that both can be compared.
pub fn scaled_down(picture: &RgbImage) -> RgbImage {
    preview::scaled_down(picture)
}

/// Renders the preview of a picture from the small copy that [`decode`] returns.
///
/// # Errors
/// [`PictureFault::Damaged`] if the copy is too large for a JPEG.
pub fn preview(copy: &RgbImage) -> Result<Vec<u8>, PictureFault> {
    preview::make(copy)
}

/// Checks the header of a file against the limits in [`small_copy`]. Must be called before [`locate`], which decodes the file.
///
/// # Errors
/// [`PictureFault::NotJpeg`], [`PictureFault::Damaged`], and those of [`small_copy::check_header`].
pub fn check_small_copy(file: &[u8]) -> Result<(), PictureFault> {
    let header = jpeg::read_header(file)?;
    small_copy::check_header(header.width, header.height, header.orientation)
}

/// Returns the cleaned file and a small copy of its pixels.
fn clean_and_decode(file: &[u8]) -> Result<(Clean, RgbImage), PictureFault> {
    let clean = jpeg::without_metadata(file)?;
    let copy = preview::decode(&clean)?;
    Ok((clean, copy))
}

/// Measures the pixels of a copy and returns the findings on them. `size` is the size of the picture itself.
fn inspect_pixels(profile: FileProfile, kind: ImageKind, copy: &RgbImage, size: (u32, u32)) -> Report {
    match kind {
        ImageKind::Face => {
            let measured = face::measure(copy, size);
            Report { findings: picture_report::face_findings(profile, &measured.measures), marks: measured.marks }
        }
        ImageKind::Signature => Report { findings: picture_report::signature_findings(profile, &signature::measure(copy)), marks: None },
    }
}
