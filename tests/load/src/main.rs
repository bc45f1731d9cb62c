//! Puts a mixed load on the running stack and checks the stored data afterwards: `make load`.
//!
//! Several users act concurrently, each with a separate photographer's studio and separate citizens. A user makes the next request as soon
//! as the response to the last one has arrived. Of a hundred requests, 90 are made by citizens, nine are pulls by an application, and one
//! is part of issuing a code. Before the measurement begins, all citizens have signed in and associated photos.
//!
//! A response with an unexpected status is an error. Wrong data afterwards is a broken invariant. In both cases the program exits with
//! status 1.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a test program that prints its results, and stops if it cannot measure")]

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

/// Puts a load on the running stack.
#[derive(Parser)]
struct Arguments {
    /// Duration of the load in seconds, at most 600.
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Number of concurrent users, at most 20.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=20))]
    users: u8,
    /// The file for the results, as JSON.
    #[arg(long)]
    report: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    println!("Signing people in and associating their photos.");
    let world = World::new(usize::from(arguments.users)).await;
    println!("{} users for {} s: {}.", arguments.users, arguments.seconds, mix::described());
    let counting = processes::count();
    let (began, since) = (Instant::now(), milliseconds());
    let metrics = load(&arguments, &world).await;
    let (took, until) = (began.elapsed(), milliseconds());
    let used = counting.finish().await;
    let errors = world.errors();
    let invariants = afterwards::check(&world).await;
    let report = Report::new(&arguments, took, &metrics, &own_time::between(since, until), &used, errors, &invariants);
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
    // Starts all users within a second.
    configuration.increase_rate = Some(arguments.users.to_string());
    configuration.run_time = Some(format!("{}s", arguments.seconds));
    // Without this setting, goose would discard all measurements from the time before the last user has started.
    configuration.no_reset_metrics = true;
    configuration.quiet = 2;
    configuration.no_print_metrics = true;
    configuration.no_telnet = true;
    // Makes the steps of a round in random order. By default, goose makes the different steps in turn, so that all rare steps would be at
    // the beginning of the round.
    let attack = GooseAttack::initialize_with_config(configuration).expect("goose's configuration").set_scheduler(GooseScheduler::Random);
    let attack = mix::scenarios(world).into_iter().fold(attack, GooseAttack::register_scenario);
    // Goose reports no error if a user's task panics, so this hook records an error.
    let hook_world = world.clone();
    std::panic::set_hook(Box::new(move |panic| {
        hook_world.add_error("a user's panic".to_owned());
        eprintln!("{panic}");
    }));
    let metrics = attack.execute().await.expect("a run of goose");
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
    metrics
}

/// Returns the current time in milliseconds since 1970, which is the unit of times in the functions' logs.
fn milliseconds() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed: Duration| elapsed.as_millis());
    i64::try_from(elapsed).unwrap_or(i64::MAX)
}
