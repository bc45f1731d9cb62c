//! Each hour by day: reminds of codes and of associations that are about to end, and forgets the addresses.
//!
//! A reminder goes out once or not at all: one of which it is not known whether it went is not sent again. One that fails
//! holds up none of the others.

use domain::{
    Moment, Recipient,
    reminder::{self, RUN, ReminderKind, Turn},
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
use sending::{Email, SendingError, Sms};
use serde::Deserialize;
use serde_json::{Value, json};
use storage::{
    StorageError, Transaction, TransactionError,
    associations::Associations,
    codes::Codes,
    kms::KmsKey,
    reminders::{About, Address, Listed, ReminderItem, Reminders, slots},
};

/// Reminders in hand at a time: SES takes 14 a second of an account, and two at a time are some nine (docs/usage.md).
const CONCURRENCY: usize = 2;

struct Deps {
    reminders: Reminders,
    codes: Codes,
    associations: Associations,
    key: KmsKey,
    sms: Sms,
    email: Email,
    public_origin: String,
    transaction: Transaction,
}

/// The schedule's tick; what it holds does not matter.
#[derive(Deserialize)]
struct Tick {}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps {
        reminders: setup.reminders(),
        codes: setup.codes(),
        associations: setup.associations(),
        key: setup.reminders_key(),
        sms: setup.sms(),
        email: setup.email(),
        public_origin: setup.text("PUBLIC_ORIGIN"),
        transaction: setup.transaction(),
    };
    edge::serve_event(env!("CARGO_BIN_NAME"), setup, deps, |deps, Tick {}| Box::pin(handle(deps, edge::now()))).await
}

/// What became of a reminder in this run.
#[derive(PartialEq, Eq)]
enum Outcome {
    Sent,
    /// What it was about has ended, or has gone on.
    NotNeeded,
    /// To be tried again.
    Failed,
    GivenUp,
    /// In another run's hand.
    Left,
    /// Storage did not do what it should: the run fails in the end, so that somebody looks.
    Broken,
}

async fn handle(deps: &Deps, now: Moment) -> Result<Value, Failure> {
    let mut outcomes = Vec::new();
    for (day, turn) in reminder::days(now) {
        for slot in slots(day) {
            let mut page = deps.reminders.page(&slot, None).await?;
            while let Some(some) = page {
                for listed in some.reminders.chunks(CONCURRENCY) {
                    // The next run goes on with what is left.
                    if !edge::now().has_reached(now.plus(RUN)) {
                        outcomes.extend(join_all(listed.iter().map(|listed| look_at(deps, listed, turn, edge::now()))).await);
                    }
                }
                page = deps.reminders.page(&slot, Some(some)).await?;
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
    say(LogCode::RemindersLookedAt, &counts.map(|(name, count)| (name, json!(count))));
    if broken > 0 { Err(Failure::internal(format!("{broken} reminders could not be looked at"))) } else { Ok(json!({})) }
}

async fn look_at(deps: &Deps, listed: &Result<Listed, StorageError>, turn: Turn, now: Moment) -> Outcome {
    let done = match listed {
        Ok(listed) if listed.is_claimed(now) => return Outcome::Left,
        Ok(listed) if turn == Turn::GiveUp || listed.is_over(now) || listed.may_have_gone(now) => give_up(deps, listed).await,
        Ok(listed) => remind(deps, listed, now).await,
        Err(error) => Err(Failure::internal(error)),
    };
    done.unwrap_or_else(|failure| {
        say(LogCode::SideCallFailed, &[("cause", json!(failure.cause()))]);
        Outcome::Broken
    })
}

async fn give_up(deps: &Deps, listed: &Listed) -> Result<Outcome, Failure> {
    say(LogCode::ReminderGivenUp, &[]);
    let address = deps.transaction.clone().with(deps.reminders.give_up_write(listed)?);
    let was_there = remove(deps, &listed.about()?, &listed.set_id, address).await?;
    Ok(if was_there { Outcome::GivenUp } else { Outcome::Left })
}

async fn remind(deps: &Deps, listed: &Listed, now: Moment) -> Result<Outcome, Failure> {
    let Some(item) = deps.reminders.claim(listed, now).await? else { return Ok(Outcome::Left) };
    let tried = attempt(deps, &item, now).await;
    let attempts = ("attempts", json!(item.attempts));
    match tried {
        Ok(Outcome::Sent) => {
            say(LogCode::ReminderSent, &[attempts]);
            forget(deps, &item).await?;
            Ok(Outcome::Sent)
        }
        Ok(other) => {
            forget(deps, &item).await?;
            Ok(other)
        }
        Err(Unsent { cause, may_have_gone }) => {
            say(LogCode::ReminderFailed, &[("cause", json!(cause)), attempts]);
            // Where it may have gone the claim stays, so that nobody sends it again: the next run gives it up.
            if !may_have_gone {
                deps.reminders.release(&item).await?;
            }
            Ok(Outcome::Failed)
        }
    }
}

struct Unsent {
    cause: String,
    may_have_gone: bool,
}

impl From<StorageError> for Unsent {
    fn from(error: StorageError) -> Self {
        Self { cause: error.to_string(), may_have_gone: false }
    }
}

impl From<messages::RenderError> for Unsent {
    fn from(error: messages::RenderError) -> Self {
        Self { cause: error.to_string(), may_have_gone: false }
    }
}

impl From<SendingError> for Unsent {
    fn from(error: SendingError) -> Self {
        Self { cause: error.to_string(), may_have_gone: error.may_have_gone() }
    }
}

/// Sends it, where what it is about is still as it was when it was asked for.
async fn attempt(deps: &Deps, item: &ReminderItem, now: Moment) -> Result<Outcome, Unsent> {
    let about = item.about()?;
    let expires_at = match &about {
        About::Code { code_id } => {
            deps.codes.by_id(code_id, now).await?.filter(|code| code.awaits(&item.set_id)).map(|code| code.expires_at)
        }
        About::Association { subject } => {
            let association = deps.associations.of(subject, now).await?;
            association.filter(|one| one.set_id == item.set_id && one.reminder_ahead(now).is_some()).map(|one| one.expires_at)
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

async fn forget(deps: &Deps, item: &ReminderItem) -> Result<(), Failure> {
    let address = deps.transaction.clone().with(deps.reminders.end_write(item)?);
    remove(deps, &item.about()?, &item.set_id, address).await.map(|_| ())
}

/// The address goes; of an association also the note that a reminder is to come. False where somebody has replaced or removed it.
async fn remove(deps: &Deps, about: &About, set_id: &str, address: Transaction) -> Result<bool, Failure> {
    let noted = match about {
        About::Code { .. } => None,
        About::Association { subject } => Some(deps.associations.reminded_write(subject, set_id)?),
    };
    let done = match address.clone().with_some(noted).commit().await {
        // The association is gone, or another one: there is no note.
        Err(TransactionError::Refused(parts)) if !parts.contains(&0) => address.commit().await,
        done @ (Ok(()) | Err(_)) => done,
    };
    match done {
        Ok(()) => Ok(true),
        Err(TransactionError::Refused(_)) => Ok(false),
        Err(error @ (TransactionError::Conflict | TransactionError::Storage(_))) => Err(error.into()),
    }
}

fn say(code: LogCode, fields: &[(&str, Value)]) {
    log::line(env!("CARGO_BIN_NAME"), code, fields);
}
