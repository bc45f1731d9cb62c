//! GET /v1/kep/cases/{case}/receipt.pdf: the receipt for the person at the counter.

use domain::{Language, kep::CaseStage};
use edge::{Call, Failure, Reply, Setup, guard::InCase, views};
use lambda_http::http::StatusCode;
use messages::{
    pdf::{self, Receipt, ReceiptLine},
    problem::Problem,
};
use storage::{
    applications::Applications,
    history::{Event, History},
    sessions::Sessions,
};

struct Deps {
    sessions: Sessions,
    history: History,
    applications: Applications,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps { sessions: setup.sessions(), history: setup.history(), applications: setup.applications() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let InCase { session, case } = InCase::from(call, &deps.sessions).await?;
    // The receipt confirms that the person was served, so the person's presence must be proven first.
    if case.stage() == CaseStage::Presence {
        return Err(Problem::PresenceNotProven.into());
    }
    // The query parameter takes precedence over `Accept-Language`, because in a download by link the browser sends its own languages and
    // not the language chosen on the page.
    let language = call.query("language").and_then(Language::parse).unwrap_or(call.language);
    let (record, applications) =
        tokio::try_join!(deps.history.find(&case.person.subject_id, &case.record, call.now), deps.applications.all())?;
    let Some(Event::Case(record)) = record.map(|record| record.what) else { return Err(Problem::CaseOver.into()) };
    let line = |act: &domain::kep::Act| ReceiptLine {
        what: act.what,
        at: act.at,
        label: views::label(act, &applications, &session.minors, language),
    };
    let done: Vec<ReceiptLine> = record.acts().into_iter().map(line).collect();
    let receipt = Receipt {
        office: &case.office.name,
        application_number: &case.application_number,
        opened_at: case.opened_at,
        presence: record.presence,
        done: &done,
    };
    let file = pdf::receipt(&receipt, call.public_origin(), language)?;
    Ok(Reply::file(StatusCode::OK, "application/pdf", file).attachment("receipt.pdf"))
}
