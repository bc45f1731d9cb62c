//! The callers, one for each column of the table, and the resources that they use.

use std::collections::BTreeMap;

use domain::{
    FileProfile, Language, Moment,
    application::{Purpose, SigningAlgorithm},
    session::IDLE,
    time::Span,
};
use journeys::{
    application::{self, Application, SigningKey},
    browser::{Browser, SESSION_COOKIE},
    citizen::own,
    kep,
    minors::{self, Minor},
    people::{self, Visit, fresh, fresh_citizen, fresh_photographer, sign_in},
    photographer::{self, Issued, To, both},
    stack, staff,
};
use serde_json::{Value, json};
use storage::{
    sealing::SessionToken,
    sessions::{Session, Sessions},
};

use crate::aws;

/// Resources that several callers use.
pub(super) struct Resources {
    /// An upload of the owner's business for which no code was issued.
    uploaded: String,
    /// An upload of the owner's business whose code was sent.
    sent: String,
    /// The id of the owner's employee.
    employee: Value,
    /// The person whose photos applications pull.
    pub(super) person: Visit,
}

/// A caller and the resources that they use.
pub(super) struct Caller {
    pub(super) name: &'static str,
    pub(super) visit: Visit,
    /// The subject for whom the caller acts: `self`, the handle of a minor, or for clerks the handle of a case.
    pub(super) subject: String,
    /// The handle of the case that clerks name in their calls.
    pub(super) case: String,
    /// A code that no other caller uses.
    pub(super) code: Issued,
    pub(super) application: Application,
    /// Whether the caller is the application of a public body, whose requests are signed.
    pub(super) signs: bool,
    /// An upload without a code.
    pub(super) uploaded: String,
    /// An upload whose code was sent.
    pub(super) sent: String,
    pub(super) employee: Value,
    /// The minor whom the caller tries to add. If `None`, the test creates a minor in the caller's own custody.
    pub(super) child: Option<Minor>,
    /// The version of the text to which the caller agrees when associating photos.
    pub(super) version: Value,
}

fn visit(browser: Browser, person: people::Person) -> Visit {
    Visit { browser, person, otp: String::new() }
}

/// Returns a session as it is stored.
async fn stored(visit: &Visit) -> (Sessions, Session, Moment) {
    let sessions = Sessions::new(aws::dynamodb(&aws::config().await), stack::variable("SESSIONS_TABLE"));
    let token = visit.browser.cookie(SESSION_COOKIE).as_deref().and_then(SessionToken::parse).expect("a session");
    let now = Moment::from_epoch_seconds(application::now());
    let session = sessions.load(&token, now).await.expect("a response").expect("a session");
    (sessions, session, now)
}

/// Makes the session expire, as if it had not been used for half an hour.
async fn expire_session(visit: &Visit) {
    let (sessions, session, now) = stored(visit).await;
    assert!(sessions.touch(&session, now.plus(Span::seconds(-IDLE.as_seconds()))).await.expect("a response"));
}

/// Signs in a clerk and opens a case in which every operation is permitted. Returns the clerk's visit and the handle of the case. The
/// visit's `person` is the person at the counter, because the calls use that person's minors and photos.
async fn clerk_in_case() -> (Visit, String) {
    let (clerk, person) = (kep::fresh_clerk().await, fresh("citizen").await);
    let case = kep::ready(&clerk, &person).await;
    (Visit { person, ..clerk }, case.handle)
}

/// Issues a code and waits until it has been sent, so that it can be sent again.
async fn issue_and_send(studio: &Visit) -> Issued {
    let to = To::Mobile(fresh("citizen").await.mobile().to_owned());
    let issued = photographer::issue(studio, FileProfile::Standard, &both(), &to, Language::El).await;
    photographer::wait_until_sent(studio, &issued.upload_id).await;
    issued
}

/// Creates the callers, in the order of the table's columns, and the shared resources.
pub(super) async fn callers() -> (Vec<Caller>, Resources) {
    let owner = fresh_photographer().await;
    let business = staff::business_of(&owner).await;
    let (employee, employee_id) = staff::employee_of(&owner, "Α").await;
    let (withdrawn, withdrawn_id) = staff::employee_of(&owner, "Β").await;
    staff::withdraw(&owner, &withdrawn_id).await.expect(204);
    assert!(!business["id"].is_null());

    let (guardian, former) = (fresh_citizen().await, fresh_citizen().await);
    let minor = minors::fresh(&guardian.person, &json!({})).await;
    let handle = minors::added(&guardian, &minor).await;
    let transferred = minors::fresh(&former.person, &json!({})).await;
    let old_handle = minors::added(&former, &transferred).await;
    transferred.change(&json!({ "custodian": guardian.person.key })).await;
    // Custody is checked when a minor is added to a session. `losing` began the session before custody changed, so it can still act for the
    // minor. `former` is the same person in a new session, in which adding the minor is rejected.
    let losing = former;
    let former = people::citizen(losing.person.clone(), Language::El).await;

    let person = fresh_citizen().await;
    own(&person).take(&issue_and_send(&owner).await.code).await;
    let (authorised, other, revoked) = (
        application::fresh(Purpose::Passport).await,
        application::fresh(Purpose::Passport).await,
        application::fresh(Purpose::Passport).await,
    );
    own(&person).authorize(&[&authorised.id, &revoked.id]).await.expect(200);
    // Without `--force`, `key remove` does not remove the last key of an application, so another key is added first.
    application::add_key(&revoked.id, &SigningKey::new("second", SigningAlgorithm::EdDsa)).await.expect("another key");
    application::operate(&["key", "remove", &revoked.id, "--kid", &revoked.key.kid]).await.expect("removed");

    let expired = fresh_citizen().await;
    expire_session(&expired).await;

    let (in_case, case) = clerk_in_case().await;
    let (expired_clerk, expired_case) = clerk_in_case().await;
    crate::kep::expire(&expired_clerk).await;

    let nobody = || async { visit(Browser::new(Language::El), fresh("citizen").await) };
    let resources = Resources {
        uploaded: photographer::upload(&owner, FileProfile::Standard, &both()).await,
        sent: issue_and_send(&owner).await.upload_id,
        employee: employee_id,
        person,
    };
    let visits = vec![
        ("nobody", nobody().await, "self".to_owned()),
        ("expired", expired, "self".to_owned()),
        ("before_otp", people::sign_in_until_otp(fresh("citizen").await, Language::El).await, "self".to_owned()),
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
        ("clerk", kep::fresh_clerk().await, "AAECAwQFBgcICQoLDA0ODw".to_owned()),
        ("clerk_in_case", in_case, case.clone()),
        ("clerk_expired", expired_clerk, expired_case),
        ("clerk_other", clerk_in_case().await.0, case),
    ];
    let studio = fresh_photographer().await;
    let mut signing_applications = BTreeMap::from([("application", authorised), ("unauthorised", other), ("removed_key", revoked)]);
    let mut callers = Vec::new();
    for (name, visit, subject) in visits {
        let own_application = application::fresh(Purpose::Passport).await;
        let (uploaded, sent) = match name {
            "owner" | "staff" => {
                (photographer::upload(&visit, FileProfile::Standard, &both()).await, issue_and_send(&visit).await.upload_id)
            }
            _ => (resources.uploaded.clone(), resources.sent.clone()),
        };
        let signing_application = signing_applications.remove(name);
        callers.push(Caller {
            name,
            visit,
            case: subject.clone(),
            subject,
            code: photographer::issue_by_sms(&studio, fresh("citizen").await.mobile()).await,
            signs: signing_application.is_some(),
            application: signing_application.unwrap_or(own_application),
            uploaded,
            sent,
            child: match name {
                "other_citizen" => Some(minor.clone()),
                "losing_guardian" | "former_guardian" => Some(transferred.clone()),
                _ => None,
            },
            employee: resources.employee.clone(),
            version: json!(domain::consent::ASSOCIATION_VERSION),
        });
    }
    (callers, resources)
}
