//! Many at once on the same thing: whoever comes first, the rules hold. A program of its own, and one test after the other: the
//! emulator starts a process for every call at once, and beside them others would time out.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test that calls it")]

#[path = "aws/mod.rs"]
mod aws;

use std::{
    collections::BTreeMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    AthensDay, CodeNumber, FileProfile, ImageKind, Language, Moment, SubjectId, application::Purpose, retention::association_expiry,
    submission::CodeState,
};
use futures_util::{
    StreamExt,
    future::join_all,
    stream::{self, FuturesUnordered},
};
use journeys::{
    application::{self, Application, now},
    browser::{Response, SESSION_COOKIE},
    citizen::{Acting, acting, own},
    dice::Dice,
    minors,
    people::{self, Visit, fresh_citizen, fresh_photographer},
    photographer::{self, To, face_only, issue_by_sms, issue_code},
    stack,
};
use serde_json::{Value, json};
use storage::{
    associations::{Association, Associations},
    code_limits::SMS_COUNTERS,
    codes::{CodeItem, Codes},
    history::{Event, History, Kind, Record},
    sealing::{SessionToken, code_id},
    sessions::Sessions,
};

static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// As many calls at once as the emulator starts processes for without being slow.
const CONCURRENCY: usize = 20;
/// For some pulls to begin and end.
const LONG_ENOUGH: Duration = Duration::from_millis(1_200);

#[tokio::test]
async fn of_two_hundred_codes_submitted_by_one_person_exactly_five_are_let_in() {
    let _alone = ALONE.lock().await;
    let visit = fresh_citizen().await;
    let codes: Vec<String> =
        (0..200).map(|_| CodeNumber::draw(|bytes| aws_lc_rs::rand::fill(bytes)).expect("randomness").expose()).collect();
    let visit = &visit;
    let calls = codes.iter().map(|code| async move { own(visit).submit(code).await });
    let answers: Vec<_> = stream::iter(calls).buffer_unordered(CONCURRENCY).collect().await;
    let (let_in, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 404);
    let_in.iter().for_each(|answer| drop(answer.refused(404, "code_not_active")));
    refused.iter().for_each(|answer| drop(answer.refused(429, "submissions_exhausted")));
    assert_eq!((let_in.len(), refused.len()), (5, 195));
    assert_eq!(visit.browser.get("/v1/session").await.expect(200).json()["submissions_left"], 0);
}

#[tokio::test]
async fn one_code_associated_by_fifty_people_at_once_has_one_owner() {
    let _alone = ALONE.lock().await;
    let studio = fresh_photographer().await;
    let people: Vec<Visit> = stream::iter((0..50).map(|_| fresh_citizen())).buffer_unordered(8).collect().await;
    let issued = issue_by_sms(&studio, people[0].person.mobile()).await;
    let code = &issued.code;
    let versions: Vec<_> = stream::iter(people.iter().map(|visit| async move { own(visit).submit_and_confirm(code).await }))
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await;
    let version = &versions[0];
    let all = people.iter().map(|visit| async move { (visit, own(visit).associate(version).await) });
    let answers: Vec<_> = stream::iter(all).buffer_unordered(CONCURRENCY).collect().await;
    let mut owners = Vec::new();
    for (visit, answer) in &answers {
        if answer.status == 201 {
            owners.push(*visit);
        } else {
            let problem = answer.problem();
            let lost = (409, ["association_raced", "conflict"].contains(&problem.code.as_str()));
            assert!((problem.status, true) == lost || (problem.status, problem.code.as_str()) == (403, "code_taken"), "{problem:?}");
        }
    }
    assert_eq!(owners.len(), 1);
    for visit in &people {
        let is_owner = visit.person.afm == owners[0].person.afm;
        assert_eq!(own(visit).show_association().await.status, if is_owner { 200 } else { 404 });
    }
}

/// What was answered when: a time in which pulls are surely allowed, or surely not.
struct Known {
    from: Instant,
    until: Instant,
    allowed: bool,
}

struct Pull {
    case: String,
    began: Instant,
    ended: Instant,
    given: bool,
}

/// What is on record of pulls of this subject's images, over all pages: their cases, and whether the image was given. Sorted.
async fn on_record(visit: &Visit, handle: &str) -> Vec<(String, bool)> {
    let all = visit.browser.all_of(&format!("/v1/subjects/{handle}/accesses"), "accesses").await;
    let mut all: Vec<_> = all.iter().map(|access| (access["case"].as_str().unwrap().to_owned(), access["outcome"] == "given")).collect();
    all.sort();
    all
}

#[tokio::test]
async fn however_busy_it_is_pulls_keep_to_what_was_answered_before_they_began() {
    let _alone = ALONE.lock().await;
    let (studio, visit, body) = (fresh_photographer().await, fresh_citizen().await, application::fresh(Purpose::Passport).await);
    let issued = issue_by_sms(&studio, visit.person.mobile()).await;
    let citizen = own(&visit);
    citizen.take(&issued.code).await;
    let subject = format!("afm:{}", visit.person.afm);
    let (pulls, over) = (Mutex::new(Vec::new()), Mutex::new(false));
    let changing = async {
        let mut known = Vec::new();
        for round in 0..6 {
            citizen.authorize(&[&body.id]).await.expect(200);
            let from = Instant::now();
            tokio::time::sleep(LONG_ENOUGH).await;
            known.push(Known { from, until: Instant::now(), allowed: true });
            // What ends it: withdrawing, or dissociating, in turn.
            if round % 2 == 0 {
                citizen.revoke(&body.id).await.expect(204);
            } else {
                citizen.dissociate().await.expect(204);
            }
            let from = Instant::now();
            tokio::time::sleep(LONG_ENOUGH).await;
            if round % 2 == 1 {
                // Associated again: authorizations of before are over all the same.
                citizen.take(&issued.code).await;
            }
            known.push(Known { from, until: Instant::now(), allowed: false });
        }
        *over.lock().unwrap() = true;
        known
    };
    let pulling = async {
        let pullers: FuturesUnordered<_> = (0..4)
            .map(|_| async {
                while !*over.lock().unwrap() {
                    let began = Instant::now();
                    let (case, answer) = body.pull_with_case(&subject, ImageKind::Face).await;
                    let given = answer.status == 200;
                    if !given {
                        answer.refused(403, "pull_refused");
                    }
                    pulls.lock().unwrap().push(Pull { case, began, ended: Instant::now(), given });
                }
            })
            .collect();
        pullers.collect::<Vec<()>>().await;
    };
    let (known, ()) = tokio::join!(changing, pulling);
    let pulls = pulls.into_inner().unwrap();
    let mut told = [0; 2];
    for known in &known {
        for pull in pulls.iter().filter(|pull| pull.began > known.from && pull.ended < known.until) {
            assert_eq!(pull.given, known.allowed, "of {} pulls", pulls.len());
            told[usize::from(known.allowed)] += 1;
        }
    }
    assert!(told.iter().all(|count| *count > 3), "too few pulls to tell: {told:?} of {}", pulls.len());
    // Each of them is on record once, as it was answered, and no other.
    let mut made: Vec<_> = pulls.into_iter().map(|pull| (pull.case, pull.given)).collect();
    made.sort();
    assert_eq!(on_record(&visit, "self").await, made);
}

// ---- Changes of every kind at once, at random. RACES_SEED=<seed> makes the same ones again; how they meet is the machine's affair.

const ROUNDS: usize = 16;
/// So many people and applications act at once, each making so many steps one after the other.
const LANES: usize = 8;
const STEPS: usize = 2;
/// One person in two browsers, for themselves and for a minor, with three codes and two applications.
const BROWSERS: usize = 2;
const SUBJECTS: usize = 2;
const CODES: usize = 3;
const APPLICATIONS: usize = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// From the code to the association.
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
        // Oftener for themselves: so that more of them meet.
        Self { browser: dice.below(BROWSERS), subject: usize::from(dice.below(6) == 0), act }
    }
}

/// What somebody did, and what came of it.
#[derive(Debug)]
struct Done {
    step: Step,
    /// Of a pull.
    case: Option<String>,
    status: u16,
    began: Instant,
    ended: Instant,
}

impl Done {
    /// It began when the other one had been answered.
    fn is_after(&self, other: &Self) -> bool {
        self.began > other.ended
    }

    /// Whether it made pulls by this application possible.
    fn gives(&self, subject: usize, application: usize) -> bool {
        (self.step.subject, self.step.act, self.status) == (subject, Act::Authorize { application }, 200)
    }

    /// Whether it made them impossible, or found them so: nothing is associated.
    fn ends(&self, subject: usize, application: usize) -> bool {
        let ending = [Act::Dissociate, Act::Revoke { application }].contains(&self.step.act);
        ending && self.step.subject == subject && [204, 404].contains(&self.status)
    }
}

/// Whether a pull had to be given, or refused, by the last word that was answered before it began. None where something else was going
/// on, and it may be either.
fn due(pull: &Done, application: usize, log: &[Done]) -> Option<bool> {
    let subject = pull.step.subject;
    let before = || log.iter().filter(|other| !other.is_after(pull));
    let gives: Vec<&Done> = before().filter(|other| other.gives(subject, application)).collect();
    let ends: Vec<&Done> = before().filter(|other| other.ends(subject, application)).collect();
    let last_word =
        |of: &[&Done], against: &[&Done]| of.iter().any(|one| pull.is_after(one) && against.iter().all(|other| one.is_after(other)));
    match (last_word(&gives, &ends), gives.is_empty() || last_word(&ends, &gives)) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    }
}

/// The status of an answer that is a success, or a refusal that two who meet may get; anything else is a failure.
fn known(step: Step, answer: &Response, success: &[u16], refusals: &[(u16, &str)]) -> u16 {
    if !success.contains(&answer.status) {
        let problem = answer.problem();
        assert!(refusals.contains(&(problem.status, problem.code.as_str())), "{step:?}: {problem:?}");
    }
    answer.status
}

fn sorted(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = texts.collect();
    all.sort();
    all
}

/// What lies in the tables, by their owner.
struct Tables {
    client: aws_sdk_dynamodb::Client,
    codes: Codes,
    associations: Associations,
    history: History,
}

/// What is in force for a subject: the association, and by its record which application may pull.
struct InForce {
    association: Option<Association>,
    open: BTreeMap<String, String>,
}

impl Tables {
    async fn new() -> Self {
        let client = aws::dynamodb(&aws::config().await);
        Self {
            codes: Codes::new(client.clone(), stack::variable("CODES_TABLE")),
            associations: Associations::new(client.clone(), stack::variable("ASSOCIATIONS_TABLE")),
            history: History::new(client.clone(), stack::variable("HISTORY_TABLE")),
            client,
        }
    }

    async fn code(&self, code: &str) -> CodeItem {
        let code = CodeNumber::parse(code).unwrap();
        self.codes.find(&code, Moment::from_epoch_seconds(now())).await.unwrap().unwrap()
    }

    /// The set that the subject's key opens.
    async fn key(&self, subject: &SubjectId) -> Option<String> {
        let key = AttributeValue::S(subject.as_str().to_owned());
        let get = self.client.get_item().table_name(stack::variable("KEYS_TABLE")).key("subject_id", key).consistent_read(true);
        get.send().await.unwrap().item.map(|item| item["set_id"].as_s().unwrap().clone())
    }

    async fn records(&self, subject: &SubjectId, kind: Kind) -> Vec<Record> {
        self.history.list(subject, kind, None, 1_000, Moment::from_epoch_seconds(now())).await.unwrap().records
    }

    /// What is in force, after a look whether the tables agree about it.
    async fn in_force(&self, subject: &SubjectId) -> InForce {
        let association = self.associations.of(subject, Moment::from_epoch_seconds(now())).await.unwrap();
        let set = association.as_ref().map(|association| association.set_id.clone());
        assert_eq!(self.key(subject).await, set, "an association has its key, and no other key is there");
        let given = association.iter().flat_map(|association| &association.applications);
        let given: BTreeMap<String, String> =
            given.map(|(application, given)| (given.record.clone(), application.as_str().to_owned())).collect();
        let mut open = BTreeMap::new();
        for record in self.records(subject, Kind::Authorizations).await {
            if let Event::Authorized { application, ended_at: None, .. } = record.what {
                open.insert(record.event, application.as_str().to_owned());
            }
        }
        assert_eq!(open, given, "each authorization in force has its open record, and no other");
        InForce { association, open }
    }

    /// How often something was associated, and dissociated, by the history.
    async fn changes(&self, subject: &SubjectId) -> (usize, usize) {
        let records = self.records(subject, Kind::Associations).await;
        let associated = records.iter().filter(|record| matches!(record.what, Event::Associated { .. })).count();
        (associated, records.len() - associated)
    }
}

struct World {
    visits: [Visit; BROWSERS],
    /// By browser and subject.
    handles: [[String; SUBJECTS]; BROWSERS],
    /// By subject: as applications name them, and as the tables do.
    numbers: [String; SUBJECTS],
    subjects: [SubjectId; SUBJECTS],
    codes: Vec<String>,
    applications: Vec<Application>,
    tables: Tables,
}

impl World {
    async fn new() -> Self {
        let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
        let minor = minors::fresh(&visit.person, &json!({})).await;
        let visits = [people::citizen(visit.person.clone(), Language::En).await, visit];
        let own = "self".to_owned();
        let handles = [[own.clone(), minors::added(&visits[0], &minor).await], [own, minors::added(&visits[1], &minor).await]];
        let person = &visits[0].person;
        let mut codes = Vec::new();
        // One after the other: a code is known by its message.
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
            codes,
            applications: join_all((0..APPLICATIONS).map(|_| application::fresh(Purpose::Passport))).await,
            tables,
        }
    }

    fn acting(&self, step: Step) -> Acting<'_> {
        acting(&self.visits[step.browser], &self.handles[step.browser][step.subject])
    }

    async fn make(&self, step: Step) -> Done {
        const NOTHING: (u16, &str) = (404, "nothing_associated");
        const CONFLICT: (u16, &str) = (409, "conflict");
        let (citizen, id, mut case) = (self.acting(step), |application: usize| self.applications[application].id.as_str(), None);
        let began = Instant::now();
        let status = match step.act {
            Act::Take { code } => self.take(step, &citizen, code).await,
            Act::Dissociate => known(step, &citizen.dissociate().await, &[204], &[NOTHING, CONFLICT]),
            Act::Authorize { application } => known(step, &citizen.authorize(&[id(application)]).await, &[200], &[NOTHING, CONFLICT]),
            Act::Revoke { application } => known(step, &citizen.revoke(id(application)).await, &[204], &[NOTHING, CONFLICT]),
            Act::Pull { application } => {
                let puller = &self.applications[application];
                let (named, answer) = puller.pull_with_case(&self.numbers[step.subject], ImageKind::Face).await;
                case = Some(named);
                known(step, &answer, &[200], &[(403, "pull_refused")])
            }
        };
        Done { step, case, status, began, ended: Instant::now() }
    }

    /// As far as it goes: the same browser may have another code in hand meanwhile, and the code another owner.
    async fn take(&self, step: Step, citizen: &Acting<'_>, code: usize) -> u16 {
        let owned = [(409, "code_already_yours"), (403, "code_taken")];
        let submitted = known(step, &citizen.submit(&self.codes[code]).await, &[200], &owned);
        if submitted != 200 {
            return submitted;
        }
        let confirmed = known(step, &citizen.confirm().await, &[200], &[(404, "no_submission"), (409, "conflict")]);
        if confirmed != 200 {
            return confirmed;
        }
        let raced = ["association_exists", "association_raced", "submission_not_confirmed", "conflict"].map(|code| (409, code));
        let refusals = [&raced[..], &[(404, "no_submission")]].concat();
        known(step, &citizen.associate(&json!(domain::consent::ASSOCIATION_VERSION)).await, &[200, 201], &refusals)
    }

    async fn round(&self, dice: &mut Dice) -> Vec<Done> {
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

    /// Nothing is going on: the tables agree with each other, with all that was answered, and with what is seen from outside.
    async fn look(&self, log: &mut Vec<Done>) {
        let mut owners = BTreeMap::new();
        for subject in 0..SUBJECTS {
            let id = &self.subjects[subject];
            let in_force = self.tables.in_force(id).await;
            self.look_from_outside(subject, &in_force, log).await;
            let count = |wanted: fn(&Done) -> bool| log.iter().filter(|done| done.step.subject == subject && wanted(done)).count();
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
            assert_eq!((is_owned, item.subject.as_ref()), (owner.is_some(), owner.map(|(subject, _)| subject)), "whose the code is");
            assert!(owner.is_none_or(|(_, end)| *end == item.expires_at), "the association and its code end together");
            let year = item.first_associated_at.map(association_expiry);
            assert!(year.is_none_or(|end| end == item.expires_at), "the year does not move");
        }
    }

    async fn look_from_outside(&self, subject: usize, in_force: &InForce, log: &mut Vec<Done>) {
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
        let may = sorted(in_force.open.values().cloned());
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        if let Some(association) = &in_force.association {
            let shown = shown.expect(200).json();
            assert_eq!(sorted(shown["applications"].as_array().unwrap().iter().map(|one| text(&one["application"]))), may);
            // Read out of the key.
            let code = CodeNumber::parse(&text(&code.expect(200).json()["code"])).unwrap();
            assert_eq!(code_id(&code), association.code_id);
        } else {
            shown.refused(404, "nothing_associated");
            code.refused(404, "nothing_associated");
        }
        let open = authorizations.iter().filter(|record| record["ended_at"].is_null());
        assert_eq!(sorted(open.map(|record| text(&record["application"]["id"]))), may, "what the history shows as in force");
        for (application, pull) in pulls.iter().enumerate() {
            assert_eq!(pull.status == 200, may.contains(&self.applications[application].id), "{pull:?}");
        }
        log.extend(pulls);
        let pulls = log.iter().filter(|done| done.step.subject == subject);
        let mut pulls: Vec<_> = pulls.filter_map(|done| Some((done.case.clone()?, done.status == 200))).collect();
        pulls.sort();
        assert_eq!(on_record(&self.visits[0], handle).await, pulls, "each pull is on record once, as it was answered, and no other");
    }
}

#[tokio::test]
async fn whatever_meets_whatever_nothing_is_half_done_and_pulls_keep_to_what_was_answered() {
    let _alone = ALONE.lock().await;
    let mut dice = Dice::new("RACES_SEED");
    let (world, mut log) = (World::new().await, Vec::new());
    for _ in 0..ROUNDS {
        log.extend(world.round(&mut dice).await);
        world.look(&mut log).await;
    }
    let mut told = [0; 2];
    for pull in &log {
        let (subject, Act::Pull { application }) = (pull.step.subject, pull.step.act) else { continue };
        if let Some(given) = due(pull, application, &log) {
            let around =
                || log.iter().filter(|done| done.gives(subject, application) || done.ends(subject, application)).collect::<Vec<_>>();
            assert_eq!(pull.status == 200, given, "{pull:#?} among\n{:#?}", around());
            told[usize::from(given)] += 1;
        }
    }
    assert!(told.iter().all(|count| *count > 0), "too few pulls to tell: {told:?} of {}", log.len());
}

/// Sets how many SMS with codes went out today, in each of the items that count them.
async fn set_code_sms(count: &str) {
    let today = AthensDay::of(Moment::from_epoch_seconds(now()));
    for number in 0..SMS_COUNTERS {
        let update = aws::dynamodb(&aws::config().await).update_item().table_name(stack::variable("QUOTAS_TABLE"));
        let key = AttributeValue::S(format!("code_sms#{number}#{today}"));
        let update = update.key("subject_day", key).update_expression("SET codes = :count, expires_at = :end");
        let end = AttributeValue::N(today.next().next().start().epoch_seconds().to_string());
        let update = update.expression_attribute_values(":count", AttributeValue::N(count.to_owned()));
        update.expression_attribute_values(":end", end).send().await.unwrap();
    }
}

/// Of CodeSmsPerDay each item has the same share.
const SHARE: u32 = 30_000 / SMS_COUNTERS;

#[tokio::test]
async fn once_the_days_sms_with_codes_are_sent_codes_go_by_email_and_people_still_sign_in() {
    let _alone = ALONE.lock().await;
    let studio = fresh_photographer().await;
    let (one, other) = (people::fresh("citizen").await, people::fresh("citizen").await);
    let upload = async || photographer::upload(&studio, FileProfile::Standard, &face_only()).await;
    let uploads = join_all((0..4).map(|_| upload())).await;
    let by_sms = To::Mobile(one.mobile().to_owned());
    // One is left of all: it is found, and sent once.
    set_code_sms(&SHARE.to_string()).await;
    let today = AthensDay::of(Moment::from_epoch_seconds(now()));
    let update = aws::dynamodb(&aws::config().await).update_item().table_name(stack::variable("QUOTAS_TABLE"));
    let update = update.key("subject_day", AttributeValue::S(format!("code_sms#3#{today}"))).update_expression("SET codes = :count");
    update.expression_attribute_values(":count", AttributeValue::N((SHARE - 1).to_string())).send().await.expect("the account's owner may");
    let answers = join_all(uploads.iter().map(|upload| issue_code(&studio, upload, &by_sms, Language::El))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    let (answer, upload) = answers.iter().zip(&uploads).find(|(answer, _)| answer.status == 429).expect("one that was refused");
    let problem = answer.refused(429, "code_sms_exhausted");
    assert!(problem.detail.contains("email"), "the photographer is told the way on: {}", problem.detail);
    let (_, session) = people::sign_in(other.clone(), Language::El).await;
    assert_eq!(session["stage"], "consent", "one-time passwords go out");
    issue_code(&studio, upload, &To::Email(other.email()), Language::El).await.expect(201);
    set_code_sms("0").await;
    issue_code(&studio, &photographer::upload(&studio, FileProfile::Standard, &face_only()).await, &by_sms, Language::El).await.expect(201);
}
