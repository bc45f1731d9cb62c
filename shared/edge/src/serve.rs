//! Runs a function: reads its events, guards what every call must keep to, answers, logs.

use std::{
    panic::AssertUnwindSafe,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use aws::Tally;
use domain::Moment;
use futures_util::{FutureExt, future::BoxFuture};
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
    let call = Call::new(request, public_origin, now());
    let caught = AssertUnwindSafe(tokio::time::timeout(time_left, handler(deps, &call))).catch_unwind();
    let (caught, tally) = aws::counted(caught).await;
    let tally = tally.and_beside(call.finish_beside().await);
    let result = match caught {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(Failure::Failed { problem: Problem::Timeout, cause: "time limit".to_owned() }),
        Err(_) => {
            log::line(operation, LogCode::Panicked, &[("request_id", json!(call.request_id))]);
            Err(Failure::internal("panic"))
        }
    };
    let result = result.and_then(|reply| if reply.fits() { Ok(reply) } else { Err(Failure::internal("answer too large for Lambda")) });
    let (reply, outcome, cause) = match result {
        Ok(reply) => (reply, "ok", None),
        Err(failure) => {
            let reply = match (call.app(), call.problem_page()) {
                (Some(app), _) => Reply::problem_to_app(failure.problem(), app),
                (None, Some(return_to)) => Reply::problem_to_page(failure.problem(), return_to),
                (None, None) => Reply::problem(failure.problem(), call.language, call.now),
            };
            let code = failure.problem().code();
            let cause = match failure {
                Failure::Refused(_) => None,
                Failure::Failed { cause, .. } => Some(cause),
            };
            (reply, code, cause)
        }
    };
    let mut fields = vec![
        ("request_id", json!(call.request_id)),
        ("outcome", json!(outcome)),
        ("status", json!(reply.status.as_u16())),
        ("ms", json!(milliseconds(started))),
    ];
    fields.extend(asked(tally));
    fields.extend(cause.map(|cause| ("cause", json!(cause))));
    log::line(operation, LogCode::Answered, &fields);
    Ok(reply.into_response(call.language))
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
    let deps = &deps;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<E>| async move {
        let started = Instant::now();
        let (result, tally) = aws::counted(handler(deps, event.payload)).await;
        let mut fields = vec![
            ("request_id", json!(event.context.request_id)),
            ("outcome", json!(if result.is_ok() { "ok" } else { "failed" })),
            ("ms", json!(milliseconds(started))),
        ];
        fields.extend(asked(tally));
        let result = result.map_err(|failure| match failure {
            Failure::Refused(problem) => Error::from(problem.code()),
            Failure::Failed { cause, .. } => Error::from(cause),
        });
        fields.extend(result.as_ref().err().map(|error| ("cause", json!(error.to_string()))));
        log::line(operation, LogCode::Answered, &fields);
        result
    }))
    .await
}

/// The one place that reads the clock. Calls have their one instant; work that goes on reads it for each piece.
pub fn now() -> Moment {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    Moment::from_epoch_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// What a line says of AWS.
fn asked(tally: Tally) -> impl Iterator<Item = (&'static str, Value)> {
    let some = |name, number| (number > 0).then(|| (name, json!(number)));
    let rare = [some("aws_beside", tally.beside), some("aws_retries", tally.retries)];
    [("aws_calls", json!(tally.calls)), ("aws_rounds", json!(tally.rounds))].into_iter().chain(rare.into_iter().flatten())
}

fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use lambda_http::http::StatusCode;

    use super::*;

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
