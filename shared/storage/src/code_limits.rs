//! Daily counts of issued codes and of messages with codes, stored in the table `Quotas`.
//!
//! The transaction that issues or sends a code also increments the counts, on condition that each count is below its limit. The transaction
//! has an idempotency token, so a repeated request is counted once. If the transaction fails, nothing is counted.

use aws_sdk_dynamodb::{
    Client,
    types::{KeysAndAttributes, Update},
};
use domain::{
    AthensDay, Moment, Recipient,
    business::BusinessId,
    code_limit::{CodeLimit, MESSAGES_PER_RECIPIENT_PER_DAY, Share},
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

/// The attribute with the count. The roles of functions that count codes may write no other attribute of the table, apart from the key and
/// the TTL.
const COUNT: &str = "codes";
/// Number of items over which the count of all SMS is spread. A single item would make concurrent transactions conflict.
pub const SMS_COUNTERS: u32 = 8;

/// Daily limits, set by the operator.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub codes_per_business: u32,
    /// Number of SMS with codes that the whole service may send per day.
    pub sms: u32,
}

/// The code to issue or the message to send.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The business that issues a new code. `None` if an existing code is sent again.
    pub issuing_business: Option<&'a BusinessId>,
    pub recipient: &'a Recipient,
}

#[derive(Debug, Clone)]
pub struct CodeLimits {
    table: Table,
    limits: Limits,
    hasher: RecipientHasher,
}

/// A count to increment.
#[derive(Debug, Clone)]
struct Counter {
    of: CodeLimit,
    id: String,
    /// Maximum of `used`.
    limit: u32,
    /// Maximum of `total_used`.
    total_limit: u32,
    used: u32,
    /// Sum of `used` over all items of the same [`CodeLimit`].
    total_used: u32,
}

/// The reason why [`CodeLimits::commit`] wrote nothing.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    #[error("the limit {0:?} is reached")]
    Reached(CodeLimit),
    #[error(transparent)]
    Transaction(#[from] TransactionError),
}

/// The counts that one code or message increments.
#[derive(Debug, Clone)]
#[must_use]
pub struct Counters {
    counters: Vec<Counter>,
    writes: Vec<TransactWrite>,
}

impl CodeLimits {
    pub const fn new(client: Client, table: String, limits: Limits, hasher: RecipientHasher) -> Self {
        Self { table: Table::new(client, table), limits, hasher }
    }

    /// Reads the counts and chooses the items to increment. The inner result is `Err` if a limit is already reached. The transaction checks
    /// the limits again in its conditions.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn read(&self, request: Wanted<'_>, now: Moment) -> Result<Result<Counters, CodeLimit>, StorageError> {
        let day = AthensDay::of(now);
        let mut counters = self.counters(request, day);
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
            let total_used = if limit == CodeLimit::Sms { sms_used } else { counter.used };
            chosen.push(Counter { total_used, ..counter });
        }
        let writes = chosen.iter().map(|counter| self.increment_write(counter, day)).collect::<Result<_, _>>()?;
        Ok(Ok(Counters { counters: chosen, writes }))
    }

    /// Executes `writes` and increments the counts in one transaction. The count of all SMS is divided among several items, of which `read`
    /// has chosen one. If this item has reached its share of the limit since it was read, retries with another item.
    ///
    /// # Errors
    /// [`CommitError::Reached`] if a limit is reached. [`CommitError::Transaction`] if the transaction fails for another reason.
    pub async fn commit(
        &self,
        transaction: &Transaction,
        mut counters: Counters,
        writes: &[TransactWrite],
        request: Wanted<'_>,
        now: Moment,
    ) -> Result<Counters, CommitError> {
        for _ in 0..SMS_COUNTERS {
            let with_writes = counters.writes.iter().chain(writes).cloned().fold(transaction.clone(), Transaction::with);
            let failed_conditions = match with_writes.commit().await {
                Ok(()) => return Ok(counters),
                Err(TransactionError::Refused(positions)) => positions,
                Err(error) => return Err(error.into()),
            };
            match counters.limit_of(&failed_conditions) {
                None => return Err(TransactionError::Refused(failed_conditions).into()),
                Some(CodeLimit::Sms) => {
                    let read = self.read(request, now).await.map_err(TransactionError::from)?;
                    counters = read.map_err(CommitError::Reached)?;
                }
                Some(limit) => return Err(CommitError::Reached(limit)),
            }
        }
        Err(CommitError::Reached(CodeLimit::Sms))
    }

    /// Returns all counts that the code or message could increment. Their values are 0, because they are not read yet.
    fn counters(&self, request: Wanted<'_>, day: AthensDay) -> Vec<Counter> {
        let counter = |of, id, limit, total_limit| Counter { of, id, limit, total_limit, used: 0, total_used: 0 };
        let Limits { codes_per_business, sms } = self.limits;
        let business = request.issuing_business.map(|business| {
            counter(CodeLimit::Business, format!("business#{}#{day}", business.as_str()), codes_per_business, codes_per_business)
        });
        let hash = self.hasher.of_day(request.recipient, day);
        let recipient = counter(
            CodeLimit::Recipient,
            format!("recipient#{hash}#{day}"),
            MESSAGES_PER_RECIPIENT_PER_DAY,
            MESSAGES_PER_RECIPIENT_PER_DAY,
        );
        let by_sms = request.recipient.kind() == RecipientKind::Mobile;
        let sms = (0..SMS_COUNTERS).filter(|_| by_sms).map(|n| {
            let share = sms / SMS_COUNTERS + u32::from(n < sms % SMS_COUNTERS);
            counter(CodeLimit::Sms, format!("code_sms#{n}#{day}"), share, sms)
        });
        business.into_iter().chain([recipient]).chain(sms).collect()
    }

    /// Reads the counts from the table. DynamoDB may omit items from a response (`UnprocessedKeys`). The counts of omitted items remain 0
    /// here. The condition of the transaction checks the stored values.
    async fn read_counts(&self, counters: &mut [Counter], now: Moment) -> Result<(), StorageError> {
        let keys = counters.iter().map(|counter| key(KEY, &counter.id)).collect();
        let keys_and_attributes =
            KeysAndAttributes::builder().set_keys(Some(keys)).build().map_err(|_| StorageError::Corrupt("a read lacks a field"))?;
        let output = self
            .table
            .client
            .batch_get_item()
            .request_items(&self.table.name, keys_and_attributes)
            .send()
            .await
            .map_err(failed("BatchGetItem"))?;
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

    /// Builds the write that increments a count. The transaction fails if the limit is reached.
    fn increment_write(&self, counter: &Counter, day: AthensDay) -> Result<TransactWrite, StorageError> {
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

/// Picks one counter at random, so that concurrent calls seldom conflict.
fn pick(mut counters: Vec<Counter>) -> Result<Option<Counter>, StorageError> {
    if counters.is_empty() {
        return Ok(None);
    }
    let [random] = aws::random_bytes::<1>()?;
    Ok(Some(counters.swap_remove(usize::from(random) % counters.len())))
}

impl Counters {
    /// Returns the limit that made the transaction fail, or `None` if the condition of one of the caller's own writes failed.
    /// `failed_conditions` are positions of writes in the transaction. Its first writes increment these counts, and the caller's writes
    /// follow.
    fn limit_of(&self, failed_conditions: &[usize]) -> Option<CodeLimit> {
        if failed_conditions.iter().any(|position| *position >= self.counters.len()) {
            return None;
        }
        failed_conditions.first().and_then(|position| self.counters.get(*position)).map(|counter| counter.of)
    }

    /// Returns the limits of which at least half is used after the transaction. A limit is returned after every transaction beyond half,
    /// not only after the one that reaches half, because concurrent calls may read the same count, and then none of them may see exactly
    /// half.
    pub fn reached(&self) -> impl Iterator<Item = (CodeLimit, Share)> {
        self.counters.iter().filter_map(|counter| Share::of(counter.total_used + 1, counter.total_limit).map(|share| (counter.of, share)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_condition_of_another_write_is_not_reported_as_a_limit() {
        let counter = |of| Counter { of, id: String::new(), limit: 1, total_limit: 1, used: 0, total_used: 0 };
        let counters = Counters { counters: vec![counter(CodeLimit::Business), counter(CodeLimit::Recipient)], writes: Vec::new() };
        assert_eq!(counters.limit_of(&[1]), Some(CodeLimit::Recipient));
        assert_eq!(counters.limit_of(&[0, 1]), Some(CodeLimit::Business));
        assert_eq!(counters.limit_of(&[2]), None);
        assert_eq!(counters.limit_of(&[1, 2]), None);
    }
}
