//! The rules of the service and the types they speak of.
//!
//! Pure: no AWS, no I/O, no clock. Time ([`Moment`]), randomness and facts come in as arguments; decisions go out.
//! Every limit and retention period of the service stands in this crate and nowhere else.

pub mod application;
pub mod association;
pub mod authorization;
pub mod business;
pub mod code_limit;
pub mod code_number;
pub mod consent;
pub mod delivery;
pub mod identity;
pub mod language;
pub mod minor;
pub mod native_app;
pub mod otp;
pub mod photo;
pub mod picture_report;
pub mod quota;
pub mod recipient;
pub mod reminder;
pub mod retention;
pub mod secret;
pub mod session;
pub mod staff;
pub mod submission;
pub mod time;
pub mod verdict;

pub use code_number::{CodeNumber, MalformedCode};
pub use identity::{Afm, Amka, Identifier, Paaypa, SubjectId};
pub use language::Language;
pub use photo::{FileProfile, ImageKind};
pub use recipient::{EmailAddress, GreekMobile, Recipient};
pub use secret::Secret;
pub use time::{AthensDay, Moment};
