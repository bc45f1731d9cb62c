use domain::{FileProfile, Language};
use journeys::{
    browser::Response,
    citizen, inbox,
    people::{self, Visit, fresh_citizen, fresh_photographer},
    photographer::{self, Issued, To, both, declaration, face_only},
    staff,
};
use serde_json::Value;

use super::{Operation, answered, boxed, prepared};

/// Pictures that wait for their code, and where it is to go.
struct Uploaded {
    studio: Visit,
    upload_id: String,
    to: To,
}

impl Uploaded {
    async fn new(to: fn(people::Person) -> To) -> Self {
        let studio = fresh_photographer().await;
        let upload_id = photographer::upload(&studio, FileProfile::Standard, &both()).await;
        Self { studio, upload_id, to: to(people::fresh("citizen").await) }
    }

    async fn issue(&self) -> Response {
        match self.to {
            To::Mobile(_) => photographer::issue_code(&self.studio, &self.upload_id, &self.to, Language::El).await,
            To::Email(_) => photographer::issue_code_to_remind(&self.studio, &self.upload_id, &self.to, Language::En).await,
        }
    }

    /// The code comes once, and is worth what it should be.
    async fn comes_once(&self) {
        let code = inbox::code_message(self.to.address(), 0).await.code();
        photographer::wait_until_sent(&self.studio, &self.upload_id).await;
        let visit = fresh_citizen().await;
        citizen::take(&visit, &code).await;
        assert_eq!(inbox::codes(self.to.address()).await.len(), 1, "one message");
        if !crate::invariants::uploaded(&self.upload_id).await.is_empty() {
            // Deleting them failed after all was done: with the next call, or with the bucket's rule after a day.
            self.issue().await.expect(200);
            assert!(crate::invariants::uploaded(&self.upload_id).await.is_empty(), "the originals are gone");
        }
    }
}

fn by_sms(person: people::Person) -> To {
    To::Mobile(person.mobile().to_owned())
}

fn by_email(person: people::Person) -> To {
    To::Email(person.email())
}

/// A code that has come, of a studio of its own.
struct Came {
    studio: Visit,
    issued: Issued,
    to: To,
}

impl Came {
    async fn new() -> Self {
        let (studio, to) = (fresh_photographer().await, by_sms(people::fresh("citizen").await));
        let issued = photographer::issue(&studio, FileProfile::Standard, &both(), &to, Language::El).await;
        photographer::wait_until_sent(&studio, &issued.upload_id).await;
        Self { studio, issued, to }
    }
}

async fn employee() -> (Visit, Value) {
    let owner = fresh_photographer().await;
    let person = people::fresh("citizen").await;
    let employee = staff::authorize(&owner, &person.afm, Some("Β")).await.expect(201).json()["employee"].clone();
    (owner, employee)
}

pub(super) fn all() -> Vec<Operation> {
    vec![
        Operation::new(
            "request_upload",
            boxed!(|_world| {
                prepared(
                    fresh_photographer().await,
                    boxed!(|studio| studio
                        .browser
                        .post("/v1/photographer/uploads", &declaration(FileProfile::Standard, &face_only()))
                        .await),
                    boxed!(|_studio, answer| {
                        for (kind, jpeg) in face_only() {
                            photographer::put(&answer.json()[kind.name()], &jpeg).await.expect(200);
                        }
                    }),
                )
            }),
        ),
        Operation::new(
            "check_photos",
            boxed!(|_world| {
                let uploaded = Uploaded::new(by_sms).await;
                prepared(
                    uploaded,
                    boxed!(|up| photographer::check_photos(&up.studio, &up.upload_id, Language::El).await),
                    boxed!(|up, _answer| {
                        // What was only looked at can still become a code.
                        up.issue().await.expect(201);
                    }),
                )
            }),
        ),
        Operation::new(
            "issue_code",
            boxed!(|_world| prepared(
                Uploaded::new(by_sms).await,
                boxed!(|up| up.issue().await),
                boxed!(|up, _answer| up.comes_once().await)
            )),
        )
        .way("by SMS"),
        Operation::new(
            "issue_code",
            boxed!(|_world| {
                let uploaded = Uploaded::new(by_email).await;
                prepared(uploaded, boxed!(|up| up.issue().await), boxed!(|up, _answer| up.comes_once().await))
            }),
        )
        .way("by email, with a reminder"),
        Operation::new(
            "resend_code",
            boxed!(|_world| {
                prepared(
                    Came::new().await,
                    boxed!(|came| photographer::resend_code(&came.studio, &came.issued.upload_id, None, None).await),
                    boxed!(|came, answer| {
                        // Told that it is on its way, or that it was asked for again too soon: it comes in any case.
                        assert!(answer.status < 400 || answer.status == 409, "{}", answer.text());
                        inbox::wait_for(came.to.address(), came.issued.message.seq, |_| true, inbox::PATIENCE).await;
                        let codes = inbox::codes(came.to.address()).await;
                        assert!((2..=4).contains(&codes.len()), "{} messages", codes.len());
                        assert!(codes.iter().all(|message| message.code() == came.issued.code));
                    }),
                )
            }),
        )
        .way("to the same address")
        .or(&[(409, "resend_in_progress"), (409, "conflict")]),
        Operation::new(
            "resend_code",
            boxed!(|_world| {
                let came = Came::new().await;
                let corrected = by_email(people::fresh("citizen").await);
                prepared(
                    (came, corrected),
                    boxed!(|state| photographer::resend_code(&state.0.studio, &state.0.issued.upload_id, Some(&state.1), None).await),
                    boxed!(|state, _answer| {
                        let (visit, code) = (fresh_citizen().await, inbox::code_message(state.1.address(), 0).await.code());
                        citizen::submit(&visit, &state.0.issued.code).await.refused(404, "code_not_active");
                        citizen::take(&visit, &code).await;
                        let messages = inbox::codes(state.1.address()).await;
                        assert!(messages.iter().all(|message| message.code() == code), "one code, however often it is sent");
                    }),
                )
            }),
        )
        .way("to a corrected address")
        .or(&[(409, "resend_in_progress"), (409, "conflict")]),
        Operation::new(
            "list_issued",
            boxed!(|_world| prepared(
                (),
                boxed!(|_nothing| fresh_photographer().await.browser.get("/v1/photographer/issuances").await),
                answered
            )),
        ),
        Operation::new(
            "authorize_staff",
            boxed!(|_world| {
                let (owner, person) = (fresh_photographer().await, people::fresh("citizen").await);
                prepared(
                    (owner, person),
                    boxed!(|state| staff::authorize(&state.0, &state.1.afm, Some("Α")).await),
                    boxed!(|state, _answer| assert_eq!(staff::list(&state.0).await.len(), 1)),
                )
            }),
        ),
        Operation::new(
            "list_staff",
            boxed!(|_world| prepared(employee().await, boxed!(|state| state.0.browser.get(staff::STAFF).await), answered)),
        ),
        Operation::new(
            "withdraw_staff",
            boxed!(|_world| {
                prepared(
                    employee().await,
                    boxed!(|state| staff::withdraw(&state.0, &state.1).await),
                    boxed!(|state, _answer| assert!(staff::list(&state.0).await.is_empty())),
                )
            }),
        ),
    ]
}
