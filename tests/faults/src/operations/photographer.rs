use domain::{FileProfile, Language};
use journeys::{
    browser::Response,
    citizen, inbox,
    people::{self, Visit, fresh_citizen, fresh_photographer},
    photographer::{self, Issued, To, both, declaration, face_only},
    pictures, staff,
};
use serde_json::{Value, json};

use super::{Operation, boxed, prepared, succeeds};

/// An upload without a code, and the recipient for it.
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

    /// Creates an upload whose pictures show no face. It is the second such upload of the studio, so a code may be issued for it.
    async fn without_face() -> Self {
        let studio = fresh_photographer().await;
        let upload_id = photographer::rejected_twice(&studio).await;
        Self { studio, upload_id, to: by_sms(people::fresh("citizen").await) }
    }

    async fn issue_without_face(&self) -> Response {
        photographer::issue_code_without_face(&self.studio, &self.upload_id, &self.to, &without_face()).await
    }

    async fn issue(&self) -> Response {
        match self.to {
            To::Mobile(_) => photographer::issue_code(&self.studio, &self.upload_id, &self.to, Language::El).await,
            To::Email(_) => photographer::issue_code_with_reminder(&self.studio, &self.upload_id, &self.to, Language::En).await,
        }
    }

    /// Asserts that one message with a usable code arrives.
    async fn assert_one_code_arrives(&self) {
        let code = inbox::code_message(self.to.address(), 0).await.code();
        photographer::wait_until_sent(&self.studio, &self.upload_id).await;
        let visit = fresh_citizen().await;
        citizen::take(&visit, &code).await;
        assert_eq!(inbox::codes(self.to.address()).await.len(), 1, "one message");
        if !crate::invariants::uploaded(&self.upload_id).await.is_empty() {
            // The code was issued, but deleting the originals failed. A repeated request deletes them. Without one, the bucket's lifecycle
            // rule deletes them after a day.
            self.issue().await.expect(200);
            assert!(crate::invariants::uploaded(&self.upload_id).await.is_empty(), "the originals are gone");
        }
    }
}

fn without_face() -> Value {
    json!({ "reason": "other", "text": "Το πρόσωπο δεν αναγνωρίζεται" })
}

fn by_sms(person: people::Person) -> To {
    To::Mobile(person.mobile().to_owned())
}

fn by_email(person: people::Person) -> To {
    To::Email(person.email())
}

/// A code that has been delivered. Each case has a separate studio.
struct Delivered {
    studio: Visit,
    issued: Issued,
    to: To,
}

impl Delivered {
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
                    boxed!(|_studio, response| {
                        for (kind, jpeg) in face_only() {
                            photographer::put(&response.json()[kind.name()], &jpeg).await.expect(200);
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
                    boxed!(|up, _response| {
                        // The check has not changed the upload, so a code can still be issued for it.
                        up.issue().await.expect(201);
                    }),
                )
            }),
        ),
        Operation::new(
            "locate_face",
            boxed!(|_world| prepared(
                fresh_photographer().await,
                boxed!(|studio| photographer::locate_face(studio, &pictures::small_copy()).await),
                succeeds
            )),
        ),
        Operation::new(
            "issue_code",
            boxed!(|_world| prepared(
                Uploaded::new(by_sms).await,
                boxed!(|up| up.issue().await),
                boxed!(|up, _response| up.assert_one_code_arrives().await)
            )),
        )
        .variant("by SMS"),
        Operation::new(
            "issue_code",
            boxed!(|_world| {
                let uploaded = Uploaded::new(by_email).await;
                prepared(uploaded, boxed!(|up| up.issue().await), boxed!(|up, _response| up.assert_one_code_arrives().await))
            }),
        )
        .variant("by email, with a reminder"),
        Operation::new(
            "issue_code",
            boxed!(|_world| prepared(
                Uploaded::without_face().await,
                boxed!(|up| up.issue_without_face().await),
                boxed!(|up, _response| {
                    let code = inbox::code_message(up.to.address(), 0).await.code();
                    citizen::take(&fresh_citizen().await, &code).await;
                    assert_eq!(photographer::listed(&up.studio, &up.upload_id).await["without_face"], without_face());
                    // Two rejected uploads permit one code without a face. That code has been issued, so a second one is not permitted.
                    let next = photographer::upload(&up.studio, FileProfile::Standard, &photographer::faceless()).await;
                    let response = photographer::issue_code_without_face(&up.studio, &next, &up.to, &without_face()).await;
                    response.rejected(409, "without_face_too_early");
                })
            )),
        )
        .variant("without a face"),
        Operation::new(
            "resend_code",
            boxed!(|_world| {
                prepared(
                    Delivered::new().await,
                    boxed!(|delivered| photographer::resend_code(&delivered.studio, &delivered.issued.upload_id, None, None).await),
                    boxed!(|delivered, response| {
                        // The message must arrive even if the last response is a conflict or says that a resend is in progress.
                        assert!(response.status < 400 || response.status == 409, "{}", response.text());
                        inbox::wait_for(delivered.to.address(), delivered.issued.message.seq, |_| true, inbox::PATIENCE).await;
                        let codes = inbox::codes(delivered.to.address()).await;
                        assert!((2..=4).contains(&codes.len()), "{} messages", codes.len());
                        assert!(codes.iter().all(|message| message.code() == delivered.issued.code));
                    }),
                )
            }),
        )
        .variant("to the same address")
        .or_problems(&[(409, "resend_in_progress"), (409, "conflict")]),
        Operation::new(
            "resend_code",
            boxed!(|_world| {
                let delivered = Delivered::new().await;
                let corrected = by_email(people::fresh("citizen").await);
                prepared(
                    (delivered, corrected),
                    boxed!(|state| photographer::resend_code(&state.0.studio, &state.0.issued.upload_id, Some(&state.1), None).await),
                    boxed!(|state, _response| {
                        let (visit, code) = (fresh_citizen().await, inbox::code_message(state.1.address(), 0).await.code());
                        citizen::submit(&visit, &state.0.issued.code).await.rejected(404, "code_not_active");
                        citizen::take(&visit, &code).await;
                        let messages = inbox::codes(state.1.address()).await;
                        assert!(messages.iter().all(|message| message.code() == code), "all messages contain the same code");
                    }),
                )
            }),
        )
        .variant("to a corrected address")
        .or_problems(&[(409, "resend_in_progress"), (409, "conflict")]),
        Operation::new(
            "list_issued",
            boxed!(|_world| prepared(
                (),
                boxed!(|_nothing| fresh_photographer().await.browser.get("/v1/photographer/issuances").await),
                succeeds
            )),
        ),
        Operation::new(
            "authorize_staff",
            boxed!(|_world| {
                let (owner, person) = (fresh_photographer().await, people::fresh("citizen").await);
                prepared(
                    (owner, person),
                    boxed!(|state| staff::authorize(&state.0, &state.1.afm, Some("Α")).await),
                    boxed!(|state, _response| assert_eq!(staff::list(&state.0).await.len(), 1)),
                )
            }),
        ),
        Operation::new(
            "list_staff",
            boxed!(|_world| prepared(employee().await, boxed!(|state| state.0.browser.get(staff::STAFF).await), succeeds)),
        ),
        Operation::new(
            "withdraw_staff",
            boxed!(|_world| {
                prepared(
                    employee().await,
                    boxed!(|state| staff::withdraw(&state.0, &state.1).await),
                    boxed!(|state, _response| assert!(staff::list(&state.0).await.is_empty())),
                )
            }),
        ),
    ]
}
