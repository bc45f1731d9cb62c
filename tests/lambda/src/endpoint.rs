//! An HTTP endpoint that functions call in place of AWS, TAXISnet and the registers. It records the requests that it receives.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::StatusCode,
    response::IntoResponse,
};
use tokio::net::TcpListener;

/// A request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub method: String,
    /// The request target: a path with its query, or a whole URL if the client uses the endpoint as a proxy.
    pub target: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Received {
    /// Returns a header's value, or an empty string if it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// A response, sent after `delay`.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    pub content_type: &'static str,
    pub body: String,
    pub delay: Duration,
}

impl Response {
    pub fn ok(content_type: &'static str, body: impl Into<String>) -> Self {
        Self { status: 200, content_type, body: body.into(), delay: Duration::ZERO }
    }
}

#[derive(Default)]
struct Seen {
    received: Vec<Received>,
    open: usize,
    concurrent_requests_max: usize,
}

#[derive(Clone)]
struct Serving {
    respond: Arc<dyn Fn(&Received) -> Response + Send + Sync>,
    seen: Arc<Mutex<Seen>>,
}

impl Serving {
    fn seen<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

pub struct Endpoint {
    pub url: String,
    serving: Serving,
}

impl Endpoint {
    /// Listens on a free port until the runtime ends. `respond` returns the response to each request.
    ///
    /// # Panics
    /// If no port is free.
    pub async fn start(respond: impl Fn(&Received) -> Response + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let serving = Serving { respond: Arc::new(respond), seen: Arc::default() };
        let router = Router::new().fallback(serve).layer(DefaultBodyLimit::disable()).with_state(serving.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, serving }
    }

    /// Returns the requests that have arrived since the previous call of `take`, in the order of their arrival.
    pub fn take(&self) -> Vec<Received> {
        self.serving.seen(|seen| std::mem::take(&mut seen.received))
    }

    /// Returns the largest number of requests that waited for their responses at the same time.
    pub fn concurrent_requests_max(&self) -> usize {
        self.serving.seen(|seen| seen.concurrent_requests_max)
    }
}

async fn serve(State(serving): State<Serving>, request: Request) -> impl IntoResponse {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let received = Received {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let response = (serving.respond)(&received);
    serving.seen(|seen| {
        seen.received.push(received);
        seen.open += 1;
        seen.concurrent_requests_max = seen.concurrent_requests_max.max(seen.open);
    });
    tokio::time::sleep(response.delay).await;
    serving.seen(|seen| seen.open -= 1);
    (StatusCode::from_u16(response.status).expect("a status"), [("content-type", response.content_type)], response.body)
}
