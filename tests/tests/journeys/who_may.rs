//! Every route and every kind of caller: who may, and what the others are told. What is expected stands in who_may.txt.
//!
//! That each route of infra/openapi.yaml has its line, tests/template.rs sees to. Who may is seen to
//! be answered with 2xx (303 where a browser is sent on); the others are refused with the code in the table. Callers who name what is somebody
//! else's name what is really there.

use std::collections::BTreeMap;

use domain::{
    FileProfile, ImageKind, Language, Moment,
    application::{Purpose, SigningAlgorithm},
    session::IDLE,
    time::Span,
};
use futures_util::future::join_all;
use journeys::{
    application::{self, Application, PULLS, SigningKey, VERDICTS},
    browser::{Browser, Response, SESSION_COOKIE},
    citizen::own,
    minors::{self, Minor},
    mobile::{AppSignIn, REDIRECT_URI},
    people::{self, Visit, fresh, fresh_citizen, fresh_photographer, press, sign_in},
    photographer::{self, Issued, To, both, declaration, face_only},
    stack, staff,
};
use reqwest::Method;
use serde_json::{Value, json};
use storage::{sealing::SessionToken, sessions::Sessions};

use crate::aws;

const TABLE: &str = include_str!("who_may.txt");

/// In the order in which one caller makes them: some bring about what the next needs. Where they stand in openapi.yaml does not matter.
const ORDER: [&str; 41] = [
    "unknown_route",
    "serve_web",
    "sign_in",
    "callback",
    "exchange_token",
    "show_session",
    "verify_otp",
    "resend_otp",
    "list_applications",
    "add_minor",
    "submit_code",
    "reject_photos",
    "confirm_photos",
    "associate",
    "show_association",
    "set_reminder",
    "show_photo",
    "download_photos",
    "show_code",
    "authorize_application",
    "authorization_history",
    "pull_photo",
    "report_verdict",
    "access_log",
    "export_my_data",
    "revoke_authorization",
    "dissociate",
    "erase_my_data",
    "request_upload",
    "check_photos",
    "issue_code",
    "list_issued",
    "resend_code",
    "authorize_staff",
    "list_staff",
    "withdraw_staff",
    "give_consent",
    "choose_role",
    "sign_out",
    // Not in the document, but answered: the page, and what is asked for with another method.
    "web_page",
    "other_method",
];

/// What several callers name.
struct Shared {
    /// Of the owner's business: one that waits for its code, and one that was sent.
    waiting: String,
    sent: String,
    employee: Value,
    /// Whose photos applications pull.
    person: Visit,
}

/// Somebody who calls, and what they have in their hands.
struct Caller {
    name: &'static str,
    visit: Visit,
    /// For whom they act.
    subject: String,
    /// A code that nobody else uses.
    code: Issued,
    application: Application,
    /// Of a public body: its requests are signed in its name; with this key.
    signs: bool,
    /// What they upload or name.
    waiting: String,
    sent: String,
    employee: Value,
    /// Whom they add: none is a child of their own.
    child: Option<Minor>,
    /// Of the answers so far.
    version: Value,
}

fn visit(browser: Browser, person: people::Person) -> Visit {
    Visit { browser, person, otp: String::new() }
}

/// Half an hour passes in which nobody uses the session.
async fn idle(visit: &Visit) {
    let sessions = Sessions::new(aws::dynamodb(&aws::config().await), stack::variable("SESSIONS_TABLE"));
    let token = visit.browser.cookie(SESSION_COOKIE).as_deref().and_then(SessionToken::parse).expect("a session");
    let now = Moment::from_epoch_seconds(application::now());
    let session = sessions.load(&token, now).await.expect("an answer").expect("a session");
    assert!(sessions.touch(&session, now.plus(Span::seconds(-IDLE.as_seconds()))).await.expect("an answer"));
}

/// Issued by a business, and sent: so that it can be sent again.
async fn sent(studio: &Visit) -> Issued {
    let to = To::Mobile(fresh("citizen").await.mobile().to_owned());
    let issued = photographer::issue(studio, FileProfile::Standard, &both(), &to, Language::El).await;
    photographer::wait_until_sent(studio, &issued.upload_id).await;
    issued
}

/// All of them, by the table's columns.
async fn callers() -> (Vec<Caller>, Shared) {
    let owner = fresh_photographer().await;
    let business = staff::business_of(&owner).await;
    let (employee, employee_id) = staff::employee_of(&owner, "Α").await;
    let (withdrawn, withdrawn_id) = staff::employee_of(&owner, "Β").await;
    staff::withdraw(&owner, &withdrawn_id).await.expect(204);
    assert!(!business["id"].is_null());

    let (guardian, former) = (fresh_citizen().await, fresh_citizen().await);
    let minor = minors::fresh(&guardian.person, &json!({})).await;
    let handle = minors::added(&guardian, &minor).await;
    let lost = minors::fresh(&former.person, &json!({})).await;
    let old_handle = minors::added(&former, &lost).await;
    lost.change(&json!({ "custodian": guardian.person.key })).await;
    // Custody is asked for where a minor is added, in each session: this one goes on until it ends, the next one is refused.
    let losing = former;
    let former = people::citizen(losing.person.clone(), Language::El).await;

    let person = fresh_citizen().await;
    own(&person).take(&sent(&owner).await.code).await;
    let (authorised, other, revoked) = (
        application::fresh(Purpose::Passport).await,
        application::fresh(Purpose::Passport).await,
        application::fresh(Purpose::Passport).await,
    );
    own(&person).authorize(&[&authorised.id, &revoked.id]).await.expect(200);
    // Not its last one, which the command leaves: another has taken its place.
    application::add_key(&revoked.id, &SigningKey::new("second", SigningAlgorithm::EdDsa)).await.expect("another key");
    application::operate(&["key", "remove", &revoked.id, "--kid", &revoked.key.kid]).await.expect("removed");

    let expired = fresh_citizen().await;
    idle(&expired).await;

    let nobody = || async { visit(Browser::new(Language::El), fresh("citizen").await) };
    let shared = Shared {
        waiting: photographer::upload(&owner, FileProfile::Standard, &both()).await,
        sent: sent(&owner).await.upload_id,
        employee: employee_id,
        person,
    };
    let visits = vec![
        ("nobody", nobody().await, "self".to_owned()),
        ("expired", expired, "self".to_owned()),
        ("before_otp", people::up_to_otp(fresh("citizen").await, Language::El).await, "self".to_owned()),
        ("before_consent", sign_in(fresh("citizen").await, Language::El).await.0, "self".to_owned()),
        ("citizen", fresh_citizen().await, "self".to_owned()),
        ("other_citizen", fresh_citizen().await, handle.clone()),
        ("guardian", guardian, handle),
        ("losing_guardian", losing, old_handle.clone()),
        ("former_guardian", former, old_handle),
        ("owner", owner, "self".to_owned()),
        ("staff", employee, "self".to_owned()),
        ("withdrawn", withdrawn, "self".to_owned()),
        ("other_owner", fresh_photographer().await, "self".to_owned()),
        ("application", nobody().await, "self".to_owned()),
        ("unauthorised", nobody().await, "self".to_owned()),
        ("removed_key", nobody().await, "self".to_owned()),
    ];
    let (maker, mut bodies) =
        (fresh_photographer().await, BTreeMap::from([("application", authorised), ("unauthorised", other), ("removed_key", revoked)]));
    let mut callers = Vec::new();
    for (name, visit, subject) in visits {
        let own_application = application::fresh(Purpose::Passport).await;
        let (waiting, sent_one) = match name {
            "owner" | "staff" => (photographer::upload(&visit, FileProfile::Standard, &both()).await, sent(&visit).await.upload_id),
            _ => (shared.waiting.clone(), shared.sent.clone()),
        };
        let body = bodies.remove(name);
        callers.push(Caller {
            name,
            visit,
            subject,
            code: photographer::issue_by_sms(&maker, fresh("citizen").await.mobile()).await,
            signs: body.is_some(),
            application: body.unwrap_or(own_application),
            waiting,
            sent: sent_one,
            child: match name {
                "other_citizen" => Some(minor.clone()),
                "losing_guardian" | "former_guardian" => Some(lost.clone()),
                _ => None,
            },
            employee: shared.employee.clone(),
            version: json!(domain::consent::ASSOCIATION_VERSION),
        });
    }
    (callers, shared)
}

impl Caller {
    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Response {
        let mut request = self.visit.browser.request(method, path);
        if self.signs {
            // All that a public body has is its key: it tries with a request of its own.
            let claims = self.application.claims(path, json!({ "sub": "afm:068933130", "image": "face", "case": "x" }));
            request = request.without("origin").header("authorization", &format!("Bearer {}", self.application.sign(&claims)));
        }
        match body {
            Some(body) => request.json(body).send().await,
            None => request.send().await,
        }
    }

    async fn get(&self, path: &str) -> Response {
        self.send(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: &Value) -> Response {
        self.send(Method::POST, path, Some(body)).await
    }

    fn of_subject(&self, rest: &str) -> String {
        format!("/v1/subjects/{}/{rest}", self.subject)
    }

    /// To the routes of public bodies: signed, where the caller can.
    async fn signed(&self, path: &str, claims: &Value) -> Response {
        if self.signs {
            return self.application.send(path, &self.application.sign(claims)).await;
        }
        self.visit.browser.post(path, &json!({})).await
    }

    async fn call(&mut self, operation: &str, shared: &Shared) -> Response {
        let association = self.of_subject("association");
        match operation {
            "unknown_route" => self.get("/v1/nothing").await,
            "web_page" | "serve_web" => self.get(if operation == "web_page" { "/" } else { "/applications" }).await,
            "other_method" => self.send(Method::PATCH, "/v1/session", Some(&json!({}))).await,
            "sign_in" => self.visit.browser.twin().get("/v1/sign-in").await,
            // Another sign-in of theirs, in another browser: this one's session stays.
            "callback" => {
                let browser = Browser::new(Language::El);
                let page = people::begin_sign_in(&browser).await;
                browser.get(&press(&page, ("afm", &fresh("citizen").await.afm)).await).await
            }
            "exchange_token" => {
                let app = AppSignIn::new(REDIRECT_URI);
                let code = app.code(&Browser::new(Language::El), &fresh("citizen").await).await;
                self.send(Method::POST, "/v1/session/token", Some(&app.exchange_body(&code))).await
            }
            "show_session" => self.get("/v1/session").await,
            "verify_otp" => {
                let otp = if self.visit.otp.is_empty() { "000000" } else { &self.visit.otp };
                // The session goes on in another browser: this caller stays where they are.
                let twin = self.visit.browser.twin();
                if self.signs { self.post("/v1/session/otp", &json!({ "otp": otp })).await } else { people::enter_otp(&twin, otp).await }
            }
            "resend_otp" => match self.name {
                // Theirs has gone on; somebody else's at the same point.
                "before_otp" => {
                    self.visit = people::up_to_otp(fresh("citizen").await, Language::El).await;
                    self.post("/v1/session/otp/resend", &json!({})).await
                }
                _ => self.post("/v1/session/otp/resend", &json!({})).await,
            },
            "list_applications" => self.get("/v1/applications").await,
            "add_minor" => {
                let own = async || minors::fresh(&self.visit.person, &json!({})).await;
                let minor = if let Some(child) = &self.child { child.clone() } else { own().await };
                let answer = self.post("/v1/minors", &minor.body()).await;
                if self.child.is_some() && answer.status < 400 {
                    // Were they let, they would act for that child from now on.
                    self.subject = answer.json()["subject"].as_str().expect("a handle").to_owned();
                }
                answer
            }
            "submit_code" => self.post(&self.of_subject("submissions"), &json!({ "code": self.code.code })).await,
            "reject_photos" => self.send(Method::DELETE, &self.of_subject("submissions/current"), None).await,
            "confirm_photos" => {
                // It was given back just now.
                self.post(&self.of_subject("submissions"), &json!({ "code": self.code.code })).await;
                self.post(&self.of_subject("submissions/current/confirmation"), &json!({})).await
            }
            "associate" => self.send(Method::PUT, &association, Some(&json!({ "agree": true, "version": self.version }))).await,
            "show_association" => self.get(&association).await,
            "set_reminder" => {
                let body = json!({ "email": "somebody@example.gr", "language": "el" });
                self.send(Method::PUT, &format!("{association}/reminder"), Some(&body)).await
            }
            "show_photo" => self.get(&format!("{association}/photos/face")).await,
            "download_photos" => self.get(&format!("{association}/photos.zip")).await,
            "show_code" => self.get(&format!("{association}/code")).await,
            "authorize_application" => {
                self.post(&self.of_subject("authorizations"), &json!({ "applications": [self.application.id] })).await
            }
            "authorization_history" => self.get(&self.of_subject("authorizations")).await,
            "pull_photo" => {
                let subject = format!("afm:{}", shared.person.person.afm);
                self.signed(PULLS, &self.application.pull_claims(&subject, ImageKind::Face)).await
            }
            "report_verdict" => {
                // Of an image that the authorised one was given: only it may say something of it.
                let pull = application::accesses(&shared.person).await;
                let given = pull.iter().find(|access| access["outcome"] == "given").and_then(|access| access["pull"].as_str());
                let mut claims = self.application.claims(VERDICTS, json!({ "verdict": "accepted" }));
                claims["pull"] = json!(given.unwrap_or("none"));
                if self.name == "application" {
                    let subject = format!("afm:{}", shared.person.person.afm);
                    claims["pull"] = json!(self.application.pulled(&subject, ImageKind::Face).await);
                }
                self.signed(VERDICTS, &claims).await
            }
            "access_log" => self.get(&self.of_subject("accesses")).await,
            "export_my_data" => self.get(&self.of_subject("export")).await,
            "revoke_authorization" => {
                self.send(Method::DELETE, &self.of_subject(&format!("authorizations/{}", self.application.id)), None).await
            }
            "dissociate" => self.send(Method::DELETE, &association, None).await,
            "erase_my_data" => self.post(&self.of_subject("erasure"), &json!({ "agree": true })).await,
            "request_upload" => self.post("/v1/photographer/uploads", &declaration(FileProfile::Standard, &face_only())).await,
            "check_photos" => self.post(&format!("/v1/photographer/uploads/{}/check", self.waiting), &json!({})).await,
            "issue_code" => {
                let recipient = json!({ "kind": "mobile", "value": fresh("citizen").await.mobile() });
                let body = json!({ "upload_id": self.waiting, "recipient": recipient, "language": "el" });
                self.post("/v1/photographer/issuances", &body).await
            }
            "list_issued" => self.get("/v1/photographer/issuances").await,
            "resend_code" => self.post(&format!("/v1/photographer/issuances/{}/resend", self.sent), &json!({})).await,
            "authorize_staff" => self.post(staff::STAFF, &json!({ "afm": fresh("citizen").await.afm })).await,
            "list_staff" => self.get(staff::STAFF).await,
            "withdraw_staff" => {
                // The owner's own employee works on: another one is withdrawn.
                let employee = match self.name {
                    "owner" => {
                        staff::authorize(&self.visit, &fresh("citizen").await.afm, None).await.expect(201).json()["employee"].clone()
                    }
                    _ => self.employee.clone(),
                };
                self.send(Method::DELETE, &format!("{}/{}", staff::STAFF, employee.as_str().expect("an id")), None).await
            }
            "give_consent" => {
                let version = json!(domain::consent::PERSONAL_DATA_VERSION);
                self.post("/v1/session/consent", &json!({ "version": version, "agree": true })).await
            }
            "choose_role" => self.send(Method::PUT, "/v1/session/role", Some(&json!({ "kind": "citizen" }))).await,
            "sign_out" => self.send(Method::DELETE, "/v1/session", None).await,
            other => panic!("nobody knows how to call {other}"),
        }
    }
}

/// The table: operation -> what each caller is told.
fn table() -> (Vec<&'static str>, BTreeMap<&'static str, Vec<&'static str>>) {
    let mut lines = TABLE.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let columns: Vec<&str> = lines.next().expect("a heading").split_whitespace().skip(1).collect();
    let mut rows = BTreeMap::new();
    for line in lines {
        let mut cells = line.split_whitespace();
        let operation = cells.next().expect("an operation");
        let cells: Vec<&str> = cells.collect();
        assert_eq!(cells.len(), columns.len(), "{operation}");
        assert!(rows.insert(operation, cells).is_none(), "{operation} stands there twice");
    }
    (columns, rows)
}

#[tokio::test]
async fn every_kind_of_caller_gets_what_the_table_says_from_every_route() {
    let (columns, rows) = table();
    let mut called = ORDER.to_vec();
    called.sort_unstable();
    assert_eq!(called, rows.keys().copied().collect::<Vec<_>>());
    let (callers, shared) = callers().await;
    assert_eq!(callers.iter().map(|caller| caller.name).collect::<Vec<_>>(), columns);
    let shared = &shared;
    let met = join_all(callers.into_iter().map(|mut caller| async move {
        let mut met = Vec::new();
        for operation in ORDER {
            let answer = caller.call(operation, shared).await;
            met.push(if answer.status < 400 { "ok".to_owned() } else { answer.problem().code });
        }
        (caller.name, met)
    }))
    .await;
    let mut wrong = String::new();
    for (column, (name, met)) in met.into_iter().enumerate() {
        for (operation, met) in ORDER.into_iter().zip(met) {
            let expected = rows[operation][column];
            if met != expected {
                wrong += &format!("{operation}, {name}: {met}, and not {expected}\n");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
