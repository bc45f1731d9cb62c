//! The HTTP edge of every function: request -> typed input, guards, problem+json, headers, logging, start-up.
//!
//! A handler is `async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure>`. What it may do is in `Deps`; who
//! calls is in a guard that can be had from a checked session ([`guard`]) or from a signed request ([`signed`]) only.

mod call;
mod token_transport;
mod failure;
pub mod guard;
pub mod log;
pub mod page;
pub mod records;
mod reply;
mod serve;
mod setup;
pub mod signed;
pub mod views;

pub use call::{Call, PageRequest, SESSION_COOKIE, SIGN_IN_COOKIE};
pub use token_transport::TokenTransport;
pub use failure::{Failure, status};
pub use reply::Reply;
pub use serve::{BoxedHandler, now, serve, serve_event, serve_refusals};
pub use setup::{Setup, StartError, Variables};
