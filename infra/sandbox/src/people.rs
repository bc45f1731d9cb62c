//! Everyone that the outside world knows: the seed's people and those made at run time.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

use crate::identifiers;
use crate::journal::Journal;
use crate::{World, bad_request, today};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) key: String,
    /// What the person is for.
    pub(crate) note: Note,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) father_name: String,
    pub(crate) mother_name: String,
    pub(crate) birth_date: Date,
    pub(crate) afm: Option<String>,
    pub(crate) amka: Option<String>,
    pub(crate) paaypa: Option<String>,
    /// The one confirmed in the communications register.
    pub(crate) mobile: Option<String>,
    /// Can sign in.
    pub(crate) taxisnet: bool,
    pub(crate) registers: Registers,
    pub(crate) businesses: Vec<Business>,
    /// Made by `POST /people`.
    pub(crate) created: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Note {
    pub(crate) en: String,
    pub(crate) el: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Business {
    pub(crate) afm: String,
    pub(crate) name: String,
    pub(crate) activities: Vec<String>,
}

/// What the registers do when asked about a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Registers {
    #[default]
    Answer,
    Unknown,
    Fail,
    Slow,
    /// They answer about another person.
    Mixed,
}

impl Person {
    fn is_photographer(&self) -> bool {
        self.businesses.iter().flat_map(|business| &business.activities).any(|activity| activity.starts_with("74.20."))
    }

    pub(crate) fn roles(&self) -> Vec<&'static str> {
        let minor = self.birth_date.saturating_add(18.years()) > today();
        [("minor", minor), ("citizen", self.taxisnet), ("photographer", self.is_photographer())]
            .into_iter()
            .filter_map(|(role, is)| is.then_some(role))
            .collect()
    }
}

/// A person as `/people.json` shows them.
#[derive(Serialize)]
struct Shown<'a> {
    roles: Vec<&'static str>,
    #[serde(flatten)]
    person: &'a Person,
}

impl<'a> Shown<'a> {
    fn new(person: &'a Person) -> Self {
        Self { roles: person.roles(), person }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Citizen,
    Photographer,
    NoMobile,
}

/// One sandbox makes no more people than this.
const CREATED_PEOPLE_MAX: u64 = 100_000;

pub(crate) struct People {
    inner: RwLock<Inner>,
}

struct Inner {
    /// In the order of the seed, then of their making.
    all: Vec<Arc<Person>>,
    by_identifier: HashMap<(Identifier, String), Arc<Person>>,
    created: u64,
    journal: Journal,
    /// AFMs of businesses that have closed.
    closed: HashSet<String>,
    closings: Journal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Identifier {
    Afm,
    Amka,
    Paaypa,
}

impl People {
    /// Those made in earlier runs are read from `state`.
    pub(crate) fn open(seed: Vec<Person>, state: &Path) -> io::Result<Self> {
        let mut earlier = Vec::new();
        let journal = Journal::open(state.join("people.jsonl"), |person: Person| {
            earlier.push(person);
        })?;
        let mut closed = HashSet::new();
        let closings = Journal::open(state.join("closed.jsonl"), |afm: String| {
            closed.insert(afm);
        })?;
        let mut inner = Inner { all: Vec::new(), by_identifier: HashMap::new(), created: 0, journal, closed, closings };
        for person in seed.into_iter().chain(earlier) {
            inner.add(Arc::new(person));
        }
        // Somebody who changed was written again.
        inner.created = inner.all.iter().filter(|person| person.created).count() as u64;
        Ok(Self { inner: RwLock::new(inner) })
    }

    pub(crate) fn all(&self) -> Vec<Arc<Person>> {
        self.read(|inner| inner.all.clone())
    }

    /// The person about whom the registers answer when they mix this one up: the first of all others.
    pub(crate) fn mixed_up_with(&self, person: &Person) -> Option<Arc<Person>> {
        self.read(|inner| inner.all.iter().find(|other| other.afm != person.afm).cloned())
    }

    pub(crate) fn find(&self, identifier: Identifier, value: &str) -> Option<Arc<Person>> {
        self.read(|inner| {
            let key = (identifier, value.to_owned());
            inner.by_identifier.get(&key).cloned()
        })
    }

    /// The businesses that the person has and that are open.
    pub(crate) fn businesses_of(&self, person: &Person) -> Vec<Business> {
        self.read(|inner| person.businesses.iter().filter(|business| !inner.closed.contains(&business.afm)).cloned().collect())
    }

    /// False where nobody has such a business.
    fn close(&self, afm: &str) -> io::Result<bool> {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        if !inner.all.iter().flat_map(|person| &person.businesses).any(|business| business.afm == afm) {
            return Ok(false);
        }
        if inner.closed.insert(afm.to_owned()) {
            inner.closings.append(&afm)?;
        }
        Ok(true)
    }

    fn read<T>(&self, read: impl FnOnce(&Inner) -> T) -> T {
        read(&self.inner.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn create(&self, kind: Kind) -> Result<Arc<Person>, CreateError> {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        if inner.created >= CREATED_PEOPLE_MAX {
            return Err(CreateError::TooMany);
        }
        let person = Arc::new(invent(inner.created + 1, kind).ok_or(CreateError::TooMany)?);
        inner.journal.append(&*person)?;
        inner.created += 1;
        inner.add(Arc::clone(&person));
        Ok(person)
    }

    /// Somebody eight years old, who cannot sign in.
    pub(crate) fn create_minor(&self, afm: bool, paaypa: bool) -> io::Result<Arc<Person>> {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        let serial = inner.created + 1;
        let person = invent_minor(serial, afm, paaypa).ok_or_else(|| io::Error::other("all numbers are used up"))?;
        let person = Arc::new(person);
        inner.journal.append(&*person)?;
        inner.created = serial;
        inner.add(Arc::clone(&person));
        Ok(person)
    }

    /// Changes somebody who was made here. `None`: there is nobody of this key.
    pub(crate) fn change(&self, key: &str, change: &Change) -> io::Result<Option<Arc<Person>>> {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        let Some(found) = inner.all.iter().find(|person| person.created && person.key == key) else { return Ok(None) };
        let mut person = Person::clone(found);
        let serial = key.rsplit('-').next().unwrap_or_default();
        if change.afm && person.afm.is_none() {
            person.afm = identifiers::afm(&format!("6{serial:0>7}"));
        }
        if let Some(born) = change.born {
            person.birth_date = born;
        }
        if change.can_sign_in {
            person.taxisnet = true;
            person.mobile = Some(format!("+30699{serial:0>7}"));
        }
        let person = Arc::new(person);
        inner.journal.append(&*person)?;
        inner.add(Arc::clone(&person));
        Ok(Some(person))
    }
}

/// What may change in the life of somebody who was made here.
pub(crate) struct Change {
    pub(crate) afm: bool,
    pub(crate) born: Option<Date>,
    pub(crate) can_sign_in: bool,
}

impl Inner {
    fn add(&mut self, person: Arc<Person>) {
        let identifiers = [(Identifier::Afm, &person.afm), (Identifier::Amka, &person.amka), (Identifier::Paaypa, &person.paaypa)];
        for (identifier, value) in identifiers {
            if let Some(value) = value {
                self.by_identifier.insert((identifier, value.clone()), Arc::clone(&person));
            }
        }
        match self.all.iter_mut().find(|known| known.created && known.key == person.key) {
            Some(known) => *known = person,
            None => self.all.push(person),
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum CreateError {
    #[error("this sandbox has made all the people that it makes")]
    TooMany,
    #[error("the person could not be kept: {0}")]
    Keep(#[from] io::Error),
}

const WOMEN: [(&str, &str); 4] = [("ΑΓΓΕΛΙΚΗ", "ΒΑΣΙΛΕΙΟΥ"), ("ΔΕΣΠΟΙΝΑ", "ΚΩΣΤΟΠΟΥΛΟΥ"), ("ΖΩΗ", "ΠΑΠΠΑ"), ("ΚΑΛΛΙΟΠΗ", "ΣΤΑΘΟΠΟΥΛΟΥ")];
const MEN: [(&str, &str); 4] = [("ΑΝΔΡΕΑΣ", "ΓΑΛΑΝΗΣ"), ("ΗΛΙΑΣ", "ΘΕΟΔΩΡΟΥ"), ("ΛΕΩΝΙΔΑΣ", "ΜΑΥΡΟΣ"), ("ΣΠΥΡΙΔΩΝ", "ΤΣΑΚΙΡΗΣ")];

/// Days of birth in turn, 1950 to 1999.
const BIRTHS: u64 = 18_000;

/// The `serial`-th person: always the same, and unlike every other and the seed's (which keeps out of these ranges).
/// `None`: the ranges are used up.
fn invent(serial: u64, kind: Kind) -> Option<Person> {
    // 37 and 18,000 have no common divisor: each day comes once a round.
    let day = i64::try_from(serial * 37 % BIRTHS).ok()?;
    let birth_date = date(1950, 1, 1).checked_add(day.days()).ok()?;
    // Odd for men, even for women, as in real ones; a new pair each round.
    let amka_serial = 9_000 + serial / BIRTHS * 2 + serial % 2;
    let names = if serial.is_multiple_of(2) { WOMEN } else { MEN };
    let (first_name, last_name) = names[usize::try_from(serial / 2).ok()? % names.len()];
    let afm = identifiers::afm(&format!("6{serial:07}"))?;
    let photographer = kind == Kind::Photographer;
    let (prefix, en, el) = match kind {
        Kind::Citizen => ("citizen", "Citizen made for a test", "Πολίτης για δοκιμή"),
        Kind::Photographer => ("photographer", "Photographer made for a test", "Φωτογράφος για δοκιμή"),
        Kind::NoMobile => ("no-mobile", "Person without a confirmed mobile, made for a test", "Χωρίς επιβεβαιωμένο κινητό, για δοκιμή"),
    };
    Some(Person {
        key: format!("{prefix}-{serial}"),
        note: Note { en: en.to_owned(), el: el.to_owned() },
        first_name: first_name.to_owned(),
        last_name: last_name.to_owned(),
        father_name: "ΙΩΑΝΝΗΣ".to_owned(),
        mother_name: "ΑΙΚΑΤΕΡΙΝΗ".to_owned(),
        birth_date,
        amka: Some(identifiers::amka(birth_date, &amka_serial.to_string())?),
        paaypa: None,
        mobile: (kind != Kind::NoMobile).then(|| format!("+30699{serial:07}")),
        taxisnet: true,
        registers: Registers::Answer,
        businesses: photographer
            .then(|| Business {
                afm: afm.clone(),
                name: format!("ΦΩΤΟΓΡΑΦΕΙΟ {last_name} {serial}"),
                activities: vec!["74.20.21".to_owned()],
            })
            .into_iter()
            .collect(),
        afm: Some(afm),
        created: true,
    })
}

fn invent_minor(serial: u64, with_afm: bool, with_paaypa: bool) -> Option<Person> {
    let birth_date = today().checked_sub(8.years().days(i64::try_from(serial % 300).ok()?)).ok()?;
    let number = identifiers::amka(birth_date, &(1_000 + serial % 8_000).to_string())?;
    let (first_name, last_name) =
        if serial.is_multiple_of(2) { ("ΔΑΦΝΗ", "ΜΙΚΡΟΥΤΣΙΚΟΥ") } else { ("ΟΡΕΣΤΗΣ", "ΠΑΙΔΑΚΗΣ") };
    Some(Person {
        key: format!("minor-{serial}"),
        note: Note { en: "Minor made for a test".to_owned(), el: "Ανήλικος για δοκιμή".to_owned() },
        first_name: first_name.to_owned(),
        last_name: last_name.to_owned(),
        father_name: "ΙΩΑΝΝΗΣ".to_owned(),
        mother_name: "ΑΙΚΑΤΕΡΙΝΗ".to_owned(),
        birth_date,
        afm: if with_afm { Some(identifiers::afm(&format!("6{serial:07}"))?) } else { None },
        amka: (!with_paaypa).then(|| number.clone()),
        paaypa: with_paaypa.then_some(number),
        mobile: None,
        taxisnet: false,
        registers: Registers::Answer,
        businesses: Vec::new(),
        created: true,
    })
}

/// `GET /people.json`
pub(crate) async fn list(State(world): State<World>) -> Response {
    let people = world.people.all();
    let shown: Vec<Shown<'_>> = people.iter().map(|person| Shown::new(person)).collect();
    Json(shown).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPerson {
    kind: Kind,
}

/// `POST /people {"kind"}`
pub(crate) async fn create(State(world): State<World>, body: Bytes) -> Response {
    let kind = match serde_json::from_slice::<NewPerson>(&body) {
        Ok(new) => new.kind,
        Err(error) => return bad_request(&error.to_string()),
    };
    match world.people.create(kind) {
        Ok(person) => (StatusCode::CREATED, Json(Shown::new(&person))).into_response(),
        Err(error) => (StatusCode::INSUFFICIENT_STORAGE, Json(serde_json::json!({ "code": "not_created", "detail": error.to_string() })))
            .into_response(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Closing {
    afm: String,
}

/// `POST /businesses/close {"afm"}`: the registers no longer have the business. `/people.json` goes on to show it.
pub(crate) async fn close_business(State(world): State<World>, body: Bytes) -> Response {
    let closing = match serde_json::from_slice::<Closing>(&body) {
        Ok(closing) => closing,
        Err(error) => return bad_request(&error.to_string()),
    };
    match world.people.close(&closing.afm) {
        Ok(true) => StatusCode::NO_CONTENT.into_response(),
        Ok(false) => bad_request("nobody has a business with this AFM"),
        Err(error) => bad_request(&error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::identifiers::{is_afm, is_amka_of, is_mobile};

    #[test]
    fn invented_people_are_valid_unique_and_reproducible() {
        let mut taken = HashSet::new();
        for serial in (1..=20_000).chain(CREATED_PEOPLE_MAX - 10..=CREATED_PEOPLE_MAX) {
            let person = invent(serial, Kind::Photographer).unwrap();
            assert_eq!(Some(&person), invent(serial, Kind::Photographer).as_ref());
            let (afm, amka, mobile) = (person.afm.unwrap(), person.amka.unwrap(), person.mobile.unwrap());
            assert!(is_afm(&afm) && is_amka_of(&amka, person.birth_date) && is_mobile(&mobile), "{serial}");
            assert!(taken.insert(afm) && taken.insert(amka) && taken.insert(mobile), "{serial}");
        }
        assert_eq!(invent(1, Kind::NoMobile).unwrap().mobile, None);
        assert!(invent(1, Kind::Citizen).unwrap().businesses.is_empty());
    }
}
