//! POST /v1/verdicts: what the public body says of an image that it pulled. The citizen sees all of it, the photographer the verdict and its
//! reason only: neither the text nor which public body it was.

use domain::{
    Moment,
    application::ApplicationId,
    verdict::{RefusalReason, TEXT_LENGTH, Verdict, is_text},
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

/// Beside those of every request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    pull: String,
    verdict: Said,
    reason: Option<RefusalReason>,
    text: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    Accepted,
    Refused,
}

#[derive(Serialize)]
struct Answer<'a> {
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
    // Its own pulls only: another's id does not open.
    let pull = deps.pull_ids.open(request.application(), &request.claims().pull);
    let (application, record) = tokio::join!(Application::from(request, &deps.nonces, call), async {
        match &pull {
            Some((subject, event)) => deps.history.find(subject, event, call.now).await,
            None => Ok(None),
        }
    });
    // A request that was used before gets the same response whatever storage says at that moment.
    let (application, record) = (application?, record?);
    let record = record.ok_or(Problem::PullUnknown)?;
    write(deps, &application.registered.application, &record, &verdict).await?;
    let answer = Answer {
        pull: &application.claims.pull,
        verdict: verdict.verdict,
        text: verdict.text.as_deref(),
        reported_at: verdict.at.rfc3339(),
    };
    Reply::json(200, &answer)
}

fn check(claims: &Claims, now: Moment) -> Result<GivenVerdict, Problem> {
    let wrong = |field: &str, reason| Problem::InvalidField { field: field.to_owned(), reason };
    let verdict = match (claims.verdict, claims.reason) {
        (Said::Accepted, None) => Verdict::Accepted,
        (Said::Refused, Some(reason)) => Verdict::Refused(reason),
        (Said::Accepted, Some(_)) => return Err(wrong("reason", FieldReason::NotAllowed)),
        (Said::Refused, None) => return Err(wrong("reason", FieldReason::Missing)),
    };
    if claims.text.as_deref().is_some_and(|text| !is_text(text)) {
        return Err(wrong("text", FieldReason::InvalidText { limit: TEXT_LENGTH }));
    }
    Ok(GivenVerdict { verdict, text: claims.text.clone(), at: now })
}

/// Into the person's history and the photographer's, at once; where the photographer's has ended, into the person's alone.
async fn write(deps: &Deps, application: &ApplicationId, record: &Record, verdict: &GivenVerdict) -> Result<(), Failure> {
    let Event::Pulled { image, refusal: None, origin, .. } = &record.what else {
        return Err(Problem::PullUnknown.into());
    };
    let in_history = deps.history.verdict_write(&record.subject_id, &record.event, verdict)?;
    let in_list = |origin: &Origin| {
        let slot = deps.pull_ids.verdict_slot(&origin.upload_id, application, *image);
        deps.issuances.verdict_write(&origin.business, &origin.upload_id, &slot, verdict.verdict)
    };
    let in_list = origin.as_ref().map(in_list).transpose()?;
    let both = deps.transaction.clone().with(in_history.clone()).with_some(in_list);
    let written = match both.commit().await {
        Err(TransactionError::Refused(parts)) if parts == [1] => deps.transaction.clone().with(in_history).commit().await,
        other => other,
    };
    match written {
        // Erased at the person's wish a moment ago.
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
    fn a_reason_belongs_to_a_refusal_and_only_to_that() {
        let claims = |verdict, reason, text: Option<&str>| Claims { pull: "p".to_owned(), verdict, reason, text: text.map(str::to_owned) };
        let now = Moment::from_epoch_seconds(0);
        let glasses = Some(RefusalReason::Glasses);
        let refused = check(&claims(Said::Refused, glasses, Some("x")), now);
        assert_eq!(refused, Ok(GivenVerdict { verdict: Verdict::Refused(RefusalReason::Glasses), text: Some("x".to_owned()), at: now }));
        assert_eq!(check(&claims(Said::Accepted, None, None), now).map(|given| given.verdict), Ok(Verdict::Accepted));
        let too_long = "x".repeat(TEXT_LENGTH + 1);
        let text = FieldReason::InvalidText { limit: TEXT_LENGTH };
        for (wrong, field, reason) in [
            (claims(Said::Refused, None, None), "reason", FieldReason::Missing),
            (claims(Said::Accepted, glasses, None), "reason", FieldReason::NotAllowed),
            (claims(Said::Accepted, None, Some("")), "text", text),
            (claims(Said::Accepted, None, Some("a\nb")), "text", text),
            (claims(Said::Accepted, None, Some(&too_long)), "text", text),
        ] {
            assert_eq!(check(&wrong, now), Err(Problem::InvalidField { field: field.to_owned(), reason }));
        }
    }
}
