//! The day's counts of codes and of messages with codes, in the table of quotas.
//!
//! The transaction that issues or sends a code raises its counts, under the condition that each is below its limit. The transaction has a token, so
//! that a repeated request counts once. If the transaction is rejected, nothing is counted.

use aws_sdk_dynamodb::{
    Client,
    types::{KeysAndAttributes, Update},
};
use domain::{
    AthensDay, Moment, Recipient,
    business::BusinessId,
    code_limit::{CodeLimit, MESSAGES_PER_RECIPIENT, Share},
    quota::counter_expiry,
    recipient::RecipientKind,
};

use crate::{
    error::{StorageError, failed},
    quotas::KEY,
    sealing::RecipientHasher,
    table::{Item, TTL_ATTRIBUTE, Table, is_live, key, moment, number},
    transaction::{TransactWrite, Transaction, TransactionError},
};

/// The count. No role of a function that counts codes may write another attribute of the table.
const COUNT: &str = "codes";
/// The SMS of the whole service are counted in several items, because transactions that meet on one item reject each other.
pub const SMS_COUNTERS: u32 = 8;

/// The limits that the operator sets, a day.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub codes_per_business: u32,
    /// SMS with codes of the whole service.
    pub sms: u32,
}

/// A code or message that is to be issued or sent.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Whose new code it is; none where a code is sent again.
    pub new_code_of: Option<&'a BusinessId>,
    pub recipient: &'a Recipient,
}

#[derive(Debug, Clone)]
pub struct CodeLimits {
    table: Table,
    limits: Limits,
    hasher: RecipientHasher,
}

/// A count that is to be raised.
#[derive(Debug, Clone)]
struct Counter {
    of: CodeLimit,
    id: String,
    /// Of this item.
    limit: u32,
    /// Of all items of this kind.
    whole_limit: u32,
    used: u32,
    used_in_all: u32,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    #[error("the limit {0:?} is reached")]
    Reached(CodeLimit),
    #[error(transparent)]
    Transaction(#[from] TransactionError),
}

/// The counts that one code or message raises.
#[derive(Debug, Clone)]
#[must_use]
pub struct Counters {
    counters: Vec<Counter>,
    parts: Vec<TransactWrite>,
}

impl CodeLimits {
    pub const fn new(client: Client, table: String, limits: Limits, hasher: RecipientHasher) -> Self {
        Self { table: Table::new(client, table), limits, hasher }
    }

    /// Reads the counts. `Err` of the result is the limit that is reached; the transaction decides again.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn read(&self, wanted: Wanted<'_>, now: Moment) -> Result<Result<Counters, CodeLimit>, StorageError> {
        let day = AthensDay::of(now);
        let mut counters = self.counters(wanted, day);
        self.read_counts(&mut counters, now).await?;
        let sms_used = counters.iter().filter(|counter| counter.of == CodeLimit::Sms).map(|counter| counter.used).sum();
        let mut chosen: Vec<Counter> = Vec::new();
        for limit in CodeLimit::ALL {
            let mut of_kind: Vec<Counter> = counters.iter().filter(|counter| counter.of == limit).cloned().collect();
            if of_kind.is_empty() {
                continue;
            }
            of_kind.retain(|counter| counter.used < counter.limit);
            let Some(counter) = pick(of_kind)? else { return Ok(Err(limit)) };
            let used_in_all = if limit == CodeLimit::Sms { sms_used } else { counter.used };
            chosen.push(Counter { used_in_all, ..counter });
        }
        let parts = chosen.iter().map(|counter| self.part(counter, day)).collect::<Result<_, _>>()?;
        Ok(Ok(Counters { counters: chosen, parts }))
    }

    /// Writes `parts` and raises the counts, all or nothing. The SMS of the service may still have room in another item than the one that
    /// was read: then it is tried with that.
    ///
    /// # Errors
    /// [`CommitError::Reached`] if a limit is; what the transaction failed at otherwise.
    pub async fn commit(
        &self,
        transaction: &Transaction,
        mut counters: Counters,
        parts: &[TransactWrite],
        wanted: Wanted<'_>,
        now: Moment,
    ) -> Result<Counters, CommitError> {
        for _ in 0..SMS_COUNTERS {
            let begun = counters.parts.iter().chain(parts).cloned().fold(transaction.clone(), Transaction::with);
            let refused = match begun.commit().await {
                Ok(()) => return Ok(counters),
                Err(TransactionError::Refused(refused)) => refused,
                Err(error) => return Err(error.into()),
            };
            match counters.limit_of(&refused) {
                None => return Err(TransactionError::Refused(refused).into()),
                Some(CodeLimit::Sms) => {
                    let read = self.read(wanted, now).await.map_err(TransactionError::from)?;
                    counters = read.map_err(CommitError::Reached)?;
                }
                Some(limit) => return Err(CommitError::Reached(limit)),
            }
        }
        Err(CommitError::Reached(CodeLimit::Sms))
    }

    fn counters(&self, wanted: Wanted<'_>, day: AthensDay) -> Vec<Counter> {
        let counter = |of, id, limit, whole_limit| Counter { of, id, limit, whole_limit, used: 0, used_in_all: 0 };
        let Limits { codes_per_business, sms } = self.limits;
        let business = wanted.new_code_of.map(|business| {
            counter(CodeLimit::Business, format!("business#{}#{day}", business.as_str()), codes_per_business, codes_per_business)
        });
        let hash = self.hasher.of_day(wanted.recipient, day);
        let recipient = counter(CodeLimit::Recipient, format!("recipient#{hash}#{day}"), MESSAGES_PER_RECIPIENT, MESSAGES_PER_RECIPIENT);
        let by_sms = wanted.recipient.kind() == RecipientKind::Mobile;
        let sms = (0..SMS_COUNTERS).filter(|_| by_sms).map(|n| {
            let share = sms / SMS_COUNTERS + u32::from(n < sms % SMS_COUNTERS);
            counter(CodeLimit::Sms, format!("code_sms#{n}#{day}"), share, sms)
        });
        business.into_iter().chain([recipient]).chain(sms).collect()
    }

    /// A count that DynamoDB leaves out of its response stays 0: the transaction finds that it is not.
    async fn read_counts(&self, counters: &mut [Counter], now: Moment) -> Result<(), StorageError> {
        let keys = counters.iter().map(|counter| key(KEY, &counter.id)).collect();
        let wanted =
            KeysAndAttributes::builder().set_keys(Some(keys)).build().map_err(|_| StorageError::Corrupt("a read lacks a field"))?;
        let output =
            self.table.client.batch_get_item().request_items(&self.table.name, wanted).send().await.map_err(failed("BatchGetItem"))?;
        let items: Vec<Item> = output.responses.into_iter().flatten().flat_map(|(_, items)| items).collect();
        for item in items.iter().filter(|item| is_live(item, now)) {
            let id = item.get(KEY).and_then(|id| id.as_s().ok());
            let count = item.get(COUNT).and_then(|count| count.as_n().ok()?.parse().ok());
            if let (Some(id), Some(count)) = (id, count)
                && let Some(counter) = counters.iter_mut().find(|counter| counter.id == *id)
            {
                counter.used = count;
            }
        }
        Ok(())
    }

    fn part(&self, counter: &Counter, day: AthensDay) -> Result<TransactWrite, StorageError> {
        let update = Update::builder()
            .set_key(Some(key(KEY, &counter.id)))
            .update_expression("SET #end = :end ADD #count :one")
            .condition_expression("attribute_not_exists(#count) OR #count < :limit")
            .expression_attribute_names("#count", COUNT)
            .expression_attribute_names("#end", TTL_ATTRIBUTE)
            .expression_attribute_values(":one", number(1_u32))
            .expression_attribute_values(":limit", number(counter.limit))
            .expression_attribute_values(":end", moment(counter_expiry(day)));
        self.table.update_write(update)
    }
}

/// One of them at random, so that calls at the same time seldom meet.
fn pick(mut counters: Vec<Counter>) -> Result<Option<Counter>, StorageError> {
    if counters.is_empty() {
        return Ok(None);
    }
    let [random] = aws::random_bytes::<1>()?;
    Ok(Some(counters.swap_remove(usize::from(random) % counters.len())))
}

impl Counters {
    /// The limit whose condition did not hold, in a transaction that begins with these counts; none where a condition behind them did not.
    fn limit_of(&self, refused: &[usize]) -> Option<CodeLimit> {
        if refused.iter().any(|part| *part >= self.parts.len()) {
            return None;
        }
        refused.first().and_then(|part| self.counters.get(*part)).map(|counter| counter.of)
    }

    /// The limits of which half or all is used, once the transaction is written. Calls at the same time may each have read the same counts,
    /// so every use of the second half is told, not only the one that reaches it.
    pub fn reached(&self) -> impl Iterator<Item = (CodeLimit, Share)> {
        self.counters.iter().filter_map(|counter| Share::of(counter.used_in_all + 1, counter.whole_limit).map(|share| (counter.of, share)))
    }
}
