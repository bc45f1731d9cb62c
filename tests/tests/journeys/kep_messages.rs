//! Messages to the person at the counter of a KEP, if sending fails or data is missing.

use journeys::{inbox, kep, people::fresh};
use serde_json::json;

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
