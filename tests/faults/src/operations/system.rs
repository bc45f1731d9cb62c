//! Operations without a caller: the sender of codes, the function that records bounces, the sweep of the outbox, and the sending of
//! reminders. The tests trigger the sender by a message in the outbox. They invoke the other functions in place of EventBridge and of the
//! schedules.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{AthensDay, FileProfile, Language, Moment};
use journeys::{
    application,
    browser::Response,
    citizen,
    inbox::{self, Message},
    people::{self, Visit, fresh_citizen, fresh_photographer},
    photographer::{self, To, both},
    ses, stack,
};

use serde_json::{Value, json};

use super::{Operation, Prepared, Settled, World, boxed, prepared};
use crate::{
    aws,
    items::items_where,
    outbox,
    stored_reminders::{move_to, reminder_of, reminders_of, set_of},
};

/// An attempt to send a message takes less than this time. If a message is claimed for longer, the attempt that claimed it has failed.
const ATTEMPT_MAX: Duration = Duration::from_secs(20);
const SENT_TIMEOUT: Duration = Duration::from_secs(60);

/// Invokes a function that a schedule invokes on AWS.
async fn run_schedule(function: &str) -> Response {
    Response::from_invocation(function, stack::invoke(&format!("{function}_FUNCTION")).await)
}

/// An upload without a code, and the recipient for it.
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

    /// Issues the code, and waits until the sender has made its first attempt.
    async fn issue(&self) -> Response {
        let response = photographer::issue_code(&self.studio, &self.upload_id, &self.to, Language::El).await;
        tokio::time::sleep(Duration::from_secs(4)).await;
        response
    }

    /// Asserts that a usable code arrives, and that the history shows at least one attempt for each message that arrived.
    async fn assert_arrives(&self) {
        let started = Instant::now();
        let sent = loop {
            let listed = photographer::listed(&self.studio, &self.upload_id).await;
            if listed["delivery"]["state"] == "sent" {
                break listed;
            }
            assert!(started.elapsed() < SENT_TIMEOUT, "not sent: {listed}");
            tokio::time::sleep(Duration::from_secs(5)).await;
            if started.elapsed() > ATTEMPT_MAX {
                // Ends the claim on the message, which would otherwise last two minutes.
                for message_id in outbox::messages_of(&self.upload_id).await {
                    outbox::set(&message_id, &[("claimed_until", application::now() - 1), ("next_at", application::now() - 1)]).await;
                }
            }
            run_schedule("SWEEP_OUTBOX").await.expect(200);
        };
        let codes = inbox::codes(self.to.address()).await;
        let attempts = sent["delivery"]["attempts"].as_u64().expect("a count");
        assert!(!codes.is_empty() && codes.len() as u64 <= attempts, "{} messages in {attempts} attempts", codes.len());
        citizen::take(&fresh_citizen().await, &codes[0].code()).await;
    }
}

/// An email with a code. The case reports that this email has bounced.
struct Bounced {
    waiting: Waiting,
    email: Message,
}

impl Bounced {
    async fn new() -> Self {
        let waiting = Waiting::new(true).await;
        photographer::issue_code(&waiting.studio, &waiting.upload_id, &waiting.to, Language::El).await.expect(201);
        let email = inbox::code_message(waiting.to.address(), 0).await;
        photographer::wait_until_sent(&waiting.studio, &waiting.upload_id).await;
        Self { waiting, email }
    }

    /// Reports the bounce to `record_bounce`. Lambda repeats such an event after a failure.
    async fn report(&self) -> Response {
        Response::from_invocation("RECORD_BOUNCE", ses::try_report("unknown", &self.email).await)
    }

    /// Asserts that the history shows the failure, and that the code can be resent to another address but not to the same one.
    async fn assert_recorded(&self) {
        let Waiting { studio, upload_id, to } = &self.waiting;
        let listed = photographer::listed(studio, upload_id).await;
        assert_eq!((&listed["delivery"]["state"], &listed["failure"]["reason"]), (&json!("failed"), &json!("address_unknown")));
        photographer::resend_code(studio, upload_id, None, None).await.rejected(409, "resend_undeliverable");
        assert_eq!(inbox::codes(to.address()).await.len(), 1);
        let citizen = fresh_citizen().await;
        let corrected = To::Email(citizen.person.email());
        photographer::resend_code(studio, upload_id, Some(&corrected), None).await.expect(200);
        citizen::take(&citizen, &inbox::code_message(corrected.address(), 0).await.code()).await;
    }
}

/// A message that the sweep must process. It was sent, or an attempt to send it failed.
struct Due {
    waiting: Waiting,
    message_id: String,
}

impl Due {
    /// Issues a code and makes the first `failures` attempts to send it fail. Waits until the history shows one attempt and `state`. Then
    /// sets the message's attributes that `past` lists to a time in the past.
    async fn new(failures: u32, state: &str, past: &[&str]) -> Self {
        let waiting = Waiting::new(false).await;
        if failures > 0 {
            inbox::fail(waiting.to.address(), &json!(failures), "internal_error").await;
        }
        photographer::issue_code(&waiting.studio, &waiting.upload_id, &waiting.to, Language::El).await.expect(201);
        let shown = |item: &Value| item["delivery"]["attempts"] == 1 && item["delivery"]["state"] == state;
        photographer::wait_until_listed(&waiting.studio, &waiting.upload_id, shown, inbox::PATIENCE).await;
        let message_id = outbox::messages_of(&waiting.upload_id).await.remove(0);
        let passed: Vec<_> = past.iter().map(|name| (*name, application::now() - 1)).collect();
        outbox::set(&message_id, &passed).await;
        Self { waiting, message_id }
    }

    /// Asserts that the message was deleted from the outbox, that the history shows `state`, and that `sent` copies of the message have
    /// arrived.
    async fn assert_ended(&self, state: &str, sent: usize) {
        self.age_code().await;
        assert!(outbox::messages_of(&self.waiting.upload_id).await.is_empty(), "{} still exists", self.message_id);
        let listed = photographer::listed(&self.waiting.studio, &self.waiting.upload_id).await;
        assert_eq!(listed["delivery"]["state"], state);
        assert_eq!(inbox::codes(self.waiting.to.address()).await.len(), sent);
    }

    /// Sets the code's time of issue to a day ago, so that the consistency check ignores the code: it examines only codes that were issued
    /// since the run began. Otherwise the check would report that the code has no message.
    async fn age_code(&self) {
        let code = items_where("CODES_TABLE", "message_id = :value", &self.message_id).await.remove(0);
        let update = aws::dynamodb(&aws::config().await).update_item().table_name(stack::variable("CODES_TABLE"));
        let update = update.key("code_id", code["code_id"].clone()).update_expression("SET issued_at = :at");
        let day_ago = AttributeValue::N((application::now() - 86_400).to_string());
        update.expression_attribute_values(":at", day_ago).send().await.expect("the account's owner may update");
    }
}

fn today() -> AthensDay {
    AthensDay::of(Moment::from_epoch_seconds(application::now()))
}

/// A reminder that is due.
struct Reminded {
    to: To,
    set_id: String,
    /// The owner of the association, or `None` if the reminder is about a code.
    owner: Option<Visit>,
}

impl Reminded {
    async fn of_code(world: &World, days_ago: i64) -> Self {
        let to = To::Mobile(people::fresh("citizen").await.mobile().to_owned());
        let upload_id = photographer::upload(&world.studio, FileProfile::Standard, &both()).await;
        photographer::issue_code_with_reminder(&world.studio, &upload_id, &to, Language::El).await.expect(201);
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

    /// Invokes `send_reminders` again if the reminder is still stored. Then asserts that the reminder arrived once and its address is
    /// deleted. If a run claimed the reminder and then failed, the reminder need not have arrived, because a claimed reminder is not sent
    /// again.
    async fn assert_arrived(&self) {
        let remaining = reminders_of(&self.set_id).await;
        let is_claimed = remaining.iter().any(|item| item.contains_key("claimed_until"));
        if is_claimed {
            // Lets the claim on the reminder expire.
            let passed = [("claimed_until", AttributeValue::N((application::now() - 1).to_string()))];
            move_to(&remaining[0], today().minus(1), &passed).await;
        }
        if !remaining.is_empty() {
            run_schedule("SEND_REMINDERS").await.expect(200);
        }
        let count = inbox::reminders(self.to.address()).await.len();
        assert!(count == 1 || (count == 0 && is_claimed), "{count} reminders");
        self.assert_forgotten().await;
    }

    /// Asserts that the reminder's address is deleted, and that the association no longer mentions a reminder.
    async fn assert_forgotten(&self) {
        assert!(reminders_of(&self.set_id).await.is_empty(), "the address still exists");
        if let Some(owner) = &self.owner {
            assert!(citizen::show_association(owner).await.expect(200).json()["reminder"].is_null(), "the note still exists");
        }
    }
}

fn swept(due: Due, settled: Settled<Due>) -> Prepared {
    prepared(due, boxed!(|_due| run_schedule("SWEEP_OUTBOX").await), settled)
}

fn reminded(one: Reminded, settled: Settled<Reminded>) -> Prepared {
    prepared(one, boxed!(|_one| run_schedule("SEND_REMINDERS").await), settled)
}

pub(super) fn all() -> Vec<Operation> {
    vec![
        Operation::new(
            "deliver_code",
            boxed!(|_world| prepared(
                Waiting::new(false).await,
                boxed!(|w| w.issue().await),
                boxed!(|w, _response| w.assert_arrives().await)
            )),
        )
        .variant("by SMS"),
        Operation::new(
            "deliver_code",
            boxed!(|_world| prepared(
                Waiting::new(true).await,
                boxed!(|w| w.issue().await),
                boxed!(|w, _response| w.assert_arrives().await)
            )),
        )
        .variant("by email"),
        Operation::new(
            "record_bounce",
            boxed!(|_world| prepared(
                Bounced::new().await,
                boxed!(|bounced| bounced.report().await),
                boxed!(|bounced, _response| bounced.assert_recorded().await)
            )),
        )
        .on_schedule(),
        Operation::new(
            "sweep_outbox",
            boxed!(|_world| swept(Due::new(1, "queued", &["next_at"]).await, boxed!(|due, _response| due.waiting.assert_arrives().await))),
        )
        .variant("a message that failed")
        .on_schedule(),
        Operation::new(
            "sweep_outbox",
            boxed!(|_world| swept(
                Due::new(0, "sent", &["next_at", "kept_until"]).await,
                boxed!(|due, _response| due.assert_ended("sent", 1).await)
            )),
        )
        .variant("a message that was sent a day ago")
        .on_schedule(),
        Operation::new(
            "sweep_outbox",
            boxed!(|_world| swept(
                Due::new(1, "queued", &["next_at", "kept_until"]).await,
                boxed!(|due, _response| due.assert_ended("failed", 0).await)
            )),
        )
        .variant("a message that was never sent")
        .on_schedule(),
        Operation::new(
            "send_reminders",
            boxed!(|world| reminded(Reminded::of_code(world, 0).await, boxed!(|one, _response| one.assert_arrived().await))),
        )
        .variant("of a code, by SMS")
        .on_schedule(),
        Operation::new(
            "send_reminders",
            boxed!(|world| reminded(Reminded::of_association(world, 0).await, boxed!(|one, _response| one.assert_arrived().await))),
        )
        .variant("of an association, by email")
        .on_schedule(),
        Operation::new(
            "send_reminders",
            boxed!(|world| reminded(
                Reminded::of_association(world, 3).await,
                boxed!(|one, _response| {
                    assert!(inbox::reminders(one.to.address()).await.is_empty(), "a reminder that is too old is not sent");
                    one.assert_forgotten().await;
                })
            )),
        )
        .variant("too old to be sent")
        .on_schedule(),
    ]
}
