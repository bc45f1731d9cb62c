//! Messages about cases at a KEP, which `send_reminders` sends each minute. A message is sent at most once: if a message may have been
//! sent, it is not sent again.

use domain::{
    Moment,
    kep::{ActKind, MESSAGE_RUN_TIME_MAX},
};
use edge::{
    Failure,
    log::{self, LogCode},
};
use futures_util::future::join_all;
use sending::{SendingError, Sms};
use serde_json::{Value, json};
use storage::{
    StorageError,
    history::{Event, History},
    kms::KmsKey,
    reminders::{
        Reminders,
        cases::{CaseMessage, CaseMessageItem, Turn},
    },
};

/// The name of the operation in log lines.
const OPERATION: &str = "send_reminders";

/// Number of messages that are sent concurrently. The number is low, because SNS accepts only 20 SMS a second from an account, including
/// one-time passwords.
const CONCURRENCY: usize = 4;

/// Dependencies for sending the messages.
pub struct CaseMessages<'d> {
    pub reminders: &'d Reminders,
    pub history: &'d History,
    pub key: &'d KmsKey,
    pub sms: &'d Sms,
    pub public_origin: &'d str,
}

/// Result of processing one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Sent,
    /// Sending failed. The next run tries again, or gives the message up if it may have been sent.
    Failed,
    /// The message was deleted without confirmation that it was sent.
    GivenUp,
    /// Another run has claimed the message and processes it.
    Left,
    /// Storage failed. The run then ends with an error, so that an alarm goes off.
    Broken,
}

impl CaseMessages<'_> {
    /// Sends the messages that are due, page by page until the time of this run is over.
    ///
    /// # Errors
    /// Returns an error if storage failed for one of the messages, so that an alarm goes off.
    pub async fn send_due(&self, now: Moment) -> Result<Value, Failure> {
        let mut outcomes = Vec::new();
        let mut page = self.reminders.due_case_messages(now, None).await?;
        'run: while let Some(current) = page {
            let due: Vec<_> = current.messages.iter().filter(|listed| !waits(listed, now)).collect();
            for listed in due.chunks(CONCURRENCY) {
                // When the time of this run is over, the next run processes the remaining messages.
                if edge::now().has_reached(now.plus(MESSAGE_RUN_TIME_MAX)) {
                    break 'run;
                }
                outcomes.extend(join_all(listed.iter().map(|listed| self.process(listed, edge::now()))).await);
            }
            page = self.reminders.due_case_messages(now, Some(current)).await?;
        }
        let count = |wanted: Outcome| outcomes.iter().filter(|outcome| **outcome == wanted).count();
        let broken = count(Outcome::Broken);
        let counts = [("sent", count(Outcome::Sent)), ("failed", count(Outcome::Failed) + broken), ("given_up", count(Outcome::GivenUp))];
        log_line(LogCode::CaseMessagesLookedAt, &counts.map(|(name, count)| (name, json!(count))));
        if broken > 0 { Err(Failure::internal(format!("{broken} messages could not be looked at"))) } else { Ok(json!({})) }
    }

    async fn process(&self, listed: &Result<CaseMessageItem, StorageError>, now: Moment) -> Outcome {
        let broken = |cause: String| {
            log_line(LogCode::SideCallFailed, &[("cause", json!(cause))]);
            Outcome::Broken
        };
        let listed = match listed {
            Ok(listed) => listed,
            Err(error) => return broken(error.to_string()),
        };
        let result = match listed.turn(now) {
            Turn::Send => self.send(listed, now).await,
            Turn::GiveUp => self.give_up(listed).await,
            Turn::Wait => return Outcome::Left,
        };
        result.unwrap_or_else(|error| broken(error.to_string()))
    }

    /// Deletes a message without sending it, because it has expired or may already have been sent.
    async fn give_up(&self, listed: &CaseMessageItem) -> Result<Outcome, StorageError> {
        log_line(LogCode::CaseMessageGivenUp, &[]);
        self.reminders.delete_case_message(listed).await?;
        Ok(Outcome::GivenUp)
    }

    /// Claims a message, sends it and deletes it.
    async fn send(&self, listed: &CaseMessageItem, now: Moment) -> Result<Outcome, StorageError> {
        let Some(item) = self.reminders.claim_case_message(listed, now).await? else { return Ok(Outcome::Left) };
        let attempts = ("attempts", json!(item.attempts));
        let (record, message) = match tokio::try_join!(self.history.find(&item.subject_id, &item.record, now), item.open(self.key)) {
            Ok(read) => read,
            Err(error) => {
                // Nothing was sent, so the next run may try again.
                self.reminders.release_case_message(&item).await?;
                return Err(error);
            }
        };
        let done: Option<Vec<ActKind>> = match record.map(|record| record.what) {
            Some(Event::Case(case)) => Some(case.acts().into_iter().map(|act| act.what).collect()),
            Some(
                Event::Associated { .. }
                | Event::Dissociated { .. }
                | Event::Erased { .. }
                | Event::Authorized { .. }
                | Event::Pulled { .. },
            )
            | None => {
                // The person must learn about the case in any event. The message then does not say what was done.
                log_line(LogCode::SideCallFailed, &[("cause", json!("a case without a record"))]);
                None
            }
        };
        let CaseMessage { mobile, office, application_number, language } = message;
        let text = messages::sms::case_ended(&office, &application_number, done.as_deref(), self.public_origin, language);
        match self.sms.send(&mobile, &text).await {
            Ok(()) => {
                log_line(LogCode::CaseMessageSent, &[attempts]);
                self.reminders.delete_case_message(&item).await?;
                Ok(Outcome::Sent)
            }
            Err(error) => {
                log_line(LogCode::CaseMessageFailed, &[("cause", json!(error.to_string())), attempts]);
                // If the message may have been sent, the claim is not released, so no run sends it again. A later run gives the message up.
                if !error.may_have_been_sent() {
                    self.reminders.release_case_message(&item).await?;
                }
                Ok(Outcome::Failed)
            }
        }
    }
}

/// Returns whether a message needs no action now.
fn waits(listed: &Result<CaseMessageItem, StorageError>, now: Moment) -> bool {
    listed.as_ref().is_ok_and(|listed| listed.turn(now) == Turn::Wait)
}

fn log_line(code: LogCode, fields: &[(&str, Value)]) {
    log::line(OPERATION, code, fields);
}

/// A failed attempt to send a reminder.
pub struct Unsent {
    pub cause: String,
    /// True if SNS or SES may have accepted the message before the failure.
    pub may_have_been_sent: bool,
}

impl From<StorageError> for Unsent {
    fn from(error: StorageError) -> Self {
        Self { cause: error.to_string(), may_have_been_sent: false }
    }
}

impl From<messages::RenderError> for Unsent {
    fn from(error: messages::RenderError) -> Self {
        Self { cause: error.to_string(), may_have_been_sent: false }
    }
}

impl From<SendingError> for Unsent {
    fn from(error: SendingError) -> Self {
        Self { cause: error.to_string(), may_have_been_sent: error.may_have_been_sent() }
    }
}
