//! Stores the SMS and emails that were sent, up to a maximum number and size, and restores them after a restart.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::World;
use crate::journal::Journal;

/// Limits of the inbox. When the number or the size is exceeded, the oldest messages are removed.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    messages: usize,
    bytes: usize,
    /// Size that the file may reach before it is rewritten without the removed messages.
    file_bytes: u64,
}

pub(crate) const BOUNDS: Bounds = Bounds { messages: 10_000, bytes: 64 * 1024 * 1024, file_bytes: 3 * 64 * 1024 * 1024 };

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Channel {
    Sms,
    Email,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) seq: u64,
    pub(crate) at: Timestamp,
    #[serde(flatten)]
    pub(crate) sent: Sent,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sent {
    pub(crate) channel: Channel,
    pub(crate) to: String,
    pub(crate) from: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) text: String,
    pub(crate) html: Option<String>,
    /// The MIME message of an email, in base64.
    pub(crate) raw: Option<String>,
    pub(crate) sender_id: Option<String>,
    /// The data that SES stores about an email besides its content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ses: Option<Ses>,
}

/// The ID that SES gave to an email, and the fields of the `SendEmail` call that SES repeats in its events about this email.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ses {
    pub(crate) message_id: String,
    pub(crate) configuration_set: Option<String>,
    /// The values of each tag. SES reports a list for each tag, although a call can set only one value.
    pub(crate) tags: BTreeMap<String, Vec<String>>,
}

impl Message {
    fn bytes(&self) -> usize {
        let sent = &self.sent;
        [&sent.html, &sent.raw, &sent.subject].into_iter().flatten().map(String::len).sum::<usize>()
            + sent.text.len()
            + sent.to.len()
            + size_of::<Self>()
    }
}

pub(crate) struct Inbox {
    inner: Mutex<Inner>,
}

struct Inner {
    retained: Retained,
    journal: Journal,
}

/// The stored messages. The oldest ones are removed when `bounds` are exceeded.
struct Retained {
    bounds: Bounds,
    messages: VecDeque<Message>,
    bytes: usize,
    last_seq: u64,
}

impl Retained {
    fn push(&mut self, message: Message) {
        self.bytes += message.bytes();
        self.last_seq = message.seq;
        self.messages.push_back(message);
        while self.messages.len() > self.bounds.messages || self.bytes > self.bounds.bytes {
            let Some(oldest) = self.messages.pop_front() else { break };
            self.bytes -= oldest.bytes();
        }
    }
}

impl Inbox {
    pub(crate) fn open(state: &Path, bounds: Bounds) -> io::Result<Self> {
        let mut retained = Retained { bounds, messages: VecDeque::new(), bytes: 0, last_seq: 0 };
        let journal = Journal::open(state.join("inbox.jsonl"), |message| retained.push(message))?;
        Ok(Self { inner: Mutex::new(Inner { retained, journal }) })
    }

    pub(crate) fn add(&self, sent: Sent) -> io::Result<()> {
        let mut guard = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let inner = &mut *guard;
        let message = Message { seq: inner.retained.last_seq + 1, at: Timestamp::now(), sent };
        inner.journal.append(&message)?;
        inner.retained.push(message);
        if inner.journal.bytes > inner.retained.bounds.file_bytes {
            inner.journal.rewrite(inner.retained.messages.iter())?;
        }
        Ok(())
    }

    /// Returns the messages with a sequence number above `seq`, oldest first. With `to`, returns only messages to this recipient.
    fn after(&self, seq: u64, to: Option<&str>) -> Vec<Message> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let messages = &inner.retained.messages;
        let start = messages.partition_point(|message| message.seq <= seq);
        messages.range(start..).filter(|message| to.is_none_or(|to| message.sent.to.eq_ignore_ascii_case(to))).cloned().collect()
    }

    /// Returns at most `limit` messages with a sequence number below `before`, newest first. With `to`, returns only messages to this
    /// recipient.
    pub(crate) fn page(&self, before: Option<u64>, to: Option<&str>, limit: usize) -> Vec<Message> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner
            .retained
            .messages
            .iter()
            .rev()
            .filter(|message| before.is_none_or(|before| message.seq < before))
            .filter(|message| to.is_none_or(|to| message.sent.to.eq_ignore_ascii_case(to)))
            .take(limit)
            .cloned()
            .collect()
    }

    pub(crate) fn one(&self, seq: u64) -> Option<Message> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let messages = &inner.retained.messages;
        let place = messages.binary_search_by_key(&seq, |message| message.seq).ok()?;
        messages.get(place).cloned()
    }
}

#[derive(Deserialize)]
pub(crate) struct Filter {
    to: Option<String>,
    #[serde(default)]
    after: u64,
}

/// `GET /inbox.json?to=&after=`
pub(crate) async fn list(State(world): State<World>, Query(filter): Query<Filter>) -> Response {
    Json(world.inbox.after(filter.after, filter.to.as_deref())).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Bounds = Bounds { messages: 100, bytes: 64 * 1024, file_bytes: 3 * 64 * 1024 };

    fn sms(text: &str) -> Sent {
        Sent {
            channel: Channel::Sms,
            to: "+306944100001".to_owned(),
            from: None,
            subject: None,
            text: text.to_owned(),
            html: None,
            raw: None,
            sender_id: Some("myPhoto".to_owned()),
            ses: None,
        }
    }

    #[test]
    fn the_last_messages_survive_a_restart_and_an_incomplete_line() {
        let state = tempfile::tempdir().unwrap();
        let inbox = Inbox::open(state.path(), SMALL).unwrap();
        for number in 1..=105 {
            inbox.add(sms(&number.to_string())).unwrap();
        }
        let before = inbox.after(0, None);
        assert_eq!((before.len(), before[0].seq), (100, 6));
        drop(inbox);
        let file = state.path().join("inbox.jsonl");
        let mut text = std::fs::read_to_string(&file).unwrap();
        text.push_str("{\"seq\":106,\"at\":");
        std::fs::write(&file, text).unwrap();

        let inbox = Inbox::open(state.path(), SMALL).unwrap();
        assert_eq!(inbox.after(0, None), before);
        inbox.add(sms("new")).unwrap();
        drop(inbox);
        let inbox = Inbox::open(state.path(), SMALL).unwrap();
        assert_eq!(inbox.after(105, None)[0].sent.text, "new");
    }

    #[test]
    fn when_the_size_is_exceeded_the_oldest_messages_are_removed_from_memory_and_file() {
        let state = tempfile::tempdir().unwrap();
        let inbox = Inbox::open(state.path(), SMALL).unwrap();
        let large = "x".repeat(8 * 1024);
        for _ in 0..26 {
            inbox.add(sms(&large)).unwrap();
        }
        assert_eq!(inbox.after(0, None).len(), 7);
        let file = std::fs::metadata(state.path().join("inbox.jsonl")).unwrap();
        assert!(file.len() < SMALL.file_bytes);
        inbox.add(sms("last")).unwrap();
        let inbox = Inbox::open(state.path(), SMALL).unwrap();
        assert_eq!(inbox.one(27).unwrap().sent.text, "last");
    }
}
