//! Makes random changes of all kinds concurrently and checks that storage and responses agree. The environment variable `RACES_SEED=<seed>`
//! repeats the same changes, but which of them overlap depends on the machine.
//!
//! In each round several lanes run concurrently, and each lane makes some steps one after the other. After each round, when nothing is
//! running, the tables are compared with each other, with all responses so far, and with what the API returns.

use std::{collections::BTreeMap, time::Instant};

use domain::{
    CodeNumber, ImageKind, Language, Moment, SubjectId, application::Purpose, retention::association_expiry, submission::CodeState,
};
use futures_util::future::join_all;
use journeys::{
    application::{self, Application, now},
    browser::{Response, SESSION_COOKIE},
    citizen::{Acting, acting},
    dice::Dice,
    kep::{self, OpenCase},
    minors,
    people::{self, Visit, fresh_citizen, fresh_photographer},
    photographer::issue_by_sms,
    stack,
};
use serde_json::{Value, json};
use storage::{
    sealing::{SessionToken, code_id},
    sessions::Sessions,
};

use crate::{
    ALONE, logged_pulls,
    tables::{InForce, Tables},
};

const ROUNDS: usize = 16;
/// Number of lanes that run concurrently.
const LANES: usize = 8;
/// Number of steps that a lane makes in each round.
const STEPS: usize = 2;
/// The setting: one person acts for themselves and for a minor, in two browsers, with three codes and two applications. A clerk of a KEP
/// acts for the same person in a third browser.
const BROWSERS: usize = 3;
const CLERK: usize = 2;
const SUBJECTS: usize = 2;
const CODES: usize = 3;
const APPLICATIONS: usize = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// Submits a code, confirms its photos and associates them.
    Take {
        code: usize,
    },
    Dissociate,
    Authorize {
        application: usize,
    },
    Revoke {
        application: usize,
    },
    Pull {
        application: usize,
    },
}

#[derive(Debug, Clone, Copy)]
struct Step {
    browser: usize,
    subject: usize,
    act: Act,
}

impl Step {
    fn at_random(dice: &mut Dice) -> Self {
        let (code, application) = (dice.below(CODES), dice.below(APPLICATIONS));
        let act = match dice.below(16) {
            0..=4 => Act::Take { code },
            5 | 6 => Act::Dissociate,
            7..=10 => Act::Authorize { application },
            11 => Act::Revoke { application },
            _ => Act::Pull { application },
        };
        let browser = dice.below(BROWSERS);
        // On average, the person makes five of six steps for themselves and one for the minor, so that more steps concern the same subject.
        // The clerk's steps are all for the person.
        Self { browser, subject: usize::from(dice.below(6) == 0 && browser != CLERK), act }
    }
}

/// A step with the response to it.
#[derive(Debug)]
struct DoneStep {
    step: Step,
    /// The pull's reference (`case`), if the step is a pull.
    case: Option<String>,
    status: u16,
    began: Instant,
    ended: Instant,
}

impl DoneStep {
    /// Returns whether this step began after the other step's response had arrived.
    fn is_after(&self, other: &Self) -> bool {
        self.began > other.ended
    }

    /// Returns whether this step allowed the application to pull the subject's photos.
    fn allows(&self, subject: usize, application: usize) -> bool {
        (self.step.subject, self.step.act, self.status) == (subject, Act::Authorize { application }, 200)
    }

    /// Returns whether the application had no right to pull after this step, because the step ended the right or found nothing associated.
    fn forbids(&self, subject: usize, application: usize) -> bool {
        let ending = [Act::Dissociate, Act::Revoke { application }].contains(&self.step.act);
        ending && self.step.subject == subject && [204, 404].contains(&self.status)
    }
}

/// Returns what the pull's outcome must be: `Some(true)` for a success, `Some(false)` for a rejection. The outcome follows from the last
/// change that was acknowledged before the pull began. If no change had allowed the pull, the pull must be rejected. Returns `None` if both
/// outcomes are right, because another change overlapped with the pull or with the last change.
fn expected_outcome(pull: &DoneStep, application: usize, log: &[DoneStep]) -> Option<bool> {
    let subject = pull.step.subject;
    let before = || log.iter().filter(|other| !other.is_after(pull));
    let allowing: Vec<&DoneStep> = before().filter(|other| other.allows(subject, application)).collect();
    let forbidding: Vec<&DoneStep> = before().filter(|other| other.forbids(subject, application)).collect();
    let is_last = |of: &[&DoneStep], against: &[&DoneStep]| {
        of.iter().any(|one| pull.is_after(one) && against.iter().all(|other| one.is_after(other)))
    };
    match (is_last(&allowing, &forbidding), allowing.is_empty() || is_last(&forbidding, &allowing)) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    }
}

/// Returns the status of a response. Panics unless it is a success, or a problem that concurrent requests may cause.
fn expected_status(step: Step, response: &Response, success: &[u16], problems: &[(u16, &str)]) -> u16 {
    if !success.contains(&response.status) {
        let problem = response.problem();
        assert!(problems.contains(&(problem.status, problem.code.as_str())), "{step:?}: {problem:?}");
    }
    response.status
}

fn sorted(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = texts.collect();
    all.sort();
    all
}

struct World {
    visits: [Visit; BROWSERS],
    case: OpenCase,
    /// Handles of the subjects in the API, by browser and subject.
    handles: [[String; SUBJECTS]; BROWSERS],
    /// Identifiers of the subjects in applications' requests.
    numbers: [String; SUBJECTS],
    /// Identifiers of the subjects in the tables.
    subjects: [SubjectId; SUBJECTS],
    codes: Vec<String>,
    applications: Vec<Application>,
    tables: Tables,
}

impl World {
    async fn new() -> Self {
        let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
        let minor = minors::fresh(&visit.person, &json!({})).await;
        let visits = [people::citizen(visit.person.clone(), Language::En).await, visit, kep::fresh_clerk().await];
        let case = kep::ready(&visits[CLERK], &visits[0].person).await;
        let own = "self".to_owned();
        let minors = [minors::added(&visits[0], &minor).await, minors::added(&visits[1], &minor).await];
        let [first, second] = minors.map(|minor| [own.clone(), minor]);
        let handles = [first, second, [case.handle.clone(), case.handle.clone()]];
        let person = &visits[0].person;
        let mut codes = Vec::new();
        // Issues the codes one after the other, because the test reads each from the latest message of the recipient.
        for _ in 0..CODES {
            codes.push(issue_by_sms(&studio, person.mobile()).await.code);
        }
        let tables = Tables::new().await;
        let sessions = Sessions::new(tables.client.clone(), stack::variable("SESSIONS_TABLE"));
        let token = SessionToken::parse(&visits[0].browser.cookie(SESSION_COOKIE).unwrap()).unwrap();
        let session = sessions.load(&token, Moment::from_epoch_seconds(now())).await.unwrap().unwrap();
        Self {
            numbers: [format!("afm:{}", person.afm), format!("amka:{}", minor.amka.as_deref().unwrap())],
            subjects: [session.subject_id, session.minors[0].subject_id.clone()],
            handles,
            visits,
            case,
            codes,
            applications: join_all((0..APPLICATIONS).map(|_| application::fresh(Purpose::Passport))).await,
            tables,
        }
    }

    fn acting(&self, step: Step) -> Acting<'_> {
        acting(&self.visits[step.browser], &self.handles[step.browser][step.subject])
    }

    async fn make(&self, step: Step) -> DoneStep {
        const NOTHING: (u16, &str) = (404, "nothing_associated");
        const CONFLICT: (u16, &str) = (409, "conflict");
        let (citizen, id, mut case) = (self.acting(step), |application: usize| self.applications[application].id.as_str(), None);
        let began = Instant::now();
        let status = match step.act {
            Act::Take { code } => self.take(step, &citizen, code).await,
            Act::Dissociate => expected_status(step, &citizen.dissociate().await, &[204], &[NOTHING, CONFLICT]),
            Act::Authorize { application } => {
                expected_status(step, &citizen.authorize(&[id(application)]).await, &[200], &[NOTHING, CONFLICT])
            }
            Act::Revoke { application } => expected_status(step, &citizen.revoke(id(application)).await, &[204], &[NOTHING, CONFLICT]),
            Act::Pull { application } => {
                let puller = &self.applications[application];
                let (pull_case, response) = puller.pull_with_case(&self.numbers[step.subject], ImageKind::Face).await;
                case = Some(pull_case);
                expected_status(step, &response, &[200], &[(403, "pull_refused")])
            }
        };
        DoneStep { step, case, status, began, ended: Instant::now() }
    }

    /// Submits a code, confirms its photos and associates them, and stops at the first problem. Concurrent steps may submit another code in
    /// the same browser, or associate this code. Returns the last status.
    async fn take(&self, step: Step, citizen: &Acting<'_>, code: usize) -> u16 {
        let rejections = [(409, "code_already_yours"), (403, "code_taken"), (409, "conflict")];
        let submitted = expected_status(step, &citizen.submit(&self.codes[code]).await, &[200], &rejections);
        if submitted != 200 {
            return submitted;
        }
        let confirmed = expected_status(step, &citizen.confirm().await, &[200], &[(404, "no_submission"), (409, "conflict")]);
        if confirmed != 200 {
            return confirmed;
        }
        let raced = ["association_exists", "association_raced", "submission_not_confirmed", "conflict"].map(|code| (409, code));
        let problems = [&raced[..], &[(404, "no_submission")]].concat();
        expected_status(step, &citizen.associate(&json!(domain::consent::ASSOCIATION_VERSION)).await, &[200, 201], &problems)
    }

    async fn round(&self, dice: &mut Dice) -> Vec<DoneStep> {
        let lanes: Vec<[Step; STEPS]> = (0..LANES).map(|_| std::array::from_fn(|_| Step::at_random(dice))).collect();
        let lanes = lanes.into_iter().map(async |steps| {
            let mut done = Vec::new();
            for step in steps {
                done.push(self.make(step).await);
            }
            done
        });
        join_all(lanes).await.into_iter().flatten().collect()
    }

    /// Asserts, while nothing is running, that the tables agree with each other, with all responses so far, and with what the API returns.
    async fn check(&self, log: &mut Vec<DoneStep>) {
        self.check_case(log).await;
        let mut owners = BTreeMap::new();
        for subject in 0..SUBJECTS {
            let id = &self.subjects[subject];
            let in_force = self.tables.in_force(id).await;
            self.check_api(subject, &in_force, log).await;
            let count = |wanted: fn(&DoneStep) -> bool| log.iter().filter(|done| done.step.subject == subject && wanted(done)).count();
            let associated = count(|done| done.status == 201);
            let dissociated = count(|done| (done.step.act, done.status) == (Act::Dissociate, 204));
            assert_eq!(self.tables.changes(id).await, (associated, dissociated), "each change was made once");
            if let Some(association) = in_force.association {
                let other = owners.insert(association.code_id, (id.clone(), association.expires_at));
                assert_eq!(other, None, "one code, two owners");
            }
        }
        for code in &self.codes {
            let item = self.tables.code(code).await;
            let owner = owners.get(&item.code_id);
            let is_owned = item.state == CodeState::Associated;
            assert_eq!((is_owned, item.subject.as_ref()), (owner.is_some(), owner.map(|(subject, _)| subject)), "the code's owner");
            assert!(owner.is_none_or(|(_, end)| *end == item.expires_at), "the association and its code end together");
            let year = item.first_associated_at.map(association_expiry);
            assert!(year.is_none_or(|end| end == item.expires_at), "a later association does not extend the year");
        }
    }

    /// Asserts that the record of the clerk's case contains each association and dissociation by the clerk once, and no other.
    async fn check_case(&self, log: &[DoneStep]) {
        let shown = kep::show(&self.visits[CLERK], &self.case).await.expect(200).json();
        let acts = shown["done"].as_array().unwrap();
        let recorded = |what: &str| acts.iter().filter(|act| act["what"] == what).count();
        let by_clerk = || log.iter().filter(|done| done.step.browser == CLERK);
        let associated = by_clerk().filter(|done| done.status == 201).count();
        let dissociated = by_clerk().filter(|done| (done.step.act, done.status) == (Act::Dissociate, 204)).count();
        assert_eq!((recorded("associated"), recorded("dissociated")), (associated, dissociated), "{acts:?}");
    }

    /// Asserts that the API returns what the tables contain. Makes a pull by each application and adds it to the log.
    async fn check_api(&self, subject: usize, in_force: &InForce, log: &mut Vec<DoneStep>) {
        let step = |act| Step { browser: 0, subject, act };
        let (citizen, browser) = (self.acting(step(Act::Dissociate)), &self.visits[0].browser);
        let handle = self.handles[0][subject].as_str();
        let list = format!("/v1/subjects/{handle}/authorizations");
        let (pulls, shown, code, authorizations) = tokio::join!(
            join_all((0..APPLICATIONS).map(|application| self.make(step(Act::Pull { application })))),
            citizen.show_association(),
            citizen.show_code(),
            browser.all_of(&list, "authorizations"),
        );
        let allowed = sorted(in_force.open.values().cloned());
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        if let Some(association) = &in_force.association {
            let shown = shown.expect(200).json();
            assert_eq!(sorted(shown["applications"].as_array().unwrap().iter().map(|one| text(&one["application"]))), allowed);
            // The item in `Keys` contains the code number, which `show_code` decrypts.
            let code = CodeNumber::parse(&text(&code.expect(200).json()["code"])).unwrap();
            assert_eq!(code_id(&code), association.code_id);
        } else {
            shown.rejected(404, "nothing_associated");
            code.rejected(404, "nothing_associated");
        }
        let open = authorizations.iter().filter(|record| record["ended_at"].is_null());
        assert_eq!(sorted(open.map(|record| text(&record["application"]["id"]))), allowed, "the history shows the authorizations in force");
        for (application, pull) in pulls.iter().enumerate() {
            assert_eq!(pull.status == 200, allowed.contains(&self.applications[application].id), "{pull:?}");
        }
        log.extend(pulls);
        let pulls = log.iter().filter(|done| done.step.subject == subject);
        let mut pulls: Vec<_> = pulls.filter_map(|done| Some((done.case.clone()?, done.status == 200))).collect();
        pulls.sort();
        assert_eq!(
            logged_pulls(&self.visits[0], handle).await,
            pulls,
            "the access log contains each pull once with its outcome, and no other"
        );
    }
}

#[tokio::test]
async fn concurrent_random_changes_leave_consistent_tables_and_pulls_obey_acknowledged_changes() {
    let _alone = ALONE.lock().await;
    let mut dice = Dice::new("RACES_SEED");
    let (world, mut log) = (World::new().await, Vec::new());
    for _ in 0..ROUNDS {
        log.extend(world.round(&mut dice).await);
        world.check(&mut log).await;
    }
    let mut checked = [0; 2];
    for pull in &log {
        let (subject, Act::Pull { application }) = (pull.step.subject, pull.step.act) else { continue };
        if let Some(succeeds) = expected_outcome(pull, application, &log) {
            let changes =
                || log.iter().filter(|done| done.allows(subject, application) || done.forbids(subject, application)).collect::<Vec<_>>();
            assert_eq!(pull.status == 200, succeeds, "{pull:#?} among\n{:#?}", changes());
            checked[usize::from(succeeds)] += 1;
        }
    }
    assert!(checked.iter().all(|count| *count > 0), "too few pulls were checked: {checked:?} of {}", log.len());
}
