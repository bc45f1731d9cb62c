//! A mixed load on the stack that runs, and what must hold afterwards: `make load`.
//!
//! Some users at once, each with a studio and citizens of their own, do one thing after the other as fast as they are answered: of a
//! hundred requests 90 are citizens', nine are an application's that pulls photos, one is part of issuing a code. Everybody is signed in,
//! and has photos, before the first request that counts. An answer with another status than the one expected is an error. What is not
//! right afterwards is a broken invariant. Either ends the program with 1.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program of tests: it says what it measured, and stops where it cannot measure"
)]

mod afterwards;
#[path = "../../tests/aws/mod.rs"]
mod aws;
mod calls;
#[path = "../../faults/src/invariants.rs"]
mod invariants;
mod mix;
#[path = "../../tests/aws/objects.rs"]
mod objects;
mod own_time;
mod processes;
mod report;
mod world;

use std::{
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use clap::Parser;
use goose::{GooseAttack, GooseScheduler, config::GooseConfiguration, metrics::GooseMetrics};
use journeys::stack;
use report::Report;
use world::World;

/// Loads the stack that runs.
#[derive(Parser)]
struct Arguments {
    /// How long requests are made; ten minutes at most.
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// How many do so at once; twenty at most.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=20))]
    users: u8,
    /// A file for the figures, as JSON.
    #[arg(long)]
    report: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    println!("Signing people in, and associating their photos.");
    let world = World::new(usize::from(arguments.users)).await;
    println!("{} users for {} s: {}.", arguments.users, arguments.seconds, mix::described());
    let counting = processes::count();
    let (began, since) = (Instant::now(), milliseconds());
    let seen = load(&arguments, &world).await;
    let (took, until) = (began.elapsed(), milliseconds());
    let used = counting.finish().await;
    let errors = world.errors();
    let held = afterwards::look(&world).await;
    let report = Report::new(&arguments, took, &seen, &own_time::between(since, until), &used, errors, &held);
    report.print();
    if let Some(path) = &arguments.report {
        report.write(path).expect("the report's file");
    }
    if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn load(arguments: &Arguments, world: &Arc<World>) -> GooseMetrics {
    let mut configuration = GooseConfiguration::default();
    configuration.host = Some(stack::origin());
    configuration.users = Some(usize::from(arguments.users));
    // All of them within a second.
    configuration.increase_rate = Some(arguments.users.to_string());
    configuration.run_time = Some(format!("{}s", arguments.seconds));
    // Also what is answered before the last user has begun.
    configuration.no_reset_metrics = true;
    configuration.quiet = 2;
    configuration.no_print_metrics = true;
    configuration.no_telnet = true;
    // In turn, rare steps would come as often as all others until they are used up.
    let attack = GooseAttack::initialize_with_config(configuration).expect("goose's configuration").set_scheduler(GooseScheduler::Random);
    let attack = mix::scenarios(world).into_iter().fold(attack, GooseAttack::register_scenario);
    // A panic ends a user of goose, who is then missing in silence.
    let noting = world.clone();
    std::panic::set_hook(Box::new(move |panic| {
        noting.add_error("a user's panic".to_owned());
        eprintln!("{panic}");
    }));
    let seen = attack.execute().await.expect("a run of goose");
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
    seen
}

/// Of the clock that the functions' logs have.
fn milliseconds() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed: Duration| elapsed.as_millis());
    i64::try_from(elapsed).unwrap_or(i64::MAX)
}
