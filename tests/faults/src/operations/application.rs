use domain::{ImageKind, application::Purpose};
use journeys::{
    application::{self, Application},
    citizen::own,
    people::{Visit, fresh_citizen},
};
use serde_json::{Value, json};

use super::{Operation, World, boxed, prepared};

/// A citizen with associated photos, and an application that may pull them.
struct Authorised {
    visit: Visit,
    application: Application,
}

impl Authorised {
    async fn new(world: &World) -> Self {
        let (visit, application) = (fresh_citizen().await, application::fresh(Purpose::Passport).await);
        own(&visit).take(&world.issued().await.code).await;
        own(&visit).authorize(&[&application.id]).await.expect(200);
        Self { visit, application }
    }

    fn subject(&self) -> String {
        format!("afm:{}", self.visit.person.afm)
    }
}

pub(super) fn all() -> Vec<Operation> {
    vec![
        Operation::new(
            "pull_photo",
            boxed!(|world| {
                prepared(
                    Authorised::new(world).await,
                    // Signs a new request each time, because a signed request can be used only once.
                    boxed!(|state| state.application.pull(&state.subject(), ImageKind::Face).await),
                    boxed!(|state, response| {
                        let pull = response.header("pull-id").expect("an id");
                        state.application.report(pull, &json!({ "verdict": "accepted" })).await.expect(200);
                        let seen = application::accesses(&state.visit).await;
                        assert!(!seen.is_empty() && seen.iter().all(|access| access["outcome"] != Value::Null), "{seen:?}");
                    }),
                )
            }),
        ),
        Operation::new(
            "report_verdict",
            boxed!(|world| {
                let authorised = Authorised::new(world).await;
                let pull = authorised.application.pulled(&authorised.subject(), ImageKind::Face).await;
                prepared(
                    (authorised, pull),
                    boxed!(|state| state.0.application.report(&state.1, &json!({ "verdict": "accepted" })).await),
                    boxed!(|state, _response| {
                        let seen = application::accesses(&state.0.visit).await;
                        assert_eq!(seen.len(), 1);
                        assert!(seen[0]["verdict"].to_string().contains("accepted"), "{seen:?}");
                    }),
                )
            }),
        ),
    ]
}
