use domain::{ImageKind, application::Purpose};
use journeys::{
    application::{self, Application},
    citizen::own,
    people::{Visit, fresh_citizen},
};
use serde_json::{Value, json};

use super::{Operation, World, boxed, prepared};

struct Public {
    visit: Visit,
    application: Application,
}

impl Public {
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
                    Public::new(world).await,
                    // Signed anew each time: a request serves once.
                    boxed!(|public| public.application.pull(&public.subject(), ImageKind::Face).await),
                    boxed!(|public, answer| {
                        let pull = answer.header("pull-id").expect("an id");
                        public.application.report(pull, &json!({ "verdict": "accepted" })).await.expect(200);
                        let seen = application::accesses(&public.visit).await;
                        assert!(!seen.is_empty() && seen.iter().all(|access| access["outcome"] != Value::Null), "{seen:?}");
                    }),
                )
            }),
        ),
        Operation::new(
            "report_verdict",
            boxed!(|world| {
                let public = Public::new(world).await;
                let pull = public.application.pulled(&public.subject(), ImageKind::Face).await;
                prepared(
                    (public, pull),
                    boxed!(|state| state.0.application.report(&state.1, &json!({ "verdict": "accepted" })).await),
                    boxed!(|state, _answer| {
                        let seen = application::accesses(&state.0.visit).await;
                        assert_eq!(seen.len(), 1);
                        assert!(seen[0]["verdict"].to_string().contains("accepted"), "{seen:?}");
                    }),
                )
            }),
        ),
    ]
}
