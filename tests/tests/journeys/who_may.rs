//! Access control of every route for every kind of caller. The expected outcomes are in who_may.txt.
//!
//! A permitted caller must get a success, or a redirect where the browser is sent on. All others must get the problem code in the table.
//! Callers without the right to a resource use the id of an existing one. tests/template.rs checks that each route of infra/openapi.yaml
//! has a line in the table.

mod callers;
mod calls;

use std::collections::BTreeMap;

use futures_util::future::join_all;

use callers::callers;

const TABLE: &str = include_str!("who_may.txt");

/// The operations in the order in which each caller calls them. Some create what a later one needs.
const CALL_ORDER: [&str; 41] = [
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
    "export_my_data",
    "revoke_authorization",
    "dissociate",
    "erase_my_data",
    "request_upload",
    "check_photos",
    "issue_code",
    "list_issued",
    "resend_code",
    "authorize_staff",
    "list_staff",
    "withdraw_staff",
    "give_consent",
    "choose_role",
    "sign_out",
    // Not in infra/openapi.yaml, but part of the service: the home page, and a path called with another method.
    "web_page",
    "other_method",
];

/// Parses the table. Returns its callers, and for each operation the expected outcomes in the order of the callers.
fn table() -> (Vec<&'static str>, BTreeMap<&'static str, Vec<&'static str>>) {
    let mut lines = TABLE.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let columns: Vec<&str> = lines.next().expect("a heading").split_whitespace().skip(1).collect();
    let mut rows = BTreeMap::new();
    for line in lines {
        let mut cells = line.split_whitespace();
        let operation = cells.next().expect("an operation");
        let cells: Vec<&str> = cells.collect();
        assert_eq!(cells.len(), columns.len(), "{operation}");
        assert!(rows.insert(operation, cells).is_none(), "{operation} is in the table twice");
    }
    (columns, rows)
}

#[tokio::test]
async fn every_caller_gets_the_outcome_in_the_table_from_every_route() {
    let (columns, rows) = table();
    let mut called = CALL_ORDER.to_vec();
    called.sort_unstable();
    assert_eq!(called, rows.keys().copied().collect::<Vec<_>>());
    let (callers, resources) = callers().await;
    assert_eq!(callers.iter().map(|caller| caller.name).collect::<Vec<_>>(), columns);
    let resources = &resources;
    let all_outcomes = join_all(callers.into_iter().map(|mut caller| async move {
        let mut outcomes = Vec::new();
        for operation in CALL_ORDER {
            let response = caller.call(operation, resources).await;
            outcomes.push(if response.status < 400 { "ok".to_owned() } else { response.problem().code });
        }
        (caller.name, outcomes)
    }))
    .await;
    let mut wrong = String::new();
    for (column, (name, outcomes)) in all_outcomes.into_iter().enumerate() {
        for (operation, outcome) in CALL_ORDER.into_iter().zip(outcomes) {
            let expected = rows[operation][column];
            if outcome != expected {
                wrong += &format!("{operation}, {name}: {outcome} instead of {expected}\n");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
