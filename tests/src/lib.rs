//! Journeys: people of the sandbox who use a deployed stack over HTTP, as their browsers would.
//!
//! Whatever is not as expected panics with what was asked and what came back: the callers are tests.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a harness of tests: what fails here fails the test that calls it")]

#[cfg(feature = "operator")]
pub mod application;
pub mod browser;
pub mod citizen;
pub mod dice;
pub mod docs;
pub mod fixtures;
pub mod inbox;
pub mod jpeg;
pub mod minors;
pub mod mobile;
pub mod people;
pub mod photographer;
pub mod pictures;
pub mod qr;
pub mod stack;
pub mod staff;
