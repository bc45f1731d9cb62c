//! Apps: the example of docs/mobile.md runs as written, and a token allows everything that a cookie allows.

use domain::{ImageKind, Language};
use journeys::{
    browser::Browser,
    citizen,
    docs::{self, Shell},
    inbox, mobile,
    people::{self, press},
    photographer::{self, both},
    stack,
};
use serde_json::{Value, json};

/// Returns the bash blocks of docs/mobile.md, in order.
fn blocks() -> Vec<String> {
    docs::blocks(&docs::page("mobile.md"), "bash")
}

#[test]
fn the_guide_for_apps_has_a_code_block_for_each_step() {
    let blocks = blocks();
    assert_eq!(blocks.len(), 11, "the settings, nine steps, and the position of the face");
    let with = |text: &str| blocks.iter().position(|block| block.contains(text)).expect(text);
    assert!(with("/v1/sign-in?") < with("$redirected") && with("$redirected") < with("/v1/session/token"));
    assert!(with("$otp") < with("/v1/photographer/face"));
    assert!(with("/v1/session/token") < with("$otp") && with("$otp") < with("/v1/photographer/uploads"));
}

#[tokio::test]
async fn the_documented_example_for_apps_runs_as_written() {
    let person = people::fresh("photographer").await;
    let recipient = person.email();
    let before = inbox::last_seq(person.mobile()).await;
    let mut shell = Shell::start(&[("recipient", &recipient)]);
    let (mut is_signed_in, mut has_otp, mut printed) = (false, false, Vec::new());
    for block in blocks() {
        // Does what the person does between the blocks: signs in at TAXISnet, and reads the one-time password.
        if block.contains("$redirected") && !is_signed_in {
            is_signed_in = true;
            let browser = Browser::new(Language::El);
            let to_taxisnet = browser.get(&shell.value("sign_in")).await.expect(303);
            let page = to_taxisnet.header("location").and_then(|page| page.parse().ok()).expect("TAXISnet's page");
            let back = browser.get(&press(&page, ("afm", &person.afm)).await).await.expect(303);
            shell.set("redirected", back.header("location").expect("the app's URL"));
        }
        if block.contains("$otp") && !has_otp {
            has_otp = true;
            shell.set("otp", &inbox::otp(person.mobile(), before).await);
        }
        printed.push(shell.run(&block));
    }
    assert!(is_signed_in && has_otp, "the page has no block that needs a sign-in or a one-time password");

    let upload_id = shell.value("upload_id");
    let [.., list, signed_out] = printed.as_slice() else { panic!("{printed:?}") };
    assert!(list.starts_with(&format!("{upload_id} ")) && !list.contains(&recipient), "{list}");
    assert!(signed_out.starts_with(&stack::sandbox()), "{signed_out}");
    let business = &person.businesses.first().expect("a business").name;
    assert!(printed.iter().any(|text| text.contains(business.as_str())), "{printed:?}");
    assert!(printed.iter().any(|text| text.contains("standard 0.") && text.contains("identity_card 0.")), "{printed:?}");
    // The code was sent, and the session has ended.
    inbox::code_message(&recipient, 0).await;
    Browser::app(Language::El, &shell.value("token")).get("/v1/session").await.rejected(401, "session_expired");
}

#[tokio::test]
async fn an_app_can_do_everything_that_a_browser_can() {
    // The app of a photographer: upload, issue, list.
    let (visit, session) = mobile::sign_in(people::fresh("photographer").await, Language::El).await;
    let studio = people::choose_photographer(visit, &session).await;
    let person = people::fresh("citizen").await;
    let issued = photographer::issue_by_sms(&studio, person.mobile()).await;
    photographer::listed(&studio, &issued.upload_id).await;

    // The app of a citizen: agree, submit, reject, submit again, confirm, associate, view and download.
    let (visit, session) = mobile::sign_in(person, Language::El).await;
    let visit = people::choose_citizen(visit, session).await;
    citizen::submit(&visit, &issued.code).await.expect(200);
    citizen::reject(&visit).await.expect(204);
    let association = citizen::take(&visit, &issued.code).await;
    assert_eq!(citizen::show_association(&visit).await.expect(200).json(), association);
    for (kind, _) in both() {
        assert_eq!(citizen::show_photo(&visit, kind).await.expect(200).header("content-type"), Some("image/jpeg"));
    }
    citizen::download(&visit).await.expect(200);
    let session = visit.browser.get("/v1/session").await.expect(200).json();
    assert_eq!(
        (&session["stage"], &session["token"]),
        (&json!("ready"), &Value::Null),
        "the token is returned only when the one-time password is entered"
    );

    // The role of a session can be changed without signing in again.
    let back = studio.browser.put("/v1/session/role", &json!({ "kind": "citizen" })).await.expect(200).json();
    assert_eq!(back["role"]["kind"], "citizen");
    citizen::show_photo(&studio, ImageKind::Face).await.rejected(403, "consent_required");
    let again = people::choose_photographer(studio, &back).await;

    for app in [&visit, &again] {
        app.browser.delete("/v1/session").await.expect(200);
        app.browser.get("/v1/session").await.rejected(401, "session_expired");
        app.browser.delete("/v1/session").await.expect(200);
    }
}

#[tokio::test]
async fn an_app_that_repeats_the_otp_after_a_lost_response_gets_the_same_token() {
    let visit = mobile::sign_in_until_otp(people::fresh("citizen").await, Language::En).await;
    let first = people::enter_otp(&visit.browser, &visit.otp).await.expect(200).json();
    let again = people::enter_otp(&visit.browser, &visit.otp).await.expect(200).json();
    assert_eq!(first["token"], again["token"]);
    visit.browser.get("/v1/session").await.rejected(401, "session_expired");
    let token = first["token"].as_str().expect("a token");
    Browser::app(Language::En, token).get("/v1/session").await.expect(200);
}

#[tokio::test]
async fn refusing_consent_in_an_app_ends_the_session() {
    let (visit, session) = mobile::sign_in(people::fresh("citizen").await, Language::El).await;
    let refusal = json!({ "version": session["consent"]["version"], "agree": false });
    visit.browser.post("/v1/session/consent", &refusal).await.expect(204);
    visit.browser.get("/v1/session").await.rejected(401, "session_expired");
}
