//! Every text that the API and its messages show to people, in Greek and English, and the documents that contain a code number: SMS,
//! email, QR code, PDF and zip.
//!
//! This crate only renders. It has no I/O and no clock, and the same input always gives the same bytes.

pub mod applications;
pub mod consent;
pub mod delivery;
pub mod email;
pub mod kep;
pub mod link;
mod numbers;
pub mod pdf;
pub mod picture_report;
pub mod problem;
pub mod qr;
pub mod rights;
pub mod sms;
pub mod time_text;
pub mod zip;

use domain::Language;

/// Reason why a document could not be rendered. None of the reasons depends on user input.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("the sender is not an email address")]
    Sender,
    #[error("the message id has more than letters, digits and hyphens, or a wrong length")]
    MessageId,
    #[error("too long for a QR code, or not encodable: {0}")]
    Qr(qrcode::types::QrError),
    #[error("the QR code cannot be encoded as PNG: {0}")]
    Png(#[from] png::EncodingError),
    #[error("a built-in font cannot be read")]
    Font,
    #[error("the font has no glyph for {0:?}")]
    Glyph(char),
    #[error("the text does not fit on the page")]
    PageFull,
    #[error("the PDF cannot be written: {0}")]
    Pdf(String),
    #[error("writing to memory failed: {0}")]
    Io(#[from] std::io::Error),
    #[error("the zip file cannot be written: {0}")]
    Zip(#[from] ::zip::result::ZipError),
}

/// Returns the value for a language.
const fn pick<T: Copy>(language: Language, el: T, en: T) -> T {
    match language {
        Language::El => el,
        Language::En => en,
    }
}

#[cfg(test)]
mod testing {
    use domain::{CodeNumber, Moment};

    pub(crate) const ORIGIN: &str = "https://myphoto.example.gr";
    pub(crate) const WRITTEN: &str = "adEC3wlknv5LcQn5W65twA";

    pub(crate) fn code() -> CodeNumber {
        CodeNumber::parse(WRITTEN).unwrap()
    }

    pub(crate) fn at(rfc3339: &str) -> Moment {
        Moment::from_epoch_seconds(rfc3339.parse::<jiff::Timestamp>().unwrap().as_second())
    }

    /// Returns 5 December 2026, 14:30 in Athens.
    pub(crate) fn expiry() -> Moment {
        at("2026-12-05T12:30:00Z")
    }

    pub(crate) fn has_greek(text: &str) -> bool {
        text.chars().any(|c| ('\u{370}'..='\u{3ff}').contains(&c))
    }
}
