//! Sends a request through goose, which measures its time, and compares the response with the expected one.

use goose::goose::{GooseRequest, GooseUser, TransactionError};
use journeys::browser::Request;
use reqwest::{RequestBuilder, header::HeaderMap};
use serde_json::Value;

use crate::world::World;

/// The error with which goose ends a failed step. The cause of the failure has already been recorded.
pub(crate) type Failed = Box<TransactionError>;

pub(crate) struct Response {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Makes requests on behalf of a user.
pub(crate) struct Caller<'c> {
    pub(crate) world: &'c World,
    pub(crate) goose: &'c mut GooseUser,
}

impl Caller<'_> {
    /// Calls an operation whose response must have this status.
    pub(crate) async fn call(&mut self, operation: &str, request: Request<'_>, status: u16) -> Result<Response, Failed> {
        self.send(operation, request.builder(), status).await
    }

    /// Calls an operation that must be rejected with this status and problem code.
    pub(crate) async fn rejected(&mut self, operation: &str, request: Request<'_>, status: u16, code: &str) -> Result<(), Failed> {
        let response = self.send(operation, request.builder(), status).await?;
        self.must(response.json()["code"] == code, operation, "another problem code")
    }

    /// Records `error` and fails if the condition does not hold.
    pub(crate) fn must(&self, holds: bool, operation: &str, error: &str) -> Result<(), Failed> {
        if holds { Ok(()) } else { Err(self.failed(format!("{operation}: {error}"))) }
    }

    pub(crate) async fn send(&mut self, operation: &str, request: RequestBuilder, status: u16) -> Result<Response, Failed> {
        let request = GooseRequest::builder().set_request_builder(request).expect_status_code(status).name(operation).build();
        let sent = self.goose.request(request).await?;
        let response = sent.response.map_err(|_| self.failed(format!("{operation}: no response")))?;
        let (actual, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.map_err(|_| self.failed(format!("{operation}: an incomplete response")))?.to_vec();
        let response = Response { headers, body };
        if actual == status {
            return Ok(response);
        }
        // Reports only the code of a problem, because other members may contain personal data.
        let code = response.json()["code"].as_str().map_or_else(String::new, |code| format!(" ({code})"));
        Err(self.failed(format!("{operation}: {actual}{code} instead of {status}")))
    }

    fn failed(&self, error: String) -> Failed {
        self.world.add_error(error.clone());
        Box::new(TransactionError::Custom(error))
    }
}
