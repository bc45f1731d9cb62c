//! Emails, each as plain text and as HTML with the same content. They can be read without images. Opening an email loads nothing from the
//! network.

mod code;
mod frame;
mod reminder;

pub use code::code;
pub use frame::Envelope;
pub use reminder::reminder;

#[cfg(test)]
mod testing {
    use domain::{EmailAddress, Language};

    use super::Envelope;
    use crate::testing::at;

    pub(super) const MESSAGE_ID: &str = "01939b1c-7a5e-7c3d-9d2a-1f0e5b6c7d8e";

    pub(super) fn envelope(to: &EmailAddress, language: Language) -> Envelope<'_> {
        let date = at("2026-11-21T22:18:02Z");
        Envelope { from: "no-reply@myphoto.example.gr", to, language, message_id: MESSAGE_ID, date }
    }
}
