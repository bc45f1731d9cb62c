//! What no caller waits for: the sender, the sweep, the reminders. They are called as their stream and their schedules would.

use std::time::{Duration, Instant};

use domain::{FileProfile, Language};
use journeys::{
    browser::Response,
    citizen, inbox,
    people::{self, Visit, fresh_citizen, fresh_photographer},
    photographer::{self, To, both},
    stack,
};

use super::{Operation, boxed, prepared};

/// A claim that nobody lets go ends after two minutes, and then a sweep must come.
const UNTIL_SENT: Duration = Duration::from_secs(240);

/// The schedule's tick, now. What the function answers, or that it failed, is not looked at.
async fn tick(function: &str) {
    let _ = stack::invoke(&format!("{function}_FUNCTION")).await;
}

/// Pictures that wait for their code.
struct Waiting {
    studio: Visit,
    upload_id: String,
    to: To,
}

impl Waiting {
    async fn new(email: bool) -> Self {
        let (studio, person) = (fresh_photographer().await, people::fresh("citizen").await);
        let upload_id = photographer::upload(&studio, FileProfile::Standard, &both()).await;
        let to = if email { To::Email(person.email()) } else { To::Mobile(person.mobile().to_owned()) };
        Self { studio, upload_id, to }
    }

    /// Issues, and gives the sender the time to fail.
    async fn issue(&self) -> Response {
        let answer = photographer::issue_code(&self.studio, &self.upload_id, &self.to, Language::El).await;
        tokio::time::sleep(Duration::from_secs(4)).await;
        answer
    }

    /// It comes; more than once only where the history shows more than one attempt.
    async fn comes(&self) {
        let started = Instant::now();
        let sent = loop {
            let listed = photographer::listed(&self.studio, &self.upload_id).await;
            if listed["delivery"]["state"] == "sent" {
                break listed;
            }
            assert!(started.elapsed() < UNTIL_SENT, "not sent: {listed}");
            tokio::time::sleep(Duration::from_secs(5)).await;
            tick("SWEEP_OUTBOX").await;
        };
        let codes = inbox::codes(self.to.address()).await;
        let attempts = sent["delivery"]["attempts"].as_u64().expect("a count");
        assert!(!codes.is_empty() && codes.len() as u64 <= attempts, "{} messages in {attempts} attempts", codes.len());
        citizen::take(&fresh_citizen().await, &codes[0].code()).await;
    }
}

pub(super) fn all() -> Vec<Operation> {
    vec![
        Operation::new(
            "deliver_code",
            boxed!(|_world| prepared(Waiting::new(false).await, boxed!(|w| w.issue().await), boxed!(|w, _answer| w.comes().await))),
        )
        .way("by SMS"),
        Operation::new(
            "deliver_code",
            boxed!(|_world| prepared(Waiting::new(true).await, boxed!(|w| w.issue().await), boxed!(|w, _answer| w.comes().await))),
        )
        .way("by email"),
    ]
}
