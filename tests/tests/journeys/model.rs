//! Model-based test: random sequences of operations by several people, a clerk of a KEP and applications on the deployed stack. Each
//! response is compared with a simple model of the rules: at most one photo set per subject, at most five codes a day, and no pull without
//! an association and an authorization in force.
//!
//! A failure prints its seed. `MODEL_SEED=<seed>` repeats that sequence.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fmt::Write,
};

use domain::{CodeNumber, ImageKind, application::Purpose, time::Span};
use futures_util::future::join_all;
use journeys::{
    application::{self, Application},
    browser::Response,
    citizen::acting,
    dice::Dice,
    kep, midnight, minors,
    people::{Visit, fresh_citizen, fresh_photographer},
    photographer::issue_by_sms,
};
use serde_json::{Value, json};

const SEQUENCES: u64 = 4;
const STEPS: usize = 70;
/// Number of codes that the test issues.
const ISSUED_CODES: usize = 4;
/// Number of well-formed codes that were never issued.
const UNKNOWN_CODES: usize = 3;
const SUBJECTS: usize = 3;
/// Actors 0 to 2 stand for the subjects 0 to 2, for whom people act in their own sessions. The last actor is a clerk of a KEP, who acts for
/// subject 0 in an open case.
const ACTORS: usize = 4;
const CLERK: usize = 3;
const APPLICATIONS: usize = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Code {
    Issued,
    Associated { owner: usize, first: usize },
    Dissociated { first: usize },
}

impl Code {
    /// Returns a number for the state of the code. A submission stores this number and the number of times that the code was dissociated.
    /// `associate` compares both numbers with their present values, to detect a change of the code since it was submitted.
    const fn stage(self) -> u8 {
        match self {
            Self::Issued => 0,
            Self::Associated { .. } => 1,
            Self::Dissociated { .. } => 2,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Pending {
    subject: usize,
    code: usize,
    stage: (u8, u32),
    confirmed: bool,
}

/// The expected state. Person 0 acts for the subjects 0 (themselves) and 1 (a minor), person 1 for the subject 2 (themselves).
#[derive(Debug, Default)]
struct Model {
    codes: Vec<Code>,
    dissociations: BTreeMap<usize, u32>,
    association: BTreeMap<usize, usize>,
    authorized: BTreeSet<(usize, usize)>,
    /// The pending submission of each session.
    pending: BTreeMap<usize, Pending>,
    /// The subject and the code of each session's latest association. While the subject still has this code, another call of `associate`
    /// for the subject counts as a repetition and succeeds.
    latest_association: BTreeMap<usize, (usize, usize)>,
    /// The codes that each person submitted today.
    submitted: BTreeMap<usize, BTreeSet<usize>>,
}

/// The expected status and the expected problem code, which is empty for a success.
type Expected = (u16, &'static str);
const OK: Expected = (200, "");

const fn subject_of(actor: usize) -> usize {
    if actor == CLERK { 0 } else { actor }
}

const fn person_of(subject: usize) -> usize {
    if subject == 2 { 1 } else { 0 }
}

/// Returns the index of the session that an actor uses. Person 0 has session 0, person 1 has session 1, and the clerk has session 2.
const fn session_of(actor: usize) -> usize {
    if actor == CLERK { 2 } else { person_of(actor) }
}

impl Model {
    fn stage(&self, code: usize) -> (u8, u32) {
        (self.codes[code].stage(), self.dissociations.get(&code).copied().unwrap_or_default())
    }

    fn submit(&mut self, actor: usize, code: usize) -> Expected {
        let subject = subject_of(actor);
        let person = person_of(subject);
        let submitted = self.submitted.entry(person).or_default();
        if !submitted.contains(&code) && submitted.len() == 5 {
            return (429, "submissions_exhausted");
        }
        submitted.insert(code);
        let Some(&state) = self.codes.get(code) else { return (404, "code_not_active") };
        match state {
            Code::Issued => {}
            Code::Associated { owner, .. } if owner == subject => return (409, "code_already_yours"),
            Code::Associated { .. } => return (403, "code_taken"),
            // A clerk acts only for subject 0 and cannot take over the photos of the minor, who was not added to the case.
            Code::Dissociated { first } if person_of(first) == person && (actor != CLERK || first == subject) => {}
            Code::Dissociated { .. } => return (403, "code_taken"),
        }
        self.pending.insert(session_of(actor), Pending { subject, code, stage: self.stage(code), confirmed: false });
        OK
    }

    fn confirm(&mut self, actor: usize) -> Expected {
        let subject = subject_of(actor);
        match self.pending.get_mut(&session_of(actor)).filter(|pending| pending.subject == subject) {
            None => (404, "no_submission"),
            Some(pending) => {
                pending.confirmed = true;
                OK
            }
        }
    }

    fn associate(&mut self, actor: usize) -> Expected {
        let (subject, session) = (subject_of(actor), session_of(actor));
        let Some(&pending) = self.pending.get(&session).filter(|pending| pending.subject == subject) else {
            let repeated =
                self.latest_association.get(&session).is_some_and(|(of, code)| *of == subject && self.association.get(of) == Some(code));
            return if repeated { OK } else { (404, "no_submission") };
        };
        if !pending.confirmed {
            return (409, "submission_not_confirmed");
        }
        match self.association.get(&subject) {
            // The subject has associated the code in another session. This session then forgets its submission.
            Some(&code) if code == pending.code => {
                self.pending.remove(&session);
                self.latest_association.insert(session, (subject, code));
                return OK;
            }
            Some(_) => return (409, "association_exists"),
            None => {}
        }
        let is_unchanged = self.stage(pending.code) == pending.stage;
        let state = &mut self.codes[pending.code];
        if !is_unchanged {
            if matches!(state, Code::Dissociated { .. }) {
                self.pending.remove(&session);
                return (404, "no_submission");
            }
            return (409, "association_raced");
        }
        let first = match *state {
            Code::Issued => subject,
            Code::Associated { first, .. } | Code::Dissociated { first } => first,
        };
        *state = Code::Associated { owner: subject, first };
        self.association.insert(subject, pending.code);
        self.pending.remove(&session);
        self.latest_association.insert(session, (subject, pending.code));
        (201, "")
    }

    fn dissociate(&mut self, subject: usize) -> Expected {
        let Some(code) = self.association.remove(&subject) else { return (404, "nothing_associated") };
        if let Code::Associated { first, .. } = self.codes[code] {
            self.codes[code] = Code::Dissociated { first };
            *self.dissociations.entry(code).or_default() += 1;
        }
        self.authorized.retain(|(owner, _)| *owner != subject);
        (204, "")
    }

    fn authorize(&mut self, subject: usize, application: usize) -> Expected {
        if !self.association.contains_key(&subject) {
            return (404, "nothing_associated");
        }
        self.authorized.insert((subject, application));
        OK
    }

    fn revoke(&mut self, subject: usize, application: usize) -> Expected {
        if !self.association.contains_key(&subject) {
            return (404, "nothing_associated");
        }
        self.authorized.remove(&(subject, application));
        (204, "")
    }

    fn pull(&self, subject: usize, application: usize) -> Expected {
        let allowed = self.association.contains_key(&subject) && self.authorized.contains(&(subject, application));
        if allowed { OK } else { (403, "pull_refused") }
    }

    fn show(&self, subject: usize) -> Expected {
        if self.association.contains_key(&subject) { OK } else { (404, "nothing_associated") }
    }
}

/// The people, codes and applications on the deployed stack, with the same indices as in the model.
struct World {
    /// The visit of each session.
    visits: [Visit; 3],
    /// The handle by which each actor names their subject in requests.
    handles: [String; ACTORS],
    /// The AFM or AMKA by which applications name each subject.
    numbers: [String; SUBJECTS],
    codes: Vec<String>,
    applications: Vec<Application>,
    version: Value,
}

impl World {
    async fn new() -> Self {
        let (studio, guardian, other) = (fresh_photographer().await, fresh_citizen().await, fresh_citizen().await);
        let minor = minors::fresh(&guardian.person, &json!({})).await;
        let handle = minors::added(&guardian, &minor).await;
        let mut codes = Vec::new();
        for _ in 0..ISSUED_CODES {
            codes.push(issue_by_sms(&studio, guardian.person.mobile()).await.code);
        }
        for _ in 0..UNKNOWN_CODES {
            codes.push(unknown_code());
        }
        let applications = join_all((0..APPLICATIONS).map(|_| application::fresh(Purpose::Passport))).await;
        let clerk = kep::fresh_clerk().await;
        let case = kep::ready(&clerk, &guardian.person).await;
        Self {
            handles: ["self".to_owned(), handle, "self".to_owned(), case.handle],
            numbers: [
                format!("afm:{}", guardian.person.afm),
                format!("amka:{}", minor.amka.as_deref().unwrap()),
                format!("afm:{}", other.person.afm),
            ],
            visits: [guardian, other, clerk],
            codes,
            applications,
            version: json!(domain::consent::ASSOCIATION_VERSION),
        }
    }

    /// Performs a random operation on the model and on the stack. Returns the expected result and the response.
    async fn step(&self, dice: &mut Dice, model: &mut Model, log: &mut String) -> (Expected, Response) {
        let (actor, application) = (dice.below(ACTORS), dice.below(APPLICATIONS));
        let subject = subject_of(actor);
        let citizen = acting(&self.visits[session_of(actor)], &self.handles[actor]);
        let id = self.applications[application].id.as_str();
        let kind = dice.below(16);
        writeln!(log, "  {kind} actor {actor} application {application}").unwrap();
        match kind {
            0..=3 => {
                // On average, three of four submissions are of issued codes.
                let code = if dice.below(4) == 0 { ISSUED_CODES + dice.below(UNKNOWN_CODES) } else { dice.below(ISSUED_CODES) };
                writeln!(log, "    submits code {code}").unwrap();
                (model.submit(actor, code), citizen.submit(&self.codes[code]).await)
            }
            4 | 5 => (model.confirm(actor), citizen.confirm().await),
            6..=8 => (model.associate(actor), citizen.associate(&self.version).await),
            9 => (model.dissociate(subject), citizen.dissociate().await),
            10 | 11 => (model.authorize(subject, application), citizen.authorize(&[id]).await),
            12 => (model.revoke(subject, application), citizen.revoke(id).await),
            13 => (model.show(subject), citizen.show_photo(ImageKind::Face).await),
            _ => {
                let pulled = self.applications[application].pull(&self.numbers[subject], ImageKind::Face).await;
                (model.pull(subject, application), pulled)
            }
        }
    }
}

fn unknown_code() -> String {
    let code = CodeNumber::draw(|bytes| aws_lc_rs::rand::fill(bytes));
    code.unwrap().expose()
}

async fn run_sequence(seed: u64) {
    let world = World::new().await;
    let (mut dice, mut model, mut log) =
        (Dice::of("MODEL_SEED", seed), Model { codes: vec![Code::Issued; ISSUED_CODES], ..Model::default() }, String::new());
    for _ in 0..STEPS {
        let (expected, response) = world.step(&mut dice, &mut model, &mut log).await;
        let code = if response.status >= 400 { response.problem().code } else { String::new() };
        let actual = (response.status, code.as_str());
        assert_eq!(actual, expected, "MODEL_SEED={seed}, after\n{log}{model:?}");
    }
    // Checks the final state as citizens and applications see it.
    for subject in 0..SUBJECTS {
        let citizen = acting(&world.visits[person_of(subject)], &world.handles[subject]);
        let association = citizen.show_association().await;
        assert_eq!(association.status == 200, model.association.contains_key(&subject), "MODEL_SEED={seed}");
        let listed = if association.status == 200 { association.json()["applications"].as_array().unwrap().len() } else { 0 };
        assert_eq!(listed, model.authorized.iter().filter(|(owner, _)| *owner == subject).count(), "MODEL_SEED={seed}");
        for (at, application) in world.applications.iter().enumerate() {
            let pulled = application.pull(&world.numbers[subject], ImageKind::Face).await;
            assert_eq!(pulled.status, model.pull(subject, at).0, "MODEL_SEED={seed}");
        }
    }
}

#[tokio::test]
async fn random_sequences_of_operations_match_the_model() {
    midnight::avoid(Span::minutes(5)).await;
    let seeds: Vec<u64> = match env::var("MODEL_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => {
            let mut random = [0; 4];
            aws_lc_rs::rand::fill(&mut random).unwrap();
            (0..SEQUENCES).map(|nth| u64::from(u32::from_be_bytes(random)) + nth).collect()
        }
    };
    join_all(seeds.into_iter().map(run_sequence)).await;
}
