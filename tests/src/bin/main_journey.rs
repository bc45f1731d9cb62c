//! Runs the main journey, from the photographer's upload to the citizen's photos.zip, and prints each step. `make run` runs
//! this program after deploying.

#![expect(clippy::print_stdout, clippy::expect_used, reason = "a demonstration, which prints its steps and stops at the first failure")]

use domain::{FileProfile, Language};
use journeys::{
    citizen, inbox, people,
    photographer::{self, To},
    stack,
};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!("The main journey, over HTTP at {}", stack::origin());

    print_title("The photographer");
    // Each run creates new people, because a person gets at most 15 one-time passwords a day and can have only one photo set associated.
    let visit = people::sign_in_until_otp(people::fresh("photographer").await, Language::El).await;
    print_step("signed in with TAXISnet", &format!("one-time password {} by SMS to {}", visit.otp, visit.person.mobile()));
    let session = people::enter_otp(&visit.browser, &visit.otp).await.expect(200).json();
    let visit = people::choose_photographer(visit, &session).await;
    print_step(
        "entered it, chose to act as photographer",
        &format!("signed in as {} for {}", name(&session), visit.person.businesses[0].name),
    );
    let photos = photographer::both();
    let sizes: Vec<String> = photos.iter().map(|(kind, jpeg)| format!("{} {} kB", kind.name(), jpeg.len() / 1000)).collect();
    let upload_id = photographer::upload(&visit, FileProfile::Standard, &photos).await;
    print_step(&format!("uploaded {}", sizes.join(" and ")), &format!("upload {upload_id}"));
    let citizen = people::fresh("citizen").await;
    let (mobile, before) = (citizen.mobile().to_owned(), inbox::last_seq(citizen.mobile()).await);
    let issued = photographer::issue_code(&visit, &upload_id, &To::Mobile(mobile.clone()), Language::El).await.expect(201).json();
    print_step(
        "requested a code number",
        &format!("issued, to be sent to {}, valid until {}", text(&issued["recipient"]["masked"]), text(&issued["expires_at"])),
    );
    let message = inbox::code_message(&mobile, before).await;
    let is_sent = |item: &Value| item["delivery"]["state"] == "sent";
    let listed = photographer::wait_until_listed(&visit, &upload_id, is_sent, inbox::PATIENCE).await;
    print_step("looked at the history", &format!("delivery {}, associated: {}", text(&listed["delivery"]["state"]), listed["associated"]));

    print_title("The citizen");
    println!("  the SMS: {}", message.text);
    let visit = people::citizen(citizen, Language::El).await;
    let session = visit.browser.get("/v1/session").await.expect(200).json();
    print_step(
        "signed in, agreed to the text on personal data",
        &format!("{}, {} codes left today", name(&session), session["submissions_left"]),
    );
    let submission = citizen::submit(&visit, &message.code()).await.expect(200).json();
    let images: Vec<String> =
        list(&submission["images"]).map(|image| format!("{} {}x{}", text(&image["kind"]), image["width"], image["height"])).collect();
    print_step("entered the code number", &format!("previews of {}; {} codes left", images.join(" and "), submission["submissions_left"]));
    let confirmed = citizen::confirm(&visit).await.expect(200).json();
    print_step("confirmed the photos", &format!("asked to agree to \"{}\"", text(&confirmed["consent"]["title"])));
    let association = citizen::associate(&visit, &confirmed["consent"]["version"]).await.expect(201).json();
    print_step("agreed", &format!("associated until {}", text(&association["expires_at"])));
    let zip = citizen::download(&visit).await.expect(200);
    print_step("downloaded photos.zip", &format!("{} kB, ETag {}", zip.body.len() / 1000, zip.header("etag").unwrap_or("none")));
    visit.browser.delete("/v1/session").await.expect(200);
    visit.browser.get("/v1/session").await.rejected(401, "no_session");
    print_step("signed out", "the session is over");

    println!("\nOK");
}

fn print_title(text: &str) {
    println!("\n{text}");
}

fn print_step(step: &str, outcome: &str) {
    println!("- {step}\n    -> {outcome}");
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().expect("a list").iter()
}

fn name(session: &Value) -> String {
    format!("{} {}", text(&session["person"]["first_name"]), text(&session["person"]["last_name"]))
}
