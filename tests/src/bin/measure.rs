//! Requests per second and latency of `submit_code` on the stack that runs: `make measure`. A few people at once submit
//! their own code again and again, which is free; the first calls, which start processes, are not counted.

#![expect(clippy::print_stdout, reason = "it is what the program is for")]

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use journeys::{citizen, people, photographer};

const PEOPLE: usize = 4;
const WARM_UP: usize = 5;
const LENGTH: Duration = Duration::from_secs(15);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut visits = Vec::new();
    for _ in 0..PEOPLE {
        let maker = people::fresh_photographer().await;
        let visit = people::fresh_citizen().await;
        let code = photographer::issue_by_sms(&maker, visit.person.mobile()).await.code;
        for _ in 0..WARM_UP {
            citizen::submit(&visit, &code).await.expect(200);
        }
        visits.push((visit, code));
    }
    for at_once in [1, PEOPLE] {
        let began = Instant::now();
        let all = join_all(visits.iter().take(at_once).map(async |(visit, code)| {
            let mut took = Vec::new();
            while began.elapsed() < LENGTH {
                let start = Instant::now();
                citizen::submit(visit, code).await.expect(200);
                took.push(start.elapsed());
            }
            took
        }))
        .await;
        let seconds = began.elapsed().as_secs_f64();
        let mut took: Vec<Duration> = all.into_iter().flatten().collect();
        took.sort_unstable();
        let at = |share: usize| took[(took.len() - 1) * share / 100].as_secs_f64() * 1000.0;
        #[expect(clippy::cast_precision_loss, reason = "some thousands")]
        let rate = took.len() as f64 / seconds;
        println!("submit_code, {at_once} at once: {rate:.0} requests/s, median {:.1} ms, p99 {:.1} ms", at(50), at(99));
    }
}
