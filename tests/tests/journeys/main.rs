//! Journeys over HTTP on the deployed stack. One program, so that it is linked once, and tests that wait do so beside others.
//!
//! What looks at all that is stored or logged runs after it, with nothing else going on: dump.rs, logs.rs.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test that calls it")]

mod applications;
mod applications_doc;
mod authorizations;
#[path = "../aws/mod.rs"]
mod aws;
mod code_limits;
mod delivery;
mod dissociation;
mod history;
mod issued_list;
#[path = "../aws/items.rs"]
mod items;
#[path = "../aws/reminders.rs"]
mod kept_reminders;
mod main_journey;
mod minors;
mod mobile;
mod model;
#[path = "../aws/objects.rs"]
mod objects;
#[path = "../aws/outbox.rs"]
mod outbox;
mod photos_zip;
mod picture_report;
mod raw;
mod refusals;
mod reminders;
mod repetition;
mod resend;
mod retention;
mod rights;
mod staff;
mod thief;
mod web;
mod who_may;
