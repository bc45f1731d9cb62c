//! Test harness: drives people of the sandbox through a deployed stack over HTTP, as their browsers and apps would.
//!
//! Only tests and programs for development use the harness. So if a response is not the expected one, the harness panics with a message
//! that names the request and quotes the response.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test harness: a failure here fails the test that calls it")]

#[cfg(feature = "operator")]
pub mod application;
pub mod browser;
pub mod citizen;
pub mod dice;
pub mod docs;
pub mod fixtures;
pub mod gateway;
pub mod inbox;
pub mod jpeg;
pub mod kep;
pub mod midnight;
pub mod minors;
pub mod mobile;
pub mod people;
pub mod photographer;
pub mod pictures;
pub mod qr;
pub mod routes;
pub mod ses;
pub mod stack;
pub mod staff;
