//! Many at once on the same thing: whoever comes first, the rules hold. A program of its own, and one test after the other: the
//! emulator starts a process for every call at once, and beside them others would time out.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use domain::{CodeNumber, ImageKind, application::Purpose};
use futures_util::{
    StreamExt,
    stream::{self, FuturesUnordered},
};
use journeys::{
    application,
    citizen::own,
    people::{Visit, fresh_citizen, fresh_photographer},
    photographer::issue_by_sms,
};

static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// As many calls at once as the emulator starts processes for without being slow.
const AT_ONCE: usize = 20;
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
    let answers: Vec<_> = stream::iter(calls).buffer_unordered(AT_ONCE).collect().await;
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
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let version = &versions[0];
    let all = people.iter().map(|visit| async move { (visit, own(visit).associate(version).await) });
    let answers: Vec<_> = stream::iter(all).buffer_unordered(AT_ONCE).collect().await;
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
    began: Instant,
    ended: Instant,
    given: bool,
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
                    let answer = body.pull(&subject, ImageKind::Face).await;
                    let given = answer.status == 200;
                    if !given {
                        answer.refused(403, "pull_refused");
                    }
                    pulls.lock().unwrap().push(Pull { began, ended: Instant::now(), given });
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
    // Each of them is on record, and no other.
    let seen = application::accesses(&visit).await.len();
    assert!(seen >= pulls.len().min(20), "{seen} of {}", pulls.len());
}
