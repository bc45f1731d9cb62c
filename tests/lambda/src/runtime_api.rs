//! A Lambda Runtime API that delivers one event.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc};

/// Lambda's id of the event.
pub const REQUEST_ID: &str = "00000000-0000-4000-8000-000000000007";

/// A trace id, as the Runtime API sends it with each event.
pub const TRACE_ID: &str = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0";

/// A request of the function to the Runtime API, other than a poll for an event.
#[derive(Debug)]
pub struct Sent {
    pub path: String,
    /// The body, or `null` if it is not JSON.
    pub body: Value,
}

pub struct RuntimeApi {
    address: SocketAddr,
    sent: mpsc::UnboundedReceiver<Sent>,
}

#[derive(Clone)]
struct Event {
    event: Arc<str>,
    trace_id: Option<&'static str>,
    delivered: Arc<AtomicBool>,
    sent: mpsc::UnboundedSender<Sent>,
}

impl RuntimeApi {
    /// Listens on a free port. The first poll gets `event`. The second poll gets no response.
    ///
    /// # Panics
    /// If no port is free.
    pub async fn start(event: Value, trace_id: Option<&'static str>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (sender, sent) = mpsc::unbounded_channel();
        let event = Event { event: event.to_string().into(), trace_id, delivered: Arc::default(), sent: sender };
        let router = Router::new().fallback(serve).layer(DefaultBodyLimit::disable()).with_state(event);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, sent }
    }

    /// Returns the value of `AWS_LAMBDA_RUNTIME_API`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Waits for the function's response or error.
    ///
    /// # Panics
    /// If the server has ended.
    pub async fn sent(&mut self) -> Sent {
        self.sent.recv().await.expect("the server runs")
    }

    /// Returns the function's oldest response or error that was not returned yet. Does not wait, and returns `None` if there is none.
    pub fn sent_so_far(&mut self) -> Option<Sent> {
        self.sent.try_recv().ok()
    }
}

async fn serve(State(event): State<Event>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    if head.method == Method::GET {
        if event.delivered.swap(true, Ordering::SeqCst) {
            return std::future::pending().await;
        }
        let response = [
            ("content-type", "application/json"),
            ("lambda-runtime-aws-request-id", REQUEST_ID),
            ("lambda-runtime-deadline-ms", "4000000000000"),
            ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-south-1:000000000000:function:test"),
        ];
        let trace_id = event.trace_id.map(|id| [("lambda-runtime-trace-id", id)]);
        let event = event.event.to_string();
        return match trace_id {
            Some(trace_id) => (response, trace_id, event).into_response(),
            None => (response, event).into_response(),
        };
    }
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let _ = event.sent.send(Sent { path: head.uri.path().to_owned(), body: serde_json::from_slice(&body).unwrap_or_default() });
    StatusCode::ACCEPTED.into_response()
}

/// Returns an event of API Gateway: `GET /`, without headers.
pub fn gateway_event() -> Value {
    json!({
        "httpMethod": "GET", "path": "/", "resource": "/", "headers": {}, "multiValueHeaders": {}, "isBase64Encoded": false, "body": null,
        "requestContext": { "accountId": "1", "apiId": "a", "httpMethod": "GET", "path": "/", "resourceId": "r", "resourcePath": "/", "stage": "s",
            "requestId": "q", "identity": { "sourceIp": "192.0.2.1" } },
    })
}
