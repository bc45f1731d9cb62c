//! Simulates the passing of time for single items by changing their times in the tables.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{CodeNumber, Moment, minor::BirthDate};
use journeys::{
    browser::{Browser, SESSION_COOKIE},
    stack,
};
use storage::{
    sealing::{ExchangeCode, SessionToken, code_id},
    sessions::{PendingSubmission, Session, Sessions, Try},
};

use crate::aws;

/// Length in seconds of the correction period, which begins with the first association of a code. Until this period ends, a guardian can
/// associate the code with another subject.
const DAY_SECONDS: i64 = 24 * 60 * 60;

pub(crate) fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(elapsed.as_secs()).expect("seconds")
}

/// Sets numbers in an existing item. Names in `changes` are attribute paths such as `otp.expires_at`.
async fn set(table: &str, key: (&str, &str), changes: &[(&str, i64)]) {
    let client = aws::dynamodb(&aws::config().await);
    let mut update = client.update_item().table_name(stack::variable(table)).key(key.0, AttributeValue::S(key.1.to_owned()));
    let mut sets = Vec::new();
    for (number, (path, value)) in changes.iter().enumerate() {
        let names: Vec<_> = path.split('.').enumerate().map(|(part, name)| (format!("#n{number}_{part}"), name)).collect();
        sets.push(format!("{} = :v{number}", names.iter().map(|(placeholder, _)| placeholder.as_str()).collect::<Vec<_>>().join(".")));
        for (placeholder, name) in names {
            update = update.expression_attribute_names(placeholder, name);
        }
        update = update.expression_attribute_values(format!(":v{number}"), AttributeValue::N(value.to_string()));
    }
    update = update.expression_attribute_names("#key", key.0).condition_expression("attribute_exists(#key)");
    update.update_expression(format!("SET {}", sets.join(", "))).send().await.expect("an existing item");
}

fn token(browser: &Browser) -> SessionToken {
    browser.cookie(SESSION_COOKIE).as_deref().and_then(SessionToken::parse).expect("a session")
}

fn session_id(browser: &Browser) -> String {
    token(browser).session_id()
}

/// Loads and unseals the session of a browser.
async fn load_session(browser: &Browser) -> (Sessions, Session, Moment) {
    let sessions = Sessions::new(aws::dynamodb(&aws::config().await), stack::variable("SESSIONS_TABLE"));
    let now = Moment::from_epoch_seconds(now());
    let session = sessions.load(&token(browser), now).await.expect("a response").expect("a session");
    (sessions, session, now)
}

/// Returns when the browser's session ends if it is not used again, in seconds since 1970.
pub(crate) async fn session_expires_at(browser: &Browser) -> i64 {
    load_session(browser).await.1.expires_at.epoch_seconds()
}

/// Returns the pending submission of a browser's session.
pub(crate) async fn pending_submission(browser: &Browser) -> PendingSubmission {
    load_session(browser).await.1.submission.expect("a pending submission")
}

/// Makes the code of the session's pending submission expire, as it does fourteen days after its issue.
pub(crate) async fn expire_pending_submission(browser: &Browser) {
    let (sessions, session, now) = load_session(browser).await;
    let submission = PendingSubmission { code_expires_at: now, ..session.submission.clone().expect("a pending submission") };
    assert!(sessions.store_submission(&session, Some(&submission), now).await.expect("a response"));
}

/// Makes the session's pending submission ten minutes older, so that `associate` looks again for an association of the subject.
pub(crate) async fn age_pending_submission_by_ten_minutes(browser: &Browser) {
    let (sessions, session, now) = load_session(browser).await;
    let submission = session.submission.clone().expect("a pending submission");
    let submitted = submission.nothing_associated_at.expect("a submission without an association");
    let submitted = Some(Moment::from_epoch_seconds(submitted.epoch_seconds() - 600));
    let submission = PendingSubmission { nothing_associated_at: submitted, ..submission };
    assert!(sessions.store_submission(&session, Some(&submission), now).await.expect("a response"));
}

/// In the session's pending submission, moves the time of the code's first association one day into the past.
pub(crate) async fn set_first_association_a_day_ago(browser: &Browser) {
    let (sessions, session, now) = load_session(browser).await;
    let submission = session.submission.clone().expect("a pending submission");
    let first = submission.first_associated_at.expect("an earlier association");
    let first = Some(Moment::from_epoch_seconds(first.epoch_seconds() - DAY_SECONDS));
    let submission = PendingSubmission { first_associated_at: first, ..submission };
    assert!(sessions.store_submission(&session, Some(&submission), now).await.expect("a response"));
}

/// In the stored item of a code, sets the time of the first association to one day ago.
pub(crate) async fn age_first_association_by_a_day(code: &str) {
    let code = CodeNumber::parse(code).expect("a code number");
    set("CODES_TABLE", ("code_id", &code_id(&code)), &[("first_associated_at", now() - DAY_SECONDS)]).await;
}

/// Sets the birth dates of the session's minors to 19 years ago.
pub(crate) async fn make_minors_adult(browser: &Browser) {
    let (sessions, session, now) = load_session(browser).await;
    let mut minors = session.minors.clone();
    for minor in &mut minors {
        let today: jiff::civil::Date = domain::AthensDay::of(now).to_string().parse().expect("a day");
        minor.birth_date = BirthDate::parse(&today.saturating_sub(jiff::Span::new().years(19)).to_string()).expect("a date");
    }
    assert!(sessions.set_minors(&session, &minors).await.expect("a response"));
}

/// Counts three tries of the session's one-time password without checking a password, as if three calls of `verify_otp` had begun but not
/// ended.
pub(crate) async fn use_up_tries(browser: &Browser) {
    let (sessions, session, _) = load_session(browser).await;
    for id in ["one", "two", "three"] {
        assert!(matches!(sessions.note_try(&session, id, 3).await.expect("a response"), Try::Noted(_)));
    }
}

/// Sets times in the item of the browser's session.
pub(crate) async fn set_in_session(browser: &Browser, changes: &[(&str, i64)]) {
    set("SESSIONS_TABLE", ("session_id", &session_id(browser)), changes).await;
}

/// Makes the association of the signed-in person expire, as it does after a year.
pub(crate) async fn expire_association(browser: &Browser) {
    set_association_expiry(browser, now()).await;
}

/// Sets the expiry of the association of the signed-in person.
pub(crate) async fn set_association_expiry(browser: &Browser, at: i64) {
    let sessions = aws::dynamodb(&aws::config().await).get_item().table_name(stack::variable("SESSIONS_TABLE"));
    let session = sessions.key("session_id", AttributeValue::S(session_id(browser))).send().await.expect("a response");
    let subject = session.item().and_then(|item| item["subject_id"].as_s().ok()).expect("a session with a subject");
    set("ASSOCIATIONS_TABLE", ("subject_id", subject), &[("expires_at", at)]).await;
}

/// Makes a code expire, as it does fourteen days after its issue.
pub(crate) async fn expire_code(code: &str) {
    let code = CodeNumber::parse(code).expect("a code number");
    set("CODES_TABLE", ("code_id", &code_id(&code)), &[("expires_at", now())]).await;
}

/// Returns the nonce under which an exchange code is stored.
fn exchange_nonce(code: &str) -> String {
    format!("exchange#{}", ExchangeCode::parse(code).expect("an exchange code").id())
}

/// Returns the expiry of an exchange code, in seconds since 1970.
pub(crate) async fn exchange_expires_at(code: &str) -> i64 {
    let nonces = aws::dynamodb(&aws::config().await).get_item().table_name(stack::variable("NONCES_TABLE"));
    let nonce = nonces.key("nonce", AttributeValue::S(exchange_nonce(code))).send().await.expect("a response");
    nonce.item().and_then(|item| item["expires_at"].as_n().ok()?.parse().ok()).expect("a stored exchange code")
}

/// Makes an exchange code expire, as it does two minutes after its issue.
pub(crate) async fn expire_exchange(code: &str) {
    set("NONCES_TABLE", ("nonce", &exchange_nonce(code)), &[("expires_at", now())]).await;
}
