//! Runs a function: receives events, makes the checks that every request must pass, calls the handler, sends the response and logs.

use std::{
    sync::Mutex,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use aws::CallStatistics;
use domain::Moment;
use futures_util::future::BoxFuture;
use lambda_http::{Body, Error, Request, RequestExt, Response, service_fn};
use lambda_runtime::LambdaEvent;
use messages::problem::Problem;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{
    call::{AcceptedBody, Call},
    failure::Failure,
    log::{self, LogCode},
    reply::Reply,
    setup::Variables,
};

/// The type of a handler that is passed to [`serve`]: `|deps, call| Box::pin(handle(deps, call))`.
pub type BoxedHandler<D> = for<'a> fn(&'a D, &'a Call) -> BoxFuture<'a, Result<Reply, Failure>>;

/// Part of the function's time limit that is reserved for sending the response [`Problem::Timeout`].
const TIME_FOR_RESPONSE: Duration = Duration::from_millis(700);

/// Exit code after a panic. It is the usual exit code of a Rust program that panics.
const PANIC_EXIT_CODE: i32 = 101;

/// Serves HTTP requests from the gateway until the process ends. Bodies must be JSON.
///
/// # Errors
/// If environment variables are missing, or the Lambda runtime ends.
pub async fn serve<D: Send + Sync>(
    operation: &'static str,
    setup: impl Into<Variables>,
    deps: D,
    handler: BoxedHandler<D>,
) -> Result<(), Error> {
    serve_with_body(operation, setup, deps, AcceptedBody::JSON, handler).await
}

/// Does the same as [`serve`] for an operation that accepts `body` instead of JSON.
///
/// # Errors
/// If environment variables are missing, or the Lambda runtime ends.
pub async fn serve_with_body<D: Send + Sync>(
    operation: &'static str,
    setup: impl Into<Variables>,
    deps: D,
    body: AcceptedBody,
    handler: BoxedHandler<D>,
) -> Result<(), Error> {
    let public_origin = setup.into().finish(operation)?;
    serve_requests(operation, &public_origin, &(deps, body, handler), guarded).await
}

/// Calls the handler if the request passes the checks against requests from other sites.
fn guarded<'a, D: Sync>(
    (deps, body, handler): &'a (D, AcceptedBody, BoxedHandler<D>),
    call: &'a Call,
) -> BoxFuture<'a, Result<Reply, Failure>> {
    Box::pin(async move {
        call.check_site()?;
        call.check_unsafe(*body)?;
        handler(deps, call).await
    })
}

/// Responds to every HTTP request with the result of `reply_to`, until the process ends.
///
/// Omits the checks of [`serve`]. They are not needed, because `reply_to` changes nothing and has no access to stored data.
///
/// # Errors
/// If environment variables are missing, or the Lambda runtime ends.
pub async fn serve_unchecked(operation: &'static str, reply_to: fn(&Call) -> Result<Reply, Problem>) -> Result<(), Error> {
    let public_origin = Variables::default().finish(operation)?;
    serve_requests(operation, &public_origin, &reply_to, |reply_to, call| Box::pin(async { reply_to(call).map_err(Failure::from) })).await
}

async fn serve_requests<D: Send + Sync>(
    operation: &'static str,
    public_origin: &str,
    deps: &D,
    handler: BoxedHandler<D>,
) -> Result<(), Error> {
    exit_on_panic(operation);
    lambda_http::run(service_fn(move |request: Request| respond(operation, public_origin, deps, handler, request))).await
}

async fn respond<D: Send + Sync>(
    operation: &'static str,
    public_origin: &str,
    deps: &D,
    handler: BoxedHandler<D>,
    request: Request,
) -> Result<Response<Body>, Error> {
    let started = Instant::now();
    let time_left = request
        .lambda_context_ref()
        .and_then(|context| context.deadline().duration_since(SystemTime::now()).ok())
        .map_or(Duration::from_secs(9), |left| left.saturating_sub(TIME_FOR_RESPONSE));
    let function = request.lambda_context_ref().map(|context| context.env_config.function_name.clone()).unwrap_or_default();
    let call = Call::new(request, public_origin, now());
    set_current_request(&call.request_id);
    let (in_time, statistics) = aws::counted(tokio::time::timeout(time_left, handler(deps, &call))).await;
    let statistics = statistics.alongside(call.finish_background().await);
    let result = in_time.unwrap_or_else(|_| Err(Failure::Failed { problem: Problem::Timeout, cause: "time limit".to_owned() }));
    let result = result.and_then(|reply| if reply.fits() { Ok(reply) } else { Err(Failure::internal("answer too large for Lambda")) });
    let (reply, failure) = match result {
        Ok(reply) => (reply, None),
        Err(failure) => {
            let reply = match (call.app(), call.problem_page()) {
                (Some(app), _) => Reply::problem_to_app(failure.problem(), app),
                (None, Some(return_to)) => Reply::problem_to_page(failure.problem(), return_to),
                (None, None) => Reply::problem(failure.problem(), call.language, call.now),
            };
            (reply, Some(failure))
        }
    };
    let mut fields =
        vec![("request_id", json!(call.request_id)), ("status", json!(reply.status.as_u16())), ("ms", json!(milliseconds(started)))];
    fields.extend(statistics_fields(statistics));
    fields.extend(outcome_fields(failure.as_ref(), &function, call.now));
    log::line(operation, LogCode::Answered, &fields);
    let response = reply.into_response(call.language);
    set_current_request("");
    Ok(response)
}

/// Processes events that are not HTTP requests (records of a stream, ticks of a schedule, reports of SES) until the process ends.
///
/// Lambda repeats an event for which the handler returns an error. Handlers read the time with [`now`].
///
/// # Errors
/// If environment variables are missing, or the Lambda runtime ends.
pub async fn serve_event<D: Sync, E: DeserializeOwned>(
    operation: &'static str,
    setup: impl Into<Variables>,
    deps: D,
    handler: for<'a> fn(&'a D, E) -> BoxFuture<'a, Result<Value, Failure>>,
) -> Result<(), Error> {
    setup.into().finish(operation)?;
    exit_on_panic(operation);
    let deps = &deps;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<E>| async move {
        let started = Instant::now();
        set_current_request(&event.context.request_id);
        let (result, statistics) = aws::counted(handler(deps, event.payload)).await;
        let mut fields = vec![
            ("request_id", json!(event.context.request_id)),
            ("outcome", json!(if result.is_ok() { "ok" } else { "failed" })),
            ("ms", json!(milliseconds(started))),
        ];
        fields.extend(statistics_fields(statistics));
        let result = result.map_err(|failure| match failure {
            Failure::Refused(problem) => Error::from(problem.code()),
            Failure::Failed { cause, .. } => Error::from(cause),
        });
        fields.extend(result.as_ref().err().map(|error| ("cause", json!(error.to_string()))));
        log::line(operation, LogCode::Answered, &fields);
        set_current_request("");
        result
    }))
    .await
}

/// Lambda's ID of the current event, for the log line of a panic. Empty between two events. A process handles one event at a time.
static CURRENT_REQUEST: Mutex<String> = Mutex::new(String::new());

fn set_current_request(request_id: &str) {
    if let Ok(mut current) = CURRENT_REQUEST.lock() {
        request_id.clone_into(&mut current);
    }
}

/// Installs a panic hook that logs the location of the panic and ends the process.
///
/// The process ends because its state may be inconsistent. Lambda counts an error of the function, the gateway sends an error response, and
/// the next request gets a new process. The message of the panic is not logged, because it may quote personal data.
fn exit_on_panic(operation: &'static str) {
    std::panic::set_hook(Box::new(move |panic| {
        let request_id = CURRENT_REQUEST.try_lock().map_or_else(|_| String::new(), |current| current.clone());
        let place = panic.location().map_or_else(|| "unknown".to_owned(), |place| format!("{}:{}", place.file(), place.line()));
        log::line(operation, LogCode::Panicked, &[("request_id", json!(request_id)), ("cause", json!(place))]);
        // Exits instead of aborting, because an abort may write the memory of the process to a core dump.
        std::process::exit(PANIC_EXIT_CODE);
    }));
}

/// Reads the clock. HTTP handlers use `Call::now` instead, which is read once per request. Handlers of other events call this function for
/// each item, because they run longer.
pub fn now() -> Moment {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    Moment::from_epoch_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// Returns the log fields for the result of a call.
///
/// Only [`Problem::Internal`] is counted for the function's alarm. Throttling, time limits and failures of external services are not
/// counted, because they depend on the load and on other systems, and must not roll back a deployment (docs/decisions/monitoring.md).
fn outcome_fields(failure: Option<&Failure>, function: &str, at: Moment) -> Vec<(&'static str, Value)> {
    let Some(failure) = failure else { return vec![("outcome", json!("ok"))] };
    let mut fields = vec![("outcome", json!(failure.problem().code()))];
    if let Failure::Failed { cause, .. } = failure {
        fields.push(("cause", json!(cause)));
    }
    if *failure.problem() == Problem::Internal {
        fields.extend(log::failure_metric(function, at));
    }
    fields
}

/// Returns the log fields for the calls to AWS.
fn statistics_fields(statistics: CallStatistics) -> impl Iterator<Item = (&'static str, Value)> {
    let if_any = |name, number| (number > 0).then(|| (name, json!(number)));
    let rare = [if_any("aws_beside", statistics.background_calls), if_any("aws_retries", statistics.retries)];
    [("aws_calls", json!(statistics.calls)), ("aws_rounds", json!(statistics.rounds))].into_iter().chain(rare.into_iter().flatten())
}

fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use lambda_http::http::StatusCode;
    use registers::RegisterError;
    use storage::StorageError;

    use super::*;

    #[test]
    fn only_internal_errors_are_counted_for_the_alarm_of_a_function() {
        let failed = |problem| Failure::Failed { problem, cause: "why".to_owned() };
        let internal = [
            Failure::internal("answer too large for Lambda"),
            StorageError::Unavailable("GetItem: AccessDeniedException".to_owned()).into(),
            StorageError::Denied.into(),
            StorageError::Corrupt("an item has another shape").into(),
        ];
        let not_counted = [
            StorageError::Throttled("GetItem".to_owned()).into(),
            RegisterError::Unavailable("v1/person: status 500".to_owned()).into(),
            failed(Problem::TaxisnetUnavailable),
            failed(Problem::OtpNotSent),
            failed(Problem::Timeout),
            Problem::NotFound.into(),
            Problem::PullRefused.into(),
        ];
        let line_of = |failure: Option<&Failure>| -> serde_json::Map<String, Value> {
            let fields = outcome_fields(failure, "myphoto-SignIn-1", Moment::from_epoch_seconds(1_800_000_000));
            fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
        };
        for failure in &internal {
            let line = line_of(Some(failure));
            assert_eq!(line["outcome"], "internal");
            assert_eq!(line["cause"], failure.cause());
            assert_eq!(line["_aws"]["Timestamp"], 1_800_000_000_000_i64, "milliseconds");
            let metric = &line["_aws"]["CloudWatchMetrics"][0];
            assert_eq!(metric["Namespace"], "myPhoto/Functions");
            // The line contains the fields that the metric refers to.
            assert_eq!(metric["Dimensions"], json!([["FunctionName"]]));
            assert_eq!(line["FunctionName"], "myphoto-SignIn-1");
            assert_eq!(metric["Metrics"], json!([{ "Name": "Failures", "Unit": "Count" }]));
            assert_eq!(line["Failures"], 1);
        }
        for failure in not_counted.iter().map(Some).chain([None]) {
            let line = line_of(failure);
            assert_eq!(line["outcome"], failure.map_or("ok", |failure| failure.problem().code()));
            assert!(line.keys().all(|name| ["outcome", "cause"].contains(&name.as_str())), "{line:?}");
        }
    }

    #[tokio::test]
    async fn a_response_too_large_for_lambda_becomes_a_problem() {
        for (bytes, status) in [(4_000_000, 200), (5_000_000, 500)] {
            let request = Request::new(Body::Empty).with_lambda_context(lambda_runtime::Context::default());
            let handler: BoxedHandler<usize> =
                |bytes, _| Box::pin(async { Ok(Reply::file(StatusCode::OK, "application/zip", vec![0; *bytes])) });
            let response = respond("test", "https://myphoto.example", &bytes, handler, request).await.unwrap();
            assert_eq!(response.status(), status);
        }
    }
}
