//! Tests that no message is lost although AWS has closed an idle connection. AWS closes idle connections while Lambda has frozen a
//! function.

use domain::{EmailAddress, GreekMobile};
use lambda::{Forgetful, Idle};
use sending::{Email, Sms};

const PUBLISH_RESPONSE: &str =
    "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult><ResponseMetadata/></PublishResponse>";
const IDLE_BEHAVIOURS: [Idle; 3] = [Idle::Closed, Idle::ClosedWhenUsed, Idle::Silent];

#[tokio::test]
async fn each_sms_opens_a_new_connection() {
    let to = GreekMobile::parse("6900000001").unwrap();
    for idle in IDLE_BEHAVIOURS {
        let endpoint = Forgetful::start(idle, PUBLISH_RESPONSE).await;
        let sms = Sms::new(&lambda::sdk_config(&endpoint.url), "myPhoto".to_owned());
        for sent in 1..=3 {
            sms.send(&to, "text").await.unwrap_or_else(|error| panic!("{idle:?}, message {sent}: {error}"));
            assert_eq!(endpoint.connections(), sent, "{idle:?}");
        }
    }
}

#[tokio::test]
async fn each_email_opens_a_new_connection() {
    let to = EmailAddress::parse("anna@example.com").unwrap();
    for idle in IDLE_BEHAVIOURS {
        let endpoint = Forgetful::start(idle, r#"{"MessageId":"1"}"#).await;
        let email = Email::new(&lambda::sdk_config(&endpoint.url), "no-reply@myphoto.example".to_owned());
        for sent in 1..=3 {
            email.send(&to, b"mime".to_vec()).await.unwrap_or_else(|error| panic!("{idle:?}, message {sent}: {error}"));
            assert_eq!(endpoint.connections(), sent, "{idle:?}");
        }
    }
}
