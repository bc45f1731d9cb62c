//! POST /v1/subjects/{subject}/erasure: photos, keys and codes of a person go now instead of at their expiry (GDPR, article
//! 17). What must be kept is named in the answer. Repeated after a failure, it goes on where it stopped.

use std::collections::{BTreeMap, BTreeSet};

use citizen_functions::{ATTEMPTS_MAX, Ending};
use domain::{ImageKind, submission::CodeState};
use edge::{
    Call, Failure, Reply, Setup,
    guard::{Citizen, Subject},
};
use futures_util::future::join_all;
use messages::{
    problem::Problem,
    rights::{self, Kept},
};
use serde::{Deserialize, Serialize};
use storage::{
    Transaction, TransactionError,
    associations::Association,
    codes::{CodeItem, Codes},
    history::{Event, Kind, Record},
    sessions::Sessions,
    vault::{ObjectRole, StoragePrefix, Vault},
};

const CHUNK: usize = 500;

struct Deps {
    sessions: Sessions,
    codes: Codes,
    ending: Ending,
    vault: Vault,
    transaction: Transaction,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    /// Photos that are erased do not come back.
    agree: bool,
}

#[derive(Serialize)]
struct Answer {
    photo_sets_erased: usize,
    kept: Vec<Kept>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let ending = Ending { associations: setup.associations(), keys: setup.keys(), history: setup.history(), reminders: setup.reminders() };
    let deps = Deps { sessions: setup.sessions(), codes: setup.codes(), ending, vault: setup.vault(), transaction: setup.transaction() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let citizen = Citizen::from(call, &deps.sessions).await?;
    let subject = citizen.subject(call)?;
    if !call.json::<Body>()?.agree {
        return Err(Problem::MissingConsent.into());
    }
    let sets = sets(deps, &subject, call).await?;
    let mut erased = 0;
    for (set_id, code_id) in &sets {
        let state = erase(deps, call, &citizen, &subject, code_id).await?;
        if state != Set::OfAnother {
            // The code is gone: what is left is nobody's to open. Deleting again what is gone is no error.
            let parts = ImageKind::ALL.into_iter().flat_map(|kind| [ObjectRole::Image(kind), ObjectRole::Preview(kind)]);
            let objects = parts.flat_map(|part| [(StoragePrefix::Associated, part), (StoragePrefix::Pending, part)]);
            // All are tried, whichever of them fails.
            let removed = join_all(objects.map(|(shelf, part)| deps.vault.remove(shelf, set_id, part))).await;
            removed.into_iter().collect::<Result<(), _>>()?;
            erased += usize::from(state == Set::Erased);
        }
    }
    Reply::json(200, &Answer { photo_sets_erased: erased, kept: rights::kept(call.language) })
}

/// All sets that were ever the subject's: set -> code, as the history has them.
async fn sets(deps: &Deps, subject: &Subject, call: &Call) -> Result<BTreeMap<String, String>, Failure> {
    let mut sets = BTreeMap::new();
    let mut after = None;
    loop {
        let page = deps.ending.history.list(&subject.id, Kind::Associations, after.as_deref(), CHUNK, call.now).await?;
        for record in page.records {
            if let Event::Associated { set_id, code_id, .. } = record.what {
                sets.insert(set_id, code_id);
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(sets);
        }
    }
}

/// What became of a set that was once the subject's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    Erased,
    /// Expired, or erased by an earlier call; its objects may still be there.
    Gone,
    OfAnother,
}

/// Ends what is in force with this code, and the code itself.
async fn erase(deps: &Deps, call: &Call, citizen: &Citizen, subject: &Subject, code_id: &str) -> Result<Set, Failure> {
    let mut lost = BTreeSet::new();
    for _ in 0..ATTEMPTS_MAX {
        let (code, association) =
            tokio::try_join!(deps.codes.by_id(code_id, call.now), deps.ending.associations.of(&subject.id, call.now))?;
        let Some(code) = code else { return Ok(Set::Gone) };
        // The first subject may erase the set also while it is associated for another one.
        let association = match &code.subject {
            Some(owner) if *owner == subject.id => association,
            _ if code.first_subject.as_ref() != Some(&subject.id) => return Ok(Set::OfAnother),
            Some(owner) => deps.ending.associations.of(owner, call.now).await?,
            None => None,
        };
        let association = association.filter(|association| association.code_id == code_id);
        // Read in the midst of being associated: its association is not to be left behind.
        if code.state == CodeState::Associated && association.is_none() {
            continue;
        }
        match write(deps, call, citizen, subject, &code, association.as_ref().map(|association| (association, &lost))).await {
            Ok(()) => return Ok(Set::Erased),
            Err(TransactionError::Conflict) => {}
            Err(TransactionError::Refused(_)) => {
                if let Some(association) = &association {
                    lost = deps.ending.lost(association, call.now).await?;
                }
            }
            Err(TransactionError::Storage(error)) => return Err(error.into()),
        }
    }
    Err(Problem::Conflict.into())
}

async fn write(
    deps: &Deps,
    call: &Call,
    citizen: &Citizen,
    subject: &Subject,
    code: &CodeItem,
    association: Option<(&Association, &BTreeSet<String>)>,
) -> Result<(), TransactionError> {
    let erased = |by_first_subject| Event::Erased { set_id: code.set_id.clone(), by: citizen.session.subject_id.clone(), by_first_subject };
    let record = Record::new(&subject.id, erased(false), call.now, code.expires_at);
    let mut transaction = deps.transaction.clone().with(deps.codes.delete_write(code)?).with(deps.ending.history.put_write(&record)?);
    if let Some((association, lost)) = association {
        if association.subject_id != subject.id {
            // The history of the other subject says why the photos are gone.
            let record = Record::new(&association.subject_id, erased(true), call.now, code.expires_at);
            transaction = transaction.with(deps.ending.history.put_write(&record)?);
        }
        transaction = deps.ending.of(transaction, association, lost, call.now)?;
    }
    transaction.commit().await
}
