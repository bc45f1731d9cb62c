//! Random sequences of what several people and applications do, on the deployed stack, each answer compared with a simple
//! model of the rules: never two photo sets for one subject, never a sixth code in a day, no pull without association and
//! authorization in force.
//!
//! A failure names its seed: `MODEL_SEED=<seed>` plays that sequence again.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fmt::Write,
};

use domain::{CodeNumber, ImageKind, application::Purpose};
use futures_util::future::join_all;
use journeys::{
    application::{self, Application},
    browser::Response,
    citizen::acting,
    dice::Dice,
    minors,
    people::{Visit, fresh_citizen, fresh_photographer},
    photographer::issue_by_sms,
};
use serde_json::{Value, json};

const SEQUENCES: u64 = 4;
const STEPS: usize = 70;
/// Codes that exist, and codes that nobody issued.
const CODES: usize = 4;
const INVENTED: usize = 3;
const SUBJECTS: usize = 3;
const APPLICATIONS: usize = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Code {
    Issued,
    Associated { owner: usize, first: usize },
    Dissociated { first: usize },
}

impl Code {
    /// As a submission remembers it, with how often the code was dissociated: another one meanwhile refuses the association.
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

/// Person 0 acts for subjects 0 (themselves) and 1 (a minor), person 1 for subject 2 (themselves).
#[derive(Debug, Default)]
struct Model {
    codes: Vec<Code>,
    dissociations: BTreeMap<usize, u32>,
    association: BTreeMap<usize, usize>,
    authorized: BTreeSet<(usize, usize)>,
    pending: BTreeMap<usize, Pending>,
    /// By person: the subject and code of the latest association. The same call again is known by it.
    done: BTreeMap<usize, (usize, usize)>,
    tried: BTreeMap<usize, BTreeSet<usize>>,
}

type Expected = (u16, &'static str);
const OK: Expected = (200, "");

const fn person_of(subject: usize) -> usize {
    if subject == 2 { 1 } else { 0 }
}

impl Model {
    fn stage(&self, code: usize) -> (u8, u32) {
        (self.codes[code].stage(), self.dissociations.get(&code).copied().unwrap_or_default())
    }

    fn submit(&mut self, subject: usize, code: usize) -> Expected {
        let person = person_of(subject);
        let tried = self.tried.entry(person).or_default();
        if !tried.contains(&code) && tried.len() == 5 {
            return (429, "submissions_exhausted");
        }
        tried.insert(code);
        let Some(&state) = self.codes.get(code) else { return (404, "code_not_active") };
        match state {
            Code::Issued => {}
            Code::Associated { owner, .. } if owner == subject => return (409, "code_already_yours"),
            Code::Associated { .. } => return (403, "code_taken"),
            Code::Dissociated { first } if person_of(first) == person => {}
            Code::Dissociated { .. } => return (403, "code_taken"),
        }
        self.pending.insert(person, Pending { subject, code, stage: self.stage(code), confirmed: false });
        OK
    }

    fn confirm(&mut self, subject: usize) -> Expected {
        match self.pending.get_mut(&person_of(subject)).filter(|held| held.subject == subject) {
            None => (404, "no_submission"),
            Some(held) => {
                held.confirmed = true;
                OK
            }
        }
    }

    fn associate(&mut self, subject: usize) -> Expected {
        let person = person_of(subject);
        let Some(&held) = self.pending.get(&person).filter(|held| held.subject == subject) else {
            let repeated = self.done.get(&person).is_some_and(|(of, code)| *of == subject && self.association.get(of) == Some(code));
            return if repeated { OK } else { (404, "no_submission") };
        };
        if !held.confirmed {
            return (409, "submission_not_confirmed");
        }
        match self.association.get(&subject) {
            Some(&code) if code == held.code => return OK,
            Some(_) => return (409, "association_exists"),
            None => {}
        }
        let is_as_entered = self.stage(held.code) == held.stage;
        let state = &mut self.codes[held.code];
        if !is_as_entered {
            if matches!(state, Code::Dissociated { .. }) {
                self.pending.remove(&person);
                return (404, "no_submission");
            }
            return (409, "association_raced");
        }
        let first = match *state {
            Code::Issued => subject,
            Code::Associated { first, .. } | Code::Dissociated { first } => first,
        };
        *state = Code::Associated { owner: subject, first };
        self.association.insert(subject, held.code);
        self.pending.remove(&person);
        self.done.insert(person, (subject, held.code));
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

/// The same people on the deployed stack.
struct World {
    visits: [Visit; 2],
    /// By subject: as their person names them, and as applications do.
    handles: [String; SUBJECTS],
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
        for _ in 0..CODES {
            codes.push(issue_by_sms(&studio, guardian.person.mobile()).await.code);
        }
        for _ in 0..INVENTED {
            codes.push(invented());
        }
        let applications = join_all((0..APPLICATIONS).map(|_| application::fresh(Purpose::Passport))).await;
        Self {
            handles: ["self".to_owned(), handle, "self".to_owned()],
            numbers: [
                format!("afm:{}", guardian.person.afm),
                format!("amka:{}", minor.amka.as_deref().unwrap()),
                format!("afm:{}", other.person.afm),
            ],
            visits: [guardian, other],
            codes,
            applications,
            version: json!(domain::consent::ASSOCIATION_VERSION),
        }
    }

    /// One step, at random: what the model expects, and what came.
    async fn step(&self, dice: &mut Dice, model: &mut Model, log: &mut String) -> (Expected, Response) {
        let (subject, application) = (dice.below(SUBJECTS), dice.below(APPLICATIONS));
        let citizen = acting(&self.visits[person_of(subject)], &self.handles[subject]);
        let id = self.applications[application].id.as_str();
        let kind = dice.below(16);
        writeln!(log, "  {kind} subject {subject} application {application}").unwrap();
        match kind {
            0..=3 => {
                // Codes that exist more often than others.
                let code = if dice.below(4) == 0 { CODES + dice.below(INVENTED) } else { dice.below(CODES) };
                writeln!(log, "    submits code {code}").unwrap();
                (model.submit(subject, code), citizen.submit(&self.codes[code]).await)
            }
            4 | 5 => (model.confirm(subject), citizen.confirm().await),
            6..=8 => (model.associate(subject), citizen.associate(&self.version).await),
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

fn invented() -> String {
    let code = CodeNumber::draw(|bytes| aws_lc_rs::rand::fill(bytes));
    code.unwrap().expose()
}

async fn play(seed: u64) {
    let world = World::new().await;
    let (mut dice, mut model, mut log) =
        (Dice::of("MODEL_SEED", seed), Model { codes: vec![Code::Issued; CODES], ..Model::default() }, String::new());
    for _ in 0..STEPS {
        let (expected, answer) = world.step(&mut dice, &mut model, &mut log).await;
        let code = if answer.status >= 400 { answer.problem().code } else { String::new() };
        let came = (answer.status, code.as_str());
        assert_eq!(came, expected, "MODEL_SEED={seed}, after\n{log}{model:?}");
    }
    // What is in force in the end, seen from every side.
    for subject in 0..SUBJECTS {
        let citizen = acting(&world.visits[person_of(subject)], &world.handles[subject]);
        let shown = citizen.show_association().await;
        assert_eq!(shown.status == 200, model.association.contains_key(&subject), "MODEL_SEED={seed}");
        let listed = if shown.status == 200 { shown.json()["applications"].as_array().unwrap().len() } else { 0 };
        assert_eq!(listed, model.authorized.iter().filter(|(owner, _)| *owner == subject).count(), "MODEL_SEED={seed}");
        for (at, application) in world.applications.iter().enumerate() {
            let pulled = application.pull(&world.numbers[subject], ImageKind::Face).await;
            assert_eq!(pulled.status, model.pull(subject, at).0, "MODEL_SEED={seed}");
        }
    }
}

#[tokio::test]
async fn whatever_people_do_in_whatever_order_the_rules_hold() {
    let seeds: Vec<u64> = match env::var("MODEL_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => {
            let mut random = [0; 4];
            aws_lc_rs::rand::fill(&mut random).unwrap();
            (0..SEQUENCES).map(|nth| u64::from(u32::from_be_bytes(random)) + nth).collect()
        }
    };
    join_all(seeds.into_iter().map(play)).await;
}
