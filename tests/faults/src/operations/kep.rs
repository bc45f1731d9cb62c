//! The operations on cases at a KEP. Whatever fails, a clerk has one open case at a time, and the person gets one message at its end.

use std::time::Duration;

use journeys::{
    inbox,
    kep::{self, OpenCase},
    people::{self, Person, Visit},
    stack,
};
use serde_json::json;

use super::{Operation, boxed, prepared, succeeds};

/// A clerk, the person at the counter, and the case that the clerk has opened for the person.
struct Counter {
    clerk: Visit,
    person: Person,
    case: OpenCase,
}

async fn counter() -> Counter {
    let (clerk, person) = (kep::fresh_clerk().await, people::fresh("citizen").await);
    let case = kep::opened(&clerk, &person).await;
    Counter { clerk, person, case }
}

async fn ready_counter() -> Counter {
    let (clerk, person) = (kep::fresh_clerk().await, people::fresh("citizen").await);
    let case = kep::ready(&clerk, &person).await;
    Counter { clerk, person, case }
}

pub(super) fn all() -> Vec<Operation> {
    vec![
        Operation::new(
            "open_case",
            boxed!(|_world| {
                prepared(
                    (kep::fresh_clerk().await, people::fresh("citizen").await),
                    boxed!(|state| kep::open(&state.0, &state.1).await),
                    boxed!(|state, _response| {
                        let (clerk, person) = state;
                        // If the response with the handle of the case was lost, the client reads the handle from the session.
                        let session = clerk.browser.get("/v1/session").await.expect(200).json();
                        let handle = session["case"]["handle"].as_str().expect("an open case").to_owned();
                        let otp = inbox::messages(person.mobile(), 0).await.last().and_then(inbox::Message::otp).expect("a password");
                        let case = OpenCase { handle, otp, view: json!(null) };
                        kep::confirm(clerk, &case, &case.otp).await.expect(200);
                    }),
                )
            }),
        )
        .or_problems(&[(409, "case_open")]),
        Operation::new(
            "confirm_presence",
            boxed!(|_world| {
                prepared(
                    counter().await,
                    boxed!(|at| kep::confirm(&at.clerk, &at.case, &at.case.otp).await),
                    boxed!(|at, _response| {
                        let shown = kep::show(&at.clerk, &at.case).await.expect(200).json();
                        assert_eq!(shown["stage"], "consent", "{shown}");
                    }),
                )
            }),
        ),
        Operation::new(
            "resend_presence",
            boxed!(|_world| {
                prepared(
                    counter().await,
                    boxed!(|at| at.clerk.browser.post(&at.case.path("/presence/resend"), &json!({})).await),
                    boxed!(|at, _response| {
                        // The last password that was sent is the valid one.
                        let messages = inbox::messages(at.person.mobile(), 0).await;
                        assert!((2..=4).contains(&messages.len()), "{} messages", messages.len());
                        let otp = messages.last().and_then(inbox::Message::otp).expect("a password");
                        kep::confirm(&at.clerk, &at.case, &otp).await.expect(200);
                    }),
                )
            }),
        ),
        Operation::new(
            "close_case",
            boxed!(|_world| {
                prepared(
                    ready_counter().await,
                    boxed!(|at| kep::close(&at.clerk, &at.case).await),
                    boxed!(|at, _response| {
                        kep::show(&at.clerk, &at.case).await.rejected(409, "case_over");
                        stack::invoke_with("SEND_REMINDERS_FUNCTION", &serde_json::json!({ "cases": true })).await.expect("a run");
                        let is_end = |message: &inbox::Message| message.text.contains(kep::APPLICATION_NUMBER);
                        inbox::wait_for(at.person.mobile(), 0, is_end, Duration::from_secs(30)).await;
                        assert_eq!(kep::end_messages(&at.person).await.len(), 1);
                    }),
                )
            }),
        ),
        Operation::new(
            "show_case",
            boxed!(|_world| prepared(ready_counter().await, boxed!(|at| kep::show(&at.clerk, &at.case).await), succeeds)),
        ),
        Operation::new(
            "print_receipt",
            boxed!(|_world| {
                prepared(ready_counter().await, boxed!(|at| at.clerk.browser.get(&at.case.path("/receipt.pdf")).await), succeeds)
            }),
        ),
    ]
}
