//! Messages to the person at the counter of a KEP, if sending fails or data is missing.

use aws_sdk_dynamodb::types::AttributeValue;
use journeys::{inbox, kep, people::fresh, stack};
use serde_json::json;

use crate::{
    aws,
    kep::{expire, send_messages, stored_case, stored_session},
};

#[tokio::test]
async fn a_password_that_could_not_be_resent_leaves_the_previous_one_valid_unless_the_new_one_may_arrive() {
    let (clerk, person) = (kep::fresh_clerk().await, fresh("citizen").await);
    let case = kep::opened(&clerk, &person).await;
    inbox::fail(person.mobile(), &json!(1), "internal_error").await;
    clerk.browser.post(&case.path("/presence/resend"), &json!({})).await.rejected(502, "otp_not_sent");
    kep::confirm(&clerk, &case, &case.otp).await.expect(200);
    kep::close(&clerk, &case).await.expect(204);

    // The message arrives, but the service does not learn that.
    let case = kep::opened(&clerk, &person).await;
    let before = inbox::last_seq(person.mobile()).await;
    inbox::fail(person.mobile(), &json!(1), "lost_response").await;
    clerk.browser.post(&case.path("/presence/resend"), &json!({})).await.rejected(502, "otp_not_sent");
    let otp = inbox::otp(person.mobile(), before).await;
    kep::confirm(&clerk, &case, &otp).await.expect(200);
}

#[tokio::test]
async fn a_person_gets_a_message_about_a_case_whose_record_is_missing() {
    let (clerk, person) = (kep::fresh_clerk().await, fresh("citizen").await);
    kep::ready(&clerk, &person).await;
    let case = stored_case(&stored_session(&clerk).await);
    let client = aws::dynamodb(&aws::config().await);
    let key = [("subject_id", case.person.subject_id.as_str()), ("event", case.record.as_str())];
    let key = key.map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())));
    let delete = client.delete_item().table_name(stack::variable("HISTORY_TABLE")).set_key(Some(key.into()));
    delete.send().await.expect("the record is deleted");
    expire(&clerk).await;
    send_messages().await;
    let message = inbox::wait_for(person.mobile(), 0, |one| one.text.contains("Αίτηση"), inbox::PATIENCE).await;
    assert!(message.text.contains("έγινε εξυπηρέτηση στο όνομά σας"), "{}", message.text);
    send_messages().await;
    assert_eq!(kep::end_messages(&person).await.len(), 1, "the message is sent once");
}
