//! POST /v1/verdicts: stores the verdict of a public body on an image that it pulled. The citizen sees the whole verdict. The photographer
//! sees the verdict and its reason, but neither the text nor the name of the public body.

use domain::{
    Moment,
    application::ApplicationId,
    verdict::{RefusalReason, TEXT_CHARACTERS_MAX, Verdict, is_text},
};
use edge::{
    Call, Failure, Reply, Setup,
    signed::{Application, SignedRequest},
};
use messages::problem::{FieldReason, Problem};
use serde::{Deserialize, Serialize};
use storage::{
    Transaction, TransactionError,
    applications::Applications,
    history::{Event, GivenVerdict, History, Origin, Record},
    issuances::Issuances,
    nonces::Nonces,
    sealing::PullIds,
};

const PATH: &str = "/v1/verdicts";

struct Deps {
    applications: Applications,
    nonces: Nonces,
    history: History,
    issuances: Issuances,
    pull_ids: PullIds,
    transaction: Transaction,
}

/// Claims of this operation, in addition to those of every signed request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    pull: String,
    verdict: VerdictKind,
    reason: Option<RefusalReason>,
    text: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum VerdictKind {
    Accepted,
    Refused,
}

#[derive(Serialize)]
struct Response<'a> {
    pull: &'a str,
    #[serde(flatten)]
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    reported_at: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps {
        applications: setup.applications(),
        nonces: setup.nonces(),
        history: setup.history(),
        issuances: setup.issuances(),
        pull_ids: setup.pull_ids(),
        transaction: setup.transaction(),
    };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let request = SignedRequest::<Claims>::read(call)?;
    let sender = request.sender(&deps.applications, call.now).await?;
    let request = request.verify(sender, call, PATH)?;
    let verdict = check(request.claims(), call.now)?;
    // The ID of a pull is encrypted for the application that made it. `pull` is `None` if the ID belongs to another application's pull.
    let pull = deps.pull_ids.open(request.application(), &request.claims().pull);
    let (application, record) = tokio::join!(Application::from(request, &deps.nonces, call), async {
        match &pull {
            Some((subject, event)) => deps.history.find(subject, event, call.now).await,
            None => Ok(None),
        }
    });
    // An error of the replay check takes precedence over an error of the concurrent record lookup, so that a replayed request always gets
    // the same response.
    let (application, record) = (application?, record?);
    let record = record.ok_or(Problem::PullUnknown)?;
    store(deps, &application.registered.application, &record, &verdict).await?;
    let response = Response {
        pull: &application.claims.pull,
        verdict: verdict.verdict,
        text: verdict.text.as_deref(),
        reported_at: verdict.at.rfc3339(),
    };
    Reply::json(200, &response)
}

/// Checks the claims of this operation and returns the verdict.
fn check(claims: &Claims, now: Moment) -> Result<GivenVerdict, Problem> {
    let invalid = |field: &str, reason| Problem::InvalidField { field: field.to_owned(), reason };
    let verdict = match (claims.verdict, claims.reason) {
        (VerdictKind::Accepted, None) => Verdict::Accepted,
        (VerdictKind::Refused, Some(reason)) => Verdict::Refused(reason),
        (VerdictKind::Accepted, Some(_)) => return Err(invalid("reason", FieldReason::NotAllowed)),
        (VerdictKind::Refused, None) => return Err(invalid("reason", FieldReason::Missing)),
    };
    if claims.text.as_deref().is_some_and(|text| !is_text(text)) {
        return Err(invalid("text", FieldReason::InvalidText { limit: TEXT_CHARACTERS_MAX }));
    }
    Ok(GivenVerdict { verdict, text: claims.text.clone(), at: now })
}

/// Stores the verdict in the histories of the person and of the photographer in one transaction. If the photographer's entry has expired,
/// stores it in the person's history only.
async fn store(deps: &Deps, application: &ApplicationId, record: &Record, verdict: &GivenVerdict) -> Result<(), Failure> {
    let Event::Pulled { image, refusal: None, origin, .. } = &record.what else {
        return Err(Problem::PullUnknown.into());
    };
    let history_write = deps.history.verdict_write(&record.subject_id, &record.event, verdict)?;
    let issuance_write = |origin: &Origin| {
        let slot = deps.pull_ids.verdict_slot(&origin.upload_id, application, *image);
        deps.issuances.verdict_write(&origin.business, &origin.upload_id, &slot, verdict.verdict)
    };
    let issuance_write = origin.as_ref().map(issuance_write).transpose()?;
    let both = deps.transaction.clone().with(history_write.clone()).with_some(issuance_write);
    let written = match both.commit().await {
        Err(TransactionError::Refused(parts)) if parts == [1] => deps.transaction.clone().with(history_write).commit().await,
        other => other,
    };
    match written {
        // The record has expired and was deleted by TTL since it was read.
        Err(TransactionError::Refused(_)) => Err(Problem::PullUnknown.into()),
        Err(TransactionError::Conflict) => Err(Problem::Conflict.into()),
        Err(TransactionError::Storage(error)) => Err(error.into()),
        Ok(()) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_required_for_a_refusal_and_rejected_otherwise() {
        let claims = |verdict, reason, text: Option<&str>| Claims { pull: "p".to_owned(), verdict, reason, text: text.map(str::to_owned) };
        let now = Moment::from_epoch_seconds(0);
        let glasses = Some(RefusalReason::Glasses);
        let refused = check(&claims(VerdictKind::Refused, glasses, Some("x")), now);
        assert_eq!(refused, Ok(GivenVerdict { verdict: Verdict::Refused(RefusalReason::Glasses), text: Some("x".to_owned()), at: now }));
        assert_eq!(check(&claims(VerdictKind::Accepted, None, None), now).map(|given| given.verdict), Ok(Verdict::Accepted));
        let too_long = "x".repeat(TEXT_CHARACTERS_MAX + 1);
        let text = FieldReason::InvalidText { limit: TEXT_CHARACTERS_MAX };
        for (invalid, field, reason) in [
            (claims(VerdictKind::Refused, None, None), "reason", FieldReason::Missing),
            (claims(VerdictKind::Accepted, glasses, None), "reason", FieldReason::NotAllowed),
            (claims(VerdictKind::Accepted, None, Some("")), "text", text),
            (claims(VerdictKind::Accepted, None, Some("a\nb")), "text", text),
            (claims(VerdictKind::Accepted, None, Some(&too_long)), "text", text),
        ] {
            assert_eq!(check(&invalid, now), Err(Problem::InvalidField { field: field.to_owned(), reason }));
        }
    }
}
