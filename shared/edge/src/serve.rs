//! Runs a function: reads its events, guards what every call must keep to, answers, logs.

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
    call::Call,
    failure::Failure,
    log::{self, LogCode},
    reply::Reply,
    setup::Variables,
};

/// A handler as `serve` takes it: `|deps, call| Box::pin(handle(deps, call))`.
pub type BoxedHandler<D> = for<'a> fn(&'a D, &'a Call) -> BoxFuture<'a, Result<Reply, Failure>>;

/// What is left of the time limit for saying that it was reached.
const TO_ANSWER: Duration = Duration::from_millis(700);

/// As of a Rust program that panics.
const PANICKED: i32 = 101;

/// Answers HTTP calls from the gateway for ever.
///
/// # Errors
/// Where variables are missing, or the Lambda runtime ends.
pub async fn serve<D: Send + Sync>(
    operation: &'static str,
    setup: impl Into<Variables>,
    deps: D,
    handler: BoxedHandler<D>,
) -> Result<(), Error> {
    let public_origin = setup.into().finish(operation)?;
    answer_all(operation, &public_origin, &(deps, handler), guarded).await
}

fn guarded<'a, D: Sync>((deps, handler): &'a (D, BoxedHandler<D>), call: &'a Call) -> BoxFuture<'a, Result<Reply, Failure>> {
    Box::pin(async move {
        call.check_site()?;
        call.check_unsafe()?;
        handler(deps, call).await
    })
}

/// Refuses all HTTP calls that it gets, for ever. As nothing is changed nothing is guarded: what a call carries does not hide the reason.
///
/// # Errors
/// Where variables are missing, or the Lambda runtime ends.
pub async fn serve_refusals(operation: &'static str, refusal: fn(&Call) -> Problem) -> Result<(), Error> {
    let public_origin = Variables::default().finish(operation)?;
    answer_all(operation, &public_origin, &refusal, |refusal, call| Box::pin(async { Err(refusal(call).into()) })).await
}

async fn answer_all<D: Send + Sync>(operation: &'static str, public_origin: &str, deps: &D, handler: BoxedHandler<D>) -> Result<(), Error> {
    end_with_a_panic(operation);
    lambda_http::run(service_fn(move |request: Request| answer(operation, public_origin, deps, handler, request))).await
}

async fn answer<D: Send + Sync>(
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
        .map_or(Duration::from_secs(9), |left| left.saturating_sub(TO_ANSWER));
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
    fields.extend(ending(failure.as_ref(), &function, call.now));
    log::line(operation, LogCode::Answered, &fields);
    let response = reply.into_response(call.language);
    set_current_request("");
    Ok(response)
}

/// Takes other events (a stream's records, a schedule's ticks) for ever. An error is Lambda's to retry. Handlers read the clock themselves.
///
/// # Errors
/// Where variables are missing, or the Lambda runtime ends.
pub async fn serve_event<D: Sync, E: DeserializeOwned>(
    operation: &'static str,
    setup: impl Into<Variables>,
    deps: D,
    handler: for<'a> fn(&'a D, E) -> BoxFuture<'a, Result<Value, Failure>>,
) -> Result<(), Error> {
    setup.into().finish(operation)?;
    end_with_a_panic(operation);
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

/// Lambda's id of the event that is worked on, for the line of a panic: a process has one at a time.
static CURRENT_REQUEST: Mutex<String> = Mutex::new(String::new());

/// Empty between two events.
fn set_current_request(request_id: &str) {
    if let Ok(mut current) = CURRENT_REQUEST.lock() {
        request_id.clone_into(&mut current);
    }
}

/// A panic is a fault in the code, and what it leaves behind is not to be gone on with: a line says where, and the process ends. Lambda counts
/// that as an error of the function, the gateway answers for it, and the next call has a new process. What the panic says of itself is not
/// told to anybody: it may quote what was being read.
fn end_with_a_panic(operation: &'static str) {
    std::panic::set_hook(Box::new(move |panic| {
        let request_id = CURRENT_REQUEST.try_lock().map_or_else(|_| String::new(), |current| current.clone());
        let place = panic.location().map_or_else(|| "unknown".to_owned(), |place| format!("{}:{}", place.file(), place.line()));
        log::line(operation, LogCode::Panicked, &[("request_id", json!(request_id)), ("cause", json!(place))]);
        // Not an abort, which may leave all memory in a file.
        std::process::exit(PANICKED);
    }));
}

/// The one place that reads the clock. Calls have their one instant; work that goes on reads it for each piece.
pub fn now() -> Moment {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    Moment::from_epoch_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// What a line says of how a call ended. `internal` is ours, and counted for the function's alarm; throttles, time limits and what others failed
/// at are not: they come with others' load, and no deployment is to go back for them (docs/decisions/monitoring.md).
fn ending(failure: Option<&Failure>, function: &str, at: Moment) -> Vec<(&'static str, Value)> {
    let Some(failure) = failure else { return vec![("outcome", json!("ok"))] };
    let mut fields = vec![("outcome", json!(failure.problem().code()))];
    if let Failure::Failed { cause, .. } = failure {
        fields.push(("cause", json!(cause)));
    }
    if *failure.problem() == Problem::Internal {
        fields.extend(log::own_failure(function, at));
    }
    fields
}

/// What a line says of AWS.
fn statistics_fields(statistics: CallStatistics) -> impl Iterator<Item = (&'static str, Value)> {
    let some = |name, number| (number > 0).then(|| (name, json!(number)));
    let rare = [some("aws_beside", statistics.background_calls), some("aws_retries", statistics.retries)];
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
    fn what_fails_by_us_is_counted_for_its_function_and_nothing_else_is() {
        let failed = |problem| Failure::Failed { problem, cause: "why".to_owned() };
        let ours = [
            Failure::internal("answer too large for Lambda"),
            StorageError::Unavailable("GetItem: AccessDeniedException".to_owned()).into(),
            StorageError::Denied.into(),
            StorageError::Corrupt("an item has another shape").into(),
        ];
        let not_ours = [
            StorageError::Throttled("GetItem".to_owned()).into(),
            RegisterError::Unavailable("v1/person: status 500".to_owned()).into(),
            failed(Problem::TaxisnetUnavailable),
            failed(Problem::OtpNotSent),
            failed(Problem::Timeout),
            Problem::NotFound.into(),
            Problem::PullRefused.into(),
        ];
        let ended = |failure: Option<&Failure>| -> serde_json::Map<String, Value> {
            let fields = ending(failure, "myphoto-SignIn-1", Moment::from_epoch_seconds(1_800_000_000));
            fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
        };
        for failure in &ours {
            let line = ended(Some(failure));
            assert_eq!(line["outcome"], "internal");
            assert_eq!(line["cause"], failure.cause());
            assert_eq!(line["_aws"]["Timestamp"], 1_800_000_000_000_i64, "milliseconds");
            let metric = &line["_aws"]["CloudWatchMetrics"][0];
            assert_eq!(metric["Namespace"], "myPhoto/Functions");
            // What the metric is made of stands in the line itself.
            assert_eq!(metric["Dimensions"], json!([["FunctionName"]]));
            assert_eq!(line["FunctionName"], "myphoto-SignIn-1");
            assert_eq!(metric["Metrics"], json!([{ "Name": "Failures", "Unit": "Count" }]));
            assert_eq!(line["Failures"], 1);
        }
        for failure in not_ours.iter().map(Some).chain([None]) {
            let line = ended(failure);
            assert_eq!(line["outcome"], failure.map_or("ok", |failure| failure.problem().code()));
            assert!(line.keys().all(|name| ["outcome", "cause"].contains(&name.as_str())), "{line:?}");
        }
    }

    #[tokio::test]
    async fn what_lambda_cannot_carry_is_a_problem_and_not_a_lost_answer() {
        for (bytes, status) in [(4_000_000, 200), (5_000_000, 500)] {
            let request = Request::new(Body::Empty).with_lambda_context(lambda_runtime::Context::default());
            let handler: BoxedHandler<usize> =
                |bytes, _| Box::pin(async { Ok(Reply::file(StatusCode::OK, "application/zip", vec![0; *bytes])) });
            let answer = answer("test", "https://myphoto.example", &bytes, handler, request).await.unwrap();
            assert_eq!(answer.status(), status);
        }
    }
}
