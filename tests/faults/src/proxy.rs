//! Controls the proxies between functions and AWS, and defines the faults that they can cause. A proxy recognises a function's calls by
//! their user agent, which contains the function's name.

use journeys::{browser::Response, stack};
use serde_json::{Value, json};

/// One call that a function sends to AWS.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AwsCall {
    pub(crate) service: String,
    pub(crate) operation: String,
    /// Number of this call among the calls of the same operation in one invocation, counted from 0.
    pub(crate) nth: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Throttle,
    ServerError,
    /// Another transaction was writing the same item. The emulator never returns this error itself.
    Conflict,
    /// The connection breaks before AWS receives the call.
    ResetBefore,
    /// AWS executes the call, but the connection breaks before the response.
    ResetAfter,
    /// AWS never receives the call, and the function never receives a response.
    Timeout,
    /// AWS executes the call and responds only after the caller's timeout.
    Late,
}

pub(crate) const FAULTS: [Fault; 7] =
    [Fault::Throttle, Fault::ServerError, Fault::Conflict, Fault::ResetBefore, Fault::ResetAfter, Fault::Timeout, Fault::Late];

/// Delay in milliseconds that is longer than the SDK's timeout of one attempt (shared/aws).
const AFTER_ATTEMPT_TIMEOUT: u32 = 3_500;
/// Delay in milliseconds that is longer than the SDK's timeout of a call that is not retried.
const AFTER_CALL_TIMEOUT: u32 = 9_000;

impl Fault {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Throttle => "throttle",
            Self::ServerError => "server_error",
            Self::Conflict => "conflict",
            Self::ResetBefore => "reset_before",
            Self::ResetAfter => "reset_after",
            Self::Timeout => "timeout",
            Self::Late => "late",
        }
    }

    /// Returns the members of a proxy rule that cause this fault, or `None` if AWS has no such error for this call.
    pub(crate) fn effect(self, call: &AwsCall) -> Option<Value> {
        Some(match self {
            Self::Throttle => error(throttle(&call.service)?),
            Self::ServerError => error(server_error(&call.service)?),
            Self::Conflict => match call.operation.as_str() {
                "TransactWriteItems" => json!({ "error": {
                    "code": "TransactionCanceledException",
                    "status": 400,
                    "message": "Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict]",
                    "fields": { "CancellationReasons": [{ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" }] },
                } }),
                "PutItem" | "UpdateItem" | "DeleteItem" => error(("TransactionConflictException", 400)),
                _ => return None,
            },
            Self::ResetBefore => json!({ "reset": true }),
            Self::ResetAfter => json!({ "response": { "abort_bytes": 0 } }),
            Self::Timeout => json!({ "timeout_ms": AFTER_CALL_TIMEOUT }),
            Self::Late => json!({ "latency": AFTER_ATTEMPT_TIMEOUT }),
        })
    }
}

fn error((code, status): (&str, u16)) -> Value {
    json!({ "error": { "code": code, "status": status, "message": "broken on purpose" } })
}

fn throttle(service: &str) -> Option<(&'static str, u16)> {
    Some(match service {
        "dynamodb" => ("ProvisionedThroughputExceededException", 400),
        "s3" => ("SlowDown", 503),
        "kms" => ("ThrottlingException", 400),
        "sns" => ("Throttled", 429),
        "ses" | "sesv2" => ("TooManyRequestsException", 429),
        _ => return None,
    })
}

fn server_error(service: &str) -> Option<(&'static str, u16)> {
    Some(match service {
        "dynamodb" => ("InternalServerError", 500),
        "s3" | "sns" => ("InternalError", 500),
        "kms" => ("KMSInternalException", 500),
        "ses" | "sesv2" => ("InternalServiceErrorException", 500),
        _ => return None,
    })
}

/// Returns the URLs of both proxies: in front of the emulator, and in front of the sandbox, which receives SMS and email.
fn proxies() -> [String; 2] {
    ["EMULATOR_PROXY", "SANDBOX_PROXY"].map(stack::variable)
}

/// Makes a first call to each service. A proxy loads its data about a service at the first call, which takes longer than a function's
/// timeout.
pub(crate) async fn warm() {
    for (proxy, services) in proxies().iter().zip([["dynamodb", "s3", "kms"].as_slice(), ["sns", "ses"].as_slice()]) {
        for service in services {
            let signed =
                format!("AWS4-HMAC-SHA256 Credential=warm/20260101/eu-south-1/{service}/aws4_request, SignedHeaders=host, Signature=0");
            let request = stack::client().post(proxy).header("authorization", signed).body("{}");
            Response::read(format!("the proxy's first call to {service}"), request).await;
        }
    }
}

/// Replaces all rules, and deletes the list of calls that matched a rule. If several rules match a call, the first one applies.
pub(crate) async fn set(rules: &[Value]) {
    for proxy in proxies() {
        let request = stack::client().post(format!("{proxy}/_microburst/rules")).json(&rules);
        Response::read("POST rules of the proxy".to_owned(), request).await.expect(200);
        let request = stack::client().delete(format!("{proxy}/_microburst/fired"));
        Response::read("DELETE fired of the proxy".to_owned(), request).await.expect(200);
    }
}

/// Removes all rules.
pub(crate) async fn clear() {
    for proxy in proxies() {
        let request = stack::client().post(format!("{proxy}/_microburst/rules")).json(&json!([]));
        Response::read("POST rules of the proxy".to_owned(), request).await.expect(200);
    }
}

/// Returns a rule for a function's calls to AWS. `function` is a part of the function's name, such as `-SubmitCode-`. The user agent of the
/// calls contains it.
pub(crate) fn rule(function: &str, effect: &Value, more: &Value) -> Value {
    let mut rule = json!({ "headers": { "user-agent": function } });
    for part in [effect, more] {
        let members = part.as_object().expect("an object").clone();
        rule.as_object_mut().expect("an object").extend(members);
    }
    rule
}

/// Records all of a function's calls to AWS, and lets them pass.
pub(crate) async fn watch(function: &str) {
    set(&[rule(function, &json!({ "latency": 1 }), &json!({}))]).await;
}

/// Returns the calls that matched a rule since the rules were set, oldest first: service, operation, and the rule's action.
pub(crate) async fn fired() -> Vec<(String, String, String)> {
    let mut all = Vec::new();
    for proxy in proxies() {
        let request = stack::client().get(format!("{proxy}/_microburst/fired?limit=2000"));
        let events = Response::read("GET fired of the proxy".to_owned(), request).await.expect(200);
        let events: Value = serde_json::from_slice(&events.body).expect("JSON");
        for event in events.as_array().expect("a list") {
            let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
            all.push((event["ts"].as_f64().expect("a time"), (text("service"), text("operation"), text("action"))));
        }
    }
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    all.into_iter().map(|(_, event)| event).collect()
}

/// Returns whether a function has made this call since the rules were set.
pub(crate) async fn has_met(call: &AwsCall) -> bool {
    let equal_calls = fired().await.into_iter().filter(|(service, name, _)| (service, name) == (&call.service, &call.operation));
    equal_calls.count() > call.nth
}

/// Returns the recorded calls, each with its number among the calls of the same operation.
pub(crate) async fn calls() -> Vec<AwsCall> {
    let mut calls: Vec<AwsCall> = Vec::new();
    for (service, operation, _) in fired().await {
        let nth = calls.iter().filter(|call| call.service == service && call.operation == operation).count();
        calls.push(AwsCall { service, operation, nth });
    }
    calls
}

/// Makes one of a function's calls to AWS fail. If `once` is false, all later calls of the same AWS operation fail too, until the rules are
/// cleared.
pub(crate) async fn break_call(function: &str, call: &AwsCall, effect: &Value, once: bool) {
    let kind = json!({ "service": call.service, "operation": call.operation });
    let mut rules = Vec::new();
    if call.nth > 0 {
        let mut before = kind.clone();
        before["times"] = json!(call.nth);
        rules.push(rule(function, &json!({ "latency": 1 }), &before));
    }
    let mut broken = kind;
    if once {
        broken["times"] = json!(1);
    }
    rules.push(rule(function, effect, &broken));
    set(&rules).await;
}
