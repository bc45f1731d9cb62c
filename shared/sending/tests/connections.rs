//! Tests that no message is lost although AWS has closed an idle connection. AWS closes idle connections while Lambda has frozen a
//! function.

use domain::{EmailAddress, GreekMobile};
use lambda::{Forgetful, Idle};
use sending::{Email, Sms};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const PUBLISH_RESPONSE: &str =
    "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult><ResponseMetadata/></PublishResponse>";
const IDLE_BEHAVIOURS: [Idle; 3] = [Idle::Closed, Idle::ClosedWhenUsed, Idle::Silent];

#[tokio::test]
async fn a_message_may_have_been_sent_unless_aws_responds_with_an_error() {
    let to = GreekMobile::parse("6900000001").unwrap();
    let (ok, xml) = ("HTTP/1.1 200 OK", "content-type: text/xml");
    let error = "<ErrorResponse><Error><Type>Receiver</Type><Code>InternalError</Code></Error></ErrorResponse>";
    let rejected = format!("HTTP/1.1 500 X\r\n{xml}\r\ncontent-length: {}\r\n\r\n{error}", error.len());
    let cut = format!("{ok}\r\n{xml}\r\ncontent-length: 500\r\n\r\n<PublishResponse>");
    for (response, may_have_been_sent) in [(rejected, false), (cut, true), (String::new(), true)] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let written = response.clone();
        tokio::spawn(async move {
            let (mut connection, _) = listener.accept().await.unwrap();
            let _ = connection.read(&mut [0; 8192]).await.unwrap();
            connection.write_all(written.as_bytes()).await.unwrap();
        });
        let sms = Sms::new(&lambda::sdk_config(&url), "myPhoto".to_owned());
        let error = sms.send(&to, "text").await.unwrap_err();
        assert_eq!(error.may_have_been_sent(), may_have_been_sent, "{error}: {response}");
    }
}

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
