//! POST /v1/subjects/{subject}/submissions: submits a code number, typed, pasted or scanned. If it is accepted, the response contains
//! previews of its photos.

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    CodeNumber, Moment, SubjectId,
    kep::ActKind,
    quota::{self, Quota},
    submission::{self, CodeFacts, Submission},
    typed,
};
use edge::{
    Call, Failure, Reply, Setup,
    guard::{Acting, Subject},
    views::{ImageView, SubmissionView},
};
use futures_util::future::try_join_all;
use messages::problem::Problem;
use serde::{Deserialize, Serialize};
use storage::{
    Transaction, TransactionError,
    associations::Associations,
    codes::{CodeItem, Codes, unwrap_key},
    history::History,
    quotas::{Quotas, Use},
    sealing::code_id,
    sessions::{CaseHandle, PendingSubmission, Sessions},
    vault::{ObjectRole, StoragePrefix, Vault},
};

struct Deps {
    sessions: Sessions,
    quotas: Quotas,
    codes: Codes,
    associations: Associations,
    vault: Vault,
    history: History,
    transaction: Transaction,
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
        history: setup.history(),
        transaction: setup.transaction(),
    };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let acting = Acting::from(call, &deps.sessions).await?;
    let subject = acting.subject(call)?;
    let body: Body = call.json()?;
    // A malformed code is rejected before it is counted, because it cannot be a guess.
    let code = typed::code_number(body.code.expose()).map_err(Problem::CodeMalformed)?.value;
    let id = code_id(&code);
    let (used, item, associated) = tokio::try_join!(
        deps.quotas.use_one(Quota::Submissions, acting.person(), &id, call.now),
        deps.codes.find(&code, call.now),
        deps.associations.of(&subject.id, call.now),
    )?;
    let left = match used {
        Use::WithinLimit { used } => Quota::Submissions.remaining(used),
        Use::Exhausted => return Err(Problem::SubmissionsExhausted { renews_at: quota::renews_at(call.now) }.into()),
    };
    let item = match decide(item, &subject, &acting.managed(call), call) {
        Ok(item) => item,
        Err(problem) => {
            // The code counts towards the person's daily limit, so the record of a case must mention it.
            acting.record_code_not_accepted(&deps.history, &id, &subject, call).await?;
            return Err(problem.into());
        }
    };
    let data_key = unwrap_key(&item.wrapped_key, &code, &item.set_id)?;
    let case = acting.case().map(|case| case.handle.clone());
    let submission = pending_submission(item, code, &subject, case, associated.is_none().then_some(call.now));
    let prefix = StoragePrefix::of(submission.state);
    let previews = try_join_all(submission.images.iter().map(async |facts| {
        let jpeg = deps.vault.open(&data_key, prefix, &submission.set_id, ObjectRole::Preview(facts.kind)).await?;
        Ok(ImageView::of(facts, Some(format!("data:image/jpeg;base64,{}", STANDARD.encode(jpeg)))))
    }));
    let (images, ()) = tokio::try_join!(
        async { previews.await.map_err(|error: storage::StorageError| Failure::from(error)) },
        store(deps, call, &acting, (&subject, &id), &submission)
    )?;
    let mut view = SubmissionView::of(&submission, call.language);
    view.images = images;
    Reply::json(200, &ResponseBody { submission: view, submissions_left: left })
}

/// Stores the submission in the session. In a case, the same transaction records the submission. If the case has ended meanwhile, the record
/// says that the code was not accepted, because it is counted already.
async fn store(
    deps: &Deps,
    call: &Call,
    acting: &Acting,
    (subject, code_id): (&Subject, &str),
    submission: &PendingSubmission,
) -> Result<(), Failure> {
    if acting.case().is_none() {
        let is_stored = deps.sessions.store_submission(&acting.session, Some(submission), call.now).await?;
        return if is_stored { Ok(()) } else { Err(Problem::SessionExpired.into()) };
    }
    let transaction = acting.begin(&deps.transaction, &deps.history, ActKind::CodeSubmitted, subject, call)?;
    match transaction.with(deps.sessions.store_submission_write(&acting.session, Some(submission), call.now)?).commit().await {
        Ok(()) => Ok(()),
        Err(error) if acting.is_case_over(&error) => {
            acting.record_code_not_accepted(&deps.history, code_id, subject, call).await?;
            Err(Problem::CaseOver.into())
        }
        Err(TransactionError::Refused(_)) => Err(Problem::SessionExpired.into()),
        Err(error) => Err(error.into()),
    }
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

fn pending_submission(
    item: CodeItem,
    code: CodeNumber,
    subject: &Subject,
    case: Option<CaseHandle>,
    nothing_associated_at: Option<Moment>,
) -> PendingSubmission {
    PendingSubmission {
        subject: subject.handle.clone(),
        subject_id: subject.id.clone(),
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
        case,
    }
}
