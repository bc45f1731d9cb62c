use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mail_builder::MessageBuilder;
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

use crate::Sandbox;

fn authorization(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/eu-central-1/{service}/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature=00"
    )
}

fn publish(sandbox: &Sandbox, to: &str, text: &str, invocation: &str) -> RequestBuilder {
    let form = [
        ("Action", "Publish"),
        ("Version", "2010-03-31"),
        ("PhoneNumber", to),
        ("Message", text),
        ("MessageAttributes.entry.1.Name", "AWS.SNS.SMS.SMSType"),
        ("MessageAttributes.entry.1.Value.DataType", "String"),
        ("MessageAttributes.entry.1.Value.StringValue", "Transactional"),
        ("MessageAttributes.entry.2.Name", "AWS.SNS.SMS.SenderID"),
        ("MessageAttributes.entry.2.Value.DataType", "String"),
        ("MessageAttributes.entry.2.Value.StringValue", "myPhoto"),
    ];
    sandbox.post("/").header("authorization", authorization("sns")).header("amz-sdk-invocation-id", invocation).form(&form)
}

async fn sms(sandbox: &Sandbox, to: &str, text: &str, invocation: &str) -> Response {
    publish(sandbox, to, text, invocation).send().await.unwrap()
}

fn send_email(sandbox: &Sandbox, call: &Value, invocation: &str) -> RequestBuilder {
    sandbox
        .post("/v2/email/outbound-emails")
        .header("authorization", authorization("ses"))
        .header("amz-sdk-invocation-id", invocation)
        .json(call)
}

async fn email(sandbox: &Sandbox, call: &Value, invocation: &str) -> Response {
    send_email(sandbox, call, invocation).send().await.unwrap()
}

fn raw(to: &str) -> Vec<u8> {
    MessageBuilder::new()
        .from(("myPhoto", "no-reply@myphoto.example"))
        .to(to)
        .subject("Ο κωδικάριθμός σας")
        .text_body("Κείμενο")
        .html_body("<p>Γεια <img alt=\"QR\" src=\"cid:qr\"></p>")
        .inline("image/png", "qr", &b"\x89PNG"[..])
        .write_to_vec()
        .unwrap()
}

fn simple(to: &str) -> Value {
    json!({
        "FromEmailAddress": "no-reply@myphoto.example",
        "Destination": { "ToAddresses": [to] },
        "Content": { "Simple": { "Subject": { "Data": "S" }, "Body": { "Text": { "Data": "T" } } } },
    })
}

#[tokio::test]
async fn an_sms_arrives() {
    let sandbox = Sandbox::start().await;
    let response = sms(&sandbox, "+306944100001", "123456 ο κωδικός & <σας>", "1").await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/xml");
    assert!(response.text().await.unwrap().contains("<PublishResult><MessageId>"));
    let inbox = sandbox.json("/inbox.json?to=%2B306944100001").await;
    assert_eq!(inbox[0]["text"], "123456 ο κωδικός & <σας>");
    assert_eq!((&inbox[0]["channel"], &inbox[0]["sender_id"]), (&json!("sms"), &json!("myPhoto")));
    assert_eq!((&inbox[0]["seq"], &inbox[0]["raw"]), (&json!(1), &Value::Null));
    assert!(sandbox.text("/inbox").await.contains("&lt;σας&gt;"));
    assert_eq!(sandbox.json("/inbox.json?after=1").await, json!([]));
    assert_eq!(sandbox.json("/inbox.json?to=%2B306900000000").await, json!([]));
}

#[tokio::test]
async fn a_message_whose_response_is_lost_arrives() {
    let sandbox = Sandbox::start().await;
    for to in ["+306944100001", "a@example.org"] {
        let rule = json!({ "to": to, "fail": 1, "error": "lost_response" });
        assert_eq!(sandbox.post("/failures").json(&rule).send().await.unwrap().status(), 204);
    }
    assert!(publish(&sandbox, "+306944100001", "text", "1").send().await.is_err());
    assert!(send_email(&sandbox, &simple("a@example.org"), "1").send().await.is_err());
    assert_eq!(sandbox.json("/inbox.json").await.as_array().unwrap().len(), 2);
    assert_eq!(sms(&sandbox, "+306944100001", "text", "2").await.status(), 200);
}

#[tokio::test]
async fn an_email_arrives_as_sent_and_shows_its_picture() {
    let sandbox = Sandbox::start().await;
    let raw = raw("someone@example.org");
    let call = json!({
        "FromEmailAddress": "myPhoto <no-reply@myphoto.example>",
        "Destination": { "ToAddresses": ["Someone@example.org"] },
        "Content": { "Raw": { "Data": STANDARD.encode(&raw) } },
    });
    let response = email(&sandbox, &call, "1").await;
    assert_eq!(response.status(), 200);
    assert!(response.json::<Value>().await.unwrap()["MessageId"].is_string());
    let inbox = sandbox.json("/inbox.json?to=someone@example.org").await;
    assert_eq!(inbox[0]["subject"], "Ο κωδικάριθμός σας");
    assert_eq!(inbox[0]["text"].as_str().unwrap().trim(), "Κείμενο");
    assert!(inbox[0]["html"].as_str().unwrap().contains("cid:qr"));
    assert_eq!(STANDARD.decode(inbox[0]["raw"].as_str().unwrap()).unwrap(), raw);
    for path in ["/inbox", "/inbox/1"] {
        assert!(sandbox.text(path).await.contains("data:image/png;base64,iVBORw=="), "{path}");
    }
    let stored = sandbox.get("/inbox/1/raw").send().await.unwrap();
    assert_eq!(stored.bytes().await.unwrap(), raw);
    assert_eq!(sandbox.get("/inbox/2").send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn an_email_without_raw_content_arrives_once_for_each_recipient() {
    let sandbox = Sandbox::start().await;
    let mut call = simple("a@example.org");
    call["Destination"]["CcAddresses"] = json!(["b@example.org"]);
    assert_eq!(email(&sandbox, &call, "1").await.status(), 200);
    let inbox = sandbox.json("/inbox.json").await;
    assert_eq!((&inbox[0]["to"], &inbox[1]["to"]), (&json!("a@example.org"), &json!("b@example.org")));
    assert_eq!((&inbox[0]["subject"], &inbox[0]["html"]), (&json!("S"), &Value::Null));
}

#[tokio::test]
async fn the_inbox_has_what_events_about_an_email_name() {
    let sandbox = Sandbox::start().await;
    let mut call = simple("a@example.org");
    call["ConfigurationSetName"] = json!("codes");
    call["EmailTags"] = json!([{ "Name": "message", "Value": "019aa8f2-4b6a-7c1d-9e2f-3a4b5c6d7e8f" }]);
    let response: Value = email(&sandbox, &call, "1").await.json().await.unwrap();
    let inbox = sandbox.json("/inbox.json").await;
    let expected = json!({
        "message_id": response["MessageId"],
        "configuration_set": "codes",
        "tags": { "message": ["019aa8f2-4b6a-7c1d-9e2f-3a4b5c6d7e8f"] },
    });
    assert_eq!(inbox[0]["ses"], expected);
    assert!(sandbox.text("/inbox/1?lang=en").await.contains("make bounce TO=a@example.org"));

    email(&sandbox, &simple("b@example.org"), "2").await;
    assert!(!sandbox.text("/inbox/2?lang=en").await.contains("make bounce"));
    for tags in [json!([{ "Name": "message", "Value": "a b" }]), json!([{ "Name": "a", "Value": "1" }, { "Name": "a", "Value": "2" }])] {
        call["EmailTags"] = tags;
        assert_eq!(email(&sandbox, &call, "3").await.status(), 400, "{call}");
    }
}

#[tokio::test]
async fn calls_without_a_signature_for_the_service_are_rejected() {
    let sandbox = Sandbox::start().await;
    let form = [("Action", "Publish"), ("PhoneNumber", "+306944100001"), ("Message", "x")];
    let response = sandbox.post("/").form(&form).send().await.unwrap();
    assert_eq!(response.status(), 403);
    assert!(response.text().await.unwrap().contains("<Code>MissingAuthenticationToken</Code>"));
    let response = sandbox.post("/").header("authorization", authorization("ses")).form(&form).send().await.unwrap();
    assert_eq!(response.status(), 403);

    let path = "/v2/email/outbound-emails";
    let response = sandbox.post(path).json(&simple("a@example.org")).send().await.unwrap();
    assert_eq!(response.status(), 403);
    assert_eq!(response.headers()["x-amzn-errortype"], "MissingAuthenticationTokenException");
    assert_eq!(sandbox.json("/inbox.json").await, json!([]));
}

#[tokio::test]
async fn requests_that_aws_rejects_are_rejected() {
    let sandbox = Sandbox::start().await;
    for (to, text) in [("6944100001", "x"), ("", "x"), ("+306944100001", "")] {
        let response = sms(&sandbox, to, text, "1").await;
        assert_eq!(response.status(), 400);
        assert!(response.text().await.unwrap().contains("<Code>InvalidParameter</Code>"));
    }
    for call in [
        json!({}),
        json!({ "Content": {} }),
        json!({ "Content": { "Raw": { "Data": "?" } } }),
        json!({ "Content": { "Raw": { "Data": "" } }, "Destination": { "ToAddresses": ["a@example.org"] } }),
    ] {
        let response = email(&sandbox, &call, "1").await;
        assert_eq!(response.status(), 400, "{call}");
        assert_eq!(response.headers()["x-amzn-errortype"], "BadRequestException");
    }
    assert_eq!(sandbox.json("/inbox.json").await, json!([]));
}

#[tokio::test]
async fn messages_to_the_seeds_failing_recipients_fail_as_configured() {
    let sandbox = Sandbox::start().await;
    // Two calls, the first of which the SDK retries.
    for invocation in ["1", "1", "2"] {
        assert_eq!(sms(&sandbox, "+306944200001", "x", invocation).await.status(), 500);
        assert_eq!(email(&sandbox, &simple("later@fails.example"), invocation).await.status(), 500);
    }
    assert_eq!(sms(&sandbox, "+306944200001", "x", "3").await.status(), 200);
    assert_eq!(email(&sandbox, &simple("later@fails.example"), "3").await.status(), 200);

    for invocation in ["1", "2", "3", "4"] {
        assert_eq!(sms(&sandbox, "+306944200002", "x", invocation).await.status(), 500);
        assert_eq!(email(&sandbox, &simple("Never@fails.example"), invocation).await.status(), 500);
    }
    let throttled = email(&sandbox, &simple("throttled@fails.example"), "1").await;
    assert_eq!(throttled.status(), 429);
    assert_eq!(throttled.headers()["x-amzn-errortype"], "TooManyRequestsException");
    assert_eq!(email(&sandbox, &simple("throttled@fails.example"), "2").await.status(), 200);
    let throttled = sms(&sandbox, "+306944200003", "x", "1").await;
    assert!(throttled.text().await.unwrap().contains("<Code>Throttling</Code>"));
}

#[tokio::test]
async fn a_test_can_add_a_failure_rule() {
    let sandbox = Sandbox::start().await;
    let rule = json!({ "to": "mine@example.org", "fail": 1, "error": "rejected" });
    for round in ["first", "again"] {
        let response = sandbox.post("/failures").json(&rule).send().await.unwrap();
        assert_eq!(response.status(), 204, "{round}");
        assert_eq!(email(&sandbox, &simple("mine@example.org"), "1").await.status(), 400);
        assert_eq!(email(&sandbox, &simple("mine@example.org"), "2").await.status(), 200);
    }
    let wrong = sandbox.post("/failures").json(&json!({ "to": "x", "fail": "never" })).send().await.unwrap();
    assert_eq!(wrong.status(), 400);
}

#[tokio::test]
async fn messages_survive_a_restart() {
    let sandbox = Sandbox::start().await;
    sms(&sandbox, "+306944100001", "before", "1").await;
    email(&sandbox, &simple("a@example.org"), "2").await;
    let before = sandbox.json("/inbox.json").await;
    let sandbox = sandbox.restart().await;
    assert_eq!(sandbox.json("/inbox.json").await, before);
    sms(&sandbox, "+306944100001", "after", "3").await;
    assert_eq!(sandbox.json("/inbox.json?after=2").await[0]["seq"], 3);
}
