//! Rules and types of the service.
//!
//! This crate does no I/O, calls no AWS service and reads no clock. Functions take the time ([`Moment`]), randomness and facts as arguments
//! and return decisions. Every limit and retention period of the service is defined here and nowhere else.

pub mod application;
pub mod association;
pub mod authorization;
pub mod business;
pub mod code_limit;
pub mod code_number;
pub mod consent;
pub mod delivery;
pub mod delivery_failure;
pub mod face_position;
pub mod identity;
pub mod kep;
pub mod language;
pub mod minor;
pub mod native_app;
pub mod otp;
pub mod photo;
pub mod picture_report;
pub mod picture_rule;
pub mod quota;
pub mod recipient;
pub mod reference;
pub mod reminder;
pub mod retention;
pub mod secret;
pub mod session;
pub mod small_copy;
pub mod staff;
pub mod submission;
pub mod time;
pub mod typed;
pub mod verdict;
pub mod without_face;

pub use code_number::{CodeNumber, MalformedCode};
pub use identity::{Afm, Amka, Identifier, Paaypa, SubjectId};
pub use language::Language;
pub use photo::{FileProfile, ImageKind};
pub use recipient::{EmailAddress, GreekMobile, Recipient};
pub use reference::Reference;
pub use secret::Secret;
pub use time::{AthensDay, AthensMonth, Moment};
