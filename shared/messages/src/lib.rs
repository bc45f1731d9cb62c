//! Every text that people read, in Greek and English, and the documents that carry a code number: SMS, email, QR code,
//! PDF, zip. Rendering only: no I/O, no clock; the same input always gives the same bytes.

pub mod applications;
pub mod consent;
pub mod email;
pub mod link;
pub mod pdf;
pub mod picture_report;
pub mod problem;
pub mod qr;
pub mod rights;
pub mod sms;
pub mod time_text;
pub mod zip;

use domain::Language;

/// Why a document could not be made. None of these depends on what a user typed.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("the sender is not an email address")]
    Sender,
    #[error("a message id is letters, digits and hyphens")]
    MessageId,
    #[error("too long for a QR code, or not encodable: {0}")]
    Qr(qrcode::types::QrError),
    #[error("the QR code's picture: {0}")]
    Png(#[from] png::EncodingError),
    #[error("a built-in font cannot be read")]
    Font,
    #[error("the font has no {0:?}")]
    Glyph(char),
    #[error("the page has no room for its text")]
    PageFull,
    #[error("the PDF: {0}")]
    Pdf(String),
    #[error("writing: {0}")]
    Io(#[from] std::io::Error),
    #[error("the zip file: {0}")]
    Zip(#[from] ::zip::result::ZipError),
}

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

    /// 14:30 in Athens.
    pub(crate) fn expiry() -> Moment {
        at("2026-12-05T12:30:00Z")
    }

    pub(crate) fn has_greek(text: &str) -> bool {
        text.chars().any(|c| ('\u{370}'..='\u{3ff}').contains(&c))
    }
}
