//! Minors made and changed at run time, and who has custody of them: for tests of what changes in a life.

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
use crate::people::{Change, Person};
use crate::seed::Custody;
use crate::{World, bad_request, today};

/// From the seed, and what came after.
pub(crate) struct Custodies {
    inner: RwLock<Inner>,
}

struct Inner {
    all: Vec<Custody>,
    journal: Journal,
}

/// From now on the minor is in this person's custody alone; in nobody's where there is none.
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

    /// Whether it is in force today.
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
    /// Key of a person.
    custodian: String,
    #[serde(default)]
    afm: bool,
    /// A foreigner's child: a PAAYPA in place of an AMKA.
    #[serde(default)]
    paaypa: bool,
}

/// `POST /minors {"custodian", "afm", "paaypa"}`: somebody eight years old.
pub(crate) async fn create(State(world): State<World>, body: Bytes) -> Response {
    let new = match serde_json::from_slice::<NewMinor>(&body) {
        Ok(new) => new,
        Err(error) => return bad_request(&error.to_string()),
    };
    let made = world.people.create_minor(new.afm, new.paaypa);
    let assignment = |person: &Person| Assignment { minor: person.key.clone(), custodian: Some(new.custodian.clone()) };
    match made.and_then(|person| world.custody.assign(&assignment(&person)).map(|()| person)) {
        Ok(person) => (StatusCode::CREATED, Json(&*person)).into_response(),
        Err(error) => not_kept(&error),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changed {
    /// Who has custody from now on; null for nobody.
    #[serde(default, deserialize_with = "given")]
    custodian: Option<Option<String>>,
    /// Gets an AFM.
    #[serde(default)]
    afm: bool,
    /// Turns 18 today; can sign in from now on.
    #[serde(default)]
    adult: bool,
    /// Turns 18 in so many days.
    adult_in: Option<u16>,
}

/// Tells null from a member that is not there.
#[expect(clippy::option_option, reason = "absent, null and a value are three things here")]
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}

/// `POST /minors/{key}`: something changes in a minor's life.
pub(crate) async fn change(State(world): State<World>, extract::Path(key): extract::Path<String>, body: Bytes) -> Response {
    let changed = match serde_json::from_slice::<Changed>(&body) {
        Ok(changed) => changed,
        Err(error) => return bad_request(&error.to_string()),
    };
    let days = if changed.adult { Some(0) } else { changed.adult_in };
    let born = days.map(|days| today().saturating_add(i64::from(days).days()).saturating_sub(18.years()));
    let change = Change { afm: changed.afm || changed.adult, born, can_sign_in: changed.adult };
    let person = match world.people.change(&key, &change) {
        Ok(Some(person)) => person,
        Ok(None) => return bad_request("nobody of this key was made here"),
        Err(error) => return not_kept(&error),
    };
    if let Some(custodian) = changed.custodian
        && let Err(error) = world.custody.assign(&Assignment { minor: key, custodian })
    {
        return not_kept(&error);
    }
    Json(&*person).into_response()
}

fn not_kept(error: &io::Error) -> Response {
    let body = serde_json::json!({ "code": "not_created", "detail": error.to_string() });
    (StatusCode::INSUFFICIENT_STORAGE, Json(body)).into_response()
}
