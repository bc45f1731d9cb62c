//! POST /v1/subjects/{subject}/erasure: erases a person's photos, keys and codes now instead of at their expiry (GDPR, article 17). The
//! response lists the data that must be retained. If a request fails, a repeated request continues where the failed one stopped.

use std::collections::{BTreeMap, BTreeSet};

use citizen_functions::{ATTEMPTS_MAX, AssociationEnding};
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

/// Number of history records that are read at a time.
const CHUNK: usize = 500;

struct Deps {
    sessions: Sessions,
    codes: Codes,
    ending: AssociationEnding,
    vault: Vault,
    transaction: Transaction,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    /// The person agrees to the erasure, which cannot be undone.
    agree: bool,
}

#[derive(Serialize)]
struct ResponseBody {
    photo_sets_erased: usize,
    kept: Vec<Kept>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let ending = AssociationEnding {
        associations: setup.associations(),
        keys: setup.keys(),
        history: setup.history(),
        reminders: setup.reminders(),
    };
    let deps = Deps { sessions: setup.sessions(), codes: setup.codes(), ending, vault: setup.vault(), transaction: setup.transaction() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let citizen = Citizen::from(call, &deps.sessions).await?;
    let subject = citizen.subject(call)?;
    if !call.json::<Body>()?.agree {
        return Err(Problem::MissingConsent.into());
    }
    let sets = photo_sets(deps, &subject, call).await?;
    let mut erased = 0;
    for (set_id, code_id) in &sets {
        let state = erase(deps, call, &citizen, &subject, code_id).await?;
        if state != Set::OfAnother {
            // The code is already deleted, so nobody can open these objects any more. Some of them may not exist. Deleting an object that
            // does not exist is not an error.
            let roles = ImageKind::ALL.into_iter().flat_map(|kind| [ObjectRole::Image(kind), ObjectRole::Preview(kind)]);
            let objects = roles.flat_map(|role| [(StoragePrefix::Associated, role), (StoragePrefix::Pending, role)]);
            // A failure does not prevent the deletion of the other objects.
            let removed = join_all(objects.map(|(prefix, role)| deps.vault.remove(prefix, set_id, role))).await;
            removed.into_iter().collect::<Result<(), _>>()?;
            erased += usize::from(state == Set::Erased);
        }
    }
    Reply::json(200, &ResponseBody { photo_sets_erased: erased, kept: rights::kept(call.language) })
}

/// Returns all photo sets that the history records for the subject. Maps the ID of a set to the ID of its code.
async fn photo_sets(deps: &Deps, subject: &Subject, call: &Call) -> Result<BTreeMap<String, String>, Failure> {
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

/// Result of erasing a photo set that was associated with the subject at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    Erased,
    /// The code expired or was erased by an earlier request. Objects of the set may remain.
    Gone,
    /// The set is not erased, because it is not associated with this subject now, and another subject was the first to associate it.
    OfAnother,
}

/// Deletes a code and ends the association that uses it.
async fn erase(deps: &Deps, call: &Call, citizen: &Citizen, subject: &Subject, code_id: &str) -> Result<Set, Failure> {
    let mut missing_records = BTreeSet::new();
    for _ in 0..ATTEMPTS_MAX {
        let (code, association) =
            tokio::try_join!(deps.codes.by_id(code_id, call.now), deps.ending.associations.of(&subject.id, call.now))?;
        let Some(code) = code else { return Ok(Set::Gone) };
        // The subject that was the first to associate the set may erase it even while it is associated with another subject.
        let association = match &code.subject {
            Some(owner) if *owner == subject.id => association,
            _ if code.first_subject.as_ref() != Some(&subject.id) => return Ok(Set::OfAnother),
            Some(owner) => deps.ending.associations.of(owner, call.now).await?,
            None => None,
        };
        let association = association.filter(|association| association.code_id == code_id);
        // The code was associated or dissociated between the reads of the code and the association. The loop reads both again, so that no
        // association remains.
        if code.state == CodeState::Associated && association.is_none() {
            continue;
        }
        match write(deps, call, citizen, subject, &code, association.as_ref().map(|association| (association, &missing_records))).await {
            Ok(()) => return Ok(Set::Erased),
            Err(TransactionError::Conflict) => {}
            Err(TransactionError::Refused(_)) => {
                if let Some(association) = &association {
                    missing_records = deps.ending.missing_records(association, call.now).await?;
                }
            }
            Err(TransactionError::Storage(error)) => return Err(error.into()),
        }
    }
    Err(Problem::Conflict.into())
}

/// Writes the deletion of the code and the end of its association, with the history records, in one transaction.
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
    if let Some((association, missing_records)) = association {
        if association.subject_id != subject.id {
            // The photos are associated with another subject. Records in that subject's history that the photos were erased by `subject`,
            // which was the first to associate them.
            let record = Record::new(&association.subject_id, erased(true), call.now, code.expires_at);
            transaction = transaction.with(deps.ending.history.put_write(&record)?);
        }
        transaction = deps.ending.add_to(transaction, association, missing_records, None, call.now)?;
    }
    transaction.commit().await
}
