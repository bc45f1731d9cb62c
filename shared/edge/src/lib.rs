//! The HTTP layer of every function: parsing of requests, guards, problem documents, headers, logging and start-up.
//!
//! A handler is `async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure>`. `Deps` contains the tables and clients that the
//! handler uses. A guard identifies the caller. It can be created only from a valid session ([`guard`]) or from a signed request
//! ([`signed`]).

mod call;
mod failure;
pub mod guard;
pub mod log;
pub mod otp;
pub mod page;
pub mod records;
mod reply;
mod serve;
mod setup;
pub mod signed;
mod token_transport;
pub mod views;

pub use call::{AcceptedBody, Call, PageRequest, SESSION_COOKIE, SIGN_IN_COOKIE};
pub use failure::{Failure, status};
pub use reply::Reply;
pub use serve::{BoxedHandler, now, serve, serve_event, serve_unchecked, serve_with_body};
pub use setup::{Setup, StartError, Variables};
pub use token_transport::TokenTransport;
