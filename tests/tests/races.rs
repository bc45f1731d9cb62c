//! Sends many concurrent requests about the same code, subject or counter, and checks that the rules hold in whatever order the requests
//! arrive.
//!
//! These tests are a separate program and run one after the other, because the emulator starts a process for every concurrent call, and
//! calls of other tests would time out meanwhile.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test that calls it")]

#[path = "aws/mod.rs"]
mod aws;
#[path = "races/random_changes.rs"]
mod random_changes;
#[path = "races/tables.rs"]
mod tables;

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{AthensDay, CodeNumber, FileProfile, ImageKind, Language, Moment, application::Purpose, time::Span};
use futures_util::{
    StreamExt,
    future::join_all,
    stream::{self, FuturesUnordered},
};
use journeys::{
    application::{self, now},
    citizen::own,
    midnight,
    people::{self, Visit, fresh_citizen, fresh_photographer},
    photographer::{self, To, face_only, issue_by_sms, issue_code},
    stack,
};
use storage::code_limits::SMS_COUNTERS;

/// Each test holds this lock while it runs, so that only one test runs at a time.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Number of concurrent calls for which the emulator can start processes without slowing down.
const CONCURRENCY: usize = 20;
/// Minimum duration of a period in which applications pull.
const PERIOD: Duration = Duration::from_millis(1_200);
/// Minimum number of pulls that begin and end in a period.
const PULLS_PER_PERIOD: usize = 4;
/// Timeout for the pulls of a period, which take much longer on a busy machine.
const PULLS_TIMEOUT: Duration = Duration::from_secs(60);

#[tokio::test]
async fn of_two_hundred_codes_submitted_at_once_exactly_five_pass_the_quota() {
    let _alone = ALONE.lock().await;
    midnight::avoid(Span::minutes(5)).await;
    let visit = fresh_citizen().await;
    let codes: Vec<String> =
        (0..200).map(|_| CodeNumber::draw(|bytes| aws_lc_rs::rand::fill(bytes)).expect("randomness").expose()).collect();
    let visit = &visit;
    let calls = codes.iter().map(|code| async move { own(visit).submit(code).await });
    let responses: Vec<_> = stream::iter(calls).buffer_unordered(CONCURRENCY).collect().await;
    let (looked_up, over_quota): (Vec<_>, Vec<_>) = responses.into_iter().partition(|response| response.status == 404);
    looked_up.iter().for_each(|response| drop(response.rejected(404, "code_not_active")));
    over_quota.iter().for_each(|response| drop(response.rejected(429, "submissions_exhausted")));
    assert_eq!((looked_up.len(), over_quota.len()), (5, 195));
    assert_eq!(visit.browser.get("/v1/session").await.expect(200).json()["submissions_left"], 0);
}

#[tokio::test]
async fn one_code_associated_by_fifty_people_at_once_has_one_owner() {
    let _alone = ALONE.lock().await;
    let studio = fresh_photographer().await;
    let people: Vec<Visit> = stream::iter((0..50).map(|_| fresh_citizen())).buffer_unordered(8).collect().await;
    let issued = issue_by_sms(&studio, people[0].person.mobile()).await;
    let code = &issued.code;
    let versions: Vec<_> = stream::iter(people.iter().map(|visit| async move { own(visit).submit_and_confirm(code).await }))
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await;
    let version = &versions[0];
    let all = people.iter().map(|visit| async move { (visit, own(visit).associate(version).await) });
    let responses: Vec<_> = stream::iter(all).buffer_unordered(CONCURRENCY).collect().await;
    let mut owners = Vec::new();
    for (visit, response) in &responses {
        if response.status == 201 {
            owners.push(*visit);
        } else {
            let problem = response.problem();
            let lost = (409, ["association_raced", "conflict"].contains(&problem.code.as_str()));
            assert!((problem.status, true) == lost || (problem.status, problem.code.as_str()) == (403, "code_taken"), "{problem:?}");
        }
    }
    assert_eq!(owners.len(), 1);
    for visit in &people {
        let is_owner = visit.person.afm == owners[0].person.afm;
        assert_eq!(own(visit).show_association().await.status, if is_owner { 200 } else { 404 });
    }
}

/// A period between two acknowledged changes. If `allowed` is true, every pull in this period must succeed. Otherwise every pull must be
/// rejected.
struct Period {
    from: Instant,
    until: Instant,
    allowed: bool,
}

struct Pull {
    case: String,
    began: Instant,
    ended: Instant,
    succeeded: bool,
}

/// Waits until the period that began at `from` is long enough and enough pulls have begun and ended in it.
async fn wait_for_pulls(pulls: &Mutex<Vec<Pull>>, from: Instant) {
    tokio::time::sleep(PERIOD).await;
    while pulls.lock().unwrap().iter().filter(|pull| pull.began > from).count() < PULLS_PER_PERIOD {
        assert!(from.elapsed() < PULLS_TIMEOUT, "too few pulls ended in {PULLS_TIMEOUT:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Returns all pulls of this subject's images in the access log, sorted by case number. The second value is `true` if the pull succeeded.
async fn logged_pulls(visit: &Visit, handle: &str) -> Vec<(String, bool)> {
    let all = visit.browser.all_of(&format!("/v1/subjects/{handle}/accesses"), "accesses").await;
    let mut all: Vec<_> = all.iter().map(|access| (access["case"].as_str().unwrap().to_owned(), access["outcome"] == "given")).collect();
    all.sort();
    all
}

#[tokio::test]
async fn under_load_a_pull_obeys_the_last_change_acknowledged_before_it() {
    let _alone = ALONE.lock().await;
    let (studio, visit, body) = (fresh_photographer().await, fresh_citizen().await, application::fresh(Purpose::Passport).await);
    let issued = issue_by_sms(&studio, visit.person.mobile()).await;
    let citizen = own(&visit);
    citizen.take(&issued.code).await;
    let subject = format!("afm:{}", visit.person.afm);
    let (pulls, finished) = (Mutex::new(Vec::new()), Mutex::new(false));
    let changing = async {
        let mut periods = Vec::new();
        for round in 0..6 {
            citizen.authorize(&[&body.id]).await.expect(200);
            let from = Instant::now();
            wait_for_pulls(&pulls, from).await;
            periods.push(Period { from, until: Instant::now(), allowed: true });
            // Ends the authorization alternately by revoking it and by dissociating the photos.
            if round % 2 == 0 {
                citizen.revoke(&body.id).await.expect(204);
            } else {
                citizen.dissociate().await.expect(204);
            }
            let from = Instant::now();
            wait_for_pulls(&pulls, from).await;
            if round % 2 == 1 {
                // A new association does not revive earlier authorizations.
                citizen.take(&issued.code).await;
            }
            periods.push(Period { from, until: Instant::now(), allowed: false });
        }
        *finished.lock().unwrap() = true;
        periods
    };
    let pulling = async {
        let pullers: FuturesUnordered<_> = (0..4)
            .map(|_| async {
                while !*finished.lock().unwrap() {
                    let began = Instant::now();
                    let (case, response) = body.pull_with_case(&subject, ImageKind::Face).await;
                    let succeeded = response.status == 200;
                    if !succeeded {
                        response.rejected(403, "pull_refused");
                    }
                    pulls.lock().unwrap().push(Pull { case, began, ended: Instant::now(), succeeded });
                }
            })
            .collect();
        pullers.collect::<Vec<()>>().await;
    };
    let (periods, ()) = tokio::join!(changing, pulling);
    let pulls = pulls.into_inner().unwrap();
    for period in &periods {
        let inside: Vec<_> = pulls.iter().filter(|pull| pull.began > period.from && pull.ended < period.until).collect();
        assert!(inside.len() >= PULLS_PER_PERIOD, "{} pulls began and ended in the period, of {} in all", inside.len(), pulls.len());
        for pull in inside {
            assert_eq!(pull.succeeded, period.allowed, "of {} pulls", pulls.len());
        }
    }
    // The access log contains each pull once, with its outcome, and no other pull.
    let mut made: Vec<_> = pulls.into_iter().map(|pull| (pull.case, pull.succeeded)).collect();
    made.sort();
    assert_eq!(logged_pulls(&visit, "self").await, made);
}

/// Sets today's number of SMS with codes. The number is the sum of several counter items, and each item is set to `count`.
async fn set_code_sms(count: &str) {
    let today = AthensDay::of(Moment::from_epoch_seconds(now()));
    for number in 0..SMS_COUNTERS {
        let update = aws::dynamodb(&aws::config().await).update_item().table_name(stack::variable("QUOTAS_TABLE"));
        let key = AttributeValue::S(format!("code_sms#{number}#{today}"));
        let update = update.key("subject_day", key).update_expression("SET codes = :count, expires_at = :end");
        let end = AttributeValue::N(today.next().next().start().epoch_seconds().to_string());
        let update = update.expression_attribute_values(":count", AttributeValue::N(count.to_owned()));
        update.expression_attribute_values(":end", end).send().await.unwrap();
    }
}

/// The quota of each counter item, which is an equal share of the template parameter `CodeSmsPerDay`.
const SMS_PER_COUNTER: u32 = 30_000 / SMS_COUNTERS;

#[tokio::test]
async fn when_the_daily_sms_quota_for_codes_is_used_up_email_and_sign_in_still_work() {
    let _alone = ALONE.lock().await;
    midnight::avoid(Span::minutes(5)).await;
    let studio = fresh_photographer().await;
    let (one, other) = (people::fresh("citizen").await, people::fresh("citizen").await);
    let upload = async || photographer::upload(&studio, FileProfile::Standard, &face_only()).await;
    let uploads = join_all((0..4).map(|_| upload())).await;
    let by_sms = To::Mobile(one.mobile().to_owned());
    // Only one of today's SMS remains, in the fourth counter item. Of four concurrent issuances, exactly one gets it.
    set_code_sms(&SMS_PER_COUNTER.to_string()).await;
    let today = AthensDay::of(Moment::from_epoch_seconds(now()));
    let update = aws::dynamodb(&aws::config().await).update_item().table_name(stack::variable("QUOTAS_TABLE"));
    let update = update.key("subject_day", AttributeValue::S(format!("code_sms#3#{today}"))).update_expression("SET codes = :count");
    update
        .expression_attribute_values(":count", AttributeValue::N((SMS_PER_COUNTER - 1).to_string()))
        .send()
        .await
        .expect("the account's owner may update");
    let responses = join_all(uploads.iter().map(|upload| issue_code(&studio, upload, &by_sms, Language::El))).await;
    assert_eq!(responses.iter().filter(|response| response.status == 201).count(), 1);
    let (response, upload) = responses.iter().zip(&uploads).find(|(response, _)| response.status == 429).expect("a rejected issuance");
    let problem = response.rejected(429, "code_sms_exhausted");
    assert!(problem.detail.contains("email"), "the problem suggests sending the code by email: {}", problem.detail);
    let (_, session) = people::sign_in(other.clone(), Language::El).await;
    assert_eq!(session["stage"], "consent", "one-time passwords are still sent");
    issue_code(&studio, upload, &To::Email(other.email()), Language::El).await.expect(201);
    set_code_sms("0").await;
    issue_code(&studio, &photographer::upload(&studio, FileProfile::Standard, &face_only()).await, &by_sms, Language::El).await.expect(201);
}
