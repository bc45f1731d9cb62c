//! POST /v1/pulls: returns one image of a person to an application that the person has authorised.
//!
//! Makes three rounds of concurrent calls to AWS. The first round finds the application and the person. The second reads the association
//! and stores the request's ID, so that a repeated request is rejected. The third fetches the image and records the pull. A request for an
//! unknown person goes through the same rounds under a random ID, so that neither the response nor its duration reveals whether the person
//! is unknown or has not authorised the application.

use domain::{
    Identifier, ImageKind, Moment, SubjectId,
    application::{CASE_CHARACTERS_MAX, is_case},
    authorization::{AssociationFacts, Pull, PullFacts, PullRefusal, decide_pull},
};
use edge::{
    Call, Failure, Reply, Setup,
    signed::{Application, SignedRequest},
};
use lambda_http::http::{HeaderName, StatusCode};
use messages::problem::{FieldReason, Problem};
use serde::Deserialize;
use storage::{
    StorageError,
    applications::Applications,
    associations::{Association, Associations},
    history::{Event, History, Origin, Record},
    keys::{self, KeyItem, Keys},
    kms::KmsKey,
    nonces::Nonces,
    sealing::PullIds,
    subjects::Subjects,
    vault::{ObjectRole, StoragePrefix, Vault},
};

const PATH: &str = "/v1/pulls";
/// ID of the pull. An application that reports a verdict on the image sends this ID.
const PULL_ID: HeaderName = HeaderName::from_static("pull-id");
/// End of the association to which the image belongs.
const PHOTO_EXPIRES: HeaderName = HeaderName::from_static("photo-expires");

struct Deps {
    applications: Applications,
    nonces: Nonces,
    subjects: Subjects,
    associations: Associations,
    keys: Keys,
    history: History,
    vault: Vault,
    kms: KmsKey,
    pull_ids: PullIds,
}

/// Claims of this operation, in addition to those of every signed request. These claims remain unparsed strings until the signature has
/// been verified.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    sub: String,
    image: String,
    case: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps {
        applications: setup.applications(),
        nonces: setup.nonces(),
        subjects: setup.subjects(),
        associations: setup.associations(),
        keys: setup.keys(),
        history: setup.history(),
        vault: setup.vault(),
        kms: setup.associations_key(),
        pull_ids: setup.pull_ids(),
    };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let now = call.now;
    let request = SignedRequest::<Claims>::read(call)?;
    let person = request.unproven().and_then(|claims| Identifier::parse_tagged(&claims.sub)?.ok());
    let (sender, found) = tokio::try_join!(request.sender(&deps.applications, now), find(&deps.subjects, person, now))?;
    let request = request.verify(sender, call, PATH)?;
    let image = check(request.claims())?;

    let subject = match &found {
        Some(subject) => subject.clone(),
        None => SubjectId::from_random(aws::random_bytes()?),
    };
    let in_force = keys::in_force(&deps.associations, &deps.keys, &subject, now);
    let (application, in_force) = tokio::join!(Application::from(request, &deps.nonces, call), in_force);
    // An error of the replay check takes precedence over an error of the concurrent association lookup, so that a replayed request always
    // gets the same response.
    let (application, in_force) = (application?, in_force?);
    let association = in_force.as_ref().map(|(association, _)| association);
    let decision = decide(&application, association, image, now);
    match (decision, &in_force) {
        (Pull::Allowed, Some((association, key))) => respond_with_image(deps, &application, association, key, image, now).await,
        (Pull::Refused(refusal), _) => {
            let mut record = record(&application, &subject, association, image, Some(refusal), now);
            if found.is_none() {
                // No person was found, so the subject ID is random. The record is written only so that the response takes the same time,
                // and is already expired when it is written.
                record.expires_at = now;
            }
            deps.history.put(&record).await?;
            Err(problem_of(refusal, image).into())
        }
        (Pull::Allowed, None) => Err(Failure::internal("pull allowed without an association")),
    }
}

async fn find(subjects: &Subjects, person: Option<Identifier>, now: Moment) -> Result<Option<SubjectId>, StorageError> {
    match person {
        Some(person) => subjects.find(&person, now).await,
        None => Ok(None),
    }
}

/// Checks the claims of this operation, after the signature has been verified.
fn check(claims: &Claims) -> Result<ImageKind, Problem> {
    let invalid = |field: &str, reason| Problem::InvalidField { field: field.to_owned(), reason };
    let person = Identifier::parse_tagged(&claims.sub).ok_or_else(|| invalid("sub", FieldReason::NotAllowed))?;
    person.map_err(|_| invalid("sub", FieldReason::InvalidNumber))?;
    if !is_case(&claims.case) {
        return Err(invalid("case", FieldReason::InvalidText { limit: CASE_CHARACTERS_MAX }));
    }
    ImageKind::parse(&claims.image).ok_or_else(|| invalid("image", FieldReason::NotAllowed))
}

fn decide(application: &Application<Claims>, association: Option<&Association>, image: ImageKind, now: Moment) -> Pull {
    let association = association.map(|association| AssociationFacts {
        authorization: association.applications.get(&application.registered.application),
        has_image: association.images.iter().any(|facts| facts.kind == image),
    });
    decide_pull(PullFacts { purpose: application.registered.purpose, image, association }, now)
}

fn record(
    application: &Application<Claims>,
    subject: &SubjectId,
    association: Option<&Association>,
    image: ImageKind,
    refusal: Option<PullRefusal>,
    now: Moment,
) -> Record {
    let origin = association.filter(|_| refusal.is_none());
    let pulled = Event::Pulled {
        application: application.registered.application.clone(),
        purpose: application.registered.purpose,
        image,
        case: application.claims.case.clone(),
        refusal,
        origin: origin.map(|from| Origin { business: from.business.clone(), upload_id: from.upload_id.clone() }),
        verdict: None,
    };
    Record::new(subject, pulled, now, association.map_or(now, |association| association.expires_at))
}

/// Responds with the image. Fails if the record of the pull cannot be written, so that no image is returned without a record.
async fn respond_with_image(
    deps: &Deps,
    application: &Application<Claims>,
    association: &Association,
    key: &KeyItem,
    image: ImageKind,
    now: Moment,
) -> Result<Reply, Failure> {
    let set_id = association.set_id.as_str();
    let record = record(application, &association.subject_id, Some(association), image, None, now);
    let pull_id = deps.pull_ids.seal(&application.registered.application, &association.subject_id, &record.event)?;
    let (sealed, opened, ()) = tokio::try_join!(
        deps.vault.fetch(StoragePrefix::Associated, set_id, ObjectRole::Image(image)),
        key.open(&deps.kms),
        deps.history.put(&record),
    )?;
    let jpeg = sealed.open(&opened.data_key)?;
    let reply = Reply::file(StatusCode::OK, "image/jpeg", jpeg);
    Ok(reply.header(PULL_ID, pull_id).header(PHOTO_EXPIRES, association.expires_at.rfc3339()))
}

/// Returns the problem for a rejected pull. A missing association and a missing authorization give the same problem, so that the response
/// reveals nothing about people who have not authorised the application.
const fn problem_of(refusal: PullRefusal, image: ImageKind) -> Problem {
    match refusal {
        PullRefusal::PurposeForbids => Problem::ImageNotAllowed { kind: image },
        PullRefusal::ImageAbsent => Problem::ImageAbsent,
        PullRefusal::NothingAssociated | PullRefusal::NotAuthorized => Problem::PullRefused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undisclosed_reasons_are_reported_as_the_same_problem() {
        for refusal in [PullRefusal::PurposeForbids, PullRefusal::ImageAbsent, PullRefusal::NothingAssociated, PullRefusal::NotAuthorized] {
            assert_eq!(problem_of(refusal, ImageKind::Face) == Problem::PullRefused, !refusal.is_disclosed(), "{refusal:?}");
        }
    }

    #[test]
    fn an_invalid_claim_is_rejected_with_its_name() {
        let claims = |sub: &str, image: &str, case: &str| Claims { sub: sub.to_owned(), image: image.to_owned(), case: case.to_owned() };
        assert_eq!(check(&claims("afm:068933130", "signature", "1")), Ok(ImageKind::Signature));
        for (invalid, field, reason) in [
            (claims("068933130", "face", "1"), "sub", FieldReason::NotAllowed),
            (claims("name:068933130", "face", "1"), "sub", FieldReason::NotAllowed),
            (claims("afm:068933131", "face", "1"), "sub", FieldReason::InvalidNumber),
            (claims("afm:068933130", "Face", "1"), "image", FieldReason::NotAllowed),
            (claims("afm:068933130", "face", ""), "case", FieldReason::InvalidText { limit: CASE_CHARACTERS_MAX }),
        ] {
            assert_eq!(check(&invalid), Err(Problem::InvalidField { field: field.to_owned(), reason }));
        }
    }
}
