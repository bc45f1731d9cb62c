//! Prepares the people before the load begins. Citizens are signed in and have associated photos, and the wrong codes that they will submit
//! are generated.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use domain::{AthensDay, CodeNumber, ImageKind, Moment, application::Purpose, quota::Quota};
use futures_util::future::join_all;
use journeys::{
    application::{self, Application},
    citizen::{self, own},
    people::{self, Visit},
    photographer::{self, Issued, Photos, To},
};
use serde_json::{Value, json};

/// Citizens per user. More citizens allow more submissions, because each citizen has a daily quota, but signing in each citizen takes
/// seconds.
const CITIZENS: usize = 3;

pub(crate) struct World {
    pub(crate) users: Vec<Arc<User>>,
    pub(crate) citizens: Vec<Arc<Citizen>>,
    /// The application that all citizens authorise before the load, and that may pull their photos at all times.
    pub(crate) puller: Application,
    /// The application ("changing") that citizens authorise and revoke repeatedly.
    pub(crate) changing: Application,
    pub(crate) photos: Photos,
    pub(crate) began: Moment,
    errors: Mutex<Vec<String>>,
    turn: AtomicUsize,
}

/// A simulated user, with one studio and [`CITIZENS`] citizens. Makes one request at a time.
pub(crate) struct User {
    pub(crate) studio: Visit,
    pub(crate) citizens: Vec<Arc<Citizen>>,
    issued: Mutex<Vec<(String, To)>>,
    turn: AtomicUsize,
}

pub(crate) struct Citizen {
    pub(crate) visit: Visit,
    /// The code of the associated photos.
    pub(crate) code: String,
    /// The code of other photos, which the citizen views and rejects.
    pub(crate) spare: String,
    /// Codes that do not exist.
    pub(crate) wrong: Vec<String>,
    /// The response of `associate`.
    pub(crate) association: Value,
    /// The face photo, as the service returned it after the association.
    pub(crate) face: Vec<u8>,
    done: Mutex<Done>,
    turn: AtomicUsize,
}

/// The requests of a citizen, which are later compared with the stored data. A pull is added before its response arrives, because the
/// service may record a pull whose response is lost. Every other request is added after its response.
#[derive(Default, Clone)]
pub(crate) struct Done {
    /// Non-existent codes that the service counted as submissions. Each code counts once.
    pub(crate) wrong: Vec<String>,
    /// How often the citizen authorised the application [`World::changing`].
    pub(crate) authorized: usize,
    /// How often the citizen revoked the authorization of [`World::changing`].
    pub(crate) revoked: usize,
    /// The pulls of this citizen's photos, by case number. The value is `true` if the pull got a response.
    pub(crate) pulls: BTreeMap<String, bool>,
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

fn next<'t, T>(turn: &AtomicUsize, all: &'t [T]) -> &'t T {
    &all[turn.fetch_add(1, Ordering::Relaxed) % all.len()]
}

impl World {
    pub(crate) async fn new(users: usize) -> Arc<Self> {
        let began = Moment::from_epoch_seconds(application::now());
        let (puller, changing) = (application::fresh(Purpose::Passport).await, application::fresh(Purpose::LanguageExam).await);
        let users: Vec<Arc<User>> = join_all((0..users).map(|_| User::new(&puller))).await.into_iter().map(Arc::new).collect();
        let citizens = users.iter().flat_map(|user| user.citizens.clone()).collect();
        let (photos, errors, turn) = (photographer::both(), Mutex::default(), AtomicUsize::default());
        Arc::new(Self { users, citizens, puller, changing, photos, began, errors, turn })
    }

    /// Returns the next citizen, in rotation over the citizens of all users.
    pub(crate) fn anybody(&self) -> &Arc<Citizen> {
        next(&self.turn, &self.citizens)
    }

    pub(crate) fn add_error(&self, error: String) {
        lock(&self.errors).push(error);
    }

    pub(crate) fn errors(&self) -> Vec<String> {
        lock(&self.errors).clone()
    }

    /// Returns whether it is still the same day in Athens as at the beginning. Counters are reset at midnight, so later their expected
    /// values are unknown.
    pub(crate) fn is_still_the_same_day(&self) -> bool {
        AthensDay::of(self.began) == AthensDay::of(Moment::from_epoch_seconds(application::now()))
    }
}

impl User {
    async fn new(puller: &Application) -> Self {
        let studio = people::fresh_photographer().await;
        let (mut citizens, mut issued) = (Vec::new(), Vec::new());
        for _ in 0..CITIZENS {
            let (citizen, uploads) = Citizen::new(&studio, puller).await;
            let to = To::Mobile(citizen.visit.person.mobile().to_owned());
            issued.extend(uploads.map(|upload| (upload, to.clone())));
            citizens.push(Arc::new(citizen));
        }
        Self { studio, citizens, issued: Mutex::new(issued), turn: AtomicUsize::default() }
    }

    pub(crate) fn citizen(&self) -> &Arc<Citizen> {
        next(&self.turn, &self.citizens)
    }

    /// Returns a new recipient of a code, alternately a mobile number and an email address.
    pub(crate) fn recipient(&self) -> To {
        let mut bytes = [0; 8];
        aws_lc_rs::rand::fill(&mut bytes).expect("randomness");
        let number = u64::from_be_bytes(bytes) % 100_000_000;
        match lock(&self.issued).len() % 2 {
            0 => To::Mobile(format!("+3069{number:08}")),
            _ => To::Email(format!("load.{number:08}@example.gr")),
        }
    }

    pub(crate) fn add_issued(&self, upload: String, to: To) {
        lock(&self.issued).push((upload, to));
    }

    /// Returns the uploads with the recipients of their codes.
    pub(crate) fn issued(&self) -> Vec<(String, To)> {
        lock(&self.issued).clone()
    }
}

impl Citizen {
    /// Signs a citizen in and associates photos. Also returns the ids of the two uploads.
    async fn new(studio: &Visit, puller: &Application) -> (Self, [String; 2]) {
        let visit = people::fresh_citizen().await;
        let Issued { code, upload_id: first, .. } = photographer::issue_by_sms(studio, visit.person.mobile()).await;
        let Issued { code: spare, upload_id: second, .. } = photographer::issue_by_sms(studio, visit.person.mobile()).await;
        let mut association = citizen::take(&visit, &code).await;
        own(&visit).authorize(&[&puller.id]).await.expect(200);
        // Removes the authorised applications from the response, because they change during the run. Another invariant covers them.
        association["applications"] = json!([]);
        citizen::submit(&visit, &spare).await.expect(200);
        citizen::reject(&visit).await.expect(204);
        let face = citizen::show_photo(&visit, ImageKind::Face).await.expect(200).body;
        let remaining = usize::try_from(Quota::Submissions.limit()).expect("a small number") - 2;
        let wrong = (0..remaining).map(|_| wrong_code()).collect();
        let (done, turn) = (Mutex::default(), AtomicUsize::default());
        (Self { visit, code, spare, wrong, association, face, done, turn }, [first, second])
    }

    pub(crate) fn wrong_code(&self) -> &String {
        next(&self.turn, &self.wrong)
    }

    pub(crate) fn subject(&self) -> String {
        format!("afm:{}", self.visit.person.afm)
    }

    pub(crate) fn note(&self, change: impl FnOnce(&mut Done)) {
        change(&mut lock(&self.done));
    }

    pub(crate) fn done(&self) -> Done {
        lock(&self.done).clone()
    }

    /// Returns the number of different codes that the citizen has submitted today.
    pub(crate) fn submitted(&self) -> usize {
        2 + self.done().wrong.len()
    }
}

fn wrong_code() -> String {
    CodeNumber::draw(|bytes| aws_lc_rs::rand::fill(bytes)).expect("randomness").expose()
}
