//! One call: sent by goose, which times it, and compared with what is expected.

use goose::goose::{GooseRequest, GooseUser, TransactionError};
use journeys::browser::Request;
use reqwest::{RequestBuilder, header::HeaderMap};
use serde_json::Value;

use crate::world::World;

/// Goose's way to say that a step failed. It was noted already.
pub(crate) type Failed = Box<TransactionError>;

pub(crate) struct Answer {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// One who makes calls.
pub(crate) struct Caller<'c> {
    pub(crate) world: &'c World,
    pub(crate) goose: &'c mut GooseUser,
}

impl Caller<'_> {
    /// Calls an operation that must answer with this status.
    pub(crate) async fn call(&mut self, operation: &str, request: Request<'_>, status: u16) -> Result<Answer, Failed> {
        self.send(operation, request.builder(), status).await
    }

    /// The same for what must be refused, with this code.
    pub(crate) async fn refused(&mut self, operation: &str, request: Request<'_>, status: u16, code: &str) -> Result<(), Failed> {
        let answer = self.send(operation, request.builder(), status).await?;
        self.must(answer.json()["code"] == code, operation, "refused for another reason")
    }

    /// Notes an error unless something holds.
    pub(crate) fn must(&self, holds: bool, operation: &str, otherwise: &str) -> Result<(), Failed> {
        if holds { Ok(()) } else { Err(self.failed(format!("{operation}: {otherwise}"))) }
    }

    pub(crate) async fn send(&mut self, operation: &str, request: RequestBuilder, status: u16) -> Result<Answer, Failed> {
        let request = GooseRequest::builder().set_request_builder(request).expect_status_code(status).name(operation).build();
        let sent = self.goose.request(request).await?;
        let response = sent.response.map_err(|_| self.failed(format!("{operation}: no answer")))?;
        let (got, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.map_err(|_| self.failed(format!("{operation}: half an answer")))?.to_vec();
        let answer = Answer { headers, body };
        if got == status {
            return Ok(answer);
        }
        // Of a problem its code, which names nobody.
        let code = answer.json()["code"].as_str().map_or_else(String::new, |code| format!(" ({code})"));
        Err(self.failed(format!("{operation}: {got}{code} instead of {status}")))
    }

    fn failed(&self, error: String) -> Failed {
        self.world.add_error(error.clone());
        Box::new(TransactionError::Custom(error))
    }
}
