//! Journeys over HTTP on the deployed stack. All of them are in one program, so that only one program must be linked, and so that other
//! tests run while some tests wait.
//!
//! Tests that read everything that is stored or logged are separate programs, which run alone after this one: dump.rs, logs.rs.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failure here fails the test that calls it")]

mod application_registration;
mod applications;
mod applications_doc;
mod authorizations;
#[path = "../aws/mod.rs"]
mod aws;
mod bounces;
#[path = "../aws/case_messages.rs"]
mod case_messages;
mod code_limits;
mod delivery;
mod dissociation;
mod history;
mod issued_list;
#[path = "../aws/items.rs"]
mod items;
mod kep;
mod kep_citizen;
mod kep_declared;
mod kep_language;
mod kep_messages;
mod kep_roles;
mod kep_sessions;
mod locate_face;
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
mod references;
mod rejections;
mod reminders;
mod repetition;
mod resend;
mod retention;
mod rights;
mod staff;
#[path = "../aws/reminders.rs"]
mod stored_reminders;
mod thief;
mod verdicts;
mod web;
mod who_may;
mod without_face;
