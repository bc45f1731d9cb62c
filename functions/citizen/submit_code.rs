//! POST /v1/subjects/{subject}/submissions: submits a code number, typed, pasted or scanned. If it is accepted, the response contains previews of
//! its photos.

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    CodeNumber, Moment, SubjectId,
    quota::{self, Quota},
    submission::{self, CodeFacts, Submission},
    typed,
};
use edge::{
    Call, Failure, Reply, Setup,
    guard::{Citizen, Subject},
    views::{ImageView, SubmissionView},
};
use futures_util::future::try_join_all;
use messages::problem::Problem;
use serde::{Deserialize, Serialize};
use storage::{
    associations::Associations,
    codes::{CodeItem, Codes, unwrap_key},
    quotas::{Quotas, Use},
    sealing::code_id,
    sessions::{PendingSubmission, Sessions},
    vault::{ObjectRole, StoragePrefix, Vault},
};

struct Deps {
    sessions: Sessions,
    quotas: Quotas,
    codes: Codes,
    associations: Associations,
    vault: Vault,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    code: domain::Secret,
}

#[derive(Serialize)]
struct ResponseBody {
    #[serde(flatten)]
    submission: SubmissionView,
    submissions_left: u32,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps {
        sessions: setup.sessions(),
        quotas: setup.quotas(),
        codes: setup.codes(),
        associations: setup.associations(),
        vault: setup.vault(),
    };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let citizen = Citizen::from(call, &deps.sessions).await?;
    let subject = citizen.subject(call)?;
    let session = &citizen.session;
    let body: Body = call.json()?;
    // A malformed code is rejected before it is counted, because it cannot be a guess.
    let code = typed::code_number(body.code.expose()).map_err(Problem::CodeMalformed)?.value;
    let id = code_id(&code);
    let (used, item, associated) = tokio::try_join!(
        deps.quotas.use_one(Quota::Submissions, &session.subject_id, &id, call.now),
        deps.codes.find(&code, call.now),
        deps.associations.of(&subject.id, call.now),
    )?;
    let left = match used {
        Use::WithinLimit { used } => Quota::Submissions.remaining(used),
        Use::Exhausted => return Err(Problem::SubmissionsExhausted { renews_at: quota::renews_at(call.now) }.into()),
    };
    let item = decide(item, &subject, &citizen.managed(call), call)?;
    let data_key = unwrap_key(&item.wrapped_key, &code, &item.set_id)?;
    let submission = pending_submission(item, code, subject, associated.is_none().then_some(call.now));
    let prefix = StoragePrefix::of(submission.state);
    let previews = try_join_all(submission.images.iter().map(async |facts| {
        let jpeg = deps.vault.open(&data_key, prefix, &submission.set_id, ObjectRole::Preview(facts.kind)).await?;
        Ok(ImageView::of(facts, Some(format!("data:image/jpeg;base64,{}", STANDARD.encode(jpeg)))))
    }));
    let (images, is_stored) = tokio::try_join!(previews, deps.sessions.store_submission(session, Some(&submission), call.now))?;
    if !is_stored {
        return Err(Problem::SessionExpired.into());
    }
    let mut view = SubmissionView::of(&submission, call.language);
    view.images = images;
    Reply::json(200, &ResponseBody { submission: view, submissions_left: left })
}

fn decide(item: Option<CodeItem>, subject: &Subject, managed: &[SubjectId], call: &Call) -> Result<CodeItem, Problem> {
    let facts = item.as_ref().map(|item| CodeFacts {
        state: item.state,
        expires_at: item.expires_at,
        first: item.first_association(),
        subject: item.subject.as_ref(),
    });
    let decision = submission::decide(facts.as_ref(), &subject.id, managed, call.now);
    match (decision, item) {
        (Submission::Accepted, Some(item)) => Ok(item),
        (Submission::Accepted | Submission::NotActive, _) => Err(Problem::CodeNotActive),
        (Submission::Taken, _) => Err(Problem::CodeTaken),
        (Submission::AlreadyYours, _) => Err(Problem::CodeAlreadyYours),
    }
}

fn pending_submission(item: CodeItem, code: CodeNumber, subject: Subject, nothing_associated_at: Option<Moment>) -> PendingSubmission {
    PendingSubmission {
        subject: subject.handle,
        subject_id: subject.id,
        code,
        state: item.state,
        dissociations: item.dissociations,
        set_id: item.set_id,
        profile: item.profile,
        images: item.images,
        wrapped_key: item.wrapped_key,
        business: item.business,
        upload_id: item.upload_id,
        message_id: item.message_id,
        first_subject: item.first_subject,
        first_associated_at: item.first_associated_at,
        issued_at: item.issued_at,
        code_expires_at: item.expires_at,
        nothing_associated_at,
        confirmed: false,
    }
}
