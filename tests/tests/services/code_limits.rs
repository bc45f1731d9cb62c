//! Tests how codes and messages are counted against the daily limits, on the tables of the deployed stack.

use domain::{
    GreekMobile, Moment, Recipient,
    business::BusinessId,
    code_limit::{CodeLimit, Share},
    time::Span,
};
use journeys::stack;
use storage::{
    code_limits::{CodeLimits, CommitError, Counters, Limits, Wanted},
    sealing::RecipientHasher,
    transaction::Transaction,
};

use crate::aws;

/// Permitted number of SMS per day in these tests: two for each of the eight counter items.
const SMS: u32 = 16;

/// First of the future days on which the tests count: 1 January 2100.
const FIRST_DAY: Moment = Moment::from_epoch_seconds(4_102_488_000);
/// Number of these days. The last one is in the year 9766, because a day cannot be later than the year 9999.
const DAYS: u32 = 2_800_000;

/// The code limits on a random future day, on which very probably no other test or earlier run has counted.
struct Day {
    limits: CodeLimits,
    client: aws_sdk_dynamodb::Client,
    now: Moment,
}

impl Day {
    async fn new() -> Self {
        let client = aws::dynamodb(&aws::config().await);
        let mut bytes = [0; 4];
        aws_lc_rs::rand::fill(&mut bytes).unwrap();
        let now = FIRST_DAY.plus(Span::days((u32::from_be_bytes(bytes) % DAYS).into()));
        let limits = Limits { codes_per_business: 1_000, sms: SMS };
        let hasher = RecipientHasher::new("a secret");
        Self { limits: CodeLimits::new(client.clone(), stack::variable("QUOTAS_TABLE"), limits, hasher), client, now }
    }

    async fn read(&self, wanted: Wanted<'_>) -> Result<Counters, CodeLimit> {
        self.limits.read(wanted, self.now).await.unwrap()
    }

    async fn commit(&self, counters: Counters, wanted: Wanted<'_>) -> Result<Counters, CommitError> {
        self.limits.commit(&Transaction::new(self.client.clone()), counters, &[], wanted, self.now).await
    }
}

fn mobile(number: u32) -> Recipient {
    Recipient::Mobile(GreekMobile::parse(&format!("69{number:08}")).unwrap())
}

const fn resent(recipient: &Recipient) -> Wanted<'_> {
    Wanted { issuing_business: None, recipient }
}

#[tokio::test]
async fn an_sms_is_counted_on_another_item_if_the_chosen_one_was_filled_since_it_was_read() {
    let day = Day::new().await;
    let recipients: Vec<Recipient> = (0..SMS + 1).map(mobile).collect();
    let (later, first) = recipients.split_at(7);
    let mut read_early = Vec::new();
    for recipient in later {
        read_early.push(day.read(resent(recipient)).await.unwrap());
    }
    for recipient in first {
        let counters = day.read(resent(recipient)).await.unwrap();
        let _ = day.commit(counters, resent(recipient)).await.unwrap();
    }
    // Ten of the 16 SMS are counted, so six more are permitted. The counter items for these six were chosen when all items were empty. If a
    // chosen item is full now, `commit` must choose another one.
    let mut read_early = later.iter().zip(read_early);
    for (recipient, counters) in read_early.by_ref().take(6) {
        let _ = day.commit(counters, resent(recipient)).await.unwrap();
    }
    let (recipient, counters) = read_early.next().unwrap();
    let full = day.commit(counters, resent(recipient)).await;
    assert!(matches!(full, Err(CommitError::Reached(CodeLimit::Sms))), "{full:?}");
    assert_eq!(day.read(resent(recipient)).await.unwrap_err(), CodeLimit::Sms);
}

#[tokio::test]
async fn a_share_of_the_sms_is_reached_by_sms_alone() {
    let day = Day::new().await;
    let business = BusinessId::from_hash("a business".to_owned());
    for number in 0..SMS / 2 {
        let recipient = mobile(number);
        let wanted = Wanted { issuing_business: Some(&business), recipient: &recipient };
        let counters = day.read(wanted).await.unwrap();
        let expected = (number + 1 == SMS / 2).then_some((CodeLimit::Sms, Share::Half));
        assert_eq!(counters.reached().collect::<Vec<_>>(), Vec::from_iter(expected), "SMS number {}", number + 1);
        let _ = day.commit(counters, wanted).await.unwrap();
    }
}
