//! Time that passes for one item: what the service would find later, written now by the account's owner.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::CodeNumber;
use journeys::{
    browser::{Browser, SESSION_COOKIE},
    stack,
};
use storage::sealing::{ExchangeCode, SessionToken, code_id};

use crate::aws;

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

fn session_id(browser: &Browser) -> String {
    browser.cookie(SESSION_COOKIE).as_deref().and_then(SessionToken::parse).expect("a session").session_id()
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
