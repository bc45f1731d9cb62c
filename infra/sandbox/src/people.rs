//! The people of the sandbox: those of the seed and those created at run time.

mod invent;

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use axum::Json;
use axum::body::Bytes;
use axum::extract::{self, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::identifiers;
use crate::journal::Journal;
use crate::{World, bad_request, today};
use invent::Kind;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) key: String,
    /// Purpose of the person in tests.
    pub(crate) note: Note,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) father_name: String,
    pub(crate) mother_name: String,
    pub(crate) birth_date: Date,
    pub(crate) afm: Option<String>,
    pub(crate) amka: Option<String>,
    pub(crate) paaypa: Option<String>,
    /// The mobile number that is confirmed in the communications register.
    pub(crate) mobile: Option<String>,
    /// True if the person can sign in.
    pub(crate) taxisnet: bool,
    pub(crate) registers: Registers,
    pub(crate) businesses: Vec<Business>,
    /// KEP offices that have authorised the person as a clerk.
    #[serde(default)]
    pub(crate) offices: Vec<Office>,
    /// How the register of KEP clerks responds to requests about the person.
    #[serde(default)]
    pub(crate) clerk_register: Registers,
    /// How the communications register responds to requests about the person.
    #[serde(default)]
    pub(crate) contact_register: Registers,
    /// How the tax registry responds to requests about the person's businesses.
    #[serde(default)]
    pub(crate) tax_register: Registers,
    /// True if the person was created at run time.
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

/// A KEP office, with the last day on which it authorises the person as a clerk. Without a last day, the authorisation has no end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Office {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Date>,
}

/// How the registers respond to requests about a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Registers {
    #[default]
    Answer,
    Unknown,
    Fail,
    Slow,
    /// The registers respond with the data of another person.
    Mixed,
}

impl Person {
    pub(crate) fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }

    fn is_photographer(&self) -> bool {
        self.businesses.iter().flat_map(|business| &business.activities).any(|activity| activity.starts_with("74.20."))
    }

    /// Returns the KEP offices at which the person is an authorised clerk today.
    pub(crate) fn current_offices(&self) -> impl Iterator<Item = &Office> {
        self.offices.iter().filter(|office| office.until.is_none_or(|until| today() <= until))
    }

    pub(crate) fn roles(&self) -> Vec<&'static str> {
        let minor = self.birth_date.saturating_add(18.years()) > today();
        let clerk = self.current_offices().next().is_some();
        [("minor", minor), ("citizen", self.taxisnet), ("photographer", self.is_photographer()), ("kep_clerk", clerk)]
            .into_iter()
            .filter_map(|(role, is)| is.then_some(role))
            .collect()
    }
}

/// A person in the responses of `/people.json` and `POST /people`.
#[derive(Serialize)]
struct ListedPerson<'a> {
    roles: Vec<&'static str>,
    #[serde(flatten)]
    person: &'a Person,
}

impl<'a> ListedPerson<'a> {
    fn new(person: &'a Person) -> Self {
        Self { roles: person.roles(), person }
    }
}

/// Maximum number of people that can be created at run time.
const CREATED_PEOPLE_MAX: u64 = 100_000;

pub(crate) struct People {
    inner: RwLock<Inner>,
}

struct Inner {
    /// People of the seed in its order, then those created at run time in the order of their creation.
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
    /// Opens the people of the seed and those that earlier runs stored in `state`.
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
        // Counts people instead of the journal's lines, because a person who was changed has several lines.
        inner.created = inner.all.iter().filter(|person| person.created).count() as u64;
        Ok(Self { inner: RwLock::new(inner) })
    }

    pub(crate) fn all(&self) -> Vec<Arc<Person>> {
        self.read(|inner| inner.all.clone())
    }

    /// Returns the person whose data the registers return instead of this person's ([`Registers::Mixed`]): the first person with another
    /// AFM.
    pub(crate) fn mixed_up_with(&self, person: &Person) -> Option<Arc<Person>> {
        self.read(|inner| inner.all.iter().find(|other| other.afm != person.afm).cloned())
    }

    pub(crate) fn find(&self, identifier: Identifier, value: &str) -> Option<Arc<Person>> {
        self.read(|inner| {
            let key = (identifier, value.to_owned());
            inner.by_identifier.get(&key).cloned()
        })
    }

    /// Returns the person's businesses that have not been closed.
    pub(crate) fn businesses_of(&self, person: &Person) -> Vec<Business> {
        self.read(|inner| person.businesses.iter().filter(|business| !inner.closed.contains(&business.afm)).cloned().collect())
    }

    /// Closes a business. Returns `false` if nobody owns a business with this AFM.
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
        let person = Arc::new(invent::invent(inner.created + 1, kind).ok_or(CreateError::TooMany)?);
        inner.journal.append(&*person)?;
        inner.created += 1;
        inner.add(Arc::clone(&person));
        Ok(person)
    }

    /// Creates a minor who is eight years old and cannot sign in.
    pub(crate) fn create_minor(&self, afm: bool, paaypa: bool) -> io::Result<Arc<Person>> {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        let serial = inner.created + 1;
        let person = invent::invent_minor(serial, afm, paaypa).ok_or_else(|| io::Error::other("all numbers are used up"))?;
        let person = Arc::new(person);
        inner.journal.append(&*person)?;
        inner.created = serial;
        inner.add(Arc::clone(&person));
        Ok(person)
    }

    /// Changes a person who was created at run time. Returns `None` if there is none with this key.
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
        }
        match change.mobile.or(change.can_sign_in.then_some(true)) {
            Some(true) => person.mobile = Some(format!("+30699{serial:0>7}")),
            Some(false) => person.mobile = None,
            None => {}
        }
        if let Some(businesses) = &change.businesses {
            person.businesses.clone_from(businesses);
        }
        if let Some(offices) = &change.offices {
            person.offices.clone_from(offices);
        }
        if let Some(clerk_register) = change.clerk_register {
            person.clerk_register = clerk_register;
        }
        if let Some(contact_register) = change.contact_register {
            person.contact_register = contact_register;
        }
        if let Some(tax_register) = change.tax_register {
            person.tax_register = tax_register;
        }
        let person = Arc::new(person);
        inner.journal.append(&*person)?;
        inner.add(Arc::clone(&person));
        Ok(Some(person))
    }
}

/// A change of a person who was created at run time.
#[derive(Default)]
pub(crate) struct Change {
    pub(crate) afm: bool,
    pub(crate) born: Option<Date>,
    pub(crate) can_sign_in: bool,
    /// True to give the person a confirmed mobile number, false to remove the number.
    pub(crate) mobile: Option<bool>,
    pub(crate) businesses: Option<Vec<Business>>,
    pub(crate) offices: Option<Vec<Office>>,
    pub(crate) clerk_register: Option<Registers>,
    pub(crate) contact_register: Option<Registers>,
    pub(crate) tax_register: Option<Registers>,
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
    #[error("the maximum number of people has been created")]
    TooMany,
    #[error("the person could not be stored: {0}")]
    Store(#[from] io::Error),
}

/// `GET /people.json`: all people.
pub(crate) async fn list(State(world): State<World>) -> Response {
    let people = world.people.all();
    let listed: Vec<ListedPerson<'_>> = people.iter().map(|person| ListedPerson::new(person)).collect();
    Json(listed).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPerson {
    kind: Kind,
}

/// `POST /people {"kind"}`: creates a person.
pub(crate) async fn create(State(world): State<World>, body: Bytes) -> Response {
    let kind = match serde_json::from_slice::<NewPerson>(&body) {
        Ok(new) => new.kind,
        Err(error) => return bad_request(&error.to_string()),
    };
    match world.people.create(kind) {
        Ok(person) => (StatusCode::CREATED, Json(ListedPerson::new(&person))).into_response(),
        Err(error) => (StatusCode::INSUFFICIENT_STORAGE, Json(serde_json::json!({ "code": "not_created", "detail": error.to_string() })))
            .into_response(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonChange {
    mobile: Option<bool>,
    businesses: Option<Vec<Business>>,
    offices: Option<Vec<Office>>,
    clerk_register: Option<Registers>,
    contact_register: Option<Registers>,
    tax_register: Option<Registers>,
}

/// `POST /people/{key} {"mobile", "businesses", "offices", "clerk_register", "contact_register", "tax_register"}`: changes a person who was
/// created at run time.
pub(crate) async fn change(State(world): State<World>, extract::Path(key): extract::Path<String>, body: Bytes) -> Response {
    let requested: PersonChange = match serde_json::from_slice(&body) {
        Ok(requested) => requested,
        Err(error) => return bad_request(&error.to_string()),
    };
    let PersonChange { mobile, businesses, offices, clerk_register, contact_register, tax_register } = requested;
    let change = Change { mobile, businesses, offices, clerk_register, contact_register, tax_register, ..Change::default() };
    match world.people.change(&key, &change) {
        Ok(Some(person)) => Json(ListedPerson::new(&person)).into_response(),
        Ok(None) => bad_request("no person with this key was created at run time"),
        Err(error) => storage_error(&error),
    }
}

/// Responds that a change could not be written to the state folder.
pub(crate) fn storage_error(error: &io::Error) -> Response {
    let body = serde_json::json!({ "code": "not_created", "detail": error.to_string() });
    (StatusCode::INSUFFICIENT_STORAGE, Json(body)).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Closing {
    afm: String,
}

/// `POST /businesses/close {"afm"}`: removes a business from the registers. `/people.json` still lists it.
pub(crate) async fn close_business(State(world): State<World>, body: Bytes) -> Response {
    let closing = match serde_json::from_slice::<Closing>(&body) {
        Ok(closing) => closing,
        Err(error) => return bad_request(&error.to_string()),
    };
    match world.people.close(&closing.afm) {
        Ok(true) => StatusCode::NO_CONTENT.into_response(),
        Ok(false) => bad_request("nobody owns a business with this AFM"),
        Err(error) => bad_request(&error.to_string()),
    }
}
