//! Time that passes for one item: what the service would find later, written now by the account's owner.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{CodeNumber, Moment, minor::BirthDate};
use journeys::{
    browser::{Browser, SESSION_COOKIE},
    stack,
};
use storage::{
    sealing::{ExchangeCode, SessionToken, code_id},
    sessions::{Session, Sessions, PendingSubmission, Try},
};

use crate::aws;

/// Seconds for which a wrong choice of the subject can be corrected.
const DAY: i64 = 24 * 60 * 60;

pub(crate) fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(elapsed.as_secs()).expect("seconds")
}

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
    update.update_expression(format!("SET {}", sets.join(", "))).send().await.expect("an item that is there");
}

fn token(browser: &Browser) -> SessionToken {
    browser.cookie(SESSION_COOKIE).as_deref().and_then(SessionToken::parse).expect("a session")
}

fn session_id(browser: &Browser) -> String {
    token(browser).session_id()
}

/// This browser's session, which its token opens.
async fn opened(browser: &Browser) -> (Sessions, Session, Moment) {
    let sessions = Sessions::new(aws::dynamodb(&aws::config().await), stack::variable("SESSIONS_TABLE"));
    let now = Moment::from_epoch_seconds(now());
    let session = sessions.load(&token(browser), now).await.expect("an answer").expect("a session");
    (sessions, session, now)
}

/// The code that this browser has in hand.
pub(crate) async fn pending_submission(browser: &Browser) -> PendingSubmission {
    opened(browser).await.1.submission.expect("a code in hand")
}

/// Fourteen days after its issue, for the code that this browser has in hand.
pub(crate) async fn expire_pending_submission(browser: &Browser) {
    let (sessions, session, now) = opened(browser).await;
    let submission = PendingSubmission { code_expires_at: now, ..session.submission.clone().expect("a code in hand") };
    assert!(sessions.store_submission(&session, Some(&submission), now).await.expect("an answer"));
}

/// Ten minutes after the code was entered that this browser has in hand.
pub(crate) async fn age_pending_submission_by_ten_minutes(browser: &Browser) {
    let (sessions, session, now) = opened(browser).await;
    let submission = session.submission.clone().expect("a code in hand");
    let entered = submission.nothing_associated_at.expect("there was no association");
    let entered = Some(Moment::from_epoch_seconds(entered.epoch_seconds() - 600));
    let submission = PendingSubmission { nothing_associated_at: entered, ..submission };
    assert!(sessions.store_submission(&session, Some(&submission), now).await.expect("an answer"));
}

/// A day after the first association of the code that this browser has in hand.
pub(crate) async fn set_first_association_a_day_ago(browser: &Browser) {
    let (sessions, session, now) = opened(browser).await;
    let submission = session.submission.clone().expect("a code in hand");
    let first = submission.first_associated_at.expect("it was associated before");
    let first = Some(Moment::from_epoch_seconds(first.epoch_seconds() - DAY));
    let submission = PendingSubmission { first_associated_at: first, ..submission };
    assert!(sessions.store_submission(&session, Some(&submission), now).await.expect("an answer"));
}

/// A day after the first association of a code.
pub(crate) async fn a_day_after_the_first_association(code: &str) {
    let code = CodeNumber::parse(code).expect("a code number");
    set("CODES_TABLE", ("code_id", &code_id(&code)), &[("first_associated_at", now() - DAY)]).await;
}

/// The minors of this browser's session turned 18 a year ago.
pub(crate) async fn minors_grow_up(browser: &Browser) {
    let (sessions, session, now) = opened(browser).await;
    let mut minors = session.minors.clone();
    for minor in &mut minors {
        let today: jiff::civil::Date = domain::AthensDay::of(now).to_string().parse().expect("a day");
        minor.birth_date = BirthDate::parse(&today.saturating_sub(jiff::Span::new().years(19)).to_string()).expect("a date");
    }
    assert!(sessions.set_minors(&session, &minors).await.expect("an answer"));
}

/// Three tries of this browser's sign-in are noted, and not compared yet.
pub(crate) async fn use_up_tries(browser: &Browser) {
    let (sessions, session, _) = opened(browser).await;
    for id in ["one", "two", "three"] {
        assert!(matches!(sessions.note_try(&session, id, 3).await.expect("an answer"), Try::Noted(_)));
    }
}

/// Sets times in the item of this browser's session.
pub(crate) async fn set_in_session(browser: &Browser, changes: &[(&str, i64)]) {
    set("SESSIONS_TABLE", ("session_id", &session_id(browser)), changes).await;
}

/// A year after the association of whoever is signed in in this browser.
pub(crate) async fn expire_association(browser: &Browser) {
    end_association(browser, now()).await;
}

/// The association of whoever is signed in in this browser ends then.
pub(crate) async fn end_association(browser: &Browser, at: i64) {
    let sessions = aws::dynamodb(&aws::config().await).get_item().table_name(stack::variable("SESSIONS_TABLE"));
    let session = sessions.key("session_id", AttributeValue::S(session_id(browser))).send().await.expect("an answer");
    let subject = session.item().and_then(|item| item["subject_id"].as_s().ok()).expect("a session of somebody");
    set("ASSOCIATIONS_TABLE", ("subject_id", subject), &[("expires_at", at)]).await;
}

/// Fourteen days after its issue.
pub(crate) async fn expire_code(code: &str) {
    let code = CodeNumber::parse(code).expect("a code number");
    set("CODES_TABLE", ("code_id", &code_id(&code)), &[("expires_at", now())]).await;
}

fn exchange(code: &str) -> String {
    format!("exchange#{}", ExchangeCode::parse(code).expect("a code of ours").id())
}

/// When the code of an app's sign-in ends.
pub(crate) async fn exchange_expires_at(code: &str) -> i64 {
    let nonces = aws::dynamodb(&aws::config().await).get_item().table_name(stack::variable("NONCES_TABLE"));
    let nonce = nonces.key("nonce", AttributeValue::S(exchange(code))).send().await.expect("an answer");
    nonce.item().and_then(|item| item["expires_at"].as_n().ok()?.parse().ok()).expect("a code that waits")
}

/// Two minutes after the app got it.
pub(crate) async fn expire_exchange(code: &str) {
    set("NONCES_TABLE", ("nonce", &exchange(code)), &[("expires_at", now())]).await;
}
