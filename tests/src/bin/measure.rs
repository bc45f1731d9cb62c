//! Measures requests per second and latency of `submit_code` on the running stack, for `make measure`. A few people submit codes
//! concurrently. Each person submits their own code repeatedly, because repeated submissions of a code do not count against the daily
//! limit. The first calls are not measured, because they start processes.

#![expect(clippy::print_stdout, reason = "the program prints its results")]

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use journeys::{citizen, people, photographer};

const PEOPLE: usize = 4;
const WARM_UP_CALLS: usize = 5;
const DURATION: Duration = Duration::from_secs(15);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut visits = Vec::new();
    for _ in 0..PEOPLE {
        let studio = people::fresh_photographer().await;
        let visit = people::fresh_citizen().await;
        let code = photographer::issue_by_sms(&studio, visit.person.mobile()).await.code;
        for _ in 0..WARM_UP_CALLS {
            citizen::submit(&visit, &code).await.expect(200);
        }
        visits.push((visit, code));
    }
    for concurrency in [1, PEOPLE] {
        let began = Instant::now();
        let all = join_all(visits.iter().take(concurrency).map(async |(visit, code)| {
            let mut latencies = Vec::new();
            while began.elapsed() < DURATION {
                let start = Instant::now();
                citizen::submit(visit, code).await.expect(200);
                latencies.push(start.elapsed());
            }
            latencies
        }))
        .await;
        let seconds = began.elapsed().as_secs_f64();
        let mut latencies: Vec<Duration> = all.into_iter().flatten().collect();
        latencies.sort_unstable();
        let percentile = |percent: usize| latencies[(latencies.len() - 1) * percent / 100].as_secs_f64() * 1000.0;
        #[expect(clippy::cast_precision_loss, reason = "some thousands")]
        let rate = latencies.len() as f64 / seconds;
        println!("submit_code, {concurrency} at once: {rate:.0} requests/s, median {:.1} ms, p99 {:.1} ms", percentile(50), percentile(99));
    }
}
