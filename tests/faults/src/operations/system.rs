//! What no caller waits for: the sender, the sweep, the reminders. They are called as their stream and their schedules would.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{AthensDay, FileProfile, Language, Moment};
use journeys::{
    application,
    browser::Response,
    citizen, inbox,
    people::{self, Visit, fresh_citizen, fresh_photographer},
    photographer::{self, To, both},
    stack,
};

use serde_json::{Value, json};

use super::{Operation, Prepared, Settled, World, boxed, prepared};
use crate::{
    aws,
    items::items_where,
    kept_reminders::{move_to, reminder_of, reminders_of, set_of},
    outbox,
};

/// No call to AWS lasts so long: by then no attempt goes on, and a claim that is still there was left behind.
const ATTEMPT_OVER: Duration = Duration::from_secs(20);
const UNTIL_SENT: Duration = Duration::from_secs(60);

/// The schedule's tick, now.
async fn tick(function: &str) -> Response {
    Response::of_run(function, stack::invoke(&format!("{function}_FUNCTION")).await)
}

/// Pictures that wait for their code.
struct Waiting {
    studio: Visit,
    upload_id: String,
    to: To,
}

impl Waiting {
    async fn new(by_email: bool) -> Self {
        let (studio, person) = (fresh_photographer().await, people::fresh("citizen").await);
        let upload_id = photographer::upload(&studio, FileProfile::Standard, &both()).await;
        let to = if by_email { To::Email(person.email()) } else { To::Mobile(person.mobile().to_owned()) };
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
            if started.elapsed() > ATTEMPT_OVER {
                // The claim's two minutes pass.
                for message_id in outbox::messages_of(&self.upload_id).await {
                    outbox::set(&message_id, &[("claimed_until", application::now() - 1), ("next_at", application::now() - 1)]).await;
                }
            }
            tick("SWEEP_OUTBOX").await.expect(200);
        };
        let codes = inbox::codes(self.to.address()).await;
        let attempts = sent["delivery"]["attempts"].as_u64().expect("a count");
        assert!(!codes.is_empty() && codes.len() as u64 <= attempts, "{} messages in {attempts} attempts", codes.len());
        citizen::take(&fresh_citizen().await, &codes[0].code()).await;
    }
}

/// A message that was tried or sent, and that the sweep has to look at.
struct Due {
    waiting: Waiting,
    message_id: String,
}

impl Due {
    /// `failures` of the sandbox come first; it is due when the history shows this.
    async fn new(failures: u32, state: &str, then: &[&str]) -> Self {
        let waiting = Waiting::new(false).await;
        if failures > 0 {
            inbox::fail(waiting.to.address(), &json!(failures), "internal_error").await;
        }
        photographer::issue_code(&waiting.studio, &waiting.upload_id, &waiting.to, Language::El).await.expect(201);
        let shown = |item: &Value| item["delivery"]["attempts"] == 1 && item["delivery"]["state"] == state;
        photographer::wait_until_listed(&waiting.studio, &waiting.upload_id, shown, inbox::PATIENCE).await;
        let message_id = outbox::messages_of(&waiting.upload_id).await.remove(0);
        let passed: Vec<_> = then.iter().map(|name| (*name, application::now() - 1)).collect();
        outbox::set(&message_id, &passed).await;
        Self { waiting, message_id }
    }

    /// Its day is over: gone, with so many messages sent, and the history says how it ended.
    async fn has_ended(&self, state: &str, sent: usize) {
        self.code_is_as_old().await;
        assert!(outbox::messages_of(&self.waiting.upload_id).await.is_empty(), "{} is still there", self.message_id);
        let listed = photographer::listed(&self.waiting.studio, &self.waiting.upload_id).await;
        assert_eq!(listed["delivery"]["state"], state);
        assert_eq!(inbox::codes(self.waiting.to.address()).await.len(), sent);
    }

    /// The day passed for its code too, which is then looked at no more where all codes of today are.
    async fn code_is_as_old(&self) {
        let code = items_where("CODES_TABLE", "message_id = :value", &self.message_id).await.remove(0);
        let update = aws::dynamodb(&aws::config().await).update_item().table_name(stack::variable("CODES_TABLE"));
        let update = update.key("code_id", code["code_id"].clone()).update_expression("SET issued_at = :at");
        let day_ago = AttributeValue::N((application::now() - 86_400).to_string());
        update.expression_attribute_values(":at", day_ago).send().await.expect("the account's owner may");
    }
}

fn today() -> AthensDay {
    AthensDay::of(Moment::from_epoch_seconds(application::now()))
}

/// A reminder that is due.
struct Reminded {
    to: To,
    set_id: String,
    /// Whose association it is about; of a code there is none.
    owner: Option<Visit>,
}

impl Reminded {
    async fn of_code(world: &World, days_ago: i64) -> Self {
        let to = To::Mobile(people::fresh("citizen").await.mobile().to_owned());
        let upload_id = photographer::upload(&world.studio, FileProfile::Standard, &both()).await;
        photographer::issue_code_to_remind(&world.studio, &upload_id, &to, Language::El).await.expect(201);
        let code = inbox::code_message(to.address(), 0).await.code();
        Self::due(to, set_of(&code).await, None, days_ago).await
    }

    async fn of_association(world: &World, days_ago: i64) -> Self {
        let (visit, to) = (fresh_citizen().await, To::Email(people::fresh("citizen").await.email()));
        let code = world.issued().await.code;
        citizen::take(&visit, &code).await;
        citizen::set_reminder(&visit, to.address(), Language::En).await.expect(200);
        Self::due(to, set_of(&code).await, Some(visit), days_ago).await
    }

    async fn due(to: To, set_id: String, owner: Option<Visit>, days_ago: i64) -> Self {
        move_to(&reminder_of(&set_id).await, today().minus(days_ago), &[]).await;
        Self { to, set_id, owner }
    }

    /// It came once, at the latest with the next run; or a run ended with it in hand, and then it is never sent again. Its address is gone,
    /// and the note of it.
    async fn came(&self) {
        let left = reminders_of(&self.set_id).await;
        let is_claimed = left.iter().any(|item| item.contains_key("claimed_until"));
        if is_claimed {
            // The claim ends.
            let passed = [("claimed_until", AttributeValue::N((application::now() - 1).to_string()))];
            move_to(&left[0], today().minus(1), &passed).await;
        }
        if !left.is_empty() {
            tick("SEND_REMINDERS").await.expect(200);
        }
        let count = inbox::reminders(self.to.address()).await.len();
        assert!(count == 1 || (count == 0 && is_claimed), "{count} reminders");
        self.is_forgotten().await;
    }

    async fn is_forgotten(&self) {
        assert!(reminders_of(&self.set_id).await.is_empty(), "the address is still there");
        if let Some(owner) = &self.owner {
            assert!(citizen::show_association(owner).await.expect(200).json()["reminder"].is_null(), "the note is still there");
        }
    }
}

fn swept(due: Due, settled: Settled<Due>) -> Prepared {
    prepared(due, boxed!(|_due| tick("SWEEP_OUTBOX").await), settled)
}

fn reminded(one: Reminded, settled: Settled<Reminded>) -> Prepared {
    prepared(one, boxed!(|_one| tick("SEND_REMINDERS").await), settled)
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
        Operation::new(
            "sweep_outbox",
            boxed!(|_world| swept(Due::new(1, "queued", &["next_at"]).await, boxed!(|due, _answer| due.waiting.comes().await))),
        )
        .way("a message that failed")
        .on_schedule(),
        Operation::new(
            "sweep_outbox",
            boxed!(|_world| swept(
                Due::new(0, "sent", &["next_at", "kept_until"]).await,
                boxed!(|due, _answer| due.has_ended("sent", 1).await)
            )),
        )
        .way("a message that was sent a day ago")
        .on_schedule(),
        Operation::new(
            "sweep_outbox",
            boxed!(|_world| swept(
                Due::new(1, "queued", &["next_at", "kept_until"]).await,
                boxed!(|due, _answer| due.has_ended("failed", 0).await)
            )),
        )
        .way("a message that was never sent")
        .on_schedule(),
        Operation::new(
            "send_reminders",
            boxed!(|world| reminded(Reminded::of_code(world, 0).await, boxed!(|one, _answer| one.came().await))),
        )
        .way("of a code, by SMS")
        .on_schedule(),
        Operation::new(
            "send_reminders",
            boxed!(|world| reminded(Reminded::of_association(world, 0).await, boxed!(|one, _answer| one.came().await))),
        )
        .way("of an association, by email")
        .on_schedule(),
        Operation::new(
            "send_reminders",
            boxed!(|world| reminded(
                Reminded::of_association(world, 3).await,
                boxed!(|one, _answer| {
                    assert!(inbox::reminders(one.to.address()).await.is_empty(), "too late");
                    one.is_forgotten().await;
                })
            )),
        )
        .way("too old to be sent")
        .on_schedule(),
    ]
}
