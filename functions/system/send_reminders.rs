//! Each hour during the day, a run sends reminders about codes and associations that expire soon, and deletes each reminder with its
//! address. Each minute, another run sends the messages about cases at a KEP that have ended.
//!
//! A reminder is sent at most once: if a reminder may have been sent, it is not sent again. A failure does not delay the other reminders.

use domain::{
    Moment, Recipient,
    reminder::{self, REMINDER_RUN_TIME_MAX, ReminderKind, Turn},
};
use edge::{
    Failure, Setup,
    log::{self, LogCode},
};
use futures_util::future::join_all;
use messages::{
    email::{self, Envelope},
    sms,
};
use sending::{Email, Sms};
use serde::Deserialize;
use serde_json::{Value, json};
use storage::{
    StorageError, Transaction, TransactionError,
    associations::Associations,
    codes::Codes,
    history::History,
    kms::KmsKey,
    reminders::{About, Address, Listed, ReminderItem, Reminders, slots},
};

use system_functions::{CaseMessages, Unsent};

/// Number of reminders that are sent concurrently. SES accepts 14 messages a second from an account. If two are sent concurrently, about
/// nine are sent in a second (docs/usage.md).
const CONCURRENCY: usize = 2;

struct Deps {
    reminders: Reminders,
    history: History,
    codes: Codes,
    associations: Associations,
    key: KmsKey,
    sms: Sms,
    email: Email,
    public_origin: String,
    transaction: Transaction,
}

/// The event of a schedule.
#[derive(Deserialize)]
struct Tick {
    /// True if the run is for messages about cases. The event of the schedule for reminders has no such member.
    #[serde(default)]
    cases: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps {
        reminders: setup.reminders(),
        history: setup.history(),
        codes: setup.codes(),
        associations: setup.associations(),
        key: setup.reminders_key(),
        sms: setup.sms(),
        email: setup.email(),
        public_origin: setup.text("PUBLIC_ORIGIN"),
        transaction: setup.transaction(),
    };
    edge::serve_event(env!("CARGO_BIN_NAME"), setup, deps, |deps, tick| Box::pin(run(deps, tick))).await
}

async fn run(deps: &Deps, tick: Tick) -> Result<Value, Failure> {
    if !tick.cases {
        return handle(deps, edge::now()).await;
    }
    let Deps { reminders, history, key, sms, public_origin, .. } = deps;
    CaseMessages { reminders, history, key, sms, public_origin }.send_due(edge::now()).await
}

/// Result of processing one reminder.
#[derive(PartialEq, Eq)]
enum Outcome {
    Sent,
    /// A reminder about a code: the code is associated or no longer exists. A reminder about an association: the association has ended or
    /// no longer has this reminder.
    NotNeeded,
    /// Sending failed. The next run processes the reminder again.
    Failed,
    /// The reminder was deleted without being sent.
    GivenUp,
    /// Another run has claimed the reminder and processes it.
    Left,
    /// Storage failed. The run then ends with an error, so that an alarm goes off.
    Broken,
}

async fn handle(deps: &Deps, now: Moment) -> Result<Value, Failure> {
    let mut outcomes = Vec::new();
    'run: for (day, turn) in reminder::days(now) {
        for slot in slots(day) {
            let mut page = deps.reminders.page(&slot, None).await?;
            while let Some(current) = page {
                for listed in current.reminders.chunks(CONCURRENCY) {
                    if edge::now().has_reached(now.plus(REMINDER_RUN_TIME_MAX)) {
                        // The next run processes the remaining reminders.
                        break 'run;
                    }
                    outcomes.extend(join_all(listed.iter().map(|listed| process(deps, listed, turn, edge::now()))).await);
                }
                page = deps.reminders.page(&slot, Some(current)).await?;
            }
        }
    }
    let count = |wanted: Outcome| outcomes.iter().filter(|outcome| **outcome == wanted).count();
    let broken = count(Outcome::Broken);
    let counts = [
        ("sent", count(Outcome::Sent)),
        ("not_needed", count(Outcome::NotNeeded)),
        ("failed", count(Outcome::Failed) + broken),
        ("given_up", count(Outcome::GivenUp)),
    ];
    log_line(LogCode::RemindersLookedAt, &counts.map(|(name, count)| (name, json!(count))));
    if broken > 0 { Err(Failure::internal(format!("{broken} reminders could not be looked at"))) } else { Ok(json!({})) }
}

/// Sends a reminder, gives it up, or does nothing because another run processes it.
async fn process(deps: &Deps, listed: &Result<Listed, StorageError>, turn: Turn, now: Moment) -> Outcome {
    let result = match listed {
        Ok(listed) if listed.is_claimed(now) => return Outcome::Left,
        Ok(listed) if turn == Turn::GiveUp || listed.is_over(now) || listed.may_have_been_sent(now) => give_up(deps, listed).await,
        Ok(listed) => remind(deps, listed, now).await,
        Err(error) => Err(Failure::internal(error)),
    };
    result.unwrap_or_else(|failure| {
        log_line(LogCode::SideCallFailed, &[("cause", json!(failure.cause()))]);
        Outcome::Broken
    })
}

/// Removes a reminder without sending it.
async fn give_up(deps: &Deps, listed: &Listed) -> Result<Outcome, Failure> {
    log_line(LogCode::ReminderGivenUp, &[]);
    let address = deps.transaction.clone().with(deps.reminders.give_up_write(listed)?);
    let was_there = remove(deps, &listed.about()?, &listed.set_id, address).await?;
    Ok(if was_there { Outcome::GivenUp } else { Outcome::Left })
}

/// Claims a reminder, sends it if it is still needed, and removes it.
async fn remind(deps: &Deps, listed: &Listed, now: Moment) -> Result<Outcome, Failure> {
    let Some(item) = deps.reminders.claim(listed, now).await? else { return Ok(Outcome::Left) };
    let result = attempt(deps, &item, now).await;
    let attempts = ("attempts", json!(item.attempts));
    match result {
        Ok(Outcome::Sent) => {
            log_line(LogCode::ReminderSent, &[attempts]);
            forget(deps, &item).await?;
            Ok(Outcome::Sent)
        }
        Ok(other) => {
            forget(deps, &item).await?;
            Ok(other)
        }
        Err(Unsent { cause, may_have_been_sent }) => {
            log_line(LogCode::ReminderFailed, &[("cause", json!(cause)), attempts]);
            // If the reminder may have been sent, the claim is not released, so no run sends it again. The next run gives the reminder up.
            if !may_have_been_sent {
                deps.reminders.release(&item).await?;
            }
            Ok(Outcome::Failed)
        }
    }
}

/// Sends a reminder if its code or association has not changed since the reminder was requested.
async fn attempt(deps: &Deps, item: &ReminderItem, now: Moment) -> Result<Outcome, Unsent> {
    let about = item.about()?;
    let expires_at = match &about {
        About::Code { code_id } => {
            deps.codes.by_id(code_id, now).await?.filter(|code| code.awaits(&item.set_id)).map(|code| code.expires_at)
        }
        About::Association { subject } => {
            let association = deps.associations.of(subject, now).await?;
            association.filter(|one| one.set_id == item.set_id && one.pending_reminder(now).is_some()).map(|one| one.expires_at)
        }
    };
    let Some(expires_at) = expires_at else { return Ok(Outcome::NotNeeded) };
    let address = item.open(&deps.key).await?;
    send(deps, &address, about.kind(), expires_at, now).await?;
    Ok(Outcome::Sent)
}

async fn send(deps: &Deps, address: &Address, kind: ReminderKind, expires_at: Moment, now: Moment) -> Result<(), Unsent> {
    let language = address.language;
    match &address.recipient {
        Recipient::Mobile(mobile) => {
            deps.sms.send(mobile, &sms::reminder(kind, expires_at, &deps.public_origin, language)).await?;
        }
        Recipient::Email(to) => {
            let message_id = storage::time_ordered_id();
            let envelope = Envelope { from: deps.email.sender(), to, language, message_id: &message_id, date: now };
            deps.email.send(to, email::reminder(&envelope, kind, expires_at, &deps.public_origin)?).await?;
        }
    }
    Ok(())
}

/// Deletes a reminder that was sent or is not needed.
async fn forget(deps: &Deps, item: &ReminderItem) -> Result<(), Failure> {
    let address = deps.transaction.clone().with(deps.reminders.end_write(item)?);
    remove(deps, &item.about()?, &item.set_id, address).await.map(|_| ())
}

/// Deletes a reminder's address and the entry about the reminder in its association. `address` is a transaction that deletes only the
/// address. Returns `false` if another request has replaced or deleted the reminder.
async fn remove(deps: &Deps, about: &About, set_id: &str, address: Transaction) -> Result<bool, Failure> {
    let note = match about {
        About::Code { .. } => None,
        About::Association { subject } => Some(deps.associations.clear_reminder_write(subject, set_id)?),
    };
    let result = match address.clone().with_some(note).commit().await {
        // The association has ended or was replaced, so it has no entry about this reminder.
        Err(TransactionError::Refused(parts)) if !parts.contains(&0) => address.commit().await,
        result @ (Ok(()) | Err(_)) => result,
    };
    match result {
        Ok(()) => Ok(true),
        Err(TransactionError::Refused(_)) => Ok(false),
        Err(error @ (TransactionError::Conflict | TransactionError::Storage(_))) => Err(error.into()),
    }
}

fn log_line(code: LogCode, fields: &[(&str, Value)]) {
    log::line(env!("CARGO_BIN_NAME"), code, fields);
}
