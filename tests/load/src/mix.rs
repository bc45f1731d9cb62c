//! Defines the mix of requests: the steps that a user makes, and how often.

use std::sync::Arc;

use domain::{FileProfile, ImageKind};
use futures_util::future::BoxFuture;
use goose::goose::{GooseUser, Scenario, Transaction, TransactionResult};
use journeys::{application, browser::Request, photographer, stack};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    calls::{Caller, Failed},
    world::{Citizen, User, World},
};

/// The kind of caller that makes a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CallerKind {
    Citizens,
    Applications,
    Photographers,
}

/// A step of a user: one request, or several that belong together.
struct Step {
    who: CallerKind,
    requests: usize,
    /// How often the step occurs in one round. In a round, a user makes all steps of the mix in random order.
    times: usize,
    act: for<'a> fn(&'a mut Caller<'_>, &'a User) -> BoxFuture<'a, Result<(), Failed>>,
}

/// Label of uploads, which go to S3 and not to a function.
const PUT_TO_S3: &str = "(PUT to S3)";

/// All steps. A round has 400 requests, so that issuing one code, which takes four requests, is 1%.
const STEPS: &[Step] = &[
    step(CallerKind::Citizens, 1, 60, |caller, user| Box::pin(show_session(caller, user))),
    step(CallerKind::Citizens, 1, 60, |caller, user| Box::pin(show_association(caller, user))),
    step(CallerKind::Citizens, 1, 40, |caller, user| Box::pin(list_applications(caller, user))),
    step(CallerKind::Citizens, 2, 30, |caller, user| Box::pin(look_at_previews(caller, user))),
    step(CallerKind::Citizens, 1, 20, |caller, user| Box::pin(submit_wrong_code(caller, user))),
    step(CallerKind::Citizens, 1, 10, |caller, user| Box::pin(submit_own_code_again(caller, user))),
    step(CallerKind::Citizens, 2, 20, |caller, user| Box::pin(authorize_and_revoke(caller, user))),
    step(CallerKind::Citizens, 1, 25, |caller, user| Box::pin(read_accesses(caller, user))),
    step(CallerKind::Citizens, 1, 25, |caller, user| Box::pin(read_authorizations(caller, user))),
    step(CallerKind::Citizens, 1, 15, |caller, user| Box::pin(show_photo(caller, user))),
    step(CallerKind::Citizens, 1, 5, |caller, user| Box::pin(download_photos(caller, user))),
    step(CallerKind::Applications, 1, 36, |caller, user| Box::pin(pull(caller, user))),
    step(CallerKind::Photographers, 4, 1, |caller, user| Box::pin(issue(caller, user))),
];

const fn step(
    who: CallerKind,
    requests: usize,
    times: usize,
    act: for<'a> fn(&'a mut Caller<'_>, &'a User) -> BoxFuture<'a, Result<(), Failed>>,
) -> Step {
    Step { who, requests, times, act }
}

/// Describes the mix in words.
pub(crate) fn described() -> String {
    let of = |kind: Option<CallerKind>| -> usize {
        STEPS.iter().filter(|step| kind.is_none_or(|who| who == step.who)).map(|step| step.requests * step.times).sum()
    };
    let share = |who| of(Some(who)) * 100 / of(None);
    let (citizens, pulls, issuing) = (share(CallerKind::Citizens), share(CallerKind::Applications), share(CallerKind::Photographers));
    format!("of all requests {citizens}% are citizens', {pulls}% pulls, {issuing}% for issuing codes")
}

/// Returns the kind of caller to which an operation belongs in the mix.
pub(crate) fn part_of(operation: &str) -> &'static str {
    match operation {
        "pull_photo" => "pulls",
        "request_upload" | PUT_TO_S3 | "issue_code" => "issuing",
        _ => "citizens",
    }
}

/// Returns a scenario for each user. Goose shuffles the steps of each scenario and repeats it.
pub(crate) fn scenarios(world: &Arc<World>) -> Vec<Scenario> {
    let users = world.users.iter().enumerate();
    users
        .map(|(number, user)| {
            let begin = Transaction::new(Arc::new(|goose: &mut GooseUser| Box::pin(begin(goose)))).set_on_start();
            let scenario = Scenario::new(&format!("user {number}")).register_transaction(begin);
            STEPS.iter().fold(scenario, |scenario, step| scenario.register_transaction(transaction(world, user, step)))
        })
        .collect()
}

/// Sets an HTTP client that resolves the stack's host names and reuses connections.
async fn begin(goose: &mut GooseUser) -> TransactionResult {
    Ok(goose.set_client_builder(stack::client_builder()).await?)
}

fn transaction(world: &Arc<World>, user: &Arc<User>, step: &'static Step) -> Transaction {
    let (world, user) = (world.clone(), user.clone());
    let transaction = Transaction::new(Arc::new(move |goose: &mut GooseUser| {
        let (world, user) = (world.clone(), user.clone());
        Box::pin(async move { (step.act)(&mut Caller { world: &world, goose }, &user).await })
    }));
    transaction.set_weight(step.times).expect("at least once in a round")
}

// ---- Citizens

fn get<'c>(citizen: &'c Citizen, path: &str) -> Request<'c> {
    citizen.visit.browser.request(Method::GET, path)
}

fn own(rest: &str) -> String {
    format!("/v1/subjects/self/{rest}")
}

fn submission<'c>(citizen: &'c Citizen, code: &str) -> Request<'c> {
    citizen.visit.browser.request(Method::POST, &own("submissions")).json(&json!({ "code": code }))
}

async fn show_session(caller: &mut Caller<'_>, user: &User) -> Result<(), Failed> {
    let session = caller.call("show_session", get(user.citizen(), "/v1/session"), 200).await?;
    caller.must(session.json()["stage"] == "ready", "show_session", "not ready")
}

async fn show_association(caller: &mut Caller<'_>, user: &User) -> Result<(), Failed> {
    let citizen = user.citizen();
    let shown = caller.call("show_association", get(citizen, &own("association")), 200).await?.json();
    caller.must(shown["associated_at"] == citizen.association["associated_at"], "show_association", "another association")
}

async fn list_applications(caller: &mut Caller<'_>, user: &User) -> Result<(), Failed> {
    let list = caller.call("list_applications", get(user.citizen(), "/v1/applications"), 200).await?.json();
    let ids = list["applications"].as_array().into_iter().flatten().map(|application| &application["id"]);
    let puller = &caller.world.puller.id;
    let listed = ids.into_iter().any(|id| id == puller);
    caller.must(listed, "list_applications", "an application is missing")
}

/// Submits a code that nobody has associated, gets the previews, and rejects the photos.
async fn look_at_previews(caller: &mut Caller<'_>, user: &User) -> Result<(), Failed> {
    let citizen = user.citizen();
    let shown = caller.call("submit_code", submission(citizen, &citizen.spare), 200).await?.json();
    let previews = shown["images"].as_array().into_iter().flatten().filter(|image| image["preview"].is_string()).count();
    caller.must(previews == caller.world.photos.len(), "submit_code", "previews are missing")?;
    let rejection = citizen.visit.browser.request(Method::DELETE, &own("submissions/current"));
    caller.call("reject_photos", rejection, 204).await.map(drop)
}

async fn submit_wrong_code(caller: &mut Caller<'_>, user: &User) -> Result<(), Failed> {
    let citizen = user.citizen();
    let code = citizen.wrong_code();
    caller.rejected("submit_code", submission(citizen, code), 404, "code_not_active").await?;
    citizen.note(|done| {
        if !done.wrong.contains(code) {
            done.wrong.push(code.clone());
        }
    });
    Ok(())
}

async fn submit_own_code_again(caller: &mut Caller<'_>, user: &User) -> Result<(), Failed> {
    let citizen = user.citizen();
    caller.rejected("submit_code", submission(citizen, &citizen.code), 409, "code_already_yours").await
}

async fn authorize_and_revoke(caller: &mut Caller<'_>, user: &User) -> Result<(), Failed> {
    let (citizen, application) = (user.citizen(), caller.world.changing.id.clone());
    let authorization = citizen.visit.browser.request(Method::POST, &own("authorizations"));
    caller.call("authorize_application", authorization.json(&json!({ "applications": [application] })), 200).await?;
    citizen.note(|done| done.authorized += 1);
    let revocation = citizen.visit.browser.request(Method::DELETE, &own(&format!("authorizations/{application}")));
    caller.call("revoke_authorization", revocation, 204).await?;
    citizen.note(|done| done.revoked += 1);
    Ok(())
}

async fn read_accesses(caller: &mut Caller<'_>, user: &User) -> Result<(), Failed> {
    caller.call("access_log", get(user.citizen(), &own("accesses")), 200).await.map(drop)
}

async fn read_authorizations(caller: &mut Caller<'_>, user: &User) -> Result<(), Failed> {
    caller.call("authorization_history", get(user.citizen(), &own("authorizations")), 200).await.map(drop)
}

async fn show_photo(caller: &mut Caller<'_>, user: &User) -> Result<(), Failed> {
    let citizen = user.citizen();
    let photo = caller.call("show_photo", get(citizen, &own("association/photos/face")), 200).await?;
    caller.must(photo.body == citizen.face, "show_photo", "another photo")
}

async fn download_photos(caller: &mut Caller<'_>, user: &User) -> Result<(), Failed> {
    let zip = caller.call("download_photos", get(user.citizen(), &own("association/photos.zip")), 200).await?;
    caller.must(zip.body.starts_with(b"PK"), "download_photos", "no zip file")
}

// ---- The application

async fn pull(caller: &mut Caller<'_>, _user: &User) -> Result<(), Failed> {
    let world = caller.world;
    let citizen = world.anybody();
    let claims = world.puller.pull_claims(&citizen.subject(), ImageKind::Face);
    let case = claims["case"].as_str().expect("a case").to_owned();
    citizen.note(|done| done.pulls.extend([(case.clone(), false)]));
    let request = world.puller.request(application::PULLS, &world.puller.sign(&claims));
    let response = caller.call("pull_photo", request, 200).await?;
    citizen.note(|done| done.pulls.extend([(case, true)]));
    let is_right = response.body == citizen.face && response.header("pull-id").is_some();
    caller.must(is_right, "pull_photo", "another photo, or no id")
}

// ---- The photographer

/// Declares and uploads photos and issues a code for them to a new recipient.
async fn issue(caller: &mut Caller<'_>, user: &User) -> Result<(), Failed> {
    let (photos, browser, to) = (&caller.world.photos, &user.studio.browser, user.recipient());
    let declaration = photographer::declaration(FileProfile::Standard, photos);
    let declared = browser.request(Method::POST, "/v1/photographer/uploads").json(&declaration);
    let upload_urls = caller.call("request_upload", declared, 201).await?.json();
    for (kind, jpeg) in photos {
        caller.send(PUT_TO_S3, photographer::put_request(&upload_urls[kind.name()], jpeg), 200).await?;
    }
    let upload = upload_urls["upload_id"].as_str().unwrap_or_default().to_owned();
    let issuance = browser.request(Method::POST, "/v1/photographer/issuances").json(&issuance(&upload, &to));
    caller.call("issue_code", issuance, 201).await?;
    user.add_issued(upload, to);
    Ok(())
}

fn issuance(upload: &str, to: &photographer::To) -> Value {
    let kind = match to {
        photographer::To::Mobile(_) => "mobile",
        photographer::To::Email(_) => "email",
    };
    json!({ "upload_id": upload, "recipient": { "kind": kind, "value": to.address() }, "language": "el" })
}
