//! Quotas and subjects, on the tables of the deployed stack. The functions of `storage` take the time as an argument, so these tests need
//! not wait for midnight or for a clock change.

use domain::{
    Afm, Amka, Identifier, Moment, Paaypa, SubjectId,
    quota::{Quota, renews_at},
    time::Span,
};
use futures_util::future::join_all;
use journeys::stack;
use storage::{
    StorageError,
    quotas::{Quotas, Use},
    sealing::IdentifierHasher,
    subjects::Subjects,
};

use crate::aws;

fn someone() -> SubjectId {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).unwrap();
    SubjectId::from_random(bytes)
}

async fn quotas() -> Quotas {
    Quotas::new(aws::dynamodb(&aws::config().await), stack::variable("QUOTAS_TABLE"))
}

fn at(rfc3339: &str) -> Moment {
    Moment::from_epoch_seconds(rfc3339.parse::<jiff::Timestamp>().unwrap().as_second())
}

#[tokio::test]
async fn the_sixth_code_of_the_day_is_rejected_and_at_midnight_in_athens_five_are_free_again() {
    let quotas = quotas().await;
    // The last second of five days in Athens, as UTC: an ordinary day, and the days around both clock changes. All are in the future, because
    // TTL deletes counts of past days.
    for last_second in
        ["2096-11-20T21:59:59Z", "2096-03-24T21:59:59Z", "2096-03-25T20:59:59Z", "2096-10-27T20:59:59Z", "2096-10-28T21:59:59Z"]
    {
        let (person, last) = (someone(), at(last_second));
        let midnight = last.plus(Span::seconds(1));
        assert_eq!(renews_at(last), midnight);
        let submit = async |now, code: usize| quotas.use_one(Quota::Submissions, &person, &format!("code {code}"), now).await.unwrap();
        for code in 1..=5 {
            assert_eq!(submit(last, code).await, Use::WithinLimit { used: code }, "{last_second}");
        }
        assert_eq!(submit(last, 6).await, Use::Exhausted, "{last_second}");
        assert_eq!(submit(last, 3).await, Use::WithinLimit { used: 5 }, "the same code again is not counted");
        assert_eq!(quotas.submissions_left(&person, last).await.unwrap(), 0);
        assert_eq!(quotas.submissions_left(&person, midnight).await.unwrap(), 5);
        for code in 1..=5 {
            assert_eq!(submit(midnight, 10 + code).await, Use::WithinLimit { used: code }, "{last_second}");
        }
        assert_eq!(submit(midnight, 16).await, Use::Exhausted, "{last_second}");
    }
}

#[tokio::test]
async fn of_two_hundred_codes_at_once_five_are_accepted_and_may_be_repeated() {
    let (quotas, person, now) = (quotas().await, someone(), at("2096-11-20T12:00:00Z"));
    let ids: Vec<String> = (0..200).map(|code| format!("code {code}")).collect();
    let accepted = async || {
        let results = join_all(ids.iter().map(|id| quotas.use_one(Quota::Submissions, &person, id, now))).await;
        let accepted = ids.iter().zip(results).filter(|(_, result)| *result.as_ref().unwrap() != Use::Exhausted);
        accepted.map(|(id, _)| id.as_str()).collect::<Vec<_>>()
    };
    let first = accepted().await;
    assert_eq!(first.len(), 5);
    assert_eq!(accepted().await, first, "of the same two hundred codes the same five are accepted again");
}

#[tokio::test]
async fn each_of_a_persons_numbers_leads_to_the_same_subject_whichever_is_known_first() {
    let hasher = IdentifierHasher::new(&format!("{:?}", someone()));
    let subjects = Subjects::new(aws::dynamodb(&aws::config().await), stack::variable("SUBJECTS_TABLE"), hasher);
    let now = at("2096-11-20T12:00:00Z");
    let afm = Identifier::Afm(Afm::parse("068933130").unwrap());
    let paaypa = Identifier::Paaypa(Paaypa::parse("12345678901").unwrap());
    let amka = Identifier::Amka(Amka::parse("01018012342").unwrap());
    // A foreigner has a provisional number (PAAYPA) and an AFM. Later the registers return an AMKA instead of the PAAYPA.
    let first = subjects.resolve(&[paaypa.clone(), afm.clone()], now).await.unwrap();
    assert_eq!(subjects.resolve(&[amka.clone(), afm.clone()], now).await.unwrap(), first);
    for alone in [paaypa, afm, amka] {
        assert_eq!(subjects.resolve(&[alone], now).await.unwrap(), first);
    }
}

#[tokio::test]
async fn a_person_who_signs_in_twice_at_once_is_one_subject() {
    let hasher = IdentifierHasher::new(&format!("{:?}", someone()));
    let subjects = Subjects::new(aws::dynamodb(&aws::config().await), stack::variable("SUBJECTS_TABLE"), hasher);
    let numbers = [Identifier::Amka(Amka::parse("01018012342").unwrap()), Identifier::Afm(Afm::parse("068933130").unwrap())];
    let now = at("2096-11-20T12:00:00Z");
    // The registers may return the two numbers in either order, or only one of them.
    let [amka, afm] = numbers.clone();
    let variants = [vec![amka.clone(), afm.clone()], vec![afm.clone(), amka.clone()], vec![afm]];
    let all = join_all((0..9).map(|call| subjects.resolve(&variants[call % 3], now))).await;
    let resolved = subjects.resolve(&numbers, now).await.unwrap();
    for subject in all {
        assert_eq!(subject.unwrap(), resolved);
    }
    assert_eq!(subjects.resolve(&numbers[1..], now).await.unwrap(), resolved);
}

#[tokio::test]
async fn numbers_that_lead_to_two_subjects_are_an_error() {
    let hasher = IdentifierHasher::new(&format!("{:?}", someone()));
    let subjects = Subjects::new(aws::dynamodb(&aws::config().await), stack::variable("SUBJECTS_TABLE"), hasher);
    let now = at("2096-11-20T12:00:00Z");
    let [amka, afm] = [Identifier::Amka(Amka::parse("01018012342").unwrap()), Identifier::Afm(Afm::parse("068933130").unwrap())];
    let paaypa = Identifier::Paaypa(Paaypa::parse("12345678901").unwrap());
    let one = subjects.resolve(std::slice::from_ref(&amka), now).await.unwrap();
    let other = subjects.resolve(std::slice::from_ref(&afm), now).await.unwrap();
    assert_ne!(one, other);
    let all = [amka.clone(), paaypa.clone(), afm.clone()];
    assert!(matches!(subjects.resolve(&all, now).await, Err(StorageError::Corrupt(_))));
    assert_eq!(subjects.find(&paaypa, now).await.unwrap(), None, "nothing is written");
    assert_eq!((subjects.find(&amka, now).await.unwrap(), subjects.find(&afm, now).await.unwrap()), (Some(one), Some(other)));
}
