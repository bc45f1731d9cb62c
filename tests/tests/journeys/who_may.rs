//! Access control of every route for every kind of caller. The expected outcomes are in who_may.txt.
//!
//! A permitted caller must get a success, or a redirect if the operation redirects the browser. All others must get the problem code in the
//! table. Callers who have no right to a resource use the id of an existing resource, so that they are not rejected because of an unknown
//! id. Each row of the table is a class of access, and infra/operations.toml assigns one class to each operation.

mod callers;
mod calls;

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};

use callers::callers;

const TABLE: &str = include_str!("who_may.txt");
const OPERATIONS: &str = include_str!("../../../infra/operations.toml");

/// The operations in the order in which each caller calls them. Some operations create something that a later operation needs. An operation
/// that is not listed is called before the first operation that ends something.
const CALL_ORDER: &[&str] = &[
    "unknown_route",
    "serve_web",
    "sign_in",
    "callback",
    "exchange_token",
    "show_session",
    "verify_otp",
    "resend_otp",
    "list_applications",
    "add_minor",
    "submit_code",
    "reject_photos",
    "confirm_photos",
    "associate",
    "show_association",
    "set_reminder",
    "show_photo",
    "download_photos",
    "show_code",
    "authorize_application",
    "authorization_history",
    "pull_photo",
    "report_verdict",
    "access_log",
    "case_log",
    "export_my_data",
    "revoke_authorization",
    "dissociate",
    "erase_my_data",
    "locate_face",
    "request_upload",
    "check_photos",
    "issue_code",
    "list_issued",
    "resend_code",
    "authorize_staff",
    "list_staff",
    "withdraw_staff",
    "give_consent",
    "open_case",
    "close_case",
    "choose_role",
    "sign_out",
    // Calls without an `operationId` in infra/openapi.yaml: a request for the home page, and a request with a method that its path does not
    // allow.
    "web_page",
    "other_method",
];
/// The first operation in `CALL_ORDER` that deletes or ends something that an earlier operation created.
const FIRST_ENDING: &str = "revoke_authorization";
/// The entries of `CALL_ORDER` that are not operations, each with its class of access.
const OTHER_CALLS: &[(&str, &str)] = &[("web_page", "anyone"), ("other_method", "another method")];
/// Number of callers that run concurrently. With more, the emulator starts hundreds of environments at the same time, and functions exceed
/// their timeout.
const CALLERS_AT_ONCE: usize = 4;
/// The class of access of functions that are invoked by a stream, a schedule or a rule of EventBridge.
const NO_CALLER: &str = "no caller";

/// Returns the class of access of each call, from infra/operations.toml.
fn accesses() -> BTreeMap<String, String> {
    let operations: toml::Table = OPERATIONS.parse().expect("TOML");
    let access = |facts: &toml::Value| facts["who_may"].as_str().expect("who may call it").to_owned();
    let operations = operations.iter().map(|(name, facts)| (name.clone(), access(facts))).filter(|(_, access)| access != NO_CALLER);
    operations.chain(OTHER_CALLS.iter().map(|(name, access)| ((*name).to_owned(), (*access).to_owned()))).collect()
}

/// Returns all calls in their order.
fn calls_in_order(accesses: &BTreeMap<String, String>) -> Vec<&str> {
    let unlisted = accesses.keys().map(String::as_str).filter(|name| !CALL_ORDER.contains(name));
    let at = CALL_ORDER.iter().position(|name| *name == FIRST_ENDING).expect("it is listed");
    let mut calls = CALL_ORDER.to_vec();
    calls.splice(at..at, unlisted);
    calls
}

/// Parses the table. Returns its callers, and for each class of access the expected outcomes in the order of the callers.
fn table() -> (Vec<&'static str>, BTreeMap<&'static str, Vec<&'static str>>) {
    let cells = |line: &'static str| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
    let mut lines = TABLE.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let columns: Vec<&str> = cells(lines.next().expect("a heading")).skip(1).collect();
    let mut rows = BTreeMap::new();
    for line in lines {
        let mut cells = cells(line);
        let access = cells.next().expect("a kind of access");
        let cells: Vec<&str> = cells.collect();
        assert_eq!(cells.len(), columns.len(), "{access}");
        assert!(rows.insert(access, cells).is_none(), "{access} is in the table twice");
    }
    (columns, rows)
}

#[tokio::test]
async fn every_caller_gets_the_outcome_in_the_table_from_every_route() {
    let (columns, rows) = table();
    let accesses = accesses();
    let calls = calls_in_order(&accesses);
    let (callers, resources) = callers().await;
    assert_eq!(callers.iter().map(|caller| caller.name).collect::<Vec<_>>(), columns);
    let (calls, resources) = (&calls, &resources);
    let all_outcomes: Vec<_> = stream::iter(callers.into_iter().map(|mut caller| async move {
        let mut outcomes = Vec::new();
        for operation in calls {
            let response = caller.call(operation, resources).await;
            outcomes.push(if response.status < 400 { "ok".to_owned() } else { response.problem().code });
        }
        (caller.name, outcomes)
    }))
    .buffered(CALLERS_AT_ONCE)
    .collect()
    .await;
    let mut wrong = String::new();
    for (column, (name, outcomes)) in all_outcomes.into_iter().enumerate() {
        for (operation, outcome) in calls.iter().zip(outcomes) {
            let access = &accesses[*operation];
            let row = rows.get(access.as_str()).unwrap_or_else(|| panic!("who_may.txt has no row for {access}, which {operation} has"));
            let expected = row[column];
            if outcome != expected {
                wrong += &format!("{operation}, {name}: {outcome} instead of {expected}\n");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
