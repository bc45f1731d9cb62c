//! A Lambda Runtime API that serves one process after the other and measures their times.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::Value;
use tokio::sync::oneshot;

/// Observations of one process.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    /// Time of the first poll for an event.
    pub(crate) polled: Option<Instant>,
    /// Resident memory at the first poll, in bytes.
    pub(crate) resident_at_poll: u64,
    /// Time from the delivery of each event to its response.
    pub(crate) durations: Vec<Duration>,
    pub(crate) statuses: Vec<i64>,
    /// Response bodies. Those that are not JSON are omitted.
    pub(crate) bodies: Vec<Value>,
    pub(crate) failure: Option<String>,
}

/// A process: the events that it still gets, and what was observed of it so far.
struct Run {
    pid: u32,
    event: Bytes,
    remaining: usize,
    delivered_at: Instant,
    watched: Watched,
    done: Option<oneshot::Sender<Watched>>,
}

#[derive(Clone, Default)]
pub(crate) struct RuntimeApi(Arc<Mutex<Option<Run>>>);

impl RuntimeApi {
    /// Starts the server and returns its address.
    pub(crate) async fn start(&self) -> String {
        let path = |rest: &str| format!("/2018-06-01/runtime/{rest}");
        let router = Router::new()
            .route(&path("invocation/next"), get(next))
            .route(&path("invocation/{id}/response"), post(responded))
            .route(&path("invocation/{id}/error"), post(failed))
            .route(&path("init/error"), post(failed))
            .layer(DefaultBodyLimit::disable())
            .with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        tokio::spawn(async move { axum::serve(listener, router).await.expect("served") });
        address
    }

    /// Delivers the same event `times` times to the process that is about to start. The receiver gets the observations after the last
    /// response or the first failure.
    pub(crate) fn expect(&self, event: &[u8], times: usize) -> oneshot::Receiver<Watched> {
        let (done, receiver) = oneshot::channel();
        let run = Run {
            pid: 0,
            event: Bytes::copy_from_slice(event),
            remaining: times,
            delivered_at: Instant::now(),
            watched: Watched::default(),
            done: Some(done),
        };
        *self.lock() = Some(run);
        receiver
    }

    /// Tells the server the ID of the process that was started.
    pub(crate) fn started(&self, pid: u32) {
        if let Some(run) = self.lock().as_mut() {
            run.pid = pid;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Run>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(run: &mut Run) {
        if let Some(done) = run.done.take() {
            let _ = done.send(std::mem::take(&mut run.watched));
        }
    }
}

async fn next(State(api): State<RuntimeApi>) -> Response {
    let now = Instant::now();
    loop {
        // The process may poll before `started` has stored the process ID. Reading its memory needs this ID, so the loop waits.
        if api.lock().as_ref().is_some_and(|run| run.pid > 0) {
            break;
        }
        tokio::time::sleep(Duration::from_micros(50)).await;
    }
    let event = api.lock().as_mut().and_then(|run| {
        if run.watched.polled.is_none() {
            run.watched.polled = Some(now);
            run.watched.resident_at_poll = memory(run.pid, "VmRSS");
        }
        run.remaining = run.remaining.checked_sub(1)?;
        Some((run.event.clone(), run.remaining))
    });
    let Some((event, remaining)) = event else {
        // The process has handled all events. This poll never gets a response, and the caller ends the process.
        return std::future::pending().await;
    };
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis()) + 10_000;
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("lambda-runtime-aws-request-id", format!("00000000-0000-4000-8000-{remaining:012}")),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-south-1:000000000000:function:bench".to_owned()),
        ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0".to_owned()),
        ("content-type", "application/json".to_owned()),
    ] {
        headers.insert(name, HeaderValue::from_str(&value).expect("a header"));
    }
    if let Some(run) = api.lock().as_mut() {
        run.delivered_at = Instant::now();
    }
    (headers, event).into_response()
}

async fn responded(State(api): State<RuntimeApi>, body: Bytes) -> StatusCode {
    let now = Instant::now();
    if let Some(run) = api.lock().as_mut() {
        run.watched.durations.push(now - run.delivered_at);
        // Responses to events that are not HTTP requests have no status.
        let response: Value = serde_json::from_slice(&body).unwrap_or_default();
        run.watched.bodies.extend(response["body"].as_str().and_then(|body| serde_json::from_str(body).ok()));
        run.watched.statuses.push(response["statusCode"].as_i64().unwrap_or_default());
        if run.remaining == 0 {
            RuntimeApi::finish(run);
        }
    }
    StatusCode::ACCEPTED
}

async fn failed(State(api): State<RuntimeApi>, body: Bytes) -> StatusCode {
    if let Some(run) = api.lock().as_mut() {
        run.watched.failure = Some(String::from_utf8_lossy(&body).into_owned());
        RuntimeApi::finish(run);
    }
    StatusCode::ACCEPTED
}

/// Returns a value of `/proc/PID/status` in bytes, or 0 if it is missing. `name` is the name of the line.
pub(crate) fn memory(pid: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default() * 1_024
}
