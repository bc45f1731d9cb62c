use domain::{ImageKind, Language, application::Purpose};
use journeys::{
    application::{self, Application},
    citizen::{self, own},
    minors,
    people::{Visit, fresh_citizen},
    photographer::Issued,
};
use serde_json::{Value, json};

use super::{Operation, World, boxed, prepared, succeeds};

/// A citizen with a code that is not submitted yet.
struct Holder {
    visit: Visit,
    issued: Issued,
}

async fn holder(world: &World) -> Holder {
    Holder { visit: fresh_citizen().await, issued: world.issued().await }
}

/// Submits a code and confirms its photos. Returns the citizen and the version of the text to agree to.
async fn about_to_associate(world: &World) -> (Holder, Value) {
    let holder = holder(world).await;
    let version = own(&holder.visit).submit_and_confirm(&holder.issued.code).await;
    (holder, version)
}

async fn associated(world: &World) -> Holder {
    let holder = holder(world).await;
    own(&holder.visit).take(&holder.issued.code).await;
    holder
}

/// Returns a citizen with associated photos and an application that may pull them.
async fn authorised(world: &World) -> (Holder, Application) {
    let (holder, application) = (associated(world).await, application::fresh(Purpose::Passport).await);
    own(&holder.visit).authorize(&[&application.id]).await.expect(200);
    (holder, application)
}

pub(super) fn all() -> Vec<Operation> {
    let mut all = before_association();
    all.extend(of_the_association());
    all.extend(reading());
    all
}

fn before_association() -> Vec<Operation> {
    vec![
        Operation::new(
            "add_minor",
            boxed!(|_world| {
                let visit = fresh_citizen().await;
                let minor = minors::fresh(&visit.person, &json!({ "afm": true })).await;
                prepared(
                    (visit, minor),
                    boxed!(|state| minors::add(&state.0, &state.1.body()).await),
                    boxed!(|state, response| {
                        let handle = response.json()["subject"].as_str().expect("a handle").to_owned();
                        citizen::acting(&state.0, &handle).show_association().await.rejected(404, "nothing_associated");
                    }),
                )
            }),
        ),
        Operation::new(
            "submit_code",
            boxed!(|world| {
                prepared(
                    holder(world).await,
                    boxed!(|holder| own(&holder.visit).submit(&holder.issued.code).await),
                    boxed!(|holder, response| {
                        // Reads the number from the response, because the session would return 5 if midnight had passed meanwhile.
                        assert_eq!(response.json()["submissions_left"], 4, "the same code is counted once, however often it is submitted");
                        own(&holder.visit).confirm().await.expect(200);
                    }),
                )
            }),
        ),
        Operation::new(
            "reject_photos",
            boxed!(|world| {
                let holder = holder(world).await;
                own(&holder.visit).submit(&holder.issued.code).await.expect(200);
                prepared(
                    holder,
                    boxed!(|holder| own(&holder.visit).reject().await),
                    boxed!(|holder, _response| {
                        own(&holder.visit).confirm().await.rejected(404, "no_submission");
                    }),
                )
            }),
        ),
        Operation::new(
            "confirm_photos",
            boxed!(|world| {
                let holder = holder(world).await;
                own(&holder.visit).submit(&holder.issued.code).await.expect(200);
                prepared(
                    holder,
                    boxed!(|holder| own(&holder.visit).confirm().await),
                    boxed!(|holder, response| {
                        own(&holder.visit).associate(&response.json()["consent"]["version"]).await.expect(201);
                    }),
                )
            }),
        ),
        Operation::new(
            "associate",
            boxed!(|world| {
                prepared(
                    about_to_associate(world).await,
                    boxed!(|state| own(&state.0.visit).associate(&state.1).await),
                    boxed!(|state, response| {
                        let shown = own(&state.0.visit).show_association().await.expect(200).json();
                        assert_eq!(shown, response.json());
                        own(&state.0.visit).show_photo(ImageKind::Face).await.expect(200);
                    }),
                )
            }),
        ),
    ]
}

fn of_the_association() -> Vec<Operation> {
    vec![
        Operation::new(
            "associate",
            boxed!(|world| {
                let holder = associated(world).await;
                own(&holder.visit).dissociate().await.expect(204);
                let version = own(&holder.visit).submit_and_confirm(&holder.issued.code).await;
                prepared(
                    (holder, version),
                    boxed!(|state| own(&state.0.visit).associate(&state.1).await),
                    boxed!(|state, _response| {
                        own(&state.0.visit).show_photo(ImageKind::Face).await.expect(200);
                    }),
                )
            }),
        )
        .variant("again"),
        Operation::new(
            "dissociate",
            boxed!(|world| {
                let (holder, application) = authorised(world).await;
                own(&holder.visit).set_reminder(&holder.visit.person.email(), Language::El).await.expect(200);
                prepared(
                    (holder, application),
                    boxed!(|state| own(&state.0.visit).dissociate().await),
                    boxed!(|state, _response| {
                        own(&state.0.visit).show_photo(ImageKind::Face).await.rejected(404, "nothing_associated");
                        let again = own(&state.0.visit).take(&state.0.issued.code).await;
                        assert!(again["reminder"].is_null() && again["applications"] == json!([]), "{again}");
                    }),
                )
            }),
        )
        .variant("with a reminder")
        .or_problems(&[(404, "nothing_associated")]),
        Operation::new(
            "erase_my_data",
            boxed!(|world| {
                let holder = associated(world).await;
                own(&holder.visit).dissociate().await.expect(204);
                prepared(
                    holder,
                    boxed!(|holder| own(&holder.visit).erase().await),
                    boxed!(|holder, _response| {
                        own(&holder.visit).submit(&holder.issued.code).await.rejected(404, "code_not_active");
                    }),
                )
            }),
        )
        .variant("of dissociated photos"),
        Operation::new(
            "dissociate",
            boxed!(|world| {
                prepared(
                    authorised(world).await,
                    boxed!(|state| own(&state.0.visit).dissociate().await),
                    boxed!(|state, _response| {
                        let Holder { visit, issued } = &state.0;
                        own(visit).show_photo(ImageKind::Face).await.rejected(404, "nothing_associated");
                        let pull = state.1.pull(&format!("afm:{}", visit.person.afm), ImageKind::Face).await;
                        pull.rejected(403, "pull_refused");
                        own(visit).take(&issued.code).await;
                    }),
                )
            }),
        )
        .or_problems(&[(404, "nothing_associated")]),
        Operation::new(
            "set_reminder",
            boxed!(|world| {
                prepared(
                    associated(world).await,
                    boxed!(|holder| own(&holder.visit).set_reminder(&holder.visit.person.email(), Language::El).await),
                    boxed!(|holder, _response| {
                        let shown = own(&holder.visit).show_association().await.expect(200).json();
                        assert!(!shown["reminder"].is_null(), "{shown}");
                    }),
                )
            }),
        )
        .variant("with an address"),
        Operation::new(
            "set_reminder",
            boxed!(|world| {
                let holder = associated(world).await;
                own(&holder.visit).set_reminder(&holder.visit.person.email(), Language::El).await.expect(200);
                prepared(
                    holder,
                    boxed!(|holder| citizen::unset_reminder(&holder.visit).await),
                    boxed!(|holder, _response| {
                        let shown = own(&holder.visit).show_association().await.expect(200).json();
                        assert!(shown["reminder"].is_null(), "{shown}");
                    }),
                )
            }),
        )
        .variant("taking it away"),
        Operation::new(
            "authorize_application",
            boxed!(|world| {
                let (holder, application) = (associated(world).await, application::fresh(Purpose::Passport).await);
                prepared(
                    (holder, application),
                    boxed!(|state| own(&state.0.visit).authorize(&[&state.1.id]).await),
                    boxed!(|state, _response| {
                        let history = own(&state.0.visit).authorizations("").await.expect(200).json();
                        assert_eq!(history["authorizations"].as_array().map(Vec::len), Some(1), "once: {history}");
                        state.1.pulled(&format!("afm:{}", state.0.visit.person.afm), ImageKind::Face).await;
                    }),
                )
            }),
        ),
        Operation::new(
            "revoke_authorization",
            boxed!(|world| {
                prepared(
                    authorised(world).await,
                    boxed!(|state| own(&state.0.visit).revoke(&state.1.id).await),
                    boxed!(|state, _response| {
                        let pull = state.1.pull(&format!("afm:{}", state.0.visit.person.afm), ImageKind::Face).await;
                        pull.rejected(403, "pull_refused");
                    }),
                )
            }),
        ),
        Operation::new(
            "erase_my_data",
            boxed!(|world| {
                prepared(
                    associated(world).await,
                    boxed!(|holder| own(&holder.visit).erase().await),
                    boxed!(|holder, _response| {
                        own(&holder.visit).show_photo(ImageKind::Face).await.rejected(404, "nothing_associated");
                        own(&holder.visit).submit(&holder.issued.code).await.rejected(404, "code_not_active");
                    }),
                )
            }),
        ),
    ]
}

fn reading() -> Vec<Operation> {
    vec![
        Operation::new(
            "show_association",
            boxed!(|world| prepared(associated(world).await, boxed!(|holder| own(&holder.visit).show_association().await), succeeds)),
        ),
        Operation::new(
            "show_photo",
            boxed!(|world| prepared(
                associated(world).await,
                boxed!(|holder| own(&holder.visit).show_photo(ImageKind::Face).await),
                succeeds
            )),
        ),
        Operation::new(
            "download_photos",
            boxed!(|world| prepared(associated(world).await, boxed!(|holder| own(&holder.visit).download().await), succeeds)),
        ),
        Operation::new(
            "show_code",
            boxed!(|world| {
                prepared(
                    associated(world).await,
                    boxed!(|holder| own(&holder.visit).show_code().await),
                    boxed!(|holder, response| assert_eq!(response.json()["code"], holder.issued.code.as_str())),
                )
            }),
        ),
        Operation::new(
            "authorization_history",
            boxed!(|world| prepared(authorised(world).await, boxed!(|state| own(&state.0.visit).authorizations("").await), succeeds)),
        ),
        Operation::new(
            "access_log",
            boxed!(|world| prepared(authorised(world).await, boxed!(|state| own(&state.0.visit).accesses("").await), succeeds)),
        ),
        Operation::new(
            "case_log",
            boxed!(|world| {
                prepared(
                    associated(world).await,
                    boxed!(|holder| holder.visit.browser.get("/v1/subjects/self/cases").await),
                    boxed!(|_holder, response| assert!(response.json()["cases"].is_array())),
                )
            }),
        ),
        Operation::new(
            "export_my_data",
            boxed!(|world| prepared(authorised(world).await, boxed!(|state| own(&state.0.visit).export().await), succeeds)),
        ),
    ]
}
