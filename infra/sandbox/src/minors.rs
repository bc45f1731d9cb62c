//! Minors that tests create and change at run time, and the custody of all minors.

use std::io;
use std::path::Path;
use std::sync::{PoisonError, RwLock};

use axum::Json;
use axum::body::Bytes;
use axum::extract::{self, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::ToSpan;
use serde::{Deserialize, Serialize};

use crate::journal::Journal;
use crate::people::{Change, Person, storage_error};
use crate::seed::Custody;
use crate::{World, bad_request, today};

/// Custody of all minors: as in the seed, with the changes at run time.
pub(crate) struct Custodies {
    inner: RwLock<Inner>,
}

struct Inner {
    all: Vec<Custody>,
    journal: Journal,
}

/// A change of custody. From now on, only this custodian has custody of the minor. If `custodian` is `None`, nobody has custody.
#[derive(Serialize, Deserialize)]
struct Assignment {
    minor: String,
    custodian: Option<String>,
}

impl Custodies {
    pub(crate) fn open(seed: Vec<Custody>, state: &Path) -> io::Result<Self> {
        let mut all = seed;
        let journal = Journal::open(state.join("custody.jsonl"), |assignment: Assignment| assign(&mut all, &assignment))?;
        Ok(Self { inner: RwLock::new(Inner { all, journal }) })
    }

    /// Returns whether the custodian has custody of the minor today.
    pub(crate) fn is_in_force(&self, custodian: &Person, minor: &Person) -> bool {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        inner.all.iter().any(|custody| {
            custody.custodian == custodian.key && custody.minor == minor.key && custody.until.is_none_or(|until| today() <= until)
        })
    }

    fn assign(&self, assignment: &Assignment) -> io::Result<()> {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        inner.journal.append(assignment)?;
        assign(&mut inner.all, assignment);
        Ok(())
    }
}

fn assign(all: &mut Vec<Custody>, assignment: &Assignment) {
    all.retain(|custody| custody.minor != assignment.minor);
    all.extend(assignment.custodian.clone().map(|custodian| Custody { custodian, minor: assignment.minor.clone(), until: None }));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewMinor {
    /// Key of the person who has custody of the minor.
    custodian: String,
    /// True if the minor has an AFM.
    #[serde(default)]
    afm: bool,
    /// True if the minor is a foreigner's child and has a PAAYPA instead of an AMKA.
    #[serde(default)]
    paaypa: bool,
}

/// `POST /minors {"custodian", "afm", "paaypa"}`: creates a minor who is eight years old.
pub(crate) async fn create(State(world): State<World>, body: Bytes) -> Response {
    let new = match serde_json::from_slice::<NewMinor>(&body) {
        Ok(new) => new,
        Err(error) => return bad_request(&error.to_string()),
    };
    let created = world.people.create_minor(new.afm, new.paaypa);
    let assignment = |person: &Person| Assignment { minor: person.key.clone(), custodian: Some(new.custodian.clone()) };
    match created.and_then(|person| world.custody.assign(&assignment(&person)).map(|()| person)) {
        Ok(person) => (StatusCode::CREATED, Json(&*person)).into_response(),
        Err(error) => storage_error(&error),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MinorChange {
    /// Key of the person who has custody from now on, or null for nobody.
    #[serde(default, deserialize_with = "nullable")]
    custodian: Option<Option<String>>,
    /// Gives the minor an AFM.
    #[serde(default)]
    afm: bool,
    /// Lets the minor turn 18 today, and sign in from now on.
    #[serde(default)]
    adult: bool,
    /// Lets the minor turn 18 in this number of days.
    adult_in: Option<u16>,
}

/// Distinguishes null, which becomes `Some(None)`, from an absent member.
#[expect(clippy::option_option, reason = "an absent member, null and a value have different meanings")]
fn nullable<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}

/// `POST /minors/{key}`: changes a minor.
pub(crate) async fn change(State(world): State<World>, extract::Path(key): extract::Path<String>, body: Bytes) -> Response {
    let requested = match serde_json::from_slice::<MinorChange>(&body) {
        Ok(requested) => requested,
        Err(error) => return bad_request(&error.to_string()),
    };
    let days = if requested.adult { Some(0) } else { requested.adult_in };
    let born = days.map(|days| today().saturating_add(i64::from(days).days()).saturating_sub(18.years()));
    let change = Change { afm: requested.afm || requested.adult, born, can_sign_in: requested.adult, ..Change::default() };
    let person = match world.people.change(&key, &change) {
        Ok(Some(person)) => person,
        Ok(None) => return bad_request("no person with this key was created at run time"),
        Err(error) => return storage_error(&error),
    };
    if let Some(custodian) = requested.custodian
        && let Err(error) = world.custody.assign(&Assignment { minor: key, custodian })
    {
        return storage_error(&error);
    }
    Json(&*person).into_response()
}
