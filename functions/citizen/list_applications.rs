//! GET /v1/applications: lists the applications that can be authorised, with their purpose and whether they receive the signature.

use domain::{FileProfile, ImageKind, Language};
use edge::{
    Call, Failure, Reply, Setup,
    guard::Acting,
    records::{NameView, PurposeView},
};
use serde::Serialize;
use storage::{
    applications::{Application, Applications},
    sessions::Sessions,
};

struct Deps {
    sessions: Sessions,
    applications: Applications,
}

#[derive(Serialize)]
struct ResponseBody {
    applications: Vec<ApplicationView>,
}

#[derive(Serialize)]
struct ApplicationView {
    id: String,
    names: NameView,
    purpose: PurposeView,
    /// The profile that the photos must have.
    profile: FileProfile,
    gets_signature: bool,
}

impl ApplicationView {
    fn of(application: Application, language: Language) -> Self {
        let purpose = application.purpose;
        Self {
            id: application.application.to_string(),
            names: NameView { el: application.name_el, en: application.name_en },
            purpose: PurposeView::of(purpose, language),
            profile: application.profile,
            gets_signature: purpose.gets(ImageKind::Signature),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps { sessions: setup.sessions(), applications: setup.applications() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    Acting::from(call, &deps.sessions).await?;
    let all = deps.applications.all().await?.into_iter();
    let applications = all.filter(Application::in_service).map(|application| ApplicationView::of(application, call.language)).collect();
    Reply::json(200, &ResponseBody { applications })
}
