//! Checks over HTTP and in the tables that the invariants hold after the load.

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use domain::{ImageKind, quota::Quota};
use futures_util::FutureExt;
use journeys::{
    citizen::{self, own},
    inbox,
    people::Visit,
};
use serde_json::{Value, json};

use crate::{
    invariants::{self, Item},
    world::{Citizen, World},
};

pub(crate) struct Invariant {
    pub(crate) name: &'static str,
    pub(crate) holds: bool,
}

/// Checks each invariant. Violations are printed to standard error.
pub(crate) async fn check(world: &World) -> Vec<Invariant> {
    let mut all = Vec::new();
    let mut check = async |name, assertion: futures_util::future::LocalBoxFuture<'_, ()>| {
        let holds = AssertUnwindSafe(assertion).catch_unwind().await.is_ok();
        all.push(Invariant { name, holds });
    };
    check("no message waits to be sent", Box::pin(nothing_waits(world))).await;
    check("each issued code was sent in one message", Box::pin(codes_were_sent_once(world))).await;
    check("no original remains in the upload prefix", Box::pin(no_original_remains(world))).await;
    check("each person has the association that they made, with its code and photo", Box::pin(associations_are_as_made(world))).await;
    check("the authorizations and their history match the last changes", Box::pin(authorizations_are_as_given(world))).await;
    check("the access log contains each successful pull once, and no other", Box::pin(pulls_are_logged(world))).await;
    if world.is_still_the_same_day() {
        check("each person's codes of the day are counted correctly", Box::pin(codes_are_counted(world))).await;
    } else {
        println!("Midnight in Athens passed during the run, so the codes of the day are not checked.");
    }
    check("associations, keys, codes and messages are consistent", Box::pin(invariants::assert_consistent(world.began))).await;
    all
}

/// Reads all pages of a list.
async fn pages(visit: &Visit, path: &str, list: &str) -> Vec<Value> {
    let (mut all, mut query) = (Vec::new(), "?limit=100".to_owned());
    loop {
        let page = visit.browser.get(&format!("{path}{query}")).await.expect(200).json();
        all.extend(page[list].as_array().expect("a list").iter().cloned());
        match page["next"].as_str() {
            Some(next) => query = format!("?limit=100&cursor={next}"),
            None => return all,
        }
    }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().expect("a text")
}

/// Asserts that every message was sent. A sent message stays in the outbox for a day, so that it can be resent. In this load, a message is
/// deleted earlier only if its code is associated, which happens to one code per citizen.
async fn nothing_waits(world: &World) {
    let uploads: BTreeSet<String> = world.users.iter().flat_map(|user| user.issued()).map(|(upload, _)| upload).collect();
    let text = |item: &Item, name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
    let started = Instant::now();
    loop {
        let outbox = invariants::scan("OUTBOX_TABLE").await;
        let ours: Vec<&Item> = outbox.iter().filter(|item| uploads.contains(&text(item, "upload_id"))).collect();
        let waiting = ours.iter().filter(|item| text(item, "state") != "sent").count();
        if waiting == 0 {
            assert_eq!(ours.len(), uploads.len() - world.citizens.len(), "messages that remain in the outbox");
            return;
        }
        assert!(started.elapsed() < inbox::PATIENCE, "{waiting} messages wait");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn codes_were_sent_once(world: &World) {
    for user in &world.users {
        let issued = user.issued();
        let listed = pages(&user.studio, "/v1/photographer/issuances", "issuances").await;
        let ids: Vec<&str> = listed.iter().map(|item| text(item, "upload_id")).collect();
        assert_eq!(BTreeSet::from_iter(ids.clone()), issued.iter().map(|(upload, _)| upload.as_str()).collect(), "in the history");
        assert_eq!(ids.len(), issued.len(), "listed twice");
        for item in &listed {
            assert_eq!((&item["delivery"]["state"], &item["delivery"]["attempts"]), (&json!("sent"), &json!(1)), "{item}");
        }
        let mut expected = BTreeMap::<&str, usize>::new();
        for (_, to) in &issued {
            *expected.entry(to.address()).or_default() += 1;
        }
        for (address, codes) in expected {
            assert_eq!(inbox::codes(address).await.len(), codes, "messages with a code to one recipient");
        }
    }
}

async fn no_original_remains(world: &World) {
    for (upload, _) in world.users.iter().flat_map(|user| user.issued()) {
        assert_eq!(invariants::uploaded(&upload).await, Vec::<String>::new());
    }
}

async fn associations_are_as_made(world: &World) {
    for Citizen { visit, code, association, face, .. } in world.citizens.iter().map(AsRef::as_ref) {
        let mut now = citizen::show_association(visit).await.expect(200).json();
        now["applications"] = json!([]);
        assert_eq!(&now, association);
        assert_eq!(text(&own(visit).show_code().await.expect(200).json(), "code"), code);
        assert!(citizen::show_photo(visit, ImageKind::Face).await.expect(200).body == *face, "another photo");
    }
}

async fn authorizations_are_as_given(world: &World) {
    for citizen in &world.citizens {
        let done = citizen.done();
        let now = citizen::show_association(&citizen.visit).await.expect(200).json();
        let allowed: BTreeSet<&str> = now["applications"].as_array().expect("a list").iter().map(|one| text(one, "application")).collect();
        let mut expected = BTreeSet::from([world.puller.id.as_str()]);
        if done.authorized > done.revoked {
            expected.insert(&world.changing.id);
        }
        assert_eq!(allowed, expected);
        let history = pages(&citizen.visit, "/v1/subjects/self/authorizations", "authorizations").await;
        let changing: Vec<&Value> = history.iter().filter(|record| record["application"]["id"] == world.changing.id).collect();
        let ended = changing.iter().filter(|record| !record["ended_at"].is_null()).count();
        assert_eq!((changing.len(), ended), (done.authorized, done.revoked), "authorised and revoked");
    }
}

async fn pulls_are_logged(world: &World) {
    for citizen in &world.citizens {
        let mut records = BTreeMap::<String, usize>::new();
        for access in pages(&citizen.visit, "/v1/subjects/self/accesses", "accesses").await {
            assert_eq!((&access["outcome"], &access["application"]["id"]), (&json!("given"), &json!(world.puller.id)), "{access}");
            *records.entry(text(&access, "case").to_owned()).or_default() += 1;
        }
        let pulls = citizen.done().pulls;
        for (case, has_response) in &pulls {
            let times = records.get(case).copied().unwrap_or_default();
            // The service may have executed a pull that got no response, so the log may contain it or not.
            assert!(times == 1 || (times == 0 && !has_response), "the access log contains {case} {times} times");
        }
        assert!(records.keys().all(|case| pulls.contains_key(case)), "a pull that nobody made");
    }
}

async fn codes_are_counted(world: &World) {
    for citizen in &world.citizens {
        let session = citizen.visit.browser.get("/v1/session").await.expect(200).json();
        assert_eq!(session["submissions_left"], Quota::Submissions.remaining(citizen.submitted()), "codes left today");
    }
}
