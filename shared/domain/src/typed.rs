//! Parsers for what people type and paste: code numbers, one-time passwords, mobile numbers, email addresses and identity numbers.
//!
//! People paste more than the value: a label, a link, a whole message, or characters that they cannot see. Each parser finds the value, and
//! reports which kinds of text it dropped, so that a page can tell the user. If the text contains two different values, the parser returns
//! an error.
//!
//! The types themselves ([`CodeNumber`](crate::CodeNumber), [`Afm`](crate::Afm), ...) parse only the exact form of a value that storage,
//! registers and signed requests use. The web application has the same parsers in `web/src/typed`. The table in
//! `shared/domain/tests/typed.json` tests both.

pub(crate) mod characters;
mod code;
mod email;
mod link;
mod numbers;
mod otp;
mod suggestion;

pub use code::code_number;
pub use email::email;
pub use numbers::{afm, amka, mobile, paaypa};
pub use otp::otp;
pub use suggestion::{EMAIL_DOMAINS, suggestion};

/// A value, and the kinds of text that were found in addition to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed<T> {
    pub value: T,
    /// Each kind at most once, in the order of [`Dropped`].
    pub dropped: Vec<Dropped>,
}

/// A kind of text that was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dropped {
    /// Characters without a glyph, such as zero-width spaces, directional marks and variation selectors.
    Invisible,
    WhiteSpace,
    /// Quotes, brackets, dots, hyphens and other signs.
    Punctuation,
    /// Words that only name the value, such as `Κωδικάριθμος` or `tel`.
    Label,
    /// A link. It may be the link that contained the value.
    Link,
    /// Other words or numbers.
    Text,
}

impl Dropped {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invisible => "invisible",
            Self::WhiteSpace => "white_space",
            Self::Punctuation => "punctuation",
            Self::Label => "label",
            Self::Link => "link",
            Self::Text => "text",
        }
    }
}

/// Reason why no value was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TypedError {
    #[error("no valid value in the text")]
    Invalid,
    #[error("two or more different values in the text")]
    Several,
}

/// Returns the value if all values of a list are equal. Fails if the list is empty or has different values.
fn only<T: PartialEq>(values: impl IntoIterator<Item = T>) -> Result<T, TypedError> {
    let mut values = values.into_iter();
    let first = values.next().ok_or(TypedError::Invalid)?;
    if values.all(|value| value == first) { Ok(first) } else { Err(TypedError::Several) }
}

/// The words by which people name each kind of value, folded by [`characters::fold`].
mod labels {
    pub(super) const CODE: &[&str] = &[
        "κωδικαριθμοσ",
        "κωδικαριθμο",
        "κωδικαριθμου",
        "κωδικοσ",
        "κωδικο",
        "κωδ",
        "ο",
        "τον",
        "του",
        "ειναι",
        "σασ",
        "μου",
        "code",
        "number",
        "codenumber",
        "kodikarithmos",
        "no",
        "nr",
        "is",
        "your",
        "my",
        "the",
        "myphoto",
    ];
    pub(super) const OTP: &[&str] = &[
        "κωδικοσ",
        "κωδικο",
        "κωδ",
        "μιασ",
        "χρησησ",
        "χρησεωσ",
        "ο",
        "ειναι",
        "σασ",
        "otp",
        "pin",
        "code",
        "password",
        "passcode",
        "one",
        "time",
        "is",
        "your",
        "the",
        "myphoto",
    ];
    pub(super) const MOBILE: &[&str] = &[
        "κινητο",
        "κιν",
        "κινητου",
        "τηλεφωνο",
        "τηλ",
        "αριθμοσ",
        "αρ",
        "tel",
        "mobile",
        "mob",
        "phone",
        "cell",
        "number",
        "no",
        "callto",
        "sms",
        "whatsapp",
        "viber",
        "t",
        "m",
        "τ",
        "κ",
    ];
    pub(super) const AFM: &[&str] =
        &["αφμ", "α", "φ", "μ", "afm", "vat", "tin", "tax", "number", "no", "id", "el", "ελ", "gr", "eλ", "εl", "ο", "μου", "ειναι"];
    pub(super) const AMKA: &[&str] = &["αμκα", "α", "μ", "κ", "amka", "number", "no", "ο", "μου", "ειναι"];
    pub(super) const PAAYPA: &[&str] = &["πααυπα", "π", "α", "υ", "paaypa", "number", "no", "ο", "μου", "ειναι"];
    pub(super) const EMAIL: &[&str] =
        &["email", "e", "mail", "mailto", "to", "from", "cc", "address", "is", "my", "contact", "διευθυνση", "το", "στο", "ειναι", "μου"];
}
